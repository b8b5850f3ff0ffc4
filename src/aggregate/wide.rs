//! Fixed-point numbers of many words, for sums whose terms differ too much in size for 128 bits.

/// A signed number of `N` 64-bit words, lowest first, in two's complement.
#[derive(Clone, Debug)]
pub(super) struct Wide<const N: usize>([u64; N]);

impl<const N: usize> Wide<N> {
    /// Zero.
    pub(super) const ZERO: Self = Self([0; N]);

    /// Adds (or subtracts) a number of four words, times `2^bit`.
    pub(super) fn add(&mut self, words: [u64; 4], bit: u32, negative: bool) {
        let (at, shift) = ((bit / 64) as usize, bit % 64);
        let mut carry = false;
        let mut below = 0;
        for place in at..N {
            let offset = place - at;
            let word = words.get(offset).copied().unwrap_or(0);
            let term = if shift == 0 {
                word
            } else {
                word << shift | below >> (64 - shift)
            };
            below = word;
            if offset > 4 && !carry {
                break;
            }
            (self.0[place], carry) = if negative {
                self.0[place].borrowing_sub(term, carry)
            } else {
                self.0[place].carrying_add(term, carry)
            };
        }
    }

    /// Adds (or subtracts) another number.
    pub(super) fn add_wide(&mut self, other: &Self, negative: bool) {
        let mut carry = false;
        for (word, &term) in self.0.iter_mut().zip(&other.0) {
            (*word, carry) = if negative {
                word.borrowing_sub(term, carry)
            } else {
                word.carrying_add(term, carry)
            };
        }
    }

    /// Its size without sign, and whether it is negative.
    pub(super) fn magnitude(&self) -> ([u64; N], bool) {
        let negative = self.0[N - 1] >> 63 == 1;
        if !negative {
            return (self.0, false);
        }
        let mut size = Self::ZERO;
        size.add_wide(self, true);
        (size.0, true)
    }
}

/// The square of a number below 2^127.
#[inline(always)]
pub(super) fn square(x: u128) -> [u64; 4] {
    let (low, high) = (x as u64, (x >> 64) as u64);
    let (a, b, c) = (wide(low, low), wide(low, high), wide(high, high));
    // The middle product counts twice; it stands one word up.
    let (w1, carry) = ((a >> 64) as u64).carrying_add((b << 1) as u64, false);
    let (w2, carry) = (c as u64).carrying_add((b >> 63) as u64, carry);
    let top = (b >> 127) as u64;
    let w3 = ((c >> 64) as u64).wrapping_add(top).wrapping_add(u64::from(carry));
    [a as u64, w1, w2, w3]
}

#[inline(always)]
fn wide(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

/// How many bits a number of several words has.
pub(super) fn bits(words: &[u64]) -> u32 {
    let top = words.iter().rposition(|word| *word != 0);
    top.map_or(0, |at| at as u32 * 64 + 64 - words[at].leading_zeros())
}

/// How many zeros a number of several words ends with; the number of its bits for 0.
pub(super) fn trailing_zeros(words: &[u64]) -> u32 {
    let low = words.iter().position(|word| *word != 0);
    low.map_or(words.len() as u32 * 64, |at| {
        at as u32 * 64 + words[at].trailing_zeros()
    })
}

/// A number of several words times `2^shift`; what does not fit is lost.
pub(super) fn shifted<const N: usize>(words: [u64; N], shift: i32) -> [u64; N] {
    let (by_words, by_bits) = (shift.div_euclid(64) as isize, shift.rem_euclid(64) as u32);
    let word = |at: isize| {
        usize::try_from(at)
            .ok()
            .and_then(|at| words.get(at))
            .copied()
            .unwrap_or(0)
    };
    std::array::from_fn(|place| {
        let at = place as isize - by_words;
        match by_bits {
            0 => word(at),
            bits => word(at) << bits | word(at - 1) >> (64 - bits),
        }
    })
}

/// `n * q - s * s`, which is not negative, for `s` below 2^127.
#[inline]
pub(super) fn short_spread(n: u64, q: [u64; 4], s: u128) -> [u64; 5] {
    let mut out = [0; 5];
    let mut carry = 0;
    for (word, q) in out.iter_mut().zip(q) {
        let product = wide(n, q) + u128::from(carry);
        *word = product as u64;
        carry = (product >> 64) as u64;
    }
    out[4] = carry;
    let mut borrow = false;
    for (word, term) in out.iter_mut().zip(square(s).into_iter().chain([0])) {
        (*word, borrow) = word.borrowing_sub(term, borrow);
    }
    out
}

/// `n * q - s * s`, which is not negative and fits into `L` words.
pub(super) fn spread<const L: usize>(n: u64, q: &[u64], s: &[u64]) -> [u64; L] {
    let mut out = [0_u64; L];
    add_product(&mut out, q, &[n]);
    let mut square = [0_u64; L];
    add_product(&mut square, s, s);
    let mut borrow = false;
    for (word, term) in out.iter_mut().zip(square) {
        (*word, borrow) = word.borrowing_sub(term, borrow);
    }
    out
}

/// Adds `a * b` to `out`, which is long enough.
fn add_product(out: &mut [u64], a: &[u64], b: &[u64]) {
    for (at, &x) in a.iter().enumerate().filter(|(_, x)| **x != 0) {
        let mut carry = 0;
        for (place, word) in out.iter_mut().enumerate().skip(at) {
            let y = b.get(place - at).copied().unwrap_or(0);
            let sum = wide(x, y) + u128::from(*word) + u128::from(carry);
            *word = sum as u64;
            carry = (sum >> 64) as u64;
            if place - at >= b.len() && carry == 0 {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_whole() {
        let x = (1_u128 << 127) - 1;
        assert_eq!(square(x), [1, 0, u64::MAX, (1 << 62) - 1]);
        assert_eq!(square(1 << 64), [0, 0, 1, 0]);
        assert_eq!(square(u128::from(u64::MAX)), [1, u64::MAX - 1, 0, 0]);
    }

    #[test]
    fn what_is_added_can_be_taken_away() {
        let mut wide = Wide::<5>::ZERO;
        wide.add([u64::MAX, 7, 0, 1 << 62], 1, false);
        wide.add([3, 0, 0, 0], 130, false);
        wide.add([3, 0, 0, 0], 130, true);
        wide.add([u64::MAX, 7, 0, 1 << 62], 1, true);
        assert_eq!(wide.magnitude(), ([0; 5], false));
        wide.add([5, 0, 0, 0], 63, true);
        assert_eq!(wide.magnitude(), ([1 << 63, 2, 0, 0, 0], true));
    }

    #[test]
    fn short_spreads_are_spreads() {
        let s = (1_u128 << 126) + (1 << 70) + 12_345;
        let q = [u64::MAX, 3, u64::MAX - 7, u64::MAX >> 1];
        let words = [s as u64, (s >> 64) as u64];
        assert_eq!(short_spread(u64::MAX, q, s), spread::<5>(u64::MAX, &q, &words));
        assert_eq!(short_spread(1, square(s), s), [0; 5]);
    }

    #[test]
    fn shifting_keeps_what_fits() {
        assert_eq!(shifted([1, 0, 0, 0], 130), [0, 0, 4, 0]);
        assert_eq!(shifted([0, 0, 4, 0], -130), [1, 0, 0, 0]);
        assert_eq!(shifted([0, 8], -3), [0, 1]);
    }
}
