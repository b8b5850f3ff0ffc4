//! `min` and `max` of all groups: NaN is the greatest number; of equal values the first counts.

use std::cmp::Ordering;

use arrow::array::Array;

use crate::data::{Column, Value};
use crate::ir::AggFunction;

use super::Groups;
use super::builder::{floats, ints};
use super::item::{Item, Kinds, each, each_state};
use super::state::Read;

/// Least and greatest of a group of floats. This NaN stands for none; others are made the usual one.
const NONE: f64 = f64::from_bits(0xfff8_dead_dead_dead);

/// The least and the greatest value of each group: numbers as long as all are of one type.
#[derive(Clone, Debug, Default)]
pub(super) enum Extremes {
    /// No value yet, in this many groups.
    #[default]
    Empty,
    /// Floats.
    Float(Vec<[f64; 2]>),
    /// Integers, or times: the first is greater than the second when there is none.
    Whole(Kinds, Vec<[i64; 2]>),
    /// Any.
    Any(Vec<Range>),
}

/// The least and the greatest of values of any type.
#[derive(Clone, Debug, Default)]
pub(super) struct Range {
    least: Value,
    greatest: Value,
    kinds: Kinds,
    unlike: bool,
}

/// All groups' extremes, and how many groups there are.
#[derive(Clone, Debug, Default)]
pub(super) struct AllExtremes {
    len: usize,
    held: Extremes,
}

#[inline(always)]
fn is_none(x: f64) -> bool {
    x.to_bits() == NONE.to_bits()
}

fn plain(x: f64) -> f64 {
    if x.is_nan() { f64::NAN } else { x }
}

#[inline(always)]
fn widen_float([least, greatest]: &mut [f64; 2], x: f64) {
    if x < *least || least.is_nan() {
        *least = plain(x);
    }
    if x > *greatest || x.is_nan() || is_none(*greatest) {
        *greatest = plain(x);
    }
}

#[inline(always)]
fn widen_whole([least, greatest]: &mut [i64; 2], x: i64) {
    *least = x.min(*least);
    *greatest = x.max(*greatest);
}

/// No whole numbers: an empty range.
const NO_WHOLE: [i64; 2] = [i64::MAX, i64::MIN];

impl AllExtremes {
    pub(super) fn grow(&mut self, groups: usize) {
        self.len = groups;
        match &mut self.held {
            Extremes::Empty => {}
            Extremes::Float(of) => of.resize(groups, [NONE; 2]),
            Extremes::Whole(_, of) => of.resize(groups, NO_WHOLE),
            Extremes::Any(of) => of.resize(groups, Range::default()),
        }
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
        match &mut self.held {
            Extremes::Empty => {}
            Extremes::Float(of) => of.clear(),
            Extremes::Whole(_, of) => of.clear(),
            Extremes::Any(_) => self.held = Extremes::Empty,
        }
    }

    pub(super) fn update(&mut self, column: &Column, groups: Groups<'_>) {
        match column {
            Column::Float(_) => self.become_float(),
            Column::Int(_) => self.become_whole(Kinds::INT),
            Column::Timestamp(_) => self.become_whole(Kinds::TIMESTAMP),
            Column::Duration(_) => self.become_whole(Kinds::DURATION),
            Column::Const(Value::Null, _) => return,
            _ => self.become_any(),
        }
        match (&mut self.held, column) {
            (Extremes::Float(of), Column::Float(array)) => {
                let values = array.values();
                let look = |of: &[f64; 2]| of[0].to_bits();
                each_state(of, look, values.len(), array.nulls(), groups, |of, row| {
                    widen_float(of, values[row])
                });
            }
            (Extremes::Whole(_, of), Column::Int(array) | Column::Timestamp(array) | Column::Duration(array)) => {
                let values = array.values();
                let look = |of: &[i64; 2]| of[0] as u64;
                each_state(of, look, values.len(), array.nulls(), groups, |of, row| {
                    widen_whole(of, values[row])
                });
            }
            (Extremes::Any(of), column) => {
                let look = |of: &Range| u64::from(of.kinds.0);
                each(of, look, column, groups, |of, _, item| of.widen(item));
            }
            _ => {}
        }
    }

    /// Where all values were of one other type, they become values.
    fn become_any(&mut self) {
        if !matches!(self.held, Extremes::Any(_)) {
            let ranges = (0..self.len).map(|group| self.range(group)).collect();
            self.held = Extremes::Any(ranges);
        }
    }

    fn become_float(&mut self) {
        match self.held {
            Extremes::Empty => self.held = Extremes::Float(vec![[NONE; 2]; self.len]),
            Extremes::Float(_) => {}
            _ => self.become_any(),
        }
    }

    fn become_whole(&mut self, kind: Kinds) {
        match self.held {
            Extremes::Empty => self.held = Extremes::Whole(kind, vec![NO_WHOLE; self.len]),
            Extremes::Whole(known, _) if known == kind => {}
            _ => self.become_any(),
        }
    }

    /// The range of a group as values.
    fn range(&self, group: usize) -> Range {
        match &self.held {
            Extremes::Empty => Range::default(),
            Extremes::Float(of) if is_none(of[group][1]) => Range::default(),
            Extremes::Float(of) => Range::of(of[group].map(Value::Float), Kinds::FLOAT),
            Extremes::Whole(_, of) if of[group][0] > of[group][1] => Range::default(),
            Extremes::Whole(kind, of) => Range::of(of[group].map(|x| whole(*kind, x)), *kind),
            Extremes::Any(of) => of[group].clone(),
        }
    }

