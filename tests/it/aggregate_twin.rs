//! Every aggregate function over every type against a plain reference over lists of values; however
//! rows are cut into batches, merged, selected, mixed with other groups, or slid over.

use std::cmp::Ordering;

use proptest::prelude::*;
use varpulis::aggregate::{Accumulators, CallErrors, Groups, Sliding, Spec};
use varpulis::data::{Column, Key, Value};
use varpulis::eval::total_order;
use varpulis::ir::AggFunction;

/// A row: the two arguments, and the time.
type Row = (Value, Value, i64);

/// All calls, over columns 0 (`x`) and 1 (`y`).
fn specs() -> Vec<Spec> {
    use AggFunction::{
        All, Any, ApproxCountDistinct, ApproxPercentile, ArgMax, ArgMin, Avg, Collect, Corr, Count, CountDistinct,
        CountIf, Covar, Distinct, Ema, First, Last, LinearTrend, Max, Median, Min, Mode, Percentile, Stddev, StddevPop,
        Sum, Top, Variance, VariancePop,
    };
    let spec = |function, param, args: &[u32]| Spec {
        function,
        param,
        args: args.to_vec(),
    };
    let mut specs = vec![spec(Count, Value::Null, &[])];
    for function in [
        Count,
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
        Collect,
        Distinct,
        CountDistinct,
        ApproxCountDistinct,
        Any,
        All,
        CountIf,
        LinearTrend,
    ] {
        specs.push(spec(function, Value::Null, &[0]));
    }
    specs.push(spec(Sum, Value::Null, &[1]));
    specs.push(spec(Count, Value::Null, &[1]));
    for p in [Value::Int(0), Value::Float(0.3), Value::Float(0.95), Value::Int(1)] {
        specs.push(spec(Percentile, p.clone(), &[0]));
        specs.push(spec(ApproxPercentile, p, &[0]));
    }
    specs.push(spec(Ema, Value::Int(3), &[0]));
    specs.push(spec(Top, Value::Int(2), &[0]));
    for function in [ArgMin, ArgMax, Corr, Covar] {
        specs.push(spec(function, Value::Null, &[0, 1]));
    }
    specs
}

fn args(specs: &[Spec], rows: &[Row]) -> Vec<Vec<Column>> {
    let column = |id: &u32| {
        let value = |(x, y, _): &Row| if *id == 0 { x.clone() } else { y.clone() };
        Column::from_values(rows.iter().map(value).collect())
    };
    specs
        .iter()
        .map(|spec| spec.args.iter().map(column).collect())
        .collect()
}

fn times(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|(_, _, time)| *time).collect()
}

/// The values of one group, and of which calls it is an error.
fn read(of: &Accumulators, group: u32) -> (Vec<Value>, Vec<CallErrors>) {
    let mut errors = Vec::new();
    let columns = of.read(&[group], &mut errors);
    (columns.iter().map(|column| column.value(0)).collect(), errors)
}

/// All rows at once.
fn plain(rows: &[Row]) -> (Vec<Value>, Vec<CallErrors>) {
    let specs = specs();
    let mut all = Accumulators::new(&specs);
    all.grow(1);
    all.update(&args(&specs, rows), &times(rows), None, Groups::One(0));
    read(&all, 0)
}

mod reference {
    use super::*;

    fn numbers(items: &[&Value]) -> Option<Vec<f64>> {
        let number = |item: &&Value| match item {
            Value::Int(i) => Some(*i as f64),
            Value::Float(x) => Some(*x),
            _ => None,
        };
        items.iter().map(number).collect()
    }

    fn durations(items: &[&Value]) -> Option<Vec<i64>> {
        let duration = |item: &&Value| {
            if let Value::Duration(ns) = item {
                Some(*ns)
            } else {
                None
            }
        };
        (!items.is_empty()).then(|| items.iter().map(duration).collect())?
    }

    fn ordered(items: &[&Value]) -> bool {
        !items.iter().any(|item| matches!(item, Value::Map(_)))
            && items
                .iter()
                .all(|a| items.iter().all(|b| total_order(a, b).1.is_none()))
    }

