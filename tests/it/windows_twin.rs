//! Windows against a naive reference: every window's rows are listed and reckoned anew.
//!
//! Events have distinct times. The rows must be the same for any order of them in the file, and the
//! bytes for any number of threads and size of morsels.

use std::collections::BTreeMap;
use std::process::Command;

use proptest::prelude::*;
use serde_json::{Value, json};

const SECOND: i64 = 1_000_000_000;

#[derive(Clone, Debug)]
struct Event {
    /// Nanoseconds.
    time: i64,
    key: &'static str,
    /// Quarters, so that sums are exact.
    value: Option<f64>,
}

const AGGREGATES: &str = "n: count(), c: count(v), s: sum(v), m: avg(v), lo: min(v), hi: max(v), f: first(v), l: last(v), \
                          d: count_distinct(v), p: median(v), all: collect(v)";

fn program() -> String {
    let mut text = String::new();
    let mut add = |name: &str, ops: &str| {
        text.push_str(&format!("stream {name} = E{ops}.aggregate({AGGREGATES})\n"));
    };
    add("Tumbling", ".partition_by(k).window(10s)");
    add("Sliding", ".partition_by(k).window(10s, sliding: 3s)");
    add("Fine", ".partition_by(k).window(30s, sliding: 1s)");
    add("Shifted", ".window(10s, offset: 4s)");
    add("Anchored", ".partition_by(k).window(9s, sliding: 4s, align: \"first\")");
    add("Session", ".partition_by(k).window(session: 4s)");
    add("Count", ".partition_by(k).window(3, partial: true)");
    add("Steps", ".partition_by(k).window(4, sliding: 2)");
    add("Trailing", ".partition_by(k).window(7s, every: event)");
    add("Closed", ".window(7s, every: event, bounds: \"closed\")");
    add("Whole", ".partition_by(k)");
    text
}

/// The fields that the aggregates give.
fn reckoned(rows: &[&Event]) -> Vec<(&'static str, Value)> {
    let values: Vec<f64> = rows.iter().filter_map(|event| event.value).collect();
    let sum: f64 = values.iter().sum();
    let or_null = |value: f64| if values.is_empty() { Value::Null } else { json!(value) };
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    let median = match sorted.len() {
        0 => Value::Null,
        n if n % 2 == 1 => json!(sorted[n / 2]),
        n => json!(f64::midpoint(sorted[n / 2 - 1], sorted[n / 2])),
    };
    vec![
        ("n", json!(rows.len())),
        ("c", json!(values.len())),
        ("s", or_null(sum)),
        ("m", or_null(sum / values.len() as f64)),
        ("lo", or_null(sorted.first().copied().unwrap_or(0.0))),
        ("hi", or_null(sorted.last().copied().unwrap_or(0.0))),
        ("f", or_null(values.first().copied().unwrap_or(0.0))),
        ("l", or_null(values.last().copied().unwrap_or(0.0))),
        ("d", json!(distinct.len())),
        ("p", median),
        ("all", json!(values)),
    ]
}

fn instant(ns: i64) -> Value {
    let mut text = Vec::new();
    varpulis::data::format::write_timestamp(ns, &mut text);
    json!(String::from_utf8(text).unwrap())
}

