//! One record: its frame, its type and its time.

use std::sync::Arc;

use super::compiled::{Compiled, TypeKey};
use super::fault::Fault;
use super::index::Line;
use super::prefilter::is_blank;
use super::scratch::Scratch;
use super::string;
use super::trie::Trie;
use super::walk::{Shaped, Span, Walk, frame};
use crate::data::BadCause;
use crate::read::NO_TYPE;
use crate::read::time::TimeReader;

/// How much text is indexed at a time: text, index and columns stay in the second-level cache.
const CHUNK: usize = 128 << 10;

/// A record's line, without blanks around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordLine {
    /// Where it begins in the chunk.
    pub(super) start: usize,
    /// Where it ends there.
    pub(super) end: usize,
    /// Which line of the text it is, from 0.
    pub(super) line: u64,
    /// It has backslashes or bytes beyond ASCII.
    pub(super) special: bool,
}

/// Goes over the non-blank lines of `text[range]`: calls `each` with the record's line, a walk over
/// the chunk it lies in, where the chunk begins in the text, and what is wrong with its frame. Gives
/// the number of lines.
pub(super) fn each_record(
    scratch: &mut Scratch,
    text: &[u8],
    range: std::ops::Range<usize>,
    max_bytes: usize,
    mut each: impl FnMut(&mut Walk<'_>, RecordLine, usize, Result<(), Fault>),
) -> u64 {
    let mut lines = 0;
    let mut from = range.start;
    while from < range.end {
        let to = chunk_end(text, from, range.end);
        let chunk = &text[from..to];
        let Scratch { index, memory, .. } = scratch;
        index.run(chunk);
        let mut walk = Walk {
            text: chunk,
            bitmap: &index.marks,
            memory,
            line: (0, 0),
            brackets: &[],
            special: false,
            shape: Shaped::Unknown,
            all_wanted: false,
        };
        let (mut start, mut bracket) = (0, 0);
        for line in &index.lines {
            let (first, end) = (start, line.end as usize);
            let brackets = &index.brackets()[bracket..line.brackets as usize];
            (start, bracket) = (end + 1, line.brackets as usize);
            lines += 1;
            let Some((first, end)) = trim(chunk, first, end) else {
                continue;
            };
            let record = RecordLine {
                start: first,
                end,
                line: lines - 1,
                special: line.flags & Line::SPECIAL != 0,
            };
            let framed = if end - first > max_bytes && max_bytes > 0 {
                let reason = format!("{} bytes, and {max_bytes} is the limit", end - first);
                Err(Fault::new(first, BadCause::TooLong, reason))
            } else {
                frame(chunk, (first, end), brackets, line.flags & Line::ODD != 0)
            };
            (walk.special, walk.shape) = (record.special, Shaped::Unknown);
            (walk.line, walk.brackets) = ((first, end), brackets);
            each(&mut walk, record, from, framed);
        }
        from = to;
    }
    lines
}

/// The end of a chunk that begins at `from`: behind a newline, or the end of all.
fn chunk_end(text: &[u8], from: usize, end: usize) -> usize {
    let about = (from + CHUNK).min(end);
    if about == end {
        return end;
    }
    match memchr::memrchr(b'\n', &text[from..about]) {
        Some(at) => from + at + 1,
        None => memchr::memchr(b'\n', &text[about..end]).map_or(end, |at| about + at + 1),
    }
}

/// A line without blanks around it, if there is more to it.
#[inline(always)]
fn trim(text: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    if start < end && text[start] == b'{' && text[end - 1] == b'}' {
        return Some((start, end));
    }
    let line = &text[start..end];
    if is_blank(line) {
        return None;
    }
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let before = line.iter().take_while(|byte| blank(byte)).count();
    let after = line.iter().rev().take_while(|byte| blank(byte)).count();
    Some((start + before, end - after))
}

/// Finds types and times of records that come in order.
#[derive(Debug)]
pub(super) struct RecordReader<'m> {
    compiled: &'m Arc<Compiled>,
    /// The whole morsel.
    text: &'m [u8],
    /// For each type key but the last: where it next occurs, from some place on.
    absences: Vec<Absence>,
    /// The type key of the last record.
    key: usize,
    pub(super) times: TimeReader,
    name: Vec<u8>,
    spans: Vec<Span>,
}

/// Where a text next occurs: at `next`, looked for from `from` on.
#[derive(Clone, Copy, Debug, Default)]
struct Absence {
    from: usize,
    next: usize,
}

/// What the type of a record is.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordType {
    /// Its place in [`Compiled::types`], if anybody reads it.
    pub(super) index: Option<usize>,
    /// Where it stands in the chunk.
    pub(super) span: Span,
}

impl<'m> RecordReader<'m> {
    pub(super) fn new(compiled: &'m Arc<Compiled>, text: &'m [u8]) -> Self {
        Self {
            text,
            absences: vec![Absence { from: 1, next: 0 }; compiled.type_keys.len()],
            key: 0,
            times: TimeReader::new(compiled.plan.time_unit),
            name: Vec::new(),
            spans: Vec::new(),
            compiled,
        }
    }

