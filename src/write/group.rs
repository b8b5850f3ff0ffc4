//! Rows gathered into row groups: cut by the number of rows and their size, never by batches.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::array::timestamps;
use super::build::{Build, weight, weight_in};
use super::shape::{Shape, timestamp_type};
use crate::data::{Column, Value};

/// Most rows of a group.
pub(super) const GROUP_ROWS: usize = 122_880;
/// A group ends with the row that brings it to this many bytes, roughly.
const GROUP_BYTES: usize = 64 << 20;
/// More in one row is refused: with JSON's escapes a group must stay below the 2 GiB that 32-bit
/// offsets reach.
const MOST_ROW_BYTES: usize = 256 << 20;

/// A column of the file, in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Slot {
    /// The name of the row's stream.
    Stream,
    /// The row's time.
    Ts,
    /// A field of the rows, by its place.
    Field(usize),
}

/// The columns of a typed file.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) schema: SchemaRef,
    pub(super) slots: Vec<Slot>,
    /// Settled, by the fields' places.
    pub(super) shapes: Vec<Shape>,
    streams: ArrayRef,
}

/// Why rows cannot be added.
#[derive(Debug)]
pub(super) enum GroupError {
    /// A row is too large.
    RowTooLarge,
    Arrow(ArrowError),
}

impl From<ArrowError> for GroupError {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

/// `stream` and `ts` come first, then the fields; a field of such a name takes the place.
pub(super) fn slots<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Slot> {
    let mut slots = vec![Slot::Stream, Slot::Ts];
    for (at, name) in names.enumerate() {
        match name {
            "stream" => slots[0] = Slot::Field(at),
            "ts" => slots[1] = Slot::Field(at),
            _ => slots.push(Slot::Field(at)),
        }
    }
    slots
}

impl Layout {
    /// The layout of rows of these streams with fields of these names and settled shapes.
    pub(super) fn new(streams: &[String], fields: Vec<(String, Shape)>) -> Self {
        let (names, shapes): (Vec<String>, Vec<Shape>) = fields.into_iter().unzip();
        let slots = slots(names.iter().map(String::as_str));
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let field = |slot: &Slot| match slot {
            Slot::Stream => Field::new("stream", dictionary.clone(), false),
            Slot::Ts => Field::new("ts", timestamp_type(), false),
            Slot::Field(at) => Field::new(&names[*at], shapes[*at].data_type(), true),
        };
        Self {
            schema: Arc::new(Schema::new(slots.iter().map(field).collect::<Vec<_>>())),
            streams: Arc::new(streams.iter().map(Some).collect::<StringArray>()),
            slots,
            shapes,
        }
    }
}

/// The rows of the group at hand.
pub(super) struct Group {
    layout: Layout,
    streams: Vec<i32>,
    ts: Vec<i64>,
    fields: Vec<Build>,
    bytes: usize,
}

impl Group {
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            fields: layout.shapes.iter().map(Build::new).collect(),
            layout,
            streams: Vec::new(),
            ts: Vec::new(),
            bytes: 0,
        }
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Adds a row of values that fit; whether the group is full now.
    pub(super) fn push(&mut self, stream: usize, ts: i64, cells: &[&Value]) -> Result<bool, GroupError> {
        self.weigh(cells.iter().map(|value| weight(value)).sum())?;
        self.streams.push(stream as i32);
        self.ts.push(ts);
        for (build, value) in self.fields.iter_mut().zip(cells) {
            build.push(value);
        }
        Ok(self.is_full())
    }

    /// Adds rows, which fit, until the group is full; how many, and whether it is.
    pub(super) fn extend(
        &mut self,
        stream: usize,
        ts: &[i64],
        columns: &[Column],
        from: usize,
    ) -> Result<(usize, bool), GroupError> {
        let mut end = from;
        while end < ts.len() && !self.is_full() {
            self.weigh(columns.iter().map(|column| weight_in(column, end)).sum())?;
            self.streams.push(stream as i32);
            self.ts.push(ts[end]);
            end += 1;
        }
        for (build, column) in self.fields.iter_mut().zip(columns) {
            build.extend(column, from..end);
        }
        Ok((end, self.is_full()))
    }

    fn weigh(&mut self, row: usize) -> Result<(), GroupError> {
        if row > MOST_ROW_BYTES {
            return Err(GroupError::RowTooLarge);
        }
        self.bytes += row;
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.ts.len() >= GROUP_ROWS || self.bytes >= GROUP_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ts.is_empty()
    }

    /// The rows, and an empty group again.
    pub(super) fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.bytes = 0;
        let keys = Int32Array::from(std::mem::take(&mut self.streams));
        let ts = Int64Array::from(std::mem::take(&mut self.ts));
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.layout.slots.len());
        for slot in &self.layout.slots {
            arrays.push(match slot {
                Slot::Stream => Arc::new(DictionaryArray::<Int32Type>::try_new(
                    keys.clone(),
                    self.layout.streams.clone(),
                )?),
                Slot::Ts => timestamps(ts.clone()),
                Slot::Field(at) => self.fields[*at].take()?,
            });
        }
        RecordBatch::try_new(self.layout.schema.clone(), arrays)
    }
}
