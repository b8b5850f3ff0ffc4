//! `.enrich(...)`: fields from a table.

use super::execute::Executor;
use super::flow::{Flow, View};
use super::gathered::Added;
use crate::data::{Column, Value};
use crate::eval::Evaluator;
use crate::ir::Enrich;

impl Executor<'_> {
    /// The fields that a table gives for the selected rows, and whether it has them.
    pub(super) fn enrich(
        &mut self,
        enrich: &Enrich,
        evaluator: &mut Evaluator<'_>,
        flow: &Flow,
        view: &View,
    ) -> Vec<Added> {
        let len = flow.rows.len();
        let Some(table) = self.context.tables.get(&enrich.table) else {
            return Vec::new();
        };
        let found = table.find(evaluator.eval(enrich.key, view.rows.as_deref()));
        // Rows that are not selected are as good as missing.
        let mut at = vec![table.len() as u32; len];
        view.each(len)
            .zip(found)
            .for_each(|(row, found)| at[row as usize] = found);
        let field = |(name, field): &(String, crate::data::FieldId)| Added {
            field: *field,
            name: Some(name.clone()),
            column: table
                .column(name)
                .map_or_else(|| Column::nulls(len), |column| column.take(&at)),
        };
        let mut added: Vec<Added> = enrich.fields.iter().map(field).collect();
        let words = Column::from_values(vec![Value::str("found"), Value::str("missing")]);
        let status: Vec<u32> = at.iter().map(|&at| u32::from(at as usize == table.len())).collect();
        added.push(Added {
            field: enrich.status,
            name: Some("enrich_status".to_owned()),
            column: words.take(&status),
        });
        added
    }
}
