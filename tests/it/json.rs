//! JSON lines -> batches: values, counts and verdicts, as LANGUAGE says them.

use std::sync::Arc;

use arrow::buffer::Buffer;
use varpulis::data::{BadCause, Column, EventRows, FieldId, Path, PathSeg, Pseudo, Type, Value};
use varpulis::read::{Base, DecodePlan, Decoded, FieldPlan, InputInfo, MorselText, TypePlan, json};

fn input() -> InputInfo {
    InputInfo {
        number: 2,
        name: Arc::from("log.jsonl"),
        event_type: None,
    }
}

fn text(bytes: &[u8]) -> MorselText {
    MorselText {
        bytes: Buffer::from_vec(bytes.to_vec()),
        offset: 0,
    }
}

pub(crate) fn decode(plan: DecodePlan, bytes: impl AsRef<[u8]>) -> Decoded {
    json::decode(text(bytes.as_ref()), &Arc::new(plan), input())
}

/// `a.b[0]` as a path of keys and indices.
pub(crate) fn path(text: &str) -> Path {
    let mut segs = Vec::new();
    for part in text.split('.') {
        let mut pieces = part.split('[');
        segs.push(PathSeg::Key(pieces.next().unwrap_or_default().to_owned()));
        segs.extend(pieces.map(|index| PathSeg::Index(index.trim_end_matches(']').parse().unwrap())));
    }
    Path(segs)
}

fn field(nth: usize, name: &str) -> FieldPlan {
    FieldPlan {
        id: FieldId(nth as u32),
        path: path(name),
        ty: Type::Any,
        declared: false,
        required: false,
        first: false,
    }
}

fn declared(nth: usize, name: &str, ty: Type, required: bool) -> FieldPlan {
    FieldPlan {
        ty,
        declared: true,
        required,
        ..field(nth, name)
    }
}

fn type_plan(name: &str, fields: Vec<FieldPlan>) -> TypePlan {
    TypePlan {
        name: name.to_owned(),
        event: name.to_owned(),
        fields,
        time: None,
    }
}

/// Reads these fields of events without a type.
pub(crate) fn plan(fields: &[&str]) -> DecodePlan {
    let fields = fields.iter().enumerate().map(|(nth, name)| field(nth, name)).collect();
    DecodePlan {
        types: vec![type_plan("Event", fields)],
        ..DecodePlan::default()
    }
}

fn values(column: &Column) -> Vec<Value> {
    (0..column.len()).map(|row| column.value(row)).collect()
}

/// All rows of all batches: the values of fields `0..n`.
pub(crate) fn rows(decoded: &Decoded, n: usize) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for (_, batch) in &decoded.batches {
        let columns: Vec<Column> = (0..n).map(|nth| batch.column(FieldId(nth as u32), None)).collect();
        rows.extend((0..batch.len()).map(|row| columns.iter().map(|column| column.value(row)).collect::<Vec<_>>()));
    }
    rows
}

/// The one value that a path finds in a record.
fn one(name: &str, record: &str) -> Value {
    let decoded = decode(plan(&[name]), record);
    assert_eq!(decoded.bad, [], "{record}");
    let rows = rows(&decoded, 1);
    for (_, batch) in &decoded.batches {
        assert_eq!(batch.take_bad(), [], "{record}");
    }
    rows[0][0].clone()
}

/// Why a record is bad, if it is, when this field is read.
fn verdict(name: &str, record: &[u8]) -> Option<BadCause> {
    let decoded = decode(plan(&[name]), record);
    if let Some(bad) = decoded.bad.first() {
        return Some(bad.cause);
    }
    let (_, batch) = decoded.batches.first()?;
    batch.column(FieldId(0), None);
    batch.take_bad().first().map(|(_, bad)| bad.cause)
}

fn int(i: i64) -> Value {
    Value::Int(i)
}

fn str(text: &str) -> Value {
    Value::str(text)
}

