//! Text -> records -> cells. `csv_core` says where quoted cells end and what they say; any other cell
//! ends at the next delimiter or newline. Where cells stand is remembered, so that text is viewed in
//! place and errors can point at it.
//!
//! Cost: one search for a delimiter or newline a cell, a pass of `csv_core` a quoted one (all through
//! it: 2.4 times the whole run); four bytes of memory a cell.

use std::borrow::Cow;

use csv_core::{ReadFieldResult, Reader, ReaderBuilder, Terminator};

use super::dialect::Dialect;

/// The records of a text, cut into cells.
#[derive(Debug)]
pub(super) struct Table {
    dialect: Dialect,
    pub(super) records: Vec<Record>,
    /// Of each record where its cells begin, and where one more would.
    bounds: Vec<u32>,
    /// How many lines there are, blank ones included.
    pub(super) lines: u64,
}

/// A record that is not blank.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// Where it begins in the text.
    pub(super) start: u32,
    /// Where it ends, before its line end.
    pub(super) end: u32,
    /// The line it begins on, from 0.
    pub(super) line: u32,
    first_bound: u32,
    /// How many cells it has.
    pub(super) width: u32,
}

impl Table {
    /// Cuts `text`, which holds whole records, from `start` on. `start` is on line `line`.
    pub(super) fn new(text: &[u8], start: usize, line: u64, dialect: &Dialect) -> Self {
        let mut table = Self {
            dialect: dialect.clone(),
            records: Vec::new(),
            bounds: Vec::new(),
            lines: line,
        };
        let mut reader = reader(dialect.delimiter, dialect.quote);
        let mut at = start;
        while at < text.len() {
            // An empty line is no record, and `csv_core` would pass it by without a word.
            if text[at] == b'\n' {
                table.lines += 1;
                at += 1;
            } else {
                at = table.cut_record(&mut reader, text, at);
            }
        }
        table
    }

    /// Cuts the record (or blank line) at `start`; where the next one begins.
    fn cut_record(&mut self, reader: &mut Reader, text: &[u8], start: usize) -> usize {
        let Dialect { delimiter, quote, .. } = self.dialect;
        let line = self.lines;
        let first_bound = self.bounds.len();
        let mut at = start;
        loop {
            self.bounds.push(at as u32);
            let (read, last) = skip_cell(reader, delimiter, quote, &text[at..]);
            if quote.is_some() && text.get(at) == quote.as_ref() {
                let newlines = memchr::memchr_iter(b'\n', &text[at..at + read]).count();
                self.lines += newlines as u64 - u64::from(last && text[..at + read].ends_with(b"\n"));
            }
            at += read;
            if last {
                break;
            }
        }
        self.end_record(text, (start, at), line, first_bound);
        at
    }

    fn end_record(&mut self, text: &[u8], (start, next): (usize, usize), line: u64, first_bound: usize) {
        self.lines += 1;
        let end = start + crate::read::framing::content(&text[start..next]).len();
        if end == start {
            self.bounds.truncate(first_bound);
            return;
        }
        let width = (self.bounds.len() - first_bound) as u32;
        self.bounds.push(end as u32 + 1);
        self.records.push(Record {
            start: start as u32,
            end: end as u32,
            line: line as u32,
            first_bound: first_bound as u32,
            width,
        });
    }

    /// Where cell `column` of a record stands, quotes included.
    pub(super) fn cell(&self, record: &Record, column: usize) -> std::ops::Range<usize> {
        let at = record.first_bound as usize + column;
        self.bounds[at] as usize..self.bounds[at + 1] as usize - 1
    }

    /// What cell `column` of a record of the text says; none if it is the mark of null.
    pub(super) fn read<'t>(&self, text: &'t [u8], record: &Record, column: usize) -> Option<Cow<'t, [u8]>> {
        let cell = &text[self.cell(record, column)];
        let null = self.dialect.null.as_ref().is_some_and(|null| **null == *cell);
        (!null).then(|| unquoted(cell, self.dialect.quote))
    }

    /// The same, with nothing for null.
    pub(super) fn read_or_empty<'t>(&self, text: &'t [u8], record: &Record, column: usize) -> Cow<'t, [u8]> {
        self.read(text, record, column).unwrap_or_default()
    }

    /// Whether a cell, as it stands, is quoted.
    pub(super) fn is_quoted(&self, cell: &[u8]) -> bool {
        cell.first().is_some_and(|byte| Some(*byte) == self.dialect.quote)
    }
}

