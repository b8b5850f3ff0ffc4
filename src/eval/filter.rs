//! Conditions as selections: which rows pass, without a column of bools in between.

use arrow::array::Array;
use arrow::buffer::BooleanBuffer;

use crate::data::{Column, Value};
use crate::ir::{BinaryOp, Expr, ExprId, UnaryOp};

use super::Evaluator;
use super::errors::Fail;
use super::keep::Found;
use super::selection::Selection;

impl Evaluator<'_> {
    /// Those of the selected rows in which a condition is true. The right side of `and` sees only
    /// the rows that the left side passed, that of `or` only the others.
    pub(super) fn select(&mut self, id: ExprId, selection: &Selection) -> Selection {
        if selection.is_empty() {
            return selection.clone();
        }
        let Some(number) = self.program.shared(id).filter(|_| self.is_logic(id)) else {
            return self.passing(id, selection);
        };
        if let Some(shared) = self.kept.shared(number, selection)
            && let Found::Rows(rows) = &shared.result
        {
            let shift = i64::from(id.0) - i64::from(shared.root);
            self.errors.add_shifted(&shared.errors, shift);
            return rows.clone();
        }
        let before = self.errors.set_aside();
        let passed = self.passing(id, selection);
        let own = std::mem::replace(&mut self.errors, before);
        self.errors.add_shifted(&own, 0);
        self.kept
            .share(number, selection, Found::Rows(passed.clone()), own, id.0);
        passed
    }

    /// Whether [`Evaluator::passing`] takes the node apart.
    fn is_logic(&self, id: ExprId) -> bool {
        matches!(
            self.program.exprs.get(id),
            Expr::Binary(BinaryOp::And | BinaryOp::Or, _, _)
                | Expr::Unary(UnaryOp::Not, _)
                | Expr::Let(..)
                | Expr::If(..)
        )
    }

    fn passing(&mut self, id: ExprId, selection: &Selection) -> Selection {
        match *self.program.exprs.get(id) {
            Expr::Binary(BinaryOp::And, a, b) => {
                let passed = self.select(a, selection);
                self.select(b, &passed)
            }
            Expr::Binary(BinaryOp::Or, a, b) => {
                let first = self.select(a, selection);
                let second = self.select(b, &selection.without(&first));
                first.union(&second)
            }
            Expr::Unary(UnaryOp::Not, a) => {
                let passed = self.select(a, selection);
                selection.without(&passed)
            }
            Expr::Let(local, value, body) => {
                let value = self.column(value, selection);
                self.locals.push((local, selection.clone(), value));
                let passed = self.truths(body, selection, id);
                self.locals.pop();
                passed
            }
            Expr::If(c, a, b) => {
                let yes = self.select(c, selection);
                let no = selection.without(&yes);
                let (yes, no) = (self.truths(a, &yes, id), self.truths(b, &no, id));
                yes.union(&no)
            }
            _ => {
                let column = self.column(id, selection);
                self.true_rows(id, &column, selection)
            }
        }
    }

    /// The rows in which the value of `id`, which is that of `whole`, is true.
    fn truths(&mut self, id: ExprId, selection: &Selection, whole: ExprId) -> Selection {
        if selection.is_empty() {
            return selection.clone();
        }
        if matches!(
            self.program.exprs.get(id),
            Expr::Binary(BinaryOp::And | BinaryOp::Or, _, _) | Expr::Unary(UnaryOp::Not, _)
        ) {
            return self.select(id, selection);
        }
        if matches!(self.program.exprs.get(id), Expr::Let(..) | Expr::If(..)) && self.program.shared(id).is_none() {
            return self.nested(id, selection, whole);
        }
        let column = self.column(id, selection);
        self.true_rows(whole, &column, selection)
    }

    /// As [`Evaluator::passing`], with what is no bool an error of `whole`.
    fn nested(&mut self, id: ExprId, selection: &Selection, whole: ExprId) -> Selection {
        match *self.program.exprs.get(id) {
            Expr::Let(local, value, body) => {
                let value = self.column(value, selection);
                self.locals.push((local, selection.clone(), value));
                let passed = self.truths(body, selection, whole);
                self.locals.pop();
                passed
            }
            Expr::If(c, a, b) => {
                let yes = self.select(c, selection);
                let no = selection.without(&yes);
                let (yes, no) = (self.truths(a, &yes, whole), self.truths(b, &no, whole));
                yes.union(&no)
            }
            _ => self.truths(id, selection, whole),
        }
    }

    /// The rows in which a column is true; null is not, and what is no bool is an error of the node.
    fn true_rows(&mut self, id: ExprId, column: &Column, selection: &Selection) -> Selection {
        match column {
            Column::Bool(array) => match array.nulls() {
                None => selection.keep(array.values()),
                Some(nulls) => selection.keep(&(array.values() & nulls.inner())),
            },
            Column::Const(Value::Bool(true), _) => selection.clone(),
            Column::Const(Value::Bool(false) | Value::Null, _) => Selection::of(Vec::new()),
            other => {
                let bits = BooleanBuffer::collect_bool(other.len(), |at| match other.value(at) {
                    Value::Bool(truth) => truth,
                    Value::Null => false,
                    value => {
                        self.errors.add(id, selection.row(at), 1, || Fail::no(&value, "bool").0);
                        false
                    }
                });
                selection.keep(&bits)
            }
        }
    }
}
