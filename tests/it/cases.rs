//! Whole programs: every folder of `testdata/cases`, run from the user's door.
//!
//! A case runs with several numbers of threads and sizes of morsels, once from a pipe and once from a
//! compressed file; every run must write the expected bytes. Cases over the sample logs run twice.
//! `testdata/cases/README.md` says what a folder may hold. `VARPULIS_CASE=name` runs the cases whose name holds
//! that text.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rayon::prelude::*;
use serde_json::Value;

const THREADS: [&str; 3] = ["1", "2", "3"];
const MORSELS: [&str; 3] = ["64", "1000", "1048576"];

/// What stands in `args` for the folder of the sample logs.
const LOGS: &str = "{logs}";

/// The threads and morsels of a case over a sample log: such a log has thousands of events, and an unoptimized
/// program takes a second for them.
const RUNS_OVER_LOGS: [(&str, &str); 2] = [("1", "1048576"), ("3", "4000")];

/// A folder of `testdata/cases`.
struct Case {
    name: String,
    dir: PathBuf,
    /// Extra arguments, from the file `args`.
    args: Vec<String>,
    /// The one input, unless `args` names its own.
    input: Option<String>,
    /// Whether the input is one of the sample logs.
    over_logs: bool,
}

/// Where a run gets the case's input from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feed {
    File,
    Pipe,
    Gzip,
    /// A file of which every line is parsed.
    Unfiltered,
    /// A file that is read, not mapped.
    Unmapped,
}

#[test]
fn every_case_writes_what_is_expected() {
    let filter = std::env::var("VARPULIS_CASE").unwrap_or_default();
    let cases: Vec<Case> = cases().into_iter().filter(|case| case.name.contains(&filter)).collect();
    assert!(!cases.is_empty(), "no case is called `{filter}`");
    let failures: Vec<String> = cases.par_iter().filter_map(|case| case.verdict().err()).collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases fail\n\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cases");
    let mut dirs: Vec<PathBuf> = fs::read_dir(root)
        .expect("testdata/cases is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.is_dir())
        .collect();
    dirs.sort();
    dirs.into_iter().map(Case::open).collect()
}

impl Case {
    fn open(dir: PathBuf) -> Self {
        let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/logs");
        let logs = logs.to_str().expect("a path in UTF-8");
        let given = optional(&dir.join("args")).unwrap_or_default();
        let args: Vec<String> = given.lines().map(|arg| arg.replace(LOGS, logs)).collect();
        let input = (!args.iter().any(|arg| arg == "--input")).then(|| {
            let names = ["input.jsonl", "input.csv"];
            let found = names.into_iter().find(|name| dir.join(name).exists());
            found.expect("a case has an input or names one").to_owned()
        });
        Self {
            name: dir.file_name().expect("a name").to_string_lossy().into_owned(),
            dir,
            args,
            input,
            over_logs: given.contains(LOGS),
        }
    }

    /// Runs the case in every way; the first way that goes wrong, told to people.
    fn verdict(&self) -> Result<(), String> {
        if self.over_logs {
            return RUNS_OVER_LOGS
                .iter()
                .try_for_each(|(threads, morsel)| self.run(Feed::File, threads, morsel));
        }
        for threads in THREADS {
            for morsel in MORSELS {
                self.run(Feed::File, threads, morsel)?;
            }
        }
        if self.input.is_some() {
            self.run(Feed::Pipe, "2", "64")?;
            self.run(Feed::Gzip, "2", "64")?;
            self.run(Feed::Unfiltered, "2", "1000")?;
            self.run(Feed::Unmapped, "2", "1000")?;
        }
        Ok(())
    }

    fn run(&self, feed: Feed, threads: &str, morsel: &str) -> Result<(), String> {
        let place = tempfile::tempdir().expect("a temporary folder");
        copy(&self.dir, place.path());
        let output = self.spawn(place.path(), feed, threads, morsel);
        self.compare(place.path(), &output).map_err(|what| {
            format!(
                "{}: {what}\n  with --threads {threads} --morsel-bytes {morsel}, input from {feed:?}\n  stderr:\n{}",
                self.name,
                indented(&String::from_utf8_lossy(&output.stderr))
            )
        })
    }

    fn spawn(&self, place: &Path, feed: Feed, threads: &str, morsel: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_varpulis"));
        command.current_dir(place).args(["run", "query.vpl"]).args(&self.args);
        command.args(["--threads", threads, "--morsel-bytes", morsel]);
        command.args(["--summary", "json:summary.json"]);
        let mut stdin = Vec::new();
        if let Some(input) = &self.input {
            let bytes = fs::read(place.join(input)).expect("the input");
            match feed {
                Feed::File => command.args(["--input", input]),
                Feed::Unfiltered => command.args(["--input", input, "--no-prefilter"]),
                Feed::Unmapped => command.args(["--input", input, "--no-mmap"]),
                Feed::Pipe => {
                    stdin = bytes;
                    command.args(["--input", "-", "--input-format", extension(input)])
                }
                Feed::Gzip => {
                    fs::write(place.join(format!("{input}.gz")), gzip(&bytes)).expect("writable");
                    command.args(["--input", &format!("{input}.gz")])
                }
            };
        }
        let pipes = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = pipes.spawn().expect("the binary starts");
        // A run that is refused before it reads closes the pipe; its exit code tells.
        let _ = child.stdin.take().expect("a pipe").write_all(&stdin);
        child.wait_with_output().expect("the binary ends")
    }

    fn compare(&self, place: &Path, output: &Output) -> Result<(), String> {
        let expected: i32 =
            optional(&self.dir.join("expect.exit")).map_or(0, |code| code.trim().parse().expect("a code"));
        if output.status.code() != Some(expected) {
            return Err(format!("exit code {:?}, expected {expected}", output.status.code()));
        }
        let rows = optional(&self.dir.join("expect.jsonl")).unwrap_or_default();
        same_lines("stdout", &rows, &String::from_utf8_lossy(&output.stdout))?;
        for (name, text) in expected_files(&self.dir) {
            let actual = optional(&place.join(&name)).ok_or_else(|| format!("`{name}` was not written"))?;
            same_lines(&name, &text, &actual)?;
        }
        if let Some(lines) = optional(&self.dir.join("expect.stderr")) {
            holds_in_order(&lines, &String::from_utf8_lossy(&output.stderr))?;
        }
        if let Some(subset) = optional(&self.dir.join("expect.summary.json")) {
            let subset: Value = serde_json::from_str(&subset).expect("JSON");
            let text = optional(&place.join("summary.json")).ok_or("no summary was written")?;
            let actual: Value = serde_json::from_str(&text).map_err(|error| format!("summary: {error}"))?;
            holds("summary", &subset, &actual)?;
        }
        Ok(())
    }
}

/// The files of the folder `expect`: what the run must have written under the same names.
fn expected_files(dir: &Path) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(dir.join("expect")) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.expect("readable").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("text"))
        })
        .collect()
}

