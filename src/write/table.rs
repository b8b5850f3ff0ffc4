//! Rows with columns: CSV, Parquet and Arrow IPC files.
//!
//! The columns are `stream`, `ts`, then the fields; a field of the name `stream` or `ts` takes that
//! place. Where the compiler knows all types, rows are written as they come. Otherwise, and from the
//! first value on that is beyond its known type, they wait until the last one has been seen: types are
//! then those of the values ([`super::shape`]), and whole events have a column for every member met.
//! The bytes depend on the rows only, not on their batches.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::encoding::Encoding;
use super::output::OutputError;
use super::shape::Shape;
use super::waiting::Waiting;
use super::writer::{TableWriter, Target};
use crate::data::{Column, Key, TextKey, Type, Value};

/// Rows of one stream, in order, as they go to a file of columns.
#[derive(Clone, Debug)]
pub struct RowBatch {
    /// The rows' times, nanoseconds since the epoch.
    pub ts: Vec<i64>,
    /// As many rows of fields.
    pub rows: RowColumns,
}

/// The fields of rows.
#[derive(Clone, Debug)]
pub enum RowColumns {
    /// The same fields in every row.
    Fields {
        /// Names, in the order of the columns.
        names: Arc<[String]>,
        /// As many columns, each with a value for every row.
        columns: Vec<Column>,
    },
    /// Whole rows: maps by their members, anything else as the field `value`.
    Values(Vec<Value>),
}

/// A file of columns. One that is dropped without [`TableFile::finish`] never appears.
pub struct TableFile {
    path: PathBuf,
    encoding: Encoding,
    streams: Vec<String>,
    /// The fields, and what is known of them before the run; none for whole rows.
    fields: Option<Vec<(String, Shape)>>,
    state: State,
}

enum State {
    Settled(TableWriter),
    Waiting(Waiting),
    /// Between the two; where that failed, nothing more is written.
    Moving,
}

impl TableFile {
    /// Opens a file for rows of a stream; the name's extension says the format. The columns of whole
    /// rows are not known before (`None`).
    ///
    /// # Errors
    /// When it cannot be created, or the name does not say a format of columns.
    pub fn open(path: &Path, stream: &str, columns: Option<&[(String, Type)]>) -> Result<Self, OutputError> {
        Self::open_as(path, Encoding::of(path)?, &[stream.to_owned()], columns)
    }

    /// Opens a file of a format for rows of some streams, which have the same columns
    /// ([`super::check_one_schema`]).
    ///
    /// # Errors
    /// When it cannot be created; when stdout is a terminal, or the format cannot go to stdout.
    pub fn open_as(
        path: &Path,
        encoding: Encoding,
        streams: &[String],
        columns: Option<&[(String, Type)]>,
    ) -> Result<Self, OutputError> {
        check_place(path, encoding)?;
        let target = Target::open(path, encoding)?;
        let fields = columns.map(|columns| {
            let field = |(name, ty): &(String, Type)| (name.clone(), Shape::of_type(ty));
            columns.iter().map(field).collect::<Vec<_>>()
        });
        let is_text = matches!(encoding, Encoding::Csv { .. });
        let known = |columns: &[(String, Type)]| is_text || columns.iter().all(|column| is_known(&column.1));
        let state = match (fields.clone(), columns) {
            (Some(fields), Some(columns)) if known(columns) => {
                State::Settled(TableWriter::new(path, target, encoding, streams, fields)?)
            }
            (fields, _) => State::Waiting(Waiting::new(path, target, fields)?),
        };
        Ok(Self {
            path: path.to_owned(),
            encoding,
            streams: streams.to_vec(),
            fields,
            state,
        })
    }

    /// Writes rows of the first stream.
    ///
    /// # Errors
    /// When the disk is full and the like.
    pub fn write(&mut self, batch: &RowBatch) -> Result<(), OutputError> {
        self.write_of(0, batch)
    }

