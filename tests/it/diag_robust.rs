//! Whatever the program: compiling it ends, and what is said of it can be shown.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use proptest::prelude::*;
use varpulis::diag::{MessageFormat, Severity, SourceMap, render};
use varpulis::resolve::{Options, compile};

use crate::resolve_support::check_contiguous;

/// A program with most of what windows, aggregations and joins can be.
const WINDOWS: &str = r#"
event Trade:
    at: timestamp
    sym: str
    price: float
    size: int?
connector Users = file(path: "users.csv", key: "id")
stream Bars = Trade as t .where(price > lag(price, 2)) .partition_by(sym, day: trunc(at, 1d)) .window(1m, sliding: 10s, offset: 5s)
    .filter(e => e.size > 2)
    .aggregate(n: count(), vwap: sum(price * size) / sum(size), twice: n * 2, p: percentile(price, 0.9), s: t.sym)
    .having(n > 1) .order_by(n desc, vwap) .limit(3) .select(n, vwap, window_start, change: vwap - lag(vwap))
stream Spray = merge(Failed, Bars) .partition_by(ip) .window(1m, every: event) .aggregate(users: count(distinct(user)))
    .rising(users >= 5) .throttle(10m) .emit(users, suppressed)
stream Visits = Access .session_window(gap: 20s) .aggregate(n: count(), all: collect(x).filter(v => v > 1)) .collect() .emit()
stream Last = Access .window(100, sliding: 10, partial: true) .order_by(x) .select(x, next: lead(x)) .aggregate(up: count_if(next > x)) .emit()
stream J = left_join(stream O from Trade where size > 1, stream P from Access on O.sym == P.sym and O.price > P.price + 1)
    .window(5m) .where(P == null or P.x._time > O._time) .enrich(Users, key: O.sym, fields: [name]) .distinct(O.sym, within: 1h)
stream K = asof_join(J, stream T = timer(1m) .where(at > @2026-01-01) on J.O.at == T.at) .within(1m)
    .aggregate(n: count(), first: first(J.O.price), running: true) .to("k.parquet")
"#;

/// Every program of the test data.
fn programs() -> Vec<String> {
    let mut found = vec![WINDOWS.to_owned()];
    collect(Path::new("testdata"), &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "vpl") {
            found.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

/// Compiles, and checks what must hold of every answer.
fn check(text: &str) {
    let mut sources = SourceMap::default();
    let main = sources.add("q.vpl", text);
    let resolved = compile(&mut sources, main, &Options::default());
    let failed = resolved.diagnostics.iter().any(|said| said.severity == Severity::Error);
    assert_eq!(
        resolved.query.is_none(),
        failed,
        "errors or a query, never both:\n{text}"
    );
    if let Some(query) = resolved.query {
        check_contiguous(&query);
        // A plan or an error.
        let _ = varpulis::plan::plan(query, &varpulis::plan::Options::default());
    }
    for said in &resolved.diagnostics {
        let span = said.primary.span;
        assert!(span.start <= span.end, "{said:?}");
        assert!(sources.text(span.file).get(span.range()).is_some(), "{said:?}\n{text}");
        assert!(!said.message.is_empty() && !said.message.ends_with('.'), "{said:?}");
    }
    for format in [MessageFormat::Human, MessageFormat::Short, MessageFormat::Json] {
        let shown = render(&sources, &resolved.diagnostics, format, true);
        assert_eq!(shown.is_empty(), resolved.diagnostics.is_empty());
    }
}

/// The words and signs of a text with what lies between.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut from = 0;
    let kind = |c: char| (c.is_alphanumeric() || c == '_', c.is_whitespace());
    let mut before = None;
    for (at, c) in text.char_indices() {
        if before.is_some_and(|before| before != kind(c) || before == (false, false)) {
            words.push(&text[from..at]);
            from = at;
        }
        before = Some(kind(c));
    }
    words.push(&text[from..]);
    words
}

#[test]
fn windows_compile() {
    let mut sources = SourceMap::default();
    let main = sources.add("q.vpl", WINDOWS);
    let resolved = compile(&mut sources, main, &Options::default());
    let said = render(&sources, &resolved.diagnostics, MessageFormat::Short, false);
    assert_eq!(said, "");
}

#[test]
fn programs_of_the_test_data() {
    programs().iter().for_each(|text| check(text));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn programs_with_words_exchanged(
        which in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3u8), 1..4),
    ) {
        let programs = programs();
        let (text, other) = (which.get(&programs), other.get(&programs));
        let donors = words(other);
        let mut words = words(text);
        for (at, from, kind) in changes {
            let at = at.index(words.len());
            let word = donors[from.index(donors.len())];
            match kind {
                0 => words[at] = word,
                1 => words.insert(at, word),
                _ => words[at] = "",
            }
        }
        check(&words.concat());
    }
}
