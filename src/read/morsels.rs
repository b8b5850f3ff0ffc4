//! Morsels: pieces of an input that begin and end at record boundaries, and their decoding.

use std::sync::Arc;

use memchr::memchr;

use super::columnar::{self, TableMorsel};
use super::csv::{self, Schema};
use super::framing::{Cut, Framing, Limits};
use super::mapped::Mapping;
use super::stream::{BOM, Piece, PieceKind};
use super::{Base, BaseCell, Clock, DecodePlan, Decoded, InputInfo, MorselText, json};
use crate::data::{BadCause, BadRecord, Position};

/// A piece of an input that begins and ends at record boundaries.
#[derive(Clone, Debug)]
pub struct Morsel {
    body: Body,
    info: InputInfo,
}

/// What a morsel is made of.
#[derive(Clone, Debug)]
enum Body {
    Text(Piece, Writing),
    Table(TableMorsel),
}

/// How an input is written, with what is known about it.
#[derive(Clone, Debug)]
pub(super) enum Writing {
    Json,
    Csv(Arc<Schema>),
}

impl Morsel {
    pub(super) fn new(piece: Piece, info: InputInfo, writing: Writing) -> Self {
        let body = Body::Text(piece, writing);
        Self { body, info }
    }

    pub(super) fn of_table(table: TableMorsel, info: InputInfo) -> Self {
        let body = Body::Table(table);
        Self { body, info }
    }

    /// How many bytes of the input (compressed ones, where it is compressed) have been consumed up
    /// to the end of this morsel.
    #[must_use]
    pub fn consumed(&self) -> u64 {
        match &self.body {
            Body::Text(piece, _) => piece.consumed,
            Body::Table(table) => table.consumed,
        }
    }

    /// Its text; empty where the input is none (Parquet, Arrow). Where the input is mapped, touching
    /// it for the first time may read the disk.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        match &self.body {
            Body::Text(piece, _) => &piece.text,
            Body::Table(_) => &[],
        }
    }

    /// Where its text begins in the (uncompressed) input; where the input is no text, the number of
    /// its first row.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match &self.body {
            Body::Text(piece, _) => piece.offset,
            Body::Table(table) => table.start,
        }
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
        let (piece, writing) = match &self.body {
            Body::Text(piece, writing) => (piece, writing),
            Body::Table(table) => return columnar::decode(table, plan, self.info.clone(), base),
        };
        let text = MorselText {
            bytes: piece.text.clone(),
            offset: piece.offset,
        };
        match (piece.kind, writing) {
            (PieceKind::TooLong(length), _) => self.one_bad(
                piece,
                BadCause::TooLong,
                format!("{length} bytes, and {} is the limit", plan.max_record_bytes),
            ),
            (PieceKind::Unclosed, _) => {
                let reason = "a quote opens here that is not closed".to_owned();
                self.one_bad(piece, BadCause::Malformed, reason)
            }
            (PieceKind::Records, Writing::Json) => json::decode_at(text, plan, self.info.clone(), base),
            (PieceKind::Records, Writing::Csv(schema)) => csv::decode(text, schema, plan, self.info.clone(), base),
        }
    }

    /// A morsel of one record, which is bad.
    fn one_bad(&self, piece: &Piece, cause: BadCause, reason: String) -> Decoded {
        let text = super::framing::content(&piece.text);
        let bad = BadRecord {
            position: Position {
                input: self.info.number,
                offset: piece.offset,
            },
            line: 0,
            at: piece.offset,
            cause,
            reason,
            text: text.to_vec(),
        };
        let bytes = match piece.kind {
            PieceKind::TooLong(length) => length + 1,
            _ => piece.text.len() as u64,
        };
        Decoded {
            batches: Vec::new(),
            bad: vec![bad],
            records: 1,
            lines: 1,
            bytes,
            big_ints: 0,
            late_big_ints: Arc::default(),
            base: Arc::new(BaseCell::default()),
            clock: Arc::new(NoTimes),
        }
    }
}

/// The times of records that have none.
#[derive(Debug)]
struct NoTimes;

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
