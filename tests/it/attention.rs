//! Attention windows against a naive reference: every window is listed anew, and every score reckoned
//! from the two events in doubles. Ids and counts must be equal, scores within rounding; the bytes must
//! not depend on threads and morsels.

#![allow(clippy::disallowed_methods, reason = "the reference is compared within rounding")]

use std::process::Command;

use proptest::prelude::*;
use serde_json::{Value, json};
use varpulis::attend::{AMPLITUDES, FREQUENCIES};

#[derive(Clone, Debug)]
struct Event {
    id: usize,
    /// Milliseconds.
    time: i64,
    key: &'static str,
    x: Option<f64>,
    c: Option<&'static str>,
    hour: Option<i64>,
}

/// The features: weights and similarities as the program below gives them.
fn parts(a: &Event, b: &Event) -> [(f64, f64); 3] {
    let both = |x: Option<f64>, y: Option<f64>, of: &dyn Fn(f64) -> f64| match (x, y) {
        (Some(x), Some(y)) => of(x - y),
        _ => 0.0,
    };
    let kernel = |d: f64| {
        FREQUENCIES
            .iter()
            .zip(AMPLITUDES)
            .map(|(w, a)| a * (w * d / 2.0).cos())
            .sum::<f64>()
    };
    let circle = |d: f64| (d / 24.0 * std::f64::consts::TAU).cos();
    let slot = |c: &'static str| if c == "a" || c == "b" { c } else { "other" };
    let same = match (a.c, b.c) {
        (Some(x), Some(y)) if slot(x) == slot(y) => 1.0,
        _ => 0.0,
    };
    let hours = (a.hour.map(|h| h as f64), b.hour.map(|h| h as f64));
    [
        (0.5, both(a.x, b.x, &kernel)),
        (0.3, both(hours.0, hours.1, &circle)),
        (0.2, same),
    ]
}

/// One head: the weighted mean; two: `x`, and the others.
fn score(a: &Event, b: &Event, heads: usize) -> f64 {
    let [x, hour, c] = parts(a, b);
    let mean = if heads == 1 {
        x.0 * x.1 + hour.0 * hour.1 + c.0 * c.1
    } else {
        f64::midpoint(x.1, (hour.0 * hour.1 + c.0 * c.1) / 0.5)
    };
    mean.max(0.0)
}

const EMBEDDING: &str = r#"
embedding_config:
    type: "composite"
    numeric_features:
        - { field: "x", transform: "identity", scale: 2.0, weight: 0.5 }
        - { field: "hour", transform: "cyclical", period: 24, weight: 0.3 }
    categorical_features:
        - { field: "c", method: "one_hot", values: ["a", "b"], weight: 0.2 }
"#;

