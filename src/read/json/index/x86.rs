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

// No closures here: instructions are inlined only into functions that enable them, and these are
// inlined into such a function first.
impl Simd for Avx2 {
    #[inline(always)]
    fn masks(block: &[u8; 64]) -> Masks {
        // SAFETY: used within `avx2` only; both loads lie in the block.
        unsafe {
            let low = _mm256_loadu_si256(block.as_ptr().cast());
            let high = _mm256_loadu_si256(block.as_ptr().add(32).cast());
            Masks {
                quote: equal(low, high, b'"'),
                backslash: equal(low, high, b'\\'),
                newline: equal(low, high, b'\n'),
                bracket: pack(brackets(low), brackets(high)),
                control: pack(controls(low), controls(high)),
                high: pack(low, high),
            }
        }
    }

    #[inline(always)]
    fn prefix_xor(bits: u64) -> u64 {
        // SAFETY: used within `avx2` only.
        unsafe { carryless_prefix(bits) }
    }
}

/// Which of 64 bytes are this one. Needs AVX2.
#[inline(always)]
unsafe fn equal(low: __m256i, high: __m256i, byte: u8) -> u64 {
    // SAFETY: the caller has AVX2.
    unsafe {
        let byte = _mm256_set1_epi8(byte as i8);
        pack(_mm256_cmpeq_epi8(low, byte), _mm256_cmpeq_epi8(high, byte))
    }
}

/// `{` and `[`, `}` and `]` differ in one bit only. Needs AVX2.
#[inline(always)]
unsafe fn brackets(half: __m256i) -> __m256i {
    // SAFETY: the caller has AVX2.
    unsafe {
        let folded = _mm256_or_si256(half, _mm256_set1_epi8(0x20));
        _mm256_or_si256(
            _mm256_cmpeq_epi8(folded, _mm256_set1_epi8(b'{' as i8)),
            _mm256_cmpeq_epi8(folded, _mm256_set1_epi8(b'}' as i8)),
        )
    }
}

/// Bytes below 0x20. Needs AVX2.
#[inline(always)]
unsafe fn controls(half: __m256i) -> __m256i {
    // SAFETY: the caller has AVX2.
    unsafe { _mm256_cmpeq_epi8(_mm256_min_epu8(half, _mm256_set1_epi8(0x1f)), half) }
}

impl Simd for Avx512 {
    #[inline(always)]
    fn masks(block: &[u8; 64]) -> Masks {
        // SAFETY: used within `avx512` only; the load is of the block.
        unsafe {
            let all = _mm512_loadu_si512(block.as_ptr().cast());
            let folded = _mm512_or_si512(all, _mm512_set1_epi8(0x20));
            Masks {
                quote: _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(b'"' as i8)),
                backslash: _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(b'\\' as i8)),
                newline: _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(b'\n' as i8)),
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
unsafe fn pack(low: __m256i, high: __m256i) -> u64 {
    // SAFETY: the caller has AVX2.
    let (low, high) = unsafe { (_mm256_movemask_epi8(low) as u32, _mm256_movemask_epi8(high) as u32) };
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
