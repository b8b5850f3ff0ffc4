//! Functions over numbers. Transcendental ones come from the `libm` crate, so that their bits are
//! the same on every machine.

use crate::data::Value;
use crate::ir::{BinaryOp, Builtin};

use super::args::{at, float, int};
use super::arithmetic;
use super::compare;
use super::errors::{Fail, Outcome, show};

/// The value of a function over numbers. No argument is null.
pub(super) fn call(builtin: Builtin, args: &[Value]) -> Outcome {
    let first = at(args, 0);
    if let Some(function) = of_float(builtin) {
        return Ok(Value::Float(function(float(first)?)));
    }
    match builtin {
        Builtin::Abs => abs(first),
        Builtin::Sign => sign(first),
        Builtin::Floor => whole(first, f64::floor),
        Builtin::Ceil => whole(first, f64::ceil),
        Builtin::Round => round(first, args.get(1)),
        Builtin::Pow => arithmetic::binary(BinaryOp::Pow, first, at(args, 1)),
        Builtin::Log => match args.get(1) {
            None => Ok(Value::Float(libm::log(float(first)?))),
            Some(base) => Ok(Value::Float(logarithm(float(first)?, float(base)?))),
        },
        Builtin::Atan2 => Ok(Value::Float(libm::atan2(float(first)?, float(at(args, 1))?))),
        Builtin::Clamp => clamp(first, at(args, 1), at(args, 2)),
        Builtin::Div => div(first, at(args, 1)),
        other => Err(Fail(format!("`{}` is no function over numbers", other.name()))),
    }
}

/// The function of one float behind a builtin, if there is one.
pub(super) fn of_float(builtin: Builtin) -> Option<fn(f64) -> f64> {
    Some(match builtin {
        Builtin::Sqrt => f64::sqrt,
        Builtin::Log2 => libm::log2,
        Builtin::Log10 => libm::log10,
        Builtin::Exp => libm::exp,
        Builtin::Sin => libm::sin,
        Builtin::Cos => libm::cos,
        Builtin::Tan => libm::tan,
        _ => return None,
    })
}

/// Bases 2 and 10 have functions of their own, which are exact for powers.
fn logarithm(x: f64, base: f64) -> f64 {
    if base == 2.0 {
        libm::log2(x)
    } else if base == 10.0 {
        libm::log10(x)
    } else {
        libm::log(x) / libm::log(base)
    }
}

fn abs(value: &Value) -> Outcome {
    let checked = match value {
        Value::Float(f) => return Ok(Value::Float(f.abs())),
        Value::Int(i) => i.checked_abs().map(Value::Int),
        Value::Duration(ns) => ns.checked_abs().map(Value::Duration),
        other => return Err(Fail::no(other, "number or duration")),
    };
    checked.ok_or_else(|| Fail::overflow(&format!("the absolute value of {}", show(value))))
}

fn sign(value: &Value) -> Outcome {
    Ok(match value {
        Value::Int(i) | Value::Duration(i) => Value::Int(i.signum()),
        Value::Float(f) if f.is_nan() => Value::Null,
        Value::Float(f) => Value::Int(i64::from(*f > 0.0) - i64::from(*f < 0.0)),
        other => return Err(Fail::no(other, "number or duration")),
    })
}

fn whole(value: &Value, cut: fn(f64) -> f64) -> Outcome {
    match value {
        Value::Int(_) => Ok(value.clone()),
        other => Ok(Value::Float(cut(float(other)?))),
    }
}

/// Fraction digits are rounded as they are written: by the shortest text of the exact value, since
/// scaling by a power of ten would round twice. Negative digits round before the point.
fn round(value: &Value, digits: Option<&Value>) -> Outcome {
    let digits = digits.map_or(Ok(0), int)?;
    match value {
        Value::Int(_) if digits >= 0 => Ok(value.clone()),
        Value::Int(i) => round_int(*i, digits.unsigned_abs()),
        other => Ok(Value::Float(round_float(float(other)?, digits))),
    }
}

fn round_int(i: i64, zeros: u64) -> Outcome {
    let Some(unit) = u32::try_from(zeros).ok().and_then(|zeros| 10_i128.checked_pow(zeros)) else {
        return Ok(Value::Int(0));
    };
    let i = i128::from(i);
    let rounded = (i.abs() + unit / 2) / unit * unit * i.signum();
    i64::try_from(rounded)
        .map(Value::Int)
        .map_err(|_| Fail::overflow(&format!("`round({i}, -{zeros})`")))
}

fn round_float(x: f64, digits: i64) -> f64 {
    if digits == 0 || !x.is_finite() {
        return x.round();
    }
    if digits < 0 {
        let unit = libm::exp10((-digits) as f64);
        return if unit.is_finite() {
            (x / unit).round() * unit
        } else {
            0.0
        };
    }
    // The shortest text that reads back is what people see; its digits are rounded, halves away from
    // zero, so that 2.675 becomes 2.68.
    if digits >= 17 {
        return x;
    }
    let text = format!("{x}");
    let Some((_, fraction)) = text.split_once('.') else {
        return x;
    };
    let keep = digits as usize;
    if fraction.len() <= keep {
        return x;
    }
    let cut = text.len() - (fraction.len() - keep);
    let up = text.as_bytes()[cut] >= b'5';
    let kept = &text[..cut];
    let rounded = if up { increment(kept) } else { kept.to_owned() };
    rounded.parse().unwrap_or(x)
}

/// Adds one to the last digit of a decimal number.
fn increment(text: &str) -> String {
    let mut digits: Vec<u8> = text.bytes().collect();
    for at in (0..digits.len()).rev() {
        match digits[at] {
            b'9' => digits[at] = b'0',
            b'0'..=b'8' => {
                digits[at] += 1;
                return String::from_utf8_lossy(&digits).into_owned();
            }
            _ => {}
        }
    }
    let sign = usize::from(digits.first() == Some(&b'-'));
    digits.insert(sign, b'1');
    String::from_utf8_lossy(&digits).into_owned()
}

fn clamp(value: &Value, low: &Value, high: &Value) -> Outcome {
    if compare::order(low, high)?.is_some_and(std::cmp::Ordering::is_gt) {
        return Err(Fail(format!("{} is above {}", show(low), show(high))));
    }
    Ok(if compare::order(value, low)?.is_some_and(std::cmp::Ordering::is_lt) {
        low.clone()
    } else if compare::order(value, high)?.is_some_and(std::cmp::Ordering::is_gt) {
        high.clone()
    } else {
        value.clone()
    })
}

fn div(a: &Value, b: &Value) -> Outcome {
    match (a, b) {
        (_, Value::Int(0)) => Err("division by zero".into()),
        (Value::Int(x), Value::Int(y)) => x
            .checked_div(*y)
            .map(Value::Int)
            .ok_or_else(|| Fail::overflow(&format!("`div({x}, {y})`"))),
        _ => {
            let quotient = (float(a)? / float(b)?).trunc();
            Ok(Value::Float(quotient))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_as_written() {
        assert_eq!(round_float(2.5, 0).to_string(), "3");
        assert_eq!(round_float(2.675, 2).to_string(), "2.68");
        assert_eq!(round_float(-9.995, 2).to_string(), "-10");
        assert_eq!(round_float(0.1 + 0.2, 3).to_string(), "0.3");
        assert_eq!(round_float(1e300, 2).to_string(), 1e300.to_string());
        assert_eq!(round_float(1234.5, -2).to_string(), "1200");
        assert_eq!(round_float(0.99, 1).to_string(), "1");
    }
}
