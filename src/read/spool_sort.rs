//! Sorting an input by time, on disk: for inputs so far out of order that what has to wait for its
//! turn does not fit into memory.
//!
//! Records are copied as they stand, with their time and place, into sorted runs in a file without a
//! name; the runs are merged while the input is replayed. Equal times keep their order. A morsel that
//! comes out holds records one a line and knows where each came from ([`Origins`]), so that positions,
//! line numbers and `_seq` are those of the input as it lies.
//!
//! Cost: every record is written once and read once more than otherwise; memory is that of one run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::buffer::Buffer;
use rayon::prelude::*;

use super::mapped::Mapping;
use super::morsels::Writing;
use super::open::io_reason;
use super::spool_origins::{Origins, SPOOLED};
use super::stream::{Piece, PieceKind};
use super::{Base, DecodePlan, InputInfo, Morsel, ReadError};

/// How many bytes describe a record in a run, its text not counted.
const HEAD: usize = 56;

/// A record, on its way into a run.
#[derive(Clone, Copy, Debug)]
struct Record {
    time: i64,
    /// It has a time of its own; else it takes one.
    timed: bool,
    /// Where it stands in the input.
    offset: u64,
    line: u64,
    seq: u64,
    kind: PieceKind,
    /// Where its text stands in the run at hand.
    start: usize,
    len: usize,
}

/// Takes the morsels of an input, in order, and sorts what is in them.
#[derive(Debug)]
pub struct Sorter {
    plan: Arc<DecodePlan>,
    limit: usize,
    name: Arc<str>,
    file: BufWriter<File>,
    written: usize,
    /// Where runs end in the file.
    ends: Vec<usize>,
    records: Vec<Record>,
    text: Vec<u8>,
    of: Option<(InputInfo, Writing)>,
}

/// An input that was sorted: its morsels, in order of time.
#[derive(Debug)]
pub struct Sorted {
    runs: Option<Arc<Mapping>>,
    /// Of each run where its next record begins, and where it ends.
    cursors: Vec<(usize, usize)>,
    /// Time, place and run of the next records.
    heap: BinaryHeap<Reverse<(i64, u64, usize)>>,
    of: Option<(InputInfo, Writing)>,
    /// How many bytes of text have been handed out.
    done: u64,
    morsel_bytes: usize,
}

impl Morsel {
    /// Whether an input of such morsels can be sorted on disk.
    #[must_use]
    pub fn can_be_sorted(&self) -> bool {
        matches!(self.writing, Writing::Json | Writing::Csv(_))
    }

    /// The records of the morsel, which stands at `base` and begins at line `line`, with their texts.
    fn cut(&self, plan: &Arc<DecodePlan>, base: Base, line: u64) -> Vec<Record> {
        let text = self.text();
        let places = self.clock(plan).records();
        let mut last = base.time;
        let (mut lines, mut at) = (line, 0);
        let mut cut = Vec::with_capacity(places.len());
        for (nth, &(offset, own)) in places.iter().enumerate() {
            last = own.unwrap_or(last);
            let start = (offset - self.offset()) as usize;
            let end = places
                .get(nth + 1)
                .map_or(text.len(), |next| (next.0 - self.offset()) as usize);
            let len = match self.writing {
                Writing::Json => memchr::memchr(b'\n', &text[start..end]).unwrap_or(end - start),
                // Its last cell may end with blanks.
                _ => end - start - line_ends(&text[start..end]),
            };
            lines += memchr::memchr_iter(b'\n', &text[at..start]).count() as u64;
            at = start;
            cut.push(Record {
                time: last,
                timed: own.is_some(),
                offset,
                line: lines,
                seq: base.seq + nth as u64,
                kind: self.piece.kind,
                start,
                len,
            });
        }
        cut
    }
}

impl Sorter {
    /// Sorts with about `limit` bytes of memory. `name` is the input's.
    ///
    /// # Errors
    /// When there is no temporary file to be had.
    pub fn new(plan: &Arc<DecodePlan>, limit: u64, name: &str) -> Result<Self, ReadError> {
        let file = tempfile::tempfile().map_err(|error| spool_error(name, &error))?;
        Ok(Self {
            plan: Arc::clone(plan),
            limit: usize::try_from(limit / 2).unwrap_or(usize::MAX).max(1),
            name: name.into(),
            file: BufWriter::with_capacity(1 << 20, file),
            written: 0,
            ends: Vec::new(),
            records: Vec::new(),
            text: Vec::new(),
            of: None,
        })
    }

    /// Adds the next morsels, each with where it stands and the lines before it.
    ///
    /// # Errors
    /// When the disk is full, and the like.
    pub fn add(&mut self, morsels: &[(Morsel, Base, u64)]) -> Result<(), ReadError> {
        let cut = |(morsel, base, line): &(Morsel, Base, u64)| morsel.cut(&self.plan, *base, *line);
        let cuts: Vec<Vec<Record>> = morsels.par_iter().map(cut).collect();
        for ((morsel, ..), records) in morsels.iter().zip(cuts) {
            if self.of.is_none() {
                self.of = Some((morsel.info.clone(), morsel.writing.clone()));
            }
            for record in records {
                let text = &morsel.text()[record.start..record.start + record.len];
                let start = self.text.len();
                self.text.extend_from_slice(text);
                self.records.push(Record { start, ..record });
                if self.text.len() + self.records.len() * size_of::<Record>() > self.limit {
                    self.end_run().map_err(|error| spool_error(&self.name, &error))?;
                }
            }
        }
        Ok(())
    }

