//! Masks by AVX2 and AVX-512.
#![allow(
    unsafe_code,
    reason = "vector instructions, called only after the processor said it has them"
)]

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m256i, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi64x, _mm_set1_epi8, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    _mm512_cmpeq_epi8_mask, _mm512_cmplt_epu8_mask, _mm512_loadu_si512, _mm512_movepi8_mask, _mm512_or_si512,
    _mm512_set1_epi8,
};

use super::Index;
use super::block::{self, Masks, Simd};

/// All variants, for tests: each says whether the processor has it.
#[cfg(test)]
pub(super) const VARIANTS: [fn(&mut Index, &[u8]) -> bool; 2] = [run_avx512, run_avx2];

/// Indexes with the best there is; false if there is none.
pub(super) fn run(index: &mut Index, text: &[u8]) -> bool {
    run_avx512(index, text) || run_avx2(index, text)
}

fn run_avx512(index: &mut Index, text: &[u8]) -> bool {
    let there = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("pclmulqdq")
        && has_bits();
    if there {
        // SAFETY: the processor has all the features that the function enables.
        unsafe { avx512(index, text) };
    }
    there
}

fn run_avx2(index: &mut Index, text: &[u8]) -> bool {
    let there = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("pclmulqdq") && has_bits();
    if there {
        // SAFETY: the processor has all the features that the function enables.
        unsafe { avx2(index, text) };
    }
    there
}

fn has_bits() -> bool {
    is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2") && is_x86_feature_detected!("popcnt")
}

#[target_feature(enable = "avx512f,avx512bw,pclmulqdq,bmi1,bmi2,popcnt")]
fn avx512(index: &mut Index, text: &[u8]) {
    block::run::<Avx512>(index, text);
}

#[target_feature(enable = "avx2,pclmulqdq,bmi1,bmi2,popcnt")]
fn avx2(index: &mut Index, text: &[u8]) {
    block::run::<Avx2>(index, text);
}

/// Only to be used where the features of [`avx2`] are enabled.
struct Avx2;

/// Only to be used where the features of [`avx512`] are enabled.
struct Avx512;

impl Simd for Avx2 {
    #[inline(always)]
    fn masks(block: &[u8; 64]) -> Masks {
        // SAFETY: used within `avx2` only; both loads lie in the block.
        unsafe {
            let halves = [
                _mm256_loadu_si256(block.as_ptr().cast()),
                _mm256_loadu_si256(block.as_ptr().add(32).cast()),
            ];
            let equal = |byte: u8| pack(halves.map(|half| _mm256_cmpeq_epi8(half, _mm256_set1_epi8(byte as i8))));
            Masks {
                quote: equal(b'"'),
                backslash: equal(b'\\'),
                newline: equal(b'\n'),
                bracket: pack(halves.map(|half| {
                    let folded = _mm256_or_si256(half, _mm256_set1_epi8(0x20));
                    _mm256_or_si256(
                        _mm256_cmpeq_epi8(folded, _mm256_set1_epi8(b'{' as i8)),
                        _mm256_cmpeq_epi8(folded, _mm256_set1_epi8(b'}' as i8)),
                    )
                })),
                control: pack(
                    halves.map(|half| _mm256_cmpeq_epi8(_mm256_min_epu8(half, _mm256_set1_epi8(0x1f)), half)),
                ),
                high: pack(halves),
            }
        }
    }

    #[inline(always)]
    fn prefix_xor(bits: u64) -> u64 {
        // SAFETY: used within `avx2` only.
        unsafe { carryless_prefix(bits) }
    }
}

impl Simd for Avx512 {
    #[inline(always)]
    fn masks(block: &[u8; 64]) -> Masks {
        // SAFETY: used within `avx512` only; the load is of the block.
        unsafe {
            let all = _mm512_loadu_si512(block.as_ptr().cast());
            let folded = _mm512_or_si512(all, _mm512_set1_epi8(0x20));
            let equal = |byte: u8| _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(byte as i8));
            Masks {
                quote: equal(b'"'),
                backslash: equal(b'\\'),
                newline: equal(b'\n'),
                bracket: _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8(b'{' as i8))
                    | _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8(b'}' as i8)),
                control: _mm512_cmplt_epu8_mask(all, _mm512_set1_epi8(0x20)),
                high: _mm512_movepi8_mask(all),
            }
        }
    }

    #[inline(always)]
    fn prefix_xor(bits: u64) -> u64 {
        // SAFETY: used within `avx512` only.
        unsafe { carryless_prefix(bits) }
    }
}

/// The top bits of 64 bytes. Needs AVX2.
#[inline(always)]
unsafe fn pack(halves: [__m256i; 2]) -> u64 {
    // SAFETY: the caller has AVX2.
    let [low, high] = halves.map(|half| unsafe { _mm256_movemask_epi8(half) } as u32);
    u64::from(low) | (u64::from(high) << 32)
}

/// A carry-less product with all ones is the prefix xor. Needs PCLMULQDQ.
#[inline(always)]
unsafe fn carryless_prefix(bits: u64) -> u64 {
    // SAFETY: the caller has PCLMULQDQ.
    unsafe {
        let product = _mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, bits as i64), _mm_set1_epi8(-1));
        _mm_cvtsi128_si64(product) as u64
    }
}
