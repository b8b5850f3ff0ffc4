//! The same events give the same rows, whatever they are written in.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use serde_json::Value;

use crate::formats_support::{events, every_format, file, rows};

/// Declared and undeclared fields, nested ones, a filter, times, numbers and sources of records.
const QUERY: &str = r#"
event Login:
    ts: timestamp
    user: str?
    amount: float?
    n: int
    ok: bool?
stream Big = Login .where(amount > 10.0 and n > 0)
    .emit(user: user, amount: amount, n: n, ok: ok, at: ts, time: _time, seq: _seq, kind: _type)
stream Paid = Payment .where(net.ip != "10.0.0.4") .emit(ip: net.ip, port: net.port, user: user, later: _time + 1s)
stream Rest = any .where(n < 2000000) .emit(kind: _type, n: n, user: user)
"#;

#[test]
fn the_same_rows_from_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let events = events(1500);
    let mut expected: Option<String> = None;
    let files = every_format(&events);
    for (name, bytes) in files {
        let path = file(folder.path(), &name, &bytes);
        let path = path.to_str().unwrap();
        for args in [&["--threads", "1"][..], &["--threads", "3", "--no-mmap"]] {
            let args = [&["--input", path], args].concat();
            let found = rows(folder.path(), QUERY, &args);
            let expected = expected.get_or_insert_with(|| found.clone());
            assert!(expected.lines().count() > 500, "{expected}");
            assert!(
                found == *expected,
                "{name} {args:?}\n{}",
                first_difference(expected, &found)
            );
        }
    }
}

/// The same with `--from` and `--to`, and with every record checked.
#[test]
fn the_same_rows_of_a_part() {
    let folder = tempfile::tempdir().unwrap();
    let events = events(1500);
    let mut expected: Option<String> = None;
    for (name, bytes) in every_format(&events) {
        let path = file(folder.path(), &name, &bytes);
        let path = path.to_str().unwrap();
        let part = [
            "--input",
            path,
            "--from",
            "2026-01-01T00:01:00Z",
            "--to",
            "2026-01-01T00:03:30Z",
        ];
        let found = rows(folder.path(), QUERY, &part);
        assert_eq!(
            found,
            rows(folder.path(), QUERY, &[&part[..], &["--strict"]].concat()),
            "{name}"
        );
        let expected = expected.get_or_insert_with(|| found.clone());
        assert!(expected.lines().count() > 200, "{expected}");
        assert!(found == *expected, "{name}\n{}", first_difference(expected, &found));
    }
}

#[test]
fn whole_events_are_the_same_by_value() {
    let folder = tempfile::tempdir().unwrap();
    let events = events(300);
    let expected: Vec<Value> = events.iter().map(crate::formats_support::Event::json).collect();
    for (name, bytes) in every_format(&events) {
        let path = file(folder.path(), &name, &bytes);
        let found = rows(folder.path(), "stream S = any", &["--input", path.to_str().unwrap()]);
        let found: Vec<Value> = found
            .lines()
            .map(|line| {
                let Value::Object(mut row) = serde_json::from_str(line).unwrap() else {
                    panic!("{line}");
                };
                row.remove("stream");
                row.remove("ts").map(|ts| row.insert("ts".to_owned(), ts));
                Value::Object(row)
            })
            .collect();
        assert_eq!(found.len(), expected.len(), "{name}");
        let wrong = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert_eq!(wrong, None, "{name}");
    }
}

#[test]
fn rows_are_told_apart_as_whole_events() {
    let folder = tempfile::tempdir().unwrap();
    let twice: Vec<_> = events(40)
        .into_iter()
        .flat_map(|event| [event.clone(), event])
        .collect();
    let counts: BTreeSet<usize> = every_format(&twice)
        .into_iter()
        .map(|(name, bytes)| {
            let path = file(folder.path(), &name, &bytes);
            rows(
                folder.path(),
                "stream S = any .distinct()",
                &["--input", path.to_str().unwrap()],
            )
            .lines()
            .count()
        })
        .collect();
    assert_eq!(counts, BTreeSet::from([40]));
}

fn first_difference(expected: &str, found: &str) -> String {
    let mut pairs = expected.lines().zip(found.lines());
    match pairs.find(|(expected, found)| expected != found) {
        Some((expected, found)) => format!("expected {expected}\nfound    {found}"),
        None => format!(
            "{} lines expected, {} found",
            expected.lines().count(),
            found.lines().count()
        ),
    }
}
