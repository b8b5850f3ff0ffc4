//! Arrow IPC streams, from files, pipes and decompressors. Files whose footer cannot be reached are
//! read the same way: but for a mark in front they are streams.
//!
//! A thread reads, so that waiting and decompressing overlap with the rest.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::guard::guarded;
use super::ipc_batch::{Batch, Slices};
use super::ipc_blocks::{Dictionaries, Message, What, bad, room_for};
use super::table::{TableInput, TableMorsel};

/// How many batches may wait to be taken.
const READY: usize = 3;

/// What an Arrow file has in front of its stream: its mark, and zeros.
const MARK: &[u8; 8] = b"ARROW1\0\0";

type Sent = Result<(Batch, u64), String>;

/// A stream of record batches.
#[derive(Debug)]
pub(in crate::read) struct IpcStream {
    slices: Slices,
    // Mutex: a receiver cannot be shared, an input can.
    batches: Mutex<Receiver<Sent>>,
    /// How much had been read with the batch at hand.
    consumed: u64,
}

impl IpcStream {
    /// Starts to read. `read` counts the bytes that have come from the file.
    ///
    /// # Errors
    /// When its schema cannot be read, or no thread be started.
    pub(in crate::read) fn open(reader: Box<dyn Read + Send>, read: Arc<AtomicU64>) -> Result<Self, String> {
        let mut reader = io::BufReader::with_capacity(128 << 10, reader);
        let schema = guarded(|| {
            let first = first_message(&mut reader)?;
            first.ok_or_else(|| bad("there is no schema"))?.schema()
        })?;
        let messages = Messages {
            reader,
            schema: Arc::clone(&schema),
            dictionaries: Arc::default(),
        };
        let (sender, receiver) = sync_channel(READY);
        std::thread::Builder::new()
            .name("read".to_owned())
            .spawn(move || send_batches(messages, &read, &sender))
            .map_err(|error| error.to_string())?;
        Ok(Self {
            slices: Slices::new(schema),
            batches: Mutex::new(receiver),
            consumed: 0,
        })
    }

    /// What all its morsels have in common.
    pub(in crate::read) fn input(&self) -> &Arc<TableInput> {
        &self.slices.input
    }

    /// The next slice; none at the end.
    ///
    /// # Errors
    /// When a batch cannot be read.
    pub(in crate::read) fn next(&mut self) -> Result<Option<TableMorsel>, String> {
        loop {
            if let Some(morsel) = self.slices.next() {
                let consumed = self.consumed;
                return Ok(Some(TableMorsel { consumed, ..morsel }));
            }
            let Ok(batches) = self.batches.lock() else {
                return Ok(None);
            };
            match batches.recv() {
                Ok(Ok((batch, consumed))) => {
                    self.consumed = consumed;
                    self.slices.begin(batch);
                }
                Ok(Err(reason)) => return Err(reason),
                Err(_) => return Ok(None),
            }
        }
    }
}

/// Ends with the stream, an error, or when nobody takes batches any more.
fn send_batches<R: Read>(mut messages: Messages<R>, read: &AtomicU64, sender: &SyncSender<Sent>) {
    while let Some(next) = guarded(|| messages.next_batch()).transpose() {
        let failed = next.is_err();
        let sent = next.map(|batch| (batch, read.load(Ordering::Relaxed)));
        if sender.send(sent).is_err() || failed {
            return;
        }
    }
}

/// The messages behind the schema.
struct Messages<R> {
    reader: R,
    schema: SchemaRef,
    /// Those that hold where the stream has been read to; batches before may have others.
    dictionaries: Arc<Dictionaries>,
}

impl<R: Read> Messages<R> {
    fn next_batch(&mut self) -> Result<Option<Batch>, ArrowError> {
        while let Some(message) = next_message(&mut self.reader, &[])? {
            match message.what()? {
                What::Batch(rows) => {
                    return Ok(Some(Batch::new(message, rows, &self.schema, &self.dictionaries)));
                }
                What::Dictionary => message.add_to(&self.schema, Arc::make_mut(&mut self.dictionaries))?,
                What::Schema => return Err(bad("a second schema")),
            }
        }
        Ok(None)
    }
}

/// The first message, behind the mark that a file has in front and the zeros after it.
fn first_message(reader: &mut impl Read) -> Result<Option<Message>, ArrowError> {
    let mut front = [0; MARK.len()];
    let mut n = read_up_to(reader, &mut front)?;
    if &front == MARK {
        while n == front.len() && (&front == MARK || front == [0; MARK.len()]) {
            n = read_up_to(reader, &mut front)?;
        }
    }
    next_message(reader, &front[..n])
}

/// The next message, of which `front` (0, or up to 8 bytes) has been read; none at the end.
fn next_message(reader: &mut impl Read, front: &[u8]) -> Result<Option<Message>, ArrowError> {
    let cut_off = || bad("it is cut off");
    let mut source = front.chain(reader);
    let mut length = [0; 4];
    match read_up_to(&mut source, &mut length)? {
        0 => return Ok(None),
        4 => {}
        _ => return Err(cut_off()),
    }
    // Since version 5 four bytes of 1 stand before the length.
    if length == [0xff; 4] && read_up_to(&mut source, &mut length)? < 4 {
        return Err(cut_off());
    }
    let length = u32::from_le_bytes(length) as usize;
    if length == 0 {
        return Ok(None);
    }
    let head = read_exactly(&mut source, length)?.ok_or_else(cut_off)?;
    let mut message = Message {
        head,
        body: Buffer::default(),
    };
    message.body = read_exactly(&mut source, message.body_length()?)?.ok_or_else(cut_off)?;
    Ok(Some(message))
}

/// So many bytes, if there are so many.
fn read_exactly(reader: &mut impl Read, length: usize) -> Result<Option<Buffer>, ArrowError> {
    let mut bytes = room_for(length)?;
    reader.take(length as u64).read_to_end(&mut bytes)?;
    Ok((bytes.len() == length).then(|| Buffer::from_vec(bytes)))
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
