//! The bytes of a file of columns depend on its rows only: not on how they were cut into batches, nor
//! on whether a batch holds a constant, an array or plain values. What is read back is what was written.

use std::fs;
use std::sync::Arc;

use proptest::prelude::*;
use varpulis::data::{Column, Key, Type, Value};
use varpulis::write::{RowBatch, RowColumns};

use crate::sinks_support::{column, types, write};

fn scalar() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        "\\PC{0,6}".prop_map(|text| Value::str(&text)),
        any::<i64>().prop_map(Value::Timestamp),
        any::<i64>().prop_map(Value::Duration),
    ]
    .boxed()
}

fn nested() -> BoxedStrategy<Value> {
    scalar()
        .prop_recursive(3, 12, 3, |inner| {
            let entry = ("[a-c.]{1,2}", inner.clone()).prop_map(|(name, value)| (Key(Value::str(&name)), value));
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::list),
                prop::collection::vec(entry, 0..3).prop_map(Value::map),
                prop::collection::vec((any::<i8>(), inner), 0..3).prop_map(|entries| Value::map(
                    entries
                        .into_iter()
                        .map(|(key, value)| (Key(Value::Int(key.into())), value))
                )),
            ]
        })
        .boxed()
}

/// Values that are mostly of one kind.
fn cells(n: usize) -> BoxedStrategy<Vec<Value>> {
    let ints = prop::option::of(any::<i64>()).prop_map(|i| i.map_or(Value::Null, Value::Int));
    let texts = prop::option::of("[a-z\"é,]{0,5}").prop_map(|s| s.map_or(Value::Null, |s| Value::str(&s)));
    prop_oneof![
        prop::collection::vec(ints, n),
        prop::collection::vec(texts, n),
        prop::collection::vec(scalar(), n),
        prop::collection::vec(nested(), n),
        scalar().prop_map(move |value| vec![value; n]),
    ]
    .boxed()
}

/// Cut at some rows; each column as it comes from values, or as plain values.
fn batches(columns: &[Vec<Value>], n: usize, cuts: &[usize], plain: bool) -> Vec<RowBatch> {
    let names: Arc<[String]> = (0..columns.len()).map(|at| format!("c.{at}")).collect();
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (n + 1)).chain([0, n]).collect();
    ends.sort_unstable();
    let batch = |ends: &[usize]| {
        let rows = ends[0]..ends[1];
        let column = |values: &Vec<Value>| match plain {
            true => Column::Any(Arc::from(&values[rows.clone()])),
            false => Column::from_values(values[rows.clone()].to_vec()),
        };
        RowBatch {
            ts: rows.clone().map(|row| row as i64 * 1_000_000).collect(),
            rows: RowColumns::Fields {
                names: names.clone(),
                columns: columns.iter().map(column).collect(),
            },
        }
    };
    ends.windows(2).map(batch).collect()
}

fn table() -> impl Strategy<Value = (usize, Vec<Vec<Value>>)> {
    (0_usize..12).prop_flat_map(|n| (Just(n), prop::collection::vec(cells(n), 1..4)))
}

/// Types that the compiler may know, each with its values.
fn known_types() -> Vec<(Type, BoxedStrategy<Value>)> {
    let number = || prop_oneof![any::<i64>().prop_map(Value::Int), any::<f64>().prop_map(Value::Float)].boxed();
    let list = prop::collection::vec(number(), 0..3).prop_map(Value::list);
    let pair = (number(), "[a-z]").prop_map(|(a, b)| Value::list(vec![a, Value::str(&b)]));
    let entry = (any::<i64>(), number()).prop_map(|(key, value)| (Key(Value::Int(key)), value));
    let map = prop::collection::vec(entry, 0..3).prop_map(Value::map);
    let float = || Box::new(Type::Float);
    vec![
        (Type::Int, any::<i64>().prop_map(Value::Int).boxed()),
        (Type::Float, number()),
        (Type::Null, Just(Value::Null).boxed()),
        (
            Type::Optional(Box::new(Type::Str)),
            "[a-z]{0,3}".prop_map(|text| Value::str(&text)).boxed(),
        ),
        (Type::Duration, any::<i64>().prop_map(Value::Duration).boxed()),
        (Type::List(float()), list.boxed()),
        (Type::Tuple(vec![Type::Float, Type::Str]), pair.boxed()),
        (Type::Map(Box::new(Type::Int), float()), map.boxed()),
    ]
}

