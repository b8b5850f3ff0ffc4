//! Calls of aggregate functions: found in an item, told from list functions of the same name, lowered
//! over the rows that go in.

use super::args;
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{AggFunction, AggParam, Builtin, Expr as Ir, ExprId};
use crate::resolve::context::Cx;
use crate::resolve::expr::{Lower, ROW_FUNCTIONS, admits, are, arguments, param_word};
use crate::resolve::flow::Flow;
use crate::resolve::row::Row;
use crate::resolve::types::shown;
use crate::resolve::walk::{first_name, mentions, plain_call, walk};
use crate::syntax::ast::{Arg, ArgValue, Expr, ExprKind, Ident};

/// What an item reads.
pub(super) enum Part<'e> {
    /// `sum(price * volume)`
    Call(Call<'e>),
    /// `user`, `meta.host` of `meta.host[0].name`: and the name it begins with.
    Path(&'e Expr, &'e Ident),
    /// `lag(x)` outside of any aggregate: an error.
    RowFunction(&'e Expr),
}

/// A call of an aggregate function.
pub(super) struct Call<'e> {
    function: AggFunction,
    name: &'e Ident,
    args: Vec<&'e Expr>,
    all: &'e [Arg],
    pub(super) span: Span,
    /// An argument that holds another aggregate.
    nested: Option<Span>,
}

/// Functions that make lists: of what they give, a function of a list is asked.
const LISTS: &[&str] = &[
    "collect",
    "distinct",
    "top",
    "filter",
    "map",
    "flat_map",
    "head",
    "tail",
    "sort",
    "sort_by",
    "reverse",
    "flatten",
    "zip",
    "enumerate",
    "pairs",
    "keys",
    "values",
];

/// What an expression reads outside of lambdas, in order.
pub(super) fn parts(expr: &Expr) -> Vec<Part<'_>> {
    let aggregates = aggregates(expr);
    let mut parts = Vec::new();
    walk(expr, &mut |expr, bound| {
        if let Some(name) = first_name(expr) {
            if !bound.contains(&name.name.as_str()) {
                parts.push(Part::Path(before_index(expr), name));
            }
            return true;
        }
        if aggregates.contains(&expr.span)
            && let Some(call) = Call::of(expr)
        {
            let nested = |arg: &&&Expr| aggregates.iter().any(|span| arg.span.holds(*span));
            let nested = call.values().iter().find(nested).map(|arg| arg.span);
            parts.push(Part::Call(Call { nested, ..call }));
            return false;
        }
        match plain_call(expr) {
            Some((name, _)) if ROW_FUNCTIONS.contains(&name.name.as_str()) => {
                parts.push(Part::RowFunction(expr));
                false
            }
            _ => true,
        }
    });
    parts
}

/// The places of all calls of aggregate functions in some arguments.
pub(super) fn all(args: &[Arg]) -> Vec<Span> {
    let of = |arg: &Arg| match &arg.value {
        ArgValue::Expr(expr) => aggregates(expr),
        ArgValue::Sorted(..) | ArgValue::Step(_) => Vec::new(),
    };
    args.iter().flat_map(of).collect()
}

/// The places of all calls of aggregate functions: inner ones are told apart before those around them.
fn aggregates(expr: &Expr) -> Vec<Span> {
    let mut calls = Vec::new();
    walk(expr, &mut |expr, bound| {
        if let Some(call) = Call::of(expr) {
            let of_bound = call.args.iter().any(|arg| mentions(arg, bound));
            calls.push((call, of_bound));
        }
        true
    });
    let mut found: Vec<Span> = Vec::new();
    for (call, of_bound) in calls.iter().rev() {
        let is_list_function = Builtin::lookup(&call.name.name).is_some() && (*of_bound || call.is_of_a_list(&found));
        if !is_list_function {
            found.push(call.span);
        }
    }
    found
}