fn program(window: &str, heads: usize) -> String {
    let heads = if heads == 1 {
        String::new()
    } else {
        ", heads: [[\"x\"], [\"hour\", \"c\"]]".to_owned()
    };
    format!(
        "{EMBEDDING}
stream A = E
    .partition_by(k)
    .attention_window({window}{heads})
    .emit(
        id: id,
        n: events.len(),
        scores: events.map(e => attention_score(e, event)),
        top: top_attention(event, 3).map(t => [t.event.id, t.score]),
        outlier: attention_outlier(event, 2),
        novelty: attention_novelty(event, k: 2, history: 25),
        pairs: events.pairs().filter((a, b) => a.c == b.c and attention_score(a, b) >= 0.6).count(),
        many: events.pairs().filter((a, b) => attention_score(a, b) >= 0.6).count() > 3,
        clusters: cluster_by_attention(0.8).map(c => c.map(e => e.id)),
        weights: attention_weights(event),
        mass: attention_mass(event, e => e.c == \"a\"),
        share: attention_explain(events[0], event).map(p => p.share).sum())
stream B = E
    .partition_by(k)
    .attention_window({window}{heads})
    .pattern(
        like: events => events.any(e => e.id != event.id and attention_score(e, event) > 0.9),
        alone: events => events.len() == 1)
    .emit(id: id, which: pattern_name, n: events.len())
"
    )
}

#[derive(Clone, Copy, Debug)]
enum Reach {
    Count(usize),
    Millis(i64),
}

fn near(a: &Value, b: f64) -> bool {
    a.as_f64().is_some_and(|a| (a - b).abs() < 3e-6)
}

/// Whether a decision is so close that rounding may turn it.
fn close(scores: &[f64], threshold: f64) -> bool {
    scores.iter().any(|score| (score - threshold).abs() < 1e-5)
}

fn log(events: &[Event]) -> String {
    let line = |event: &Event| {
        let row = json!({
            "type": "E", "ts": 1_700_000_000.0 + event.time as f64 / 1000.0,
            "id": event.id, "k": event.key, "x": event.x, "c": event.c, "hour": event.hour,
        });
        format!("{row}\n")
    };
    events.iter().map(line).collect()
}

fn run(folder: &std::path::Path, threads: &str, morsel: &str) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_varpulis"))
        .args(["run", "q.vpl", "--input", "in.jsonl", "--quiet", "--threads", threads])
        .args(["--morsel-bytes", morsel])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = (
        0..3_000_i64,
        0..2_usize,
        proptest::option::weighted(0.9, -8..8_i32),
        proptest::option::weighted(0.9, 0..4_usize),
        proptest::option::weighted(0.9, 0..24_i64),
    );
    proptest::collection::vec(one, 1..70).prop_map(|all| {
        let mut time = 0;
        let made = all.into_iter().enumerate().map(|(id, (gap, key, x, c, hour))| {
            time += gap;
            Event {
                id,
                time,
                key: ["p", "q"][key],
                x: x.map(|quarters| f64::from(quarters) / 4.0),
                c: c.map(|c| ["a", "b", "c", "d"][c]),
                hour,
            }
        });
        made.collect()
    })
}

/// What follows the events of one partition.
#[derive(Default)]
struct Follows<'e> {
    seen: Vec<&'e Event>,
    energies: Vec<f64>,
}

fn window<'e>(seen: &[&'e Event], event: &Event, reach: Reach) -> Vec<&'e Event> {
    let within = |(at, other): (usize, &&'e Event)| {
        let fits = match reach {
            Reach::Count(count) => at + count > seen.len() - 1,
            Reach::Millis(ms) => other.time > event.time - ms,
        };
        fits.then_some(*other)
    };
    seen.iter().enumerate().filter_map(within).collect()
}

fn components(ids: &[usize], alike: impl Fn(usize, usize) -> bool) -> Value {
    let mut of: Vec<usize> = (0..ids.len()).collect();
    for _ in 0..ids.len() {
        for a in 0..ids.len() {
            for b in 0..ids.len() {
                if a != b && alike(a, b) {
                    let least = of[a].min(of[b]);
                    (of[a], of[b]) = (least, least);
                }
            }
        }
    }
    let lists: Vec<Vec<usize>> = (0..ids.len())
        .map(|head| (0..ids.len()).filter(|&at| of[at] == head).map(|at| ids[at]).collect())
        .collect();
    json!(
        lists
            .into_iter()
            .filter(|list: &Vec<usize>| !list.is_empty())
            .collect::<Vec<_>>()
    )
}

