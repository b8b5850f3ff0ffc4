//! Messages of Arrow IPC: what their heads say, and what their bodies hold.
//!
//! The library trusts the sizes that a file gives and allocates them, which ends the process where
//! they are garbage; so sizes are checked here first.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::buffer::Buffer;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::convert::try_fb_to_schema;
use arrow::ipc::reader::{read_dictionary, read_record_batch};
use arrow::ipc::{self, Block, root_as_message};

/// The dictionaries of a file, by number; looked up only.
pub(super) type Dictionaries = HashMap<i64, ArrayRef>;

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// Without its length.
    pub(super) head: Buffer,
    pub(super) body: Buffer,
}

/// What a message is.
pub(super) enum What {
    Schema,
    Dictionary,
    /// With how many rows.
    Batch(usize),
}

/// An error with this text.
pub(super) fn bad(what: &str) -> ArrowError {
    ArrowError::ParseError(what.to_owned())
}

impl Message {
    /// A message of a file, its length and head and body in one piece.
    pub(super) fn of_block(block: &Block, bytes: &Buffer) -> Result<Self, ArrowError> {
        let end = usize::try_from(block.metaDataLength()).unwrap_or(usize::MAX);
        // Since version 5 four bytes of 1 stand before the length.
        let at = if bytes.as_slice().starts_with(&[0xff; 4]) { 4 } else { 0 };
        let length = bytes.get(at..at + 4).and_then(|length| length.try_into().ok());
        let length = length.map_or(u32::MAX, u32::from_le_bytes) as usize;
        if end > bytes.len() || at + 4 + length > end {
            return Err(bad("a message's head does not fit"));
        }
        Ok(Self {
            head: bytes.slice_with_length(at + 4, length),
            body: bytes.slice(end),
        })
    }

    fn root(&self) -> Result<ipc::Message<'_>, ArrowError> {
        root_as_message(self.head.as_slice()).map_err(|error| ArrowError::ParseError(format!("a bad message: {error}")))
    }

    /// How long the body is, as the head says.
    pub(super) fn body_length(&self) -> Result<usize, ArrowError> {
        usize::try_from(self.root()?.bodyLength()).map_err(|_| bad("a body of negative length"))
    }

    /// What it is, once its sizes are checked.
    pub(super) fn what(&self) -> Result<What, ArrowError> {
        let root = self.root()?;
        if root.header_as_schema().is_some() {
            return Ok(What::Schema);
        }
        if let Some(dictionary) = root.header_as_dictionary_batch() {
            let data = dictionary.data().ok_or_else(|| bad("an empty dictionary"))?;
            check_sizes(&data, &self.body)?;
            return Ok(What::Dictionary);
        }
        let batch = root.header_as_record_batch();
        let batch = batch.ok_or_else(|| bad("a message of a kind that is not read"))?;
        check_sizes(&batch, &self.body).map(What::Batch)
    }

    /// The schema that it is.
    pub(super) fn schema(&self) -> Result<SchemaRef, ArrowError> {
        let root = self.root()?;
        read_schema(root.header_as_schema())
    }

    /// Adds the dictionary that it is to those known.
    pub(super) fn add_to(&self, schema: &Schema, known: &mut Dictionaries) -> Result<(), ArrowError> {
        let root = self.root()?;
        let dictionary = root.header_as_dictionary_batch();
        let dictionary = dictionary.ok_or_else(|| bad("no dictionary where one should be"))?;
        read_dictionary(&self.body, dictionary, schema, known, &root.version())
    }

    /// A column of the record batch that it is.
    pub(super) fn column(&self, schema: &SchemaRef, known: &Dictionaries, at: usize) -> Result<ArrayRef, ArrowError> {
        let root = self.root()?;
        let batch = root.header_as_record_batch();
        let batch = batch.ok_or_else(|| bad("no record batch where one should be"))?;
        let read = read_record_batch(
            &self.body,
            batch,
            Arc::clone(schema),
            known,
            Some(&[at]),
            &root.version(),
        )?;
        Ok(Arc::clone(read.column(0)))
    }
}

/// A schema of a footer or a message.
pub(super) fn read_schema(schema: Option<ipc::Schema<'_>>) -> Result<SchemaRef, ArrowError> {
    let schema = schema.ok_or_else(|| bad("there is no schema"))?;
    if !schema.endianness().equals_to_target_endianness() {
        return Err(bad("its bytes are in the other order (endianness)"));
    }
    try_fb_to_schema(schema).map(Arc::new)
}

/// Checks that what a batch says of its buffers can be; the number of its rows.
fn check_sizes(batch: &ipc::RecordBatch<'_>, body: &Buffer) -> Result<usize, ArrowError> {
    let rows = usize::try_from(batch.length()).map_err(|_| bad("a negative number of rows"))?;
    let nodes = batch.nodes().ok_or_else(|| bad("a batch without columns"))?;
    if nodes
        .iter()
        .next()
        .is_some_and(|first| first.length() != batch.length())
    {
        return Err(bad("a column is not as long as its batch"));
    }
    for buffer in batch.buffers().iter().flatten() {
        let start = usize::try_from(buffer.offset()).unwrap_or(usize::MAX);
        let length = usize::try_from(buffer.length()).unwrap_or(usize::MAX);
        let bytes = start.checked_add(length).and_then(|end| body.get(start..end));
        let bytes = bytes.ok_or_else(|| bad("a buffer is not in its batch"))?;
        if batch.compression().is_some()
            && let Some(size) = bytes.first_chunk::<8>()
        {
            // -1: as it stands.
            let size = i64::from_le_bytes(*size).max(0);
            room_for(usize::try_from(size).unwrap_or(usize::MAX))?;
        }
    }
    Ok(rows)
}

/// Room for so many bytes, which a file says it needs.
pub(super) fn room_for(size: usize) -> Result<Vec<u8>, ArrowError> {
    let mut room = Vec::new();
    match room.try_reserve_exact(size) {
        Ok(()) => Ok(room),
        Err(_) => Err(bad("a buffer is larger than memory")),
    }
}
