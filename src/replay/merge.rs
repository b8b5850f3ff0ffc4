//! Replay of inputs as they come: in order of arrival, or in an order by time that is taken for
//! granted.
//!
//! Of several inputs the one that is furthest behind is read next, so that little has to wait. Which
//! one that is makes no difference to the order of the records: that goes by their keys, and the key
//! of a record depends on its own input only.

use std::collections::VecDeque;
use std::sync::Arc;

use rayon::prelude::*;

use super::late::LateFile;
use super::report::{InputOrder, LateReport, OrderReport, Replayed};
use super::supply::{Bound, ROUND, Round};
use super::times::{not_in_order, without_time};
use super::{RunError, RunOptions};
use crate::ir::Op;
use crate::plan::Plan;
use crate::read::{Base, DecodePlan, Input, Look, Morsel};

/// The inputs, each with what was read ahead of it.
pub(super) struct Merge {
    lanes: Vec<Lane>,
    decode: Arc<DecodePlan>,
    /// None: every input is in order.
    slack: Option<i64>,
    /// The largest lateness that some stream allows.
    allowed: i64,
    needs_time: bool,
    /// Numbers stand for times.
    untimed: bool,
    late: LateReport,
    file: Option<LateFile>,
}

/// One input.
#[derive(Debug, Default)]
struct Lane {
    /// Morsels that were looked at and not yet handed out.
    ahead: VecDeque<(Morsel, Look)>,
    /// There are no more.
    ended: bool,
    records: u64,
    lines: u64,
    /// Where the next morsel begins, or later.
    offset: u64,
    /// The largest time of what was handed out.
    largest: Option<i64>,
    /// The time of the last record handed out.
    last: Option<i64>,
    order: InputOrder,
}

impl Merge {
    /// Gets ready. `slack`: how far the clock is behind, in order of arrival.
    ///
    /// # Errors
    /// When the file of late records cannot be written.
    pub(super) fn new(
        plan: &Plan,
        decode: &Arc<DecodePlan>,
        inputs: usize,
        slack: Option<i64>,
        options: &RunOptions,
    ) -> Result<Self, RunError> {
        let ops = plan.query.streams.iter().flat_map(|stream| &stream.ops);
        let allowed = ops.filter_map(|operator| match operator.op {
            Op::AllowedLateness(ns) => Some(ns),
            _ => None,
        });
        Ok(Self {
            lanes: (0..inputs).map(|_| Lane::default()).collect(),
            decode: Arc::clone(decode),
            slack,
            allowed: allowed.fold(options.allowed_lateness, i64::max),
            needs_time: plan.time_matters,
            untimed: false,
            late: LateReport::default(),
            file: options.late.as_deref().map(LateFile::open).transpose()?,
        })
    }

    pub(super) fn round(&mut self, inputs: &mut [Input]) -> Result<Round, RunError> {
        let mut morsels = Vec::new();
        self.fill(inputs, 1)?;
        while morsels.len() < ROUND
            && let Some(at) = self.behind()
        {
            if let Some((morsel, base)) = self.take(at, inputs)? {
                morsels.push((at, morsel, Some(base)));
            }
            // Whether there is more shows whether the round is the last one.
            self.fill(inputs, 1)?;
        }
        Ok(Round {
            morsels,
            lines: None,
            decoded: Vec::new(),
            bound: Some(self.bound()),
        })
    }

    /// Reads ahead of every input until at least `least` of its morsels are there, or all.
    fn fill(&mut self, inputs: &mut [Input], least: usize) -> Result<(), RunError> {
        let some = (ROUND / self.lanes.len().max(1)).max(least);
        let mut found = Vec::new();
        for (at, (lane, input)) in self.lanes.iter_mut().zip(inputs).enumerate() {
            if lane.ahead.len() >= least {
                continue;
            }
            let mut more = some - lane.ahead.len();
            while !lane.ended && more > 0 {
                match input.next_morsel()? {
                    Some(morsel) => found.push((at, morsel)),
                    None => lane.ended = true,
                }
                more -= 1;
            }
        }
        let look = |(at, morsel): (usize, Morsel)| {
            let look = morsel.look(&self.decode, true);
            (at, morsel, look)
        };
        let looked: Vec<_> = found.into_par_iter().map(look).collect();
        for (at, morsel, look) in looked {
            self.lanes[at].ahead.push_back((morsel, look));
        }
        Ok(())
    }

    /// The input that is furthest behind, of those that have something.
    fn behind(&self) -> Option<usize> {
        let ready = self.lanes.iter().enumerate().filter(|(_, lane)| !lane.ahead.is_empty());
        ready.min_by_key(|(at, lane)| (lane.largest, *at)).map(|(at, _)| at)
    }

