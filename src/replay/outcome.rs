//! What comes out of a morsel, and how it adds up over the run.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use indexmap::IndexMap;

use super::IndexReport;
use super::clock::MorselClock;
use super::failed::Failed;
use crate::data::value::FixedHasher;
use crate::data::{BadRecord, Place};
use crate::eval::in_code;
use crate::ir::ExprId;
use crate::plan::{Plan, StageId};
use crate::write::{RowBatch, RowColumns};

/// About how many bytes of text a piece holds: more would be moved again and again as it grows.
pub(super) const PIECE: usize = 1 << 20;

/// Buffers of written rows, to be used again: pages of new ones would have to be made first.
#[derive(Debug, Default)]
pub(super) struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    /// How many are kept.
    const MOST: usize = 32;

    /// An empty buffer with room for about so many bytes.
    pub(super) fn take(&self, bytes: usize) -> Vec<u8> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = kept.pop().unwrap_or_default();
        drop(kept);
        buffer.reserve(bytes);
        buffer
    }

    /// Takes a buffer back, if it is one of usual size.
    pub(super) fn give(&self, mut buffer: Vec<u8>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < Self::MOST && (PIECE / 2..=2 * PIECE).contains(&buffer.capacity()) {
            buffer.clear();
            kept.push(buffer);
        }
    }
}

/// Rows written to one sink: text, and for each row where it stands and where it ends; or columns.
#[derive(Debug, Default)]
pub(super) struct SinkRows {
    pub(super) bytes: Vec<u8>,
    pub(super) rows: Vec<(Place, usize)>,
    pub(super) tables: Vec<TableRows>,
}

/// Rows that go out as columns, and where they stand.
#[derive(Debug)]
pub(super) struct TableRows {
    pub(super) places: Vec<Place>,
    pub(super) batch: RowBatch,
}

impl TableRows {
    /// Some of the rows; none when there are none.
    pub(super) fn pick(&self, rows: &[u32]) -> Option<Self> {
        if rows.is_empty() {
            return None;
        }
        let of = rows.iter().map(|&row| row as usize);
        let columns = match &self.batch.rows {
            RowColumns::Fields { names, columns } => RowColumns::Fields {
                names: names.clone(),
                columns: columns.iter().map(|column| column.take(rows)).collect(),
            },
            RowColumns::Values(values) => RowColumns::Values(of.clone().map(|row| values[row].clone()).collect()),
        };
        Some(Self {
            places: of.clone().map(|row| self.places[row]).collect(),
            batch: RowBatch {
                ts: of.map(|row| self.batch.ts[row]).collect(),
                rows: columns,
            },
        })
    }
}

impl SinkRows {
    /// Ends the row whose text was appended last.
    pub(super) fn end_row(&mut self, place: Place) {
        self.rows.push((place, self.bytes.len()));
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len() + self.tables.iter().map(|table| table.places.len()).sum::<usize>()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The places of all rows.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        let tables = self.tables.iter().flat_map(|table| table.places.iter().copied());
        self.rows.iter().map(|row| row.0).chain(tables)
    }

    /// The rows' texts with their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, &[u8])> {
        let starts = std::iter::once(0).chain(self.rows.iter().map(|row| row.1));
        self.rows
            .iter()
            .zip(starts)
            .map(|(&(place, end), start)| (place, &self.bytes[start..end]))
    }
}

/// Something to say on stderr, at a row's place.
#[derive(Debug)]
pub(super) struct SideLine {
    pub(super) place: Place,
    pub(super) text: String,
}

/// A value for a metric, at a row's place.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) place: Place,
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
    /// By sink, in pieces.
    pub(super) sinks: Vec<Vec<SinkRows>>,
    pub(super) errors: Errors,
    pub(super) side: Vec<SideLine>,
    pub(super) samples: Vec<Sample>,
    /// NaN and infinities that were written as null.
    pub(super) not_finite: u64,
    /// Rows that `.validate` refused.
    pub(super) bad: Vec<BadRecord>,
    /// Rows that failed, where somebody wants to know them.
    pub(super) failed: Vec<Failed>,
    pub(super) index: IndexReport,
    /// How many rows came to each step of a stage that is watched (behind the last: came out).
    pub(super) passed: BTreeMap<(StageId, usize), u64>,
}

impl Outcome {
    pub(super) fn new(sinks: usize) -> Self {
        Self {
            sinks: (0..sinks).map(|_| Vec::new()).collect(),
            ..Self::default()
        }
    }

    /// The piece to which the next rows of a sink go.
    pub(super) fn piece(&mut self, sink: usize) -> &mut SinkRows {
        let pieces = &mut self.sinks[sink];
        if pieces.last().is_none_or(|piece| piece.bytes.len() > PIECE) {
            pieces.push(SinkRows::default());
        }
        let last = pieces.len() - 1;
        &mut pieces[last]
    }

    /// Learns the clock at the records that everything comes from.
    pub(super) fn clocked(&mut self, clock: &MorselClock) {
        let learn = |place: &mut Place| place.time = clock.at(place.offset).0;
        for sink in self.sinks.iter_mut().flatten() {
            sink.rows.iter_mut().for_each(|row| learn(&mut row.0));
            let places = sink.tables.iter_mut().flat_map(|table| &mut table.places);
            places.for_each(learn);
        }
        self.failed.iter_mut().for_each(|failed| learn(&mut failed.place));
        self.side.iter_mut().for_each(|line| learn(&mut line.place));
        self.samples.iter_mut().for_each(|sample| learn(&mut sample.place));
        self.errors
            .counts
            .values_mut()
            .for_each(|error| learn(&mut error.first));
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
    pub(super) first: Place,
    pub(super) message: String,
}

/// Evaluation errors by place.
#[derive(Debug, Default)]
pub(super) struct Errors {
    pub(super) counts: IndexMap<ErrorKey, ErrorCount, FixedHasher>,
}

impl Errors {
    pub(super) fn add(&mut self, key: ErrorKey, count: u64, first: Place, message: String) {
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
    if in_code(key.node).is_some() {
        // Bodies are there once, whoever calls them.
        return (0..step.owners.len()).map(|owner| (owner, key.node)).collect();
    }
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
