//! Columns of every type, what is pruned, and files that are broken.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, Date32Array, Date64Array, Decimal128Array, Decimal256Array, DurationSecondArray,
    FixedSizeBinaryArray, Float32Array, Float64Array, Int8Array, Int64Array, IntervalDayTimeArray, LargeStringArray,
    MapBuilder, RecordBatch, StringArray, StringBuilder, StructArray, Time32SecondArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt8Array, UInt64Array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Int64Type, IntervalDayTime, i256};
use arrow::ipc::CompressionType;
use parquet::basic::Compression;
use proptest::prelude::*;
use varpulis::data::{BadCause, Column, EventRows, FieldId, Path as FieldPath, Pseudo, Type, Value};
use varpulis::read::{
    Base, Bound, Comparison, DecodePlan, Decoded, FieldPlan, Input, InputSpec, ReadError, ReadOptions, TypePlan,
};

use crate::formats_support::{arrow, column, events, file, parquet, retyped, rows};

const OPTIONS: ReadOptions = ReadOptions {
    morsel_bytes: 1 << 20,
    max_record_bytes: 16 << 20,
    mmap: true,
};

fn field(nth: u32, path: &str, ty: Type) -> FieldPlan {
    FieldPlan {
        id: FieldId(nth),
        path: FieldPath::dotted(path),
        declared: ty != Type::Any,
        required: false,
        first: false,
        ty,
    }
}

/// A plan that reads these fields of the type `Event`.
fn plan(fields: Vec<FieldPlan>) -> DecodePlan {
    DecodePlan {
        types: vec![TypePlan {
            name: "Event".to_owned(),
            event: "Event".to_owned(),
            fields,
            time: None,
        }],
        ..DecodePlan::default()
    }
}

/// Everything of a file: the morsels, decoded.
fn decode(path: &Path, plan: &DecodePlan, options: &ReadOptions) -> Result<Vec<Decoded>, ReadError> {
    let plan = Arc::new(plan.clone());
    let spec = InputSpec {
        path: path.to_owned(),
        ..InputSpec::default()
    };
    let mut input = Input::open(&spec, 0, options)?;
    let (mut all, mut seq) = (Vec::new(), 0);
    while let Some(morsel) = input.next_morsel()? {
        let decoded = morsel.decode_at(&plan, Some(Base { seq, time: 0 }));
        for (_, rows) in &decoded.batches {
            for nth in 0..9 {
                assert_eq!(rows.column(FieldId(nth), None).len(), rows.len());
            }
            assert_eq!(rows.pseudo(Pseudo::Time, None).len(), rows.len());
            (0..rows.len() as u32).for_each(|row| assert!(!rows.text(row).is_empty()));
        }
        input.check()?;
        seq += decoded.records;
        all.push(decoded);
    }
    Ok(all)
}

type Found = (Vec<Value>, Vec<(u64, BadCause)>);

/// The values of the field `x` of all events, and why some records are bad.
fn values_of(batch: &RecordBatch, ty: Type) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(vec![field(0, "x", ty)]);
    let mut all: Option<Found> = None;
    let mut files = vec![
        ("x.arrow", arrow(batch, true, None, 3)),
        ("x.arrows", arrow(batch, false, None, 100)),
    ];
    let unfit = |ty: &DataType| matches!(ty, DataType::Interval(_) | DataType::Duration(_) | DataType::Float16);
    if !unfit(batch.column(0).data_type()) {
        files.push(("x.parquet", parquet(batch, Compression::SNAPPY, 4)));
    }
    for (name, bytes) in files {
        let path = file(folder.path(), name, &bytes);
        let (mut values, mut bad) = (Vec::new(), Vec::new());
        for decoded in decode(&path, &plan, &OPTIONS).unwrap() {
            bad.extend(decoded.bad.iter().map(|bad| (bad.position.offset, bad.cause)));
            for (_, rows) in &decoded.batches {
                let column = rows.column(FieldId(0), None);
                values.extend((0..column.len()).map(|row| column.value(row)));
                bad.extend(rows.take_bad().iter().map(|(_, bad)| (bad.position.offset, bad.cause)));
                selected_rows_are_the_same(&**rows, &column);
            }
        }
        bad.dedup();
        let all = all.get_or_insert_with(|| (values.clone(), bad.clone()));
        assert_eq!(*all, (values, bad), "{name}");
    }
    all.unwrap()
}

