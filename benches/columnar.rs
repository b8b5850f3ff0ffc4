//! What a row of Parquet and of Arrow costs: four columns, all of them read and summed up or measured.
//!
//! `cargo bench --bench columnar [-- ROWS]`: nanoseconds a row of one thread's CPU time (Linux), best
//! of five. The file lies in the page cache.
#![allow(missing_docs, reason = "a program")]
#![allow(clippy::unwrap_used, reason = "a program that may stop")]

use std::fs;
use std::hint::black_box;
use std::path::Path as FilePath;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use varpulis::data::{Column, FieldId, Path, Type};
use varpulis::read::{DecodePlan, FieldPlan, Input, InputSpec, ReadOptions, TypePlan};

const COLUMNS: [&str; 4] = ["ts", "user", "amount", "n"];

fn table(rows: usize) -> RecordBatch {
    let each = 0..rows as i64;
    let users = each.clone().map(|row| format!("user-{}", row * 7919 % 1000));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(TimestampMicrosecondArray::from_iter_values(
            each.clone().map(|row| 1_767_225_600_000_000 + row * 1000),
        )),
        Arc::new(StringArray::from_iter_values(users)),
        Arc::new(Float64Array::from_iter_values(
            each.clone().map(|row| (row * 7919 % 100_003) as f64 / 100.0),
        )),
        Arc::new(Int64Array::from_iter_values(each.map(|row| row * 7919 % 1_000_003))),
    ];
    RecordBatch::try_from_iter(COLUMNS.into_iter().zip(columns)).unwrap()
}

fn parquet(path: &FilePath, table: &RecordBatch, compression: Compression) {
    let properties = WriterProperties::builder().set_compression(compression).build();
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, table.schema(), Some(properties)).unwrap();
    writer.write(table).unwrap();
    writer.close().unwrap();
}

fn arrow(path: &FilePath, table: &RecordBatch) {
    let mut writer = FileWriter::try_new(fs::File::create(path).unwrap(), &table.schema()).unwrap();
    for start in (0..table.num_rows()).step_by(1 << 16) {
        writer
            .write(&table.slice(start, (1 << 16).min(table.num_rows() - start)))
            .unwrap();
    }
    writer.finish().unwrap();
}

fn plan() -> DecodePlan {
    let field = |(nth, name): (usize, &str)| FieldPlan {
        id: FieldId(nth as u32),
        path: Path::key(name),
        ty: Type::Any,
        declared: false,
        required: false,
        first: false,
    };
    DecodePlan {
        types: vec![TypePlan {
            name: "Event".to_owned(),
            event: "Event".to_owned(),
            fields: COLUMNS.into_iter().enumerate().map(field).collect(),
            time: None,
        }],
        ..DecodePlan::default()
    }
}

/// Reads all columns; the number of rows.
fn read(path: &FilePath, plan: &Arc<DecodePlan>) -> usize {
    let spec = InputSpec {
        path: path.to_owned(),
        ..InputSpec::default()
    };
    let options = ReadOptions {
        morsel_bytes: 1 << 20,
        max_record_bytes: 16 << 20,
        mmap: true,
    };
    let mut input = Input::open(&spec, 0, &options).unwrap();
    let mut rows = 0;
    while let Some(morsel) = input.next_morsel().unwrap() {
        let decoded = morsel.decode(plan);
        for (_, batch) in &decoded.batches {
            rows += batch.len();
            for nth in 0..COLUMNS.len() {
                black_box(touched(&batch.column(FieldId(nth as u32), None)));
            }
        }
        input.check().unwrap();
    }
    rows
}

/// Something that depends on every value.
fn touched(column: &Column) -> f64 {
    match column {
        Column::Int(values) | Column::Timestamp(values) => values
            .values()
            .iter()
            .fold(0, |sum: i64, value| sum.wrapping_add(*value))
            as f64,
        Column::Float(values) => values.values().iter().sum(),
        Column::Str(values) => values.iter().flatten().map(str::len).sum::<usize>() as f64,
        _ => 0.0,
    }
}

/// CPU time of this thread, in nanoseconds.
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ')
        .next()
        .and_then(|ns| ns.parse().ok())
        .unwrap_or(f64::NAN)
}

fn main() {
    let rows = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .next()
        .unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let table = table(rows);
    let plan = Arc::new(plan());
    let path = |name: &str| folder.path().join(name);
    parquet(&path("plain.parquet"), &table, Compression::UNCOMPRESSED);
    parquet(&path("snappy.parquet"), &table, Compression::SNAPPY);
    arrow(&path("plain.arrow"), &table);
    for name in ["plain.parquet", "snappy.parquet", "plain.arrow"] {
        let best = (0..5).map(|_| {
            let start = cpu();
            assert_eq!(read(&path(name), &plan), rows);
            (cpu() - start) / rows as f64
        });
        println!("{name:16} {:6.1} ns a row", best.fold(f64::INFINITY, f64::min));
    }
}
