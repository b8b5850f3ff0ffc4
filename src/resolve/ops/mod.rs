//! Stream operators: by name to the file that knows them.

mod aggregate;
mod alert;
mod args;
mod calls;
mod emit;
mod enrich;
mod filter;
mod keys;
mod order;
mod process;
mod project;
mod projection;
mod refused;
mod rows;
mod side;
mod time;
mod window;

pub(super) use args::{expr_of, none as takes_nothing, sort as sorted};
pub(super) use calls::over_row;
pub(super) use filter::kept;
pub(super) use project::own_name;
pub(super) use refused::OF_PATTERNS;
pub(super) use window::positive;

use super::attention;
use super::context::{Cx, What, did_you_mean};
use super::events::nearest_event;
use super::expr::Lower;
use super::flow::Flow;
use crate::data::Value;
use crate::diag::{Code, Diagnostic, nearest};
use crate::ir::{EventId, Expr, ExprId};
use crate::syntax::ast;

/// The operators that run.
const RUNS: &[&str] = &[
    "where",
    "filter",
    "select",
    "map",
    "flat_map",
    "partition_by",
    "window",
    "session_window",
    "aggregate",
    "having",
    "order_by",
    "distinct",
    "limit",
    "rising",
    "throttle",
    "enrich",
    "emit",
    "to",
    "tap",
    "print",
    "log",
    "validate",
    "watermark",
    "allowed_lateness",
    "context",
    "collect",
    "attention_window",
    "pattern",
    "process",
    "on_error",
    "concurrent",
];

/// Lowers operators in order.
pub(super) fn lower(cx: &mut Cx<'_>, flow: &mut Flow, operators: &[ast::Operator]) {
    for (at, operator) in operators.iter().enumerate() {
        if let Some(as_type) = &operator.as_type
            && operator.name.name != "emit"
        {
            let message = format!(
                "`as {}` belongs to `.emit`, not to `.{}`",
                as_type.name, operator.name.name
            );
            cx.say(Diagnostic::new(Code::MisplacedOperator, as_type.span, message));
        }
        one(cx, flow, operator, &operators[at + 1..]);
    }
    attention::finish(cx, flow);
}

fn one(cx: &mut Cx<'_>, flow: &mut Flow, operator: &ast::Operator, rest: &[ast::Operator]) {
    flow.given = std::rc::Rc::default();
    cx.place = process::place(operator);
    attention::hoist(cx, flow, operator);
    rows::hoist(cx, flow, operator);
    super::pattern::hoist(cx, flow, operator);
    match operator.name.name.as_str() {
        "attention_window" => attention::window(cx, flow, operator),
        "pattern" => attention::pattern(cx, flow, operator),
        "where" | "filter" if attention::keep(cx, flow, operator) => {}
        "where" | "filter" => filter::keep(cx, flow, operator),
        "select" => project::select(cx, flow, operator),
        "map" => project::map(cx, flow, operator),
        "flat_map" => project::flat_map(cx, flow, operator),
        "partition_by" => keys::partition_by(cx, flow, operator),
        "window" | "session_window" => window::window(cx, flow, operator, rest),
        "aggregate" => aggregate::aggregate(cx, flow, operator),
        "having" => aggregate::having(cx, flow, operator),
        "order_by" => order::order_by(cx, flow, operator),
        "distinct" => order::distinct(cx, flow, operator),
        "limit" => order::limit(cx, flow, operator),
        "rising" => alert::rising(cx, flow, operator),
        "throttle" => alert::throttle(cx, flow, operator),
        "enrich" => enrich::enrich(cx, flow, operator),
        "emit" => emit::emit(cx, flow, operator),
        "to" => emit::to(cx, flow, operator),
        "validate" => emit::validate(cx, flow, operator),
        "print" => side::print(cx, flow, operator),
        "log" => side::log(cx, flow, operator),
        "tap" => side::tap(cx, flow, operator),
        "watermark" => time::watermark(cx, flow, operator),
        "allowed_lateness" => time::allowed_lateness(cx, flow, operator),
        // Where a stream is placed never changes results.
        "context" => {}
        "collect" => keys::collect(cx, flow, operator),
        "process" => process::process(cx, flow, operator),
        "on_error" => process::on_error(cx, flow, operator),
        "concurrent" => process::concurrent(cx, flow, operator),
        other => {
            if !refused::refuse(cx, flow, operator) {
                unknown(cx, other, operator);
            }
            flow.row.forget();
        }
    }
    attention::leave(cx, flow, operator);
}

