//! `.emit`, `.to`, `.validate`: rows leave, become events, or are checked as such.

use super::{args, project};
use crate::data::Type;
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::ir::{EventId, Named, Op, Target};
use crate::resolve::connectors;
use crate::resolve::context::{Cx, What, did_you_mean, listed};
use crate::resolve::flow::Flow;
use crate::resolve::row::{Found, Part};
use crate::resolve::types::{fits, shown};
use crate::syntax::ast::{Expr, ExprKind, Ident, Operator};

/// `.emit(a: expr, ...)`, `.emit()`, `.emit as T (...)`
pub(super) fn emit(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let as_type = operator.as_type.as_ref().and_then(|name| as_event(cx, flow, name));
    let fields = (!operator.args.is_empty()).then(|| project::named(cx, flow, operator, &operator.args));
    if let (Some(id), Some(name)) = (as_type, &operator.as_type) {
        check_event(cx, flow, id, name, fields.as_deref(), operator);
    }
    if let Some(fields) = &fields {
        flow.project(cx, fields);
    }
    flow.emits = true;
    let row_by_row = fields
        .as_deref()
        .and_then(|fields| super::process::fields(cx, fields, operator.span));
    let op = match row_by_row {
        Some(op) => {
            flow.push(op, operator.span);
            Op::Emit { as_type, fields: None }
        }
        None => Op::Emit { as_type, fields },
    };
    flow.push(op, operator.span);
}

/// The event that the rows become; none when it was said that it is none.
fn as_event(cx: &mut Cx<'_>, flow: &Flow, name: &Ident) -> Option<EventId> {
    let event = super::emitted(cx, flow.module, name);
    if event.is_none()
        && let Some(found) = cx.lookup(flow.module, &name.name)
    {
        let message = format!("`{}` is {}, not an event", name.name, found.what.noun());
        cx.say(Diagnostic::new(Code::WrongKind, name.span, message).also(found.span, "declared here"));
    }
    event
}

/// Rows that become a declared event must have its fields.
fn check_event(cx: &mut Cx<'_>, flow: &Flow, id: EventId, name: &Ident, fields: Option<&[Named]>, operator: &Operator) {
    if !cx.event(id).declared {
        return;
    }
    let event = cx.event(id).clone();
    let given = |wanted: &str| match fields {
        Some(fields) => fields.iter().find(|named| named.name == wanted).map(|named| {
            let node = cx.query.exprs.node(named.value);
            (node.ty.clone(), node.span)
        }),
        None => match flow.row.find(cx, wanted) {
            Found::Yes(ty) => Some((ty, operator.span)),
            Found::Maybe => Some((Type::Any, operator.span)),
            Found::No => None,
        },
    };
    let mut said: Vec<Diagnostic> = Vec::new();
    let mut missing: Vec<&str> = Vec::new();
    for field in &event.fields {
        match given(&field.name) {
            None if field.required => missing.push(&field.name),
            Some((ty, span)) if !fits(&ty, &field.ty) => said.push(
                Diagnostic::new(
                    Code::EventMisfit,
                    span,
                    format!(
                        "`{}` of `{}` is `{}`, not {}",
                        field.name,
                        event.name,
                        field.ty,
                        shown(&ty)
                    ),
                )
                .label(format!("this is {}", shown(&ty)))
                .also(event.span, "declared here"),
            ),
            _ => {}
        }
    }
    for named in fields.unwrap_or_default() {
        if !event.fields.iter().any(|field| field.name == named.name) {
            let names: Vec<&str> = event.fields.iter().map(|field| field.name.as_str()).collect();
            let span = place_of(operator, &named.name);
            let message = format!("`{}` has no field `{}`", event.name, named.name);
            let diagnostic = Diagnostic::new(Code::EventMisfit, span, message)
                .also(event.span, "declared here")
                .help(format!("its fields are {}", listed(names.iter().copied())));
            said.push(did_you_mean(diagnostic, nearest(&named.name, names), span));
        }
    }
    if !missing.is_empty() {
        let message = format!(
            "`{}` needs {}, which the row does not have",
            event.name,
            listed(missing)
        );
        said.push(Diagnostic::new(Code::EventMisfit, name.span, message).also(event.span, "declared here"));
    }
    cx.diagnostics.extend(said);
}

/// Where a field of an operator is named.
fn place_of(operator: &Operator, name: &str) -> Span {
    let of = |arg: &crate::syntax::ast::Arg| match arg.names.first() {
        Some(given) => (given.name == name).then_some(given.span),
        None => match &arg.value {
            crate::syntax::ast::ArgValue::Expr(expr) => project::own_name(expr)
                .filter(|(own, _)| own == name)
                .map(|(_, span)| span),
            _ => None,
        },
    };
    operator.args.iter().find_map(of).unwrap_or(operator.span)
}

