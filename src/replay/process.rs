//! `.process(..)`: rows that expressions with effects make, one row after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::execute::{Executor, lineage};
use super::feed::Feed;
use super::flow::{Flow, Shape, View};
use super::gathered::{Gathered, RowRef};
use super::hold::Held;
use super::rows::{Lineage, MadeRows, Values};
use crate::data::{Column, Place, Value};
use crate::eval::{EvalErrors, Evaluator, RowFailure, Stepped, Stepper};
use crate::ir::{EventId, Process};
use crate::plan::{StageId, StepKind};

/// A row that was made.
pub(super) struct MadeRow {
    /// Of which of the rows at hand.
    pub(super) from: u32,
    pub(super) value: Value,
    /// The event that it is of.
    pub(super) event: Option<EventId>,
}

/// What some rows gave.
#[derive(Default)]
struct Given {
    made: Vec<MadeRow>,
    /// By row at hand.
    failures: BTreeMap<u32, RowFailure>,
    errors: Vec<EvalErrors>,
}

impl Given {
    fn add(&mut self, row: u32, stepped: Stepped) {
        if let Some(failure) = stepped.failure {
            let raised = failure.raised.is_some();
            self.failures.insert(row, failure);
            if raised {
                return;
            }
        }
        if stepped.emitted.is_empty() {
            if !stepped.value.is_null() {
                self.made.push(MadeRow {
                    from: row,
                    value: stepped.value,
                    event: None,
                });
            }
            return;
        }
        let rows = stepped.emitted.into_iter().map(|emitted| MadeRow {
            from: row,
            value: emitted.value,
            event: Some(emitted.event),
        });
        self.made.extend(rows);
    }
}

impl<'a> Executor<'a> {
    /// Rows of no variable, on any thread.
    pub(super) fn process(
        &mut self,
        id: StageId,
        at: usize,
        process: &Process,
        flow: &Flow,
        view: &View,
    ) -> (Flow, Vec<Column>) {
        let mut stepper = Stepper::new(self.context.program, process.value);
        let columns = stepper.columns(&*flow.rows, view.rows.as_deref());
        let mut given = Given::default();
        let mut globals = stepper.first_globals();
        for (nth, row) in view.each(flow.rows.len()).enumerate() {
            given.add(row, stepper.step(&columns, nth, &mut globals));
        }
        let rows: Vec<u32> = view.each(flow.rows.len()).collect();
        given.errors = stepper.take_errors();
        for error in &mut given.errors {
            error.first_row = rows.get(error.first_row as usize).copied().unwrap_or(0);
        }
        self.processed(id, at, process, flow, view, given)
    }

    /// Counts what failed, and makes rows of the rest; also their keys.
    fn processed(
        &mut self,
        id: StageId,
        at: usize,
        process: &Process,
        flow: &Flow,
        view: &View,
        mut given: Given,
    ) -> (Flow, Vec<Column>) {
        let failed = self.failed(id, at, (given.errors, given.failures), flow);
        given.made.retain(|row| failed.binary_search(&row.from).is_err());
        let nth: BTreeMap<u32, u32> = view.each(flow.rows.len()).zip(0..).collect();
        let from: Vec<u32> = given
            .made
            .iter()
            .map(|row| nth.get(&row.from).copied().unwrap_or(0))
            .collect();
        let keys = view.keys.iter().map(|column| column.take(&from)).collect();
        let events: Vec<Option<EventId>> = given.made.iter().map(|row| row.event).collect();
        let made = self.made_flow(flow, given.made);
        self.feed_events(&process.emits, &events, &made);
        (made, keys)
    }

    /// Hands rows to those who read the events that they are of.
    pub(super) fn feed_events(&mut self, emits: &[EventId], events: &[Option<EventId>], made: &Flow) {
        for &event in emits {
            let rows: Vec<u32> = (0..events.len() as u32)
                .filter(|&row| events[row as usize] == Some(event))
                .collect();
            if !rows.is_empty() {
                let view = View {
                    rows: Some(rows),
                    keys: Vec::new(),
                };
                self.feed(event, made, view);
            }
        }
    }