/// Holds the row of an event against the reference.
fn check(
    row: &Value,
    event: &Event,
    follows: &mut Follows<'_>,
    reach: Reach,
    heads: usize,
) -> Result<(), TestCaseError> {
    let window = window(&follows.seen, event, reach);
    let before = &window[..window.len() - 1];
    let scores: Vec<f64> = window.iter().map(|other| score(other, event, heads)).collect();
    let past = &scores[..before.len()];
    prop_assert_eq!(&row["n"], &json!(window.len()));
    for (found, wanted) in row["scores"].as_array().unwrap().iter().zip(&scores) {
        prop_assert!(near(found, *wanted), "score {} not {}", found, wanted);
    }
    let mut best: Vec<(usize, f64)> = before.iter().map(|other| other.id).zip(past.iter().copied()).collect();
    best.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
    let top = row["top"].as_array().unwrap();
    prop_assert_eq!(top.len(), best.len().min(3));
    for (at, found) in top.iter().enumerate() {
        prop_assert!(near(&found[1], best[at].1), "top {} not {:?}", found, best[at]);
        let tied = best
            .iter()
            .enumerate()
            .any(|(other, b)| other != at && (b.1 - best[at].1).abs() < 1e-6);
        if !tied {
            prop_assert_eq!(&found[0], &json!(best[at].0));
        }
    }
    if best.len() < 2 {
        prop_assert!(row["outlier"].is_null());
    } else {
        let mean = f64::midpoint(best[0].1, best[1].1);
        prop_assert!(
            near(&row["outlier"], 1.0 - mean),
            "outlier {} not {}",
            row["outlier"],
            1.0 - mean
        );
    }
    let energy = (best.len() >= 2).then(|| {
        let distance = |b: &(usize, f64)| (2.0 - 2.0 * b.1).max(0.0).sqrt();
        best[..2].iter().map(distance).sum::<f64>() / 2.0
    });
    novelty(&row["novelty"], energy, &mut follows.energies)?;
    decisions(row, event, &window, heads)?;
    let weights: Vec<f64> = row["weights"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w.as_f64().unwrap())
        .collect();
    prop_assert_eq!(weights.len(), before.len());
    if !weights.is_empty() {
        prop_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-5);
        for (a, b) in past
            .iter()
            .zip(&weights)
            .zip(past.iter().zip(&weights).skip(1))
            .filter(|_| heads == 1)
        {
            // Of one head the weights are in order of the scores.
            prop_assert!((a.0 - b.0).abs() < 1e-5 || (a.0 > b.0) == (a.1 >= b.1) || *a.0 == 0.0 || *b.0 == 0.0);
        }
    }
    let mass: f64 = before
        .iter()
        .zip(&weights)
        .filter(|(other, _)| other.c == Some("a"))
        .map(|(_, w)| w)
        .sum();
    prop_assert!(near(&row["mass"], mass), "mass {} not {}", row["mass"], mass);
    let whole = parts(window[0], event);
    let share = if heads == 1 {
        whole.iter().map(|(weight, alike)| weight * alike).sum::<f64>()
    } else {
        f64::midpoint(whole[0].1, (0.3 * whole[1].1 + 0.2 * whole[2].1) / 0.5)
    };
    prop_assert!(near(&row["share"], share), "share {} not {}", row["share"], share);
    Ok(())
}

fn novelty(found: &Value, energy: Option<f64>, energies: &mut Vec<f64>) -> Result<(), TestCaseError> {
    let Some(energy) = energy else {
        prop_assert!(found.is_null());
        return Ok(());
    };
    let past = &energies[energies.len().saturating_sub(25)..];
    if past.len() < 20 {
        prop_assert!(found.is_null(), "novelty {} after {} values", found, past.len());
    } else if !close(past, energy)
        || past
            .iter()
            .all(|value| (value - energy).abs() > 1e-3 || *value == energy)
    {
        let near_ones = past.iter().filter(|value| (**value - energy).abs() < 2e-3).count();
        let below = past.iter().filter(|value| **value < energy).count();
        let rank = found.as_f64().unwrap() * past.len() as f64;
        prop_assert!(
            (rank - below as f64).abs() <= near_ones as f64 + 1e-9,
            "rank {} not {}",
            rank,
            below
        );
    }
    energies.push(energy);
    Ok(())
}

fn decisions(row: &Value, event: &Event, window: &[&Event], heads: usize) -> Result<(), TestCaseError> {
    let mut all = Vec::new();
    let mut alike = 0;
    for (at, a) in window.iter().enumerate() {
        for b in &window[at + 1..] {
            let score = score(a, b, heads);
            all.push(score);
            alike += usize::from(score >= 0.6 && a.c.is_some() && a.c == b.c);
        }
    }
    if !close(&all, 0.6) {
        prop_assert_eq!(&row["pairs"], &json!(alike), "of {}", event.id);
        let many = all.iter().filter(|score| **score >= 0.6).count() > 3;
        prop_assert_eq!(&row["many"], &json!(many));
    }
    if !close(&all, 0.8) {
        let ids: Vec<usize> = window.iter().map(|other| other.id).collect();
        let wanted = components(&ids, |a, b| score(window[a], window[b], heads) >= 0.8);
        prop_assert_eq!(&row["clusters"], &wanted);
    }
    Ok(())
}