fn selected_rows_are_the_same(rows: &dyn EventRows, column: &Column) {
    let odd: Vec<u32> = (0..rows.len() as u32).filter(|row| row % 2 == 1).rev().collect();
    let some = rows.column(FieldId(0), Some(&odd));
    let expected: Vec<Value> = odd.iter().map(|row| column.value(*row as usize)).collect();
    assert_eq!((0..some.len()).map(|row| some.value(row)).collect::<Vec<_>>(), expected);
}

fn read(array: impl Array + 'static) -> Vec<Value> {
    let (values, bad) = values_of(&column("x", Arc::new(array)), Type::Any);
    assert_eq!(bad, []);
    values
}

fn dictionary(values: &dyn Array) -> ArrayRef {
    let ty = DataType::Dictionary(Box::new(DataType::Int16), Box::new(values.data_type().clone()));
    cast(values, &ty).unwrap()
}

#[test]
fn numbers() {
    use Value::{Float, Int, Null};
    assert_eq!(read(Int8Array::from(vec![Some(-3), None])), [Int(-3), Null]);
    assert_eq!(read(UInt8Array::from(vec![200])), [Int(200)]);
    assert_eq!(read(UInt64Array::from(vec![7])), [Int(7)]);
    assert_eq!(
        read(UInt64Array::from(vec![7, u64::MAX])),
        [Int(7), Float(18_446_744_073_709_551_615.0)]
    );
    assert_eq!(
        read(Float32Array::from(vec![0.5, 0.1])),
        [Float(0.5), Float(f64::from(0.1_f32))]
    );
    assert_eq!(
        values_of(
            &column("x", cast(&Float32Array::from(vec![1.5]), &DataType::Float16).unwrap()),
            Type::Any
        )
        .0,
        [Float(1.5)]
    );
    let decimal = |values: Vec<i128>, precision, scale| {
        Decimal128Array::from(values)
            .with_precision_and_scale(precision, scale)
            .unwrap()
    };
    assert_eq!(read(decimal(vec![1250, -1], 10, 2)), [Float(12.5), Float(-0.01)]);
    assert_eq!(read(decimal(vec![12], 10, 0)), [Int(12)]);
    let large = 123_456_789_012_345_678_901_234;
    assert_eq!(
        read(decimal(vec![large], 38, 0)),
        [Float(123_456_789_012_345_678_901_234.0)]
    );
    assert_eq!(
        read(decimal(vec![large], 38, 3)),
        [Float(123_456_789_012_345_678_901.234)]
    );
    let wide = Decimal256Array::from(vec![i256::from_i128(25)])
        .with_precision_and_scale(50, 1)
        .unwrap();
    assert_eq!(read(wide), [Float(2.5)]);
    assert_eq!(
        read(cast(&dictionary(&Int64Array::from(vec![5, 5])), &DataType::Int64).unwrap()),
        [Int(5), Int(5)]
    );
    let (values, _) = values_of(&column("x", dictionary(&Int64Array::from(vec![5, 6, 5]))), Type::Any);
    assert_eq!(values, [Int(5), Int(6), Int(5)]);
}

