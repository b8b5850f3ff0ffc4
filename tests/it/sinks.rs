//! Files of columns hold what was written, by their formats' own readers: every type, nested, null,
//! extreme; known types, types found in the values, whole rows.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use varpulis::data::{Column, Key, Type, Value};
use varpulis::write::{RowBatch, RowColumns, TableFile};

use crate::sinks_support::{column, fields, read, record, schema, types, whole, write};

const TYPED: [&str; 2] = ["parquet", "arrow"];

fn place(extension: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(format!("x.{extension}"));
    (dir, path)
}

fn list(item: Type) -> Type {
    Type::List(Box::new(item))
}

/// Identical, so that NaN, `-0.0` and `1` against `1.0` count.
fn assert_same(found: &[Value], wanted: &[Value]) {
    assert_eq!(format!("{found:?}"), format!("{wanted:?}"));
}

fn numbers() -> Vec<Value> {
    vec![Value::Int(i64::MIN), Value::Null, Value::Int(i64::MAX)]
}

#[test]
fn every_type_comes_back() {
    let pair = |a, b| Value::list(vec![a, b]);
    let cases: Vec<(&str, Type, Vec<Value>)> = vec![
        (
            "b",
            Type::Bool,
            vec![Value::Bool(true), Value::Null, Value::Bool(false)],
        ),
        ("i", Type::Int, numbers()),
        (
            "f",
            Type::Float,
            vec![Value::Float(f64::NAN), Value::Float(-0.0), Value::Float(f64::INFINITY)],
        ),
        (
            "s",
            Type::Str,
            vec![Value::str(""), Value::str("é🦀\0\"\n"), Value::Null],
        ),
        (
            "at",
            Type::Optional(Box::new(Type::Timestamp)),
            vec![Value::Timestamp(i64::MIN), Value::Timestamp(-1), Value::Null],
        ),
        (
            "d",
            Type::Duration,
            vec![Value::Duration(-1), Value::Null, Value::Duration(1)],
        ),
        (
            "ls",
            list(list(Type::Int)),
            vec![
                Value::list(vec![Value::list(numbers()), Value::Null]),
                Value::list(vec![]),
                Value::Null,
            ],
        ),
        (
            "m",
            Type::Map(Box::new(Type::Int), Box::new(Type::Str)),
            vec![
                Value::map([
                    (Key(Value::Int(7)), Value::str("x")),
                    (Key(Value::Int(-7)), Value::Null),
                ]),
                Value::Null,
                Value::map([]),
            ],
        ),
        (
            "r",
            Type::Record(types(&[("a.b", Type::Int), ("\"c\" d", list(Type::Str))])),
            vec![
                record(&[("a.b", Value::Int(1)), ("\"c\" d", Value::list(vec![Value::str("x")]))]),
                Value::Null,
                record(&[("a.b", Value::Null), ("\"c\" d", Value::Null)]),
            ],
        ),
    ];
    let mut columns: Vec<(&str, Type)> = cases.iter().map(|case| (case.0, case.1.clone())).collect();
    let mut rows: Vec<(&str, Vec<Value>)> = cases.iter().map(|case| (case.0, case.2.clone())).collect();
    columns.push(("t", Type::Tuple(vec![Type::Int, Type::Duration])));
    let one = pair(Value::Int(1), Value::Duration(2));
    rows.push(("t", vec![one.clone(), Value::Null, pair(Value::Null, Value::Null)]));
    for extension in TYPED {
        let (_dir, path) = place(extension);
        assert_eq!(write(&path, Some(&types(&columns)), &[fields(&rows)]), [""; 0]);
        for (name, _, values) in &cases {
            assert_same(&column(&path, name), values);
        }
        assert_same(
            &column(&path, "t"),
            &[
                record(&[("_0", Value::Int(1)), ("_1", Value::Duration(2))]),
                Value::Null,
                record(&[("_0", Value::Null), ("_1", Value::Null)]),
            ],
        );
        assert_same(&column(&path, "stream"), &["S", "S", "S"].map(Value::str));
        assert_same(&column(&path, "ts"), &[0, 1, 2].map(Value::Timestamp));
        assert_eq!(
            schema(&path),
            [
                "stream: dictionary utf8",
                "ts: timestamp UTC",
                "b: boolean",
                "i: int64",
                "f: float64",
                "s: utf8",
                "at: timestamp UTC",
                "d: duration",
                "ls: [[int64]]",
                "m: map {key: int64, value: utf8}",
                "r: {a.b: int64, \"c\" d: [utf8]}",
                "t: {_0: int64, _1: duration}",
            ]
        );
    }
}

