//! Evaluation errors: values of the evaluator, never failures of it.
//!
//! A kernel that fails for a row gives null there and tells the node, the row and the reason here.
//! The message kept for a node is that of its first row; of several failures in that row (in the
//! items of a list) that of the first.

use std::collections::BTreeMap;

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

/// The errors of an evaluator, by node.
#[derive(Clone, Debug, Default)]
pub(super) struct Errors(BTreeMap<ExprId, EvalErrors>);

impl Errors {
    /// Counts `count` failures of a node, the first of them in `row`.
    pub(super) fn add(&mut self, node: ExprId, row: u32, count: u64, message: impl FnOnce() -> String) {
        match self.0.get_mut(&node) {
            None => {
                let first = EvalErrors {
                    node,
                    count,
                    first_row: row,
                    message: message(),
                };
                self.0.insert(node, first);
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

    /// The outcome of a node in a row: its value, or null and an error.
    pub(super) fn settle(&mut self, node: ExprId, row: u32, outcome: Outcome) -> Value {
        outcome.unwrap_or_else(|fail| {
            self.add(node, row, 1, || fail.0);
            Value::Null
        })
    }

    /// Adds the errors of a tree that is equal to the one at hand, whose nodes stand `shift` later.
    pub(super) fn add_shifted(&mut self, other: &Errors, shift: i64) {
        for error in other.0.values() {
            let node = ExprId((i64::from(error.node.0) + shift) as u32);
            self.add(node, error.first_row, error.count, || error.message.clone());
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All errors in order of the nodes; none are left.
    pub(super) fn take(&mut self) -> Vec<EvalErrors> {
        std::mem::take(&mut self.0).into_values().collect()
    }
}
