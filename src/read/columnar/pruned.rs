//! Whether anything in a slice can matter, by what the file says about its columns.

use super::slice::Slice;

/// Whether no row of a slice can matter to anybody.
pub(super) fn is_pruned(slice: &Slice) -> bool {
    slice.plan.types.is_empty() && slice.plan.other.is_none() && !slice.plan.check_all && !slice.plan.time_of_all
}