/// Whether an item reads a name outside of any aggregate.
pub(super) fn reads(parts: &[Part<'_>], name: &str) -> bool {
    parts
        .iter()
        .any(|part| matches!(part, Part::Path(_, first) if first.name == name))
}

/// `a.b` of `a.b[i].c[j]`
fn before_index(expr: &Expr) -> &Expr {
    let (mut base, mut before) = (expr, expr);
    loop {
        base = match &base.kind {
            ExprKind::Field(of, _) => of,
            ExprKind::Index(of, _) => {
                before = of;
                of
            }
            _ => return before,
        };
    }
}

/// `b` of `a.b.c`
pub(super) fn second_name(expr: &Expr) -> Option<&Ident> {
    let (mut base, mut second) = (expr, None);
    loop {
        base = match &base.kind {
            ExprKind::Field(of, name) => {
                second = Some(name);
                of
            }
            ExprKind::Index(of, _) => {
                second = None;
                of
            }
            _ => return second,
        };
    }
}

impl<'e> Call<'e> {
    /// A call by the name of an aggregate function.
    fn of(expr: &'e Expr) -> Option<Self> {
        let (name, args) = plain_call(expr)?;
        let ExprKind::Call(_, all) = &expr.kind else {
            return None;
        };
        Some(Self {
            function: AggFunction::lookup(&name.name)?,
            name,
            args,
            all,
            span: expr.span,
            nested: None,
        })
    }

    /// Whether it is the function of a list that goes by the same name: of a list that lambdas or other
    /// aggregates make, or with a lambda; and `min` and `max` of several values.
    fn is_of_a_list(&self, aggregates: &[Span]) -> bool {
        if self.args.iter().any(|arg| matches!(arg.kind, ExprKind::Lambda(..))) {
            return true;
        }
        let has_aggregate = |arg: &Expr| aggregates.iter().any(|span| arg.span.holds(*span));
        match self.args.as_slice() {
            [one] => self.counted_values().is_none() && makes_list(one) && (has_aggregate(one) || has_lambda(one)),
            many => many.len() > 1 && matches!(self.function, AggFunction::Min | AggFunction::Max),
        }
    }

    /// The arguments over the rows: `x` of `count(distinct(x))`.
    fn values(&self) -> Vec<&'e Expr> {
        self.counted_values().map_or_else(|| self.args.clone(), |x| vec![x])
    }

    /// `x` of `count(distinct(x))`
    fn counted_values(&self) -> Option<&'e Expr> {
        let [one] = self.args.as_slice() else { return None };
        let (name, inner) = plain_call(one)?;
        match inner.as_slice() {
            [x] if self.function == AggFunction::Count && name.name == "distinct" && !makes_list(x) => Some(x),
            _ => None,
        }
    }
}

fn makes_list(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(callee, _) => match &callee.kind {
            ExprKind::Name(name) | ExprKind::Field(_, name) => LISTS.contains(&name.name.as_str()),
            _ => false,
        },
        ExprKind::Slice(of, ..) => makes_list(of),
        _ => false,
    }
}

fn has_lambda(expr: &Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |expr, _| {
        found |= matches!(expr.kind, ExprKind::Lambda(..));
        !found
    });
    found
}

/// Says that a row function stands in an item outside of any aggregate.
pub(super) fn stray_row_function(cx: &mut Cx<'_>, expr: &Expr) {
    let text = cx.sources.slice(expr.span).to_owned();
    let name = plain_call(expr).map_or("lag", |(name, _)| name.name.as_str());
    let message = format!("`{name}` stands outside of any aggregate here");
    let diagnostic = Diagnostic::new(Code::FunctionPlace, expr.span, message)
        .label("of the rows that go in, or of those that come out?");
    let diagnostic = if aggregates(expr).is_empty() {
        diagnostic.help(format!(
            "of the rows that go in: an aggregate of it, such as `last({text})`"
        ))
    } else {
        diagnostic
    };
    let after = ".aggregate(n: count()).select(n, more: n - lag(n))";
    cx.say(diagnostic.help(format!(
        "of those that come out: in a `.select` behind, as in `{after}`"
    )));
}

/// A call over the rows: the function, its arguments, its constant.
pub(in crate::resolve) type Lowered = (AggFunction, Vec<ExprId>, Value);

