//! CSV: cells become values of the declared or inferred type; bad records are told; the cuts, and
//! what the text comes from, make no difference.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use varpulis::data::{BadCause, BadRecord, FieldId, Path, Pseudo, Type, Value};
use varpulis::read::{Base, DecodePlan, FieldPlan, Format, Input, InputSpec, ReadOptions, TypePlan};

const OPTIONS: ReadOptions = ReadOptions {
    morsel_bytes: 1 << 20,
    max_record_bytes: 16 << 20,
    mmap: true,
};

fn write(text: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.csv");
    fs::write(&path, text).unwrap();
    (dir, path)
}

fn field(id: u32, name: &str, ty: Type, required: bool) -> FieldPlan {
    FieldPlan {
        id: FieldId(id),
        path: Path::dotted(name),
        declared: ty != Type::Any,
        ty,
        required,
        first: false,
    }
}

fn plan(name: &str, fields: Vec<FieldPlan>) -> DecodePlan {
    let ty = TypePlan {
        name: name.to_owned(),
        event: name.to_owned(),
        fields,
        time: None,
    };
    DecodePlan {
        types: vec![ty],
        max_record_bytes: OPTIONS.max_record_bytes,
        ..DecodePlan::default()
    }
}

/// What is read of an input: of every row its type's index, its pseudo-fields, its fields, and its
/// members; and the bad records, with lines of the whole input.
#[derive(Debug, Default, PartialEq)]
struct Read {
    rows: Vec<(u64, usize, Vec<Value>, String)>,
    bad: Vec<(u64, u64, BadCause, String, String)>,
    records: u64,
    lines: u64,
    notes: Vec<String>,
}

fn read(path: &FilePath, event_type: Option<&str>, plan: &DecodePlan, options: &ReadOptions) -> Read {
    let plan = Arc::new(plan.clone());
    let spec = InputSpec {
        path: path.to_owned(),
        event_type: event_type.map(str::to_owned),
        format: Format::Csv,
        ..InputSpec::default()
    };
    let mut input = Input::open(&spec, 0, options).unwrap();
    let mut out = Read {
        notes: input.notes().to_vec(),
        ..Read::default()
    };
    let mut time = 0;
    while let Some(morsel) = input.next_morsel().unwrap() {
        let decoded = morsel.decode(&plan);
        decoded.set_base(Base { seq: out.records, time });
        time = decoded.last_time().unwrap_or(time);
        for (index, rows) in &decoded.batches {
            for row in 0..rows.len() as u32 {
                let fields = plan.types.get(*index).or(plan.other.as_ref()).unwrap().fields.iter();
                let pseudo = [Pseudo::Type, Pseudo::Seq, Pseudo::Time];
                let values = pseudo.iter().map(|which| rows.pseudo(*which, Some(&[row])).value(0));
                let values = values
                    .chain(fields.map(|field| rows.column(field.id, Some(&[row])).value(0)))
                    .collect();
                let mut members = Vec::new();
                rows.members(row, &mut members);
                let members = String::from_utf8(members).unwrap();
                serde_json::from_str::<serde_json::Value>(&format!("{{{members}}}")).unwrap();
                out.rows.push((rows.position(row).offset, *index, values, members));
            }
        }
        for BadRecord {
            position,
            line,
            cause,
            reason,
            text,
            ..
        } in &decoded.bad
        {
            let text = String::from_utf8_lossy(text).into_owned();
            out.bad
                .push((position.offset, out.lines + line, *cause, reason.clone(), text));
        }
        out.records += decoded.records;
        out.lines += decoded.lines;
    }
    out.rows.sort_by_key(|row| row.0);
    out
}

#[test]
fn cells_are_of_the_declared_type_else_of_the_inferred_one() {
    let (_dir, path) = write(
        b"\xef\xbb\xbfzip,n,price,ok,at,note\r\n\
          00123,1,2.50,true,2026-01-23T10:00:00Z,\"a \"\"b\"\"\"\r\n\
          99999,,,,,\r\n\
          4,x,y,z,w,\"line\none\"",
    );
    let fields = vec![
        field(0, "zip", Type::Str, true),
        field(1, "n", Type::Any, false),
        field(2, "price", Type::Any, false),
        field(3, "ok", Type::Any, false),
        field(4, "at", Type::Any, false),
        field(5, "note", Type::Any, false),
        field(6, "nothing", Type::Any, false),
    ];
    // Types are inferred from all records here, so the last one makes them text; by itself it does not.
    let read_all = read(&path, Some("Order"), &plan("Order", fields), &OPTIONS);
    assert_eq!(read_all.bad, []);
    assert_eq!((read_all.records, read_all.lines), (3, 5));
    assert_eq!(
        read_all.notes,
        [
            "columns that are not declared are read as inferred from the first 3 records: \
          zip str, n str, price str, ok str, at str, note str"
        ]
    );
    assert_eq!(
        read_all.rows[0].3,
        r#""zip":"00123","n":"1","price":"2.50","ok":"true","at":"2026-01-23T10:00:00Z","note":"a \"b\"""#
    );
}

