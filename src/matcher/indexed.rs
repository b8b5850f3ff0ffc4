//! By what values the runs at a state can be found.

use indexmap::IndexSet;

use crate::data::value::FixedHasher;
use crate::data::{Key, Value};

/// By which comparisons the runs at a state are found for one of its moves.
#[derive(Debug)]
pub(super) struct Indexed {
    /// Which move.
    pub(super) at: u32,
    pub(super) by_key: bool,
    /// Which comparisons of its step.
    pub(super) compares: Vec<usize>,
    /// Of those with `!=` the values that were met, by number.
    pub(super) names: Vec<IndexSet<Key, FixedHasher>>,
}

impl Indexed {
    /// After a sweep no tree is left.
    pub(super) fn forget(&mut self) {
        self.names.iter_mut().for_each(IndexSet::clear);
    }
}

/// A value that `!=` has a number for: null and NaN are unlike even themselves.
pub(super) fn nameable(value: Value) -> Option<Key> {
    let never = value.is_null() || matches!(value, Value::Float(float) if float.is_nan());
    (!never).then_some(Key(value))
}
