//! Text that goes somewhere: lines to stdout, a pipe, or a file, plain or compressed.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::encoding::{Compression, Encoding};
use super::sink::Sink;

/// Why output failed.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Whoever read our output has gone; no reason to complain.
    #[error("the reader of the output has gone")]
    BrokenPipe,
    /// Anything else.
    #[error("cannot write `{path}`: {reason}")]
    Failed {
        /// Where to.
        path: String,
        /// What went wrong.
        reason: String,
    },
    /// What is asked for cannot be written.
    #[error("cannot write `{path}`: {reason}")]
    Unsupported {
        /// Where to.
        path: String,
        /// Why not, and what to do instead.
        reason: String,
    },
}

impl OutputError {
    /// What is asked for `path` cannot be written.
    pub(super) fn unsupported(path: &Path, reason: impl Into<String>) -> Self {
        Self::Unsupported {
            path: path.display().to_string(),
            reason: reason.into(),
        }
    }
}

enum Encoder {
    Plain(Sink),
    Gzip(flate2::write::GzEncoder<Sink>),
    Zstd(zstd::stream::write::Encoder<'static, Sink>),
}

/// An output. A file that is dropped without [`Output::finish`] never appears.
pub struct Output {
    path: PathBuf,
    encoder: Encoder,
}

impl Output {
    /// Opens an output for JSON lines by name: `-` is stdout; `.gz` and `.zst` are compressed.
    ///
    /// # Errors
    /// When it cannot be created, or its extension names another format ([`super::TableFile`]).
    pub fn open(path: &Path) -> Result<Self, OutputError> {
        match Encoding::of(path)? {
            Encoding::Jsonl => Self::open_text(path),
            other => Err(OutputError::unsupported(
                path,
                format!(
                    "this takes JSON lines, not {}; write .jsonl, .jsonl.gz or .jsonl.zst",
                    other.name()
                ),
            )),
        }
    }

    /// Opens an output for any text.
    pub(super) fn open_text(path: &Path) -> Result<Self, OutputError> {
        let sink = Sink::open(path)?;
        let encoder = match Compression::of(path) {
            Compression::None => Encoder::Plain(sink),
            Compression::Gzip => Encoder::Gzip(flate2::write::GzEncoder::new(sink, flate2::Compression::default())),
            Compression::Zstd => {
                Encoder::Zstd(zstd::stream::write::Encoder::new(sink, 3).map_err(|error| failed(path, &error))?)
            }
        };
        Ok(Self {
            path: path.to_owned(),
            encoder,
        })
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// When the disk is full, the reader has gone, and the like.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        let result = match &mut self.encoder {
            Encoder::Plain(sink) => sink.write_all(bytes).and_then(|()| sink.flush()),
            Encoder::Gzip(encoder) => encoder.write_all(bytes),
            Encoder::Zstd(encoder) => encoder.write_all(bytes),
        };
        result.map_err(|error| failed(&self.path, &error))
    }

    /// Ends the output; a file gets its name.
    ///
    /// # Errors
    /// As [`Output::write`].
    pub fn finish(self) -> Result<(), OutputError> {
        let fail = |error: io::Error| failed(&self.path, &error);
        let sink = match self.encoder {
            Encoder::Plain(sink) => sink,
            Encoder::Gzip(encoder) => encoder.finish().map_err(fail)?,
            Encoder::Zstd(encoder) => encoder.finish().map_err(fail)?,
        };
        sink.finish(&self.path)
    }
}

pub(super) fn failed(path: &Path, error: &io::Error) -> OutputError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return OutputError::BrokenPipe;
    }
    OutputError::Failed {
        path: path.display().to_string(),
        reason: error.to_string(),
    }
}
