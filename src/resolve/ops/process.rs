//! `.process`, `.on_error`, `.concurrent`: steps with effects, what is done about rows that fail, and how a stream is
//! spread over threads.

use super::{args, project};
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::ir::{EventId, Expr as Ir, ExprId, GlobalId, Named, OnError, Op, Process};
use crate::resolve::context::{Cx, Place, did_you_mean, listed};
use crate::resolve::expr::Lower;
use crate::resolve::flow::Flow;
use crate::resolve::functions;
use crate::resolve::row::{Column, Part};
use crate::syntax::ast::{ArgValue, Expr, ExprKind, Operator};

/// `.process(f(e))`, `.process(e => ..)`
pub(super) fn process(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    flow.leave_aggregation();
    let example = ".process(e => { emit Alert(user: e.user) })";
    let Some(expr) = args::sort(cx, operator, &[]).only(cx, example) else {
        flow.row.forget();
        return;
    };
    let emits = emitted(cx, flow.module, expr);
    let value = match &expr.kind {
        ExprKind::Lambda(params, body) => Lower::at(cx, flow).process_lambda(params, body, expr.span),
        _ => Lower::at(cx, flow).expr(expr),
    };
    let ty = cx.query.exprs.ty(value).clone();
    become_rows_of(cx, flow, &emits, &ty);
    let globals = touched(cx, &[value]);
    flow.push(
        Op::Process(Box::new(Process {
            value,
            globals,
            emits,
            fields: Vec::new(),
        })),
        operator.span,
    );
}

/// The rows behind it: events that it emits, and records that it gives.
fn become_rows_of(cx: &Cx<'_>, flow: &mut Flow, emits: &[EventId], ty: &Type) {
    project::become_rows_of(&mut flow.row, ty);
    let mut parts: Vec<Part> = Vec::new();
    if *ty != Type::Null {
        parts.append(&mut flow.row.parts);
    }
    for &event in emits {
        let part = if cx.event(event).declared {
            let fields = cx.event(event).fields.iter();
            let column = |name: &str| Column {
                name: name.to_owned(),
                ty: cx.event_field(event, name).unwrap_or_default(),
            };
            Part::Columns(fields.map(|field| column(&field.name)).collect::<Vec<_>>().into())
        } else {
            Part::Open
        };
        parts.push(part);
    }
    if parts.is_empty() {
        parts.push(Part::Open);
    }
    flow.row.parts = parts;
}

/// The events that an expression may emit, each once.
fn emitted(cx: &mut Cx<'_>, module: usize, expr: &Expr) -> Vec<EventId> {
    let effects = functions::emits_of(cx, module, expr);
    let mut found = Vec::new();
    for (module, name) in effects {
        if let Some(id) = super::emitted(cx, module, &name)
            && !found.contains(&id)
        {
            found.push(id);
        }
    }
    found
}

