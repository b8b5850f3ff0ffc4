//! All that is asked of the text of one field, found in one look at it.
//!
//! Whole texts, beginnings and ends are hashed (beginnings and ends once for each of their lengths, as
//! long as there are few lengths); parts are found by an automaton over all of them.
//!
//! Cost of a text: a look-up for each length, one pass of the automaton, and what is found.

use std::net::IpAddr;

use daachorse::DoubleArrayAhoCorasick;
use indexmap::IndexMap;
use ipnet::IpNet;

use crate::data::value::FixedHasher;
use crate::eval::{Program, TextShape, address};

use super::atom::{Atom, Test};
use super::literals::{self, folded};

type Lists = IndexMap<Box<[u8]>, Vec<u32>, FixedHasher>;

/// Beginnings and ends of more lengths than this go into the automaton.
const LENGTHS: usize = 8;

/// What is asked of a text.
#[derive(Debug, Default)]
pub(super) struct Texts {
    whole: Whole,
    starts: ByLength,
    ends: ByLength,
    parts: Parts,
    folded: Parts,
    nets: Nets,
}

/// Where a part must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    Anywhere,
    First,
    Last,
}

impl Texts {
    /// Adds an atom. What it finds may be more than what satisfies it where `exact` is false.
    pub(super) fn add(&mut self, program: &Program<'_>, number: u32, atom: &Atom) -> bool {
        let mut exact = true;
        match &atom.test {
            Test::Equal(crate::data::Value::Str(text)) => self.add_whole(text, number),
            Test::Member(items) => {
                for item in items {
                    if let crate::data::Value::Str(text) = item {
                        self.add_whole(text, number);
                    }
                }
            }
            Test::Text => {
                for shape in program.shapes(atom.node) {
                    exact &= self.add_shape(&shape, number);
                }
            }
            _ => {}
        }
        exact
    }

    fn add_whole(&mut self, text: &str, number: u32) {
        self.whole.add(text.as_bytes(), number);
    }

    fn add_shape(&mut self, shape: &TextShape<'_>, number: u32) -> bool {
        match shape {
            TextShape::Whole(text) => self.add_whole(text, number),
            TextShape::Start(text) => self.starts.add(text.as_bytes(), number),
            TextShape::End(text) => self.ends.add(text.as_bytes(), number),
            TextShape::Part(text) => self.parts.add(text, Where::Anywhere, number),
            TextShape::Nets(nets) => nets.iter().for_each(|net| self.nets.add(*net, number)),
            TextShape::Regex(pattern) => {
                for needle in literals::required(pattern).unwrap_or_default() {
                    let parts = if needle.folded {
                        &mut self.folded
                    } else {
                        &mut self.parts
                    };
                    parts.add(&needle.text, Where::Anywhere, number);
                }
                return false;
            }
        }
        true
    }

    /// Ends the adding.
    pub(super) fn build(&mut self) {
        self.whole.build();
        for (by_length, place) in [(&mut self.starts, Where::First), (&mut self.ends, Where::Last)] {
            if by_length.lengths().len() > LENGTHS {
                for (text, numbers) in std::mem::take(&mut by_length.lists) {
                    numbers.iter().for_each(|&number| self.parts.add(&text, place, number));
                }
            }
            by_length.build(place);
        }
        self.parts.build();
        self.folded.build();
        self.nets.build();
    }

    /// Whether a look at a text costs no more than to find out whether it was looked at before.
    pub(super) fn is_cheap(&self) -> bool {
        let looks = self.starts.lengths.len() + self.ends.lengths.len() + usize::from(!self.whole.lists.is_empty());
        looks <= 1 && self.parts.is_empty() && self.folded.is_empty() && self.nets.is_empty()
    }

