//! Windows on the clock: tumbling and sliding.
//!
//! Rows are reckoned into *panes*, whose width divides size and slide, so that a row is touched once
//! however many windows it is in. A tumbling window is one pane. A sliding window is the ordered merge
//! of its panes, kept as two stacks ("two-stacks", Tangwongsan, Hirzel, Schneider, "In-order sliding
//! window aggregation in worst-case constant time", 2021): merges per pane do not depend on
//! size / slide. Where late rows may still change panes, windows are merged from their panes anew.

use std::collections::VecDeque;

use indexmap::IndexMap;

use super::aggregate::{Emitted, Rows, Setting, Windows};
use super::groups::Groups;
use super::{Batch, Ending};
use crate::data::value::FixedHasher;
use crate::data::{Key, Place, Rank};

/// Tumbling and sliding windows of some keys.
#[derive(Debug)]
pub(super) struct Grid {
    setting: Setting,
    size: i64,
    slide: i64,
    offset: i64,
    width: i64,
    /// Panes in order of time; complete ones of sliding windows move on to `stacks`.
    panes: VecDeque<Pane>,
    stacks: Option<Stacks>,
    /// All windows that end before this have been emitted.
    next_end: i64,
    spare: Vec<Groups>,
    picked: Vec<u32>,
    revisions: IndexMap<(i64, Vec<Key>), i64, FixedHasher>,
}

#[derive(Debug)]
struct Pane {
    start: i64,
    groups: Groups,
}

