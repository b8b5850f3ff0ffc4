//! Stage 1: where quotes, brackets and lines are.
//!
//! Text is looked at in blocks of 64 bytes; a block becomes a few 64-bit masks by one of several
//! instruction sets, and everything after that is the same plain code. Kept are: a bit for each
//! *mark* (a quote that is not escaped, or a bracket outside strings), the positions of the
//! brackets, and the lines. Strings do not go on over the end of a line: a line with an odd number
//! of quotes is marked and the next one starts outside of strings. Every variant gives the same
//! index (property-tested).
//!
//! Sources: Langdale and Lemire, "Parsing gigabytes of JSON per second" (odd runs of backslashes,
//! strings by prefix xor); Li et al., "Mison" (looking at structure only).

mod block;
#[cfg(target_arch = "aarch64")]
mod neon;
mod plain;
#[cfg(target_arch = "x86_64")]
mod x86;

/// A line of the indexed text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Where its newline is, or the text's end.
    pub(super) end: u32,
    /// How many brackets there are up to its end, from the beginning of the text.
    pub(super) brackets: u32,
    /// See [`Line::ODD`], [`Line::SPECIAL`].
    pub(super) flags: u8,
}

impl Line {
    /// A string does not end on the line.
    pub(super) const ODD: u8 = 1;
    /// It has a backslash, a byte beyond ASCII, or a control character in a string.
    pub(super) const SPECIAL: u8 = 2;
}

/// What stage 1 finds in a text of less than 4 GiB. Positions count from its beginning.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// A bit for each byte: set at marks. Word `i` is of bytes `64 * i ..`.
    pub(super) marks: Vec<u64>,
    brackets: Vec<u32>,
    n_brackets: usize,
    /// The lines, in order.
    pub(super) lines: Vec<Line>,
}

impl Index {
    /// Indexes a text, with the fastest instructions there are.
    pub(super) fn run(&mut self, text: &[u8]) {
        #[cfg(target_arch = "x86_64")]
        if x86::run(self, text) {
            return;
        }
        #[cfg(target_arch = "aarch64")]
        if neon::run(self, text) {
            return;
        }
        self.run_plain(text);
    }

    /// The same without special instructions.
    pub(super) fn run_plain(&mut self, text: &[u8]) {
        block::run::<plain::Plain>(self, text);
    }

    /// Positions of the brackets outside strings.
    pub(super) fn brackets(&self) -> &[u32] {
        &self.brackets[..self.n_brackets]
    }

    fn clear(&mut self, len: usize) {
        self.marks.clear();
        self.marks.reserve(len / 64 + 1);
        self.n_brackets = 0;
        self.lines.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Byte by byte.
    fn naive(text: &[u8]) -> Index {
        let mut index = Index::default();
        index.marks.resize(text.len().div_ceil(64), 0);
        let (mut inside, mut escape, mut flags) = (false, false, 0);
        for (at, &byte) in text.iter().enumerate() {
            let escaped = escape;
            escape = byte == b'\\' && !escaped;
            let mark = match byte {
                b'"' if !escaped => {
                    inside = !inside;
                    true
                }
                b'{' | b'}' | b'[' | b']' if !inside => {
                    index.brackets.push(at as u32);
                    true
                }
                _ => false,
            };
            if byte == b'\\' || byte >= 0x80 || (inside && byte < 0x20 && byte != b'\n') {
                flags |= Line::SPECIAL;
            }
            index.marks[at / 64] |= u64::from(mark) << (at % 64);
            if byte == b'\n' || at + 1 == text.len() {
                index.lines.push(Line {
                    end: (at + usize::from(byte != b'\n')) as u32,
                    brackets: index.brackets.len() as u32,
                    flags: flags | (u8::from(inside) * Line::ODD),
                });
                (inside, flags) = (false, 0);
            }
        }
        index.n_brackets = index.brackets.len();
        index
    }

    fn assert_same(index: &Index, naive: &Index, text: &[u8]) -> Result<(), TestCaseError> {
        prop_assert_eq!(&index.marks, &naive.marks, "{:?}", String::from_utf8_lossy(text));
        prop_assert_eq!(index.brackets(), naive.brackets());
        prop_assert_eq!(&index.lines, &naive.lines);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn all_variants_index_alike(
            text in proptest::collection::vec(
                prop_oneof![
                    6 => Just(b'"'), 3 => Just(b'\\'), 3 => Just(b'\n'), 2 => Just(b'{'), 2 => Just(b'}'),
                    1 => Just(b'['), 1 => Just(b']'), 1 => Just(b','), 1 => Just(b'\t'), 8 => Just(b'a'), 1 => any::<u8>(),
                ],
                0..400,
            )
        ) {
            let naive = naive(&text);
            let mut index = Index::default();
            index.run_plain(&text);
            assert_same(&index, &naive, &text)?;
            index.run(&text);
            assert_same(&index, &naive, &text)?;
            #[cfg(target_arch = "x86_64")]
            for variant in x86::VARIANTS {
                if variant(&mut index, &text) {
                    assert_same(&index, &naive, &text)?;
                }
            }
            #[cfg(target_arch = "aarch64")]
            if neon::run(&mut index, &text) {
                assert_same(&index, &naive, &text)?;
            }
        }
    }
}
