//! Where the features of an event lie in its vector.

use std::ops::Range;

use crate::ir;

use super::encode::Encoder;
use super::{EmbedError, hashing};

/// The most dims that a vector may have.
const MOST: usize = 1 << 16;

/// A feature in the vector.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is called when a score is explained.
    pub name: String,
    /// Its number among the features of the embedding.
    pub feature: usize,
    /// The number of its head.
    pub head: usize,
    /// Its dims in the vector.
    pub dims: Range<usize>,
    /// Its share of the score: those of all parts add up to 1, unless the weights of a head are all 0.
    pub share: f64,
    /// How many values of the partition make it, the newest first.
    pub lags: usize,
    pub(super) encoder: Encoder,
    /// Where the block of one value lies among those of one event.
    pub(super) block: Range<usize>,
    /// What a unit block is multiplied by.
    pub(super) scale: f32,
    /// Its part of its head: the square of the length of its block.
    pub(super) part: f64,
}

/// All parts, in order, and the heads they make.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) parts: Vec<Part>,
    pub(super) heads: Vec<Range<usize>>,
    /// Of the vector.
    pub(super) dims: usize,
    /// Of the blocks of one event, without those of earlier values.
    pub(super) block_dims: usize,
    /// Names how values become vectors.
    pub(super) digest: u64,
}

impl Layout {
    /// The layout of some features in the given heads.
    pub(super) fn new(features: &[ir::Feature], heads: &[Vec<usize>]) -> Result<Self, EmbedError> {
        let mut layout = Self {
            parts: Vec::new(),
            heads: Vec::new(),
            dims: 0,
            block_dims: 0,
            digest: 0,
        };
        for (head, members) in heads.iter().enumerate() {
            let begin = layout.dims;
            let members: Vec<(usize, &ir::Feature)> = members
                .iter()
                .filter_map(|at| Some((*at, features.get(*at)?)))
                .collect();
            let total: f64 = members.iter().map(|(_, feature)| feature.weight).sum();
            for (at, feature) in members {
                let part = if total > 0.0 { feature.weight / total } else { 0.0 };
                layout.add(at, feature, head, part)?;
            }
            layout.heads.push(begin..layout.dims);
        }
        let count = layout.heads.len() as f64;
        layout.parts.iter_mut().for_each(|part| part.share = part.part / count);
        layout.digest = layout.describe();
        Ok(layout)
    }

    fn add(&mut self, at: usize, feature: &ir::Feature, head: usize, part: f64) -> Result<(), EmbedError> {
        let encoder = Encoder::new(feature)?;
        let (block, lags) = (encoder.dims(), feature.lags.max(1) as usize);
        let dims = self.dims.saturating_add(block.saturating_mul(lags));
        if dims > MOST {
            return Err(EmbedError::TooLong { dims, most: MOST });
        }
        self.parts.push(Part {
            name: feature.name.clone(),
            feature: at,
            head,
            dims: self.dims..dims,
            share: 0.0,
            lags,
            encoder,
            block: self.block_dims..self.block_dims + block,
            scale: (part / lags as f64).sqrt() as f32,
            part,
        });
        self.block_dims += block;
        self.dims = dims;
        Ok(())
    }

    /// A hash of all that decides how values become vectors; names are not part of it.
    fn describe(&self) -> u64 {
        let mut text = String::from("1");
        for part in &self.parts {
            let (head, share, lags) = (part.head, part.part.to_bits(), part.lags);
            text.push_str(&format!("|{head} {share:x} {lags} {}", part.encoder.describe()));
        }
        hashing::mix(hashing::fnv(hashing::start(), text.as_bytes()))
    }
}
