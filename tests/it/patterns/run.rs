//! Programs of patterns over a log, run in this process.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use varpulis::diag::SourceMap;
use varpulis::ir::StreamId;
use varpulis::matcher::trace::{self, Question};
use varpulis::plan::{self, Plan};
use varpulis::read::{Input, InputSpec, ReadOptions};
use varpulis::replay::{self, Observer, Order, RunOptions};
use varpulis::resolve;

use super::pattern::{Pattern, Row};
use super::reference::AtEnd;
use super::report::{Bound, Reported};

/// The matcher is there to be compared.
pub(super) const ENGINE: bool = true;

const MAX_RECORD_BYTES: usize = 1 << 16;

/// The time of second 0.
const START: i64 = 1_700_000_000;

struct Quiet;

impl Observer for Quiet {
    fn progress(&self, _: u64, _: u64, _: u64) {}

    fn say(&self, _: &str) {}

    fn interrupted(&self) -> bool {
        false
    }
}

/// How many pairs of a pattern and a log are tried: `VARPULIS_CASES` says, else few.
pub(super) fn cases() -> u32 {
    let asked = std::env::var("VARPULIS_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(2400)
}

/// How a program is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) threads: usize,
    pub(super) morsel_bytes: usize,
    pub(super) order: Order,
}

/// A pattern as a program has it, in one of the forms it can be written in.
pub(super) fn statement(at: usize, pattern: &Pattern) -> String {
    match at % 4 {
        1 => pattern.by_name(&format!("Named{at}"), &format!("M{at}")),
        2 => format!("stream M{at} = {}\n", pattern.classic()),
        _ => format!("stream M{at} = {pattern}\n"),
    }
}

/// A record as its line.
pub(super) fn line(row: &Row) -> String {
    let Row { kind, time, id, u, .. } = row;
    let mut text = format!("{{\"type\":\"{kind}\",\"ts\":{},\"id\":{id}", START + time);
    for (name, value) in [("k", row.k), ("v", row.v)] {
        if let Some(value) = value {
            let _ = write!(text, ",\"{name}\":{value}");
        }
    }
    let _ = writeln!(text, ",\"u\":{u}}}");
    text
}

/// The plan of a program.
///
/// # Errors
///
/// What the compiler says, with the program.
pub(super) fn compiled(program: &str) -> Result<Plan, String> {
    planned(program, &[])
}

/// The plan of a program whose streams are watched, as far as they can be, and what is asked of them.
///
/// # Errors
///
/// What the compiler says, with the program.
pub(super) fn watched(program: &str, count: usize) -> Result<(Plan, Vec<Question>), String> {
    let question = |at: usize| Question {
        stream: format!("M{at}"),
        misses: 3,
        ..Question::default()
    };
    let questions: Vec<Question> = (0..count).map(question).collect();
    Ok((planned(program, &questions)?, questions))
}

fn planned(program: &str, questions: &[Question]) -> Result<Plan, String> {
    let mut sources = SourceMap::default();
    let main = sources.add(Path::new("patterns.vpl"), program.to_owned());
    let compiled = resolve::compile(&mut sources, main, &resolve::Options::default());
    let said = || format!("{program}\n{:#?}", compiled.diagnostics);
    let mut query = compiled.query.clone().ok_or_else(said)?;
    for question in questions {
        let at = query.streams.iter().position(|stream| stream.name == question.stream);
        trace::widen(&mut query, StreamId(at.unwrap() as u32));
    }
    let options = plan::Options {
        max_record_bytes: MAX_RECORD_BYTES,
        ..plan::Options::default()
    };
    plan::plan(query, &options).map_err(|error| format!("{error:?}"))
}

/// The text of what a program writes.
///
/// # Errors
///
/// Why it stopped.
pub(super) fn run(folder: &Path, plan: &Plan, lines: &str, way: Way, at_end: AtEnd) -> Result<String, String> {
    run_watched(folder, (plan, &[]), lines, way, at_end).map(|(text, _)| text)
}

