//! Masks by NEON.
#![allow(
    unsafe_code,
    reason = "vector instructions, called only after the processor said it has them"
)]

use std::arch::aarch64::{
    uint8x16_t, vandq_u8, vceqq_u8, vcltq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vorrq_u8, vpaddq_u8,
    vreinterpretq_u64_u8,
};

use super::Index;
use super::block::{self, Masks, Simd};

/// Indexes with NEON; false if there is none.
pub(super) fn run(index: &mut Index, text: &[u8]) -> bool {
    let there = std::arch::is_aarch64_feature_detected!("neon");
    if there {
        // SAFETY: the processor has what the function enables.
        unsafe { neon(index, text) };
    }
    there
}

#[target_feature(enable = "neon")]
fn neon(index: &mut Index, text: &[u8]) {
    block::run::<Neon>(index, text);
}

/// Only to be used where NEON is enabled.
struct Neon;

impl Simd for Neon {
    #[inline(always)]
    fn masks(block: &[u8; 64]) -> Masks {
        // SAFETY: used within `neon` only; the loads lie in the block.
        unsafe {
            let bytes = block.as_ptr();
            let (a, b) = (vld1q_u8(bytes), vld1q_u8(bytes.add(16)));
            let (c, d) = (vld1q_u8(bytes.add(32)), vld1q_u8(bytes.add(48)));
            Masks {
                quote: equal([a, b, c, d], b'"'),
                backslash: equal([a, b, c, d], b'\\'),
                newline: equal([a, b, c, d], b'\n'),
                bracket: pack([brackets(a), brackets(b), brackets(c), brackets(d)]),
                control: below([a, b, c, d], 0x20),
                high: !below([a, b, c, d], 0x80),
            }
        }
    }
}

/// Which of 64 bytes are this one. Needs NEON.
#[inline(always)]
unsafe fn equal([a, b, c, d]: [uint8x16_t; 4], byte: u8) -> u64 {
    // SAFETY: the caller has NEON.
    unsafe {
        let byte = vdupq_n_u8(byte);
        pack([
            vceqq_u8(a, byte),
            vceqq_u8(b, byte),
            vceqq_u8(c, byte),
            vceqq_u8(d, byte),
        ])
    }
}

/// Which of 64 bytes are below this one. Needs NEON.
#[inline(always)]
unsafe fn below([a, b, c, d]: [uint8x16_t; 4], byte: u8) -> u64 {
    // SAFETY: the caller has NEON.
    unsafe {
        let byte = vdupq_n_u8(byte);
        pack([
            vcltq_u8(a, byte),
            vcltq_u8(b, byte),
            vcltq_u8(c, byte),
            vcltq_u8(d, byte),
        ])
    }
}

/// `{` and `[`, `}` and `]` differ in one bit only. Needs NEON.
#[inline(always)]
unsafe fn brackets(quarter: uint8x16_t) -> uint8x16_t {
    // SAFETY: the caller has NEON.
    unsafe {
        let folded = vorrq_u8(quarter, vdupq_n_u8(0x20));
        vorrq_u8(vceqq_u8(folded, vdupq_n_u8(b'{')), vceqq_u8(folded, vdupq_n_u8(b'}')))
    }
}

/// A bit for each byte that is all ones. Needs NEON.
#[inline(always)]
unsafe fn pack([a, b, c, d]: [uint8x16_t; 4]) -> u64 {
    const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    // SAFETY: the caller has NEON; the load is of the constant.
    unsafe {
        let bits = vld1q_u8(BITS.as_ptr());
        let low = vpaddq_u8(vandq_u8(a, bits), vandq_u8(b, bits));
        let high = vpaddq_u8(vandq_u8(c, bits), vandq_u8(d, bits));
        let all = vpaddq_u8(low, high);
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(all, all)))
    }
}
