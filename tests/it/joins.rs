//! Joins against nested loops, over random events with few keys and many equal times.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use varpulis::diag::SourceMap;
use varpulis::plan;
use varpulis::read::{Input, InputSpec, ReadOptions};
use varpulis::replay::{self, Observer, Order, RunOptions};
use varpulis::resolve;

const PROGRAM: &str = r#"
stream I = join(A, B on A.k == B.k and A.w <= B.w) .window(3s) .emit(t: int(_time), a: A.v, b: B.v)
stream L = left_join(A, B on A.k == B.k and A.w <= B.w) .window(3s) .emit(t: int(_time), a: A.v, b: B.v)
stream R = right_join(A, B on A.k == B.k and A.w <= B.w) .window(3s) .emit(t: int(_time), a: A.v, b: B.v)
stream F = full_join(A, B on A.k == B.k) .window(2s) .emit(t: int(_time), a: A.v, b: B.v)
stream X = join(A, B on A.w < B.w) .window(1s) .emit(t: int(_time), a: A.v, b: B.v)
stream S = join(stream P from A, stream Q from A on P.k == Q.k) .window(2s) .emit(t: int(_time), a: P.v, b: Q.v)
stream T = join(A, B, C on A.k == B.k and B.k == C.k) .window(4s) .emit(t: int(_time), a: A.v, b: B.v, c: C.v)
stream U = join(A, B, C on A.k == C.k and A.w + B.w == C.w) .window(2s) .emit(t: int(_time), a: A.v, b: B.v, c: C.v)
stream W = join(A, B, C on A.k == B.k and C.k == B.k and A.w == C.w) .window(9s) .emit(t: int(_time), a: A.v, b: B.v, c: C.v)
stream N = asof_join(A, B on A.k == B.k) .within(3s) .emit(t: int(_time), a: A.v, b: B.v)
stream M = asof_join(A, B on A.k == B.k and A.w <= B.w) .within(3s) .emit(t: int(_time), a: A.v, b: B.v)
"#;

/// A key as it stands in the log.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
    Missing,
    Null,
    Int(i64),
    Float(i64),
    Text(i64),
}

