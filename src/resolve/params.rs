//! `--param name=value`: values given from outside.
//!
//! Each becomes a text of its own, `--param name=value`, so that what is wrong with it is shown in
//! a frame like everything else.

use super::Options;
use super::constants::{Given, widen};
use super::context::{Cx, did_you_mean, listed};
use super::types::{a_type, fits, shown, type_of};
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, SourceMap, Span, nearest};
use crate::syntax::{self, ast};

/// A value from outside.
#[derive(Debug)]
pub(super) struct GivenParam {
    /// The value as written.
    text: String,
    /// Where it stands.
    value: Span,
    /// Where the name stands.
    name: Span,
    /// The value as an expression, if it is one.
    parsed: Option<ast::Expr>,
}

const FLAG: &str = "--param ";

/// Puts the values into texts of their own and parses them. Of several for one name the last counts.
pub(super) fn given(sources: &mut SourceMap, options: &Options) -> Given {
    let mut given = Given::new();
    for (name, text) in &options.params {
        let file = sources.add("<command line>", format!("{FLAG}{name}={text}"));
        let start = FLAG.len() + name.len() + 1;
        let param = GivenParam {
            text: text.clone(),
            value: Span::new(file, start, start + text.len()),
            name: Span::new(file, FLAG.len(), FLAG.len() + name.len()),
            parsed: parse(file, name, text),
        };
        given.insert(name.clone(), param);
    }
    given
}

/// The value as an expression whose spans fit the text of [`given`].
fn parse(file: crate::diag::FileId, name: &str, text: &str) -> Option<ast::Expr> {
    let blank = "x".repeat(name.len());
    let program = format!("let     {blank}={text}");
    let mut parsed = syntax::parse(file, &program);
    if !parsed.diagnostics.is_empty() || parsed.program.items.len() != 1 {
        return None;
    }
    match parsed.program.items.pop()?.kind {
        ast::ItemKind::Binding(binding) => Some(binding.value),
        _ => None,
    }
}

/// Names that the program does not have.
pub(super) fn check_names(cx: &mut Cx<'_>, given: &Given) {
    let main = cx.modules.len() - 1;
    let params: Vec<&str> = cx
        .constants
        .iter()
        .filter(|constant| constant.is_param && constant.module == main)
        .map(|constant| constant.name.name.as_str())
        .collect();
    for (name, param) in given {
        if params.contains(&name.as_str()) {
            continue;
        }
        let diagnostic = Diagnostic::new(
            Code::UnknownParam,
            param.name,
            format!("the program has no parameter `{name}`"),
        );
        let diagnostic = if params.is_empty() {
            diagnostic.help("the program declares none; `param name: int = 10` does")
        } else {
            diagnostic.help(format!("it has {}", listed(params.iter().copied())))
        };
        cx.say(did_you_mean(
            diagnostic,
            nearest(name, params.iter().copied()),
            param.name,
        ));
    }
}

/// A parameter without default that nobody set.
pub(super) fn missing(cx: &mut Cx<'_>, name: &ast::Ident, is_main: bool) {
    let diagnostic = Diagnostic::new(
        Code::MissingParam,
        name.span,
        format!("the parameter `{}` has no value", name.name),
    );
    cx.say(if is_main {
        diagnostic.help(format!(
            "set it with `--param {}=VALUE`, or give it a default",
            name.name
        ))
    } else {
        diagnostic.help("parameters of imported files are not set from outside; give it a default")
    });
}

/// The value as the declared type has it; none when it was said that it does not fit.
pub(super) fn value(cx: &mut Cx<'_>, name: &ast::Ident, given: &GivenParam, wanted: &Type) -> Option<Value> {
    if *wanted.non_null() == Type::Str {
        return Some(text_value(given));
    }
    let main = cx.modules.len() - 1;
    let before = cx.diagnostics.len();
    let literal = given.parsed.as_ref().filter(|expr| is_literal(expr));
    let found = timestamp(given, wanted).or_else(|| cx.constant_expr(main, literal?));
    cx.diagnostics.truncate(before);
    match found {
        Some(value) if fits(&type_of(&value), wanted) => Some(widen(value, wanted)),
        None if *wanted == Type::Any => Some(Value::str(&given.text)),
        other => {
            let what = other.map_or_else(|| "no value of that type".to_owned(), |value| shown(&type_of(&value)));
            cx.say(
                Diagnostic::new(
                    Code::BadParamValue,
                    given.value,
                    format!("`{}` must be {}, not `{}`", name.name, a_type(wanted), given.text),
                )
                .label(format!("this is {what}"))
                .also(name.span, "declared here")
                .help(example(&name.name, wanted)),
            );
            None
        }
    }
}

/// Whether the value is written out: `10-2` is text, not 8.
fn is_literal(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ast::ExprKind::Lit(_) => true,
        ast::ExprKind::Unary(ast::UnaryOp::Neg, inner) => matches!(inner.kind, ast::ExprKind::Lit(_)),
        ast::ExprKind::List(items) | ast::ExprKind::Tuple(items) => items.iter().all(is_literal),
        ast::ExprKind::Map(entries) => entries
            .iter()
            .all(|entry| is_literal(&entry.key) && is_literal(&entry.value)),
        _ => false,
    }
}

/// Text needs no quotes from outside; where it has them they are taken off.
fn text_value(given: &GivenParam) -> Value {
    match given.parsed.as_ref().map(|expr| &expr.kind) {
        Some(ast::ExprKind::Lit(text @ Value::Str(_))) => text.clone(),
        _ => Value::str(&given.text),
    }
}

/// A time without its `@`.
fn timestamp(given: &GivenParam, wanted: &Type) -> Option<Value> {
    let is_time = *wanted.non_null() == Type::Timestamp;
    let text = given.text.trim_start_matches('@').as_bytes();
    is_time.then(|| crate::data::time::parse_timestamp(text).map(Value::Timestamp))?
}

fn example(name: &str, wanted: &Type) -> String {
    let value = match wanted.non_null() {
        Type::Int => "500",
        Type::Float => "0.75",
        Type::Bool => "true",
        Type::Duration => "5m",
        Type::Timestamp => "2026-01-23T10:00:00Z",
        Type::List(_) => "'[1, 2]'",
        Type::Map(..) | Type::Record(_) => "'{\"a\": 1}'",
        _ => "VALUE",
    };
    format!("for example `--param {name}={value}`")
}