#[test]
fn texts_and_bytes() {
    let text = |text: &str| Value::str(text);
    let long = "a text that is longer than a view holds";
    let values = vec![Some("a"), None, Some(long)];
    let expected = [text("a"), Value::Null, text(long)];
    assert_eq!(read(StringArray::from(values.clone())), expected);
    assert_eq!(read(LargeStringArray::from(values.clone())), expected);
    let plain = StringArray::from(values.clone());
    for ty in [DataType::Utf8View, DataType::BinaryView, DataType::LargeBinary] {
        let (found, bad) = values_of(&column("x", cast(&plain, &ty).unwrap()), Type::Any);
        assert_eq!((found.as_slice(), bad.as_slice()), (&expected[..], &[][..]), "{ty}");
    }
    let (found, _) = values_of(&column("x", dictionary(&plain)), Type::Any);
    assert_eq!(found, expected);
    assert_eq!(
        read(FixedSizeBinaryArray::try_from_iter([b"ab", b"cd"].into_iter()).unwrap()),
        [text("ab"), text("cd")]
    );
    let bytes = BinaryArray::from(vec![&b"ok"[..], b"\xff\xfe"]);
    let (found, bad) = values_of(&column("x", Arc::new(bytes)), Type::Any);
    assert_eq!(
        (found, bad),
        (vec![text("ok"), Value::Null], vec![(1, BadCause::NotUtf8)])
    );
}

#[test]
fn times() {
    use Value::{Duration, Timestamp};
    const SECOND: i64 = 1_000_000_000;
    assert_eq!(
        read(TimestampSecondArray::from(vec![-2]).with_timezone("+02:00")),
        [Timestamp(-2 * SECOND)]
    );
    assert_eq!(read(TimestampMicrosecondArray::from(vec![3])), [Timestamp(3_000)]);
    assert_eq!(
        read(TimestampNanosecondArray::from(vec![i64::MAX])),
        [Timestamp(i64::MAX)]
    );
    assert_eq!(read(Date32Array::from(vec![1])), [Timestamp(86_400 * SECOND)]);
    assert_eq!(read(Date64Array::from(vec![86_400_000])), [Timestamp(86_400 * SECOND)]);
    assert_eq!(read(Time32SecondArray::from(vec![61])), [Duration(61 * SECOND)]);
    assert_eq!(read(Time64MicrosecondArray::from(vec![5])), [Duration(5_000)]);
    assert_eq!(read(DurationSecondArray::from(vec![-1])), [Duration(-SECOND)]);
    let interval = IntervalDayTimeArray::from(vec![IntervalDayTime::new(1, 500)]);
    assert_eq!(read(interval), [Value::str("1 days 0.500 secs")]);
    let beyond = TimestampMicrosecondArray::from(vec![1, i64::MAX]);
    let (found, bad) = values_of(&column("x", Arc::new(beyond)), Type::Any);
    assert_eq!(
        (found, bad),
        (vec![Timestamp(1_000), Value::Null], vec![(1, BadCause::BadTime)])
    );
}

