//! One partition of an attention window: its events, and what becomes of the rows that come.
//!
//! Rows are worked on in chunks: first the vectors of all, then the scores of blocks of events side by
//! side, then the novelties one after another, then the steps side by side. The sizes of chunks and
//! blocks never reach a result: a score is the same sum in the same order wherever it is computed.

use std::collections::VecDeque;
use std::sync::Arc;

use indexmap::IndexMap;
use rayon::prelude::*;

use super::at::{Computed, Scored, Window};
use super::shared::{Erred, Outcome, Row, RowAt, Shared};
use super::{History, Ivf, Ranks, Recall, Scores, energy};
use crate::data::Value;
use crate::data::value::FixedHasher;
use crate::eval::{Program, WindowEvaluator};
use crate::ir::{AttentionStep, Reach};
use crate::ordered::Batch;

/// How many rows are evaluated by one evaluator.
const BLOCK: usize = 16;

/// How many events an index makes ready for where the window is one of time.
const EXPECTED: u64 = 50_000;

/// About how many scores a chunk holds at once.
const SCORES: usize = 1 << 20;

/// The events of a partition that some window may still hold, and what follows them one by one.
#[derive(Debug, Default)]
pub(super) struct Partition {
    history: Option<History>,
    /// Finds the nearest events approximately, where the program says so.
    index: Option<Ivf>,
    /// The first event that is kept: windows begin there or later.
    first: u64,
    /// By event from the first.
    times: VecDeque<i64>,
    /// Their records, where somebody reads them.
    elements: VecDeque<Value>,
    /// Which event a record is, by its place in memory; only ever asked for records that are kept.
    numbers: IndexMap<usize, u64, FixedHasher>,
    /// The novelties, in order of the operator's.
    ranks: Vec<Ranks>,
    /// The largest time so far.
    latest: Option<i64>,
    /// Where the window of the last row begins.
    begun: u64,
}

/// A row on its way: its event, and where its window begins.
#[derive(Clone, Copy, Debug)]
struct Event {
    at: RowAt,
    number: u64,
    begin: u64,
}

impl Partition {
    /// Takes the rows of a round, in order.
    pub(super) fn run(&mut self, shared: &Shared, program: &Program<'_>, batches: &[Batch], rows: &[RowAt]) -> Outcome {
        if self.history.is_none() {
            self.history = Some(History::new(&shared.embedder));
            let expected = match shared.attention.reach {
                Reach::Count(count) => count,
                Reach::Time(_) => EXPECTED,
            };
            self.index = shared.nearest.map(|_| Ivf::new(expected));
        }
        if self.ranks.is_empty() {
            let novelties = shared.attention.novelties.iter();
            self.ranks = novelties.map(|novelty| Ranks::new(novelty.history as usize)).collect();
        }
        let events: Vec<Event> = rows.iter().map(|&at| self.take(shared, batches, at)).collect();
        let mut outcome = Outcome::default();
        let mut rest = events.as_slice();
        while let Some(first) = rest.first() {
            let window = (first.number - first.begin) as usize + BLOCK;
            let chunk = (SCORES / window).clamp(BLOCK, 1 << 16) / BLOCK * BLOCK;
            let (now, later) = rest.split_at(chunk.min(rest.len()));
            rest = later;
            outcome.append(self.chunk(shared, program, batches, now));
        }
        if let Some(last) = events.last() {
            self.forget(last.begin);
        }
        outcome
    }

    /// A row becomes an event.
    fn take(&mut self, shared: &Shared, batches: &[Batch], at: (u32, u32)) -> Event {
        let (batch, row) = (&batches[at.0 as usize], at.1 as usize);
        let values: Vec<Value> = batch.args[0].iter().map(|column| column.value(row)).collect();
        let history = self.history.get_or_insert_with(|| History::new(&shared.embedder));
        let number = history.push(&shared.embedder, &values);
        let time = batch.times[row];
        let latest = self.latest.map_or(time, |latest| latest.max(time));
        self.latest = Some(latest);
        self.times.push_back(time);
        if let Some(column) = batch.args[1].first() {
            self.keep(shared, number, column.value(row));
        }
        let begin = match shared.attention.reach {
            Reach::Count(count) => (number + 1).saturating_sub(count).max(self.first),
            Reach::Time(time) => self.begin(latest.saturating_sub(time)),
        };
        Event { at, number, begin }
    }

