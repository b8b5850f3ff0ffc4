//! `.watermark`, `.allowed_lateness`: for replays in order of arrival.

use super::args;
use crate::ir::Op;
use crate::resolve::context::Cx;
use crate::resolve::flow::Flow;
use crate::syntax::ast::Operator;

/// `.watermark(out_of_order: 10s)`
pub(super) fn watermark(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let args = args::sort(cx, operator, &["out_of_order"]);
    let expr = match args.get("out_of_order") {
        Some(expr) => {
            args.no_plain(cx, ".watermark(out_of_order: 10s)");
            Some(expr)
        }
        None => args.only(cx, ".watermark(out_of_order: 10s)"),
    };
    if let Some(ns) = expr.and_then(|expr| args::duration(cx, flow.module, expr)) {
        flow.push(Op::Watermark(ns), operator.span);
    }
}

/// `.allowed_lateness(1m)`
pub(super) fn allowed_lateness(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let args = args::sort(cx, operator, &[]);
    let expr = args.only(cx, ".allowed_lateness(1m)");
    if let Some(ns) = expr.and_then(|expr| args::duration(cx, flow.module, expr)) {
        flow.push(Op::AllowedLateness(ns), operator.span);
    }
}
