//! The events that runs and matches refer to.
//!
//! An event is a row that something was taken from: where and when it stands, and where its columns
//! are. Rows of the round at hand lie in the batches that brought them; at the round's end those that
//! became events are put together in columns of their own, and the batches go. Events that nothing
//! refers to any more are swept away together.
//!
//! Invariants: events are numbered in order of their making until a sweep, which keeps their order; the
//! columns of a segment are those of [`Layout::kept`] of its input, once it has settled.
//!
//! Cost: a row's columns are copied once when it becomes an event, and once more for each sweep it lives
//! through; a sweep comes when half of the events may be dead.

use crate::data::{Column, Place, Value};
use crate::ir::{How, Pattern, Selection, StepId, ValueId};
use crate::ordered::Batch;

/// The number of an event.
pub(super) type EventId = u32;

/// No event.
pub(super) const NO_EVENT: EventId = EventId::MAX;

/// An event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    /// Where it stands.
    pub(super) place: Place,
    /// Its time, in nanoseconds.
    pub(super) time: i64,
    /// The number of its place among all places that this pattern has seen; rows of one place share it.
    pub(super) tick: u64,
    segment: u32,
    row: u32,
}

impl Event {
    /// The segment that its row is in, and the row there.
    pub(super) fn at(&self) -> (u32, u32) {
        (self.segment, self.row)
    }
}

/// Which of an input's values outlive their round.
#[derive(Clone, Debug, Default)]
struct Layout {
    /// Values that events keep, ascending.
    kept: Vec<ValueId>,
    /// How many partition keys follow, and whether `_seq` does.
    keys: usize,
    seq: bool,
}

#[derive(Debug)]
struct Segment {
    input: usize,
    /// While it is fresh: all values of the input, then keys, then `_seq`. Settled: the kept ones only.
    columns: Vec<Column>,
    /// While it is fresh: for each row of its batch the event made of it.
    events: Option<Vec<EventId>>,
    /// How many rows it has.
    rows: usize,
}

/// Events, and their values.
#[derive(Debug)]
pub(super) struct Store {
    layouts: Vec<Layout>,
    events: Vec<Event>,
    segments: Vec<Segment>,
    /// The first segment of this round.
    fresh: usize,
    /// How many events there were after the last sweep.
    swept: usize,
}

/// A sweep comes no sooner than with so many events.
const FEW: usize = 4096;

impl Store {
    pub(super) fn new(pattern: &Pattern, seq: bool) -> Self {
        let mut layouts = vec![
            Layout {
                kept: Vec::new(),
                keys: pattern.keys,
                seq,
            };
            pattern.inputs.len()
        ];
        for (step, value) in kept(pattern) {
            layouts[pattern.steps[step].input].kept.push(value);
        }
        for layout in &mut layouts {
            layout.kept.sort_unstable();
            layout.kept.dedup();
        }
        Self {
            layouts,
            events: Vec::new(),
            segments: Vec::new(),
            fresh: 0,
            swept: 0,
        }
    }

    /// Lets events keep all values of their inputs. Before any is there.
    pub(super) fn keep_all(&mut self, pattern: &Pattern) {
        for (layout, input) in self.layouts.iter_mut().zip(&pattern.inputs) {
            layout.kept = (0..input.values.len()).collect();
        }
    }

    /// Takes in a batch of this round; the segment that it is.
    pub(super) fn enter(&mut self, input: usize, batch: &Batch) -> u32 {
        let mut columns = batch.args[0].clone();
        columns.extend(batch.keys.columns().iter().cloned());
        if self.layouts[input].seq {
            columns.extend(batch.args.get(1).and_then(|args| args.first()).cloned());
        }
        self.segments.push(Segment {
            input,
            columns,
            events: Some(vec![NO_EVENT; batch.len()]),
            rows: batch.len(),
        });
        (self.segments.len() - 1) as u32
    }

    /// The event that a row of a fresh segment is.
    pub(super) fn event(&mut self, (segment, row): (u32, u32), place: Place, time: i64, tick: u64) -> EventId {
        let events = self.segments[segment as usize].events.get_or_insert_default();
        let known = &mut events[row as usize];
        if *known == NO_EVENT {
            *known = self.events.len() as u32;
            self.events.push(Event {
                place,
                time,
                tick,
                segment,
                row,
            });
        }
        *known
    }

    #[inline]
    pub(super) fn get(&self, id: EventId) -> &Event {
        &self.events[id as usize]
    }

    /// How many events there are.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// The column that has a value of an event, and the row of it there.
    #[inline]
    pub(super) fn value(&self, id: EventId, value: ValueId) -> (&Column, usize) {
        let event = &self.events[id as usize];
        let segment = &self.segments[event.segment as usize];
        (&segment.columns[self.at(segment, value)], event.row as usize)
    }

