//! Stages that touch the same variables of the run advance together.
//!
//! Two stages belong together when they touch one variable, directly or by way of others. In a run each
//! group takes its turn as one: none of its members may feed another, and groups may not feed each other in a
//! circle.

use super::{Next, PlanError, Stage, StageId, StepKind};
use crate::ir::{EventId, GlobalId, Query};

/// The turns of a round: stages, each after those it reads; those of a group in one turn.
pub(super) fn turns(
    query: &Query,
    types: &[EventId],
    stages: &[Stage],
    fed: &[Vec<Next>],
) -> Result<Vec<Vec<StageId>>, PlanError> {
    if query.code.globals.is_empty() {
        return Ok((0..stages.len()).map(|at| vec![StageId(at as u32)]).collect());
    }
    let group = groups(query, stages);
    let after = readers(types, stages, fed);
    let count = stages.len();
    let mut waits = vec![0_usize; count];
    for at in 0..count {
        for &to in &after[at] {
            if group[at] == group[to] {
                return Err(feeds_itself(query, stages, at, to));
            }
            waits[group[to]] += 1;
        }
    }
    let mut turns = Vec::new();
    let mut done = vec![false; count];
    loop {
        let next = (0..count).find(|&at| group[at] == at && !done[at] && waits[at] == 0);
        let Some(first) = next else { break };
        done[first] = true;
        let mine: Vec<usize> = (first..count).filter(|&at| group[at] == first).collect();
        for &at in &mine {
            for &to in &after[at] {
                waits[group[to]] -= 1;
            }
        }
        turns.push(mine.into_iter().map(|at| StageId(at as u32)).collect());
    }
    match (0..count).find(|&at| group[at] == at && !done[at]) {
        None => Ok(turns),
        Some(stuck) => Err(PlanError {
            message: format!(
                "streams that share variables feed each other in a circle, by way of `{}`",
                stream(query, stages, stuck).0
            ),
            help: "give them variables of their own, or do it all in one `.process`",
            span: stream(query, stages, stuck).1,
        }),
    }
}

/// For each stage the first of its group.
fn groups(query: &Query, stages: &[Stage]) -> Vec<usize> {
    let mut group: Vec<usize> = (0..stages.len()).collect();
    for at in 0..query.code.globals.len() {
        let id = GlobalId(at as u32);
        let touches = |stage: &Stage| matches!(&stage.steps[0].kind, StepKind::Process(of) if of.globals.contains(&id));
        let mine: Vec<usize> = (0..stages.len()).filter(|&at| touches(&stages[at])).collect();
        let Some(first) = mine.iter().map(|&at| group[at]).min() else {
            continue;
        };
        let joined: Vec<usize> = mine.iter().map(|&at| group[at]).collect();
        for of in &mut group {
            if joined.contains(of) {
                *of = first;
            }
        }
    }
    group
}

/// For each stage those that read its rows.
fn readers(types: &[EventId], stages: &[Stage], fed: &[Vec<Next>]) -> Vec<Vec<usize>> {
    let of_event = |event: EventId| types.iter().position(|&ty| ty == event).map(|at| &fed[at]);
    let stages_of = |next: &Next| match next {
        Next::Stage(StageId(at), _) => vec![*at as usize],
        Next::Sink(_) => Vec::new(),
        Next::Event(event) => {
            let readers = of_event(*event).into_iter().flatten();
            readers
                .filter_map(|next| match next {
                    Next::Stage(StageId(at), _) => Some(*at as usize),
                    _ => None,
                })
                .collect()
        }
    };
    let one = |stage: &Stage| {
        let emitted = stage.steps.iter().flat_map(|step| {
            let made = match &step.kind {
                StepKind::Process(process) => process.emits.as_slice(),
                _ => &[],
            };
            let handled = step.owners.iter().filter_map(|owner| owner.on_error.as_ref());
            let handled = handled.flat_map(|on_error| &on_error.emits);
            made.iter()
                .chain(handled)
                .map(|&event| Next::Event(event))
                .collect::<Vec<_>>()
        });
        stage
            .next
            .iter()
            .copied()
            .chain(emitted)
            .flat_map(|next| stages_of(&next))
            .collect()
    };
    stages.iter().map(one).collect()
}

fn stream<'q>(query: &'q Query, stages: &[Stage], at: usize) -> (&'q str, crate::diag::Span) {
    let owner = &stages[at].steps[0].owners[0];
    let stream = &query.streams[owner.stream.0 as usize];
    (&stream.name, owner.span)
}

fn feeds_itself(query: &Query, stages: &[Stage], from: usize, to: usize) -> PlanError {
    let ((a, _), (b, span)) = (stream(query, stages, from), stream(query, stages, to));
    PlanError {
        message: if a == b {
            format!("two operators of `{a}` touch the same variable")
        } else {
            format!("`{a}` feeds `{b}`, and both touch the same variable")
        },
        help: "whose turn would come first? Give each a variable of its own, or do both in one `.process`",
        span,
    }
}
