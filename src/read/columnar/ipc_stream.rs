//! Arrow IPC streams, from files, pipes and decompressors. Files whose footer cannot be reached are
//! read the same way: but for a mark in front they are streams.
//!
//! A thread reads, so that waiting and decompressing overlap with the rest.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;

use super::binding::Place;
use super::bounds::Bounds;
use super::guard::guarded;
use super::table::{SLICE, Table, TableInput, TableMorsel};

/// How many batches may wait to be taken.
const READY: usize = 3;

/// What an Arrow file has in front of its stream: its mark, filled up to 8 bytes.
const MARK: &[u8; 8] = b"ARROW1\0\0";

type Sent = Result<(RecordBatch, u64), String>;

/// A stream of record batches.
#[derive(Debug)]
pub(in crate::read) struct IpcStream {
    input: Arc<TableInput>,
    // Mutex: a receiver cannot be shared, an input can.
    batches: Mutex<Receiver<Sent>>,
    /// The batch at hand, its next row, and how much had been read with it.
    batch: Option<(RecordBatch, usize, u64)>,
    start: u64,
}

impl IpcStream {
    /// Starts to read. `read` counts the bytes that have come from the file.
    ///
    /// # Errors
    /// When its schema cannot be read, or no thread be started.
    pub(in crate::read) fn open(mut reader: Box<dyn Read + Send>, read: Arc<AtomicU64>) -> Result<Self, String> {
        let front = read_front(&mut reader).map_err(|error| error.to_string())?;
        let stream = io::BufReader::with_capacity(128 << 10, io::Cursor::new(front).chain(reader));
        let stream = guarded(|| StreamReader::try_new(stream, None))?;
        let input = Arc::new(TableInput::new(stream.schema()));
        let (sender, receiver) = sync_channel(READY);
        std::thread::Builder::new()
            .name("read".to_owned())
            .spawn(move || send_batches(stream, &read, &sender))
            .map_err(|error| error.to_string())?;
        Ok(Self {
            input,
            batches: Mutex::new(receiver),
            batch: None,
            start: 0,
        })
    }

    /// What all its morsels have in common.
    pub(in crate::read) fn input(&self) -> &Arc<TableInput> {
        &self.input
    }

    /// The next slice; none at the end.
    ///
    /// # Errors
    /// When a batch cannot be read.
    pub(in crate::read) fn next(&mut self) -> Result<Option<TableMorsel>, String> {
        loop {
            if let Some((batch, row, consumed)) = &mut self.batch
                && *row < batch.num_rows()
            {
                let rows = SLICE.min(batch.num_rows() - *row);
                let slice = batch.slice(*row, rows);
                let size = batch.get_array_memory_size() as u128;
                let upto = |row: usize| (size * row as u128 / batch.num_rows() as u128) as u64;
                let morsel = TableMorsel {
                    input: Arc::clone(&self.input),
                    start: self.start,
                    rows,
                    bytes: upto(*row + rows) - upto(*row),
                    consumed: *consumed,
                    table: Arc::new(Slice(slice)),
                };
                *row += rows;
                self.start += rows as u64;
                return Ok(Some(morsel));
            }
            let Ok(batches) = self.batches.lock() else {
                return Ok(None);
            };
            match batches.recv() {
                Ok(Ok((batch, consumed))) => self.batch = Some((batch, 0, consumed)),
                Ok(Err(reason)) => return Err(reason),
                Err(_) => return Ok(None),
            }
        }
    }
}

/// Ends with the stream, an error, or when nobody takes batches any more.
fn send_batches<R: Read>(mut stream: StreamReader<R>, read: &AtomicU64, sender: &SyncSender<Sent>) {
    loop {
        let next = guarded(|| stream.next().transpose().map_err(in_words));
        let sent = match next {
            Ok(Some(batch)) => Ok((batch, read.load(Ordering::Relaxed))),
            Ok(None) if stream.is_finished() => return,
            Ok(None) => Err("its data is cut off".to_owned()),
            Err(reason) => Err(reason),
        };
        let failed = sent.is_err();
        if sender.send(sent).is_err() || failed {
            return;
        }
    }
}

fn in_words(error: ArrowError) -> String {
    match error {
        ArrowError::IoError(_, error) if error.kind() == io::ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
        error => error.to_string(),
    }
}

/// The first bytes of the stream, behind the mark that a file has in front, and the zeros after it.
fn read_front(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut front = [0; MARK.len()];
    let mut n = read_up_to(reader, &mut front)?;
    if &front == MARK {
        while n == front.len() && (&front == MARK || front == [0; MARK.len()]) {
            n = read_up_to(reader, &mut front)?;
        }
    }
    Ok(front[..n].to_vec())
}

fn read_up_to(reader: &mut impl Read, room: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < room.len() {
        match reader.read(&mut room[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}

/// Some rows of a batch.
#[derive(Debug)]
struct Slice(RecordBatch);

impl Table for Slice {
    fn load(&self, place: &Place) -> Result<ArrayRef, String> {
        let column = self.0.columns().get(place.column);
        column.map(Arc::clone).ok_or_else(|| "a column is missing".to_owned())
    }

    fn bounds(&self, _place: &Place) -> Bounds {
        Bounds::default()
    }
}
