//! `join`, `left_join`, `right_join`, `full_join`: rows of several inputs put together.
//!
//! A combination is found when the last of its rows arrives: the other inputs' rows that can still be
//! met are gone over, by the index of an equality where there is one ([`Pair`]), else all of them.
//! What else must hold is asked of many combinations at a time. A row leaves when the clock has passed
//! every time at which a partner could come.
//!
//! Cost: a look-up and a step for each partner with an equal key; memory follows the time that rows may
//! lie apart, not the input.

use super::join_index::Pair;
use super::join_made::{Found, Judge, Makes};
use super::join_rows::Side;
use super::{Batch, Ending, Made, asof};
use crate::data::{Place, Rank};
use crate::ir::{Join, JoinKind};

/// The state of one join.
#[derive(Debug)]
pub struct Joining {
    pub(super) kind: JoinKind,
    /// How far apart rows may lie. Nanoseconds.
    pub(super) within: i64,
    /// How much later than its time a row may arrive and still be met. Nanoseconds.
    pub(super) delay: i64,
    lateness: i64,
    /// There is a condition besides the equalities.
    pub(super) judged: bool,
    pub(super) makes: Makes,
    pub(super) sides: Vec<Side>,
    pub(super) pairs: Vec<Pair>,
    /// For each input, when its row is the last of a combination: in which order the others are gone
    /// over.
    visits: Vec<Vec<Visit>>,
    peak: usize,
}

/// One input on the way through a combination.
#[derive(Clone, Debug)]
struct Visit {
    side: usize,
    /// The inputs visited before it that it must equal in something: the pair, and which of the pair's
    /// two this one is. The first is looked up, the others are compared.
    equal: Vec<(usize, usize)>,
}

/// The most combinations that are judged at a time.
const AT_A_TIME: usize = 1 << 15;

impl Joining {
    /// No rows yet. `lateness`: how late a row may be and still count. `timed`: some input's rows come
    /// from timers (windows, deadlines), which are determined up to a nanosecond after their event time.
    #[must_use]
    pub fn new(join: &Join, lateness: i64, timed: bool) -> Self {
        let inputs = join.inputs.len();
        let mut slots = vec![0; inputs];
        let mut columns = vec![0; inputs];
        let mut pairs: Vec<Pair> = Vec::new();
        for ((a, _), (b, _)) in &join.equal {
            let (first, second) = (*a.min(b), *a.max(b));
            let known = pairs.iter().position(|pair| pair.sides == [first, second]);
            let at = known.unwrap_or_else(|| {
                pairs.push(Pair::new([first, second], [slots[first], slots[second]]));
                slots[first] += 1;
                slots[second] += 1;
                pairs.len() - 1
            });
            pairs[at].equate([columns[first], columns[second]]);
            columns[first] += 1;
            columns[second] += 1;
        }
        let alone = |at: usize| match join.kind {
            JoinKind::Inner => false,
            JoinKind::Left | JoinKind::Asof => at == 0,
            JoinKind::Right => at == 1,
            JoinKind::Full => true,
        };
        Self {
            kind: join.kind,
            within: join.within,
            delay: lateness.saturating_add(i64::from(timed)),
            lateness,
            judged: join.condition.is_some(),
            makes: Makes::new(join),
            sides: (0..inputs).map(|at| Side::new(slots[at], alone(at))).collect(),
            visits: (0..inputs).map(|last| visits(last, inputs, &pairs)).collect(),
            pairs,
            peak: 0,
        }
    }

    /// Takes batches, each with the input it comes through, then moves the clock; every row that stands
    /// before `until` has come. `judge` says which of some rows satisfy the condition. What was
    /// determined comes in order.
    pub fn run(
        &mut self,
        batches: &[(u8, Batch)],
        until: Place,
        ending: Option<Ending>,
        judge: &mut Judge<'_>,
    ) -> Made {
        for at in 0..self.sides.len() {
            let mine = batches.iter().filter(|(port, _)| *port as usize == at);
            let mine: Vec<&Batch> = mine.map(|(_, batch)| batch).collect();
            self.sides[at].take(at, &mine, &mut self.pairs, self.lateness);
        }
        let mut found = Found::default();
        if self.kind == JoinKind::Asof {
            asof::pass(self, until, ending, &mut found, judge);
        } else {
            self.pass(&mut found, judge);
            self.makes.flush(&mut self.sides, &mut found, judge);
            self.alone(until, ending, &mut found);
        }
        self.settle(until);
        Made::in_order(found.made)
    }

    /// Lets all rows that have not come yet come, in order.
    fn pass(&mut self, found: &mut Found, judge: &mut Judge<'_>) {
        let mut chosen = vec![0; self.sides.len()];
        while let Some(at) = self.next_side() {
            let id = self.sides[at].entered;
            let (place, time) = (self.sides[at].row(id).place, self.sides[at].row(id).time);
            if !place.end {
                self.expire(place.time);
            }
            self.sides[at].entered += 1;
            if !self.sides[at].has_keys(id) {
                continue;
            }
            let before = found.ids.len();
            chosen[at] = id;
            self.combine(&self.visits[at], &mut chosen, (time, time), &mut found.ids);
            let count = (found.ids.len() - before) / self.sides.len();
            found.put_in_order(before, self.sides.len());
            found.places.extend(std::iter::repeat_n(place, count));
            found.times.extend(std::iter::repeat_n(time, count));
            for pair in &mut self.pairs {
                if let Some(end) = pair.end(at) {
                    pair.enter(end, &mut self.sides[at], id);
                }
            }
            if found.places.len() >= AT_A_TIME {
                self.makes.flush(&mut self.sides, found, judge);
            }
        }
    }