    /// Writes rows of a stream, by its place among those the file was opened for.
    ///
    /// # Errors
    /// As [`TableFile::write`].
    ///
    /// # Panics
    /// When there is no such stream, or a column of another length than the times.
    pub fn write_of(&mut self, stream: usize, batch: &RowBatch) -> Result<(), OutputError> {
        assert!(stream < self.streams.len(), "a stream of the file");
        let Some(fields) = &self.fields else {
            let State::Waiting(waiting) = &mut self.state else {
                return Err(given_up(&self.path));
            };
            return batch
                .ts
                .iter()
                .zip(whole_rows(batch).iter())
                .try_for_each(|(ts, row)| waiting.push(&self.path, stream, *ts, row));
        };
        let columns = columns_of(fields, &batch.rows);
        match &mut self.state {
            State::Settled(writer) if writer.fits(&columns) => writer.extend(stream, &batch.ts, &columns),
            State::Settled(_) => {
                self.unsettle()?;
                self.write_of(stream, batch)
            }
            State::Waiting(waiting) => waiting.extend(&self.path, stream, &batch.ts, &columns),
            State::Moving => Err(given_up(&self.path)),
        }
    }

    /// From here on rows wait, and so do those that are in the file already.
    fn unsettle(&mut self) -> Result<(), OutputError> {
        let target = Target::open(&self.path, self.encoding)?;
        let mut waiting = Waiting::new(&self.path, target, self.fields.clone())?;
        let State::Settled(writer) = std::mem::replace(&mut self.state, State::Moving) else {
            return Ok(());
        };
        writer.give_back(self.encoding, &mut waiting)?;
        self.state = State::Waiting(waiting);
        Ok(())
    }

    /// Ends the file and gives it its name; what the summary should say of what was lost.
    ///
    /// # Errors
    /// As [`TableFile::write`].
    pub fn finish(self) -> Result<Vec<String>, OutputError> {
        match self.state {
            State::Settled(writer) => writer.finish(),
            State::Waiting(waiting) => waiting.settle(&self.path, self.encoding, &self.streams)?.finish(),
            State::Moving => Err(given_up(&self.path)),
        }
    }
}

/// Whether values can be trusted to be of the type, so that rows need not wait. Records are not:
/// whole events of a declared type have members that the declaration does not name.
fn is_known(ty: &Type) -> bool {
    match ty {
        Type::Any | Type::Record(_) | Type::Stream(_) => false,
        Type::Null | Type::Bool | Type::Int | Type::Float | Type::Str | Type::Timestamp | Type::Duration => true,
        Type::List(inner) | Type::Optional(inner) => is_known(inner),
        Type::Map(key, value) => is_known(key) && is_known(value),
        Type::Tuple(items) => !items.is_empty() && items.iter().all(is_known),
    }
}

fn given_up(path: &Path) -> OutputError {
    OutputError::Failed {
        path: path.display().to_string(),
        reason: "it could not be written before".to_owned(),
    }
}

/// What a format of columns cannot go to.
fn check_place(path: &Path, encoding: Encoding) -> Result<(), OutputError> {
    let is_stdout = path == Path::new("-");
    match encoding {
        Encoding::Jsonl => Err(OutputError::unsupported(path, "JSON lines have no columns")),
        Encoding::Parquet if is_stdout => Err(OutputError::unsupported(
            path,
            "Parquet needs a file (`--output x.parquet`); to a pipe, write `--output-format arrow`",
        )),
        Encoding::Arrow if is_stdout && std::io::stdout().is_terminal() => Err(OutputError::unsupported(
            path,
            "Arrow is not for terminals; name a file (`--output x.arrow`) or write to a pipe",
        )),
        _ => Ok(()),
    }
}

fn whole_rows(batch: &RowBatch) -> Vec<Value> {
    match &batch.rows {
        RowColumns::Values(values) => values.clone(),
        RowColumns::Fields { names, columns } => {
            let member = |row: usize| {
                let entry = move |(name, column): (&String, &Column)| (Key(Value::str(name)), column.value(row));
                Value::map(names.iter().zip(columns).map(entry))
            };
            (0..batch.ts.len()).map(member).collect()
        }
    }
}

fn columns_of(fields: &[(String, Shape)], rows: &RowColumns) -> Vec<Column> {
    match rows {
        RowColumns::Fields { columns, .. } => columns.clone(),
        RowColumns::Values(values) => {
            let member = |name: &str, row: &Value| match row {
                Value::Map(entries) => entries.get(&TextKey(name)).cloned().unwrap_or_default(),
                _ => Value::Null,
            };
            let column = |name| Column::Any(values.iter().map(|row| member(name, row)).collect());
            fields.iter().map(|(name, _)| column(name)).collect()
        }
    }
}
