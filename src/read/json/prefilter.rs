//! Lines that cannot matter are told by literals that they lack, before anything is indexed.
//!
//! Sound, since in JSON a character of a literal is written as itself or as an escape, and of the
//! escapes only `\u` (for any character) and `\/` stand for what could be written plainly. So a line
//! is let through if it holds a literal, a `\u`, or, where a literal holds a `/`, a `\/`.

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;

use crate::read::DecodePlan;

/// What a line must hold to be looked at.
#[derive(Debug)]
pub(super) struct Prefilter {
    search: Search,
}

/// How literals are looked for: each by itself, or all at once.
#[derive(Debug)]
enum Search {
    Few(Vec<Finder<'static>>),
    Many(AhoCorasick),
}

/// Up to how many literals are looked for one by one.
const FEW: usize = 3;

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
        let all: Vec<&[u8]> = literals
            .iter()
            .map(Vec::as_slice)
            .chain(escapes.into_iter().flatten())
            .collect();
        let search = if all.len() <= FEW {
            Search::Few(all.iter().map(|needle| Finder::new(needle).into_owned()).collect())
        } else {
            Search::Many(AhoCorasick::new(&all).ok()?)
        };
        Some(Self { search })
    }

    /// The lines to look at, in order, with those in between left out: calls `each` with the start
    /// and the end (behind the newline) of each line.
    pub(super) fn lines(&self, text: &[u8], mut each: impl FnMut(usize, usize)) {
        match &self.search {
            Search::Few(finders) => few(finders, text, each),
            Search::Many(search) => {
                let mut done = 0;
                while let Some(hit) = search.find(&text[done..]) {
                    let (start, end) = line_around(text, done, done + hit.start());
                    each(start, end);
                    done = end;
                }
            }
        }
    }
}

/// [`Prefilter::lines`] with a search for each literal; each goes over the text once.
fn few(finders: &[Finder<'static>], text: &[u8], mut each: impl FnMut(usize, usize)) {
    let mut hits: Vec<Option<usize>> = finders.iter().map(|finder| finder.find(text)).collect();
    let mut done = 0;
    while let Some(hit) = hits.iter().flatten().min().copied() {
        let (start, end) = line_around(text, done, hit);
        each(start, end);
        done = end;
        for (finder, hit) in finders.iter().zip(&mut hits) {
            if hit.is_some_and(|at| at < end) {
                *hit = finder.find(&text[end..]).map(|at| end + at);
            }
        }
    }
}

/// The line in which `at` lies, newline included; it begins at `from` or later.
fn line_around(text: &[u8], from: usize, at: usize) -> (usize, usize) {
    let start = memchr::memrchr(b'\n', &text[from..at]).map_or(from, |newline| from + newline + 1);
    let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |newline| at + newline + 1);
    (start, end)
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
