//! `lag`, `lead`, `row_number`, `rank`: computed before the operator in whose arguments they stand, as
//! hidden fields of the row.

use std::rc::Rc;

use super::{args, window};
use crate::data::Type;
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{ExprId, Op, RowFunction, RowFunctionKind, Window, structure};
use crate::resolve::context::Cx;
use crate::resolve::expr::{Local, Lower, ROW_FUNCTIONS, are, arguments};
use crate::resolve::flow::Flow;
use crate::resolve::types::optional;
use crate::resolve::walk::{mentions, plain_call, walk};
use crate::syntax::ast::{Arg, ArgValue, Expr, ExprKind, Operator};

/// A call as written.
struct Call<'e> {
    name: &'e str,
    args: Vec<&'e Expr>,
    span: Span,
    /// The parameter of the operator's lambda, which is the row.
    row: Option<&'e str>,
    /// Names bound inside the expression.
    bound: Vec<&'e str>,
}

/// Computes the row functions in the arguments of an operator.
pub(super) fn hoist(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let mut calls = found(&operator.args);
    if operator.name.name == "aggregate" {
        // Outside of any aggregate they are of no rows; the items say so.
        let inside = super::calls::all(&operator.args);
        calls.retain(|call| inside.iter().any(|span| span.holds(call.span)));
    }
    let mut levels = vec![0; calls.len()];
    for at in (0..calls.len()).rev() {
        // Those inside a call stand directly behind it.
        let inner = (at + 1..calls.len()).take_while(|&inner| calls[at].span.holds(calls[inner].span));
        levels[at] = inner.map(|inner| levels[inner] + 1).max().unwrap_or(0);
    }
    for level in 0..=levels.iter().copied().max().unwrap_or(0) {
        let mut made = Vec::new();
        let mut keys: Vec<(RowFunctionKind, Option<String>)> = Vec::new();
        for (call, _) in calls.iter().zip(&levels).filter(|(_, at)| **at == level) {
            one(cx, flow, call, &mut made, &mut keys);
        }
        if !made.is_empty() {
            flow.push(Op::RowFunctions(made), operator.span);
        }
    }
}

/// The calls, each before those inside it.
fn found(args: &[Arg]) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for arg in args {
        let (ArgValue::Expr(expr) | ArgValue::Sorted(expr, _)) = &arg.value else {
            continue;
        };
        let row = match &expr.kind {
            ExprKind::Lambda(params, _) => params.first().map(|param| param.name.name.as_str()),
            _ => None,
        };
        walk(expr, &mut |expr, bound| {
            if let Some((name, args)) = plain_call(expr)
                && ROW_FUNCTIONS.contains(&name.name.as_str())
            {
                calls.push(Call {
                    name: &name.name,
                    args,
                    span: expr.span,
                    row,
                    bound: bound[usize::from(row.is_some())..].to_vec(),
                });
            }
            true
        });
    }
    calls
}

fn one(
    cx: &mut Cx<'_>,
    flow: &mut Flow,
    call: &Call<'_>,
    made: &mut Vec<RowFunction>,
    keys: &mut Vec<(RowFunctionKind, Option<String>)>,
) {
    let known = kind(cx, flow, call);
    if known.is_some_and(|kind| matches!(kind, RowFunctionKind::Lead(_))) && !may_look_ahead(cx, flow, call) {
        return poison(cx, flow, call);
    }
    let Some(kind) = known else {
        return poison(cx, flow, call);
    };
    let arg = match call.args.first() {
        Some(arg) if kind != RowFunctionKind::RowNumber => match argument(cx, flow, call, arg) {
            Some(arg) => Some(arg),
            None => return poison(cx, flow, call),
        },
        _ => None,
    };
    let ty = match (kind, arg) {
        (RowFunctionKind::Lag(_) | RowFunctionKind::Lead(_), Some(arg)) => optional(cx.query.exprs.ty(arg).clone()),
        _ => Type::Int,
    };
    let work = arg.map(|arg| structure(&cx.query.exprs, arg));
    let key = (kind, work.clone().flatten());
    let repeats = work != Some(None);
    let field = match keys.iter().position(|known| *known == key).filter(|_| repeats) {
        Some(at) => made[at].field,
        None => {
            let field = cx.hidden("row");
            made.push(RowFunction { kind, arg, field });
            keys.push(key);
            field
        }
    };
    Rc::make_mut(&mut flow.given).insert(call.span, (field, ty));
}

