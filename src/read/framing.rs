//! Where an input is cut into morsels.
//!
//! Invariant: the cuts depend on the (uncompressed) bytes and on [`Limits`] only, not on how many of
//! the bytes have been read when a cut is asked for: `cut` answers [`Cut::More`] until it is certain.
//! So a file, a pipe and a `.gz` of the same text give the same morsels.
//!
//! The rule: a morsel ends with the record that holds its byte number `morsel` (the input's last
//! record ends the last one). If that record is too long, the morsel ends before it, and the record
//! becomes a piece of its own.
//!
//! Cost: for lines one search from the end of the morsel; for CSV one pass over the morsel's quotes
//! and newlines, or over its quotes alone where it has none.

use memchr::{memchr, memchr2, memrchr};

/// How much a morsel and a record hold, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The least size of a morsel.
    pub(super) morsel: usize,
    /// The longest record, its line end not counted.
    pub(super) record: usize,
}

/// How records are told apart.
#[derive(Clone, Debug)]
pub(super) enum Framing {
    /// One a line.
    Lines,
    /// Lines, but quoted cells may hold newlines.
    Csv(CsvScan),
}

/// What to do with the bytes at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The first so many bytes are whole records.
    Records(usize),
    /// The first record, a line, is longer than allowed.
    TooLong,
    /// The first record has a quote that is not closed (before the input ends or the record gets too
    /// long); its first line has so many bytes. Reading goes on behind that line.
    Unclosed(usize),
    /// That cannot be told without more bytes.
    More,
}

impl Framing {
    /// What to do with `bytes`, which begin at a record's start and end where the input ends
    /// (`whole`) or somewhere before. After [`Cut::More`] the same bytes and more must be given.
    pub(super) fn cut(&mut self, bytes: &[u8], whole: bool, limits: Limits) -> Cut {
        match self {
            Self::Lines => cut_lines(bytes, whole, limits),
            Self::Csv(scan) => {
                let cut = scan.cut(bytes, whole, limits);
                if cut != Cut::More {
                    *scan = CsvScan::new(scan.delimiter, scan.quote);
                }
                cut
            }
        }
    }
}

fn cut_lines(bytes: &[u8], whole: bool, limits: Limits) -> Cut {
    let target = limits.morsel.max(1);
    if bytes.len() < target {
        return if whole { Cut::Records(bytes.len()) } else { Cut::More };
    }
    let start = memrchr(b'\n', &bytes[..target - 1]).map_or(0, |at| at + 1);
    // The longest record, CR and LF.
    let full = start.saturating_add(limits.record).saturating_add(2);
    let window = full.min(bytes.len());
    let newline = bytes.get(target - 1..window).and_then(|text| memchr(b'\n', text));
    let end = match newline {
        Some(at) => Some(target - 1 + at),
        None if window < full && !whole => return Cut::More,
        None => (window < full).then_some(window),
    };
    match end {
        Some(end) if content(&bytes[start..end]).len() <= limits.record => {
            Cut::Records(end + usize::from(newline.is_some()))
        }
        _ if start > 0 => Cut::Records(start),
        _ => Cut::TooLong,
    }
}

/// A line without its line end.
pub(super) fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A pass over the quotes and newlines of a CSV text. A quote opens a quoted cell only as the first
/// byte of a cell; inside, two quotes are one; elsewhere a quote is a byte like others.
#[derive(Clone, Debug)]
pub(super) struct CsvScan {
    delimiter: u8,
    quote: u8,
    /// Everything before has been looked at.
    at: usize,
    /// Where the record at hand starts.
    record: usize,
    /// Whether a quoted cell is open.
    quoted: bool,
}

impl CsvScan {
    pub(super) fn new(delimiter: u8, quote: u8) -> Self {
        Self {
            delimiter,
            quote,
            at: 0,
            record: 0,
            quoted: false,
        }
    }

    fn cut(&mut self, bytes: &[u8], whole: bool, limits: Limits) -> Cut {
        let target = limits.morsel.max(1);
        // The longest record, CR and LF.
        let full = limits.record.saturating_add(2);
        self.skip_plain(bytes, target, limits);
        loop {
            let window = self.record.saturating_add(full).saturating_add(1).min(bytes.len());
            if !self.step(&bytes[..window], whole && window == bytes.len()) {
                break;
            }
            if self.quoted || bytes[self.at - 1] != b'\n' {
                continue;
            }
            if content(&bytes[self.record..self.at]).len() > limits.record {
                return self.refuse(bytes, whole, limits);
            }
            if self.at >= target {
                return Cut::Records(self.at);
            }
            self.record = self.at;
        }
        if bytes.len() - self.record > full {
            return self.refuse(bytes, whole, limits);
        }
        match whole {
            false => Cut::More,
            true if self.quoted || content(&bytes[self.record..]).len() > limits.record => {
                self.refuse(bytes, whole, limits)
            }
            true => Cut::Records(bytes.len()),
        }
    }

    /// Goes straight to the record at the target where there is no quote before it.
    fn skip_plain(&mut self, bytes: &[u8], target: usize, limits: Limits) {
        if self.at == 0
            && limits.record >= target
            && bytes.len() >= target
            && memchr(self.quote, &bytes[..target]).is_none()
        {
            self.record = memrchr(b'\n', &bytes[..target - 1]).map_or(0, |at| at + 1);
            self.at = target - 1;
        }
    }

