//! Features: what is read of an event, and how it becomes a block.

use super::settings::{self, Entries, Tree, misfit};
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Encoding, ExprId, Feature, Transform};
use crate::resolve::context::Cx;
use crate::resolve::expr::Lower;
use crate::resolve::flow::Flow;
use crate::resolve::types::shown;
use crate::resolve::walk::plain_call;
use crate::syntax::ast::{Expr, ExprKind, Ident};

const OF_NUMBERS: &[&str] = &[
    "field",
    "transform",
    "weight",
    "scale",
    "mean",
    "std",
    "min",
    "max",
    "edges",
    "period",
];
const OF_CATEGORIES: &[&str] = &["field", "method", "weight", "dim", "values"];
const TRANSFORMS: &[&str] = &["identity", "log_scale", "normalize", "min_max", "bucket", "cyclical"];
const METHODS: &[&str] = &["hash", "one_hot", "tokens"];

/// How many slots a hashed text has, where no number is given.
const HASH_SLOTS: u32 = 16;
const MOST_SLOTS: i64 = 4096;
const MOST_LAGS: i64 = 1024;

/// A feature from its settings.
pub(super) fn feature(cx: &mut Cx<'_>, flow: &Flow, module: usize, tree: &Tree<'_>, numeric: bool) -> Option<Feature> {
    let Tree::Block(entries) = tree else {
        misfit(
            cx,
            tree.span(),
            "a feature is a map: `{ field: \"amount\", transform: \"log_scale\" }`",
        );
        return None;
    };
    let (known, what) = if numeric {
        (OF_NUMBERS, "a numeric feature")
    } else {
        (OF_CATEGORIES, "a categorical feature")
    };
    entries.check(cx, what, known);
    let Some(Tree::Expr(field)) = entries.get("field") else {
        misfit(
            cx,
            entries.span,
            "a feature names the field that it is of: `field: \"amount\"`",
        );
        return None;
    };
    let (name, value, lags) = field_of(cx, flow, module, field)?;
    let weight = match entries.get("weight") {
        Some(tree) => settings::number(cx, module, "weight", tree)?,
        None => 1.0,
    };
    if weight < 0.0 {
        misfit(
            cx,
            entries.get("weight").map_or(entries.span, Tree::span),
            "a weight is not negative",
        );
        return None;
    }
    let encoding = if numeric {
        number(cx, module, entries)?
    } else {
        category(cx, module, entries)?
    };
    fits(cx, value, &encoding, field.span)?;
    Some(Feature {
        name,
        value,
        weight,
        lags,
        encoding,
        span: field.span,
    })
}

/// The field's name, its value, and how many values of it make the block.
fn field_of(cx: &mut Cx<'_>, flow: &Flow, module: usize, field: &Expr) -> Option<(String, ExprId, u32)> {
    let (of, lags) = match plain_call(field) {
        Some((name, args)) if name.name == "lagged" => {
            let [of, n] = args.as_slice() else {
                misfit(
                    cx,
                    field.span,
                    "`lagged` takes a field and how many of its values: `lagged(value, 12)`",
                );
                return None;
            };
            let lags = settings::count(cx, module, "lagged", &Tree::Expr(n), (1, MOST_LAGS))?;
            (*of, lags)
        }
        _ => (field, 1),
    };
    let (text, expr) = match &of.kind {
        ExprKind::Lit(Value::Str(path)) => (path.to_string(), path_of(path, of.span)),
        _ => (cx.sources.slice(of.span).to_owned(), of.clone()),
    };
    let before = cx.diagnostics.len();
    let mut lower = Lower::at(cx, flow);
    lower.module = module;
    let value = lower.expr(&expr);
    if cx.diagnostics[before..]
        .iter()
        .any(|d| d.severity == crate::diag::Severity::Error)
    {
        return None;
    }
    Some((text, value, lags))
}

/// `"a.b.c"` as it is written without quotes.
fn path_of(path: &str, span: Span) -> Expr {
    let ident = |name: &str| Ident {
        name: name.to_owned(),
        span,
    };
    let mut names = path.split('.');
    let first = Expr {
        kind: ExprKind::Name(ident(names.next().unwrap_or_default())),
        span,
    };
    names.fold(first, |of, name| Expr {
        kind: ExprKind::Field(Box::new(of), ident(name)),
        span,
    })
}

