//! Combinations of rows that a join has found, and the rows made of them.

use super::Made;
use super::join_rows::Side;
use crate::data::{Column, Place};
use crate::ir::Join;

/// Says which of some made rows satisfy the join's condition; none: there is no condition.
pub type Judge<'a> = dyn FnMut(&Made) -> Option<Vec<u32>> + 'a;

/// Combinations, and the rows made so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// For each combination its row of each input.
    pub(super) ids: Vec<u64>,
    pub(super) places: Vec<Place>,
    pub(super) times: Vec<i64>,
    pub(super) made: Vec<Made>,
}

impl Found {
    /// Puts the combinations from `from` on, which one row has completed, in order: by the rows of the
    /// first input, oldest first, then by those of the next.
    pub(super) fn put_in_order(&mut self, from: usize, inputs: usize) {
        let new = &mut self.ids[from..];
        if new.len() <= inputs || new.chunks(inputs).is_sorted() {
            return;
        }
        let mut sorted: Vec<&[u64]> = new.chunks(inputs).collect();
        sorted.sort_unstable();
        let sorted = sorted.concat();
        new.copy_from_slice(&sorted);
    }
}

/// How rows are made: which of their columns are of which input.
#[derive(Debug)]
pub(super) struct Makes {
    /// How many columns of each input.
    columns: Vec<usize>,
}

impl Makes {
    pub(super) fn new(join: &Join) -> Self {
        Self {
            columns: join.inputs.iter().map(|input| input.reads.len()).collect(),
        }
    }

    /// Makes rows of the combinations that the judge lets pass; their rows have found partners.
    pub(super) fn flush(&self, sides: &mut [Side], found: &mut Found, judge: &mut Judge<'_>) {
        let ids = std::mem::take(&mut found.ids);
        let made = self.rows(sides, &ids, found);
        if made.places.is_empty() {
            return;
        }
        let kept = judge(&made);
        let mut mark = |row: usize| {
            let ids = ids[row * sides.len()..].iter();
            sides
                .iter_mut()
                .zip(ids)
                .filter(|(side, _)| side.alone)
                .for_each(|(side, &id)| side.row_mut(id).found = true);
        };
        match kept {
            None => {
                (0..made.places.len()).for_each(&mut mark);
                found.made.push(made);
            }
            Some(kept) => {
                kept.iter().for_each(|&row| mark(row as usize));
                found.made.push(made.pick(&kept));
            }
        }
    }

    /// The rows of all combinations.
    pub(super) fn rows(&self, sides: &[Side], ids: &[u64], found: &mut Found) -> Made {
        let inputs = sides.len();
        let columns = sides.iter().enumerate();
        let columns = columns.flat_map(|(at, side)| side.columns(ids.iter().skip(at).step_by(inputs).copied()));
        Made {
            columns: columns.collect(),
            places: std::mem::take(&mut found.places),
            times: std::mem::take(&mut found.times),
        }
    }

    /// Makes rows of rows of one input alone: where and when, and their numbers.
    pub(super) fn alone(&self, sides: &[Side], at: usize, rows: &[(Place, i64, u64)], found: &mut Found) {
        if rows.is_empty() {
            return;
        }
        let mut columns = Vec::new();
        for (side, &count) in self.columns.iter().enumerate() {
            if side == at {
                columns.extend(sides[at].columns(rows.iter().map(|row| row.2)));
            } else {
                columns.extend(std::iter::repeat_n(Column::nulls(rows.len()), count));
            }
        }
        found.made.push(Made {
            places: rows.iter().map(|row| row.0).collect(),
            times: rows.iter().map(|row| row.1).collect(),
            columns,
        });
    }
}