#[test]
fn what_does_not_fit_the_inferred_type_stays_text() {
    let mut text = String::from("n,price,ok,at,stream\n");
    for n in 0..1000 {
        text += &format!("{n},{n}.50,false,2026-01-23T10:00:00.5Z,s\n");
    }
    text += "x,12,TRUE,,s\n007,1e300,no,tomorrow,s\n";
    let (_dir, path) = write(text.as_bytes());
    let fields = ["n", "price", "ok", "at"].iter().enumerate();
    let fields = fields
        .map(|(id, name)| field(id as u32, name, Type::Any, false))
        .collect();
    let read = read(&path, Some("T"), &plan("T", fields), &OPTIONS);
    let at = Value::Timestamp(1_769_162_400_500_000_000);
    assert_eq!(
        read.rows[3].2[3..],
        [Value::Int(3), Value::Float(3.5), Value::Bool(false), at]
    );
    assert_eq!(
        read.rows[1000].2[3..],
        [Value::str("x"), Value::Float(12.0), Value::Bool(true), Value::Null]
    );
    assert_eq!(
        read.rows[1001].2[3..],
        [
            Value::str("007"),
            Value::Float(1e300),
            Value::str("no"),
            Value::str("tomorrow")
        ]
    );
    assert_eq!(
        read.rows[3].3,
        r#""n":3,"price":3.50,"ok":false,"at":"2026-01-23T10:00:00.5Z","stream":"s""#
    );
    assert_eq!(
        read.rows[1000].3,
        r#""n":"x","price":12,"ok":true,"at":null,"stream":"s""#
    );
}

#[test]
fn declared_cells_and_bad_records() {
    let (_dir, path) = write(
        "type;n;f;b;at;tags;s\n\
         T;1;2;TRUE;1769162400;[1, 2];\n\
         T;1.5;2;true;2026-01-23;[];x\n\
         T;;2;true;2026-01-23;[];x\n\
         U;u;u;u;u;u;u\n\
         T;1;2\n\
         \n\
         T;1;2;1;2026-01-23;[\"a\"];x\n\
         T;1;2;true;\"soon\nor later\";[];x\n"
            .as_bytes(),
    );
    let fields = vec![
        field(0, "n", Type::Int, true),
        field(1, "f", Type::Float, false),
        field(2, "b", Type::Bool, false),
        field(3, "at", Type::Timestamp, false),
        field(4, "tags", Type::List(Box::new(Type::Int)), false),
        field(5, "s", Type::Str, true),
    ];
    let read = read(&path, None, &plan("T", fields), &OPTIONS);
    let at = Value::Timestamp(1_769_162_400_000_000_000);
    let tags = Value::list(vec![Value::Int(1), Value::Int(2)]);
    assert_eq!(read.rows.len(), 1);
    assert_eq!(read.rows[0].2[0], Value::str("T"));
    assert_eq!(
        read.rows[0].2[3..],
        [
            Value::Int(1),
            Value::Float(2.0),
            Value::Bool(true),
            at,
            tags,
            Value::str("")
        ]
    );
    assert_eq!((read.records, read.lines), (7, 10));
    let bad: Vec<_> = read.bad.iter().map(|bad| (bad.1, bad.2, bad.3.as_str())).collect();
    assert_eq!(
        bad,
        [
            (2, BadCause::WrongType, "`n` is `1.5`, the declaration says int"),
            (3, BadCause::MissingField, "`n` is missing"),
            (5, BadCause::Malformed, "3 cells, the header has 7"),
            (
                7,
                BadCause::WrongType,
                "`tags` is `[\"a\"]`, the declaration says [int]"
            ),
            (
                8,
                BadCause::WrongType,
                "`at` is `soon\nor later`, the declaration says timestamp"
            ),
        ]
    );
    assert_eq!(read.bad[2].4, "T;1;2");
}

