//! One morsel through the stages: each batch is pushed as far as it goes, depth first, in program
//! order. Nothing here depends on which thread runs it.

use std::sync::Arc;

use super::ordered::Held;
use super::outcome::{ErrorKey, Outcome};
use super::rows::{Lineage, Projected, Retyped, Values};
use super::side;
use super::validate;
use crate::data::value::FixedHasher;
use crate::data::{Column, EventRows, FieldId, FieldTable, Rows, Value};
use crate::eval::{Evaluator, Program};
use crate::ir::{EventId, ExprId, Named};
use crate::plan::{Next, Plan, StageId, StepKind};
use crate::read::DecodePlan;
use crate::write::{FieldKeys, field_row, record_row, value_row};

/// What all morsels share.
pub(super) struct Context<'a> {
    pub(super) plan: &'a Plan,
    pub(super) program: &'a Program<'a>,
    pub(super) decode: Arc<DecodePlan>,
    pub(super) fields: Arc<FieldTable>,
    /// For each sink its stream's name as JSON.
    pub(super) sink_names: Vec<Vec<u8>>,
    /// `--seed`, which also chooses samples.
    pub(super) seed: u64,
}

/// Rows under way.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) rows: Arc<dyn Rows>,
    pub(super) event: Arc<dyn EventRows>,
    /// For each row the row of its record; none: the rows are the records.
    pub(super) records: Option<Arc<[u32]>>,
    pub(super) shape: Shape,
    /// The records' place in [`Plan::scans`].
    pub(super) scan: usize,
}

/// How rows are written.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Record,
    Fields(Arc<Projected>),
    Values(Arc<Values>),
}

/// Which rows of a flow are still there, and their partition keys (one value a selected row).
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    pub(super) rows: Option<Vec<u32>>,
    pub(super) keys: Vec<Column>,
}

impl Flow {
    /// Records as they were read.
    fn records(scan: usize, event: Arc<dyn EventRows>) -> Self {
        Self {
            rows: event.clone(),
            event,
            records: None,
            shape: Shape::Record,
            scan,
        }
    }

    /// The row of the record that a row comes from.
    pub(super) fn record(&self, row: u32) -> u32 {
        self.records.as_ref().map_or(row, |records| records[row as usize])
    }

    /// Where the record of a row stands in its input.
    pub(super) fn offset(&self, row: u32) -> u64 {
        self.event.position(self.record(row)).offset
    }

    fn lineage(&self, view: &View) -> Lineage {
        let records = view.each(self.rows.len()).map(|row| self.record(row)).collect();
        Lineage {
            event: self.event.clone(),
            records,
            index: None,
            event_type: None,
        }
    }
}

impl View {
    /// The selected rows of `len`.
    pub(super) fn each(&self, len: usize) -> impl Iterator<Item = u32> + '_ {
        let all = if self.rows.is_none() { 0..len as u32 } else { 0..0 };
        all.chain(self.rows.iter().flatten().copied())
    }

    /// How many of `len` rows are selected.
    pub(super) fn count(&self, len: usize) -> usize {
        self.rows.as_ref().map_or(len, Vec::len)
    }

    /// Narrows the view to `kept`, some of its rows in order.
    pub(super) fn narrow(&mut self, kept: Vec<u32>) {
        if !self.keys.is_empty() {
            let at: Vec<u32> = match &self.rows {
                None => kept.clone(),
                Some(rows) => {
                    let mut next = 0;
                    kept.iter()
                        .map(|row| {
                            next += rows[next..].iter().position(|known| known == row).unwrap_or(0);
                            next as u32
                        })
                        .collect()
                }
            };
            self.keys = self.keys.iter().map(|column| column.take(&at)).collect();
        }
        self.rows = Some(kept);
    }
}

/// Runs one morsel's batches; what comes out gathers in `out`.
pub(super) struct Executor<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) out: Outcome,
    /// Batches that wait for the ordered part.
    pub(super) held: Vec<Held>,
}