impl Key {
    fn equals(self, other: Self) -> bool {
        let number = |key| match key {
            Self::Int(i) | Self::Float(i) => Some(i),
            _ => None,
        };
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b,
            (a, b) => number(a).is_some() && number(a) == number(b),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Event {
    kind: char,
    time: i64,
    k: Key,
    w: i64,
    /// Its line.
    v: usize,
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        1 => Just(Key::Missing),
        1 => Just(Key::Null),
        6 => (0i64..3).prop_map(Key::Int),
        2 => (0i64..3).prop_map(Key::Float),
        2 => (0i64..2).prop_map(Key::Text),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (prop::sample::select(vec!['A', 'B', 'C', 'D']), 0i64..25, key(), 0i64..3);
    prop::collection::vec(event, 1..60).prop_map(|events| {
        let numbered = events.into_iter().enumerate();
        numbered
            .map(|(v, (kind, time, k, w))| Event { kind, time, k, w, v })
            .collect()
    })
}

fn line(event: &Event) -> String {
    let k = match event.k {
        Key::Missing => String::new(),
        Key::Null => ",\"k\":null".to_owned(),
        Key::Int(i) => format!(",\"k\":{i}"),
        Key::Float(i) => format!(",\"k\":{i}.0"),
        Key::Text(i) => format!(",\"k\":\"{i}\""),
    };
    let Event { kind, time, w, v, .. } = event;
    format!(
        "{{\"type\":\"{kind}\",\"ts\":{}{k},\"w\":{w},\"v\":{v}}}\n",
        START + time
    )
}

const START: i64 = 1_700_000_000;

struct Quiet;

impl Observer for Quiet {
    fn progress(&self, _: u64, _: u64, _: u64) {}

    fn say(&self, _: &str) {}

    fn interrupted(&self) -> bool {
        false
    }
}

/// The rows of a run: `stream time a b c`, one a line.
fn run(folder: &Path, events: &[Event], threads: usize, morsel_bytes: usize) -> Vec<String> {
    let log = folder.join("log.jsonl");
    let rows = folder.join("rows.jsonl");
    fs::write(&log, events.iter().map(line).collect::<String>()).unwrap();
    let mut sources = SourceMap::default();
    let main = sources.add(Path::new("joins.vpl"), PROGRAM.to_owned());
    let query = resolve::compile(&mut sources, main, &resolve::Options::default())
        .query
        .unwrap();
    let max_record_bytes = 1 << 20;
    let options = plan::Options {
        max_record_bytes,
        ..plan::Options::default()
    };
    let plan = plan::plan(query, &options).unwrap();
    let reading = ReadOptions {
        morsel_bytes,
        max_record_bytes,
        mmap: false,
    };
    let spec = InputSpec {
        path: log,
        ..InputSpec::default()
    };
    let open = || Input::open_spooled(&spec, 0, &reading).unwrap();
    let options = RunOptions {
        output: rows.clone(),
        order: Order::Time,
        ..RunOptions::default()
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| replay::run(&plan, &mut [open()], &|_| Some(open()), &options, &Quiet))
        .unwrap();
    let text = fs::read_to_string(rows).unwrap();
    text.lines().map(shown).collect()
}

fn shown(line: &str) -> String {
    let row: serde_json::Value = serde_json::from_str(line).unwrap();
    let t = row["t"].as_i64().unwrap() - START;
    format!(
        "{} {t} {} {} {}",
        row["stream"].as_str().unwrap(),
        row["a"],
        row["b"],
        row["c"]
    )
}

/// Where a row stands: after the end, when, after events, by whose position, completed by which input,
/// and the positions of its rows.
type Stand = (bool, i64, bool, usize, usize, Vec<usize>);

/// The events of a log in order, and the rows expected of one stream.
struct Loops<'e> {
    events: &'e [Event],
    last: i64,
    rows: Vec<(Stand, String)>,
}

impl Loops<'_> {
    fn of(&self, kind: char) -> Vec<usize> {
        let positions = 0..self.events.len();
        positions.filter(|&at| self.events[at].kind == kind).collect()
    }

    fn text(name: &str, time: i64, rows: &[Option<&Event>]) -> String {
        let shown = |at: usize| match rows.get(at) {
            Some(Some(event)) => event.v.to_string(),
            _ => "null".to_owned(),
        };
        format!("{name} {time} {} {} {}", shown(0), shown(1), shown(2))
    }

    /// All combinations; gives those rows that are in some.
    fn all(&mut self, name: &str, kinds: &[char], within: i64, on: &dyn Fn(&[&Event]) -> bool) -> Vec<Vec<usize>> {
        let mut combinations: Vec<Vec<usize>> = vec![Vec::new()];
        for &kind in kinds {
            let one = self.of(kind);
            let longer = combinations.iter().flat_map(|before| {
                one.iter()
                    .map(move |&at| before.iter().copied().chain([at]).collect::<Vec<_>>())
            });
            combinations = longer.collect();
        }
        combinations.retain(|positions| {
            let events: Vec<&Event> = positions.iter().map(|&at| &self.events[at]).collect();
            let times = || events.iter().map(|event| event.time);
            times().max().unwrap() - times().min().unwrap() <= within && on(&events)
        });
        for positions in &combinations {
            let last = *positions.iter().max().unwrap();
            let by = positions.iter().rposition(|&at| at == last).unwrap();
            let time = self.events[last].time;
            let events: Vec<Option<&Event>> = positions.iter().map(|&at| Some(&self.events[at])).collect();
            let stand = (false, time, false, last, by, positions.clone());
            self.rows.push((stand, Self::text(name, time, &events)));
        }
        combinations
    }

