//! Which values are alike under each encoding, and which are of no use.

use crate::data::Value;
use crate::ir::{Encoding, Transform};

use super::tests::{embedding, feature, number};
use super::{EmbedError, Embedder};

fn embedder(encoding: Encoding) -> Embedder {
    let spec = embedding(vec![feature("x", 1.0, 1, encoding)], vec![vec![0]]);
    Embedder::new(&spec, None).unwrap()
}

fn block(embedder: &Embedder, value: &Value) -> Vec<f32> {
    let mut out = vec![f32::NAN; embedder.block_dims()];
    embedder.embed(std::slice::from_ref(value), &mut out);
    out
}

fn similarity(encoding: &Encoding, a: &Value, b: &Value) -> f64 {
    let embedder = embedder(encoding.clone());
    let (a, b) = (block(&embedder, a), block(&embedder, b));
    a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6
}

#[test]
fn what_is_of_no_use_is_a_block_of_zeros() {
    let text = Value::str("x");
    let none = [Value::Null, Value::Float(f64::NAN)];
    let numbers = number(Transform::Identity);
    let one_hot = Encoding::OneHot(vec![Value::str("a")]);
    let all = [
        numbers.clone(),
        Encoding::Cyclical { period: 7.0 },
        one_hot,
        Encoding::Hash(8),
        Encoding::Tokens(8),
    ];
    for encoding in &all {
        for value in &none {
            assert!(
                block(&embedder(encoding.clone()), value).iter().all(|x| *x == 0.0),
                "{encoding:?} {value:?}"
            );
        }
    }
    let infinite = Value::Float(f64::INFINITY);
    for (encoding, value) in [
        (numbers.clone(), &text),
        (numbers.clone(), &infinite),
        (Encoding::Cyclical { period: 7.0 }, &text),
        (Encoding::Cyclical { period: 7.0 }, &infinite),
        (Encoding::Tokens(8), &Value::Int(5)),
        (Encoding::Tokens(8), &Value::str(" -- !")),
        (
            number(Transform::MinMax { min: 0.0, max: 1e-300 }),
            &Value::Float(1e300),
        ),
    ] {
        assert!(
            block(&embedder(encoding.clone()), value).iter().all(|x| *x == 0.0),
            "{encoding:?} {value:?}"
        );
    }
}

#[test]
fn any_value_makes_a_unit_block_or_none() {
    let huge = [0.0, -1.5, 1e18, -1e18, 1e300, f64::MAX, f64::MIN_POSITIVE].map(Value::Float);
    let other = [
        Value::Bool(true),
        Value::Int(i64::MIN),
        Value::Timestamp(i64::MAX),
        Value::Duration(-1),
    ];
    let transforms = [
        Transform::Identity,
        Transform::LogScale,
        Transform::Normalize {
            moments: Some((3.0, 0.0)),
        },
        Transform::MinMax { min: -1.0, max: 1.0 },
        Transform::Bucket(vec![0.0, 10.0]),
    ];
    for transform in transforms {
        for value in huge.iter().chain(&other) {
            let same = similarity(&number(transform.clone()), value, value);
            assert!(close(same, 1.0), "{transform:?} {value:?} {same}");
        }
    }
    let cyclical = Encoding::Cyclical { period: 0.3 };
    assert!(huge.iter().all(|value| close(similarity(&cyclical, value, value), 1.0)));
}