impl<'a> Executor<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self {
            context,
            out: Outcome::new(context.plan.sinks.len()),
            held: Vec::new(),
        }
    }

    /// Pushes the records of a batch; `scan` is its place in [`Plan::scans`], `skip` its bad rows.
    pub(super) fn records(&mut self, scan: usize, event: &Arc<dyn EventRows>, skip: &[u32]) {
        let flow = Flow::records(scan, event.clone());
        let kept = (!skip.is_empty()).then(|| {
            (0..event.len() as u32)
                .filter(|row| skip.binary_search(row).is_err())
                .collect()
        });
        let view = View {
            rows: kept,
            keys: Vec::new(),
        };
        let mut evaluator = Evaluator::new(self.context.program, &*flow.rows);
        self.pass(&self.context.plan.scans[scan], &mut evaluator, &flow, view);
    }

    /// Hands rows on to everybody who reads them.
    pub(super) fn pass<'r>(&mut self, next: &[Next], evaluator: &mut Evaluator<'r>, flow: &'r Flow, mut view: View)
    where
        'a: 'r,
    {
        for (at, to) in next.iter().enumerate() {
            let view = if at + 1 == next.len() {
                std::mem::take(&mut view)
            } else {
                view.clone()
            };
            match *to {
                Next::Sink(sink) => self.sink(sink, flow, &view),
                Next::Event(event) => self.feed(event, flow, view),
                Next::Stage(stage, _) if self.context.plan.stage(stage).ordered => {
                    self.hold(stage, evaluator, flow, view);
                }
                Next::Stage(stage, _) => self.stage(stage, 0, evaluator, flow, view),
            }
        }
    }

    /// Runs the steps of a stage from `from` on.
    pub(super) fn stage<'r>(
        &mut self,
        id: StageId,
        from: usize,
        evaluator: &mut Evaluator<'r>,
        flow: &'r Flow,
        mut view: View,
    ) where
        'a: 'r,
    {
        let plan = self.context.plan;
        let stage = plan.stage(id);
        for (at, step) in stage.steps.iter().enumerate().skip(from) {
            if view.count(flow.rows.len()) == 0 {
                return;
            }
            let made = match &step.kind {
                StepKind::Filter(condition) => {
                    let kept = evaluator.filter(*condition, view.rows.as_deref());
                    view.narrow(kept);
                    None
                }
                StepKind::Partition(keys) => {
                    let column = |key: &ExprId| evaluator.eval(*key, view.rows.as_deref());
                    view.keys.extend(keys.iter().map(column).collect::<Vec<_>>());
                    None
                }
                StepKind::Validate(event) => {
                    let (kept, bad) = validate::rows(plan, *event, flow, &view);
                    self.out.bad.extend(bad);
                    view.narrow(kept);
                    None
                }
                StepKind::Side(what) => {
                    side::say(&mut self.out, self.context, step, what, evaluator, flow, &view);
                    None
                }
                StepKind::Project(fields, event) => Some(self.project(fields, *event, evaluator, flow, &view)),
                StepKind::Retype(event) => Some(self.retype(*event, flow)),
                StepKind::Map(value) => Some(self.values(evaluator.eval(*value, view.rows.as_deref()), flow, &view)),
                StepKind::FlatMap(value) => {
                    let lists = evaluator.eval(*value, view.rows.as_deref());
                    let (made, from) = self.flatten(&lists, flow, &view);
                    view.keys = view.keys.iter().map(|column| column.take(&from)).collect();
                    Some(made)
                }
                StepKind::Collect => {
                    view.keys.clear();
                    None
                }
                _ => {
                    unreachable!("operators that need order head ordered stages and run there")
                }
            };
            self.count_errors(id, at, evaluator, flow);
            let Some(made) = made else { continue };
            let kept_rows = if matches!(step.kind, StepKind::Retype(_)) {
                view.rows
            } else {
                None
            };
            let view = View {
                rows: kept_rows,
                keys: view.keys,
            };
            let mut evaluator = Evaluator::new(self.context.program, &*made.rows);
            return self.stage(id, at + 1, &mut evaluator, &made, view);
        }
        if view.count(flow.rows.len()) > 0 {
            self.pass(&stage.next, evaluator, flow, view);
        }
    }

    pub(super) fn count_errors(&mut self, stage: StageId, step: usize, evaluator: &mut Evaluator<'_>, flow: &Flow) {
        for error in evaluator.take_errors() {
            let position = flow.event.position(flow.record(error.first_row));
            let key = ErrorKey {
                stage,
                step,
                node: error.node,
            };
            self.out.errors.add(key, error.count, position, error.message);
        }
    }

    fn project(
        &self,
        fields: &[Named],
        event: Option<EventId>,
        evaluator: &mut Evaluator<'_>,
        flow: &Flow,
        view: &View,
    ) -> Flow {
        let columns = fields
            .iter()
            .map(|named| evaluator.eval(named.value, view.rows.as_deref()))
            .collect();
        let names: Arc<[(String, FieldId)]> = fields.iter().map(|named| (named.name.clone(), named.field)).collect();
        let mut from = flow.lineage(view);
        from.index = self.index_of(flow, view);
        from.event_type = event.map(|event| self.event_name(event));
        let records = from.records.clone();
        let made = Arc::new(Projected {
            fields: self.context.fields.clone(),
            names,
            columns,
            from,
        });
        let rows = made.clone();
        Flow {
            rows,
            event: flow.event.clone(),
            records: Some(records),
            shape: Shape::Fields(made),
            scan: flow.scan,
        }
    }

    /// The numbers of rows among those of their record, where some are not the first.
    fn index_of(&self, flow: &Flow, view: &View) -> Option<Arc<[u32]>> {
        let index = match &flow.shape {
            Shape::Record => return None,
            Shape::Fields(made) => made.from.index.as_ref()?,
            Shape::Values(made) => made.from.index.as_ref()?,
        };
        Some(view.each(flow.rows.len()).map(|row| index[row as usize]).collect())
    }

    fn event_name(&self, event: EventId) -> Arc<str> {
        Arc::from(self.context.plan.query.events[event.0 as usize].name.as_str())
    }

    fn retype(&self, event: EventId, flow: &Flow) -> Flow {
        let rows = Retyped {
            inner: flow.rows.clone(),
            event_type: self.event_name(event),
        };
        Flow {
            rows: Arc::new(rows),
            ..flow.clone()
        }
    }

    fn values(&self, column: Column, flow: &Flow, view: &View) -> Flow {
        let values = (0..column.len()).map(|row| column.value(row)).collect();
        let mut from = flow.lineage(view);
        from.index = self.index_of(flow, view);
        self.value_flow(values, from, flow)
    }

    fn value_flow(&self, values: Vec<Value>, from: Lineage, flow: &Flow) -> Flow {
        let records = from.records.clone();
        let made = Arc::new(Values {
            fields: self.context.fields.clone(),
            values,
            from,
        });
        let rows = made.clone();
        Flow {
            rows,
            event: flow.event.clone(),
            records: Some(records),
            shape: Shape::Values(made),
            scan: flow.scan,
        }
    }

    /// A row for each item of each list; also for each new row which selected row it comes from.
    /// Null gives no row, anything else that is no list one.
    fn flatten(&self, lists: &Column, flow: &Flow, view: &View) -> (Flow, Vec<u32>) {
        let (mut values, mut records, mut index, mut from) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (at, row) in view.each(flow.rows.len()).enumerate() {
            let items = match lists.value(at) {
                Value::Null => continue,
                Value::List(items) => items,
                other => Arc::from(vec![other]),
            };
            for item in items.iter() {
                // Numbers go on over rows that came apart before.
                let record = flow.record(row);
                let next = if records.last() == Some(&record) {
                    index.last().map_or(0, |n| n + 1)
                } else {
                    0
                };
                index.push(next);
                values.push(item.clone());
                records.push(record);
                from.push(at as u32);
            }
        }
        let event_type = None;
        let lineage = Lineage {
            event: flow.event.clone(),
            records: records.into(),
            index: Some(index.into()),
            event_type,
        };
        (self.value_flow(values, lineage, flow), from)
    }

    /// Rows become records of an event type.
    fn feed(&mut self, event: EventId, flow: &Flow, view: View) {
        let plan = self.context.plan;
        if let Some(scan) = plan.types.iter().position(|&ty| ty == event) {
            // Only those who read the type by name: `any` sees records of the input only.
            let next = plan.fed[scan].clone();
            let mut evaluator = Evaluator::new(self.context.program, &*flow.rows);
            self.pass(&next, &mut evaluator, flow, view);
        }
    }

    /// Writes rows out.
    fn sink(&mut self, sink: usize, flow: &Flow, view: &View) {
        let stream = &self.context.sink_names[sink];
        let times = flow.rows.pseudo(crate::data::Pseudo::Time, view.rows.as_deref());
        let out = &mut self.out.sinks[sink];
        let keys = match &flow.shape {
            Shape::Fields(made) => Some(FieldKeys::new(made.names.iter().map(|(name, _)| name.as_str()))),
            _ => None,
        };
        for (at, row) in view.each(flow.rows.len()).enumerate() {
            let ts = time_at(&times, at);
            match (&flow.shape, &keys) {
                (Shape::Fields(made), Some(keys)) => {
                    field_row(keys, stream, ts, &made.columns, row as usize, &mut out.bytes);
                }
                (Shape::Values(made), _) => value_row(stream, ts, &made.values[row as usize], &mut out.bytes),
                _ => record_row(stream, ts, &*flow.event, row, &mut out.bytes),
            }
            out.end_row(flow.offset(row));
        }
        if let Shape::Fields(made) = &flow.shape {
            self.out.not_finite += made
                .columns
                .iter()
                .map(|column| not_finite(column, &view.rows))
                .sum::<u64>();
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

/// The nanoseconds in a row of a time column.
pub(super) fn time_at(times: &Column, row: usize) -> i64 {
    match times.value(row) {
        Value::Timestamp(ns) | Value::Int(ns) => ns,
        _ => 0,
    }
}

/// A map with a fixed hash.
pub(super) type FixedMap<K, V> = std::collections::HashMap<K, V, FixedHasher>;
