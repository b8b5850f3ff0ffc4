//! Sums and what is made of them: exact for floats, checked for integers.
//!
//! A sum of floats is the exact sum, rounded once (to nearest, halves to even), so it depends neither
//! on order nor on slicing. The exact sum is kept as floats that do not overlap (Shewchuk, "Adaptive
//! precision floating-point arithmetic", 1997); the last rounding is that of Python's `math.fsum`.

use crate::data::Value;

use super::args::float;
use super::errors::{Fail, Outcome};

/// An exact sum of floats.
#[derive(Clone, Debug, Default)]
pub(super) struct ExactSum {
    /// Floats that do not overlap, in ascending order of size.
    parts: Vec<f64>,
    /// The plain sum of what is not finite (or overflowed).
    special: f64,
}

impl ExactSum {
    /// Adds a float.
    pub(super) fn add(&mut self, mut x: f64) {
        if !x.is_finite() {
            self.special += x;
            return;
        }
        let mut kept = 0;
        for at in 0..self.parts.len() {
            let part = self.parts[at];
            let (large, small) = if x.abs() < part.abs() { (part, x) } else { (x, part) };
            let high = large + small;
            let low = small - (high - large);
            if low != 0.0 {
                self.parts[kept] = low;
                kept += 1;
            }
            x = high;
        }
        self.parts.truncate(kept);
        if x.is_finite() {
            self.parts.push(x);
        } else {
            self.special += x;
        }
    }

    /// The sum, rounded once.
    pub(super) fn total(&self) -> f64 {
        if self.special != 0.0 || self.special.is_nan() {
            return self.special;
        }
        let mut parts = self.parts.iter().rev();
        let mut high = parts.next().copied().unwrap_or(0.0);
        let mut low = 0.0;
        for &part in parts.by_ref() {
            let before = high;
            high = before + part;
            low = part - (high - before);
            if low != 0.0 {
                break;
            }
        }
        // A tie was rounded to even without regard to what follows: what follows decides.
        if let Some(&next) = parts.next()
            && (low < 0.0) == (next < 0.0)
            && low != 0.0
        {
            let twice = low * 2.0;
            let up = high + twice;
            if twice == up - high {
                high = up;
            }
        }
        high
    }
}

/// The exact sum of floats.
pub(super) fn exact(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sum = ExactSum::default();
    values.into_iter().for_each(|x| sum.add(x));
    sum.total()
}

/// The sum of numbers or durations; nulls are skipped; 0 of nothing.
pub(super) fn sum(items: &[Value]) -> Outcome {
    let mut kinds = items.iter().filter(|item| !item.is_null());
    match kinds.next() {
        None => Ok(Value::Int(0)),
        Some(Value::Duration(_)) => {
            let total = durations(items)?;
            i64::try_from(total)
                .map(Value::Duration)
                .map_err(|_| Fail::overflow("the sum"))
        }
        Some(_) if items.iter().all(|item| matches!(item, Value::Int(_) | Value::Null)) => i64::try_from(ints(items))
            .map(Value::Int)
            .map_err(|_| Fail::overflow("the sum")),
        Some(_) => Ok(Value::Float(exact(floats(items)?))),
    }
}

/// The mean of numbers or durations; nulls are skipped; null of nothing.
pub(super) fn avg(items: &[Value]) -> Outcome {
    let count = items.iter().filter(|item| !item.is_null()).count();
    match items.iter().find(|item| !item.is_null()) {
        None => Ok(Value::Null),
        Some(Value::Duration(_)) => Ok(Value::Duration((durations(items)? / count as i128) as i64)),
        Some(_) if items.iter().all(|item| matches!(item, Value::Int(_) | Value::Null)) => {
            Ok(Value::Float(ints(items) as f64 / count as f64))
        }
        Some(_) => Ok(Value::Float(exact(floats(items)?) / count as f64)),
    }
}

/// The standard deviation of a sample: the root of the exactly summed squares of the distances from
/// the mean over n-1. Null of fewer than two numbers.
pub(super) fn stddev(items: &[Value]) -> Outcome {
    let floats = floats(items)?;
    if floats.len() < 2 {
        return Ok(Value::Null);
    }
    let mean = exact(floats.iter().copied()) / floats.len() as f64;
    let squares = exact(floats.iter().map(|x| (x - mean) * (x - mean)));
    Ok(Value::Float((squares / (floats.len() - 1) as f64).sqrt()))
}

/// The median; between two middle numbers their mean. Null of nothing.
pub(super) fn median(items: &[Value]) -> Outcome {
    let mut floats = floats(items)?;
    floats.sort_by(f64::total_cmp);
    let middle = floats.len() / 2;
    Ok(match floats.len() {
        0 => Value::Null,
        n if n % 2 == 1 => Value::Float(floats[middle]),
        _ => Value::Float(f64::midpoint(floats[middle - 1], floats[middle])),
    })
}

/// The least-squares slope of numbers over their places, or of (timestamp, number) tuples over their
/// times in seconds from the first. Left to right. Null of fewer than two, or of one time only.
pub(super) fn linear_trend(items: &[Value]) -> Outcome {
    let mut points = Vec::with_capacity(items.len());
    let mut start = None;
    for (place, item) in items.iter().enumerate() {
        match item {
            Value::Null => {}
            Value::List(pair) if pair.len() == 2 => {
                let ns = super::args::timestamp(&pair[0])?;
                let first = *start.get_or_insert(ns);
                if !pair[1].is_null() {
                    points.push(((i128::from(ns) - i128::from(first)) as f64 / 1e9, float(&pair[1])?));
                }
            }
            other => points.push((place as f64, float(other)?)),
        }
    }
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x_mean, y_mean) = (mean(|p| p.0), mean(|p| p.1));
    let over: f64 = points.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
    let under: f64 = points.iter().map(|(x, _)| (x - x_mean) * (x - x_mean)).sum();
    Ok(if points.len() < 2 || under == 0.0 {
        Value::Null
    } else {
        Value::Float(over / under)
    })
}

fn ints(items: &[Value]) -> i128 {
    let int = |item: &Value| if let Value::Int(i) = item { i128::from(*i) } else { 0 };
    items.iter().map(int).sum()
}

fn durations(items: &[Value]) -> Result<i128, Fail> {
    let present = items.iter().filter(|item| !item.is_null());
    present.map(|item| super::args::duration(item).map(i128::from)).sum()
}

fn floats(items: &[Value]) -> Result<Vec<f64>, Fail> {
    items.iter().filter(|item| !item.is_null()).map(float).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_sums_are_exact() {
        assert_eq!(exact([1e100, 1.0, -1e100]), 1.0);
        assert_eq!(exact([0.1; 10]), 1.0);
        assert_eq!(exact([1e16, 1.0, 1e-16]), 10_000_000_000_000_002.0);
        assert!(exact([f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert_eq!(exact([f64::INFINITY, 1.0]), f64::INFINITY);
        assert_eq!(exact([]), 0.0);
    }
}
