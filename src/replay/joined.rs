//! Joins in a run: rows come through ports, and the rows made go on.

use std::sync::Arc;

use super::execute::{Context, Executor};
use super::flow::{Flow, Shape};
use super::gathered::{Added, Extended};
use super::hold::Held;
use super::rows::{Lineage, MadeRows, Origin, Projected};
use crate::data::{Column, FieldId, Place};
use crate::eval::Evaluator;
use crate::ir::Join;
use crate::ordered::{Batch, Ending, Joining, Made};
use crate::plan::{Next, Plan, StageId, StepKind};

/// Takes the rows of a round, and moves the clock; what was determined.
pub(super) fn run(
    executor: &mut Executor<'_>,
    id: StageId,
    (state, join): (&mut Joining, &Join),
    ready: &[Held],
    until: Place,
    ending: Option<Ending>,
) -> Option<Flow> {
    let context = executor.context;
    let batches: Vec<(u8, Batch)> = ready.iter().map(|held| (held.port, held.batch())).collect();
    let mut judge = |made: &Made| {
        let condition = join.condition?;
        let flow = flow(context, join, made.clone());
        let mut evaluator = Evaluator::new(context.program, &*flow.rows);
        let mut kept = evaluator.filter(condition, None);
        let failed = executor.count_errors(id, 0, &mut evaluator, &flow);
        kept.retain(|row| failed.binary_search(row).is_err());
        Some(kept)
    };
    let made = state.run(&batches, until, ending, &mut judge);
    (!made.places.is_empty()).then(|| flow(context, join, made))
}

/// The rows made as a flow. Only whole records of the inputs are written with the row; all else is
/// there to be asked for.
fn flow(context: &Context<'_>, join: &Join, made: Made) -> Flow {
    let len = made.places.len();
    let from = Lineage {
        origin: Origin::Made(Arc::new(MadeRows {
            places: made.places,
            times: made.times,
            inputs: context.inputs.clone(),
            seqs: None,
        })),
        rows: None,
        index: None,
        event_type: None,
    };
    let mut names: Vec<(String, FieldId)> = Vec::new();
    let mut columns: Vec<Column> = Vec::new();
    let mut added = Vec::new();
    let reads = join.inputs.iter().flat_map(|input| &input.reads);
    for (read, column) in reads.zip(made.columns) {
        if context.fields.path(read.field).0.len() == 1 {
            names.push((read.name.clone(), read.field));
            columns.push(column);
        } else {
            added.push(Added {
                field: read.field,
                name: None,
                column,
            });
        }
    }
    let shown = Arc::new(Projected {
        fields: context.fields.clone(),
        names: names.into(),
        columns,
        len,
        from: from.clone(),
    });
    if added.is_empty() {
        return Flow::made(shown);
    }
    let rows = Arc::new(Extended {
        inner: shown.clone(),
        added,
    });
    Flow {
        rows,
        from,
        shape: Shape::Fields(shown),
        scan: usize::MAX,
        clock: None,
    }
}

/// Whether timers make some of the rows that come to a stage.
pub(super) fn timed(plan: &Plan, id: StageId) -> bool {
    let mut seen = vec![false; plan.stages.len()];
    let mut open = vec![id];
    while let Some(at) = open.pop() {
        for (before, stage) in plan.stages.iter().enumerate() {
            if seen[before] || !stage.next.iter().any(|next| leads_to(plan, *next, at)) {
                continue;
            }
            seen[before] = true;
            let timer = |kind: &StepKind| {
                matches!(
                    kind,
                    StepKind::Aggregate(_) | StepKind::Window(..) | StepKind::Join(_) | StepKind::Pattern(_)
                )
            };
            if stage.steps.iter().any(|step| timer(&step.kind)) {
                return true;
            }
            open.push(StageId(before as u32));
        }
    }
    false
}

fn leads_to(plan: &Plan, next: Next, id: StageId) -> bool {
    let to = |next: &Next| matches!(next, Next::Stage(stage, _) if *stage == id);
    match next {
        Next::Event(event) => {
            let scan = plan.types.iter().position(|&ty| ty == event);
            scan.is_some_and(|scan| plan.fed[scan].iter().any(to))
        }
        next => to(&next),
    }
}
