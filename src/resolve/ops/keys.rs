//! `.partition_by`, `.collect`

use std::rc::Rc;

use super::{args, project};
use crate::data::Path;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Named, Op, Window};
use crate::resolve::context::{Cx, What};
use crate::resolve::expr::Lower;
use crate::resolve::flow::{Flow, Key};
use crate::resolve::row::Keys;
use crate::syntax::ast::Operator;

/// `.partition_by(k, ...)`
pub(super) fn partition_by(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let mut fields: Vec<Named> = Vec::new();
    let mut keys = Vec::new();
    for arg in &operator.args {
        let Some(expr) = args::expr_of(cx, operator, arg) else {
            continue;
        };
        let name = match arg.names.first() {
            Some(of) if names_event(cx, flow, &of.name) => {
                cx.refuse(arg.span, "a partition key for one event type");
                continue;
            }
            Some(name) => name.name.clone(),
            None => project::own_name(expr).map_or_else(|| cx.sources.slice(expr.span).to_owned(), |(name, _)| name),
        };
        if let Some(first) = fields.iter().find(|named| named.name == name) {
            let first = cx.query.exprs.span(first.value);
            cx.say(
                Diagnostic::new(
                    Code::DuplicateColumn,
                    expr.span,
                    format!("two keys are called `{name}`"),
                )
                .also(first, "the first one")
                .help(format!("give one another name: `.partition_by({name}, other: ..)`")),
            );
            continue;
        }
        let value = Lower::at(cx, flow).expr(expr);
        let field = cx.query.fields.intern(Path::key(&name));
        keys.push(expr.clone());
        fields.push(Named { name, field, value });
    }
    if operator.args.is_empty() {
        cx.say(
            Diagnostic::new(Code::OperatorArguments, operator.span, "`.partition_by` needs a key")
                .help("for example `.partition_by(user)`"),
        );
    }
    in_window(cx, flow, operator);
    flow.leave_aggregation();
    // A partition within a partition: the keys of both are in force.
    flow.row.keys = match &flow.row.keys {
        Keys::Here(before) => Keys::Here(Rc::new(before.iter().cloned().chain(keys).collect())),
        Keys::Gone => Keys::Gone,
        Keys::None => Keys::Here(Rc::new(keys)),
    };
    flow.keys.extend(fields.iter().map(|named| Key {
        name: named.name.clone(),
        field: named.field,
        ty: cx.query.exprs.ty(named.value).clone(),
        span: cx.query.exprs.span(named.value),
    }));
    flow.push(Op::PartitionBy(fields), operator.span);
}

/// `.collect()`
pub(super) fn collect(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    args::none(cx, operator);
    in_window(cx, flow, operator);
    flow.leave_aggregation();
    flow.collect(operator.span);
}

/// Says that partitions cannot change within a window.
fn in_window(cx: &mut Cx<'_>, flow: &Flow, operator: &Operator) {
    if let Some(open) = flow.window
        && (open.placed || !matches!(open.window, Window::Time { align_first: false, .. }))
    {
        let message = format!("`.{}` cannot stand within a window", operator.name.name);
        cx.say(
            Diagnostic::new(Code::MisplacedOperator, operator.name.span, message)
                .also(open.span, "the window in force")
                .help("partitions are made before `.window` or after `.aggregate`"),
        );
    }
}

/// `Login: user`
fn names_event(cx: &Cx<'_>, flow: &Flow, name: &str) -> bool {
    matches!(
        cx.lookup(flow.module, name).map(|found| found.what),
        Some(What::Event(_) | What::Stream(_))
    )
}
