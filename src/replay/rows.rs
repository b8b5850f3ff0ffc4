//! Rows that operators make: projections over columns, and values row by row.

use std::fmt;
use std::sync::Arc;

use crate::data::{Column, EventRows, FieldId, FieldTable, Key, PathSeg, Pseudo, Rows, Value};

/// Where made rows come from: the record of each, and which of the rows born of it it is.
#[derive(Clone)]
pub(super) struct Lineage {
    /// The batch of records.
    pub(super) event: Arc<dyn EventRows>,
    /// For each row the row of its record.
    pub(super) records: Arc<[u32]>,
    /// For each row its number among those of the same record; none: all 0.
    pub(super) index: Option<Arc<[u32]>>,
    /// The event type the rows have become.
    pub(super) event_type: Option<Arc<str>>,
}

impl Lineage {
    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        let count = rows.map_or(self.records.len(), <[u32]>::len);
        match (which, &self.event_type, &self.index) {
            (Pseudo::Type, Some(name), _) => Column::Const(Value::Str(name.clone()), count),
            (Pseudo::Index, _, None) => Column::Const(Value::Int(0), count),
            (Pseudo::Index, _, Some(index)) => {
                let one = |row: u32| i64::from(index[row as usize]);
                Column::Int(match rows {
                    Some(rows) => rows.iter().map(|&row| one(row)).collect::<Vec<_>>().into(),
                    None => index.iter().map(|&at| i64::from(at)).collect::<Vec<_>>().into(),
                })
            }
            _ => match rows {
                None => self.event.pseudo(which, Some(&self.records)),
                Some(rows) => {
                    let records: Vec<u32> = rows.iter().map(|&row| self.records[row as usize]).collect();
                    self.event.pseudo(which, Some(&records))
                }
            },
        }
    }
}

impl fmt::Debug for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows of {} records", self.records.len(), self.event.len())
    }
}

/// Rows of named columns.
#[derive(Debug)]
pub(super) struct Projected {
    pub(super) fields: Arc<FieldTable>,
    pub(super) names: Arc<[(String, FieldId)]>,
    pub(super) columns: Vec<Column>,
    pub(super) from: Lineage,
}

impl Rows for Projected {
    fn len(&self) -> usize {
        self.from.records.len()
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        let selected = |column: &Column| rows.map_or_else(|| column.clone(), |rows| column.take(rows));
        if let Some(at) = self.names.iter().position(|(_, id)| *id == field) {
            return selected(&self.columns[at]);
        }
        let path = self.fields.path(field);
        let first = match path.0.first() {
            Some(PathSeg::Key(key)) => self.names.iter().position(|(name, _)| name == key),
            _ => None,
        };
        let count = rows.map_or(self.len(), <[u32]>::len);
        let Some(at) = first else { return Column::nulls(count) };
        let column = selected(&self.columns[at]);
        Column::from_values((0..count).map(|row| path.find_from(1, &column.value(row))).collect())
    }

    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        self.from.pseudo(which, rows)
    }

    fn whole(&self, row: u32) -> Value {
        let entries = self.names.iter().zip(&self.columns);
        Value::map(entries.map(|((name, _), column)| (Key(Value::str(name)), column.value(row as usize))))
    }
}

/// Rows that are one value each: a map stands for a row of its members, anything else for a row
/// with the one field `value`.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) fields: Arc<FieldTable>,
    pub(super) values: Vec<Value>,
    pub(super) from: Lineage,
}

impl Values {
    /// The row as a map.
    fn record(value: &Value) -> Value {
        match value {
            Value::Map(_) => value.clone(),
            other => Value::map([(Key(Value::str("value")), other.clone())]),
        }
    }
}

impl Rows for Values {
    fn len(&self) -> usize {
        self.values.len()
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        let path = self.fields.path(field);
        let one = |value: &Value| match value {
            Value::Map(_) => path.find(value),
            other => path.find(&Self::record(other)),
        };
        Column::from_values(match rows {
            Some(rows) => rows.iter().map(|&row| one(&self.values[row as usize])).collect(),
            None => self.values.iter().map(one).collect(),
        })
    }

    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        self.from.pseudo(which, rows)
    }

    fn whole(&self, row: u32) -> Value {
        Self::record(&self.values[row as usize])
    }
}

/// Records under another type's name (`.emit as T ()`).
#[derive(Debug)]
pub(super) struct Retyped {
    pub(super) inner: Arc<dyn Rows>,
    pub(super) event_type: Arc<str>,
}

impl Rows for Retyped {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        self.inner.column(field, rows)
    }

    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        match which {
            Pseudo::Type => Column::Const(
                Value::Str(self.event_type.clone()),
                rows.map_or(self.len(), <[u32]>::len),
            ),
            _ => self.inner.pseudo(which, rows),
        }
    }

    fn whole(&self, row: u32) -> Value {
        self.inner.whole(row)
    }
}