    fn counts<'a>(items: &[&'a Value]) -> Vec<(&'a Value, usize)> {
        let mut counts: Vec<(&Value, usize)> = Vec::new();
        for &item in items {
            match counts
                .iter_mut()
                .find(|(known, _)| Key((*known).clone()) == Key(item.clone()))
            {
                Some((_, n)) => *n += 1,
                None => counts.push((item, 1)),
            }
        }
        counts
    }

    fn quantile(items: &[&Value], p: f64) -> Option<Value> {
        if items.is_empty() {
            return Some(Value::Null);
        }
        let at = p * (items.len() - 1) as f64;
        let (low, high, part) = (at.floor() as usize, at.ceil() as usize, at - at.floor());
        if let Some(mut all) = durations(items) {
            all.sort_unstable();
            return Some(Value::Duration(
                all[low] + ((all[high] - all[low]) as f64 * part).round() as i64,
            ));
        }
        let mut all = numbers(items)?;
        all.sort_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())));
        let (low, high) = (all[low], all[high]);
        Some(Value::Float(match part {
            _ if low == high || part == 0.0 => low,
            0.5 => f64::midpoint(low, high),
            part => low + (high - low) * part,
        }))
    }

    fn extreme(pairs: &[(&Value, &Value)], wanted: Ordering) -> Option<Value> {
        let bys: Vec<&Value> = pairs.iter().map(|(_, by)| *by).collect();
        let best = pairs.iter().copied().reduce(|best, next| {
            if total_order(next.1, best.1).0 == wanted {
                next
            } else {
                best
            }
        });
        ordered(&bys).then(|| best.map_or(Value::Null, |(value, _)| value.clone()))
    }

    fn moments(all: &[(f64, f64)]) -> Option<(f64, f64, f64)> {
        let n = all.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| all.iter().map(of).fold(0.0, |sum, x| sum + x) / n;
        let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
        let sum = |of: &dyn Fn(f64, f64) -> f64| all.iter().fold(0.0, |sum, (x, y)| sum + of(x - mx, y - my));
        Some((sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y)))
    }

    /// The value of a call; none if it is an error; `Err` where another test knows better.
    pub(super) fn value(spec: &Spec, rows: &[Row]) -> Result<Option<Value>, ()> {
        let column = usize::try_from(spec.args.first().copied().unwrap_or(0)).unwrap();
        let cell = |row: &'_ Row| if column == 0 { row.0.clone() } else { row.1.clone() };
        let cells: Vec<Value> = rows.iter().map(cell).filter(|value| !value.is_null()).collect();
        let items: Vec<&Value> = cells.iter().collect();
        let pairs: Vec<(&Value, &Value)> = rows
            .iter()
            .map(|(x, y, _)| (x, y))
            .filter(|(x, y)| !x.is_null() && !y.is_null())
            .collect();
        let (xs, ys): (Vec<&Value>, Vec<&Value>) = pairs.iter().copied().unzip();
        let both = || {
            numbers(&xs)
                .zip(numbers(&ys))
                .map(|(x, y)| x.into_iter().zip(y).collect::<Vec<_>>())
        };
        let bools = || {
            items
                .iter()
                .map(|item| if let Value::Bool(b) = item { Some(*b) } else { None })
                .collect::<Option<Vec<_>>>()
        };
        let p = || match spec.param {
            Value::Float(p) => p,
            Value::Int(p) => p as f64,
            _ => 0.5,
        };
        Ok(match spec.function {
            AggFunction::Count if spec.args.is_empty() => Some(Value::Int(rows.len() as i64)),
            AggFunction::Count => Some(Value::Int(items.len() as i64)),
            AggFunction::Min => extreme(&items.iter().map(|x| (*x, *x)).collect::<Vec<_>>(), Ordering::Less),
            AggFunction::Max => extreme(&items.iter().map(|x| (*x, *x)).collect::<Vec<_>>(), Ordering::Greater),
            AggFunction::ArgMin => extreme(&pairs, Ordering::Less),
            AggFunction::ArgMax => extreme(&pairs, Ordering::Greater),
            AggFunction::First => Some(cells.first().cloned().unwrap_or_default()),
            AggFunction::Last => Some(cells.last().cloned().unwrap_or_default()),
            AggFunction::Collect => Some(Value::list(cells)),
            AggFunction::Median | AggFunction::Percentile => quantile(&items, p()),
            AggFunction::Distinct => Some(counts(&items).into_iter().map(|(value, _)| value.clone()).collect()),
            AggFunction::CountDistinct | AggFunction::ApproxCountDistinct => {
                Some(Value::Int(counts(&items).len() as i64))
            }
            AggFunction::Mode => {
                let most = counts(&items).into_iter().reduce(|a, b| if b.1 > a.1 { b } else { a });
                Some(most.map_or(Value::Null, |(value, _)| value.clone()))
            }
            AggFunction::Top => {
                let mut all = counts(&items);
                all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
                Some(all.into_iter().take(2).map(|(value, _)| value.clone()).collect())
            }
            AggFunction::Any => bools().map(|all| Value::Bool(all.contains(&true))),
            AggFunction::All => bools().map(|all| Value::Bool(!all.contains(&false))),
            AggFunction::CountIf => bools().map(|all| Value::Int(all.iter().filter(|b| **b).count() as i64)),
            AggFunction::Ema => numbers(&items).map(|all| {
                let ema = all.into_iter().reduce(|ema, x| ema + 0.5 * (x - ema));
                ema.map_or(Value::Null, Value::Float)
            }),
            AggFunction::LinearTrend => {
                let start = rows.iter().find(|row| !row.0.is_null()).map_or(0, |row| row.2);
                let seconds = rows
                    .iter()
                    .filter(|row| !row.0.is_null())
                    .map(|row| (row.2 - start) as f64 / 1e9);
                numbers(&items).map(|all| {
                    let sums = moments(&seconds.zip(all).collect::<Vec<_>>());
                    sums.filter(|(xx, ..)| *xx > 0.0)
                        .map_or(Value::Null, |(xx, xy, _)| Value::Float(xy / xx))
                })
            }
            AggFunction::Covar => both().map(|all| match moments(&all) {
                Some((_, xy, _)) if all.len() > 1 => Value::Float(xy / (all.len() - 1) as f64),
                _ => Value::Null,
            }),
            AggFunction::Corr => both().map(|all| match moments(&all) {
                Some((xx, xy, yy)) if all.len() > 1 && xx != 0.0 && yy != 0.0 => {
                    let root = if (xx * yy).is_normal() {
                        (xx * yy).sqrt()
                    } else {
                        xx.sqrt() * yy.sqrt()
                    };
                    Value::Float((xy / root).clamp(-1.0, 1.0))
                }
                _ => Value::Null,
            }),
            AggFunction::Sum => match durations(&items) {
                Some(all) => i64::try_from(all.iter().map(|x| i128::from(*x)).sum::<i128>())
                    .ok()
                    .map(Value::Duration),
                None if items.is_empty() => Some(Value::Null),
                None if items.iter().all(|item| matches!(item, Value::Int(_))) => {
                    let ints = items
                        .iter()
                        .map(|item| if let Value::Int(i) = item { i128::from(*i) } else { 0 });
                    i64::try_from(ints.sum::<i128>()).ok().map(Value::Int)
                }
                None => return numbers(&items).map_or(Ok(None), |_| Err(())),
            },
            _ => return Err(()),
        })
    }
}

