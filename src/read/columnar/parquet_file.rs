//! Parquet files: row groups, in slices.
//!
//! Columns are read for a whole row group, or for a part of one of many rows, and then cut into
//! slices: a page is decompressed once, and what a round of slices holds stays small. A part of a row
//! group is read by skipping to its first row: pages before it are passed by without being
//! decompressed where they end before it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Field, Fields, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::RowGroupMetaData;

use super::binding::Place;
use super::bounds::Bounds;
use super::convert::natural;
use super::guard::guarded;
use super::parquet_store::Store;
use super::table::{SLICE, Table, TableInput, TableMorsel};
use crate::data::Value;
use crate::read::mapped::Mapping;

/// An opened Parquet file.
#[derive(Debug)]
pub(in crate::read) struct ParquetFile {
    input: Arc<TableInput>,
    shared: Arc<Shared>,
    /// The next slice: its row group, the row there and in the file.
    next: (usize, usize, u64),
    /// The part of the row group that was begun.
    part: Option<Arc<Part>>,
    /// Bytes of the slices before.
    consumed: u64,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    metadata: ArrowReaderMetadata,
}

impl ParquetFile {
    /// Opens a file that is mapped or can be read at places.
    ///
    /// # Errors
    /// When its metadata cannot be read.
    pub(in crate::read) fn open(file: std::fs::File, length: u64, mapping: Option<Mapping>) -> Result<Self, String> {
        let store = match mapping {
            Some(mapping) => Store::Mapped(Arc::new(mapping)),
            None => Store::File(Arc::new(file), length),
        };
        let metadata = guarded(|| ArrowReaderMetadata::load(&store, ArrowReaderOptions::new()))?;
        let groups = metadata.metadata().row_groups();
        let rows = metadata.metadata().file_metadata().num_rows();
        let sum = groups.iter().try_fold(0_i64, |sum, group| {
            let rows = group.num_rows();
            (rows >= 0).then(|| sum.checked_add(rows))?
        });
        if sum != Some(rows) {
            return Err("its data is damaged (the rows of its row groups do not add up)".to_owned());
        }
        let metadata = with_views(metadata);
        Ok(Self {
            input: Arc::new(TableInput::new(Arc::clone(metadata.schema()))),
            shared: Arc::new(Shared { store, metadata }),
            next: (0, 0, 0),
            part: None,
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
        match &self.shared.store {
            Store::Mapped(mapping) => mapping.check(),
            Store::File(..) => Ok(()),
        }
    }

    /// The next slice; none at the end.
    pub(in crate::read) fn next(&mut self) -> Option<TableMorsel> {
        loop {
            let (group, row, start) = self.next;
            let shared = Arc::clone(&self.shared);
            let about = shared.group(group)?;
            let all = usize::try_from(about.num_rows()).unwrap_or(0);
            if row >= all {
                self.next = (group + 1, 0, start);
                continue;
            }
            let part = self.part(group, row, all);
            let rows = SLICE.min(part.skip + part.rows - row);
            self.next = (group, row + rows, start + rows as u64);
            let upto = |size: i64, upto: usize| (i128::from(size.max(0)) * upto as i128 / all as i128) as u64;
            let share = |size: i64| upto(size, row + rows) - upto(size, row);
            self.consumed += share(about.compressed_size());
            return Some(TableMorsel {
                input: Arc::clone(&self.input),
                table: Arc::new(Slice {
                    from: row - part.skip,
                    part,
                    rows,
                }),
                start,
                rows,
                bytes: share(about.total_byte_size()),
                consumed: self.consumed,
            });
        }
    }

    /// The part in which a row of a row group of `all` rows lies.
    fn part(&mut self, group: usize, row: usize, all: usize) -> Arc<Part> {
        if let Some(part) = &self.part
            && part.group == group
            && row < part.skip + part.rows
        {
            return Arc::clone(part);
        }
        let part = Arc::new(Part {
            file: Arc::clone(&self.shared),
            group,
            skip: row,
            rows: PART.min(all - row),
            columns: Mutex::default(),
        });
        self.part = Some(Arc::clone(&part));
        part
    }
}

impl Shared {
    fn group(&self, at: usize) -> Option<&RowGroupMetaData> {
        self.metadata.metadata().row_groups().get(at)
    }
}

/// How many rows of a row group are read together, at most.
const PART: usize = 1 << 17;

/// A row group, or a part of one.
#[derive(Debug)]
struct Part {
    file: Arc<Shared>,
    group: usize,
    skip: usize,
    rows: usize,
    /// The columns that were asked for.
    columns: Mutex<Vec<(Place, Arc<OnceLock<Loaded>>)>>,
}

type Loaded = Result<ArrayRef, String>;

/// Some rows of a part.
#[derive(Debug)]
struct Slice {
    part: Arc<Part>,
    from: usize,
    rows: usize,
}

impl Part {
    /// The column of a place, read when it is first asked for.
    fn column(&self, place: &Place) -> Loaded {
        let mut columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        let known = columns.iter().find(|(known, _)| known == place);
        let column = known.map_or_else(Arc::default, |(_, column)| Arc::clone(column));
        if known.is_none() {
            columns.push((place.clone(), Arc::clone(&column)));
        }
        drop(columns);
        column.get_or_init(|| guarded(|| self.read(place))).clone()
    }

    fn read(&self, place: &Place) -> parquet::errors::Result<ArrayRef> {
        let metadata = &self.file.metadata;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.store.clone(), metadata.clone())
            .with_row_groups(vec![self.group])
            .with_projection(ProjectionMask::leaves(
                metadata.parquet_schema(),
                leaves(metadata, place),
            ))
            .with_batch_size(self.rows)
            .with_offset(self.skip)
            .with_limit(self.rows)
            .build()?;
        let mut parts: Vec<ArrayRef> = Vec::new();
        for batch in reader {
            parts.extend(batch?.columns().first().cloned());
        }
        match parts.as_slice() {
            [one] => Ok(Arc::clone(one)),
            parts => {
                let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
                Ok(arrow::compute::concat(&parts)?)
            }
        }
    }
}

impl Slice {
    /// What the row group's statistics say; none where they say nothing, or it is not known in which
    /// order they are meant.
    fn statistics(&self, place: &Place) -> Option<Bounds> {
        let metadata = &self.part.file.metadata;
        let [leaf] = leaves(metadata, place)[..] else {
            return None;
        };
        let field = field_at(metadata.schema().fields(), place)?;
        let group = self.part.file.group(self.part.group)?;
        let statistics = group.column(leaf).statistics()?;
        let column = metadata.parquet_schema().column(leaf);
        let nulls = match column.max_def_level() {
            0 => Some(0),
            _ => statistics.null_count_opt(),
        };
        if column.max_rep_level() > 0 {
            return None;
        }
        if statistics.is_min_max_deprecated() {
            return Some(Bounds {
                nulls,
                ..Bounds::default()
            });
        }
        let converter = StatisticsConverter::from_column_index(leaf, field, metadata.parquet_schema()).ok()?;
        Some(Bounds {
            least: only_value(&converter.row_group_mins([group]).ok()?),
            greatest: only_value(&converter.row_group_maxes([group]).ok()?),
            nulls,
        })
    }
}

/// The field at a place.
fn field_at<'f>(fields: &'f Fields, place: &Place) -> Option<&'f Field> {
    let mut field: &Field = fields.get(place.column)?;
    for name in &place.inner {
        let DataType::Struct(members) = field.data_type() else {
            return None;
        };
        field = members.iter().find(|member| member.name() == name)?;
    }
    Some(field)
}

