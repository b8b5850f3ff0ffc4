//! Attention windows over the rows of a run: each event of a partition with the events before it.
//!
//! Rows come in the one total order and are kept apart by partition. What is computed for an event
//! depends on the events of its partition up to it and on nothing else; so partitions, and within one
//! the blocks of events, are worked on side by side, and the pieces are put together in order.
//!
//! Cost: an event is embedded once, when it comes; its scores against the window are computed when
//! something asks for them, for blocks of consecutive events together. Memory follows the windows.

use indexmap::IndexMap;
use rayon::prelude::*;

use super::partition::Partition;
use super::shared::{Erred, Outcome, RowAt, Shared, leaves};
use super::{Embedder, Recall};
use crate::data::value::FixedHasher;
use crate::data::{Column, FieldId, Value};
use crate::eval::{Program, RowFailure};
use crate::ir::{Attend, Attention, AttentionStep, Expr, Exprs, Index, Reach};
use crate::ordered::{Batch, KeyTable};

/// A window's operator in a run.
#[derive(Debug)]
pub struct Attending {
    shared: Shared,
    keys: KeyTable,
    partitions: Vec<Partition>,
    /// The largest time so far, and how many rows have come since partitions were swept.
    latest: i64,
    unswept: usize,
    peak: usize,
}

/// Fields that the steps have added to the rows that passed.
pub type Added = (FieldId, Option<String>, Vec<Column>);

/// What became of the rows.
#[derive(Debug, Default)]
pub struct Passed {
    /// For each batch the rows that go on, in order.
    pub kept: Vec<Vec<u32>>,
    /// The fields added to them: for each batch a column over the rows in `kept`.
    pub fields: Vec<Added>,
    /// The evaluation errors, in order.
    pub errors: Vec<Erred>,
    /// The rows that failed, in order: they do not go on.
    pub failures: Vec<(RowAt, RowFailure)>,
}

impl Attending {
    /// A window that has seen nothing. `ordered`: rows come in order of their times.
    #[must_use]
    pub fn new(exprs: &Exprs, attention: &Attention, embedder: Embedder, ordered: bool) -> Self {
        let (mut by_event, mut keeps_scores, mut conditional) = (false, false, false);
        let mut nearest = attention
            .novelties
            .iter()
            .map(|novelty| novelty.k as usize)
            .max()
            .unwrap_or(0);
        for step in &attention.steps {
            for root in step.expressions() {
                exprs.walk(root, &mut |id| {
                    if let Expr::Attend(what, args, _) = exprs.get(id) {
                        by_event |= !args.is_empty() && !matches!(what, Attend::Novelty(_));
                        let of_event = args.first().is_some_and(|arg| matches!(exprs.get(*arg), Expr::Row));
                        let of_best = of_event && matches!(what, Attend::Top | Attend::Outlier);
                        keeps_scores |= !conditional && of_best;
                        if let (true, Some(Expr::Lit(Value::Int(n)))) = (of_best, args.get(1).map(|id| exprs.get(*id)))
                        {
                            nearest = nearest.max(usize::try_from(*n).unwrap_or(0));
                        }
                    }
                });
            }
            conditional |= !matches!(step, AttentionStep::Compute { .. });
        }
        Self {
            shared: Shared {
                leaves: leaves(exprs, attention),
                attention: attention.clone(),
                embedder,
                by_event,
                all_scores: keeps_scores || !attention.novelties.is_empty(),
                keeps_scores,
                ordered,
                nearest: (attention.index == Index::Ivf && nearest > 0).then_some(nearest),
            },
            keys: KeyTable::default(),
            partitions: Vec::new(),
            latest: i64::MIN,
            unswept: 0,
            peak: 0,
        }
    }

