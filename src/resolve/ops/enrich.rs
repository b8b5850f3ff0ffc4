//! `.enrich(C, key: expr, fields: [a, b])`: fields looked up in a table.

use super::{args, window};
use crate::data::{FieldId, Type};
use crate::diag::{Code, Diagnostic, nearest};
use crate::ir::{Enrich, Op};
use crate::resolve::context::{Cx, What, did_you_mean};
use crate::resolve::expr::Lower;
use crate::resolve::flow::Flow;
use crate::resolve::row::Column;
use crate::resolve::{config, connectors};
use crate::syntax::ast::{Expr, ExprKind, Ident, Operator};

/// Arguments for tables that a service answers for.
const SERVICE: [&str; 2] = ["cache_ttl", "timeout"];
const EXAMPLE: &str = ".enrich(Users, key: user, fields: [department])";

/// `.enrich(C, key: expr, fields: [a, b])`
pub(super) fn enrich(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let operator = &without_service(cx, operator);
    let args = args::sort(cx, operator, &["key", "fields"]);
    let table = args.only(cx, EXAMPLE).and_then(|expr| table(cx, flow, expr));
    let key = args.get("key").map(|expr| Lower::at(cx, flow).expr(expr));
    let fields = args.get("fields").map(|expr| fields(cx, flow, expr));
    for (given, what, example) in [
        (key.is_some(), "the key to look up", "key: user"),
        (fields.is_some(), "the fields to add", "fields: [department]"),
    ] {
        if !given {
            let message = format!("`.enrich` needs to be told {what}");
            cx.say(
                Diagnostic::new(Code::BadTable, operator.span, message)
                    .help(format!("name it: `{example}`, as in `{EXAMPLE}`")),
            );
        }
    }
    let added = fields.clone().unwrap_or_default();
    let column = |(name, _): &(String, FieldId)| Column {
        name: name.clone(),
        ty: Type::Any,
    };
    let mut columns: Vec<Column> = added.iter().map(column).collect();
    columns.push(Column {
        name: "enrich_status".to_owned(),
        ty: Type::Str,
    });
    flow.row.add(&columns);
    if let (Some((table, span)), Some(key), Some(fields)) = (table, key, fields) {
        let status = window::name_field(cx, "enrich_status");
        let enrich = Enrich {
            table,
            key,
            fields,
            status,
            span,
        };
        flow.push(Op::Enrich(Box::new(enrich)), operator.span);
    }
}

/// The operator without arguments that only a service has a use for.
fn without_service(cx: &mut Cx<'_>, operator: &Operator) -> Operator {
    let mut operator = operator.clone();
    operator.args.retain(|arg| {
        let of_service = arg.names.first().filter(|name| SERVICE.contains(&name.name.as_str()));
        if let Some(name) = of_service {
            let what = format!("the argument `{}`", name.name);
            config::not_in_replay(cx, &what, name.span, "the table is read once, before the run");
        }
        of_service.is_none()
    });
    operator
}

/// The table of a connector's name, and where the name stands.
fn table(cx: &mut Cx<'_>, flow: &Flow, expr: &Expr) -> Option<(crate::ir::Table, crate::diag::Span)> {
    let path: Vec<Ident> = match &expr.kind {
        ExprKind::Name(name) => vec![name.clone()],
        ExprKind::Field(of, name) => match &of.kind {
            ExprKind::Name(alias) => vec![alias.clone(), name.clone()],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let Some(name) = path.last() else {
        let message = "`.enrich` looks up in a table that a connector names";
        cx.say(
            Diagnostic::new(Code::BadTable, expr.span, message)
                .help("declare it: `connector Users = file(path: \"users.csv\", key: \"id\")`"),
        );
        return None;
    };
    let found = cx.lookup_path(flow.module, &path).ok()?;
    match found.map(|found| (found.what, found.span)) {
        Some((What::Connector(connector, module), _)) => {
            connectors::table(cx, module, connector).map(|table| (table, expr.span))
        }
        Some((what, declared)) => {
            let message = format!("`{}` is {}, not a connector", name.name, what.noun());
            cx.say(Diagnostic::new(Code::WrongKind, expr.span, message).also(declared, "declared here"));
            None
        }
        None => {
            let connectors = cx.scopes[flow.module].iter();
            let names = connectors
                .filter(|(_, declared)| matches!(declared.what, What::Connector(..)))
                .map(|(name, _)| *name);
            let near = nearest(&name.name, names).map(str::to_owned);
            let message = format!("no connector `{}` is declared", name.name);
            let diagnostic = Diagnostic::new(Code::BadTable, name.span, message).help(format!(
                "declare it: `connector {} = file(path: \"users.csv\", key: \"id\")`",
                name.name
            ));
            cx.say(did_you_mean(diagnostic, near.as_deref(), name.span));
            None
        }
    }
}

/// `[a, b]`: columns of the table, bare or as text.
fn fields(cx: &mut Cx<'_>, flow: &Flow, expr: &Expr) -> Vec<(String, FieldId)> {
    let ExprKind::List(items) = &expr.kind else {
        cx.say(
            Diagnostic::new(Code::BadTable, expr.span, "the fields to add are a list of names")
                .help("for example `fields: [department, manager]`"),
        );
        return Vec::new();
    };
    let mut fields: Vec<(String, FieldId)> = Vec::new();
    for item in items {
        let name = match &item.kind {
            ExprKind::Name(name) => Some(name.name.clone()),
            _ => args::text(cx, flow.module, item),
        };
        let Some(name) = name else { continue };
        if fields.iter().any(|(other, _)| *other == name) {
            let message = format!("the field `{name}` is given twice");
            cx.say(Diagnostic::new(Code::DuplicateColumn, item.span, message).label("again here"));
            continue;
        }
        let field = window::name_field(cx, &name);
        fields.push((name, field));
    }
    fields
}
