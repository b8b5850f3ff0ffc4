//! One row at a time: the interpreter of lambdas, and the reference that the kernels are tested
//! against.

use std::collections::BTreeMap;

use crate::data::{FieldId, Pseudo, Value};
use crate::ir::{BinaryOp, Builtin, Expr, ExprId, Lambda, LocalId, TypeTest, UnaryOp};

use super::errors::{Errors, Fail, Outcome};
use super::lambda::{self, Apply};
use super::patterns::Patterns;
use super::program::Program;
use super::random::{self, Place};
use super::windowed::WindowRow;
use super::{arithmetic, call, collections, compare, convert, strings};

/// What a row gives to an expression.
pub(super) trait Leaves {
    /// A field.
    fn field(&self, field: FieldId) -> Value;
    /// A pseudo-field.
    fn pseudo(&self, which: Pseudo) -> Value;
    /// The whole row.
    fn whole(&self) -> Value;
    /// A local bound around the expression.
    fn local(&self, local: LocalId) -> Value;
    /// The attention window around the row.
    fn window(&self) -> Option<&dyn WindowRow> {
        None
    }
}

/// Evaluates expressions in one row.
pub(super) struct Scalar<'e> {
    program: &'e Program<'e>,
    leaves: &'e dyn Leaves,
    row: u32,
    errors: &'e mut Errors,
    patterns: &'e mut Patterns,
    locals: Vec<(LocalId, Value)>,
    draws: BTreeMap<ExprId, u64>,
}

impl<'e> Scalar<'e> {
    /// An interpreter for a row.
    pub(super) fn new(
        program: &'e Program<'e>,
        leaves: &'e dyn Leaves,
        row: u32,
        errors: &'e mut Errors,
        patterns: &'e mut Patterns,
    ) -> Self {
        Self {
            program,
            leaves,
            row,
            errors,
            patterns,
            locals: Vec::new(),
            draws: BTreeMap::new(),
        }
    }

