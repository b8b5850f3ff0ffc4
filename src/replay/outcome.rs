//! What comes out of a morsel, and how it adds up over the run.

use indexmap::IndexMap;

use crate::data::value::FixedHasher;
use crate::data::{BadRecord, Position};
use crate::ir::ExprId;
use crate::plan::{Plan, StageId};

/// Rows written to one sink: text, and for each row where its record stands and where it ends.
#[derive(Debug, Default)]
pub(super) struct SinkRows {
    pub(super) bytes: Vec<u8>,
    pub(super) rows: Vec<(u64, usize)>,
}

impl SinkRows {
    /// Ends the row whose text was appended last.
    pub(super) fn end_row(&mut self, offset: u64) {
        self.rows.push((offset, self.bytes.len()));
    }

    /// The rows' texts with their offsets.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let starts = std::iter::once(0).chain(self.rows.iter().map(|row| row.1));
        self.rows
            .iter()
            .zip(starts)
            .map(|(&(offset, end), start)| (offset, &self.bytes[start..end]))
    }
}

/// Something to say on stderr, at a record's place.
#[derive(Debug)]
pub(super) struct SideLine {
    pub(super) offset: u64,
    pub(super) text: String,
}

/// A value for a metric, at a record's place.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) offset: u64,
    pub(super) name: String,
    pub(super) kind: SampleKind,
}

/// What a metric gets.
#[derive(Clone, Copy, Debug)]
pub(super) enum SampleKind {
    /// One more.
    Count,
    /// A value.
    Value(f64),
}

/// All that one morsel gives.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) sinks: Vec<SinkRows>,
    pub(super) errors: Errors,
    pub(super) side: Vec<SideLine>,
    pub(super) samples: Vec<Sample>,
    /// Rows that `.validate` refused.
    pub(super) bad: Vec<BadRecord>,
}

impl Outcome {
    pub(super) fn new(sinks: usize) -> Self {
        Self {
            sinks: (0..sinks).map(|_| SinkRows::default()).collect(),
            ..Self::default()
        }
    }

    /// Takes away everything at or after a record.
    pub(super) fn cut(&mut self, offset: u64) {
        for sink in &mut self.sinks {
            let mut kept = SinkRows::default();
            for (at, text) in sink.iter().filter(|(at, _)| *at < offset) {
                kept.bytes.extend_from_slice(text);
                kept.end_row(at);
            }
            *sink = kept;
        }
        self.side.retain(|line| line.offset < offset);
        self.samples.retain(|sample| sample.offset < offset);
        self.bad.retain(|bad| bad.position.offset < offset);
    }
}

/// Which evaluation failed: a node of an expression of a step's first owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ErrorKey {
    pub(super) stage: StageId,
    pub(super) step: usize,
    pub(super) node: ExprId,
}

/// How often, where first, and what.
#[derive(Clone, Debug)]
pub(super) struct ErrorCount {
    pub(super) count: u64,
    pub(super) first: Position,
    pub(super) message: String,
}

/// Evaluation errors by place.
#[derive(Debug, Default)]
pub(super) struct Errors {
    pub(super) counts: IndexMap<ErrorKey, ErrorCount, FixedHasher>,
}

impl Errors {
    pub(super) fn add(&mut self, key: ErrorKey, count: u64, first: Position, message: String) {
        let entry = self.counts.entry(key).or_insert_with(|| ErrorCount {
            count: 0,
            first,
            message: message.clone(),
        });
        entry.count += count;
        if first < entry.first {
            (entry.first, entry.message) = (first, message);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (key, count) in other.counts {
            self.add(key, count.count, count.first, count.message);
        }
    }

    /// The first place at which anything failed.
    pub(super) fn first(&self) -> Option<(ErrorKey, &ErrorCount)> {
        self.counts
            .iter()
            .min_by_key(|(_, count)| count.first)
            .map(|(key, count)| (*key, count))
    }
}

/// The node of every owner of a step that an error at a node of the first one's stands for, with the
/// owner's place in the step. Trees of equal work have their nodes at equal distances from the root.
pub(super) fn owners_of(plan: &Plan, key: ErrorKey) -> Vec<(usize, ExprId)> {
    let step = &plan.stage(key.stage).steps[key.step];
    let roots = &step.owners[0].roots;
    let at = (0..roots.len())
        .filter(|&at| roots[at] >= key.node)
        .min_by_key(|&at| roots[at].0);
    let Some(at) = at else { return Vec::new() };
    let below = roots[at].0 - key.node.0;
    let owners = step.owners.iter().enumerate();
    owners
        .map(|(owner, of)| (owner, ExprId(of.roots[at].0 - below)))
        .collect()
}
