//! Conditions that stand outside of the steps: what no step wants need not come at all, and what a
//! match as a whole must satisfy.

use std::rc::Rc;

use super::conditions::{Alone, conjunction};
use super::{Build, elements};
use crate::data::Type;
use crate::ir::{AfterMatch, BinaryOp, Expr as Ir, ExprId, Op, Operator as IrOperator, structure};
use crate::resolve::context::Cx;
use crate::resolve::flow::Flow;
use crate::resolve::ops;
use crate::syntax::ast::{ArgValue, Operator};

/// Gives each input whose steps all have conditions of their own a filter: the rows that some step may
/// take. Not to be used where rows that nobody takes matter.
pub(super) fn inputs(cx: &mut Cx<'_>, build: &Build<'_>, alone: &Alone) {
    for (input, made) in build.inputs.iter().enumerate() {
        let steps = (0..alone.len()).filter(|&step| build.input_of[step] == input);
        let steps: Vec<usize> = steps.collect();
        if steps.iter().any(|&step| alone[step].1.is_empty()) {
            continue;
        }
        // What is wrong with the conditions was said.
        let said = cx.diagnostics.len();
        let mut whole: Option<ExprId> = None;
        let mut known: Vec<String> = Vec::new();
        let mut draws = false;
        for &step in &steps {
            let (view, parts) = &alone[step];
            let values = &build.inputs[input].values;
            let value = build.steps[step].alone.and_then(|value| values.get(value));
            let Some(work) = value.and_then(|&value| structure(&cx.query.exprs, value)) else {
                draws = true;
                break;
            };
            if known.contains(&work) {
                continue;
            }
            known.push(work);
            let Some(one) = conjunction(cx, view, parts) else {
                continue;
            };
            whole = Some(match whole {
                None => one,
                Some(before) => {
                    let span = cx.query.exprs.span(one);
                    cx.query
                        .exprs
                        .push(Ir::Binary(BinaryOp::Or, before, one), Type::Bool, span)
                }
            });
        }
        cx.diagnostics.truncate(said);
        if let Some(condition) = whole.filter(|_| !draws) {
            let span = cx.query.exprs.span(condition);
            let filter = IrOperator {
                op: Op::Where(condition),
                span,
            };
            cx.input_filters.push((made.stream, filter));
        }
    }
}

/// `.where(..)` directly behind a pattern whose matches have consequences: a match that it rejects has
/// none.
pub(super) fn of_matches(
    cx: &mut Cx<'_>,
    flow: &mut Flow,
    after: AfterMatch,
    rest: &mut &[Operator],
) -> Option<ExprId> {
    if after == AfterMatch::NoSkip {
        return None;
    }
    let mine = |operator: &&Operator| matches!(operator.name.name.as_str(), "where" | "filter" | "having");
    let count = rest.iter().take_while(mine).count();
    let (mine, others) = rest.split_at(count);
    flow.given = Rc::default();
    if let Some(matched) = flow.row.matched() {
        let mut given = flow.given.clone();
        for operator in mine {
            for arg in &operator.args {
                if let ArgValue::Expr(expr) = &arg.value {
                    elements::find(cx, flow.module, &matched, expr, Rc::make_mut(&mut given));
                }
            }
        }
        flow.given = given;
    }
    let mut whole: Option<ExprId> = None;
    for operator in mine {
        let Some(one) = ops::kept(cx, flow, operator) else {
            continue;
        };
        whole = Some(match whole {
            None => one,
            Some(before) => cx
                .query
                .exprs
                .push(Ir::Binary(BinaryOp::And, before, one), Type::Bool, operator.span),
        });
    }
    flow.given = Rc::default();
    *rest = others;
    whole
}
