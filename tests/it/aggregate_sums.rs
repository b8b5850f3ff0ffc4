//! Sums, averages and variances are exact and rounded once, whatever the order, the batches and the
//! merges: compared with rational numbers.

use num_rational::BigRational;
use num_traits::{Signed, Zero};
use proptest::prelude::*;
use varpulis::aggregate::{Accumulators, Groups, Spec};
use varpulis::data::{Column, Value};
use varpulis::ir::AggFunction;

const CALLS: [AggFunction; 7] = [
    AggFunction::Count,
    AggFunction::Sum,
    AggFunction::Avg,
    AggFunction::Variance,
    AggFunction::VariancePop,
    AggFunction::Stddev,
    AggFunction::StddevPop,
];

fn specs(calls: &[AggFunction]) -> Vec<Spec> {
    let spec = |&function| Spec {
        function,
        param: Value::Null,
        args: vec![0],
    };
    calls.iter().map(spec).collect()
}

fn column(values: &[Option<f64>]) -> Column {
    Column::from_values(values.iter().map(|x| x.map_or(Value::Null, Value::Float)).collect())
}

/// All calls over one group, whose rows come in these parts, each of which is merged or added.
fn read(parts: &[(Vec<Option<f64>>, bool)], calls: &[AggFunction]) -> Vec<Value> {
    let mut all = Accumulators::new(&specs(calls));
    all.grow(1);
    for (part, merged) in parts {
        let args = vec![vec![column(part)]; calls.len()];
        let times = vec![0; part.len()];
        if *merged {
            let mut pane = all.empty_like();
            pane.grow(3);
            pane.update(&args, &times, None, Groups::Each(&vec![2; part.len()]));
            all.merge(0, &pane, 2);
        } else {
            all.update(&args, &times, None, Groups::One(0));
        }
    }
    let mut errors = Vec::new();
    let columns = all.read(&[0], &mut errors);
    assert_eq!(errors, []);
    columns.iter().map(|column| column.value(0)).collect()
}

fn exact(x: f64) -> BigRational {
    BigRational::from_float(x).unwrap()
}

/// Whether no other float is nearer, and of two as near this one is even.
fn is_rounded(x: f64, of: &BigRational) -> bool {
    if x.is_infinite() {
        return of.abs() > exact(f64::MAX) && (x > 0.0) == of.is_positive();
    }
    let off = (exact(x) - of).abs();
    [x.next_up(), x.next_down()]
        .into_iter()
        .filter(|other| other.is_finite())
        .all(|other| {
            let other_off = (exact(other) - of).abs();
            off < other_off || (off == other_off && x.to_bits().is_multiple_of(2))
        })
}

fn is_rounded_root(x: f64, of: &BigRational) -> bool {
    let half = BigRational::new(1.into(), 2.into());
    let middle = |other: f64| (exact(x) + exact(other)) * &half;
    let (low, high) = (middle(x.next_down()), middle(x.next_up()));
    if x == 0.0 {
        of.is_zero()
    } else {
        &low * &low <= *of && *of <= &high * &high
    }
}

fn check(values: &[Option<f64>], found: &[Value]) -> Result<(), TestCaseError> {
    let numbers: Vec<BigRational> = values.iter().flatten().map(|x| exact(*x)).collect();
    let count = BigRational::from_integer(numbers.len().into());
    let one = BigRational::from_integer(1.into());
    prop_assert_eq!(&found[0], &Value::Int(numbers.len() as i64));
    if numbers.is_empty() {
        prop_assert!(found[1..].iter().all(Value::is_null));
        return Ok(());
    }
    let sum: BigRational = numbers.iter().sum();
    let mean = &sum / &count;
    let squares: BigRational = numbers.iter().map(|x| (x - &mean) * (x - &mean)).sum();
    let float = |at: usize| if let Value::Float(x) = found[at] { x } else { f64::NAN };
    prop_assert!(is_rounded(float(1), &sum), "sum {:?} of {:?}", found[1], values);
    prop_assert!(is_rounded(float(2), &mean), "avg {:?} of {:?}", found[2], values);
    prop_assert!(
        is_rounded(float(4), &(&squares / &count)),
        "variance {:?} of {:?}",
        found[4],
        values
    );
    prop_assert!(
        is_rounded_root(float(6), &(&squares / &count)),
        "stddev {:?} of {:?}",
        found[6],
        values
    );
    if numbers.len() < 2 {
        prop_assert!(found[3].is_null() && found[5].is_null());
        return Ok(());
    }
    let sample = &squares / (&count - &one);
    prop_assert!(is_rounded(float(3), &sample), "variance {:?} of {:?}", found[3], values);
    prop_assert!(
        is_rounded_root(float(5), &sample),
        "stddev {:?} of {:?}",
        found[5],
        values
    );
    Ok(())
}

/// Floats near each other, of one scale, and of all scales.
fn floats() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        4 => (-1000..1000_i32).prop_map(|cents| Some(f64::from(cents) / 100.0)),
        2 => (-1e9..1e9).prop_map(Some),
        1 => (-1e150..1e150).prop_map(Some),
        1 => any::<u64>().prop_map(|bits| Some(f64::from_bits(bits & !(0x3ff << 53))).filter(|x| x.is_finite())),
        1 => (1_u64..1 << 53).prop_map(|bits| Some(f64::from_bits(bits))),
        1 => Just(Some(0.0)),
        1 => Just(None),
    ]
}

fn parts() -> impl Strategy<Value = Vec<(Vec<Option<f64>>, bool)>> {
    prop::collection::vec((prop::collection::vec(floats(), 0..8), any::<bool>()), 0..5)
}

proptest! {
    #[test]
    fn sums_are_exact(parts in parts()) {
        let values: Vec<Option<f64>> = parts.iter().flat_map(|(part, _)| part.clone()).collect();
        check(&values, &read(&parts, &CALLS))?;
    }

    #[test]
    fn order_and_slices_do_not_matter(parts in parts(), seed in any::<u64>()) {
        let mut values: Vec<Option<f64>> = parts.iter().flat_map(|(part, _)| part.clone()).collect();
        let found = read(&parts, &CALLS);
        values.sort_by_key(|x| x.map_or(0, f64::to_bits).wrapping_mul(seed | 1));
        prop_assert_eq!(&found, &read(&[(values.clone(), false)], &CALLS));
        let alone = read(&[(values, true)], &[AggFunction::Sum, AggFunction::Avg]);
        prop_assert_eq!(&found[1..3], &alone[..]);
    }
}
