//! `.gz` (of several members), `.zst` (of several frames), `.bz2` (of several streams).
//!
//! What a file begins with decides; a name that says otherwise is an error, not a guess.

use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many compressed bytes are read at a time.
const BUFFER: usize = 128 << 10;

/// How an input is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
    Bzip2,
}

impl Compression {
    /// What the name says.
    pub(super) fn of_name(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "gz" | "gzip" => Self::Gzip,
            "zst" | "zstd" => Self::Zstd,
            "bz2" => Self::Bzip2,
            _ => return None,
        })
    }

    /// What the first bytes say.
    pub(super) fn of_content(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            // A frame of other data, as parallel compressors write in front.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            _ => None,
        }
    }

    /// How an input with this name and these first bytes is compressed.
    ///
    /// # Errors
    /// When they contradict each other. An empty file of any name is an empty input.
    pub(super) fn detect(path: &Path, head: &[u8]) -> Result<Option<Self>, String> {
        let (name, content) = (Self::of_name(path), Self::of_content(head));
        match name {
            Some(name) if !head.is_empty() && content != Some(name) => {
                let says = content.map_or("something else", Self::name);
                Err(format!("its name says {}, its first bytes say {says}", name.name()))
            }
            _ => Ok(content),
        }
    }

    /// What people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
        }
    }

    /// The text behind `reader`.
    ///
    /// # Errors
    /// When the decompressor gets no memory.
    pub(super) fn reader(self, reader: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
        let reader = BufReader::with_capacity(BUFFER, reader);
        Ok(match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(reader)),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(reader)?),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(reader)),
        })
    }
}

/// Counts the bytes that go through.
pub(super) struct Counting<R> {
    reader: R,
    count: Arc<AtomicU64>,
}

impl<R> Counting<R> {
    pub(super) fn new(reader: R, count: Arc<AtomicU64>) -> Self {
        Self { reader, count }
    }
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(room)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}
