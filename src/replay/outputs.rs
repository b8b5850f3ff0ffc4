//! The files of a run: rows of several streams that go to one place are merged in order. Rows that
//! others may still come before wait.

use std::path::Path;

use indexmap::IndexMap;

use super::outcome::{Outcome, SinkRows};
use crate::data::Place;
use crate::plan::Plan;
use crate::write::{Output, OutputError};

/// All outputs, and which sinks go to each.
pub(super) struct Outputs {
    files: Vec<(Output, Vec<usize>)>,
    /// By sink: rows that wait, each piece as it was made.
    waiting: Vec<Vec<SinkRows>>,
    /// Rows written, by sink.
    pub(super) rows: Vec<u64>,
}

impl Outputs {
    /// Opens the main output (unless no stream writes to it) and those of `.to`.
    pub(super) fn open(plan: &Plan, main: &Path) -> Result<Self, OutputError> {
        let mut paths: IndexMap<&Path, Vec<usize>> = IndexMap::new();
        if plan.sinks.is_empty() || plan.sinks.iter().any(|sink| sink.path.is_none()) {
            paths.insert(main, Vec::new());
        }
        for (at, sink) in plan.sinks.iter().enumerate() {
            let path = sink.path.as_deref().map_or(main, Path::new);
            paths.entry(path).or_default().push(at);
        }
        let files = paths.into_iter().map(|(path, sinks)| Ok((Output::open(path)?, sinks)));
        Ok(Self {
            files: files.collect::<Result<_, OutputError>>()?,
            waiting: plan.sinks.iter().map(|_| Vec::new()).collect(),
            rows: vec![0; plan.sinks.len()],
        })
    }

    /// Takes over the rows of an outcome.
    pub(super) fn take(&mut self, outcome: &mut Outcome) {
        for (waiting, rows) in self.waiting.iter_mut().zip(&mut outcome.sinks) {
            if !rows.rows.is_empty() {
                waiting.push(std::mem::take(rows));
            }
        }
    }

    /// Writes the rows that stand before a place.
    pub(super) fn write(&mut self, until: Place) -> Result<(), OutputError> {
        for (file, sinks) in &mut self.files {
            let mut ready: Vec<(usize, SinkRows)> = Vec::new();
            for &sink in sinks.iter() {
                let pieces = std::mem::take(&mut self.waiting[sink]);
                for piece in pieces {
                    let (now, later) = split(piece, until);
                    self.waiting[sink].extend(later);
                    if let Some(now) = now {
                        self.rows[sink] += now.rows.len() as u64;
                        ready.push((sink, now));
                    }
                }
            }
            if follow(&ready) {
                for (_, piece) in &ready {
                    file.write(&piece.bytes)?;
                }
            } else {
                file.write(&merged(&ready))?;
            }
        }
        Ok(())
    }

    /// Lets go of the rows that wait.
    pub(super) fn forget(&mut self) {
        self.waiting.iter_mut().for_each(Vec::clear);
    }

    /// Ends all files.
    pub(super) fn finish(self) -> Result<(), OutputError> {
        self.files.into_iter().try_for_each(|(file, _)| file.finish())
    }
}

/// The rows before a place, and the others.
fn split(piece: SinkRows, until: Place) -> (Option<SinkRows>, Option<SinkRows>) {
    if piece.rows.iter().all(|row| row.0 < until) {
        return (Some(piece), None);
    }
    let (mut now, mut later) = (SinkRows::default(), SinkRows::default());
    for (place, text) in piece.iter() {
        let to = if place < until { &mut now } else { &mut later };
        to.bytes.extend_from_slice(text);
        to.end_row(place);
    }
    ((!now.rows.is_empty()).then_some(now), Some(later))
}

/// Whether the pieces are in order one after another.
fn follow(pieces: &[(usize, SinkRows)]) -> bool {
    let mut last: Option<(Place, usize)> = None;
    pieces.iter().all(|(sink, piece)| {
        piece.rows.iter().all(|(place, _)| {
            let here = (*place, *sink);
            let in_turn = last.is_none_or(|last| last <= here);
            last = Some(here);
            in_turn
        })
    })
}

/// The rows of several pieces by place, then by the streams' places, then as they came.
fn merged(pieces: &[(usize, SinkRows)]) -> Vec<u8> {
    let mut rows: Vec<((Place, usize), &[u8])> = Vec::new();
    for (sink, piece) in pieces {
        rows.extend(piece.iter().map(|(place, text)| ((place, *sink), text)));
    }
    rows.sort_by_key(|row| row.0);
    let mut bytes = Vec::with_capacity(pieces.iter().map(|(_, piece)| piece.bytes.len()).sum());
    rows.iter().for_each(|row| bytes.extend_from_slice(row.1));
    bytes
}