/// The value of an array of one, if it bounds anything.
fn only_value(array: &ArrayRef) -> Option<Value> {
    let mut misfits = 0;
    let value = natural(array, &mut |_, _| misfits += 1)?.value(0);
    match value {
        Value::Null => None,
        Value::Float(f) if f.is_nan() => None,
        value => (misfits == 0).then_some(value),
    }
}

impl Table for Slice {
    fn load(&self, place: &Place) -> Result<ArrayRef, String> {
        let column = self.part.column(place)?;
        if self.from + self.rows > column.len() {
            return Err("its data is cut off".to_owned());
        }
        Ok(column.slice(self.from, self.rows))
    }

    fn part(&self, from: usize, rows: usize) -> Arc<dyn Table> {
        Arc::new(Self {
            part: Arc::clone(&self.part),
            from: self.from + from,
            rows,
        })
    }

    fn bounds(&self, place: &Place) -> Bounds {
        guarded(|| self.statistics(place).ok_or("no statistics")).unwrap_or_default()
    }
}

/// The columns of the file that make up a place.
fn leaves(metadata: &ArrowReaderMetadata, place: &Place) -> Vec<usize> {
    let schema = metadata.parquet_schema();
    let leads_to = |leaf: &usize| {
        let path = schema.column(*leaf);
        let inner = path.path().parts().get(1..).unwrap_or_default();
        schema.get_column_root_idx(*leaf) == place.column && inner.starts_with(&place.inner)
    };
    (0..schema.num_columns()).filter(leads_to).collect()
}

/// The same metadata, by which text is read as views: values stay where their page has them.
fn with_views(metadata: ArrowReaderMetadata) -> ArrowReaderMetadata {
    let schema = metadata.schema();
    let wanted = Schema::new_with_metadata(views(schema.fields()), schema.metadata().clone());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(wanted));
    let known = Arc::clone(metadata.metadata());
    // Where that is not to be had, text is read as it is.
    guarded(|| ArrowReaderMetadata::try_new(known, options)).unwrap_or(metadata)
}

fn views(fields: &Fields) -> Fields {
    let view = |field: &Arc<Field>| {
        let ty = match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
            DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
            DataType::Struct(members) => DataType::Struct(views(members)),
            _ => return Arc::clone(field),
        };
        Arc::new(field.as_ref().clone().with_data_type(ty))
    };
    fields.iter().map(view).collect()
}
