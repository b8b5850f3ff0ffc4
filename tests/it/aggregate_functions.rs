//! What each aggregate function says, by example: of nothing, of nulls, of durations, and of values it
//! does not take.

use std::f64::consts::FRAC_1_SQRT_2;

use varpulis::aggregate::{Accumulators, Groups, Spec};
use varpulis::data::{Column, Key, Value};
use varpulis::ir::AggFunction::{self, *};

/// The value of a call over rows of one argument, or what is wrong.
fn of(function: AggFunction, param: Value, rows: &[Value]) -> Result<Value, String> {
    of_pairs(function, param, rows, None)
}

fn of_pairs(function: AggFunction, param: Value, rows: &[Value], by: Option<&[Value]>) -> Result<Value, String> {
    let columns: Vec<Column> = [Some(rows), by]
        .into_iter()
        .flatten()
        .map(|of| Column::from_values(of.to_vec()))
        .collect();
    let args = (0..columns.len() as u32).collect();
    let mut all = Accumulators::new(&[Spec { function, param, args }]);
    all.grow(1);
    let times: Vec<i64> = (0..rows.len() as i64).map(|at| at * 500_000_000).collect();
    all.update(&[columns], &times, None, Groups::One(0));
    let mut errors = Vec::new();
    let value = all.read(&[0], &mut errors)[0].value(0);
    match errors.pop() {
        None => Ok(value),
        Some(error) => {
            assert_eq!((error.call, error.count, value), (0, 1, Value::Null));
            Err(error.message)
        }
    }
}

fn value(function: AggFunction, rows: &[Value]) -> Value {
    of(function, Value::Null, rows).unwrap()
}

fn error(function: AggFunction, rows: &[Value]) -> String {
    of(function, Value::Null, rows).unwrap_err()
}

fn ints(of: &[i64]) -> Vec<Value> {
    of.iter().map(|x| Value::Int(*x)).collect()
}

fn floats(of: &[f64]) -> Vec<Value> {
    of.iter().map(|x| Value::Float(*x)).collect()
}

fn spans(of: &[i64]) -> Vec<Value> {
    of.iter().map(|x| Value::Duration(*x)).collect()
}

fn texts(of: &[&str]) -> Vec<Value> {
    of.iter().map(|x| Value::str(x)).collect()
}

#[test]
fn of_nothing() {
    for rows in [vec![], vec![Value::Null; 3]] {
        for function in [
            Sum,
            Avg,
            Min,
            Max,
            First,
            Last,
            Stddev,
            Variance,
            StddevPop,
            VariancePop,
            Median,
            Mode,
            LinearTrend,
        ] {
            assert_eq!(value(function, &rows), Value::Null, "{function:?}");
        }
        for function in [Count, CountDistinct, ApproxCountDistinct, CountIf] {
            assert_eq!(value(function, &rows), Value::Int(0), "{function:?}");
        }
        for function in [Collect, Distinct] {
            assert_eq!(value(function, &rows), Value::list(vec![]), "{function:?}");
        }
        assert_eq!(
            (value(Any, &rows), value(All, &rows)),
            (Value::Bool(false), Value::Bool(true))
        );
        for (function, param) in [(Percentile, 0.5), (ApproxPercentile, 0.5), (Ema, 3.0)] {
            assert_eq!(
                of(function, Value::Float(param), &rows),
                Ok(Value::Null),
                "{function:?}"
            );
        }
        assert_eq!(of(Top, Value::Int(3), &rows), Ok(Value::list(vec![])));
        for function in [ArgMin, ArgMax, Corr, Covar] {
            assert_eq!(
                of_pairs(function, Value::Null, &rows, Some(&rows)),
                Ok(Value::Null),
                "{function:?}"
            );
        }
    }
}

#[test]
fn sums_and_means() {
    assert_eq!(value(Sum, &ints(&[1, 2, 4])), Value::Int(7));
    assert_eq!(value(Avg, &ints(&[1, 2])), Value::Float(1.5));
    assert_eq!(value(Avg, &ints(&[i64::MAX, i64::MAX])), Value::Float(i64::MAX as f64));
    assert_eq!(value(Sum, &floats(&[1e100, 1.0, -1e100])), Value::Float(1.0));
    assert_eq!(value(Sum, &floats(&[0.1; 10])), Value::Float(1.0));
    assert_eq!(
        value(Sum, &[Value::Int(1), Value::Null, Value::Float(0.5)]),
        Value::Float(1.5)
    );
    assert_eq!(value(Sum, &ints(&[i64::MAX, 1, -1])), Value::Int(i64::MAX));
    assert_eq!(value(Sum, &spans(&[5, -2])), Value::Duration(3));
    assert_eq!(value(Avg, &spans(&[5, 2])), Value::Duration(3));
    assert_eq!(value(Sum, &floats(&[f64::MAX, f64::MAX])), Value::Float(f64::INFINITY));
    assert_eq!(value(Avg, &floats(&[f64::MAX, f64::MAX])), Value::Float(f64::MAX));
    assert_eq!(value(Sum, &floats(&[f64::INFINITY, 1.0])), Value::Float(f64::INFINITY));
    assert_eq!(
        value(Avg, &floats(&[f64::NEG_INFINITY, 1.0])),
        Value::Float(f64::NEG_INFINITY)
    );
    assert_eq!(
        value(Sum, &floats(&[f64::INFINITY, f64::NEG_INFINITY])),
        Value::Float(f64::NAN)
    );
    assert_eq!(value(Stddev, &floats(&[f64::INFINITY, 1.0])), Value::Float(f64::NAN));
    assert_eq!(error(Sum, &ints(&[i64::MAX, 1])), "the sum overflows");
    assert_eq!(error(Sum, &texts(&["1"])), "values of type str are no numbers");
    assert_eq!(
        error(Avg, &[Value::Duration(1), Value::Int(1)]),
        "values of type int and duration are no numbers"
    );
}

