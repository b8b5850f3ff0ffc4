//! What an evaluator keeps of its batch: selections, decoded fields, values of shared trees.

use indexmap::IndexMap;

use crate::data::value::FixedHasher;
use crate::data::{Column, FieldId, Pseudo};

use super::errors::Errors;
use super::selection::Selection;

/// What is kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Selections met from outside, newest last: the same rows find the same columns again.
    recent: Vec<Selection>,
    fields: IndexMap<FieldId, Columns, FixedHasher>,
    pseudos: IndexMap<Pseudo, Columns, FixedHasher>,
    shared: IndexMap<u32, Vec<Shared>, FixedHasher>,
}

/// What a tree that stands in several places gave for a selection.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    selection: Selection,
    pub(super) result: Found,
    /// The errors of its nodes, counted from `root`.
    pub(super) errors: Errors,
    pub(super) root: u32,
}

/// Its values, or the rows in which it is true.
#[derive(Clone, Debug)]
pub(super) enum Found {
    Column(Column),
    Rows(Selection),
}

/// A field's columns, each for the rows of a selection.
#[derive(Debug, Default)]
struct Columns(Vec<(Selection, Column)>);

impl Columns {
    /// How many are kept.
    const MOST: usize = 8;

    /// The column of a selection, if it was read for it or for more.
    fn get(&self, selection: &Selection) -> Option<Column> {
        if let Some((_, column)) = self.0.iter().find(|(known, _)| known.same(selection)) {
            return Some(column.clone());
        }
        let wider = self.0.iter().rev();
        wider
            .filter(|(known, _)| known.len() > selection.len())
            .find_map(|(known, column)| known.places_of(selection).map(|places| column.take(&places)))
    }

    fn put(&mut self, selection: &Selection, column: &Column) {
        if self.0.len() == Self::MOST {
            self.0.remove(0);
        }
        self.0.push((selection.clone(), column.clone()));
    }
}

impl Kept {
    /// The selection of these rows: the one met before, if they are the same.
    pub(super) fn selection(&mut self, n: usize, rows: Option<&[u32]>) -> Selection {
        let Some(rows) = rows.filter(|rows| rows.len() < n) else {
            return Selection::all(n);
        };
        if let Some(known) = self.recent.iter().rev().find(|known| known.rows() == Some(rows)) {
            return known.clone();
        }
        let selection = Selection::of(rows.to_vec());
        self.remember(&selection);
        selection
    }

    /// Remembers a selection that the caller will ask for.
    pub(super) fn remember(&mut self, selection: &Selection) {
        const MOST: usize = 16;
        if selection.rows().is_none() {
            return;
        }
        if self.recent.len() == MOST {
            self.recent.remove(0);
        }
        self.recent.push(selection.clone());
    }

    /// A field's column, read by `read` if it is not there.
    pub(super) fn field(&mut self, field: FieldId, selection: &Selection, read: impl FnOnce() -> Column) -> Column {
        let columns = self.fields.entry(field).or_default();
        columns.get(selection).unwrap_or_else(|| {
            let column = read();
            columns.put(selection, &column);
            column
        })
    }

    /// A pseudo-field's column, likewise.
    pub(super) fn pseudo(&mut self, which: Pseudo, selection: &Selection, read: impl FnOnce() -> Column) -> Column {
        let columns = self.pseudos.entry(which).or_default();
        columns.get(selection).unwrap_or_else(|| {
            let column = read();
            columns.put(selection, &column);
            column
        })
    }

    /// What a shared tree gave for a selection.
    pub(super) fn shared(&self, number: u32, selection: &Selection) -> Option<&Shared> {
        let known = self.shared.get(&number)?;
        known.iter().find(|shared| shared.selection.same(selection))
    }

    /// Keeps what a shared tree gave.
    pub(super) fn share(&mut self, number: u32, selection: &Selection, result: Found, errors: Errors, root: u32) {
        let known = self.shared.entry(number).or_default();
        known.push(Shared {
            selection: selection.clone(),
            result,
            errors,
            root,
        });
    }
}
