//! The exact sum of the numbers of a group, and of their squares.
//!
//! A finite float is `m * 2^e` with a whole `m` below 2^53. A group keeps its sum as a 128-bit whole
//! number of units of `2^base`, and the sum of the squares as a 256-bit one of units of `2^(2 base)`:
//! then the square of a term in units is the term of the squares. The base is chosen some binary places
//! below the first float, a multiple of 16 so that most groups have the same, and moved down when a smaller one comes and there is room; integers have base
//! 0. When the terms differ too much in size for 128 bits, the sums move to numbers wide enough for
//! all floats, in a vector beside the groups. So sums do not depend on the order of rows or on how
//! groups are merged, and a term can be taken away again.
//!
//! Cost: a shift and an addition with carry for the sum, three multiplications more for the squares.

use super::item::Kinds;
use super::round;
use super::wide::{Wide, bits, shifted, short_spread, spread, square, trailing_zeros};

/// No term was added yet: no float is near this base.
const EMPTY: i16 = 20_000;
/// The sums are in the vector of wide ones, at the index that stands in place of the sum.
const SPILLED: i16 = 20_001;
/// Bases stay below this, so that infinities and NaN lie beyond any shift that fits.
const HIGHEST_BASE: i32 = 890;
/// By how much a float of 53 bits may be shifted to stay below 2^126.
const WIDEST_SHIFT: u32 = 73;
/// How far below the first float the base lies at least.
const MARGIN: i32 = 8;
/// Bases are multiples of this, where there is nothing against it.
const STEP: i32 = 16;
/// The base of wide sums; no base of a group is lower.
const WIDE_BASE: i32 = -1152;

/// Sums of a group; of the squares too with `Q` = 4, not with `Q` = 0.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct Moments<const Q: usize> {
    sum: i128,
    squares: [u64; Q],
    /// How many values were not null.
    pub(super) n: u64,
    base: i16,
    /// Their types.
    pub(super) kinds: Kinds,
    marks: u8,
}

const NAN: u8 = 1;
const PLUS_INFINITY: u8 = 2;
const MINUS_INFINITY: u8 = 4;

/// Sums wide enough for all floats and 2^64 terms.
#[derive(Clone, Debug)]
pub(super) struct WideSums {
    sum: Wide<36>,
    squares: Wide<70>,
}

impl WideSums {
    /// Adds (or subtracts) `sum * 2^base` and `squares * 2^(2 base)`.
    fn add(&mut self, sum: i128, squares: [u64; 4], base: i32, take: bool) {
        let size = sum.unsigned_abs();
        let words = [size as u64, (size >> 64) as u64, 0, 0];
        let bit = (base - WIDE_BASE) as u32;
        self.sum.add(words, bit, take != (sum < 0));
        self.squares.add(squares, 2 * bit, take);
    }
}

impl<const Q: usize> Default for Moments<Q> {
    fn default() -> Self {
        Self {
            sum: 0,
            squares: [0; Q],
            n: 0,
            base: EMPTY,
            kinds: Kinds::NONE,
            marks: 0,
        }
    }
}

/// The base for floats of `e` and some smaller ones.
#[inline(always)]
fn base_for(e: i32) -> i32 {
    (e - MARGIN).div_euclid(STEP) * STEP
}

/// `m` and `e` of a float `m * 2^e`.
#[inline(always)]
fn split(x: f64) -> (i64, i32) {
    let word = x.to_bits();
    let exponent = (word >> 52 & 0x7ff) as i32;
    let digits = (word & ((1 << 52) - 1)) | u64::from(exponent != 0) << 52;
    let sign = (word as i64) >> 63;
    ((digits as i64 ^ sign) - sign, exponent.max(1) - 1075)
}

impl<const Q: usize> Moments<Q> {
    /// Adds a float.
    #[inline(always)]
    pub(super) fn add_float(&mut self, x: f64, wide: &mut Vec<WideSums>) {
        self.n += 1;
        self.kinds.add(Kinds::FLOAT);
        let (m, e) = split(x);
        let shift = if m == 0 { 0 } else { e - i32::from(self.base) } as u32;
        if shift > WIDEST_SHIFT || !self.put(i128::from(m) << shift, false) {
            self.add_slowly(x, wide);
        }
    }

    /// Adds an integer.
    #[inline(always)]
    pub(super) fn add_int(&mut self, x: i64, kind: Kinds, wide: &mut Vec<WideSums>) {
        self.n += 1;
        self.kinds.add(kind);
        if self.base != 0 || !self.put(i128::from(x), false) {
            self.settle(i128::from(x), 0, false, wide);
        }
    }

    /// Notes a value that is no number.
    pub(super) fn add_other(&mut self, kind: Kinds) {
        self.n += 1;
        self.kinds.add(kind);
    }

    #[cold]
    fn add_slowly(&mut self, x: f64, wide: &mut Vec<WideSums>) {
        if x.is_finite() {
            let (m, e) = split(x);
            let base = base_for(e);
            if self.base == EMPTY && m != 0 && base <= HIGHEST_BASE {
                self.base = base as i16;
                self.put(i128::from(m) << (e - base), false);
                return;
            }
            self.settle(i128::from(m), e, false, wide);
        } else if x.is_nan() {
            self.marks |= NAN;
        } else {
            self.marks |= if x > 0.0 { PLUS_INFINITY } else { MINUS_INFINITY };
        }
    }

