//! What attention costs: scores, weights, embedding, nearest events.
//!
//! `cargo bench --bench attention`: events per second of one thread's CPU time (Linux), best of three, and the
//! share of the processor's peak of f32 multiply-adds, which is measured first. `ONLY=text` runs those whose
//! names hold the text.
#![allow(missing_docs, reason = "a program")]
#![allow(clippy::unwrap_used, reason = "a program that may stop")]

use std::hint::black_box;

use varpulis::attend::{Embedder, History, Ivf, Scores, energy, top};
use varpulis::data::Value;
use varpulis::diag::Span;
use varpulis::ir::{Embedding, Encoding, ExprId, Feature, Transform};

/// A generator of numbers (splitmix64), so that runs repeat.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// Seconds of this thread on a processor (others may run beside us).
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn asked_for(name: &str) -> bool {
    std::env::var("ONLY").map_or(true, |only| name.contains(&only))
}

/// Seconds per unit of work, best of three; none if it is not asked for.
fn seconds(name: &str, units: usize, mut work: impl FnMut()) -> Option<f64> {
    if !asked_for(name) {
        return None;
    }
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        // Times are told with the ticks of the scheduler, so that a run must take many of them.
        let (start, mut rounds, mut spent) = (cpu_seconds(), 0.0, 0.0);
        while spent < 0.1 {
            work();
            rounds += 1.0;
            spent = cpu_seconds() - start;
        }
        best = best.min(spent / rounds);
    }
    Some(best / units as f64)
}

/// Multiply-adds of f32 that stay in registers: 12 chains of 8 lanes (AVX2, also where AVX-512 is there).
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn registers(rounds: usize) -> f32 {
    let mut sums = [[0.0f32; 8]; 12];
    let (a, b) = (black_box([0.999f32; 8]), black_box([0.001f32; 8]));
    for _ in 0..rounds {
        for sum in &mut sums {
            for lane in 0..8 {
                sum[lane] = sum[lane].mul_add(a[lane], b[lane]);
            }
        }
    }
    sums.as_flattened().iter().sum()
}

fn peak() -> f64 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        let rounds = 20_000_000;
        #[allow(unsafe_code, reason = "the processor was asked")]
        // SAFETY: as just asked.
        let each = seconds("peak", rounds, || {
            black_box(unsafe { registers(black_box(rounds)) });
        });
        return each.map_or(f64::NAN, |each| 96.0 / each);
    }
    f64::NAN
}

/// Heads of one feature each, together of the given dims.
fn embedding(dims: u32, heads: u32) -> Embedding {
    let feature = |n| Feature {
        name: format!("f{n}"),
        value: ExprId(n),
        weight: 1.0,
        lags: 1,
        encoding: Encoding::Hash(dims / heads),
        span: Span::default(),
    };
    Embedding {
        features: (0..heads).map(feature).collect(),
        heads: (0..heads as usize).map(|n| vec![n]).collect(),
        model: None,
    }
}

fn windows(peak: f64) {
    println!("{:<44} {:>12} {:>12} {:>8}", "", "events/s", "us/event", "of peak");
    for window in [100u64, 1000, 10_000] {
        for dims in [32, 128] {
            for heads in [1, 4, 8] {
                window_of(window, dims, heads, peak);
            }
        }
    }
}

fn window_of(window: u64, dims: u32, heads: u32, peak: f64) {
    let embedder = Embedder::new(&embedding(dims, heads), None).unwrap();
    let mut history = History::new(&embedder);
    let mut draw = Draw(u64::from(dims));
    let asked = (1_000_000 / window).clamp(128, 2048);
    for _ in 0..window + asked {
        let values: Vec<Value> = (0..heads).map(|_| Value::Int(draw.below(50) as i64)).collect();
        history.push(&embedder, &values);
    }
    let mut scores = Scores::new();
    for (kind, softened, batch) in [
        ("scores", false, 64),
        ("softmax", true, 64),
        ("softmax one by one", true, 1),
    ] {
        let name = format!("{kind}, window {window} x {dims} dims, {heads} heads");
        let each = seconds(&name, asked as usize, || {
            for begin in (window..window + asked).step_by(batch) {
                let queries = begin..begin + batch as u64;
                let from: Vec<u64> = queries.clone().map(|query| query - window).collect();
                if softened {
                    history.weights(queries, &from, &mut scores);
                } else {
                    history.scores(queries, &from, &mut scores);
                }
                black_box(scores.row(0));
            }
        });
        if let Some(each) = each {
            let share = window as f64 * f64::from(dims) / each / peak * 100.0;
            println!("{name:<44} {:>12.0} {:>12.3} {share:>7.1}%", 1.0 / each, each * 1e6);
        }
    }
}