#[test]
fn spread() {
    assert_eq!(value(Stddev, &ints(&[1, 2])), Value::Float(FRAC_1_SQRT_2));
    assert_eq!(value(Variance, &ints(&[1, 2, 3, 4])), Value::Float(5.0 / 3.0));
    assert_eq!(value(VariancePop, &ints(&[1, 2, 3, 4])), Value::Float(1.25));
    assert_eq!(
        value(StddevPop, &floats(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])),
        Value::Float(2.0)
    );
    assert_eq!(value(Stddev, &floats(&[7.5])), Value::Null);
    assert_eq!(value(StddevPop, &floats(&[7.5])), Value::Float(0.0));
    assert_eq!(
        value(Variance, &floats(&[1e15 + 0.25, 1e15 + 0.5, 1e15 + 0.75])),
        Value::Float(0.0625)
    );
    assert_eq!(value(Stddev, &floats(&[0.1; 7])), Value::Float(0.0));
    assert_eq!(error(Stddev, &spans(&[1, 2])), "values of type duration are no numbers");
}

#[test]
fn extremes() {
    assert_eq!(value(Min, &texts(&["b", "a", "ä"])), Value::str("a"));
    assert_eq!(value(Max, &texts(&["b", "a", "ä"])), Value::str("ä"));
    assert_eq!(value(Min, &floats(&[f64::NAN, 2.0])), Value::Float(2.0));
    assert_eq!(value(Max, &floats(&[f64::NAN, 2.0])), Value::Float(f64::NAN));
    assert_eq!(value(Max, &[Value::Int(1), Value::Float(1.0)]), Value::Int(1));
    assert_eq!(
        value(Max, &[Value::Int((1 << 53) + 1), Value::Float(9_007_199_254_740_992.0)]),
        Value::Int((1 << 53) + 1)
    );
    assert_eq!(value(Min, &[Value::Bool(true), Value::Bool(false)]), Value::Bool(false));
    assert_eq!(value(Max, &[Value::Timestamp(3), Value::Null]), Value::Timestamp(3));
    assert_eq!(
        error(Min, &[Value::Int(1), Value::str("a")]),
        "values of type int and str have no order"
    );
    let map = Value::map([(Key(Value::str("k")), Value::Int(1))]);
    assert_eq!(error(Max, &[map]), "values of type map have no order");
    let mixed = [Value::list(ints(&[1])), Value::list(texts(&["a"]))];
    assert_eq!(error(Max, &mixed), "lists of unlike items have no order");
}

#[test]
fn rows_of_extremes() {
    let names = texts(&["a", "b", "c", "d"]);
    let by = [Value::Int(2), Value::Float(1.0), Value::Int(1), Value::Int(2)];
    assert_eq!(of_pairs(ArgMin, Value::Null, &names, Some(&by)), Ok(Value::str("b")));
    assert_eq!(of_pairs(ArgMax, Value::Null, &names, Some(&by)), Ok(Value::str("a")));
    let some = [Value::str("a"), Value::Null, Value::str("c"), Value::str("d")];
    assert_eq!(of_pairs(ArgMin, Value::Null, &some, Some(&by)), Ok(Value::str("c")));
    let unlike = [Value::Int(2), Value::str("x"), Value::Null, Value::Null];
    assert!(of_pairs(ArgMin, Value::Null, &names, Some(&unlike)).is_err());
}

#[test]
fn places() {
    let rows = [Value::Null, Value::str("a"), Value::str("b"), Value::Null];
    assert_eq!(
        (value(First, &rows), value(Last, &rows)),
        (Value::str("a"), Value::str("b"))
    );
    assert_eq!(value(Collect, &rows), Value::list(texts(&["a", "b"])));
    assert_eq!(value(Median, &ints(&[3, 1, 2])), Value::Float(2.0));
    assert_eq!(value(Median, &ints(&[4, 1])), Value::Float(2.5));
    assert_eq!(value(Median, &spans(&[4, 1])), Value::Duration(3));
    let percentile = |p: f64, rows: &[Value]| of(Percentile, Value::Float(p), rows);
    assert_eq!(percentile(0.25, &ints(&[10, 20, 30])), Ok(Value::Float(15.0)));
    assert_eq!(percentile(1.0, &ints(&[10, 20, 30])), Ok(Value::Float(30.0)));
    assert_eq!(percentile(0.5, &floats(&[1.0, f64::NAN])), Ok(Value::Float(f64::NAN)));
    assert_eq!(percentile(0.0, &floats(&[1.0, f64::INFINITY])), Ok(Value::Float(1.0)));
    assert_eq!(
        percentile(1.5, &ints(&[1])),
        Err("`p` must be a number from 0 to 1".to_owned())
    );
    assert_eq!(error(Median, &texts(&["a"])), "values of type str are no numbers");
}

