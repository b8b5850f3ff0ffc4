//! Lines that are written alike: the same keys in the same order as in a line before.
//!
//! Most logs have a few shapes of lines. Where a line without anything nested has a known
//! one, a comparison for each key tells where all its values stand, and a table where each wanted slot
//! is among them. A line is taken so only if it is written without blanks and every member is in order,
//! and no key has escapes; then both other walks would find the same values in it, and nothing wrong.
//!
//! Cost: a comparison of two words and a look at the marks for each member.

use super::super::trie::Trie;
use super::{Marked, Span, Walk};

/// How many shapes are remembered.
const SHAPES: usize = 8;
/// Members of a line; lines of more are walked.
const MEMBERS: usize = 64;
/// After so many lines of unknown shape, they must be fewer than the others.
const TRIED: u64 = 1000;
/// No member of the shape.
const NONE: u16 = u16::MAX;

/// The shapes of the lines so far.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    /// The last one met is first.
    known: Vec<Shape>,
    /// The values of the line at hand.
    values: Vec<Span>,
    hits: u64,
    misses: u64,
}

/// What is known of the line at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Shaped {
    /// Not yet looked at.
    #[default]
    Unknown,
    /// It has the first of the shapes.
    Yes,
    No,
}

/// The keys of a line.
#[derive(Debug)]
struct Shape {
    members: Vec<Member>,
    /// By the ids of tries: for each slot its member.
    slots: Vec<Option<Box<[u16]>>>,
}

/// A key with what stands around it: `,"key":`, or `{"key":` of the first.
#[derive(Debug)]
struct Member {
    /// Its first bytes, and which bits of them count.
    head: u128,
    mask: u128,
    length: usize,
    text: Box<[u8]>,
}

/// How many bytes are compared at once.
const HEAD: usize = 16;

impl Member {
    fn new(text: &[u8]) -> Self {
        let mut head = [0; HEAD];
        let n = text.len().min(HEAD);
        head[..n].copy_from_slice(&text[..n]);
        let mask = if n < HEAD { (1 << (8 * n)) - 1 } else { u128::MAX };
        Self {
            head: u128::from_le_bytes(head),
            mask,
            length: text.len(),
            text: text.into(),
        }
    }

    /// The bytes of the key.
    fn key(&self) -> &[u8] {
        &self.text[2..self.text.len() - 2]
    }

    /// Whether it stands at `at`; not where the text ends soon behind.
    #[inline(always)]
    fn stands(&self, text: &[u8], at: usize) -> bool {
        let Some(rest) = text.get(at..) else { return false };
        let Some(head) = rest.first_chunk::<HEAD>() else {
            return false;
        };
        let differs = (u128::from_le_bytes(*head) ^ self.head) & self.mask;
        differs == 0 && (self.length <= HEAD || rest.starts_with(&self.text))
    }
}

impl Shape {
    /// The members of the slots of a trie.
    fn slots(&mut self, trie: &Trie) -> &[u16] {
        let Self { members, slots } = self;
        if slots.len() <= trie.id {
            slots.resize_with(trie.id + 1, || None);
        }
        slots[trie.id].get_or_insert_with(|| {
            let mut found = vec![NONE; trie.n_slots].into_boxed_slice();
            for edge in &trie.nodes[0].edges {
                if let Some(member) = members.iter().position(|member| member.key() == edge.key) {
                    let leaves = edge.leaves.iter().map(|slot| usize::from(*slot));
                    leaves.for_each(|slot| found[slot] = member as u16);
                }
            }
            found
        })
    }
}

impl Walk<'_> {
    /// Finds the wanted values of a line in which nothing is nested, if it has a known shape. The trie wants keys of the
    /// record only.
    #[inline]
    pub(super) fn shaped(&mut self, trie: &Trie, out: &mut [Span]) -> bool {
        if self.shape == Shaped::Unknown {
            let line = Marked {
                text: self.text,
                bitmap: self.bitmap,
                line: self.line,
            };
            let known = self.memory.shapes.recognize(line);
            self.shape = if known { Shaped::Yes } else { Shaped::No };
        }
        if self.shape == Shaped::No {
            return false;
        }
        let Shapes { known, values, .. } = &mut self.memory.shapes;
        let Some(shape) = known.first_mut() else { return false };
        let slots = shape.slots(trie);
        for (span, member) in out.iter_mut().zip(slots) {
            *span = values.get(usize::from(*member)).copied().unwrap_or(Span::MISSING);
        }
        true
    }
}

impl Shapes {
    /// Whether a line has a known shape, which then is the first one, with its values.
    #[inline]
    fn recognize(&mut self, line: Marked<'_>) -> bool {
        if self.misses > TRIED && self.misses > self.hits {
            return false;
        }
        let values = &mut self.values;
        if let Some(at) = self.known.iter().position(|shape| line.has(shape, values)) {
            self.known.swap(0, at);
            self.hits += 1;
            return true;
        }
        self.misses += 1;
        if let Some(shape) = line.learn() {
            self.known.truncate(SHAPES - 1);
            self.known.push(shape);
        }
        false
    }
}

