//! Replay in order of time: the look-through, and the schedule that comes of it.
//!
//! Morsels are taken in the order of the smallest key in them, and a round's bound is the smallest
//! key of those not yet taken. So an input in order is replayed straight, one that is slightly out of
//! order keeps back the records above the bound, and several inputs are merged; nothing has to be
//! known about them but the smallest time of each morsel.
//!
//! An input that can only be read from its beginning (a compressed one) is taken in the order of its
//! morsels; the key of each is the smallest in it and all those behind it, which makes the bound
//! right there too.
//!
//! What is kept back may not fit into memory. Then the inputs that are the cause are sorted on disk
//! first, and their morsels come out of the merge in order.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use rayon::prelude::*;

use super::report::{InputOrder, OrderReport, Replayed};
use super::supply::{Bound, ROUND, Round};
use super::times::without_time;
use super::{Observer, RunError, RunOptions};
use crate::plan::Plan;
use crate::read::{Base, DecodePlan, Decoded, Input, Look, Morsel, Sorted, Sorter};

/// What is found while inputs of up to this many bytes are looked through is kept for the replay.
const KEEP: u64 = 256 << 20;

/// How many morsels are looked at together.
const BATCH: usize = 32;

/// How much memory may hold what is kept back, unless something else is said. The same on every
/// machine, though the output would not depend on it.
const LIMIT: u64 = 4 << 30;

/// About how many bytes a morsel of a sorted input holds.
const MORSEL: usize = 1 << 20;

/// About how many bytes a row of a table takes.
const ROW: u64 = 64;

/// How much memory a byte of text takes that is kept back: the text, and what was found in it.
const KEPT: u64 = 3;

/// The morsels of all inputs in the order in which they are taken.
#[derive(Debug)]
pub(super) struct Schedule {
    entries: VecDeque<Entry>,
    /// The inputs that were sorted on disk, with their numbers.
    sorted: Vec<(usize, Sorted)>,
    report: OrderReport,
}

/// A morsel that was looked at.
#[derive(Debug)]
struct Entry {
    input: usize,
    /// None: the next one of the input, which is read once more.
    morsel: Option<Morsel>,
    offset: u64,
    bytes: u64,
    line: u64,
    base: Base,
    /// The smallest time in it, and the largest.
    min: i64,
    max: i64,
    /// Its records, if they were kept.
    decoded: Option<Box<Decoded>>,
}

impl Entry {
    fn key(&self) -> (i64, usize, u64) {
        (self.min, self.input, self.offset)
    }
}

impl Schedule {
    /// Looks through the inputs.
    ///
    /// # Errors
    /// When an input cannot be read, or none of its records has a time and the program needs one.
    pub(super) fn new(
        plan: &Plan,
        decode: &Arc<DecodePlan>,
        inputs: &mut [Input],
        options: &RunOptions,
        observer: &dyn Observer,
    ) -> Result<Self, RunError> {
        let mut entries = Vec::new();
        let mut report = OrderReport::default();
        let total = inputs.iter().map(Input::total_bytes).sum::<Option<u64>>();
        // Which records there are at all may depend on times that are not known yet.
        let keep = total.is_some_and(|total| total <= KEEP) && decode.from.is_none() && decode.to.is_none();
        for (number, input) in inputs.iter_mut().enumerate() {
            let mut found = Found::new(number);
            found.look_through(input, decode, keep, observer)?;
            if found.is_untimed() && plan.time_matters {
                return Err(without_time(input.name()));
            }
            report.untimed |= found.is_untimed();
            if input.streams() {
                found.in_order_of_input();
                *input = input.again()?;
            }
            report.inputs.push(found.order.clone());
            entries.append(&mut found.entries);
        }
        entries.par_sort_unstable_by_key(Entry::key);
        let mut schedule = Self {
            entries: entries.into(),
            sorted: Vec::new(),
            report,
        };
        schedule.fit(decode, inputs, options.memory_limit.unwrap_or(LIMIT))?;
        Ok(schedule)
    }

    /// Sorts inputs on disk until what is kept back fits into memory.
    fn fit(&mut self, decode: &Arc<DecodePlan>, inputs: &mut [Input], limit: u64) -> Result<(), RunError> {
        loop {
            let kept = most_kept(self.entries.make_contiguous(), inputs.len());
            self.report.kept_bytes = kept.iter().sum::<u64>() * KEPT;
            let behind = |input: &usize| self.report.inputs[*input].late > 0;
            let worst = (0..inputs.len())
                .filter(behind)
                .max_by_key(|input| (kept[*input], Reverse(*input)));
            match worst.filter(|worst| kept[*worst] > 0) {
                Some(worst) if self.report.kept_bytes > limit => {
                    let sorted = self.sort(decode, worst, &mut inputs[worst], limit)?;
                    self.sorted.push((worst, sorted));
                    self.report.inputs[worst].replayed = Replayed::Sorted;
                }
                // Inputs that are in order themselves keep back no more than a morsel each.
                _ => return Ok(()),
            }
        }
    }

