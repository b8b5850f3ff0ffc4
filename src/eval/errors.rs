//! Evaluation errors: values of the evaluator, never failures of it.
//!
//! A kernel that fails for a row gives null there and tells the node, the row and the reason here.
//! The message kept for a node is that of its first row; of several failures in that row (in the
//! items of a list) that of the first.

use std::collections::BTreeMap;

use super::code::{Emitted, Raised, in_code};
use crate::data::{Value, format};
use crate::ir::ExprId;

/// How often a node failed to evaluate, and where first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalErrors {
    /// The node.
    pub node: ExprId,
    /// In how many evaluations.
    pub count: u64,
    /// The first row (of the batch) in which it failed.
    pub first_row: u32,
    /// What went wrong there: "division by zero", "`abc` is no int".
    pub message: String,
}

/// Why one evaluation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fail(pub(super) String);

/// What a function gives for one row.
pub(super) type Outcome = Result<Value, Fail>;

impl Fail {
    /// A value of the wrong type or form.
    pub(super) fn no(value: &Value, what: &str) -> Self {
        Self(format!("{} is no {what}", show(value)))
    }

    /// An integer or time out of range.
    pub(super) fn overflow(what: &str) -> Self {
        Self(format!("{what} overflows"))
    }
}

impl From<&str> for Fail {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// A value as messages show it: in backticks, cut after 60 characters.
pub(super) fn show(value: &Value) -> String {
    const MOST: usize = 60;
    let mut text = Vec::new();
    format::write_text(value, &mut text);
    let text = String::from_utf8_lossy(&text);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}..`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// Why a row failed.
#[derive(Clone, Debug, PartialEq)]
pub struct RowFailure {
    /// The node.
    pub node: ExprId,
    /// What went wrong.
    pub message: String,
    /// What was raised and not caught; none: an evaluation error, told where each row counts.
    pub raised: Option<Value>,
}

/// What functions do besides giving a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Effects {
    /// The variables of the run.
    pub(super) globals: Vec<Value>,
    /// What was emitted, in order.
    pub(super) emitted: Vec<Emitted>,
}

/// The errors of an evaluator, by node, and what else it leaves besides values.
#[derive(Clone, Debug, Default)]
pub(super) struct Errors {
    nodes: BTreeMap<ExprId, EvalErrors>,
    /// The rows that failed, each with the first reason; what was raised comes before errors.
    failed: BTreeMap<u32, RowFailure>,
    /// Evaluation errors are told by row too.
    each: bool,
    pub(super) effects: Effects,
}

impl Errors {
    /// Counts `count` failures of a node, the first of them in `row`.
    pub(super) fn add(&mut self, node: ExprId, row: u32, count: u64, message: impl FnOnce() -> String) {
        if self.each {
            let text = message();
            self.failed.entry(row).or_insert_with(|| RowFailure {
                node,
                message: text.clone(),
                raised: None,
            });
            return self.count(node, row, count, || text);
        }
        self.count(node, row, count, message);
    }

    fn count(&mut self, node: ExprId, row: u32, count: u64, message: impl FnOnce() -> String) {
        match self.nodes.get_mut(&node) {
            None => {
                let first = EvalErrors {
                    node,
                    count,
                    first_row: row,
                    message: message(),
                };
                self.nodes.insert(node, first);
            }
            Some(known) => {
                known.count += count;
                if row < known.first_row {
                    known.first_row = row;
                    known.message = message();
                }
            }
        }
    }

    /// None yet; evaluation errors are told by row if `each`.
    pub(super) fn new(each: bool) -> Self {
        Self {
            each,
            ..Self::default()
        }
    }

    /// Takes what there is away, so that what follows can be told apart.
    pub(super) fn set_aside(&mut self) -> Self {
        let each = self.each;
        std::mem::replace(self, Self::new(each))
    }

    /// The same failure of a node in all of some rows.
    pub(super) fn add_all(&mut self, node: ExprId, rows: impl ExactSizeIterator<Item = u32>, message: &str) {
        if self.each {
            rows.for_each(|row| self.add(node, row, 1, || message.to_owned()));
            return;
        }
        let count = rows.len() as u64;
        for row in rows.take(1) {
            self.add(node, row, count, || message.to_owned());
        }
    }

    /// A row failed: something was raised there and not caught.
    pub(super) fn raise(&mut self, row: u32, raised: &Raised) {
        let message = raised.message();
        self.count(raised.node, row, 1, || message.clone());
        let failure = RowFailure {
            node: raised.node,
            message,
            raised: Some(raised.value.clone()),
        };
        let known = self.failed.entry(row).or_insert_with(|| failure.clone());
        if known.raised.is_none() {
            *known = failure;
        }
    }

    /// The rows that failed; none are left.
    pub(super) fn take_failures(&mut self) -> BTreeMap<u32, RowFailure> {
        std::mem::take(&mut self.failed)
    }

    /// The outcome of a node in a row: its value, or null and an error.
    pub(super) fn settle(&mut self, node: ExprId, row: u32, outcome: Outcome) -> Value {
        outcome.unwrap_or_else(|fail| {
            self.add(node, row, 1, || fail.0);
            Value::Null
        })
    }

    /// Adds the errors of a tree that is equal to the one at hand, whose nodes stand `shift` later.
    pub(super) fn add_shifted(&mut self, other: &Errors, shift: i64) {
        // Nodes of functions stay where they are.
        let shifted = |node: ExprId| match in_code(node) {
            Some(_) => node,
            None => ExprId((i64::from(node.0) + shift) as u32),
        };
        for error in other.nodes.values() {
            self.count(shifted(error.node), error.first_row, error.count, || {
                error.message.clone()
            });
        }
        for (&row, failure) in &other.failed {
            let known = self.failed.get(&row);
            if known.is_none_or(|known| known.raised.is_none() && failure.raised.is_some()) {
                let node = shifted(failure.node);
                self.failed.insert(
                    row,
                    RowFailure {
                        node,
                        ..failure.clone()
                    },
                );
            }
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All errors in order of the nodes; none are left.
    pub(super) fn take(&mut self) -> Vec<EvalErrors> {
        std::mem::take(&mut self.nodes).into_values().collect()
    }
}