impl Marked<'_> {
    /// Whether the line has this shape; `values` are those of its members then.
    #[inline(always)]
    fn has(self, shape: &Shape, values: &mut Vec<Span>) -> bool {
        values.resize(shape.members.len(), Span::MISSING);
        let mut at = self.line.0;
        for (member, value) in shape.members.iter().zip(values) {
            if !member.stands(self.text, at) {
                return false;
            }
            let start = at + member.length;
            let Some(end) = self.neat_value(start) else {
                return false;
            };
            *value = Span::new(start, end);
            at = end;
        }
        at + 1 == self.line.1
    }

    /// The place behind a value, if it is a string or looks much like a number or word.
    #[inline(always)]
    fn neat_value(self, start: usize) -> Option<usize> {
        if self.byte(start) == b'"' {
            return Some(self.mark(start + 1) + 1);
        }
        let mark = self.mark(start);
        let end = mark - usize::from(self.byte(mark) == b'"');
        let neat = end > start && self.byte(start) > b' ' && self.byte(end - 1).is_ascii_alphanumeric();
        neat.then_some(end)
    }

    /// The shape of the line, if it is neat.
    #[cold]
    fn learn(self) -> Option<Shape> {
        let mut members = Vec::new();
        let mut at = self.line.0;
        while at + 1 < self.line.1 {
            let first = members.is_empty();
            if self.byte(at) != if first { b'{' } else { b',' } || self.byte(at + 1) != b'"' || members.len() == MEMBERS
            {
                return None;
            }
            let colon = self.mark(at + 2) + 1;
            if self.byte(colon) != b':' {
                return None;
            }
            let key = self.text.get(at..=colon)?;
            if key.contains(&b'\\') {
                return None;
            }
            members.push(Member::new(key));
            at = self.neat_value(colon + 1)?;
        }
        Some(Shape {
            members,
            slots: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Path;
    use crate::read::json::record::each_record;
    use crate::read::json::scratch::{self, Scratch};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn member() -> impl Strategy<Value = String> {
        let key = prop_oneof![
            6 => Just("a"), 4 => Just("b"), 3 => Just("a_key_of_more_than_16"), 3 => Just("a_key_of_more_than_17"),
            1 => Just("\\u0061"), 1 => Just("data"), 1 => Just("event_type"), 1 => Just(""),
        ];
        let value = prop_oneof![
            6 => Just("1"), 4 => Just("\"a\""), 2 => Just("\"a\\\"b\""), 2 => Just("null"), 1 => Just("-2.5e3"),
            1 => Just("\"b\":2"), 1 => Just("1:2"), 1 => Just("1,"), 1 => Just(""), 1 => Just("1 "), 1 => Just("[1]"),
            1 => Just("\"0123456789012345678901234567890123456789012345678901234567890123456789\""),
        ];
        let colon = prop_oneof![8 => Just(":"), 1 => Just(": "), 1 => Just("")];
        (key, colon, value).prop_map(|(key, colon, value)| format!("\"{key}\"{colon}{value}"))
    }

    proptest! {
        /// A line of a known shape has the values that are found by walking it.
        #[test]
        fn shapes_find_what_walks_find(
            lines in proptest::collection::vec((proptest::collection::vec(member(), 0..5), 1_usize..4), 1..5)
        ) {
            let line = |(members, n): &(Vec<String>, usize)| format!("{{{}}}\n", members.join(",")).repeat(*n);
            let text: String = lines.iter().map(line).collect();
            let plan = Arc::new(crate::read::DecodePlan::default());
            let trie = Trie::new(0, &["a", "b", "a_key_of_more_than_16"].map(Path::key), true);
            scratch::with(&scratch::compiled(&plan), |scratch: &mut Scratch| {
                scratch.memory.prepare([&trie].into_iter());
                let mut shaped = 0;
                each_record(scratch, text.as_bytes(), 0..text.len(), 0, |walk, _, _, framed| {
                    if framed.is_err() {
                        return;
                    }
                    let (mut quick, mut slow) = ([Span::MISSING; 3], [Span::MISSING; 3]);
                    let found = walk.find(&trie, &mut quick).is_ok();
                    shaped += usize::from(walk.shape == Shaped::Yes);
                    walk.shape = Shaped::No;
                    assert_eq!(found, walk.find(&trie, &mut slow).is_ok());
                    assert!(!found || quick == slow, "{text}");
                });
                let neat = text == "{\"a\":1}\n".repeat(text.len() / 8);
                // The first line is learned, and behind the last one there is too little text to compare.
                assert!(!neat || shaped + 2 >= text.len() / 8);
            });
            scratch::forget();
        }
    }
}
