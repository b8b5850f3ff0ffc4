//! Arrow IPC files ("Feather V2"): record batches, in slices. Columns that are not compressed are read
//! where they lie in the mapped file.

use std::fs::File;
use std::io;
use std::sync::Arc;

use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::read_footer_length;
use arrow::ipc::{Block, root_as_footer};
use parquet::file::reader::Length;

use super::guard::guarded;
use super::ipc_batch::{Batch, Slices};
use super::ipc_blocks::{Dictionaries, Message, What, bad, read_schema};
use super::parquet_store::Store;
use super::table::{TableInput, TableMorsel};
use crate::read::mapped::Mapping;

/// The length of the footer, and the mark at the end.
const TRAILER: usize = 10;

/// An opened Arrow file.
#[derive(Debug)]
pub(in crate::read) struct IpcFile {
    slices: Slices,
    store: Store,
    blocks: Vec<Block>,
    dictionaries: Arc<Dictionaries>,
    /// The next batch.
    next: usize,
    consumed: u64,
}

impl IpcFile {
    /// Opens a file that is mapped or can be read at places.
    ///
    /// # Errors
    /// When its footer or a dictionary cannot be read.
    pub(in crate::read) fn open(file: File, length: u64, mapping: Option<Mapping>) -> Result<Self, String> {
        let store = match mapping {
            Some(mapping) => Store::Mapped(Arc::new(mapping)),
            None => Store::File(Arc::new(file), length),
        };
        let (schema, blocks, dictionaries) = guarded(|| read_footer(&store))?;
        Ok(Self {
            slices: Slices::new(schema),
            store,
            blocks,
            dictionaries: Arc::new(dictionaries),
            next: 0,
            consumed: 0,
        })
    }

    /// What all its morsels have in common.
    pub(in crate::read) fn input(&self) -> &Arc<TableInput> {
        &self.slices.input
    }

    /// Whether the file is still there.
    ///
    /// # Errors
    /// When it has shrunk.
    pub(in crate::read) fn check(&self) -> Result<(), &'static str> {
        match &self.store {
            Store::Mapped(mapping) => mapping.check(),
            Store::File(..) => Ok(()),
        }
    }

    /// The next slice; none at the end.
    ///
    /// # Errors
    /// When a batch cannot be read.
    pub(in crate::read) fn next(&mut self) -> Result<Option<TableMorsel>, String> {
        loop {
            if let Some(morsel) = self.slices.next() {
                self.consumed += morsel.bytes;
                let consumed = self.consumed;
                return Ok(Some(TableMorsel { consumed, ..morsel }));
            }
            let Some(block) = self.blocks.get(self.next).copied() else {
                return Ok(None);
            };
            self.next += 1;
            let batch = guarded(|| {
                let message = read_block(&self.store, &block)?;
                match message.what()? {
                    What::Batch(rows) => Ok(Batch::new(message, rows, &self.slices.input.schema, &self.dictionaries)),
                    What::Schema | What::Dictionary => Err(bad("no record batch where one should be")),
                }
            })?;
            self.slices.begin(batch);
        }
    }
}

fn read_block(store: &Store, block: &Block) -> Result<Message, ArrowError> {
    let outside = || bad("a part of it is not there");
    let start = u64::try_from(block.offset()).map_err(|_| outside())?;
    let length = i64::from(block.metaDataLength()).checked_add(block.bodyLength());
    let length = length.and_then(|length| usize::try_from(length).ok());
    let bytes = store.bytes(start, length.ok_or_else(outside)?).map_err(|_| outside())?;
    Message::of_block(block, &bytes)
}

type Footer = (SchemaRef, Vec<Block>, Dictionaries);

fn read_footer(store: &Store) -> Result<Footer, ArrowError> {
    let cut_off = || bad("it is cut off: the footer is missing");
    let read = |start: u64, length: usize| -> Result<Buffer, ArrowError> {
        store.bytes(start, length).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => cut_off(),
            _ => ArrowError::from(error),
        })
    };
    let end = store.len().saturating_sub(TRAILER as u64);
    let trailer = read(end, TRAILER)?;
    let trailer: [u8; TRAILER] = trailer.as_slice().try_into().unwrap_or_default();
    let length = read_footer_length(trailer).map_err(|_| cut_off())?;
    let bytes = read(end.checked_sub(length as u64).ok_or_else(cut_off)?, length)?;
    let footer = root_as_footer(bytes.as_slice());
    let footer = footer.map_err(|error| ArrowError::ParseError(format!("a bad footer: {error}")))?;
    let schema = read_schema(footer.schema())?;
    let mut dictionaries = Dictionaries::new();
    for block in footer.dictionaries().iter().flatten() {
        let message = read_block(store, block)?;
        message.what()?;
        message.add_to(&schema, &mut dictionaries)?;
    }
    let blocks = footer.recordBatches().iter().flatten().copied().collect();
    Ok((schema, blocks, dictionaries))
}
