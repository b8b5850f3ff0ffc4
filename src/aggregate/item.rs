//! Values of a column, one after the other, without making a [`Value`] of each.

use arrow::array::Array;
use arrow::buffer::NullBuffer;

use crate::data::{Column, Value};

use super::Groups;

/// A borrowed value that is not null.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text.
    Str(&'a str),
    /// Nanoseconds since the epoch.
    Timestamp(i64),
    /// Nanoseconds.
    Duration(i64),
    /// A value that is kept as such: of these only lists and maps, and text.
    Other(&'a Value),
}

impl<'a> Item<'a> {
    /// A value, if it is not null.
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) => Self::Int(*i),
            Value::Float(f) => Self::Float(*f),
            Value::Timestamp(ns) => Self::Timestamp(*ns),
            Value::Duration(ns) => Self::Duration(*ns),
            Value::Str(_) | Value::List(_) | Value::Map(_) => Self::Other(value),
        })
    }

    /// The value itself.
    pub(super) fn to_value(self) -> Value {
        match self {
            Self::Bool(b) => Value::Bool(b),
            Self::Int(i) => Value::Int(i),
            Self::Float(f) => Value::Float(f),
            Self::Str(text) => Value::str(text),
            Self::Timestamp(ns) => Value::Timestamp(ns),
            Self::Duration(ns) => Value::Duration(ns),
            Self::Other(value) => value.clone(),
        }
    }

    /// Its text, if it is text.
    pub(super) fn text(self) -> Option<&'a str> {
        match self {
            Self::Str(text) => Some(text),
            Self::Other(Value::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// Its type.
    pub(super) fn kind(self) -> Kinds {
        match self {
            Self::Bool(_) => Kinds::BOOL,
            Self::Int(_) => Kinds::INT,
            Self::Float(_) => Kinds::FLOAT,
            Self::Str(_) | Self::Other(Value::Str(_)) => Kinds::STR,
            Self::Timestamp(_) => Kinds::TIMESTAMP,
            Self::Duration(_) => Kinds::DURATION,
            Self::Other(Value::Map(_)) => Kinds::MAP,
            Self::Other(_) => Kinds::LIST,
        }
    }
}

/// A set of types: those of the values that a group has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds(pub(super) u8);

impl Kinds {
    /// No type.
    pub(super) const NONE: Self = Self(0);
    /// `bool`
    pub(super) const BOOL: Self = Self(1);
    /// `int`
    pub(super) const INT: Self = Self(2);
    /// `float`
    pub(super) const FLOAT: Self = Self(4);
    /// `str`
    pub(super) const STR: Self = Self(8);
    /// `timestamp`
    pub(super) const TIMESTAMP: Self = Self(16);
    /// `duration`
    pub(super) const DURATION: Self = Self(32);
    /// `list`
    pub(super) const LIST: Self = Self(64);
    /// `map`
    pub(super) const MAP: Self = Self(128);
    /// `int`, `float`
    pub(super) const NUMBERS: Self = Self(2 | 4);

    /// Adds the types of another set.
    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether all types are among these.
    pub(super) fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether values of these types have an order among them.
    pub(super) fn ordered(self) -> bool {
        self.within(Self::NUMBERS) || (self.0.is_power_of_two() && self != Self::MAP)
    }

    /// `int`, `int and str`
    pub(super) fn names(self) -> String {
        const NAMES: [&str; 8] = ["bool", "int", "float", "str", "timestamp", "duration", "list", "map"];
        let held = NAMES.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1);
        held.map(|(_, name)| *name).collect::<Vec<_>>().join(" and ")
    }
}