/// After an error the call is a null of which nothing more is said.
fn poison(cx: &mut Cx<'_>, flow: &mut Flow, call: &Call<'_>) {
    let field = cx.hidden("row");
    Rc::make_mut(&mut flow.given).insert(call.span, (field, Type::Any));
}

fn kind(cx: &mut Cx<'_>, flow: &Flow, call: &Call<'_>) -> Option<RowFunctionKind> {
    let (least, most) = match call.name {
        "row_number" => (0, 0),
        "rank" => (1, 1),
        _ => (1, 2),
    };
    let given = call.args.len();
    if given < least || given > most {
        let message = format!(
            "`{}` takes {}{}, {} given",
            call.name,
            if given > most && least < most { "at most " } else { "" },
            arguments(if given < least { least } else { most }),
            are(given)
        );
        let usage = match call.name {
            "row_number" => "row_number()",
            "rank" => "rank(x)",
            "lead" => "lead(x, [n])",
            _ => "lag(x, [n])",
        };
        let diagnostic =
            Diagnostic::new(Code::WrongArgumentCount, call.span, message).label(format!("it is called as `{usage}`"));
        cx.say(if given == 3 {
            diagnostic.help("for a value where there is no such row: `lag(x, 1) ?? 0`")
        } else {
            diagnostic
        });
        return None;
    }
    let n = match call.args.get(1) {
        Some(expr) => rows(cx, flow, expr)?,
        None => 1,
    };
    Some(match call.name {
        "row_number" => RowFunctionKind::RowNumber,
        "rank" => RowFunctionKind::Rank,
        "lead" => RowFunctionKind::Lead(n),
        _ => RowFunctionKind::Lag(n),
    })
}

fn rows(cx: &mut Cx<'_>, flow: &Flow, expr: &Expr) -> Option<u64> {
    let n = args::int(cx, flow.module, expr)?;
    if n < 1 {
        let message = "the number of rows to look back or ahead is at least 1";
        cx.say(Diagnostic::new(Code::WrongArgumentType, expr.span, message));
    }
    u64::try_from(n).ok().filter(|n| *n > 0)
}

/// `lead` sees the rows of its window only.
fn may_look_ahead(cx: &mut Cx<'_>, flow: &mut Flow, call: &Call<'_>) -> bool {
    let message = match flow.window.map(|open| open.window) {
        Some(Window::Trailing { .. }) => "`lead` cannot look ahead: a window of `every: event` ends at its event",
        Some(_) => {
            window::place(cx, flow);
            return true;
        }
        None => "`lead` looks ahead within a window, and there is none here",
    };
    cx.say(
        Diagnostic::new(Code::FunctionPlace, call.span, message)
            .help("put it between `.window(..)` and `.aggregate`, or look back instead: `lag(x)` at the later row"),
    );
    false
}

fn argument(cx: &mut Cx<'_>, flow: &Flow, call: &Call<'_>, arg: &Expr) -> Option<ExprId> {
    if mentions(arg, &call.bound) {
        let message = format!(
            "`{}` looks at other rows, where the names bound here have no value",
            call.name
        );
        cx.say(
            Diagnostic::new(Code::FunctionPlace, arg.span, message)
                .help("its argument may read the row's fields only; compute the value in a `.select` before"),
        );
        return None;
    }
    let mut lower = Lower::at(cx, flow);
    if let Some(row) = call.row {
        lower.locals.push((row.to_owned(), Local::Row));
    }
    Some(lower.expr(arg))
}