/// Columns of known types whose values are nearly all of the type.
fn known_cells(n: usize) -> impl Strategy<Value = Vec<(Type, Vec<Value>)>> {
    let column = prop::sample::select((0..known_types().len()).collect::<Vec<_>>()).prop_flat_map(move |at| {
        let (ty, fitting) = known_types().swap_remove(at);
        let cell = prop_oneof![12 => fitting, 2 => Just(Value::Null), 1 => nested()];
        (Just(ty), prop::collection::vec(cell, n))
    });
    prop::collection::vec(column, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn batches_make_no_difference((n, columns) in table(), cuts in prop::collection::vec(any::<usize>(), 0..5)) {
        let dir = tempfile::tempdir().unwrap();
        let any: Vec<(String, Type)> = (0..columns.len()).map(|at| (format!("c.{at}"), Type::Any)).collect();
        for extension in ["parquet", "arrow", "csv"] {
            for known in [Some(any.as_slice()), None] {
                let (one, many) = (dir.path().join(format!("1.{extension}")), dir.path().join(format!("2.{extension}")));
                let first = write(&one, known, &batches(&columns, n, &[], true));
                let second = write(&many, known, &batches(&columns, n, &cuts, false));
                prop_assert_eq!(first, second);
                prop_assert!(fs::read(&one).unwrap() == fs::read(&many).unwrap(), "{} differ", extension);
            }
        }
    }

    #[test]
    fn known_types_make_no_difference_either(
        values in prop::collection::vec(prop::option::of((any::<i64>(), "[a-z]{0,4}")), 0..40),
        cuts in prop::collection::vec(any::<usize>(), 0..5),
    ) {
        let ints: Vec<Value> = values.iter().map(|v| v.as_ref().map_or(Value::Null, |v| Value::Int(v.0))).collect();
        let texts: Vec<Value> = values.iter().map(|v| v.as_ref().map_or(Value::Null, |v| Value::str(&v.1))).collect();
        let columns = [ints, texts];
        let dir = tempfile::tempdir().unwrap();
        let known = types(&[("c.0", Type::Int), ("c.1", Type::Str)]);
        let n = values.len();
        for extension in ["parquet", "arrow"] {
            let (one, many) = (dir.path().join(format!("1.{extension}")), dir.path().join(format!("2.{extension}")));
            write(&one, Some(&known), &batches(&columns, n, &[], true));
            write(&many, Some(&known), &batches(&columns, n, &cuts, false));
            prop_assert!(fs::read(&one).unwrap() == fs::read(&many).unwrap(), "{} differ", extension);
            prop_assert_eq!(&column(&one, "c.0"), &columns[0]);
            prop_assert_eq!(&column(&one, "c.1"), &columns[1]);
        }
    }

    #[test]
    fn values_beyond_known_types_make_no_difference(
        (n, columns) in (0_usize..12).prop_flat_map(|n| (Just(n), known_cells(n))),
        cuts in prop::collection::vec(any::<usize>(), 0..6),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (types, columns): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let known: Vec<(String, Type)> = types.into_iter().enumerate().map(|(at, ty)| (format!("c.{at}"), ty)).collect();
        for extension in ["parquet", "arrow"] {
            let (one, many) = (dir.path().join(format!("1.{extension}")), dir.path().join(format!("2.{extension}")));
            let first = write(&one, Some(&known), &batches(&columns, n, &[], true));
            let second = write(&many, Some(&known), &batches(&columns, n, &cuts, false));
            prop_assert_eq!(first, second);
            prop_assert!(fs::read(&one).unwrap() == fs::read(&many).unwrap(), "{} differ", extension);
        }
    }
}