    /// Goes to behind the next newline or quote; false when there is none, or when it cannot be told
    /// yet what a quote at the end of the bytes means.
    fn step(&mut self, bytes: &[u8], whole: bool) -> bool {
        let rest = bytes.get(self.at..).unwrap_or_default();
        if self.quoted {
            let Some(found) = memchr(self.quote, rest) else {
                self.at = bytes.len();
                return false;
            };
            match rest.get(found + 1) {
                Some(next) if *next == self.quote => self.at += found + 2,
                None if !whole => {
                    self.at += found;
                    return false;
                }
                _ => {
                    self.at += found + 1;
                    self.quoted = false;
                }
            }
            return true;
        }
        let Some(found) = memchr2(self.quote, b'\n', rest) else {
            self.at = bytes.len();
            return false;
        };
        let at = self.at + found;
        self.at = at + 1;
        self.quoted = bytes[at] == self.quote && (at == self.record || bytes[at - 1] == self.delimiter);
        true
    }

    /// What to do with a record that is too long, or not closed.
    fn refuse(&self, bytes: &[u8], whole: bool, limits: Limits) -> Cut {
        if self.record > 0 {
            return Cut::Records(self.record);
        }
        let window = limits.record.saturating_add(2).min(bytes.len());
        let line = match memchr(b'\n', &bytes[..window]) {
            Some(at) => &bytes[..=at],
            None if whole && window == bytes.len() => bytes,
            None => return Cut::TooLong,
        };
        if content(line).len() > limits.record {
            return Cut::TooLong;
        }
        // The line alone is short enough: a quote makes the record go on.
        Cut::Unclosed(line.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cuts of a text of which `step` more bytes are seen at a time.
    fn cuts(mut framing: Framing, text: &[u8], step: usize, limits: Limits) -> Vec<(usize, &'static str)> {
        let (mut at, mut seen) = (0, 0);
        let mut out = Vec::new();
        while at < text.len() {
            let (n, kind) = match framing.cut(&text[at..seen], seen == text.len(), limits) {
                Cut::More => {
                    seen = (seen + step).min(text.len());
                    continue;
                }
                Cut::Records(n) => (n, "records"),
                Cut::Unclosed(n) => (n, "unclosed"),
                Cut::TooLong => {
                    let rest = &text[at..];
                    (memchr(b'\n', rest).map_or(rest.len(), |n| n + 1), "too long")
                }
            };
            assert!(n > 0);
            out.push((n, kind));
            at += n;
            seen = seen.max(at);
        }
        out
    }

    fn lines(text: &str, morsel: usize, record: usize) -> Vec<(usize, &'static str)> {
        cuts(
            Framing::Lines,
            text.as_bytes(),
            usize::MAX / 2,
            Limits { morsel, record },
        )
    }

    fn csv(text: &str, morsel: usize, record: usize) -> Vec<(usize, &'static str)> {
        let framing = Framing::Csv(CsvScan::new(b',', b'"'));
        cuts(framing, text.as_bytes(), usize::MAX / 2, Limits { morsel, record })
    }

    #[test]
    fn lines_end_with_the_record_at_the_target() {
        assert_eq!(
            lines("ab\ncd\nef", 1, 9),
            [(3, "records"), (3, "records"), (2, "records")]
        );
        assert_eq!(lines("ab\ncd\nef", 4, 9), [(6, "records"), (2, "records")]);
        assert_eq!(
            lines("ab\ncd\nef", 3, 9),
            [(3, "records"), (3, "records"), (2, "records")]
        );
        assert_eq!(lines("ab\ncd\nef", 99, 9), [(8, "records")]);
    }

    #[test]
    fn long_lines_stand_alone() {
        assert_eq!(
            lines("ab\ncdefg\nh", 4, 4),
            [(3, "records"), (6, "too long"), (1, "records")]
        );
        // The line end does not count.
        assert_eq!(lines("ab\ncdef\r\nh", 4, 4), [(9, "records"), (1, "records")]);
        assert_eq!(lines("abcdef", 2, 5), [(6, "too long")]);
    }

    #[test]
    fn quotes_hold_newlines() {
        assert_eq!(csv("a,\"b\n\",c\nd\n", 1, 99), [(9, "records"), (2, "records")]);
        // A quote inside a plain cell opens nothing.
        assert_eq!(csv("a\"b\nc\n", 1, 99), [(4, "records"), (2, "records")]);
        assert_eq!(csv("\"a\"\"\nb\"\nc\n", 1, 99), [(8, "records"), (2, "records")]);
    }

    #[test]
    fn open_quotes_cost_one_line() {
        assert_eq!(
            csv("x\na,\"b\nc\nd", 1, 99),
            [(2, "records"), (5, "unclosed"), (2, "records"), (1, "records")]
        );
        assert_eq!(
            csv("a,\"b\ncdefghij\n\",\n", 99, 8),
            [(5, "unclosed"), (9, "records"), (3, "unclosed")]
        );
        assert_eq!(csv("\"", 99, 8), [(1, "unclosed")]);
        assert_eq!(csv("\"123456789", 99, 8), [(10, "too long")]);
    }

    proptest::proptest! {
        /// How much has been read does not matter.
        #[test]
        fn cuts_depend_on_the_text_only(text in "[ab,\"\r\n]{0,60}", morsel in 0_usize..40, record in 1_usize..30, step in 1_usize..20) {
            let limits = Limits { morsel, record };
            for framing in [Framing::Lines, Framing::Csv(CsvScan::new(b',', b'"'))] {
                let whole = cuts(framing.clone(), text.as_bytes(), 1000, limits);
                proptest::prop_assert_eq!(&whole, &cuts(framing, text.as_bytes(), step, limits));
                proptest::prop_assert_eq!(whole.iter().map(|cut| cut.0).sum::<usize>(), text.len());
            }
        }
    }
}
