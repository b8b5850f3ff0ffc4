//! What the grammar's actions call: functions that make AST nodes from their parts.
//!
//! They never fail: what the grammar lets through but the language does not is reported through
//! [`Cx`], and a node that comes near is made.

mod config;
mod expr;
mod pattern;
mod stmt;

pub(super) use config::{ConfigLine, config, config_value};
pub(super) use expr::{
    binary, bracketed, call, chain, compare, field, if_expr, index, is, lit, name, path, range, slice, text_key, unary,
};
pub(super) use pattern::{
    Classic, Clause, Step, Tail, classic, pattern, pattern_decl, quantifier, step, step_arg, with_clause,
};
pub(super) use stmt::{
    arm_body, arm_pattern, assign, block, block_of, compound, effect, expr_stmt, import, match_expr,
};

use std::cell::RefCell;

use super::ast::{Ident, TypeExpr, TypeExprKind};
use super::token::Token;
use crate::diag::{Code, Diagnostic, FileId, Span};

/// What the actions know: the tokens of the statement, and where errors go.
pub(super) struct Cx<'t> {
    file: FileId,
    tokens: &'t [Token],
    errors: RefCell<Vec<Diagnostic>>,
}

impl<'t> Cx<'t> {
    pub(super) fn new(file: FileId, tokens: &'t [Token]) -> Self {
        Self {
            file,
            tokens,
            errors: RefCell::new(Vec::new()),
        }
    }

    /// The span of the tokens `l..r`; of no width where there are none.
    pub(super) fn span(&self, l: usize, r: usize) -> Span {
        let start = self.tokens.get(l).map_or(0, |token| token.start as usize);
        let end = r.checked_sub(1).and_then(|last| self.tokens.get(last));
        let end = end.filter(|_| l < r).map_or(start, |token| token.end as usize);
        Span::new(self.file, start, end.max(start))
    }

    fn report(&self, diagnostic: Diagnostic) {
        self.errors.borrow_mut().push(diagnostic);
    }

    /// What the actions have reported.
    pub(super) fn into_errors(self) -> Vec<Diagnostic> {
        self.errors.into_inner()
    }
}

/// The list with one more at its end.
pub(super) fn pushed<T>(mut list: Vec<T>, last: T) -> Vec<T> {
    list.push(last);
    list
}

/// The list with the last one, if there is one.
pub(super) fn with_last<T>(mut list: Vec<T>, last: Option<T>) -> Vec<T> {
    list.extend(last);
    list
}

/// The list with one more before it.
pub(super) fn prepended<T>(first: T, rest: Vec<T>) -> Vec<T> {
    let mut list = Vec::with_capacity(rest.len() + 1);
    list.push(first);
    list.extend(rest);
    list
}

/// `lib.Login` as one name.
pub(super) fn joined(path: Vec<Ident>) -> Ident {
    let span = span_of_path(&path);
    let names: Vec<&str> = path.iter().map(|ident| ident.name.as_str()).collect();
    Ident {
        name: names.join("."),
        span,
    }
}

fn span_of_path(path: &[Ident]) -> Span {
    match path {
        [] => Span::default(),
        [first, .., last] => first.span.to(last.span),
        [one] => one.span,
    }
}

/// The types whose name as the key of a one-entry brace makes it a map type.
const BASIC_TYPES: &[&str] = &["int", "float", "bool", "str", "timestamp", "duration", "any"];

/// `{K: V}` or `{name: str, n: int}`
pub(super) fn braced_type(cx: &Cx<'_>, mut entries: Vec<(TypeExpr, TypeExpr)>) -> TypeExprKind {
    if entries.len() == 1
        && let Some((key, _)) = entries.first()
        && simple_name(key).is_none_or(|name| BASIC_TYPES.contains(&name.name.as_str()))
        && let Some((key, value)) = entries.pop()
    {
        return TypeExprKind::Map(Box::new(key), Box::new(value));
    }
    let mut fields = Vec::with_capacity(entries.len());
    for (key, ty) in entries {
        match simple_name(&key) {
            Some(name) => fields.push((name.clone(), ty)),
            None => cx.report(
                Diagnostic::new(
                    Code::UnexpectedToken,
                    key.span,
                    "a field of a record type is named by a plain name",
                )
                .help("a map type has one entry: `{str: int}`"),
            ),
        }
    }
    TypeExprKind::Record(fields)
}

fn simple_name(ty: &TypeExpr) -> Option<&Ident> {
    match &ty.kind {
        TypeExprKind::Name(path) if path.len() == 1 => path.first(),
        _ => None,
    }
}

/// `Stream<Stream<E>>`, whose end is one token. `span` is the whole's.
pub(super) fn nested_generic(outer: Ident, inner: Ident, args: Vec<TypeExpr>, span: Span) -> TypeExprKind {
    let inner_span = Span {
        start: inner.span.start,
        end: span.end.saturating_sub(1).max(inner.span.end),
        ..span
    };
    let kind = TypeExprKind::Generic(inner, args);
    TypeExprKind::Generic(outer, vec![TypeExpr { kind, span: inner_span }])
}
