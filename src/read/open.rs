//! Opening an input: what it is, how it is compressed, how it is written, how it is read.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::columnar::{IpcFile, IpcStream, ParquetFile, TableMorsel};
use super::compressed::{Compression, Counting};
use super::csv::{self, Dialect, Header};
use super::evt;
use super::framing::{CsvScan, Framing, Limits};
use super::kind::Kind;
use super::mapped::Mapping;
use super::morsels::{MappedPieces, Writing};
use super::stream::{Piece, Stream};
use super::{CsvOptions, InputInfo, InputSpec, Morsel, ReadError, ReadOptions, globs, spool};

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
    Parquet(ParquetFile),
    Arrow(IpcFile),
    ArrowStream(IpcStream),
}

/// A file whose kind is known.
struct Opened {
    file: File,
    /// Its length, where it can be read at any place.
    length: Option<u64>,
    mmap: bool,
    /// What has been read of it.
    head: Vec<u8>,
    compression: Option<Compression>,
}

impl Opened {
    fn mapping(&self) -> Option<Mapping> {
        let plain = self.mmap && self.length.is_some() && self.compression.is_none();
        plain
            .then(|| self.file.try_clone().and_then(Mapping::new).ok())
            .flatten()
    }

    /// Where morsels come from, and how a CSV text is written.
    fn source(self, kind: Kind, csv: &CsvOptions, limits: Limits) -> Result<(Source, Option<Dialect>), String> {
        let mapping = self.mapping();
        let at_places = self.length.filter(|_| self.compression.is_none());
        match (kind, at_places) {
            (Kind::Parquet, Some(length)) => {
                ParquetFile::open(self.file, length, mapping).map(|file| (Source::Parquet(file), None))
            }
            (Kind::Parquet, None) => Err(
                "a Parquet file cannot be read through a pipe, since its index stands at its \
                                          end; name the file"
                    .to_owned(),
            ),
            (Kind::Arrow { footer: true }, Some(length)) => {
                IpcFile::open(self.file, length, mapping).map(|file| (Source::Arrow(file), None))
            }
            (Kind::Arrow { .. }, _) => {
                let compression = self.compression;
                let (reader, read) = self.reader().map_err(|error| stream_reason(&error, compression))?;
                IpcStream::open(reader, read).map(|stream| (Source::ArrowStream(stream), None))
            }
            (Kind::Csv(delimiter), _) => self.text(Some((csv, csv.delimiter.or(delimiter))), mapping, limits),
            (Kind::Json | Kind::Evt, _) => self.text(None, mapping, limits),
        }
    }

    /// A text; `csv` with the delimiter, where it is known.
    fn text(
        self,
        csv: Option<(&CsvOptions, Option<u8>)>,
        mapping: Option<Mapping>,
        limits: Limits,
    ) -> Result<(Source, Option<Dialect>), String> {
        if let Some(mapping) = mapping {
            let start = &mapping.bytes()[..SNIFF.min(mapping.bytes().len())];
            let dialect = csv.map(|(options, known)| {
                let delimiter = known.unwrap_or_else(|| csv::sniff(start, options.quote.byte()));
                Dialect::new(options, delimiter)
            });
            let pieces = MappedPieces::new(mapping, framing(dialect.as_ref()), limits);
            return Ok((Source::Mapped(pieces), dialect));
        }
        let compression = self.compression;
        self.stream(csv, limits)
            .map_err(|error| stream_reason(&error, compression))
    }

    fn stream(self, csv: Option<(&CsvOptions, Option<u8>)>, limits: Limits) -> io::Result<(Source, Option<Dialect>)> {
        let (mut reader, read) = self.reader()?;
        let dialect = match csv {
            None => None,
            Some((options, Some(delimiter))) => Some(Dialect::new(options, delimiter)),
            Some((options, None)) => {
                let start = read_first_line(&mut reader)?;
                let delimiter = csv::sniff(&start, options.quote.byte());
                reader = Box::new(Cursor::new(start).chain(reader));
                Some(Dialect::new(options, delimiter))
            }
        };
        let stream = Stream::new(reader, read, framing(dialect.as_ref()), limits)?;
        Ok((Source::Stream(stream), dialect))
    }