/// Byte for byte; the first line that differs is shown.
fn same_lines(what: &str, expected: &str, actual: &str) -> Result<(), String> {
    if expected == actual {
        return Ok(());
    }
    let (mut left, mut right) = (expected.lines(), actual.lines());
    for number in 1.. {
        match (left.next(), right.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => {
                let or_end = |line: Option<&str>| line.unwrap_or("(end)").to_owned();
                return Err(format!(
                    "{what} differs in line {number}\n    expected {}\n    found    {}",
                    or_end(a),
                    or_end(b)
                ));
            }
        }
    }
    Err(format!("{what} differs in its line ends"))
}

/// Every expected line is part of a line of stderr, in order.
fn holds_in_order(expected: &str, stderr: &str) -> Result<(), String> {
    let mut lines = stderr.lines();
    for wanted in expected.lines() {
        if !lines.any(|line| line.contains(wanted)) {
            return Err(format!("stderr lacks (at its place) `{wanted}`"));
        }
    }
    Ok(())
}

/// Whether `actual` holds every member of `expected`, at any depth.
fn holds(path: &str, expected: &Value, actual: &Value) -> Result<(), String> {
    if let (Value::Object(expected), Value::Object(actual)) = (expected, actual) {
        for (name, wanted) in expected {
            let found = actual.get(name).ok_or_else(|| format!("{path} has no `{name}`"))?;
            holds(&format!("{path}.{name}"), wanted, found)?;
        }
        return Ok(());
    }
    if let (Value::Array(expected), Value::Array(actual)) = (expected, actual)
        && expected.len() == actual.len()
    {
        for (at, (wanted, found)) in expected.iter().zip(actual).enumerate() {
            holds(&format!("{path}[{at}]"), wanted, found)?;
        }
        return Ok(());
    }
    if expected == actual {
        return Ok(());
    }
    Err(format!("{path} is {actual}, expected {expected}"))
}

fn extension(name: &str) -> &str {
    Path::new(name)
        .extension()
        .map_or("jsonl", |extension| extension.to_str().expect("text"))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("writable");
        }
    }
}

fn optional(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |mut out, line| {
        let _ = writeln!(out, "    {line}");
        out
    })
}