#[test]
fn lists_structs_and_maps() {
    let list = arrow::array::ListArray::from_iter_primitive::<Int64Type, _, _>(vec![
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
    ]);
    let ints = |items: &[Value]| Value::list(items.to_vec());
    assert_eq!(
        read(list),
        [ints(&[Value::Int(1), Value::Null]), Value::Null, ints(&[])]
    );
    let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    maps.keys().append_value("k");
    maps.values().append_value("v");
    maps.append(true).unwrap();
    let maps = maps.finish();
    let (found, _) = values_of(&column("x", Arc::new(maps.clone())), Type::Any);
    assert_eq!(
        found,
        [Value::map([(varpulis::data::Key(Value::str("k")), Value::str("v"))])]
    );
    // A path leads into maps, structs and lists; a null struct has null members.
    let members = Fields::from(vec![
        Field::new("m", maps.data_type().clone(), true),
        Field::new("flat.name", DataType::Utf8, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        arrow::compute::concat(&[&maps, &maps]).unwrap(),
        Arc::new(StringArray::from(vec!["a", "b"])),
    ];
    let record = StructArray::new(members, columns, Some(NullBuffer::from(vec![true, false])));
    let folder = tempfile::tempdir().unwrap();
    let batch = column("s", Arc::new(record));
    let paths = ["s.m.k", "s.flat.name", "s.m", "s.none", "t.u"];
    let fields = paths
        .iter()
        .enumerate()
        .map(|(nth, path)| field(nth as u32, path, Type::Any));
    let plan = plan(fields.collect());
    for (name, bytes) in [
        ("x.parquet", parquet(&batch, Compression::SNAPPY, 10)),
        ("x.arrow", arrow(&batch, true, None, 10)),
    ] {
        let decoded = decode(&file(folder.path(), name, &bytes), &plan, &OPTIONS).unwrap();
        let rows = &decoded[0].batches[0].1;
        let value = |nth: u32, row: usize| rows.column(FieldId(nth), None).value(row);
        assert_eq!((value(0, 0), value(0, 1)), (Value::str("v"), Value::Null), "{name}");
        assert_eq!((value(1, 0), value(1, 1)), (Value::str("a"), Value::Null), "{name}");
        assert_eq!((value(3, 0), value(4, 0)), (Value::Null, Value::Null));
        assert_eq!(rows.text(1), br#"{"s":null}"#, "{name}");
        assert_eq!(rows.text(0), br#"{"s":{"m":{"k":"v"},"flat.name":"a"}}"#, "{name}");
    }
}

#[test]
fn declared_fields_are_checked() {
    let floats = || -> ArrayRef { Arc::new(Float64Array::from(vec![Some(1.0), None, Some(2.5)])) };
    let wrong = |array: ArrayRef, ty: Type| values_of(&column("x", array), ty);
    let (found, bad) = wrong(floats(), Type::Float);
    assert_eq!((found.len(), bad.len()), (3, 0));
    let (found, bad) = wrong(floats(), Type::Int);
    assert_eq!(found, [Value::Null]);
    assert_eq!(bad, [(0, BadCause::WrongType), (2, BadCause::WrongType)]);
    let (found, bad) = wrong(Arc::new(Int64Array::from(vec![3])), Type::Float);
    assert_eq!((found, bad), (vec![Value::Float(3.0)], vec![]));
    let texts = StringArray::from(vec!["1970-01-01T00:00:01Z", "no time", "1970-01-01"]);
    let (found, bad) = wrong(Arc::new(texts), Type::Timestamp);
    assert_eq!(found, [Value::Timestamp(1_000_000_000), Value::Timestamp(0)]);
    assert_eq!(bad, [(1, BadCause::WrongType)]);
    let (found, _) = wrong(Arc::new(Int64Array::from(vec![1_700_000_000_123])), Type::Timestamp);
    assert_eq!(found, [Value::Timestamp(1_700_000_000_123_000_000)]);
    let (found, _) = wrong(Arc::new(Date32Array::from(vec![2])), Type::Timestamp);
    assert_eq!(found, [Value::Timestamp(172_800_000_000_000)]);
    let (found, _) = wrong(Arc::new(Float64Array::from(vec![1.5])), Type::Duration);
    assert_eq!(found, [Value::Duration(1_500_000_000)]);
    // Missing ones.
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        folder.path(),
        "x.parquet",
        &parquet(&column("x", floats()), Compression::SNAPPY, 10),
    );
    let required = |name: &str| FieldPlan {
        required: true,
        ..field(0, name, Type::Float)
    };
    let bad_of = |name: &str| {
        let decoded = decode(&path, &plan(vec![required(name)]), &OPTIONS).unwrap();
        let shown = decoded[0].bad.iter().map(|bad| {
            let text = String::from_utf8(bad.text.clone()).unwrap();
            format!("{}:{} {} {text}", bad.line, bad.at, bad.reason)
        });
        shown.collect::<Vec<_>>()
    };
    assert_eq!(
        bad_of("x"),
        ["1:1 `x` is missing, the declaration says float {\"x\":null}"]
    );
    assert_eq!(bad_of("y").len(), 3);
}

/// What is pruned is not even read: its bytes may be anything.
#[test]
fn what_cannot_matter_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let table = crate::formats_support::batch(&events(1000));
    let table = retyped(
        &table,
        &[("ts", DataType::Timestamp(arrow::datatypes::TimeUnit::Nanosecond, None))],
    );
    let mut bytes = parquet(&table, Compression::UNCOMPRESSED, 250);
    let sound = file(folder.path(), "sound.parquet", &bytes);
    let sound = sound.to_str().unwrap();
    // The first row group, all but the column of times: the time of its last record is asked for.
    let metadata = parquet::file::metadata::ParquetMetaDataReader::new()
        .parse_and_finish(&bytes::Bytes::from(bytes.clone()))
        .unwrap();
    for column in metadata.row_group(0).columns() {
        let (start, length) = column.byte_range();
        if column.column_path().string() != "ts" {
            bytes[start as usize..(start + length) as usize].fill(0xee);
        }
    }
    let broken = file(folder.path(), "broken.parquet", &bytes);
    let broken = broken.to_str().unwrap();
    let big = "n > 400000000";
    let late = "ts >= @2026-01-01T00:02:00Z";
    for (program, more) in [
        (
            format!("stream S = any .where({big}) .emit(n: n, seq: _seq, user: user)"),
            &[][..],
        ),
        (
            format!("stream S = Login .where({late} and amount > 3.0) .emit(n: n)"),
            &[],
        ),
        (
            format!("stream S = Login .where({big}) .emit(n: n)\nstream T = Payment .where({late})"),
            &[],
        ),
        (
            "stream S = any .emit(n: n, at: _time)".to_owned(),
            &["--from", "2026-01-01T00:02:00Z"],
        ),
    ] {
        let expected = rows(folder.path(), &program, &[&["--input", sound][..], more].concat());
        assert!(expected.lines().count() > 100);
        let unpruned = rows(
            folder.path(),
            &program,
            &[&["--input", sound, "--no-prefilter"][..], more].concat(),
        );
        assert_eq!(expected, unpruned, "{program}");
        let found = rows(folder.path(), &program, &[&["--input", broken][..], more].concat());
        assert_eq!(found, expected, "{program}");
    }
    // What may matter is.
    for program in [
        "stream S = any .where(n > 400000000 or ok) .emit(n: n)",
        "stream S = Login .emit(n: n)",
    ] {
        let output = crate::formats_support::run(folder.path(), program, &["--input", broken]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.starts_with(&format!("error: cannot read `{broken}`: its data is damaged")),
            "{said}"
        );
    }
}

#[test]
fn types_that_are_not_there_are_pruned() {
    let folder = tempfile::tempdir().unwrap();
    let table = column("event_type", Arc::new(StringArray::from(vec!["b", "c", "d"])));
    let path = file(folder.path(), "x.parquet", &parquet(&table, Compression::SNAPPY, 10));
    let with = |name: &str, bounds: Vec<Option<Vec<Vec<Bound>>>>| {
        let mut plan = plan(vec![field(0, "event_type", Type::Any)]);
        plan.types[0].name = name.to_owned();
        plan.bounds = bounds;
        let decoded = decode(&path, &plan, &OPTIONS).unwrap();
        (decoded[0].batches.len(), decoded[0].records)
    };
    assert_eq!(with("c", Vec::new()), (1, 3));
    assert_eq!(with("e", Vec::new()), (0, 3));
    let is = |text: &str| Bound {
        field: FieldId(0),
        op: Comparison::Equal,
        values: vec![Value::str(text)],
    };
    assert_eq!(with("c", vec![Some(vec![vec![is("x")], vec![is("y")]])]), (0, 3));
    assert_eq!(with("c", vec![Some(vec![vec![is("x")], vec![is("c")]])]), (1, 3));
    assert_eq!(with("c", vec![None]), (1, 3));
}

/// Small files, whole and broken, in all ways of reading them.
fn small_files() -> Vec<(&'static str, Vec<u8>)> {
    let table = crate::formats_support::batch(&events(60));
    let others = crate::formats_support::other_texts(&table);
    vec![
        ("x.parquet", parquet(&table, Compression::SNAPPY, 25)),
        ("y.parquet", parquet(&others, Compression::UNCOMPRESSED, 100)),
        ("x.arrow", arrow(&table, true, None, 25)),
        ("y.arrow", arrow(&others, true, Some(CompressionType::LZ4_FRAME), 25)),
        ("x.arrows", arrow(&others, false, None, 25)),
        ("y.arrows", arrow(&table, false, Some(CompressionType::ZSTD), 25)),
    ]
}

fn broken_plan() -> DecodePlan {
    let paths = ["n", "net.ip", "net.port", "tags", "user", "amount", "ok", "ts"];
    let fields = paths
        .iter()
        .enumerate()
        .map(|(nth, path)| field(nth as u32, path, Type::Any));
    let mut plan = plan(Vec::new());
    plan.other = Some(TypePlan {
        fields: fields.collect(),
        ..TypePlan::default()
    });
    plan.time_of_all = true;
    plan
}

#[test]
fn a_file_that_is_cut_off_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for (name, whole) in small_files() {
        let records: u64 = {
            let path = file(folder.path(), name, &whole);
            decode(&path, &broken_plan(), &OPTIONS)
                .unwrap()
                .iter()
                .map(|decoded| decoded.records)
                .sum()
        };
        assert_eq!(records, 60);
        for length in (0..whole.len()).step_by(1 + whole.len() / 150) {
            let path = file(folder.path(), name, &whole[..length]);
            for mmap in [true, false] {
                match decode(&path, &broken_plan(), &ReadOptions { mmap, ..OPTIONS }) {
                    Err(error) => assert_eq!(error.path, path.display().to_string()),
                    // A stream may end behind any of its batches.
                    Ok(found) => {
                        let found: u64 = found.iter().map(|decoded| decoded.records).sum();
                        assert!(
                            name.ends_with("arrows") && found < 60 && found.is_multiple_of(25),
                            "{name} {length}"
                        );
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever is changed in a file, reading it ends, with an error or with rows.
    #[test]
    fn broken_files_do_not_panic(which in 0..6_usize, at in any::<prop::sample::Index>(), byte in any::<u8>(), n in 1..9_usize) {
        let (name, mut bytes) = small_files().swap_remove(which);
        let at = at.index(bytes.len());
        let end = (at + n).min(bytes.len());
        bytes[at..end].fill(byte);
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), name, &bytes);
        if let Err(error) = decode(&path, &broken_plan(), &OPTIONS) {
            prop_assert_eq!(error.path, path.display().to_string());
        }
    }

    /// Tables of random numbers, texts and nulls come back as they were, in any cut.
    #[test]
    fn random_tables_come_back(
        table in prop::collection::vec(
            (any::<Option<i64>>(), any::<Option<f64>>(), any::<Option<String>>(), any::<Option<bool>>()), 1..200),
        group in 1..80_usize,
    ) {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("a", Arc::new(table.iter().map(|row| row.0).collect::<Int64Array>())),
            ("b", Arc::new(table.iter().map(|row| row.1).collect::<Float64Array>())),
            ("c", Arc::new(table.iter().map(|row| row.2.clone()).collect::<StringArray>())),
            ("d", Arc::new(table.iter().map(|row| row.3).collect::<arrow::array::BooleanArray>())),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let names = ["a", "b", "c", "d"].iter().enumerate();
        let plan = plan(names.map(|(nth, name)| field(nth as u32, name, Type::Any)).collect());
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("x.parquet", parquet(&batch, Compression::SNAPPY, group)),
            ("x.arrow", arrow(&batch, true, Some(CompressionType::ZSTD), group)),
            ("x.arrows", arrow(&batch, false, None, group)),
        ] {
            let decoded = decode(&file(folder.path(), name, &bytes), &plan, &OPTIONS).unwrap();
            let mut found = Vec::new();
            for (_, rows) in decoded.iter().flat_map(|decoded| &decoded.batches) {
                let columns: Vec<Column> = (0..4).map(|nth| rows.column(FieldId(nth), None)).collect();
                found.extend((0..rows.len()).map(|row| columns.iter().map(|column| column.value(row)).collect::<Vec<_>>()));
            }
            let expected = table.iter().map(|(a, b, c, d)| vec![
                a.map_or(Value::Null, Value::Int),
                b.map_or(Value::Null, Value::Float),
                c.as_deref().map_or(Value::Null, Value::str),
                d.map_or(Value::Null, Value::Bool),
            ]);
            let expected: Vec<Vec<Value>> = expected.collect();
            prop_assert_eq!(found, expected, "{}", name);
        }
    }
}