#[test]
fn frequencies() {
    let rows = [
        Value::Float(1.0),
        Value::str("a"),
        Value::Int(1),
        Value::str("b"),
        Value::str("b"),
        Value::Null,
    ];
    assert_eq!(
        value(Distinct, &rows),
        Value::list(vec![Value::Float(1.0), Value::str("a"), Value::str("b")])
    );
    assert_eq!(value(CountDistinct, &rows), Value::Int(3));
    assert_eq!(value(ApproxCountDistinct, &rows), Value::Int(3));
    assert_eq!(value(Mode, &rows), Value::Float(1.0));
    assert_eq!(
        of(Top, Value::Int(2), &rows),
        Ok(Value::list(vec![Value::Float(1.0), Value::str("b")]))
    );
    let many: Vec<Value> = (0..20_000_i64).map(|x| Value::Int(x * 7 % 10_000)).collect();
    assert_eq!(value(CountDistinct, &many), Value::Int(10_000));
    assert_eq!(of(Top, Value::Int(2), &many), Ok(Value::list(ints(&[0, 7]))));
}

#[test]
fn conditions() {
    let rows = [Value::Bool(true), Value::Null, Value::Bool(true)];
    assert_eq!(
        (value(Any, &rows), value(All, &rows)),
        (Value::Bool(true), Value::Bool(true))
    );
    assert_eq!(value(CountIf, &rows), Value::Int(2));
    assert_eq!(value(All, &[Value::Bool(true), Value::Bool(false)]), Value::Bool(false));
    assert_eq!(error(All, &ints(&[1])), "values of type int are no bool");
}

#[test]
fn series() {
    assert_eq!(of(Ema, Value::Int(3), &ints(&[1, 2, 4])), Ok(Value::Float(2.75)));
    assert_eq!(
        of(Ema, Value::Int(0), &ints(&[1])),
        Err("`n` must be a number from 1 on".to_owned())
    );
    // Rows are half a second apart.
    assert_eq!(value(LinearTrend, &ints(&[1, 2, 3])), Value::Float(2.0));
    assert_eq!(
        value(LinearTrend, &[Value::Int(1), Value::Null, Value::Int(3)]),
        Value::Float(2.0)
    );
    assert_eq!(value(LinearTrend, &ints(&[1])), Value::Null);
    let (up, down) = (ints(&[1, 2, 3]), ints(&[6, 4, 2]));
    assert_eq!(of_pairs(Corr, Value::Null, &up, Some(&up)), Ok(Value::Float(1.0)));
    assert_eq!(of_pairs(Corr, Value::Null, &up, Some(&down)), Ok(Value::Float(-1.0)));
    assert_eq!(
        of_pairs(Corr, Value::Null, &up, Some(&ints(&[1, 1, 1]))),
        Ok(Value::Null)
    );
    assert_eq!(of_pairs(Covar, Value::Null, &up, Some(&down)), Ok(Value::Float(-2.0)));
}

#[test]
fn sketches() {
    let rows: Vec<Value> = (1..=100_000).map(|x| Value::Int(x * 7919 % 100_003)).collect();
    for p in [0.0, 0.01, 0.5, 0.99, 0.999, 1.0] {
        let Ok(Value::Float(exact)) = of(Percentile, Value::Float(p), &rows) else {
            unreachable!("a float")
        };
        let Ok(Value::Float(near)) = of(ApproxPercentile, Value::Float(p), &rows) else {
            unreachable!("a float")
        };
        assert!((near / exact - 1.0).abs() < 0.0101, "{near} for {exact}");
    }
    let Value::Int(n) = value(ApproxCountDistinct, &rows) else {
        unreachable!("an int")
    };
    assert!((n - 100_000).abs() < 2_500, "{n}");
    assert_eq!(
        of(ApproxPercentile, Value::Float(0.5), &spans(&[0, 0, 5])),
        Ok(Value::Duration(0))
    );
    let wide = floats(&[f64::NEG_INFINITY, -1.0, 0.0, f64::INFINITY]);
    assert_eq!(
        of(ApproxPercentile, Value::Int(0), &wide),
        Ok(Value::Float(f64::NEG_INFINITY))
    );
    assert_eq!(
        of(ApproxPercentile, Value::Int(1), &wide),
        Ok(Value::Float(f64::INFINITY))
    );
}

/// The bits of a hash are for ever: another machine, or version, must estimate the same.
#[test]
fn estimates_repeat() {
    let rows: Vec<Value> = (0..50_000).map(|x| Value::str(&format!("user-{x}"))).collect();
    assert_eq!(value(ApproxCountDistinct, &rows), Value::Int(49_816));
}
