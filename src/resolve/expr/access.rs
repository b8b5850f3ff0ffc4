//! Access to parts: `a.b.c`, `a[0]`, `a[1:3]`. A constant path of the row is one field.

use super::Lower;
use super::name::Head;
use crate::data::{Path, PathSeg, Type, Value};
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::ir::{Expr, ExprId};
use crate::resolve::context::{did_you_mean, listed};
use crate::resolve::row::Found;
use crate::resolve::types::{null_with, optional, shown};
use crate::syntax::ast::{self, ExprKind, Ident};

/// One step of an access chain as written.
#[derive(Clone, Copy)]
pub(super) struct Step<'e> {
    pub(super) part: Part<'e>,
    /// The whole chain up to and with this step.
    pub(super) span: Span,
}

/// What a step asks for.
#[derive(Clone, Copy)]
pub(super) enum Part<'e> {
    Key(&'e Ident),
    Index(&'e ast::Expr),
}

impl Step<'_> {
    /// The step as a part of a constant path.
    pub(super) fn segment(&self) -> Option<PathSeg> {
        match self.part {
            Part::Key(name) => Some(PathSeg::Key(name.name.clone())),
            Part::Index(index) => constant_index(index).map(PathSeg::Index),
        }
    }
}

/// `0`, `-1`
fn constant_index(index: &ast::Expr) -> Option<i64> {
    match &index.kind {
        ExprKind::Lit(Value::Int(i)) => Some(*i),
        ExprKind::Unary(ast::UnaryOp::Neg, inner) => match inner.kind {
            ExprKind::Lit(Value::Int(i)) => i.checked_neg(),
            _ => None,
        },
        _ => None,
    }
}

impl Lower<'_, '_> {
    /// A name, and what is asked of it.
    pub(super) fn access(&mut self, expr: &ast::Expr) -> ExprId {
        let mut steps = Vec::new();
        let mut base = expr;
        loop {
            if let Some(node) = self.given(base.span) {
                steps.reverse();
                return self.walk(node, &steps);
            }
            let (part, of) = match &base.kind {
                ExprKind::Field(of, name) => (Part::Key(name), of),
                ExprKind::Index(of, index) => (Part::Index(index), of),
                _ => break,
            };
            steps.push(Step { part, span: base.span });
            base = of;
        }
        steps.reverse();
        match &base.kind {
            ExprKind::Name(name) => self.named(name, &steps, expr.span),
            _ => {
                let node = self.expr(base);
                self.walk(node, &steps)
            }
        }
    }

