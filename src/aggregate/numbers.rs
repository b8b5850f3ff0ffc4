//! `sum`, `avg`, `count(x)`, and with squares `variance` and its kin, of all groups.

use crate::data::{Column, Value};
use crate::ir::AggFunction;

use super::Groups;
use super::builder::{floats, ints};
use super::item::{Item, Kinds, each, each_state};
use super::moments::{Moments, WideSums};
use super::state::Read;
use arrow::array::Array;

/// The moments of each group.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers<const Q: usize> {
    groups: Vec<Moments<Q>>,
    wide: Vec<WideSums>,
}

impl<const Q: usize> Numbers<Q> {
    pub(super) fn grow(&mut self, groups: usize) {
        self.groups.resize(groups, Moments::default());
    }

    pub(super) fn clear(&mut self) {
        self.groups.clear();
        self.wide.clear();
    }

    pub(super) fn update(&mut self, column: &Column, groups: Groups<'_>) {
        let (records, wide) = (&mut self.groups, &mut self.wide);
        let look = |record: &Moments<Q>| record.n;
        match column {
            Column::Float(array) => {
                let values = array.values();
                each_state(records, look, values.len(), array.nulls(), groups, |record, row| {
                    record.add_float(values[row], wide);
                });
            }
            Column::Int(array) => {
                let values = array.values();
                each_state(records, look, values.len(), array.nulls(), groups, |record, row| {
                    record.add_int(values[row], Kinds::INT, wide);
                });
            }
            column => each(records, look, column, groups, |record, _, item| match item {
                Item::Float(x) => record.add_float(x, wide),
                Item::Int(x) => record.add_int(x, Kinds::INT, wide),
                Item::Duration(x) => record.add_int(x, Kinds::DURATION, wide),
                other => record.add_other(other.kind()),
            }),
        }
    }

    pub(super) fn merge(&mut self, group: usize, other: &Self, from: usize) {
        self.groups[group].merge(&other.groups[from], &other.wide, &mut self.wide);
    }

    pub(super) fn read(&self, function: AggFunction, group: usize) -> Read {
        value(&self.groups[group], &self.wide, function)
    }

    /// Becomes what another is; keeps the memory.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.groups.clone_from(&other.groups);
        self.wide.clone_from(&other.wide);
    }

    /// The values of some groups, where all are counts or floats.
    pub(super) fn column(&self, function: AggFunction, groups: &[u32]) -> Option<Column> {
        let of = |group: u32| &self.groups[group as usize];
        if function == AggFunction::Count {
            return ints(groups, |group| Some(Some(of(group).n as i64)));
        }
        if function == AggFunction::Sum {
            return None;
        }
        floats(groups, |group| {
            let of = of(group);
            if of.n == 0 {
                return Some(None);
            }
            of.kinds
                .within(Kinds::NUMBERS)
                .then(|| statistic(of, &self.wide, function))
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Moments<Q>>() + self.wide.capacity() * size_of::<WideSums>()
    }
}

/// What a function makes of the moments of a group.
pub(super) fn value<const Q: usize>(of: &Moments<Q>, wide: &[WideSums], function: AggFunction) -> Read {
    if function == AggFunction::Count {
        return Ok(Value::Int(of.n as i64));
    }
    if of.n == 0 {
        return Ok(Value::Null);
    }
    let whole = || of.whole_sum(wide).ok_or_else(|| "the sum overflows".to_owned());
    let narrow = |sum: i128| i64::try_from(sum).map_err(|_| "the sum overflows".to_owned());
    match function {
        AggFunction::Sum if of.kinds == Kinds::INT => Ok(Value::Int(narrow(whole()?)?)),
        AggFunction::Sum if of.kinds == Kinds::DURATION => Ok(Value::Duration(narrow(whole()?)?)),
        AggFunction::Avg if of.kinds == Kinds::DURATION => Ok(Value::Duration(narrow(whole()? / i128::from(of.n))?)),
        _ if !of.kinds.within(Kinds::NUMBERS) => Err(format!("values of type {} are no numbers", of.kinds.names())),
        AggFunction::Sum => Ok(Value::Float(of.sum_over(1, wide))),
        _ => Ok(statistic(of, wide, function).map_or(Value::Null, Value::Float)),
    }
}

/// What a function other than the sum makes of numbers, of which there are some.
#[inline]
fn statistic<const Q: usize>(of: &Moments<Q>, wide: &[WideSums], function: AggFunction) -> Option<f64> {
    match function {
        AggFunction::Avg => Some(of.sum_over(of.n, wide)),
        AggFunction::Stddev => of.variance(1, true, wide),
        AggFunction::Variance => of.variance(1, false, wide),
        AggFunction::StddevPop => of.variance(0, true, wide),
        _ => of.variance(0, false, wide),
    }
}
