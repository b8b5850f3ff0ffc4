//! What attention costs: scores, weights, embedding, nearest events.
//!
//! `cargo bench --bench attention`: events per second of one thread's CPU time (Linux), best of three, and the
//! share of the processor's peak of f32 multiply-adds, which is measured first. `ONLY=text` runs those whose
//! names hold the text.
#![allow(missing_docs, reason = "a program")]
#![allow(clippy::unwrap_used, reason = "a program that may stop")]

use std::hint::black_box;

use varpulis::attend::{Embedder, History, Scores, energy};
use varpulis::data::{FieldId, Value};
use varpulis::diag::Span;
use varpulis::ir::{Embedding, Encoding, ExprId, Feature, Transform};

/// A generator of numbers (splitmix64), so that runs repeat.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn float(&mut self) -> f64 {
        self.below(1 << 53) as f64 / (1u64 << 53) as f64
    }
}