/// Partitions that nothing comes to for long are forgotten now and then; no row may show when.
#[test]
fn partitions_that_sleep_say_the_same_when_they_wake() {
    let folder = tempfile::tempdir().unwrap();
    let query = format!(
        "{EMBEDDING}
stream A = E
    .partition_by(k)
    .attention_window(duration: 3s)
    .emit(id: id, n: events.len(), novelty: attention_novelty(event, k: 1, history: 100))
"
    );
    std::fs::write(folder.path().join("q.vpl"), query).unwrap();
    let mut log = String::new();
    let mut wanted = Vec::new();
    let mut times: std::collections::BTreeMap<u64, Vec<i64>> = std::collections::BTreeMap::new();
    let mut state = 1_u64;
    for id in 0..12_000_i64 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Most events are of few keys that change slowly, so that others sleep.
        let key = (id as u64 / 500) % 40 + (state >> 62);
        let time = id * 10;
        let times = times.entry(key).or_default();
        times.push(time);
        wanted.push(times.iter().filter(|past| **past > time - 3000).count());
        let row = json!({
            "type": "E", "ts": 1_700_000_000.0 + time as f64 / 1000.0, "id": id, "k": key,
            "x": (state >> 40) % 16, "c": "a", "hour": (state >> 50) % 24,
        });
        log.push_str(&format!("{row}\n"));
    }
    std::fs::write(folder.path().join("in.jsonl"), log).unwrap();
    let text = run(folder.path(), "1", "1000000");
    let counts: Vec<usize> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["n"].as_u64().unwrap() as usize)
        .collect();
    assert_eq!(counts, wanted);
    for morsel in ["2000", "50000"] {
        assert_eq!(run(folder.path(), "2", morsel), text);
    }
}

/// Runs a command in a folder: its output, and what it says.
fn told(folder: &std::path::Path, args: &[&str]) -> (Option<i32>, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_varpulis"))
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code(), text(out.stdout), text(out.stderr))
}

/// Mean 5 and deviation 3 of the rows that come to the window: what is left out before is not looked at.
#[test]
fn normalize_looks_through_the_rows_that_come_to_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let query = |moments: &str| {
        format!(
            "stream A = E .where(x < 100) .attention_window(count: 3, embedding: {{ numeric_features: [\
             {{ field: x, transform: \"normalize\"{moments} }}] }}) .emit(s: events.map(e => attention_score(e, event)))\n"
        )
    };
    let rows = [2, 1000, 8, 8, 2].iter().enumerate();
    let log: String = rows
        .map(|(ts, x)| format!("{{\"type\":\"E\",\"ts\":{ts},\"x\":{x}}}\n"))
        .collect();
    std::fs::write(folder.path().join("in.jsonl"), log).unwrap();
    std::fs::write(folder.path().join("looked.vpl"), query("")).unwrap();
    std::fs::write(folder.path().join("given.vpl"), query(", mean: 5, std: 3")).unwrap();
    let run = |name: &str| told(folder.path(), &["run", name, "--input", "in.jsonl", "--quiet"]).1;
    assert_eq!(run("looked.vpl"), run("given.vpl"));
    assert_eq!(run("looked.vpl").lines().count(), 4);
    let (code, _, said) = told(folder.path(), &["run", "looked.vpl", "--quiet"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("a pipe is read once"), "{said}");
}