/// Lowers a call; none when it was said what is wrong with it.
pub(super) fn lower(cx: &mut Cx<'_>, flow: &Flow, call: &Call<'_>) -> Option<Lowered> {
    if let Some(arg) = call.all.iter().find(|arg| !arg.names.is_empty()) {
        let name = &arg.names[0];
        let message = format!("`{}` has no argument `{}`", call.name.name, name.name);
        cx.say(
            Diagnostic::new(Code::UnknownArgument, name.span, message)
                .help("arguments of functions go by their place, without names"),
        );
        return None;
    }
    let values = call.values();
    let function = match call.counted_values() {
        Some(_) => AggFunction::CountDistinct,
        None => call.function,
    };
    if let Some(inner) = call.nested {
        let message = format!("`{}` is of the rows, not of another aggregate", call.name.name);
        cx.say(
            Diagnostic::new(Code::FunctionPlace, inner, message)
                .label("an aggregate over the same rows")
                .help("aggregates of aggregates take two steps: a stream that reads this one and aggregates its rows"),
        );
        return None;
    }
    check_count(cx, call, function, values.len())?;
    let (values, constant) = match (function.param(), values.split_last()) {
        (AggParam::None, _) | (_, None) => (values.as_slice(), Value::Null),
        (param, Some((last, values))) => (values, constant(cx, flow, param, last)?),
    };
    let mut args = Vec::with_capacity(values.len());
    for value in values {
        args.push(Lower::at(cx, flow).expr(value));
    }
    check_types(cx, call, function, values, &args)?;
    if function == AggFunction::Collect && args.is_empty() {
        let ty = flow.row.ty(cx);
        args.push(cx.query.exprs.push(Ir::Row, ty, call.span));
    }
    Some((function, args, constant))
}

/// Lowers a call of an aggregate function over rows of one kind.
pub(in crate::resolve) fn over_row(cx: &mut Cx<'_>, module: usize, row: Row, expr: &Expr) -> Option<Lowered> {
    let call = Call::of(expr)?;
    lower(cx, &Flow::new(module, row), &call)
}

fn check_count(cx: &mut Cx<'_>, call: &Call<'_>, function: AggFunction, given: usize) -> Option<()> {
    let constant = usize::from(function.param() != AggParam::None);
    let (least, most) = (function.required() + constant, function.params().len() + constant);
    let (takes, wanted) = match given {
        n if n < least => ("needs", least),
        n if n > most => ("takes at most", most),
        _ => return Some(()),
    };
    let message = format!(
        "`{}` {takes} {}, {} given",
        call.name.name,
        arguments(wanted),
        are(given)
    );
    cx.say(
        Diagnostic::new(Code::WrongArgumentCount, call.span, message)
            .label(format!("it is called as `{}`", function.usage())),
    );
    None
}

fn check_types(
    cx: &mut Cx<'_>,
    call: &Call<'_>,
    function: AggFunction,
    values: &[&Expr],
    args: &[ExprId],
) -> Option<()> {
    for ((value, &arg), wanted) in values.iter().zip(args).zip(function.params()) {
        let ty = cx.query.exprs.ty(arg).clone();
        if admits(*wanted, ty.non_null()) {
            continue;
        }
        let message = format!(
            "`{}` takes {} here, not {}",
            call.name.name,
            param_word(*wanted),
            shown(&ty)
        );
        let diagnostic =
            Diagnostic::new(Code::WrongArgumentType, value.span, message).label(format!("this is {}", shown(&ty)));
        let text = cx.sources.slice(value.span).to_owned();
        cx.say(match ty.non_null() {
            Type::Str => diagnostic.help(format!("as a number: `int({text})` or `float({text})`")),
            Type::Duration => diagnostic.help(format!("as a number of seconds: `duration_seconds({text})`")),
            Type::Bool => diagnostic.help(format!("to count where it is true: `count_if({text})`")),
            _ => diagnostic,
        });
        return None;
    }
    Some(())
}

/// `p` of `percentile(x, p)`, `n` of `top(x, n)`
fn constant(cx: &mut Cx<'_>, flow: &Flow, param: AggParam, expr: &Expr) -> Option<Value> {
    match param {
        AggParam::Share => {
            let value = cx.constant_expr(flow.module, expr)?;
            #[allow(clippy::cast_precision_loss, reason = "only 0 and 1 are let through")]
            let share = match value {
                Value::Float(share) => share,
                Value::Int(n) => n as f64,
                _ => f64::NAN,
            };
            if (0.0..=1.0).contains(&share) {
                return Some(Value::Float(share));
            }
            let diagnostic = Diagnostic::new(
                Code::WrongArgumentType,
                expr.span,
                "the share of a percentile lies between 0 and 1",
            );
            cx.say(if (1.0..=100.0).contains(&share) {
                diagnostic.help(format!("for the {share}th percentile write `{}`", share / 100.0))
            } else {
                diagnostic
            });
            None
        }
        AggParam::Count => {
            let n = args::int(cx, flow.module, expr)?;
            if n < 1 {
                let message = "a number of rows or values is at least 1";
                cx.say(Diagnostic::new(Code::WrongArgumentType, expr.span, message));
                return None;
            }
            Some(Value::Int(n))
        }
        AggParam::None => None,
    }
}
