//! Opening an input: what it is, how it is compressed, how it is written, how it is read.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::compressed::{Compression, Counting};
use super::csv::{self, Header};
use super::framing::{CsvScan, Framing, Limits};
use super::mapped::Mapping;
use super::morsels::{MappedPieces, Writing};
use super::stream::{Piece, Stream};
use super::{Format, InputInfo, InputSpec, Morsel, ReadError, ReadOptions, globs, spool};

/// How many bytes tell how an input is compressed, or that it is of a format we do not read.
const HEAD: usize = 16;

/// How many bytes of a CSV text are looked at for its delimiter.
const SNIFF: usize = 64 << 10;

/// Records and morsels are held below this size, so that offsets in them fit 32 bits.
const LARGEST: usize = 1 << 30;

/// An opened input.
#[derive(Debug)]
pub struct Input {
    info: InputInfo,
    total: Option<u64>,
    compression: Option<Compression>,
    source: Source,
    /// Pieces that were read to find out what is in them.
    ahead: VecDeque<Piece>,
    writing: Writing,
    notes: Vec<String>,
    again: Again,
}

/// What it takes to open an input once more.
#[derive(Debug)]
struct Again {
    spec: InputSpec,
    options: ReadOptions,
    /// Set where the name leads to nothing that could be read again.
    file: Option<File>,
}

#[derive(Debug)]
enum Source {
    Mapped(MappedPieces),
    Stream(Stream),
}

impl Input {
    /// Opens an input; `number` is its place on the command line, from 0. What is mapped or read, and
    /// how it is compressed, makes no difference to the morsels.
    ///
    /// # Errors
    /// When it cannot be opened, or its compression or CSV header cannot be read.
    pub fn open(spec: &InputSpec, number: u32, options: &ReadOptions) -> Result<Self, ReadError> {
        Self::of_file(open_file(&spec.path)?, spec, number, options)
    }

    /// The same for an input that is read more than once: a pipe is copied into a file without a name
    /// first, to its end.
    ///
    /// # Errors
    /// As [`Input::open`], and when there is no room for the copy.
    pub fn open_spooled(spec: &InputSpec, number: u32, options: &ReadOptions) -> Result<Self, ReadError> {
        let (file, kept) = spool::readable_again(open_file(&spec.path)?, &spec.path)
            .map_err(|error| ReadError::new(&spec.path, io_reason(&error)))?;
        let mut input = Self::of_file(file, spec, number, options)?;
        input.again.file = kept;
        Ok(input)
    }

