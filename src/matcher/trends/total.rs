//! What is reckoned over some trends.

use std::cmp::Ordering;

use num_bigint::BigUint;

use super::exact::{Exact, count_to_float};
use crate::data::{Column, Value};
use crate::eval::compare_values;
use crate::ir::TrendFunction;

/// Over some trends.
#[derive(Clone, Debug, Default)]
pub(super) struct Total {
    /// How many there are.
    pub(super) trends: BigUint,
    /// What is told of the elements of each repetition that is asked about.
    pub(super) over: Vec<Elements>,
}

/// Over all elements of a repetition of some trends.
#[derive(Clone, Debug, Default)]
pub(super) struct Elements {
    /// How many there are.
    count: BigUint,
    /// How many of them have a value.
    valued: BigUint,
    sum: Exact,
    /// Some value is a float.
    float: bool,
    /// What is not finite, added up.
    odd: Option<f64>,
    min: Option<Value>,
    max: Option<Value>,
}

impl Total {
    /// Over no trends.
    pub(super) fn none(over: usize) -> Self {
        Self {
            trends: BigUint::ZERO,
            over: vec![Elements::default(); over],
        }
    }

    /// Over one way that takes nothing.
    pub(super) fn one(over: usize) -> Self {
        let mut made = Self::none(over);
        made.begin();
        made
    }

    /// Each way followed by each of others.
    pub(super) fn times(&self, other: &Self) -> Self {
        let over = self.over.iter().zip(&other.over);
        Self {
            trends: &self.trends * &other.trends,
            over: over
                .map(|(one, two)| one.followed(&self.trends, two, &other.trends))
                .collect(),
        }
    }

    /// One trend that is still empty.
    pub(super) fn begin(&mut self) {
        self.trends += 1_u32;
    }

    pub(super) fn is_none(&self) -> bool {
        self.trends == BigUint::ZERO
    }

    /// Adds other trends.
    pub(super) fn add(&mut self, other: &Self) {
        if other.is_none() {
            return;
        }
        self.trends += &other.trends;
        for (one, other) in self.over.iter_mut().zip(&other.over) {
            one.add(other);
        }
    }

    /// All trends get one more element of the repetition that is asked about at a place. An error is told.
    pub(super) fn extend(&mut self, at: usize, value: &Value) -> Result<(), String> {
        self.over[at].element(&self.trends, value)
    }
}

/// What is told of a value that is no number.
pub(super) fn no_number(value: &Value) -> String {
    format!("trends are of numbers, not of {}", value.type_name())
}

impl Elements {
    /// Each of some trends followed by each of others.
    fn followed(&self, trends: &BigUint, other: &Self, others: &BigUint) -> Self {
        let mut made = Self {
            count: &self.count * others + &other.count * trends,
            valued: &self.valued * others + &other.valued * trends,
            sum: self.sum.times(others),
            float: self.float || other.float,
            odd: self.odd,
            min: self.min.clone(),
            max: self.max.clone(),
        };
        made.sum.add(&other.sum.times(trends));
        made.widen(other);
        made
    }

    fn add(&mut self, other: &Self) {
        self.count += &other.count;
        self.valued += &other.valued;
        self.sum.add(&other.sum);
        self.float |= other.float;
        self.widen(other);
    }

    /// Takes over what is not finite, and the bounds.
    fn widen(&mut self, other: &Self) {
        if let Some(odd) = other.odd {
            self.odd = Some(self.odd.map_or(odd, |known| known + odd));
        }
        for value in [&other.min, &other.max].into_iter().flatten() {
            self.bound(value);
        }
    }

    fn element(&mut self, trends: &BigUint, value: &Value) -> Result<(), String> {
        self.count += trends;
        let exact = match value {
            Value::Null => return Ok(()),
            Value::Int(value) => Some(Exact::int(*value)),
            Value::Float(value) => {
                self.float = true;
                value.is_finite().then(|| Exact::float(*value))
            }
            other => return Err(no_number(other)),
        };
        self.valued += trends;
        match (exact, value) {
            (Some(exact), _) => self.sum.add(&exact.times(trends)),
            (None, Value::Float(odd)) => self.odd = Some(self.odd.map_or(*odd, |known| known + odd)),
            (None, _) => {}
        }
        self.bound(value);
        Ok(())
    }

    /// Widens the bounds by a value. NaN is neither small nor large.
    fn bound(&mut self, value: &Value) {
        if matches!(value, Value::Float(value) if value.is_nan()) {
            return;
        }
        let beats = |known: &Option<Value>, order: Ordering| {
            known
                .as_ref()
                .is_none_or(|known| compare_values(value, known) == Some(order))
        };
        if beats(&self.min, Ordering::Less) {
            self.min = Some(value.clone());
        }
        if beats(&self.max, Ordering::Greater) {
            self.max = Some(value.clone());
        }
    }
}

/// The results of a call. `wide`: how many were too large for an integer.
pub(super) fn column<'t>(
    totals: impl Iterator<Item = &'t Total>,
    function: TrendFunction,
    over: Option<usize>,
    wide: &mut u64,
) -> Column {
    let count = |count: &BigUint, wide: &mut u64| match i64::try_from(count) {
        Ok(count) => Value::Int(count),
        Err(_) => {
            *wide += 1;
            Value::Float(count_to_float(count))
        }
    };
    let values = totals.map(|total| {
        let elements = over.and_then(|over| total.over.get(over));
        match (function, elements) {
            (TrendFunction::CountTrends, _) => count(&total.trends, wide),
            (_, None) => Value::Null,
            (TrendFunction::CountEvents, Some(elements)) => count(&elements.count, wide),
            (_, Some(elements)) if elements.valued == BigUint::ZERO => Value::Null,
            (TrendFunction::SumTrends, Some(elements)) => match (elements.odd, elements.sum.to_int()) {
                (Some(odd), _) => Value::Float(odd),
                (None, Some(sum)) if !elements.float => Value::Int(sum),
                (None, _) => {
                    *wide += u64::from(!elements.float);
                    Value::Float(elements.sum.to_float())
                }
            },
            (TrendFunction::AvgTrends, Some(elements)) => {
                Value::Float(elements.odd.unwrap_or_else(|| elements.sum.over(&elements.valued)))
            }
            (TrendFunction::MinTrends, Some(elements)) => elements.min.clone().unwrap_or_default(),
            (TrendFunction::MaxTrends, Some(elements)) => elements.max.clone().unwrap_or_default(),
        }
    });
    let values: Vec<Value> = values.collect();
    Column::from_values(values)
}
