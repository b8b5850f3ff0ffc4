//! Stage 2: from the marks of a line to the values that are wanted.
//!
//! The walk goes from member to member with the marks, so it looks at no byte within strings and
//! skips what nobody wants by counting brackets. It stops when all that is wanted was found. What it
//! finds depends on the line only; what it remembers of the lines before (which keys came in which
//! order) only saves it the search for a key. Of duplicate keys the first wins.

use super::fault::Fault;
use super::marks::Marks;
use super::string::key_is;
use super::trie::{Edge, Item, Node, Slot, Trie};
use crate::data::BadCause;

/// Where a value stands in a text, with its quotes or brackets. An empty span is no value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    /// Nothing was found.
    pub(super) const MISSING: Self = Self { start: 0, end: 0 };

    fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    pub(super) fn is_missing(self) -> bool {
        self.end == 0
    }

    /// The bytes of the value.
    pub(super) fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Missing, or null.
    pub(super) fn is_null(self, text: &[u8]) -> bool {
        self.is_missing() || self.of(text) == b"null"
    }

    /// The same in a text in which this one begins at `base`.
    pub(super) fn within(self, base: u32) -> Self {
        if self.is_missing() {
            return self;
        }
        Self {
            start: self.start + base,
            end: self.end + base,
        }
    }
}

/// Which keys came in which order in the lines before, for every node of every trie.
#[derive(Debug, Default)]
pub(super) struct Memory {
    tries: Vec<Vec<Vec<Guess>>>,
}

/// A key as it was last seen at its place: its first and last eight bytes (quotes included).
#[derive(Clone, Copy, Debug)]
struct Guess {
    head: u64,
    tail: u64,
    length: usize,
    edge: Option<u16>,
}

/// How many members of an object are remembered.
const REMEMBERED: usize = 256;

impl Memory {
    /// Makes room for these tries, which are numbered by their ids.
    pub(super) fn prepare<'a>(&mut self, tries: impl Iterator<Item = &'a Trie>) {
        self.tries.clear();
        for trie in tries {
            self.tries.resize_with(self.tries.len().max(trie.id + 1), Vec::new);
            self.tries[trie.id].resize_with(trie.nodes.len(), Vec::new);
        }
    }
}

/// A walk over one line, whose brackets are known to be balanced.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    /// The indexed text.
    pub(super) text: &'a [u8],
    /// Its marks.
    pub(super) bitmap: &'a [u64],
    /// Those of the line.
    pub(super) marks: &'a mut Marks,
    pub(super) memory: &'a mut Memory,
    /// Keys may have escapes.
    pub(super) special: bool,
}

/// The edges of a node that were met.
#[derive(Debug, Default)]
struct Seen {
    few: u64,
    more: Vec<u16>,
}

impl Seen {
    #[inline]
    fn has(&self, edge: u16) -> bool {
        if edge < 64 {
            self.few >> edge & 1 != 0
        } else {
            self.more.contains(&edge)
        }
    }

    #[inline]
    fn add(&mut self, edge: u16) {
        if edge < 64 {
            self.few |= 1 << edge;
        } else {
            self.more.push(edge);
        }
    }
}

/// What is wanted of an object, and what was found so far.
struct Search<'t> {
    trie: &'t Trie,
    node: usize,
    seen: Seen,
    flats: Vec<(Slot, u16, Span)>,
    left: usize,
    /// The mark of the object `data`, if it is one.
    data: Option<usize>,
    event_type: bool,
}

