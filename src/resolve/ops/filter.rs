//! `.where(cond)`, `.filter(e => cond)`

use super::args;
use crate::data::Type;
use crate::diag::{Code, Diagnostic};
use crate::ir::{ExprId, Op};
use crate::resolve::context::Cx;
use crate::resolve::expr::Lower;
use crate::resolve::flow::Flow;
use crate::resolve::types::shown;
use crate::syntax::ast::{ExprKind, Operator};

pub(super) fn keep(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    if let Some(id) = kept(cx, flow, operator) {
        flow.push(Op::Where(id), operator.span);
    }
}

/// The condition; none when it was said that there is none.
pub(in crate::resolve) fn kept(cx: &mut Cx<'_>, flow: &Flow, operator: &Operator) -> Option<ExprId> {
    let args = args::sort(cx, operator, &[]);
    let example = format!(".{}(amount > 10_000)", operator.name.name);
    let expr = args.only(cx, &example)?;
    Some(match &expr.kind {
        ExprKind::Lambda(params, body) => {
            let id = Lower::at(cx, flow).row_lambda(params, body, expr.span);
            let ty = cx.query.exprs.ty(id).clone();
            if !matches!(ty.non_null(), Type::Bool | Type::Any | Type::Null) {
                let message = format!("a condition must be a `bool`, this is {}", shown(&ty));
                let span = cx.query.exprs.span(id);
                cx.say(Diagnostic::new(Code::ConditionNotBool, span, message));
            }
            id
        }
        _ => super::condition(cx, flow, expr),
    })
}
