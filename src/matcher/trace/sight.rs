//! What a trace can see of rows: the fields that a pattern names, and what its conditions ask.

use std::sync::Arc;

use super::super::Asked;
use super::super::store::Store;
use super::{Question, Shown};
use crate::data::format::write_text;
use crate::data::{Column, FieldId, Pseudo, Value};
use crate::ir::{BinaryOp, Expr, ExprId, Exprs, How, Op, Pattern, Query, StepId, StreamId, ValueId};

/// What can be seen of the rows of an input.
#[derive(Clone, Debug, Default)]
struct Input {
    /// The fields that are shown.
    shown: Vec<(Arc<str>, ValueId)>,
    fields: Vec<(FieldId, ValueId)>,
    pseudo: Vec<(Pseudo, ValueId)>,
    whole: Option<ValueId>,
}

/// A condition of a step on its own event.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) condition: ExprId,
    /// The fields it reads.
    pub(super) reads: Vec<(Arc<str>, ValueId)>,
}

/// What a trace sees of a pattern.
#[derive(Clone, Debug)]
pub struct Sight {
    pub(super) question: Question,
    inputs: Vec<Input>,
    /// By step: its own condition in parts, all of which must be true.
    pub(super) parts: Vec<Vec<Part>>,
    /// By step: the own fields that the rest of its condition reads.
    pub(super) rests: Vec<Vec<(Arc<str>, ValueId)>>,
    keys: Vec<Option<String>>,
}

impl Sight {
    /// Of a pattern of a query that was [widened](widen).
    #[must_use]
    pub fn new(query: &Query, pattern: &Pattern, question: &Question) -> Self {
        let name = |field: FieldId| Arc::from(query.fields.path(field).to_string());
        let inputs: Vec<Input> = pattern
            .inputs
            .iter()
            .map(|input| {
                let mut made = Input::default();
                for (value, &id) in input.values.iter().enumerate() {
                    match query.exprs.get(id) {
                        Expr::Field(field) if !made.fields.iter().any(|known| known.0 == *field) => {
                            made.shown.push((name(*field), value));
                            made.fields.push((*field, value));
                        }
                        Expr::Pseudo(which) => made.pseudo.push((*which, value)),
                        Expr::Row => made.whole = Some(value),
                        _ => {}
                    }
                }
                made
            })
            .collect();
        let read = |input: &Input, id: ExprId| {
            let mut reads: Vec<(Arc<str>, ValueId)> = Vec::new();
            query.exprs.walk(id, &mut |id| {
                if let Expr::Field(field) = query.exprs.get(id)
                    && let Some((_, value)) = input.fields.iter().find(|known| known.0 == *field)
                    && !reads.iter().any(|known| known.1 == *value)
                {
                    reads.push((name(*field), *value));
                }
            });
            reads
        };
        let parts = pattern.steps.iter().map(|step| {
            let whole = step.alone.map(|value| pattern.inputs[step.input].values[value]);
            let mut all = Vec::new();
            whole.into_iter().for_each(|id| conjuncts(&query.exprs, id, &mut all));
            let part = |condition| Part {
                condition,
                reads: read(&inputs[step.input], condition),
            };
            all.into_iter().map(part).collect()
        });
        let rests = pattern.steps.iter().map(|step| {
            let own = step.rest.iter().flat_map(|rest| &rest.own);
            own.map(|&(field, value)| (name(field), value)).collect()
        });
        Self {
            parts: parts.collect(),
            rests: rests.collect(),
            keys: keys(pattern),
            question: question.clone(),
            inputs,
        }
    }

    /// A row as it is shown, given the columns of its values.
    pub(super) fn show(&self, store: &Store, at: (u32, u32), place: crate::data::Place, time: i64) -> Shown {
        let input = store.input_of(at.0);
        let field = |(name, value): &(Arc<str>, ValueId)| (name.clone(), store.value_at(at, *value));
        Shown {
            input,
            place,
            time,
            fields: self.inputs[input].shown.iter().map(field).collect(),
        }
    }

    /// The same of an event.
    pub(super) fn show_event(&self, store: &Store, event: u32) -> Shown {
        let of = store.get(event);
        self.show(store, of.at(), of.place, of.time)
    }