fn number(cx: &mut Cx<'_>, module: usize, entries: &Entries<'_>) -> Option<Encoding> {
    let name = match entries.get("transform") {
        Some(tree) => settings::word(cx, module, "transform", tree, TRANSFORMS)?,
        None => "identity",
    };
    let of = |wanted: &[&str]| wanted.contains(&name);
    for (key, belongs) in [
        ("mean", of(&["normalize"])),
        ("std", of(&["normalize"])),
        ("min", of(&["min_max"])),
        ("max", of(&["min_max"])),
        ("edges", of(&["bucket"])),
        ("period", of(&["cyclical"])),
        ("scale", name != "cyclical"),
    ] {
        if let Some(tree) = entries.get(key)
            && !belongs
        {
            misfit(
                cx,
                tree.span(),
                &format!("`{key}` means nothing to the transform `{name}`"),
            );
            return None;
        }
    }
    if name == "cyclical" {
        let Some(tree) = entries.get("period") else {
            misfit(cx, entries.span, "`cyclical` needs the length of a turn: `period: 24`");
            return None;
        };
        let period = settings::positive(cx, module, "period", tree)?;
        return Some(Encoding::Cyclical { period });
    }
    let scale = match entries.get("scale") {
        Some(tree) => settings::positive(cx, module, "scale", tree)?,
        None => 1.0,
    };
    let transform = transform(cx, module, entries, name)?;
    Some(Encoding::Number { transform, scale })
}

fn transform(cx: &mut Cx<'_>, module: usize, entries: &Entries<'_>, name: &str) -> Option<Transform> {
    let both = |cx: &mut Cx<'_>, first: &str, second: &str| -> Option<(f64, f64)> {
        let (a, b) = (entries.get(first)?, entries.get(second)?);
        Some((
            settings::number(cx, module, first, a)?,
            settings::number(cx, module, second, b)?,
        ))
    };
    Some(match name {
        "log_scale" => Transform::LogScale,
        "normalize" => {
            let (mean, std) = (entries.get("mean"), entries.get("std"));
            if mean.is_none() && std.is_none() {
                return Some(Transform::Normalize { moments: None });
            }
            let Some((mean, deviation)) = both(cx, "mean", "std") else {
                misfit(cx, entries.span, "`normalize` takes both `mean` and `std`, or neither");
                return None;
            };
            if deviation <= 0.0 {
                misfit(
                    cx,
                    std.map_or(entries.span, Tree::span),
                    "`std` must be greater than zero",
                );
                return None;
            }
            Transform::Normalize {
                moments: Some((mean, deviation)),
            }
        }
        "min_max" => {
            let Some((min, max)) = both(cx, "min", "max") else {
                misfit(cx, entries.span, "`min_max` needs `min` and `max`");
                return None;
            };
            if min >= max {
                misfit(cx, entries.span, "`min` must be less than `max`");
                return None;
            }
            Transform::MinMax { min, max }
        }
        "bucket" => Transform::Bucket(edges(cx, module, entries)?),
        _ => Transform::Identity,
    })
}

fn edges(cx: &mut Cx<'_>, module: usize, entries: &Entries<'_>) -> Option<Vec<f64>> {
    let Some(tree) = entries.get("edges") else {
        misfit(cx, entries.span, "`bucket` needs its edges: `edges: [10, 100, 1000]`");
        return None;
    };
    let (value, span) = settings::constant(cx, module, tree)?;
    let edges: Option<Vec<f64>> = match &value {
        Value::List(items) => items.iter().map(settings::as_number).collect(),
        _ => None,
    };
    match edges {
        Some(edges) if !edges.is_empty() && edges.is_sorted_by(|a, b| a < b) => Some(edges),
        _ => {
            misfit(cx, span, "`edges` must be numbers that ascend");
            None
        }
    }
}