impl Walk<'_> {
    /// Finds the wanted values of the line. `out` has a place for each slot.
    pub(super) fn find(&mut self, trie: &Trie, out: &mut [Span]) -> Result<(), Fault> {
        out.fill(Span::MISSING);
        let root = self.object(trie, 0, 0, out)?.0;
        if let Some(data) = root.data
            && root.event_type
            && out.iter().any(|span| span.is_missing())
        {
            self.object(trie, trie.data, data, out)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn mark(&mut self, nth: usize) -> usize {
        self.marks.get(self.bitmap, nth)
    }

    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    /// The object whose `{` is mark `open`; also the mark behind it, unless it is the root and all
    /// was found.
    fn object<'t>(
        &mut self,
        trie: &'t Trie,
        node: usize,
        open: usize,
        out: &mut [Span],
    ) -> Result<(Search<'t>, usize), Fault> {
        let mut search = Search {
            trie,
            node,
            seen: Seen::default(),
            flats: Vec::new(),
            left: trie.nodes[node].needed,
            data: None,
            event_type: false,
        };
        let mut at = self.mark(open) + 1;
        let mut nth_mark = open + 1;
        let mut nth_member = 0;
        while search.left > 0 {
            let start = self.mark(nth_mark);
            let byte = self.byte(start);
            let close = start == at && byte == b'}';
            let next = start == at + 1 && byte == b'"' && self.byte(at) == b',' && nth_member > 0;
            if !close && !next {
                self.gap(at, start, nth_member == 0)?;
            }
            if byte == b'}' {
                search.settle(out);
                return Ok((search, nth_mark + 1));
            }
            let end = self.mark(nth_mark + 1);
            let edge = self.edge(&search, nth_member, start, end);
            let value = self.value_start(end)?;
            (nth_mark, at) = self.member(&mut search, edge, nth_mark + 2, value, out)?;
            nth_member += 1;
            if search.left == 0 && node == 0 && trie.data > 0 && out.iter().any(|span| span.is_missing()) {
                // Keys were met, but not all of their paths: `data` is still to come.
                search.left = usize::MAX;
            }
        }
        search.settle(out);
        if node == 0 {
            return Ok((search, nth_mark));
        }
        Ok((search, self.leave(nth_mark)))
    }

    /// Where the value begins whose key ends at `end`.
    #[inline(always)]
    fn value_start(&self, end: usize) -> Result<usize, Fault> {
        let mut at = end + 1;
        if self.byte(at) != b':' {
            at = self.blank(at);
            if self.byte(at) != b':' {
                return Err(Fault::malformed(at, "a `:` should stand here"));
            }
        }
        at += 1;
        if self.byte(at) <= b' ' {
            at = self.blank(at);
        }
        Ok(at)
    }

    /// Takes the value at `start`, where mark `nth` is the first one at or after it. The mark after it
    /// and its end.
    #[inline(always)]
    fn member(
        &mut self,
        search: &mut Search<'_>,
        edge: Option<u16>,
        nth: usize,
        start: usize,
        out: &mut [Span],
    ) -> Result<(usize, usize), Fault> {
        let Some(edge) = edge.filter(|edge| !search.seen.has(*edge)) else {
            let (nth, end) = self.skip_value(nth, start)?;
            return Ok((nth, end));
        };
        search.seen.add(edge);
        let node = &search.trie.nodes[search.node];
        let wanted = &node.edges[usize::from(edge)];
        search.left -= usize::from(wanted.is_needed());
        let (next, end) = self.descend(search.trie, wanted.child, nth, start, out)?;
        let span = Span::new(start, end);
        search.take(node, edge, wanted, span, out);
        if node.data == Some(edge) && self.byte(start) == b'{' {
            search.data = Some(nth);
        }
        if node.event_type == Some(edge) {
            search.event_type = !span.is_null(self.text);
        }
        Ok((next, end))
    }

    /// Walks the value at `start` if paths go on in it, else skips it.
    fn descend(
        &mut self,
        trie: &Trie,
        child: Option<usize>,
        nth: usize,
        start: usize,
        out: &mut [Span],
    ) -> Result<(usize, usize), Fault> {
        let next = match (child, self.byte(start)) {
            (Some(child), b'{') if trie.nodes[child].needed > 0 => self.object(trie, child, nth, out)?.1,
            (Some(child), b'[') if !trie.nodes[child].items.is_empty() => self.array(trie, child, nth, out)?,
            _ => return self.skip_value(nth, start),
        };
        Ok((next, self.mark(next - 1) + 1))
    }

    #[inline(always)]
    fn skip_value(&mut self, nth: usize, start: usize) -> Result<(usize, usize), Fault> {
        match self.byte(start) {
            b'"' => Ok((nth + 2, self.mark(nth + 1) + 1)),
            b'{' | b'[' => {
                let next = self.leave(nth + 1);
                Ok((next, self.mark(next - 1) + 1))
            }
            _ => self.scalar(nth, start),
        }
    }

    /// A number or word at `start`, which goes on to the mark `nth`: the key after it or the end of
    /// the object.
    #[inline(always)]
    fn scalar(&mut self, nth: usize, start: usize) -> Result<(usize, usize), Fault> {
        let mark = self.mark(nth);
        let end = match self.byte(mark) {
            b'"' => {
                let comma = self.blank_before(start, mark).wrapping_sub(1);
                if comma < start || self.byte(comma) != b',' {
                    return Err(Fault::malformed(mark, "a `,` should stand before the key"));
                }
                self.blank_before(start, comma)
            }
            b'}' => self.blank_before(start, mark),
            _ => start,
        };
        if end <= start {
            return Err(Fault::malformed(start, "no JSON value"));
        }
        Ok((nth, end))
    }

    /// The mark behind the object or array in which mark `nth` stands.
    #[inline]
    fn leave(&mut self, mut nth: usize) -> usize {
        let mut depth = 1_i32;
        while depth > 0 {
            let mark = self.mark(nth);
            match self.byte(mark) {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b'"' => nth += 1,
                // Not met on lines with balanced brackets.
                _ => return nth + 1,
            }
            nth += 1;
        }
        nth
    }

    /// Checks what stands between members (or before the first): blanks and one comma.
    fn gap(&self, at: usize, mark: usize, first: bool) -> Result<(), Fault> {
        let mut at = self.blank(at);
        let closes = self.byte(mark) == b'}';
        if !first && !closes {
            if self.byte(at) != b',' {
                return Err(Fault::malformed(at, "a `,` should stand here"));
            }
            at = self.blank(at + 1);
        }
        if at != mark || !(closes || self.byte(mark) == b'"') {
            return Err(Fault::malformed(at, "a key should stand here"));
        }
        Ok(())
    }

    #[inline]
    fn blank(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), b' ' | b'\t' | b'\r') {
            at += 1;
        }
        at
    }

    #[inline]
    fn blank_before(&self, start: usize, mut end: usize) -> usize {
        while end > start && matches!(self.byte(end - 1), b' ' | b'\t' | b'\r') {
            end -= 1;
        }
        end
    }

    /// The edge of the key between the quotes `start` and `end`, which is member `nth` of its object.
    #[inline(always)]
    fn edge(&mut self, search: &Search<'_>, nth: usize, start: usize, end: usize) -> Option<u16> {
        let length = end + 1 - start;
        let (head, tail) = ends(self.text, start, end);
        if let Some(guess) = self.memory.tries[search.trie.id][search.node].get(nth)
            && guess.head == head
            && guess.tail == tail
            && guess.length == length
            && length <= 16
            && !self.special
        {
            return guess.edge;
        }
        self.search_edge(search, nth, start, end)
    }

    /// Finds the edge of a key and remembers it.
    #[inline(never)]
    fn search_edge(&mut self, search: &Search<'_>, nth: usize, start: usize, end: usize) -> Option<u16> {
        let node = &search.trie.nodes[search.node];
        let key = &self.text[start + 1..end];
        if self.special && key.contains(&b'\\') {
            let at = node.edges.iter().position(|edge| key_is(key, &edge.key));
            return at.map(|at| at as u16);
        }
        let edge = node.find(key);
        let (head, tail) = ends(self.text, start, end);
        let guess = Guess {
            head,
            tail,
            length: end + 1 - start,
            edge,
        };
        let guesses = &mut self.memory.tries[search.trie.id][search.node];
        if nth < guesses.len() {
            guesses[nth] = guess;
        } else if nth == guesses.len() && nth < REMEMBERED {
            guesses.push(guess);
        }
        edge
    }

    /// The array whose `[` is mark `open`; the mark behind it.
    fn array(&mut self, trie: &Trie, node: usize, open: usize, out: &mut [Span]) -> Result<usize, Fault> {
        let items = &trie.nodes[node].items;
        let from_end = items.iter().any(|item| item.index < 0);
        let length = if from_end {
            self.items(open, |_, _, _, _| Ok(()))?.1
        } else {
            0
        };
        let walked = self.items(open, |walk, nth, mark, start| {
            for Item { index, leaves, child } in items {
                let target = if *index < 0 { index + length } else { *index };
                if target != nth {
                    continue;
                }
                let (_, end) = match child {
                    Some(_) => walk.descend_item(trie, *child, mark, start, out)?,
                    None => walk.item(mark, start)?,
                };
                let span = Span::new(start, end);
                for slot in leaves {
                    put(out, *slot, span);
                }
            }
            Ok(())
        })?;
        Ok(walked.0)
    }

    fn descend_item(
        &mut self,
        trie: &Trie,
        child: Option<usize>,
        mark: usize,
        start: usize,
        out: &mut [Span],
    ) -> Result<(usize, usize), Fault> {
        if matches!(self.byte(start), b'{' | b'[') {
            return self.descend(trie, child, mark, start, out);
        }
        self.item(mark, start)
    }

    /// Goes over the elements of an array: their number, mark and start are given to `each`. The mark
    /// behind the array and the number of elements.
    fn items(
        &mut self,
        open: usize,
        mut each: impl FnMut(&mut Self, i64, usize, usize) -> Result<(), Fault>,
    ) -> Result<(usize, i64), Fault> {
        let mut nth = 0;
        let mut mark = open + 1;
        let start = self.mark(open) + 1;
        let mut at = self.blank(start);
        if self.byte(at) == b']' {
            return Ok((mark + 1, 0));
        }
        loop {
            each(self, nth, mark, at)?;
            (mark, at) = self.item(mark, at)?;
            nth += 1;
            at = self.blank(at);
            match self.byte(at) {
                b',' => at = self.blank(at + 1),
                b']' => return Ok((mark + 1, nth)),
                _ => return Err(Fault::malformed(at, "a `,` or `]` should stand here")),
            }
        }
    }

    /// An element at `start`: the mark after it and its end.
    fn item(&mut self, mark: usize, start: usize) -> Result<(usize, usize), Fault> {
        if matches!(self.byte(start), b'"' | b'{' | b'[') {
            return self.skip_value(mark, start);
        }
        let limit = self.mark(mark);
        let rest = &self.text[start.min(limit)..limit];
        let end = start + memchr::memchr(b',', rest).unwrap_or(rest.len());
        let end = self.blank_before(start, end);
        if end <= start {
            return Err(Fault::malformed(start, "no JSON value"));
        }
        Ok((mark, end))
    }
}

