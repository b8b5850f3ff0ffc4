//! Random draws that repeat.
//!
//! A draw is a pure function of where it is made: the call's key (which the compiler makes of the
//! stream's name and the call's place in it), the seed, the record's input and number, the row among
//! those born of the record, how often the call was evaluated before in the row (in a lambda), and
//! which word of the draw it is. The words are absorbed one after another by the output function of
//! SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).

use crate::data::Value;
use crate::ir::Builtin;

use super::args::{at, int};
use super::errors::{Fail, Outcome};

/// The golden ratio in 64 bits: SplitMix64's increment.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Where a draw is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// `--seed`.
    pub(super) seed: u64,
    /// The call's key.
    pub(super) key: i64,
    /// `Pseudo::Input`, `Pseudo::Seq`, `Pseudo::Index` of the row.
    pub(super) row: [i64; 3],
    /// Number of the evaluation in the row, from 0.
    pub(super) nth: u64,
}

impl Place {
    /// The `lane`-th word of the draw.
    fn word(&self, lane: u64) -> u64 {
        let [input, seq, index] = self.row.map(i64::cast_unsigned);
        [self.key.cast_unsigned(), input, seq, index, self.nth, lane]
            .into_iter()
            .fold(mix(self.seed), |state, word| mix(state ^ word))
    }
}

/// SplitMix64: one step and its output.
fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(GAMMA);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The value of a volatile function; `args` without the hidden key.
pub(super) fn draw(builtin: Builtin, args: &[Value], place: &Place) -> Outcome {
    match builtin {
        Builtin::Random => Ok(Value::Float((place.word(0) >> 11) as f64 / (1_u64 << 53) as f64)),
        Builtin::Uuid => Ok(Value::str(&uuid(place.word(0), place.word(1)))),
        Builtin::RandomInt => {
            if at(args, 0).is_null() || at(args, 1).is_null() {
                return Ok(Value::Null);
            }
            between(int(at(args, 0))?, int(at(args, 1))?, place.word(0))
        }
        other => Err(Fail(format!("`{}` draws nothing", other.name()))),
    }
}

/// The word scaled to the range (Lemire's multiplication; its bias is below one in 2^64 / range).
fn between(low: i64, high: i64, word: u64) -> Outcome {
    if low > high {
        return Err(Fail(format!("there is no integer from {low} to {high}")));
    }
    let range = (i128::from(high) - i128::from(low) + 1) as u128;
    let offset = (u128::from(word) * range) >> 64;
    Ok(Value::Int((i128::from(low) + offset as i128) as i64))
}

/// A UUID of version 4 (RFC 9562) of 122 of these bits.
fn uuid(high: u64, low: u64) -> String {
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}
