//! Rows whose columns are settled -> a file.

use std::path::{Path, PathBuf};

use super::csv::CsvFile;
use super::encoding::Encoding;
use super::group::{Group, GroupError, Layout, Slot, slots};
use super::output::OutputError;
use super::reread::{Columns, reread};
use super::shape::Shape;
use super::sink::Sink;
use super::typed::{TypedFile, arrow_failed};
use super::waiting::Waiting;
use crate::data::{Column, Value};

/// Text waits for so many bytes before it is written.
const TEXT_BYTES: usize = 1 << 20;

/// A place that is open, before its columns are known.
pub(super) enum Target {
    Csv(Box<CsvFile>),
    Typed(Sink),
}

impl Target {
    pub(super) fn open(path: &Path, encoding: Encoding) -> Result<Self, OutputError> {
        match encoding {
            Encoding::Csv { delimiter } => CsvFile::open(path, delimiter).map(|file| Self::Csv(Box::new(file))),
            _ => Sink::open(path).map(Self::Typed),
        }
    }
}

/// A file that takes rows.
pub(super) struct TableWriter {
    path: PathBuf,
    streams: Vec<String>,
    to: To,
    notes: Vec<String>,
}

enum To {
    Csv {
        file: Box<CsvFile>,
        slots: Vec<Slot>,
    },
    Typed {
        file: TypedFile,
        group: Group,
        is_bare: bool,
    },
}

impl TableWriter {
    /// Begins the file: rows of these streams, with fields of these shapes.
    pub(super) fn new(
        path: &Path,
        target: Target,
        encoding: Encoding,
        streams: &[String],
        mut fields: Vec<(String, Shape)>,
    ) -> Result<Self, OutputError> {
        let mut notes = Vec::new();
        let to = match target {
            Target::Csv(mut file) => {
                let slots = slots(fields.iter().map(|field| field.0.as_str()));
                file.header(&slots, |at| &fields[at].0);
                To::Csv { file, slots }
            }
            Target::Typed(sink) => {
                for (name, shape) in &mut fields {
                    shape.settle(name, &mut notes);
                }
                let group = Group::new(Layout::new(streams, fields));
                To::Typed {
                    file: TypedFile::open(path, sink, encoding, &group.layout().schema)?,
                    group,
                    is_bare: true,
                }
            }
        };
        Ok(Self {
            path: path.to_owned(),
            streams: streams.to_vec(),
            to,
            notes,
        })
    }

    /// Whether all rows of the columns have a place in the file.
    pub(super) fn fits(&self, columns: &[Column]) -> bool {
        match &self.to {
            To::Csv { .. } => true,
            To::Typed { group, .. } => {
                let shapes = group.layout().shapes.iter();
                shapes.zip(columns).all(|(shape, column)| shape.fits_column(column))
            }
        }
    }

    /// Gives up the file: its rows go to those that wait.
    pub(super) fn give_back(mut self, encoding: Encoding, waiting: &mut Waiting) -> Result<(), OutputError> {
        self.end_group()?;
        let To::Typed { file, group, .. } = self.to else {
            return Ok(());
        };
        let closed = file.close(&self.path)?;
        if closed.is_direct() {
            return Err(OutputError::Failed {
                path: self.path.display().to_string(),
                reason: "a value is beyond the type of its column; name a file, or write JSON lines".to_owned(),
            });
        }
        let columns = Columns {
            slots: &group.layout().slots,
            shapes: &group.layout().shapes,
        };
        reread(&self.path, &closed, encoding, &columns, waiting)
    }

    /// Writes rows of a stream, by its number; they fit ([`TableWriter::fits`]).
    pub(super) fn extend(&mut self, stream: usize, ts: &[i64], columns: &[Column]) -> Result<(), OutputError> {
        match &mut self.to {
            To::Csv { file, slots } => {
                for (row, ts) in ts.iter().enumerate() {
                    file.columns(slots, &self.streams[stream], *ts, columns, row);
                    if file.waiting() >= TEXT_BYTES {
                        file.flush()?;
                    }
                }
                file.flush()
            }
            To::Typed { group, .. } => {
                let mut from = 0;
                let path = self.path.clone();
                let (mut end, mut full) = group.extend(stream, ts, columns, from).map_err(|e| refused(&path, e))?;
                while full {
                    self.end_group()?;
                    from = end;
                    let To::Typed { group, .. } = &mut self.to else { break };
                    (end, full) = group.extend(stream, ts, columns, from).map_err(|e| refused(&path, e))?;
                }
                Ok(())
            }
        }
    }

    /// Writes one row of a stream, by its number; its values fit.
    pub(super) fn push(&mut self, stream: usize, ts: i64, cells: &[&Value]) -> Result<(), OutputError> {
        match &mut self.to {
            To::Csv { file, slots } => {
                file.values(slots, &self.streams[stream], ts, cells);
                if file.waiting() >= TEXT_BYTES {
                    file.flush()
                } else {
                    Ok(())
                }
            }
            To::Typed { group, .. } => {
                if group
                    .push(stream, ts, cells)
                    .map_err(|error| refused(&self.path, error))?
                {
                    self.end_group()?;
                }
                Ok(())
            }
        }
    }

    fn end_group(&mut self) -> Result<(), OutputError> {
        let To::Typed { file, group, is_bare } = &mut self.to else {
            return Ok(());
        };
        let rows = group.take().map_err(|error| arrow_failed(&self.path, error))?;
        *is_bare = false;
        file.write(&self.path, &rows)
    }

    /// Ends the file; what the summary should say.
    pub(super) fn finish(mut self) -> Result<Vec<String>, OutputError> {
        // A file without rows has one empty batch, so that its dictionary is there.
        if let To::Typed { group, is_bare, .. } = &self.to
            && (*is_bare || !group.is_empty())
        {
            self.end_group()?;
        }
        match self.to {
            To::Csv { file, .. } => {
                let not_finite = file.finish()?;
                if not_finite > 0 {
                    self.notes.push(format!(
                        "floats that are NaN or infinite, written as empty cells: {not_finite}"
                    ));
                }
            }
            To::Typed { file, .. } => file.close(&self.path)?.finish(&self.path)?,
        }
        Ok(self.notes)
    }
}

fn refused(path: &Path, error: GroupError) -> OutputError {
    match error {
        GroupError::RowTooLarge => OutputError::Failed {
            path: path.display().to_string(),
            reason: "a row is larger than 256 MiB; write .jsonl".to_owned(),
        },
        GroupError::Arrow(error) => arrow_failed(path, error),
    }
}
