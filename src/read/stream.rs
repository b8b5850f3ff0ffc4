//! Inputs that are read: pipes, FIFOs, stdin, and whatever comes out of a decompressor.
//!
//! A thread reads and cuts, so that waiting and decompressing overlap with decoding; a few pieces
//! are kept ready, no more. Their memory is used again when the last view of a piece is dropped:
//! fresh memory costs more than reading into it.
//!
//! Cost: one copy by the system (or the decompressor), and one of what lies behind a cut, at most [`STEP`].

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use arrow::buffer::Buffer;
use memchr::memchr;

use super::blocks::{Block, Pool};
use super::framing::{Cut, Framing, Limits};

/// How many pieces may wait to be taken.
const READY: usize = 3;

/// How many bytes are read at a time beyond a piece's least size.
const STEP: usize = 64 << 10;

/// Bytes between two cuts.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// The text; of a record that is too long, its beginning.
    pub(super) text: Buffer,
    /// Where it begins in the uncompressed input.
    pub(super) offset: u64,
    /// How many bytes of the file have been read by now.
    pub(super) consumed: u64,
    /// What it holds.
    pub(super) kind: PieceKind,
}

/// What a piece holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// Whole records.
    Records,
    /// The beginning of a record of so many bytes, which are too many.
    TooLong(u64),
    /// The first line of a record with a quote that is not closed.
    Unclosed,
}

/// The pieces of what a thread reads.
#[derive(Debug)]
pub(super) struct Stream {
    // Mutex: a receiver cannot be shared, an input can.
    pieces: Mutex<Receiver<io::Result<Piece>>>,
}

impl Stream {
    /// Starts to read. `read` counts the bytes that have come from the file.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn new(
        reader: Box<dyn Read + Send>,
        read: Arc<AtomicU64>,
        framing: Framing,
        limits: Limits,
    ) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(READY);
        std::thread::Builder::new()
            .name("read".to_owned())
            .spawn(move || send_pieces(Cutter::new(reader, read, framing, limits), &sender))?;
        Ok(Self {
            pieces: Mutex::new(receiver),
        })
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// When reading or decompressing has failed.
    pub(super) fn next(&self) -> io::Result<Option<Piece>> {
        let Ok(pieces) = self.pieces.lock() else {
            return Ok(None);
        };
        pieces.recv().ok().transpose()
    }
}

/// Ends with the input, an error, or when nobody takes pieces any more.
fn send_pieces(mut cutter: Cutter, sender: &SyncSender<io::Result<Piece>>) {
    while let Some(piece) = cutter.next().transpose() {
        let failed = piece.is_err();
        if sender.send(piece).is_err() || failed {
            return;
        }
    }
}

/// Reads and cuts.
pub(super) struct Cutter {
    reader: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
    framing: Framing,
    limits: Limits,
    pool: Pool,
    /// Holds what is read and not yet cut off.
    block: Block,
    /// Where the block begins in the input.
    offset: u64,
    /// The reader has nothing more.
    ended: bool,
}

impl Cutter {
    pub(super) fn new(reader: Box<dyn Read + Send>, read: Arc<AtomicU64>, framing: Framing, limits: Limits) -> Self {
        let pool = Pool::default();
        Self {
            reader,
            read,
            framing,
            limits,
            block: pool.take(),
            pool,
            offset: 0,
            ended: false,
        }
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece>> {
        if self.offset == 0 {
            self.skip_bom()?;
        }
        let mut want = self.limits.morsel.max(1);
        loop {
            self.fill(want)?;
            if self.block.len() == 0 {
                return Ok(None);
            }
            match self.framing.cut(self.block.bytes(), self.ended, self.limits) {
                Cut::More => want = self.block.len() + STEP,
                Cut::Records(end) => return Ok(Some(self.split(end, PieceKind::Records))),
                Cut::Unclosed(end) => return Ok(Some(self.split(end, PieceKind::Unclosed))),
                Cut::TooLong => return self.too_long().map(Some),
            }
        }
    }

    /// Reads until the block holds `want` bytes, or nothing more comes.
    fn fill(&mut self, want: usize) -> io::Result<()> {
        while !self.ended && self.block.len() < want {
            let room = self.block.room(want - self.block.len());
            match self.reader.read(room) {
                Ok(0) => self.ended = true,
                Ok(n) => self.block.grow(n),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn skip_bom(&mut self) -> io::Result<()> {
        self.fill(BOM.len())?;
        if self.block.bytes().starts_with(BOM) {
            self.split(BOM.len(), PieceKind::Records);
        }
        Ok(())
    }

    /// Takes the first `end` bytes off.
    fn split(&mut self, end: usize, kind: PieceKind) -> Piece {
        let mut rest = self.pool.take();
        rest.extend(&self.block.bytes()[end..]);
        let mut block = std::mem::replace(&mut self.block, rest);
        block.truncate(end);
        let offset = self.offset;
        self.offset += end as u64;
        Piece {
            text: block.share(),
            offset,
            consumed: self.read.load(Ordering::Relaxed),
            kind,
        }
    }

    /// Takes off a line of which only the beginning is kept.
    fn too_long(&mut self) -> io::Result<Piece> {
        let mut length = 0;
        let mut head: Option<Piece> = None;
        loop {
            let newline = memchr(b'\n', self.block.bytes());
            let end = newline.map_or(self.block.len(), |at| at + 1);
            let carriage_return = newline.is_some_and(|at| at > 0 && self.block.bytes()[at - 1] == b'\r');
            length += end as u64 - u64::from(newline.is_some()) - u64::from(carriage_return);
            let piece = self.split(end, PieceKind::Records);
            let mut piece = head.take().unwrap_or(piece);
            if newline.is_some() || self.ended && self.block.len() == 0 {
                piece.text = piece
                    .text
                    .slice_with_length(0, piece.text.len().min(self.limits.record));
                piece.kind = PieceKind::TooLong(length);
                piece.consumed = self.read.load(Ordering::Relaxed);
                return Ok(piece);
            }
            head = Some(piece);
            self.fill(STEP)?;
        }
    }
}

/// The mark of UTF-8 that some programs put first.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";