    /// Opens the input once more, from its beginning. For a file, or one opened by
    /// [`Input::open_spooled`] whose morsels have all been taken.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn again(&self) -> Result<Self, ReadError> {
        let Again { spec, options, file } = &self.again;
        let fail = |error: io::Error| ReadError::new(&spec.path, io_reason(&error));
        let Some(file) = file else {
            return Self::open(spec, self.info.number, options);
        };
        let mut kept = file.try_clone().map_err(fail)?;
        kept.rewind().map_err(fail)?;
        let mut input = Self::of_file(kept.try_clone().map_err(fail)?, spec, self.info.number, options)?;
        input.again.file = Some(kept);
        Ok(input)
    }

    /// Whether morsels hold memory of their own while they live, which is only read when they are
    /// taken; else they are places in a file, and cheap to keep.
    #[must_use]
    pub fn streams(&self) -> bool {
        matches!(self.source, Source::Stream(_))
    }

    /// Gives memory back that a morsel of this input lies in, which goes on living: it will be read
    /// again when it is touched.
    pub fn release(&self, morsel: &Morsel) {
        if let Source::Mapped(pieces) = &self.source {
            pieces.release(&morsel.piece);
        }
    }

    fn of_file(mut file: File, spec: &InputSpec, number: u32, options: &ReadOptions) -> Result<Self, ReadError> {
        let fail = |reason: String| ReadError::new(&spec.path, reason);
        let meta = file.metadata().map_err(|error| fail(io_reason(&error)))?;
        let regular = meta.is_file() && meta.len() > 0;
        let at_start = regular && file.stream_position().is_ok_and(|at| at == 0);
        let head = read_head(&mut file, HEAD).map_err(|error| fail(io_reason(&error)))?;
        let compression = Compression::detect(&spec.path, &head).map_err(fail)?;
        refuse_foreign(&head).map_err(fail)?;
        let csv = is_csv(spec);
        let limits = Limits {
            morsel: options.morsel_bytes.min(LARGEST),
            record: options.max_record_bytes.min(LARGEST),
        };
        let mapping = (options.mmap && at_start && compression.is_none())
            .then(|| file.try_clone().and_then(Mapping::new).ok())
            .flatten();
        let (source, delimiter) = match mapping {
            Some(mapping) => {
                let start = &mapping.bytes()[..SNIFF.min(mapping.bytes().len())];
                let delimiter = csv.then(|| csv::sniff(start));
                (
                    Source::Mapped(MappedPieces::new(mapping, framing(delimiter), limits)),
                    delimiter,
                )
            }
            None => open_stream(file, head.clone(), compression, csv, limits)
                .map_err(|error| fail(stream_reason(&error, compression)))?,
        };
        let mut input = Self {
            info: InputInfo {
                number,
                name: spec.path.to_string_lossy().into(),
                event_type: spec.event_type.as_deref().map(Into::into),
            },
            total: regular.then_some(meta.len()),
            compression,
            source,
            ahead: VecDeque::new(),
            writing: Writing::Json,
            notes: Vec::new(),
            again: Again {
                spec: spec.clone(),
                options: *options,
                file: None,
            },
        };
        match delimiter {
            Some(delimiter) => input.read_header(delimiter)?,
            None => input.notes.extend(json_note(&head)),
        }
        Ok(input)
    }

    /// The name it is shown by, and the value of `_source`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// How many bytes there are to read (compressed ones, where it is compressed), if known.
    #[must_use]
    pub fn total_bytes(&self) -> Option<u64> {
        self.total
    }

    /// What a reader of the summary should know about the input: the types that were inferred for a
    /// CSV file's columns, for instance. Each a sentence without the input's name, lower case.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// When reading or decompressing fails, or a mapped file has shrunk.
    pub fn next_morsel(&mut self) -> Result<Option<Morsel>, ReadError> {
        let piece = match self.ahead.pop_front() {
            Some(piece) => Some(piece),
            None => self.next_piece()?,
        };
        Ok(piece.map(|piece| Morsel::new(piece, self.info.clone(), self.writing.clone())))
    }

    /// Whether what has been read so far is sound. Ask again after the last morsel has been decoded:
    /// a mapped file may shrink until then.
    ///
    /// # Errors
    /// When a mapped file has shrunk.
    pub fn check(&self) -> Result<(), ReadError> {
        match &self.source {
            Source::Mapped(pieces) => pieces.check().map_err(|reason| self.error(reason)),
            Source::Stream(_) => Ok(()),
        }
    }

    fn next_piece(&mut self) -> Result<Option<Piece>, ReadError> {
        self.check()?;
        match &mut self.source {
            Source::Mapped(pieces) => Ok(pieces.next()),
            Source::Stream(stream) => stream
                .next()
                .map_err(|error| self.error(stream_reason(&error, self.compression))),
        }
    }

    fn error(&self, reason: impl Into<String>) -> ReadError {
        ReadError::new(Path::new(self.name()), reason)
    }

    /// Reads a CSV input's header, and as many records as it takes to infer types.
    fn read_header(&mut self, delimiter: u8) -> Result<(), ReadError> {
        let mut header = Header::new(delimiter);
        while !header.complete() {
            let Some(piece) = self.next_piece()? else { break };
            header.look_at(&piece);
            self.ahead.push_back(piece);
        }
        let schema = header.finish().map_err(|reason| self.error(reason))?;
        self.notes.extend(schema.note());
        self.writing = Writing::Csv(Arc::new(schema));
        Ok(())
    }
}

/// A file by its name, `-` being stdin.
fn open_file(path: &Path) -> Result<File, ReadError> {
    let fail = |error: &io::Error| ReadError::new(path, io_reason(error));
    if path.as_os_str() == "-" {
        let stdin = io::stdin().as_fd().try_clone_to_owned().map_err(|error| fail(&error))?;
        return Ok(File::from(stdin));
    }
    if path.is_dir() {
        return Err(globs::directory(path));
    }
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => globs::missing(path),
        _ => fail(&error),
    })
}