    /// Adds the atoms that a text satisfies (or may satisfy, of those that are not exact).
    pub(super) fn find(&self, text: &str, found: &mut Vec<u32>) {
        let from = found.len();
        let bytes = text.as_bytes();
        self.whole.find(bytes, found);
        self.starts.find(bytes, Where::First, found);
        self.ends.find(bytes, Where::Last, found);
        self.parts.find(bytes, found);
        if !self.folded.is_empty() {
            self.folded.find(&folded(text), found);
        }
        if !self.nets.is_empty()
            && let Some(ip) = address(text)
        {
            self.nets.find(ip, found);
        }
        // A text may hold several parts, or one several times.
        if found.len() - from > 1 {
            found[from..].sort_unstable();
            let mut kept = from + 1;
            for at in from + 1..found.len() {
                if found[at] != found[kept - 1] {
                    found[kept] = found[at];
                    kept += 1;
                }
            }
            found.truncate(kept);
        }
    }
}

/// Bytes that may stand at a place: most texts are turned away without being hashed.
#[derive(Clone, Copy, Debug, Default)]
struct Sieve([u64; 4]);

impl Sieve {
    fn add(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn lets(&self, byte: Option<&u8>) -> bool {
        byte.is_some_and(|byte| self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1)
    }
}

/// Whole texts.
#[derive(Debug, Default)]
struct Whole {
    lists: Lists,
    last: Sieve,
    /// The empty text is among them.
    empty: bool,
}

impl Whole {
    fn add(&mut self, text: &[u8], number: u32) {
        self.lists.entry(text.into()).or_default().push(number);
    }

    fn build(&mut self) {
        for text in self.lists.keys() {
            match text.last() {
                Some(&byte) => self.last.add(byte),
                None => self.empty = true,
            }
        }
    }

    fn find(&self, text: &[u8], found: &mut Vec<u32>) {
        if (self.last.lets(text.last()) || (self.empty && text.is_empty()))
            && let Some(numbers) = self.lists.get(text)
        {
            found.extend(numbers);
        }
    }
}

/// Beginnings or ends of texts, looked up once for each length.
#[derive(Debug, Default)]
struct ByLength {
    lists: Lists,
    lengths: Vec<usize>,
    /// The first byte of beginnings, the last of ends.
    edge: Sieve,
}

impl ByLength {
    fn add(&mut self, text: &[u8], number: u32) {
        self.lists.entry(text.into()).or_default().push(number);
    }

    fn lengths(&self) -> Vec<usize> {
        let mut lengths: Vec<usize> = self.lists.keys().map(|text| text.len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        lengths
    }

    fn build(&mut self, place: Where) {
        self.lengths = self.lengths();
        for text in self.lists.keys() {
            let edge = if place == Where::First {
                text.first()
            } else {
                text.last()
            };
            edge.iter().for_each(|&&byte| self.edge.add(byte));
        }
    }

    fn find(&self, text: &[u8], place: Where, found: &mut Vec<u32>) {
        let first = place == Where::First;
        if !self.edge.lets(if first { text.first() } else { text.last() }) {
            return;
        }
        for &length in self.lengths.iter().take_while(|&&length| length <= text.len()) {
            let part = if first {
                &text[..length]
            } else {
                &text[text.len() - length..]
            };
            if let Some(numbers) = self.lists.get(part) {
                found.extend(numbers);
            }
        }
    }
}

/// Parts of texts.
#[derive(Debug, Default)]
struct Parts {
    lists: IndexMap<Box<[u8]>, Vec<(Where, u32)>, FixedHasher>,
    automaton: Option<Automaton>,
}

/// What finds all parts in one pass; the value is the part's place among the lists.
struct Automaton(DoubleArrayAhoCorasick<u32>);

impl std::fmt::Debug for Automaton {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} states", self.0.num_states())
    }
}

impl Parts {
    fn add(&mut self, text: &[u8], place: Where, number: u32) {
        self.lists.entry(text.into()).or_default().push((place, number));
    }

    fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    fn build(&mut self) {
        if self.lists.is_empty() {
            return;
        }
        let texts = self.lists.keys().enumerate().map(|(at, text)| (text, at as u32));
        // One that is too large for an automaton is searched text by text.
        self.automaton = DoubleArrayAhoCorasick::with_values(texts).ok().map(Automaton);
    }