    /// Takes rows in order.
    pub fn run(&mut self, program: &Program<'_>, batches: &[Batch]) -> Passed {
        let mut numbers = Vec::new();
        for batch in batches {
            self.keys.number(&batch.keys, 0..batch.len(), &mut numbers, |_| {});
        }
        self.partitions.resize_with(self.keys.len(), Partition::default);
        let mut rows: IndexMap<u32, Vec<RowAt>, FixedHasher> = IndexMap::default();
        let all = batches.iter().enumerate();
        let all = all.flat_map(|(at, batch)| (0..batch.len()).map(move |row| (at as u32, row as u32)));
        for (place, &number) in all.zip(&numbers) {
            rows.entry(number).or_default().push(place);
        }
        let work: Vec<(u32, Partition, Vec<RowAt>)> = rows
            .into_iter()
            .map(|(number, rows)| (number, std::mem::take(&mut self.partitions[number as usize]), rows))
            .collect();
        let shared = &self.shared;
        let done: Vec<(u32, Partition, Outcome)> = work
            .into_par_iter()
            .map(|(number, mut partition, rows)| {
                let outcome = partition.run(shared, program, batches, &rows);
                (number, partition, outcome)
            })
            .collect();
        let mut all = Outcome::default();
        for (number, partition, outcome) in done {
            self.partitions[number as usize] = partition;
            all.append(outcome);
        }
        all.errors.sort_by_key(|erred| erred.place);
        all.failures.sort_by_key(|failure| failure.0);
        self.peak = self.peak.max(self.bytes());
        self.sweep(batches);
        self.passed(batches.len(), all)
    }

    /// Now and then forgets the events of partitions that no later window can hold: where rows come in
    /// order of time that changes nothing.
    fn sweep(&mut self, batches: &[Batch]) {
        let Reach::Time(reach) = self.shared.attention.reach else {
            return;
        };
        let times = batches.iter().flat_map(|batch| batch.times.last());
        self.latest = times.fold(self.latest, |latest, time| latest.max(*time));
        self.unswept += batches.iter().map(Batch::len).sum::<usize>();
        if !self.shared.ordered || self.unswept < 4 * self.partitions.len() + 4096 {
            return;
        }
        self.unswept = 0;
        let until = self.latest.saturating_sub(reach);
        let shared = &self.shared;
        self.partitions
            .iter_mut()
            .for_each(|partition| partition.expire(shared, until));
    }

    fn passed(&self, batches: usize, outcome: Outcome) -> Passed {
        let Outcome {
            mut rows,
            errors,
            failures,
        } = outcome;
        rows.sort_by_key(|row| row.at);
        let mut kept: Vec<Vec<u32>> = vec![Vec::new(); batches];
        let made: Vec<(FieldId, Option<String>)> = self
            .shared
            .attention
            .steps
            .iter()
            .filter_map(|step| match step {
                AttentionStep::Compute { field, name, .. } => Some((*field, name.clone())),
                AttentionStep::Pattern { field, .. } => Some((*field, Some("pattern_name".to_owned()))),
                AttentionStep::Keep(_) => None,
            })
            .collect();
        let mut values: Vec<Vec<Vec<Value>>> = vec![vec![Vec::new(); batches]; made.len()];
        for row in rows {
            let (batch, at) = row.at;
            kept[batch as usize].push(at);
            for (column, value) in values.iter_mut().zip(row.values) {
                column[batch as usize].push(value);
            }
        }
        let fields = made.into_iter().zip(values).map(|((field, name), columns)| {
            let columns = columns.into_iter().map(Column::from_values).collect();
            (field, name, columns)
        });
        Passed {
            kept,
            fields: fields.collect(),
            errors,
            failures,
        }
    }

    /// About how many bytes of memory are held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.keys.bytes() + self.partitions.iter().map(Partition::bytes).sum::<usize>()
    }

    /// How many events are held.
    #[must_use]
    pub fn events(&self) -> usize {
        self.partitions.iter().map(Partition::len).sum()
    }

    /// The most memory that was held, in bytes, about.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.peak
    }

    /// How many of the nearest events an approximate index found, where there is one.
    #[must_use]
    pub fn recall(&self) -> Option<Recall> {
        let mut all: Option<Recall> = None;
        for recall in self.partitions.iter().filter_map(Partition::recall) {
            let sum = all.get_or_insert_default();
            sum.hits += recall.hits;
            sum.asked += recall.asked;
        }
        all
    }
}
