//! Replay by time and by arrival, from the user's door: logs out of order, from every kind of input,
//! give the rows that sorting them by hand gives; flags that contradict each other are refused.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A record of a generated log, or a line that is none.
#[derive(Clone, Debug)]
enum Line {
    /// Second of the day, if it has a time; key; a text with a newline where the format can.
    Record(Option<u32>, u32),
    Bad,
    Blank,
}

/// Pseudo-random numbers, the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(n)) as u32
    }
}

/// `n` lines; times grow by a second every two lines, but for up to `jitter` seconds.
fn log(n: u32, jitter: u32, odd: bool, seed: u64) -> Vec<Line> {
    let mut numbers = Numbers(seed);
    (0..n)
        .map(|at| match numbers.below(40) {
            0 if odd => Line::Bad,
            1 if odd => Line::Blank,
            2 | 3 if odd => Line::Record(None, numbers.below(50)),
            _ => Line::Record(Some(jitter + at / 2 - numbers.below(jitter + 1)), numbers.below(50)),
        })
        .collect()
}

fn clock(second: u32) -> String {
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

fn jsonl(lines: &[Line]) -> String {
    let line = |line: &Line| match line {
        Line::Record(Some(second), k) => {
            format!(
                "{{\"type\":\"E\",\"timestamp\":\"2026-01-23T{}Z\",\"k\":{k}}}\n",
                clock(*second)
            )
        }
        Line::Record(None, k) => format!("{{\"type\":\"E\",\"k\":{k}}}\n"),
        Line::Bad => "{\"type\":\"E\",\"k\":[}\n".to_owned(),
        Line::Blank => "\n".to_owned(),
    };
    lines.iter().map(line).collect()
}

fn csv(lines: &[Line]) -> String {
    let mut text = "type,timestamp,note,k\n".to_owned();
    for line in lines {
        let _ = match line {
            Line::Record(Some(second), k) => writeln!(text, "E,2026-01-23T{}Z,\"a\nb\",{k}", clock(*second)),
            Line::Record(None, k) => writeln!(text, "E,,\"c,\n\n\",{k}"),
            Line::Bad => writeln!(text, "E,x"),
            Line::Blank => writeln!(text),
        };
    }
    text
}

/// A record in its place: second, input, number in it, key.
type Placed = (u32, usize, u64, u32);

/// The good records of logs with their times, in order of these. In order of arrival (`slack`) the
/// first number is the clock.
fn in_order(logs: &[Vec<Line>], slack: Option<u32>) -> Vec<(u32, Placed)> {
    let mut placed = Vec::new();
    for (input, lines) in logs.iter().enumerate() {
        let mut last = lines.iter().find_map(|line| match line {
            Line::Record(second, _) => *second,
            _ => None,
        });
        let (mut seq, mut largest) = (0, 0);
        for line in lines {
            if let Line::Record(Some(second), _) = line {
                last = Some(*second);
            }
            let time = last.unwrap_or_default();
            if let Line::Record(_, k) = line {
                largest = largest.max(time);
                let clock = slack.map_or(time, |slack| time.max(largest.saturating_sub(slack)));
                placed.push((clock, (time, input, seq, *k)));
            }
            seq += u64::from(!matches!(line, Line::Blank));
        }
    }
    placed.sort_by_key(|(clock, (_, input, seq, _))| (*clock, *input, *seq));
    placed
}

const PROGRAM: &str = "stream First = E .distinct(k) .emit(k: k, n: _seq)\n\
                       stream Few = E .where(k == 7) .limit(20) .emit(n: _seq)\n\
                       stream All = E .where(k < 3) .emit(n: _seq)\n";

/// What [`PROGRAM`] makes of records in order.
fn rows(records: &[(u32, Placed)]) -> String {
    let mut rows = String::new();
    let (mut seen, mut few) = (vec![false; 50], 0);
    for &(_, (second, _, seq, k)) in records {
        let mut row = |stream: &str, k: &str| {
            let at = clock(second);
            let _ = writeln!(
                rows,
                "{{\"stream\":\"{stream}\",\"ts\":\"2026-01-23T{at}Z\",{k}\"n\":{seq}}}"
            );
        };
        if !std::mem::replace(&mut seen[k as usize], true) {
            row("First", &format!("\"k\":{k},"));
        }
        if k == 7 && few < 20 {
            few += 1;
            row("Few", "");
        }
        if k < 3 {
            row("All", "");
        }
    }
    rows
}

fn run(folder: &Path, program: &str, args: &[&str], stdin: Option<&Path>) -> Output {
    fs::write(folder.join("query.vpl"), program).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_varpulis"));
    command.current_dir(folder).args(["run", "query.vpl"]).args(args);
    let stdin = stdin.map_or_else(Stdio::null, |path| Stdio::from(File::open(path).unwrap()));
    command.stdin(stdin).output().unwrap()
}

/// The same, the input coming through a pipe.
fn piped(folder: &Path, program: &str, args: &[&str], input: &Path) -> Output {
    fs::write(folder.join("query.vpl"), program).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_varpulis"));
    command.current_dir(folder).args(["run", "query.vpl"]).args(args);
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    let text = fs::read(input).unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || stdin.write_all(&text));
    let output = child.wait_with_output().unwrap();
    // Who stops early does not read everything.
    let _ = feeder.join().unwrap();
    output
}

