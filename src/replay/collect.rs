//! `.window(...)` whose rows go on as they are: the rows of each window come out together when it
//! closes, as one stretch, with a number that is a key of its own.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::feed::Feed;
use super::flow::Flow;
use super::gathered::{Gathered, RowRef};
use super::rows::MadeRows;
use crate::data::{Column, FieldId, Place, Rank};
use crate::ir::Window;
use crate::ordered::{Batch, Ending, KeyTable};

/// A row that is in some window.
#[derive(Clone, Debug)]
struct Entry {
    time: i64,
    place: Place,
    row: RowRef,
}

/// The rows of a window of one key.
#[derive(Debug)]
struct Instance {
    key: u32,
    place: Place,
    time: i64,
    start: i64,
    end: i64,
    rows: Vec<Entry>,
}

/// The windows under way.
#[derive(Debug)]
pub(super) struct Collector {
    window: Window,
    lateness: i64,
    fields: (FieldId, FieldId),
    keys: KeyTable,
    key_columns: usize,
    /// Where the grid of each key begins (`align: "first"`).
    anchors: Vec<i64>,
    /// Windows on the clock by end and key.
    open: BTreeMap<(i64, u32), Vec<Entry>>,
    /// The rows of the count window or session of each key.
    tracks: Vec<Track>,
    closed: Vec<Instance>,
    next_number: i64,
}

#[derive(Debug, Default)]
struct Track {
    rows: VecDeque<Entry>,
}

impl Collector {
    /// No windows yet. `lateness`: how late a row may be and still count, in nanoseconds.
    pub(super) fn new(window: Window, start: FieldId, end: FieldId, lateness: i64) -> Self {
        Self {
            window,
            lateness,
            fields: (start, end),
            keys: KeyTable::default(),
            key_columns: 0,
            anchors: Vec::new(),
            open: BTreeMap::new(),
            tracks: Vec::new(),
            closed: Vec::new(),
            next_number: 0,
        }
    }

    /// Takes the rows of a round in order, and moves the clock. The rows of all windows that are
    /// done, with their keys.
    pub(super) fn run(
        &mut self,
        feed: &Feed,
        until: Place,
        ending: Option<Ending>,
        inputs: &Arc<[String]>,
    ) -> Option<(Flow, Vec<Column>)> {
        for (at, batch) in feed.batches.iter().enumerate() {
            self.key_columns = batch.keys.columns().len();
            let mut numbers = Vec::new();
            let anchors = &mut self.anchors;
            self.keys.number(&batch.keys, 0..batch.len(), &mut numbers, |row| {
                anchors.push(batch.times[row]);
            });
            self.tracks.resize_with(self.keys.len(), Track::default);
            for (row, &key) in numbers.iter().enumerate() {
                self.take(batch, row, key, || feed.row(at, row));
            }
        }
        self.fire(until.time);
        self.expire(until.time);
        if let Some(ending) = ending {
            self.finish(ending);
        }
        self.flush(inputs)
    }

    fn take(&mut self, batch: &Batch, row: usize, key: u32, reference: impl FnOnce() -> RowRef) {
        let time = batch.times[row];
        let late = batch.is_late(row) && !matches!(self.window, Window::Count { .. });
        if late && batch.clock(row).saturating_sub(time) > self.lateness {
            return;
        }
        let entry = Entry {
            time,
            place: batch.place(row),
            row: reference(),
        };
        match self.window {
            Window::Time {
                size,
                slide,
                offset,
                align_first,
            } => {
                let passed = batch.passed(row);
                self.fire(passed);
                let anchor = self.anchors[key as usize];
                let (offset, floor) = if align_first {
                    (anchor, anchor)
                } else {
                    (offset, i64::MIN)
                };
                let mut start = time.saturating_sub((time.wrapping_sub(offset)).rem_euclid(slide));
                while start >= floor && start.saturating_add(size) > time {
                    let end = start.saturating_add(size);
                    // Rows that were handed on are not taken back: a window that has closed stays as it was.
                    if !late || end > passed {
                        self.open.entry((end, key)).or_default().push(entry.clone());
                    }
                    start = start.saturating_sub(slide);
                }
            }
            Window::Count { size, slide, .. } => {
                let track = &mut self.tracks[key as usize];
                track.rows.push_back(entry);
                if track.rows.len() as u64 == size {
                    let rows: Vec<Entry> = track.rows.iter().cloned().collect();
                    let gone = usize::try_from(slide).unwrap_or(usize::MAX).min(track.rows.len());
                    track.rows.drain(..gone);
                    let place = batch.place(row);
                    self.closed.push(instance(key, place, time, (rows[0].time, time), rows));
                }
            }
            Window::Session { gap } if late => {
                let rows = &mut self.tracks[key as usize].rows;
                if rows.front().is_some_and(|first| time >= first.time.saturating_sub(gap)) {
                    let at = rows.partition_point(|held| held.time <= time);
                    rows.insert(at, entry);
                }
            }
            Window::Session { gap } => {
                let last = self.tracks[key as usize].rows.back().map(|entry| entry.time);
                if last.is_some_and(|last| time.saturating_sub(last) > gap) {
                    self.end(key, gap);
                }
                self.tracks[key as usize].rows.push_back(entry);
            }
            // Every row would come with all rows before it; the compiler refuses it.
            Window::Trailing { .. } => {}
        }
    }

