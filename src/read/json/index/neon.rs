//! Masks by NEON.
#![allow(
    unsafe_code,
    reason = "vector instructions, called only after the processor said it has them"
)]

use std::arch::aarch64::{
    uint8x16_t, vaddv_u8, vandq_u8, vceqq_u8, vcltq_u8, vdupq_n_u8, vget_high_u8, vget_low_u8, vld1q_u8, vorrq_u8,
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
            let quarters = [0, 16, 32, 48].map(|at| vld1q_u8(block.as_ptr().add(at)));
            let equal = |byte: u8| pack(quarters.map(|quarter| vceqq_u8(quarter, vdupq_n_u8(byte))));
            Masks {
                quote: equal(b'"'),
                backslash: equal(b'\\'),
                newline: equal(b'\n'),
                bracket: pack(quarters.map(|quarter| {
                    let folded = vorrq_u8(quarter, vdupq_n_u8(0x20));
                    vorrq_u8(vceqq_u8(folded, vdupq_n_u8(b'{')), vceqq_u8(folded, vdupq_n_u8(b'}')))
                })),
                control: pack(quarters.map(|quarter| vcltq_u8(quarter, vdupq_n_u8(0x20)))),
                high: !pack(quarters.map(|quarter| vcltq_u8(quarter, vdupq_n_u8(0x80)))),
            }
        }
    }
}

/// A bit for each byte that is all ones. Needs NEON.
#[inline(always)]
unsafe fn pack(quarters: [uint8x16_t; 4]) -> u64 {
    const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    let mut mask = 0;
    for (at, quarter) in quarters.into_iter().enumerate() {
        // SAFETY: the caller has NEON; the load is of the constant.
        let (low, high) = unsafe {
            let bits = vandq_u8(quarter, vld1q_u8(BITS.as_ptr()));
            (vaddv_u8(vget_low_u8(bits)), vaddv_u8(vget_high_u8(bits)))
        };
        mask |= (u64::from(low) | (u64::from(high) << 8)) << (16 * at);
    }
    mask
}
