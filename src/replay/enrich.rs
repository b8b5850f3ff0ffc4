//! `.enrich(...)`: fields from a table.

use super::execute::Executor;
use super::flow::{Flow, View};
use super::gathered::Added;
use crate::data::Column;
use crate::eval::Evaluator;
use crate::ir::Enrich;

impl Executor<'_> {
    /// The fields that a table gives for the selected rows.
    pub(super) fn enrich(
        &mut self,
        enrich: &Enrich,
        _evaluator: &mut Evaluator<'_>,
        flow: &Flow,
        _view: &View,
    ) -> Vec<Added> {
        let nulls = |name: &str, field| Added {
            field,
            name: Some(name.to_owned()),
            column: Column::nulls(flow.rows.len()),
        };
        enrich.fields.iter().map(|(name, field)| nulls(name, *field)).collect()
    }
}