#[test]
fn types_are_found_in_the_values() {
    let any = |name| (name, Type::Any);
    let columns = types(&["n", "mixed", "large", "nothing", "deep", "keys", "ids"].map(any));
    let rows = fields(&[
        ("n", vec![Value::Int(1), Value::Float(0.5), Value::Null]),
        ("mixed", vec![Value::Int(1), Value::str("1"), Value::Null]),
        ("large", vec![Value::Int(i64::MAX), Value::Float(1.0), Value::Null]),
        ("nothing", vec![Value::Null; 3]),
        (
            "deep",
            vec![
                record(&[("a", Value::Int(1)), ("b", Value::list(vec![Value::Int(1)]))]),
                record(&[("c", Value::str("x")), ("b", Value::list(vec![Value::Float(0.5)]))]),
                record(&[("a", Value::Bool(true))]),
            ],
        ),
        (
            "keys",
            vec![
                Value::map([(Key(Value::Int(1)), Value::Int(2))]),
                Value::Null,
                Value::Null,
            ],
        ),
        ("ids", vec![record(&[]), Value::Null, Value::Null]),
    ]);
    for extension in TYPED {
        let (_dir, path) = place(extension);
        assert_eq!(
            write(&path, Some(&columns), std::slice::from_ref(&rows)),
            [
                "column `mixed` holds values of unlike types (int and str); it is written as JSON text",
                "column `large` holds ints and floats; ints beyond 2^53 were rounded to floats",
                "column `deep.a` holds values of unlike types (int and bool); it is written as JSON text",
            ]
        );
        assert_eq!(
            schema(&path)[2..],
            [
                "n: float64",
                "mixed: utf8",
                "large: float64",
                "nothing: utf8",
                "deep: {a: utf8, b: [float64], c: utf8}",
                "keys: map {key: int64, value: int64}",
                "ids: utf8",
            ]
        );
        assert_same(
            &column(&path, "n"),
            &[Value::Float(1.0), Value::Float(0.5), Value::Null],
        );
        assert_same(
            &column(&path, "mixed"),
            &[Value::str("1"), Value::str("\"1\""), Value::Null],
        );
        assert_same(&column(&path, "nothing"), &[const { Value::Null }; 3]);
        assert_same(
            &column(&path, "deep"),
            &[
                record(&[
                    ("a", Value::str("1")),
                    ("b", Value::list(vec![Value::Float(1.0)])),
                    ("c", Value::Null),
                ]),
                record(&[
                    ("a", Value::Null),
                    ("b", Value::list(vec![Value::Float(0.5)])),
                    ("c", Value::str("x")),
                ]),
                record(&[("a", Value::str("true")), ("b", Value::Null), ("c", Value::Null)]),
            ],
        );
        assert_same(&column(&path, "ids"), &[Value::str("{}"), Value::Null, Value::Null]);
    }
}

#[test]
fn whole_rows_have_a_column_for_every_member_met() {
    let rows = whole(vec![
        record(&[("b", Value::Int(1)), ("stream", Value::str("theirs"))]),
        Value::Int(5),
        record(&[("a.x", Value::str("y")), ("b", Value::Int(2))]),
        Value::map([(Key(Value::Int(3)), Value::Bool(true))]),
    ]);
    for extension in TYPED {
        let (_dir, path) = place(extension);
        assert_eq!(write(&path, None, std::slice::from_ref(&rows)), [""; 0]);
        assert_eq!(
            schema(&path),
            [
                "stream: utf8",
                "ts: timestamp UTC",
                "b: int64",
                "value: int64",
                "a.x: utf8",
                "3: boolean"
            ]
        );
        assert_same(&column(&path, "stream"), &["theirs", "S", "S", "S"].map(Value::str));
        let (some, none) = (Value::Int, Value::Null);
        assert_same(&column(&path, "b"), &[some(1), none.clone(), some(2), none.clone()]);
        assert_same(
            &column(&path, "value"),
            &[none.clone(), some(5), none.clone(), none.clone()],
        );
        assert_same(
            &column(&path, "3"),
            &[none.clone(), none.clone(), none, Value::Bool(true)],
        );
    }
}

