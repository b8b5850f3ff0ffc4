//! Windows of so many rows.

use super::aggregate::{Emitted, Rows, Setting, Windows};
use super::slots::{Closed, Slots};
use super::{Batch, Ending, KeyTable};
use crate::aggregate::Sliding;
use crate::data::{Column, Place, Value};

/// Windows of exactly `size` rows of a key, one after another.
#[derive(Debug)]
pub(super) struct Counts {
    setting: Setting,
    size: u64,
    partial: bool,
    keys: KeyTable,
    open: Vec<Open>,
    slots: Slots,
    closed: Vec<Closed>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    slot: u32,
    rows: u64,
    start: i64,
    last: i64,
    /// Where the first row stands.
    first: Place,
}

impl Counts {
    pub(super) fn new(setting: &Setting, size: u64, partial: bool) -> Self {
        Self {
            setting: setting.clone(),
            size,
            partial,
            keys: KeyTable::default(),
            open: Vec::new(),
            slots: Slots::new(setting),
            closed: Vec::new(),
        }
    }

    fn flush(&mut self, out: &mut Emitted) {
        self.slots
            .emit(&self.closed, (&self.keys, self.setting.keys), true, out);
        self.closed.iter().for_each(|closed| self.slots.close(closed.slot));
        self.closed.clear();
        self.slots.compact();
    }
}

impl Windows for Counts {
    fn take(&mut self, batch: &Batch, rows: Option<&[u32]>, out: &mut Emitted) {
        let count = rows.map_or(batch.len(), <[u32]>::len);
        let row = |at: usize| rows.map_or(at, |rows| rows[at] as usize);
        let mut numbers = Vec::with_capacity(count);
        self.keys.number(&batch.keys, (0..count).map(row), &mut numbers, |_| {});
        let none = Open {
            slot: 0,
            rows: 0,
            start: 0,
            last: 0,
            first: Place::MIN,
        };
        self.open.resize(self.keys.len(), none);
        let (mut ready, mut slots) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for (at, &key) in numbers.iter().enumerate() {
            let row = row(at);
            let time = batch.times[row];
            let open = &mut self.open[key as usize];
            if open.rows == 0 {
                *open = Open {
                    slot: self.slots.open(),
                    rows: 0,
                    start: time,
                    last: time,
                    first: batch.place(row),
                };
            }
            (open.rows, open.last) = (open.rows + 1, time);
            ready.push(row as u32);
            slots.push(open.slot);
            if open.rows == self.size {
                self.closed.push(Closed {
                    slot: open.slot,
                    key,
                    place: batch.place(row),
                    time,
                    start: open.start,
                    end: time,
                    revision: 0,
                });
                open.rows = 0;
            }
        }
        self.slots.add(batch, &ready, &slots);
        self.flush(out);
    }

    fn advance(&mut self, _: Place, _: &mut Emitted) {}

    fn finish(&mut self, ending: Ending, out: &mut Emitted) {
        if !self.partial {
            return;
        }
        for (key, open) in self.open.iter().enumerate().filter(|(_, open)| open.rows > 0) {
            self.closed.push(Closed {
                slot: open.slot,
                key: key as u32,
                place: Place {
                    time: ending.last,
                    ..open.first
                }
                .at_end(),
                time: ending.last,
                start: open.start,
                end: open.last,
                revision: 0,
            });
        }
        self.flush(out);
        self.open.iter_mut().for_each(|open| open.rows = 0);
    }

    fn bytes(&self) -> usize {
        self.keys.bytes() + self.slots.bytes() + self.open.capacity() * size_of::<Open>()
    }
}

/// Windows of exactly `size` rows of a key, a new one every `slide` rows.
#[derive(Debug)]
pub(super) struct SlidingCounts {
    setting: Setting,
    size: u64,
    slide: u64,
    partial: bool,
    keys: KeyTable,
    open: Vec<Track>,
}

#[derive(Debug)]
struct Track {
    /// The rows of the last window, and what is reckoned of them.
    held: Sliding,
    /// Time and place of each of them.
    rows: std::collections::VecDeque<(i64, Place)>,
    /// How many rows there were.
    seen: u64,
}