/// Calls `f` with each row that is not null, and its group.
#[inline(always)]
pub(super) fn each_valid(len: usize, nulls: Option<&NullBuffer>, groups: Groups<'_>, mut f: impl FnMut(usize, usize)) {
    match (nulls.filter(|nulls| nulls.null_count() > 0), groups) {
        (None, Groups::One(group)) => (0..len).for_each(|row| f(row, group as usize)),
        (None, Groups::Each(of)) => (0..len).zip(of).for_each(|(row, &group)| f(row, group as usize)),
        (Some(nulls), groups) => nulls.valid_indices().for_each(|row| f(row, groups.of(row))),
    }
}

/// From so many bytes on, the states of all groups are likely not in the cache.
const FAR: usize = 256 * 1024;
/// So many rows' states are looked at together.
const TOGETHER: usize = 64;

/// Calls `f` with the state of the group of each row that is not null, and the row.
///
/// Where states are many and rows go to any of them, each row would wait for its state to come from
/// memory. So the states of the next rows are looked at first (`look` reads a word of one), all at
/// once: none of these reads waits for another.
#[inline(always)]
pub(super) fn each_state<T>(
    states: &mut [T],
    look: impl Fn(&T) -> u64,
    len: usize,
    nulls: Option<&NullBuffer>,
    groups: Groups<'_>,
    mut f: impl FnMut(&mut T, usize),
) {
    match groups {
        Groups::Each(of) if size_of_val(states) > FAR => {
            let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
            for from in (0..len).step_by(TOGETHER) {
                let to = (from + TOGETHER).min(len);
                let seen = of[from..to]
                    .iter()
                    .fold(0, |all, group| all ^ look(&states[*group as usize]));
                // The compiler must not leave the reads out.
                std::hint::black_box(seen);
                for row in from..to {
                    if nulls.is_none_or(|nulls| nulls.is_valid(row)) {
                        f(&mut states[of[row] as usize], row);
                    }
                }
            }
        }
        groups => each_valid(len, nulls, groups, |row, group| f(&mut states[group], row)),
    }
}

/// Calls `f` with the state of the group of each value that is not null, the row, and the value; see
/// [`each_state`].
#[inline(always)]
pub(super) fn each<'a, T>(
    states: &mut [T],
    look: impl Fn(&T) -> u64,
    column: &'a Column,
    groups: Groups<'_>,
    mut f: impl FnMut(&mut T, usize, Item<'a>),
) {
    macro_rules! typed {
        ($array:expr, $item:ident) => {
            each_state(
                states,
                look,
                $array.len(),
                $array.nulls(),
                groups,
                |state, row| {
                    f(state, row, Item::$item($array.value(row)));
                },
            )
        };
    }
    match column {
        Column::Const(value, len) => {
            if let Some(item) = Item::of(value) {
                each_state(states, look, *len, None, groups, |state, row| f(state, row, item));
            }
        }
        Column::Bool(array) => typed!(array, Bool),
        Column::Int(array) => typed!(array, Int),
        Column::Float(array) => typed!(array, Float),
        Column::Str(array) => typed!(array, Str),
        Column::Timestamp(array) => typed!(array, Timestamp),
        Column::Duration(array) => typed!(array, Duration),
        Column::Any(values) => each_state(states, look, values.len(), None, groups, |state, row| {
            if let Some(item) = Item::of(&values[row]) {
                f(state, row, item);
            }
        }),
    }
}

/// The value in one row; none for null.
pub(super) fn item(column: &Column, row: usize) -> Option<Item<'_>> {
    if column.is_null(row) {
        return None;
    }
    match column {
        Column::Const(value, _) => Item::of(value),
        Column::Bool(array) => Some(Item::Bool(array.value(row))),
        Column::Int(array) => Some(Item::Int(array.value(row))),
        Column::Float(array) => Some(Item::Float(array.value(row))),
        Column::Str(array) => Some(Item::Str(array.value(row))),
        Column::Timestamp(array) => Some(Item::Timestamp(array.value(row))),
        Column::Duration(array) => Some(Item::Duration(array.value(row))),
        Column::Any(values) => Item::of(&values[row]),
    }
}
