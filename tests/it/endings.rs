//! How a run ends when something happens to it: signals, readers that go, files that shrink.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn varpulis(folder: &Path, program: &str, args: &[&str]) -> Command {
    let query = folder.join("query.vpl");
    fs::write(&query, program).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_varpulis"));
    command.arg("run").arg(query).args(args);
    command
}

fn lines(n: u64) -> String {
    let line = |n| format!("{{\"type\":\"Tick\",\"ts\":\"2026-01-23T10:00:00Z\",\"n\":{n},\"pad\":\"{n:0100}\"}}\n");
    (0..n).map(line).collect()
}

fn stderr_of(mut child: Child) -> (Option<i32>, String) {
    let status = child.wait().unwrap();
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    (status.code(), text)
}

#[test]
fn a_reader_that_goes_ends_the_run_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.jsonl");
    fs::write(&log, lines(100_000)).unwrap();
    let mut command = varpulis(folder.path(), "stream S = Tick", &["--input", log.to_str().unwrap()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"{\"stream\":");
    assert_eq!(stderr_of(child), (Some(0), String::new()));
}

#[test]
fn a_signal_ends_the_run_and_leaves_no_file() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("rows.jsonl");
        let mut command = varpulis(
            folder.path(),
            "config:\n    mode: \"low_latency\"\nstream S = Tick .print(n)",
            &["--output", output.to_str().unwrap(), "--progress", "never"],
        );
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Two rounds' worth of records; then the run is known to be under way.
        stdin.write_all(lines(10_000).as_bytes()).unwrap();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_exact(&mut [0; 2]).unwrap();
        let sent = Command::new("kill")
            .arg(signal)
            .arg(child.id().to_string())
            .status()
            .unwrap();
        assert!(sent.success());
        // The signal is heard at the next round.
        let _ = stdin.write_all(lines(20_000).as_bytes());
        drop(stdin);
        let mut said = String::new();
        stderr.read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{said}");
        assert!(
            said.contains("interrupted: rows up to here were written, files are not kept"),
            "{said}"
        );
        assert!(!output.exists());
        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["query.vpl"], "temporary files are taken away");
    }
}

#[test]
fn a_file_that_shrinks_is_an_error_and_no_crash() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.jsonl");
    fs::write(&log, lines(300_000)).unwrap();
    let output = folder.path().join("rows.jsonl");
    let mut command = varpulis(
        folder.path(),
        "stream S = Tick .where(n == -1)\nstream P = Tick .where(n < 2000) .print(n)",
        &[
            "--input",
            log.to_str().unwrap(),
            "--output",
            output.to_str().unwrap(),
            "-j",
            "1",
            "--morsel-bytes",
            "4k",
        ],
    );
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    // The first line that is printed shows that the file is mapped and the run under way.
    stderr.read_exact(&mut [0; 2]).unwrap();
    fs::File::options()
        .write(true)
        .open(&log)
        .unwrap()
        .set_len(5_000_000)
        .unwrap();
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(
        child.wait().unwrap().code(),
        Some(1),
        "{}",
        &said[said.len().saturating_sub(300)..]
    );
    assert!(
        said.contains("error: cannot read"),
        "{}",
        &said[said.len().saturating_sub(300)..]
    );
    assert!(!output.exists());
}

#[test]
fn an_input_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.jsonl");
    fs::write(&log, lines(3)).unwrap();
    let log = log.to_str().unwrap();
    let output = varpulis(folder.path(), "stream S = Tick", &["--input", log, "--output", log])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(log).unwrap(), lines(3));
}
