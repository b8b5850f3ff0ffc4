//! Text -> records -> cells.
//!
//! Cost: one search for a delimiter or newline a cell; four bytes of memory a cell.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// The records of a text, cut into cells.
#[derive(Debug, Default)]
pub(super) struct Table {
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
    pub(super) fn new(text: &[u8], start: usize, line: u64, delimiter: u8) -> Self {
        let mut table = Self {
            lines: line,
            ..Self::default()
        };
        let mut at = start;
        while at < text.len() {
            at = table.cut_record(text, at, delimiter);
        }
        table
    }

    /// Cuts the record (or blank line) at `start`; where the next one begins.
    fn cut_record(&mut self, text: &[u8], start: usize, delimiter: u8) -> usize {
        let line = self.lines;
        let first_bound = self.bounds.len();
        let mut at = start;
        loop {
            self.bounds.push(at as u32);
            if text.get(at) == Some(&b'"') {
                let close = closing_quote(text, at);
                self.lines += memchr::memchr_iter(b'\n', &text[at..close]).count() as u64;
                at = close;
            }
            match memchr2(delimiter, b'\n', &text[at..]) {
                Some(found) if text[at + found] == delimiter => at += found + 1,
                Some(found) => {
                    self.end_record(text, (start, at + found + 1), line, first_bound);
                    return at + found + 1;
                }
                None => {
                    self.end_record(text, (start, text.len()), line, first_bound);
                    return text.len();
                }
            }
        }
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
}

/// The position of the quote that closes the one at `open`; the end of the text if there is none.
fn closing_quote(text: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while let Some(found) = memchr(b'"', &text[at..]) {
        at += found + 1;
        if text.get(at) != Some(&b'"') {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// What a cell says: without its quotes, doubled ones as one.
pub(super) fn unquoted(cell: &[u8]) -> Cow<'_, [u8]> {
    let Some(inner) = cell.strip_prefix(b"\"") else {
        return Cow::Borrowed(cell);
    };
    match memchr(b'"', inner) {
        Some(at) if at + 1 == inner.len() => Cow::Borrowed(&inner[..at]),
        None => Cow::Borrowed(inner),
        Some(_) => Cow::Owned(undouble(inner)),
    }
}

fn undouble(inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    let mut at = 0;
    while let Some(found) = memchr(b'"', &inner[at..]) {
        out.extend_from_slice(&inner[at..at + found]);
        at += found + 1;
        if inner.get(at) != Some(&b'"') {
            break;
        }
        out.push(b'"');
        at += 1;
    }
    out.extend_from_slice(&inner[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let table = Table::new(text.as_bytes(), 0, 0, b',');
        let cell = |record, column| {
            let cell = unquoted(&text.as_bytes()[table.cell(record, column)]).into_owned();
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
        let table = Table::new(b"a\n\n\"x\n\ny\"\nb", 0, 0, b',');
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
                let mut framing = crate::read::framing::Framing::Csv(crate::read::framing::CsvScan::new(b','));
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
