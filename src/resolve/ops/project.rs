//! `.select`, `.map`, `.flat_map`: rows of other fields.

use super::args;
use crate::data::{Path, Type};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Named, Op, Process};
use crate::resolve::context::{Cx, quoted};
use crate::resolve::expr::Lower;
use crate::resolve::flow::Flow;
use crate::resolve::row::{Column, Row};
use crate::resolve::types::shown;
use crate::syntax::ast::{Arg, Expr, ExprKind, FnParam, LambdaBody, MapEntry, Operator};

/// `.select(a, b: expr, ...)`
pub(super) fn select(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    if operator.args.is_empty() {
        cx.say(
            Diagnostic::new(Code::OperatorArguments, operator.span, "`.select` needs fields")
                .help("for example `.select(user, amount: price * volume)`"),
        );
    }
    let fields = named(cx, flow, operator, &operator.args);
    flow.project(cx, &fields);
    push_fields(cx, flow, fields, operator.span);
}

/// Rows of these fields: row by row, where they touch variables of the run.
fn push_fields(cx: &mut Cx<'_>, flow: &mut Flow, fields: Vec<Named>, span: Span) {
    let op = super::process::fields(cx, &fields, span);
    flow.push(op.unwrap_or(Op::Select(fields)), span);
}

/// `.map(e => { a: .. })` is a projection; any other lambda is computed as a whole.
pub(super) fn map(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let Some((params, body, span)) = lambda(cx, operator, ".map(e => { user: e.user })") else {
        flow.row.forget();
        return;
    };
    if let LambdaBody::Expr(expr) = body
        && let ExprKind::Map(entries) = &expr.kind
        && let Some(fields) = record(cx, flow, params, entries)
    {
        flow.project(cx, &fields);
        push_fields(cx, flow, fields, operator.span);
        return;
    }
    let id = Lower::at(cx, flow).row_lambda(params, body, span);
    let ty = cx.query.exprs.ty(id).clone();
    become_rows_of(&mut flow.row, &ty);
    let globals = super::process::touched(cx, &[id]);
    let op = if globals.is_empty() {
        Op::Map(id)
    } else {
        Op::Process(Box::new(Process {
            value: id,
            globals,
            emits: Vec::new(),
            fields: Vec::new(),
        }))
    };
    flow.push(op, operator.span);
}

/// `.flat_map(e => list)`
pub(super) fn flat_map(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    flow.leave_aggregation();
    let Some((params, body, span)) = lambda(cx, operator, ".flat_map(e => e.items)") else {
        flow.row.forget();
        return;
    };
    let id = Lower::at(cx, flow).row_lambda(params, body, span);
    let ty = cx.query.exprs.ty(id).clone();
    match ty.non_null() {
        Type::List(item) => become_rows_of(&mut flow.row, item),
        Type::Any | Type::Null | Type::Tuple(_) => flow.row.forget(),
        other => {
            let message = format!("`.flat_map` makes rows of a list, not of {}", shown(other));
            let place = cx.query.exprs.span(id);
            cx.say(Diagnostic::new(Code::TypeMismatch, place, message).help("for one row of each row there is `.map`"));
            flow.row.forget();
        }
    }
    flow.push(Op::FlatMap(id), operator.span);
}

/// The rows that values of a type become: a record by its members, anything else as the field `value`.
pub(super) fn become_rows_of(row: &mut Row, ty: &Type) {
    match ty.non_null() {
        Type::Record(fields) => row.project(
            fields
                .iter()
                .map(|(name, ty)| Column {
                    name: name.clone(),
                    ty: ty.clone(),
                })
                .collect(),
        ),
        Type::Any | Type::Null | Type::Map(..) => row.forget(),
        _ => row.project(vec![Column {
            name: "value".to_owned(),
            ty: ty.clone(),
        }]),
    }
}

/// The operator's only argument, a lambda.
fn lambda<'o>(cx: &mut Cx<'_>, operator: &'o Operator, example: &str) -> Option<(&'o [FnParam], &'o LambdaBody, Span)> {
    let expr = args::sort(cx, operator, &[]).only(cx, example)?;
    match &expr.kind {
        ExprKind::Lambda(params, body) => Some((params, body, expr.span)),
        _ => {
            let message = format!("`.{}` takes a lambda", operator.name.name);
            cx.say(Diagnostic::new(Code::LambdaPlace, expr.span, message).help(format!("for example `{example}`")));
            None
        }
    }
}