/// A row, and where it stands: by the end of the input or not, time, rank, time of the first event.
type Row = ((bool, i64, u8, i64), BTreeMap<&'static str, Value>);

fn row(place: (bool, i64, u8, i64), ts: i64, key: Option<&str>, bounds: Option<(i64, i64)>, rows: &[&Event]) -> Row {
    let mut fields: BTreeMap<&str, Value> = reckoned(rows).into_iter().collect();
    fields.insert("ts", instant(ts));
    if let Some(key) = key {
        fields.insert("k", json!(key));
    }
    if let Some((start, end)) = bounds {
        fields.insert("window_start", instant(start));
        fields.insert("window_end", instant(end));
    }
    (place, fields)
}

/// Windows on a grid.
fn grid(rows: &[&Event], key: Option<&str>, size: i64, slide: i64, from: i64, last: i64, floor: i64) -> Vec<Row> {
    let mut made = Vec::new();
    let (Some(first), Some(newest)) = (rows.first(), rows.last()) else {
        return made;
    };
    let mut start = from + ((first.time - from).div_euclid(slide) - size / slide - 1) * slide;
    while start <= newest.time {
        let within: Vec<&Event> = rows
            .iter()
            .filter(|event| (start..start + size).contains(&event.time))
            .copied()
            .collect();
        let end = start + size;
        if !within.is_empty() && start >= floor {
            let open = end > last;
            let place = (open, end, 0, within[0].time);
            made.push(row(
                place,
                if open { last } else { end - 1 },
                key,
                Some((start, end)),
                &within,
            ));
        }
        start += slide;
    }
    made
}

fn sessions(rows: &[&Event], key: &str, gap: i64, last: i64) -> Vec<Row> {
    let mut made = Vec::new();
    for session in rows.chunk_by(|a, b| b.time - a.time <= gap) {
        let (start, end) = (session[0].time, session[session.len() - 1].time);
        // At its deadline an event would still belong to it.
        let open = end + gap >= last;
        let place = (open, end + gap, 2, start);
        made.push(row(
            place,
            if open { last } else { end + gap },
            Some(key),
            Some((start, end)),
            session,
        ));
    }
    made
}

fn expected(events: &[Event]) -> BTreeMap<&'static str, Vec<BTreeMap<&'static str, Value>>> {
    let mut sorted: Vec<&Event> = events.iter().collect();
    sorted.sort_by_key(|event| event.time);
    let last = sorted.last().map_or(0, |event| event.time);
    let mut all: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    let mut add = |name, rows: Vec<Row>| all.entry(name).or_default().extend(rows);
    add(
        "Shifted",
        grid(&sorted, None, 10 * SECOND, 10 * SECOND, 4 * SECOND, last, i64::MIN),
    );
    for at in 0..sorted.len() {
        let time = sorted[at].time;
        let within: Vec<&Event> = sorted[..=at]
            .iter()
            .filter(|event| event.time >= time - 7 * SECOND)
            .copied()
            .collect();
        let bounds = Some((time - 7 * SECOND, time));
        add("Closed", vec![row((false, time, 1, time), time, None, bounds, &within)]);
    }
    for key in ["a", "b", "c"] {
        let mine: Vec<&Event> = sorted.iter().filter(|event| event.key == key).copied().collect();
        let Some(first) = mine.first().map(|event| event.time) else {
            continue;
        };
        let on_clock = |size: i64, slide: i64| grid(&mine, Some(key), size * SECOND, slide * SECOND, 0, last, i64::MIN);
        add("Tumbling", on_clock(10, 10));
        add("Sliding", on_clock(10, 3));
        add("Fine", on_clock(30, 1));
        add(
            "Anchored",
            grid(&mine, Some(key), 9 * SECOND, 4 * SECOND, first, last, first),
        );
        add("Session", sessions(&mine, key, 4 * SECOND, last));
        add("Whole", vec![row((true, last, 1, first), last, Some(key), None, &mine)]);
        for window in mine.chunks(3) {
            let (from, to) = (window[0].time, window[window.len() - 1].time);
            let (place, ts) = if window.len() == 3 {
                ((false, to, 1, to), to)
            } else {
                ((true, last, 1, from), last)
            };
            add("Count", vec![row(place, ts, Some(key), None, window)]);
        }
        for end in (4..=mine.len()).step_by(2) {
            let time = mine[end - 1].time;
            add(
                "Steps",
                vec![row((false, time, 1, time), time, Some(key), None, &mine[end - 4..end])],
            );
        }
        for at in 0..mine.len() {
            let time = mine[at].time;
            let within: Vec<&Event> = mine[..=at]
                .iter()
                .filter(|event| event.time > time - 7 * SECOND)
                .copied()
                .collect();
            let bounds = Some((time - 7 * SECOND, time));
            add(
                "Trailing",
                vec![row((false, time, 1, time), time, Some(key), bounds, &within)],
            );
        }
    }
    let ordered = all.into_iter().map(|(name, mut rows)| {
        rows.sort_by_key(|row| row.0);
        (name, rows.into_iter().map(|row| row.1).collect())
    });
    ordered.collect()
}

fn log(events: &[Event]) -> String {
    let line = |event: &Event| {
        let Value::String(ts) = instant(event.time) else {
            unreachable!()
        };
        let value = event.value.map_or("null".to_owned(), |value| format!("{value:?}"));
        format!(
            "{{\"type\":\"E\",\"ts\":\"{ts}\",\"k\":\"{}\",\"v\":{value}}}\n",
            event.key
        )
    };
    events.iter().map(line).collect()
}

fn run(folder: &std::path::Path, threads: &str, morsel: &str, input: &str) -> String {
    std::fs::write(folder.join("in.jsonl"), input).unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_varpulis"))
        .args(["run", "q.vpl", "--input", "in.jsonl", "--quiet", "--threads", threads])
        .args(["--morsel-bytes", morsel])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = (1_i64..90_000, 0..3_usize, proptest::option::weighted(0.9, -20..20_i32));
    proptest::collection::vec(one, 1..60).prop_map(|all| {
        let mut seen = std::collections::BTreeSet::new();
        let mut events: Vec<Event> = all
            .into_iter()
            .filter(|(ms, ..)| seen.insert(*ms))
            .map(|(ms, key, value)| Event {
                time: 1_700_000_000 * SECOND + ms * 1_000_000,
                key: ["a", "b", "c"][key],
                value: value.map(|quarters| f64::from(quarters) / 4.0),
            })
            .collect();
        events.sort_by_key(|event| event.time);
        events
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn windows_hold_what_the_reference_says(events in events(), seed in 0..1000_u64) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("q.vpl"), program()).unwrap();
        let text = run(folder.path(), "1", "1000000", &log(&events));
        let mut found: BTreeMap<String, Vec<serde_json::Map<String, Value>>> = BTreeMap::new();
        for line in text.lines() {
            let mut row: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
            let Some(Value::String(stream)) = row.remove("stream") else { panic!("a row has a stream") };
            found.entry(stream).or_default().push(row);
        }
        for (name, rows) in expected(&events) {
            let found = found.remove(name).unwrap_or_default();
            let found: Vec<Value> = found.into_iter().map(Value::Object).collect();
            let rows: Vec<Value> = rows.into_iter().map(|row| json!(row)).collect();
            prop_assert_eq!(&found, &rows, "{}", name);
        }
        let mut shuffled = events.clone();
        let mut state = seed;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        for (threads, morsel) in [("1", "64"), ("2", "200"), ("3", "1000")] {
            prop_assert_eq!(&run(folder.path(), threads, morsel, &log(&events)), &text);
            // Rows that are determined together stand as their first events do in the file.
            let other = run(folder.path(), threads, morsel, &log(&shuffled));
            prop_assert_eq!(sorted(&other), sorted(&text));
        }
    }
}
