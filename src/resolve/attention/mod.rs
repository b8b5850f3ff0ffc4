//! Attention windows: `.attention_window(...)`, `.pattern(name: events => ..)`, and what the operators
//! behind these ask of the window.
//!
//! Every expression that asks the window something is computed by the window's operator, event by
//! event: it becomes a hidden field of the row. Conditions that stand directly behind the window are
//! part of it, so that what comes after them is computed only for the events that pass.

mod calls;
mod elements;
mod embedding;
mod features;
mod settings;

pub(super) use calls::FUNCTIONS;
pub(super) use embedding::Declared;

use std::rc::Rc;

use settings::Tree;

use super::context::Cx;
use super::expr::{Local, Lower, ROW_FUNCTIONS};
use super::flow::Flow;
use super::ops;
use super::row::Row;
use super::types::shown;
use super::walk::{first_name, mentions, plain_call, walk};
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{self, AggFunction, AttentionStep, ExprId, LocalId, Op, Reach};
use crate::syntax::ast::{Arg, ArgValue, Expr, ExprKind, Operator};

/// The attention window in force.
#[derive(Clone, Debug)]
pub(super) struct Attending {
    /// Its operator, among those of the stream.
    at: usize,
    /// `events`
    events: LocalId,
    /// The rows as they come to the window.
    row: Row,
    /// The type of one of its events.
    element: Type,
    /// Whether only conditions have come since, so that another may be part of the window.
    adjoins: bool,
}

const ARGUMENTS: &[&str] = &["duration", "count", "heads", "embedding", "index"];
/// What `config: attention:` may say of all windows that do not say it themselves.
const DEFAULTS: &[&str] = &["duration", "count", "heads", "index"];

/// `.attention_window(duration: d | count: n, ...)`
pub(super) fn window(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let args = ops::sorted(cx, operator, ARGUMENTS);
    args.no_plain(cx, ".attention_window(duration: 5m)");
    if let Some(open) = flow.window {
        cx.say(
            Diagnostic::new(
                Code::MisplacedOperator,
                operator.name.span,
                "an attention window cannot stand within another window",
            )
            .also(open.span, "this one")
            .help("aggregate the rows of the other window first, or take it out"),
        );
    }
    let declared = cx.attention.clone();
    let defaults = declared
        .as_ref()
        .map(|of| (settings::of_block(of.entries, of.span), of.module));
    if let Some((entries, _)) = &defaults {
        cx.used.insert(entries.span);
        entries.check(cx, "the configuration `attention`", DEFAULTS);
    }
    let setting = |name: &str| -> Option<(Tree<'_>, usize)> {
        if let Some(expr) = args.get(name) {
            return Some((settings::of_expr(expr), flow.module));
        }
        // How far a window reaches is one thing, said by time or by number.
        if matches!(name, "duration" | "count") && (args.get("duration").is_some() || args.get("count").is_some()) {
            return None;
        }
        let (entries, module) = defaults.as_ref()?;
        Some((entries.get(name)?.clone(), *module))
    };
    let reach = reach(cx, operator, setting("duration"), setting("count"));
    let index = match setting("index") {
        Some((tree, module)) => settings::word(cx, module, "index", &tree, &["exact", "ivf"]),
        None => Some("exact"),
    };
    let heads = setting("heads");
    let made = embedding::embedding(cx, flow, args.get("embedding"), heads, operator.name.span);
    let events = cx.local();
    let element = flow.row.ty(cx);
    let row = flow.row.clone();
    flow.leave_aggregation();
    flow.row.aliases.push(("event".to_owned(), operator.name.span));
    cx.used.insert(operator.name.span);
    if let (Some(reach), Some(index), Some(embedding)) = (reach, index, made) {
        let attention = ir::Attention {
            reach,
            embedding,
            index: if index == "ivf" {
                ir::Index::Ivf
            } else {
                ir::Index::Exact
            },
            steps: Vec::new(),
            events,
            element: None,
            novelties: Vec::new(),
        };
        flow.push(Op::Attention(Box::new(attention)), operator.span);
    } else {
        flow.refused = true;
    }
    flow.attention = Some(Attending {
        at: flow.ops.len().saturating_sub(1),
        events,
        row,
        element,
        adjoins: true,
    });
}

