//! Rows that operators make: projections over columns, and values row by row.

use std::fmt;
use std::sync::Arc;

use super::gathered::Gathered;
use crate::data::{Column, EventRows, FieldId, FieldTable, Key, PathSeg, Place, Pseudo, Rows, Value};

/// Where rows come from: each from a row of what was there before, and which of the rows born of it
/// it is.
#[derive(Clone)]
pub(super) struct Lineage {
    pub(super) origin: Origin,
    /// For each row the row it comes from; none: the same.
    pub(super) rows: Option<Arc<[u32]>>,
    /// For each row its number among those of the same record; none: all 0.
    pub(super) index: Option<Arc<[u32]>>,
    /// The event type the rows have become.
    pub(super) event_type: Option<Arc<str>>,
}

/// What rows go back to.
#[derive(Clone)]
pub(super) enum Origin {
    /// Records.
    Records(Arc<dyn EventRows>),
    /// Rows that an operator has made of several.
    Made(Arc<MadeRows>),
    /// Rows that an operator has put in a new order.
    Gathered(Arc<Gathered>),
}

/// Where made rows stand, and when they are.
#[derive(Debug)]
pub(super) struct MadeRows {
    pub(super) places: Vec<Place>,
    pub(super) times: Vec<i64>,
    /// The names of the inputs.
    pub(super) inputs: Arc<[String]>,
    /// The `_seq` of each row's record.
    pub(super) seqs: Option<Column>,
}

impl MadeRows {
    pub(super) fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        let count = rows.map_or(self.places.len(), <[u32]>::len);
        let row = |at: usize| rows.map_or(at, |rows| rows[at] as usize);
        match which {
            Pseudo::Time => Column::Timestamp((0..count).map(|at| self.times[row(at)]).collect::<Vec<_>>().into()),
            Pseudo::Input => {
                let inputs = (0..count).map(|at| i64::from(self.places[row(at)].input));
                Column::Int(inputs.collect::<Vec<_>>().into())
            }
            Pseudo::Source => {
                let name = |at: usize| self.inputs.get(self.places[row(at)].input as usize);
                let names = (0..count).map(|at| name(at).map_or(Value::Null, |name| Value::str(name)));
                Column::from_values(names.collect())
            }
            Pseudo::Index => Column::Const(Value::Int(0), count),
            Pseudo::Seq => match (&self.seqs, rows) {
                (None, _) => Column::nulls(count),
                (Some(seqs), None) => seqs.clone(),
                (Some(seqs), Some(rows)) => seqs.take(rows),
            },
            Pseudo::Type => Column::nulls(count),
        }
    }
}

impl Lineage {
    /// The row that a row comes from.
    pub(super) fn source(&self, row: u32) -> u32 {
        self.rows.as_ref().map_or(row, |rows| rows[row as usize])
    }

    fn origin(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        match &self.origin {
            Origin::Records(event) => event.pseudo(which, rows),
            Origin::Made(made) => made.pseudo(which, rows),
            Origin::Gathered(gathered) => gathered.pseudo(which, rows),
        }
    }

    fn pseudo(&self, which: Pseudo, len: usize, rows: Option<&[u32]>) -> Column {
        let count = rows.map_or(len, <[u32]>::len);
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
            _ => match (rows, &self.rows) {
                (None, None) => self.origin(which, None),
                (None, Some(sources)) => self.origin(which, Some(sources)),
                (Some(rows), None) => self.origin(which, Some(rows)),
                (Some(rows), Some(_)) => {
                    let sources: Vec<u32> = rows.iter().map(|&row| self.source(row)).collect();
                    self.origin(which, Some(&sources))
                }
            },
        }
    }
}

impl fmt::Debug for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Records(event) => write!(f, "rows of {} records", event.len()),
            Origin::Made(made) => write!(f, "rows of {} made", made.places.len()),
            Origin::Gathered(gathered) => write!(f, "rows of {} gathered", gathered.len()),
        }
    }
}

/// Rows of named columns.
#[derive(Debug)]
pub(super) struct Projected {
    pub(super) fields: Arc<FieldTable>,
    pub(super) names: Arc<[(String, FieldId)]>,
    pub(super) columns: Vec<Column>,
    pub(super) len: usize,
    pub(super) from: Lineage,
}

impl Rows for Projected {
    fn len(&self) -> usize {
        self.len
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
        self.from.pseudo(which, self.len(), rows)
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
    /// For each row the event type that it is of, where the rows were emitted.
    pub(super) types: Option<Arc<[Option<Arc<str>>]>>,
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
        if let (Pseudo::Type, Some(types)) = (which, &self.types) {
            let inherited = self.from.pseudo(which, self.len(), rows);
            let all: Vec<u32> = (0..self.len() as u32).collect();
            let rows = rows.unwrap_or(&all).iter().enumerate();
            let name = |(at, &row): (usize, &u32)| match &types[row as usize] {
                Some(name) => Value::Str(name.clone()),
                None => inherited.value(at),
            };
            return Column::from_values(rows.map(name).collect());
        }
        self.from.pseudo(which, self.len(), rows)
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
