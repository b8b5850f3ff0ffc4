//! Operators that act within windows whose rows are all there: on stretches of the rows of a batch.
//!
//! After `.window` a stretch is the rows of one window of one key, whose number stands as the last
//! key; after `.aggregate` it is the rows of all keys of one window, which were determined together.

use std::ops::Range;
use std::sync::Arc;

use super::execute::Executor;
use super::flow::{Flow, View};
use super::gathered::{Added, Gathered, RowRef};
use super::outcome::ErrorKey;
use super::rows::{Lineage, MadeRows, Origin, Projected};
use crate::aggregate::{Accumulators, Groups};
use crate::data::{Column, FieldId, Pseudo, Rank, Value};
use crate::eval::Evaluator;
use crate::ir::{Aggregate, ExprId, Scope, SortKey};
use crate::ordered::{KeyTable, Keys, RowFunctions, sorted, specs};
use crate::plan::{StageId, StepKind};

/// What comes of an operator within windows.
pub(super) enum After {
    /// These rows of the same flow.
    Same(Vec<u32>),
    /// All rows of another flow, with their keys.
    Made(Flow, Vec<Column>),
    /// The same rows with fields added.
    More(Flow),
}

/// Runs an operator within windows.
pub(super) fn run<'r>(
    executor: &mut Executor<'_>,
    kind: &StepKind,
    at: (StageId, usize),
    evaluator: &mut Evaluator<'r>,
    flow: &Flow,
    view: &View,
) -> After {
    let rows: Vec<u32> = view.each(flow.rows.len()).collect();
    match kind {
        StepKind::Limit(most, scope) => {
            let most = usize::try_from(*most).unwrap_or(usize::MAX);
            let stretches = stretches(flow, view, *scope).into_iter();
            let kept = stretches.flat_map(|stretch| rows[stretch].iter().copied().take(most).collect::<Vec<_>>());
            After::Same(kept.collect())
        }
        StepKind::Distinct(value, _, scope) => {
            let column = match value {
                Some(value) => evaluator.eval(*value, view.rows.as_deref()),
                None => Column::from_values(rows.iter().map(|&row| flow.rows.whole(row)).collect()),
            };
            let keys = Keys::new(vec![column], rows.len());
            let mut kept = Vec::new();
            for stretch in stretches(flow, view, *scope) {
                let mut seen = KeyTable::default();
                seen.number(&keys, stretch, &mut Vec::new(), |at| kept.push(rows[at]));
            }
            After::Same(kept)
        }
        StepKind::OrderBy(by, scope) => order_by(executor, by, *scope, evaluator, flow, view, &rows),
        StepKind::RowFunctions(functions, scope) => {
            let args: Vec<Vec<Column>> = functions
                .iter()
                .map(|function| {
                    function
                        .arg
                        .map(|id| evaluator.eval(id, view.rows.as_deref()))
                        .into_iter()
                        .collect()
                })
                .collect();
            let columns = RowFunctions::within(functions, &args, &stretches(flow, view, *scope));
            let added = functions.iter().zip(columns).map(|(function, column)| Added {
                field: function.field,
                name: None,
                column: column.scatter(&rows, flow.rows.len()),
            });
            After::More(flow.extended(added.collect()))
        }
        StepKind::Aggregate(made) => aggregate(executor, made, at, evaluator, flow, view),
        _ => After::Same(rows),
    }
}

/// The stretches of the selected rows.
fn stretches(flow: &Flow, view: &View, scope: Scope) -> Vec<Range<usize>> {
    let count = view.count(flow.rows.len());
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut cut = |same: &dyn Fn(usize) -> bool| {
        for at in 0..count {
            match found.last_mut() {
                Some(last) if same(at) => last.end = at + 1,
                _ => found.push(at..at + 1),
            }
        }
    };
    match (scope, view.keys.last()) {
        (Scope::Window, Some(windows)) => {
            let numbers: Vec<Value> = (0..count).map(|at| windows.value(at)).collect();
            cut(&|at| numbers[at - 1] == numbers[at]);
        }
        _ => {
            let times = flow.times(view);
            let places = flow.places(view, &times);
            cut(&|at| {
                let (a, b) = (places[at - 1], places[at]);
                (a.end, a.time, a.rank) == (b.end, b.time, b.rank) && (b.rank == Rank::Window || b.end)
            });
        }
    }
    found
}

