//! Numbers as points on circles: Fourier features of a Gaussian kernel.
//!
//! The block of `z` is `sqrt(a_j) cos(w_j z)` and `sqrt(a_j) sin(w_j z)` for 16 fixed frequencies `w_j`, so
//! that the dot of two blocks is `sum a_j cos(w_j (z - z'))`, an approximation of `exp(-(z - z')^2 / 2)`
//! (Rahimi and Recht, "Random features for large-scale kernel machines", 2007, with chosen instead of
//! random frequencies).
//!
//! Sines are computed here: reduction in turns, which is exact, then the polynomials of fdlibm. Only
//! multiplications and additions in doubles, so the same bits everywhere and no cost per platform.

use super::hashing;

/// How many frequencies there are.
const COUNT: usize = 16;
/// The dims of a block.
pub(super) const DIMS: usize = 2 * COUNT;

/// The frequencies `w_j`, in radians.
///
/// Found by descent from many starts on the 6-norm of the error over 0..10 and the 8-norm of the sum over
/// 10..200, and then the best of them out to 10,000, rounded to six digits. Up to a distance of 10 the sum is
/// within 0.013 of the Gaussian; beyond, its root mean square is 0.18 and its highest value 0.38 up to
/// 200, 0.66 up to 10,000. No 32 dims can do much better: the root mean square of many unit vectors'
/// dots is at least `1 / sqrt(32)` = 0.177 (Welch's bound).
pub const FREQUENCIES: [f64; COUNT] = [
    0.048_911, 0.097_316, 0.181_644, 0.285_115, 0.337_336, 0.466_514, 0.529_884, 0.553_385, 0.680_901, 0.876_251,
    0.902_176, 0.986_946, 1.278_784, 1.433_565, 1.825_627, 2.296_135,
];
/// Their shares `a_j`, which add up to 1.
pub const AMPLITUDES: [f64; COUNT] = [
    0.054_469, 0.064_349, 0.069_026, 0.059_08, 0.057_425, 0.067_749, 0.060_605, 0.055_107, 0.060_141, 0.069_135,
    0.059_91, 0.069_268, 0.082_216, 0.070_183, 0.069_948, 0.031_389,
];
/// The roots of the shares.
const ROOTS: [f64; COUNT] = [
    0.233_385_946_449_223_9,
    0.253_671_046_830_338_9,
    0.262_727_996_224_231_9,
    0.243_063_777_638_709_46,
    0.239_635_139_326_435_18,
    0.260_286_380_742_443,
    0.246_180_827_848_149_04,
    0.234_748_801_913_875_6,
    0.245_236_620_430_147_02,
    0.262_935_353_271_483_8,
    0.244_765_193_603_992_63,
    0.263_188_145_629_699_67,
    0.286_733_325_583_197_6,
    0.264_920_742_864_729_3,
    0.264_476_842_086_410_26,
    0.177_169_410_452_256_12,
];
/// The frequencies in turns: `w_j / (2 pi)`.
const TURNS: [f64; COUNT] = [
    0.007_784_427_421_567_694,
    0.015_488_322_441_930_887,
    0.028_909_540_482_984_237,
    0.045_377_461_599_645_744,
    0.053_688_691_882_847_61,
    0.074_248_009_121_572_46,
    0.084_333_657_865_305_87,
    0.088_073_958_182_908_5,
    0.108_368_759_906_214_63,
    0.139_459_678_039_216_38,
    0.143_585_769_938_873_76,
    0.157_077_334_464_773_73,
    0.203_524_794_746_826_28,
    0.228_158_955_993_532_95,
    0.290_557_561_292_027_64,
    0.365_441_235_256_309_1,
];
/// Beyond this the products with frequencies keep too few digits behind the point.
const FAR: f64 = 70_368_744_177_664.0;
/// Adding it rounds to a whole number, which then stands in the low bits: 1.5 * 2^52.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Writes the block of a number; false, and nothing written, if it is not finite.
///
/// Numbers beyond 2^46 get angles from a hash of their bits: they are alike when equal, else near 0, as
/// any two numbers that far apart would be.
pub(super) fn write(z: f64, out: &mut [f32]) -> bool {
    if !z.is_finite() || out.len() != DIMS {
        return false;
    }
    let mut turns = [0.0f64; COUNT];
    if z.abs() < FAR {
        for (turns, frequency) in turns.iter_mut().zip(&TURNS) {
            *turns = z * frequency;
        }
    } else {
        for (at, turns) in turns.iter_mut().enumerate() {
            let drawn = hashing::draw(z.to_bits(), at as u64) >> 11;
            *turns = drawn as f64 * (1.0 / 9_007_199_254_740_992.0);
        }
    }
    let (cosines, sines) = out.split_at_mut(COUNT);
    for at in 0..COUNT {
        let (cos, sin) = circle(turns[at]);
        cosines[at] = (cos * ROOTS[at]) as f32;
        sines[at] = (sin * ROOTS[at]) as f32;
    }
    true
}

