//! Operators that let rows pass or not, by what came before in their partition.

use std::cmp::Ordering;

use super::{Batch, KeyTable};
use crate::data::{Column, Value};

/// `.distinct`: the first row of each value; the value is the last of the keys.
#[derive(Debug, Default)]
pub struct Distinct {
    within: Option<i64>,
    seen: KeyTable,
    /// When each value last passed.
    passed: Vec<i64>,
    swept: usize,
}

impl Distinct {
    /// Nothing has been seen. `within`: how long a value is remembered, in nanoseconds.
    #[must_use]
    pub fn new(within: Option<i64>) -> Self {
        Self {
            within,
            ..Self::default()
        }
    }

    /// The rows that pass, by their numbers in the batch.
    pub fn pass(&mut self, batch: &Batch) -> Vec<u32> {
        let mut kept = Vec::new();
        let mut numbers = Vec::new();
        let known = self.passed.len();
        self.seen
            .number(&batch.keys, 0..batch.len(), &mut numbers, |row| kept.push(row as u32));
        let Some(within) = self.within else {
            self.passed.resize(self.seen.len(), 0);
            return kept;
        };
        self.passed.resize(self.seen.len(), i64::MIN);
        kept.clear();
        for (row, &number) in numbers.iter().enumerate() {
            let now = batch.times[row];
            let last = &mut self.passed[number as usize];
            let fresh = number as usize >= known && *last == i64::MIN;
            if fresh || now.saturating_sub(*last) > within {
                *last = now;
                kept.push(row as u32);
            }
        }
        if let Some(&now) = batch.times.last() {
            self.sweep(now, within);
        }
        kept
    }

    fn sweep(&mut self, now: i64, within: i64) {
        if self.passed.len() < 2 * self.swept + 1024 {
            return;
        }
        let mut seen = KeyTable::default();
        let mut passed = Vec::new();
        for (number, &last) in self.passed.iter().enumerate() {
            if now.saturating_sub(last) <= within {
                seen.number_of(&self.seen, number as u32);
                passed.push(last);
            }
        }
        self.swept = passed.len();
        (self.seen, self.passed) = (seen, passed);
    }
}

/// `.limit`: the first rows of each key.
#[derive(Debug, Default)]
pub struct Limit {
    most: u64,
    keys: KeyTable,
    passed: Vec<u64>,
}

impl Limit {
    /// None has passed yet.
    #[must_use]
    pub fn new(most: u64) -> Self {
        Self {
            most,
            ..Self::default()
        }
    }

    /// The rows that pass, by their numbers in the batch.
    pub fn pass(&mut self, batch: &Batch) -> Vec<u32> {
        let mut numbers = Vec::new();
        self.keys.number(&batch.keys, 0..batch.len(), &mut numbers, |_| {});
        self.passed.resize(self.keys.len(), 0);
        let mut kept = Vec::new();
        for (row, &number) in numbers.iter().enumerate() {
            let passed = &mut self.passed[number as usize];
            if *passed < self.most {
                *passed += 1;
                kept.push(row as u32);
            }
        }
        kept
    }

    /// Whether no row of any key can pass any more: there is only the empty key, and it has had its share.
    #[must_use]
    pub fn exhausted(&self) -> bool {
        self.most == 0 || (self.keys.is_one_empty() && self.passed.first().is_some_and(|&passed| passed >= self.most))
    }
}

/// `.rising`: the rows at which a condition becomes true.
#[derive(Debug, Default)]
pub struct Rising {
    keys: KeyTable,
    on: Vec<bool>,
}

impl Rising {
    /// The rows that pass, by their numbers in the batch; the first argument is the condition.
    pub fn pass(&mut self, batch: &Batch) -> Vec<u32> {
        let mut numbers = Vec::new();
        self.keys.number(&batch.keys, 0..batch.len(), &mut numbers, |_| {});
        self.on.resize(self.keys.len(), false);
        let mut kept = Vec::new();
        for (row, &number) in numbers.iter().enumerate() {
            let now = matches!(batch.args[0][0].value(row), Value::Bool(true));
            let before = std::mem::replace(&mut self.on[number as usize], now);
            if now && !before {
                kept.push(row as u32);
            }
        }
        kept
    }
}

/// `.throttle`: at most one row in a time; the others are counted.
#[derive(Debug, Default)]
pub struct Throttle {
    every: i64,
    keys: KeyTable,
    /// When a row last passed, and how many have not since.
    last: Vec<(Option<i64>, i64)>,
}

