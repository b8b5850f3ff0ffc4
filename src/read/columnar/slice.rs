//! A slice of a file: its columns, read when needed, and what was found out about its rows.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, make_array, new_null_array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;

use super::binding::{Binding, Found, Place};
use super::guard::guarded;
use super::times::Times;
use super::whole::WholeColumn;
use super::{TableMorsel, decode::Kinds};
use crate::read::{BaseCell, DecodePlan, InputInfo};

/// A morsel of columns under way.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) morsel: TableMorsel,
    pub(super) plan: Arc<DecodePlan>,
    pub(super) binding: Arc<Binding>,
    pub(super) info: InputInfo,
    pub(super) base: Arc<BaseCell>,
    /// Integers that became floats.
    pub(super) big_ints: Arc<AtomicU64>,
    /// Where they stand, by place and row: a column may be asked for twice.
    counted: Mutex<BTreeSet<(usize, u32)>>,
    /// By place.
    arrays: Vec<OnceLock<ArrayRef>>,
    pub(super) kinds: OnceLock<Kinds>,
    pub(super) times: OnceLock<Times>,
    pub(super) whole: OnceLock<Vec<WholeColumn>>,
}

impl Slice {
    pub(super) fn new(morsel: &TableMorsel, plan: &Arc<DecodePlan>, info: InputInfo) -> Self {
        let binding = morsel.input.binding(plan);
        Self {
            morsel: morsel.clone(),
            plan: Arc::clone(plan),
            info,
            base: Arc::default(),
            big_ints: Arc::default(),
            counted: Mutex::default(),
            arrays: binding.places.iter().map(|_| OnceLock::new()).collect(),
            binding,
            kinds: OnceLock::new(),
            times: OnceLock::new(),
            whole: OnceLock::new(),
        }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.morsel.rows
    }

    /// The values at a place, for all rows; nulls where they cannot be read (the input then says so).
    pub(super) fn array(&self, found: &Found) -> &ArrayRef {
        self.arrays[found.place].get_or_init(|| {
            let place = &self.binding.places[found.place];
            self.load(place)
        })
    }

    /// Reads the values at a place.
    pub(super) fn load(&self, place: &Place) -> ArrayRef {
        let loaded = self.morsel.table.load(place).and_then(|array| {
            let inner = guarded(|| member(&array, &place.inner).and_then(expanded))?;
            if inner.len() == self.len() {
                Ok(inner)
            } else {
                Err("its data is cut off".to_owned())
            }
        });
        loaded.unwrap_or_else(|reason| {
            self.morsel.input.fail(self.morsel.start, reason);
            new_null_array(&DataType::Null, self.len())
        })
    }

    /// Counts integers that became floats, once each.
    pub(super) fn count_big_ints(&self, place: usize, rows: impl Iterator<Item = u32>) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let new = rows.filter(|row| counted.insert((place, *row))).count();
        self.big_ints.fetch_add(new as u64, Ordering::Relaxed);
    }
}

/// A member of nested structs; null where one of them is null.
fn member(array: &ArrayRef, names: &[String]) -> Result<ArrayRef, String> {
    let mut array = Arc::clone(array);
    for name in names {
        let outer = array.as_struct_opt().ok_or("a struct is no struct")?;
        let inner = outer.column_by_name(name).ok_or("a member is missing")?;
        array = match outer.nulls() {
            Some(nulls) => with_nulls(inner, nulls)?,
            None => Arc::clone(inner),
        };
    }
    Ok(array)
}

/// Runs of equal values, value by value.
fn expanded(array: ArrayRef) -> Result<ArrayRef, String> {
    match array.data_type() {
        DataType::RunEndEncoded(_, values) => {
            arrow::compute::cast(&array, values.data_type()).map_err(|error| error.to_string())
        }
        _ => Ok(array),
    }
}

fn with_nulls(array: &ArrayRef, nulls: &NullBuffer) -> Result<ArrayRef, String> {
    let array = expanded(Arc::clone(array))?;
    // These have no place for nulls; a union inside a null struct keeps its values.
    if matches!(array.data_type(), DataType::Null | DataType::Union(..)) {
        return Ok(array);
    }
    let both = NullBuffer::union(array.nulls(), Some(nulls));
    let data = array.to_data().into_builder().nulls(both);
    data.build().map(make_array).map_err(|error| error.to_string())
}
