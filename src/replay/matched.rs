//! Sequence patterns in a run: rows come through ports, and the rows of matches go on.

use std::sync::Arc;

use super::execute::{Context, Executor};
use super::flow::{Flow, Shape, View};
use super::gathered::{Added, Extended};
use super::hold::Held;
use super::outcome::ErrorKey;
use super::rows::{Lineage, MadeRows, Origin, Projected};
use crate::data::{Column, FieldId, Place, Pseudo, Rows, Value};
use crate::eval::Evaluator;
use crate::ir::{ExprId, How, Pattern};
use crate::matcher::{Asked, Matches, Matching};
use crate::ordered::{Batch, Ending};
use crate::plan::StageId;

/// Takes the rows of a round, and moves the clock; the matches that were determined, with the keys of
/// their partitions.
pub(super) fn run(
    executor: &mut Executor<'_>,
    id: StageId,
    (state, pattern): (&mut Matching, &Pattern),
    ready: Vec<Held>,
    until: Place,
    ending: Option<Ending>,
) -> Option<(Flow, View)> {
    let context = executor.context;
    let first = ready
        .iter()
        .filter(|held| held.len() > 0)
        .map(|held| held.place(0))
        .min();
    let place = first.unwrap_or(until);
    let into = |held: Held| (held.port, held.into_batch());
    let batches: Vec<(u8, Batch)> = ready.into_iter().map(into).collect();
    let mut judge = |condition: ExprId, asked: Asked| {
        let quiet = asked.quiet;
        let rows = AskedRows(asked);
        let mut evaluator = Evaluator::new(context.program, &rows);
        let kept = evaluator.filter(condition, None);
        for error in evaluator.take_errors().into_iter().filter(|_| !quiet) {
            let key = ErrorKey {
                stage: id,
                step: 0,
                node: error.node,
            };
            executor.out.errors.add(key, error.count, place, error.message);
        }
        kept
    };
    let Matches { made, errors } = state.run(&batches, until, ending, &mut judge);
    for error in errors {
        let Some(node) = node_of(pattern, error.call) else {
            continue;
        };
        let key = ErrorKey {
            stage: id,
            step: 0,
            node,
        };
        executor.out.errors.add(key, error.count, place, error.message);
    }
    if made.places.is_empty() {
        return None;
    }
    let mut columns = made.columns;
    let seqs = context.decode.seq.then(|| columns.pop()).flatten();
    let keys = columns.iter().take(pattern.keys).cloned().collect();
    let made = MadeRows {
        places: made.places,
        times: made.times,
        inputs: context.inputs.clone(),
        seqs,
    };
    Some((flow(context, pattern, columns, made), View { rows: None, keys }))
}

/// The expression that an aggregate is about, for its errors.
fn node_of(pattern: &Pattern, read: usize) -> Option<ExprId> {
    let values = match &pattern.reads.get(read)?.how {
        How::Aggregate { args, .. } => args.last()?,
        How::Trend(number) => &pattern.trends.get(*number)?.over.as_ref()?.1,
        _ => return None,
    };
    let (step, value) = values.first()?;
    let input = pattern.steps.get(*step)?.input;
    pattern.inputs.get(input)?.values.get(*value).copied()
}

/// Where a field stands in the row as it is written: aliases in order of the text, then keys; none for
/// what is only there to be asked for.
fn rank(pattern: &Pattern, at: usize) -> Option<(usize, usize)> {
    let read = &pattern.reads[at];
    let name = read.name.as_ref()?;
    Some(match &read.how {
        How::Key(number) => (usize::MAX, *number),
        How::Trend(number) => (usize::MAX, pattern.keys + *number),
        _ => (
            pattern
                .aliases
                .iter()
                .position(|alias| alias.name == *name)
                .unwrap_or(usize::MAX - 1),
            0,
        ),
    })
}

fn flow(context: &Context<'_>, pattern: &Pattern, columns: Vec<Column>, made: MadeRows) -> Flow {
    let len = made.places.len();
    let from = Lineage {
        origin: Origin::Made(Arc::new(made)),
        rows: None,
        index: None,
        event_type: None,
    };
    let mut shown: Vec<((usize, usize), String, FieldId, Column)> = Vec::new();
    let mut added = Vec::new();
    for (at, (read, column)) in pattern.reads.iter().zip(columns).enumerate() {
        match (rank(pattern, at), &read.name) {
            (Some(rank), Some(name)) => shown.push((rank, name.clone(), read.field, column)),
            _ => added.push(Added {
                field: read.field,
                name: None,
                column,
            }),
        }
    }
    shown.sort_by_key(|entry| entry.0);
    let (names, columns): (Vec<(String, FieldId)>, Vec<Column>) = shown
        .into_iter()
        .map(|(_, name, field, column)| ((name, field), column))
        .unzip();
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

/// Rows that a condition of the pattern is asked over.
#[derive(Debug)]
struct AskedRows(Asked);

impl AskedRows {
    fn pick(&self, column: Option<&Column>, rows: Option<&[u32]>) -> Column {
        match (column, rows) {
            (Some(column), Some(rows)) => column.take(rows),
            (Some(column), None) => column.clone(),
            (None, rows) => Column::nulls(rows.map_or(self.0.len, <[u32]>::len)),
        }
    }
}

impl Rows for AskedRows {
    fn len(&self) -> usize {
        self.0.len
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        let known = self.0.fields.iter().find(|(id, _)| *id == field);
        self.pick(known.map(|(_, column)| column), rows)
    }

    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        let known = self.0.pseudo.iter().find(|(id, _)| *id == which);
        self.pick(known.map(|(_, column)| column), rows)
    }

    fn whole(&self, row: u32) -> Value {
        self.0
            .whole
            .as_ref()
            .map_or(Value::Null, |column| column.value(row as usize))
    }
}
