//! One list of events, written in every format.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder,
    StructArray, TimestampMillisecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};
use varpulis::data::format::write_timestamp;

/// An event of the list.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) kind: &'static str,
    /// Milliseconds since the epoch.
    pub(crate) ts: i64,
    pub(crate) user: Option<String>,
    pub(crate) amount: Option<f64>,
    pub(crate) n: i64,
    pub(crate) ok: Option<bool>,
    pub(crate) ip: String,
    pub(crate) tags: Vec<String>,
}

/// So many events, in order of time.
pub(crate) fn events(n: usize) -> Vec<Event> {
    let event = |at: usize| Event {
        kind: ["Login", "Payment", "Noise"][at % 7 % 3],
        ts: 1_767_225_600_000 + at as i64 * 250,
        user: (at % 5 != 3).then(|| format!("user-{}-with a long name, \"é\"", at % 11)),
        amount: (at % 4 != 1).then_some(at as f64 * 0.25),
        n: at as i64 * 1_000_003 - 77,
        ok: (at % 3 != 2).then_some(at.is_multiple_of(2)),
        ip: format!("10.0.{}.{}", at / 256 % 256, at % 256),
        tags: (0..at % 3).map(|tag| format!("tag{tag}")).collect(),
    };
    (0..n).map(event).collect()
}

pub(crate) fn rfc3339(ms: i64) -> String {
    let mut out = Vec::new();
    write_timestamp(ms * 1_000_000, &mut out);
    String::from_utf8(out).unwrap()
}

impl Event {
    pub(crate) fn json(&self) -> Value {
        json!({
            "event_type": self.kind, "ts": rfc3339(self.ts), "user": self.user, "amount": self.amount, "n": self.n,
            "ok": self.ok, "net": {"ip": self.ip, "port": self.n % 1000}, "tags": self.tags,
        })
    }
}

pub(crate) fn jsonl(events: &[Event]) -> Vec<u8> {
    let lines = events.iter().map(|event| event.json().to_string() + "\n");
    lines.collect::<String>().into_bytes()
}

/// The list as a table, in JSON's order of the columns.
pub(crate) fn batch(events: &[Event]) -> RecordBatch {
    let array = |array: ArrayRef| array;
    let port = Int64Array::from_iter_values(events.iter().map(|event| event.n % 1000));
    let ip = StringArray::from_iter_values(events.iter().map(|event| &event.ip));
    let members = Fields::from(vec![
        Field::new("ip", DataType::Utf8, true),
        Field::new("port", DataType::Int64, false),
    ]);
    let net = StructArray::new(members, vec![Arc::new(ip), Arc::new(port)], None);
    let mut tags = ListBuilder::new(StringBuilder::new());
    for event in events {
        event.tags.iter().for_each(|tag| tags.values().append_value(tag));
        tags.append(true);
    }
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "amount",
            Arc::new(events.iter().map(|event| event.amount).collect::<Float64Array>()),
        ),
        (
            "event_type",
            Arc::new(StringArray::from_iter_values(events.iter().map(|event| event.kind))),
        ),
        (
            "n",
            Arc::new(Int64Array::from_iter_values(events.iter().map(|event| event.n))),
        ),
        ("net", array(Arc::new(net))),
        (
            "ok",
            Arc::new(events.iter().map(|event| event.ok).collect::<BooleanArray>()),
        ),
        ("tags", Arc::new(tags.finish())),
        (
            "ts",
            Arc::new(
                TimestampMillisecondArray::from_iter_values(events.iter().map(|event| event.ts)).with_timezone("UTC"),
            ),
        ),
        (
            "user",
            Arc::new(events.iter().map(|event| event.user.clone()).collect::<StringArray>()),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The same with the texts as dictionaries, as large text and as views.
pub(crate) fn other_texts(batch: &RecordBatch) -> RecordBatch {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    retyped(batch, &[("event_type", dictionary), ("user", DataType::Utf8View)])
}

/// The same with some columns cast.
pub(crate) fn retyped(batch: &RecordBatch, types: &[(&str, DataType)]) -> RecordBatch {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let wanted = types.iter().find(|(name, _)| name == field.name());
        let column = wanted.map_or_else(|| Arc::clone(column), |(_, ty)| cast(column, ty).unwrap());
        (field.name().clone(), column)
    });
    RecordBatch::try_from_iter(columns.collect::<Vec<_>>()).unwrap()
}