    /// The first event after a time. It only ever moves on: late rows come when later ones are there
    /// already, and see these.
    fn begin(&mut self, until: i64) -> u64 {
        self.begun = self.begun.max(self.first);
        while self
            .times
            .get((self.begun - self.first) as usize)
            .is_some_and(|&time| time <= until)
        {
            self.begun += 1;
        }
        // The event itself is of its window, also where it is late.
        self.begun = self.begun.min(self.first + self.times.len() as u64 - 1);
        self.begun
    }

    fn keep(&mut self, shared: &Shared, number: u64, mut element: Value) {
        if let (true, Value::Map(record)) = (shared.by_event, &element) {
            let mut place = Arc::as_ptr(record) as usize;
            if self.numbers.contains_key(&place) {
                // Equal events may come as one record; here each is one of its own.
                let own = Arc::new((**record).clone());
                place = Arc::as_ptr(&own) as usize;
                element = Value::Map(own);
            }
            self.numbers.insert(place, number);
        }
        self.elements.push_back(element);
    }

    /// Forgets all events if the last of them is not after a time. What is ranked stays, and so do the values
    /// that the next event lags behind.
    pub(super) fn expire(&mut self, shared: &Shared, until: i64) {
        if self.times.is_empty() || self.latest.is_none_or(|latest| latest > until) {
            return;
        }
        let lags = shared
            .attention
            .embedding
            .features
            .iter()
            .any(|feature| feature.lags > 1);
        if lags || self.index.is_some() {
            return self.forget(self.first + self.times.len() as u64);
        }
        *self = Self {
            ranks: std::mem::take(&mut self.ranks),
            latest: self.latest,
            ..Self::default()
        };
    }

    fn forget(&mut self, before: u64) {
        while self.first < before {
            self.times.pop_front();
            if let Some(Value::Map(record)) = self.elements.pop_front() {
                self.numbers.swap_remove(&(Arc::as_ptr(&record) as usize));
            }
            self.first += 1;
        }
        if let Some(history) = &mut self.history {
            history.forget(before);
        }
        if let Some(index) = &mut self.index {
            index.forget(before);
        }
    }

    fn chunk(&mut self, shared: &Shared, program: &Program<'_>, batches: &[Batch], events: &[Event]) -> Outcome {
        let Some(history) = &self.history else {
            return Outcome::default();
        };
        let scored: Vec<Vec<Scored>> = match (&mut self.index, shared.nearest) {
            (Some(index), Some(n)) => vec![
                events
                    .iter()
                    .map(|event| find(shared, history, index, event, n))
                    .collect(),
            ],
            _ => events
                .par_chunks(BLOCK)
                .map(|block| score(shared, history, block))
                .collect(),
        };
        let mut computed: Vec<Computed> = Vec::with_capacity(events.len());
        for scored in scored.into_iter().flatten() {
            let energies = scored.energies.iter().zip(&mut self.ranks);
            computed.push(Computed {
                novelties: energies
                    .map(|(energy, ranks)| energy.and_then(|energy| ranks.push(energy)))
                    .collect(),
                scores: scored.scores,
                nearest: scored.nearest,
            });
        }
        let mut blocks: Vec<Vec<(Event, Computed)>> = Vec::new();
        let mut pairs = events.iter().copied().zip(computed).peekable();
        while pairs.peek().is_some() {
            blocks.push(pairs.by_ref().take(BLOCK).collect());
        }
        let own = &*self;
        let done: Vec<Outcome> = blocks
            .into_par_iter()
            .map(|block| own.steps(shared, program, batches, block))
            .collect();
        let mut all = Outcome::default();
        done.into_iter().for_each(|outcome| all.append(outcome));
        all
    }

