//! Session windows: a session goes on while the next row comes at most `gap` later.
//!
//! A session is done when the clock has passed its last row's time plus the gap; deadlines stand in a
//! heap and are looked at again when they come, so that a row costs no heap operation.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use indexmap::IndexMap;

use super::aggregate::{Emitted, Setting, Windows};
use super::slots::{Closed, Slots};
use super::{Batch, Ending, KeyTable};
use crate::data::value::FixedHasher;
use crate::data::{Place, Rank};

/// Sessions of some keys.
#[derive(Debug)]
pub(super) struct Sessions {
    setting: Setting,
    gap: i64,
    keys: KeyTable,
    /// By the number of the key.
    open: Vec<Option<Session>>,
    live: usize,
    /// Whether a deadline of the key stands in the heap, by number.
    queued: Vec<bool>,
    slots: Slots,
    deadlines: BinaryHeap<Reverse<(i64, u32)>>,
    /// Emitted sessions that late rows may still change, by key.
    kept: IndexMap<u32, Vec<Session>, FixedHasher>,
    closed: Vec<Closed>,
}

#[derive(Clone, Copy, Debug)]
struct Session {
    slot: u32,
    start: i64,
    last: i64,
    first: Place,
    emitted: i64,
}

impl Session {
    fn closed(self, key: u32, gap: i64) -> Closed {
        let deadline = self.last.saturating_add(gap);
        Closed {
            slot: self.slot,
            key,
            place: self.first.timer(deadline, Rank::Deadline),
            time: deadline,
            start: self.start,
            end: self.last,
            revision: self.emitted,
        }
    }
}

impl Sessions {
    pub(super) fn new(setting: &Setting, gap: i64) -> Self {
        Self {
            setting: setting.clone(),
            gap,
            keys: KeyTable::default(),
            open: Vec::new(),
            live: 0,
            queued: Vec::new(),
            slots: Slots::new(setting),
            deadlines: BinaryHeap::new(),
            kept: IndexMap::default(),
            closed: Vec::new(),
        }
    }

    /// Closes what is overdue: deadlines before `time`.
    fn expire(&mut self, time: i64) {
        while let Some(&Reverse((deadline, key))) = self.deadlines.peek() {
            if deadline >= time {
                return;
            }
            self.deadlines.pop();
            self.queued[key as usize] = false;
            let Some(session) = self.open[key as usize] else {
                continue;
            };
            let actual = session.last.saturating_add(self.gap);
            if actual < time {
                self.end(key);
            } else {
                self.queue(key, actual);
            }
        }
    }

    fn queue(&mut self, key: u32, deadline: i64) {
        if !std::mem::replace(&mut self.queued[key as usize], true) {
            self.deadlines.push(Reverse((deadline, key)));
        }
    }

    fn end(&mut self, key: u32) {
        if let Some(session) = self.open[key as usize].take() {
            self.live -= 1;
            self.closed.push(session.closed(key, self.gap));
            if self.setting.lateness > 0 {
                let kept = self.kept.entry(key).or_default();
                kept.push(Session {
                    emitted: session.emitted + 1,
                    ..session
                });
            }
        }
    }

    /// Emits what has been closed.
    fn flush(&mut self, out: &mut Emitted) {
        self.slots
            .emit(&self.closed, (&self.keys, self.setting.keys), true, out);
        if self.setting.lateness == 0 {
            self.closed.iter().for_each(|closed| self.slots.close(closed.slot));
        }
        self.closed.clear();
        self.slots.compact();
    }

    /// Starts a session, or goes on with the one under way; the slot the row goes to.
    fn slot(&mut self, key: u32, time: i64, place: impl FnOnce() -> Place) -> u32 {
        if let Some(session) = &mut self.open[key as usize] {
            if time.saturating_sub(session.last) <= self.gap {
                session.last = time.max(session.last);
                return session.slot;
            }
            self.end(key);
        }
        let slot = self.slots.open();
        self.open[key as usize] = Some(Session {
            slot,
            start: time,
            last: time,
            first: place(),
            emitted: 0,
        });
        self.live += 1;
        self.queue(key, time.saturating_add(self.gap));
        slot
    }