/// The same, and what was seen of streams that are watched.
///
/// # Errors
///
/// Why it stopped.
pub(super) fn run_watched(
    folder: &Path,
    (plan, traces): (&Plan, &[Question]),
    lines: &str,
    way: Way,
    at_end: AtEnd,
) -> Result<(String, Vec<replay::StreamTrace>), String> {
    let (log, output) = (folder.join("log.jsonl"), folder.join("rows.jsonl"));
    fs::write(&log, lines).map_err(|error| error.to_string())?;
    let reading = ReadOptions {
        morsel_bytes: way.morsel_bytes,
        max_record_bytes: MAX_RECORD_BYTES,
        mmap: false,
    };
    let spec = InputSpec {
        path: log,
        ..InputSpec::default()
    };
    let open = || Input::open_spooled(&spec, 0, &reading);
    let options = RunOptions {
        output: output.clone(),
        order: way.order,
        at_end: match at_end {
            AtEnd::Auto => replay::AtEnd::Auto,
            AtEnd::Flush => replay::AtEnd::Flush,
            AtEnd::Hold => replay::AtEnd::Hold,
        },
        traces: traces.to_vec(),
        ..RunOptions::default()
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(way.threads).build();
    let pool = pool.map_err(|error| error.to_string())?;
    let input = open().map_err(|error| format!("{error:?}"))?;
    let ran = pool.install(|| replay::run(plan, &mut [input], &|_| open().ok(), &options, &Quiet));
    let report = ran.map_err(|error| format!("{error:?}"))?;
    let text = fs::read_to_string(&output).map_err(|error| error.to_string())?;
    Ok((text, report.traces))
}

/// The rows of each stream of a pattern: fields in order of their names, without nulls.
pub(super) fn by_stream(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let row: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        let stream = row["stream"].as_str().unwrap().to_owned();
        if !stream.starts_with('M') {
            continue;
        }
        let mut fields = BTreeMap::new();
        for (name, value) in row {
            let shown = match (name.as_str(), value) {
                ("stream", _) | (_, serde_json::Value::Null) => continue,
                ("ts", value) => seconds(value.as_str().unwrap()).to_string(),
                ("start" | "end", value) => (value.as_i64().unwrap() - START).to_string(),
                (_, value) => value.to_string(),
            };
            fields.insert(name, shown);
        }
        found.entry(stream).or_default().push(joined(&fields));
    }
    found
}

pub(super) fn joined(fields: &BTreeMap<String, String>) -> String {
    let all: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    all.join(" ")
}

fn seconds(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_second() - START
}

/// A row as [`by_stream`] writes it.
pub(super) fn row_text(pattern: &Pattern, row: &Reported) -> String {
    let mut fields = BTreeMap::new();
    let mut add = |name: &str, value: Option<String>| value.map(|value| fields.insert(name.to_owned(), value));
    add("ts", Some(row.ts.to_string()));
    add("k", row.key.flatten().map(|key| key.to_string()));
    add("start", Some(row.start.to_string()));
    add("end", Some(row.end.to_string()));
    for (alias, bound) in pattern.aliases().into_iter().zip(&row.bound) {
        let bound = match bound {
            Bound::One(id) => id.map(|id| id.to_string()),
            Bound::List(ids) => {
                let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
                Some(format!("[{}]", ids.join(",")))
            }
        };
        add(&super::text::alias_name(alias), bound);
    }
    joined(&fields)
}

#[test]
fn rows_are_read_as_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let row = Row {
        kind: 'A',
        tick: 0,
        time: 7,
        id: 3,
        k: None,
        v: Some(2),
        u: 1,
    };
    let way = Way {
        threads: 1,
        morsel_bytes: 64,
        order: Order::Time,
    };
    let program = "stream M0 = A .emit(start: int(_time), end: int(_time), s0: id, s1: k)\n";
    let plan = compiled(program).unwrap();
    let text = run(folder.path(), &plan, &line(&row), way, AtEnd::Auto).unwrap();
    assert_eq!(by_stream(&text)["M0"], ["end=7 s0=3 start=7 ts=7"]);
}
