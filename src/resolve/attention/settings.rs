//! Settings of an embedding, from a config block or from a map in an argument: the same keys, the same
//! checks.

use crate::data::Value;
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::resolve::config;
use crate::resolve::context::{Cx, did_you_mean, listed};
use crate::syntax::ast::{ConfigEntry, ConfigValue, Expr, ExprKind, MapEntry};

/// A setting's value as written.
#[derive(Clone, Debug)]
pub(super) enum Tree<'a> {
    /// An expression that is no list and no map.
    Expr(&'a Expr),
    /// Keys and values.
    Block(Entries<'a>),
    /// Items.
    List(Vec<Tree<'a>>, Span),
}

/// Keys and values, in order.
#[derive(Clone, Debug)]
pub(super) struct Entries<'a> {
    pub(super) of: Vec<(String, Span, Tree<'a>)>,
    pub(super) span: Span,
}

/// The entries of a config block.
pub(super) fn of_block(entries: &[ConfigEntry], span: Span) -> Entries<'_> {
    let one = |entry: &'_ ConfigEntry| -> (String, Span) { (entry.key.name.clone(), entry.key.span) };
    let of = entries.iter().map(|entry| {
        let (name, span) = one(entry);
        (name, span, of_value(&entry.value))
    });
    Entries { of: of.collect(), span }
}

fn of_value(value: &ConfigValue) -> Tree<'_> {
    match value {
        ConfigValue::Expr(expr) => of_expr(expr),
        ConfigValue::Block(entries, span) => Tree::Block(of_block(entries, *span)),
        ConfigValue::List(items, span) => Tree::List(items.iter().map(of_value).collect(), *span),
    }
}

/// An expression, its lists and maps taken apart.
pub(super) fn of_expr(expr: &Expr) -> Tree<'_> {
    match &expr.kind {
        ExprKind::Map(entries) => match keyed(entries) {
            Some(of) => Tree::Block(Entries { of, span: expr.span }),
            None => Tree::Expr(expr),
        },
        ExprKind::List(items) => Tree::List(items.iter().map(of_expr).collect(), expr.span),
        _ => Tree::Expr(expr),
    }
}

fn keyed(entries: &[MapEntry]) -> Option<Vec<(String, Span, Tree<'_>)>> {
    entries
        .iter()
        .map(|entry| match &entry.key.kind {
            ExprKind::Lit(Value::Str(key)) => Some((key.to_string(), entry.key.span, of_expr(&entry.value))),
            _ => None,
        })
        .collect()
}

impl Tree<'_> {
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Expr(expr) => expr.span,
            Self::Block(entries) => entries.span,
            Self::List(_, span) => *span,
        }
    }
}

impl<'a> Entries<'a> {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Tree<'a>> {
        self.of.iter().find(|(name, ..)| name == key).map(|(.., tree)| tree)
    }

    /// Says which keys are unknown or stand twice.
    pub(super) fn check(&self, cx: &mut Cx<'_>, what: &str, known: &[&str]) {
        for (at, (name, span, _)) in self.of.iter().enumerate() {
            if let Some((_, first, _)) = self.of[..at].iter().find(|(other, ..)| other == name) {
                cx.say(
                    Diagnostic::new(Code::ConfigTwice, *span, format!("`{name}` is set twice"))
                        .label("again here")
                        .also(*first, "first set here"),
                );
            }
            if !known.contains(&name.as_str()) {
                let message = format!("{what} has no setting `{name}`");
                let diagnostic = Diagnostic::new(Code::UnknownConfigKey, *span, message)
                    .help(format!("the settings are {}", listed(known.iter().copied())));
                cx.say(did_you_mean(diagnostic, nearest(name, known.iter().copied()), *span));
            }
        }
    }
}

/// A constant, or a bare word as text; none when it was said that it is none.
pub(super) fn constant(cx: &mut Cx<'_>, module: usize, tree: &Tree<'_>) -> Option<(Value, Span)> {
    match tree {
        Tree::Expr(expr) => Some((config::constant(cx, module, expr)?, expr.span)),
        Tree::Block(entries) => {
            misfit(
                cx,
                entries.span,
                "a single value is needed here, not a block of settings",
            );
            None
        }
        Tree::List(items, span) => {
            let values: Option<Vec<Value>> = items.iter().map(|item| Some(constant(cx, module, item)?.0)).collect();
            Some((Value::list(values?), *span))
        }
    }
}

/// A number.
pub(super) fn number(cx: &mut Cx<'_>, module: usize, key: &str, tree: &Tree<'_>) -> Option<f64> {
    let (value, span) = constant(cx, module, tree)?;
    let found = as_number(&value);
    if found.is_none() {
        misfit(cx, span, &format!("`{key}` must be a number"));
    }
    found
}

/// A number, in seconds where it is a duration.
pub(super) fn as_number(value: &Value) -> Option<f64> {
    #[allow(clippy::cast_precision_loss, reason = "settings are small numbers")]
    let found = match value {
        Value::Int(i) => *i as f64,
        Value::Float(f) => *f,
        Value::Duration(ns) => *ns as f64 / 1e9,
        _ => return None,
    };
    found.is_finite().then_some(found)
}

/// A number greater than zero.
pub(super) fn positive(cx: &mut Cx<'_>, module: usize, key: &str, tree: &Tree<'_>) -> Option<f64> {
    let found = number(cx, module, key, tree)?;
    if found > 0.0 {
        return Some(found);
    }
    misfit(cx, tree.span(), &format!("`{key}` must be greater than zero"));
    None
}

/// A whole number within bounds.
pub(super) fn count(
    cx: &mut Cx<'_>,
    module: usize,
    key: &str,
    tree: &Tree<'_>,
    (least, most): (i64, i64),
) -> Option<u32> {
    let (value, span) = constant(cx, module, tree)?;
    match value {
        Value::Int(n) if (least..=most).contains(&n) => u32::try_from(n).ok(),
        _ => {
            misfit(
                cx,
                span,
                &format!("`{key}` must be a whole number from {least} to {most}"),
            );
            None
        }
    }
}

/// One of some words.
pub(super) fn word(
    cx: &mut Cx<'_>,
    module: usize,
    key: &str,
    tree: &Tree<'_>,
    words: &[&'static str],
) -> Option<&'static str> {
    let (value, span) = constant(cx, module, tree)?;
    let given = match &value {
        Value::Str(text) => text.to_string(),
        _ => String::new(),
    };
    let found = words.iter().copied().find(|word| *word == given);
    if found.is_none() {
        let message = format!("`{key}` must be one of {}", listed(words.iter().copied()));
        let diagnostic = Diagnostic::new(Code::BadConfigValue, span, message);
        cx.say(match nearest(&given, words.iter().copied()) {
            Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), span, format!("\"{near}\"")),
            None => diagnostic,
        });
    }
    found
}

/// Says that a setting is wrong.
pub(super) fn misfit(cx: &mut Cx<'_>, span: Span, message: &str) {
    cx.say(Diagnostic::new(Code::BadConfigValue, span, message));
}