    /// Takes a finite float away that was added before.
    pub(super) fn take_float(&mut self, x: f64, wide: &mut Vec<WideSums>) {
        let (m, e) = split(x);
        self.n -= 1;
        let shift = (e - i32::from(self.base)) as u32;
        if shift > WIDEST_SHIFT || !self.put(i128::from(m) << shift, true) {
            self.settle(i128::from(m), e, true, wide);
        }
    }

    /// Takes an integer away that was added before.
    pub(super) fn take_int(&mut self, x: i64, wide: &mut Vec<WideSums>) {
        self.n -= 1;
        self.settle(i128::from(x), 0, true, wide);
    }

    /// Adds a term in units of the base, or takes it away; says whether it fitted.
    #[inline(always)]
    fn put(&mut self, term: i128, take: bool) -> bool {
        let sum = if take {
            self.sum.checked_sub(term)
        } else {
            self.sum.checked_add(term)
        };
        let Some(sum) = sum else { return false };
        if Q > 0 {
            let terms = square(term.unsigned_abs());
            let mut squares = self.squares;
            let mut carry = false;
            for (word, term) in squares.iter_mut().zip(terms) {
                (*word, carry) = if take {
                    word.borrowing_sub(term, carry)
                } else {
                    word.carrying_add(term, carry)
                };
            }
            if carry {
                return false;
            }
            self.squares = squares;
        }
        self.sum = sum;
        true
    }

    /// Adds `m * 2^e`, or takes it away, whatever the base.
    fn settle(&mut self, m: i128, e: i32, take: bool, wide: &mut Vec<WideSums>) {
        if m == 0 {
            return;
        }
        if self.base != SPILLED {
            if self.base == EMPTY {
                self.base = if e == 0 {
                    0
                } else {
                    base_for(e).min(HIGHEST_BASE) as i16
                };
            }
            if self.make_room(m, e) {
                let up = e - i32::from(self.base);
                let term = if up >= 0 { m << up } else { m >> -up };
                if self.put(term, take) {
                    return;
                }
            }
        }
        let squares = square(m.unsigned_abs());
        self.spill(wide).add(m, squares, e, take);
    }

    /// Moves the base so that `m * 2^e` is a whole number of units of less than 126 bits, if it can.
    fn make_room(&mut self, m: i128, e: i32) -> bool {
        let low = e + m.trailing_zeros() as i32;
        let high = e + 128 - m.unsigned_abs().leading_zeros() as i32;
        let base = i32::from(self.base);
        if low >= base {
            return high - base <= 126 || self.raise(high - 126 - base);
        }
        let room = |to: i32| high - to <= 126 && self.spare() >= base - to;
        let lower = [base_for(e), e.min(base), low]
            .into_iter()
            .find(|&to| to <= low && room(to));
        lower.is_some_and(|to| self.lower(base - to))
    }

    /// By how many binary places the base may go down.
    fn spare(&self) -> i32 {
        let sum = 120 - (128 - self.sum.unsigned_abs().leading_zeros() as i32);
        let squares = (248 - bits(&self.squares) as i32) / 2;
        sum.min(squares)
    }

    fn lower(&mut self, places: i32) -> bool {
        self.sum <<= places;
        self.squares = shifted(self.squares, 2 * places);
        self.base -= places as i16;
        true
    }

    /// Moves the base up, if the sums end with so many zeros.
    fn raise(&mut self, places: i32) -> bool {
        let zeros = if self.sum == 0 {
            128
        } else {
            self.sum.trailing_zeros() as i32
        };
        let fits = zeros >= places && (bits(&self.squares) == 0 || trailing_zeros(&self.squares) as i32 >= 2 * places);
        if fits && i32::from(self.base) + places <= HIGHEST_BASE {
            self.sum = self.sum.checked_shr(places as u32).unwrap_or(0);
            self.squares = shifted(self.squares, -2 * places);
            self.base += places as i16;
            return true;
        }
        false
    }

    /// The squares as four words.
    fn four(&self) -> [u64; 4] {
        std::array::from_fn(|at| self.squares.get(at).copied().unwrap_or(0))
    }

