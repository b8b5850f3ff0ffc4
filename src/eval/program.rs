//! A query's expressions, prepared: patterns compiled, constant lists hashed, equal trees known.

use indexmap::IndexMap;

use crate::data::value::FixedHasher;
use crate::data::{FieldId, Pseudo, Value};
use crate::ir::{BinaryOp, Builtin, Expr, ExprId, Exprs, FunctionId, Lambda, LocalId};

use super::code::{Compiled, Machine};
use super::constant;
use super::errors::Errors;
use super::members::Members;
use super::patterns::{Matcher, Patterns, TextShape, takes_pattern};
use super::shape::Shapes;

/// All expressions of a query, prepared for evaluation.
#[derive(Debug)]
pub struct Program<'a> {
    pub(super) exprs: &'a Exprs,
    pub(super) seed: u64,
    shapes: Shapes,
    code: Option<Compiled>,
    prepared: IndexMap<ExprId, Prepared, FixedHasher>,
}

/// What is made of a node once.
#[derive(Debug)]
pub(super) enum Prepared {
    /// The patterns of a call, compiled.
    Matcher(Matcher),
    /// The right side of an `in`, hashed.
    Members(Members),
    /// What the lambdas of a call read.
    Reads(Reads),
}

/// What the bodies of lambdas read from outside.
#[derive(Debug, Default)]
pub(super) struct Reads {
    /// Fields of the row.
    pub(super) fields: Vec<FieldId>,
    /// Pseudo-fields of the row.
    pub(super) pseudos: Vec<Pseudo>,
    /// Locals bound around the call.
    pub(super) locals: Vec<LocalId>,
}

impl<'a> Program<'a> {
    /// Prepares every tree that is rooted at one of `roots`. `seed` keys `random()` and its kin.
    #[must_use]
    pub fn new(exprs: &'a Exprs, roots: &[ExprId], seed: u64) -> Self {
        let mut prepared = IndexMap::default();
        for &root in roots {
            exprs.walk(root, &mut |id| {
                if let Some(made) = prepare(exprs, id) {
                    prepared.insert(id, made);
                }
            });
        }
        Self {
            exprs,
            seed,
            shapes: Shapes::of(exprs, roots),
            code: None,
            prepared,
        }
    }

    /// With the functions that its expressions call.
    #[must_use]
    pub fn with_code(self, code: Compiled) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    /// The functions.
    pub(super) fn code(&self) -> Option<&Compiled> {
        self.code.as_ref()
    }

    /// The number of a variable of the run, if a local is one.
    pub(super) fn global(&self, local: LocalId) -> Option<usize> {
        let code = self.code.as_ref()?;
        code.globals.iter().position(|(known, _)| *known == local)
    }

    /// The variables of the run, before the first event.
    pub(super) fn globals(&self) -> Vec<Value> {
        let globals = self.code.iter().flat_map(|code| &code.globals);
        globals.map(|(_, value)| value.clone()).collect()
    }

    /// No errors yet.
    pub(super) fn errors(&self) -> Errors {
        Errors::new(self.code.as_ref().is_some_and(|code| code.each))
    }

    /// The value of a function in a row.
    pub(super) fn invoke(
        &self,
        function: FunctionId,
        args: &[Value],
        row: u32,
        errors: &mut Errors,
        patterns: &mut Patterns,
    ) -> Value {
        match &self.code {
            Some(code) => Machine::new(code, errors, patterns).call(function, args, row),
            None => Value::Null,
        }
    }

