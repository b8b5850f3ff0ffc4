//! A value as atoms see it, borrowed from its column.

use std::cmp::Ordering;

use crate::data::Value;
use crate::eval::compare_values;
use crate::ir::BinaryOp;

/// A value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Time(i64),
    Span(i64),
    /// A list or a map.
    Other(&'a Value),
}

/// Values of one kind have an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Bool,
    Number,
    Text,
    Time,
    Span,
}

impl<'a> Cell<'a> {
    /// A value, borrowed.
    pub(super) fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) => Self::Int(*i),
            Value::Float(f) => Self::Float(*f),
            Value::Str(text) => Self::Text(text),
            Value::Timestamp(ns) => Self::Time(*ns),
            Value::Duration(ns) => Self::Span(*ns),
            Value::List(_) | Value::Map(_) => Self::Other(value),
        }
    }

    /// Its kind; none for null, lists and maps.
    pub(super) fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) | Self::Float(_) => Kind::Number,
            Self::Text(_) => Kind::Text,
            Self::Time(_) => Kind::Time,
            Self::Span(_) => Kind::Span,
            Self::Null | Self::Other(_) => return None,
        })
    }

    /// The value itself, where it is of a kind.
    pub(super) fn value(&self) -> Option<Value> {
        Some(match self {
            Self::Bool(b) => Value::Bool(*b),
            Self::Int(i) => Value::Int(*i),
            Self::Float(f) => Value::Float(*f),
            Self::Text(text) => Value::str(text),
            Self::Time(ns) => Value::Timestamp(*ns),
            Self::Span(ns) => Value::Duration(*ns),
            Self::Null => Value::Null,
            Self::Other(value) => (*value).clone(),
        })
    }

    /// The integer that a number is.
    pub(super) fn whole(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            Self::Float(f) => whole(*f),
            _ => None,
        }
    }

    /// Whether it equals a constant that is no list and no map.
    pub(super) fn equals(&self, constant: &Cell<'_>) -> bool {
        match (self, constant) {
            (Self::Text(a), Cell::Text(b)) => a == b,
            (Self::Int(a), Cell::Int(b)) | (Self::Time(a), Cell::Time(b)) | (Self::Span(a), Cell::Span(b)) => a == b,
            (Self::Bool(a), Cell::Bool(b)) => a == b,
            (Self::Int(_) | Self::Float(_), Cell::Int(_) | Cell::Float(_)) => {
                self.ordered(BinaryOp::Eq, constant) == Some(true)
            }
            _ => false,
        }
    }

    /// Whether it stands in an order to a constant; none where they have no order.
    pub(super) fn ordered(&self, op: BinaryOp, constant: &Cell<'_>) -> Option<bool> {
        let holds = |order: Ordering| match op {
            BinaryOp::Lt => order.is_lt(),
            BinaryOp::Le => order.is_le(),
            BinaryOp::Gt => order.is_gt(),
            BinaryOp::Ge => order.is_ge(),
            _ => order.is_eq(),
        };
        if self.kind()? != constant.kind()? {
            return None;
        }
        Some(match (self, constant) {
            (Self::Int(a), Cell::Int(b)) | (Self::Time(a), Cell::Time(b)) | (Self::Span(a), Cell::Span(b)) => {
                holds(a.cmp(b))
            }
            (Self::Float(a), Cell::Float(b)) => a.partial_cmp(b).is_some_and(holds),
            (Self::Text(a), Cell::Text(b)) => holds(a.cmp(b)),
            (Self::Bool(a), Cell::Bool(b)) => holds(a.cmp(b)),
            _ => compare_values(&self.value()?, &constant.value()?).is_some_and(holds),
        })
    }

    /// A number that grows with the values of a kind (it may be the same for near ones); NaN for others.
    pub(super) fn rough(&self, kind: Kind) -> f64 {
        match (self, kind) {
            (Self::Int(i), Kind::Number) | (Self::Time(i), Kind::Time) | (Self::Span(i), Kind::Span) => *i as f64,
            (Self::Float(f), Kind::Number) => *f,
            _ => f64::NAN,
        }
    }
}

/// The integer that a float is.
pub(super) fn whole(f: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (f.fract() == 0.0 && (-LIMIT..LIMIT).contains(&f)).then_some(f as i64)
}