/// The panes of the window under way, merged: the older ones as a stack of suffixes, the newer ones
/// as one.
#[derive(Debug)]
struct Stacks {
    /// From the newest to the oldest; each holds its pane and all newer ones of the stack.
    front: Vec<Pane>,
    back: Groups,
    /// The panes that `back` holds.
    parts: VecDeque<Pane>,
    /// Panes that were let go, to be used again.
    gone: Vec<Groups>,
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Grid {
    pub(super) fn new(setting: &Setting, size: i64, slide: i64, offset: i64) -> Self {
        let stacks = || Stacks {
            front: Vec::new(),
            back: Groups::new(&setting.calls),
            parts: VecDeque::new(),
            gone: Vec::new(),
        };
        Self {
            setting: setting.clone(),
            size,
            slide,
            offset,
            width: gcd(size, slide),
            panes: VecDeque::new(),
            stacks: (slide < size && setting.lateness == 0).then(stacks),
            next_end: i64::MIN,
            spare: Vec::new(),
            picked: Vec::new(),
            revisions: IndexMap::default(),
        }
    }

    /// The start of the pane of a time.
    fn pane_start(&self, time: i64) -> i64 {
        time.saturating_sub((time.wrapping_sub(self.offset)).rem_euclid(self.width))
    }

    /// The end of the first window that holds a time.
    fn first_end(&self, time: i64) -> i64 {
        let into = (time.wrapping_sub(self.offset).wrapping_sub(self.size)).rem_euclid(self.slide);
        time.saturating_add(self.slide - into)
    }

    /// The end of the last window that holds a time.
    fn last_end(&self, time: i64) -> i64 {
        let into = (time.wrapping_sub(self.offset)).rem_euclid(self.slide);
        time.saturating_sub(into).saturating_add(self.size)
    }

    /// The pane that begins at a time, made if need be.
    fn pane(&mut self, start: i64) -> &mut Groups {
        let at = match self.panes.back() {
            Some(last) if last.start == start => self.panes.len() - 1,
            Some(last) if last.start > start => self.panes.partition_point(|pane| pane.start < start),
            _ => self.panes.len(),
        };
        if self.panes.get(at).is_none_or(|pane| pane.start != start) {
            let groups = self.spare.pop();
            let groups = groups.unwrap_or_else(|| Groups::new(&self.setting.calls));
            self.panes.insert(at, Pane { start, groups });
        }
        &mut self.panes[at].groups
    }

    fn recycle(&mut self, mut groups: Groups) {
        if self.spare.len() < 8 {
            groups.clear();
            self.spare.push(groups);
        }
    }

    /// The end of the next window that holds anything.
    fn next_window(&self) -> Option<i64> {
        let stacked = self.stacks.as_ref().and_then(Stacks::oldest);
        let pane = |start: i64| (self.last_end(start) >= self.next_end).then(|| self.first_end(start));
        let waiting = self.panes.iter().find_map(|held| pane(held.start));
        let end = match (stacked.and_then(pane), waiting) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b)?,
        };
        Some(end.max(self.next_end))
    }

    /// Emits all windows that end at or before a time.
    fn fire(&mut self, passed: i64, out: &mut Emitted) {
        while let Some(end) = self.next_window().filter(|&end| end <= passed) {
            self.window(end, None, out);
            self.forget(end);
        }
        if self.setting.lateness > 0 {
            self.forget_late(passed);
        }
    }

    /// A window has been emitted: lets panes go of which no window is left.
    fn forget(&mut self, end: i64) {
        self.next_end = end.saturating_add(self.slide);
        if let Some(stacks) = &mut self.stacks {
            stacks.drop_before(self.next_end.saturating_sub(self.size));
            while let Some(groups) = self.stacks.as_mut().and_then(|stacks| stacks.gone.pop()) {
                self.recycle(groups);
            }
        }
        if self.setting.lateness > 0 {
            return;
        }
        while self.panes.front().is_some_and(|pane| self.last_end(pane.start) <= end) {
            if let Some(pane) = self.panes.pop_front() {
                self.recycle(pane.groups);
            }
        }
    }

    fn forget_late(&mut self, clock: i64) {
        let gone = |end: i64| end.saturating_add(self.setting.lateness) <= clock;
        while self.panes.front().is_some_and(|pane| gone(self.last_end(pane.start))) {
            self.panes.pop_front();
        }
        let lateness = self.setting.lateness;
        if self
            .revisions
            .first()
            .is_some_and(|((end, _), _)| end.saturating_add(lateness) <= clock)
        {
            self.revisions
                .retain(|(end, _), _| end.saturating_add(lateness) > clock);
        }
    }

    /// Emits the window that ends at `end`; `last`: the end of the input closes it.
    fn window(&mut self, end: i64, last: Option<i64>, out: &mut Emitted) {
        let start = end.saturating_sub(self.size);
        if self.slide == self.size {
            let at = self.panes.iter().position(|pane| pane.start == start);
            if let Some(pane) = at.map(|at| &self.panes[at]) {
                emit(
                    &pane.groups,
                    self.setting.keys,
                    (start, end),
                    last,
                    &mut self.picked,
                    out,
                );
            }
            return;
        }
        let mut whole = self.spare.pop().unwrap_or_else(|| Groups::new(&self.setting.calls));
        if let Some(stacks) = &mut self.stacks {
            stacks.take(&mut self.panes, end);
            stacks.drop_before(start);
            if let Some(front) = stacks.front.last() {
                whole.absorb(&front.groups);
            }
            whole.absorb(&stacks.back);
        } else {
            for pane in self.panes.iter().filter(|pane| (start..end).contains(&pane.start)) {
                whole.absorb(&pane.groups);
            }
        }
        emit(&whole, self.setting.keys, (start, end), last, &mut self.picked, out);
        self.recycle(whole);
    }

    /// A late row: counts where it may, and windows that were emitted are emitted again.
    fn late(&mut self, batch: &Batch, row: u32, out: &mut Emitted) {
        let (time, clock) = (batch.times[row as usize], batch.clock(row as usize));
        if clock.saturating_sub(time) > self.setting.lateness {
            return;
        }
        let start = self.pane_start(time);
        self.pane(start).add(batch, Some(&[row]));
        let mut end = self.first_end(start);
        while end <= clock.min(self.last_end(start)) {
            self.revise(end, batch, row, out);
            end = end.saturating_add(self.slide);
        }
    }

    fn revise(&mut self, end: i64, batch: &Batch, row: u32, out: &mut Emitted) {
        let start = end.saturating_sub(self.size);
        let mut one = Groups::new(&self.setting.calls);
        let mut probe = Groups::new(&self.setting.calls);
        probe.add(batch, Some(&[row]));
        for pane in self.panes.iter().filter(|pane| (start..end).contains(&pane.start)) {
            if let Some(number) = pane.groups.keys.find_of(&probe.keys, 0) {
                one.absorb_one(&pane.groups, number);
            }
        }
        let (keys, values) = one.emit(&[0], self.setting.keys, out);
        let key = keys.iter().map(|column| Key(column.value(0))).collect();
        let known = self.revisions.entry((end, key)).or_insert(0);
        *known += 1;
        let rows = Rows {
            places: vec![batch.place(row as usize)],
            times: vec![end - 1],
            bounds: Some((vec![start], vec![end])),
            revisions: Some(vec![*known]),
        };
        out.push(rows, keys, values);
    }
}

