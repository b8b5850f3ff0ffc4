//! The files of a run: rows of several streams that go to one place are merged in order.

use std::path::Path;

use indexmap::IndexMap;

use super::outcome::{Outcome, SinkRows};
use crate::plan::Plan;
use crate::write::{Output, OutputError};

/// All outputs, and which sinks go to each.
pub(super) struct Outputs {
    files: Vec<(Output, Vec<usize>)>,
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
            rows: vec![0; plan.sinks.len()],
        })
    }

    /// Writes what a morsel gave.
    pub(super) fn write(&mut self, outcome: &Outcome) -> Result<(), OutputError> {
        for (at, sink) in outcome.sinks.iter().enumerate() {
            self.rows[at] += sink.rows.len() as u64;
        }
        for (file, sinks) in &mut self.files {
            let full: Vec<&SinkRows> = sinks
                .iter()
                .map(|&at| &outcome.sinks[at])
                .filter(|rows| !rows.rows.is_empty())
                .collect();
            match full[..] {
                [] => {}
                [only] if only.rows.is_sorted_by_key(|row| row.0) => file.write(&only.bytes)?,
                _ => file.write(&merged(&full))?,
            }
        }
        Ok(())
    }

    /// Ends all files.
    pub(super) fn finish(self) -> Result<(), OutputError> {
        self.files.into_iter().try_for_each(|(file, _)| file.finish())
    }
}

/// The rows of several streams by record, then by the streams' places, then as they came.
fn merged(sinks: &[&SinkRows]) -> Vec<u8> {
    let mut rows: Vec<(u64, &[u8])> = sinks.iter().flat_map(|sink| sink.iter()).collect();
    rows.sort_by_key(|row| row.0);
    let mut bytes = Vec::with_capacity(sinks.iter().map(|sink| sink.bytes.len()).sum());
    rows.iter().for_each(|row| bytes.extend_from_slice(row.1));
    bytes
}
