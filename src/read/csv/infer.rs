//! The types of columns, from the first records.

use crate::data::time::parse_timestamp;

use super::typed::{parse_bool, parse_float, parse_int};

/// How the cells of a column are read that no declaration types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Float,
    Bool,
    Timestamp,
    Text,
}

impl Kind {
    /// As the language names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Timestamp => "timestamp",
            Self::Text => "str",
        }
    }
}

/// What the cells of a column, as far as seen, could be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guess {
    seen: bool,
    int: bool,
    float: bool,
    bool: bool,
    time: bool,
    /// One of them is a plain number: `nan` alone makes no column of floats.
    number: bool,
}

impl Default for Guess {
    fn default() -> Self {
        Self {
            seen: false,
            int: true,
            float: true,
            bool: true,
            time: true,
            number: false,
        }
    }
}

impl Guess {
    /// Takes one more cell, without quotes. Empty ones say nothing.
    pub(super) fn look_at(&mut self, cell: &[u8]) {
        if cell.is_empty() {
            return;
        }
        self.seen = true;
        self.int &= parse_int(cell).is_some();
        self.float &= parse_float(cell).is_some();
        self.number |= cell.first().is_some_and(|byte| !byte.is_ascii_alphabetic());
        self.bool &= parse_bool(cell).is_some();
        self.time &= parse_timestamp(cell).is_some();
    }

    /// The narrowest type of all cells.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self { seen: false, .. } => Kind::Text,
            Self { int: true, .. } => Kind::Int,
            Self {
                float: true,
                number: true,
                ..
            } => Kind::Float,
            Self { bool: true, .. } => Kind::Bool,
            Self { time: true, .. } => Kind::Timestamp,
            _ => Kind::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(cells: &[&str]) -> Kind {
        let mut guess = Guess::default();
        cells.iter().for_each(|cell| guess.look_at(cell.as_bytes()));
        guess.kind()
    }

    #[test]
    fn the_narrowest_type_wins() {
        assert_eq!(kind(&["1", "", "-20"]), Kind::Int);
        assert_eq!(kind(&["1", "2.5", "1e3"]), Kind::Float);
        assert_eq!(kind(&["1.5", "NaN"]), Kind::Float);
        assert_eq!(kind(&["nan"]), Kind::Text);
        assert_eq!(kind(&["true", "FALSE"]), Kind::Bool);
        assert_eq!(kind(&["2026-01-23", "2026-01-23T10:00:00Z"]), Kind::Timestamp);
        assert_eq!(kind(&["", ""]), Kind::Text);
        assert_eq!(kind(&["1", "x"]), Kind::Text);
    }

    /// Numbers that would not come back as they were stay text.
    #[test]
    fn identifiers_stay_text() {
        assert_eq!(kind(&["007"]), Kind::Text);
        assert_eq!(kind(&["+491701234567"]), Kind::Text);
        assert_eq!(kind(&["12345678901234567890123"]), Kind::Text);
    }
}
