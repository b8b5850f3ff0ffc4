//! What an input is: by what is asked for, by its first bytes, by its name.

use std::path::Path;

use super::compressed::Compression;
use super::{Format, InputSpec};

/// How an input is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Json,
    Evt,
    /// With the delimiter that the name stands for, if it does.
    Csv(Option<u8>),
    Parquet,
    /// With a footer, or a stream.
    Arrow {
        footer: bool,
    },
}

/// What the first bytes of a message of an Arrow stream are.
const MESSAGE: [u8; 4] = [0xff; 4];

impl Kind {
    /// What an input is, `head` being what it begins with as it stands in the file.
    ///
    /// # Errors
    /// When it is of a format that is not read, or its name or what was asked for contradicts its
    /// first bytes.
    pub(super) fn of(spec: &InputSpec, head: &[u8], compression: Option<Compression>) -> Result<Self, String> {
        let named = match spec.format {
            Format::Auto => Self::of_name(&spec.path),
            Format::Jsonl => Some(Self::Json),
            Format::Csv => Some(Self::Csv(Self::of_name(&spec.path).and_then(Self::delimiter))),
            Format::Tsv => Some(Self::Csv(Some(b'\t'))),
            Format::Evt => Some(Self::Evt),
            Format::Parquet => Some(Self::Parquet),
            Format::Arrow => Some(Self::Arrow { footer: false }),
        };
        if compression.is_some() {
            return match named {
                Some(Self::Parquet) => Err("a Parquet file inside a compressed one is not read (its pages can be \
                                            compressed themselves); unpack it first"
                    .to_owned()),
                named => Ok(named.unwrap_or(Self::Json)),
            };
        }
        refuse_foreign(head)?;
        let found = Self::of_content(head);
        match (named, found) {
            (None | Some(Self::Arrow { .. }), Some(found @ Self::Arrow { .. })) => Ok(found),
            (None | Some(Self::Parquet), Some(Self::Parquet)) => Ok(Self::Parquet),
            (Some(named @ (Self::Parquet | Self::Arrow { .. })), None) if head.is_empty() => {
                Err(format!("it is empty, and no {} file is", named.name()))
            }
            // Old streams have no mark.
            (Some(named @ Self::Arrow { .. }), None) if !text_like(head) => Ok(named),
            (Some(named @ (Self::Parquet | Self::Arrow { .. })), found) => {
                let says = found.map_or("something else", Self::name);
                Err(format!("it should be {}, its first bytes say {says}", named.name()))
            }
            (Some(named), Some(found)) => Err(format!(
                "it should be {}, its first bytes say {}",
                named.name(),
                found.name()
            )),
            (named, _) => Ok(named.unwrap_or(Self::Json)),
        }
    }

    fn of_name(path: &Path) -> Option<Self> {
        let stem = path.file_stem().map(Path::new);
        let inner = Compression::of_name(path).and(stem).unwrap_or(path);
        let extension = inner.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "csv" => Self::Csv(None),
            "tsv" => Self::Csv(Some(b'\t')),
            "psv" => Self::Csv(Some(b'|')),
            "evt" => Self::Evt,
            "parquet" | "pq" => Self::Parquet,
            "arrow" | "arrows" | "feather" | "ipc" => Self::Arrow { footer: false },
            _ => return None,
        })
    }

    fn of_content(head: &[u8]) -> Option<Self> {
        match head {
            [b'P', b'A', b'R', b'1', ..] => Some(Self::Parquet),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Some(Self::Arrow { footer: true }),
            _ if head.starts_with(&MESSAGE) => Some(Self::Arrow { footer: false }),
            _ => None,
        }
    }

    fn delimiter(self) -> Option<u8> {
        match self {
            Self::Csv(delimiter) => delimiter,
            _ => None,
        }
    }

    /// What people call it.
    fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON lines",
            Self::Evt => "event text (.evt)",
            Self::Csv(_) => "CSV",
            Self::Parquet => "Parquet",
            Self::Arrow { .. } => "Arrow",
        }
    }
}

fn text_like(head: &[u8]) -> bool {
    head.first()
        .is_some_and(|byte| matches!(byte, b'{' | b'[' | b'"' | b'\n' | b' '))
}

/// Refuses, by name, what begins like a file of a format that is not read.
fn refuse_foreign(head: &[u8]) -> Result<(), String> {
    let name = match head {
        [b'P', b'A', b'R', b'E', ..] => "an encrypted Parquet file",
        [b'F', b'E', b'A', b'1', ..] => "a Feather file of version 1",
        [b'O', b'b', b'j', 1, ..] => "an Avro file",
        [b'E', b'l', b'f', b'F', b'i', b'l', b'e', 0, ..] => "a Windows event log (.evtx)",
        [b'P', b'K', 3, 4, ..] => "a zip archive",
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => "xz data",
        [0x04, 0x22, 0x4d, 0x18, ..] => "lz4 data",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16 text",
        _ => return Ok(()),
    };
    Err(format!(
        "it is {name}, which is not read; JSON lines, CSV and event text are, plain or as .gz, .zst or .bz2, and Parquet \
         and Arrow files"
    ))
}