/// Values of one type each, or of any.
fn columns() -> impl Strategy<Value = BoxedStrategy<Value>> {
    let text = prop::sample::select(vec!["", "a", "b", "ab", "ä", "zz"])
        .prop_map(Value::str)
        .boxed();
    let int = prop_oneof![(-3..3_i64), Just(i64::MAX), Just(i64::MIN)]
        .prop_map(Value::Int)
        .boxed();
    let small = (-5..5_i64).prop_map(Value::Int).boxed();
    let float = prop_oneof![
        4 => (-8..8_i32).prop_map(|x| f64::from(x) / 4.0),
        1 => prop::sample::select(vec![1e300, -1e-300, 1e17, f64::MAX]),
    ]
    .prop_map(Value::Float)
    .boxed();
    let odd = prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0, -0.0]).prop_map(Value::Float);
    let odd = prop_oneof![odd, float.clone()].boxed();
    let span = (-5..5_i64).prop_map(|x| Value::Duration(x * 1_000_000_001)).boxed();
    let time = (0..9_i64).prop_map(Value::Timestamp).boxed();
    let truth = any::<bool>().prop_map(Value::Bool).boxed();
    let list = prop::collection::vec((0..2_i64).prop_map(Value::Int), 0..2)
        .prop_map(Value::list)
        .boxed();
    let map = (0..2_i64)
        .prop_map(|x| Value::map([(Key(Value::str("k")), Value::Int(x))]))
        .boxed();
    let numbers = prop_oneof![int.clone(), float.clone(), small.clone()].boxed();
    let any = prop_oneof![
        text.clone(),
        small.clone(),
        float.clone(),
        span.clone(),
        list.clone(),
        map.clone()
    ]
    .boxed();
    prop::sample::select(vec![
        text, int, small, float, odd, span, time, truth, list, map, numbers, any,
    ])
}

