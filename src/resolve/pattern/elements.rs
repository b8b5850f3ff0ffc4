//! Aggregates over the events that an alias of a repetition stands for: `sum(xs.amount)`.
//!
//! They are kept while a run goes on, in a hidden field each; before an operator (or condition) is
//! lowered its calls are found and told apart from the functions of lists that have the same names.

use std::rc::Rc;

use indexmap::IndexMap;

use super::Elements;
use crate::data::{FieldId, Type, Value};
use crate::diag::Span;
use crate::ir::AggFunction;
use crate::resolve::context::{Cx, What};
use crate::resolve::flow::Flow;
use crate::resolve::ops;
use crate::resolve::row::{Matched, Row};
use crate::resolve::walk::{first_name, mentions, walk};
use crate::syntax::ast::{Arg, ArgValue, Expr, ExprKind, Operator, UnaryOp};

/// Computes the aggregates over elements in the arguments of an operator behind a pattern.
pub(in crate::resolve) fn hoist(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let Some(matched) = flow.row.matched() else { return };
    if operator.name.name == "aggregate" {
        // There they are aggregates over the matches.
        return;
    }
    let mut given = flow.given.clone();
    for arg in &operator.args {
        if let ArgValue::Expr(expr) | ArgValue::Sorted(expr, _) = &arg.value {
            find(cx, flow.module, &matched, expr, Rc::make_mut(&mut given));
        }
    }
    flow.given = given;
}

/// Finds the aggregates in an expression, each a hidden field from here on.
pub(super) fn find(
    cx: &mut Cx<'_>,
    module: usize,
    matched: &Matched,
    expr: &Expr,
    given: &mut IndexMap<Span, (FieldId, Type)>,
) {
    let mut calls: Vec<(Expr, String)> = Vec::new();
    walk(expr, &mut |expr, bound| {
        let Some(call) = as_call(expr) else { return true };
        match list_of(cx, module, matched, &call, bound) {
            Some(alias) => {
                calls.push((call, alias));
                false
            }
            None => true,
        }
    });
    for (call, alias) in calls {
        let Some(side) = matched.side(&alias) else { continue };
        let mut row = side.row.clone();
        row.aliases.push((alias.clone(), call.span));
        let lowered = ops::over_row(cx, module, row, &call);
        let field = cx.hidden("elements");
        let Some((function, args, param)) = lowered else {
            given.insert(call.span, (field, Type::Any));
            continue;
        };
        let types: Vec<Type> = args.iter().map(|&arg| cx.query.exprs.ty(arg).clone()).collect();
        given.insert(call.span, (field, function.result_type(&types)));
        let elements = Elements {
            stream: matched.stream,
            alias,
            function,
            args,
            param,
        };
        cx.elements.insert(field, elements);
    }
}

/// A call as `f(a, b)`, also where it is written `a.f(b)`.
fn as_call(expr: &Expr) -> Option<Expr> {
    let ExprKind::Call(callee, args) = &expr.kind else {
        return None;
    };
    match &callee.kind {
        ExprKind::Name(name) => AggFunction::lookup(&name.name).map(|_| expr.clone()),
        ExprKind::Field(receiver, name) => {
            AggFunction::lookup(&name.name)?;
            let first = Arg {
                names: Vec::new(),
                value: ArgValue::Expr((**receiver).clone()),
                span: receiver.span,
            };
            let callee = Expr {
                kind: ExprKind::Name(name.clone()),
                span: name.span,
            };
            Some(Expr {
                kind: ExprKind::Call(
                    Box::new(callee),
                    std::iter::once(first).chain(args.iter().cloned()).collect(),
                ),
                span: expr.span,
            })
        }
        _ => None,
    }
}