impl Throttle {
    /// None has passed yet. `every` in nanoseconds.
    #[must_use]
    pub fn new(every: i64) -> Self {
        Self {
            every,
            ..Self::default()
        }
    }

    /// The rows that pass, and for each how many were suppressed since the one before.
    pub fn pass(&mut self, batch: &Batch) -> (Vec<u32>, Vec<i64>) {
        let mut numbers = Vec::new();
        self.keys.number(&batch.keys, 0..batch.len(), &mut numbers, |_| {});
        self.last.resize(self.keys.len(), (None, 0));
        let (mut kept, mut suppressed) = (Vec::new(), Vec::new());
        for (row, &number) in numbers.iter().enumerate() {
            let now = batch.times[row];
            let (last, count) = &mut self.last[number as usize];
            if last.is_some_and(|last| now.saturating_sub(last) < self.every) {
                *count += 1;
            } else {
                *last = Some(now);
                kept.push(row as u32);
                suppressed.push(std::mem::take(count));
            }
        }
        (kept, suppressed)
    }
}

/// How two values sort: nulls last, numbers by value, NaN after all numbers, unlike types by type.
#[must_use]
pub fn compare(a: &Value, b: &Value) -> Ordering {
    use Value::{Bool, Duration, Float, Int, List, Map, Null, Str, Timestamp};
    let kind = |value: &Value| match value {
        Bool(_) => 0,
        Int(_) | Float(_) => 1,
        Duration(_) => 2,
        Timestamp(_) => 3,
        Str(_) => 4,
        List(_) => 5,
        Map(_) => 6,
        Null => 7,
    };
    match (a, b) {
        (Bool(a), Bool(b)) => a.cmp(b),
        (Int(a), Int(b)) | (Timestamp(a), Timestamp(b)) | (Duration(a), Duration(b)) => a.cmp(b),
        (Float(a), Float(b)) => a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())),
        (Int(a), Float(b)) => int_float(*a, *b),
        (Float(a), Int(b)) => int_float(*b, *a).reverse(),
        (Str(a), Str(b)) => a.cmp(b),
        (List(a), List(b)) => {
            let unlike = a.iter().zip(b.iter()).map(|(a, b)| compare(a, b));
            unlike
                .into_iter()
                .find(|order| order.is_ne())
                .unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        _ => kind(a).cmp(&kind(b)),
    }
}

fn int_float(a: i64, b: f64) -> Ordering {
    if b.is_nan() || b >= 9_223_372_036_854_775_808.0 {
        return Ordering::Less;
    }
    if b < -9_223_372_036_854_775_808.0 {
        return Ordering::Greater;
    }
    // In range: the whole part compares exactly, the rest decides between equals.
    let whole = b.trunc();
    a.cmp(&(whole as i64))
        .then_with(|| 0.0_f64.partial_cmp(&(b - whole)).unwrap_or(Ordering::Equal))
}

/// The rows `at` of the columns in the order of the keys, nulls last; equal ones keep theirs.
#[must_use]
pub fn sorted(by: &[crate::ir::SortKey], columns: &[Column], mut at: Vec<u32>) -> Vec<u32> {
    at.sort_by(|&a, &b| {
        let keys = by.iter().zip(columns).map(|(key, column)| {
            let (a, b) = (column.value(a as usize), column.value(b as usize));
            let order = compare(&a, &b);
            // What is not known comes last either way.
            let unknown = a.is_null() || b.is_null();
            if key.descending && !unknown {
                order.reverse()
            } else {
                order
            }
        });
        keys.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{ExprId, SortKey};

    #[test]
    fn nulls_are_last_both_ways() {
        let column = Column::from_values(vec![Value::Int(1), Value::Null, Value::Float(2.5), Value::Int(2)]);
        let order = |descending| {
            let key = SortKey {
                value: ExprId(0),
                descending,
            };
            sorted(&[key], std::slice::from_ref(&column), (0..4).collect())
        };
        assert_eq!(order(false), [0, 3, 2, 1]);
        assert_eq!(order(true), [2, 3, 0, 1]);
    }

    #[test]
    fn numbers_compare_by_value() {
        let int = |i: i64| Value::Int(i);
        assert_eq!(compare(&int(3), &Value::Float(3.5)), Ordering::Less);
        assert_eq!(compare(&int(-3), &Value::Float(-3.5)), Ordering::Greater);
        assert_eq!(compare(&int(i64::MAX), &Value::Float(9.3e18)), Ordering::Less);
        assert_eq!(compare(&int(0), &Value::Float(f64::NAN)), Ordering::Less);
    }
}
