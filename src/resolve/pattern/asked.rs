//! What a path like `xs[0].ip` asks of a run.

use crate::data::{FieldTable, Path, PathSeg, Type, Value};
use crate::diag::Span;
use crate::ir::{
    AggFunction, Bound, Expr, ExprId, Exprs, How, PatternAlias, PatternInput, StepId, ValueId, Which, structure,
};
use crate::resolve::expr::{COUNT, PSEUDO, pseudo};

/// An aggregate over the events that an alias stands for.
#[derive(Clone, Debug)]
pub(in crate::resolve) struct Elements {
    /// The number of the pattern's stream.
    pub stream: usize,
    /// The alias.
    pub alias: String,
    pub function: AggFunction,
    /// Over the rows of the alias.
    pub args: Vec<ExprId>,
    pub param: Value,
}

/// A pattern to which values can be added.
pub(in crate::resolve) struct Asker<'q> {
    pub fields: &'q mut FieldTable,
    pub exprs: &'q mut Exprs,
    pub aliases: &'q [PatternAlias],
    pub input_of: &'q [usize],
    pub inputs: &'q mut Vec<PatternInput>,
}

impl Asker<'_> {
    /// The number of a value among those of an input; equal ones are one.
    pub(super) fn value(&mut self, input: usize, value: ExprId) -> ValueId {
        let work = structure(self.exprs, value);
        let known = &mut self.inputs[input].values;
        let same = |id: &ExprId| work.is_some() && structure(self.exprs, *id) == work;
        known.iter().position(same).unwrap_or_else(|| {
            known.push(value);
            known.len() - 1
        })
    }

    /// A value of the event bound to an alias, whichever of its steps that is.
    pub(super) fn values(&mut self, alias: usize, value: ExprId) -> Vec<(StepId, ValueId)> {
        let steps = self.aliases[alias].steps.iter();
        steps
            .map(|&step| (step, self.value(self.input_of[step], value)))
            .collect()
    }

    fn bound(&mut self, alias: usize, below: &[PathSeg], ty: Type, span: Span) -> Bound {
        let value = match below {
            [] => Expr::Row,
            [PathSeg::Key(key)] => match key.strip_prefix(PSEUDO).and_then(pseudo) {
                Some((which, _)) => Expr::Pseudo(which),
                None => Expr::Field(self.fields.intern(Path(below.to_vec()))),
            },
            below => Expr::Field(self.fields.intern(Path(below.to_vec()))),
        };
        let value = self.exprs.push(value, ty, span);
        Bound {
            alias,
            which: Which::First,
            values: self.values(alias, value),
        }
    }

    /// What the path below an alias asks; `list`: the alias stands for a list where it is read.
    pub(in crate::resolve) fn path(
        &mut self,
        (alias, list): (usize, bool),
        below: &[PathSeg],
        ty: &Type,
        span: Span,
    ) -> How {
        match below {
            [PathSeg::Key(key)] if list && key == COUNT => How::Count(alias),
            [PathSeg::Index(index), below @ ..] if list => How::Nth(self.bound(alias, below, ty.clone(), span), *index),
            below if list => {
                let item = match ty {
                    Type::List(item) => (**item).clone(),
                    _ => Type::Any,
                };
                How::List(self.bound(alias, below, item, span))
            }
            below => How::One(self.bound(alias, below, ty.clone(), span)),
        }
    }

    /// An aggregate over the events of its alias.
    pub(in crate::resolve) fn aggregate(&mut self, of: &Elements) -> Option<How> {
        let alias = self.aliases.iter().position(|alias| alias.name == of.alias)?;
        Some(How::Aggregate {
            function: of.function,
            param: of.param.clone(),
            alias,
            args: of.args.iter().map(|&arg| self.values(alias, arg)).collect(),
        })
    }
}
