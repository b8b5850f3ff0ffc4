//! The exponential function of floats, the same bits everywhere.
//!
//! `x = n ln 2 + r` with `|r| <= ln 2 / 2` (Cody and Waite's two-part `ln 2`), a minimax polynomial of
//! degree 7 for `exp(r)` (the coefficients of Moshier's Cephes `expf`), and `2^n` by its bits. Relative
//! error below 2e-7. Only multiply-adds and moves of bits, so that lanes and scalars agree.

/// The smallest argument whose power is still a normal number.
const LOWEST: f32 = -87.3;
/// Adding it rounds to a whole number, which then stands in the low bits: 1.5 * 2^23.
const ROUND: f32 = 12_582_912.0;

/// `exp(x)` for `x` up to 88; below -87.3 it is that of -87.3, about 1e-38.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let x = if x > LOWEST { x } else { LOWEST };
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-0.693_359_4, x);
    let r = n.mul_add(2.121_944_4e-4, r);
    let mut p = 1.987_569_1e-4f32;
    p = p.mul_add(r, 1.398_199_9e-3);
    p = p.mul_add(r, 8.333_452e-3);
    p = p.mul_add(r, 4.166_579_6e-2);
    p = p.mul_add(r, 1.666_666_5e-1);
    p = p.mul_add(r, 0.5);
    let y = p.mul_add(r * r, r) + 1.0;
    // The number of the power goes to the exponent; what stood above it falls out at the top.
    f32::from_bits(y.to_bits().wrapping_add(shifted.to_bits() << 23))
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn close_to_the_true_value() {
        let mut worst = 0.0f64;
        for step in 1..=174_000u32 {
            let x = -87.0 + step as f32 * 1e-3;
            let truth = libm::exp(f64::from(x));
            worst = worst.max((f64::from(exp(x)) - truth).abs() / truth);
        }
        assert!(worst < 2e-7, "{worst}");
    }

    #[test]
    fn ends() {
        assert_eq!(exp(0.0).to_bits(), 1.0f32.to_bits());
        let least = exp(-87.3);
        assert!(least.is_normal() && least < 1.3e-38, "{least}");
        assert_eq!(exp(f32::NEG_INFINITY).to_bits(), least.to_bits());
    }
}
