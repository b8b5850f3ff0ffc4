//! The events of one partition as vectors.

use std::ops::Range;
use std::sync::Arc;

use crate::data::Value;

use super::Embedder;
use super::embedder::Shared;
use super::kernel::Finish;
use super::rows::Rows;
use super::tiles::Tiles;

/// As long as a partition has had no more events than this, its vectors are stored once, row by row: there
/// may be many such partitions, and a tile is as long as 16 events.
const FEW: u64 = 6;

/// The events of one partition as vectors, numbered 0, 1, 2, ... from its first.
///
/// The keys are stored in tiles of 16 events, one lane each, for `kernel`; the queries row by row. Without a
/// model both are the vector of the features, and a partition of few events has no tiles.
#[derive(Clone, Debug)]
pub struct History {
    pub(super) shared: Arc<Shared>,
    pub(super) keys: Tiles,
    pub(super) queries: Rows,
    pub(super) learned: Option<Learned>,
    /// The last blocks of each feature with lags, one after the other, the newest first.
    recent: Vec<f32>,
    pub(super) begin: u64,
    pub(super) end: u64,
    row: Vec<f32>,
    blocks: Vec<f32>,
}

/// What is held besides with a model, whose queries and keys are stored at length 1.
#[derive(Clone, Debug)]
pub(super) struct Learned {
    /// The vectors of the features.
    features: Rows,
    /// The lengths of the queries, per head.
    pub(super) query_lengths: Rows,
    /// The lengths of the keys, per head.
    pub(super) key_lengths: Tiles,
}

impl History {
    /// No events yet.
    #[must_use]
    pub fn new(embedder: &Embedder) -> Self {
        let shared = Arc::clone(&embedder.shared);
        let (dims, heads, layout) = (shared.dims(), shared.heads().len(), &shared.layout);
        let lagged = layout.parts.iter().filter(|part| part.lags > 1);
        Self {
            keys: Tiles::new(dims),
            queries: Rows::new(dims),
            learned: shared.model.as_ref().map(|_| Learned {
                features: Rows::new(layout.dims),
                query_lengths: Rows::new(heads),
                key_lengths: Tiles::new(heads),
            }),
            recent: vec![0.0; lagged.map(|part| part.dims.len()).sum()],
            begin: 0,
            end: 0,
            row: vec![0.0; layout.dims],
            blocks: vec![0.0; layout.block_dims],
            shared,
        }
    }

    /// The numbers of the events that are held.
    #[must_use]
    pub fn held(&self) -> Range<u64> {
        self.begin..self.end
    }

    /// Adds an event, of which there is a value for each feature, and gives its number.
    pub fn push(&mut self, embedder: &Embedder, values: &[Value]) -> u64 {
        let mut blocks = std::mem::take(&mut self.blocks);
        embedder.embed(values, &mut blocks);
        let number = self.push_blocks(&blocks);
        self.blocks = blocks;
        number
    }

    /// Adds an event whose blocks [`Embedder::embed`] wrote, perhaps on another thread, and gives its number.
    /// Blocks of another length than [`Embedder::block_dims`] count as zeros where they are missing.
    pub fn push_blocks(&mut self, blocks: &[f32]) -> u64 {
        let shared = Arc::clone(&self.shared);
        if blocks.len() < shared.layout.block_dims {
            let mut padded = blocks.to_vec();
            padded.resize(shared.layout.block_dims, 0.0);
            return self.push_blocks(&padded);
        }
        self.lay_out(&shared, blocks);
        match (&shared.model, &mut self.learned) {
            (Some(model), Some(learned)) => {
                let projected = model.apply(shared.set, &self.row);
                self.keys.push(&projected.key);
                self.queries.push(&projected.query);
                learned.features.push(&self.row);
                learned.query_lengths.push(&projected.query_lengths);
                learned.key_lengths.push(&projected.key_lengths);
            }
            _ => {
                self.queries.push(&self.row);
                self.lay_tiles();
            }
        }
        self.end += 1;
        self.end - 1
    }