    /// A late row: goes to the sessions it touches, joining them; those emitted come again.
    fn late(&mut self, batch: &Batch, row: u32, key: u32, out: &mut Emitted) {
        let (time, clock) = (batch.times[row as usize], batch.clock(row as usize));
        if clock.saturating_sub(time) > self.setting.lateness {
            return;
        }
        self.flush(out);
        let place = batch.place(row as usize);
        let gap = self.gap;
        let touches = |session: &Session| time >= session.start - gap && time <= session.last + gap;
        let mut mine: Vec<Session> = Vec::new();
        let kept = self.kept.entry(key).or_default();
        mine.extend(kept.extract_if(.., |session| touches(session)));
        if let Some(session) = self.open[key as usize].take_if(|session| touches(session)) {
            self.live -= 1;
            mine.push(session);
        }
        mine.sort_by_key(|session| session.start);
        let mut session = mine.first().copied().unwrap_or(Session {
            slot: u32::MAX,
            start: time,
            last: time,
            first: place,
            emitted: 0,
        });
        if session.slot == u32::MAX {
            session.slot = self.slots.open();
        }
        for other in mine.iter().skip(1) {
            self.slots.join(session.slot, other.slot);
            session.last = session.last.max(other.last);
            session.emitted = session.emitted.max(other.emitted);
        }
        (session.start, session.last) = (session.start.min(time), session.last.max(time));
        self.slots.add(batch, &[row], &[session.slot]);
        if session.last.saturating_add(gap) >= clock {
            self.live += 1;
            self.queue(key, session.last.saturating_add(gap));
            self.open[key as usize] = Some(session);
            return;
        }
        let closed = Closed {
            place,
            ..session.closed(key, gap)
        };
        self.slots.emit(&[closed], (&self.keys, self.setting.keys), true, out);
        session.emitted += 1;
        self.kept.entry(key).or_default().push(session);
    }

    /// Lets go of sessions that no late row can change any more, and of keys without sessions.
    fn forget(&mut self, clock: i64) {
        if self.setting.lateness > 0 {
            let horizon = self.gap.saturating_add(self.setting.lateness);
            let slots = &mut self.slots;
            self.kept.retain(|_, kept| {
                kept.retain(|session| {
                    let keep = session.last.saturating_add(horizon) > clock;
                    if !keep {
                        slots.close(session.slot);
                    }
                    keep
                });
                !kept.is_empty()
            });
        } else if self.open.len() > 1024 && self.live < self.open.len() / 2 {
            self.compact();
        }
    }

    /// Numbers the keys with open sessions anew.
    fn compact(&mut self) {
        let mut keys = KeyTable::default();
        let mut open = Vec::with_capacity(self.live);
        self.deadlines.clear();
        for (number, session) in self.open.iter().enumerate() {
            if let Some(session) = session {
                let key = keys.number_of(&self.keys, number as u32);
                open.push(Some(*session));
                self.deadlines
                    .push(Reverse((session.last.saturating_add(self.gap), key)));
            }
        }
        self.queued = vec![true; open.len()];
        (self.keys, self.open) = (keys, open);
    }
}

impl Windows for Sessions {
    fn take(&mut self, batch: &Batch, rows: Option<&[u32]>, out: &mut Emitted) {
        let count = rows.map_or(batch.len(), <[u32]>::len);
        let row = |at: usize| rows.map_or(at, |rows| rows[at] as usize);
        let mut numbers = Vec::with_capacity(count);
        self.keys.number(&batch.keys, (0..count).map(row), &mut numbers, |_| {});
        self.open.resize(self.keys.len(), None);
        self.queued.resize(self.keys.len(), false);
        let (mut ready, mut slots) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for (at, &key) in numbers.iter().enumerate() {
            let row = row(at);
            if batch.is_late(row) {
                self.slots.add(batch, &ready, &slots);
                ready.clear();
                slots.clear();
                self.expire(batch.overdue(row));
                self.late(batch, row as u32, key, out);
                continue;
            }
            let slot = self.slot(key, batch.times[row], || batch.place(row));
            ready.push(row as u32);
            slots.push(slot);
        }
        self.slots.add(batch, &ready, &slots);
        self.flush(out);
    }

    fn advance(&mut self, until: Place, out: &mut Emitted) {
        self.expire(until.time);
        self.flush(out);
        self.forget(until.time);
    }

    fn finish(&mut self, ending: Ending, out: &mut Emitted) {
        for key in 0..self.open.len() as u32 {
            self.end(key);
        }
        for closed in &mut self.closed {
            closed.place = closed.place.at_end();
            closed.time = ending.last;
        }
        self.flush(out);
    }

    fn bytes(&self) -> usize {
        let sessions = self.open.capacity() * size_of::<Option<Session>>();
        self.keys.bytes() + self.slots.bytes() + sessions + self.deadlines.capacity() * 16
    }
}
