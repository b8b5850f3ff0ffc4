//! Exact numbers of any size: integers times a power of two, and the floats nearest to them.

use num_bigint::{BigInt, BigUint, Sign};

/// `digits * 2^exp`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exact {
    digits: BigInt,
    exp: i32,
}

impl Exact {
    /// An integer.
    pub(super) fn int(value: i64) -> Self {
        Self {
            digits: BigInt::from(value),
            exp: 0,
        }
    }

    /// A float that is finite.
    pub(super) fn float(value: f64) -> Self {
        let bits = value.to_bits();
        let (field, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
        let (digits, exp) = match field {
            0 => (fraction, -1074),
            _ => (fraction | 1 << 52, field - 1075),
        };
        let sign = if value.is_sign_negative() {
            Sign::Minus
        } else {
            Sign::Plus
        };
        Self {
            digits: BigInt::from_biguint(sign, BigUint::from(digits)),
            exp,
        }
    }

    /// Adds another.
    pub(super) fn add(&mut self, other: &Self) {
        if other.digits.sign() == Sign::NoSign {
            return;
        }
        if self.digits.sign() == Sign::NoSign {
            self.clone_from(other);
            return;
        }
        if self.exp > other.exp {
            self.digits <<= (self.exp - other.exp) as u32;
            self.exp = other.exp;
        }
        if self.exp < other.exp {
            self.digits += &other.digits << (other.exp - self.exp) as u32;
        } else {
            self.digits += &other.digits;
        }
    }

    /// So often.
    pub(super) fn times(&self, count: &BigUint) -> Self {
        Self {
            digits: &self.digits * BigInt::from(count.clone()),
            exp: self.exp,
        }
    }

    /// The integer that it is, if it has no exponent and fits.
    pub(super) fn to_int(&self) -> Option<i64> {
        (self.exp == 0).then(|| i64::try_from(&self.digits).ok()).flatten()
    }

    /// The float nearest to it.
    pub(super) fn to_float(&self) -> f64 {
        self.over(&BigUint::from(1_u32))
    }

    /// The float nearest to a quotient; the divisor is not 0.
    pub(super) fn over(&self, divisor: &BigUint) -> f64 {
        let size = self.digits.magnitude();
        // The quotient shall have so many bits that rounding sees all it needs.
        let short = divisor.bits() + 66;
        let up = short.saturating_sub(size.bits());
        let dividend = size << up;
        let (ratio, rest) = (&dividend / divisor, &dividend % divisor);
        let exp = i64::from(self.exp) - i64::try_from(up).unwrap_or(i64::MAX);
        let value = nearest(&ratio, exp, rest != BigUint::ZERO);
        if self.digits.sign() == Sign::Minus {
            -value
        } else {
            value
        }
    }
}

/// The float nearest to a count.
pub(super) fn count_to_float(count: &BigUint) -> f64 {
    nearest(count, 0, false)
}

/// The float nearest to `size * 2^exp`, and a little more if `more`: to nearest, halves to even.
fn nearest(size: &BigUint, exp: i64, more: bool) -> f64 {
    let bits = size.bits();
    if bits == 0 {
        return 0.0;
    }
    let drop = bits.saturating_sub(64);
    let top: BigUint = size >> drop;
    let more = more || size.trailing_zeros().is_some_and(|zeros| zeros < drop);
    let high = top.iter_u64_digits().next().unwrap_or(0);
    let lead = high.leading_zeros();
    let (high, exp) = (high << lead, exp + drop as i64 - i64::from(lead));
    // The exponent of the highest bit; below -1022 there are fewer bits left.
    let order = exp + 63;
    if order > 1023 {
        return f64::INFINITY;
    }
    let keep = if order >= -1022 { 53 } else { 53 - (-1022 - order) };
    if keep < 0 {
        return 0.0;
    }
    let cut = 64 - keep as u32;
    let (kept, rest) = (u128::from(high) >> cut, u128::from(high) & ((1 << cut) - 1));
    let half = 1_u128 << (cut - 1);
    let up = rest > half || rest == half && (more || kept & 1 == 1);
    libm::ldexp((kept + u128::from(up)) as f64, (exp + i64::from(cut)) as i32)
}

#[cfg(test)]
mod tests {
    use super::{Exact, count_to_float};
    use num_bigint::BigUint;
    use proptest::prelude::*;

    #[test]
    fn counts_round_to_even() {
        let two = BigUint::from(2_u32);
        assert_eq!(count_to_float(&two.pow(100)), libm::exp2(100.0));
        assert_eq!(count_to_float(&(two.pow(53) + 1_u32)), libm::exp2(53.0));
        assert_eq!(count_to_float(&(two.pow(53) + 3_u32)), libm::exp2(53.0) + 4.0);
        assert_eq!(
            count_to_float(&(two.pow(100) + two.pow(47) + 1_u32)),
            libm::exp2(100.0) + libm::exp2(48.0)
        );
        assert_eq!(count_to_float(&two.pow(2000)), f64::INFINITY);
    }

    proptest! {
        #[test]
        fn a_float_is_itself(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(Exact::float(value).to_float(), value);
            prop_assert_eq!(Exact::float(value).times(&BigUint::from(3_u32)).over(&BigUint::from(3_u32)), value);
        }

        #[test]
        fn quotients_of_ints_are_rounded_once(a in -(1_i64 << 53)..1 << 53, b in 1_u32..) {
            prop_assert_eq!(Exact::int(a).over(&BigUint::from(b)), a as f64 / f64::from(b));
        }

        #[test]
        fn two_floats_add_up(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(a.is_finite() && b.is_finite());
            let mut sum = Exact::float(a);
            sum.add(&Exact::float(b));
            prop_assert_eq!(sum.to_float(), a + b);
        }
    }
}