#[test]
fn embed_writes_the_vectors() {
    let folder = tempfile::tempdir().unwrap();
    let query = "embedding_config:
    numeric_features:
        - { field: \"hour\", transform: \"cyclical\", period: 24 }
    categorical_features:
        - { field: \"c\", method: \"one_hot\", values: [\"a\"], weight: 3 }
stream A = E .partition_by(k) .attention_window(count: 9) .where(attention_novelty(event) > 2) .emit()
";
    std::fs::write(folder.path().join("q.vpl"), query).unwrap();
    let log = "{\"type\":\"E\",\"ts\":1,\"k\":\"p\",\"hour\":6,\"c\":\"a\"}\n{\"type\":\"E\",\"ts\":2,\"k\":\"q\",\"c\":\"z\"}\n";
    std::fs::write(folder.path().join("in.jsonl"), log).unwrap();
    let (code, out, said) = told(folder.path(), &["embed", "q.vpl", "--input", "in.jsonl"]);
    assert_eq!(code, Some(0), "{said}");
    // A quarter of the weight is the hour's, at a quarter of the turn; three are the category's.
    let high = 0.866_025_4_f32;
    let rows = [
        json!({"stream": "A", "ts": "1970-01-01T00:00:01Z", "_seq": 0, "k": "p", "x0": 0.0, "x1": 0.5, "x2": f64::from(high), "x3": 0.0}),
        json!({"stream": "A", "ts": "1970-01-01T00:00:02Z", "_seq": 1, "k": "q", "x0": 0.0, "x1": 0.0, "x2": 0.0, "x3": f64::from(high)}),
    ];
    let found: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(found, rows);
    assert!(said.contains("vectors of 4 numbers"), "{said}");
    let (code, _, said) = told(
        folder.path(),
        &["embed", "q.vpl", "--stream", "B", "--input", "in.jsonl"],
    );
    assert_eq!(code, Some(2));
    assert!(said.contains("no stream `B` has an attention window"), "{said}");
}

/// An embedding may be written in four places; what it means is shown by `explain`.
#[test]
fn an_embedding_means_the_same_wherever_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let block = "numeric_features:
            - field: x
              transform: log_scale
              weight: 3
        categorical_features:
            - { field: \"c\", method: \"one_hot\", values: [\"a\"] }\n";
    let map = "numeric_features: [{ field: x, transform: \"log_scale\", weight: 3 }], \
               categorical_features: [{ field: c, method: \"one_hot\", values: [\"a\"] }]";
    let stream = |more: &str| {
        format!(
            "stream A = E .attention_window(duration: 90s, heads: 2{more}) .pattern(many: events => events.len() > 1)\
             .emit(n: attention_outlier(event, 1), v: attention_novelty(event, k: 2, history: 50))\n"
        )
    };
    let programs = [
        format!("embedding_config:\n        {block}{}", stream("")),
        format!("config:\n    embedding:\n        {block}{}", stream("")),
        format!(
            "config embedding {{ {map} }}\n{}",
            stream(", embedding: \"rule_based\"")
        ),
        stream(&format!(", embedding: {{ {map} }}")),
    ];
    let line = |id: i64| format!("{{\"type\":\"E\",\"ts\":{id},\"x\":{},\"c\":\"a\"}}\n", id * id % 11);
    std::fs::write(folder.path().join("in.jsonl"), (0..40).map(line).collect::<String>()).unwrap();
    let mut rows = Vec::new();
    for program in programs {
        std::fs::write(folder.path().join("q.vpl"), &program).unwrap();
        let (code, shown, said) = told(folder.path(), &["explain", "q.vpl"]);
        assert_eq!(code, Some(0), "{said}\n{program}");
        let begin = shown.find("    window: ").unwrap();
        let lines: Vec<&str> = shown[begin..].lines().take(5).map(str::trim).collect();
        let wanted = [
            "window: the events of 1m30s, exact",
            "heads: x | c",
            "feature x: log_scale, scale 1, 32 dims, 50.0 % of the score",
            "feature c: one of 1 values or another, 2 dims, 50.0 % of the score",
            "asks: the novelty by 2 of 50, the patterns many, a value, a value",
        ];
        assert_eq!(lines, wanted);
        rows.push(run(folder.path(), "2", "1000"));
    }
    assert_eq!(rows[0].lines().count(), 39);
    assert!(rows.iter().all(|other| *other == rows[0]));
}

#[test]
fn what_windows_hold_keeps_to_the_limit_or_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let query = format!("{EMBEDDING}\nstream A = E .attention_window(count: 1000) .emit(n: events.len())\n");
    std::fs::write(folder.path().join("q.vpl"), query).unwrap();
    let line = |id: i64| {
        format!(
            "{{\"type\":\"E\",\"ts\":{id},\"x\":{},\"hour\":3,\"c\":\"a\"}}\n",
            id % 7
        )
    };
    std::fs::write(folder.path().join("in.jsonl"), (0..3000).map(line).collect::<String>()).unwrap();
    let run = |limit: &str| {
        let args = [
            "run",
            "q.vpl",
            "--input",
            "in.jsonl",
            "--quiet",
            "--morsel-bytes",
            "2000",
            "--memory-limit",
        ];
        told(folder.path(), &[&args[..], &[limit]].concat())
    };
    let (code, out, said) = run("8M");
    assert_eq!((code, out.lines().count()), (Some(0), 3000), "{said}");
    let (code, _, said) = run("100k");
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("most of it is `A`") && said.contains(" events in "),
        "{said}"
    );
}

