//! Arrow IPC files ("Feather V2"): record batches, in slices. Columns that are not compressed are read
//! where they lie in the mapped file.

use std::fs::File;
use std::sync::{Arc, OnceLock};

use arrow::array::ArrayRef;
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::convert::try_fb_to_schema;
use arrow::ipc::reader::read_footer_length;
use arrow::ipc::{Block, root_as_footer};
use parquet::file::reader::Length;

use super::binding::Place;
use super::bounds::Bounds;
use super::guard::guarded;
use super::ipc_blocks::{Dictionaries, add_dictionary, read_column, row_count};
use super::parquet_store::Store;
use super::table::{SLICE, Table, TableInput, TableMorsel};
use crate::read::mapped::Mapping;

/// The length of the footer, and the mark at the end.
const TRAILER: usize = 10;

/// An opened Arrow file.
#[derive(Debug)]
pub(in crate::read) struct IpcFile {
    input: Arc<TableInput>,
    store: Store,
    blocks: Vec<Block>,
    dictionaries: Arc<Dictionaries>,
    /// The batch at hand, and its next row.
    batch: Option<(Arc<Batch>, usize)>,
    /// The next batch.
    next: usize,
    /// The next row.
    start: u64,
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
            input: Arc::new(TableInput::new(schema)),
            store,
            blocks,
            dictionaries: Arc::new(dictionaries),
            batch: None,
            next: 0,
            start: 0,
            consumed: 0,
        })
    }

    /// What all its morsels have in common.
    pub(in crate::read) fn input(&self) -> &Arc<TableInput> {
        &self.input
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
            if let Some((batch, row)) = &mut self.batch
                && *row < batch.rows
            {
                let rows = SLICE.min(batch.rows - *row);
                let morsel = slice_of(&self.input, batch, *row, rows, (self.start, self.consumed));
                *row += rows;
                self.start += rows as u64;
                self.consumed = morsel.consumed;
                return Ok(Some(morsel));
            }
            let Some(block) = self.blocks.get(self.next).copied() else {
                return Ok(None);
            };
            self.next += 1;
            let read = || -> Result<(Buffer, usize), ArrowError> {
                let bytes = block_bytes(&self.store, &block)?;
                let rows = row_count(&block, &bytes)?;
                Ok((bytes, rows))
            };
            let (bytes, rows) = guarded(read)?;
            let schema = Arc::clone(&self.input.schema);
            let dictionaries = Arc::clone(&self.dictionaries);
            let columns = schema.fields().iter().map(|_| OnceLock::new()).collect();
            let batch = Batch {
                block,
                bytes,
                rows,
                schema,
                dictionaries,
                columns,
            };
            self.batch = Some((Arc::new(batch), 0));
        }
    }
}

/// Some rows of a batch as a morsel.
fn slice_of(input: &Arc<TableInput>, batch: &Arc<Batch>, row: usize, rows: usize, before: (u64, u64)) -> TableMorsel {
    let (start, consumed) = before;
    let size = batch.bytes.len() as u128;
    let upto = |row: usize| (size * row as u128 / batch.rows as u128) as u64;
    let bytes = upto(row + rows) - upto(row);
    TableMorsel {
        input: Arc::clone(input),
        table: Arc::new(Slice {
            batch: Arc::clone(batch),
            skip: row,
            rows,
        }),
        start,
        rows,
        bytes,
        consumed: consumed + bytes,
    }
}

fn block_bytes(store: &Store, block: &Block) -> Result<Buffer, ArrowError> {
    let outside = || ArrowError::ParseError("a part of it is not there".to_owned());
    let start = u64::try_from(block.offset()).map_err(|_| outside())?;
    let length = i64::from(block.metaDataLength()).checked_add(block.bodyLength());
    let length = length
        .and_then(|length| usize::try_from(length).ok())
        .ok_or_else(outside)?;
    store.bytes(start, length).map_err(|_| outside())
}

type Footer = (SchemaRef, Vec<Block>, Dictionaries);

fn read_footer(store: &Store) -> Result<Footer, ArrowError> {
    let cut_off = |_| ArrowError::ParseError("it is cut off: the footer is missing".to_owned());
    let end = store.len().saturating_sub(TRAILER as u64);
    let trailer = store.bytes(end, TRAILER).map_err(cut_off)?;
    let trailer: [u8; TRAILER] = trailer.as_slice().try_into().unwrap_or_default();
    let length = read_footer_length(trailer)
        .map_err(|_| ArrowError::ParseError("it is cut off: the footer is missing".to_owned()))?;
    let start = end
        .checked_sub(length as u64)
        .ok_or_else(|| cut_off(std::io::ErrorKind::UnexpectedEof.into()))?;
    let bytes = store.bytes(start, length).map_err(cut_off)?;
    let bad = |what: &str| ArrowError::ParseError(what.to_owned());
    let footer =
        root_as_footer(bytes.as_slice()).map_err(|error| ArrowError::ParseError(format!("a bad footer: {error}")))?;
    let schema = footer.schema().ok_or_else(|| bad("the footer has no schema"))?;
    if !schema.endianness().equals_to_target_endianness() {
        return Err(bad("its bytes are in the other order (endianness)"));
    }
    let schema: SchemaRef = Arc::new(try_fb_to_schema(schema)?);
    let mut dictionaries = Dictionaries::new();
    for block in footer.dictionaries().iter().flatten() {
        add_dictionary(block, &block_bytes(store, block)?, &schema, &mut dictionaries)?;
    }
    let blocks = footer.recordBatches().iter().flatten().copied().collect();
    Ok((schema, blocks, dictionaries))
}

/// A record batch, of which columns are read when asked for.
#[derive(Debug)]
struct Batch {
    block: Block,
    bytes: Buffer,
    rows: usize,
    schema: SchemaRef,
    dictionaries: Arc<Dictionaries>,
    columns: Vec<OnceLock<Result<ArrayRef, String>>>,
}

impl Batch {
    fn column(&self, column: usize) -> Result<ArrayRef, String> {
        let read = || read_column(&self.block, &self.bytes, &self.schema, &self.dictionaries, column);
        self.columns[column].get_or_init(|| guarded(read)).clone()
    }
}

/// Some rows of a batch.
#[derive(Debug)]
struct Slice {
    batch: Arc<Batch>,
    skip: usize,
    rows: usize,
}

impl Table for Slice {
    fn load(&self, place: &Place) -> Result<ArrayRef, String> {
        let column = self.batch.column(place.column)?;
        if column.len() != self.batch.rows {
            return Err("its data is damaged (a column is too short)".to_owned());
        }
        Ok(column.slice(self.skip, self.rows))
    }

    fn bounds(&self, _place: &Place) -> Bounds {
        Bounds::default()
    }
}