    pub(super) fn merge(&mut self, group: usize, other: &Self, from: usize) {
        match &other.held {
            Extremes::Empty => return,
            Extremes::Float(_) => self.become_float(),
            Extremes::Whole(kind, _) => self.become_whole(*kind),
            Extremes::Any(_) => self.become_any(),
        }
        match (&mut self.held, &other.held) {
            (Extremes::Float(own), Extremes::Float(of)) => {
                let [least, greatest] = of[from];
                if !is_none(greatest) {
                    widen_float(&mut own[group], least);
                    widen_float(&mut own[group], greatest);
                }
            }
            (Extremes::Whole(_, own), Extremes::Whole(_, of)) => {
                let [least, greatest] = of[from];
                if least <= greatest {
                    widen_whole(&mut own[group], least);
                    widen_whole(&mut own[group], greatest);
                }
            }
            (Extremes::Any(own), _) => own[group].merge(&other.range(from)),
            _ => {}
        }
    }

    pub(super) fn read(&self, function: AggFunction, group: usize) -> Read {
        let place = usize::from(function != AggFunction::Min);
        match &self.held {
            Extremes::Float(of) if !is_none(of[group][1]) => Ok(Value::Float(of[group][place])),
            Extremes::Whole(kind, of) if of[group][0] <= of[group][1] => Ok(whole(*kind, of[group][place])),
            Extremes::Any(of) => of[group].read(function),
            _ => Ok(Value::Null),
        }
    }

    /// Becomes what another is; keeps the memory.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.len = other.len;
        match (&mut self.held, &other.held) {
            (Extremes::Float(own), Extremes::Float(of)) => own.clone_from(of),
            (Extremes::Whole(own_kind, own), Extremes::Whole(kind, of)) => {
                *own_kind = *kind;
                own.clone_from(of);
            }
            (own, of) => own.clone_from(of),
        }
    }

    /// The values of some groups, where all are floats or all integers.
    pub(super) fn column(&self, function: AggFunction, groups: &[u32]) -> Option<Column> {
        let place = usize::from(function != AggFunction::Min);
        match &self.held {
            Extremes::Float(of) => floats(groups, |group| {
                let range = of[group as usize];
                Some((!is_none(range[1])).then_some(range[place]))
            }),
            Extremes::Whole(Kinds::INT, of) => ints(groups, |group| {
                let range = of[group as usize];
                Some((range[0] <= range[1]).then_some(range[place]))
            }),
            _ => None,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match &self.held {
            Extremes::Empty => 0,
            Extremes::Float(of) => of.capacity() * 16,
            Extremes::Whole(_, of) => of.capacity() * 16,
            Extremes::Any(of) => of.capacity() * size_of::<Range>(),
        }
    }
}

/// A whole number as a value of its type.
fn whole(kind: Kinds, x: i64) -> Value {
    match kind {
        Kinds::TIMESTAMP => Value::Timestamp(x),
        Kinds::DURATION => Value::Duration(x),
        _ => Value::Int(x),
    }
}

fn alike(a: &Value, b: &Value) -> Option<Ordering> {
    let (order, unlike) = crate::eval::total_order(a, b);
    unlike.is_none().then_some(order)
}

/// Why values of these types have no order, if they have none; `unlike` are lists of unlike items.
pub(super) fn not_ordered(kinds: Kinds, unlike: bool) -> Option<String> {
    if kinds != Kinds::NONE && !kinds.ordered() {
        Some(format!("values of type {} have no order", kinds.names()))
    } else {
        unlike.then(|| "lists of unlike items have no order".to_owned())
    }
}

/// The order of an item and a value; none if they have none.
pub(super) fn order(item: Item<'_>, known: &Value) -> Option<Ordering> {
    match (item, known) {
        (Item::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Item::Float(a), Value::Float(b)) => Some(a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))),
        (Item::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (item, Value::Str(b)) if item.text().is_some() => item.text().map(|a| a.cmp(b)),
        (Item::Other(a), b) => alike(a, b),
        (item, b) => alike(&item.to_value(), b),
    }
}

impl Range {
    fn of([least, greatest]: [Value; 2], kinds: Kinds) -> Self {
        Self {
            least,
            greatest,
            kinds,
            unlike: false,
        }
    }

    pub(super) fn widen(&mut self, item: Item<'_>) {
        self.kinds.add(item.kind());
        if self.least.is_null() {
            self.least = item.to_value();
            self.greatest = self.least.clone();
            return;
        }
        match (order(item, &self.least), order(item, &self.greatest)) {
            (Some(Ordering::Less), _) => self.least = item.to_value(),
            (_, Some(Ordering::Greater)) => self.greatest = item.to_value(),
            (Some(_), Some(_)) => {}
            _ => self.unlike = true,
        }
    }

    fn merge(&mut self, other: &Self) {
        for value in [&other.least, &other.greatest] {
            if let Some(item) = Item::of(value) {
                self.widen(item);
            }
        }
        self.kinds.add(other.kinds);
        self.unlike |= other.unlike;
    }

    pub(super) fn read(&self, function: AggFunction) -> Read {
        if let Some(message) = not_ordered(self.kinds, self.unlike) {
            return Err(message);
        }
        Ok(if function == AggFunction::Min {
            &self.least
        } else {
            &self.greatest
        }
        .clone())
    }
}