    /// The input that a segment's rows came through.
    pub(super) fn input_of(&self, segment: u32) -> usize {
        self.segments[segment as usize].input
    }

    /// A value of a row.
    pub(super) fn value_at(&self, (segment, row): (u32, u32), value: ValueId) -> Value {
        let segment = &self.segments[segment as usize];
        segment.columns[self.at(segment, value)].value(row as usize)
    }

    /// The key of a row's partition with this number.
    pub(super) fn key_at(&self, (segment, row): (u32, u32), number: usize) -> Value {
        let segment = &self.segments[segment as usize];
        segment.columns[self.beside(segment, number)].value(row as usize)
    }

    /// A column of a fresh segment.
    #[inline]
    pub(super) fn fresh(&self, segment: u32, value: ValueId) -> &Column {
        &self.segments[segment as usize].columns[value]
    }

    /// Where the column of a value is.
    fn at(&self, segment: &Segment, value: ValueId) -> usize {
        if segment.events.is_some() {
            return value;
        }
        let kept = &self.layouts[segment.input].kept;
        kept.binary_search(&value).unwrap_or(0)
    }

    /// Where the column of the partition's key with this number is, or that of `_seq` behind all keys.
    fn beside(&self, segment: &Segment, number: usize) -> usize {
        let layout = &self.layouts[segment.input];
        let keys = layout.keys + usize::from(layout.seq);
        segment.columns.len() - keys + number
    }

    /// A value of each of some events, taken by steps; null for [`NO_EVENT`]. `values`: the value, by the
    /// step that took the event.
    pub(super) fn gather(
        &self,
        values: &[(StepId, ValueId)],
        events: impl Iterator<Item = (StepId, EventId)>,
    ) -> Column {
        self.columns_of(events, |store, segment, step| {
            let value = values.iter().find(|(of, _)| *of == step)?.1;
            Some(store.at(segment, value))
        })
    }

    /// A partition key of each of some events.
    pub(super) fn keys(&self, number: usize, events: impl Iterator<Item = EventId>) -> Column {
        self.columns_of(events.map(|event| (0, event)), |store, segment, _| {
            Some(store.beside(segment, number))
        })
    }

    /// `_seq` of each of some events.
    pub(super) fn seqs(&self, events: impl Iterator<Item = EventId>) -> Column {
        self.columns_of(events.map(|event| (0, event)), |store, segment, _| {
            let keys = store.layouts[segment.input].keys;
            Some(store.beside(segment, keys))
        })
    }

    fn columns_of(
        &self,
        events: impl Iterator<Item = (StepId, EventId)>,
        which: impl Fn(&Self, &Segment, StepId) -> Option<usize>,
    ) -> Column {
        let nulls = Column::nulls(1);
        let mut columns: Vec<&Column> = vec![&nulls];
        let mut known: Vec<(u32, StepId, u32)> = Vec::new();
        let mut rows: Vec<(u32, u32)> = Vec::with_capacity(events.size_hint().0);
        let mut last = (u32::MAX, usize::MAX, 0);
        let mut any_null = false;
        for (step, id) in events {
            if id == NO_EVENT {
                any_null = true;
                rows.push((0, 0));
                continue;
            }
            let event = &self.events[id as usize];
            if (last.0, last.1) != (event.segment, step) {
                let seen = known.binary_search_by_key(&(event.segment, step), |one| (one.0, one.1));
                let column = match seen {
                    Ok(at) => known[at].2,
                    Err(at) => {
                        let segment = &self.segments[event.segment as usize];
                        let column = which(self, segment, step).map_or(0, |column| {
                            columns.push(&segment.columns[column]);
                            (columns.len() - 1) as u32
                        });
                        known.insert(at, (event.segment, step, column));
                        column
                    }
                };
                last = (event.segment, step, column);
            }
            any_null |= last.2 == 0;
            rows.push((last.2, if last.2 == 0 { 0 } else { event.row }));
        }
        if !any_null && !rows.is_empty() {
            columns.remove(0);
            rows.iter_mut().for_each(|row| row.0 -= 1);
        }
        Column::gather(&columns, &rows)
    }

    /// Ends the round: what became events is kept, the batches go.
    pub(super) fn settle(&mut self) {
        for at in self.fresh..self.segments.len() {
            let segment = &mut self.segments[at];
            let Some(events) = segment.events.take() else { continue };
            let layout = &self.layouts[segment.input];
            let mut rows: Vec<u32> = Vec::new();
            for (row, &id) in events.iter().enumerate() {
                if id != NO_EVENT {
                    self.events[id as usize].row = rows.len() as u32;
                    rows.push(row as u32);
                }
            }
            let all = std::mem::take(&mut segment.columns);
            let beside = all.len() - layout.keys - usize::from(layout.seq);
            let kept = layout.kept.iter().copied().chain(beside..all.len());
            segment.columns = kept.map(|column| all[column].take(&rows)).collect();
            segment.rows = rows.len();
        }
        while self.segments.len() > self.fresh && self.segments.last().is_some_and(|last| last.rows == 0) {
            self.segments.pop();
        }
        self.fresh = self.segments.len();
    }

