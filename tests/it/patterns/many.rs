//! Combinations and trends that are many, held against formulas and against each other.

use std::fmt::Write;

use varpulis::replay::Order;

use super::reference::AtEnd;
use super::run::{Way, compiled, run};

const WAY: Way = Way {
    threads: 1,
    morsel_bytes: 1 << 20,
    order: Order::Time,
};

fn rows_of(program: &str, log: &str, way: Way) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let plan = compiled(program).unwrap();
    let text = run(folder.path(), &plan, log, way, AtEnd::Auto).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// So many of each type, one after another, each a second after the one before.
fn blocks(of: &[(&str, usize)]) -> String {
    let mut log = String::new();
    let all = of.iter().flat_map(|&(name, count)| std::iter::repeat_n(name, count));
    for (at, name) in all.enumerate() {
        let _ = writeln!(
            log,
            r#"{{"type":"{name}","ts":{},"id":{at},"v":{}}}"#,
            1_700_000_000 + at,
            at + 1
        );
    }
    log
}

/// What stands behind the time of each row.
fn behind(rows: &[String]) -> Vec<&str> {
    rows.iter().map(|row| row.split_once(r#"Z","#).unwrap().1).collect()
}

fn two(exp: i32) -> f64 {
    libm::ldexp(1.0, exp)
}

#[test]
fn trends_are_counted_beyond_64_bits() {
    let program = "stream T = A -> B+ as bs -> C .within(1h) .stam()\n\
                   .trend_aggregate(n: count_trends(), e: count_events(bs), s: sum_trends(bs.v),\n\
                   a: avg_trends(bs.v), lo: min_trends(bs.v), hi: max_trends(bs.v))\n";
    let row = |bs: usize| rows_of(program, &blocks(&[("A", 1), ("B", bs), ("C", 1)]), WAY);
    // Of n elements there are 2^n - 1 non-empty choices, and each is in 2^(n-1) of them.
    assert_eq!(
        behind(&row(10)),
        [r#""n":1023,"e":5120,"s":33280,"a":6.5,"lo":2,"hi":11}"#]
    );
    let (n, e) = (two(80), 80.0 * two(79));
    let sum = two(79) * f64::from((2..=81).sum::<i32>());
    let expected: Vec<f64> = vec![n, e, sum, 41.5, 2.0, 81.0];
    let found: serde_json::Value = serde_json::from_str(&row(80)[0]).unwrap();
    let found: Vec<f64> = ["n", "e", "s", "a", "lo", "hi"]
        .map(|name| found[name].as_f64().unwrap())
        .to_vec();
    assert_eq!(found, expected);
}

/// Trends that are reckoned by matrices, node by node, and by listing them are the same.
#[test]
fn ways_to_reckon_agree() {
    let mut log = String::new();
    let mut state = 7_u64;
    for at in 0..300 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let (name, k, v) = (
            ["A", "B", "B", "C"][(state >> 60) as usize & 3],
            state >> 50 & 3,
            state >> 40 & 15,
        );
        let _ = writeln!(
            log,
            r#"{{"type":"{name}","ts":{},"k":{k},"v":{v}}}"#,
            1_700_000_000 + at / 2
        );
    }
    let calls = "n: count_trends(), e: count_events(bs), s: sum_trends(bs.v), a: avg_trends(bs.v), \
                 lo: min_trends(bs.v), hi: max_trends(bs.v)";
    let of = |pattern: &str, modifiers: &str| {
        let program = format!("stream T = {pattern} {modifiers} .stam() .trend_aggregate({calls})\n");
        rows_of(&program, &log, WAY)
    };
    let long = ".within(40s)";
    let plain = of("A as a -> B+ as bs -> C", long);
    assert!(plain.len() > 50, "{}", plain.len());
    // A bound on a gap is asked of two neighbors.
    assert_eq!(of("A as a -> B+ as bs -> C within 1h", long), plain);
    let keyed = of("A as a -> B+ where k == a.k as bs -> C where k == a.k", long);
    assert!(keyed.len() > 40 && keyed != plain, "{}", keyed.len());
    assert_eq!(
        of("A as a -> B+ where k == a.k as bs -> C where k == a.k within 1h", long),
        keyed
    );
    let short = ".within(8s)";
    let listed = of("A as a -> B+ as bs -> C where v + a.v >= 0", short);
    assert_eq!(of("A as a -> B+ as bs -> C", short), listed);
    let listed = of(
        "A as a -> B+ where k == a.k and v + a.v >= 0 as bs -> C where k == a.k",
        short,
    );
    assert_eq!(
        of("A as a -> B+ where k == a.k as bs -> C where k == a.k", short),
        listed
    );
    assert!(listed.len() > 20);
}

/// A rising run is asked of two neighbors.
#[test]
fn rising_trends_are_counted() {
    let program = "stream T = A -> B+ where v > bs[-1].v as bs -> C .within(1h) .stam()\n\
                   .trend_aggregate(n: count_trends(), e: count_events(bs))\n";
    let log = blocks(&[("A", 1), ("B", 70), ("C", 2)]);
    let found = rows_of(program, &log, WAY);
    let first: serde_json::Value = serde_json::from_str(&found[0]).unwrap();
    // Values rise, so that every choice does.
    assert_eq!(first["n"].as_f64().unwrap(), two(70));
    assert_eq!(found.len(), 2);
}

/// Rows of all combinations are the same however the log is cut, and as many as they must be.
#[test]
fn combinations_come_in_portions() {
    let program = "stream T = A as a -> B as b -> C as c .within(1h) .stam() .emit(a: a.id, b: b.id, c: c.id)\n";
    let log = blocks(&[("A", 40), ("B", 40), ("C", 25)]);
    let rows = rows_of(program, &log, WAY);
    assert_eq!(rows.len(), 40 * 40 * 25);
    assert_eq!(behind(&rows)[0], r#""a":0,"b":40,"c":80}"#);
    assert_eq!(behind(&rows)[1], r#""a":1,"b":40,"c":80}"#);
    assert_eq!(behind(&rows)[39_999], r#""a":39,"b":79,"c":104}"#);
    let cut = Way {
        threads: 2,
        morsel_bytes: 300,
        ..WAY
    };
    assert!(rows_of(program, &log, cut) == rows);
}

/// Only what lies within the bound is combined, by key.
#[test]
fn windows_and_keys_bound_combinations() {
    let mut log = String::new();
    for at in 0..6000 {
        let name = if at % 2 == 0 { "A" } else { "B" };
        let _ = writeln!(
            log,
            r#"{{"type":"{name}","ts":{},"id":{at},"k":{}}}"#,
            1_700_000_000 + at,
            at / 2 % 3
        );
    }
    let program = "stream T = A as a -> B as b where k == a.k .within(13s) .stam() .emit(a: a.id, b: b.id)\n";
    let expected: Vec<String> = (0..6000)
        .filter(|b| b % 2 == 1)
        .flat_map(|b: i32| {
            let firsts = (0.max(b - 13)..b).filter(move |a| a % 2 == 0 && a / 2 % 3 == b / 2 % 3);
            firsts.map(move |a| format!(r#""a":{a},"b":{b}}}"#)).collect::<Vec<_>>()
        })
        .collect();
    let found = rows_of(program, &log, WAY);
    assert_eq!(behind(&found), expected);
    let cut = Way {
        morsel_bytes: 2000,
        ..WAY
    };
    assert!(rows_of(program, &log, cut) == found);
}

/// What is looked up by a key is found long after other keys have been forgotten.
#[test]
fn keys_outlive_what_is_forgotten() {
    let mut log = String::from(r#"{"type":"B","ts":1700000000,"id":0,"u":-2}"#);
    log.push('\n');
    log.push_str("{\"type\":\"B\",\"ts\":1700000000,\"id\":1,\"u\":-1}\n");
    let mut add = |name: &str, at: usize, u: i64| {
        let _ = writeln!(log, r#"{{"type":"{name}","ts":1700000001,"id":{at},"u":{u}}}"#);
    };
    // Many keys of events that nothing is made of.
    (2..20_000).for_each(|at| add("A", at, at as i64));
    (20_000..20_003).for_each(|at| add("A", at, -2));
    let program = "stream T = B as x and B as y -> A+ where u == y.u as xs .within(9s) .stam()\n\
                   .emit(x: x.id, y: y.id, xs: collect(xs.id))\n";
    let cut = Way {
        morsel_bytes: 2000,
        ..WAY
    };
    let found = rows_of(program, &log, cut);
    let of = |xs: &str| format!(r#""x":1,"y":0,"xs":[{xs}]}}"#);
    let expected = [
        "20000",
        "20000,20001",
        "20001",
        "20000,20001,20002",
        "20001,20002",
        "20000,20002",
        "20002",
    ];
    let expected: Vec<String> = expected.iter().map(|xs| of(xs)).collect();
    let mut found: Vec<&str> = behind(&found);
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
