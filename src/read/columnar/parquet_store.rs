//! The bytes of a Parquet file, mapped or read, for any number of threads.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use arrow::buffer::Buffer;

use crate::read::mapped::Mapping;

/// A file that is read at places.
#[derive(Clone, Debug)]
pub(super) enum Store {
    /// Mapped into memory.
    Mapped(Arc<Mapping>),
    /// Read, and how long it is.
    File(Arc<File>, u64),
}

impl Store {
    /// Some bytes, that must be there.
    ///
    /// # Errors
    /// When they are not.
    pub(super) fn bytes(&self, start: u64, length: usize) -> io::Result<Buffer> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.len()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match self {
            Self::Mapped(mapping) => Ok(mapping.piece(start as usize, length)),
            Self::File(file, _) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, start)?;
                Ok(Buffer::from_vec(bytes))
            }
        }
    }
}

impl Length for Store {
    fn len(&self) -> u64 {
        match self {
            Self::Mapped(mapping) => mapping.bytes().len() as u64,
            Self::File(_, length) => *length,
        }
    }
}

/// A buffer as somebody's bytes.
struct Shared(Buffer);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl ChunkReader for Store {
    type T = BufReader<Reading>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let reading = Reading {
            store: self.clone(),
            at: start,
        };
        // Headers are read with it, which are small.
        Ok(BufReader::with_capacity(1 << 10, reading))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let bytes = self.bytes(start, length).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ParquetError::EOF("a part of it is not there".to_owned()),
            _ => ParquetError::External(Box::new(error)),
        })?;
        Ok(Bytes::from_owner(Shared(bytes)))
    }
}

/// Reads from a place on.
pub(super) struct Reading {
    store: Store,
    at: u64,
}

impl Read for Reading {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let left = self.store.len().saturating_sub(self.at);
        let n = room.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        match &self.store {
            Store::Mapped(mapping) => {
                let start = usize::try_from(self.at).unwrap_or(usize::MAX);
                let bytes = mapping.bytes().get(start..start.saturating_add(n)).unwrap_or_default();
                room[..bytes.len()].copy_from_slice(bytes);
                self.at += bytes.len() as u64;
                Ok(bytes.len())
            }
            Store::File(file, _) => {
                let n = file.read_at(&mut room[..n], self.at)?;
                self.at += n as u64;
                Ok(n)
            }
        }
    }
}