    /// The value of an expression.
    pub(super) fn eval(&mut self, id: ExprId) -> Value {
        let program = self.program;
        let outcome = match program.exprs.get(id) {
            Expr::Lit(value) => return value.clone(),
            Expr::Field(field) => return self.leaves.field(*field),
            Expr::Pseudo(which) => return self.leaves.pseudo(*which),
            Expr::Row => return self.leaves.whole(),
            Expr::Local(local) => return self.local(*local),
            Expr::Let(local, value, body) => {
                let value = self.eval(*value);
                return self.with(&[(*local, value)], |own| own.eval(*body));
            }
            Expr::Unary(UnaryOp::Not, a) => return Value::Bool(!self.truth(*a)),
            Expr::Unary(op, a) => arithmetic::unary(*op, &self.eval(*a)),
            Expr::Binary(op, a, b) => self.binary(id, *op, *a, *b),
            Expr::If(c, a, b) => return if self.truth(*c) { self.eval(*a) } else { self.eval(*b) },
            Expr::Is(a, test) => return Value::Bool(is(&self.eval(*a), test)),
            Expr::Get(..) => return self.member(id),
            Expr::Index(a, at) => collections::index(&self.eval(*a), &self.eval(*at)),
            Expr::Slice(a, from, to) => {
                let value = self.eval(*a);
                let from = from.map(|from| self.eval(from));
                let to = to.map(|to| self.eval(to));
                collections::slice(&value, from.as_ref(), to.as_ref())
            }
            Expr::List(items) => return items.iter().map(|item| self.eval(*item)).collect(),
            Expr::Map(entries) => {
                let pairs: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| (self.eval(*key), self.eval(*value)))
                    .collect();
                return collections::map_of(pairs);
            }
            Expr::Range(from, to, inclusive) => collections::range(&self.eval(*from), &self.eval(*to), *inclusive),
            Expr::Interp(parts) => {
                let texts: String = parts.iter().map(|part| strings::to_text(&self.eval(*part))).collect();
                return Value::str(&texts);
            }
            Expr::Attend(what, args, lambdas) => self.attend(*what, args, lambdas.first()),
            Expr::Call(builtin, args, lambdas) => self.call(id, *builtin, args, lambdas),
            Expr::Invoke(function, args) => {
                let args: Vec<Value> = args.iter().map(|arg| self.eval(*arg)).collect();
                return program.invoke(*function, &args, self.row, self.errors, self.patterns);
            }
        };
        self.settle(id, outcome)
    }

    /// The outcome of a node: its value, or null and an error.
    pub(super) fn settle(&mut self, id: ExprId, outcome: Outcome) -> Value {
        self.errors.settle(id, self.row, outcome)
    }

    pub(super) fn program(&self) -> &'e Program<'e> {
        self.program
    }

    pub(super) fn leaves(&self) -> &'e dyn Leaves {
        self.leaves
    }

    /// The value of a lambda for an item; fails only if it cannot take the item.
    pub(super) fn value_of(&mut self, lambda: &Lambda, item: &Value) -> Outcome {
        Applied { scalar: self, lambda }.value(item)
    }

    /// Whether a lambda of two parameters is true for two values.
    pub(super) fn holds_both(&mut self, lambda: &Lambda, first: &Value, second: &Value) -> bool {
        let before = self.locals.len();
        let values = [first, second].into_iter().cloned();
        self.locals.extend(lambda.params.iter().copied().zip(values));
        let truth = self.truth(lambda.body);
        self.locals.truncate(before);
        truth
    }

    /// Whether a lambda is true for an item.
    pub(super) fn holds(&mut self, lambda: &Lambda, item: &Value) -> Result<bool, Fail> {
        Applied { scalar: self, lambda }.truth(item)
    }

    /// Whether a condition is true; null is not, and what is no bool is an error of its node.
    pub(super) fn truth(&mut self, id: ExprId) -> bool {
        match self.eval(id) {
            Value::Bool(truth) => truth,
            Value::Null => false,
            other => {
                self.errors.add(id, self.row, 1, || Fail::no(&other, "bool").0);
                false
            }
        }
    }

    fn local(&self, local: LocalId) -> Value {
        let own = self.locals.iter().rev().find(|(known, _)| *known == local);
        match (own, self.program.global(local)) {
            (Some((_, value)), _) => value.clone(),
            (None, Some(global)) => self.errors.effects.globals.get(global).cloned().unwrap_or_default(),
            (None, None) => self.leaves.local(local),
        }
    }

    fn with<T>(&mut self, bound: &[(LocalId, Value)], then: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.locals.len();
        self.locals.extend_from_slice(bound);
        let result = then(self);
        self.locals.truncate(before);
        result
    }

    fn binary(&mut self, id: ExprId, op: BinaryOp, a: ExprId, b: ExprId) -> Outcome {
        match op {
            BinaryOp::And => Ok(Value::Bool(self.truth(a) && self.truth(b))),
            BinaryOp::Or => Ok(Value::Bool(self.truth(a) || self.truth(b))),
            BinaryOp::Coalesce => Ok(self.coalesce(&[a, b])),
            BinaryOp::In => self.is_in(id, a, b),
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                if self.leaves.window().is_some()
                    && let Some(outcome) = self.compared(op, a, b)
                {
                    return outcome;
                }
                compare::compare(op, &self.eval(a), &self.eval(b))
            }
            _ => arithmetic::binary(op, &self.eval(a), &self.eval(b)),
        }
    }

    fn is_in(&mut self, id: ExprId, a: ExprId, b: ExprId) -> Outcome {
        let value = self.eval(a);
        if let Expr::Range(from, to, inclusive) = self.program.exprs.get(b) {
            return collections::in_range(&value, &self.eval(*from), &self.eval(*to), *inclusive);
        }
        match self.program.members(id) {
            Some(members) => Ok(Value::Bool(members.has(&value))),
            None => collections::contains(&value, &self.eval(b)),
        }
    }

    /// The first value that is not null; those after it are not evaluated.
    fn coalesce(&mut self, args: &[ExprId]) -> Value {
        for arg in args {
            let value = self.eval(*arg);
            if !value.is_null() {
                return value;
            }
        }
        Value::Null
    }

    fn member(&mut self, id: ExprId) -> Value {
        if let Expr::Get(base, name) = self.program.exprs.get(id)
            && !matches!(self.program.exprs.get(*base), Expr::Get(..))
        {
            return convert::member(&self.eval(*base), &[name]);
        }
        let (base, names) = chain(self.program, id);
        convert::member(&self.eval(base), &names)
    }

    fn call(&mut self, id: ExprId, builtin: Builtin, args: &[ExprId], lambdas: &'e [Lambda]) -> Outcome {
        if self.leaves.window().is_some()
            && let Some(outcome) = self.lazily(builtin, args, lambdas)
        {
            return outcome;
        }
        if matches!(builtin, Builtin::Coalesce | Builtin::IfNull) {
            return Ok(self.coalesce(args));
        }
        let values: Vec<Value> = args.iter().map(|arg| self.eval(*arg)).collect();
        if builtin.is_volatile() {
            let nth = self.draws.entry(id).or_default();
            let place = place(self.program.seed, &values, self.leaves, *nth);
            *nth += 1;
            return random::draw(builtin, &values[1.min(values.len())..], &place);
        }
        match lambdas.first() {
            None => call::call(builtin, &values, self.program.matcher(id), self.patterns),
            Some(lambda) => self.apply(builtin, &values, lambda),
        }
    }

    /// The value of a list function with a lambda.
    pub(super) fn apply(&mut self, builtin: Builtin, args: &[Value], lambda: &Lambda) -> Outcome {
        if args.iter().any(Value::is_null) {
            return Ok(Value::Null);
        }
        lambda::call(builtin, args, true, &mut Applied { scalar: self, lambda })
    }
}