#[test]
fn numbers_are_alike_as_the_transform_says() {
    let like = |transform: &Transform, a: Value, b: Value| similarity(&number(transform.clone()), &a, &b);
    let near = |a: f64, b: f64| (a - b).abs() < 0.014;
    let gauss = |d: f64| libm::exp(-d * d / 2.0);
    let identity = Transform::Identity;
    assert!(near(like(&identity, Value::Int(3), Value::Float(4.0)), gauss(1.0)));
    assert!(near(like(&identity, Value::Bool(true), Value::Bool(false)), gauss(1.0)));
    assert!(near(
        like(&identity, Value::Timestamp(0), Value::Timestamp(2_000_000_000)),
        gauss(2.0)
    ));
    assert!(near(
        like(&identity, Value::Duration(500_000_000), Value::Int(0)),
        gauss(0.5)
    ));
    let log = Transform::LogScale;
    let tenfold = libm::log(10_001.0) - libm::log(1001.0);
    assert!(near(like(&log, Value::Int(1000), Value::Int(10_000)), gauss(tenfold)));
    assert!(near(like(&log, Value::Int(-1000), Value::Int(-10_000)), gauss(tenfold)));
    assert!(near(
        like(&log, Value::Int(-1), Value::Int(1)),
        gauss(2.0 * libm::log(2.0))
    ));
    let normal = Transform::Normalize {
        moments: Some((100.0, 20.0)),
    };
    assert!(near(like(&normal, Value::Int(100), Value::Int(120)), gauss(1.0)));
    let unit = Transform::MinMax { min: 10.0, max: 20.0 };
    assert!(near(like(&unit, Value::Int(10), Value::Int(20)), gauss(1.0)));
    let edges = Transform::Bucket(vec![10.0, 20.0]);
    assert!(close(like(&edges, Value::Int(10), Value::Float(19.9)), 1.0));
    assert!(near(like(&edges, Value::Int(9), Value::Int(20)), gauss(2.0)));
    let wide = Encoding::Number {
        transform: Transform::Identity,
        scale: 10.0,
    };
    assert!(near(similarity(&wide, &Value::Int(0), &Value::Int(10)), gauss(1.0)));
}

#[test]
fn circles_slots_and_words() {
    let hours = Encoding::Cyclical { period: 24.0 };
    assert!(close(similarity(&hours, &Value::Int(23), &Value::Int(-1)), 1.0));
    assert!(close(similarity(&hours, &Value::Int(0), &Value::Int(6)), 0.0));
    assert!(close(similarity(&hours, &Value::Int(1), &Value::Int(13)), -1.0));
    let channels = Encoding::OneHot(vec![Value::str("web"), Value::Int(1)]);
    assert_eq!(block(&embedder(channels.clone()), &Value::Float(1.0)), [0.0, 1.0, 0.0]);
    assert_eq!(block(&embedder(channels.clone()), &Value::str("web")), [1.0, 0.0, 0.0]);
    assert_eq!(block(&embedder(channels), &Value::str("1")), [0.0, 0.0, 1.0]);
    let hash = Encoding::Hash(32);
    assert!(close(similarity(&hash, &Value::Int(7), &Value::Float(7.0)), 1.0));
    let words = Encoding::Tokens(256);
    let text = |a: &str, b: &str| similarity(&words, &Value::str(a), &Value::str(b));
    assert!(close(text("Failed, LOGIN", "login failed"), 1.0));
    assert!(close(text("Änderung", "änderung"), 1.0));
    assert!((text("failed login", "failed logout") - 0.5).abs() < 0.1);
}

#[test]
fn what_the_language_does_not_allow_is_an_error() {
    let refused = |encoding| {
        let spec = embedding(vec![feature("x", 1.0, 1, encoding)], vec![vec![0]]);
        Embedder::new(&spec, None).unwrap_err().to_string()
    };
    assert_eq!(
        refused(number(Transform::Normalize { moments: None })),
        "the mean and standard deviation of `x` are not known"
    );
    assert_eq!(
        refused(Encoding::Cyclical { period: 0.0 }),
        "`x` has a period that is not a positive, finite number"
    );
    assert_eq!(
        refused(Encoding::Hash(0)),
        "`x` has a dim that is not a positive, finite number"
    );
    let long = vec![feature("x", 1.0, 3000, number(Transform::Identity))];
    let error = Embedder::new(&embedding(long, vec![vec![0]]), None).unwrap_err();
    assert!(matches!(
        error,
        EmbedError::TooLong {
            dims: 96_000,
            most: 65_536
        }
    ));
}
