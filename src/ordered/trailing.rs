//! Trailing windows (`every: event`): for each row those of its key in `(t - size, t]` up to it.

use std::collections::VecDeque;

use super::aggregate::{Emitted, Setting, Windows};
use super::counts::Lines;
use super::{Batch, Ending, KeyTable};
use crate::aggregate::Sliding;
use crate::data::Place;

/// Trailing windows of some keys.
#[derive(Debug)]
pub(super) struct Trailing {
    setting: Setting,
    size: i64,
    /// A row leaves only after `size`, not exactly then.
    closed: bool,
    keys: KeyTable,
    tracks: Vec<Track>,
    /// When keys without rows were last let go: how many keys there were.
    swept: usize,
}

#[derive(Debug)]
struct Track {
    held: Sliding,
    times: VecDeque<i64>,
}

impl Trailing {
    pub(super) fn new(setting: &Setting, size: i64, closed: bool) -> Self {
        Self {
            setting: setting.clone(),
            size,
            closed,
            keys: KeyTable::default(),
            tracks: Vec::new(),
            swept: 0,
        }
    }

    /// Keys whose rows have all left the window are forgotten.
    fn sweep(&mut self, clock: i64) {
        if self.tracks.len() < 2 * self.swept + 1024 {
            return;
        }
        let horizon = clock.saturating_sub(self.size);
        let mut keys = KeyTable::default();
        let mut tracks = Vec::new();
        for (number, track) in std::mem::take(&mut self.tracks).into_iter().enumerate() {
            if track.times.back().is_some_and(|&last| last >= horizon) {
                keys.number_of(&self.keys, number as u32);
                tracks.push(track);
            }
        }
        self.swept = tracks.len();
        (self.keys, self.tracks) = (keys, tracks);
    }
}

impl Windows for Trailing {
    fn take(&mut self, batch: &Batch, rows: Option<&[u32]>, out: &mut Emitted) {
        let count = rows.map_or(batch.len(), <[u32]>::len);
        let row = |at: usize| rows.map_or(at, |rows| rows[at] as usize);
        let mut numbers = Vec::with_capacity(count);
        self.keys.number(&batch.keys, (0..count).map(row), &mut numbers, |_| {});
        let specs = &self.setting.specs;
        self.tracks.resize_with(self.keys.len(), || Track {
            held: Sliding::new(specs),
            times: VecDeque::new(),
        });
        let mut lines = Lines::default();
        for (at, &key) in numbers.iter().enumerate() {
            let row = row(at);
            let time = batch.times[row];
            if batch.is_late(row) {
                continue;
            }
            let track = &mut self.tracks[key as usize];
            let start = time.saturating_sub(self.size);
            let left = |first: i64| first < start || (first == start && !self.closed);
            while track.times.front().is_some_and(|&first| left(first)) {
                track.times.pop_front();
                track.held.pop();
            }
            track.times.push_back(time);
            track.held.push(&batch.args, row, time);
            let mut values = Vec::new();
            track.held.read(&mut values, &mut out.errors);
            lines.add(key, batch.place(row), time, (start, time), values);
        }
        let keys = self.keys.columns(&lines.keys, self.setting.keys);
        lines.push(keys, &self.setting, out);
    }

    fn advance(&mut self, until: Place, _: &mut Emitted) {
        self.sweep(until.time);
    }

    fn finish(&mut self, _: Ending, _: &mut Emitted) {}

    fn bytes(&self) -> usize {
        let tracks = self
            .tracks
            .iter()
            .map(|track| track.held.bytes() + track.times.capacity() * 8);
        self.keys.bytes() + tracks.sum::<usize>()
    }
}