/// Cosine and sine of an angle in turns, below 2^50 in size.
#[inline(always)]
pub(super) fn circle(turns: f64) -> (f64, f64) {
    let rest = turns - ((turns + ROUND) - ROUND);
    let shifted = rest * 4.0 + ROUND;
    let quarter = shifted.to_bits();
    let x = (rest * 4.0 - (shifted - ROUND)) * std::f64::consts::FRAC_PI_2;
    let y = x * x;
    let sin = 1.589_690_995_211_55e-10 * y - 2.505_076_025_340_686_3e-8;
    let sin = sin * y + 2.755_731_370_707_006_8e-6;
    let sin = sin * y - 1.984_126_982_985_795e-4;
    let sin = sin * y + 8.333_333_333_322_49e-3;
    let sin = sin * y - 1.666_666_666_666_663_2e-1;
    let sin = sin * y * x + x;
    let cos = 2.087_572_321_298_175e-9 - 1.135_964_755_778_819_5e-11 * y;
    let cos = cos * y - 2.755_731_435_139_066_3e-7;
    let cos = cos * y + 2.480_158_728_947_673e-5;
    let cos = cos * y - 1.388_888_888_887_411e-3;
    let cos = cos * y + 4.166_666_666_666_66e-2;
    let cos = cos * y * y - 0.5 * y + 1.0;
    let (c, s) = if quarter & 1 == 0 { (cos, sin) } else { (sin, cos) };
    let flip = |x: f64, bits: u64| f64::from_bits(x.to_bits() ^ ((bits & 2) << 62));
    (flip(c, quarter.wrapping_add(1)), flip(s, quarter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similarity(a: f64, b: f64) -> f64 {
        let (mut x, mut y) = ([0.0; DIMS], [0.0; DIMS]);
        assert!(write(a, &mut x) && write(b, &mut y));
        x.iter().zip(&y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
    }

    #[test]
    fn circles_are_round() {
        for step in -100_000..100_000 {
            let turns = f64::from(step) * 0.001_37;
            let (cos, sin) = circle(turns);
            let angle = (turns - libm::round(turns)) * std::f64::consts::TAU;
            assert!(
                (cos - libm::cos(angle)).abs() < 2e-15 && (sin - libm::sin(angle)).abs() < 2e-15,
                "{turns}"
            );
        }
        assert_eq!(circle(0.0), (1.0, 0.0));
        assert_eq!(circle(0.25), (0.0, 1.0));
        assert_eq!(circle(0.5), (-1.0, 0.0));
        assert_eq!(circle(1e6 + 0.75), (0.0, -1.0));
    }

    #[test]
    fn tables_agree() {
        assert!((AMPLITUDES.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        for at in 0..COUNT {
            assert_eq!(AMPLITUDES[at].sqrt().to_bits(), ROOTS[at].to_bits());
            assert_eq!((FREQUENCIES[at] / std::f64::consts::TAU).to_bits(), TURNS[at].to_bits());
        }
    }

    #[test]
    fn near_a_gaussian_up_to_ten_and_small_beyond() {
        for step in 0..=1000 {
            let d = f64::from(step) * 0.01;
            assert!(
                (similarity(0.3, 0.3 + d) - libm::exp(-d * d / 2.0)).abs() < 0.013,
                "{d}"
            );
        }
        let (mut squares, mut highest) = (0.0, 0.0f64);
        for step in 0..200_000 {
            let s = similarity(0.0, 10.0 + f64::from(step) * 0.049_95);
            squares += s * s;
            highest = highest.max(s);
        }
        assert!(
            (squares / 200_000.0).sqrt() < 0.18 && highest < 0.66,
            "{squares} {highest}"
        );
    }

    #[test]
    fn any_finite_number_has_a_unit_block() {
        for z in [
            0.0,
            -0.0,
            1.0,
            -3.5,
            1e9,
            7e13,
            8e13,
            -1e300,
            f64::MAX,
            f64::MIN_POSITIVE,
        ] {
            assert!((similarity(z, z) - 1.0).abs() < 1e-6, "{z}");
        }
        let mut block = [0.0; DIMS];
        assert!(!write(f64::NAN, &mut block) && !write(f64::INFINITY, &mut block));
        assert_eq!(block, [0.0; DIMS]);
        assert!(similarity(1e300, 1.000_000_1e300).abs() < 0.9);
    }
}
