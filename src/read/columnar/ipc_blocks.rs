//! Messages of Arrow IPC, each a piece of a file: record batches and dictionaries.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::{read_dictionary, read_record_batch};
use arrow::ipc::{Block, Message, MetadataVersion, root_as_message};

/// The dictionaries of a file, by number; looked up only.
pub(super) type Dictionaries = HashMap<i64, ArrayRef>;

/// A message's head (without its length) and its body.
fn split(block: &Block, bytes: &Buffer) -> Result<(Buffer, Buffer), ArrowError> {
    let head = usize::try_from(block.metaDataLength()).unwrap_or(usize::MAX);
    if head < 8 || head > bytes.len() {
        return Err(ArrowError::ParseError("a message has no head".to_owned()));
    }
    // Since version 5 four bytes of 1 stand before the length.
    let marked = bytes.as_slice().starts_with(&[0xff; 4]);
    let start = if marked { 8 } else { 4 };
    let at = start - 4;
    let length = bytes.get(at..start).and_then(|length| length.try_into().ok());
    let length = length.map_or(0, u32::from_le_bytes) as usize;
    if start + length > head {
        return Err(ArrowError::ParseError("a message's head does not fit".to_owned()));
    }
    Ok((bytes.slice_with_length(start, length), bytes.slice(head)))
}

fn message(head: &Buffer) -> Result<Message<'_>, ArrowError> {
    root_as_message(head.as_slice()).map_err(|error| ArrowError::ParseError(format!("a bad message: {error}")))
}

/// Reads a dictionary.
pub(super) fn add_dictionary(
    block: &Block,
    bytes: &Buffer,
    schema: &SchemaRef,
    known: &mut Dictionaries,
) -> Result<(), ArrowError> {
    let (head, body) = split(block, bytes)?;
    let message = message(&head)?;
    let batch = message
        .header_as_dictionary_batch()
        .ok_or_else(|| ArrowError::ParseError("no dictionary where one should be".to_owned()))?;
    read_dictionary(&body, batch, schema, known, &message.version())
}

/// How many rows a record batch has.
pub(super) fn row_count(block: &Block, bytes: &Buffer) -> Result<usize, ArrowError> {
    let (head, _) = split(block, bytes)?;
    let message = message(&head)?;
    let batch = message.header_as_record_batch();
    let batch = batch.ok_or_else(|| ArrowError::ParseError("no record batch where one should be".to_owned()))?;
    usize::try_from(batch.length()).map_err(|_| ArrowError::ParseError("a negative number of rows".to_owned()))
}

/// Reads one column of a record batch.
pub(super) fn read_column(
    block: &Block,
    bytes: &Buffer,
    schema: &SchemaRef,
    known: &Dictionaries,
    column: usize,
) -> Result<ArrayRef, ArrowError> {
    let (head, body) = split(block, bytes)?;
    let message = message(&head)?;
    let version: MetadataVersion = message.version();
    let batch = message
        .header_as_record_batch()
        .ok_or_else(|| ArrowError::ParseError("no record batch where one should be".to_owned()))?;
    let only = [column];
    let read: RecordBatch = read_record_batch(&body, batch, Arc::clone(schema), known, Some(&only), &version)?;
    Ok(Arc::clone(read.column(0)))
}
