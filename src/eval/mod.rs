//! IR expressions -> vectorised kernels over columns.
//!
//! A [`Program`] is made once (regexes compiled, constant lists hashed); an [`Evaluator`] once for
//! each batch of rows and thread. Evaluation never fails: an error yields null at its place and is
//! counted by node.
//!
//! Each rule of the language is written once, for one row (`arithmetic`, `compare`, `strings`, ...);
//! the interpreter for one row (`scalar`) and the column evaluator (`columns`, `filter`) both use it.
//! The kernels in `kernels` do the same for columns of one type without a value per row, and
//! leave to the rule whatever they do not know. A property test holds the two equal.
//!
//! Cost: a comparison of a typed column with a constant is a loop over an array; a condition
//! narrows the selection, so that what stands to the right of an `and` is read and evaluated only in
//! the rows that reach it; a field is decoded once for each selection, and an expression that stands in
//! several places is evaluated once.

mod args;
mod arithmetic;
mod call;
mod code;
mod collections;
mod columns;
mod compare;
mod convert;
mod errors;
mod filter;
mod keep;
mod kernels;
mod lambda;
mod lazy;
mod math;
mod members;
mod patterns;
mod program;
mod random;
mod scalar;
mod selection;
mod shape;
mod strings;
mod sum;
mod time;
mod windowed;

use std::cmp::Ordering;

use crate::data::{Column, FieldId, Pseudo, Rows, Value};
use crate::ir::{Builtin, Expr, ExprId, Exprs, LocalId};

pub use code::{Compiled, Emitted, InCode, MAX_STEPS, Stepped, Stepper, in_code};
pub use errors::{EvalErrors, RowFailure};
pub use patterns::TextShape;
pub use program::Program;
pub use windowed::{WindowEvaluator, WindowRow};

use compare::Unlike;
use errors::Errors;
use keep::Kept;
use patterns::{Matcher, Patterns};
use scalar::{Leaves, Scalar};
use selection::Selection;

/// Evaluates expressions over one batch of rows.
#[derive(Debug)]
pub struct Evaluator<'a> {
    program: &'a Program<'a>,
    rows: &'a dyn Rows,
    errors: Errors,
    patterns: Patterns,
    kept: Kept,
    locals: Vec<(LocalId, Selection, Column)>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator over `rows`.
    #[must_use]
    pub fn new(program: &'a Program<'a>, rows: &'a dyn Rows) -> Self {
        Self {
            program,
            rows,
            errors: program.errors(),
            patterns: Patterns::default(),
            kept: Kept::default(),
            locals: Vec::new(),
        }
    }

    /// The value of `expr` in the selected rows (none: in all), in order.
    pub fn eval(&mut self, expr: ExprId, rows: Option<&[u32]>) -> Column {
        match rows {
            Some(rows) if !ascends(rows) => {
                let mut sorted = rows.to_vec();
                sorted.sort_unstable();
                sorted.dedup();
                let places: Vec<u32> = rows
                    .iter()
                    .map(|row| sorted.partition_point(|known| known < row) as u32)
                    .collect();
                let selection = self.kept.selection(self.rows.len(), Some(&sorted));
                self.column(expr, &selection).take(&places)
            }
            rows => {
                let selection = self.kept.selection(self.rows.len(), rows);
                self.column(expr, &selection)
            }
        }
    }

    /// Those of the selected rows (none: of all) in which `expr` is true, as row numbers of the
    /// batch. The selected rows must ascend.
    pub fn filter(&mut self, expr: ExprId, rows: Option<&[u32]>) -> Vec<u32> {
        let selection = self.kept.selection(self.rows.len(), rows);
        let passed = self.select(expr, &selection);
        self.kept.remember(&passed);
        passed.into_vec()
    }

    /// The evaluation errors since the last call, by node, in order of the nodes.
    pub fn take_errors(&mut self) -> Vec<EvalErrors> {
        self.errors.take()
    }

    /// The rows that failed since the last call: something was raised there, or, where the program wants to
    /// know each, an evaluation failed.
    pub fn take_failures(&mut self) -> std::collections::BTreeMap<u32, RowFailure> {
        self.errors.take_failures()
    }
}

fn ascends(rows: &[u32]) -> bool {
    rows.windows(2).all(|pair| pair[0] < pair[1])
}

