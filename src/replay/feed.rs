//! The rows of a round that are ready for an operator, in the total order.

use std::sync::Arc;

use super::flow::{Flow, View};
use super::gathered::{Added, RowRef};
use super::hold::Held;
use crate::data::{Column, FieldId, Place};
use crate::ordered::{Batch, Keys, Places};

/// Rows in order, as batches.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) held: Vec<Held>,
    pub(super) batches: Vec<Batch>,
    /// For each batch where its rows come from: all rows of one that was held, or each its own.
    sources: Vec<Source>,
    flows: Vec<Arc<Flow>>,
}

#[derive(Debug)]
enum Source {
    Held(usize),
    Mixed(Vec<(u32, u32)>),
}

impl Feed {
    /// Puts held batches in order. Batches that follow each other stay as they are; others are merged.
    pub(super) fn new(held: Vec<Held>) -> Self {
        let flows = held.iter().map(|held| Arc::new(held.flow.clone())).collect();
        let mut order: Vec<usize> = (0..held.len()).collect();
        order.sort_by_key(|&at| held[at].place(0));
        let (batches, sources) = if follow(&held, &order) {
            let batches = order.iter().map(|&at| held[at].batch());
            (batches.collect(), order.iter().map(|&at| Source::Held(at)).collect())
        } else {
            let rows = merged(&held);
            (vec![mixed(&held, &rows)], vec![Source::Mixed(rows)])
        };
        Self {
            held,
            batches,
            sources,
            flows,
        }
    }

    /// The batches alone, where nobody asks for the rows again.
    pub(super) fn batches(held: Vec<Held>) -> Vec<Batch> {
        let mut order: Vec<usize> = (0..held.len()).collect();
        order.sort_by_key(|&at| held[at].place(0));
        if !follow(&held, &order) {
            let rows = merged(&held);
            return vec![mixed(&held, &rows)];
        }
        let mut held: Vec<Option<Held>> = held.into_iter().map(Some).collect();
        let taken = order.into_iter().filter_map(|at| held[at].take());
        taken.map(Held::into_batch).collect()
    }

    /// A row of a batch.
    pub(super) fn row(&self, batch: usize, row: usize) -> RowRef {
        let (held, at) = self.source(batch, row);
        let view = &self.held[held].view;
        RowRef {
            flow: self.flows[held].clone(),
            row: view.rows.as_ref().map_or(at as u32, |rows| rows[at]),
        }
    }

    /// Which of the held batches a row of a batch is of, and its number in that flow.
    pub(super) fn held_row(&self, batch: usize, row: usize) -> (usize, u32) {
        let (held, at) = self.source(batch, row);
        let rows = &self.held[held].view.rows;
        (held, rows.as_ref().map_or(at as u32, |rows| rows[at]))
    }

    fn source(&self, batch: usize, row: usize) -> (usize, usize) {
        match &self.sources[batch] {
            Source::Held(at) => (*at, row),
            Source::Mixed(rows) => (rows[row].0 as usize, rows[row].1 as usize),
        }
    }

    /// For each held batch those of its selected rows that were `kept` (for each batch in order some of
    /// its rows), ascending, and where each stands among them: the batch and its place in `kept`.
    fn back(&self, kept: &[Vec<u32>]) -> Vec<Vec<(u32, (u32, u32))>> {
        let mut rows: Vec<Vec<(u32, (u32, u32))>> = vec![Vec::new(); self.held.len()];
        for (batch, kept) in kept.iter().enumerate() {
            for (nth, &row) in kept.iter().enumerate() {
                let (held, at) = self.source(batch, row as usize);
                rows[held].push((at as u32, (batch as u32, nth as u32)));
            }
        }
        rows.iter_mut().for_each(|rows| rows.sort_unstable());
        rows
    }

    /// The flows with the rows that passed, and the fields added to these; a field has for each batch
    /// a column of values for the rows in `kept`.
    pub(super) fn passed(
        self,
        kept: &[Vec<u32>],
        fields: &[(FieldId, Option<&str>, Vec<Column>)],
    ) -> Vec<(Flow, View)> {
        let back = self.back(kept);
        let mut flows = Vec::new();
        for (held, rows) in self.held.into_iter().zip(back) {
            if rows.is_empty() {
                continue;
            }
            let at: Vec<u32> = rows.iter().map(|row| row.0).collect();
            let whole = at.len() == held.len();
            let view = if whole { held.view } else { held.view.pick(&at) };
            if fields.is_empty() {
                flows.push((held.flow, view));
                continue;
            }
            let places: Vec<(u32, u32)> = rows.iter().map(|row| row.1).collect();
            let selected: Vec<u32> = view.each(held.flow.rows.len()).collect();
            let added = fields.iter().map(|(field, name, columns)| {
                let columns: Vec<&Column> = columns.iter().collect();
                Added {
                    field: *field,
                    name: name.map(str::to_owned),
                    column: Column::gather(&columns, &places).scatter(&selected, held.flow.rows.len()),
                }
            });
            let added = added.collect();
            flows.push((held.flow.extended(added), view));
        }
        flows
    }
}

/// Whether the batches follow each other, each in order.
fn follow(held: &[Held], order: &[usize]) -> bool {
    let mut before: Option<Place> = None;
    order.iter().all(|&at| {
        let one = &held[at];
        let first = one.place(0);
        let in_turn = before.is_none_or(|before| before < first);
        before = Some(one.place(one.len() - 1));
        in_turn && in_order(one)
    })
}

fn in_order(held: &Held) -> bool {
    use super::rows::Origin;
    match held.flow.from.origin {
        // Records of a batch lie in order of the input.
        Origin::Records(_) => held.clock.as_ref().unwrap_or(&held.times).is_sorted(),
        _ => (1..held.len()).all(|at| held.place(at - 1) <= held.place(at)),
    }
}

fn merged(held: &[Held]) -> Vec<(u32, u32)> {
    let mut rows: Vec<(Place, u32, u32)> = Vec::new();
    for (batch, one) in held.iter().enumerate() {
        rows.extend((0..one.len()).map(|at| (one.place(at), batch as u32, at as u32)));
    }
    rows.sort_unstable();
    rows.into_iter().map(|row| (row.1, row.2)).collect()
}

/// One batch of rows of several.
fn mixed(held: &[Held], rows: &[(u32, u32)]) -> Batch {
    let batches: Vec<Batch> = held.iter().map(Held::batch).collect();
    let keys: Vec<&Keys> = batches.iter().map(|batch| &batch.keys).collect();
    let at = |row: &(u32, u32)| (row.0 as usize, row.1 as usize);
    let args = batches.first().map_or(0, |batch| batch.args.len());
    let args = (0..args).map(|call| {
        (0..batches[0].args[call].len())
            .map(|arg| {
                let columns: Vec<&Column> = batches.iter().map(|batch| &batch.args[call][arg]).collect();
                Column::gather(&columns, rows)
            })
            .collect()
    });
    let late = rows.iter().map(at).map(|(batch, row)| batches[batch].is_late(row));
    let late: Vec<bool> = late.collect();
    Batch {
        args: args.collect(),
        keys: Keys::gather(&keys, rows),
        times: rows
            .iter()
            .map(at)
            .map(|(batch, row)| batches[batch].times[row])
            .collect(),
        places: Places::Listed(
            rows.iter()
                .map(at)
                .map(|(batch, row)| batches[batch].place(row))
                .collect(),
        ),
        late: late.contains(&true).then_some(late),
    }
}