/// The alias of a repetition over whose elements a call aggregates.
fn list_of(cx: &Cx<'_>, module: usize, matched: &Matched, call: &Expr, around: &[&str]) -> Option<String> {
    let ExprKind::Call(callee, args) = &call.kind else {
        return None;
    };
    let ExprKind::Name(function) = &callee.kind else {
        return None;
    };
    let mut values = Vec::new();
    for arg in args {
        match &arg.value {
            ArgValue::Expr(expr) if arg.names.is_empty() => values.push(expr),
            _ => return None,
        }
    }
    let first = values.first()?;
    match function.name.as_str() {
        // Plain ones of the list, nulls and all.
        "first" | "last" => return None,
        "count" if matches!(first.kind, ExprKind::Name(_)) => return None,
        "min" | "max" if values.len() > 1 => return None,
        _ => {}
    }
    let mut alias: Option<String> = None;
    let mut only = true;
    for value in &values {
        walk(value, &mut |expr, bound| {
            if matches!(expr.kind, ExprKind::Lambda(..)) || as_call(expr).is_some() {
                only = false;
            }
            let Some(name) = first_name(expr) else { return only };
            let name = name.name.as_str();
            if bound.contains(&name) {
                return only;
            }
            if around.contains(&name) {
                only = false;
            } else if matched.side(name).is_some_and(|side| side.list) {
                only &= alias.as_ref().is_none_or(|known| known == name) && !indexed(expr);
                alias = Some(name.to_owned());
            } else {
                let constant = |found: &crate::resolve::context::Declared<'_>| matches!(found.what, What::Constant(_));
                only &= cx.lookup(module, name).filter(constant).is_some() || cx.is_import(module, name);
            }
            only
        });
    }
    let alias = alias.filter(|_| only)?;
    mentions(first, std::slice::from_ref(&alias)).then_some(alias)
}

/// Whether the first thing asked of a name is one of its items.
fn indexed(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Field(of, _) => indexed(of),
        ExprKind::Index(of, _) => matches!(of.kind, ExprKind::Name(_)) || indexed(of),
        _ => false,
    }
}

/// The name and the only argument of `first(xs.f)`, `xs.len()`.
pub(in crate::resolve) fn of_the_list<'e>(callee: &'e Expr, args: &'e [Arg]) -> Option<(&'e str, &'e Expr)> {
    match (&callee.kind, args) {
        (
            ExprKind::Name(name),
            [
                Arg {
                    names,
                    value: ArgValue::Expr(value),
                    ..
                },
            ],
        ) if names.is_empty() => Some((&name.name, value)),
        (ExprKind::Field(receiver, name), []) => Some((&name.name, receiver)),
        _ => None,
    }
}

/// A path with something else in the place of what `replace` gives something for; none when it gives
/// nothing anywhere.
pub(in crate::resolve) fn replace_base(expr: &Expr, replace: &mut impl FnMut(&Expr) -> Option<Expr>) -> Option<Expr> {
    if let Some(other) = replace(expr) {
        return Some(other);
    }
    let kind = match &expr.kind {
        ExprKind::Field(of, name) => ExprKind::Field(Box::new(replace_base(of, replace)?), name.clone()),
        ExprKind::Index(of, index) => ExprKind::Index(Box::new(replace_base(of, replace)?), index.clone()),
        _ => return None,
    };
    Some(Expr { kind, span: expr.span })
}

/// `0`, `-1`
pub(super) fn constant_index(index: &Expr) -> Option<i64> {
    match &index.kind {
        ExprKind::Lit(Value::Int(at)) => Some(*at),
        ExprKind::Unary(UnaryOp::Neg, inner) => match inner.kind {
            ExprKind::Lit(Value::Int(at)) => at.checked_neg(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an expression reads elements of the list of this name, and not only how many there are.
pub(super) fn reads_elements(expr: &Expr, name: &str) -> bool {
    let mut found = false;
    walk(expr, &mut |expr, bound| {
        if bound.contains(&name) {
            return true;
        }
        if let ExprKind::Call(callee, args) = &expr.kind
            && let Some(("count" | "len", value)) = of_the_list(callee, args)
            && matches!(value.kind, ExprKind::Name(_))
        {
            return false;
        }
        found |= first_name(expr).is_some_and(|first| first.name == name);
        true
    });
    found
}

/// Whether a row has a list of this name.
pub(in crate::resolve) fn is_list(row: &Row, name: &str) -> bool {
    let bound = row.bound.as_ref().and_then(|bound| bound.side(name).cloned());
    bound.or_else(|| row.side(name)).is_some_and(|side| side.list)
}
