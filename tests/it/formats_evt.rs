//! Event text (`.evt`), and the flags of CSV.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;

use serde_json::Value;

use crate::formats_support::{csv_of, events, file, gzip, jsonl, rows, run};

const TEXT: &str = r#"# a comment
// another
A { n: 1, text: "a \"b\"", word: hello world, }
@5s A { n: 2, list: [1, x, 'y z', {k: 2.5}], ok: true, none: nil }

  B(17, "EUR", .5);
BATCH 1000
A { n: -3.5e1, deep: { a: { b: [] } } }
@2026-01-23T10:00:00Z {"event_type": "A", "n": 4}
{"event_type": "A", "data": {"n": 5}}
A { n: 6, ts: "2020-01-01T00:00:00Z" }
{"event_type": "A", "ts": 7, "n": 7}
@1m30s A{n:8}
"#;

fn lines_of(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn events_and_their_times() {
    let folder = tempfile::tempdir().unwrap();
    let program = "stream S = any .emit(kind: _type, at: _time, n: n, seq: _seq)";
    let found = |path: &str, extra: &[&str]| {
        let args = [&["--input", path][..], extra].concat();
        let rows = rows(folder.path(), program, &args);
        let shown = lines_of(&rows).into_iter().map(|row| {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            format!("{} {} {} {}", row["seq"], text("kind"), text("at"), row["n"])
        });
        shown.collect::<Vec<_>>()
    };
    let expected = [
        "0 A 1970-01-01T00:00:05Z 1",
        "1 A 1970-01-01T00:00:05Z 2",
        "2 B 1970-01-01T00:00:05Z null",
        "3 A 1970-01-01T00:00:01Z -35.0",
        "4 A 2026-01-23T10:00:00Z 4",
        "5 A 2026-01-23T10:00:00Z 5",
        "6 A 2020-01-01T00:00:00Z 6",
        "7 A 1970-01-01T00:00:07Z 7",
        "8 A 1970-01-01T00:01:30Z 8",
    ];
    let path = file(folder.path(), "log.evt", TEXT.as_bytes());
    let path = path.to_str().unwrap();
    assert_eq!(found(path, &["--order", "input"]), expected);
    // Each line a morsel of its own: the time goes on from one to the next.
    assert_eq!(found(path, &["--order", "input", "--morsel-bytes", "1"]), expected);
    let packed = file(folder.path(), "log.evt.gz", &gzip(TEXT.as_bytes()));
    assert_eq!(found(packed.to_str().unwrap(), &["--order", "input"]), expected);
}

#[test]
fn values_are_read_as_json_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "log.evt", TEXT.as_bytes());
    let all = rows(
        folder.path(),
        "stream S = any",
        &["--input", path.to_str().unwrap(), "--order", "input"],
    );
    let all = lines_of(&all);
    assert_eq!(all[0]["text"], "a \"b\"");
    assert_eq!(all[0]["word"], "hello world");
    assert_eq!(all[1]["list"], serde_json::json!([1, "x", "y z", {"k": 2.5}]));
    assert_eq!((&all[1]["ok"], &all[1]["none"]), (&Value::Bool(true), &Value::Null));
    assert_eq!(
        (&all[2]["field_0"], &all[2]["field_1"], &all[2]["field_2"]),
        (&17.into(), &"EUR".into(), &0.5.into())
    );
    assert_eq!(all[3]["deep"], serde_json::json!({"a": {"b": []}}));
    // The time is written where it is read: under the name of the declared field.
    let program = "event A:\n    when: timestamp\n    n: float\nstream S = A .where(n == 8) .emit(when: when)";
    let text = "@90s A { n: 8 }\n@91s A { n: 8, when: 5 }\n";
    let path = file(folder.path(), "declared.evt", text.as_bytes());
    let found = lines_of(&rows(folder.path(), program, &["--input", path.to_str().unwrap()]));
    assert_eq!(found[0]["when"], "1970-01-01T00:01:30Z");
    assert_eq!(found[1]["when"], "1970-01-01T00:00:05Z");
}

