//! Learned models: the shipped files against scores that numpy computed, and files that do not fit.

use std::collections::BTreeMap;

use varpulis::attend::{Embedder, History, Model, Scores};
use varpulis::data::Value;
use varpulis::diag::Span;
use varpulis::ir::{Embedding, Encoding, ExprId, Feature};

use safetensors::tensor::{Dtype, TensorView, serialize};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/models/");

fn features() -> Embedding {
    let feature = |name: &str, encoding| Feature {
        name: name.to_owned(),
        value: ExprId(0),
        weight: 1.0,
        lags: 1,
        encoding,
        span: Span::default(),
    };
    let channels = Encoding::OneHot(vec![Value::str("web"), Value::str("pos")]);
    Embedding {
        features: vec![
            feature("hour", Encoding::Cyclical { period: 24.0 }),
            feature("channel", channels),
        ],
        heads: vec![vec![0], vec![1]],
        model: None,
    }
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// The events of the example through a shipped model.
fn example(name: &str) -> (Embedder, History, serde_json::Value) {
    let text = std::fs::read_to_string(format!("{FOLDER}example.json")).unwrap();
    let mut example: serde_json::Value = serde_json::from_str(&text).unwrap();
    let model = Model::open(&format!("{FOLDER}{name}.safetensors")).unwrap();
    let embedder = Embedder::new(&features(), Some(model)).unwrap();
    let mut history = History::new(&embedder);
    for (hour, channel) in numbers(&example["hours"]).iter().zip(numbers(&example["channels"])) {
        let channel = ["web", "pos", "app"][channel as usize];
        history.push(&embedder, &[Value::Float(*hour), Value::str(channel)]);
    }
    (embedder, history, example[name].take())
}

#[test]
fn scores_and_weights_as_numpy_says() {
    for (name, heads) in [("example", 2), ("example_mlp", 3)] {
        let (embedder, history, truth) = example(name);
        assert_eq!((embedder.heads().len(), embedder.dims()), (heads, 2 * heads));
        for (a, row) in (0..).zip(truth["scores"].as_array().unwrap()) {
            for (b, truth) in (0..).zip(numbers(row)) {
                let score = history.score(a, b).unwrap();
                assert!(
                    (f64::from(score) - truth).abs() < 1e-5,
                    "{name} {a} {b}: {score} {truth}"
                );
            }
        }
        let last = history.held().end - 1;
        let mut weights = Scores::new();
        history.weights(last..last + 1, &[0], &mut weights);
        let truth = numbers(&truth["weights"]);
        assert_eq!(weights.row(0).len(), truth.len());
        for (weight, truth) in weights.row(0).iter().zip(truth) {
            assert!((f64::from(*weight) - truth).abs() < 1e-5, "{name}: {weight} {truth}");
        }
    }
}

#[test]
fn rows_and_pairs_have_the_same_bits() {
    for name in ["example", "example_mlp"] {
        let (_, history, _) = example(name);
        let mut scores = Scores::new();
        history.scores(0..24, &[0; 24], &mut scores);
        let mut all = 0u32;
        for query in 0..24 {
            for (event, score) in scores.row(query).iter().enumerate() {
                let pair = history.score(query as u64, event as u64).unwrap();
                assert_eq!(pair.to_bits(), score.to_bits());
                all = all.rotate_left(5) ^ pair.to_bits();
            }
        }
        let golden = BTreeMap::from([("example", 1_721_827_576), ("example_mlp", 1_718_534_691)]);
        assert_eq!(all, golden[name], "{name}");
    }
}

#[test]
fn features_are_compared_before_the_model() {
    let (embedder, history, _) = example("example");
    assert_eq!(embedder.feature_dims(), 5);
    let before = Embedder::before_model(&features()).unwrap();
    assert_eq!(
        (before.dims(), before.heads().len(), before.digest()),
        (5, 1, embedder.digest())
    );
    assert_ne!(Embedder::new(&features(), None).unwrap().digest(), before.digest());
    // Events 0 and 4 share the channel; their hours are 0 and 4.
    let parts = history.feature_scores(0, 4).unwrap();
    assert!(
        (parts[0] - 0.5).abs() < 1e-6 && (parts[1] - 1.0).abs() < 1e-6,
        "{parts:?}"
    );
}

/// Tensors by name and shape.
type Shapes<'a> = &'a [(&'a str, &'a [usize])];
/// What the metadata says.
type Said<'a> = &'a [(&'a str, &'a str)];

/// What is said against a file of some tensors of zeros.
fn refusal(tensors: Shapes<'_>, metadata: Said<'_>) -> String {
    let zeros = vec![0u8; 4096];
    let views = tensors.iter().map(|(name, shape)| {
        let bytes = 4 * shape.iter().product::<usize>();
        (
            *name,
            TensorView::new(Dtype::F32, shape.to_vec(), &zeros[..bytes]).unwrap(),
        )
    });
    let metadata = metadata
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let bytes = serialize(views, Some(metadata.collect())).unwrap();
    let model = match Model::from_bytes("m", &bytes) {
        Ok(model) => model,
        Err(error) => return error.to_string(),
    };
    Embedder::new(&features(), Some(model)).unwrap_err().to_string()
}

#[test]
fn what_does_not_fit_is_refused_with_both_shapes() {
    let both = |shape: &'static [usize]| [("query.weight", shape), ("key.weight", shape)];
    let start = "the model in `m` does not fit: ";
    let cases: &[(Shapes<'_>, Said<'_>, &str)] = &[
        (
            &both(&[4, 6]),
            &[],
            "`query.weight` has the shape [4, 6], but the features of the embedding make a vector of 5 numbers, for \
             which it must be [4, 5]",
        ),
        (
            &[("query.weight", &[4, 5]), ("key.weight", &[4, 6])],
            &[],
            "`key.weight` has the shape [4, 6]; it must be [4, 5]",
        ),
        (
            &[
                ("layers.0.weight", &[7, 5]),
                ("query.weight", &[4, 6]),
                ("key.weight", &[4, 6]),
            ],
            &[],
            "`query.weight` has the shape [4, 6]; it must be [out, 7]",
        ),
        (
            &[("layers.0.weight", &[7, 5]), ("layers.0.bias", &[6])],
            &[],
            "`layers.0.bias` has the shape [6]; it must be [7]",
        ),
        (
            &[("query.weight", &[4, 5])],
            &[],
            "`query.weight` is there, but no `key.weight`",
        ),
        (
            &[("w", &[4, 5])],
            &[],
            "the tensor `w` is not known; known are `layers.N.weight` and `.bias` with N from 0 on without gaps, \
             `query.weight` and `.bias`, `key.weight` and `.bias`",
        ),
        (
            &both(&[4, 5]),
            &[("heads", "3")],
            "its `heads` is `3`, which must be a number that divides the 4 dims of queries and keys",
        ),
        (
            &both(&[4, 5]),
            &[("varpulis.version", "2")],
            "its `varpulis.version` is `2`; `1` is known",
        ),
    ];
    for (tensors, metadata, why) in cases {
        assert_eq!(refusal(tensors, metadata), format!("{start}{why}"));
    }
    let other = refusal(&both(&[4, 5]), &[("varpulis.features", "00000000000000ff")]);
    assert!(other.starts_with(&format!("{start}it was made for the features 00000000000000ff, and")));
}

#[test]
fn files_that_are_none() {
    let missing = Model::open("no/such/file").unwrap_err().to_string();
    assert!(missing.starts_with("cannot read `no/such/file`: "), "{missing}");
    let broken = Model::from_bytes("m", b"not a model").unwrap_err().to_string();
    assert!(broken.starts_with("`m` is not a safetensors file: "), "{broken}");
}

#[test]
fn changed_files_are_refused_or_used_and_never_a_panic() {
    let whole = std::fs::read(format!("{FOLDER}example.safetensors")).unwrap();
    let (mut state, mut refused) = (7_u64, 0);
    let mut below = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % n
    };
    for round in 0..600 {
        let mut bytes = whole.clone();
        if round % 4 == 0 {
            bytes.truncate(below(whole.len()));
        }
        for _ in 0..=below(3) {
            if !bytes.is_empty() {
                let at = below(bytes.len());
                bytes[at] = below(256) as u8;
            }
        }
        let made = Model::from_bytes("m", &bytes).and_then(|model| Embedder::new(&features(), Some(model)));
        match made {
            Ok(embedder) => {
                let mut history = History::new(&embedder);
                history.push(&embedder, &[Value::Float(3.0), Value::str("web")]);
                history.push(&embedder, &[Value::Null, Value::str("pos")]);
                let score = history.score(0, 1).unwrap();
                assert!((0.0..=1.0).contains(&score), "{score}");
            }
            Err(_) => refused += 1,
        }
    }
    assert!((150..600).contains(&refused), "{refused} refused");
}