    /// Sorts and writes what has gathered.
    fn end_run(&mut self) -> io::Result<()> {
        if self.records.is_empty() {
            return Ok(());
        }
        self.records
            .par_sort_unstable_by_key(|record| (record.time, record.offset));
        for record in &self.records {
            self.file.write_all(&head(record))?;
            self.file
                .write_all(&self.text[record.start..record.start + record.len])?;
            self.written += HEAD + record.len;
        }
        self.ends.push(self.written);
        self.records.clear();
        self.text.clear();
        Ok(())
    }

    /// Ends; morsels of about `morsel_bytes` come out.
    ///
    /// # Errors
    /// When the disk is full, and the like.
    pub fn finish(mut self, morsel_bytes: usize) -> Result<Sorted, ReadError> {
        let name = Arc::clone(&self.name);
        let fail = |error: io::Error| spool_error(&name, &error);
        self.end_run().map_err(fail)?;
        let file = self.file.into_inner().map_err(|error| fail(error.into_error()))?;
        let runs = if self.written > 0 {
            Some(Arc::new(Mapping::new(file).map_err(fail)?))
        } else {
            None
        };
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let cursors: Vec<(usize, usize)> = starts.zip(self.ends.iter().copied()).collect();
        let mut sorted = Sorted {
            runs,
            heap: BinaryHeap::new(),
            of: self.of,
            done: 0,
            morsel_bytes,
            cursors,
        };
        for run in 0..sorted.cursors.len() {
            sorted.queue(run);
        }
        Ok(sorted)
    }
}

impl Sorted {
    /// Time and place (in the input as it lies) of the next record.
    #[must_use]
    pub fn next_key(&self) -> Option<(i64, u64)> {
        self.heap.peek().map(|Reverse((time, offset, _))| (*time, *offset))
    }

    /// The next morsel, and where it stands. Its records say themselves which numbers they have.
    pub fn next_morsel(&mut self) -> Option<(Morsel, Base)> {
        let (time, _) = self.next_key()?;
        let (info, writing) = self.of.clone()?;
        let mut origins = Origins::default();
        let mut text = Vec::new();
        let (mut kind, mut carried) = (PieceKind::Records, time);
        while text.len() < self.morsel_bytes.max(1) {
            let Some(record) = self.peek() else { break };
            // What is no whole record stands by itself; and the first records of an input may have the
            // time of one behind them, which then must be said.
            let alone = record.kind != PieceKind::Records;
            if !text.is_empty() && (alone || !record.timed && record.time != carried) {
                break;
            }
            carried = record.time;
            kind = record.kind;
            origins.add(text.len(), (record.offset, record.line, record.seq));
            if let Some(runs) = &self.runs {
                text.extend_from_slice(&runs.bytes()[record.start..record.start + record.len]);
                text.push(b'\n');
            }
            self.pass();
            if alone {
                break;
            }
        }
        let offset = SPOOLED + self.done;
        self.done += text.len() as u64;
        let piece = Piece {
            text: Buffer::from_vec(text),
            offset,
            consumed: self.done,
            kind,
        };
        let mut morsel = Morsel::new(piece, info, writing);
        origins.base = offset;
        morsel.origins = Some(Arc::new(origins));
        Some((morsel, Base { seq: 0, time }))
    }

    /// The next record of all.
    fn peek(&self) -> Option<Record> {
        let Reverse((_, _, run)) = *self.heap.peek()?;
        self.record(run)
    }

    /// The next record of a run; its start is in the file.
    fn record(&self, run: usize) -> Option<Record> {
        let (at, end) = self.cursors[run];
        let bytes = self.runs.as_ref()?.bytes().get(at..end)?;
        let mut words = bytes.first_chunk::<HEAD>()?.chunks_exact(8).map(|word| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(word);
            u64::from_le_bytes(bytes)
        });
        let mut word = || words.next().unwrap_or_default();
        let (time, timed, offset, line, seq, kind, len) = (word(), word(), word(), word(), word(), word(), word());
        Some(Record {
            time: time.cast_signed(),
            timed: timed != 0,
            offset,
            line,
            seq,
            kind: match kind {
                0 => PieceKind::Records,
                1 => PieceKind::Unclosed,
                length => PieceKind::TooLong(length - 2),
            },
            start: at + HEAD,
            len: len as usize,
        })
    }

    /// Goes past the next record.
    fn pass(&mut self) {
        let Some(Reverse((_, _, run))) = self.heap.pop() else {
            return;
        };
        if let Some(record) = self.record(run) {
            self.cursors[run].0 = record.start + record.len;
        }
        self.queue(run);
    }

    fn queue(&mut self, run: usize) {
        if let Some(record) = self.record(run) {
            self.heap.push(Reverse((record.time, record.offset, run)));
        }
    }
}

/// How many bytes of line ends a text ends with.
fn line_ends(text: &[u8]) -> usize {
    text.iter()
        .rev()
        .take_while(|byte| matches!(byte, b'\n' | b'\r'))
        .count()
}

/// A record's description, as it stands before its text.
fn head(record: &Record) -> [u8; HEAD] {
    let kind = match record.kind {
        PieceKind::Records => 0,
        PieceKind::Unclosed => 1,
        PieceKind::TooLong(length) => length + 2,
    };
    let words = [
        record.time.cast_unsigned(),
        u64::from(record.timed),
        record.offset,
        record.line,
        record.seq,
        kind,
        record.len as u64,
    ];
    let mut head = [0; HEAD];
    for (place, word) in head.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    head
}

fn spool_error(name: &str, error: &io::Error) -> ReadError {
    let reason = format!("it cannot be sorted on disk: {}", io_reason(error));
    ReadError::new(Path::new(name), reason)
}