#[test]
fn values_are_typed_by_what_is_found() {
    let cases = [
        (r#"{"x":1}"#, int(1)),
        (r#"{"x":-0}"#, int(0)),
        (r#"{"x":1.5}"#, Value::Float(1.5)),
        (r#"{"x":1E+2}"#, Value::Float(100.0)),
        (r#"{"x":1e400}"#, Value::Float(f64::INFINITY)),
        (
            r#"{"x":9223372036854775808}"#,
            Value::Float(9_223_372_036_854_775_808.0),
        ),
        (r#"{"x":true}"#, Value::Bool(true)),
        (r#"{"x":false , "y":1}"#, Value::Bool(false)),
        (r#"{"x":null}"#, Value::Null),
        (r#"{"y":1}"#, Value::Null),
        (r#"{}"#, Value::Null),
        (r#"{ "x" : "a" }"#, str("a")),
        (r#"{"x":""}"#, str("")),
        (
            r#"{"x":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z"}"#,
            str("a\"\\/\u{8}\u{c}\n\r\té😀z"),
        ),
        (
            r#"{"x":"longer than twelve bytes, é"}"#,
            str("longer than twelve bytes, é"),
        ),
        (r#"{"x":"{[}]:,"}"#, str("{[}]:,")),
        (
            r#"{"x":[1,"a",null]}"#,
            Value::list(vec![int(1), str("a"), Value::Null]),
        ),
        (r#"{"x":1,"x":2}"#, int(1)),
        (r#"{"\u0078":3,"x":2}"#, int(3)),
        (r#"{"y":{"x":5},"x":2}"#, int(2)),
    ];
    for (record, value) in cases {
        assert_eq!(one("x", record), value, "{record}");
    }
}

#[test]
fn paths_walk_objects_and_arrays() {
    let cases = [
        ("a.b", r#"{"a":{"b":1}}"#, int(1)),
        ("a.b", r#"{"a.b":2}"#, int(2)),
        ("a.b", r#"{"a.b":2,"a":{"b":1}}"#, int(1)),
        ("a.b", r#"{"a.b":2,"a":{}}"#, Value::Null),
        ("a.b", r#"{"a":5}"#, Value::Null),
        ("a.b.c", r#"{"a":{"b.c":3}}"#, int(3)),
        ("a.b.c", r#"{"a.b":{"c":3}}"#, Value::Null),
        ("a.b", r#"{"a":{"b":1},"a":{"b":2}}"#, int(1)),
        ("a.b", r#"{"a":{"c":1},"a":{"b":2}}"#, Value::Null),
        (
            "a.b",
            r#"{"a":{"c":{"b":7},"b":[{"b":8}],"d":1}}"#,
            Value::list(vec![Value::map([(varpulis::data::Key(str("b")), int(8))])]),
        ),
        ("a[0]", r#"{"a":[1,2,3]}"#, int(1)),
        ("a[-1]", r#"{"a":[1,2,3]}"#, int(3)),
        ("a[-4]", r#"{"a":[1,2,3]}"#, Value::Null),
        ("a[1]", r#"{"a":[ {"x":[1,2]} , "x,y" , 3 ]}"#, str("x,y")),
        ("a[1].b[0].c", r#"{"a":[0,{"b":[{"c":"d"}]}]}"#, str("d")),
        ("a[0]", r#"{"a":[]}"#, Value::Null),
        ("a[0]", r#"{"a":{"0":1}}"#, Value::Null),
        ("x.y", r#"{"event_type":"Event","data":{"x":{"y":4}}}"#, int(4)),
        ("x", r#"{"data":{"x":4},"event_type":"Event","x":5}"#, int(5)),
        ("x", r#"{"data":{"x":4}}"#, Value::Null),
        ("x.y", r#"{"data":{"x.y":4},"event_type":"Event","x":{}}"#, int(4)),
    ];
    for (name, record, value) in cases {
        assert_eq!(one(name, record), value, "{name} in {record}");
    }
}

#[test]
fn lines_and_records_are_counted() {
    let decoded = decode(
        plan(&["x"]),
        "\u{feff}{\"x\":1}\r\n\n  \t\r\n{\"x\":2}\n {\"x\":3} \n{\"x\":4}",
    );
    assert_eq!((decoded.lines, decoded.records), (6, 4));
    assert_eq!(decoded.bad, []);
    assert_eq!(rows(&decoded, 1), [[int(1)], [int(2)], [int(3)], [int(4)]]);
    let batch = &decoded.batches[0].1;
    decoded.set_base(Base { seq: 100, time: 7 });
    assert_eq!(values(&batch.pseudo(Pseudo::Seq, Some(&[1, 3]))), [int(101), int(103)]);
    assert_eq!(values(&batch.pseudo(Pseudo::Time, Some(&[0]))), [Value::Timestamp(7)]);
    assert_eq!(values(&batch.pseudo(Pseudo::Source, Some(&[0]))), [str("log.jsonl")]);
    assert_eq!((batch.position(0).input, batch.position(0).offset), (2, 3));
    assert_eq!(batch.text(2), br#"{"x":3}"#);
    assert_eq!((decode(plan(&[]), "").lines, decode(plan(&[]), "\n").lines), (0, 1));
}

#[test]
fn frames_are_checked_whatever_is_read() {
    for record in [
        "1",
        "[]",
        "null",
        "{",
        "}",
        r#"{"x":1"#,
        r#"{"x":1}}"#,
        r#"{"x":1}{"y":2}"#,
        r#"{"x":1} z"#,
        r#"{"x":1} {"y":1}"#,
        r#"{"x":[1}"#,
        r#"{"x":{]}}"#,
        r#"{"x":"a}"#,
        r#"{"x":"a\"}"#,
        "x",
        r#"{"x":1]"#,
        r#"{"x":1,"y":"a}"#,
    ] {
        assert_eq!(verdict("zz", record.as_bytes()), Some(BadCause::Malformed), "{record}");
    }
}

#[test]
fn what_is_read_must_be_right() {
    use BadCause::{Malformed, NotUtf8};
    for (record, cause) in [
        (&br#"{"x":tru}"#[..], Malformed),
        (br#"{"x":01}"#, Malformed),
        (br#"{"x":1 2}"#, Malformed),
        (br#"{"x":}"#, Malformed),
        (br#"{"x"}"#, Malformed),
        (br#"{"x" 1}"#, Malformed),
        (br#"{,"x":1}"#, Malformed),
        (br#"{"y":2 "x":1}"#, Malformed),
        (br#"{"y":"a" "x":1}"#, Malformed),
        (br#"{x:1}"#, Malformed),
        (br#"{"x":"\q"}"#, Malformed),
        (br#"{"x":"\u12"}"#, Malformed),
        (b"{\"x\":\"a\tb\"}", Malformed),
        (br#"{"x":"\ud800"}"#, NotUtf8),
        (br#"{"x":"\udc00\ud800"}"#, NotUtf8),
        (b"{\"x\":\"\xff\"}", NotUtf8),
        (br#"{"x":[1,]}"#, Malformed),
        (br#"{"x":{"a":1,}}"#, Malformed),
        (br#"{"x":"a"b}"#, Malformed),
    ] {
        let shown = String::from_utf8_lossy(record);
        assert_eq!(verdict("x", record), Some(cause), "{shown}");
        let checked = decode(
            DecodePlan {
                check_all: true,
                ..plan(&[])
            },
            record,
        );
        assert_eq!(checked.bad.first().map(|bad| bad.cause), Some(cause), "{shown}");
    }
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert_eq!(verdict("x", nested(128).as_bytes()), None);
    assert_eq!(verdict("y", nested(129).as_bytes()), Some(BadCause::TooDeep));
    let decoded = decode(
        DecodePlan {
            max_record_bytes: 20,
            ..plan(&["x"])
        },
        format!("{}\n{{\"x\":1}}", nested(20)),
    );
    assert_eq!(
        (decoded.bad[0].cause, decoded.bad[0].line, decoded.records),
        (BadCause::TooLong, 0, 2)
    );
    assert_eq!(rows(&decoded, 1), [[int(1)]]);
}

#[test]
fn types_are_found_and_told_apart() {
    let mut plan = DecodePlan {
        types: vec![type_plan("A", vec![field(0, "x")]), type_plan("B", vec![field(0, "x")])],
        ..DecodePlan::default()
    };
    let log = concat!(
        "{\"type\":\"B\",\"x\":1}\n",
        "{\"type\":\"B\",\"event_type\":\"A\",\"x\":2}\n",
        "{\"event_type\":null,\"type\":\"\\u0041\",\"x\":3}\n",
        "{\"x\":4}\n",
        "{\"type\":\"C\",\"x\":5}\n",
        "{\"type\":7.5,\"x\":6}\n",
        "{\"x\":7,\"event_type\":\"B\"}\n",
        "{\"event\\u005ftype\":\"A\",\"type\":\"B\",\"x\":8}\n",
    );
    let found = |decoded: &Decoded| -> Vec<(usize, Vec<Value>)> {
        let column = |batch: &Arc<dyn EventRows>| values(&batch.column(FieldId(0), None));
        decoded.batches.iter().map(|(of, batch)| (*of, column(batch))).collect()
    };
    let decoded = decode(plan.clone(), log);
    assert_eq!(
        found(&decoded),
        [(0, vec![int(2), int(3), int(8)]), (1, vec![int(1), int(7)])]
    );
    assert_eq!(decoded.bad.len(), 1);
    assert_eq!((decoded.bad[0].cause, decoded.bad[0].line), (BadCause::BadType, 5));

    plan.other = Some(type_plan("any", vec![field(0, "x")]));
    let decoded = decode(plan.clone(), log);
    assert_eq!(decoded.batches[2].0, 2);
    assert_eq!(
        values(&decoded.batches[2].1.pseudo(Pseudo::Type, None)),
        [str("Event"), str("C")]
    );

    plan.type_field = Some("kind.name".to_owned());
    let decoded = decode(
        plan,
        "{\"kind\":{\"name\":\"A\"},\"x\":1}\n{\"kind.name\":\"B\",\"x\":2}\n",
    );
    assert_eq!(found(&decoded), [(0, vec![int(1)]), (1, vec![int(2)])]);
}

#[test]
fn declared_fields_are_checked() {
    let plan = DecodePlan {
        types: vec![type_plan(
            "Event",
            vec![
                declared(0, "n", Type::Int, true),
                declared(1, "f", Type::Float, false),
                declared(2, "at", Type::Timestamp, false),
                declared(3, "tags", Type::List(Box::new(Type::Str)), false),
            ],
        )],
        ..DecodePlan::default()
    };
    let log = concat!(
        "{\"n\":1,\"f\":2,\"at\":\"2024-01-01T00:00:00Z\",\"tags\":[\"a\"]}\n",
        "{\"n\":1.0}\n",
        "{\"f\":1}\n",
        "{\"n\":null}\n",
        "{\"n\":2,\"f\":\"x\"}\n",
        "{\"n\":3,\"at\":true}\n",
        "{\"n\":3,\"at\":\"yesterday\"}\n",
        "{\"n\":3,\"tags\":[1]}\n",
        "{\"n\":4,\"f\":null,\"at\":1700000000.5}\n",
        "{\"n\":99999999999999999999}\n",
    );
    let decoded = decode(plan, log);
    let bad: Vec<_> = decoded
        .bad
        .iter()
        .map(|bad| (bad.line, bad.cause, bad.reason.as_str()))
        .collect();
    use BadCause::{MissingField, WrongType};
    assert_eq!(
        bad,
        [
            (1, WrongType, "`n` is of type float, the declaration says int"),
            (2, MissingField, "`n` is missing, the declaration says int"),
            (3, MissingField, "`n` is missing, the declaration says int"),
            (4, WrongType, "`f` is of type str, the declaration says float"),
            (5, WrongType, "`at` is of type bool, the declaration says timestamp"),
            (
                6,
                WrongType,
                "`at`: `\"yesterday\"` is no time, the declaration says timestamp"
            ),
            (7, WrongType, "`tags` is of type list, the declaration says [str]"),
            (9, WrongType, "`n` is of type float, the declaration says int"),
        ]
    );
    assert_eq!(
        rows(&decoded, 4),
        [
            vec![
                int(1),
                Value::Float(2.0),
                Value::Timestamp(1_704_067_200_000_000_000),
                Value::list(vec![str("a")])
            ],
            vec![
                int(4),
                Value::Null,
                Value::Timestamp(1_700_000_000_500_000_000),
                Value::Null
            ],
        ]
    );
    assert!(matches!(
        decoded.batches[0].1.column(FieldId(1), None),
        Column::Float(_)
    ));
}

const TIMED: &str = concat!(
    "{\"x\":0}\n",
    "{\"x\":1,\"ts\":\"1970-01-01T00:00:10Z\"}\n",
    "{\"type\":\"Other\",\"time\":20}\n",
    "{\"x\":2}\n",
    "{\"x\":3,\"ts\":null,\"@timestamp\":15}\n",
    "{\"x\":4,\"ts\":\"no\"}\n",
    "{\"x\":5}\n",
    "{\"x\":6,\"timestamp\":\"1970-01-01T00:00:30Z\",\"ts\":1}\n",
);

fn seconds(column: &Column) -> Vec<Option<i64>> {
    let seconds = |value: Value| match value {
        Value::Timestamp(ns) => Some(ns / 1_000_000_000),
        _ => None,
    };
    values(column).into_iter().map(seconds).collect()
}

#[test]
fn records_without_a_time_take_that_of_the_one_before() {
    let decoded = decode(plan(&["x"]), TIMED);
    let batch = &decoded.batches[0].1;
    assert_eq!(batch.len(), 7);
    let times = batch.pseudo(Pseudo::Time, None);
    assert_eq!(
        seconds(&times),
        [None, Some(10), Some(20), Some(15), None, Some(15), Some(30)]
    );
    assert!(decoded.needs_base());
    let bad = batch.take_bad();
    assert_eq!((bad.len(), bad[0].0, bad[0].1.cause), (1, 4, BadCause::BadTime));
    decoded.set_base(Base {
        seq: 0,
        time: 5_000_000_000,
    });
    assert!(!decoded.needs_base());
    assert_eq!(seconds(&batch.pseudo(Pseudo::Time, Some(&[0]))), [Some(5)]);
    assert_eq!(decoded.first_time(), Some(10_000_000_000));
    assert_eq!(decoded.last_time(), Some(30_000_000_000));
}

#[test]
fn all_times_at_once() {
    let decoded = decode(
        DecodePlan {
            time_of_all: true,
            ..plan(&["x"])
        },
        TIMED,
    );
    assert_eq!(decoded.bad.len(), 1);
    let times = decoded.batches[0].1.pseudo(Pseudo::Time, None);
    assert_eq!(
        seconds(&times),
        [None, Some(10), Some(20), Some(15), Some(15), Some(30)]
    );
    assert_eq!(decoded.disorder(), Some((4, 15_000_000_000, 20_000_000_000)));
    assert_eq!(
        (decoded.first_time(), decoded.last_time(), decoded.max_time()),
        (Some(10_000_000_000), Some(30_000_000_000), Some(30_000_000_000))
    );
    let some = DecodePlan {
        from: Some(15_000_000_000),
        to: Some(30_000_000_000),
        ..plan(&["x"])
    };
    let base = Some(Base { seq: 0, time: 0 });
    let decoded = json::decode_at(text(TIMED.as_bytes()), &Arc::new(some), input(), base);
    assert_eq!(rows(&decoded, 1), [[int(2)], [int(3)], [int(5)]]);
}

#[test]
fn whole_events_pass_as_they_stand() {
    let members = |record: &str| {
        let decoded = decode(plan(&[]), record);
        let mut out = Vec::new();
        decoded.batches[0].1.members(0, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        members(r#"{"a": 1, "a":2,"b":{"ts":3}}"#),
        r#""a": 1, "a":2,"b":{"ts":3}"#
    );
    assert_eq!(members(r#"{ "ts":1, "b" : "\u0074s" }"#), r#""ts":1, "b" : "\u0074s""#);
    assert_eq!(members("{}"), "");
}

#[test]
fn integers_beyond_64_bits_are_counted() {
    let decoded = decode(
        plan(&["x"]),
        "{\"x\":99999999999999999999}\n{\"x\":[99999999999999999999]}",
    );
    rows(&decoded, 1);
    assert_eq!(decoded.big_ints_read(), 2);
}