/// `.validate(schema: E)`
pub(super) fn validate(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let args = args::sort(cx, operator, &["schema"]);
    let Some(expr) = args.get("schema").or_else(|| args.only(cx, ".validate(schema: Login)")) else {
        return;
    };
    let ExprKind::Name(name) = &expr.kind else {
        let message = "`.validate` takes the name of a declared event";
        cx.say(
            Diagnostic::new(Code::OperatorArguments, expr.span, message).help("for example `.validate(schema: Login)`"),
        );
        return;
    };
    if let Some(id) = super::declared_event(cx, flow.module, name) {
        if matches!(flow.row.parts.as_slice(), [Part::Open]) {
            flow.row.parts = vec![Part::Event(id)];
        }
        flow.push(Op::Validate(id), operator.span);
    }
}

/// `.to("alerts.jsonl")`, `.to(["a.jsonl", "b.json.zst"])`
pub(super) fn to(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let Some(first) = operator.args.first() else {
        cx.say(
            Diagnostic::new(Code::OperatorArguments, operator.span, "`.to` needs a path")
                .help("for example `.to(\"alerts.jsonl\")`"),
        );
        return;
    };
    let Some(expr) = args::expr_of(cx, operator, first) else {
        return;
    };
    if is_connector(cx, flow, expr) {
        return;
    }
    let args = args::sort(cx, operator, &[]);
    for expr in &args.plain {
        match &expr.kind {
            ExprKind::List(items) => items.iter().for_each(|item| target(cx, flow, item)),
            _ => target(cx, flow, expr),
        }
    }
}

/// Whether rows go to a connector; says so.
fn is_connector(cx: &mut Cx<'_>, flow: &Flow, expr: &Expr) -> bool {
    let name = match &expr.kind {
        ExprKind::Name(name) => name,
        ExprKind::Call(callee, _) => match &callee.kind {
            ExprKind::Name(name) => {
                cx.refuse(expr.span, format!("the connector `{}`", name.name));
                return true;
            }
            _ => return false,
        },
        _ => return false,
    };
    match cx.lookup(flow.module, &name.name).map(|found| found.what) {
        Some(What::Connector(connector, _)) => {
            // The others are refused where they are declared.
            if connectors::runs(connector) {
                let message = format!("`{}` is a table to look up in, not an output", name.name);
                cx.say(
                    Diagnostic::new(Code::BadOutput, name.span, message)
                        .also(connector.name.span, "declared here")
                        .help("a file is given as text: `.to(\"alerts.jsonl\")`"),
                );
            }
            true
        }
        Some(_) => false,
        None => {
            let connectors = cx.scopes[flow.module].iter();
            let names = connectors
                .filter(|(_, d)| matches!(d.what, What::Connector(..)))
                .map(|(name, _)| *name);
            let near = nearest(&name.name, names).map(str::to_owned);
            let message = format!("no connector `{}` is declared", name.name);
            let diagnostic = Diagnostic::new(Code::BadOutput, name.span, message)
                .help("a file is given as text: `.to(\"alerts.jsonl\")`");
            cx.say(did_you_mean(diagnostic, near.as_deref(), name.span));
            true
        }
    }
}

/// Whether a file's name says how it is written: by its ending below that of a compression, which
/// alone means JSON lines; a folder takes a file of the stream's name.
fn says_format(path: &str) -> bool {
    let lower = path.to_lowercase();
    let plain = lower
        .strip_suffix(".gz")
        .or_else(|| lower.strip_suffix(".zst"))
        .unwrap_or(&lower);
    let text = [".jsonl", ".json", ".ndjson", ".csv", ".tsv"];
    let typed = [".parquet", ".arrow", ".feather", ".ipc"];
    let compressed = plain.len() < lower.len();
    let is_typed = typed.iter().any(|ending| plain.ends_with(ending));
    text.iter().any(|ending| plain.ends_with(ending)) || lower.ends_with('/') || is_typed != compressed
}

fn target(cx: &mut Cx<'_>, flow: &mut Flow, expr: &Expr) {
    let Some(path) = args::text(cx, flow.module, expr) else {
        return;
    };
    if says_format(&path) {
        flow.targets.push(Target { path, span: expr.span });
        return;
    }
    let lower = path.to_lowercase();
    let message = if lower.ends_with(".gz") || lower.ends_with(".zst") {
        format!("`{path}` is compressed by its format already")
    } else {
        format!("the name `{path}` does not say in which format to write")
    };
    cx.say(Diagnostic::new(Code::BadOutput, expr.span, message).help(
        "end it in `.jsonl`, `.csv` or `.tsv` (also `.jsonl.gz`, `.csv.zst`), `.parquet`, `.arrow`, or in `/` for a folder",
    ));
}