fn category(cx: &mut Cx<'_>, module: usize, entries: &Entries<'_>) -> Option<Encoding> {
    let method = match entries.get("method") {
        Some(tree) => settings::word(cx, module, "method", tree, METHODS)?,
        None => "hash",
    };
    for (key, belongs) in [("values", method == "one_hot"), ("dim", method != "one_hot")] {
        if let Some(tree) = entries.get(key)
            && !belongs
        {
            misfit(
                cx,
                tree.span(),
                &format!("`{key}` means nothing to the method `{method}`"),
            );
            return None;
        }
    }
    let dim = match entries.get("dim") {
        Some(tree) => settings::count(cx, module, "dim", tree, (4, MOST_SLOTS))?,
        None => HASH_SLOTS,
    };
    Some(match method {
        "one_hot" => {
            let Some(tree) = entries.get("values") else {
                misfit(
                    cx,
                    entries.span,
                    "`one_hot` needs its values: `values: [\"web\", \"pos\"]`",
                );
                return None;
            };
            match settings::constant(cx, module, tree)? {
                (Value::List(values), _) if !values.is_empty() => Encoding::OneHot(values.to_vec()),
                (_, span) => {
                    misfit(cx, span, "`values` must be a list with at least one value");
                    return None;
                }
            }
        }
        "tokens" => Encoding::Tokens(dim),
        _ => Encoding::Hash(dim),
    })
}

/// Says that a field of a known type cannot be what is made of it.
fn fits(cx: &mut Cx<'_>, value: ExprId, encoding: &Encoding, span: Span) -> Option<()> {
    let ty = cx.query.exprs.ty(value).clone();
    let (fits, wanted) = match (encoding, ty.non_null()) {
        (_, Type::Any | Type::Null) => (true, ""),
        (Encoding::Number { .. } | Encoding::Cyclical { .. }, ty) => (
            matches!(
                ty,
                Type::Int | Type::Float | Type::Bool | Type::Timestamp | Type::Duration
            ),
            "a number",
        ),
        (Encoding::Tokens(_), ty) => (*ty == Type::Str, "text"),
        (Encoding::OneHot(_) | Encoding::Hash(_), _) => (true, ""),
    };
    if fits {
        return Some(());
    }
    let message = format!("this feature needs {wanted}, the field is {}", shown(&ty));
    cx.say(Diagnostic::new(Code::TypeMismatch, span, message).help(match encoding {
        Encoding::Tokens(_) => "for values of other types there are `hash` and `one_hot`",
        _ => "for text there are the methods `hash`, `one_hot` and `tokens` of `categorical_features`",
    }));
    None
}

/// The features of the rows' own fields: numbers on a logarithmic scale, texts hashed, bools as they are.
pub(super) fn derived(cx: &mut Cx<'_>, flow: &Flow, at: Span) -> Option<Vec<Feature>> {
    let Type::Record(fields) = flow.row.ty(cx) else {
        cx.say(
            Diagnostic::new(Code::BadAttention, at, "nothing says which features the events have")
                .label("the fields of these events are not declared")
                .help("declare the event, or say what makes events alike in an `embedding_config:`"),
        );
        return None;
    };
    let mut features = Vec::new();
    for (name, ty) in fields {
        let encoding = match ty.non_null() {
            Type::Int | Type::Float => Encoding::Number {
                transform: Transform::LogScale,
                scale: 1.0,
            },
            Type::Bool => Encoding::Number {
                transform: Transform::Identity,
                scale: 1.0,
            },
            Type::Str => Encoding::Hash(HASH_SLOTS),
            _ => continue,
        };
        let expr = Expr {
            kind: ExprKind::Name(Ident {
                name: name.clone(),
                span: at,
            }),
            span: at,
        };
        features.push(Feature {
            name,
            value: Lower::at(cx, flow).expr(&expr),
            weight: 1.0,
            lags: 1,
            encoding,
            span: at,
        });
    }
    if features.is_empty() {
        cx.say(
            Diagnostic::new(
                Code::BadAttention,
                at,
                "the events have no field that could be a feature",
            )
            .help("numbers, texts and bools are features by themselves; others need an `embedding_config:`"),
        );
        return None;
    }
    Some(features)
}