    /// Rows made of those of a flow.
    pub(super) fn made_flow(&self, flow: &Flow, rows: Vec<MadeRow>) -> Flow {
        let (mut sources, mut index): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for row in &rows {
            // Numbers go on over rows that came apart before.
            let source = flow.from.source(row.from);
            let next = if sources.last() == Some(&source) {
                index.last().map_or(0, |n| n + 1)
            } else {
                0
            };
            index.push(next);
            sources.push(source);
        }
        let names = rows.iter().map(|row| row.event.map(|event| self.event_name(event)));
        let types: Arc<[Option<Arc<str>>]> = names.collect();
        let from = Lineage {
            rows: Some(sources.into()),
            index: Some(index.into()),
            ..lineage(flow, &View::default())
        };
        let made = Arc::new(Values {
            fields: self.context.fields.clone(),
            values: rows.into_iter().map(|row| row.value).collect(),
            types: Some(types),
            from: from.clone(),
        });
        Flow {
            rows: made.clone(),
            from,
            shape: Shape::Values(made),
            scan: flow.scan,
            clock: flow.clock.clone(),
        }
    }
}

/// A stage of several that take their turn together.
struct Member<'a> {
    id: StageId,
    process: &'a Process,
    stepper: Stepper<'a>,
    flow: Flow,
    keys: Vec<Column>,
    places: Vec<Place>,
    columns: Vec<Column>,
    given: Given,
}

/// Runs stages that touch the same variables: row by row, in the order of all their rows; of rows at one place in
/// program order.
pub(super) fn together(executor: &mut Executor<'_>, ready: Vec<(StageId, Vec<Held>)>, globals: &mut Vec<Value>) {
    let plan = executor.context.plan;
    let mut members: Vec<Member<'_>> = Vec::new();
    for (id, held) in ready {
        if let StepKind::Process(process) = &plan.stage(id).steps[0].kind
            && !held.is_empty()
        {
            members.push(member(executor, id, process, held));
        }
    }
    let stream = |member: &Member<'_>| plan.stage(member.id).steps[0].owners[0].stream;
    members.sort_by_key(|member| (stream(member), member.id));
    let mut order: Vec<(Place, usize, usize)> = Vec::new();
    for (at, member) in members.iter().enumerate() {
        order.extend(member.places.iter().enumerate().map(|(row, place)| (*place, at, row)));
    }
    order.sort_unstable();
    for (_, at, row) in order {
        let member = &mut members[at];
        let stepped = member.stepper.step(&member.columns, row, globals);
        member.given.add(row as u32, stepped);
    }
    for member in members {
        let Member {
            id,
            process,
            mut stepper,
            flow,
            keys,
            mut given,
            ..
        } = member;
        given.errors = stepper.take_errors();
        let view = View { rows: None, keys };
        let (made, keys) = executor.processed(id, 0, process, &flow, &view, given);
        let mut evaluator = Evaluator::new(executor.context.program, &*made.rows);
        executor.stage(id, 1, &mut evaluator, &made, View { rows: None, keys });
    }
}

fn member<'a>(executor: &Executor<'a>, id: StageId, process: &'a Process, held: Vec<Held>) -> Member<'a> {
    let feed = Feed::new(held);
    let (mut rows, mut places, mut times): (Vec<RowRef>, Vec<Place>, Vec<i64>) = Default::default();
    let count = feed.batches.first().map_or(0, |batch| batch.keys.columns().len());
    let mut keys: Vec<Vec<Value>> = vec![Vec::new(); count];
    for (at, batch) in feed.batches.iter().enumerate() {
        for row in 0..batch.len() {
            rows.push(feed.row(at, row));
            places.push(batch.place(row));
            times.push(batch.times[row]);
            for (key, column) in keys.iter_mut().zip(batch.keys.columns()) {
                key.push(column.value(row));
            }
        }
    }
    let made = MadeRows {
        places: places.clone(),
        times,
        inputs: executor.context.inputs.clone(),
        seqs: None,
    };
    let flow = Flow::gathered(Arc::new(Gathered::new(&rows, Vec::new(), Arc::new(made))));
    let stepper = Stepper::new(executor.context.program, process.value);
    let columns = stepper.columns(&*flow.rows, None);
    Member {
        id,
        process,
        stepper,
        flow,
        keys: keys.into_iter().map(Column::from_values).collect(),
        places,
        columns,
        given: Given::default(),
    }
}