fn novelty() {
    let embedder = Embedder::new(&embedding(128, 4), None).unwrap();
    let mut history = History::new(&embedder);
    let mut draw = Draw(9);
    for _ in 0..1001 {
        let values: Vec<Value> = (0..4).map(|_| Value::Int(draw.below(5000) as i64)).collect();
        history.push(&embedder, &values);
    }
    let mut scores = Scores::new();
    history.scores(1000..1001, &[0], &mut scores);
    let name = "energy, k 8 of 1000";
    if let Some(each) = seconds(name, 100_000, || {
        for _ in 0..100_000 {
            black_box(energy(black_box(scores.row(0)), 8));
        }
    }) {
        println!("{name:<44} {:>12.0} {:>12.3}", 1.0 / each, each * 1e6);
    }
}

/// Exact answers and those of the inverted file, for the 8 nearest.
fn inverted(window: u64) {
    let names = [
        format!("exact, 8 nearest of {window}"),
        format!("ivf, 8 nearest of {window}"),
    ];
    if !names.iter().any(|name| asked_for(name)) {
        return;
    }
    let embedder = Embedder::new(&embedding(128, 4), None).unwrap();
    let (mut history, mut draw) = (History::new(&embedder), Draw(window));
    let mut ivf = Ivf::new(window);
    for event in 0..window {
        // Events of 500 kinds, each of which varies in one of four fields, as logs do.
        let (kind, varied) = (draw.below(500) as i64, draw.below(4) as i64);
        let other = draw.below(1000) as i64;
        let value = |field| Value::Int(if field == varied { other } else { kind * 4 + field });
        let values: Vec<Value> = (0..4).map(value).collect();
        history.push(&embedder, &values);
        ivf.add(&history, event, event.saturating_sub(window));
    }
    let queries = window - 512..window;
    let mut scores = Scores::new();
    let [exact, ivf_name] = &names;
    if let Some(each) = seconds(exact, 512, || {
        for query in queries.clone().step_by(16) {
            history.scores(query..query + 16, &[0; 16], &mut scores);
            (0..16).for_each(|at| {
                black_box(top(scores.row(at), 8));
            });
        }
    }) {
        println!("{exact:<44} {:>12.0} {:>12.3}", 1.0 / each, each * 1e6);
    }
    if let Some(each) = seconds(ivf_name, 512, || {
        for query in queries.clone() {
            black_box(ivf.nearest(&history, query, 0, 8));
        }
    }) {
        let recall = ivf.recall();
        let found = recall.hits as f64 / recall.asked as f64 * 100.0;
        println!(
            "{ivf_name:<44} {:>12.0} {:>12.3} found {found:.1}%",
            1.0 / each,
            each * 1e6
        );
    }
}

fn embedding_costs() {
    let kinds: [(&str, Encoding, Value); 6] = [
        (
            "number",
            Encoding::Number {
                transform: Transform::Identity,
                scale: 1.0,
            },
            Value::Float(12.5),
        ),
        (
            "log number",
            Encoding::Number {
                transform: Transform::LogScale,
                scale: 1.0,
            },
            Value::Float(12.5),
        ),
        ("cyclical", Encoding::Cyclical { period: 24.0 }, Value::Int(7)),
        (
            "one_hot",
            Encoding::OneHot(vec![Value::str("web"), Value::str("pos")]),
            Value::str("pos"),
        ),
        ("hash 32", Encoding::Hash(32), Value::str("merchant-17")),
        (
            "tokens 64",
            Encoding::Tokens(64),
            Value::str("failed password for root from 10.0.0.1"),
        ),
    ];
    for (kind, encoding, value) in kinds {
        let mut spec = embedding(32, 1);
        spec.features[0].encoding = encoding;
        let embedder = Embedder::new(&spec, None).unwrap();
        let mut out = vec![0.0; embedder.block_dims()];
        let values = [value];
        let name = format!("embed: {kind}");
        if let Some(each) = seconds(&name, 1_000_000, || {
            for _ in 0..1_000_000 {
                embedder.embed(black_box(&values), &mut out);
                black_box(&out);
            }
        }) {
            println!("{name:<44} {:>12.0} {:>12.3}", 1.0 / each, each * 1e6);
        }
    }
}

fn main() {
    let peak = peak();
    println!("peak: {:.1} G multiply-adds per second", peak / 1e9);
    windows(peak);
    novelty();
    [10_000, 50_000, 200_000].into_iter().for_each(inverted);
    embedding_costs();
}