    /// Adds the row of the next event to the tiles, and those before it when there come to be more than few.
    fn lay_tiles(&mut self) {
        let begin = match self.end {
            ..FEW => return,
            FEW => 0,
            end => end,
        };
        for event in begin..=self.end {
            // What is no longer held is never looked at.
            let row = if event < self.begin {
                &[]
            } else {
                self.queries.row(event)
            };
            self.keys.push(row);
        }
    }

    /// Whether the tiles hold the keys; else the rows of the queries do.
    pub(super) fn has_tiles(&self) -> bool {
        self.learned.is_some() || self.end > FEW
    }

    /// The vector of the features from the blocks of an event and those before it.
    fn lay_out(&mut self, shared: &Shared, blocks: &[f32]) {
        let mut lagged = 0;
        for part in &shared.layout.parts {
            let block = &blocks[part.block.clone()];
            let row = &mut self.row[part.dims.clone()];
            let from = if part.lags > 1 {
                let recent = &mut self.recent[lagged..lagged + row.len()];
                lagged += row.len();
                recent.copy_within(..recent.len() - block.len(), block.len());
                recent[..block.len()].copy_from_slice(block);
                &*recent
            } else {
                block
            };
            for (x, unit) in row.iter_mut().zip(from) {
                *x = unit * part.scale;
            }
        }
    }

    /// Drops the events before a number: they are held no more. What `lags` need stays.
    pub fn forget(&mut self, before: u64) {
        self.begin = self.begin.max(before.min(self.end));
        self.keys.forget(self.begin);
        self.queries.forget(self.begin);
        if let Some(learned) = &mut self.learned {
            learned.features.forget(self.begin);
            learned.query_lengths.forget(self.begin);
            learned.key_lengths.forget(self.begin);
        }
    }

    /// How many bytes the vectors take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let learned = self.learned.as_ref().map_or(0, |learned| {
            learned.features.bytes() + learned.query_lengths.bytes() + learned.key_lengths.bytes()
        });
        self.keys.bytes() + self.queries.bytes() + learned
    }

    /// The vector of an event's features, with lags and weights, before a model; none if it is not held.
    #[must_use]
    pub fn vector(&self, event: u64) -> Option<&[f32]> {
        self.held().contains(&event).then(|| match &self.learned {
            Some(learned) => learned.features.row(event),
            None => self.queries.row(event),
        })
    }

    /// The score of `a` as the one that asks and `b` as the one that answers, 0 to 1, in any order: the bits
    /// that [`History::scores`] gives. None if either is not held.
    #[must_use]
    pub fn score(&self, a: u64, b: u64) -> Option<f32> {
        let held = self.held();
        if !held.contains(&a) || !held.contains(&b) {
            return None;
        }
        let (set, finish) = (self.shared.set, Finish::Score(self.shared.mean()));
        let query = self.queries.row(a);
        Some(match &self.learned {
            None => set.pair(query, self.queries.row(b), finish),
            Some(_) => set.pair(query, &self.keys.row(b).collect::<Vec<f32>>(), finish),
        })
    }

    /// The similarity of two events by each part of the vector ([`Embedder::parts`]), -1 to 1, before weights.
    /// Without a model their mean by [`super::Part::share`] is the score, up to rounding and unless it is
    /// negative. A part that is missing in either event has 0, as has one of no weight. None if either event
    /// is not held.
    #[must_use]
    pub fn feature_scores(&self, a: u64, b: u64) -> Option<Vec<f32>> {
        let (x, y) = (self.vector(a)?, self.vector(b)?);
        let parts = self.shared.layout.parts.iter().map(|part| {
            let dot: f64 = x[part.dims.clone()]
                .iter()
                .zip(&y[part.dims.clone()])
                .map(|(x, y)| f64::from(*x) * f64::from(*y))
                .sum();
            if part.part > 0.0 { (dot / part.part) as f32 } else { 0.0 }
        });
        Some(parts.collect())
    }
}