#[test]
fn bad_lines_are_bad_records_with_their_text_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let text = "A { n: 1 }\n  @x A { n: 2 }\nA { n 3 }\nA { n: 4\nhello\nBATCH soon\n{\"n\": }\nA { n: \"\\x\" }\nA { n: 9 }\n";
    let path = file(folder.path(), "log.evt", text.as_bytes());
    let letters = folder.path().join("dead.jsonl");
    let args = [
        "--input",
        path.to_str().unwrap(),
        "--dead-letter",
        letters.to_str().unwrap(),
    ];
    let output = run(folder.path(), "stream S = A .emit(n: n)", &args);
    assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 2);
    let dead = lines_of(&fs::read_to_string(&letters).unwrap());
    let shown: Vec<String> = dead
        .iter()
        .map(|bad| {
            format!(
                "{}:{}:{} {} | {}",
                bad["line"], bad["offset"], bad["at"], bad["reason"], bad["record"]
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#"2:13:14 "no time after `@`: write `@5s`, `@250` (milliseconds) or `@2026-01-23T10:00:00Z`" | "@x A { n: 2 }""#,
            r#"3:27:35 "a `:` should stand here" | "A { n 3 }""#,
            r#"4:37:44 "a closing bracket is missing" | "A { n: 4""#,
            r#"5:46:46 "an event is written `Type { field: value }`" | "hello""#,
            r#"6:52:52 "`BATCH` takes a number of milliseconds" | "BATCH soon""#,
            r#"7:63:63 "no JSON value" | "{\"n\": }""#,
            r#"8:71:71 "a string holds an unknown escape" | "A { n: \"\\x\" }""#,
        ]
    );
}

#[test]
fn csv_of_every_dialect_gives_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let events = events(400);
    let program = "stream S = any .emit(kind: _type, at: _time, n: n, ip: net.ip, user: user, amount: amount, ok: ok)";
    let path = file(folder.path(), "log.jsonl", &jsonl(&events));
    let expected = rows(folder.path(), program, &["--input", path.to_str().unwrap()]);
    let names = "amount,event_type,n,net.ip,net.port,ok,ts,user";
    for (name, bytes, flags) in [
        ("log.csv", csv_of(&events, b',', b'"', true), &[][..]),
        ("log.tsv", csv_of(&events, b'\t', b'"', true), &[]),
        ("log.psv", csv_of(&events, b'|', b'"', true), &[]),
        (
            "log.txt",
            csv_of(&events, b'\t', b'"', true),
            &["--input-format", "tsv"],
        ),
        (
            "other.csv",
            csv_of(&events, b'~', b'\'', true),
            &["--csv-delimiter", "~", "--csv-quote", "'"],
        ),
        ("bare.csv", csv_of(&events, b',', b'"', false), &["--csv-header", names]),
        (
            "tabs.csv",
            csv_of(&events, b'\t', b'"', false),
            &["--csv-header", names, "--csv-delimiter", "tab"],
        ),
        ("sniffed.csv", csv_of(&events, b';', b'"', true), &[]),
    ] {
        let path = file(folder.path(), name, &bytes);
        let packed = file(folder.path(), &format!("{name}.gz"), &gzip(&bytes));
        for (path, more) in [
            (&path, &[][..]),
            (&path, &["--morsel-bytes", "100", "--no-mmap"]),
            (&packed, &[]),
        ] {
            let args = [&["--input", path.to_str().unwrap(), "--csv-null", "\\N"], flags, more].concat();
            assert_eq!(rows(folder.path(), program, &args), expected, "{name} {args:?}");
        }
    }
}

#[test]
fn csv_without_names_or_quotes() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "log.csv", b"\"a,1\nb,2\n-,3\n");
    let program = "stream S = any .emit(a: c1, b: c2)";
    let args = [
        "--input",
        path.to_str().unwrap(),
        "--csv-no-header",
        "--csv-quote",
        "none",
        "--csv-null",
        "-",
    ];
    let found = lines_of(&rows(folder.path(), program, &args));
    let shown: Vec<_> = found.iter().map(|row| (row["a"].clone(), row["b"].clone())).collect();
    assert_eq!(
        shown,
        [
            ("\"a".into(), 1.into()),
            ("b".into(), 2.into()),
            (Value::Null, 3.into())
        ]
    );
    // A text that is quoted is what it says.
    let path = file(folder.path(), "quoted.csv", b"a,b\n\"-\",-\n");
    let found = rows(
        folder.path(),
        "stream S = any",
        &["--input", path.to_str().unwrap(), "--csv-null", "-"],
    );
    assert_eq!(
        found,
        "{\"stream\":\"S\",\"ts\":\"1970-01-01T00:00:00Z\",\"a\":\"-\",\"b\":null}\n"
    );
}

#[test]
fn csv_flags_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (flags, says) in [
        (
            &["--csv-delimiter", ";;"][..],
            "give one ASCII character that ends no line, or `tab`",
        ),
        (
            &["--csv-quote", "é"],
            "give one ASCII character that ends no line, or `tab`",
        ),
        (&["--csv-no-header", "--csv-header", "a,b"], "cannot be used with"),
        (
            &["--csv-delimiter", "\""],
            "`--csv-delimiter` and `--csv-quote` cannot be the same",
        ),
    ] {
        let output = run(folder.path(), "stream S = any", flags);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(2) && said.contains(says),
            "{flags:?}: {said}"
        );
    }
}
