//! Stage 2: from the marks of a line to the values that are wanted.
//!
//! The walk goes from member to member with the marks, so it looks at no byte within strings and
//! skips what nobody wants by counting brackets. It stops when all that is wanted was found. What it
//! finds depends on the line only; what it remembers of the lines before (which keys came in which
//! order) only saves it the search for a key. Of duplicate keys the first wins.

mod frame;
mod plain;
mod shape;
mod span;

use super::fault::Fault;
use super::string::key_is;
use super::trie::{Choice, Edge, Item, Slot, Trie};
use shape::Shapes;

pub(super) use frame::frame;
pub(super) use shape::Shaped;
pub(super) use span::Span;

/// Which keys came in which order in the lines before, for every node of every trie.
#[derive(Debug, Default)]
pub(super) struct Memory {
    tries: Vec<Vec<Vec<Guess>>>,
    shapes: Shapes,
}

/// A key of at most 16 bytes (with its quotes, without escapes) as it was last seen at its place.
#[derive(Clone, Copy, Debug, Default)]
struct Guess {
    /// Its first and last eight bytes, or all of a shorter one twice.
    head: u64,
    tail: u64,
    /// Which bits of them count.
    mask: u64,
    /// Where the last eight bytes begin.
    tail_at: u32,
    /// None: nothing matches.
    length: u32,
    edge: Option<u16>,
}

/// How many members of an object are remembered.
const REMEMBERED: usize = 256;

impl Guess {
    /// The longest key that is remembered.
    const LONGEST: usize = 16;

    fn new(key: &[u8], edge: Option<u16>) -> Self {
        let length = key.len();
        if length > Self::LONGEST {
            return Self::default();
        }
        let mask = if length < 8 { (1 << (8 * length)) - 1 } else { u64::MAX };
        let tail_at = length.saturating_sub(8);
        Self {
            head: word(key, 0),
            tail: word(key, tail_at),
            mask,
            tail_at: tail_at as u32,
            length: length as u32,
            edge,
        }
    }

    /// Whether this key stands at `at`.
    #[inline(always)]
    fn stands(&self, text: &[u8], at: usize) -> bool {
        let head = word(text, at) ^ self.head;
        let tail = word(text, at + self.tail_at as usize) ^ self.tail;
        (head | tail) & self.mask == 0 && self.length > 0
    }
}

impl Memory {
    /// Makes room for these tries, which are numbered by their ids.
    pub(super) fn prepare<'a>(&mut self, tries: impl Iterator<Item = &'a Trie>) {
        self.tries.clear();
        self.shapes = Shapes::default();
        for trie in tries {
            self.tries.resize_with(self.tries.len().max(trie.id + 1), Vec::new);
            self.tries[trie.id].resize_with(trie.nodes.len(), Vec::new);
        }
    }

    fn remember(&mut self, search: &Search<'_>, nth: usize, guess: Guess) {
        let guesses = &mut self.tries[search.trie.id][search.node];
        if nth < guesses.len() {
            guesses[nth] = guess;
        } else if nth == guesses.len() && nth < REMEMBERED {
            guesses.push(guess);
        }
    }
}

/// A walk over one line, whose frame is right.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    /// The indexed text.
    pub(super) text: &'a [u8],
    /// Its marks.
    pub(super) bitmap: &'a [u64],
    pub(super) memory: &'a mut Memory,
    /// Where the line begins and ends.
    pub(super) line: (usize, usize),
    /// The positions of its brackets.
    pub(super) brackets: &'a [u32],
    /// Keys may have escapes.
    pub(super) special: bool,
    /// Whether the line is written like one before.
    pub(super) shape: Shaped,
    /// More than its type is wanted of most lines.
    pub(super) all_wanted: bool,
}

/// A line with the marks of the text it stands in.
#[derive(Clone, Copy, Debug)]
struct Marked<'a> {
    text: &'a [u8],
    bitmap: &'a [u64],
    line: (usize, usize),
}

impl Marked<'_> {
    /// The first mark at or after a byte; the end of the line if there is none.
    #[inline(always)]
    fn mark(self, at: usize) -> usize {
        let word = at / 64;
        if let Some(&[here, next, ..]) = self.bitmap.get(word..) {
            // Whether it is in this word or the next is hard to foretell, so no jump depends on it.
            let here = here & (u64::MAX << (at % 64));
            let (bits, from) = if here != 0 { (here, word) } else { (next, word + 1) };
            if bits != 0 {
                return from * 64 + bits.trailing_zeros() as usize;
            }
        }
        self.far_mark(at)
    }

    /// The same where it is not near.
    fn far_mark(self, at: usize) -> usize {
        let mut word = at / 64;
        let mut bits = self.bitmap.get(word).map_or(0, |bits| bits & (u64::MAX << (at % 64)));
        while bits == 0 {
            word += 1;
            match self.bitmap.get(word) {
                Some(next) => bits = *next,
                None => return self.line.1,
            }
        }
        word * 64 + bits.trailing_zeros() as usize
    }

    #[inline(always)]
    fn byte(self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }
}

