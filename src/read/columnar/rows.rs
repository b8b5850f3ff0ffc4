//! The rows of one type, and their columns.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::Int64Array;

use super::convert::{Converter, Fault, selected};
use super::decode::{Names, UNTYPED};
use super::slice::Slice;
use crate::data::{BadCause, BadRecord, Column, EventRows, FieldId, Position, Pseudo, Rows, Value};
use crate::read::FieldPlan;
use crate::read::time::TimeReader;

/// The rows of one type in a slice.
#[derive(Debug)]
pub(super) struct TableRows {
    slice: Arc<Slice>,
    of: usize,
    /// Their numbers in the slice; none: all of them.
    rows: Option<Vec<u32>>,
    bad: Mutex<BadRows>,
    /// Rows as JSON, where somebody asked for it.
    texts: OnceLock<Vec<OnceLock<Vec<u8>>>>,
}

/// Rows that turned out bad.
#[derive(Debug, Default)]
struct BadRows {
    known: Vec<u32>,
    new: Vec<(u32, BadRecord)>,
}

impl TableRows {
    pub(super) fn new(slice: Arc<Slice>, of: usize, rows: Option<Vec<u32>>) -> Self {
        Self {
            slice,
            of,
            rows,
            bad: Mutex::default(),
            texts: OnceLock::new(),
        }
    }

    /// Which row of the slice a row is.
    fn nth(&self, row: u32) -> u32 {
        self.rows.as_ref().map_or(row, |rows| rows[row as usize])
    }

    /// The selected rows by their numbers in the slice; none: all of the slice.
    fn numbers(&self, rows: Option<&[u32]>) -> Option<Vec<u32>> {
        match (&self.rows, rows) {
            (None, None) => None,
            (Some(own), None) => Some(own.clone()),
            (_, Some(rows)) => Some(rows.iter().map(|row| self.nth(*row)).collect()),
        }
    }

    /// Notes bad rows, given by their places among the selected ones.
    fn remember(&self, rows: Option<&[u32]>, faults: Vec<(usize, Fault)>) {
        let mut bad = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, fault) in faults {
            let row = rows.map_or(at as u32, |rows| rows[at]);
            if !bad.known.contains(&row) {
                bad.known.push(row);
                bad.new.push((row, self.slice.bad(self.nth(row), fault)));
            }
        }
    }

    fn plan(&self, at: usize) -> Option<&FieldPlan> {
        let plan = &self.slice.plan;
        plan.types.get(self.of).or(plan.other.as_ref())?.fields.get(at)
    }

    fn times(&self, rows: Option<&[u32]>) -> Column {
        let times = self.slice.times();
        let numbers = self.numbers(rows);
        if let Some(all) = times.all() {
            let taken = match &numbers {
                None => all.clone(),
                Some(numbers) => numbers
                    .iter()
                    .map(|row| all[*row as usize])
                    .collect::<Vec<i64>>()
                    .into(),
            };
            return Column::Timestamp(Int64Array::new(taken, None));
        }
        let time = |row: u32| {
            let before = || self.slice.base.time_before_first(u64::from(row));
            times.carried(row as usize).or_else(before)
        };
        let n = self.slice.len() as u32;
        let numbers = numbers.unwrap_or_else(|| (0..n).collect());
        if !times.faults.is_empty() {
            let wrong = numbers.iter().enumerate().filter_map(|(at, row)| {
                let fault = times.faults.binary_search_by_key(row, |(row, _)| *row).ok()?;
                let reason = format!("`{}` is no time", times.faults[fault].1);
                let cause = BadCause::BadTime;
                Some((at, Fault { cause, reason }))
            });
            self.remember(rows, wrong.collect());
        }
        Column::Timestamp(numbers.into_iter().map(time).collect())
    }

    fn types(&self, rows: Option<&[u32]>) -> Column {
        let slice = &self.slice;
        let n = rows.map_or(self.len(), <[u32]>::len);
        let constant = slice
            .info
            .event_type
            .as_ref()
            .or(slice.binding.types[self.of].name.as_ref());
        if let Some(name) = constant {
            return Column::Const(Value::Str(Arc::clone(name)), n);
        }
        let fields = slice.binding.type_fields.iter();
        let names: Vec<Names> = fields.map(|field| Names::of(slice, field)).collect();
        let name = |row: u32| {
            let found = names.iter().find_map(|names| names.name(row as usize));
            found.unwrap_or_else(|| Value::str(UNTYPED))
        };
        let numbers = self.numbers(rows).unwrap_or_else(|| (0..slice.len() as u32).collect());
        Column::from_values(numbers.into_iter().map(name).collect())
    }
}

impl Rows for TableRows {
    fn len(&self) -> usize {
        self.rows.as_ref().map_or(self.slice.len(), Vec::len)
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        let n = rows.map_or(self.len(), <[u32]>::len);
        let binding = &self.slice.binding.types[self.of];
        let index = binding.index(field);
        let Some((plan, found)) = index.and_then(|at| Some((self.plan(at)?, binding.fields[at].as_ref()?))) else {
            return Column::nulls(n);
        };
        let numbers = self.numbers(rows);
        let mut converter = Converter {
            field: plan,
            times: TimeReader::new(self.slice.plan.time_unit),
            faults: Vec::new(),
            big_ints: Vec::new(),
        };
        let array = selected(self.slice.array(found), numbers.as_deref());
        let column = converter.column(&array, &found.rest);
        if !converter.big_ints.is_empty() {
            let number = |at: &usize| numbers.as_ref().map_or(*at as u32, |rows| rows[*at]);
            self.slice
                .count_big_ints(found.place, converter.big_ints.iter().map(number));
        }
        if !converter.faults.is_empty() {
            self.remember(rows, converter.faults);
        }
        column
    }

    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        let n = rows.map_or(self.len(), <[u32]>::len);
        let info = &self.slice.info;
        match which {
            Pseudo::Time => self.times(rows),
            Pseudo::Type => self.types(rows),
            Pseudo::Seq => {
                let Some(base) = self.slice.base.seq() else {
                    return Column::nulls(n);
                };
                let each = |at: usize| rows.map_or(at as u32, |rows| rows[at]);
                let seqs = (0..n).map(|at| (base + u64::from(self.nth(each(at)))) as i64);
                Column::Int(Int64Array::from(seqs.collect::<Vec<i64>>()))
            }
            Pseudo::Source => Column::Const(Value::Str(Arc::clone(&info.name)), n),
            Pseudo::Input => Column::Const(Value::Int(i64::from(info.number)), n),
            Pseudo::Index => Column::Const(Value::Int(0), n),
        }
    }

    fn whole(&self, row: u32) -> Value {
        self.slice.record(self.nth(row))
    }
}

impl EventRows for TableRows {
    fn position(&self, row: u32) -> Position {
        Position {
            input: self.slice.info.number,
            offset: self.slice.morsel.start + u64::from(self.nth(row)),
        }
    }

    fn line(&self, row: u32) -> u64 {
        u64::from(self.nth(row))
    }

    /// The row as JSON.
    fn text(&self, row: u32) -> &[u8] {
        let texts = self
            .texts
            .get_or_init(|| (0..self.len()).map(|_| OnceLock::new()).collect());
        texts[row as usize].get_or_init(|| self.slice.text(self.nth(row)))
    }

    fn members(&self, row: u32, out: &mut Vec<u8>) {
        self.slice.members(self.nth(row), out);
    }

    fn take_bad(&self) -> Vec<(u32, BadRecord)> {
        let mut bad = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut bad.new)
    }
}