    /// Whether a sweep is due.
    pub(super) fn is_full(&self) -> bool {
        self.events.len() > FEW + 2 * self.swept
    }

    /// Lets all events go but those that `live` tells; for each the number that it has from now on (or
    /// [`NO_EVENT`]). Between rounds only.
    pub(super) fn sweep(&mut self, live: &[bool]) -> Vec<EventId> {
        let mut renamed = vec![NO_EVENT; self.events.len()];
        let mut kept: Vec<Vec<(u32, u32)>> = vec![Vec::new(); self.layouts.len()];
        let mut used: Vec<Vec<u32>> = vec![Vec::new(); self.layouts.len()];
        let mut local: Vec<u32> = vec![u32::MAX; self.segments.len()];
        let mut events = Vec::new();
        for (id, event) in self.events.iter().enumerate().filter(|(id, _)| live[*id]) {
            let input = self.segments[event.segment as usize].input;
            let place = &mut local[event.segment as usize];
            if *place == u32::MAX {
                *place = used[input].len() as u32;
                used[input].push(event.segment);
            }
            renamed[id] = events.len() as u32;
            events.push(Event {
                segment: input as u32,
                row: kept[input].len() as u32,
                ..*event
            });
            kept[input].push((*place, event.row));
        }
        let segments = (0..self.layouts.len()).map(|input| {
            let of: Vec<&Segment> = used[input].iter().map(|&at| &self.segments[at as usize]).collect();
            let count = of.first().map_or(0, |segment| segment.columns.len());
            let columns = (0..count).map(|column| {
                let columns: Vec<&Column> = of.iter().map(|segment| &segment.columns[column]).collect();
                Column::gather(&columns, &kept[input])
            });
            Segment {
                input,
                columns: columns.collect(),
                events: None,
                rows: kept[input].len(),
            }
        });
        self.segments = segments.collect();
        self.fresh = self.segments.len();
        self.events = events;
        self.swept = self.events.len();
        renamed
    }

    /// About how many bytes are held, without the texts.
    pub(super) fn bytes(&self) -> usize {
        let columns = self
            .segments
            .iter()
            .map(|segment| segment.rows * segment.columns.len() * 12);
        self.events.capacity() * size_of::<Event>() + columns.sum::<usize>()
    }
}

/// The values of events that something reads after their round.
fn kept(pattern: &Pattern) -> Vec<(StepId, ValueId)> {
    let mut all = Vec::new();
    let of = |how: &How, all: &mut Vec<(StepId, ValueId)>| match how {
        How::One(bound) | How::Nth(bound, _) | How::List(bound) => all.extend(&bound.values),
        How::Aggregate { args, .. } => args.iter().for_each(|arg| all.extend(arg)),
        How::Key(_) | How::Count(_) | How::Start | How::End | How::Duration | How::Trend(_) => {}
    };
    pattern.reads.iter().for_each(|read| of(&read.how, &mut all));
    for trend in &pattern.trends {
        all.extend(trend.over.iter().flat_map(|(_, values)| values));
    }
    // Under `.stam` whole combinations are asked, long after their events have come.
    let absent: Vec<StepId> = match pattern.select {
        Selection::Any => (0..pattern.steps.len()).collect(),
        _ => absences(pattern),
    };
    for (number, step) in pattern.steps.iter().enumerate() {
        step.compare
            .iter()
            .for_each(|compare| all.extend(&compare.other.values));
        let Some(rest) = &step.rest else {
            if absent.contains(&number) {
                all.extend(step.compare.iter().map(|compare| (number, compare.own)));
            }
            continue;
        };
        rest.reads.iter().for_each(|read| of(&read.how, &mut all));
        if absent.contains(&number) {
            all.extend(step.compare.iter().map(|compare| (number, compare.own)));
            all.extend(rest.own.iter().map(|own| (number, own.1)));
            all.extend(rest.pseudo.iter().map(|own| (number, own.1)));
            all.extend(rest.whole.map(|own| (number, own)));
        }
    }
    all
}

/// The steps that are absences, wherever they stand.
pub(super) fn absences(pattern: &Pattern) -> Vec<StepId> {
    fn of(shape: &crate::ir::Shape, all: &mut Vec<StepId>) {
        use crate::ir::Shape;
        match shape {
            Shape::Step(_) => {}
            Shape::Absent(step) => all.push(*step),
            Shape::Seq(parts) | Shape::And(parts) | Shape::Or(parts) => parts.iter().for_each(|part| of(part, all)),
            Shape::Repeat(body, ..) => of(body, all),
        }
    }
    let mut all = pattern.absent.clone();
    of(&pattern.shape, &mut all);
    all
}
