//! A long log through many patterns: what the matcher lets go of on the way, and when, depends on how the
//! input is cut into rounds; what is written must not.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use varpulis::replay::Order;

use super::reference::AtEnd;
use super::run::{Way, compiled, run};

const PROGRAM: &str = r#"
stream Guessed = F{3,} as fs -> S where ip == fs[0].ip as s .partition_by(u) .within(2m)
    .emit(u: u, n: count(fs), first: fs[0].n, s: s.n)
stream Burst = F{5} as fs .partition_by(u) .within(1m) .after_match("skip_past_last") .emit(u: u, fs: fs.n)
stream Unanswered = R as r -> not A where id == r.id within 30s .emit(r: r.n, id: r.id)
stream Answered = R as r -> A where id == r.id as a .within(5m) .emit(r: r.n, a: a.n, took: match_duration)
stream Unbounded = R as r -> A where id == r.id and ip == r.ip as a .emit(r: r.n, a: a.n)
stream Quiet = not F within 40s -> S as s .partition_by(u) .within(1m) .emit(u: u, s: s.n)
stream Clean = S as s -> X where v > s.v as x .partition_by(u) .not(F where v > 90) .within(90s) .emit(u: u, s: s.n, x: x.n)
stream Rising = X as first -> X+ where v > xs[-1].v and v > first.v as xs -> S as s .partition_by(u) .within(1m)
    .emit(u: u, xs: xs.n, top: max(xs.v), s: s.n)
stream Small = X+ where sum(xs.v) < 150 as xs -> F as f .partition_by(u) .within(1m) .emit(u: u, n: count(xs), sum: sum(xs.v), f: f.n)
stream Both = (S as s and X where v > 70 as x) -> F as f .partition_by(u) .within(1m) .emit(u: u, s: s.n, x: x.n, f: f.n)
stream Next = S as s -> next F as f -> next X as x .partition_by(u) .emit(u: u, s: s.n, f: f.n, x: x.n)
stream Strict = F+ as fs -> X+ as xs .strict() .partition_by(u) .within(2m) .emit(u: u, fs: fs.n, xs: xs.n)
stream Each = S as s -> each X where v == s.v as x .within(20s) .emit(s: s.n, x: x.n)
stream Skipped = S as s -> F+ as fs -> X as x .partition_by(u) .within(1m) .after_match("skip_to_next") .emit(s: s.n, fs: fs.n, x: x.n)
stream Often = Burst as b -> Guessed as g .within(3m) .partition_by(u) .emit(u: u, b: b.fs[0], g: g.s)
stream All = S as s -> X{1,2} where v > 50 as xs -> F where ip == s.ip as f .partition_by(u) .stam() .within(20s) .emit(s: s.n, xs: xs.n, f: f.n)
"#;

/// Pseudo-random numbers, the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Four events a second. Some users are there all the time; most come, and are never seen again; requests
/// are answered soon, late, or not at all.
fn log(lines: u64) -> String {
    let mut numbers = Numbers(7);
    let mut text = String::new();
    for n in 0..lines {
        let kind = ["F", "F", "F", "S", "X", "X", "R", "A"][numbers.below(8) as usize];
        let user = match numbers.below(3) {
            0 => numbers.below(20),
            1 => 100 + n / 50,
            _ => 10_000 + n / 9 + numbers.below(3),
        };
        let id = match kind {
            "R" => n,
            _ => n.saturating_sub(numbers.below(400)),
        };
        let (v, ip) = (numbers.below(100), numbers.below(2));
        let time = 1_700_000_000_000 + n * 250 - numbers.below(3) * 200;
        let _ = writeln!(
            text,
            "{{\"type\":\"{kind}\",\"ts\":{time},\"n\":{n},\"u\":{user},\"id\":{id},\"v\":{v},\"ip\":{ip}}}"
        );
    }
    text
}

/// How many rows each stream has.
fn rows(text: &str) -> BTreeMap<&str, usize> {
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let name = line.split('"').nth(3).unwrap();
        *found.entry(name).or_insert(0) += 1;
    }
    found
}

#[test]
fn how_the_input_is_cut_does_not_show() {
    let folder = tempfile::tempdir().unwrap();
    let plan = compiled(PROGRAM).unwrap();
    let lines = log(16_000);
    let mut expected: Option<String> = None;
    for (threads, morsel_bytes) in [
        (1, 1 << 22),
        (3, 1 << 22),
        (1, 40_000),
        (3, 40_000),
        (3, 2500),
        (1, 2500),
    ] {
        let way = Way {
            threads,
            morsel_bytes,
            order: Order::Time,
        };
        let text = run(folder.path(), &plan, &lines, way, AtEnd::Auto).unwrap();
        let Some(expected) = &expected else {
            let rows = rows(&text);
            let streams = PROGRAM.lines().filter(|line| line.starts_with("stream ")).count();
            assert_eq!(rows.len(), streams, "a stream without rows tells nothing: {rows:?}");
            assert!(rows.values().all(|&rows| rows >= 20), "{rows:?}");
            expected = Some(text);
            continue;
        };
        let differs = expected.lines().zip(text.lines()).find(|(one, other)| one != other);
        assert_eq!(differs, None, "{way:?}");
        assert_eq!(expected.len(), text.len(), "{way:?}");
    }
}