    /// Hands out the next morsel of an input.
    fn take(&mut self, at: usize, inputs: &mut [Input]) -> Result<Option<(Morsel, Base)>, RunError> {
        let time = self.time_before(at, inputs)?;
        let Some((morsel, look)) = self.lanes[at].ahead.pop_front() else {
            return Ok(None);
        };
        if self.slack.is_none() {
            self.check(at, &morsel, &look, inputs[at].name())?;
        }
        let lane = &mut self.lanes[at];
        let base = Base {
            seq: lane.records,
            time: time.unwrap_or(Base::UNTIMED),
        };
        lane.order.add(&look, lane.last, lane.largest);
        lane.order.replayed = Replayed::AsItLies;
        if let Some(slack) = self.slack {
            let late = self.late.add(&look, base, lane.largest, slack, self.allowed);
            if late && let Some(file) = &mut self.file {
                let (largest, allowed, line) = (lane.largest, self.allowed, lane.lines);
                file.add(
                    &morsel,
                    &self.decode,
                    inputs[at].name(),
                    line,
                    (base, largest, slack, allowed),
                )?;
            }
        }
        lane.pass(&morsel, &look, base);
        Ok(Some((morsel, base)))
    }

    /// What records before the first timed one of an input's next morsel take: the time before it,
    /// else the first one after. It is looked for among as many morsels as a round holds.
    fn time_before(&mut self, at: usize, inputs: &mut [Input]) -> Result<Option<i64>, RunError> {
        if let Some(last) = self.lanes[at].last {
            return Ok(Some(last));
        }
        let first = |lane: &Lane| lane.ahead.iter().find_map(|(_, look)| look.first());
        if first(&self.lanes[at]).is_none() && !self.lanes[at].ended {
            self.fill(inputs, ROUND)?;
        }
        let lane = &self.lanes[at];
        let found = first(lane);
        if found.is_none() && self.needs_time && lane.ahead.iter().any(|(_, look)| look.records > 0) {
            return Err(without_time(inputs[at].name()));
        }
        self.untimed |= found.is_none() && lane.ahead.iter().any(|(_, look)| look.records > 0);
        Ok(found)
    }

    /// An order that is taken for granted must hold.
    fn check(&self, at: usize, morsel: &Morsel, look: &Look, name: &str) -> Result<(), RunError> {
        let lane = &self.lanes[at];
        if look.times.is_sorted() && look.first().is_none_or(|first| lane.largest <= Some(first)) {
            return Ok(());
        }
        let mut largest = lane.largest;
        for (nth, (offset, time)) in morsel.decode(&self.decode).clock.records().into_iter().enumerate() {
            if let (Some(time), Some(largest)) = (time, largest)
                && time < largest
            {
                let before = morsel.text().get(..(offset - morsel.offset()) as usize);
                let lines = before.map_or(nth as u64, |text| memchr::memchr_iter(b'\n', text).count() as u64);
                return Err(not_in_order(name, time, largest, lane.lines + lines + 1));
            }
            largest = largest.max(time);
        }
        Ok(())
    }

    /// The smallest key that what was not handed out can have.
    fn bound(&self) -> Bound {
        let open = self.lanes.iter().enumerate();
        let open = open.filter(|(_, lane)| !lane.ended || !lane.ahead.is_empty());
        let least = open.map(|(input, lane)| Bound::Before {
            time: lane
                .largest
                .map_or(i64::MIN, |largest| largest.saturating_sub(self.slack.unwrap_or(0))),
            input,
            offset: lane.offset,
        });
        least.min().unwrap_or(Bound::End)
    }

    pub(super) fn report(&self) -> OrderReport {
        OrderReport {
            inputs: self.lanes.iter().map(|lane| lane.order.clone()).collect(),
            late: self.late.clone(),
            untimed: self.untimed,
            ..OrderReport::default()
        }
    }

    pub(super) fn finish(self) -> Result<(), RunError> {
        self.file.map(LateFile::finish).transpose().map(drop)
    }
}

impl Lane {
    /// Goes past a morsel.
    fn pass(&mut self, morsel: &Morsel, look: &Look, base: Base) {
        self.offset = morsel.offset() + morsel.text().len() as u64;
        self.records += look.records;
        self.lines += look.lines;
        let largest = look.range().map(|range| range.1);
        let numbered =
            (base.time == Base::UNTIMED && largest.is_none() && self.records > 0).then(|| (self.records - 1) as i64);
        self.largest = largest.or(numbered).max(self.largest);
        self.last = look.last().or(self.last);
    }
}

impl LateReport {
    /// Counts the late records of a look, `largest` being the largest time before it; whether some are
    /// left out.
    fn add(&mut self, look: &Look, base: Base, largest: Option<i64>, slack: i64, allowed: i64) -> bool {
        let mut largest = largest.unwrap_or(i64::MIN);
        if look.times.is_sorted() && look.untimed == 0 && look.first().is_none_or(|first| first >= largest) {
            return false;
        }
        let left_out = self.left_out;
        let head = (base.time != Base::UNTIMED).then_some(base.time);
        let head = std::iter::repeat_n(head, look.untimed as usize).flatten();
        for time in head.chain(look.times.iter().copied()) {
            largest = largest.max(time);
            self.enough = self.enough.max(largest.saturating_sub(time));
            let late = largest.saturating_sub(slack).saturating_sub(time);
            if late > 0 {
                self.events += 1;
                self.left_out += u64::from(late > allowed);
                self.largest = self.largest.max(late);
            }
        }
        self.left_out > left_out
    }
}
