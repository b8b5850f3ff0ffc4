//! The rows of a round in replay order, with what is known of each alone.
//!
//! Rows of one place form a *tick*: they are born of one event and never follow each other. Rows that
//! satisfy no step's own condition are left out at once, unless strictness counts them.

use arrow::array::Array;

use super::keyed::{Asked, Keyed, Numbers};
use super::store::Store;
use crate::data::{Column, Place};
use crate::ir::{Pattern, StepId};
use crate::ordered::Batch;

/// A row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) time: i64,
    /// The segment of the store, and the row in it.
    pub(super) at: (u32, u32),
    /// Which batch of the round.
    batch: u32,
    pub(super) partition: u32,
}

/// The rows of a round.
#[derive(Debug)]
pub(super) struct Round {
    /// In order.
    pub(super) rows: Vec<Row>,
    numbers: Vec<Numbers>,
    /// For each batch the words of the rows' masks: a bit for each step that a row satisfies alone.
    masks: Vec<Vec<u64>>,
    /// How many words a mask has.
    words: usize,
}

impl Round {
    /// Looks at the rows of a round. `lateness`: rows that are later are left out. `all`: rows that
    /// satisfy no step count too.
    pub(super) fn new(
        pattern: &Pattern,
        (keyed, store): (&mut Keyed, &mut Store),
        batches: &[(u8, Batch)],
        (lateness, all): (i64, bool),
    ) -> Self {
        let words = pattern.steps.len().div_ceil(64);
        let of = |input: usize| -> Vec<StepId> {
            let steps = pattern.steps.iter().enumerate();
            steps
                .filter(|(_, step)| step.input == input)
                .map(|(at, _)| at)
                .collect()
        };
        let steps: Vec<Vec<StepId>> = (0..pattern.inputs.len()).map(of).collect();
        let mut masks = Vec::with_capacity(batches.len());
        let mut asked = Vec::with_capacity(batches.len());
        for (input, batch) in batches {
            let steps = &steps[*input as usize];
            let (mask, mut rows) = mask(pattern, steps, batch, words, all);
            if batch.late.is_some() || lateness == 0 {
                rows.retain(|&row| !too_late(batch, row as usize, lateness));
            }
            masks.push(mask);
            asked.push(Asked { steps, batch, rows });
        }
        let numbers = keyed.number(pattern, &asked);
        let mut rows = Vec::with_capacity(asked.iter().map(|one| one.rows.len()).sum());
        for (at, one) in asked.iter().enumerate() {
            if one.rows.is_empty() {
                continue;
            }
            let segment = store.enter(batches[at].0 as usize, one.batch);
            rows.extend(one.rows.iter().map(|&row| Row {
                place: one.batch.place(row as usize),
                time: one.batch.times[row as usize],
                at: (segment, row),
                batch: at as u32,
                partition: numbers[at].partition(row),
            }));
        }
        let input = |row: &Row| batches[row.batch as usize].0;
        if !rows.is_sorted_by(|a, b| (a.place, input(a)) <= (b.place, input(b))) {
            rows.sort_by_key(|row| (row.place, input(row)));
        }
        Self {
            rows,
            numbers,
            masks,
            words,
        }
    }

    /// The steps that a row satisfies alone, ascending.
    #[inline]
    pub(super) fn steps(&self, row: &Row) -> impl Iterator<Item = StepId> + '_ {
        let from = row.at.1 as usize * self.words;
        let words = &self.masks[row.batch as usize][from..from + self.words];
        words
            .iter()
            .enumerate()
            .flat_map(|(at, &word)| Bits(word).map(move |bit| at * 64 + bit))
    }

    /// Whether a row satisfies a step alone.
    #[inline]
    pub(super) fn fits(&self, row: &Row, step: StepId) -> bool {
        let word = self.masks[row.batch as usize][row.at.1 as usize * self.words + step / 64];
        word >> (step % 64) & 1 == 1
    }

    /// The number of a value of a row in a domain.
    #[inline]
    pub(super) fn key(&self, row: &Row, domain: usize, value: usize) -> u32 {
        self.numbers[row.batch as usize].key(domain, value, row.at.1)
    }

    /// The end of the tick that begins with a row.
    pub(super) fn tick_end(&self, from: usize) -> usize {
        let place = self.rows[from].place;
        let same = self.rows[from + 1..].iter().take_while(|row| row.place == place);
        from + 1 + same.count()
    }
}

/// The positions of the bits that are set.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

/// For each row of a batch which steps it satisfies alone, and the rows of interest.
fn mask(pattern: &Pattern, steps: &[StepId], batch: &Batch, words: usize, all: bool) -> (Vec<u64>, Vec<u32>) {
    let mut mask = vec![0_u64; batch.len() * words];
    for &step in steps {
        let (word, bit) = (step / 64, 1_u64 << (step % 64));
        let mut set = |row: usize| mask[row * words + word] |= bit;
        match pattern.steps[step].alone.map(|value| &batch.args[0][value]) {
            None => (0..batch.len()).for_each(set),
            Some(Column::Bool(array)) => {
                let truth = match array.nulls() {
                    None => array.values().clone(),
                    Some(nulls) => array.values() & nulls.inner(),
                };
                truth.set_indices().for_each(set);
            }
            Some(column) => {
                for row in 0..batch.len() {
                    if matches!(column.value(row), crate::data::Value::Bool(true)) {
                        set(row);
                    }
                }
            }
        }
    }
    let rows = 0..batch.len() as u32;
    let rows = match (all, words) {
        (true, _) => rows.collect(),
        (false, 1) => rows.filter(|&row| mask[row as usize] != 0).collect(),
        (false, _) => {
            let some = |row: u32| mask[row as usize * words..][..words].iter().any(|&word| word != 0);
            rows.filter(|&row| some(row)).collect()
        }
    };
    (mask, rows)
}

fn too_late(batch: &Batch, row: usize, lateness: i64) -> bool {
    batch.is_late(row) && batch.clock(row).saturating_sub(batch.times[row]) > lateness
}
