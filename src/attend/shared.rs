//! What the partitions of an attention window share, and what each says of its rows.

use super::Embedder;
use crate::data::{FieldId, Place, Pseudo, Value};
use crate::eval::RowFailure;
use crate::ir::{Attention, AttentionStep, Expr, ExprId, Exprs, LocalId};

/// What the expressions of a window read of an event besides its features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// A field, and an expression that is it.
    Field(FieldId, ExprId),
    /// A pseudo-field.
    Pseudo(Pseudo),
}

/// What the expressions of a window's steps read of an event, each once. Rows bring these columns as
/// their third group of arguments, behind the features and the record.
#[must_use]
pub fn leaves(exprs: &Exprs, attention: &Attention) -> Vec<Leaf> {
    let mut found: Vec<Leaf> = Vec::new();
    let mut add = |leaf: Leaf| {
        let same = |known: &Leaf| match (known, &leaf) {
            (Leaf::Field(a, _), Leaf::Field(b, _)) => a == b,
            (a, b) => *a == *b,
        };
        if !found.iter().any(same) {
            found.push(leaf);
        }
    };
    for root in attention.steps.iter().flat_map(AttentionStep::expressions) {
        exprs.walk(root, &mut |id| match exprs.get(id) {
            Expr::Field(field) => add(Leaf::Field(*field, id)),
            Expr::Pseudo(which) => add(Leaf::Pseudo(*which)),
            Expr::Call(builtin, ..) if builtin.is_volatile() => {
                [Pseudo::Input, Pseudo::Seq, Pseudo::Index]
                    .into_iter()
                    .map(Leaf::Pseudo)
                    .for_each(&mut add);
            }
            _ => {}
        });
    }
    let made = |field: FieldId| {
        attention.steps.iter().any(|step| match step {
            AttentionStep::Compute { field: own, .. } | AttentionStep::Pattern { field: own, .. } => *own == field,
            AttentionStep::Keep(_) => false,
        })
    };
    found.retain(|leaf| !matches!(leaf, Leaf::Field(field, _) if made(*field)));
    found
}

/// What all partitions of a window share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) attention: Attention,
    pub(super) embedder: Embedder,
    pub(super) leaves: Vec<Leaf>,
    /// Whether events are asked for by what they are.
    pub(super) by_event: bool,
    /// Whether the scores of every event are needed.
    pub(super) all_scores: bool,
    /// Whether the steps ask for them too, and not only the novelties.
    pub(super) keeps_scores: bool,
    /// Whether rows come in order of their times.
    pub(super) ordered: bool,
    /// How many nearest events an approximate index is asked for; none: there is none.
    pub(super) nearest: Option<usize>,
}

impl Shared {
    pub(super) fn events(&self) -> LocalId {
        self.attention.events
    }
}

/// A row, by its batch and its number there.
pub type RowAt = (u32, u32);

/// An evaluation error of a window's expressions.
#[derive(Clone, Debug)]
pub struct Erred {
    /// The node.
    pub node: ExprId,
    /// How often.
    pub count: u64,
    /// Where the first row with it stands.
    pub place: Place,
    /// What went wrong there.
    pub message: String,
}

/// A row that goes on.
#[derive(Debug)]
pub(super) struct Row {
    /// Its batch, and its number there.
    pub(super) at: RowAt,
    /// What the steps computed, in order.
    pub(super) values: Vec<Value>,
}

/// What became of the rows of one partition.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) rows: Vec<Row>,
    pub(super) errors: Vec<Erred>,
    pub(super) failures: Vec<(RowAt, RowFailure)>,
}

impl Outcome {
    pub(super) fn append(&mut self, mut other: Self) {
        self.rows.append(&mut other.rows);
        self.errors.append(&mut other.errors);
        self.failures.append(&mut other.failures);
    }
}