    /// The query's expressions.
    #[must_use]
    pub fn exprs(&self) -> &'a Exprs {
        self.exprs
    }

    /// Whether a text fits the constant patterns of a call, or is among the constants of an `in`; none
    /// where a node has neither.
    #[must_use]
    pub fn fits(&self, node: ExprId, text: &str) -> Option<bool> {
        match self.prepared.get(&node)? {
            Prepared::Matcher(matcher) => Some(matcher.fits(text)),
            Prepared::Members(members) => Some(members.has_text(text)),
            Prepared::Reads(_) => None,
        }
    }

    /// Whether a value is among the constants of an `in`; none where a node is no such.
    #[must_use]
    pub fn is_member(&self, node: ExprId, value: &Value) -> Option<bool> {
        self.members(node).map(|members| members.has(value))
    }

    /// What texts fit the constant patterns of a call: those that have one of these shapes.
    #[must_use]
    pub fn shapes(&self, node: ExprId) -> Vec<TextShape<'_>> {
        let mut found = Vec::new();
        if let Some(matcher) = self.matcher(node) {
            matcher.shapes(&mut found);
        }
        found
    }

    /// The number of a tree that stands in several places, so that its value is worth keeping.
    pub(super) fn shared(&self, id: ExprId) -> Option<u32> {
        self.shapes.shared(id)
    }

    /// The compiled patterns of a call.
    pub(super) fn matcher(&self, id: ExprId) -> Option<&Matcher> {
        match self.prepared.get(&id) {
            Some(Prepared::Matcher(matcher)) => Some(matcher),
            _ => None,
        }
    }

    /// The hashed right side of an `in`.
    pub(super) fn members(&self, id: ExprId) -> Option<&Members> {
        match self.prepared.get(&id) {
            Some(Prepared::Members(members)) => Some(members),
            _ => None,
        }
    }

    /// What the lambdas of a call read; none if the call is in no tree that was prepared.
    pub(super) fn reads(&self, id: ExprId) -> Option<&Reads> {
        match self.prepared.get(&id) {
            Some(Prepared::Reads(reads)) => Some(reads),
            _ => None,
        }
    }
}

pub(super) fn prepare(exprs: &Exprs, id: ExprId) -> Option<Prepared> {
    match exprs.get(id) {
        Expr::Binary(BinaryOp::In, _, right) => match constant(exprs, *right)? {
            Value::List(items) => Members::of(&items).map(Prepared::Members),
            Value::Str(text) => Some(Prepared::Matcher(Matcher::part(&text))),
            _ => None,
        },
        Expr::Call(builtin, args, lambdas) if lambdas.is_empty() => {
            let patterns = constant_patterns(exprs, *builtin, args)?;
            let texts: Vec<&str> = patterns.iter().map(String::as_str).collect();
            Matcher::new(*builtin, &texts).ok().map(Prepared::Matcher)
        }
        Expr::Call(_, _, lambdas) => Some(Prepared::Reads(reads_of(exprs, lambdas))),
        _ => None,
    }
}

/// The texts of a call's pattern arguments, if all are constant text.
fn constant_patterns(exprs: &Exprs, builtin: Builtin, args: &[ExprId]) -> Option<Vec<String>> {
    let parts = matches!(builtin, Builtin::Contains | Builtin::StartsWith | Builtin::EndsWith);
    if !takes_pattern(builtin) && !parts {
        return None;
    }
    let upto = if builtin == Builtin::RegexExtract {
        2
    } else {
        args.len()
    };
    args.get(1..upto)?
        .iter()
        .map(|&arg| match constant(exprs, arg)? {
            Value::Str(text) => Some(text.to_string()),
            _ => None,
        })
        .collect()
}

/// What lambdas read that is not bound within them.
pub(super) fn reads_of(exprs: &Exprs, lambdas: &[Lambda]) -> Reads {
    let mut reads = Reads::default();
    let mut bound: Vec<LocalId> = Vec::new();
    for lambda in lambdas {
        bound.extend(&lambda.params);
        exprs.walk(lambda.body, &mut |id| match exprs.get(id) {
            Expr::Let(local, _, _) => bound.push(*local),
            Expr::Call(_, _, inner) | Expr::Attend(_, _, inner) => {
                bound.extend(inner.iter().flat_map(|lambda| &lambda.params))
            }
            _ => {}
        });
    }
    let mut note = |id: ExprId| match exprs.get(id) {
        Expr::Field(field) if !reads.fields.contains(field) => reads.fields.push(*field),
        Expr::Pseudo(which) if !reads.pseudos.contains(which) => reads.pseudos.push(*which),
        Expr::Local(local) if !bound.contains(local) && !reads.locals.contains(local) => reads.locals.push(*local),
        Expr::Call(builtin, _, _) if builtin.is_volatile() => {
            for which in [Pseudo::Input, Pseudo::Seq, Pseudo::Index] {
                if !reads.pseudos.contains(&which) {
                    reads.pseudos.push(which);
                }
            }
        }
        _ => {}
    };
    for lambda in lambdas {
        exprs.walk(lambda.body, &mut note);
    }
    reads
}