/// Values of a few types, of any size: windows that a type, or a large number, leaves again.
fn wild() -> impl Strategy<Value = BoxedStrategy<Value>> {
    let whole = prop::sample::select(vec![0, 1, -1, 3, 1 << 53, (1 << 53) + 1, i64::MAX, i64::MIN]);
    let large = prop::sample::select(vec![1e17, 1e40, -1e40, 1e300, -1e300, f64::MAX, f64::MIN]);
    let small = prop::sample::select(vec![0.0, -0.0, 0.5, 1e-300, 5e-324, -5e-324]);
    let odd = prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    let float = prop_oneof![large.clone(), small.clone(), odd.clone(), any::<f64>()];
    let item = prop_oneof![
        whole.clone().prop_map(Value::Int),
        float.clone().prop_map(Value::Float),
        Just(Value::str("a")),
    ];
    let types = vec![
        whole.clone().prop_map(Value::Int).boxed(),
        whole.clone().prop_map(Value::Duration).boxed(),
        whole.prop_map(Value::Timestamp).boxed(),
        large.prop_map(Value::Float).boxed(),
        small.prop_map(Value::Float).boxed(),
        odd.prop_map(Value::Float).boxed(),
        float.prop_map(Value::Float).boxed(),
        any::<bool>().prop_map(Value::Bool).boxed(),
        prop::sample::select(vec!["", "a", "b"]).prop_map(Value::str).boxed(),
        prop::collection::vec(item, 0..3).prop_map(Value::list).boxed(),
        (0..2_i64)
            .prop_map(|x| Value::map([(Key(Value::str("k")), Value::Int(x))]))
            .boxed(),
    ];
    prop::sample::subsequence(types, 1..=4).prop_map(|types| prop::strategy::Union::new(types).boxed())
}

fn nullable(of: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    prop_oneof![5 => of, 1 => Just(Value::Null)]
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    (columns(), columns()).prop_flat_map(move |(x, y)| rows_of(x, y, most))
}

fn rows_of(x: BoxedStrategy<Value>, y: BoxedStrategy<Value>, most: usize) -> impl Strategy<Value = Vec<Row>> {
    let row = (nullable(x), nullable(y), 0..4_i64);
    prop::collection::vec(row, 0..most).prop_map(|rows| {
        let mut time = 1_700_000_000_000_000_000;
        let step = |(x, y, after): Row| {
            time += after * 250_000_000;
            (x, y, time)
        };
        rows.into_iter().map(step).collect()
    })
}

proptest! {
    #[test]
    fn values_are_those_of_the_reference(rows in rows(14)) {
        let (values, errors) = plain(&rows);
        for (at, spec) in specs().iter().enumerate() {
            let failed = errors.iter().any(|error| error.call == at);
            if let Ok(expected) = reference::value(spec, &rows) {
                prop_assert_eq!(failed, expected.is_none(), "{:?} of {:?}: {:?}", spec, rows, errors);
                prop_assert_eq!(&values[at], &expected.unwrap_or_default(), "{:?} of {:?}", spec, rows);
            }
        }
    }

    #[test]
    fn slices_merges_and_other_groups_do_not_matter(
        rows in rows(24),
        seeds in prop::collection::vec((0..3_u32, any::<bool>(), 1..6_usize), 24),
    ) {
        let specs = specs();
        let mut all = Accumulators::new(&specs);
        all.grow(3);
        let mut pane = all.empty_like();
        let mut from = 0;
        for &(_, merged, len) in &seeds {
            let part = from..(from + len).min(rows.len());
            let groups: Vec<u32> = part.clone().map(|row| seeds[row].0).collect();
            if merged {
                pane.clear();
                pane.grow(4);
                let selected: Vec<u32> = part.clone().map(|row| row as u32).collect();
                let groups: Vec<u32> = groups.iter().map(|group| 3 - group).collect();
                pane.update(&args(&specs, &rows), &times(&rows), Some(&selected), Groups::Each(&groups));
                (0..3).for_each(|group| all.merge(group, &pane, 3 - group));
            } else {
                let part = &rows[part.clone()];
                all.update(&args(&specs, part), &times(part), None, Groups::Each(&groups));
            }
            from = part.end;
        }
        for group in 0..3 {
            let of = |row: &usize| seeds[*row].0 == group;
            let own: Vec<Row> = (0..from).filter(of).map(|row| rows[row].clone()).collect();
            prop_assert_eq!(read(&all, group), plain(&own), "{:?}", own);
        }
        prop_assert!(all.bytes() > 0);
        all.clear();
        prop_assert_eq!(all.groups(), 0);
        all.grow(1);
        prop_assert_eq!(read(&all, 0), plain(&[]));
    }

    #[test]
    fn sliding_is_computing_again(rows in rows(20), pops in prop::collection::vec(0..3_usize, 20)) {
        slide(&rows, &pops)?;
    }

    #[test]
    fn sliding_over_anything_is_computing_again(
        rows in (wild(), wild()).prop_flat_map(|(x, y)| rows_of(x, y, 16)),
        pops in prop::collection::vec(0..3_usize, 16),
    ) {
        slide(&rows, &pops)?;
    }
}