/// The variables of the run that expressions touch.
pub(super) fn touched(cx: &Cx<'_>, roots: &[ExprId]) -> Vec<GlobalId> {
    let code = &cx.query.code;
    let mut found: Vec<GlobalId> = Vec::new();
    for &root in roots {
        cx.query.exprs.walk(root, &mut |id| match cx.query.exprs.get(id) {
            Ir::Local(local) => {
                let of = code.globals.iter().position(|global| global.local == *local);
                found.extend(of.map(|at| GlobalId(at as u32)));
            }
            Ir::Invoke(function, _) => found.extend(&code.function(*function).globals),
            _ => {}
        });
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Rows of these fields, row by row; none where no variable of the run is touched.
pub(super) fn fields(cx: &mut Cx<'_>, fields: &[Named], span: Span) -> Option<Op> {
    let roots: Vec<ExprId> = fields.iter().map(|named| named.value).collect();
    let globals = touched(cx, &roots);
    if globals.is_empty() {
        return None;
    }
    let exprs = &mut cx.query.exprs;
    let keys: Vec<ExprId> = fields
        .iter()
        .map(|named| exprs.push(Ir::Lit(Value::str(&named.name)), Type::Str, span))
        .collect();
    let entries = keys.into_iter().zip(roots).collect();
    let ty = fields
        .iter()
        .map(|named| (named.name.clone(), exprs.ty(named.value).clone()));
    let ty = Type::Record(ty.collect());
    let value = exprs.push(Ir::Map(entries), ty, span);
    Some(Op::Process(Box::new(Process {
        value,
        globals,
        emits: Vec::new(),
        fields: fields.iter().map(|named| (named.name.clone(), named.field)).collect(),
    })))
}

/// `.on_error((error, e) => ..)`
pub(super) fn on_error(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let example = ".on_error((error, e) => { emit Failed(why: error.message) })";
    let Some(expr) = args::sort(cx, operator, &[]).only(cx, example) else {
        return;
    };
    let ExprKind::Lambda(params, body) = &expr.kind else {
        cx.say(
            Diagnostic::new(
                Code::LambdaPlace,
                expr.span,
                "`.on_error` takes a lambda of the error and the event",
            )
            .help(format!("for example `{example}`")),
        );
        return;
    };
    if params.is_empty() || params.len() > 2 {
        cx.say(
            Diagnostic::new(
                Code::LambdaPlace,
                expr.span,
                "this lambda takes one or two parameters: the error and the event",
            )
            .help(format!("for example `{example}`")),
        );
        return;
    }
    if flow.ops.is_empty() {
        cx.say(
            Diagnostic::new(
                Code::MisplacedOperator,
                operator.name.span,
                "nothing before this `.on_error` can fail",
            )
            .help("it handles the errors of the operators of this stream that stand before it"),
        );
    }
    let record = Type::Record(vec![
        ("message".to_owned(), Type::Str),
        ("span".to_owned(), Type::Str),
        ("code".to_owned(), Type::Any),
        ("event".to_owned(), Type::Any),
    ]);
    let types = [record, Type::Any];
    let given: Vec<_> = params.iter().zip(types).collect();
    let emits = emitted(cx, flow.module, expr);
    let handler = Lower::constant(cx, flow.module).handler(&given, body);
    flow.push(Op::OnError(OnError { handler, emits }), operator.span);
}

const NAMES: [&str; 3] = ["max_workers", "strategy", "supervision"];
const STRATEGIES: [&str; 3] = ["consistent_hash", "round_robin", "broadcast"];
const SUPERVISION: [&str; 3] = ["max_restarts", "backoff", "circuit_breaker"];

/// `.concurrent(max_workers: 8, strategy: "consistent_hash", supervision: { max_restarts: 3 })`
pub(super) fn concurrent(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let given = args::sort(cx, operator, &[NAMES.as_slice(), &SUPERVISION[..]].concat());
    given.no_plain(cx, ".concurrent(max_workers: 8)");
    if let Some(expr) = given.get("max_workers")
        && let Some(n) = args::int(cx, flow.module, expr)
        && n < 1
    {
        let message = "a stream has at least one worker";
        cx.say(Diagnostic::new(Code::OperatorArguments, expr.span, message));
    }
    if let Some(expr) = given.get("strategy")
        && let Some(strategy) = args::text(cx, flow.module, expr)
    {
        check_strategy(cx, flow, &strategy, expr.span);
    }
    for name in SUPERVISION {
        if let Some(expr) = given.get(name) {
            supervise(cx, flow, name, expr);
        }
    }
    let Some(supervision) = given.get("supervision") else {
        return;
    };
    let ExprKind::Map(entries) = &supervision.kind else {
        cx.say(
            Diagnostic::new(Code::OperatorArguments, supervision.span, "`supervision` takes a map")
                .help("for example `supervision: { max_restarts: 3, circuit_breaker: 5 }`"),
        );
        return;
    };
    for entry in entries {
        let Some(name) = cx.constant_expr(flow.module, &entry.key) else {
            continue;
        };
        match &name {
            Value::Str(name) if SUPERVISION.contains(&&**name) => supervise(cx, flow, name, &entry.value),
            other => {
                let text = match other {
                    Value::Str(text) => text.to_string(),
                    _ => cx.sources.slice(entry.key.span).to_owned(),
                };
                let message = format!("`supervision` has no `{text}`");
                let said = Diagnostic::new(Code::UnknownArgument, entry.key.span, message)
                    .help(format!("it knows {}", listed(SUPERVISION)));
                cx.say(did_you_mean(said, nearest(&text, SUPERVISION), entry.key.span));
            }
        }
    }
}

fn check_strategy(cx: &mut Cx<'_>, flow: &Flow, strategy: &str, span: Span) {
    if !STRATEGIES.contains(&strategy) {
        let message = format!("there is no strategy `{strategy}`");
        let said =
            Diagnostic::new(Code::OperatorArguments, span, message).help(format!("there are {}", listed(STRATEGIES)));
        cx.say(match nearest(strategy, STRATEGIES) {
            Some(near) => said.fix(format!("did you mean `{near}`?"), span, format!("\"{near}\"")),
            None => said,
        });
        return;
    }
    if strategy == "round_robin" && !flow.keys.is_empty() {
        cx.say(
            Diagnostic::new(
                Code::OperatorArguments,
                span,
                "`round_robin` would take the events of one key to several workers",
            )
            .also(flow.keys[0].span, "the rows are partitioned here")
            .help("a partitioned stream is spread by its key: `strategy: \"consistent_hash\"`"),
        );
    }
}

fn supervise(cx: &mut Cx<'_>, flow: &mut Flow, name: &str, expr: &Expr) {
    if name == "backoff" {
        if args::duration(cx, flow.module, expr).is_some() {
            cx.say(
                Diagnostic::new(
                    Code::DiffersFromPublic,
                    expr.span,
                    "nothing waits in a replay: `backoff` has no effect",
                )
                .help("restarts are counted as rows that failed"),
            );
        }
        return;
    }
    let Some(n) = args::int(cx, flow.module, expr) else {
        return;
    };
    let least = i64::from(name == "circuit_breaker");
    let Some(n) = u64::try_from(n).ok().filter(|_| n >= least) else {
        let message = format!("`{name}` is at least {least}");
        cx.say(Diagnostic::new(Code::OperatorArguments, expr.span, message));
        return;
    };
    // So many rows may fail.
    let allowed = if name == "circuit_breaker" { n - 1 } else { n };
    flow.breaker = Some(flow.breaker.map_or(allowed, |known| known.min(allowed)));
}

/// Where the expressions of an operator stand.
pub(super) fn place(operator: &Operator) -> Place {
    match operator.name.name.as_str() {
        "process" => Place::Process,
        "on_error" => Place::OnError,
        "map" | "select" | "emit" => Place::Rows,
        other => Place::Other(other.to_owned()),
    }
}

/// The events that the operators of a stream may emit in `.process` and `.on_error`.
pub(super) fn events(cx: &mut Cx<'_>, module: usize, operators: &[Operator]) -> Vec<EventId> {
    let mut found = Vec::new();
    let acts = |operator: &&Operator| matches!(operator.name.name.as_str(), "process" | "on_error");
    for operator in operators.iter().filter(acts) {
        for arg in &operator.args {
            if let ArgValue::Expr(expr) = &arg.value {
                found.extend(emitted(cx, module, expr));
            }
        }
    }
    found
}
