//! The times of a slice's rows.

use arrow::buffer::{NullBuffer, ScalarBuffer};

use super::binding::Found;
use super::convert::{natural, values};
use super::epoch::{EpochTimes, epoch_times};
use super::pruned::types_are_text;
use super::slice::Slice;
use super::table::TableMorsel;
use crate::data::Value;
use crate::read::Clock;
use crate::read::time::TimeReader;

/// The times of a slice's rows.
#[derive(Debug)]
pub(super) struct Times {
    /// Of each row its time, where it has none that of the row before; nothing before `first`.
    carried: ScalarBuffer<i64>,
    /// Which rows have a time of their own; none: all.
    own: Option<NullBuffer>,
    /// The first row that has a time.
    first: usize,
    /// Rows whose time cannot be read, with what stands there, in order.
    pub(super) faults: Vec<(u32, String)>,
}

impl Times {
    /// Reads the times of all rows.
    pub(super) fn read(slice: &Slice) -> Self {
        if let Some(fields) = same_for_all(slice) {
            return Self::new(of_fields(slice, fields));
        }
        let kinds = slice.kinds();
        let first = slice.binding.times(kinds.of(0));
        let same = |row: u32| slice.binding.times(kinds.of(row)) == first;
        let mut found = match kinds.uniform() || (0..slice.len() as u32).all(same) {
            true => of_fields(slice, first),
            false => by_type(slice),
        };
        if let Some(bad) = kinds.bad_rows() {
            let valid = (0..slice.len()).map(|row| {
                let own = found.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
                own && !bad.contains(&(row as u32))
            });
            found.nulls = Some(valid.collect::<Vec<bool>>().into());
            found.faults.retain(|(row, _)| !bad.contains(row));
        }
        Self::new(found)
    }

    fn new(found: EpochTimes) -> Self {
        let own = found.nulls.filter(|nulls| nulls.null_count() > 0);
        let Some(nulls) = own else {
            return Self {
                carried: found.values,
                own: None,
                first: 0,
                faults: found.faults,
            };
        };
        let first = nulls.valid_indices().next().unwrap_or(nulls.len());
        let mut last = 0;
        let carry = |row: usize| {
            if nulls.is_valid(row) {
                last = found.values[row];
            }
            last
        };
        Self {
            carried: (0..nulls.len()).map(carry).collect::<Vec<i64>>().into(),
            own: Some(nulls),
            first,
            faults: found.faults,
        }
    }

    /// The time of a row itself.
    pub(super) fn own(&self, row: usize) -> Option<i64> {
        let has = self.own.as_ref().is_none_or(|own| own.is_valid(row));
        has.then(|| self.carried[row])
    }

    /// The time of a row, or of the last one before it that has one.
    pub(super) fn carried(&self, row: usize) -> Option<i64> {
        (row >= self.first).then(|| self.carried[row])
    }

    /// The times of all rows, where each has one.
    pub(super) fn all(&self) -> Option<&ScalarBuffer<i64>> {
        self.own.is_none().then_some(&self.carried)
    }

    fn len(&self) -> usize {
        self.carried.len()
    }
}

/// Where the time of every row is looked for, where its type makes no difference and cannot be bad.
fn same_for_all(slice: &Slice) -> Option<&[Found]> {
    let binding = &slice.binding;
    let same = binding.types.iter().all(|ty| ty.times == binding.stray);
    (same && (slice.info.event_type.is_some() || types_are_text(slice))).then_some(&binding.stray)
}

/// The times of all rows, looked for in these fields.
fn of_fields(slice: &Slice, fields: &[Found]) -> EpochTimes {
    let mut reader = TimeReader::new(slice.plan.time_unit);
    let mut all: Option<EpochTimes> = None;
    for field in fields {
        let next = of_field(slice, field, &mut reader);
        let merged = match all {
            None => next,
            Some(before) => merge(before, next),
        };
        let complete = merged.nulls.as_ref().is_none_or(|nulls| nulls.null_count() == 0);
        all = Some(merged);
        if complete {
            break;
        }
    }
    all.unwrap_or_else(|| EpochTimes {
        values: vec![0; slice.len()].into(),
        nulls: (slice.len() > 0).then(|| NullBuffer::new_null(slice.len())),
        faults: Vec::new(),
    })
}