    /// Takes an input out of the schedule and sorts it.
    fn sort(
        &mut self,
        decode: &Arc<DecodePlan>,
        number: usize,
        input: &mut Input,
        limit: u64,
    ) -> Result<Sorted, RunError> {
        let (mut mine, others): (Vec<Entry>, Vec<Entry>) =
            self.entries.drain(..).partition(|entry| entry.input == number);
        self.entries = others.into();
        mine.sort_unstable_by_key(|entry| entry.offset);
        let mut sorter = Sorter::new(decode, limit, input.name())?;
        let mut mine = mine.into_iter();
        loop {
            let mut batch = Vec::new();
            for entry in mine.by_ref().take(BATCH) {
                let Some(morsel) = taken(entry.morsel, input)? else {
                    break;
                };
                if !morsel.can_be_sorted() {
                    return Err(too_far_out_of_order(input.name(), self.report.kept_bytes));
                }
                batch.push((morsel, entry.base, entry.line));
            }
            if batch.is_empty() {
                return Ok(sorter.finish(MORSEL)?);
            }
            sorter.add(&batch)?;
        }
    }

    pub(super) fn round(&mut self, inputs: &mut [Input]) -> Result<Round, RunError> {
        let (mut morsels, mut lines, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        while morsels.len() < ROUND
            && let Some((_, from)) = self.next()
        {
            let (number, morsel, base, line, decoded) = match from {
                Some(at) => {
                    let (number, sorted) = &mut self.sorted[at];
                    let Some((morsel, base)) = sorted.next_morsel() else {
                        continue;
                    };
                    (*number, Some(morsel), base, 0, None)
                }
                None => {
                    let Some(entry) = self.entries.pop_front() else { break };
                    let morsel = taken(entry.morsel, &mut inputs[entry.input])?;
                    (entry.input, morsel, entry.base, entry.line, entry.decoded)
                }
            };
            // It was there a moment ago; a file that has shrunk since has fewer.
            if let Some(morsel) = morsel {
                morsels.push((number, morsel, Some(base)));
                lines.push(line);
                kept.push(decoded);
            }
        }
        Ok(Round {
            morsels,
            lines: Some(lines),
            decoded: kept,
            bound: Some(self.next().map_or(Bound::End, |(bound, _)| bound)),
        })
    }

    /// The smallest key of what was not taken, and which of the sorted inputs it comes from, if it does.
    fn next(&self) -> Option<(Bound, Option<usize>)> {
        let sorted = self.sorted.iter().enumerate();
        let sorted = sorted.filter_map(|(at, (input, sorted))| {
            let (time, offset) = sorted.next_key()?;
            Some((before((time, *input, offset)), Some(at)))
        });
        let entry = self.entries.front().map(|entry| (before(entry.key()), None));
        sorted.chain(entry).min()
    }

    pub(super) fn report(&self) -> OrderReport {
        self.report.clone()
    }
}

fn before((time, input, offset): (i64, usize, u64)) -> Bound {
    Bound::Before { time, input, offset }
}

/// A morsel that was looked at: kept, or the next one of the input.
fn taken(kept: Option<Morsel>, input: &mut Input) -> Result<Option<Morsel>, RunError> {
    match kept {
        Some(morsel) => Ok(Some(morsel)),
        None => Ok(input.next_morsel()?),
    }
}

fn too_far_out_of_order(name: &str, bytes: u64) -> RunError {
    RunError::Disorder(format!(
        "`{name}` is so far out of order that {} MiB of it would have to wait in memory for their turn, and its format \
         cannot be sorted on disk: sort it by time, or allow more with `--memory-limit`",
        bytes >> 20
    ))
}

/// How many bytes of text of each input are kept back when most are.
fn most_kept(entries: &[Entry], inputs: usize) -> Vec<u64> {
    let mut kept: BinaryHeap<Reverse<(i64, u64, usize)>> = BinaryHeap::new();
    let mut of = vec![0; inputs];
    let mut most = of.clone();
    let (mut bytes, mut most_bytes) = (0, 0);
    for (at, round) in entries.chunks(ROUND).enumerate() {
        let bound = entries.get((at + 1) * ROUND).map(|next| next.min);
        let Some(bound) = bound else { break };
        for entry in round {
            bytes += entry.bytes;
            of[entry.input] += entry.bytes;
            kept.push(Reverse((entry.max, entry.bytes, entry.input)));
        }
        while let Some(Reverse((max, size, input))) = kept.peek().copied()
            && max < bound
        {
            kept.pop();
            bytes -= size;
            of[input] -= size;
        }
        if bytes > most_bytes {
            most_bytes = bytes;
            most.clone_from(&of);
        }
    }
    most
}

/// What is found out about one input.
#[derive(Debug)]
struct Found {
    input: usize,
    entries: Vec<Entry>,
    records: u64,
    lines: u64,
    /// The largest time.
    largest: Option<i64>,
    /// The time of the last record.
    last: Option<i64>,
    /// The last morsel, whose look was quick, and the time before it.
    before: Option<(Morsel, Option<i64>)>,
    order: InputOrder,
}

impl Found {
    fn new(input: usize) -> Self {
        Self {
            input,
            entries: Vec::new(),
            records: 0,
            lines: 0,
            largest: None,
            last: None,
            before: None,
            order: InputOrder {
                replayed: Replayed::Straight,
                ..InputOrder::default()
            },
        }
    }

