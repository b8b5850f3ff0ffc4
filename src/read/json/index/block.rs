//! From the masks of a block to the index: the same code for every instruction set.

use super::{Index, Line};

/// Which bytes of a block of 64 are what, a bit a byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Masks {
    pub(super) quote: u64,
    pub(super) backslash: u64,
    pub(super) newline: u64,
    /// `{ } [ ]`
    pub(super) bracket: u64,
    /// Below 0x20.
    pub(super) control: u64,
    /// 0x80 and above.
    pub(super) high: u64,
}

/// An instruction set.
pub(super) trait Simd {
    /// The masks of a block.
    fn masks(block: &[u8; 64]) -> Masks;

    /// Bit `i` of the result is the xor of bits `0..=i`.
    #[inline(always)]
    fn prefix_xor(bits: u64) -> u64 {
        let mut bits = bits;
        for shift in [1, 2, 4, 8, 16, 32] {
            bits ^= bits << shift;
        }
        bits
    }
}

/// What a block hands on to the next.
#[derive(Debug, Default)]
pub(super) struct State {
    /// 1 if the first byte is escaped.
    escape: u64,
    /// All ones if it lies in a string.
    inside: u64,
    /// Not 0 if the line so far is [`Line::SPECIAL`].
    special: u64,
}

/// Indexes a text.
#[inline(always)]
pub(super) fn run<S: Simd>(index: &mut Index, text: &[u8]) {
    index.clear(text.len());
    let mut state = State::default();
    let (blocks, tail) = text.as_chunks::<64>();
    let mut at = 0_u32;
    for block in blocks {
        step::<S>(index, &mut state, block, at);
        at += 64;
    }
    if !tail.is_empty() {
        let mut block = [b' '; 64];
        block[..tail.len()].copy_from_slice(tail);
        step::<S>(index, &mut state, &block, at);
    }
    if text.last().is_some_and(|byte| *byte != b'\n') {
        let odd = u8::from(state.inside != 0) * Line::ODD;
        index.lines.push(Line {
            end: text.len() as u32,
            brackets: index.n_brackets as u32,
            flags: odd | (u8::from(state.special != 0) * Line::SPECIAL),
        });
    }
}

#[inline(always)]
fn step<S: Simd>(index: &mut Index, state: &mut State, block: &[u8; 64], at: u32) {
    let masks = S::masks(block);
    let mut quote = masks.quote;
    if masks.backslash | state.escape != 0 {
        quote &= !escaped(masks.backslash, &mut state.escape);
    }
    let mut inside = S::prefix_xor(quote) ^ state.inside;
    let mut odd = 0;
    state.inside = ((inside as i64) >> 63) as u64;
    if inside & masks.newline != 0 {
        (inside, odd) = cut_strings::<S>(quote, masks.newline, inside & 1 ^ quote & 1, state);
    }
    let bracket = masks.bracket & !inside;
    index.marks.push(quote | bracket);
    let before = index.n_brackets as u32;
    push_brackets(index, bracket, at);
    let special = masks.backslash | masks.high | (masks.control & inside & !masks.newline);
    push_lines(index, state, [masks.newline, bracket, special, odd], at, before);
}

/// The bytes that a backslash before them escapes. Runs of backslashes that begin at odd places are
/// told from those at even places by whether an addition carries out of them.
#[inline(always)]
fn escaped(backslash: u64, carry: &mut u64) -> u64 {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let starts = backslash & !*carry;
    let follows = (starts << 1) | *carry;
    let odd_starts = starts & !EVEN & !follows;
    let (sequences, overflow) = odd_starts.overflowing_add(starts);
    *carry = u64::from(overflow);
    (EVEN ^ (sequences << 1)) & follows
}

/// The strings of a block in which some line ends within one: the next line begins outside. Gives
/// the bytes inside strings, and the newlines that ended one.
#[cold]
#[inline(never)]
fn cut_strings<S: Simd>(quote: u64, newline: u64, first: u64, state: &mut State) -> (u64, u64) {
    let (mut inside, mut odd) = (0, 0);
    let mut parity = 0_u64.wrapping_sub(first);
    let (mut newlines, mut from) = (newline, u64::MAX);
    loop {
        let last = newlines & newlines.wrapping_neg();
        let part = from & if last == 0 { u64::MAX } else { last | (last - 1) };
        let strings = (S::prefix_xor(quote & part) ^ parity) & part;
        inside |= strings;
        if last == 0 {
            let flips = u64::from((quote & part).count_ones() & 1);
            state.inside = parity ^ 0_u64.wrapping_sub(flips);
            return (inside, odd);
        }
        odd |= strings & last;
        parity = 0;
        from = !(last | (last - 1));
        newlines &= newlines - 1;
        if from == 0 {
            state.inside = 0;
            return (inside, odd);
        }
    }
}

#[inline(always)]
fn push_brackets(index: &mut Index, bracket: u64, at: u32) {
    const AT_ONCE: usize = 4;
    let n = index.n_brackets;
    if index.brackets.len() < n + 64 + AT_ONCE {
        grow(&mut index.brackets);
    }
    let count = bracket.count_ones() as usize;
    let out = &mut index.brackets[n..n + 64 + AT_ONCE];
    let mut bits = bracket;
    for slot in &mut out[..AT_ONCE] {
        *slot = at + bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
    }
    let mut done = AT_ONCE;
    while done < count {
        out[done] = at + bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
        done += 1;
    }
    index.n_brackets = n + count;
}

#[cold]
fn grow(brackets: &mut Vec<u32>) {
    let len = (brackets.len() * 2).max(4096);
    brackets.resize(len, 0);
}

/// Ends the lines whose newlines are in the block. `before` is the number of brackets before it.
#[inline(always)]
fn push_lines(index: &mut Index, state: &mut State, masks: [u64; 4], at: u32, before: u32) {
    let [newline, bracket, special, odd] = masks;
    let mut newlines = newline;
    let mut rest = u64::MAX;
    while newlines != 0 {
        let upto = newlines ^ (newlines - 1);
        let is_special = state.special | (special & upto & rest) != 0;
        let is_odd = odd & newlines & newlines.wrapping_neg() != 0;
        index.lines.push(Line {
            end: at + newlines.trailing_zeros(),
            brackets: before + (bracket & upto).count_ones(),
            flags: (u8::from(is_odd) * Line::ODD) | (u8::from(is_special) * Line::SPECIAL),
        });
        state.special = 0;
        rest = !upto;
        newlines &= newlines - 1;
    }
    state.special |= special & rest;
}