fn order_by(
    executor: &Executor<'_>,
    by: &[SortKey],
    scope: Scope,
    evaluator: &mut Evaluator<'_>,
    flow: &Flow,
    view: &View,
    rows: &[u32],
) -> After {
    let columns: Vec<Column> = by
        .iter()
        .map(|key| evaluator.eval(key.value, view.rows.as_deref()))
        .collect();
    let mut order: Vec<u32> = Vec::with_capacity(rows.len());
    for stretch in stretches(flow, view, scope) {
        let at: Vec<u32> = stretch.map(|at| at as u32).collect();
        order.extend(sorted(by, &columns, at));
    }
    let times = flow.times(view);
    let places = flow.places(view, &times);
    let flow = Arc::new(flow.clone());
    let refs: Vec<RowRef> = order
        .iter()
        .map(|&at| RowRef {
            flow: flow.clone(),
            row: rows[at as usize],
        })
        .collect();
    // The first row of a stretch gives it its place; so the new order holds to the end.
    let made = MadeRows {
        places: stretch_places(&places, &order),
        times: order.iter().map(|&at| times[at as usize]).collect(),
        inputs: executor.context.inputs.clone(),
        seqs: None,
    };
    let gathered = Gathered::new(&refs, Vec::new(), Arc::new(made));
    let keys = view.keys.iter().map(|column| column.take(&order)).collect();
    After::Made(Flow::gathered(Arc::new(gathered)), keys)
}

/// Places for rows that were put in a new order: ascending ones, each of them one of the rows'.
fn stretch_places(places: &[crate::data::Place], order: &[u32]) -> Vec<crate::data::Place> {
    let mut sorted: Vec<crate::data::Place> = order.iter().map(|&at| places[at as usize]).collect();
    sorted.sort_unstable();
    sorted
}

/// One row for each window.
fn aggregate(
    executor: &mut Executor<'_>,
    made: &Aggregate,
    (stage, step): (StageId, usize),
    evaluator: &mut Evaluator<'_>,
    flow: &Flow,
    view: &View,
) -> After {
    let stretches = stretches(flow, view, Scope::Window);
    let specs = specs(&executor.context.plan.query.exprs, &made.calls);
    let mut column = |id: ExprId| evaluator.eval(id, view.rows.as_deref());
    let calls = made.calls.iter();
    let args: Vec<Vec<Column>> = calls
        .map(|call| call.args.iter().map(|&id| column(id)).collect())
        .collect();
    let times = flow.times(view);
    let groups = stretches.iter().enumerate();
    let groups: Vec<u32> = groups
        .flat_map(|(at, stretch)| vec![at as u32; stretch.len()])
        .collect();
    let mut held = Accumulators::new(&specs);
    held.grow(stretches.len());
    held.update(&args, &times, None, Groups::Each(&groups));
    let mut errors = Vec::new();
    let numbers: Vec<u32> = (0..stretches.len() as u32).collect();
    let values = held.read(&numbers, &mut errors);
    let places = flow.places(view, &times);
    let firsts: Vec<u32> = stretches.iter().map(|stretch| stretch.start as u32).collect();
    for error in errors {
        let key = ErrorKey {
            stage,
            step,
            node: made.calls[error.call].args.last().copied().unwrap_or(ExprId(0)),
        };
        let first = view.each(flow.rows.len()).next().unwrap_or(0);
        let place = executor.place_of(flow, first);
        executor.out.errors.add(key, error.count, place, error.message);
    }
    let bound = |field: FieldId| flow.rows.column(field, view.rows.as_deref()).take(&firsts);
    let keys: Vec<Column> = view
        .keys
        .iter()
        .take(made.keys.len())
        .map(|key| key.take(&firsts))
        .collect();
    let columns = keys.iter().cloned().chain([bound(made.start), bound(made.end)]);
    let columns = columns
        .chain([Column::Const(Value::Int(0), firsts.len())])
        .chain(values);
    let rows = MadeRows {
        places: firsts.iter().map(|&at| places[at as usize]).collect(),
        times: firsts.iter().map(|&at| times[at as usize]).collect(),
        inputs: executor.context.inputs.clone(),
        seqs: executor.context.decode.seq.then(|| {
            let seqs = flow.rows.pseudo(Pseudo::Seq, view.rows.as_deref());
            seqs.take(&firsts)
        }),
    };
    let flow = projected(executor, made, columns.collect(), rows);
    After::Made(flow, keys)
}

/// The rows of an aggregation as a flow.
pub(super) fn projected(executor: &Executor<'_>, made: &Aggregate, columns: Vec<Column>, rows: MadeRows) -> Flow {
    let keys = made.keys.iter().cloned();
    let named = |name: &str, field: FieldId| (name.to_owned(), field);
    let bounds = [
        named("window_start", made.start),
        named("window_end", made.end),
        named("revision", made.revision),
    ];
    let calls = made.calls.iter().map(|call| (String::new(), call.field));
    let names = keys.chain(bounds).chain(calls).collect();
    Flow::made(Arc::new(Projected {
        fields: executor.context.fields.clone(),
        names,
        columns,
        len: rows.places.len(),
        from: Lineage {
            origin: Origin::Made(Arc::new(rows)),
            rows: None,
            index: None,
            event_type: None,
        },
    }))
}
