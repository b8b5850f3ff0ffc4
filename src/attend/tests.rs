//! Scores and weights against plain sums in doubles, and the same bits for everything that must not matter.

use proptest::prelude::*;

use crate::data::Value;
use crate::diag::{FileId, Span};
use crate::ir::{Embedding, Encoding, ExprId, Feature, Transform};

use super::kernel::Set;
use super::{Embedder, History, Model, Scores, clusters};

pub(super) fn feature(name: &str, weight: f64, lags: u32, encoding: Encoding) -> Feature {
    Feature {
        name: name.to_owned(),
        value: ExprId(0),
        weight,
        lags,
        encoding,
        span: Span::new(FileId(0), 0, 0),
    }
}

pub(super) fn embedding(features: Vec<Feature>, heads: Vec<Vec<usize>>) -> Embedding {
    Embedding {
        features,
        heads,
        model: None,
    }
}

pub(super) fn number(transform: Transform) -> Encoding {
    Encoding::Number { transform, scale: 1.0 }
}

/// Amount, channel, hour, text, lagged: in the given number of heads.
pub(super) fn payments(heads: usize) -> Embedding {
    let channels = Encoding::OneHot(vec![Value::str("web"), Value::str("pos")]);
    let features = vec![
        feature("amount", 0.3, 1, number(Transform::LogScale)),
        feature("channel", 0.2, 1, channels),
        feature("hour", 0.1, 1, Encoding::Cyclical { period: 24.0 }),
        feature("merchant", 0.25, 1, Encoding::Hash(17)),
        feature("text", 0.2, 1, Encoding::Tokens(24)),
        feature(
            "level",
            0.4,
            3,
            number(Transform::Normalize {
                moments: Some((2.0, 0.5)),
            }),
        ),
    ];
    let each = 6usize.div_ceil(heads);
    let all: Vec<usize> = (0..6).collect();
    embedding(features, all.chunks(each).map(<[usize]>::to_vec).collect())
}

pub(super) fn event(seed: u64) -> Vec<Value> {
    let draw = |n: u64, below: u64| super::hashing::draw(seed, n) % below;
    let missing = |n: u64, value| if draw(n + 50, 8) == 0 { Value::Null } else { value };
    vec![
        missing(0, Value::Float(draw(0, 1000) as f64)),
        missing(1, Value::str(["web", "pos", "app"][draw(1, 3) as usize])),
        missing(2, Value::Int(draw(2, 24) as i64)),
        missing(3, Value::Int(draw(3, 6) as i64)),
        missing(
            4,
            Value::str(["login failed", "Login OK", "failed, failed"][draw(4, 3) as usize]),
        ),
        missing(5, Value::Float(1.0 + draw(5, 100) as f64 / 50.0)),
    ]
}

fn history(embedder: &Embedder, seed: u64, len: u64) -> History {
    let mut history = History::new(embedder);
    for n in 0..len {
        assert_eq!(history.push(embedder, &event(seed.wrapping_add(n))), n);
    }
    history
}

/// A row of scores and one of weights, in doubles, from the vectors.
fn plainly(embedder: &Embedder, history: &History, query: u64, from: u64) -> (Vec<f64>, Vec<f64>) {
    let heads = embedder.heads();
    let dot = |event: u64, head: &std::ops::Range<usize>| -> f64 {
        let (a, b) = (history.vector(query).unwrap(), history.vector(event).unwrap());
        head.clone().map(|at| f64::from(a[at]) * f64::from(b[at])).sum()
    };
    let count = heads.len() as f64;
    let scores = (from..query)
        .map(|event| (heads.iter().map(|head| dot(event, head)).sum::<f64>() / count).max(0.0))
        .collect();
    let mut weights = vec![0.0; (query - from) as usize];
    for head in heads {
        let logits: Vec<f64> = (from..query)
            .map(|event| dot(event, head) * (head.len() as f64).sqrt())
            .collect();
        let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logits.iter().map(|x| libm::exp(x - highest)).sum();
        for (weight, logit) in weights.iter_mut().zip(logits) {
            *weight += libm::exp(logit - highest) / sum / count;
        }
    }
    (scores, weights)
}