/// Where a draw is made. The first of the values is the hidden key.
fn place(seed: u64, values: &[Value], leaves: &dyn Leaves, nth: u64) -> Place {
    let int = |value: &Value| if let Value::Int(i) = value { *i } else { 0 };
    Place {
        seed,
        key: values.first().map_or(0, int),
        row: [Pseudo::Input, Pseudo::Seq, Pseudo::Index].map(|which| int(&leaves.pseudo(which))),
        nth,
    }
}

/// The base of `base.a.b.c` and the names after it.
pub(super) fn chain<'p>(program: &'p Program<'_>, id: ExprId) -> (ExprId, Vec<&'p str>) {
    let mut names = Vec::new();
    let mut at = id;
    while let Expr::Get(inner, name) = program.exprs.get(at) {
        names.push(name.as_str());
        at = *inner;
    }
    names.reverse();
    (at, names)
}

/// The value of `x is T`.
pub(super) fn is(value: &Value, test: &TypeTest) -> bool {
    matches!(
        (value, test),
        (Value::Null, TypeTest::Null)
            | (Value::Bool(_), TypeTest::Bool)
            | (Value::Int(_), TypeTest::Int)
            | (Value::Float(_), TypeTest::Float)
            | (Value::Str(_), TypeTest::Str)
            | (Value::Timestamp(_), TypeTest::Timestamp)
            | (Value::Duration(_), TypeTest::Duration)
            | (Value::List(_), TypeTest::List)
            | (Value::Map(_), TypeTest::Map)
    )
}

/// A lambda of the program.
struct Applied<'s, 'e> {
    scalar: &'s mut Scalar<'e>,
    lambda: &'s Lambda,
}

impl Applied<'_, '_> {
    fn with<T>(&mut self, item: &Value, then: impl FnOnce(&mut Scalar<'_>) -> T) -> Result<T, Fail> {
        let params = &self.lambda.params;
        let before = self.scalar.locals.len();
        match params.as_slice() {
            [one] => self.scalar.locals.push((*one, item.clone())),
            several => {
                let parts = collections::take_apart(item, several.len())?;
                let bound = several.iter().copied().zip(parts.iter().cloned());
                self.scalar.locals.extend(bound);
            }
        }
        let result = then(self.scalar);
        self.scalar.locals.truncate(before);
        Ok(result)
    }
}

impl Apply for Applied<'_, '_> {
    fn value(&mut self, item: &Value) -> Outcome {
        let body = self.lambda.body;
        self.with(item, |scalar| scalar.eval(body))
    }

    fn truth(&mut self, item: &Value) -> Result<bool, Fail> {
        let body = self.lambda.body;
        self.with(item, |scalar| scalar.truth(body))
    }
}