/// Evaluates one row after the other with the interpreter, without kernels: the reference for tests.
#[must_use]
pub fn reference(program: &Program<'_>, rows: &dyn Rows, expr: ExprId) -> (Column, Vec<EvalErrors>) {
    let mut errors = program.errors();
    let mut patterns = Patterns::default();
    let values = (0..rows.len() as u32).map(|row| {
        let leaves = RowLeaves { rows, row };
        Scalar::new(program, &leaves, row, &mut errors, &mut patterns).eval(expr)
    });
    let column = Column::from_values(values.collect());
    (column, errors.take())
}

/// A row, asked for its fields one by one.
struct RowLeaves<'r> {
    rows: &'r dyn Rows,
    row: u32,
}

impl Leaves for RowLeaves<'_> {
    fn field(&self, field: FieldId) -> Value {
        self.rows.column(field, Some(&[self.row])).value(0)
    }

    fn pseudo(&self, which: Pseudo) -> Value {
        self.rows.pseudo(which, Some(&[self.row])).value(0)
    }

    fn whole(&self) -> Value {
        self.rows.whole(self.row)
    }

    fn local(&self, _: LocalId) -> Value {
        Value::Null
    }
}

/// No row: for constants.
struct NoLeaves;

impl Leaves for NoLeaves {
    fn field(&self, _: FieldId) -> Value {
        Value::Null
    }

    fn pseudo(&self, _: Pseudo) -> Value {
        Value::Null
    }

    fn whole(&self) -> Value {
        Value::Null
    }

    fn local(&self, _: LocalId) -> Value {
        Value::Null
    }
}

/// The value of a tree of constants; none if it is none, or its evaluation fails.
#[must_use]
pub fn constant(exprs: &Exprs, root: ExprId) -> Option<Value> {
    if let Expr::Lit(value) = exprs.get(root) {
        return Some(value.clone());
    }
    if !is_constant(exprs, root) {
        return None;
    }
    let program = Program::new(exprs, &[], 0);
    let mut errors = Errors::default();
    let mut patterns = Patterns::default();
    let value = Scalar::new(&program, &NoLeaves, 0, &mut errors, &mut patterns).eval(root);
    errors.is_empty().then_some(value)
}

/// Whether nothing of a row, nothing bound outside and nothing random is in the tree.
fn is_constant(exprs: &Exprs, root: ExprId) -> bool {
    let mut bound: Vec<LocalId> = Vec::new();
    let mut free: Vec<LocalId> = Vec::new();
    let mut constant = true;
    exprs.walk(root, &mut |id| match exprs.get(id) {
        Expr::Field(_) | Expr::Pseudo(_) | Expr::Row | Expr::Attend(..) => constant = false,
        Expr::Local(local) => free.push(*local),
        Expr::Let(local, _, _) => bound.push(*local),
        Expr::Call(builtin, _, _) if builtin.is_volatile() => constant = false,
        // What it gives is known when it runs.
        Expr::Invoke(..) => constant = false,
        Expr::Call(_, _, lambdas) => bound.extend(lambdas.iter().flat_map(|lambda| &lambda.params)),
        _ => {}
    });
    constant && free.iter().all(|local| bound.contains(local))
}

/// The order of two values as `sort`, `min` and `max` have it: NaN after all numbers, null last, values
/// of unlike types by type; for those also why they have none.
#[must_use]
pub fn total_order(a: &Value, b: &Value) -> (Ordering, Option<String>) {
    let unlike = Unlike::default();
    let order = compare::total(a, b, &unlike);
    (order, unlike.check().err().map(|fail| fail.0))
}

/// The order of two values of one kind by exact value; none where one is NaN, or they have no order.
#[must_use]
pub fn compare_values(a: &Value, b: &Value) -> Option<Ordering> {
    compare::order(a, b).ok().flatten()
}

/// The address that a text is for `cidr_match`, if it is one.
#[must_use]
pub fn address(text: &str) -> Option<std::net::IpAddr> {
    patterns::address(text)
}

/// Says what is wrong with a constant pattern of `regex_match`, `regex_extract`, `like`, `ilike`,
/// `wildcard` or `cidr_match`, so that the compiler can.
///
/// # Errors
/// What is wrong, in words.
pub fn check_pattern(builtin: Builtin, pattern: &str) -> Result<(), String> {
    if !patterns::takes_pattern(builtin) {
        return Ok(());
    }
    Matcher::new(builtin, &[pattern]).map(drop)
}