fn bits(row: &[f32]) -> Vec<u32> {
    row.iter().map(|x| x.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn as_sums_in_doubles_say(seed: u64, heads in 1usize..=6, len in 1u64..90, window in 1u64..90) {
        let embedder = Embedder::new(&payments(heads), None).unwrap();
        let history = history(&embedder, seed, len);
        let from: Vec<u64> = (0..len).map(|n| n.saturating_sub(window)).collect();
        let (mut scores, mut weights) = (Scores::new(), Scores::new());
        history.scores(0..len, &from, &mut scores);
        history.weights(0..len, &from, &mut weights);
        for query in 0..len {
            let at = query as usize;
            let (truth, shares) = plainly(&embedder, &history, query, from[at]);
            prop_assert_eq!(scores.row(at).len(), truth.len());
            for (found, truth) in scores.row(at).iter().zip(&truth) {
                prop_assert!((f64::from(*found) - truth).abs() < 2e-6, "{} {}", found, truth);
            }
            for (found, truth) in weights.row(at).iter().zip(&shares) {
                prop_assert!((f64::from(*found) - truth).abs() < 3e-6, "{} {}", found, truth);
            }
            let sum: f64 = weights.row(at).iter().map(|x| f64::from(*x)).sum();
            prop_assert!(truth.is_empty() || (sum - 1.0).abs() < 1e-5, "{}", sum);
        }
    }

    #[test]
    fn nothing_that_must_not_matter_does(
        seed: u64,
        heads in 1usize..=6,
        len in 1u64..120,
        window in 1u64..120,
        cut in 1u64..40,
        forget in any::<bool>(),
    ) {
        let spec = payments(heads);
        let reference = Embedder::new(&spec, None).unwrap();
        let held = history(&reference, seed, len);
        let from: Vec<u64> = (0..len).map(|n| n.saturating_sub(window)).collect();
        let (mut scores, mut weights) = (Scores::new(), Scores::new());
        held.scores(0..len, &from, &mut scores);
        held.weights(0..len, &from, &mut weights);
        for set in Set::all() {
            let embedder = Embedder::with_set(&spec, None, set).unwrap();
            let mut other = history(&embedder, seed, len);
            let (mut some, mut shares) = (Scores::new(), Scores::new());
            let mut begin = 0;
            while begin < len {
                let end = (begin + cut).min(len);
                let part = &from[begin as usize..end as usize];
                if forget {
                    other.forget(part[0]);
                }
                other.scores(begin..end, part, &mut some);
                other.weights(begin..end, part, &mut shares);
                for query in begin..end {
                    let (at, place) = (query as usize, (query - begin) as usize);
                    prop_assert_eq!(bits(some.row(place)), bits(scores.row(at)));
                    prop_assert_eq!(bits(shares.row(place)), bits(weights.row(at)));
                    let row = from[at]..query;
                    let pairs: Vec<f32> = row.clone().map(|event| other.score(query, event).unwrap()).collect();
                    prop_assert_eq!(bits(&pairs), bits(scores.row(at)));
                    let turned: Vec<f32> = row.map(|event| other.score(event, query).unwrap()).collect();
                    prop_assert_eq!(bits(&turned), bits(scores.row(at)));
                }
                begin = end;
            }
        }
    }

    #[test]
    fn a_score_is_the_weighted_mean_of_the_features(seed: u64, heads in 1usize..=6) {
        let embedder = Embedder::new(&payments(heads), None).unwrap();
        let history = history(&embedder, seed, 12);
        let shares: f64 = embedder.parts().iter().map(|part| part.share).sum();
        prop_assert!((shares - 1.0).abs() < 1e-12);
        for a in 0..12 {
            for b in 0..12 {
                let parts = history.feature_scores(a, b).unwrap();
                let mean: f64 = parts.iter().zip(embedder.parts()).map(|(s, part)| f64::from(*s) * part.share).sum();
                prop_assert!((mean.max(0.0) - f64::from(history.score(a, b).unwrap())).abs() < 2e-6);
            }
        }
    }
}

#[test]
fn what_is_not_held_has_no_scores() {
    let embedder = Embedder::new(&payments(2), None).unwrap();
    let mut history = history(&embedder, 1, 50);
    history.forget(40);
    assert_eq!(history.held(), 40..50);
    assert_eq!(history.score(39, 45), None);
    assert_eq!(history.vector(50), None);
    let mut scores = Scores::new();
    history.scores(38..53, &[0; 15], &mut scores);
    let lens: Vec<usize> = (0..scores.len()).map(|at| scores.row(at).len()).collect();
    assert_eq!(lens, [0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0]);
    history.weights(45..50, &[], &mut scores);
    assert!((0..5).all(|at| scores.row(at).is_empty()));
    assert_eq!(scores.row(9), [0.0f32; 0]);
    history.forget(1000);
    assert_eq!(history.held(), 50..50);
    assert_eq!(history.push(&embedder, &event(7)), 50);
}

#[test]
fn few_events_take_no_tile() {
    let embedder = Embedder::new(&payments(1), None).unwrap();
    let row = embedder.dims() * size_of::<f32>();
    assert!(history(&embedder, 3, 6).bytes() <= 8 * row);
    assert!(history(&embedder, 3, 7).bytes() >= 16 * row);
}

#[test]
fn threads_share_a_history() {
    let embedder = Embedder::new(&payments(3), None).unwrap();
    let history = history(&embedder, 5, 96);
    let of = |queries: std::ops::Range<u64>| {
        let mut weights = Scores::new();
        history.weights(queries.clone(), &vec![0; 96], &mut weights);
        queries
            .flat_map(|query| bits(weights.row((query % 24) as usize)))
            .collect::<Vec<u32>>()
    };
    let alone: Vec<u32> = (0..4).flat_map(|part| of(part * 24..(part + 1) * 24)).collect();
    let together: Vec<u32> = std::thread::scope(|scope| {
        let of = &of;
        let parts: Vec<_> = (0..4)
            .map(|part| scope.spawn(move || of(part * 24..(part + 1) * 24)))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    assert_eq!(alone.len(), 95 * 96 / 2);
    assert!(alone == together);
}

#[test]
fn alike_events_score_one_and_missing_values_nothing() {
    let embedder = Embedder::new(&payments(1), None).unwrap();
    let mut history = History::new(&embedder);
    let full: Vec<Value> = vec![
        Value::Float(5.0),
        Value::str("web"),
        Value::Int(3),
        Value::str("m"),
        Value::str("a b"),
        Value::Float(2.0),
    ];
    for _ in 0..3 {
        history.push(&embedder, &vec![Value::Null; 6]);
    }
    for _ in 0..5 {
        history.push(&embedder, &full);
    }
    assert_eq!(history.score(0, 1), Some(0.0));
    assert_eq!(history.score(0, 7), Some(0.0));
    let score = history.score(6, 7).unwrap();
    assert!((score - 1.0).abs() < 1e-6, "{score}");
    // The events at 4 and 7 share all but one of the three lagged values: 0.4 / 1.45 of the weight.
    let score = history.score(4, 7).unwrap();
    assert!((f64::from(score) - (1.0 - 0.4 / 1.45 / 3.0)).abs() < 1e-6, "{score}");
}

#[test]
fn clusters_are_what_hangs_together() {
    let spec = embedding(vec![feature("who", 1.0, 1, Encoding::Hash(64))], vec![vec![0]]);
    let embedder = Embedder::new(&spec, None).unwrap();
    let mut history = History::new(&embedder);
    for name in ["a", "b", "a", "c", "b", "a"] {
        history.push(&embedder, &[Value::str(name)]);
    }
    let mut scores = Scores::new();
    let found = clusters(&history, 0..6, 0.9, &mut scores);
    assert_eq!(found, [vec![0, 2, 5], vec![1, 4], vec![3]]);
    assert_eq!(
        clusters(&history, 1..5, 0.9, &mut scores),
        [vec![1, 4], vec![2], vec![3]]
    );
    assert_eq!(clusters(&history, 7..9, 0.9, &mut scores), Vec::<Vec<u64>>::new());
}

#[test]
fn golden_bits() {
    let embedder = Embedder::new(&payments(3), None).unwrap();
    let history = history(&embedder, 42, 40);
    let (mut scores, mut weights) = (Scores::new(), Scores::new());
    history.scores(39..40, &[5], &mut scores);
    history.weights(39..40, &[5], &mut weights);
    let fold = |row: &[f32]| row.iter().fold(0u32, |all, x| all.rotate_left(5) ^ x.to_bits());
    assert_eq!(
        bits(&scores.row(0)[..4]),
        [1_043_449_250, 1_055_838_795, 1_046_529_988, 1_057_014_787]
    );
    let found = (fold(scores.row(0)), fold(weights.row(0)), embedder.digest());
    assert_eq!(found, (3_975_625_446, 2_726_596_071, 4_511_845_625_394_453_446));
}

#[test]
fn a_model_of_another_shape_is_refused_with_both() {
    let mut matrix = ndarray::Array2::<f32>::zeros((4, 3));
    matrix.diag_mut().fill(1.0);
    let model = Model {
        path: "m.safetensors".to_owned(),
        layers: Vec::new(),
        ends: Some((
            super::model::Dense::new(&matrix, Vec::new()),
            super::model::Dense::new(&matrix, Vec::new()),
        )),
        heads: vec![0..2, 2..4],
        features: None,
        digest: 0,
    };
    let spec = embedding(
        vec![feature("hour", 1.0, 1, Encoding::Cyclical { period: 24.0 })],
        vec![vec![0]],
    );
    let error = Embedder::new(&spec, Some(model)).unwrap_err().to_string();
    assert_eq!(
        error,
        "the model in `m.safetensors` does not fit: `query.weight` has the shape [4, 3], but the features of the \
         embedding make a vector of 2 numbers, for which it must be [4, 2]"
    );
}