    /// The wide sums; moves to them if needed.
    fn spill<'w>(&mut self, wide: &'w mut Vec<WideSums>) -> &'w mut WideSums {
        if self.base != SPILLED {
            let mut sums = WideSums {
                sum: Wide::ZERO,
                squares: Wide::ZERO,
            };
            if self.base != EMPTY {
                sums.add(self.sum, self.four(), i32::from(self.base), false);
            }
            self.sum = wide.len() as i128;
            self.squares = [0; Q];
            self.base = SPILLED;
            wide.push(sums);
        }
        &mut wide[self.sum as usize]
    }

    /// Adds what another group holds.
    pub(super) fn merge(&mut self, other: &Self, others: &[WideSums], wide: &mut Vec<WideSums>) {
        self.n += other.n;
        self.kinds.add(other.kinds);
        self.marks |= other.marks;
        match (self.base, other.base) {
            (_, EMPTY) => {}
            (_, SPILLED) => {
                let sums = &others[other.sum as usize];
                let own = self.spill(wide);
                own.sum.add_wide(&sums.sum, false);
                own.squares.add_wide(&sums.squares, false);
            }
            (EMPTY, base) => (self.sum, self.squares, self.base) = (other.sum, other.squares, base),
            (SPILLED, base) => self.spill(wide).add(other.sum, other.four(), i32::from(base), false),
            _ => self.merge_narrow(*other, wide),
        }
    }

    fn merge_narrow(&mut self, mut other: Self, wide: &mut Vec<WideSums>) {
        let (own, base) = (i32::from(self.base), i32::from(other.base));
        let low = own.min(base);
        let fits = own == base || (self.spare() >= own - low && other.spare() >= base - low);
        if fits {
            if own != base {
                self.lower(own - low);
                other.lower(base - low);
            }
            if let Some(sum) = self.sum.checked_add(other.sum) {
                let mut squares = self.squares;
                let mut carry = false;
                for (word, term) in squares.iter_mut().zip(other.squares) {
                    (*word, carry) = word.carrying_add(term, carry);
                }
                if !carry {
                    (self.sum, self.squares) = (sum, squares);
                    return;
                }
            }
        }
        let (squares, base) = (other.four(), i32::from(other.base));
        self.spill(wide).add(other.sum, squares, base, false);
    }

    /// The same sums with these types, and these special terms: NaN, infinity, minus infinity.
    pub(super) fn marked(mut self, kinds: Kinds, special: [bool; 3]) -> Self {
        self.kinds = kinds;
        self.marks = 0;
        for (mark, present) in [NAN, PLUS_INFINITY, MINUS_INFINITY].into_iter().zip(special) {
            self.marks |= if present { mark } else { 0 };
        }
        self
    }

    /// What the sum is if a term was not finite.
    fn special(&self) -> Option<f64> {
        match self.marks {
            0 => None,
            PLUS_INFINITY => Some(f64::INFINITY),
            MINUS_INFINITY => Some(f64::NEG_INFINITY),
            _ => Some(f64::NAN),
        }
    }

    /// The sum divided by a number that is not 0, rounded once.
    pub(super) fn sum_over(&self, divisor: u64, wide: &[WideSums]) -> f64 {
        if let Some(special) = self.special() {
            return special;
        }
        let divisor = u128::from(divisor);
        let (size, negative) = if self.base == SPILLED {
            let (words, negative) = wide[self.sum as usize].sum.magnitude();
            (round::quotient(&words, WIDE_BASE, divisor), negative)
        } else {
            let size = self.sum.unsigned_abs();
            let words = [size as u64, (size >> 64) as u64];
            (round::quotient(&words, i32::from(self.base), divisor), self.sum < 0)
        };
        if negative { -size } else { size }
    }

    /// The sum of terms that all are integers, or none if it is too large. Floats may have been taken away
    /// again: the units can still be those of one of them.
    pub(super) fn whole_sum(&self, wide: &[WideSums]) -> Option<i128> {
        match self.base {
            SPILLED => {
                let (words, negative) = wide[self.sum as usize].sum.magnitude();
                let words = shifted(words, WIDE_BASE);
                let size = i128::try_from(u128::from(words[1]) << 64 | u128::from(words[0])).ok()?;
                (bits(&words) < 128).then_some(if negative { -size } else { size })
            }
            // Zero is zero in units of any size, also in those that are larger than every integer.
            _ if self.sum == 0 => Some(0),
            base if base <= 0 => Some(self.sum >> (-i32::from(base)).min(127)),
            base => self.sum.checked_mul(1_i128.checked_shl(base as u32)?),
        }
    }

    /// The variance over `n - less` (none if that is not positive), or its root: `n` times the sum of
    /// the squares less the square of the sum, over `n (n - less)`, all exact and rounded once.
    pub(super) fn variance(&self, less: u64, of_root: bool, wide: &[WideSums]) -> Option<f64> {
        let freedom = self.n.checked_sub(less).filter(|n| *n > 0)?;
        if self.marks != 0 {
            return Some(f64::NAN);
        }
        let divisor = u128::from(self.n) * u128::from(freedom);
        let over = |words: &[u64], exp: i32| match of_root {
            true => round::root(words, exp, divisor),
            false => round::quotient(words, exp, divisor),
        };
        Some(if self.base == SPILLED {
            let sums = &wide[self.sum as usize];
            let words = spread::<76>(self.n, &sums.squares.magnitude().0, &sums.sum.magnitude().0);
            over(&words, 2 * WIDE_BASE)
        } else {
            let size = self.sum.unsigned_abs();
            let words = if size >> 127 == 0 {
                short_spread(self.n, self.four(), size)
            } else {
                spread::<5>(self.n, &self.squares, &[size as u64, (size >> 64) as u64])
            };
            over(&words, 2 * i32::from(self.base))
        })
    }
}