/// The windows are long enough for cells: what these find is counted, and is the same in any pieces.
#[test]
fn an_approximate_index_tells_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let program = |index: &str| {
        format!(
            "{EMBEDDING}\nstream A = E .attention_window(count: 5000{index}) .emit(id, top: top_attention(event, 3).map(t => t.score))\n"
        )
    };
    std::fs::write(folder.path().join("q.vpl"), program(", index: \"ivf\"")).unwrap();
    std::fs::write(folder.path().join("exact.vpl"), program("")).unwrap();
    let mut state = 5_u64;
    let mut log = String::new();
    for id in 0..6000_i64 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let category = ["a", "b", "z"][(state >> 20) as usize % 3];
        let row = json!({
            "type": "E", "ts": id, "id": id, "x": (state >> 40) as f64 / 4e5, "c": category,
            "hour": (state >> 50) % 24,
        });
        log.push_str(&format!("{row}\n"));
    }
    std::fs::write(folder.path().join("in.jsonl"), log).unwrap();
    let (code, text, said) = told(
        folder.path(),
        &["run", "q.vpl", "--input", "in.jsonl", "--threads", "1"],
    );
    assert_eq!(code, Some(0), "{said}");
    let share = said
        .split("A: the index found ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let share: f64 = share.unwrap_or_else(|| panic!("{said}")).parse().unwrap();
    assert!((70.0..=100.0).contains(&share), "{said}");
    assert_eq!(run(folder.path(), "3", "20000"), text);
    let (_, exact, _) = told(folder.path(), &["run", "exact.vpl", "--input", "in.jsonl", "--quiet"]);
    let best = |text: &str| -> Vec<f64> {
        let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.map(|row| row["top"][0].as_f64().unwrap_or(0.0)).collect()
    };
    for (found, best) in best(&text).iter().zip(best(&exact)) {
        assert!(*found <= best, "{found} of {best}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn windows_say_what_the_reference_says(events in events(), count in 1..30_usize, by_time: bool, heads in 1..3_usize) {
        let reach = if by_time { Reach::Millis(count as i64 * 1000) } else { Reach::Count(count) };
        let written = match reach {
            Reach::Count(count) => format!("count: {count}"),
            Reach::Millis(ms) => format!("duration: {ms}ms"),
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("q.vpl"), program(&written, heads)).unwrap();
        std::fs::write(folder.path().join("in.jsonl"), log(&events)).unwrap();
        let text = run(folder.path(), "1", "1000000");
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |stream: &str| rows.iter().filter(|row| row["stream"] == stream).cloned().collect::<Vec<_>>();
        let all = of("A");
        prop_assert_eq!(all.len(), events.len());
        let (mut p, mut q) = (Follows::default(), Follows::default());
        let mut passed = Vec::new();
        let mut doubtful = false;
        for (event, row) in events.iter().zip(&all) {
            prop_assert_eq!(&row["id"], &json!(event.id));
            let follows = if event.key == "p" { &mut p } else { &mut q };
            follows.seen.push(event);
            check(row, event, follows, reach, heads)?;
            let window = window(&follows.seen, event, reach);
            let scores: Vec<f64> = window[..window.len() - 1].iter().map(|other| score(other, event, heads)).collect();
            doubtful |= close(&scores, 0.9);
            if scores.iter().any(|score| *score > 0.9) {
                passed.push(json!([event.id, "like", window.len()]));
            } else if window.len() == 1 {
                passed.push(json!([event.id, "alone", 1]));
            }
        }
        if !doubtful {
            let found: Vec<Value> = of("B").iter().map(|row| json!([row["id"], row["which"], row["n"]])).collect();
            prop_assert_eq!(found, passed);
        }
        for (threads, morsel) in [("1", "64"), ("2", "500"), ("3", "3000")] {
            prop_assert_eq!(&run(folder.path(), threads, morsel), &text);
        }
    }
}