    /// A row of a round, for a condition on it alone.
    pub(super) fn asked(&self, store: &Store, at: (u32, u32)) -> Asked {
        let input = &self.inputs[store.input_of(at.0)];
        let column = |value: ValueId| Column::Const(store.value_at(at, value), 1);
        Asked {
            len: 1,
            fields: input
                .fields
                .iter()
                .map(|&(field, value)| (field, column(value)))
                .collect(),
            pseudo: input
                .pseudo
                .iter()
                .map(|&(which, value)| (which, column(value)))
                .collect(),
            whole: input.whole.map(column),
            quiet: true,
        }
    }

    /// Whether a row has the keys that are asked for, as far as its input has them.
    pub(super) fn is_wanted(&self, store: &Store, at: (u32, u32)) -> bool {
        let input = &self.inputs[store.input_of(at.0)];
        self.question.keys.iter().all(|(name, wanted)| {
            let is = |value: Value| text(&value) == *wanted;
            let key = |number: usize| store.key_at(at, number);
            let Some(name) = name else {
                return (0..self.keys.len()).any(|number| is(key(number)));
            };
            if let Some(number) = self.keys.iter().position(|known| known.as_ref() == Some(name)) {
                return is(key(number));
            }
            let field = input.shown.iter().find(|(known, _)| **known == **name);
            field.is_none_or(|(_, value)| is(store.value_at(at, *value)))
        })
    }

    pub(super) fn key_count(&self) -> usize {
        self.keys.len()
    }
}

fn text(value: &Value) -> String {
    let mut out = Vec::new();
    write_text(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The names of the partition's keys.
fn keys(pattern: &Pattern) -> Vec<Option<String>> {
    let of = |number: usize| {
        let read = pattern.reads.iter().find(|read| read.how == How::Key(number));
        read.and_then(|read| read.name.clone())
    };
    (0..pattern.keys).map(of).collect()
}

/// The names by which runs of a widened pattern can be chosen: its partition's keys, and the fields that it
/// names of the events that begin it.
#[must_use]
pub fn key_names(query: &Query, pattern: &Pattern) -> Vec<String> {
    let mut names: Vec<String> = keys(pattern).into_iter().flatten().collect();
    let sight = Sight::new(query, pattern, &Question::default());
    for step in first_steps(pattern) {
        for (name, _) in &sight.inputs[pattern.steps[step].input].shown {
            if !names.iter().any(|known| **known == **name) {
                names.push(name.to_string());
            }
        }
    }
    names
}

fn first_steps(pattern: &Pattern) -> Vec<StepId> {
    super::super::program::Program::new(pattern).first_steps()
}

fn conjuncts(exprs: &Exprs, id: ExprId, all: &mut Vec<ExprId>) {
    match exprs.get(id) {
        Expr::Binary(BinaryOp::And, a, b) => {
            conjuncts(exprs, *a, all);
            conjuncts(exprs, *b, all);
        }
        _ => all.push(id),
    }
}

/// Makes the pattern of a stream, if it has one, see all rows of its inputs, and keep the fields that its
/// conditions read. Never changes what it finds.
pub fn widen(query: &mut Query, stream: StreamId) {
    let Some(mut pattern) = pattern_of(query, stream).cloned() else {
        return;
    };
    for step in &pattern.steps {
        let input = &mut pattern.inputs[step.input];
        let Some(root) = step.alone.and_then(|value| input.values.get(value)).copied() else {
            continue;
        };
        let mut read = Vec::new();
        query.exprs.walk(root, &mut |id| read.push(id));
        for id in read {
            let of = query.exprs.get(id);
            let wanted = matches!(of, Expr::Field(_) | Expr::Pseudo(_) | Expr::Row);
            if wanted && !input.values.iter().any(|&known| query.exprs.get(known) == of) {
                input.values.push(id);
            }
        }
    }
    for input in &pattern.inputs {
        let of = &mut query.streams[input.stream.0 as usize];
        of.ops.retain(|operator| !matches!(operator.op, Op::Where(_)));
    }
    let ops = &mut query.streams[stream.0 as usize].ops;
    if let Some(operator) = ops.iter_mut().find(|operator| matches!(operator.op, Op::Pattern(_))) {
        operator.op = Op::Pattern(Box::new(pattern));
    }
}

fn pattern_of(query: &Query, stream: StreamId) -> Option<&Pattern> {
    let ops = query.streams[stream.0 as usize].ops.iter();
    ops.into_iter().find_map(|operator| match &operator.op {
        Op::Pattern(pattern) => Some(pattern.as_ref()),
        _ => None,
    })
}
