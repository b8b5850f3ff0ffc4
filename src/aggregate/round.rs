//! Big numbers, their quotients and roots as floats: to nearest, halves to even, rounded once.

/// `high * 2^exp`, and a little more if `more`. The top bit of `high` is set.
#[derive(Clone, Copy, Debug)]
struct Scaled {
    high: u128,
    exp: i32,
    more: bool,
}

/// `words * 2^exp / divisor`, rounded once. The divisor is not 0.
pub(super) fn quotient(words: &[u64], exp: i32, divisor: u128) -> f64 {
    if let ([low, high], Ok(divisor)) = (words, u64::try_from(divisor)) {
        return short_quotient(u128::from(*high) << 64 | u128::from(*low), exp, divisor);
    }
    divide(words, exp, divisor).map_or(0.0, round)
}

/// The root of `words * 2^exp / divisor`, rounded once. The divisor is not 0.
pub(super) fn root(words: &[u64], exp: i32, divisor: u128) -> f64 {
    divide(words, exp, divisor).map_or(0.0, |square| round(square_root(square)))
}

/// The same for two words and a divisor of one: the quotient of 128 bits has 64 or more.
fn short_quotient(size: u128, exp: i32, divisor: u64) -> f64 {
    if size == 0 {
        return 0.0;
    }
    let lead = size.leading_zeros();
    let divisor = u128::from(divisor);
    let dividend = size << lead;
    let ratio = dividend / divisor;
    let up = ratio.leading_zeros();
    round(Scaled {
        high: ratio << up,
        exp: exp - lead as i32 - up as i32,
        more: ratio * divisor != dividend,
    })
}

/// None for 0. Takes the top four words of the dividend, whose quotient has 128 bits or more; what
/// stands below them can only make the quotient a little more.
fn divide(words: &[u64], exp: i32, divisor: u128) -> Option<Scaled> {
    let top = words.iter().rposition(|word| *word != 0)?;
    let lead = words[top].leading_zeros();
    let word = |back: usize| top.checked_sub(back).map_or(0, |at| words[at]);
    let aligned = |back: usize| match lead {
        0 => word(back),
        _ => word(back) << lead | word(back + 1) >> (64 - lead),
    };
    let taken = [aligned(3), aligned(2), aligned(1), aligned(0)];
    let below =
        (lead > 0 && word(4) << lead != 0) || (5..=top).any(|back| word(back) != 0) || (lead == 0 && word(4) != 0);
    let exp = exp + (top as i32 - 3) * 64 - lead as i32;
    if divisor == 1 {
        return normalized(taken, exp, below);
    }
    let (ratio, rest) = match u64::try_from(divisor) {
        Ok(divisor) => by_word(taken, divisor),
        Err(_) => by_bits(taken, divisor),
    };
    normalized(ratio, exp, below || rest)
}

/// Quotient, and whether there is a rest. The upper three words are divided: their quotient has 128 bits
/// or more.
fn by_word(words: [u64; 4], divisor: u64) -> ([u64; 4], bool) {
    let mut ratio = [0, 0, 0, words[3] / divisor];
    let mut rest = words[3] % divisor;
    let wide = u128::from(divisor);
    for at in [2, 1] {
        let step = u128::from(rest) << 64 | u128::from(words[at]);
        ratio[at] = (step / wide) as u64;
        rest = (step as u64).wrapping_sub(ratio[at].wrapping_mul(divisor));
    }
    (ratio, rest != 0 || words[0] != 0)
}

/// The same for a divisor of more than 64 bits, bit by bit.
fn by_bits(words: [u64; 4], divisor: u128) -> ([u64; 4], bool) {
    let mut ratio = [0; 4];
    let mut rest = 0_u128;
    for bit in (0..256).rev() {
        let over = rest >> 127 == 1;
        rest = rest << 1 | u128::from(words[bit / 64] >> (bit % 64) & 1);
        if over || rest >= divisor {
            rest = rest.wrapping_sub(divisor);
            ratio[bit / 64] |= 1 << (bit % 64);
        }
    }
    (ratio, rest != 0)
}

fn normalized(words: [u64; 4], exp: i32, more: bool) -> Option<Scaled> {
    let lead = 256 - super::wide::bits(&words) as i32;
    if lead == 256 {
        return None;
    }
    let words = super::wide::shifted(words, lead);
    Some(Scaled {
        high: u128::from(words[3]) << 64 | u128::from(words[2]),
        exp: exp + 128 - lead,
        more: more || words[0] != 0 || words[1] != 0,
    })
}

/// The root of 127 or 128 bits has 64 bits: enough to round once, given whether there is more.
fn square_root(square: Scaled) -> Scaled {
    let odd = square.exp.rem_euclid(2) == 1;
    let (high, lost) = if odd {
        (square.high >> 1, square.high & 1 == 1)
    } else {
        (square.high, false)
    };
    let root = integer_root(high);
    let more = square.more || lost || root * root != high;
    let lead = root.leading_zeros();
    Scaled {
        high: root << lead,
        exp: (square.exp + i32::from(odd)) / 2 - lead as i32,
        more,
    }
}