    /// The input whose row comes next.
    fn next_side(&self) -> Option<usize> {
        let next = |side: &Side| (side.entered < side.end()).then(|| side.row(side.entered).place);
        let waiting = self.sides.iter().enumerate();
        let waiting = waiting.filter_map(|(at, side)| next(side).map(|place| (place, at)));
        waiting.min().map(|(_, at)| at)
    }

    /// Appends all combinations with the rows chosen so far, whose times are from `span.0` to `span.1`.
    fn combine(&self, visits: &[Visit], chosen: &mut [u64], span: (i64, i64), out: &mut Vec<u64>) {
        let Some((visit, rest)) = visits.split_first() else {
            out.extend_from_slice(chosen);
            return;
        };
        let side = &self.sides[visit.side];
        let Some((&(first, end), others)) = visit.equal.split_first() else {
            for id in (side.live..side.entered).rev().filter(|&id| side.has_keys(id)) {
                self.meet((visit.side, id), rest, chosen, span, out);
            }
            return;
        };
        let pair = &self.pairs[first];
        let key = self.key_of_other(pair, end, chosen);
        let other = |&(pair, end): &(usize, usize)| {
            let pair = &self.pairs[pair];
            (pair.slots[end], self.key_of_other(pair, end, chosen))
        };
        let others: Vec<(usize, u32)> = others.iter().map(other).collect();
        for id in pair.newest(end, side, key) {
            if others.iter().all(|&(slot, key)| side.key(slot, id) == key) {
                self.meet((visit.side, id), rest, chosen, span, out);
            }
        }
    }

    /// Goes on with one more row, if it does not lie too far from those before.
    fn meet(&self, (side, id): (usize, u64), rest: &[Visit], chosen: &mut [u64], span: (i64, i64), out: &mut Vec<u64>) {
        let time = self.sides[side].row(id).time;
        let span = (span.0.min(time), span.1.max(time));
        if span.1.saturating_sub(span.0) <= self.within {
            chosen[side] = id;
            self.combine(rest, chosen, span, out);
        }
    }

    /// The key that the row chosen of the other side of a pair has.
    fn key_of_other(&self, pair: &Pair, end: usize, chosen: &[u64]) -> u32 {
        let other = pair.sides[1 - end];
        self.sides[other].key(pair.slots[1 - end], chosen[other])
    }

    /// When a partner can still come for a row that arrived at a time, the clock is at most so far.
    fn expire(&mut self, clock: i64) {
        let before = clock.saturating_sub(self.within).saturating_sub(self.delay);
        self.sides.iter_mut().for_each(|side| side.expire(before));
    }

    /// Rows that have found no partner, and whose time to find one has passed.
    fn alone(&mut self, until: Place, ending: Option<Ending>, found: &mut Found) {
        for at in 0..self.sides.len() {
            if !self.sides[at].alone {
                continue;
            }
            let mut due: Vec<(Place, i64, u64)> = Vec::new();
            let (within, delay) = (self.within, self.delay);
            let side = &mut self.sides[at];
            for id in side.waiting..side.end() {
                let row = side.row_mut(id);
                if ending.is_none() && row.place.time.saturating_add(within) > until.time {
                    break;
                }
                if row.done || row.found {
                    row.done = true;
                    continue;
                }
                let time = row.time.saturating_add(within);
                let deadline = row
                    .place
                    .timer(time.saturating_add(delay).max(row.place.time), Rank::Deadline);
                if deadline < until && !row.place.end {
                    due.push((deadline, time, id));
                } else if let Some(ending) = ending {
                    due.push((deadline.at_end(), ending.last, id));
                } else {
                    continue;
                }
                row.done = true;
            }
            while side.waiting < side.end() && side.row(side.waiting).done {
                side.waiting += 1;
            }
            due.sort_unstable();
            self.makes.alone(&self.sides, at, &due, found);
        }
    }

    /// Lets go of all that the rows still to come cannot ask for.
    fn settle(&mut self, until: Place) {
        self.expire(until.time);
        let sides = self.sides.iter().map(Side::bytes);
        let bytes = sides.chain(self.pairs.iter().map(Pair::bytes)).sum();
        self.peak = self.peak.max(bytes);
        self.sides.iter_mut().for_each(Side::forget);
        for pair in &mut self.pairs {
            pair.compact(&mut self.sides);
        }
    }

    /// The most memory that was held between rounds, in bytes, about; without the columns.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.peak
    }
}

/// In which order the other inputs are gone over: such as must equal one before in something first.
fn visits(last: usize, inputs: usize, pairs: &[Pair]) -> Vec<Visit> {
    let mut seen = vec![last];
    let mut visits = Vec::new();
    while seen.len() < inputs {
        let equal = |side: usize| {
            let pairs = pairs.iter().enumerate();
            let known = pairs.filter_map(|(at, pair)| {
                let end = pair.end(side)?;
                seen.contains(&pair.sides[1 - end]).then_some((at, end))
            });
            known.collect::<Vec<_>>()
        };
        let left = || (0..inputs).filter(|side| !seen.contains(side));
        let bound = left().find(|&side| !equal(side).is_empty());
        let Some(side) = bound.or_else(|| left().next()) else {
            break;
        };
        visits.push(Visit {
            side,
            equal: equal(side),
        });
        seen.push(side);
    }
    visits
}
