//! Rows of several flows put together in a new order.

use std::sync::Arc;

use super::flow::Flow;
use super::rows::MadeRows;
use crate::data::format::{write_json, write_json_text};
use crate::data::{Column, FieldId, Key, Pseudo, Rows, Value};

/// A row of a flow that is kept.
#[derive(Clone, Debug)]
pub(super) struct RowRef {
    pub(super) flow: Arc<Flow>,
    pub(super) row: u32,
}

/// Rows of several flows, with fields added to them.
#[derive(Debug)]
pub(super) struct Gathered {
    parts: Vec<Arc<Flow>>,
    /// For each row its part and its row there.
    places: Vec<(u32, u32)>,
    /// Fields that whoever put the rows together has added; seen where they are asked for by name.
    added: Vec<(FieldId, Column)>,
    pub(super) made: Arc<MadeRows>,
}

impl Gathered {
    /// Puts rows together.
    pub(super) fn new(rows: &[RowRef], added: Vec<(FieldId, Column)>, made: Arc<MadeRows>) -> Self {
        let mut parts: Vec<Arc<Flow>> = Vec::new();
        let mut places = Vec::with_capacity(rows.len());
        for RowRef { flow, row } in rows {
            let near = parts.iter().rev().take(8).position(|known| Arc::ptr_eq(known, flow));
            let at = match near {
                Some(back) => parts.len() - 1 - back,
                None => {
                    parts.push(flow.clone());
                    parts.len() - 1
                }
            };
            places.push((at as u32, *row));
        }
        Self {
            parts,
            places,
            added,
            made,
        }
    }

    /// The flow of a row, and the row there.
    pub(super) fn part(&self, row: u32) -> (&Flow, u32) {
        let (part, row) = self.places[row as usize];
        (&self.parts[part as usize], row)
    }

    /// A column put together from the parts'.
    fn gather(&self, rows: Option<&[u32]>, of: impl Fn(&Flow, &[u32]) -> Column) -> Column {
        let mut wanted: Vec<Vec<u32>> = vec![Vec::new(); self.parts.len()];
        let mut order = Vec::new();
        let mut place = |(part, row): (u32, u32)| {
            order.push((part, wanted[part as usize].len() as u32));
            wanted[part as usize].push(row);
        };
        match rows {
            None => self.places.iter().for_each(|&at| place(at)),
            Some(rows) => rows.iter().for_each(|&row| place(self.places[row as usize])),
        }
        let columns: Vec<Column> = self
            .parts
            .iter()
            .zip(&wanted)
            .map(|(part, rows)| column_of(part, rows, &of))
            .collect();
        let used: Vec<usize> = (0..columns.len()).filter(|&at| !columns[at].is_empty()).collect();
        let mut renumbered = vec![0; columns.len()];
        used.iter()
            .enumerate()
            .for_each(|(new, &old)| renumbered[old] = new as u32);
        let order: Vec<(u32, u32)> = order
            .iter()
            .map(|&(part, at)| (renumbered[part as usize], at))
            .collect();
        let columns: Vec<&Column> = used.iter().map(|&at| &columns[at]).collect();
        if columns.is_empty() {
            return Column::nulls(0);
        }
        Column::gather(&columns, &order)
    }
}

/// A column of rows in any order, of a flow that wants them ascending.
fn column_of(part: &Flow, rows: &[u32], of: &impl Fn(&Flow, &[u32]) -> Column) -> Column {
    if rows.is_empty() {
        return Column::nulls(0);
    }
    if rows.is_sorted_by(|a, b| a < b) {
        return of(part, rows);
    }
    let mut sorted = rows.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let at: Vec<u32> = rows
        .iter()
        .map(|row| sorted.partition_point(|known| known < row) as u32)
        .collect();
    of(part, &sorted).take(&at)
}

impl Rows for Gathered {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        if let Some((_, column)) = self.added.iter().find(|(id, _)| *id == field) {
            return rows.map_or_else(|| column.clone(), |rows| column.take(rows));
        }
        self.gather(rows, |flow, rows| flow.rows.column(field, Some(rows)))
    }

    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        match which {
            Pseudo::Time => self.made.pseudo(which, rows),
            _ => self.gather(rows, |flow, rows| flow.rows.pseudo(which, Some(rows))),
        }
    }

    fn whole(&self, row: u32) -> Value {
        let (flow, row) = self.part(row);
        flow.rows.whole(row)
    }
}

/// A field that is added to rows.
#[derive(Clone, Debug)]
pub(super) struct Added {
    pub(super) field: FieldId,
    /// Its name, where it is written with the row; none: only asked for.
    pub(super) name: Option<String>,
    /// One value for each row.
    pub(super) column: Column,
}

/// Rows with fields added to them.
#[derive(Debug)]
pub(super) struct Extended {
    pub(super) inner: Arc<dyn Rows>,
    pub(super) added: Vec<Added>,
}

impl Extended {
    /// Appends the fields that are written, as members of a JSON object that has some.
    pub(super) fn append(&self, row: u32, out: &mut Vec<u8>) {
        for added in &self.added {
            if let Some(name) = &added.name {
                out.push(b',');
                write_json_text(name, out);
                out.push(b':');
                write_json(&added.column.value(row as usize), out);
            }
        }
    }
}

impl Rows for Extended {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        match self.added.iter().find(|added| added.field == field) {
            Some(Added { column, .. }) => rows.map_or_else(|| column.clone(), |rows| column.take(rows)),
            None => self.inner.column(field, rows),
        }
    }

    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        self.inner.pseudo(which, rows)
    }

    fn whole(&self, row: u32) -> Value {
        let inner = self.inner.whole(row);
        let Value::Map(entries) = &inner else { return inner };
        let mut entries = (**entries).clone();
        for added in &self.added {
            if let Some(name) = &added.name {
                entries.insert(Key(Value::str(name)), added.column.value(row as usize));
            }
        }
        Value::Map(Arc::new(entries))
    }
}
