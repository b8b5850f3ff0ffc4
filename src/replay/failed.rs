//! Rows that failed: dropped, told to the stream's `.on_error`, counted, kept as dead letters.
//!
//! A row fails when something is raised in it and not caught; with an `.on_error` behind it also when an evaluation
//! fails. Without one an evaluation error is null at its place, and the row goes on.

use std::collections::BTreeMap;

use super::execute::Executor;
use super::flow::Flow;
use super::outcome::ErrorKey;
use super::process::MadeRow;
use super::validate;
use crate::data::{BadCause, BadRecord, Key, Place, Value};
use crate::eval::{EvalErrors, RowFailure, Stepper};
use crate::ir::{EventId, ExprId, OnError, StreamId};
use crate::plan::StageId;

/// A row that was dropped.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) place: Place,
    /// The stream that it was a row of.
    pub(super) stream: StreamId,
    /// Why.
    pub(super) message: String,
    /// Its record, where dead letters are kept.
    pub(super) record: Option<BadRecord>,
}

impl Executor<'_> {
    /// The rows of a step that failed, ascending. What the step had to say is counted, or told to the handler.
    pub(super) fn failed(
        &mut self,
        id: StageId,
        at: usize,
        (errors, failures): (Vec<EvalErrors>, BTreeMap<u32, RowFailure>),
        flow: &Flow,
    ) -> Vec<u32> {
        let owner = &self.context.plan.stage(id).steps[at].owners[0];
        let (stream, handler) = (owner.stream, owner.on_error.clone());
        if let Some(on_error) = handler {
            self.handle(id, at, &on_error, &failures, flow);
            return failures.into_keys().collect();
        }
        self.count_all(id, at, errors, flow);
        let mut rows = Vec::new();
        for (row, failure) in failures {
            if failure.raised.is_none() {
                continue;
            }
            rows.push(row);
            let keeps = self.context.keeps_failed;
            let counts = self.context.plan.query.streams[stream.0 as usize].breaker.is_some();
            if keeps || counts {
                let record = keeps.then(|| record(flow, row, &failure.message));
                self.out.failed.push(Failed {
                    place: self.place_of(flow, row),
                    stream,
                    message: failure.message,
                    record,
                });
            }
        }
        rows
    }

    /// Counts evaluation errors of a step.
    pub(super) fn count_all(&mut self, stage: StageId, step: usize, errors: Vec<EvalErrors>, flow: &Flow) {
        for error in errors {
            let place = self.place_of(flow, error.first_row);
            let key = ErrorKey {
                stage,
                step,
                node: error.node,
            };
            self.out.errors.add(key, error.count, place, error.message);
        }
    }

    /// Tells a handler of rows that failed; what it emits goes to those who read the events.
    fn handle(
        &mut self,
        id: StageId,
        at: usize,
        on_error: &OnError,
        failures: &BTreeMap<u32, RowFailure>,
        flow: &Flow,
    ) {
        let mut stepper = Stepper::new(self.context.program, ExprId(0));
        let mut made = Vec::new();
        for (&row, failure) in failures {
            let whole = flow.rows.whole(row);
            let error = self.error(id, at, failure, &whole);
            let stepped = stepper.call(on_error.handler, &[error, whole]);
            let raised = stepped.failure.is_some_and(|failure| failure.raised.is_some());
            let emitted = stepped.emitted.into_iter().filter(|_| !raised);
            made.extend(emitted.map(|emitted| MadeRow {
                from: row,
                value: emitted.value,
                event: Some(emitted.event),
            }));
            let mut errors = stepper.take_errors();
            errors.iter_mut().for_each(|error| error.first_row = row);
            self.count_all(id, at, errors, flow);
        }
        if !made.is_empty() {
            let events: Vec<Option<EventId>> = made.iter().map(|row| row.event).collect();
            let made = self.made_flow(flow, made);
            self.feed_events(&on_error.emits, &events, &made);
        }
    }

    /// The error as its handler sees it.
    fn error(&self, id: StageId, at: usize, failure: &RowFailure, whole: &Value) -> Value {
        let owner = &self.context.plan.stage(id).steps[at].owners[0];
        let place = self
            .context
            .places
            .of(&self.context.plan.query, failure.node, owner.span);
        let entry = |name: &str, value: Value| (Key(Value::str(name)), value);
        Value::map([
            entry("message", Value::str(&failure.message)),
            entry("span", Value::str(&place)),
            entry("code", failure.raised.clone().unwrap_or_default()),
            entry("event", whole.clone()),
        ])
    }
}

fn record(flow: &Flow, row: u32, message: &str) -> BadRecord {
    let position = flow.position(row);
    let (line, text) = validate::source(flow, row);
    BadRecord {
        position,
        line,
        at: position.offset,
        cause: BadCause::Failed,
        reason: message.to_owned(),
        text,
    }
}