fn gzip(path: &Path) -> PathBuf {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&fs::read(path).unwrap()).unwrap();
    let to = PathBuf::from(format!("{}.gz", path.display()));
    fs::write(&to, encoder.finish().unwrap()).unwrap();
    to
}

fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Runs [`PROGRAM`] over one log in every way it can be given, and compares.
fn check(name: &str, log: &str, lines: &[Line], args: &[&str], slack: Option<u32>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, log).unwrap();
    let packed = gzip(&path);
    let expected = rows(&in_order(&[lines.to_vec()], slack));
    let format = ["--input-format", if name.ends_with("csv") { "csv" } else { "jsonl" }];
    for more in [
        &["--morsel-bytes", "2000", "--threads", "2"][..],
        &["--morsel-bytes", "500", "--threads", "1"],
        &["--threads", "3"],
        &["--morsel-bytes", "300", "--no-mmap"],
    ] {
        let args: Vec<&str> = args.iter().chain(more).chain(&format).copied().collect();
        let packed_name = packed.to_str().unwrap();
        let file = [&args[..], &["--input", name]].concat();
        let gzip = [&args[..], &["--input", packed_name]].concat();
        let stdin = [&args[..], &["--input", "-"]].concat();
        let outputs = [
            run(folder.path(), PROGRAM, &file, None),
            run(folder.path(), PROGRAM, &gzip, None),
            run(folder.path(), PROGRAM, &stdin, Some(&path)),
            piped(folder.path(), PROGRAM, &stdin, &path),
            piped(folder.path(), PROGRAM, &stdin, &packed),
        ];
        for (nth, output) in outputs.iter().enumerate() {
            let (stdout, stderr) = text(output);
            assert!(output.status.success(), "{args:?}, input {nth}: {stderr}");
            let wrong = stdout
                .lines()
                .zip(expected.lines())
                .find(|(found, wanted)| found != wanted);
            assert_eq!(wrong, None, "{args:?}, input {nth}\n{stderr}");
            assert_eq!(stdout.len(), expected.len(), "{args:?}, input {nth}\n{stderr}");
        }
    }
}

#[test]
fn slightly_out_of_order() {
    let lines = log(3000, 20, true, 1);
    check("log.jsonl", &jsonl(&lines), &lines, &[], None);
}