    /// Closes windows on the clock that end at or before a time.
    fn fire(&mut self, passed: i64) {
        while let Some(first) = self.open.first_entry() {
            let (end, key) = *first.key();
            if end > passed {
                return;
            }
            let rows = first.remove();
            let place = rows[0].place.timer(end, Rank::Window);
            let start = self.start_of(end);
            self.closed
                .push(instance(key, place, end.saturating_sub(1), (start, end), rows));
        }
    }

    fn start_of(&self, end: i64) -> i64 {
        match self.window {
            Window::Time { size, .. } => end.saturating_sub(size),
            _ => end,
        }
    }

    /// Closes sessions that are overdue.
    fn expire(&mut self, time: i64) {
        let Window::Session { gap } = self.window else { return };
        for key in 0..self.tracks.len() as u32 {
            let last = self.tracks[key as usize].rows.back().map(|entry| entry.time);
            if last.is_some_and(|last| last.saturating_add(gap) < time) {
                self.end(key, gap);
            }
        }
    }

    fn end(&mut self, key: u32, gap: i64) {
        let rows: Vec<Entry> = std::mem::take(&mut self.tracks[key as usize].rows).into();
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return;
        };
        let deadline = last.time.saturating_add(gap);
        let (place, bounds) = (first.place.timer(deadline, Rank::Deadline), (first.time, last.time));
        self.closed.push(instance(key, place, deadline, bounds, rows));
    }

    fn finish(&mut self, ending: Ending) {
        let before = self.closed.len();
        self.fire(i64::MAX);
        for key in 0..self.tracks.len() as u32 {
            match self.window {
                Window::Session { gap } => self.end(key, gap),
                Window::Count { partial: true, .. } => self.end(key, 0),
                _ => {}
            }
        }
        for instance in &mut self.closed[before..] {
            instance.place = instance.place.at_end();
            instance.time = ending.last;
        }
    }

    /// The rows of all closed windows, in order.
    fn flush(&mut self, inputs: &Arc<[String]>) -> Option<(Flow, Vec<Column>)> {
        let mut closed = std::mem::take(&mut self.closed);
        if closed.is_empty() {
            return None;
        }
        closed.sort_by_key(|instance| instance.place);
        let (mut rows, mut numbers, mut windows) = (Vec::new(), Vec::new(), Vec::new());
        let (mut places, mut times) = (Vec::new(), Vec::new());
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        for instance in closed {
            for entry in instance.rows {
                rows.push(entry.row);
                numbers.push(instance.key);
                windows.push(self.next_number);
                places.push(instance.place);
                times.push(instance.time);
                starts.push(instance.start);
                ends.push(instance.end);
            }
            self.next_number += 1;
        }
        let mut keys = self.keys.columns(&numbers, self.key_columns);
        keys.push(Column::Int(windows.into()));
        let added = vec![
            (self.fields.0, Column::Timestamp(starts.into())),
            (self.fields.1, Column::Timestamp(ends.into())),
        ];
        let made = MadeRows {
            places,
            times,
            inputs: inputs.clone(),
            seqs: None,
        };
        let gathered = Gathered::new(&rows, added, Arc::new(made));
        Some((Flow::gathered(Arc::new(gathered)), keys))
    }
}

fn instance(key: u32, place: Place, time: i64, (start, end): (i64, i64), rows: Vec<Entry>) -> Instance {
    Instance {
        key,
        place,
        time,
        start,
        end,
        rows,
    }
}
