//! Rounds hold what their bounds say, whatever the inputs and however they are read.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::clock::{MorselClock, Running};
use super::supply::{Bound, Round, Supply};
use super::{Observer, Order, RunOptions};
use crate::data::{Pseudo, Value};
use crate::diag::SourceMap;
use crate::plan::Plan;
use crate::read::{DecodePlan, Input, InputSpec, ReadOptions};

struct Quiet;

impl Observer for Quiet {
    fn progress(&self, _: u64, _: u64, _: u64) {}
    fn say(&self, _: &str) {}
    fn interrupted(&self) -> bool {
        false
    }
}

fn plan() -> Plan {
    let mut sources = SourceMap::default();
    let main = sources.add("q.vpl", "stream S = E .distinct(k) .emit(k: k)".to_owned());
    let resolved = crate::resolve::compile(&mut sources, main, &Default::default());
    let mut plan = crate::plan::plan(resolved.query.unwrap(), &Default::default()).unwrap();
    plan.decode.seq = true;
    plan
}

/// How a file is read.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Mapped,
    Read,
    Gzip,
}

/// Lines: a time in seconds, a record without one, one that is bad, or nothing.
#[derive(Clone, Copy, Debug)]
enum Line {
    Timed(i64),
    Untimed,
    Bad,
    Blank,
}

fn text(lines: &[Line]) -> String {
    let line = |line: &Line| match line {
        Line::Timed(time) => format!("{{\"event_type\":\"E\",\"timestamp\":{time},\"k\":1}}\n"),
        Line::Untimed => "{\"event_type\":\"E\",\"k\":1}\n".to_owned(),
        Line::Bad => "{\"event_type\":\n".to_owned(),
        Line::Blank => "\n".to_owned(),
    };
    lines.iter().map(line).collect()
}

/// What is known of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    seq: i64,
    line: u64,
    time: i64,
    e: i64,
}

/// What is to be found out about the records of a file, by their places.
fn expected(order: Order, lines: &[Line]) -> BTreeMap<u64, Known> {
    const SECOND: i64 = 1_000_000_000;
    let first = lines.iter().find_map(|line| match line {
        Line::Timed(time) => Some(time * SECOND),
        _ => None,
    });
    let (mut known, mut last, mut largest, mut offset) = (BTreeMap::new(), first, i64::MIN, 0);
    for (nth, line) in lines.iter().enumerate() {
        if let Line::Timed(time) = line {
            last = Some(time * SECOND);
        }
        let seq = known.len() as i64;
        let time = last.unwrap_or(seq);
        if !matches!(line, Line::Blank) {
            largest = largest.max(time);
            let e = match order {
                Order::Arrival { slack } => time.max(largest - slack),
                _ => time,
            };
            let record = Known {
                seq,
                line: nth as u64,
                time,
                e,
            };
            known.insert(offset, record);
        }
        offset += text(&[*line]).len() as u64;
    }
    known
}

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![8 => (1_000_000_i64..1_000_020).prop_map(Line::Timed), 2 => Just(Line::Untimed), 1 => Just(Line::Bad), 1 => Just(Line::Blank)]
}

fn files() -> impl Strategy<Value = Vec<(Vec<Line>, Kind)>> {
    let lines = prop_oneof![
        3 => proptest::collection::vec(line(), 0..60),
        2 => (0_i64..5, 0_usize..60)
            .prop_map(|(step, n)| (0..n as i64).map(|n| Line::Timed(1_000_000 + n * step)).collect()),
        1 => (0_usize..40).prop_map(|n| vec![Line::Untimed; n]),
    ];
    let kind = prop_oneof![Just(Kind::Mapped), Just(Kind::Read), Just(Kind::Gzip)];
    proptest::collection::vec((lines, kind), 1..4)
}

fn open(dir: &std::path::Path, number: usize, file: &(Vec<Line>, Kind), morsel_bytes: usize) -> Input {
    let path = dir.join(format!("{number}.jsonl"));
    let text = text(&file.0);
    if let Kind::Gzip = file.1 {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        std::fs::write(&path, encoder.finish().unwrap()).unwrap();
    } else {
        std::fs::write(&path, text).unwrap();
    }
    let path = if let Kind::Gzip = file.1 {
        let gz = dir.join(format!("{number}.jsonl.gz"));
        std::fs::rename(&path, &gz).unwrap();
        gz
    } else {
        path
    };
    let spec = InputSpec {
        path,
        ..InputSpec::default()
    };
    let options = ReadOptions {
        morsel_bytes,
        max_record_bytes: 1000,
        mmap: matches!(file.1, Kind::Mapped),
    };
    Input::open_spooled(&spec, number as u32, &options).unwrap()
}