#[test]
fn fields_called_stream_and_ts_take_those_places() {
    let columns = types(&[("n", Type::Int), ("ts", Type::Int), ("stream", Type::Bool)]);
    let rows = fields(&[
        ("n", vec![Value::Int(1)]),
        ("ts", vec![Value::Int(2)]),
        ("stream", vec![Value::Bool(true)]),
    ]);
    for extension in TYPED {
        let (_dir, path) = place(extension);
        write(&path, Some(&columns), std::slice::from_ref(&rows));
        assert_eq!(schema(&path), ["stream: boolean", "ts: int64", "n: int64"]);
        assert_same(&column(&path, "ts"), &[Value::Int(2)]);
    }
    let (_dir, path) = place("csv");
    write(&path, Some(&columns), &[rows]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "stream,ts,n\ntrue,2,1\n");
}

#[test]
fn a_file_without_rows_has_its_columns() {
    let columns = types(&[("a", Type::Int), ("b", Type::Any)]);
    for extension in TYPED {
        let (_dir, path) = place(extension);
        write(&path, Some(&columns), &[]);
        assert_eq!(
            schema(&path),
            ["stream: dictionary utf8", "ts: timestamp UTC", "a: int64", "b: utf8"]
        );
        assert_eq!(read(&path).1.iter().map(|batch| batch.num_rows()).sum::<usize>(), 0);
        let (_dir, path) = place(extension);
        write(&path, None, &[]);
        assert_eq!(schema(&path), ["stream: dictionary utf8", "ts: timestamp UTC"]);
    }
    let (_dir, path) = place("csv");
    write(&path, None, &[]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "stream,ts\n");
}

#[test]
fn csv_quotes_what_needs_it() {
    let columns = types(&[
        ("a,b", Type::Str),
        ("f", Type::Float),
        ("d", Type::Duration),
        ("l", Type::Any),
        ("at", Type::Timestamp),
    ]);
    let rows = fields(&[
        (
            "a,b",
            vec![Value::str("x\"y"), Value::str(""), Value::Null, Value::str("a\r")],
        ),
        (
            "f",
            vec![
                Value::Float(1.0),
                Value::Float(f64::NAN),
                Value::Float(1e300),
                Value::Null,
            ],
        ),
        (
            "d",
            vec![
                Value::Duration(1_500_000_000),
                Value::Null,
                Value::Duration(-1),
                Value::Null,
            ],
        ),
        (
            "l",
            vec![
                Value::list(vec![Value::Int(1), Value::str("é")]),
                record(&[("a", Value::Null)]),
                Value::str("plain"),
                Value::Int(i64::MIN),
            ],
        ),
        (
            "at",
            vec![Value::Timestamp(1_500_000_000), Value::Null, Value::Null, Value::Null],
        ),
    ]);
    let (_dir, path) = place("csv");
    let notes = write(&path, Some(&columns), std::slice::from_ref(&rows));
    assert_eq!(notes, ["floats that are NaN or infinite, written as empty cells: 1"]);
    let wanted = "stream,ts,\"a,b\",f,d,l,at\n\
        S,1970-01-01T00:00:00Z,\"x\"\"y\",1.0,1.5,\"[1,\"\"é\"\"]\",1970-01-01T00:00:01.500Z\n\
        S,1970-01-01T00:00:00.000000001Z,\"\",,,\"{\"\"a\"\":null}\",\n\
        S,1970-01-01T00:00:00.000000002Z,,1e300,-1e-9,plain,\n\
        S,1970-01-01T00:00:00.000000003Z,\"a\r\",,,-9223372036854775808,\n";
    assert_eq!(fs::read_to_string(&path).unwrap(), wanted);
    let (_dir, path) = place("tsv.gz");
    write(&path, Some(&columns), &[rows]);
    let mut text = String::new();
    std::io::Read::read_to_string(
        &mut flate2::read::GzDecoder::new(fs::File::open(&path).unwrap()),
        &mut text,
    )
    .unwrap();
    assert_eq!(text.lines().next().unwrap(), "stream\tts\ta,b\tf\td\tl\tat");
}

