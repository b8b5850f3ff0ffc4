//! Functions that go over the numbers of a group from left to right.

use crate::data::Value;

fn float(word: i64) -> f64 {
    f64::from_bits(word as u64)
}

/// The exponential moving average with alpha `2 / (n + 1)`, begun with the first value; null of none.
pub(super) fn ema(words: &[i64], param: &Value) -> Result<Value, String> {
    let n = match param {
        Value::Int(n) => *n as f64,
        Value::Float(n) => *n,
        _ => f64::NAN,
    };
    if n.is_nan() || n < 1.0 {
        return Err("`n` must be a number from 1 on".to_owned());
    }
    let alpha = 2.0 / (n + 1.0);
    let mut values = words.iter().map(|word| float(*word));
    let Some(first) = values.next() else {
        return Ok(Value::Null);
    };
    Ok(Value::Float(values.fold(first, |ema, x| ema + alpha * (x - ema))))
}

/// Sums of products of the distances from the means.
struct Products {
    n: usize,
    xx: f64,
    xy: f64,
    yy: f64,
}

/// Means first, then products: two passes from left to right.
fn products(points: impl Iterator<Item = (f64, f64)> + Clone, n: usize) -> Products {
    let (x_sum, y_sum) = points.clone().fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
    let (x_mean, y_mean) = (x_sum / n as f64, y_sum / n as f64);
    let none = Products {
        n,
        xx: 0.0,
        xy: 0.0,
        yy: 0.0,
    };
    points.fold(none, |sums, (x, y)| {
        let (x, y) = (x - x_mean, y - y_mean);
        Products {
            n,
            xx: sums.xx + x * x,
            xy: sums.xy + x * y,
            yy: sums.yy + y * y,
        }
    })
}

fn pairs(words: &[i64]) -> Products {
    let points = words.chunks_exact(2).map(|pair| (float(pair[0]), float(pair[1])));
    products(points, words.len() / 2)
}

/// The least-squares slope over the times in seconds; null of fewer than two times.
pub(super) fn trend(words: &[i64]) -> Value {
    let Some(&start) = words.first() else {
        return Value::Null;
    };
    let seconds = |time: i64| (i128::from(time) - i128::from(start)) as f64 / 1e9;
    let points = words.chunks_exact(2).map(|pair| (seconds(pair[0]), float(pair[1])));
    let sums = products(points, words.len() / 2);
    if sums.xx == 0.0 {
        Value::Null
    } else {
        Value::Float(sums.xy / sums.xx)
    }
}

/// The covariance of a sample; null of fewer than two pairs.
pub(super) fn covariance(words: &[i64]) -> Value {
    let sums = pairs(words);
    if sums.n < 2 {
        Value::Null
    } else {
        Value::Float(sums.xy / (sums.n - 1) as f64)
    }
}

/// Pearson's correlation, from -1 to 1; null of fewer than two pairs, or when one side is constant.
pub(super) fn correlation(words: &[i64]) -> Value {
    let sums = pairs(words);
    if sums.n < 2 || sums.xx == 0.0 || sums.yy == 0.0 {
        return Value::Null;
    }
    // One root is more exact than two; two do not overflow.
    let product = sums.xx * sums.yy;
    let root = if product.is_normal() {
        product.sqrt()
    } else {
        sums.xx.sqrt() * sums.yy.sqrt()
    };
    Value::Float((sums.xy / root).clamp(-1.0, 1.0))
}