/// What comes of a round: everything about its records, checked against the bound before it.
fn records(
    order: Order,
    decode: &Arc<DecodePlan>,
    round: &Round,
    bound: Bound,
    (running, lines): (&mut [Running], &mut [u64]),
) -> Vec<(usize, u64, Known)> {
    let mut found = Vec::new();
    for (at, (input, morsel, base)) in round.morsels.iter().enumerate() {
        let base = base.unwrap();
        let decoded = morsel.decode_at(decode, Some(base));
        let first_line = round.lines.as_ref().map_or(lines[*input], |lines| lines[at]);
        lines[*input] += decoded.lines;
        let clock = MorselClock::new(order, &decoded, base, &mut running[*input]);
        let in_order = clock.is_none();
        let clock = clock.unwrap_or_else(|| MorselClock::by_time(&decoded, base));
        assert_eq!(clock.offsets.len() as u64, decoded.records);
        for (&offset, &e) in clock.offsets.iter().zip(&clock.e) {
            let key = Bound::Before {
                time: e,
                input: *input,
                offset,
            };
            assert!(key >= bound, "{key:?} comes after {bound:?}");
        }
        let known = |offset: u64, seq: Option<i64>, line: u64| {
            let place = clock.place(offset).unwrap();
            assert!(!in_order || clock.e[place] == clock.t[place]);
            let seq = seq.unwrap_or(-1);
            let (time, e) = (clock.t[place], clock.e[place]);
            let line = line + first_line;
            (*input, offset, Known { seq, line, time, e })
        };
        for (_, batch) in &decoded.batches {
            let (times, seqs) = (batch.pseudo(Pseudo::Time, None), batch.pseudo(Pseudo::Seq, None));
            for row in 0..batch.len() as u32 {
                let Value::Int(seq) = seqs.value(row as usize) else {
                    panic!("no number")
                };
                let record = known(batch.position(row).offset, Some(seq), batch.line(row));
                assert_eq!(times.value(row as usize), Value::Timestamp(record.2.time));
                found.push(record);
            }
        }
        found.extend(decoded.bad.iter().map(|bad| known(bad.position.offset, None, bad.line)));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// All records come, with their times, numbers and lines, and none whose key lies below a bound
    /// comes after it.
    #[test]
    fn bounds_hold(
        files in files(),
        morsel_bytes in prop_oneof![Just(1_usize), Just(100), Just(1000), Just(1 << 20)],
        order in prop_oneof![
            2 => Just(Order::Time), 1 => Just(Order::Arrival { slack: 0 }),
            1 => Just(Order::Arrival { slack: 7_000_000_000 }),
        ],
        memory_limit in prop_oneof![Just(None), Just(Some(1)), Just(Some(3000))],
    ) {
        let dir = tempfile::tempdir().unwrap();
        let open = |(at, file)| open(dir.path(), at, file, morsel_bytes);
        let mut inputs: Vec<Input> = files.iter().enumerate().map(open).collect();
        let plan = plan();
        let decode = Arc::new(plan.decode.clone());
        let options = RunOptions { order, memory_limit, ..RunOptions::default() };
        let mut supply = Supply::new(&plan, &decode, &mut inputs, &options, &Quiet).unwrap();
        let mut bound = Bound::Before { time: i64::MIN, input: 0, offset: 0 };
        let (mut running, mut lines) = (vec![Running::default(); files.len()], vec![0; files.len()]);
        let mut found = vec![BTreeMap::new(); files.len()];
        loop {
            let round = supply.round().unwrap();
            for (input, offset, known) in records(order, &decode, &round, bound, (&mut running, &mut lines)) {
                prop_assert_eq!(found[input].insert(offset, known), None);
            }
            let next = round.bound.unwrap();
            prop_assert!(next >= bound);
            bound = next;
            if round.morsels.is_empty() {
                break;
            }
        }
        prop_assert_eq!(bound, Bound::End);
        for (input, (lines, _)) in files.iter().enumerate() {
            let mut expected = expected(order, lines);
            let bad = lines.iter().filter(|line| !matches!(line, Line::Blank)).enumerate();
            let bad: Vec<i64> = bad.filter(|(_, line)| matches!(line, Line::Bad)).map(|(seq, _)| seq as i64).collect();
            for known in expected.values_mut().filter(|known| bad.contains(&known.seq)) {
                known.seq = -1;
            }
            prop_assert_eq!(&found[input], &expected, "input {}", input);
        }
    }
}
