//! `.rising`, `.throttle`: fewer alerts of the same thing, per partition.

use super::{args, window};
use crate::data::Type;
use crate::ir::Op;
use crate::resolve::context::Cx;
use crate::resolve::flow::Flow;
use crate::syntax::ast::Operator;

/// `.rising(cond)`
pub(super) fn rising(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let args = args::sort(cx, operator, &[]);
    if let Some(expr) = args.only(cx, ".rising(n >= 5)") {
        let id = super::condition(cx, flow, expr);
        flow.push(Op::Rising(id), operator.span);
    }
    flow.leave_aggregation();
}

/// `.throttle(10m)`: the rows that pass have the field `suppressed`.
pub(super) fn throttle(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let args = args::sort(cx, operator, &[]);
    let every = args
        .only(cx, ".throttle(10m)")
        .and_then(|expr| window::positive(cx, flow.module, expr, "the time of `.throttle`"));
    if let Some(every) = every {
        let field = window::name_field(cx, "suppressed");
        flow.push(Op::Throttle(every, field), operator.span);
    }
    flow.add(&[("suppressed", Type::Int)]);
    flow.leave_aggregation();
}