    fn find(&self, text: &[u8], found: &mut Vec<u32>) {
        let mut take = |at: usize, first: bool, last: bool| {
            for &(place, number) in &self.lists[at] {
                if match place {
                    Where::Anywhere => true,
                    Where::First => first,
                    Where::Last => last,
                } {
                    found.push(number);
                }
            }
        };
        if let Some(Automaton(automaton)) = &self.automaton {
            for one in automaton.find_overlapping_iter(text) {
                take(one.value() as usize, one.start() == 0, one.end() == text.len());
            }
            return;
        }
        for (at, part) in self.lists.keys().enumerate() {
            if memchr::memmem::find(text, part).is_some() {
                take(at, text.starts_with(part), text.ends_with(part));
            }
        }
    }
}

/// Networks, by the lengths of their prefixes: an address is looked up once for each.
#[derive(Debug, Default)]
struct Nets {
    lists: IndexMap<IpNet, Vec<u32>, FixedHasher>,
    lengths: Vec<u8>,
}

impl Nets {
    fn add(&mut self, net: IpNet, number: u32) {
        self.lists.entry(net.trunc()).or_default().push(number);
    }

    fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    fn build(&mut self) {
        self.lengths = self.lists.keys().map(IpNet::prefix_len).collect();
        self.lengths.sort_unstable();
        self.lengths.dedup();
    }

    fn find(&self, ip: IpAddr, found: &mut Vec<u32>) {
        for &length in &self.lengths {
            if let Ok(net) = IpNet::new(ip, length)
                && let Some(numbers) = self.lists.get(&net.trunc())
            {
                found.extend(numbers);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(texts: &Texts, text: &str) -> Vec<u32> {
        let mut found = Vec::new();
        texts.find(text, &mut found);
        found
    }

    #[test]
    fn each_way_finds_its_atoms_once() {
        let mut texts = Texts::default();
        texts.add_whole("abc", 0);
        texts.add_whole("", 1);
        for (number, shape) in [
            TextShape::Start("ab"),
            TextShape::End("bc"),
            TextShape::End("c"),
            TextShape::Part(b"b"),
            TextShape::Regex("(?i)bb"),
        ]
        .iter()
        .enumerate()
        {
            texts.add_shape(shape, number as u32 + 2);
        }
        texts.build();
        assert_eq!(found(&texts, "abc"), [0, 2, 3, 4, 5]);
        assert_eq!(found(&texts, ""), [1]);
        assert_eq!(found(&texts, "abbab"), [2, 5, 6]);
        assert_eq!(found(&texts, "xyz"), [0; 0]);
    }

    #[test]
    fn many_lengths_go_into_the_automaton() {
        let mut texts = Texts::default();
        let long = "0123456789abcdef";
        for length in 1..=12 {
            texts.add_shape(&TextShape::Start(&long[..length]), length as u32);
            texts.add_shape(&TextShape::End(&long[16 - length..]), 100 + length as u32);
        }
        texts.build();
        assert!(texts.starts.lists.is_empty() && texts.ends.lists.is_empty());
        assert_eq!(found(&texts, "0123x"), [1, 2, 3, 4]);
        assert_eq!(found(&texts, "x0123"), [0; 0]);
        assert_eq!(found(&texts, "0 def"), [1, 101, 102, 103]);
    }

    #[test]
    fn networks_are_found_by_their_prefixes() {
        let mut texts = Texts::default();
        let nets: Vec<IpNet> = ["10.0.0.0/8", "10.1.0.0/16", "fe80::/10"]
            .iter()
            .map(|net| net.parse().unwrap())
            .collect();
        for (number, net) in nets.iter().enumerate() {
            texts.add_shape(&TextShape::Nets(std::slice::from_ref(net)), number as u32);
        }
        texts.build();
        assert_eq!(found(&texts, "10.1.2.3"), [0, 1]);
        assert_eq!(found(&texts, "::ffff:10.2.0.1"), [0]);
        assert_eq!(found(&texts, "fe80::1"), [2]);
        assert_eq!(found(&texts, "11.0.0.1"), [0; 0]);
        assert_eq!(found(&texts, "10.1"), [0; 0]);
    }
}