    /// Runs the steps for a block of events.
    fn steps(
        &self,
        shared: &Shared,
        program: &Program<'_>,
        batches: &[Batch],
        block: Vec<(Event, Computed)>,
    ) -> Outcome {
        let Some(history) = &self.history else {
            return Outcome::default();
        };
        let mut evaluator = WindowEvaluator::new(program);
        let places: Vec<RowAt> = block.iter().map(|(event, _)| event.at).collect();
        let mut passed = Vec::new();
        for (nth, (event, computed)) in block.into_iter().enumerate() {
            let mut window = Window {
                shared,
                history,
                batch: &batches[event.at.0 as usize],
                row: event.at.1 as usize,
                number: event.number,
                begin: event.begin,
                first: self.first,
                elements: &self.elements,
                numbers: &self.numbers,
                computed,
                made: Vec::new(),
            };
            if let Some(values) = run(&mut evaluator, &mut window, nth as u32) {
                passed.push(Row { at: event.at, values });
            }
        }
        let errors = evaluator.take_errors().into_iter().map(|error| {
            let (batch, row) = places[error.first_row as usize];
            Erred {
                node: error.node,
                count: error.count,
                place: batches[batch as usize].place(row as usize),
                message: error.message,
            }
        });
        let errors = errors.collect();
        let failures = evaluator.take_failures();
        passed.retain(|row: &Row| !failures.keys().any(|nth| places[*nth as usize] == row.at));
        Outcome {
            rows: passed,
            errors,
            failures: failures
                .into_iter()
                .map(|(nth, failure)| (places[nth as usize], failure))
                .collect(),
        }
    }

    /// How many events are held.
    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    pub(super) fn bytes(&self) -> usize {
        let history = self.history.as_ref().map_or(0, History::bytes);
        let ranks = self.ranks.len() * size_of::<Ranks>();
        history + ranks + self.times.len() * 8 + self.elements.len() * 64 + self.numbers.len() * 32
    }

    pub(super) fn recall(&self) -> Option<Recall> {
        self.index.as_ref().map(Ivf::recall)
    }
}

/// The values of the steps; none when the row does not go on.
fn run(evaluator: &mut WindowEvaluator<'_>, window: &mut Window<'_>, nth: u32) -> Option<Vec<Value>> {
    for step in &window.shared.attention.steps {
        match step {
            AttentionStep::Compute { field, value, .. } => {
                let value = evaluator.value(window, nth, *value);
                window.made.push((*field, value));
            }
            AttentionStep::Keep(condition) => {
                if !evaluator.truth(window, nth, *condition) {
                    return None;
                }
            }
            AttentionStep::Pattern { field, named } => {
                let held = named
                    .iter()
                    .find(|(_, condition)| evaluator.truth(window, nth, *condition));
                let (name, _) = held?;
                window.made.push((*field, Value::str(name)));
            }
        }
    }
    Some(window.made.drain(..).map(|(_, value)| value).collect())
}

/// The scores of a block of consecutive events, and how far each is from its nearest.
fn score(shared: &Shared, history: &History, block: &[Event]) -> Vec<Scored> {
    let (Some(first), Some(last)) = (block.first(), block.last()) else {
        return Vec::new();
    };
    if !shared.all_scores {
        return block.iter().map(|_| Scored::default()).collect();
    }
    let begins: Vec<u64> = block.iter().map(|event| event.begin).collect();
    let mut scores = Scores::new();
    history.scores(first.number..last.number + 1, &begins, &mut scores);
    let one = |at: usize| {
        let row = scores.row(at);
        let energies = shared
            .attention
            .novelties
            .iter()
            .map(|novelty| energy(row, novelty.k as usize));
        Scored {
            energies: energies.collect(),
            scores: shared.keeps_scores.then(|| row.to_vec()),
            nearest: None,
        }
    };
    (0..block.len()).map(one).collect()
}

/// The nearest of an event by the index, which learns of the events one by one: what it finds depends on
/// those before, and never on how many came together.
fn find(shared: &Shared, history: &History, index: &mut Ivf, event: &Event, n: usize) -> Scored {
    index.add(history, event.number, event.begin);
    let nearest = index.nearest(history, event.number, event.begin, n);
    let scores: Vec<f32> = nearest.iter().map(|(_, score)| *score).collect();
    let novelties = shared.attention.novelties.iter();
    Scored {
        energies: novelties.map(|novelty| energy(&scores, novelty.k as usize)).collect(),
        scores: None,
        nearest: Some(nearest),
    }
}