    /// The uncompressed bytes, and how many have been read of the file.
    fn reader(self) -> io::Result<(Box<dyn Read + Send>, Arc<AtomicU64>)> {
        let read = Arc::new(AtomicU64::new(0));
        let counting = Counting::new(Cursor::new(self.head).chain(self.file), Arc::clone(&read));
        let reader: Box<dyn Read + Send> = match self.compression {
            Some(compression) => compression.reader(counting)?,
            None => Box::new(counting),
        };
        Ok((reader, read))
    }
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
        matches!(self.source, Source::Stream(_) | Source::ArrowStream(_))
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
        let kind = Kind::of(spec, &head, compression).map_err(fail)?;
        let opened = Opened {
            length: at_start.then_some(meta.len()),
            mmap: options.mmap,
            file,
            head,
            compression,
        };
        let limits = Limits {
            morsel: options.morsel_bytes.min(LARGEST),
            record: options.max_record_bytes.min(LARGEST),
        };
        let note = matches!(kind, Kind::Json).then(|| json_note(&opened.head)).flatten();
        let (source, dialect) = opened.source(kind, &spec.csv, limits).map_err(fail)?;
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
            writing: match kind {
                Kind::Evt => Writing::Evt(Arc::default(), None),
                _ => Writing::Json,
            },
            notes: note.into_iter().collect(),
            again: Again {
                spec: spec.clone(),
                options: *options,
                file: None,
            },
        };
        if let Some(dialect) = dialect {
            input.read_header(dialect)?;
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

    /// The names of its columns, where the file says them before its records (CSV, Parquet, Arrow).
    #[must_use]
    pub fn columns(&self) -> Option<Vec<String>> {
        let schema = match (&self.source, &self.writing) {
            (Source::Parquet(file), _) => &file.input().schema,
            (Source::Arrow(file), _) => &file.input().schema,
            (Source::ArrowStream(stream), _) => &stream.input().schema,
            (_, Writing::Csv(schema)) => return Some(schema.names().to_vec()),
            _ => return None,
        };
        Some(schema.fields().iter().map(|field| field.name().clone()).collect())
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
        if let Some(table) = self.next_table()? {
            return Ok(table.map(|table| Morsel::of_table(table, self.info.clone())));
        }
        let piece = match self.ahead.pop_front() {
            Some(piece) => Some(piece),
            None => self.next_piece()?,
        };
        Ok(piece.map(|piece| {
            let writing = self.writing.clone();
            if let Writing::Evt(_, now) = &mut self.writing {
                *now = evt::after(&piece.text, *now);
            }
            Morsel::new(piece, self.info.clone(), writing)
        }))
    }

    /// Whether what has been read so far is sound. Ask again after the last morsel has been decoded:
    /// a mapped file may shrink until then, and columns are read when they are needed.
    ///
    /// # Errors
    /// When a mapped file has shrunk, or a column could not be read.
    pub fn check(&self) -> Result<(), ReadError> {
        let (there, columns) = match &self.source {
            Source::Mapped(pieces) => (pieces.check(), None),
            Source::Stream(_) => (Ok(()), None),
            Source::Parquet(file) => (file.check(), Some(file.input())),
            Source::Arrow(file) => (file.check(), Some(file.input())),
            Source::ArrowStream(stream) => (Ok(()), Some(stream.input())),
        };
        there.map_err(|reason| self.error(reason))?;
        match columns {
            Some(columns) => columns.check().map_err(|reason| self.error(reason)),
            None => Ok(()),
        }
    }

    fn next_piece(&mut self) -> Result<Option<Piece>, ReadError> {
        self.check()?;
        match &mut self.source {
            Source::Mapped(pieces) => Ok(pieces.next()),
            Source::Stream(stream) => stream
                .next()
                .map_err(|error| self.error(stream_reason(&error, self.compression))),
            Source::Parquet(_) | Source::Arrow(_) | Source::ArrowStream(_) => Ok(None),
        }
    }

    /// The next rows of a table, if there are more; none if the input is text.
    fn next_table(&mut self) -> Result<Option<Option<TableMorsel>>, ReadError> {
        if matches!(self.source, Source::Mapped(_) | Source::Stream(_)) {
            return Ok(None);
        }
        self.check()?;
        let next = match &mut self.source {
            Source::Parquet(file) => Ok(file.next()),
            Source::Arrow(file) => file.next(),
            Source::ArrowStream(stream) => stream.next(),
            Source::Mapped(_) | Source::Stream(_) => Ok(None),
        };
        next.map(Some).map_err(|reason| self.error(reason))
    }

    fn error(&self, reason: impl Into<String>) -> ReadError {
        ReadError::new(Path::new(self.name()), reason)
    }

    /// Reads a CSV input's header, and as many records as it takes to infer types.
    fn read_header(&mut self, dialect: Dialect) -> Result<(), ReadError> {
        let mut header = Header::new(dialect);
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

fn framing(dialect: Option<&Dialect>) -> Framing {
    match dialect.and_then(|dialect| Some((dialect.delimiter, dialect.quote?))) {
        Some((delimiter, quote)) => Framing::Csv(CsvScan::new(delimiter, quote)),
        // Without quotes a newline always ends a record.
        None => Framing::Lines,
    }
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
