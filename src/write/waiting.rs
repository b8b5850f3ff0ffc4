//! Rows that wait because their columns are known only when the last one has been seen.
//!
//! They are kept as they are (packed, compressed, in memory up to a bound and then in a file without
//! a name beside the output), so that the shapes may widen until the end. Cost: one pass to pack, one
//! to unpack.

use std::io::{self, BufRead, BufReader, Seek, Write};
use std::path::Path;

use indexmap::IndexMap;
use tempfile::SpooledTempFile;

use super::encoding::Encoding;
use super::output::{OutputError, failed};
use super::packed::{pack, pack_cell, pack_u64, unpack, unpack_u64};
use super::shape::Shape;
use super::sink::folder_of;
use super::writer::{TableWriter, Target};
use crate::data::{Column, Key, TextKey, Value};

/// Compressed rows beyond this go to disk, of each file.
const MEMORY: usize = 16 << 20;
/// More columns than this are refused.
const MOST_COLUMNS: usize = 4096;

type Packer = zstd::stream::write::Encoder<'static, SpooledTempFile>;

/// The rows so far, and what is known of their columns.
pub(super) struct Waiting {
    target: Target,
    kept: Kept,
    fields: Fields,
}

/// Packed rows: the stream's number, the time, then the cells, or the whole row.
struct Kept {
    rows: Packer,
    n_rows: u64,
    scratch: Vec<u8>,
}

enum Fields {
    /// Fields of these names; the shapes widen.
    Named(Vec<Named>),
    /// Whole rows: a column for every member met, with how many rows have it.
    Members(IndexMap<String, (Shape, u64)>),
}

struct Named {
    name: String,
    shape: Shape,
    /// The shape to begin with, where it has floats: ints become floats at once, as they would in a
    /// file of known types ([`super::reread`]).
    floats: Option<Shape>,
}

impl Named {
    fn new((name, shape): (String, Shape)) -> Self {
        let floats = shape.has_floats().then(|| shape.clone());
        Self { name, shape, floats }
    }

    fn known(&self, column: &Column) -> Column {
        match (&self.floats, column) {
            (None, _) | (_, Column::Float(_)) => column.clone(),
            (Some(shape), _) => {
                let value = |row| shape.with_floats(&column.value(row));
                Column::Any((0..column.len()).map(value).collect())
            }
        }
    }
}

impl Kept {
    fn add(
        &mut self,
        path: &Path,
        stream: usize,
        ts: i64,
        pack_cells: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), OutputError> {
        self.scratch.clear();
        pack_u64(stream as u64, &mut self.scratch);
        pack_u64(ts.cast_unsigned(), &mut self.scratch);
        pack_cells(&mut self.scratch);
        self.n_rows += 1;
        self.rows.write_all(&self.scratch).map_err(|error| failed(path, &error))
    }
}

impl Waiting {
    /// Begins with the shapes that are known; none for whole rows.
    pub(super) fn new(path: &Path, target: Target, fields: Option<Vec<(String, Shape)>>) -> Result<Self, OutputError> {
        Self::within(MEMORY, path, target, fields)
    }

    fn within(
        memory: usize,
        path: &Path,
        target: Target,
        fields: Option<Vec<(String, Shape)>>,
    ) -> Result<Self, OutputError> {
        let file = tempfile::spooled_tempfile_in(memory, folder_of(path));
        Ok(Self {
            target,
            kept: Kept {
                rows: Packer::new(file, 1).map_err(|error| failed(path, &error))?,
                n_rows: 0,
                scratch: Vec::new(),
            },
            fields: match fields {
                Some(fields) => Fields::Named(fields.into_iter().map(Named::new).collect()),
                None => Fields::Members(IndexMap::new()),
            },
        })
    }

    /// Keeps rows of columns.
    pub(super) fn extend(
        &mut self,
        path: &Path,
        stream: usize,
        ts: &[i64],
        columns: &[Column],
    ) -> Result<(), OutputError> {
        let Fields::Named(fields) = &mut self.fields else {
            return Ok(());
        };
        let mut known = Vec::with_capacity(columns.len());
        for (field, column) in fields.iter_mut().zip(columns) {
            let column = field.known(column);
            join_column(&mut field.shape, &column);
            known.push(column);
        }
        ts.iter().enumerate().try_for_each(|(row, ts)| {
            let cells = |out: &mut Vec<u8>| known.iter().for_each(|column| pack_cell(column, row, out));
            self.kept.add(path, stream, *ts, cells)
        })
    }

    /// Keeps a whole row.
    pub(super) fn push(&mut self, path: &Path, stream: usize, ts: i64, row: &Value) -> Result<(), OutputError> {
        let row = members(row);
        if let (Fields::Members(fields), Value::Map(entries)) = (&mut self.fields, &row) {
            for (key, value) in entries.iter() {
                let Value::Str(name) = &key.0 else { continue };
                if fields.len() == MOST_COLUMNS && !fields.contains_key(&**name) {
                    return Err(too_many_columns(path));
                }
                let (shape, n) = fields.entry(name.to_string()).or_default();
                shape.join(value);
                *n += 1;
            }
        }
        self.kept.add(path, stream, ts, |out| pack(&row, out))
    }

