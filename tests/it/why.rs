//! Why did it not fire: what `varpulis why` and `run --trace` say, to the letter.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const TAKEOVER: &str = "\
stream Takeover = Login as l
    -> PasswordChange where user == l.user and strength >= 8 as p
    -> not Logout where user == l.user
    -> Purchase where amount > 100 and user == l.user as b
    .within(30m)
    .emit(user: l.user, amount: b.amount)
";

const SHOP: &str = r#"{"type":"Login","ts":"2026-01-23T10:00:00Z","user":"bob"}
{"type":"PasswordChange","ts":"2026-01-23T10:01:00Z","user":"bob","strength":9}
{"type":"Purchase","ts":"2026-01-23T10:02:00Z","user":"Bob","amount":500}
{"type":"Purchase","ts":"2026-01-23T10:03:00Z","user":"bob","amount":50}
{"type":"Purchase","ts":"2026-01-23T10:31:00Z","user":"bob","amount":200}
{"type":"Login","ts":"2026-01-23T11:00:00Z","user":"ann"}
{"type":"PasswordChange","ts":"2026-01-23T11:01:00Z","user":"ann","strength":3}
{"type":"Login","ts":"2026-01-23T12:00:00Z","user":"eve"}
{"type":"PasswordChange","ts":"2026-01-23T12:01:00Z","user":"eve","strength":10}
{"type":"Logout","ts":"2026-01-23T12:02:00Z","user":"eve"}
{"type":"Purchase","ts":"2026-01-23T12:03:00Z","user":"eve","amount":1000}
{"type":"Login","ts":"2026-01-23T13:00:00Z","user":"joe"}
"#;

const FILES: &str = r#"{"type":"Open","ts":"2026-01-23T10:00:00Z","file":"a"}
{"type":"Close","ts":"2026-01-23T10:00:01Z","file":"a","size":3}
{"type":"Open","ts":"2026-01-23T10:00:02Z","file":"b"}
{"type":"Lock","ts":"2026-01-23T10:00:03Z","file":"b"}
{"type":"Write","ts":"2026-01-23T10:00:03Z","file":"b","size":2}
{"type":"Close","ts":"2026-01-23T10:00:04Z","file":"b","size":3}
{"type":"Delete","ts":"2026-01-23T10:00:05Z","file":"b","size":3}
{"type":"Open","ts":"2026-01-23T10:00:06Z","file":"a"}
"#;

const LOGINS: &str = r#"{"type":"Login","ts":"2026-01-23T10:00:00Z","user":"bob","outcome":"failure"}
{"type":"Login","ts":"2026-01-23T10:01:00Z","user":"bob","outcome":"failure"}
{"type":"Login","ts":"2026-01-23T10:02:00Z","user":"bob","outcome":"success"}
{"type":"Login","ts":"2026-01-23T11:00:00Z","user":"ann","outcome":"failure"}
{"type":"Login","ts":"2026-01-23T11:01:00Z","user":"ann","outcome":"failure"}
{"type":"Login","ts":"2026-01-23T11:02:00Z","user":"ann","outcome":"failure"}
{"type":"Login","ts":"2026-01-23T11:06:00Z","user":"ann","outcome":"success"}
{"type":"Login","ts":"2026-01-23T12:00:00Z","user":"eve","outcome":"failure"}
{"type":"Login","ts":"2026-01-23T12:01:00Z","user":"eve","outcome":"failure"}
{"type":"Login","ts":"2026-01-23T12:02:00Z","user":"eve","outcome":"failure"}
{"type":"Login","ts":"2026-01-23T12:03:00Z","user":"eve","outcome":"success"}
"#;

