//! Expressions with effects, row by row: what they emit, and the variables of the run they touch.

use super::Emitted;
use crate::data::{Column, FieldId, Pseudo, Rows, Value};
use crate::eval::errors::{Errors, EvalErrors, RowFailure};
use crate::eval::patterns::Patterns;
use crate::eval::program::{Program, reads_of};
use crate::eval::scalar::{Leaves, Scalar};
use crate::ir::{Expr, ExprId, FunctionId, Lambda, LocalId};

/// What one row gave.
#[derive(Debug)]
pub struct Stepped {
    /// The value.
    pub value: Value,
    /// What was emitted, in order.
    pub emitted: Vec<Emitted>,
    /// Why the row failed, if it did.
    pub failure: Option<RowFailure>,
}

/// Evaluates an expression row by row.
#[derive(Debug)]
pub struct Stepper<'a> {
    program: &'a Program<'a>,
    root: ExprId,
    fields: Vec<FieldId>,
    pseudos: Vec<Pseudo>,
    whole: bool,
    errors: Errors,
    patterns: Patterns,
}

impl<'a> Stepper<'a> {
    /// For an expression of the program.
    #[must_use]
    pub fn new(program: &'a Program<'a>, root: ExprId) -> Self {
        let lambda = Lambda {
            params: Vec::new(),
            body: root,
        };
        let reads = reads_of(program.exprs, std::slice::from_ref(&lambda));
        let mut whole = false;
        program
            .exprs
            .walk(root, &mut |id| whole |= matches!(program.exprs.get(id), Expr::Row));
        Self {
            program,
            root,
            fields: reads.fields,
            pseudos: reads.pseudos,
            whole,
            errors: program.errors(),
            patterns: Patterns::default(),
        }
    }

    /// What it reads of some rows (none: of all).
    #[must_use]
    pub fn columns(&self, rows: &dyn Rows, selected: Option<&[u32]>) -> Vec<Column> {
        let fields = self.fields.iter().map(|&field| rows.column(field, selected));
        let pseudos = self.pseudos.iter().map(|&which| rows.pseudo(which, selected));
        let mut columns: Vec<Column> = fields.chain(pseudos).collect();
        if self.whole {
            let all: Vec<u32> = (0..rows.len() as u32).collect();
            let of = selected.unwrap_or(&all).iter().map(|&row| rows.whole(row));
            columns.push(Column::from_values(of.collect()));
        }
        columns
    }

    /// The variables of the run, as they are before the first event.
    #[must_use]
    pub fn first_globals(&self) -> Vec<Value> {
        self.program.globals()
    }

    /// One row: the one at `at` of the columns. `globals` are the variables of the run.
    pub fn step(&mut self, columns: &[Column], at: usize, globals: &mut Vec<Value>) -> Stepped {
        std::mem::swap(globals, &mut self.errors.effects.globals);
        let leaves = StepLeaves {
            fields: &self.fields,
            pseudos: &self.pseudos,
            columns,
            at,
        };
        let value = Scalar::new(self.program, &leaves, at as u32, &mut self.errors, &mut self.patterns).eval(self.root);
        std::mem::swap(globals, &mut self.errors.effects.globals);
        let failure = self.errors.take_failures().into_values().next();
        let mut emitted = std::mem::take(&mut self.errors.effects.emitted);
        if failure.as_ref().is_some_and(|failure| failure.raised.is_some()) {
            // What a row that was dropped has emitted is not seen.
            emitted.clear();
        }
        Stepped {
            value,
            emitted,
            failure,
        }
    }

    /// Calls a function with values, of no row.
    pub fn call(&mut self, function: FunctionId, args: &[Value]) -> Stepped {
        let value = self
            .program
            .invoke(function, args, 0, &mut self.errors, &mut self.patterns);
        let failure = self.errors.take_failures().into_values().next();
        Stepped {
            value,
            emitted: std::mem::take(&mut self.errors.effects.emitted),
            failure,
        }
    }

    /// The evaluation errors since the last call.
    pub fn take_errors(&mut self) -> Vec<EvalErrors> {
        self.errors.take()
    }
}

struct StepLeaves<'s> {
    fields: &'s [FieldId],
    pseudos: &'s [Pseudo],
    columns: &'s [Column],
    at: usize,
}

impl Leaves for StepLeaves<'_> {
    fn field(&self, field: FieldId) -> Value {
        let at = self.fields.iter().position(|known| *known == field);
        at.map_or(Value::Null, |at| self.columns[at].value(self.at))
    }

    fn pseudo(&self, which: Pseudo) -> Value {
        let at = self.pseudos.iter().position(|known| *known == which);
        at.map_or(Value::Null, |at| self.columns[self.fields.len() + at].value(self.at))
    }

    fn whole(&self) -> Value {
        self.columns.last().map_or(Value::Null, |column| column.value(self.at))
    }

    fn local(&self, _: LocalId) -> Value {
        Value::Null
    }
}