    fn named(&mut self, name: &Ident, steps: &[Step<'_>], span: Span) -> ExprId {
        match self.head(name, steps.is_empty()) {
            Head::Node(node) => self.walk(node, steps),
            Head::Field(ty) => self.field_path(name, ty, steps, name.span),
            Head::Undeclared => self.field_path(name, Type::Any, steps, name.span),
            Head::Side(side) => self.side_path(Path::default(), &side, steps, name.span),
            Head::Within(side) => {
                let mut whole = vec![Step {
                    part: Part::Key(name),
                    span: name.span,
                }];
                whole.extend(steps.iter().copied());
                self.side_path(Path::default(), &side, &whole, name.span)
            }
            Head::Row => self.row_path(name, steps, span),
            Head::Module => match steps.split_first() {
                Some((
                    Step {
                        part: Part::Key(item), ..
                    },
                    rest,
                )) => {
                    let node = self.module_item(name, item);
                    self.walk(node, rest)
                }
                _ => {
                    let message = format!("`{}` is an import; what it declares is read by name", name.name);
                    self.say_and_poison(Diagnostic::new(Code::WrongKind, span, message))
                }
            },
        }
    }

    /// `alias.field...`
    fn row_path(&mut self, name: &Ident, steps: &[Step<'_>], span: Span) -> ExprId {
        let Some((first, rest)) = steps.split_first() else {
            let ty = self.row.clone().map_or(Type::Any, |row| row.ty(self.cx));
            return self.push(Expr::Row, ty, span);
        };
        let Part::Key(field) = first.part else {
            let message = format!("`{}` is a row; its fields are read by name", name.name);
            return self.say_and_poison(Diagnostic::new(Code::TypeMismatch, first.span, message));
        };
        if !self.cx.is_quoted(field.span)
            && let Some(node) = self.pseudo(&field.name, field.span)
        {
            return self.walk(node, rest);
        }
        if let Some(side) = self.input(&field.name) {
            return self.side_path(Path::default(), &side, rest, first.span);
        }
        match self.find_field(&field.name) {
            Found::Yes(ty) => self.field_path(field, ty, rest, first.span),
            Found::Maybe => self.field_path(field, Type::Any, rest, first.span),
            Found::No if self.undeclared_field(field) => self.field_path(field, Type::Any, rest, first.span),
            Found::No => {
                let row = self.row.clone();
                let names = row
                    .iter()
                    .flat_map(|row| row.names(self.cx))
                    .map(str::to_owned)
                    .collect::<Vec<_>>();
                let near = nearest(&field.name, names.iter().map(String::as_str)).map(str::to_owned);
                self.unknown_field(field, near.as_deref(), &names)
            }
        }
    }

    /// A field of the row (which stands at `span`) and the steps below it, as one path as far as that
    /// is the same.
    fn field_path(&mut self, name: &Ident, ty: Type, steps: &[Step<'_>], span: Span) -> ExprId {
        let projected = self.row.as_ref().is_some_and(|row| row.is_value(&name.name));
        self.path(Path::key(&name.name), projected, ty, steps, span)
    }

    /// A path with the steps below it; `projected`: what it leads to was computed.
    pub(super) fn path(&mut self, path: Path, projected: bool, ty: Type, steps: &[Step<'_>], span: Span) -> ExprId {
        let mut path = path;
        let mut ty = ty;
        let mut taken = 0;
        while let Some(step) = steps.get(taken)
            && !projected
            && let Some((segment, below)) = below(&ty, step)
        {
            path.0.push(segment);
            ty = below;
            taken += 1;
        }
        let place = if taken == 0 { span } else { steps[taken - 1].span };
        let field = self.cx.query.fields.intern(path);
        let node = self.push(Expr::Field(field), ty, place);
        self.walk(node, &steps[taken..])
    }

    /// Steps into a value.
    pub(super) fn walk(&mut self, node: ExprId, steps: &[Step<'_>]) -> ExprId {
        steps.iter().fold(node, |node, step| match step.part {
            Part::Key(name) => self.get(node, name, step.span),
            Part::Index(index) => self.index(node, index, step.span),
        })
    }

    /// `x.name`
    fn get(&mut self, of: ExprId, name: &Ident, span: Span) -> ExprId {
        let ty = self.ty(of);
        let result = match ty.non_null() {
            Type::Any | Type::Null => Type::Any,
            Type::Map(_, value) => optional((**value).clone()),
            Type::Record(fields) => match fields.iter().find(|(field, _)| *field == name.name) {
                Some((_, found)) => null_with(found.clone(), &[&ty]),
                None => {
                    let names = fields.iter().map(|(field, _)| field.as_str());
                    let near = nearest(&name.name, names.clone());
                    let message = format!("the record has no field `{}`", name.name);
                    let diagnostic = Diagnostic::new(Code::UnknownField, name.span, message)
                        .label("unknown field")
                        .help(format!("its fields are {}", listed(names)));
                    return self.say_and_poison(did_you_mean(diagnostic, near, name.span));
                }
            },
            other => {
                let message = format!("{} has no fields", shown(other));
                let diagnostic = Diagnostic::new(Code::UnknownField, name.span, message)
                    .label(format!("asked for `{}` of it", name.name));
                let diagnostic = if crate::ir::Builtin::lookup(&name.name).is_some() {
                    diagnostic.help(format!("to call the function, write `.{}()`", name.name))
                } else {
                    diagnostic
                };
                return self.say_and_poison(diagnostic);
            }
        };
        self.push(Expr::Get(of, name.name.clone()), result, span)
    }

    /// `x[i]`
    fn index(&mut self, of: ExprId, index: &ast::Expr, span: Span) -> ExprId {
        let at = self.expr(index);
        let (ty, at_ty) = (self.ty(of), self.ty(at));
        let (result, wanted) = match ty.non_null() {
            Type::Any | Type::Null => (Type::Any, Type::Any),
            Type::List(item) => (optional((**item).clone()), Type::Int),
            Type::Str => (optional(Type::Str), Type::Int),
            Type::Tuple(items) => {
                let item = constant_index(index)
                    .and_then(|i| usize::try_from(i).ok())
                    .and_then(|i| items.get(i));
                (item.cloned().unwrap_or_default(), Type::Int)
            }
            Type::Map(key, value) => (optional((**value).clone()), (**key).clone()),
            Type::Record(_) => (Type::Any, Type::Str),
            other => {
                let message = format!("{} cannot be indexed", shown(other));
                let diagnostic = Diagnostic::new(Code::TypeMismatch, span, message)
                    .label("only lists, tuples, maps and texts have parts");
                return self.say_and_poison(diagnostic);
            }
        };
        if !crate::resolve::types::fits(&at_ty, &wanted) {
            let message = format!(
                "{} is indexed by {}, not by {}",
                shown(&ty),
                shown(&wanted),
                shown(&at_ty)
            );
            return self.say_and_poison(Diagnostic::new(Code::TypeMismatch, index.span, message));
        }
        self.push(Expr::Index(of, at), result, span)
    }

    /// `x[a:b]`
    pub(super) fn slice(
        &mut self,
        of: &ast::Expr,
        from: Option<&ast::Expr>,
        to: Option<&ast::Expr>,
        span: Span,
    ) -> ExprId {
        let base = self.expr(of);
        let ty = self.ty(base);
        let from = from.map(|bound| self.slice_bound(bound));
        let to = to.map(|bound| self.slice_bound(bound));
        let result = match ty.non_null() {
            Type::Tuple(_) => Type::List(Box::default()),
            Type::Any | Type::Null | Type::List(_) | Type::Str => ty.clone(),
            other => {
                let message = format!("{} cannot be sliced", shown(other));
                let diagnostic =
                    Diagnostic::new(Code::TypeMismatch, of.span, message).label("only lists and texts have slices");
                return self.say_and_poison(diagnostic);
            }
        };
        self.push(Expr::Slice(base, from, to), result, span)
    }

    fn slice_bound(&mut self, bound: &ast::Expr) -> ExprId {
        let id = self.expr(bound);
        let ty = self.ty(id);
        if !matches!(ty.non_null(), Type::Int | Type::Any | Type::Null) {
            let message = format!("a slice goes from `int` to `int`, this is {}", shown(&ty));
            return self.say_and_poison(Diagnostic::new(Code::TypeMismatch, bound.span, message));
        }
        id
    }
}

/// One step below a field of this type, where the reader may take it as part of the path: the value
/// found there must be the one that is in the field's own value after it was checked and converted.
fn below(ty: &Type, step: &Step<'_>) -> Option<(PathSeg, Type)> {
    let segment = step.segment()?;
    let below = match (ty.non_null(), &segment) {
        (Type::Any, _) => Type::Any,
        (Type::Map(key, value), PathSeg::Key(_)) if **key == Type::Str => optional((**value).clone()),
        (Type::Record(fields), PathSeg::Key(name)) => {
            let (_, found) = fields.iter().find(|(field, _)| field == name)?;
            null_with(found.clone(), &[ty])
        }
        _ => return None,
    };
    stays_as_read(below.non_null()).then_some((segment, below))
}

/// Whether values of the type are in the record as they are in the program.
fn stays_as_read(ty: &Type) -> bool {
    match ty {
        Type::Any | Type::Null | Type::Bool | Type::Int | Type::Str => true,
        Type::Optional(inner) | Type::List(inner) => stays_as_read(inner),
        Type::Map(key, value) => **key == Type::Str && stays_as_read(value),
        Type::Record(fields) => fields.iter().all(|(_, ty)| stays_as_read(ty)),
        Type::Tuple(items) => items.iter().all(stays_as_read),
        Type::Float | Type::Timestamp | Type::Duration | Type::Stream(_) => false,
    }
}
