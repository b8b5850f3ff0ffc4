//! Rows leave: what is written of them.

use super::execute::{Executor, ReplayOrder};
use super::flow::{Flow, Shape, View};
use super::outcome::{PIECE, TableRows};
use crate::data::{Column, Value};
use crate::write::{FieldKeys, FieldRows, RowBatch, RowColumns, field_row, record_row, value_row};

/// Rows that are written before a new piece may begin.
const CHUNK: usize = 1024;
/// From so many rows on, a large buffer is worth while.
const MANY: usize = 64;

impl Executor<'_> {
    /// Writes rows out.
    pub(super) fn sink(&mut self, sink: usize, flow: &Flow, view: &View) {
        let stream = &self.context.sink_names[sink];
        let times = flow.times(view);
        if self.context.typed[sink] {
            self.table(sink, flow, view, times);
            return;
        }
        let keys = match &flow.shape {
            Shape::Fields(made) => Some(FieldKeys::new(made.names.iter().map(|(name, _)| name.as_str()))),
            _ => None,
        };
        let mut fields = match (&flow.shape, &keys) {
            (Shape::Fields(made), Some(keys)) => Some(FieldRows::new(keys, stream, &made.columns)),
            _ => None,
        };
        let stateless = self.context.order == ReplayOrder::AsTheyLie;
        let rows: Vec<u32> = view.each(flow.rows.len()).collect();
        let mut left = rows.len();
        for (rows, times) in rows.chunks(CHUNK).zip(times.chunks(CHUNK)) {
            let pieces = self.out.sinks[sink].len();
            let out = self.out.piece(sink);
            out.rows.reserve(rows.len());
            let mut first = out.bytes.is_empty();
            for (&row, &ts) in rows.iter().zip(times) {
                match &mut fields {
                    Some(fields) => fields.row(ts, row as usize, &mut out.bytes),
                    None => write_row(flow, row, stream, ts, &mut out.bytes),
                }
                if std::mem::take(&mut first) && left >= MANY {
                    // The others will be about as long: a buffer that grows is moved.
                    let full = PIECE + out.bytes.len() * CHUNK;
                    let likely = if pieces > 0 { full } else { out.bytes.len() * left };
                    let mut buffer = self.context.buffers.take(likely.min(full));
                    buffer.extend_from_slice(&out.bytes);
                    out.bytes = buffer;
                }
                out.end_row(flow.place(row, if stateless { 0 } else { ts }));
            }
            left -= rows.len();
        }
        if let Shape::Fields(made) = &flow.shape {
            let columns = made.columns.iter();
            self.out.not_finite += columns.map(|column| not_finite(column, &view.rows)).sum::<u64>();
        }
    }

    /// Hands rows on as columns.
    fn table(&mut self, sink: usize, flow: &Flow, view: &View, ts: Vec<i64>) {
        let rows = match &flow.shape {
            Shape::Fields(made) => RowColumns::Fields {
                names: made.names.iter().map(|(name, _)| name.clone()).collect(),
                columns: made
                    .columns
                    .iter()
                    .map(|column| {
                        view.rows
                            .as_ref()
                            .map_or_else(|| column.clone(), |rows| column.take(rows))
                    })
                    .collect(),
            },
            _ => RowColumns::Values(view.each(flow.rows.len()).map(|row| flow.rows.whole(row)).collect()),
        };
        let places = match self.context.order {
            ReplayOrder::AsTheyLie => flow.places(view, &vec![0; ts.len()]),
            _ => flow.places(view, &ts),
        };
        let batch = RowBatch { ts, rows };
        self.out.piece(sink).tables.push(TableRows { places, batch });
    }
}

/// One row, whatever its shape.
fn write_row(flow: &Flow, row: u32, stream: &[u8], ts: i64, out: &mut Vec<u8>) {
    match &flow.shape {
        Shape::Record(event) => record_row(stream, ts, &**event, row, out),
        Shape::Values(made) => value_row(stream, ts, &made.values[row as usize], out),
        Shape::Fields(made) => {
            let keys = FieldKeys::new(made.names.iter().map(|(name, _)| name.as_str()));
            field_row(&keys, stream, ts, &made.columns, row as usize, out);
        }
        Shape::Gathered(made) => {
            let (flow, row) = made.part(row);
            write_row(flow, row, stream, ts, out);
        }
        Shape::Extended(extended, inner) => {
            let inner = Flow {
                shape: (**inner).clone(),
                ..flow.clone()
            };
            write_row(&inner, row, stream, ts, out);
            out.truncate(out.len() - 2);
            extended.append(row, out);
            out.extend_from_slice(b"}\n");
        }
    }
}

/// How many of the selected values are NaN or infinite, which JSON cannot hold.
fn not_finite(column: &Column, rows: &Option<Vec<u32>>) -> u64 {
    let beyond = |value: &Value| matches!(value, Value::Float(f) if !f.is_finite());
    let of = |row: usize| beyond(&column.value(row));
    match (column, rows) {
        (Column::Float(array), None) => array.iter().flatten().filter(|f| !f.is_finite()).count() as u64,
        (Column::Float(_) | Column::Any(_), Some(rows)) => rows.iter().filter(|&&row| of(row as usize)).count() as u64,
        (Column::Any(values), None) => values.iter().filter(|value| beyond(value)).count() as u64,
        (Column::Const(value, n), rows) if beyond(value) => rows.as_ref().map_or(*n, Vec::len) as u64,
        _ => 0,
    }
}