fn of_field(slice: &Slice, field: &Found, reader: &mut TimeReader) -> EpochTimes {
    let array = slice.array(field);
    if field.rest.0.is_empty()
        && let Some(found) = epoch_times(array, reader)
    {
        return found;
    }
    let column = match field.rest.0.is_empty() {
        true => natural(array, &mut |_, _| ()).unwrap_or_else(|| values(array)),
        false => values(array),
    };
    let mut times = vec![0; slice.len()];
    let mut valid = vec![false; slice.len()];
    let mut faults = Vec::new();
    for row in 0..slice.len() {
        let value = field.rest.find(&column.value(row));
        let time = match &value {
            Value::Null => continue,
            Value::Timestamp(ns) => Some(*ns),
            Value::Str(text) => reader.text(text.as_bytes()),
            Value::Int(i) => reader.int(*i),
            Value::Float(f) => reader.number(zmij::Buffer::new().format(*f).as_bytes()),
            _ => None,
        };
        match time {
            Some(time) => (times[row], valid[row]) = (time, true),
            None => {
                let mut shown = Vec::new();
                crate::data::format::write_text(&value, &mut shown);
                faults.push((row as u32, String::from_utf8_lossy(&shown).chars().take(60).collect()));
            }
        }
    }
    EpochTimes {
        values: times.into(),
        nulls: Some(NullBuffer::from(valid)),
        faults,
    }
}

/// `before`, and where it has nothing, not even a fault, `next`.
fn merge(before: EpochTimes, next: EpochTimes) -> EpochTimes {
    let Some(nulls) = before.nulls else { return before };
    let mut valid: Vec<bool> = nulls.iter().collect();
    let mut values: Vec<i64> = before.values.to_vec();
    let mut faults = before.faults;
    let known: Vec<u32> = faults.iter().map(|(row, _)| *row).collect();
    for row in 0..values.len() {
        let open = !valid[row] && known.binary_search(&(row as u32)).is_err();
        if open && next.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
            (values[row], valid[row]) = (next.values[row], true);
        }
    }
    let late = next.faults.into_iter().filter(|(row, _)| {
        let open = !valid[*row as usize];
        open && known.binary_search(row).is_err()
    });
    faults.extend(late);
    faults.sort_by_key(|(row, _)| *row);
    EpochTimes {
        values: values.into(),
        nulls: Some(NullBuffer::from(valid)),
        faults,
    }
}

/// The times of all rows where they are looked for elsewhere for each type.
fn by_type(slice: &Slice) -> EpochTimes {
    let n = slice.len();
    let (mut values, mut valid, mut faults) = (vec![0; n], vec![false; n], Vec::new());
    let mut places: Vec<(&[Found], EpochTimes)> = Vec::new();
    for row in 0..n {
        let fields = slice.binding.times(slice.kinds().of(row as u32));
        let at = places.iter().position(|(known, _)| *known == fields);
        let at = at.unwrap_or_else(|| {
            places.push((fields, of_fields(slice, fields)));
            places.len() - 1
        });
        let found = &places[at].1;
        valid[row] = found.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        values[row] = found.values[row];
        if !valid[row]
            && let Ok(fault) = found.faults.binary_search_by_key(&(row as u32), |(row, _)| *row)
        {
            faults.push(found.faults[fault].clone());
        }
    }
    EpochTimes {
        values: values.into(),
        nulls: Some(NullBuffer::from(valid)),
        faults,
    }
}

impl Slice {
    /// The time that a row itself has, read without those of the others; none too where they are
    /// known.
    fn time_alone(&self, row: usize) -> Option<i64> {
        if self.times.get().is_some() || row >= self.len() {
            return None;
        }
        let one = TableMorsel {
            table: self.morsel.table.part(row, 1),
            start: self.morsel.start + row as u64,
            rows: 1,
            ..self.morsel.clone()
        };
        Self::new(&one, &self.plan, self.info.clone()).times().own(0)
    }

    /// The times of the rows, read when first asked for.
    pub(super) fn times(&self) -> &Times {
        self.times.get_or_init(|| Times::read(self))
    }
}

impl Clock for Slice {
    fn first_time(&self) -> Option<i64> {
        if let Some(time) = self.time_alone(0) {
            return Some(time);
        }
        let times = self.times();
        (times.first < times.len()).then(|| times.carried[times.first])
    }

    fn last_time(&self) -> Option<i64> {
        if let Some(time) = self.time_alone(self.len().checked_sub(1)?) {
            return Some(time);
        }
        let times = self.times();
        times.carried(times.len().checked_sub(1)?)
    }

    fn max_time(&self) -> Option<i64> {
        let times = self.times();
        times.carried.get(times.first..)?.iter().copied().max()
    }

    fn disorder(&self) -> Option<(u64, i64, i64)> {
        let times = self.times();
        let rows = times.carried.get(times.first..)?;
        let (mut largest, start) = (rows.first().copied()?, times.first);
        for (at, &time) in rows.iter().enumerate() {
            // A row without a time repeats the one before, which is reported already if it is late.
            if time < largest {
                return Some(((start + at) as u64, time, largest));
            }
            largest = time;
        }
        None
    }

    fn records(&self) -> Vec<(u64, Option<i64>)> {
        let times = self.times();
        let rows = 0..times.len();
        rows.map(|row| (self.morsel.start + row as u64, times.own(row)))
            .collect()
    }
}