fn unknown(cx: &mut Cx<'_>, name: &str, operator: &ast::Operator) {
    let near = refused::foreign(name)
        .or_else(|| nearest(name, RUNS.iter().copied().chain(refused::names())))
        .map(str::to_owned);
    let diagnostic = Diagnostic::new(
        Code::UnknownOperator,
        operator.name.span,
        format!("there is no stream operator `.{name}`"),
    );
    cx.say(did_you_mean(diagnostic, near.as_deref(), operator.name.span));
}

/// Lowers a condition over the rows of a flow; warns when it is the same for every row.
pub(super) fn condition(cx: &mut Cx<'_>, flow: &Flow, expr: &ast::Expr) -> ExprId {
    let before = cx.diagnostics.len();
    let mut lower = Lower::at(cx, flow);
    let id = lower.condition(expr);
    let depends = lower.reads_param;
    if !depends && cx.diagnostics.len() == before {
        warn_constant(cx, id, expr);
    }
    id
}

fn warn_constant(cx: &mut Cx<'_>, id: ExprId, expr: &ast::Expr) {
    let varies = |cx: &Cx<'_>| {
        let mut varies = false;
        cx.query.exprs.walk(id, &mut |node| {
            varies |= matches!(cx.query.exprs.get(node), Expr::Field(_) | Expr::Pseudo(_) | Expr::Row);
        });
        varies
    };
    if super::constants::has_poison(&cx.query.exprs, id) || varies(cx) {
        return;
    }
    let (word, effect) = match super::constants::value_of(&cx.query.exprs, id) {
        Some(Value::Bool(true)) => ("true", "every row passes"),
        Some(Value::Bool(false) | Value::Null) => ("false", "no row passes"),
        _ => return,
    };
    cx.say(
        Diagnostic::new(
            Code::ConstantCondition,
            expr.span,
            format!("this condition is always {word}"),
        )
        .label(effect),
    );
}

/// For each stream the events that its rows become by `.emit as`.
pub(super) fn emitted_events(cx: &mut Cx<'_>) -> Vec<Vec<EventId>> {
    let mut made = Vec::with_capacity(cx.drafts.len());
    for at in 0..cx.drafts.len() {
        let (module, body) = (cx.drafts[at].module, cx.drafts[at].body);
        if cx.drafts[at].made.is_some() {
            made.push(Vec::new());
            continue;
        }
        let names = body.operators.iter().filter_map(|operator| operator.as_type.as_ref());
        let mut of: Vec<EventId> = names.filter_map(|name| emitted(cx, module, name)).collect();
        of.extend(process::events(cx, module, &body.operators));
        made.push(of);
    }
    made
}

/// The event that `.emit as` names, if it can be one.
pub(super) fn emitted(cx: &mut Cx<'_>, module: usize, name: &ast::Ident) -> Option<EventId> {
    match cx.lookup(module, &name.name).map(|found| found.what) {
        Some(What::Event(id)) => Some(id),
        Some(_) => None,
        None => Some(cx.undeclared_event(&name.name, name.span)),
    }
}

/// A declared event by name, for `.validate`.
fn declared_event(cx: &mut Cx<'_>, module: usize, name: &ast::Ident) -> Option<EventId> {
    match cx.lookup(module, &name.name) {
        Some(found) => match found.what {
            What::Event(id) => Some(id),
            what => {
                let message = format!("`{}` is {}, not an event", name.name, what.noun());
                cx.say(Diagnostic::new(Code::WrongKind, name.span, message).also(found.span, "declared here"));
                None
            }
        },
        None => {
            let near = nearest_event(cx, module, &name.name);
            let message = format!("no event `{}` is declared", name.name);
            let diagnostic = Diagnostic::new(Code::UnknownEvent, name.span, message);
            cx.say(did_you_mean(diagnostic, near.as_deref(), name.span));
            None
        }
    }
}
