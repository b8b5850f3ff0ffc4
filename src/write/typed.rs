//! Row groups as a Parquet file, an Arrow IPC file, or (to a pipe) an Arrow IPC stream.
//!
//! The settings below are part of the bytes; nothing in a file tells when or by how many threads it
//! was written.

use std::io::{self, BufWriter};
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding as PageEncoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::encoding::Encoding;
use super::output::{OutputError, failed};
use super::sink::Sink;

const CREATED_BY: &str = concat!("varpulis version ", env!("CARGO_PKG_VERSION"));

/// An open file of row groups.
pub(super) enum TypedFile {
    Parquet(Box<ArrowWriter<BufWriter<Sink>>>),
    Arrow(Box<FileWriter<BufWriter<Sink>>>),
    ArrowStream(Box<StreamWriter<BufWriter<Sink>>>),
}

impl TypedFile {
    /// Begins a file; its schema is written.
    pub(super) fn open(path: &Path, sink: Sink, encoding: Encoding, schema: &SchemaRef) -> Result<Self, OutputError> {
        let direct = sink.is_direct();
        let out = BufWriter::with_capacity(1 << 16, sink);
        Ok(match encoding {
            Encoding::Parquet => {
                let writer = ArrowWriter::try_new(out, schema.clone(), Some(properties()));
                Self::Parquet(Box::new(writer.map_err(|error| parquet_failed(path, error))?))
            }
            _ if direct => {
                let writer = StreamWriter::try_new(out, schema);
                Self::ArrowStream(Box::new(writer.map_err(|error| arrow_failed(path, error))?))
            }
            _ => {
                let writer = FileWriter::try_new(out, schema);
                Self::Arrow(Box::new(writer.map_err(|error| arrow_failed(path, error))?))
            }
        })
    }

    /// Writes a row group.
    pub(super) fn write(&mut self, path: &Path, group: &RecordBatch) -> Result<(), OutputError> {
        match self {
            Self::Parquet(writer) => writer
                .write(group)
                .and_then(|()| writer.flush())
                .map_err(|error| parquet_failed(path, error)),
            Self::Arrow(writer) => writer.write(group).map_err(|error| arrow_failed(path, error)),
            Self::ArrowStream(writer) => writer
                .write(group)
                .and_then(|()| writer.flush())
                .map_err(|error| arrow_failed(path, error)),
        }
    }

    /// Writes what ends the file.
    pub(super) fn close(self, path: &Path) -> Result<Sink, OutputError> {
        let out = match self {
            Self::Parquet(writer) => writer.into_inner().map_err(|error| parquet_failed(path, error))?,
            Self::Arrow(writer) => writer.into_inner().map_err(|error| arrow_failed(path, error))?,
            Self::ArrowStream(writer) => writer.into_inner().map_err(|error| arrow_failed(path, error))?,
        };
        out.into_inner().map_err(|error| failed(path, error.error()))
    }
}

/// Times are near each other, so `ts` is written as differences; everything else tries a dictionary
/// and gives it up where it grows.
fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()))
        .set_max_row_group_row_count(None)
        .set_column_dictionary_enabled(ColumnPath::from("ts"), false)
        .set_column_encoding(ColumnPath::from("ts"), PageEncoding::DELTA_BINARY_PACKED)
        .build()
}

pub(super) fn arrow_failed(path: &Path, error: ArrowError) -> OutputError {
    match error {
        ArrowError::IoError(_, error) => failed(path, &error),
        other => failed(path, &io::Error::other(other)),
    }
}

pub(super) fn parquet_failed(path: &Path, error: ParquetError) -> OutputError {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => failed(path, &error),
            Err(other) => failed(path, &io::Error::other(other)),
        },
        other => failed(path, &io::Error::other(other)),
    }
}
