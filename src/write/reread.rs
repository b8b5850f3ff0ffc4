//! Takes the rows out of a file that was begun: a value came that its columns, thought to be known,
//! have no place for, and so all rows must wait after all.
//!
//! Compilers should not be wrong about types, so this is rare and may be slow.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DurationNanosecondType, Float64Type, Int32Type, Int64Type, TimestampNanosecondType};
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::encoding::Encoding;
use super::group::Slot;
use super::output::{OutputError, failed};
use super::shape::Shape;
use super::sink::Sink;
use super::typed::{arrow_failed, parquet_failed};
use super::waiting::Waiting;
use crate::data::{Column, Key, Value};

/// Where columns of the file go: its slots, and the fields' shapes.
pub(super) struct Columns<'a> {
    pub(super) slots: &'a [Slot],
    pub(super) shapes: &'a [Shape],
}

/// Adds all rows of a closed file, which has no name yet, to those that wait.
pub(super) fn reread(
    path: &Path,
    closed: &Sink,
    encoding: Encoding,
    columns: &Columns<'_>,
    waiting: &mut Waiting,
) -> Result<(), OutputError> {
    let Sink::Beside(file) = closed else {
        return Ok(());
    };
    let file = file.reopen().map_err(|error| failed(path, &error))?;
    let mut add = |batch: Result<RecordBatch, ArrowError>| {
        let batch = batch.map_err(|error| arrow_failed(path, error))?;
        columns.add(path, &batch, waiting)
    };
    if encoding == Encoding::Parquet {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(ParquetRecordBatchReaderBuilder::build);
        return reader.map_err(|error| parquet_failed(path, error))?.try_for_each(add);
    }
    let mut reader = FileReader::try_new_buffered(file, None).map_err(|error| arrow_failed(path, error))?;
    reader.try_for_each(&mut add)
}

impl Columns<'_> {
    /// Rows of one stream after the other.
    fn add(&self, path: &Path, batch: &RecordBatch, waiting: &mut Waiting) -> Result<(), OutputError> {
        let n = batch.num_rows();
        let (mut streams, mut ts) = (vec![0; n], vec![0; n]);
        let mut fields = vec![Column::nulls(n); self.shapes.len()];
        for (slot, array) in self.slots.iter().zip(batch.columns()) {
            match slot {
                Slot::Stream => streams = array.as_dictionary::<Int32Type>().keys().values().to_vec(),
                Slot::Ts => ts = array.as_primitive::<TimestampNanosecondType>().values().to_vec(),
                Slot::Field(at) => {
                    let value = |row| value(&self.shapes[*at], array, row);
                    fields[*at] = Column::Any((0..n).map(value).collect());
                }
            }
        }
        let mut from = 0;
        for run in streams.chunk_by(|a, b| a == b) {
            let rows: Vec<u32> = (from..from + run.len()).map(|row| row as u32).collect();
            let columns: Vec<Column> = fields.iter().map(|column| column.take(&rows)).collect();
            waiting.extend(path, run[0] as usize, &ts[from..from + run.len()], &columns)?;
            from += run.len();
        }
        Ok(())
    }
}

/// The inverse of [`super::array::array`].
fn value(shape: &Shape, array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match shape {
        Shape::Bool => Value::Bool(array.as_boolean().value(row)),
        Shape::Number { float: false, .. } => Value::Int(array.as_primitive::<Int64Type>().value(row)),
        Shape::Number { float: true, .. } => Value::Float(array.as_primitive::<Float64Type>().value(row)),
        Shape::Null | Shape::Str | Shape::Json(_) => Value::str(array.as_string::<i32>().value(row)),
        Shape::Timestamp => Value::Timestamp(array.as_primitive::<TimestampNanosecondType>().value(row)),
        Shape::Duration => Value::Duration(array.as_primitive::<DurationNanosecondType>().value(row)),
        Shape::List(item) => {
            let items = array.as_list::<i32>().value(row);
            Value::List((0..items.len()).map(|at| value(item, &items, at)).collect())
        }
        Shape::Tuple(shapes) => {
            let members = array.as_struct().columns().iter().zip(shapes);
            Value::List(members.map(|(member, shape)| value(shape, member, row)).collect())
        }
        Shape::Record(members) => {
            let columns = array.as_struct().columns().iter().zip(members);
            Value::map(columns.map(|(member, (name, shape))| (Key(Value::str(name)), value(shape, member, row))))
        }
        Shape::Map(shapes) => {
            let entries: ArrayRef = Arc::new(array.as_map().value(row));
            let (keys, values) = (entries.as_struct().column(0), entries.as_struct().column(1));
            let entry = |at| (Key(value(&shapes.0, keys, at)), value(&shapes.1, values, at));
            Value::map((0..entries.len()).map(entry))
        }
    }
}