impl Search<'_> {
    /// Notes what was found at an edge.
    #[inline(always)]
    fn take(&mut self, node: &Node, edge: u16, wanted: &Edge, span: Span, out: &mut [Span]) {
        for slot in &wanted.leaves {
            put(out, *slot, span);
        }
        for (slot, guard) in &wanted.flats {
            self.flats.push((*slot, *guard, span));
        }
        debug_assert!(usize::from(edge) < node.edges.len());
    }

    /// Gives flattened keys to the paths whose first key is not there.
    #[inline(always)]
    fn settle(&mut self, out: &mut [Span]) {
        for (slot, guard, span) in &self.flats {
            if !self.seen.has(*guard) {
                put(out, *slot, *span);
            }
        }
    }
}

/// What was found first stays.
#[inline(always)]
fn put(out: &mut [Span], slot: Slot, span: Span) {
    if let Some(place) = out.get_mut(usize::from(slot))
        && place.is_missing()
    {
        *place = span;
    }
}

/// The first and the last eight bytes of a key with its quotes, zeros where it is shorter.
#[inline(always)]
fn ends(text: &[u8], start: usize, end: usize) -> (u64, u64) {
    let length = end + 1 - start;
    if length >= 8 {
        return (word(text, start), word(text, end - 7));
    }
    let head = word(text, start);
    (head & ((1 << (8 * length)) - 1), 0)
}

