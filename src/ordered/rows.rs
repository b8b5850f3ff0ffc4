//! `lag`, `lead`, `row_number` and `rank`.

use std::collections::VecDeque;
use std::ops::Range;

use super::{Batch, KeyTable, compare};
use crate::data::{Column, Value};
use crate::ir::{RowFunction, RowFunctionKind};

/// What row functions remember of each partition.
#[derive(Debug)]
pub struct RowFunctions {
    kinds: Vec<RowFunctionKind>,
    keys: KeyTable,
    /// For each partition, of each function.
    past: Vec<Vec<Past>>,
}

#[derive(Clone, Debug, Default)]
struct Past {
    /// The last values (`lag`), or all in order (`rank`).
    values: VecDeque<Value>,
    rows: i64,
}

impl Past {
    fn next(&mut self, kind: RowFunctionKind, value: Value) -> Value {
        match kind {
            RowFunctionKind::Lag(n) => {
                self.values.push_back(value);
                if self.values.len() as u64 > n {
                    self.values.pop_front().unwrap_or_default()
                } else {
                    Value::Null
                }
            }
            RowFunctionKind::RowNumber => {
                self.rows += 1;
                Value::Int(self.rows)
            }
            RowFunctionKind::Rank if value.is_null() => Value::Null,
            RowFunctionKind::Rank => {
                let at = self.values.partition_point(|known| compare(known, &value).is_lt());
                self.values.insert(at, value);
                Value::Int(at as i64 + 1)
            }
            // The rows behind are not known yet; the compiler lets it stand within windows only.
            RowFunctionKind::Lead(_) => Value::Null,
        }
    }
}

impl RowFunctions {
    /// No rows yet.
    #[must_use]
    pub fn new(functions: &[RowFunction]) -> Self {
        Self {
            kinds: functions.iter().map(|function| function.kind).collect(),
            keys: KeyTable::default(),
            past: Vec::new(),
        }
    }

    /// A column for each function; the arguments stand one function after another.
    pub fn columns(&mut self, batch: &Batch) -> Vec<Column> {
        let mut numbers = Vec::new();
        self.keys.number(&batch.keys, 0..batch.len(), &mut numbers, |_| {});
        let none = vec![Past::default(); self.kinds.len()];
        self.past.resize(self.keys.len(), none);
        let mut columns = Vec::new();
        for (at, &kind) in self.kinds.iter().enumerate() {
            let values = numbers.iter().enumerate().map(|(row, &number)| {
                let value = batch.args[at].first().map_or(Value::Null, |column| column.value(row));
                self.past[number as usize][at].next(kind, value)
            });
            columns.push(Column::from_values(values.collect()));
        }
        columns
    }

    /// The same over windows whose rows are all there, each a stretch of the rows.
    #[must_use]
    pub fn within(functions: &[RowFunction], args: &[Vec<Column>], stretches: &[Range<usize>]) -> Vec<Column> {
        let column = |(function, args): (&RowFunction, &Vec<Column>)| {
            let value = |row: usize| args.first().map_or(Value::Null, |column| column.value(row));
            let mut values = Vec::new();
            for stretch in stretches {
                let mut past = Past::default();
                values.extend(stretch.clone().map(|row| match function.kind {
                    RowFunctionKind::Lead(n) => {
                        let later = usize::try_from(n).ok().and_then(|n| row.checked_add(n));
                        later.filter(|later| stretch.contains(later)).map_or(Value::Null, value)
                    }
                    kind => past.next(kind, value(row)),
                }));
            }
            Column::from_values(values)
        };
        functions.iter().zip(args).map(column).collect()
    }
}
