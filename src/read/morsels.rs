//! Morsels: pieces of an input that begin and end at record boundaries, and their decoding.

use std::sync::Arc;

use arrow::buffer::Buffer;
use memchr::memchr;

use super::columnar::{self, TableMorsel};
use super::csv::{self, Schema};
use super::evt::{self, EvtInput};
use super::framing::{Cut, Framing, Limits};
use super::mapped::Mapping;
use super::spool_origins::Origins;
use super::stream::{BOM, Piece, PieceKind};
use super::{Base, BaseCell, Clock, DecodePlan, Decoded, InputInfo, MorselText, json};
use crate::data::{BadCause, BadRecord, Position};

/// A piece of an input that begins and ends at record boundaries.
#[derive(Clone, Debug)]
pub struct Morsel {
    pub(super) piece: Piece,
    pub(super) info: InputInfo,
    pub(super) writing: Writing,
    /// Where its records came from, if it was put together from a sorted input.
    pub(super) origins: Option<Arc<Origins>>,
}

/// How an input is written, with what is known about it.
#[derive(Clone, Debug)]
pub(super) enum Writing {
    Json,
    Csv(Arc<Schema>),
    /// Event text, with the time that holds where the morsel begins.
    Evt(Arc<EvtInput>, Option<i64>),
    /// No text at all.
    Table(TableMorsel),
}

impl Morsel {
    pub(super) fn new(piece: Piece, info: InputInfo, writing: Writing) -> Self {
        Self {
            piece,
            info,
            writing,
            origins: None,
        }
    }

    /// Rows of a table.
    pub(super) fn of_table(table: TableMorsel, info: InputInfo) -> Self {
        let piece = Piece {
            text: Buffer::default(),
            offset: table.start,
            consumed: table.consumed,
            kind: PieceKind::Records,
        };
        Self::new(piece, info, Writing::Table(table))
    }

    /// How many bytes of the input (compressed ones, where it is compressed) have been consumed up
    /// to the end of this morsel.
    #[must_use]
    pub fn consumed(&self) -> u64 {
        self.piece.consumed
    }

    /// Its text; empty where the input is none (Parquet, Arrow). Where the input is mapped, touching
    /// it for the first time may read the disk.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.piece.text
    }

    /// Where its text begins in the (uncompressed) input; where the input is no text, the number of
    /// its first row.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.piece.offset
    }

    /// Finds the records and their types. Columns are decoded later, when asked for.
    #[must_use]
    pub fn decode(&self, plan: &Arc<DecodePlan>) -> Decoded {
        self.decode_at(plan, None)
    }

    /// The same where it is known where the morsel stands. With [`DecodePlan::from`] or
    /// [`DecodePlan::to`], that decides about the records before the first timed one: decoded without
    /// it, they are left in and [`Decoded::needs_base`] says so.
    #[must_use]
    pub fn decode_at(&self, plan: &Arc<DecodePlan>, base: Option<Base>) -> Decoded {
        let decoded = self.decode_piece(plan, base);
        match &self.origins {
            Some(origins) => origins.apply(decoded),
            None => decoded,
        }
    }

    fn decode_piece(&self, plan: &Arc<DecodePlan>, base: Option<Base>) -> Decoded {
        let text = MorselText {
            bytes: self.piece.text.clone(),
            offset: self.piece.offset,
        };
        match (self.piece.kind, &self.writing) {
            (PieceKind::TooLong(length), _) => self.one_bad(
                BadCause::TooLong,
                format!("{length} bytes, and {} is the limit", plan.max_record_bytes),
            ),
            (PieceKind::Unclosed, _) => {
                self.one_bad(BadCause::Malformed, "a quote opens here that is not closed".to_owned())
            }
            (PieceKind::Records, Writing::Json) => json::decode_at(text, plan, self.info.clone(), base),
            (PieceKind::Records, Writing::Csv(schema)) => csv::decode(text, schema, plan, self.info.clone(), base),
            (PieceKind::Records, Writing::Evt(input, now)) => {
                evt::decode(text, (input, *now), plan, self.info.clone(), base)
            }
            (PieceKind::Records, Writing::Table(table)) => columnar::decode(table, plan, self.info.clone(), base),
        }
    }

    /// A morsel of one record, which is bad.
    fn one_bad(&self, cause: BadCause, reason: String) -> Decoded {
        let text = super::framing::content(&self.piece.text);
        let bad = BadRecord {
            position: Position {
                input: self.info.number,
                offset: self.piece.offset,
            },
            line: 0,
            at: self.piece.offset,
            cause,
            reason,
            text: text.to_vec(),
        };
        let bytes = match self.piece.kind {
            PieceKind::TooLong(length) => length + 1,
            _ => self.piece.text.len() as u64,
        };
        Decoded {
            look: None,
            batches: Vec::new(),
            bad: vec![bad],
            records: 1,
            lines: 1,
            bytes,
            big_ints: 0,
            late_big_ints: Arc::default(),
            base: Arc::new(BaseCell::default()),
            clock: Arc::new(NoTimes(self.piece.offset)),
        }
    }
}

/// The times of the one record that stands at this place and has none.
#[derive(Debug)]
struct NoTimes(u64);

impl Clock for NoTimes {
    fn first_time(&self) -> Option<i64> {
        None
    }

    fn last_time(&self) -> Option<i64> {
        None
    }

    fn max_time(&self) -> Option<i64> {
        None
    }

    fn disorder(&self) -> Option<(u64, i64, i64)> {
        None
    }

    fn records(&self) -> Vec<(u64, Option<i64>)> {
        vec![(self.0, None)]
    }
}

/// The pieces of a mapped file.
#[derive(Debug)]
pub(super) struct MappedPieces {
    mapping: Arc<Mapping>,
    framing: Framing,
    limits: Limits,
    at: usize,
}

impl MappedPieces {
    pub(super) fn new(mapping: Mapping, framing: Framing, limits: Limits) -> Self {
        let at = if mapping.bytes().starts_with(BOM) { BOM.len() } else { 0 };
        Self {
            mapping: Arc::new(mapping),
            framing,
            limits,
            at,
        }
    }

    /// Gives the pages of a piece back, which may go on living.
    pub(super) fn release(&self, piece: &Piece) {
        self.mapping.release(piece.offset as usize, piece.text.len());
    }

    /// # Errors
    /// When the file has shrunk.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        self.mapping.check()
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> Option<Piece> {
        let bytes = &self.mapping.bytes()[self.at..];
        if bytes.is_empty() {
            return None;
        }
        let (end, kept, kind) = match self.framing.cut(bytes, true, self.limits) {
            Cut::Records(end) => (end, end, PieceKind::Records),
            Cut::Unclosed(end) => (end, end, PieceKind::Unclosed),
            // `More` does not come, since the end is in sight.
            Cut::TooLong | Cut::More => {
                let end = memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
                let length = super::framing::content(&bytes[..end]).len();
                (end, length.min(self.limits.record), PieceKind::TooLong(length as u64))
            }
        };
        let offset = self.at;
        self.at += end;
        Some(Piece {
            text: self.mapping.piece(offset, kept),
            offset: offset as u64,
            consumed: self.at as u64,
            kind,
        })
    }
}
