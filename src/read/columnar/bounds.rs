//! What a file says about the values of a column.

use crate::data::Value;

/// Bounds of the values of a column in some rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bounds {
    /// No value (that is not null) is less; none: not known.
    pub(super) least: Option<Value>,
    /// No value (that is not null) is greater.
    pub(super) greatest: Option<Value>,
    /// How many rows are null, if known.
    pub(super) nulls: Option<u64>,
}
