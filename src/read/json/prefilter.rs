//! Lines that cannot matter are told by literals that they lack, before anything is indexed.
//!
//! Sound, since in JSON a character of a literal is written as itself or as an escape, and of the
//! escapes only `\u` (for any character) and `\/` stand for what could be written plainly. So a line
//! is let through if it holds a literal, a `\u`, or, where a literal holds a `/`, a `\/`.

use memchr::memmem::Finder;

use crate::read::DecodePlan;

/// What a line must hold to be looked at.
#[derive(Debug)]
pub(super) struct Prefilter {
    finders: Vec<Finder<'static>>,
}

impl Prefilter {
    /// None if every line must be looked at.
    pub(super) fn new(plan: &DecodePlan) -> Option<Self> {
        let literals = plan.prefilter.as_ref()?;
        let every = plan.check_all || plan.time_of_all || plan.from.is_some() || plan.to.is_some();
        if every || literals.iter().any(Vec::is_empty) {
            return None;
        }
        let slash = literals.iter().any(|literal| literal.contains(&b'/'));
        let escapes = [Some(&b"\\u"[..]), slash.then_some(&b"\\/"[..])];
        let all = literals.iter().map(Vec::as_slice).chain(escapes.into_iter().flatten());
        Some(Self {
            finders: all.map(|needle| Finder::new(needle).into_owned()).collect(),
        })
    }

    /// The lines to look at, in order, with those in between left out: calls `each` with the start
    /// and the end (behind the newline) of each line.
    pub(super) fn lines(&self, text: &[u8], mut each: impl FnMut(usize, usize)) {
        let mut hits: Vec<Option<usize>> = self.finders.iter().map(|finder| finder.find(text)).collect();
        let mut done = 0;
        while let Some(hit) = hits.iter().flatten().min().copied() {
            let start = memchr::memrchr(b'\n', &text[done..hit]).map_or(done, |at| done + at + 1);
            let end = memchr::memchr(b'\n', &text[hit..]).map_or(text.len(), |at| hit + at + 1);
            each(start, end);
            done = end;
            for (finder, hit) in self.finders.iter().zip(&mut hits) {
                if hit.is_some_and(|at| at < end) {
                    *hit = finder.find(&text[end..]).map(|at| end + at);
                }
            }
        }
    }
}

/// How many lines there are in a text of whole lines, and how many of them are not blank.
pub(super) fn count_lines(text: &[u8]) -> (u64, u64) {
    let (mut lines, mut records) = (0, 0);
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text).chain((!text.ends_with(b"\n")).then_some(text.len())) {
        if end == start && end == text.len() {
            break;
        }
        lines += 1;
        records += u64::from(!is_blank(&text[start..end]));
        start = end + 1;
    }
    (lines, records)
}

/// Whether a line holds nothing but blanks.
#[inline]
pub(super) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}