/// Records end at newlines only: a CR before one is taken off, any other is text.
fn reader(delimiter: u8, quote: Option<u8>) -> Reader {
    ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(quote.is_some())
        .quote(quote.unwrap_or(b'"'))
        .terminator(Terminator::Any(b'\n'))
        .build()
}

/// How many bytes the cell at the beginning of a text takes, with what ends it; and whether it is the
/// last of its record. A quote only matters where a cell begins with it.
fn skip_cell(reader: &mut Reader, delimiter: u8, quote: Option<u8>, text: &[u8]) -> (usize, bool) {
    if quote.is_none() || text.first() != quote.as_ref() {
        return match memchr::memchr2(delimiter, b'\n', text) {
            Some(at) => (at + 1, text[at] != delimiter),
            None => (text.len(), true),
        };
    }
    reader.reset();
    let mut read = 0;
    loop {
        let (result, taken, _) = reader.read_field(&text[read..], &mut [0; 64]);
        read += taken;
        match result {
            ReadFieldResult::Field { record_end } => return (read, record_end),
            ReadFieldResult::End => return (read, true),
            ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
        }
    }
}

/// What a cell says: without its quotes, doubled ones as one.
fn unquoted(cell: &[u8], quote: Option<u8>) -> Cow<'_, [u8]> {
    if quote.is_none() || cell.first() != quote.as_ref() {
        return Cow::Borrowed(cell);
    }
    // The cell is cut out already, so nothing but its end ends it.
    let mut reader = reader(b'\n', quote);
    let mut out = vec![0; cell.len()];
    let (_, read, written) = reader.read_field(cell, &mut out);
    debug_assert_eq!(read, cell.len());
    out.truncate(written);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::CsvOptions;

    fn comma() -> Dialect {
        Dialect::new(&CsvOptions::default(), b',')
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        let table = Table::new(text.as_bytes(), 0, 0, &comma());
        let cell = |record, column| {
            let cell = table.read(text.as_bytes(), record, column).unwrap().into_owned();
            String::from_utf8(cell).unwrap()
        };
        table
            .records
            .iter()
            .map(|record| (0..record.width as usize).map(|column| cell(record, column)).collect())
            .collect()
    }

    #[test]
    fn cells_and_quotes() {
        assert_eq!(cells("a,b\r\n\n1,\n"), [vec!["a", "b"], vec!["1", ""]]);
        assert_eq!(cells("\"a\"\"b\",\"x,\ny\"\n"), [["a\"b", "x,\ny"]]);
        assert_eq!(cells("\"a\"b\"c,d\"e"), [["ab\"c", "d\"e"]]);
        assert_eq!(cells("\"\"\n,"), [vec![""], vec!["", ""]]);
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        let table = Table::new(b"a\n\n\"x\n\ny\"\nb", 0, 0, &comma());
        assert_eq!(
            table.records.iter().map(|record| record.line).collect::<Vec<_>>(),
            [0, 2, 5]
        );
        assert_eq!(table.lines, 6);
    }

    proptest::proptest! {
        /// The same cells as the `csv` crate finds.
        #[test]
        fn cells_are_those_of_the_csv_crate(text in "([ab ,\"\n]|\"a\"|\"\"\"\"|\r\n){0,40}") {
            // A quote that is not closed ends with the text there; here it never gets this far.
            let closed = {
                let mut framing = crate::read::framing::Framing::Csv(crate::read::framing::CsvScan::new(b',', b'"'));
                let limits = crate::read::framing::Limits { morsel: 1000, record: 1000 };
                framing.cut(text.as_bytes(), true, limits) == crate::read::framing::Cut::Records(text.len())
            };
            if !(closed && !text.is_empty() && !text.contains("\r\n\"") && !text.starts_with('\r')) {
                return Ok(());
            }
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .collect();
            proptest::prop_assert_eq!(cells(&text), expected);
        }
    }
}
