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
/// within 0.014 of the Gaussian; beyond, its root mean square is 0.179 and its highest value 0.41 up to
/// 200, 0.67 up to 10,000. No 32 dims can do much better: the root mean square of many unit vectors'
/// dots is at least `1 / sqrt(32)` = 0.177 (Welch's bound).
pub const FREQUENCIES: [f64; COUNT] = [
    0.050_864, 0.107_976, 0.228_212, 0.282_201, 0.376_393, 0.405_822, 0.661_705, 0.684_762, 0.747_434, 0.768_941,
    0.943_294, 1.194_249, 1.229_04, 1.537_053, 1.778_57, 2.219_357,
];
/// Their shares `a_j`, which add up to 1.
pub const AMPLITUDES: [f64; COUNT] = [
    0.057_814, 0.062_365, 0.065_877, 0.076_787, 0.064_385, 0.076_176, 0.058_692, 0.061_93, 0.056_581, 0.052_595,
    0.066_801, 0.074_922, 0.074_389, 0.052_129, 0.061_737, 0.036_82,
];
/// The roots of the shares.
const ROOTS: [f64; COUNT] = [
    0.240_445_420_002_128_54,
    0.249_729_854_042_323_1,
    0.256_665_151_510_679_37,
    0.277_104_673_363_694_8,
    0.253_741_994_947_623_9,
    0.275_999_999_999_999_97,
    0.242_264_318_462_294_4,
    0.248_857_388_879_655_33,
    0.237_867_610_237_291_44,
    0.229_335_998_046_534_35,
    0.258_458_894_217_243,
    0.273_718_833_842_320_76,
    0.272_743_469_216_038_26,
    0.228_317_761_026_162_83,
    0.248_469_314_000_743_35,
    0.191_885_382_455_256_35,
];
/// The frequencies in turns: `w_j / (2 pi)`.
const TURNS: [f64; COUNT] = [
    0.008_095_257_025_426_164,
    0.017_184_914_135_290_493,
    0.036_321_067_872_887_62,
    0.044_913_684_095_475_956,
    0.059_904_806_495_187_76,
    0.064_588_577_315_439_16,
    0.105_313_621_618_622_61,
    0.108_983_257_141_492_43,
    0.118_957_815_734_947_71,
    0.122_380_761_096_025_1,
    0.150_129_902_888_926_33,
    0.190_070_631_632_552_92,
    0.195_607_791_257_663_03,
    0.244_629_582_744_227,
    0.283_068_207_134_952_3,
    0.353_221_637_035_599_56,
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
    let sin = 1.589_690_995_211_550_1e-10 * y - 2.505_076_025_340_686_3e-8;
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
                (similarity(0.3, 0.3 + d) - libm::exp(-d * d / 2.0)).abs() < 0.014,
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
            (squares / 200_000.0).sqrt() < 0.18 && highest < 0.67,
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