pub(crate) fn parquet(batch: &RecordBatch, compression: Compression, group: usize) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(group))
        .set_data_page_row_count_limit(100)
        .set_write_batch_size(64)
        .build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    out
}

/// An Arrow file, or a stream, in batches of `rows`.
pub(crate) fn arrow(batch: &RecordBatch, footer: bool, compression: Option<CompressionType>, rows: usize) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let starts = (0..batch.num_rows()).step_by(rows);
    let parts = starts.map(|at| batch.slice(at, rows.min(batch.num_rows() - at)));
    let mut out = Vec::new();
    let schema = batch.schema();
    if footer {
        let mut writer = FileWriter::try_new_with_options(&mut out, &schema, options).unwrap();
        parts.for_each(|part| writer.write(&part).unwrap());
        writer.finish().unwrap();
        drop(writer);
    } else {
        let mut writer = StreamWriter::try_new_with_options(&mut out, &schema, options).unwrap();
        parts.for_each(|part| writer.write(&part).unwrap());
        writer.finish().unwrap();
        drop(writer);
    }
    out
}

/// The columns that CSV can hold: structs flattened, no lists. Null is `\\N`.
pub(crate) fn csv_of(events: &[Event], delimiter: u8, quote: u8, header: bool) -> Vec<u8> {
    let mut out = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .quote(quote)
        .from_writer(Vec::new());
    if header {
        let names = ["amount", "event_type", "n", "net.ip", "net.port", "ok", "ts", "user"];
        out.write_record(names).unwrap();
    }
    for event in events {
        let null = || "\\N".to_owned();
        out.write_record([
            event.amount.map_or_else(null, |amount| format!("{amount:?}")),
            event.kind.to_owned(),
            event.n.to_string(),
            event.ip.clone(),
            (event.n % 1000).to_string(),
            event.ok.map_or_else(null, |ok| ok.to_string()),
            rfc3339(event.ts),
            event.user.clone().unwrap_or_else(null),
        ])
        .unwrap();
    }
    out.into_inner().unwrap()
}

/// The list in every format that holds all of it, by file name.
pub(crate) fn every_format(events: &[Event]) -> Vec<(String, Vec<u8>)> {
    let lines = jsonl(events);
    let table = batch(events);
    let others = other_texts(&table);
    let mut files = vec![
        ("log.jsonl".to_owned(), lines.clone()),
        ("log.jsonl.gz".to_owned(), gzip(&lines)),
        ("log.ndjson.zst".to_owned(), zstd::encode_all(&*lines, 1).unwrap()),
        ("log.arrows.gz".to_owned(), gzip(&arrow(&table, false, None, 300))),
        (
            "log.arrow.zst".to_owned(),
            zstd::encode_all(&*arrow(&table, true, None, 300), 1).unwrap(),
        ),
        ("views.parquet".to_owned(), parquet(&others, Compression::SNAPPY, 400)),
    ];
    for (name, compression) in [
        ("plain", Compression::UNCOMPRESSED),
        ("snappy", Compression::SNAPPY),
        ("gzip", Compression::GZIP(GzipLevel::default())),
        ("brotli", Compression::BROTLI(BrotliLevel::default())),
        ("lz4", Compression::LZ4_RAW),
        ("zstd", Compression::ZSTD(ZstdLevel::default())),
    ] {
        files.push((format!("{name}.parquet"), parquet(&table, compression, 333)));
    }
    for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        let name = compression.map_or("plain", |codec| codec.variant_name().unwrap());
        files.push((format!("{name}.arrow"), arrow(&table, true, compression, 500)));
        files.push((format!("{name}.arrows"), arrow(&table, false, compression, 70)));
        files.push((format!("{name}-views.feather"), arrow(&others, true, compression, 5000)));
    }
    files
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// Runs a program over a file.
pub(crate) fn run(folder: &Path, program: &str, args: &[&str]) -> Output {
    let query = folder.join("query.vpl");
    fs::write(&query, program).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_varpulis"));
    command.arg("run").arg(query).args(args).output().unwrap()
}

/// The rows of a run that must go well.
pub(crate) fn rows(folder: &Path, program: &str, args: &[&str]) -> String {
    let output = run(folder, program, args);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// A table of one column of these values.
pub(crate) fn column(name: &str, array: ArrayRef) -> RecordBatch {
    let nullable = array.null_count() > 0 || array.data_type() == &DataType::Null;
    let schema = Schema::new(vec![Field::new(name, array.data_type().clone(), nullable)]);
    RecordBatch::try_new(Arc::new(schema), vec![array]).unwrap()
}
