//! `.aggregate(...)` over windows: which kind of window, spread over shards by key.

use rayon::prelude::*;

use crate::aggregate::{Accumulators, CallErrors, Spec};
use crate::data::{Column, Place, Value};
use crate::ir::{AggCall, AggFunction, Aggregate, ExprId, Exprs, Over, Window, structure};

use super::anchored::Anchored;
use super::counts::{Counts, SlidingCounts};
use super::grid::Grid;
use super::sessions::Sessions;
use super::trailing::Trailing;
use super::whole::Whole;
use super::{Batch, Ending, Made};

/// What comes out of a shard.
#[derive(Debug, Default)]
pub(super) struct Emitted {
    pub(super) made: Vec<Made>,
    pub(super) errors: Vec<CallErrors>,
}

impl Emitted {
    /// Adds the rows of one piece. `bounds`: for each row start and end of its window, if it has any.
    pub(super) fn push(&mut self, rows: Rows, keys: Vec<Column>, values: Vec<Column>) {
        let instants = |of: Vec<i64>| Column::Timestamp(of.into());
        let n = rows.places.len();
        let (start, end) = match rows.bounds {
            Some((start, end)) => (instants(start), instants(end)),
            None => (Column::nulls(n), Column::nulls(n)),
        };
        let revision = match rows.revisions {
            Some(revisions) => Column::Int(revisions.into()),
            None => Column::Const(Value::Int(0), n),
        };
        let columns = keys.into_iter().chain([start, end, revision]).chain(values);
        self.made.push(Made {
            places: rows.places,
            times: rows.times,
            columns: columns.collect(),
        });
    }
}

/// Where made rows stand, when they are, and the windows they are of.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) places: Vec<Place>,
    pub(super) times: Vec<i64>,
    pub(super) bounds: Option<(Vec<i64>, Vec<i64>)>,
    pub(super) revisions: Option<Vec<i64>>,
}

/// What a kind of window does with the rows of some of the keys.
pub(super) trait Windows: Send + std::fmt::Debug {
    /// Takes rows (none: all of the batch), in order.
    fn take(&mut self, batch: &Batch, rows: Option<&[u32]>, out: &mut Emitted);

    /// Everything before this place is there: what is determined before it comes out.
    fn advance(&mut self, until: Place, out: &mut Emitted);

    /// The input has ended.
    fn finish(&mut self, ending: Ending, out: &mut Emitted);

    /// About how many bytes of memory are held.
    fn bytes(&self) -> usize;
}

/// What all shards share.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// How many columns the key has.
    pub(super) keys: usize,
    /// Empty accumulators of the calls.
    pub(super) calls: Accumulators,
    /// The same for windows that slide row by row.
    pub(super) specs: Vec<Spec>,
    /// How late a row may be. Nanoseconds.
    pub(super) lateness: i64,
}

/// The state of one aggregation.
#[derive(Debug)]
pub struct Aggregation {
    shards: Vec<Box<dyn Windows>>,
    /// Memory is looked at now and then; the largest seen.
    peak: usize,
}

/// How many shards keyed state is spread over at most when several threads work: two for each, so that
/// they end at about the same time. A power of two.
const SHARDS: usize = 16;

impl Aggregation {
    /// The state at the beginning. `lateness`: how late a row may be and still count; nanoseconds.
    /// `seq`: the rows have the number of their record as the arguments of one call more, and what is
    /// made has that of the record that determined it as its last column.
    #[must_use]
    pub fn new(exprs: &Exprs, made: &Aggregate, lateness: i64, threads: usize, seq: bool) -> Self {
        let mut specs = specs(exprs, &made.calls);
        if seq {
            specs.push(seq_spec(&made.over));
        }
        let setting = Setting {
            keys: made.keys.len(),
            calls: Accumulators::new(&specs),
            specs,
            lateness,
        };
        let shards = if threads > 1 && !made.keys.is_empty() {
            (2 * threads).next_power_of_two().min(SHARDS)
        } else {
            1
        };
        Self {
            shards: (0..shards).map(|_| windows(&made.over, &setting)).collect(),
            peak: 0,
        }
    }

