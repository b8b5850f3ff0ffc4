//! One morsel: decoded, run, and run again without the records that turned out to be bad.

use super::clock::MorselClock;
use super::execute::{Context, Executor};
use super::hold::Held;
use super::outcome::Outcome;
use crate::data::BadRecord;
use crate::read::{Base, Decoded, Morsel};

/// A morsel under way.
pub(super) struct Task<'a> {
    /// Its input, by number.
    pub(super) input: usize,
    pub(super) morsel: Morsel,
    pub(super) decoded: Option<Decoded>,
    executor: Option<Executor<'a>>,
    /// Bad records, in order.
    pub(super) bad: Vec<BadRecord>,
    /// For each batch its bad rows.
    skip: Vec<Vec<u32>>,
    /// Where it stands, once that is known.
    pub(super) base: Option<Base>,
    /// How many lines of its input lie before it, where that is known from the start.
    pub(super) lines: Option<u64>,
}

impl<'a> Task<'a> {
    pub(super) fn new(input: usize, morsel: Morsel, base: Option<Base>, lines: Option<u64>) -> Self {
        Self {
            input,
            morsel,
            decoded: None,
            executor: None,
            bad: Vec::new(),
            skip: Vec::new(),
            base,
            lines,
        }
    }

    /// Finds the records, unless they were found before.
    pub(super) fn decode(&mut self, context: &Context<'_>) {
        if self.decoded.is_none() {
            self.decode_at(context, self.base);
        }
    }

    /// Takes over the records, where they were found before.
    pub(super) fn take(&mut self, decoded: Decoded) {
        if let Some(base) = self.base {
            decoded.set_base(base);
        }
        self.skip = vec![Vec::new(); decoded.batches.len()];
        self.decoded = Some(decoded);
    }

    fn decode_at(&mut self, context: &Context<'_>, base: Option<Base>) {
        let decoded = self.morsel.decode_at(&context.decode, base);
        self.take(decoded);
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
        self.base = Some(base);
        if context.decode.from.is_some() || context.decode.to.is_some() {
            // Which records are there depends on it.
            self.bad.clear();
            self.decode_at(context, Some(base));
        } else if let Some(decoded) = &self.decoded {
            decoded.set_base(base);
        }
        self.run(context);
    }

    /// What came out, and what waits for the ordered part; all bad records are then known.
    pub(super) fn finish(&mut self) -> (Outcome, Vec<Held>) {
        let Some(executor) = self.executor.take() else {
            return (Outcome::default(), Vec::new());
        };
        let mut outcome = executor.out;
        if let Some(decoded) = &mut self.decoded {
            self.bad.append(&mut decoded.bad);
        }
        self.bad.append(&mut outcome.bad);
        self.bad.sort_by_key(|bad| bad.position);
        self.bad.dedup_by_key(|bad| bad.position);
        (outcome, executor.held)
    }

    /// The times of its records.
    pub(super) fn times(&self) -> MorselClock {
        let base = self.base.unwrap_or_default();
        let decoded = self.decoded.as_ref();
        decoded.map_or_else(MorselClock::default, |decoded| MorselClock::by_time(decoded, base))
    }
}