#[test]
fn rows_without_fields_are_rows() {
    let nothing = RowBatch {
        ts: vec![0, 1],
        rows: RowColumns::Fields {
            names: [].into(),
            columns: Vec::new(),
        },
    };
    for columns in [None, Some([].as_slice())] {
        let (_dir, path) = place("parquet");
        write(&path, columns, std::slice::from_ref(&nothing));
        assert_eq!(schema(&path), ["stream: dictionary utf8", "ts: timestamp UTC"]);
        assert_same(&column(&path, "ts"), &[0, 1].map(Value::Timestamp));
    }
}

#[test]
fn csv_of_whole_rows_has_all_members() {
    let rows = whole(vec![
        record(&[("b", Value::Int(1))]),
        record(&[("a", Value::str("1")), ("b", Value::str("x"))]),
    ]);
    let (_dir, path) = place("csv.zst");
    assert_eq!(write(&path, None, &[rows]), [""; 0]);
    let text = zstd::decode_all(fs::File::open(&path).unwrap()).unwrap();
    assert_eq!(
        String::from_utf8(text).unwrap(),
        "stream,ts,b,a\nS,1970-01-01T00:00:00Z,1,\nS,1970-01-01T00:00:00.000000001Z,x,1\n"
    );
}

#[test]
fn groups_have_a_fixed_number_of_rows() {
    const ROWS: i64 = 300_000;
    let batch = RowBatch {
        ts: (0..ROWS).collect(),
        rows: RowColumns::Fields {
            names: ["n".to_owned()].into(),
            columns: vec![Column::Int((0..ROWS).collect())],
        },
    };
    let columns = types(&[("n", Type::Int)]);
    let (_dir, path) = place("arrow");
    write(&path, Some(&columns), std::slice::from_ref(&batch));
    let rows: Vec<usize> = read(&path).1.iter().map(arrow::array::RecordBatch::num_rows).collect();
    assert_eq!(rows, [122_880, 122_880, 54_240]);
    let (_dir, path) = place("parquet");
    write(&path, Some(&columns), &[batch]);
    let file = fs::File::open(&path).unwrap();
    let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let metadata = builder.metadata();
    assert_eq!(metadata.file_metadata().created_by(), Some("varpulis version 0.1.0"));
    let rows: Vec<i64> = metadata
        .row_groups()
        .iter()
        .map(parquet::file::metadata::RowGroupMetaData::num_rows)
        .collect();
    assert_eq!(rows, [122_880, 122_880, 54_240]);
    let statistics = metadata.row_group(1).column(1).statistics().unwrap();
    assert_eq!(statistics.min_bytes_opt().unwrap(), 122_880_i64.to_le_bytes());
    assert_eq!(statistics.null_count_opt(), Some(0));
    assert!(column(&path, "n") == (0..ROWS).map(Value::Int).collect::<Vec<_>>());
}

#[test]
fn a_value_beyond_a_known_type_widens_the_column() {
    const ROWS: i64 = 130_000;
    let columns = types(&[("n", Type::Int), ("f", Type::Float)]);
    let rows = |from: i64, n: Column, f: Column| RowBatch {
        ts: (from..from + n.len() as i64).collect(),
        rows: RowColumns::Fields {
            names: ["n".to_owned(), "f".to_owned()].into(),
            columns: vec![n, f],
        },
    };
    let first = rows(
        0,
        Column::Int((0..ROWS).collect()),
        Column::Const(Value::Int(1), ROWS as usize),
    );
    let last = rows(
        ROWS,
        Column::Const(Value::str("x"), 1),
        Column::Const(Value::Float(0.5), 1),
    );
    for extension in TYPED {
        let (dir, path) = place(extension);
        assert_eq!(
            write(&path, Some(&columns), &[first.clone(), last.clone()]),
            ["column `n` holds values of unlike types (int and str); it is written as JSON text"]
        );
        let mut wanted: Vec<Value> = (0..ROWS).map(|n| Value::str(&n.to_string())).collect();
        wanted.push(Value::str("\"x\""));
        assert!(column(&path, "n") == wanted);
        let floats = column(&path, "f");
        assert_same(&floats[ROWS as usize - 1..], &[Value::Float(1.0), Value::Float(0.5)]);
        assert_eq!(column(&path, "ts")[ROWS as usize], Value::Timestamp(ROWS));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_file_that_is_not_finished_never_appears() {
    let (dir, path) = place("parquet");
    let mut file = TableFile::open(&path, "S", Some(&types(&[("n", Type::Int)]))).unwrap();
    file.write(&fields(&[("n", vec![Value::Int(1)])])).unwrap();
    drop(file);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