#[test]
fn times_types_and_positions() {
    let (_dir, path) = write(b"event_type,ts,a.b\nA,1769162400,1\nB,,2\n,1769162401.5,3\nA,never,4\n");
    let fields = || vec![field(0, "a.b", Type::Any, false)];
    let mut plan = plan("A", fields());
    plan.other = Some(TypePlan {
        fields: fields(),
        ..TypePlan::default()
    });
    let read_all = read(&path, None, &plan, &OPTIONS);
    let row = |name, seq, time, value| {
        vec![
            Value::str(name),
            Value::Int(seq),
            Value::Timestamp(time),
            Value::Int(value),
        ]
    };
    let rows: Vec<_> = read_all.rows.iter().map(|row| (row.0, row.1, row.2.clone())).collect();
    assert_eq!(
        rows,
        [
            (18, 0, row("A", 0, 1_769_162_400_000_000_000, 1)),
            (33, 1, row("B", 1, 1_769_162_400_000_000_000, 2)),
            (38, 1, row("Event", 2, 1_769_162_401_500_000_000, 3)),
        ]
    );
    assert_eq!(read_all.bad[0].2, BadCause::BadTime);
    assert_eq!(read_all.bad[0].3, "`never` is no time");
    plan.from = Some(1_769_162_401_000_000_000);
    assert_eq!(read(&path, None, &plan, &OPTIONS).rows.len(), 1);
}

#[test]
fn headers_that_cannot_be_read() {
    let reason = |text: &[u8]| {
        let (_dir, path) = write(text);
        let spec = InputSpec {
            path,
            ..InputSpec::default()
        };
        Input::open(&spec, 0, &OPTIONS)
            .map(|_| ())
            .map_err(|error| error.reason)
    };
    assert_eq!(reason(b""), Ok(()));
    assert_eq!(reason(b"a,\xff\n1,2\n"), Err("its header is not UTF-8".to_owned()));
    assert_eq!(
        reason(b"\"a,b\n1,2\n"),
        Err("its header is too long, or has a quote that is not closed".to_owned())
    );
}

#[test]
fn a_stray_quote_costs_one_line() {
    let (_dir, path) = write(b"a,b\n1,\"x\n2,y\n3,z\n");
    let fields = vec![field(0, "a", Type::Any, false)];
    let read = read(&path, Some("T"), &plan("T", fields), &OPTIONS);
    assert_eq!(
        read.rows.iter().map(|row| row.2[3].clone()).collect::<Vec<_>>(),
        [Value::Int(2), Value::Int(3)]
    );
    let bad = (
        4,
        1,
        BadCause::Malformed,
        "a quote opens here that is not closed".to_owned(),
        "1,\"x".to_owned(),
    );
    assert_eq!(read.bad, [bad]);
}

/// Texts with quoted cells, blank lines, and records of the wrong width.
fn csv_text() -> impl Strategy<Value = String> {
    let cell = prop_oneof![
        4 => "[a-c0-9]{0,4}",
        1 => "\"[a,\n]{0,5}\"",
        1 => Just("\"a\"\"b\"".to_owned()),
    ];
    let record = prop_oneof![
        6 => prop::collection::vec(cell.clone(), 3..=3),
        1 => prop::collection::vec(cell, 0..5),
    ];
    (
        prop::collection::vec(record, 0..25),
        any::<bool>(),
        prop::sample::select(vec!["\n", "\r\n"]),
    )
        .prop_map(|(records, closed, end)| {
            let lines: Vec<String> = records.iter().map(|cells| cells.join(",")).collect();
            format!("x,y,z{end}{}{}", lines.join(end), if closed { end } else { "" })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Where the text is cut and how it is read makes no difference; and the `csv` crate, reading the
    /// whole, finds the same cells.
    #[test]
    fn cuts_and_sources_make_no_difference(text in csv_text(), morsel_bytes in 1_usize..50) {
        let (dir, path) = write(text.as_bytes());
        let fields: Vec<_> = ["x", "y", "z"].iter().enumerate().map(|(id, name)| field(id as u32, name, Type::Str, true)).collect();
        let plan = plan("T", fields);
        let whole = read(&path, Some("T"), &plan, &OPTIONS);
        let small = ReadOptions { morsel_bytes, ..OPTIONS };
        prop_assert_eq!(&whole, &read(&path, Some("T"), &plan, &small));
        prop_assert_eq!(&whole, &read(&path, Some("T"), &plan, &ReadOptions { mmap: false, ..small }));
        let packed = dir.path().join("x.csv.zst");
        fs::write(&packed, zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
        prop_assert_eq!(&whole, &read(&packed, Some("T"), &plan, &small));

        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(whole.records, records.len() as u64);
        let expected: Vec<Vec<&str>> = records.iter().filter(|record| record.len() == 3).map(|record| record.iter().collect()).collect();
        let found: Vec<Vec<Value>> = whole.rows.iter().map(|row| row.2[3..].to_vec()).collect();
        let expected: Vec<Vec<Value>> = expected.iter().map(|cells| cells.iter().map(|cell| Value::str(cell)).collect()).collect();
        prop_assert_eq!(found, expected);
    }
}
