//! `--memory-limit` for what patterns wait for, from the user's door.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Starts without an end: two thousand users with two events a second among them.
const PROGRAM: &str = "stream Small = A as a -> C where user == a.user .within(1s) .emit(user: a.user)\n\
                       stream Large = A as a -> B where user == a.user {within} .emit(user: a.user)\n";

fn log() -> String {
    let mut lines = String::new();
    for at in 0..20_000 {
        let _ = writeln!(
            lines,
            "{{\"type\":\"A\",\"ts\":{},\"user\":\"u{}\"}}",
            1_700_000_000 + at / 2,
            at % 2000
        );
    }
    let _ = writeln!(lines, "{{\"type\":\"B\",\"ts\":1700010000,\"user\":\"u1\"}}");
    lines
}

/// The exit code, what was written, and the lines of stderr that name an error.
fn run(folder: &Path, within: &str, limit: &[&str], threads: &str) -> (Option<i32>, String, String) {
    fs::write(folder.join("query.vpl"), PROGRAM.replace("{within}", within)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_varpulis"))
        .current_dir(folder)
        .args(["run", "query.vpl", "--input", "log.jsonl", "--output", "rows.jsonl"])
        .args(["--morsel-bytes", "4000", "--threads", threads])
        .args(limit)
        .output()
        .unwrap();
    let rows = fs::read_to_string(folder.join("rows.jsonl")).unwrap_or_default();
    let _ = fs::remove_file(folder.join("rows.jsonl"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let errors = errors.lines().filter(|line| line.starts_with("error"));
    (output.status.code(), rows, errors.collect())
}

fn mebibytes(text: &str) -> f64 {
    text.strip_suffix(" MiB").unwrap().parse().unwrap()
}

#[test]
fn what_is_waited_for_keeps_to_the_limit_or_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log.jsonl"), log()).unwrap();
    for threads in ["1", "3"] {
        let (code, rows, error) = run(folder.path(), "", &["--memory-limit", "1M"], threads);
        assert_eq!(code, Some(1), "{error}");
        assert_eq!(rows, "", "half a file is none");
        let (takes, most) = error
            .split_once(" of memory, more than the 1.00 MiB of `--memory-limit`: ")
            .unwrap();
        let total = mebibytes(
            takes
                .strip_prefix("error: what patterns and attention windows remember takes ")
                .unwrap(),
        );
        let (runs, rest) = most.split_once(" runs in ").unwrap();
        let runs: u32 = runs
            .strip_prefix("most of it is `Large`, with ")
            .unwrap()
            .parse()
            .unwrap();
        let (bytes, remedy) = rest.split_once("; ").unwrap();
        assert!((1000..20_000).contains(&runs), "{error}");
        assert!(total > 1.0 && total / 2.0 < mebibytes(bytes), "{error}");
        assert_eq!(
            remedy,
            "give it a bound in time (`.within(1h)` directly behind the pattern), or a `.partition_by(..)` for the \
             keys that belong together, or allow more"
        );
    }
    let (code, rows, error) = run(folder.path(), ".within(1h)", &["--memory-limit", "200k"], "2");
    assert_eq!((code, rows.as_str()), (Some(1), ""));
    assert!(
        error.contains("give it a shorter `.within(..)`, or a `.partition_by(..)`"),
        "{error}"
    );
    let all = run(folder.path(), "", &[], "1");
    assert_eq!((all.0, all.1.lines().count(), all.2.as_str()), (Some(0), 10, ""));
    assert_eq!(run(folder.path(), "", &["--memory-limit", "1G"], "3"), all);
    let few = run(folder.path(), ".within(5s)", &["--memory-limit", "1M"], "3");
    assert_eq!((few.0, few.1.as_str(), few.2.as_str()), (Some(0), "", ""));
}
