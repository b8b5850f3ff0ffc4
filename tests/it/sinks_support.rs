//! Reads typed files back, by the readers of the formats' own crates, into values.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, DurationNanosecondType, Float64Type, Int32Type, Int64Type, SchemaRef, TimeUnit, TimestampNanosecondType,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use varpulis::data::{Column, Key, Type, Value};
use varpulis::write::{RowBatch, RowColumns, TableFile};

/// Opens, writes all batches, finishes.
pub(crate) fn write(path: &Path, columns: Option<&[(String, Type)]>, batches: &[RowBatch]) -> Vec<String> {
    let mut file = TableFile::open(path, "S", columns).unwrap();
    batches.iter().for_each(|batch| file.write(batch).unwrap());
    file.finish().unwrap()
}

/// Rows of fields: times count up from 0.
pub(crate) fn fields(columns: &[(&str, Vec<Value>)]) -> RowBatch {
    let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    RowBatch {
        ts: (0..columns[0].1.len() as i64).collect(),
        rows: RowColumns::Fields {
            names: Arc::from(names),
            columns: columns
                .iter()
                .map(|(_, values)| Column::from_values(values.clone()))
                .collect(),
        },
    }
}

/// Whole rows: times count up from 0.
pub(crate) fn whole(rows: Vec<Value>) -> RowBatch {
    RowBatch {
        ts: (0..rows.len() as i64).collect(),
        rows: RowColumns::Values(rows),
    }
}

/// Types of columns by name.
pub(crate) fn types(columns: &[(&str, Type)]) -> Vec<(String, Type)> {
    columns
        .iter()
        .map(|(name, ty)| ((*name).to_owned(), ty.clone()))
        .collect()
}

/// A record.
pub(crate) fn record(members: &[(&str, Value)]) -> Value {
    Value::map(
        members
            .iter()
            .map(|(name, value)| (Key(Value::str(name)), value.clone())),
    )
}

/// A file's schema and batches.
pub(crate) fn read(path: &Path) -> (SchemaRef, Vec<RecordBatch>) {
    let file = File::open(path).unwrap();
    if path.extension().unwrap() == "parquet" {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let schema = builder.schema().clone();
        return (schema, builder.build().unwrap().map(Result::unwrap).collect());
    }
    let reader = arrow::ipc::reader::FileReader::try_new(file, None).unwrap();
    (reader.schema(), reader.map(Result::unwrap).collect())
}

/// All values of a column of a file.
pub(crate) fn column(path: &Path, name: &str) -> Vec<Value> {
    let (_, batches) = read(path);
    let values = |batch: &RecordBatch| {
        let column = batch.column_by_name(name).unwrap().clone();
        (0..column.len())
            .map(move |row| value(&column, row))
            .collect::<Vec<_>>()
    };
    batches.iter().flat_map(values).collect()
}

/// `name: type` of all columns.
pub(crate) fn schema(path: &Path) -> Vec<String> {
    let (schema, _) = read(path);
    schema
        .fields()
        .iter()
        .map(|field| format!("{}: {}", field.name(), type_text(field.data_type())))
        .collect()
}

fn type_text(ty: &DataType) -> String {
    let members = |fields: &arrow::datatypes::Fields| {
        fields
            .iter()
            .map(|field| format!("{}: {}", field.name(), type_text(field.data_type())))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match ty {
        DataType::List(field) => format!("[{}]", type_text(field.data_type())),
        DataType::Struct(fields) => format!("{{{}}}", members(fields)),
        DataType::Map(entries, _) => format!("map {}", type_text(entries.data_type())),
        DataType::Timestamp(TimeUnit::Nanosecond, Some(zone)) => format!("timestamp {zone}"),
        DataType::Duration(TimeUnit::Nanosecond) => "duration".to_owned(),
        DataType::Dictionary(_, value) => format!("dictionary {}", type_text(value)),
        other => format!("{other}").to_lowercase(),
    }
}

fn value(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    let items = |items: &dyn Array| (0..items.len()).map(|at| value(items, at)).collect::<Vec<_>>();
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int64 => Value::Int(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Value::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => Value::str(array.as_string::<i32>().value(row)),
        DataType::Timestamp(..) => Value::Timestamp(array.as_primitive::<TimestampNanosecondType>().value(row)),
        DataType::Duration(_) => Value::Duration(array.as_primitive::<DurationNanosecondType>().value(row)),
        DataType::Dictionary(..) => {
            let dictionary = array.as_dictionary::<Int32Type>();
            value(dictionary.values(), dictionary.key(row).unwrap())
        }
        DataType::List(_) => Value::list(items(&array.as_list::<i32>().value(row))),
        DataType::Struct(fields) => {
            let member = |(field, column): (&Arc<arrow::datatypes::Field>, &Arc<dyn Array>)| {
                (Key(Value::str(field.name())), value(column, row))
            };
            Value::map(fields.iter().zip(array.as_struct().columns()).map(member))
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (items(entries.column(0)), items(entries.column(1)));
            Value::map(keys.into_iter().map(Key).zip(values))
        }
        other => panic!("no column of ours is {other}"),
    }
}
