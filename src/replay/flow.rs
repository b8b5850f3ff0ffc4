//! Rows under way: what they are, where they come from, which of them are still there.

use std::sync::Arc;

use super::clock::MorselClock;
use super::gathered::{Added, Extended, Gathered};
use super::rows::{Lineage, Origin, Projected, Values};
use crate::data::{Column, EventRows, Place, Position, Pseudo, Rows, Value};

/// Rows under way.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) rows: Arc<dyn Rows>,
    pub(super) from: Lineage,
    pub(super) shape: Shape,
    /// The records' place in [`Plan::scans`](crate::plan::Plan::scans), where the rows come from records.
    pub(super) scan: usize,
    /// The clock at the records, where that is not their time.
    pub(super) clock: Option<Arc<MorselClock>>,
}

/// How rows are written.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Record(Arc<dyn EventRows>),
    Fields(Arc<Projected>),
    Values(Arc<Values>),
    Gathered(Arc<Gathered>),
    Extended(Arc<Extended>, Box<Shape>),
}

/// Which rows of a flow are still there, and their partition keys (one value a selected row).
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    pub(super) rows: Option<Vec<u32>>,
    pub(super) keys: Vec<Column>,
}

impl Flow {
    /// Records as they were read.
    pub(super) fn records(scan: usize, event: Arc<dyn EventRows>) -> Self {
        Self {
            rows: event.clone(),
            from: Lineage {
                origin: Origin::Records(event.clone()),
                rows: None,
                index: None,
                event_type: None,
            },
            shape: Shape::Record(event),
            scan,
            clock: None,
        }
    }

    /// Rows that an operator has made.
    pub(super) fn made(rows: Arc<Projected>) -> Self {
        Self {
            from: rows.from.clone(),
            shape: Shape::Fields(rows.clone()),
            rows,
            scan: usize::MAX,
            clock: None,
        }
    }

    /// Rows that an operator has put in a new order.
    pub(super) fn gathered(rows: Arc<Gathered>) -> Self {
        Self {
            from: Lineage {
                origin: Origin::Gathered(rows.clone()),
                rows: None,
                index: None,
                event_type: None,
            },
            shape: Shape::Gathered(rows.clone()),
            rows,
            scan: usize::MAX,
            clock: None,
        }
    }

    /// The rows with fields added to all of them.
    pub(super) fn extended(&self, added: Vec<Added>) -> Self {
        let rows = Arc::new(Extended {
            inner: self.rows.clone(),
            added,
        });
        Self {
            shape: Shape::Extended(rows.clone(), Box::new(self.shape.clone())),
            rows,
            ..self.clone()
        }
    }

    /// Where the record of a row stands (of made rows: their first record).
    pub(super) fn position(&self, row: u32) -> Position {
        let place = self.place(row, 0);
        Position {
            input: place.input,
            offset: place.offset,
        }
    }

    /// Where a row stands in the total order, given its time.
    pub(super) fn place(&self, row: u32, time: i64) -> Place {
        let source = self.from.source(row);
        match &self.from.origin {
            Origin::Records(event) => {
                let position = event.position(source);
                let time = self.clock.as_ref().map_or(time, |clock| clock.at(position.offset).0);
                Place::record(time, position.input, position.offset)
            }
            Origin::Made(made) => made.places[source as usize],
            Origin::Gathered(gathered) => gathered.made.places[source as usize],
        }
    }

    /// The event times of the selected rows.
    pub(super) fn times(&self, view: &View) -> Vec<i64> {
        let times = self.rows.pseudo(Pseudo::Time, view.rows.as_deref());
        match &times {
            Column::Timestamp(array) if arrow::array::Array::null_count(array) == 0 => array.values().to_vec(),
            _ => (0..times.len()).map(|at| time_at(&times, at)).collect(),
        }
    }

    /// The places of the selected rows.
    pub(super) fn places(&self, view: &View, times: &[i64]) -> Vec<Place> {
        let rows = view.each(self.rows.len()).zip(times);
        rows.map(|(row, &time)| self.place(row, time)).collect()
    }
}

impl View {
    /// The selected rows of `len`.
    pub(super) fn each(&self, len: usize) -> impl Iterator<Item = u32> + '_ {
        let all = if self.rows.is_none() { 0..len as u32 } else { 0..0 };
        all.chain(self.rows.iter().flatten().copied())
    }

    /// How many of `len` rows are selected.
    pub(super) fn count(&self, len: usize) -> usize {
        self.rows.as_ref().map_or(len, Vec::len)
    }

    /// Narrows the view to `kept`, some of its rows in order.
    pub(super) fn narrow(&mut self, kept: Vec<u32>) {
        if !self.keys.is_empty() {
            let at: Vec<u32> = match &self.rows {
                None => kept.clone(),
                Some(rows) => {
                    let mut next = 0;
                    kept.iter()
                        .map(|row| {
                            next += rows[next..].iter().position(|known| known == row).unwrap_or(0);
                            next as u32
                        })
                        .collect()
                }
            };
            self.keys = self.keys.iter().map(|column| column.take(&at)).collect();
        }
        self.rows = Some(kept);
    }

    /// Takes rows out; `gone` ascends.
    pub(super) fn drop(&mut self, len: usize, gone: &[u32]) {
        let kept = self.each(len).filter(|row| gone.binary_search(row).is_err()).collect();
        self.narrow(kept);
    }

    /// The selected rows with these numbers among them.
    pub(super) fn pick(&self, at: &[u32]) -> Self {
        Self {
            rows: Some(match &self.rows {
                None => at.to_vec(),
                Some(rows) => at.iter().map(|&at| rows[at as usize]).collect(),
            }),
            keys: self.keys.iter().map(|column| column.take(at)).collect(),
        }
    }
}

/// The nanoseconds in a row of a time column.
pub(super) fn time_at(times: &Column, row: usize) -> i64 {
    match times.value(row) {
        Value::Timestamp(ns) | Value::Int(ns) => ns,
        _ => 0,
    }
}