fn command(folder: &Path, program: &str, log: &str) -> Command {
    fs::write(folder.join("query.vpl"), program).unwrap();
    fs::write(folder.join("log.jsonl"), log).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_varpulis"));
    command.current_dir(folder);
    command
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// What `why` says, which is the same for any number of threads and size of pieces.
fn why(program: &str, log: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut known: Option<String> = None;
    for way in [
        ["-j", "1", "--morsel-bytes", "1M"],
        ["-j", "3", "--morsel-bytes", "100"],
    ] {
        let mut command = command(folder.path(), program, log);
        let output = command
            .args(["why", "query.vpl", "--input", "log.jsonl"])
            .args(args)
            .args(way)
            .output()
            .unwrap();
        let (said, complained) = texts(&output);
        assert_eq!(output.status.code(), Some(0), "{complained}");
        let first = known.get_or_insert_with(|| said.clone());
        assert_eq!(*first, said, "{way:?}");
    }
    known.unwrap_or_default()
}

/// How a command is refused.
fn refusal(program: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path(), program, SHOP);
    let output = command.args(args).args(["--input", "log.jsonl"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let (said, complained) = texts(&output);
    assert_eq!(said, "");
    let errors = complained.lines().filter(|line| line.starts_with("error"));
    errors.collect::<Vec<_>>().join("\n")
}

/// What is missing comes first, then the counts, then the nearest misses with the values that were compared.
#[test]
fn a_pattern_says_what_was_missing() {
    let said = why(TAKEOVER, SHOP, &[]);
    let expected = r#"Takeover: no match. 4 runs began; 2 of them ended waiting for `PasswordChange as p`.

  step                 came  fit  taken by  ended waiting for it
  Login as l              4    4    4 runs
  PasswordChange as p     3    2    2 runs  1 out of time, 1 open at the end
  not Logout              1    1         -  ended 1 run
  Purchase as b           4    3    0 runs  1 out of time, 1 broken by an absence

Nearest misses:

1. 2 of 3 steps taken
     2026-01-23T12:00:00Z  Login as l           log.jsonl:8  user "eve"
     2026-01-23T12:01:00Z  PasswordChange as p  log.jsonl:9  user "eve", strength 10
   waited for `Purchase as b`; broken by `Logout`: Logout at 2026-01-23T12:02:00Z, log.jsonl:10 (user "eve")

2. 2 of 3 steps taken
     2026-01-23T10:00:00Z  Login as l           log.jsonl:1  user "bob"
     2026-01-23T10:01:00Z  PasswordChange as p  log.jsonl:2  user "bob", strength 9
   waited for `Purchase as b` until 2026-01-23T10:30:00Z: 30m after the first event
   too late for `Purchase as b`, by 1m: Purchase at 2026-01-23T10:31:00Z, log.jsonl:5 (user "bob", amount 200)
   closest to `Purchase as b`: Purchase at 2026-01-23T10:02:00Z, log.jsonl:3 (user "Bob", amount 500)
     `user == l.user` is not true: "Bob" against "bob" (they differ in case)

3. 1 of 3 steps taken
     2026-01-23T13:00:00Z  Login as l  log.jsonl:12  user "joe"
   waited for `PasswordChange as p`, and the log ended
   nothing that could have been it came meanwhile
"#;
    assert_eq!(said, expected);
}

/// A key chooses runs, and the events that are counted; what could have been taken is shown whatever its key.
#[test]
fn a_key_chooses_runs() {
    let said = why(TAKEOVER, SHOP, &["--key", "user=bob"]);
    let expected = r#"Takeover: no match for user=bob. 1 run began; 1 of them ended waiting for `Purchase as b`.

  step                 came  fit  taken by  ended waiting for it
  Login as l              1    1     1 run
  PasswordChange as p     1    1     1 run
  not Logout              0    0         -
  Purchase as b           2    1    0 runs  1 out of time

Nearest misses:

1. 2 of 3 steps taken
     2026-01-23T10:00:00Z  Login as l           log.jsonl:1  user "bob"
     2026-01-23T10:01:00Z  PasswordChange as p  log.jsonl:2  user "bob", strength 9
   waited for `Purchase as b` until 2026-01-23T10:30:00Z: 30m after the first event
   too late for `Purchase as b`, by 1m: Purchase at 2026-01-23T10:31:00Z, log.jsonl:5 (user "bob", amount 200)
   closest to `Purchase as b`: Purchase at 2026-01-23T10:02:00Z, log.jsonl:3 (user "Bob", amount 500)
     `user == l.user` is not true: "Bob" against "bob" (they differ in case)
"#;
    assert_eq!(said, expected);
}

/// A time chooses the misses that are shown.
#[test]
fn a_time_chooses_misses() {
    let said = why(TAKEOVER, SHOP, &["--at", "2026-01-23T11:10:00Z", "--misses", "1"]);
    let expected = r#"Takeover: no match. 4 runs began; 2 of them ended waiting for `PasswordChange as p`.

  step                 came  fit  taken by  ended waiting for it
  Login as l              4    4    4 runs
  PasswordChange as p     3    2    2 runs  1 out of time, 1 open at the end
  not Logout              1    1         -  ended 1 run
  Purchase as b           4    3    0 runs  1 out of time, 1 broken by an absence

Nearest misses:

1. 1 of 3 steps taken
     2026-01-23T11:00:00Z  Login as l  log.jsonl:6  user "ann"
   waited for `PasswordChange as p` until 2026-01-23T11:30:00Z: 30m after the first event
   closest to `PasswordChange as p`: PasswordChange at 2026-01-23T11:01:00Z, log.jsonl:7 (user "ann", strength 3)
     `strength >= 8` is not true: strength 3
"#;
    assert_eq!(said, expected);
}

/// A repetition that is too short, and what came too late; runs that share events are told once.
#[test]
fn repetitions_that_are_too_short() {
    let said = why(
        r#"stream Guessed = Login{3,} where outcome == "failure" as fails -> Login where outcome == "success" as ok
    .partition_by(user)
    .within(5m)
    .emit(user: user, failures: count(fails))
"#,
        LOGINS,
        &[],
    );
    let expected = r#"Guessed: 1 match. 8 runs began; 6 of them ended waiting for `Login as fails`.

  step            came  fit  taken by  ended waiting for it
  Login as fails    11    8    8 runs  4 out of time, 2 open at the end
  Login as ok       11    3     1 run  1 out of time

                                             matches' rows  went on
  .emit(user: user, failures: count(fails))              1        1

Nearest misses:

1. 1 of 2 steps taken, key "ann"
     2026-01-23T11:00:00Z  Login as fails  log.jsonl:4  outcome "failure"
     2026-01-23T11:01:00Z  Login as fails  log.jsonl:5  outcome "failure"
     2026-01-23T11:02:00Z  Login as fails  log.jsonl:6  outcome "failure"
   waited for `Login as ok` until 2026-01-23T11:05:00Z: 5m after the first event
   too late for `Login as ok`, by 1m: Login at 2026-01-23T11:06:00Z, log.jsonl:7 (outcome "success")

2. 1 of 2 steps taken, key "eve" (and another run that shares events with it)
     2026-01-23T12:01:00Z  Login as fails  log.jsonl:9   outcome "failure"
     2026-01-23T12:02:00Z  Login as fails  log.jsonl:10  outcome "failure"
   waited for `Login as fails` or `Login as ok`, and the log ended
   closest to `Login as ok`: Login at 2026-01-23T12:03:00Z, log.jsonl:11 (outcome "success")
     `Login as fails` had 2 of the 3 it needs

3. 1 of 2 steps taken, key "ann" (and another run that shares events with it)
     2026-01-23T11:01:00Z  Login as fails  log.jsonl:5  outcome "failure"
     2026-01-23T11:02:00Z  Login as fails  log.jsonl:6  outcome "failure"
   waited for `Login as fails` or `Login as ok` until 2026-01-23T11:06:00Z: 5m after the first event
   closest to `Login as ok`: Login at 2026-01-23T11:06:00Z, log.jsonl:7 (outcome "success")
     `Login as fails` had 2 of the 3 it needs
"#;
    assert_eq!(said, expected);
}

/// The very next event was another, and a condition that is computed.
#[test]
fn the_very_next_event_was_another() {
    let said = why(
        r#"stream Strict = Open as o -> next Write as w -> Close where size > w.size * 2 as c .partition_by(file) .within(1m)
"#,
        FILES,
        &[],
    );
    let expected = r#"Strict: no match. 3 runs began; 2 of them ended waiting for `Write as w`.

  step        came  fit  taken by  ended waiting for it
  Open as o      3    3    3 runs
  Write as w     1    1     1 run  1 passed by another event, 1 open at the end
  Close as c     2    2    0 runs  1 open at the end

Nearest misses:

1. 2 of 3 steps taken, key "b"
     2026-01-23T10:00:02Z  Open as o   log.jsonl:3
     2026-01-23T10:00:03Z  Write as w  log.jsonl:5
   waited for `Close as c`, and the log ended
   closest to `Close as c`: Close at 2026-01-23T10:00:04Z, log.jsonl:6 (size 3)
     `size > w.size * 2` is not true: 3 against 4

2. 1 of 3 steps taken, key "a"
     2026-01-23T10:00:06Z  Open as o  log.jsonl:8
   waited for `Write as w`, and the log ended
   nothing that could have been it came meanwhile

3. 1 of 3 steps taken, key "a"
     2026-01-23T10:00:00Z  Open as o  log.jsonl:1
   waited for `Write as w` as the very next; that was Close at 2026-01-23T10:00:01Z, log.jsonl:2 (size 3)
"#;
    assert_eq!(said, expected);
}

/// Absences before, behind and within are broken by an event that is shown.
#[test]
fn absences_are_broken_by_an_event() {
    let said = why(
        r#"stream Lead = not Open within 1m -> Write as w .partition_by(file) .emit(f: w.file)
stream Trail = Open as o -> not Close within 10s .partition_by(file) .emit(f: o.file)
stream Whole = Open as o -> Write as w .partition_by(file) .within(1m) .not(Lock) .emit(f: o.file)
"#,
        FILES,
        &[],
    );
    let expected = r#"Lead: no match. 1 run began.

  step        came  fit  taken by  ended waiting for it
  not Open       3    3         -  ended 1 run
  Write as w     1    1     1 run

1 run complete, and broken by an absence

Nearest misses:

1. 1 of 1 step taken, key "b"
     2026-01-23T10:00:03Z  Write as w  log.jsonl:5  file "b"
   complete; broken by `Open`: Open at 2026-01-23T10:00:02Z, log.jsonl:3

Trail: no match. 3 runs began; 3 of them ended waiting for `not Close`.

  step       came  fit  taken by  ended waiting for it
  Open as o     3    3    3 runs
  not Close     2    2         -  ended 2 runs; 2 broken by an absence, 1 undecided at the end

Nearest misses:

1. 1 of 1 step taken, key "a"
     2026-01-23T10:00:06Z  Open as o  log.jsonl:8  file "a"
   complete but for the time of the absence, and the log ended (`--at-end flush` decides it)

2. 1 of 1 step taken, key "b"
     2026-01-23T10:00:02Z  Open as o  log.jsonl:3  file "b"
   waited for `not Close`; broken by `Close`: Close at 2026-01-23T10:00:04Z, log.jsonl:6

3. 1 of 1 step taken, key "a"
     2026-01-23T10:00:00Z  Open as o  log.jsonl:1  file "a"
   waited for `not Close`; broken by `Close`: Close at 2026-01-23T10:00:01Z, log.jsonl:2

Whole: no match. 3 runs began; 3 of them ended waiting for `Write as w`.

  step        came  fit  taken by  ended waiting for it
  Open as o      3    3    3 runs
  Write as w     1    1    0 runs  1 broken by an absence, 2 open at the end
  not Lock       1    1         -  ended 1 run

Nearest misses:

1. 1 of 2 steps taken, key "a"
     2026-01-23T10:00:06Z  Open as o  log.jsonl:8  file "a"
   waited for `Write as w`, and the log ended
   nothing that could have been it came meanwhile

2. 1 of 2 steps taken, key "b"
     2026-01-23T10:00:02Z  Open as o  log.jsonl:3  file "b"
   waited for `Write as w`; broken by `Lock`: Lock at 2026-01-23T10:00:03Z, log.jsonl:4

3. 1 of 2 steps taken, key "a"
     2026-01-23T10:00:00Z  Open as o  log.jsonl:1  file "a"
   waited for `Write as w`, and the log ended
   nothing that could have been it came meanwhile
"#;
    assert_eq!(said, expected);
}

/// Types that do not come, and conditions that nothing satisfies, are said at once.
#[test]
fn what_never_comes_is_said_at_once() {
    let said = why(
        r#"stream Nothing = Opne as o -> Write as w .within(1m) .emit(s: w.size)
stream None = Write where size > 5 as w -> Close as c .within(1m) .emit(s: w.size)
stream Later = Open as o -> (Write where size > 5 as w or Close as c) -> Delete where size < 0 as d .within(1m) .emit(f: o.file)
"#,
        FILES,
        &["--misses", "0"],
    );
    let expected = r#"Nothing: no match. Nothing began: no `Opne` came.

  step        came  fit  taken by  ended waiting for it
  Opne as o      0    0    0 runs
  Write as w     1    1    0 runs

None: no match. Nothing began: 1 `Write` came, and none fits `Write as w`.

  step        came  fit  taken by  ended waiting for it
  Write as w     1    0    0 runs
  Close as c     2    2    0 runs

Later: no match. 3 runs began, but of 1 `Delete` none fits `Delete as d`.

  step         came  fit  taken by  ended waiting for it
  Open as o       3    3    3 runs
  Write as w      1    0    0 runs  1 open at the end
  Close as c      2    2    2 runs
  Delete as d     1    0    0 runs  2 open at the end
"#;
    assert_eq!(said, expected);
}

/// What is complete and no match: rejected, a part of another, or dropped behind the pattern.
#[test]
fn what_is_complete_and_no_match() {
    let said = why(
        r#"stream Each = Open as o -> each Close where file == o.file as c .within(1m) .after_match("skip_to_next") .where(c.size > 3) .emit(f: o.file)
stream Closed = Close{2,} as c .within(10s) .where(count(c) > 2) .emit(n: count(c))
"#,
        FILES,
        &["--misses", "1"],
    );
    let expected = r#"Each: no match. 5 runs began; 3 of them ended waiting for `Close as c`.

  step        came  fit  taken by  ended waiting for it
  Open as o      3    3    3 runs
  Close as c     2    2    2 runs  3 open at the end

2 runs complete, and rejected by the condition behind the pattern

Nearest misses:

1. 2 of 2 steps taken
     2026-01-23T10:00:02Z  Open as o   log.jsonl:3  file "b"
     2026-01-23T10:00:04Z  Close as c  log.jsonl:6  file "b", size 3
   complete; the condition behind the pattern is not true: `c.size > 3`

Closed: 1 match. 2 runs began; 1 of them ended waiting for `Close as c`.

  step        came  fit  taken by  ended waiting for it
  Close as c     2    2    2 runs  1 open at the end

                        matches' rows  went on
  .where(count(c) > 2)              1        0
  .emit(n: count(c))                0        0

Nearest misses:

1. 1 of 1 step taken
     2026-01-23T10:00:04Z  Close as c  log.jsonl:6
   waited for `Close as c`, and the log ended
   nothing that could have been it came meanwhile
"#;
    assert_eq!(said, expected);
}

/// Streams without a pattern say how many rows each operator let through.
#[test]
fn streams_without_a_pattern_count_rows() {
    let said = why(
        r#"stream Low = Purchase .where(amount < 300 and user == "bob") .select(amount, user)
stream Big = Low .where(amount > 100) .window(1h) .aggregate(n: count()) .having(n > 5) .emit(n: n)
"#,
        SHOP,
        &["--stream", "Low", "--stream", "Big"],
    );
    let expected = r#"Low: 2 rows

                         rows that came  went on
  .where(amount < 300)                4        2
  .where(user == "bob")               2        2
  .select(amount, user)               2        2

Big: 0 rows

                          rows that came  went on
  .where(amount > 100)                 2        1
  .aggregate(n: count())               1        1
  .where(n > 5)                        1        0
  .emit(n: n)                          0        0

It reads `Low`: ask about that too (`--stream Low`).
"#;
    assert_eq!(said, expected);
}

/// Rows of streams stand where the event does that determined them.
#[test]
fn rows_of_streams_are_events_too() {
    let said = why(
        r#"stream Bought = Purchase .where(amount > 100) .emit as Big (user: user, amount: amount)
stream Two = Big as a -> Big where user == a.user and amount > a.amount as b .within(1h) .emit(user: a.user)
"#,
        SHOP,
        &["--stream", "Two", "--misses", "1"],
    );
    let expected = r#"Two: no match. 3 runs began; 3 of them ended waiting for `Big as b`.

  step      came  fit  taken by  ended waiting for it
  Big as a     3    3    3 runs
  Big as b     3    3    0 runs  2 out of time, 1 open at the end

Nearest misses:

1. 1 of 2 steps taken
     2026-01-23T12:03:00Z  Big as a  log.jsonl:11  user "eve", amount 1000
   waited for `Big as b`, and the log ended
   nothing that could have been it came meanwhile
"#;
    assert_eq!(said, expected);
}

#[test]
fn what_cannot_be_asked_is_refused_by_name() {
    let cases: [(&str, &[&str], &str); 8] = [
        (
            TAKEOVER,
            &["why", "query.vpl", "--stream", "Takeovr"],
            "error: there is no stream `Takeovr`; did you mean `Takeover`?",
        ),
        (
            TAKEOVER,
            &["why", "query.vpl", "--key", "usr=bob"],
            "error: `usr` is no key of `Takeover`; there are `user`",
        ),
        (
            TAKEOVER,
            &["why", "query.vpl", "--key", "bob"],
            "error: `--key bob`: write it as NAME=VALUE",
        ),
        (
            TAKEOVER,
            &["run", "query.vpl", "--trace", "Takeover=bob"],
            "error: `Takeover` has no partition: write `Takeover=NAME=bob` with one of `user`",
        ),
        (
            TAKEOVER,
            &["why", "query.vpl", "--stream", "Takeover", "--stream", "Takeover"],
            "error: `Takeover` is asked about twice: once will do",
        ),
        (
            "stream All = Login as a -> Logout as b .within(1h) .stam()\n",
            &["why", "query.vpl", "--stream", "All"],
            "error: `All` takes all combinations (`.stam()`): there are no runs that end; ask about it without \
             `.stam()` and `.trend_aggregate`",
        ),
        (
            "stream One = Login .where(user == \"bob\")\n",
            &["why", "query.vpl", "--key", "user=bob"],
            "error: `One` has no pattern, so that nothing in it has a key",
        ),
        (
            "stream Idle = Login\nstream One = Login .emit(user: user)\n",
            &["run", "query.vpl", "--trace", "Idle"],
            "error: `Idle` writes nothing and nobody reads it, so that it is not run; `varpulis why` tells about it",
        ),
    ];
    for (program, args, expected) in cases {
        assert_eq!(refusal(program, args), expected, "{args:?}");
    }
}

#[test]
fn a_run_that_is_traced_writes_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let program =
        "stream Change = Login as l -> PasswordChange where user == l.user as p .partition_by(user) .within(5m)\n";
    let mut rows: Vec<String> = Vec::new();
    for trace in [&[][..], &["--trace", "Change=ann"], &["--trace", "Change=user=joe"]] {
        let mut command = command(folder.path(), program, SHOP);
        let args = ["run", "query.vpl", "--input", "log.jsonl", "--quiet"];
        let (written, said) = texts(&command.args(args).args(trace).output().unwrap());
        rows.push(written);
        let first = said.lines().next().unwrap_or_default();
        let expected = match trace.last() {
            None => "",
            Some(&"Change=ann") => "Change: 1 match for ann. 1 run began.",
            Some(_) => {
                "Change: no match for user=joe. 1 run began, but no `PasswordChange` came for `PasswordChange as p`."
            }
        };
        assert_eq!(first, expected);
    }
    assert_eq!(rows[0].lines().count(), 3);
    assert_eq!(rows[0], rows[1]);
    assert_eq!(rows[0], rows[2]);
}

#[test]
fn why_writes_no_rows_and_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let program = "stream Two = Login .print(user) .to(\"rows.jsonl\")\nstream One = Login .emit(user: user)\n";
    let mut command = command(folder.path(), program, SHOP);
    let args = ["why", "query.vpl", "--input", "log.jsonl", "--stream", "One"];
    let (said, complained) = texts(&command.args(args).output().unwrap());
    let expected =
        "One: 4 rows\n\n                     rows that came  went on\n  .emit(user: user)               4        4\n";
    assert_eq!((said.as_str(), complained.as_str()), (expected, ""));
    assert!(!folder.path().join("rows.jsonl").exists());
}