/// The entries of a record as fields, where all keys are literal texts.
fn record(cx: &mut Cx<'_>, flow: &Flow, params: &[FnParam], entries: &[MapEntry]) -> Option<Vec<Named>> {
    let names: Option<Vec<String>> = entries.iter().map(|entry| text_key(&entry.key)).collect();
    let (names, [param]) = (names?, params) else {
        return None;
    };
    let mut seen = Vec::new();
    let mut fields = Vec::new();
    for (name, entry) in names.into_iter().zip(entries) {
        let body = LambdaBody::Expr(Box::new(entry.value.clone()));
        let value = Lower::at(cx, flow).row_lambda(std::slice::from_ref(param), &body, entry.value.span);
        if fresh(cx, &mut seen, &name, entry.key.span) {
            let field = cx.query.fields.intern(Path::key(&name));
            fields.push(Named { name, field, value });
        }
    }
    Some(fields)
}

fn text_key(key: &Expr) -> Option<String> {
    match &key.kind {
        ExprKind::Lit(crate::data::Value::Str(text)) => Some(text.to_string()),
        _ => None,
    }
}

/// `a, b: expr`: each with its name.
pub(super) fn named(cx: &mut Cx<'_>, flow: &Flow, operator: &Operator, args: &[Arg]) -> Vec<Named> {
    let mut seen = Vec::new();
    let mut fields = Vec::new();
    for arg in args {
        let Some((name, span, expr)) = name_of(cx, operator, arg) else {
            continue;
        };
        let value = Lower::at(cx, flow).expr(expr);
        if fresh(cx, &mut seen, &name, span) {
            let field = cx.query.fields.intern(Path::key(&name));
            fields.push(Named { name, field, value });
        }
    }
    fields
}

/// The name and the expression of a field; none when it was said what is wrong with it.
pub(super) fn name_of<'o>(cx: &mut Cx<'_>, operator: &Operator, arg: &'o Arg) -> Option<(String, Span, &'o Expr)> {
    let expr = args::expr_of(cx, operator, arg)?;
    let name = match arg.names.as_slice() {
        [name] => Some((name.name.clone(), name.span)),
        [] => own_name(expr),
        [_, second, ..] => {
            args::unknown_name(cx, operator, second, &[]);
            return None;
        }
    };
    let Some((name, span)) = name else {
        needs_name(cx, operator, expr);
        return None;
    };
    Some((name, span, expr))
}

/// The name that an expression has by itself: that of the field it reads.
pub(in crate::resolve) fn own_name(expr: &Expr) -> Option<(String, Span)> {
    match &expr.kind {
        ExprKind::Name(name) | ExprKind::Field(_, name) => Some((name.name.clone(), name.span)),
        _ => None,
    }
}

fn needs_name(cx: &mut Cx<'_>, operator: &Operator, expr: &Expr) {
    let message = format!("a computed field of `.{}` needs a name", operator.name.name);
    let insert = Span {
        end: expr.span.start,
        ..expr.span
    };
    cx.say(
        Diagnostic::new(Code::NeedsName, expr.span, message)
            .label("this has no name of its own")
            .fix("name it", insert, format!("{}: ", suggestion(expr))),
    );
}

/// A name for a computed field.
fn suggestion(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Call(callee, _) => own_name(callee).map_or_else(|| "value".to_owned(), |(name, _)| quoted(&name)),
        _ => "value".to_owned(),
    }
}

/// Whether the name is new among the fields of a row.
pub(super) fn fresh(cx: &mut Cx<'_>, seen: &mut Vec<(String, Span)>, name: &str, span: Span) -> bool {
    if let Some((_, first)) = seen.iter().find(|(other, _)| other == name) {
        cx.say(
            Diagnostic::new(
                Code::DuplicateColumn,
                span,
                format!("the field `{name}` is given twice"),
            )
            .label("again here")
            .also(*first, "first given here"),
        );
        return false;
    }
    seen.push((name.to_owned(), span));
    true
}

/// The fields as columns of the rows that follow.
pub(super) fn columns(cx: &Cx<'_>, fields: &[Named]) -> Vec<Column> {
    let column = |named: &Named| Column {
        name: named.name.clone(),
        ty: cx.query.exprs.ty(named.value).clone(),
    };
    fields.iter().map(column).collect()
}