    /// The type of a record whose frame is right.
    pub(super) fn type_of(
        &mut self,
        walk: &mut Walk<'_>,
        record: RecordLine,
        base: usize,
    ) -> Result<RecordType, Fault> {
        let compiled = self.compiled;
        for (nth, key) in compiled.type_keys.iter().enumerate() {
            if nth < self.key && self.is_absent(nth, key, walk.text, record, base) {
                continue;
            }
            let mut span = [Span::MISSING];
            walk.find(&key.trie, &mut span)?;
            let [span] = span;
            if span.is_null(walk.text) {
                continue;
            }
            self.key = nth;
            return Ok(RecordType {
                index: self.named(span, walk.text, record.special)?,
                span,
            });
        }
        Ok(RecordType {
            index: compiled.untyped(),
            span: Span::MISSING,
        })
    }

    /// Whether a key surely does not stand in a line.
    fn is_absent(&mut self, nth: usize, key: &TypeKey, chunk: &[u8], record: RecordLine, base: usize) -> bool {
        let line = &chunk[record.start..record.end];
        if !key.flat || (record.special && line.contains(&b'\\')) {
            return false;
        }
        let (start, end) = (record.start + base, record.end + base);
        let known = &mut self.absences[nth];
        if start < known.from || start > known.next {
            *known = Absence {
                from: start,
                next: key.quoted.find(&self.text[start..]).map_or(usize::MAX, |at| start + at),
            };
        }
        known.next >= end
    }

    fn named(&mut self, span: Span, text: &[u8], special: bool) -> Result<Option<usize>, Fault> {
        let value = span.of(text);
        let Some(raw) = text_value(value) else {
            if is_integer(value) {
                return Ok(self.compiled.type_index(value));
            }
            let at = span.start as usize;
            return Err(Fault::new(at, BadCause::BadType, NO_TYPE));
        };
        if !special || string::is_plain(raw) {
            return Ok(self.compiled.type_index(raw));
        }
        self.name.clear();
        string::unescape(raw, span.start as usize + 1, &mut self.name)?;
        Ok(self.compiled.type_index(&self.name))
    }

    /// The time of a record: the first value of these spans that is there.
    pub(super) fn time_in(&mut self, spans: &[Span], text: &[u8], special: bool) -> Result<Option<i64>, Fault> {
        time_in(&mut self.times, spans, text, special)
    }

    /// The time of a record of this type.
    pub(super) fn time_of(
        &mut self,
        walk: &mut Walk<'_>,
        record: RecordLine,
        of: Option<usize>,
    ) -> Result<Option<i64>, Fault> {
        if self.compiled.eager_times
            && let Some(of) = of
        {
            // The walk that decoding does: what it cannot get past has no time there either.
            let fields = &self.compiled.types[of];
            self.spans.resize(fields.first.n_slots, Span::MISSING);
            walk.find(&fields.first, &mut self.spans)?;
            let found = &self.spans[fields.times.clone()];
            return time_in(&mut self.times, found, walk.text, record.special);
        }
        let trie: &Trie = of.map_or(&self.compiled.stray, |of| &self.compiled.types[of].time);
        let mut spans = [Span::MISSING; 4];
        let spans = &mut spans[..trie.n_slots.min(4)];
        walk.find(trie, spans)?;
        time_in(&mut self.times, spans, walk.text, record.special)
    }
}

/// The first value of these spans that is there, as a time.
pub(super) fn time_in(
    times: &mut TimeReader,
    spans: &[Span],
    text: &[u8],
    special: bool,
) -> Result<Option<i64>, Fault> {
    match spans.iter().find(|span| !span.is_null(text)) {
        None => Ok(None),
        Some(span) => read_time(times, *span, text, special).map(Some),
    }
}

/// A value as a time.
pub(super) fn read_time(times: &mut TimeReader, span: Span, text: &[u8], special: bool) -> Result<i64, Fault> {
    let at = span.start as usize;
    let value = span.of(text);
    let time = match text_value(value) {
        Some(raw) if special && string::check(raw, at + 1)? => {
            let mut plain = Vec::new();
            string::unescape(raw, at + 1, &mut plain)?;
            times.text(&plain)
        }
        Some(raw) => times.text(raw),
        None => times.number(value),
    };
    time.ok_or_else(|| {
        let shown: String = String::from_utf8_lossy(value).chars().take(60).collect();
        Fault::new(at, BadCause::BadTime, format!("`{shown}` is no time"))
    })
}

/// Whether a number is an integer of the program as it is written: its text is then a type's name.
pub(super) fn is_integer(value: &[u8]) -> bool {
    let text = std::str::from_utf8(value).unwrap_or_default();
    text != "-0" && text.parse::<i64>().is_ok()
}

/// What stands between the quotes of a string.
#[inline]
pub(super) fn text_value(value: &[u8]) -> Option<&[u8]> {
    match value {
        [b'"', raw @ .., b'"'] => Some(raw),
        _ => None,
    }
}