#[test]
fn sorted_on_disk() {
    let lines = log(2000, 5000, true, 2);
    check("log.jsonl", &jsonl(&lines), &lines, &["--memory-limit", "1k"], None);
    check("log.csv", &csv(&lines), &lines, &["--memory-limit", "1k"], None);
}

#[test]
fn csv_out_of_order() {
    let lines = log(2000, 100, true, 3);
    check("log.csv", &csv(&lines), &lines, &[], None);
}

#[test]
fn in_order_of_arrival() {
    let lines = log(2000, 20, true, 4);
    check("log.jsonl", &jsonl(&lines), &lines, &["--order", "arrival"], Some(0));
}

#[test]
fn taken_to_be_in_order() {
    let lines = log(2000, 0, true, 5);
    check("log.jsonl", &jsonl(&lines), &lines, &["--assume-sorted"], None);
}

/// What was done about the order is the same in the summary, however the input is cut.
#[test]
fn the_summary_says_what_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let lines = log(2000, 5000, true, 6);
    fs::write(folder.path().join("log.jsonl"), jsonl(&lines)).unwrap();
    let said = |args: &[&str]| {
        let args = [&["--input", "log.jsonl", "--morsel-bytes", "2000"], args].concat();
        text(&run(folder.path(), PROGRAM, &args, None)).1
    };
    let (kept, sorted) = (said(&[]), said(&["--memory-limit", "1k"]));
    let place = |text: &str, what: &str| {
        let line = text.lines().find(|line| line.starts_with("replayed in order of time"));
        assert!(line.is_some_and(|line| line.contains(what)), "{text}");
    };
    place(&kept, ": put in order on the way, ");
    place(&sorted, ": sorted on disk first");
    let bad = |text: &str| {
        text.lines()
            .filter(|line| line.contains("(byte "))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(bad(&kept).len(), 5, "{kept}");
    assert_eq!(bad(&kept), bad(&sorted));
}

#[test]
fn several_inputs_are_one_log() {
    let folder = tempfile::tempdir().unwrap();
    let logs = [log(900, 0, false, 7), log(1200, 30, true, 8), log(300, 2000, true, 9)];
    let names = ["b.jsonl", "a.jsonl", "c.jsonl"];
    for (name, lines) in names.iter().zip(&logs) {
        fs::write(folder.path().join(name), jsonl(lines)).unwrap();
    }
    gzip(&folder.path().join("a.jsonl"));
    let expected = rows(&in_order(&logs, None));
    for (a, limit, morsel) in [
        ("a.jsonl", "1G", "400"),
        ("a.jsonl.gz", "1G", "3000"),
        ("a.jsonl", "1k", "400"),
        ("a.jsonl.gz", "1k", "400"),
    ] {
        let args = [
            "--input",
            "b.jsonl",
            a,
            "c.jsonl",
            "--memory-limit",
            limit,
            "--morsel-bytes",
            morsel,
        ];
        let (stdout, stderr) = text(&run(folder.path(), PROGRAM, &args, None));
        let wrong = stdout
            .lines()
            .zip(expected.lines())
            .find(|(found, wanted)| found != wanted);
        assert_eq!(wrong, None, "{args:?}\n{stderr}");
        assert_eq!(stdout.len(), expected.len(), "{args:?}\n{stderr}");
    }
}

#[test]
fn contradictions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (args, why) in [
        (
            &["--sort", "--order", "input"][..],
            "`--sort` puts events in order of time",
        ),
        (
            &["--assume-sorted", "--order", "arrival"],
            "`--assume-sorted` is for replays in order of time",
        ),
        (
            &["--assume-sorted", "--sort"],
            "`--assume-sorted` says that nothing needs sorting",
        ),
        (&["--late", "late.jsonl"], "`--late` keeps events that come too late"),
    ] {
        let output = run(folder.path(), PROGRAM, args, None);
        let (stdout, stderr) = text(&output);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(why), "{stderr}");
        assert_eq!(stdout, "");
    }
}
