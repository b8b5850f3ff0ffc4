//! Masks in plain Rust: eight bytes at a time in a register.

use super::block::{Masks, Simd};

/// No special instructions.
#[derive(Debug)]
pub(super) struct Plain;

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The top bit of each byte that is zero.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    !(((word & !HIGH) + !HIGH) | word | !HIGH)
}

#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    zeros(word ^ (LOW * u64::from(byte)))
}

/// The top bits of the eight bytes, gathered into the low byte.
#[inline(always)]
fn gather(tops: u64) -> u64 {
    ((tops >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56
}

impl Simd for Plain {
    #[inline(always)]
    fn masks(block: &[u8; 64]) -> Masks {
        let mut masks = Masks {
            quote: 0,
            backslash: 0,
            newline: 0,
            bracket: 0,
            control: 0,
            high: 0,
        };
        for (at, bytes) in block.as_chunks::<8>().0.iter().enumerate() {
            let word = u64::from_le_bytes(*bytes);
            // `{` and `[`, `}` and `]` differ in one bit only.
            let folded = word | (LOW * 0x20);
            let shift = 8 * at as u32;
            masks.quote |= gather(equal(word, b'"')) << shift;
            masks.backslash |= gather(equal(word, b'\\')) << shift;
            masks.newline |= gather(equal(word, b'\n')) << shift;
            masks.bracket |= gather(equal(folded, b'{') | equal(folded, b'}')) << shift;
            masks.control |= gather(zeros(word & (LOW * 0xe0))) << shift;
            masks.high |= gather(word & HIGH) << shift;
        }
        masks
    }
}
