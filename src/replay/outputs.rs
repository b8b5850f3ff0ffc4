//! The files of a run: rows of several streams that go to one place are merged in order. Rows that
//! others may still come before wait.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

use super::RunOptions;
use super::outcome::{Buffers, Outcome, SinkRows, TableRows};
use crate::data::Place;
use crate::plan::{Plan, Sink};
use crate::write::{Destination, Encoding, Output, OutputError, StreamColumns, TableFile, check_one_schema};

/// All outputs, and which sinks go to each.
pub(super) struct Outputs {
    files: Vec<(File, Vec<usize>)>,
    /// By sink: rows that wait, each piece as it was made.
    waiting: Vec<Vec<SinkRows>>,
    /// Rows written, by sink.
    pub(super) rows: Vec<u64>,
    /// By sink: its rows go out as columns, not as text.
    pub(super) typed: Vec<bool>,
    /// Buffers of text that was written.
    pub(super) buffers: Arc<Buffers>,
}

enum File {
    Text(Box<Output>),
    Table(PathBuf, Box<TableFile>),
}

impl Outputs {
    /// Opens the main output (unless no stream writes to it) and those of `.to`.
    pub(super) fn open(plan: &Plan, options: &RunOptions) -> Result<Self, OutputError> {
        let mut paths: IndexMap<PathBuf, (Encoding, Vec<usize>)> = IndexMap::new();
        let main = Destination::new(&options.output, options.output_format)?;
        if !main.is_folder() && (plan.sinks.is_empty() || plan.sinks.iter().any(|sink| sink.path.is_none())) {
            paths.insert(main.path(""), (main.encoding(), Vec::new()));
        }
        for (at, sink) in plan.sinks.iter().enumerate() {
            let to = match &sink.path {
                None => main.clone(),
                Some(path) => Destination::new(Path::new(path), None)?,
            };
            to.create_folder()?;
            let entry = paths.entry(to.path(stream(plan, sink)));
            entry.or_insert_with(|| (to.encoding(), Vec::new())).1.push(at);
        }
        let mut typed = vec![false; plan.sinks.len()];
        let mut files = Vec::new();
        for (path, (encoding, sinks)) in paths {
            let file = open(plan, &path, encoding, &sinks)?;
            let table = matches!(file, File::Table(..));
            sinks.iter().for_each(|&sink| typed[sink] = table);
            files.push((file, sinks));
        }
        Ok(Self {
            files,
            waiting: plan.sinks.iter().map(|_| Vec::new()).collect(),
            rows: vec![0; plan.sinks.len()],
            typed,
            buffers: Arc::default(),
        })
    }

    /// Writes nothing: rows are made, and let go.
    pub(super) fn none(plan: &Plan) -> Self {
        Self {
            files: Vec::new(),
            waiting: plan.sinks.iter().map(|_| Vec::new()).collect(),
            rows: vec![0; plan.sinks.len()],
            typed: vec![false; plan.sinks.len()],
            buffers: Arc::default(),
        }
    }

    /// Takes over the rows of an outcome.
    pub(super) fn take(&mut self, outcome: &mut Outcome) {
        if self.files.is_empty() {
            for (rows, pieces) in self.rows.iter_mut().zip(&mut outcome.sinks) {
                *rows += pieces.drain(..).map(|piece| piece.len() as u64).sum::<u64>();
            }
            return;
        }
        for (waiting, pieces) in self.waiting.iter_mut().zip(&mut outcome.sinks) {
            waiting.extend(pieces.drain(..).filter(|piece| !piece.is_empty()));
        }
    }

    /// Writes the rows that stand before a place.
    pub(super) fn write(&mut self, until: Place) -> Result<(), OutputError> {
        for (file, sinks) in &mut self.files {
            let mut ready: Vec<(usize, SinkRows)> = Vec::new();
            for (nth, &sink) in sinks.iter().enumerate() {
                for piece in std::mem::take(&mut self.waiting[sink]) {
                    let (now, later) = split(piece, until);
                    self.waiting[sink].extend(later);
                    if let Some(now) = now {
                        self.rows[sink] += now.len() as u64;
                        ready.push((nth, now));
                    }
                }
            }
            match file {
                File::Text(file) if follow(&ready) => {
                    ready.iter().try_for_each(|(_, piece)| file.write(&piece.bytes))?;
                }
                File::Text(file) => file.write(&merged(&ready))?,
                File::Table(_, file) => table(file, &ready)?,
            }
            ready.into_iter().for_each(|(_, piece)| self.buffers.give(piece.bytes));
        }
        Ok(())
    }

