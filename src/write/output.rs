//! Where bytes go: stdout, a pipe, or a file that appears whole under its name.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

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
    /// The name's extension asks for something that cannot be written.
    #[error("cannot write `{path}`: {reason}")]
    Unsupported {
        /// Where to.
        path: String,
        /// Which format it is, and what to do instead.
        reason: String,
    },
}

enum Sink {
    /// Written directly: stdout, pipes, devices.
    Direct(Box<dyn Write + Send>),
    /// Written beside and renamed at the end.
    Beside(NamedTempFile),
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

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Direct(to) => to.write(bytes),
            Self::Beside(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Direct(to) => to.flush(),
            Self::Beside(file) => file.flush(),
        }
    }
}

impl Output {
    /// Opens an output by name: `-` is stdout; `.gz` and `.zst` are compressed.
    ///
    /// # Errors
    /// When it cannot be created, or its extension names a format that is not written.
    pub fn open(path: &Path) -> Result<Self, OutputError> {
        let fail = |error: io::Error| failed(path, &error);
        let compression = supported(path)?;
        let sink = if path == Path::new("-") {
            Sink::Direct(Box::new(io::stdout()))
        } else if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
            Sink::Direct(Box::new(File::options().write(true).open(path).map_err(fail)?))
        } else {
            if path.is_dir() {
                return Err(fail(io::Error::other("it is a directory; name a file")));
            }
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let mut builder = tempfile::Builder::new();
            builder.prefix(".varpulis-").suffix(".part");
            Sink::Beside(builder.tempfile_in(folder.unwrap_or(Path::new("."))).map_err(fail)?)
        };
        let encoder = match compression {
            Compression::None => Encoder::Plain(sink),
            Compression::Gzip => Encoder::Gzip(flate2::write::GzEncoder::new(sink, flate2::Compression::default())),
            Compression::Zstd => Encoder::Zstd(zstd::stream::write::Encoder::new(sink, 3).map_err(fail)?),
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
        let mut sink = match self.encoder {
            Encoder::Plain(sink) => sink,
            Encoder::Gzip(encoder) => encoder.finish().map_err(fail)?,
            Encoder::Zstd(encoder) => encoder.finish().map_err(fail)?,
        };
        sink.flush().map_err(fail)?;
        if let Sink::Beside(file) = sink {
            give_usual_mode(file.as_file()).map_err(fail)?;
            file.persist(&self.path).map_err(|error| fail(error.error))?;
        }
        Ok(())
    }
}

/// Temporary files are private; what gets its name has the mode that any new file would have.
fn give_usual_mode(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mask = umask();
    file.set_permissions(std::fs::Permissions::from_mode(0o666 & !mask))
}

/// The process's umask, read without changing it.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|text| u32::from_str_radix(text.trim(), 8).ok())
        .unwrap_or(0o022)
}

enum Compression {
    None,
    Gzip,
    Zstd,
}

fn supported(path: &Path) -> Result<Compression, OutputError> {
    let extension = |path: &Path| path.extension().map(|ext| ext.to_string_lossy().to_ascii_lowercase());
    let (compression, inner) = match extension(path).as_deref() {
        Some("gz") => (
            Compression::Gzip,
            extension(Path::new(path.file_stem().unwrap_or_default())),
        ),
        Some("zst") => (
            Compression::Zstd,
            extension(Path::new(path.file_stem().unwrap_or_default())),
        ),
        other => (Compression::None, other.map(str::to_owned)),
    };
    match inner.as_deref() {
        Some(format @ ("parquet" | "csv" | "tsv" | "arrow" | "avro" | "bz2")) => Err(OutputError::Unsupported {
            path: path.display().to_string(),
            reason: format!("{format} is not written by this version; write .jsonl, .jsonl.gz or .jsonl.zst"),
        }),
        _ => Ok(compression),
    }
}

fn failed(path: &Path, error: &io::Error) -> OutputError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return OutputError::BrokenPipe;
    }
    OutputError::Failed {
        path: path.display().to_string(),
        reason: error.to_string(),
    }
}