/// A place in a walk: a byte, and the number of the next bracket of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct At {
    byte: usize,
    bracket: usize,
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
    /// The object `data`, if it is one.
    data: Option<At>,
    event_type: bool,
    /// One of the trie's choice was found.
    chosen: bool,
}

impl Walk<'_> {
    /// Finds the wanted values of the line. `out` has a place for each slot.
    pub(super) fn find(&mut self, trie: &Trie, out: &mut [Span]) -> Result<(), Fault> {
        if trie.is_flat && self.brackets.len() == 2 && (trie.n_slots > 1 || self.all_wanted) && self.shaped(trie, out) {
            return Ok(());
        }
        out.fill(Span::MISSING);
        if let Some(keys) = &trie.keys
            && self.is_plain()
        {
            return self.search(trie, keys, out);
        }
        let open = At {
            byte: self.line.0,
            bracket: 0,
        };
        let root = self.object(trie, 0, open, out)?.0;
        if let Some(data) = root.data
            && root.event_type
            && root.lacks(out)
        {
            self.object(trie, trie.data, data, out)?;
        }
        Ok(())
    }

    /// The first mark at or after a byte. There is one up to the end of the object.
    #[inline(always)]
    fn mark(&self, at: usize) -> usize {
        self.marked().mark(at)
    }

    #[inline(always)]
    fn marked(&self) -> Marked<'_> {
        Marked {
            text: self.text,
            bitmap: self.bitmap,
            line: self.line,
        }
    }

    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    /// The object that opens at `open`; also the place behind it, unless it is the root and all was
    /// found.
    fn object<'t>(
        &mut self,
        trie: &'t Trie,
        node: usize,
        open: At,
        out: &mut [Span],
    ) -> Result<(Search<'t>, At), Fault> {
        let mut search = Search {
            trie,
            node,
            seen: Seen::default(),
            flats: Vec::new(),
            left: trie.nodes[node].needed,
            data: None,
            event_type: false,
            chosen: false,
        };
        let mut at = open.next();
        let mut nth = 0;
        while search.left > 0 {
            let Some(key) = self.next_key(at.byte, nth == 0)? else {
                search.settle(out);
                at.byte = self.blank(at.byte);
                return Ok((search, at.next()));
            };
            let (edge, end) = self.edge(&search, nth, key);
            at.byte = self.value_start(end)?;
            at = self.member(&mut search, edge, at, out)?;
            nth += 1;
            if node == 0
                && !search.chosen
                && let (Some(choice), Some(edge)) = (&trie.choice, edge)
            {
                self.choose(&mut search, choice, edge, at, out);
            }
            if search.left == 0 && node == 0 && trie.data > 0 && search.lacks(out) {
                // Keys were met, but not all of their paths: `data` is still to come.
                search.left = usize::MAX;
            }
        }
        search.settle(out);
        if node == 0 {
            return Ok((search, at));
        }
        Ok((search, self.leave(at)))
    }

    /// When one of the trie's choice is there, those that come after it in preference need not be looked
    /// for, nor those before it that do not stand in the rest of the line. What is found depends on the
    /// line only.
    fn choose(&self, search: &mut Search<'_>, choice: &Choice, edge: u16, at: At, out: &[Span]) {
        let Some(found) = choice.edges.iter().position(|known| *known == edge) else {
            return;
        };
        if out[choice.slot + found].is_null(self.text) {
            return;
        }
        let rest = &self.text[at.byte.min(self.line.1)..self.line.1];
        if self.special && rest.contains(&b'\\') {
            return;
        }
        search.chosen = true;
        let edges = &search.trie.nodes[search.node].edges;
        for (nth, &other) in choice.edges.iter().enumerate() {
            let wanted = &edges[usize::from(other)];
            if search.seen.has(other) {
                continue;
            }
            let needless = match nth > found {
                true => wanted.leaves.len() == 1,
                false => choice.finders[nth].find(rest).is_none(),
            };
            if needless && wanted.child.is_none() {
                search.seen.add(other);
                search.left -= 1;
            } else if nth < found {
                search.chosen = false;
            }
        }
    }

    /// The quote of the next key, where a member may begin at `at`; none at the end of the object.
    #[inline(always)]
    fn next_key(&self, at: usize, first: bool) -> Result<Option<usize>, Fault> {
        let byte = self.byte(at);
        if !first && byte == b',' && self.byte(at + 1) == b'"' {
            return Ok(Some(at + 1));
        }
        if byte == b'}' {
            return Ok(None);
        }
        self.next_key_slow(at, first)
    }

    /// The same where there are blanks, or something is wrong.
    fn next_key_slow(&self, at: usize, first: bool) -> Result<Option<usize>, Fault> {
        let mut at = self.blank(at);
        match self.byte(at) {
            b'}' => return Ok(None),
            b',' if !first => at = self.blank(at + 1),
            _ if first => {}
            _ => return Err(Fault::malformed(at, "a `,` or `}` should stand here")),
        }
        match self.byte(at) {
            b'"' => Ok(Some(at)),
            _ => Err(Fault::malformed(at, "a key should stand here")),
        }
    }

    /// Where the value begins whose key ends before `at`.
    #[inline(always)]
    fn value_start(&self, mut at: usize) -> Result<usize, Fault> {
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

    /// Takes the value at `at`; the place behind it.
    #[inline(always)]
    fn member(&mut self, search: &mut Search<'_>, edge: Option<u16>, at: At, out: &mut [Span]) -> Result<At, Fault> {
        let Some(edge) = edge.filter(|edge| !search.seen.has(*edge)) else {
            return self.skip(at);
        };
        search.seen.add(edge);
        let node = &search.trie.nodes[search.node];
        let wanted = &node.edges[usize::from(edge)];
        search.left -= usize::from(wanted.is_needed());
        let next = match wanted.child {
            Some(child) => self.descend(search.trie, child, at, out)?,
            None => self.skip(at)?,
        };
        let span = Span::new(at.byte, next.byte);
        search.take(wanted, span, out);
        if node.data == Some(edge) && self.byte(at.byte) == b'{' {
            search.data = Some(at);
        }
        if node.event_type == Some(edge) {
            search.event_type = !span.is_null(self.text);
        }
        Ok(next)
    }

    /// Walks the value at `at` if paths go on in it, else skips it.
    fn descend(&mut self, trie: &Trie, child: usize, at: At, out: &mut [Span]) -> Result<At, Fault> {
        match self.byte(at.byte) {
            b'{' if trie.nodes[child].needed > 0 => Ok(self.object(trie, child, at, out)?.1),
            b'[' if !trie.nodes[child].items.is_empty() => self.array(trie, child, at, out),
            _ => self.skip(at),
        }
    }

    /// The place behind the value at `at`.
    #[inline(always)]
    fn skip(&self, at: At) -> Result<At, Fault> {
        match self.byte(at.byte) {
            b'"' => Ok(At {
                byte: self.mark(at.byte + 1) + 1,
                ..at
            }),
            b'{' | b'[' => Ok(self.leave(at.next())),
            _ => self.scalar(at),
        }
    }

    /// The place behind a number or word, which goes on to the next key or the end of the object.
    #[inline(always)]
    fn scalar(&self, at: At) -> Result<At, Fault> {
        let start = at.byte;
        let mark = self.mark(start);
        let end = match self.byte(mark) {
            b'"' if mark > start && self.byte(mark - 1) == b',' => self.blank_before(start, mark - 1),
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
        Ok(At { byte: end, ..at })
    }

    /// The place behind the object or array in which the next bracket stands.
    #[inline]
    fn leave(&self, at: At) -> At {
        let mut depth = 1_i32;
        for (nth, bracket) in self.brackets.iter().enumerate().skip(at.bracket) {
            depth += if matches!(self.byte(*bracket as usize), b'{' | b'[') {
                1
            } else {
                -1
            };
            if depth == 0 {
                return At {
                    byte: *bracket as usize + 1,
                    bracket: nth + 1,
                };
            }
        }
        // Not met where brackets are balanced.
        At {
            byte: self.line.1,
            bracket: self.brackets.len(),
        }
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

    /// The edge of the key that begins at `at`, which is member `nth` of its object; and where the key
    /// ends (behind its quote).
    #[inline(always)]
    fn edge(&mut self, search: &Search<'_>, nth: usize, at: usize) -> (Option<u16>, usize) {
        if let Some(guess) = self.memory.tries[search.trie.id][search.node].get(nth)
            && guess.stands(self.text, at)
        {
            return (guess.edge, at + guess.length as usize);
        }
        self.search_edge(search, nth, at)
    }

    /// Finds the edge of a key and remembers it.
    #[inline(never)]
    fn search_edge(&mut self, search: &Search<'_>, nth: usize, at: usize) -> (Option<u16>, usize) {
        let node = &search.trie.nodes[search.node];
        let end = self.mark(at + 1);
        let key = self.text.get(at + 1..end).unwrap_or_default();
        if self.special && key.contains(&b'\\') {
            let edge = node.edges.iter().position(|edge| key_is(key, &edge.key));
            return (edge.map(|edge| edge as u16), end + 1);
        }
        let edge = node.find(key);
        if let Some(quoted) = self.text.get(at..=end) {
            self.memory.remember(search, nth, Guess::new(quoted, edge));
        }
        (edge, end + 1)
    }

    /// The array that opens at `open`; the place behind it.
    fn array(&mut self, trie: &Trie, node: usize, open: At, out: &mut [Span]) -> Result<At, Fault> {
        let items = &trie.nodes[node].items;
        let from_end = items.iter().any(|item| item.index < 0);
        let length = if from_end {
            self.items(open, |_, _, _| Ok(()))?.1
        } else {
            0
        };
        let walked = self.items(open, |walk, nth, at| {
            for Item { index, leaves, child } in items {
                let target = if *index < 0 { index + length } else { *index };
                if target != nth {
                    continue;
                }
                let next = match child {
                    Some(child) if matches!(walk.byte(at.byte), b'{' | b'[') => walk.descend(trie, *child, at, out)?,
                    _ => walk.item(at)?,
                };
                let span = Span::new(at.byte, next.byte);
                for slot in leaves {
                    put(out, *slot, span);
                }
            }
            Ok(())
        })?;
        Ok(walked.0)
    }

    /// Goes over the elements of an array: their number and place are given to `each`. The place
    /// behind the array and the number of elements.
    fn items(
        &mut self,
        open: At,
        mut each: impl FnMut(&mut Self, i64, At) -> Result<(), Fault>,
    ) -> Result<(At, i64), Fault> {
        let mut nth = 0;
        let mut at = open.next();
        at.byte = self.blank(at.byte);
        if self.byte(at.byte) == b']' {
            return Ok((at.next(), 0));
        }
        loop {
            each(self, nth, at)?;
            at = self.item(at)?;
            nth += 1;
            at.byte = self.blank(at.byte);
            match self.byte(at.byte) {
                b',' => at.byte = self.blank(at.byte + 1),
                b']' => return Ok((at.next(), nth)),
                _ => return Err(Fault::malformed(at.byte, "a `,` or `]` should stand here")),
            }
        }
    }

    /// The place behind an element.
    fn item(&self, at: At) -> Result<At, Fault> {
        if matches!(self.byte(at.byte), b'"' | b'{' | b'[') {
            return self.skip(at);
        }
        let limit = self.mark(at.byte);
        let rest = self.text.get(at.byte..limit).unwrap_or_default();
        let end = at.byte + memchr::memchr(b',', rest).unwrap_or(rest.len());
        let end = self.blank_before(at.byte, end);
        if end <= at.byte {
            return Err(Fault::malformed(at.byte, "no JSON value"));
        }
        Ok(At { byte: end, ..at })
    }
}

impl At {
    /// The place behind the bracket that stands here.
    #[inline(always)]
    fn next(self) -> Self {
        Self {
            byte: self.byte + 1,
            bracket: self.bracket + 1,
        }
    }
}

impl Search<'_> {
    /// Notes what was found at an edge.
    #[inline(always)]
    fn take(&mut self, wanted: &Edge, span: Span, out: &mut [Span]) {
        for slot in &wanted.leaves {
            put(out, *slot, span);
        }
        for (slot, guard) in &wanted.flats {
            self.flats.push((*slot, *guard, span));
        }
    }

    /// Whether something that is wanted was not found.
    #[inline(always)]
    fn lacks(&self, out: &[Span]) -> bool {
        let settled = match &self.trie.choice {
            Some(choice) if self.chosen => choice.slot..choice.slot + choice.edges.len(),
            _ => 0..0,
        };
        let mut slots = out.iter().enumerate();
        slots.any(|(slot, span)| span.is_missing() && !settled.contains(&slot))
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

/// Eight bytes from `at` on, zeros beyond the end.
#[inline(always)]
fn word(text: &[u8], at: usize) -> u64 {
    match text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => short_word(text.get(at..).unwrap_or_default()),
    }
}

#[cold]
fn short_word(rest: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(bytes)
}