    /// Takes batches in order, then moves the clock. What was determined comes in order, in pieces; the
    /// first columns of the rows are the keys.
    pub fn run(
        &mut self,
        batches: &[Batch],
        until: Place,
        ending: Option<Ending>,
        errors: &mut Vec<CallErrors>,
    ) -> Vec<Made> {
        let rows: Vec<Option<Vec<Vec<u32>>>> = batches.iter().map(|batch| self.spread(batch)).collect();
        let emitted: Vec<Emitted> = self
            .shards
            .par_iter_mut()
            .enumerate()
            .map(|(shard, windows)| {
                let mut out = Emitted::default();
                for (batch, rows) in batches.iter().zip(&rows) {
                    match rows {
                        None => windows.take(batch, None, &mut out),
                        Some(rows) if rows[shard].is_empty() => {}
                        Some(rows) => windows.take(batch, Some(&rows[shard]), &mut out),
                    }
                }
                windows.advance(until, &mut out);
                if let Some(ending) = ending {
                    windows.finish(ending, &mut out);
                }
                out
            })
            .collect();
        self.peak = self.peak.max(self.shards.iter().map(|shard| shard.bytes()).sum());
        let mut made = Vec::new();
        for out in emitted {
            made.extend(out.made);
            errors.extend(out.errors);
        }
        Made::in_pieces(made)
    }

    /// The rows of each shard; none: all rows go to the only one.
    fn spread(&self, batch: &Batch) -> Option<Vec<Vec<u32>>> {
        let shards = self.shards.len();
        if shards == 1 {
            return None;
        }
        let mut rows = vec![Vec::with_capacity(batch.len() / shards + 8); shards];
        let shift = u64::BITS - shards.trailing_zeros();
        for row in 0..batch.len() {
            rows[(batch.keys.hash(row) >> shift) as usize].push(row as u32);
        }
        Some(rows)
    }

    /// The most memory that was held between rounds, in bytes, about.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.peak
    }
}

/// The number of the record that determines a row: the last of rows that are determined by one, the
/// first of those that time determines.
fn seq_spec(over: &Over) -> Spec {
    let by_record = matches!(
        over,
        Over::Window(Window::Trailing { .. } | Window::Count { .. }) | Over::All { running: true }
    );
    Spec {
        function: if by_record {
            AggFunction::Last
        } else {
            AggFunction::First
        },
        param: crate::data::Value::Null,
        args: vec![u32::MAX],
    }
}

/// What is reckoned; calls with equal arguments know of it.
#[must_use]
pub fn specs(exprs: &Exprs, calls: &[AggCall]) -> Vec<Spec> {
    let mut known: Vec<String> = Vec::new();
    let mut number = |id: &ExprId| {
        // Work that must not be shared is like nothing else.
        let text = structure(exprs, *id).unwrap_or_else(|| format!("#{}", id.0));
        let at = known.iter().position(|other| *other == text);
        at.unwrap_or_else(|| {
            known.push(text);
            known.len() - 1
        }) as u32
    };
    calls
        .iter()
        .map(|call| Spec {
            function: call.function,
            param: call.param.clone(),
            args: call.args.iter().map(&mut number).collect(),
        })
        .collect()
}

fn windows(over: &Over, setting: &Setting) -> Box<dyn Windows> {
    match *over {
        Over::Window(Window::Time {
            align_first: true,
            size,
            slide,
            ..
        }) => Box::new(Anchored::new(setting, size, slide)),
        Over::Window(Window::Time {
            size, slide, offset, ..
        }) => Box::new(Grid::new(setting, size, slide, offset)),
        Over::Window(Window::Trailing { size, closed }) => Box::new(Trailing::new(setting, size, closed)),
        Over::Window(Window::Count { size, slide, partial }) if slide == size => {
            Box::new(Counts::new(setting, size, partial))
        }
        Over::Window(Window::Count { size, slide, partial }) => {
            Box::new(SlidingCounts::new(setting, size, slide, partial))
        }
        Over::Window(Window::Session { gap }) => Box::new(Sessions::new(setting, gap)),
        // Collected rows are reckoned window by window where they come out.
        Over::Collected | Over::All { running: false } => Box::new(Whole::new(setting, false)),
        Over::All { running: true } => Box::new(Whole::new(setting, true)),
    }
}
