//! Record batches of Arrow IPC, of which columns are read when asked for, and slices of them.

use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::SchemaRef;

use super::binding::Place;
use super::bounds::Bounds;
use super::guard::guarded;
use super::ipc_blocks::{Dictionaries, Message};
use super::table::{SLICE, Table, TableInput, TableMorsel};

/// A record batch.
#[derive(Debug)]
pub(super) struct Batch {
    message: Message,
    pub(super) rows: usize,
    schema: SchemaRef,
    dictionaries: Arc<Dictionaries>,
    columns: Vec<OnceLock<Result<ArrayRef, String>>>,
}

impl Batch {
    pub(super) fn new(message: Message, rows: usize, schema: &SchemaRef, dictionaries: &Arc<Dictionaries>) -> Self {
        Self {
            message,
            rows,
            schema: Arc::clone(schema),
            dictionaries: Arc::clone(dictionaries),
            columns: schema.fields().iter().map(|_| OnceLock::new()).collect(),
        }
    }

    fn column(&self, at: usize) -> Result<ArrayRef, String> {
        let column = self.columns.get(at).ok_or("a column is missing")?;
        let read = || self.message.column(&self.schema, &self.dictionaries, at);
        let array = column.get_or_init(|| guarded(read)).clone()?;
        match array.len() == self.rows {
            true => Ok(array),
            false => Err("its data is damaged (a column is too short)".to_owned()),
        }
    }
}

/// Goes over batches in slices.
#[derive(Debug)]
pub(super) struct Slices {
    pub(super) input: Arc<TableInput>,
    /// The batch at hand, and its next row.
    batch: Option<(Arc<Batch>, usize)>,
    /// The next row in the file.
    start: u64,
}

impl Slices {
    pub(super) fn new(schema: SchemaRef) -> Self {
        Self {
            input: Arc::new(TableInput::new(schema)),
            batch: None,
            start: 0,
        }
    }

    /// Goes on with the next batch, which is at its first row.
    pub(super) fn begin(&mut self, batch: Batch) {
        self.batch = Some((Arc::new(batch), 0));
    }

    /// The next slice of the batch at hand, if there is more of it. `consumed` is set by the caller.
    pub(super) fn next(&mut self) -> Option<TableMorsel> {
        let (batch, row) = self.batch.as_mut()?;
        let rows = SLICE.min(batch.rows - *row);
        if rows == 0 {
            self.batch = None;
            return None;
        }
        let size = batch.message.body.len() as u128;
        let upto = |row: usize| (size * row as u128 / batch.rows as u128) as u64;
        let morsel = TableMorsel {
            input: Arc::clone(&self.input),
            table: Arc::new(Slice {
                batch: Arc::clone(batch),
                skip: *row,
                rows,
            }),
            start: self.start,
            rows,
            bytes: upto(*row + rows) - upto(*row),
            consumed: 0,
        };
        *row += rows;
        self.start += rows as u64;
        Some(morsel)
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
        Ok(self.batch.column(place.column)?.slice(self.skip, self.rows))
    }

    fn part(&self, from: usize, rows: usize) -> Arc<dyn Table> {
        Arc::new(Self {
            batch: Arc::clone(&self.batch),
            skip: self.skip + from,
            rows,
        })
    }

    fn bounds(&self, _place: &Place) -> Bounds {
        Bounds::default()
    }
}
