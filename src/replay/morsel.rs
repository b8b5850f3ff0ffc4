//! One morsel: decoded, run, and run again without the records that turned out to be bad.

use super::execute::{Context, Executor};
use super::ordered::OrderedState;
use super::outcome::Outcome;
use crate::data::BadRecord;
use crate::read::{Base, Decoded, Morsel};

/// A morsel under way.
pub(super) struct Task<'a> {
    /// Its input, by number.
    pub(super) input: usize,
    base: Option<Base>,
    pub(super) morsel: Morsel,
    pub(super) decoded: Option<Decoded>,
    executor: Option<Executor<'a>>,
    /// Bad records, in order.
    pub(super) bad: Vec<BadRecord>,
    /// For each batch its bad rows.
    skip: Vec<Vec<u32>>,
}

impl<'a> Task<'a> {
    pub(super) fn new(input: usize, morsel: Morsel, base: Option<Base>) -> Self {
        Self {
            base,
            input,
            morsel,
            decoded: None,
            executor: None,
            bad: Vec::new(),
            skip: Vec::new(),
        }
    }

    /// Finds the records.
    pub(super) fn decode(&mut self, context: &Context<'_>) {
        self.decode_at(context, self.base);
    }

    fn decode_at(&mut self, context: &Context<'_>, base: Option<Base>) {
        let decoded = self.morsel.decode_at(&context.decode, base);
        self.skip = vec![Vec::new(); decoded.batches.len()];
        self.decoded = Some(decoded);
    }

    /// Runs everything that does not depend on order. Each turn leaves out more records, so it ends.
    pub(super) fn run(&mut self, context: &'a Context<'a>) {
        let Some(decoded) = &self.decoded else { return };
        loop {
            let mut executor = Executor::new(context);
            for ((scan, batch), skip) in decoded.batches.iter().zip(&self.skip) {
                executor.records(*scan, batch, skip);
            }
            let mut found = false;
            for ((_, batch), skip) in decoded.batches.iter().zip(&mut self.skip) {
                let known = skip.len();
                for (row, bad) in batch.take_bad() {
                    if skip[..known].binary_search(&row).is_err() {
                        skip.push(row);
                        self.bad.push(bad);
                    }
                }
                found |= skip.len() > known;
                skip.sort_unstable();
                skip.dedup();
            }
            if !found {
                self.executor = Some(executor);
                return;
            }
        }
    }

    /// Whether a record's time depends on what stands before the morsel.
    pub(super) fn needs_base(&self) -> bool {
        self.decoded.as_ref().is_some_and(Decoded::needs_base)
    }

    /// Says where the morsel stands, and runs it again.
    pub(super) fn run_with_base(&mut self, context: &'a Context<'a>, base: Base) {
        if context.decode.from.is_some() || context.decode.to.is_some() {
            // Which records are there depends on it.
            self.bad.clear();
            self.decode_at(context, Some(base));
        } else if let Some(decoded) = &self.decoded {
            decoded.set_base(base);
        }
        self.run(context);
    }

    /// Runs the ordered part; gives all that came out, and all bad records in order.
    pub(super) fn finish(&mut self, state: &mut OrderedState) -> Outcome {
        let Some(mut executor) = self.executor.take() else {
            return Outcome::default();
        };
        executor.ordered(state);
        let mut outcome = executor.out;
        if let Some(decoded) = &mut self.decoded {
            self.bad.append(&mut decoded.bad);
        }
        self.bad.append(&mut outcome.bad);
        self.bad.sort_by_key(|bad| bad.position);
        self.bad.dedup_by_key(|bad| bad.position);
        outcome.side.sort_by_key(|line| line.offset);
        outcome.samples.sort_by_key(|sample| sample.offset);
        outcome
    }
}