    /// Settles the columns and writes all rows.
    pub(super) fn settle(
        self,
        path: &Path,
        encoding: Encoding,
        streams: &[String],
    ) -> Result<TableWriter, OutputError> {
        let fail = |error: io::Error| failed(path, &error);
        let n_rows = self.kept.n_rows;
        let is_whole = matches!(self.fields, Fields::Members(_));
        let fields = match self.fields {
            Fields::Named(fields) => fields.into_iter().map(|field| (field.name, field.shape)).collect(),
            Fields::Members(members) => columns_of(members, n_rows),
        };
        let names: Vec<String> = fields.iter().map(|field| field.0.clone()).collect();
        let mut writer = TableWriter::new(path, self.target, encoding, streams, fields)?;
        let mut file = self.kept.rows.finish().map_err(fail)?;
        file.rewind().map_err(fail)?;
        let mut rows = BufReader::new(zstd::stream::read::Decoder::new(file).map_err(fail)?);
        for _ in 0..n_rows {
            let stream = unpack_u64(&mut rows).map_err(fail)? as usize;
            let ts = unpack_u64(&mut rows).map_err(fail)?.cast_signed();
            let cells = if is_whole {
                cells_of(&unpack(&mut rows).map_err(fail)?, &names, &streams[stream], ts)
            } else {
                unpack_cells(&mut rows, names.len()).map_err(fail)?
            };
            writer.push(stream, ts, &cells.iter().collect::<Vec<_>>())?;
        }
        Ok(writer)
    }
}

fn join_column(shape: &mut Shape, column: &Column) {
    match column {
        Column::Const(value, n) if *n > 0 => shape.join(value),
        Column::Any(values) => values.iter().for_each(|value| shape.join(value)),
        // An int may be one that no float equals.
        Column::Int(array) => array.iter().flatten().for_each(|i| shape.join(&Value::Int(i))),
        _ => {
            if let Some(row) = (0..column.len()).find(|&row| !column.is_null(row)) {
                shape.join(&column.value(row));
            }
        }
    }
}

/// A whole row by its members: keys as text, a single value as the member `value`.
fn members(row: &Value) -> Value {
    let Value::Map(entries) = row else {
        return Value::map([(Key(Value::str("value")), row.clone())]);
    };
    if entries.keys().all(|key| matches!(key.0, Value::Str(_))) {
        return row.clone();
    }
    let text = |key: &Key| {
        let mut text = Vec::new();
        crate::data::format::write_text(&key.0, &mut text);
        Key(Value::str(&String::from_utf8_lossy(&text)))
    };
    Value::map(entries.iter().map(|(key, value)| (text(key), value.clone())))
}

/// The columns of whole rows. Where only some rows have a `stream` or `ts` of their own, the others
/// have ours in it.
fn columns_of(members: IndexMap<String, (Shape, u64)>, n_rows: u64) -> Vec<(String, Shape)> {
    let column = |(name, (mut shape, n)): (String, (Shape, u64))| {
        if n < n_rows {
            shape.join(&own(&name, "", 0).unwrap_or_default());
        }
        (name, shape)
    };
    members.into_iter().map(column).collect()
}

/// What stands in our columns where a row has no member of the name.
fn own(name: &str, stream: &str, ts: i64) -> Option<Value> {
    match name {
        "stream" => Some(Value::str(stream)),
        "ts" => Some(Value::Timestamp(ts)),
        _ => None,
    }
}

fn cells_of(row: &Value, names: &[String], stream: &str, ts: i64) -> Vec<Value> {
    let cell = |name: &String| {
        let found = match row {
            Value::Map(entries) => entries.get(&TextKey(name)).cloned(),
            _ => None,
        };
        found.or_else(|| own(name, stream, ts)).unwrap_or_default()
    };
    names.iter().map(cell).collect()
}

fn unpack_cells(rows: &mut impl BufRead, n: usize) -> io::Result<Vec<Value>> {
    (0..n).map(|_| unpack(rows)).collect()
}

fn too_many_columns(path: &Path) -> OutputError {
    OutputError::Failed {
        path: path.display().to_string(),
        reason: format!(
            "the rows have more than {MOST_COLUMNS} different members; name some in `.emit`, or write .jsonl"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that do not compress.
    fn noise(n: usize) -> Column {
        let next = |i: &u64| {
            Some(
                i.wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407),
            )
        };
        let numbers = std::iter::successors(Some(1_u64), next).take(n);
        Column::Any(numbers.map(|i| Value::Int(i.cast_signed())).collect())
    }

    #[test]
    fn rows_on_disk_are_the_rows_in_memory() {
        const ROWS: usize = 100_000;
        let dir = tempfile::tempdir().unwrap();
        let bytes = |memory: usize, name: &str| {
            let path = dir.path().join(name);
            let fields = vec![("x".to_owned(), Shape::Null)];
            let target = Target::open(&path, Encoding::Arrow).unwrap();
            let mut waiting = Waiting::within(memory, &path, target, Some(fields)).unwrap();
            let ts: Vec<i64> = (0..ROWS as i64).collect();
            waiting.extend(&path, 0, &ts, &[noise(ROWS)]).unwrap();
            let on_disk = waiting.kept.rows.get_ref().is_rolled();
            let writer = waiting.settle(&path, Encoding::Arrow, &["S".to_owned()]).unwrap();
            writer.finish().unwrap();
            (on_disk, std::fs::read(path).unwrap())
        };
        let (small, large) = (bytes(1 << 10, "small.arrow"), bytes(1 << 30, "large.arrow"));
        assert_eq!((small.0, large.0), (true, false));
        assert!(small.1 == large.1);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