/// The first `n` bytes, or all if there are fewer.
fn read_head(reader: &mut impl Read, n: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(n as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn is_csv(spec: &InputSpec) -> bool {
    match spec.format {
        Format::Csv => true,
        Format::Jsonl => false,
        Format::Auto => {
            let path = &spec.path;
            let stem = path.file_stem().map(Path::new);
            let inner = Compression::of_name(path).and(stem).unwrap_or(path);
            let extension = inner.extension().and_then(|text| text.to_str()).unwrap_or_default();
            ["csv", "tsv", "psv"]
                .iter()
                .any(|csv| extension.eq_ignore_ascii_case(csv))
        }
    }
}

fn framing(delimiter: Option<u8>) -> Framing {
    match delimiter {
        Some(delimiter) => Framing::Csv(CsvScan::new(delimiter)),
        None => Framing::Lines,
    }
}

/// A stream of what `file` holds behind `head`, and the delimiter of a CSV text.
fn open_stream(
    file: File,
    head: Vec<u8>,
    compression: Option<Compression>,
    csv: bool,
    limits: Limits,
) -> io::Result<(Source, Option<u8>)> {
    let read = Arc::new(AtomicU64::new(0));
    let counting = Counting::new(Cursor::new(head).chain(file), Arc::clone(&read));
    let mut reader: Box<dyn Read + Send> = match compression {
        Some(compression) => compression.reader(counting)?,
        None => Box::new(counting),
    };
    let mut delimiter = None;
    if csv {
        let start = read_first_line(&mut reader)?;
        delimiter = Some(csv::sniff(&start));
        reader = Box::new(Cursor::new(start).chain(reader));
    }
    let stream = Stream::new(reader, read, framing(delimiter), limits)?;
    Ok((Source::Stream(stream), delimiter))
}

/// The beginning of a text: the first line that is not blank and what was read with it.
fn read_first_line(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    while start.len() < SNIFF {
        let before = start.len();
        reader.take(4096).read_to_end(&mut start)?;
        let text = start.trim_ascii_start();
        if start.len() == before || text.contains(&b'\n') {
            break;
        }
    }
    Ok(start)
}

/// Refuses, by name, what begins like a file of a format that is not read.
fn refuse_foreign(head: &[u8]) -> Result<(), String> {
    let name = match head {
        [b'P', b'A', b'R', b'1', ..] => "a Parquet file",
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => "an Arrow file",
        [b'O', b'b', b'j', 1, ..] => "an Avro file",
        [b'E', b'l', b'f', b'F', b'i', b'l', b'e', 0, ..] => "a Windows event log (.evtx)",
        [b'P', b'K', 3, 4, ..] => "a zip archive",
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => "xz data",
        [0x04, 0x22, 0x4d, 0x18, ..] => "lz4 data",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16 text",
        _ => return Ok(()),
    };
    Err(format!(
        "it is {name}, which is not read; JSON lines and CSV are, plain or as .gz, .zst or .bz2"
    ))
}

/// What to say about a text that begins like one JSON array.
fn json_note(head: &[u8]) -> Option<String> {
    let text = head.trim_ascii_start();
    let array =
        matches!(text, [b'[', rest @ ..] if rest.trim_ascii_start().is_empty() || rest.trim_ascii_start()[0] == b'{');
    array.then(|| "begins like one JSON array, not JSON lines; `jq -c '.[]'` makes lines of it".to_owned())
}

/// A system error in words.
pub(super) fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            let mut chars = text.chars();
            // System messages are written as sentences.
            chars
                .next()
                .map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
        }
    }
}

/// The same for what comes out of a decompressor.
fn stream_reason(error: &io::Error, compression: Option<Compression>) -> String {
    match compression {
        Some(compression) if error.kind() == io::ErrorKind::UnexpectedEof => {
            format!("its {} data is cut off", compression.name())
        }
        Some(compression) => format!("bad {} data: {}", compression.name(), io_reason(error)),
        None => io_reason(error),
    }
}
