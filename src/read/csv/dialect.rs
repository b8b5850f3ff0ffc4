//! What sets one CSV text apart from another.

use std::sync::Arc;

/// How a CSV input is written, as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// What separates cells; none: the one of `,`, `;`, tab and `|` that the first line has most of.
    pub delimiter: Option<u8>,
    /// What cells are quoted with.
    pub quote: CsvQuote,
    /// Where the names of the columns come from.
    pub header: CsvHeader,
    /// A cell that is just this, without quotes, is null.
    pub null: Option<String>,
}

/// What cells are quoted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CsvQuote {
    /// This byte.
    Byte(u8),
    /// Nothing: every line is a record.
    Nothing,
}

impl Default for CsvQuote {
    fn default() -> Self {
        Self::Byte(b'"')
    }
}

/// Where the names of the columns come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CsvHeader {
    /// The first record.
    #[default]
    First,
    /// Nowhere: they are called `c1`, `c2`, and so on.
    Numbered,
    /// They are these; the first record is one like others.
    Names(Vec<String>),
}

/// The same where everything is known.
#[derive(Clone, Debug)]
pub(in crate::read) struct Dialect {
    pub(in crate::read) delimiter: u8,
    /// None: cells are not quoted.
    pub(in crate::read) quote: Option<u8>,
    pub(super) header: CsvHeader,
    pub(super) null: Option<Arc<[u8]>>,
}

impl Dialect {
    pub(in crate::read) fn new(options: &CsvOptions, delimiter: u8) -> Self {
        Self {
            delimiter,
            quote: options.quote.byte(),
            header: options.header.clone(),
            null: options.null.as_ref().map(|null| null.as_bytes().into()),
        }
    }
}

impl CsvQuote {
    /// The byte, if there is one.
    #[must_use]
    pub fn byte(self) -> Option<u8> {
        match self {
            Self::Byte(byte) => Some(byte),
            Self::Nothing => None,
        }
    }
}