    /// Lets go of the rows that wait.
    pub(super) fn forget(&mut self) {
        self.waiting.iter_mut().for_each(Vec::clear);
    }

    /// Ends all files; what there is to say about them.
    pub(super) fn finish(self) -> Result<Vec<String>, OutputError> {
        let mut notes = Vec::new();
        for (file, _) in self.files {
            match file {
                File::Text(file) => file.finish()?,
                File::Table(path, file) => {
                    let said = file.finish()?.into_iter();
                    notes.extend(said.map(|note| format!("{}: {note}", path.display())));
                }
            }
        }
        Ok(notes)
    }
}

fn stream<'p>(plan: &'p Plan, sink: &Sink) -> &'p str {
    &plan.query.streams[sink.stream.0 as usize].name
}

fn open(plan: &Plan, path: &Path, encoding: Encoding, sinks: &[usize]) -> Result<File, OutputError> {
    if encoding == Encoding::Jsonl {
        return Ok(File::Text(Box::new(Output::open(path)?)));
    }
    let columns = |&sink: &usize| {
        let stream = &plan.query.streams[plan.sinks[sink].stream.0 as usize];
        (stream.name.as_str(), stream.columns.as_deref())
    };
    let streams: Vec<StreamColumns<'_>> = sinks.iter().map(columns).collect();
    check_one_schema(path, encoding, &streams)?;
    let names: Vec<String> = streams.iter().map(|(name, _)| (*name).to_owned()).collect();
    let columns = streams.first().and_then(|(_, columns)| *columns);
    let file = TableFile::open_as(path, encoding, &names, columns)?;
    Ok(File::Table(path.to_owned(), Box::new(file)))
}

/// The rows before a place, and the others.
fn split(piece: SinkRows, until: Place) -> (Option<SinkRows>, Option<SinkRows>) {
    if piece.places().all(|place| place < until) {
        return (Some(piece), None);
    }
    let (mut now, mut later) = (SinkRows::default(), SinkRows::default());
    for (place, text) in piece.iter() {
        let to = if place < until { &mut now } else { &mut later };
        to.bytes.extend_from_slice(text);
        to.end_row(place);
    }
    for table in &piece.tables {
        let (first, rest): (Vec<u32>, Vec<u32>) =
            (0..table.places.len() as u32).partition(|&at| table.places[at as usize] < until);
        now.tables.extend(table.pick(&first));
        later.tables.extend(table.pick(&rest));
    }
    ((!now.is_empty()).then_some(now), Some(later))
}

/// Whether the pieces are in order one after another.
fn follow(pieces: &[(usize, SinkRows)]) -> bool {
    let mut last: Option<(Place, usize)> = None;
    pieces.iter().all(|(sink, piece)| {
        piece.places().all(|place| {
            let here = (place, *sink);
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

/// The same for rows that go out as columns.
fn table(file: &mut TableFile, pieces: &[(usize, SinkRows)]) -> Result<(), OutputError> {
    let all = pieces
        .iter()
        .flat_map(|(sink, piece)| piece.tables.iter().map(move |table| (*sink, table)));
    let tables: Vec<(usize, &TableRows)> = all.collect();
    if follow(pieces) {
        return tables
            .iter()
            .try_for_each(|(sink, table)| file.write_of(*sink, &table.batch));
    }
    let mut rows: Vec<(Place, usize, usize, u32)> = Vec::new();
    for (at, (sink, table)) in tables.iter().enumerate() {
        let places = table.places.iter().enumerate();
        rows.extend(places.map(|(row, place)| (*place, *sink, at, row as u32)));
    }
    rows.sort_by_key(|row| (row.0, row.1));
    for run in rows.chunk_by(|a, b| a.2 == b.2) {
        let picked: Vec<u32> = run.iter().map(|row| row.3).collect();
        let (sink, table) = tables[run[0].2];
        if let Some(table) = table.pick(&picked) {
            file.write_of(sink, &table.batch)?;
        }
    }
    Ok(())
}