/// The root of a number of 127 or 128 bits, rounded down: that of floats, put right. The square of
/// the float's root is wrong by less than 2^77, the corrected one's by less than 2.
fn integer_root(x: u128) -> u128 {
    const HALF: f64 = 4_294_967_296.0;
    let first = (((x >> 64) as u64 as f64).sqrt() * HALF) as u64;
    let off = x.wrapping_sub(u128::from(first) * u128::from(first)) as i128;
    // All but 16 bits fit into a word.
    let off = (off >> 16) as i64 as f64 * 65_536.0;
    let right = (off / (2.0 * first as f64)) as i64;
    let mut root = (i128::from(first) + i128::from(right)).clamp(0, i128::from(u64::MAX)) as u128;
    while root * root > x {
        root -= 1;
    }
    while root < u128::from(u64::MAX) && (root + 1) * (root + 1) <= x {
        root += 1;
    }
    root
}

/// To the nearest float, halves to the even one; infinite beyond the largest.
fn round(number: Scaled) -> f64 {
    const SMALLEST: i32 = -1022;
    let top = number.exp + 127;
    if top > 1023 {
        return f64::INFINITY;
    }
    let digits = if top >= SMALLEST { 53 } else { 53 - (SMALLEST - top) };
    if digits < 0 {
        return 0.0;
    }
    let dropped = 128 - digits as u32;
    let kept = if dropped == 128 {
        0
    } else {
        (number.high >> dropped) as u64
    };
    let rest = if dropped == 128 {
        number.high
    } else {
        number.high & ((1 << dropped) - 1)
    };
    let half = 1 << (dropped - 1);
    let up = rest > half || (rest == half && (number.more || kept & 1 == 1));
    // A carry out of the digits makes the next exponent, also that of infinity.
    let exponent = if top >= SMALLEST {
        ((top + 1022) as u64) << 52
    } else {
        0
    };
    f64::from_bits(exponent + kept + u64::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_numbers_round_as_casts_do() {
        for x in [1_u64, 3, (1 << 53) + 1, (1 << 54) + 3, u64::MAX, u64::MAX - 1024] {
            assert_eq!(quotient(&[x], 0, 1), x as f64);
            assert_eq!(quotient(&[0, 0, 0, 0, x], -256, 1), x as f64);
        }
        assert_eq!(quotient(&[1], -1074, 1), f64::from_bits(1));
        assert_eq!(quotient(&[1], -1075, 1), 0.0);
        assert_eq!(quotient(&[3], -1076, 1), f64::from_bits(1));
        assert_eq!(quotient(&[1], 1024, 1), f64::INFINITY);
        assert_eq!(quotient(&[0], 0, 7), 0.0);
    }

    proptest! {
        /// Short numbers are divided like long ones, and as bit by bit.
        #[test]
        fn short_ways_give_the_same(low in any::<u64>(), high in 0_u32..65, divisor in any::<u64>(), small in 0_u32..64) {
            let high = low.rotate_left(7).checked_shr(high).unwrap_or(0);
            let divisor = (divisor >> small).max(1);
            let words = [low, high];
            let short = quotient(&words, -60, divisor.into());
            prop_assert_eq!(short.to_bits(), quotient(&[low, high, 0], -60, divisor.into()).to_bits());
            let taken = [divisor.rotate_left(9), low, high, low | 1 << 63];
            let (ratio, rest) = by_word(taken, divisor);
            let (bits, rest_of_bits) = by_bits(taken, divisor.into());
            prop_assert_eq!(&ratio[1..], &bits[1..]);
            prop_assert_eq!(rest, rest_of_bits || bits[0] != 0);
        }
    }

    proptest! {
        #[test]
        fn roots_are_the_largest_that_fit(x in (1_u128 << 126)..=u128::MAX, small in 0_u32..2) {
            for x in [x, x >> small | 1 << 126, (x >> 64) << 64, u128::MAX - (x >> 100)] {
                let root = integer_root(x);
                prop_assert!(root * root <= x);
                prop_assert!((root + 1).checked_mul(root + 1).is_none_or(|next| next > x));
            }
        }
    }

    #[test]
    fn quotients_and_roots_are_rounded_once() {
        assert_eq!(quotient(&[1], 0, 3), 1.0 / 3.0);
        assert_eq!(quotient(&[10], 0, 1 << 100), 10.0 / (1_u128 << 100) as f64);
        assert_eq!(quotient(&[1 << 60], 0, (1 << 70) + 1), 1.0 / 1024.0);
        assert_eq!(root(&[2], 0, 1), 2_f64.sqrt());
        assert_eq!(root(&[1], -1, 1), 0.5_f64.sqrt());
        assert_eq!(root(&[9], 2, 4), 3.0);
        assert_eq!(root(&[u64::MAX, u64::MAX], 0, 1), 18_446_744_073_709_551_616.0);
    }
}