/// Eight bytes from `at` on, zeros beyond the end.
#[inline(always)]
fn word(text: &[u8], at: usize) -> u64 {
    match text[at..].first_chunk::<8>() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => short_word(&text[at..]),
    }
}

#[cold]
fn short_word(rest: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(bytes)
}

/// Where the object of a line begins and ends.
///
/// Checks what holds of every record, whatever is wanted of it: one object, its strings ended, its
/// brackets balanced and not too deep. `brackets` are those of the line.
pub(super) fn frame(text: &[u8], line: (usize, usize), brackets: &[u32], odd: bool) -> Result<(), Fault> {
    let (start, end) = line;
    if text[start] != b'{' {
        return Err(Fault::malformed(start, "a record is a JSON object"));
    }
    if odd {
        return Err(Fault::malformed(end, "a string does not end"));
    }
    if let [_, close] = brackets
        && *close as usize + 1 == end
        && text[end - 1] == b'}'
    {
        return Ok(());
    }
    balanced(text, end, brackets)
}

/// Checks brackets. The kinds of the open ones are bits of a number.
fn balanced(text: &[u8], end: usize, brackets: &[u32]) -> Result<(), Fault> {
    const { assert!(super::exact::MAX_DEPTH <= 128) };
    let (mut kinds, mut depth) = (0_u128, 0);
    for (nth, at) in brackets.iter().map(|at| *at as usize).enumerate() {
        let byte = text[at];
        let square = u128::from(byte & 0x20 == 0);
        if matches!(byte, b'{' | b'[') {
            depth += 1;
            if depth > super::exact::MAX_DEPTH {
                let reason = format!("nested deeper than {}", super::exact::MAX_DEPTH);
                return Err(Fault::new(at, BadCause::TooDeep, reason));
            }
            kinds = kinds << 1 | square;
            continue;
        }
        if kinds & 1 != square || depth == 0 {
            return Err(Fault::malformed(at, "a bracket closes what was not opened"));
        }
        kinds >>= 1;
        depth -= 1;
        if depth == 0 && (at + 1 != end || nth + 1 != brackets.len()) {
            return Err(Fault::malformed(at + 1, "something follows the object"));
        }
    }
    if depth > 0 {
        return Err(Fault::malformed(end, "the object does not end"));
    }
    Ok(())
}