    /// Rows of the input at `side` that are in no combination.
    fn alone(&mut self, name: &str, side: usize, kind: char, within: i64, found: &[Vec<usize>]) {
        for at in self.of(kind) {
            if found.iter().any(|positions| positions[side] == at) {
                continue;
            }
            let deadline = self.events[at].time + within;
            let end = deadline >= self.last;
            let time = if end { self.last } else { deadline };
            let mut rows = [None, None];
            rows[side] = Some(&self.events[at]);
            let text = Self::text(name, time, &rows);
            self.rows.push(((end, deadline, true, at, 0, Vec::new()), text));
        }
    }

    fn asof(&mut self, name: &str, within: i64, on: &dyn Fn(&[&Event]) -> bool) {
        for a in self.of('A') {
            let one = &self.events[a];
            let fits = |&b: &usize| {
                let other = &self.events[b];
                let age = one.time - other.time;
                (0..=within).contains(&age) && on(&[one, other])
            };
            let newest = self
                .of('B')
                .into_iter()
                .filter(fits)
                .max_by_key(|&b| (self.events[b].time, b));
            if let Some(b) = newest {
                let text = Self::text(name, one.time, &[Some(one), Some(&self.events[b])]);
                self.rows
                    .push(((one.time >= self.last, one.time, true, a, 0, Vec::new()), text));
            }
        }
    }

    fn done(mut self) -> Vec<String> {
        self.rows.sort();
        self.rows.into_iter().map(|row| row.1).collect()
    }
}

fn expected(events: &[Event], name: &str) -> Vec<String> {
    let mut sorted = events.to_vec();
    sorted.sort_by_key(|event| event.time);
    let mut loops = Loops {
        events: &sorted,
        last: sorted.last().unwrap().time,
        rows: Vec::new(),
    };
    let k = |rows: &[&Event]| rows[0].k.equals(rows[1].k);
    let both = |rows: &[&Event]| rows[0].k.equals(rows[1].k) && rows[0].w <= rows[1].w;
    let two = ['A', 'B'];
    match name {
        "I" => drop(loops.all(name, &two, 3, &both)),
        "L" | "R" => {
            let found = loops.all(name, &two, 3, &both);
            let side = usize::from(name == "R");
            loops.alone(name, side, two[side], 3, &found);
        }
        "F" => {
            let found = loops.all(name, &two, 2, &k);
            loops.alone(name, 0, 'A', 2, &found);
            loops.alone(name, 1, 'B', 2, &found);
        }
        "X" => drop(loops.all(name, &two, 1, &|rows| rows[0].w < rows[1].w)),
        "S" => drop(loops.all(name, &['A', 'A'], 2, &k)),
        "T" => drop(loops.all(name, &['A', 'B', 'C'], 4, &|rows| k(rows) && k(&rows[1..]))),
        "U" => drop(loops.all(name, &['A', 'B', 'C'], 2, &|rows| {
            rows[0].k.equals(rows[2].k) && rows[0].w + rows[1].w == rows[2].w
        })),
        "W" => drop(loops.all(name, &['A', 'B', 'C'], 9, &|rows| {
            k(rows) && k(&rows[1..]) && rows[0].w == rows[2].w
        })),
        "N" => loops.asof(name, 3, &k),
        _ => loops.asof(name, 3, &both),
    }
    loops.done()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn joins_are_nested_loops(events in events()) {
        let folder = tempfile::tempdir().unwrap();
        let ways = [(1, 1 << 20), (1, 64), (3, 300)];
        let runs: Vec<Vec<String>> = ways
            .iter()
            .map(|&(threads, morsel)| run(folder.path(), &events, threads, morsel))
            .collect();
        for name in ["I", "L", "R", "F", "X", "S", "T", "U", "W", "N", "M"] {
            let mine = |rows: &[String]| -> Vec<String> {
                rows.iter().filter(|row| row.starts_with(name)).cloned().collect()
            };
            let expected = expected(&events, name);
            for rows in &runs {
                prop_assert_eq!(mine(rows), expected.clone());
            }
        }
        for rows in &runs[1..] {
            prop_assert_eq!(rows, &runs[0]);
        }
    }
}
