//! What the formats give: rows that stand together, and their columns one by one.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;

use super::binding::{Binding, Place};
use super::bounds::Bounds;
use crate::read::DecodePlan;

/// Rows that stand together in a file. Columns are read when asked for, from any thread.
pub(super) trait Table: Debug + Send + Sync {
    /// The column in which `place` lies, for all rows, in order. Where it is a struct, members that do
    /// not lead to the place may be missing.
    ///
    /// # Errors
    /// When it cannot be read, in words.
    fn load(&self, place: &Place) -> Result<ArrayRef, String>;

    /// Some of the rows.
    fn part(&self, from: usize, rows: usize) -> Arc<dyn Table>;

    /// What the file says about the values at a place in these rows, or in more.
    fn bounds(&self, place: &Place) -> Bounds;
}

/// What all tables of an input have in common.
#[derive(Debug)]
pub(in crate::read) struct TableInput {
    /// The columns of the file.
    pub(in crate::read) schema: SchemaRef,
    /// The last plan, bound to the schema: all morsels of a run have the same.
    bound: Mutex<Option<(Arc<DecodePlan>, Arc<Binding>)>>,
    /// What could not be read, by the row it was read for.
    faults: Mutex<BTreeMap<u64, String>>,
}

impl TableInput {
    pub(in crate::read) fn new(schema: SchemaRef) -> Self {
        Self {
            schema,
            bound: Mutex::default(),
            faults: Mutex::default(),
        }
    }

    /// Where the fields of a plan lie.
    pub(super) fn binding(&self, plan: &Arc<DecodePlan>) -> Arc<Binding> {
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, binding)) = &*bound
            && Arc::ptr_eq(known, plan)
        {
            return Arc::clone(binding);
        }
        let binding = Arc::new(Binding::new(plan, &self.schema));
        *bound = Some((Arc::clone(plan), Arc::clone(&binding)));
        binding
    }

    /// Notes that what begins at a row cannot be read.
    pub(super) fn fail(&self, row: u64, reason: String) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.entry(row).or_insert(reason);
    }

    /// What could not be read so far, first in the file.
    ///
    /// # Errors
    /// When there is anything.
    pub(in crate::read) fn check(&self) -> Result<(), String> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        match faults.first_key_value() {
            Some((_, reason)) => Err(reason.clone()),
            None => Ok(()),
        }
    }
}

/// A piece of a file of columns.
#[derive(Clone, Debug)]
pub(in crate::read) struct TableMorsel {
    pub(in crate::read) input: Arc<TableInput>,
    pub(super) table: Arc<dyn Table>,
    /// The number of its first row in the file, from 0.
    pub(in crate::read) start: u64,
    /// How many rows it has.
    pub(in crate::read) rows: usize,
    /// Its part of the file's data, in bytes.
    pub(in crate::read) bytes: u64,
    /// How much of the file has been consumed with it, in bytes.
    pub(in crate::read) consumed: u64,
}

/// How many rows a morsel has, at most.
pub(super) const SLICE: usize = 1 << 13;