fn reach(
    cx: &mut Cx<'_>,
    operator: &Operator,
    duration: Option<(Tree<'_>, usize)>,
    count: Option<(Tree<'_>, usize)>,
) -> Option<Reach> {
    match (duration, count) {
        (Some((tree, module)), None) => {
            let (value, span) = settings::constant(cx, module, &tree)?;
            match value {
                Value::Duration(time) if time > 0 => Some(Reach::Time(time)),
                _ => {
                    settings::misfit(
                        cx,
                        span,
                        "the time of an attention window is a duration: `30s`, `5m`, `1h`",
                    );
                    None
                }
            }
        }
        (None, Some((tree, module))) => {
            let count = settings::count(cx, module, "count", &tree, (1, 1 << 30))?;
            Some(Reach::Count(u64::from(count)))
        }
        (None, None) => {
            let message = "an attention window needs to know how far it reaches back";
            cx.say(
                Diagnostic::new(Code::OperatorArguments, operator.name.span, message)
                    .help("by time, `.attention_window(duration: 5m)`, or by events, `.attention_window(count: 100)`"),
            );
            None
        }
        (Some(_), Some((second, _))) => {
            let message = "an attention window reaches back by time or by number, not by both";
            cx.say(Diagnostic::new(Code::OperatorArguments, second.span(), message));
            None
        }
    }
}

/// `.pattern(name: events => cond, ...)`
pub(super) fn pattern(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let Some(attending) = flow.attention.clone() else {
        if !flow.refused {
            let message = "`.pattern` looks at an attention window, and there is none before it";
            cx.say(
                Diagnostic::new(Code::MisplacedOperator, operator.name.span, message)
                    .help("put `.attention_window(duration: 5m)` before it; sequences of events are written `A -> B`"),
            );
        }
        return;
    };
    let mut named: Vec<(String, ExprId)> = Vec::new();
    for arg in &operator.args {
        let Some((name, condition)) = one_pattern(cx, flow, &attending, operator, arg) else {
            continue;
        };
        if named.iter().any(|(known, _)| *known == name) {
            let message = format!("two patterns are called `{name}`");
            cx.say(Diagnostic::new(Code::DuplicateColumn, arg.span, message));
        }
        named.push((name, condition));
    }
    if operator.args.is_empty() {
        cx.say(
            Diagnostic::new(
                Code::OperatorArguments,
                operator.span,
                "`.pattern` needs a name and a condition",
            )
            .help("for example `.pattern(burst: events => events.len() > 10)`"),
        );
    }
    let field = cx.query.fields.intern(crate::data::Path::key("pattern_name"));
    step(cx, flow, &attending, AttentionStep::Pattern { field, named });
    flow.add(&[("pattern_name", Type::Str)]);
}

/// A name and its condition over the events.
fn one_pattern(
    cx: &mut Cx<'_>,
    flow: &Flow,
    attending: &Attending,
    operator: &Operator,
    arg: &Arg,
) -> Option<(String, ExprId)> {
    let expr = ops::expr_of(cx, operator, arg)?;
    let [name] = arg.names.as_slice() else {
        cx.say(
            Diagnostic::new(
                Code::NeedsName,
                arg.span,
                "a pattern over an attention window needs a name",
            )
            .help("for example `.pattern(burst: events => events.len() > 10)`"),
        );
        return None;
    };
    let mut lower = within(cx, flow, attending);
    let id = match &expr.kind {
        ExprKind::Lambda(params, body) => {
            let [param] = params.as_slice() else {
                cx.say(
                    Diagnostic::new(
                        Code::LambdaPlace,
                        expr.span,
                        "this lambda takes one parameter, the events",
                    )
                    .help("write it as `events => ..`; the event at hand is `event`"),
                );
                return None;
            };
            let ty = Type::List(Box::new(attending.element.clone()));
            lower
                .locals
                .push((param.name.name.clone(), Local::Value(attending.events, ty)));
            lower.body(body)
        }
        _ => lower.expr(expr),
    };
    let ty = cx.query.exprs.ty(id).clone();
    if !matches!(ty.non_null(), Type::Bool | Type::Any | Type::Null) {
        let message = format!("a condition must be a `bool`, this is {}", shown(&ty));
        let span = cx.query.exprs.span(id);
        cx.say(Diagnostic::new(Code::ConditionNotBool, span, message));
    }
    Some((name.name.clone(), id))
}

/// A condition directly behind the window; false where it is none, and is an operator of its own.
pub(super) fn keep(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) -> bool {
    let Some(attending) = flow.attention.clone().filter(|of| of.adjoins) else {
        return false;
    };
    let args = ops::sorted(cx, operator, &[]);
    let Some(expr) = args.only(cx, ".where(attention_novelty(event) > 0.99)") else {
        return true;
    };
    let mut lower = within(cx, flow, &attending);
    let id = match &expr.kind {
        ExprKind::Lambda(params, body) => lower.row_lambda(params, body, expr.span),
        _ => lower.condition(expr),
    };
    step(cx, flow, &attending, AttentionStep::Keep(id));
    true
}

/// Computes what the arguments of an operator ask of the window, before the operator.
pub(super) fn hoist(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let Some(mut attending) = flow.attention.clone() else {
        return;
    };
    match operator.name.name.as_str() {
        "pattern" => return,
        "where" | "filter" if attending.adjoins => return,
        _ => {}
    }
    attending.adjoins = false;
    flow.attention = Some(attending.clone());
    let over_rows = operator.name.name == "aggregate";
    for arg in &operator.args {
        let (ArgValue::Expr(expr) | ArgValue::Sorted(expr, _)) = &arg.value else {
            continue;
        };
        let row = match &expr.kind {
            ExprKind::Lambda(params, _) => params.first().map(|param| param.name.name.as_str()),
            _ => None,
        };
        let mut found: Vec<&Expr> = Vec::new();
        walk(expr, &mut |expr, bound| {
            let bound = &bound[usize::from(row.is_some()).min(bound.len())..];
            if asks(expr) && stands_alone(expr, bound, over_rows) {
                found.push(expr);
                return false;
            }
            true
        });
        for expr in found {
            compute(cx, flow, &attending, row, expr);
        }
    }
}

fn compute(cx: &mut Cx<'_>, flow: &mut Flow, attending: &Attending, row: Option<&str>, expr: &Expr) {
    let mut lower = within(cx, flow, attending);
    if let Some(row) = row {
        lower.locals.push((row.to_owned(), Local::Row));
    }
    let value = lower.expr(expr);
    let ty = cx.query.exprs.ty(value).clone();
    let field = cx.hidden("attention");
    let compute = AttentionStep::Compute {
        field,
        name: None,
        value,
    };
    step(cx, flow, attending, compute);
    Rc::make_mut(&mut flow.given).insert(expr.span, (field, ty));
}

/// Whether something in an expression is asked of the window.
fn asks(expr: &Expr) -> bool {
    let mut found = mentions(expr, &["events"]);
    walk(expr, &mut |expr, _| {
        found |= called(expr).is_some_and(calls::is_function);
        !found
    });
    found
}

/// The name of the function or method that an expression calls.
fn called(expr: &Expr) -> Option<&str> {
    let ExprKind::Call(callee, _) = &expr.kind else {
        return None;
    };
    match &callee.kind {
        ExprKind::Name(name) | ExprKind::Field(_, name) => Some(&name.name),
        _ => None,
    }
}

/// Whether an expression can be computed by itself at the window: a value, that reads no name bound
/// around it, and looks at no other rows.
fn stands_alone(expr: &Expr, bound: &[&str], over_rows: bool) -> bool {
    if matches!(expr.kind, ExprKind::Lambda(..) | ExprKind::Map(_) | ExprKind::Block(_)) || mentions(expr, bound) {
        return false;
    }
    let mut alone = true;
    walk(expr, &mut |expr, _| {
        if let Some((name, args)) = plain_call(expr) {
            let of_rows = ROW_FUNCTIONS.contains(&name.name.as_str());
            let of_events = args
                .first()
                .and_then(|arg| first_name(arg))
                .is_some_and(|of| of.name == "events");
            let aggregates = over_rows && !of_events && AggFunction::lookup(&name.name).is_some();
            alone &= !of_rows && !aggregates;
        }
        alone
    });
    alone
}

/// Lowers expressions at the window: with `events` and `event`.
fn within<'c, 'a>(cx: &'c mut Cx<'a>, flow: &Flow, attending: &Attending) -> Lower<'c, 'a> {
    let mut lower = Lower::at(cx, flow);
    let events = Type::List(Box::new(attending.element.clone()));
    lower
        .locals
        .push(("events".to_owned(), Local::Value(attending.events, events)));
    lower.locals.push(("event".to_owned(), Local::Row));
    lower.window = Some(super::expr::AtWindow {
        element: attending.element.clone(),
        novelties: novelties(flow, attending),
        events: attending.events,
    });
    lower
}

fn novelties(flow: &Flow, attending: &Attending) -> usize {
    match flow.ops.get(attending.at).map(|operator| &operator.op) {
        Some(Op::Attention(attention)) => attention.novelties.len(),
        _ => 0,
    }
}

/// Adds a step to the window's operator.
fn step(cx: &mut Cx<'_>, flow: &mut Flow, attending: &Attending, step: AttentionStep) {
    let novelties = std::mem::take(&mut cx.novelties);
    let Some(Op::Attention(attention)) = flow.ops.get_mut(attending.at).map(|operator| &mut operator.op) else {
        return;
    };
    attention.novelties.extend(novelties);
    attention.steps.push(step);
}

/// Behind operators that make other rows the window is gone.
pub(super) fn leave(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    const MAKE_ROWS: &[&str] = &["select", "map", "flat_map", "aggregate", "process", "emit"];
    if flow.attention.is_none() || !MAKE_ROWS.contains(&operator.name.name.as_str()) {
        return;
    }
    finish(cx, flow);
    flow.row.aliases.retain(|(alias, _)| alias != "event");
}

/// Decides what the window keeps of each event.
pub(super) fn finish(cx: &mut Cx<'_>, flow: &mut Flow) {
    let Some(attending) = flow.attention.take() else { return };
    let Some(operator) = flow.ops.get(attending.at).cloned() else {
        return;
    };
    let Op::Attention(attention) = &operator.op else { return };
    let element = elements::record(cx, &attending.row, attention, operator.span);
    if let Some(Op::Attention(attention)) = flow.ops.get_mut(attending.at).map(|operator| &mut operator.op) {
        attention.element = element;
    }
}

/// Where an attention function stands without a window.
pub(super) fn misplaced(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::FunctionPlace,
        span,
        format!("`{name}` asks an attention window, and there is none here"),
    )
    .help("it stands in the operators behind `.attention_window(..)`, up to the first that makes other rows")
}