/// Lets the rows come one after the other, and after each so many leave; compares at each step.
fn slide(rows: &[Row], pops: &[usize]) -> Result<(), TestCaseError> {
    let specs = specs();
    let mut sliding = Sliding::new(&specs);
    let args = args(&specs, rows);
    let mut from = 0;
    for at in 0..rows.len() {
        sliding.push(&args, at, rows[at].2);
        for _ in 0..pops[at].min(at + 1 - from) {
            sliding.pop();
            from += 1;
        }
        prop_assert_eq!(sliding.len(), at + 1 - from);
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        sliding.read(&mut values, &mut errors);
        let again = plain(&rows[from..=at]);
        // As text: the signs of zeros are told apart too.
        prop_assert_eq!(
            format!("{:?}", (values, errors)),
            format!("{again:?}"),
            "{:?}",
            &rows[from..=at]
        );
    }
    Ok(())
}

/// What remains once a float has left is summed as if it had never been there, however large or small
/// the float was.
#[test]
fn a_float_that_has_left_is_forgotten() {
    let floats = [1e300, f64::MAX, 1e40, 1e17, 0.1, 1e-300, f64::from_bits(1)];
    let durations = [0, 1, -1, i64::MAX].map(Value::Duration);
    let ints = [0, 1, -1, i64::MAX].map(Value::Int);
    for float in floats.iter().flat_map(|x| [*x, -*x]) {
        for stays in durations.iter().chain(&ints) {
            // Two values stay in the end: twice the largest overflows here as it does when computed again.
            let values = [Value::Float(float), stays.clone(), stays.clone(), stays.clone()];
            let rows: Vec<Row> = values.map(|value| (value.clone(), value, 0)).into();
            slide(&rows, &[0, 1, 0, 1]).unwrap();
        }
    }
    let sum = |stays: Value| {
        let spec = Spec {
            function: AggFunction::Sum,
            param: Value::Null,
            args: vec![0],
        };
        let mut sliding = Sliding::new(std::slice::from_ref(&spec));
        let column = Column::from_values(vec![Value::Float(1e300), stays]);
        let args = [vec![column]];
        sliding.push(&args, 0, 0);
        sliding.push(&args, 1, 0);
        sliding.pop();
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        sliding.read(&mut values, &mut errors);
        assert!(errors.is_empty(), "{errors:?}");
        values.remove(0)
    };
    assert_eq!(sum(Value::Duration(0)), Value::Duration(0));
    assert_eq!(sum(Value::Duration(i64::MIN)), Value::Duration(i64::MIN));
    assert_eq!(sum(Value::Int(0)), Value::Int(0));
    assert_eq!(sum(Value::Int(i64::MAX)), Value::Int(i64::MAX));
}

/// So many groups that their states are looked at ahead.
#[test]
fn many_groups_are_like_one() {
    const GROUPS: u32 = 20_000;
    let value = |at: i64| match at % 11 {
        0 => Value::Null,
        1 => Value::Float(at as f64 / 8.0),
        _ => Value::Float(at as f64),
    };
    let number = |at: i64| at * 7919 % 1009;
    let rows: Vec<Row> = (0..50_000)
        .map(|at| (value(number(at)), Value::Int(number(at + 1)), at * 1_000_000))
        .collect();
    let groups: Vec<u32> = (0..rows.len() as u32)
        .map(|at| at.wrapping_mul(2_654_435_761) % GROUPS)
        .collect();
    let specs = specs();
    let mut all = Accumulators::new(&specs);
    all.grow(GROUPS as usize);
    for from in (0..rows.len()).step_by(10_001) {
        let part = &rows[from..(from + 10_001).min(rows.len())];
        all.update(
            &args(&specs, part),
            &times(part),
            None,
            Groups::Each(&groups[from..from + part.len()]),
        );
    }
    for group in (0..GROUPS).step_by(499) {
        let of = |at: &usize| groups[*at] == group;
        let own: Vec<Row> = (0..rows.len()).filter(of).map(|at| rows[at].clone()).collect();
        assert_eq!(read(&all, group), plain(&own), "{group}");
    }
}
