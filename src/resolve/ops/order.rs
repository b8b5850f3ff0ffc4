//! `.order_by`, `.limit`, `.distinct`: which rows come, and in which order.

use super::args;
use crate::data::Type;
use crate::diag::{Code, Diagnostic};
use crate::ir::{ExprId, Op, Scope, SortKey};
use crate::resolve::context::Cx;
use crate::resolve::expr::Lower;
use crate::resolve::flow::Flow;
use crate::resolve::types::shown;
use crate::syntax::ast::{ArgValue, Expr, Operator};

/// `.order_by(expr [asc|desc], ...)`
pub(super) fn order_by(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let mut keys = Vec::new();
    for arg in &operator.args {
        if let Some(name) = arg.names.first() {
            args::unknown_name(cx, operator, name, &[]);
            continue;
        }
        let (expr, descending) = match &arg.value {
            ArgValue::Expr(expr) => (expr, false),
            ArgValue::Sorted(expr, descending) => (expr, *descending),
            ArgValue::Step(_) => {
                args::expr_of(cx, operator, arg);
                continue;
            }
        };
        let value = sortable(cx, flow, expr);
        keys.push(SortKey { value, descending });
    }
    if operator.args.is_empty() {
        cx.say(
            Diagnostic::new(
                Code::OperatorArguments,
                operator.span,
                "`.order_by` needs something to order by",
            )
            .help("for example `.order_by(amount desc, user)`"),
        );
    }
    let scope = flow.scope(operator.span);
    flow.push(Op::OrderBy(keys, scope), operator.span);
}

fn sortable(cx: &mut Cx<'_>, flow: &Flow, expr: &Expr) -> ExprId {
    let id = Lower::at(cx, flow).expr(expr);
    let ty = cx.query.exprs.ty(id).clone();
    if matches!(ty.non_null(), Type::Record(_) | Type::Map(..)) {
        let message = format!("{} has no order", shown(&ty));
        cx.say(
            Diagnostic::new(Code::TypeMismatch, expr.span, message)
                .help("order by one of its fields: `.order_by(x.name)`"),
        );
    }
    id
}

/// `.distinct([expr, ...], within: 1h)`
pub(super) fn distinct(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let args = args::sort(cx, operator, &["within"]);
    let key = match args.plain.as_slice() {
        [] => None,
        [one] => Some(Lower::at(cx, flow).expr(one)),
        many => {
            let mut lower = Lower::at(cx, flow);
            let ids = many.iter().map(|expr| lower.expr(expr)).collect();
            Some(
                cx.query
                    .exprs
                    .push(crate::ir::Expr::List(ids), Type::List(Box::default()), operator.span),
            )
        }
    };
    let within = args
        .get("within")
        .and_then(|expr| args::duration(cx, flow.module, expr));
    let scope = flow.scope(operator.span);
    if let Some(expr) = args.get("within")
        && scope != Scope::Partition
    {
        let message = "`within` has no meaning for the rows of one window";
        cx.say(
            Diagnostic::new(Code::OperatorArguments, expr.span, message)
                .help("`.distinct` starts anew with every window here"),
        );
    }
    flow.push(Op::Distinct { key, within, scope }, operator.span);
}

/// `.limit(n)`
pub(super) fn limit(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let args = args::sort(cx, operator, &[]);
    let Some(expr) = args.only(cx, ".limit(100)") else {
        return;
    };
    let Some(n) = args::int(cx, flow.module, expr) else {
        return;
    };
    let scope = flow.scope(operator.span);
    match u64::try_from(n) {
        Ok(n) => flow.push(Op::Limit(n, scope), operator.span),
        Err(_) => cx.say(Diagnostic::new(
            Code::OperatorArguments,
            expr.span,
            "`.limit` takes a number of rows, which is not negative",
        )),
    }
}