/// The rows of all groups of a window.
fn emit(
    groups: &Groups,
    keys: usize,
    (start, end): (i64, i64),
    last: Option<i64>,
    picked: &mut Vec<u32>,
    out: &mut Emitted,
) {
    let n = groups.len();
    picked.clear();
    picked.extend(0..n as u32);
    let places = groups.first.iter().map(|first| {
        let place = first.timer(end, Rank::Window);
        if last.is_some() { place.at_end() } else { place }
    });
    let rows = Rows {
        places: places.collect(),
        times: vec![last.unwrap_or(end.saturating_sub(1)); n],
        bounds: Some((vec![start; n], vec![end; n])),
        revisions: None,
    };
    let (keys, values) = groups.emit(picked, keys, out);
    out.push(rows, keys, values);
}

impl Stacks {
    /// The start of the oldest pane.
    fn oldest(&self) -> Option<i64> {
        let front = self.front.last().map(|pane| pane.start);
        front.or_else(|| self.parts.front().map(|pane| pane.start))
    }

    /// Takes over the panes that begin before `end`.
    fn take(&mut self, panes: &mut VecDeque<Pane>, end: i64) {
        while panes.front().is_some_and(|pane| pane.start < end) {
            if let Some(pane) = panes.pop_front() {
                self.back.absorb(&pane.groups);
                self.parts.push_back(pane);
            }
        }
    }

    /// Lets panes go that begin before `start`.
    fn drop_before(&mut self, start: i64) {
        loop {
            while self.front.last().is_some_and(|pane| pane.start < start) {
                self.gone.extend(self.front.pop().map(|pane| pane.groups));
            }
            if !self.front.is_empty() || self.parts.front().is_none_or(|pane| pane.start >= start) {
                return;
            }
            while self.parts.front().is_some_and(|pane| pane.start < start) {
                self.gone.extend(self.parts.pop_front().map(|pane| pane.groups));
            }
            self.flip();
        }
    }

    /// Makes suffixes of all panes.
    fn flip(&mut self) {
        self.back.clear();
        while let Some(mut pane) = self.parts.pop_back() {
            if let Some(newer) = self.front.last() {
                pane.groups.absorb(&newer.groups);
            }
            self.front.push(pane);
        }
    }
}

impl Windows for Grid {
    fn take(&mut self, batch: &Batch, rows: Option<&[u32]>, out: &mut Emitted) {
        let count = rows.map_or(batch.len(), <[u32]>::len);
        let row = |at: usize| rows.map_or(at, |rows| rows[at] as usize);
        let mut chosen: Vec<u32> = Vec::new();
        let mut at = 0;
        while at < count {
            let first = row(at);
            self.fire(batch.passed(first), out);
            if batch.is_late(first) {
                self.late(batch, first as u32, out);
                at += 1;
                continue;
            }
            let start = self.pane_start(batch.times[first]);
            let pane = start..start.saturating_add(self.width);
            let mut to = at + 1;
            while to < count && pane.contains(&batch.times[row(to)]) && !batch.is_late(row(to)) {
                to += 1;
            }
            let groups = self.pane(start);
            if at == 0 && to == batch.len() && rows.is_none() {
                groups.add(batch, None);
            } else if let Some(rows) = rows {
                groups.add(batch, Some(&rows[at..to]));
            } else {
                chosen.clear();
                chosen.extend(at as u32..to as u32);
                groups.add(batch, Some(&chosen));
            }
            at = to;
        }
    }

    fn advance(&mut self, until: Place, out: &mut Emitted) {
        self.fire(until.time, out);
    }

    fn finish(&mut self, ending: Ending, out: &mut Emitted) {
        while let Some(end) = self.next_window() {
            self.window(end, Some(ending.last), out);
            if end == i64::MAX {
                break;
            }
            self.forget(end);
        }
    }

    fn bytes(&self) -> usize {
        let panes = self.panes.iter().map(|pane| pane.groups.bytes()).sum::<usize>();
        let stacks = self.stacks.as_ref().map_or(0, |stacks| {
            let front = stacks.front.iter().chain(&stacks.parts);
            stacks.back.bytes() + front.map(|pane| pane.groups.bytes()).sum::<usize>()
        });
        panes + stacks
    }
}