    fn look_through(
        &mut self,
        input: &mut Input,
        plan: &Arc<DecodePlan>,
        keep: bool,
        observer: &dyn Observer,
    ) -> Result<(), RunError> {
        let keep = keep && !input.streams();
        loop {
            let mut batch = Vec::new();
            while batch.len() < BATCH
                && let Some(morsel) = input.next_morsel()?
            {
                batch.push(morsel);
            }
            if batch.is_empty() || observer.interrupted() {
                break;
            }
            let look = |morsel: &Morsel| {
                if !keep {
                    return (morsel.look(plan, false), None);
                }
                let (look, decoded) = morsel.look_decoded(plan);
                (look, Some(Box::new(decoded)))
            };
            let looks: Vec<(Look, Option<Box<Decoded>>)> = batch.par_iter().map(look).collect();
            for (morsel, (look, decoded)) in batch.into_iter().zip(looks) {
                self.add(input, plan, morsel, look);
                if let Some(entry) = self.entries.last_mut() {
                    entry.decoded = decoded;
                }
            }
        }
        if self.last.is_none() {
            self.number();
        }
        Ok(())
    }

    /// Whether there are records, and none has a time.
    fn is_untimed(&self) -> bool {
        self.records > 0 && self.last.is_none()
    }

    fn add(&mut self, input: &Input, plan: &Arc<DecodePlan>, morsel: Morsel, mut look: Look) {
        // A record takes the time of one before or behind it: which one must be exactly known.
        if look.untimed > 0 && self.last.is_none() && look.first().is_some() {
            look = morsel.look(plan, true);
        }
        if look.untimed > 0
            && self.last.is_some()
            && let Some((before, earlier)) = self.before.take()
        {
            self.last = before.look(plan, true).last().or(earlier);
        }
        let time = self.last.or(look.first());
        let range = look.range();
        // The time before it counts too, though mostly no record has it: it makes the key of a morsel in
        // order no smaller than those of the records before.
        let untimed = time.unwrap_or(Base::UNTIMED);
        let (low, high) = range.map_or((untimed, untimed), |(low, high)| (low.min(untimed), high.max(untimed)));
        if self.last.is_none()
            && let Some(first) = look.first()
        {
            for entry in &mut self.entries {
                (entry.base.time, entry.min, entry.max) = (first, first, first);
            }
        }
        self.order.add(&look, self.last, self.largest);
        self.entries.push(Entry {
            input: self.input,
            offset: morsel.offset(),
            bytes: match morsel.text().len() as u64 {
                // Of a table: about that much.
                0 => look.records * ROW,
                text => text,
            },
            line: self.lines,
            base: Base {
                seq: self.records,
                time: time.unwrap_or(Base::UNTIMED),
            },
            min: low,
            max: high,
            morsel: None,
            decoded: None,
        });
        input.release(&morsel);
        self.records += look.records;
        self.lines += look.lines;
        self.largest = range.map(|range| range.1).max(self.largest);
        let earlier = self.last;
        self.last = look.last().or(self.last);
        if !input.streams()
            && let Some(entry) = self.entries.last_mut()
        {
            entry.morsel = Some(morsel.clone());
        }
        self.before = Some((morsel, earlier));
    }

    /// No record has a time: they are at their numbers.
    fn number(&mut self) {
        let mut end = self.records;
        for entry in self.entries.iter_mut().rev() {
            (entry.min, entry.max) = (entry.base.seq as i64, end.saturating_sub(1) as i64);
            end = entry.base.seq;
        }
    }

    /// The morsels can only be taken one after another.
    fn in_order_of_input(&mut self) {
        let mut least = i64::MAX;
        for entry in self.entries.iter_mut().rev() {
            least = least.min(entry.min);
            entry.min = least;
        }
    }
}

impl InputOrder {
    /// Adds what a look saw; before it, `last` was the time of the last record, `largest` the largest.
    pub(super) fn add(&mut self, look: &Look, last: Option<i64>, largest: Option<i64>) {
        let mut largest = largest.unwrap_or(i64::MIN);
        let head = last.filter(|_| look.untimed > 0).into_iter();
        if look.times.is_sorted() && head.clone().chain(look.first()).all(|first| first >= largest) {
            return;
        }
        let head = head.flat_map(|last| std::iter::repeat_n(last, look.untimed as usize));
        for time in head.chain(look.times.iter().copied()) {
            if time < largest {
                self.late += 1;
                self.most_late = self.most_late.max(largest.saturating_sub(time));
            }
            largest = largest.max(time);
        }
        self.replayed = Replayed::Reordered;
    }
}
