//! Which format goes to which place: by the place's extension, or as asked for.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::output::OutputError;
use crate::data::Type;

/// A format of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// One JSON object a line.
    Jsonl,
    /// Cells between delimiters, under a header.
    Csv {
        /// What separates cells: `,`, or a tab in `.tsv`.
        delimiter: u8,
    },
    /// An Apache Parquet file.
    Parquet,
    /// An Apache Arrow IPC file (to a pipe: the streaming form).
    Arrow,
}

/// How text is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// By the last extension.
    pub(super) fn of(path: &Path) -> Self {
        match extension(path).as_deref() {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::None,
        }
    }
}

impl Encoding {
    /// By the extension of a name, below `.gz` and `.zst`; JSON lines where it says nothing.
    ///
    /// # Errors
    /// When the extension names a format that is not written.
    pub fn of(path: &Path) -> Result<Self, OutputError> {
        Ok(Self::by_extension(path)?.unwrap_or(Self::Jsonl))
    }

    /// By the name that `--output-format` takes: `jsonl`, `csv`, `parquet`, `arrow`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "jsonl" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv { delimiter: b',' }),
            "parquet" => Some(Self::Parquet),
            "arrow" => Some(Self::Arrow),
            _ => None,
        }
    }

    /// The format's name, which is the extension of its files too.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv { delimiter: b'\t' } => "tsv",
            Self::Csv { .. } => "csv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    fn by_extension(path: &Path) -> Result<Option<Self>, OutputError> {
        let compression = Compression::of(path);
        let inner = match compression {
            Compression::None => extension(path),
            _ => extension(Path::new(path.file_stem().unwrap_or_default())),
        };
        let encoding = match inner.as_deref() {
            Some("jsonl" | "ndjson" | "json") => Self::Jsonl,
            Some("csv") => Self::Csv { delimiter: b',' },
            Some("tsv") => Self::Csv { delimiter: b'\t' },
            Some("parquet") => Self::Parquet,
            Some("arrow" | "feather" | "ipc") => Self::Arrow,
            Some(other @ ("avro" | "orc" | "bz2" | "xz" | "lz4")) => {
                return Err(OutputError::unsupported(
                    path,
                    format!("{other} is not written; write .jsonl, .csv, .parquet or .arrow"),
                ));
            }
            _ => return Ok(None),
        };
        if compression != Compression::None && matches!(encoding, Self::Parquet | Self::Arrow) {
            let reason = match encoding {
                Self::Parquet => "Parquet is compressed inside; write .parquet",
                _ => "Arrow files are read in place and stay uncompressed; write .arrow",
            };
            return Err(OutputError::unsupported(path, reason));
        }
        Ok(Some(encoding))
    }
}

fn extension(path: &Path) -> Option<String> {
    path.extension().map(|ext| ext.to_string_lossy().to_ascii_lowercase())
}

/// Where the streams of an output argument go: all to one place, or each to a file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    output: PathBuf,
    encoding: Encoding,
    folder: bool,
}

impl Destination {
    /// Reads an output argument (`-`, a file, or a folder: it ends in `/` or is there) and the format
    /// asked for, if any.
    ///
    /// # Errors
    /// When the format contradicts the file's extension, or is not written.
    pub fn new(output: &Path, format: Option<Encoding>) -> Result<Self, OutputError> {
        let folder = output.as_os_str().as_encoded_bytes().ends_with(b"/") || output.is_dir();
        let by_name = if folder { None } else { Encoding::by_extension(output)? };
        let encoding = match (by_name, format) {
            (Some(Encoding::Csv { delimiter }), Some(Encoding::Csv { .. })) => Encoding::Csv { delimiter },
            (Some(found), Some(asked)) if found != asked => {
                let (found, asked) = (found.name(), asked.name());
                return Err(OutputError::unsupported(
                    output,
                    format!("its name says {found}, `--output-format` says {asked}; leave one of them out"),
                ));
            }
            (found, asked) => found.or(asked).unwrap_or(Encoding::Jsonl),
        };
        Ok(Self {
            output: output.to_owned(),
            encoding,
            folder,
        })
    }

    /// The format of all its files.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Whether every stream has a file of its own.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.folder
    }

    /// The place of a stream's rows: `DIR/<stream>.<format>` in a folder.
    #[must_use]
    pub fn path(&self, stream: &str) -> PathBuf {
        const NOT_IN_NAMES: &AsciiSet = &CONTROLS.add(b'/').add(b'%');
        if !self.folder {
            return self.output.clone();
        }
        let name = utf8_percent_encode(stream, NOT_IN_NAMES);
        self.output.join(format!("{name}.{}", self.encoding.name()))
    }

    /// Makes the folder where there is none yet; nothing to do for other places.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create_folder(&self) -> Result<(), OutputError> {
        if !self.folder {
            return Ok(());
        }
        std::fs::create_dir_all(&self.output).map_err(|error| super::output::failed(&self.output, &error))
    }
}

/// A stream that goes to a file, with its columns where they are known (not for whole events).
pub type StreamColumns<'a> = (&'a str, Option<&'a [(String, Type)]>);

/// Whether streams may share a file: text of JSON takes any, typed files need the same columns.
///
/// # Errors
/// When the columns differ or are not known before the run.
pub fn check_one_schema(path: &Path, encoding: Encoding, streams: &[StreamColumns<'_>]) -> Result<(), OutputError> {
    let Some(((first, columns), others)) = streams.split_first() else {
        return Ok(());
    };
    if encoding == Encoding::Jsonl {
        return Ok(());
    }
    let Some((other, _)) = others.iter().find(|(_, other)| !same_columns(*columns, *other)) else {
        return Ok(());
    };
    let format = encoding.name();
    Err(OutputError::unsupported(
        path,
        format!(
            "the streams `{first}` and `{other}` do not have the same columns, and a {format} file has one set; \
             write to a directory (`--output DIR/ --output-format {format}`), or give each a file with `.to`"
        ),
    ))
}

fn same_columns(a: Option<&[(String, Type)]>, b: Option<&[(String, Type)]>) -> bool {
    let (Some(a), Some(b)) = (a, b) else {
        return false;
    };
    let same = |x: &(String, Type), y: &(String, Type)| x.0 == y.0 && x.1.non_null() == y.1.non_null();
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| same(x, y))
}
