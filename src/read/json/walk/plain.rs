//! Lines in which nothing is nested: their members are searched for by their keys, not walked to.

use memchr::memmem::Finder;

use super::super::fault::Fault;
use super::super::trie::Trie;
use super::{At, Span, Walk, put};

impl Walk<'_> {
    /// Whether nothing is nested in the line and no key may hide behind an escape.
    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        self.brackets.len() == 2 && !(self.special && self.text[self.line.0..self.line.1].contains(&b'\\'))
    }

    /// The same in a plain line, where each key can be searched for: between its quotes it stands as a
    /// key or as a value, and only behind a key comes a colon. Members in between are not looked at.
    pub(super) fn search(&self, trie: &Trie, keys: &[Finder<'static>], out: &mut [Span]) -> Result<(), Fault> {
        let first = self.blank(self.line.0 + 1);
        if !matches!(self.byte(first), b'"' | b'}') {
            return Err(Fault::malformed(first, "a key should stand here"));
        }
        let edges = &trie.nodes[0].edges;
        let chosen = |edge: u16| {
            trie.choice
                .as_ref()
                .and_then(|choice| choice.edges.iter().position(|e| *e == edge))
        };
        // The most preferred of the choice that is there.
        let mut best: Option<usize> = None;
        for (edge, finder) in keys.iter().enumerate().filter(|(edge, _)| edges[*edge].is_needed()) {
            let one_of = chosen(edge as u16);
            let needless = one_of.zip(best).is_some_and(|(this, best)| this > best);
            if needless && edges[edge].leaves.len() == 1 {
                continue;
            }
            let Some(span) = self.value_of(finder)? else { continue };
            edges[edge].leaves.iter().for_each(|slot| put(out, *slot, span));
            if let Some(this) = one_of
                && !span.is_null(self.text)
            {
                best = Some(best.map_or(this, |best| best.min(this)));
            }
        }
        Ok(())
    }

    /// The value of the first member with a key, in a plain line. What stands right around key and value
    /// must be what stands there in an object.
    #[inline(always)]
    fn value_of(&self, key: &Finder<'static>) -> Result<Option<Span>, Fault> {
        let mut from = self.line.0;
        loop {
            let Some(found) = key.find(&self.text[from..self.line.1]) else {
                return Ok(None);
            };
            let start = from + found;
            from = start + key.needle().len();
            if !self.is_key(start)? {
                continue;
            }
            let byte = self.value_start(from)?;
            let end = self.skip(At { byte, bracket: 1 })?;
            let behind = self.blank(end.byte);
            if !matches!(self.byte(behind), b',' | b'}') {
                return Err(Fault::malformed(behind, "a `,` or `}` should stand here"));
            }
            return Ok(Some(Span::new(byte, end.byte)));
        }
    }

    /// Whether the string that begins at `start` is a key, by what stands before it.
    #[inline(always)]
    fn is_key(&self, start: usize) -> Result<bool, Fault> {
        let before = |at: usize| self.blank_before(self.line.0, at).wrapping_sub(1);
        let at = before(start);
        let comma = match self.byte(at) {
            b'{' => return Ok(true),
            b':' => return Ok(false),
            comma => comma == b',' && !matches!(self.byte(before(at)), b'{' | b',' | b':'),
        };
        if comma {
            return Ok(true);
        }
        Err(Fault::malformed(at.min(start), "a `,` should stand before the key"))
    }
}
