//! The header, the delimiter, and what the first records tell about the columns.

use super::cells::Table;
use super::dialect::{CsvHeader, Dialect};
use super::infer::{Guess, Kind};
use crate::read::stream::{Piece, PieceKind};

/// How many records are looked at for the types of the columns.
const SAMPLE: usize = 1000;

/// What a CSV input looks like.
#[derive(Debug)]
pub(in crate::read) struct Schema {
    pub(super) dialect: Dialect,
    pub(super) names: Vec<String>,
    pub(super) kinds: Vec<Kind>,
    /// Where the header ends in the input.
    pub(super) body: u64,
    /// How many records the types were inferred from.
    sample: usize,
}

impl Schema {
    /// The column of a name; of equal names the first.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|there| there == name)
    }

    /// The names of the columns.
    pub(in crate::read) fn names(&self) -> &[String] {
        &self.names
    }

    /// The inferred types, for the summary.
    pub(in crate::read) fn note(&self) -> Option<String> {
        let columns: Vec<String> = self
            .names
            .iter()
            .zip(&self.kinds)
            .map(|(name, kind)| format!("{name} {}", kind.name()))
            .collect();
        (self.sample > 0).then(|| {
            format!(
                "columns that are not declared are read as inferred from the first {} records: {}",
                self.sample,
                columns.join(", ")
            )
        })
    }
}

/// Collects what [`Schema`] holds, piece by piece.
#[derive(Debug)]
pub(in crate::read) struct Header {
    dialect: Dialect,
    names: Option<Vec<String>>,
    guesses: Vec<Guess>,
    body: u64,
    sample: usize,
    fault: Option<String>,
}

impl Header {
    pub(in crate::read) fn new(dialect: Dialect) -> Self {
        let names = match &dialect.header {
            CsvHeader::Names(names) => Some(names.clone()),
            CsvHeader::First | CsvHeader::Numbered => None,
        };
        Self {
            dialect,
            guesses: vec![Guess::default(); names.as_ref().map_or(0, Vec::len)],
            names,
            body: 0,
            sample: 0,
            fault: None,
        }
    }

    /// Whether no more pieces are needed.
    pub(in crate::read) fn complete(&self) -> bool {
        self.sample >= SAMPLE || self.fault.is_some()
    }

    /// Looks at the next piece of the input.
    pub(in crate::read) fn look_at(&mut self, piece: &Piece) {
        if piece.kind != PieceKind::Records {
            if self.names.is_none() {
                self.fault = Some("its header is too long, or has a quote that is not closed".to_owned());
            }
            return;
        }
        let table = Table::new(&piece.text, 0, 0, &self.dialect);
        let mut records = table.records.iter();
        if self.names.is_none() {
            let Some(record) = records.as_slice().first() else {
                return;
            };
            if self.dialect.header == CsvHeader::Numbered {
                self.number(record.width as usize);
            } else {
                records.next();
                let end = line_end(&piece.text, record.end as usize);
                self.body = piece.offset + end as u64;
                self.take_names(&piece.text[record.start as usize..end]);
            }
        }
        for record in records.take(SAMPLE - self.sample.min(SAMPLE)) {
            if record.width as usize == self.guesses.len() {
                self.sample += 1;
                for (column, guess) in self.guesses.iter_mut().enumerate() {
                    guess.look_at(&table.read_or_empty(&piece.text, record, column));
                }
            }
        }
    }

    fn number(&mut self, n: usize) {
        self.guesses = vec![Guess::default(); n];
        self.names = Some((1..=n).map(|nth| format!("c{nth}")).collect());
    }

    fn take_names(&mut self, text: &[u8]) {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.dialect.delimiter)
            .quoting(self.dialect.quote.is_some())
            .quote(self.dialect.quote.unwrap_or(b'"'))
            .trim(csv::Trim::Headers)
            .from_reader(text);
        match reader.headers() {
            Ok(names) => {
                self.guesses = vec![Guess::default(); names.len()];
                self.names = Some(names.iter().map(str::to_owned).collect());
            }
            Err(_) => self.fault = Some("its header is not UTF-8".to_owned()),
        }
    }

    /// # Errors
    /// When the header cannot be read. An empty input has no columns and no records.
    pub(in crate::read) fn finish(self) -> Result<Schema, String> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(Schema {
                dialect: self.dialect,
                names: self.names.unwrap_or_default(),
                kinds: self.guesses.into_iter().map(Guess::kind).collect(),
                body: self.body,
                sample: self.sample,
            }),
        }
    }
}

/// Behind the line end at `end`.
fn line_end(text: &[u8], end: usize) -> usize {
    end + match text.get(end..) {
        Some([b'\r', b'\n', ..]) => 2,
        Some([_, ..]) => 1,
        _ => 0,
    }
}

/// The delimiter of a text: the one of `,`, `;`, tab and `|` that its first line has most of outside
/// quotes; of equals the first.
pub(in crate::read) fn sniff(text: &[u8], quote: Option<u8>) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in text.trim_ascii_start() {
        match byte {
            _ if Some(byte) == quote => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if !quoted => counts
                .iter_mut()
                .filter(|(delimiter, _)| *delimiter == byte)
                .for_each(|(_, count)| *count += 1),
            _ => {}
        }
    }
    // `max_by_key` takes the last of equals.
    counts
        .iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(b',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::sniff;

    #[test]
    fn the_delimiter_is_the_most_frequent() {
        assert_eq!(sniff(b"a,b;c,d\n;;;;;", Some(b'"')), b',');
        assert_eq!(sniff(b"\n\"a,b,c\";d;e\n", Some(b'"')), b';');
        assert_eq!(sniff(b"a\tb\n", Some(b'"')), b'\t');
        assert_eq!(sniff(b"a|b", Some(b'"')), b'|');
        assert_eq!(sniff(b"alone\n", Some(b'"')), b',');
    }
}
