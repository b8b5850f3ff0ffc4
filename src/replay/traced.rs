//! Streams that are watched: how many rows came to each of their operators, and what their patterns saw.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::RunOptions;
use super::ordered::Ordered;
use crate::data::Position;
use crate::diag::Span;
use crate::ir::{ExprId, Pattern, Source, StreamId};
use crate::matcher::Matching;
use crate::matcher::trace::{Cause, Question, Shown, Sight, Traced};
use crate::plan::{Plan, StageId, Step, StepKind};
use crate::read::{DecodePlan, Input};

/// How many rows came to each step of each stage (behind the last: came out).
pub(super) type Passed = BTreeMap<(StageId, usize), u64>;

/// What was seen of a stream.
#[derive(Clone, Debug)]
pub struct StreamTrace {
    /// What was asked.
    pub question: Question,
    /// Which stream it is.
    pub stream: StreamId,
    /// Its operators, in order, that do something to rows; a pattern is not among them.
    pub operators: Vec<OperatorTrace>,
    /// The streams that it reads and the program names, where it has no pattern.
    pub reads: Vec<String>,
    /// What its pattern saw, and what that is made of.
    pub pattern: Option<(Box<Pattern>, Traced)>,
    /// On which line (or, in formats without lines, in which row) of its input a record begins, from 1.
    pub lines: BTreeMap<Position, u64>,
}

/// How many rows came to an operator, and out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorTrace {
    /// Its place.
    pub span: Span,
    /// Its condition, or the part of it, where it is a filter.
    pub condition: Option<ExprId>,
    /// How many rows came.
    pub came: u64,
    /// How many went on.
    pub left: u64,
}

fn name(plan: &Plan, stream: StreamId) -> &str {
    &plan.query.streams[stream.0 as usize].name
}

fn is_of(plan: &Plan, step: &Step, question: &Question) -> bool {
    step.owners
        .iter()
        .any(|owner| name(plan, owner.stream) == question.stream)
}

/// Lets a pattern be watched, if its stream is.
pub(super) fn watch(plan: &Plan, step: &Step, pattern: &Pattern, options: &RunOptions, matching: &mut Matching) {
    if let Some(question) = options.traces.iter().find(|question| is_of(plan, step, question)) {
        matching.watch(Sight::new(&plan.query, pattern, question));
    }
}

/// Adds counts up.
pub(super) fn add(all: &mut Passed, more: Passed) {
    for (place, rows) in more {
        *all.entry(place).or_default() += rows;
    }
}

/// What was seen of all streams that were asked for.
pub(super) fn traces(plan: &Plan, options: &RunOptions, passed: &Passed, ordered: &Ordered) -> Vec<StreamTrace> {
    let trace = |question: &Question| {
        let at = plan
            .query
            .streams
            .iter()
            .position(|stream| stream.name == question.stream)?;
        let stream = StreamId(at as u32);
        let mut trace = StreamTrace {
            question: question.clone(),
            stream,
            operators: Vec::new(),
            reads: Vec::new(),
            pattern: None,
            lines: BTreeMap::new(),
        };
        let mut found: Vec<(usize, OperatorTrace)> = Vec::new();
        for (number, stage) in plan.stages.iter().enumerate() {
            for (at, step) in stage
                .steps
                .iter()
                .enumerate()
                .filter(|(_, step)| is_of(plan, step, question))
            {
                if let StepKind::Pattern(pattern) = &step.kind {
                    trace.pattern = ordered.traced(number).map(|seen| (pattern.clone(), seen));
                    continue;
                }
                let count = |at: usize| passed.get(&(StageId(number as u32), at)).copied().unwrap_or(0);
                let mine = step.owners.iter().find(|owner| owner.stream == stream);
                let span = mine.map_or(step.owners[0].span, |owner| owner.span);
                let ops = &plan.query.streams[stream.0 as usize].ops;
                let Some(place) = ops.iter().position(|operator| operator.span == span) else {
                    continue;
                };
                found.push((
                    place,
                    OperatorTrace {
                        span,
                        condition: mine
                            .filter(|_| matches!(step.kind, StepKind::Filter(_)))
                            .and_then(|owner| owner.roots.first().copied()),
                        came: count(at),
                        left: count(at + 1),
                    },
                ));
            }
        }
        found.sort_by_key(|one| one.0);
        trace.operators = found.into_iter().map(|one| one.1).collect();
        if trace.pattern.is_none() {
            let sources = plan.query.streams[at].sources.iter();
            trace.reads = sources
                .filter_map(|source| match source {
                    Source::Stream(of) => Some(name(plan, *of).to_owned()),
                    Source::Event(_) | Source::Any | Source::Timer(_) => None,
                })
                .collect();
        }
        Some(trace)
    };
    options.traces.iter().filter_map(trace).collect()
}

/// All events that a trace shows.
fn shown(trace: &StreamTrace) -> Vec<&Shown> {
    let mut all = Vec::new();
    for miss in trace.pattern.iter().flat_map(|(_, seen)| &seen.misses) {
        all.extend(miss.took.iter().map(|took| &took.event));
        all.extend(miss.closest.iter().map(|closest| &closest.event));
        match &miss.cause {
            Cause::Broken { event: Some(event), .. } | Cause::Passed(event) => all.push(event),
            _ => {}
        }
    }
    all
}

/// Finds the lines of the events that are shown, by a look through the inputs as far as need be; of those
/// that cannot be read again none.
pub(super) fn find_lines(
    traces: &mut [StreamTrace],
    decode: &Arc<DecodePlan>,
    reopen: &(dyn Fn(usize) -> Option<Input> + Sync),
) {
    let place = |event: &Shown| Position {
        input: event.place.input,
        offset: event.place.offset,
    };
    let mut wanted: Vec<Position> = traces.iter().flat_map(|trace| shown(trace)).map(place).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut found: BTreeMap<Position, u64> = BTreeMap::new();
    for wanted in wanted.chunk_by(|a, b| a.input == b.input) {
        let mut left = wanted.iter().peekable();
        let Some(mut input) = reopen(wanted[0].input as usize) else {
            continue;
        };
        let mut before = 0;
        while let (Some(_), Ok(Some(morsel))) = (left.peek(), input.next_morsel()) {
            let decoded = morsel.decode(decode);
            let mut lines: BTreeMap<u64, u64> = BTreeMap::new();
            for (_, batch) in &decoded.batches {
                for row in 0..batch.len() as u32 {
                    lines.insert(batch.position(row).offset, batch.line(row));
                }
            }
            while let Some(place) =
                left.next_if(|place| lines.last_key_value().is_some_and(|(last, _)| place.offset <= *last))
            {
                if let Some(line) = lines.get(&place.offset) {
                    found.insert(*place, before + line + 1);
                }
            }
            before += decoded.lines;
        }
    }
    for trace in traces {
        let mine: Vec<Position> = shown(trace).into_iter().map(place).collect();
        trace.lines = mine
            .into_iter()
            .filter_map(|place| Some((place, *found.get(&place)?)))
            .collect();
    }
}