/// Of a pipe, which cannot be read again, the byte is told.
#[test]
fn events_of_a_pipe_are_told_by_byte() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path(), TAKEOVER, SHOP);
    command.args(["why", "query.vpl", "--misses", "1"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(SHOP.as_bytes()).unwrap();
    let (said, _) = texts(&child.wait_with_output().unwrap());
    let at = |text: &str| SHOP.find(text).unwrap();
    let (login, change) = (
        at("{\"type\":\"Login\",\"ts\":\"2026-01-23T12:00:00Z\""),
        at("{\"type\":\"PasswordChange\",\"ts\":\"2026-01-23T12"),
    );
    let took: Vec<&str> = said.lines().filter(|line| line.starts_with("     2026")).collect();
    let expected = [
        format!("     2026-01-23T12:00:00Z  Login as l           stdin byte {login}  user \"eve\""),
        format!("     2026-01-23T12:01:00Z  PasswordChange as p  stdin byte {change}  user \"eve\", strength 10"),
    ];
    assert_eq!(took, expected);
}

/// Lines are counted from the beginning of a file, whatever was made of it.
#[test]
fn events_of_many_pieces_are_told_by_line() {
    let mut log = String::new();
    for n in 0..500 {
        let bad = if n % 7 == 0 { "\n{broken\n" } else { "" };
        log += &format!("{{\"type\":\"Tick\",\"ts\":{},\"n\":{n}}}\n{bad}", 1_769_162_400 + n);
    }
    let program = "stream Jump = Tick where n == 400 as a -> Tick where n == 401 and n < a.n as b .within(1m)\n";
    let said = why(program, &log, &[]);
    let line = 1 + log.lines().position(|line| line.contains("\"n\":400}")).unwrap();
    let expected = format!(
        "     2026-01-23T10:06:40Z  Tick as a  log.jsonl:{line}  n 400\n   \
         waited for `Tick as b` until 2026-01-23T10:07:40Z: 1m after the first event\n   \
         closest to `Tick as b`: Tick at 2026-01-23T10:06:41Z, log.jsonl:{} (n 401)\n     \
         `n < a.n` is not true: 401 against 400\n",
        line + 1
    );
    assert!(said.ends_with(&expected), "{said}");
}

#[test]
fn programs_are_answered_in_json() {
    let said = why(TAKEOVER, SHOP, &["--json", "--misses", "2"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let pattern = &said["streams"][0]["pattern"];
    assert_eq!(pattern["begun"], 4);
    assert_eq!(pattern["steps"][3]["ended_waiting"]["broken"], 1);
    assert_eq!(pattern["misses"][0]["by"]["event"]["line"], 10);
    let miss = &pattern["misses"][1];
    assert_eq!(miss["late"]["event"]["line"], 5);
    let lacks = serde_json::json!([{"condition": "user == l.user", "own": "Bob", "other": "bob"}]);
    assert_eq!(miss["closest"]["lacks"], lacks);
}
