//! Nodes of expressions.

use crate::data::Value;
use crate::diag::Span;
use crate::syntax::ast::{Arg, BinaryOp, CompareOp, Expr, ExprKind, Ident, TypeExpr, UnaryOp};

fn expr(kind: ExprKind, span: Span) -> Expr {
    Expr { kind, span }
}

/// A literal.
pub(in crate::syntax) fn lit(value: Value, span: Span) -> Expr {
    expr(ExprKind::Lit(value), span)
}

/// A name.
pub(in crate::syntax) fn name(ident: Ident) -> Expr {
    let span = ident.span;
    expr(ExprKind::Name(ident), span)
}

/// `lib.LIMIT`
pub(in crate::syntax) fn path(path: Vec<Ident>) -> Expr {
    let mut rest = path.into_iter();
    let first = rest.next().map_or_else(|| lit(Value::Null, Span::default()), name);
    rest.fold(first, field)
}

/// A key of a map that is written without quotes.
pub(in crate::syntax) fn text_key(ident: Ident) -> Expr {
    lit(Value::str(&ident.name), ident.span)
}

/// `a.b`
pub(in crate::syntax) fn field(of: Expr, ident: Ident) -> Expr {
    let span = of.span.to(ident.span);
    expr(ExprKind::Field(Box::new(of), ident), span)
}

/// `a[i]`
pub(in crate::syntax) fn index(of: Expr, at: Expr, span: Span) -> Expr {
    expr(ExprKind::Index(Box::new(of), Box::new(at)), span)
}

/// `a[from:to]`
pub(in crate::syntax) fn slice(of: Expr, from: Option<Expr>, to: Option<Expr>, span: Span) -> Expr {
    expr(
        ExprKind::Slice(Box::new(of), from.map(Box::new), to.map(Box::new)),
        span,
    )
}

/// `f(args)`
pub(in crate::syntax) fn call(of: Expr, args: Vec<Arg>, span: Span) -> Expr {
    expr(ExprKind::Call(Box::new(of), args), span)
}

/// `op e`, the operator at `at`.
pub(in crate::syntax) fn unary(op: UnaryOp, at: Span, e: Expr) -> Expr {
    let span = at.to(e.span);
    expr(ExprKind::Unary(op, Box::new(e)), span)
}

/// `a op b`
pub(in crate::syntax) fn binary(a: Expr, op: (BinaryOp, Span), b: Expr) -> Expr {
    let span = a.span.to(b.span);
    expr(ExprKind::Binary(op.0, op.1, Box::new(a), Box::new(b)), span)
}

/// Chains longer than this are built as balanced trees, so that their depth stays small. `and` and
/// `or` give the same whichever way they are grouped.
const LONG_CHAIN: usize = 16;

/// `a or b or c`
pub(in crate::syntax) fn chain(first: Expr, rest: Vec<((BinaryOp, Span), Expr)>) -> Expr {
    if rest.len() < LONG_CHAIN {
        return rest.into_iter().fold(first, |a, (op, b)| binary(a, op, b));
    }
    // Each round joins neighbors; the operator of a pair is the one before its right side.
    let mut level: Vec<(Option<(BinaryOp, Span)>, Expr)> = vec![(None, first)];
    level.extend(rest.into_iter().map(|(op, e)| (Some(op), e)));
    while level.len() > 1 {
        let mut next = Vec::with_capacity(level.len().div_ceil(2));
        let mut pairs = level.into_iter();
        while let Some((before, a)) = pairs.next() {
            match pairs.next() {
                Some((Some(op), b)) => next.push((before, binary(a, op, b))),
                _ => next.push((before, a)),
            }
        }
        level = next;
    }
    level
        .pop()
        .map_or_else(|| lit(Value::Null, Span::default()), |(_, e)| e)
}

/// `a < b <= c`
pub(in crate::syntax) fn compare(first: Expr, rest: Vec<((CompareOp, Span), Expr)>) -> Expr {
    let Some((_, last)) = rest.last() else { return first };
    let span = first.span.to(last.span);
    let rest = rest.into_iter().map(|((op, at), e)| (op, at, e)).collect();
    expr(ExprKind::Compare(Box::new(first), rest), span)
}

/// `x is int`, `x is not int`
pub(in crate::syntax) fn is(e: Expr, negated: bool, ty: TypeExpr) -> Expr {
    let span = e.span.to(ty.span);
    expr(ExprKind::Is(Box::new(e), negated, ty), span)
}

/// `0..10`, `0..=10`
pub(in crate::syntax) fn range(a: Expr, b: Expr, inclusive: bool) -> Expr {
    let span = a.span.to(b.span);
    expr(ExprKind::Range(Box::new(a), Box::new(b), inclusive), span)
}

/// `(e)`: the expression itself, with the brackets in its span.
pub(in crate::syntax) fn bracketed(e: Expr, span: Span) -> Expr {
    expr(e.kind, span)
}

/// `if c then a elif d then b else e`: each `elif` lies in the branch before it.
pub(in crate::syntax) fn if_expr(arms: Vec<(Expr, Expr)>, last: Expr, span: Span) -> Expr {
    let end = span;
    arms.into_iter().rev().fold(last, |other, (cond, then)| {
        let span = Span {
            start: cond.span.start,
            ..end
        };
        expr(ExprKind::If(Box::new(cond), Box::new(then), Box::new(other)), span)
    })
}