impl SlidingCounts {
    pub(super) fn new(setting: &Setting, size: u64, slide: u64, partial: bool) -> Self {
        Self {
            setting: setting.clone(),
            size,
            slide,
            partial,
            keys: KeyTable::default(),
            open: Vec::new(),
        }
    }
}

impl Windows for SlidingCounts {
    fn take(&mut self, batch: &Batch, rows: Option<&[u32]>, out: &mut Emitted) {
        let count = rows.map_or(batch.len(), <[u32]>::len);
        let row = |at: usize| rows.map_or(at, |rows| rows[at] as usize);
        let mut numbers = Vec::with_capacity(count);
        self.keys.number(&batch.keys, (0..count).map(row), &mut numbers, |_| {});
        let specs = &self.setting.specs;
        self.open.resize_with(self.keys.len(), || Track {
            held: Sliding::new(specs),
            rows: std::collections::VecDeque::new(),
            seen: 0,
        });
        let mut lines = Lines::default();
        for (at, &key) in numbers.iter().enumerate() {
            let row = row(at);
            let track = &mut self.open[key as usize];
            track.held.push(&batch.args, row, batch.times[row]);
            track.rows.push_back((batch.times[row], batch.place(row)));
            track.seen += 1;
            if track.rows.len() as u64 > self.size {
                track.held.pop();
                track.rows.pop_front();
            }
            if track.seen >= self.size && (track.seen - self.size).is_multiple_of(self.slide) {
                let (time, place) = (batch.times[row], batch.place(row));
                let start = track.rows.front().map_or(time, |first| first.0);
                let mut values = Vec::new();
                track.held.read(&mut values, &mut out.errors);
                lines.add(key, place, time, (start, time), values);
            }
        }
        let keys = self.keys.columns(&lines.keys, self.setting.keys);
        lines.push(keys, &self.setting, out);
    }

    fn advance(&mut self, _: Place, _: &mut Emitted) {}

    fn finish(&mut self, ending: Ending, out: &mut Emitted) {
        if !self.partial {
            return;
        }
        let mut lines = Lines::default();
        for (key, track) in self.open.iter_mut().enumerate() {
            // The first row of the window that is not full.
            let windows = if track.seen < self.size {
                0
            } else {
                (track.seen - self.size) / self.slide + 1
            };
            let short = track.seen.saturating_sub(windows * self.slide);
            while track.rows.len() as u64 > short {
                track.held.pop();
                track.rows.pop_front();
            }
            if let (Some(first), Some(last)) = (track.rows.front().copied(), track.rows.back().copied()) {
                let place = Place {
                    time: ending.last,
                    ..first.1
                };
                let mut values = Vec::new();
                track.held.read(&mut values, &mut out.errors);
                lines.add(key as u32, place.at_end(), ending.last, (first.0, last.0), values);
            }
        }
        let keys = self.keys.columns(&lines.keys, self.setting.keys);
        lines.push(keys, &self.setting, out);
    }

    fn bytes(&self) -> usize {
        let tracks = self
            .open
            .iter()
            .map(|track| track.held.bytes() + track.rows.capacity() * 48);
        self.keys.bytes() + tracks.sum::<usize>()
    }
}

/// Rows made one by one.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) keys: Vec<u32>,
    places: Vec<Place>,
    times: Vec<i64>,
    starts: Vec<i64>,
    ends: Vec<i64>,
    values: Vec<Vec<Value>>,
}

impl Lines {
    pub(super) fn add(&mut self, key: u32, place: Place, time: i64, bounds: (i64, i64), values: Vec<Value>) {
        self.keys.push(key);
        self.places.push(place);
        self.times.push(time);
        self.starts.push(bounds.0);
        self.ends.push(bounds.1);
        self.values.push(values);
    }

    /// Hands all of them on.
    pub(super) fn push(&mut self, keys: Vec<Column>, setting: &Setting, out: &mut Emitted) {
        if self.places.is_empty() {
            return;
        }
        let mut lines = std::mem::take(self);
        let columns = (0..setting.specs.len()).map(|at| {
            let of = lines.values.iter_mut().map(|values| std::mem::take(&mut values[at]));
            Column::from_values(of.collect())
        });
        let columns = columns.collect();
        let rows = Rows {
            places: lines.places,
            times: lines.times,
            bounds: Some((lines.starts, lines.ends)),
            revisions: None,
        };
        out.push(rows, keys, columns);
    }
}
