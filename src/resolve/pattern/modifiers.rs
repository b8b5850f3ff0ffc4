//! The operators directly behind a pattern that say what it means.

use super::prepare::step_of;
use super::{Build, sequence};
use crate::data::Value;
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::ir::{AfterMatch, Report, Selection};
use crate::resolve::context::{Cx, did_you_mean, listed};
use crate::resolve::ops::{self, OF_PATTERNS};
use crate::syntax::ast::{Arg, ArgValue, Expr, Operator};

/// What they say.
pub(super) struct Modifiers<'o> {
    pub(super) within: Option<i64>,
    /// Whether the time is given, rightly or not.
    pub(super) timed: bool,
    /// `.partition_by(..)`, in the module of the stream.
    pub(super) partition: Option<&'o Operator>,
    pub(super) select: Selection,
    pub(super) report: Report,
    /// Whether it is said what is reported.
    pub(super) reported: bool,
    pub(super) after: AfterMatch,
    pub(super) trends: Option<&'o Operator>,
}

/// How many operators belong to the pattern before them.
pub(super) fn count(operators: &[Operator]) -> usize {
    let mine = |operator: &&Operator| {
        let name = operator.name.name.as_str();
        name == "partition_by" || OF_PATTERNS.contains(&name)
    };
    operators.iter().take_while(mine).count()
}

/// Reads the operators of a pattern.
pub(super) fn read<'o>(cx: &mut Cx<'_>, build: &Build<'_>, module: usize, operators: &'o [Operator]) -> Modifiers<'o> {
    let mut made = Modifiers {
        within: None,
        timed: false,
        partition: None,
        select: Selection::default(),
        report: Report::default(),
        reported: false,
        after: AfterMatch::default(),
        trends: None,
    };
    let prepared = build.prepared.clone();
    if let Some(bound) = prepared.decl.and_then(|decl| decl.within.as_ref()) {
        made.within = ops::positive(cx, prepared.module, bound, WITHIN);
        made.timed = true;
    }
    let mut seen: Vec<(&str, Span)> = Vec::new();
    for operator in operators {
        let name = operator.name.name.as_str();
        let kind = kind(name);
        if let Some((first, at)) = seen
            .iter()
            .find(|(other, _)| self::kind(other) == kind && kind != "not")
        {
            twice(cx, operator, first, *at);
        }
        seen.push((name, operator.name.span));
        one(cx, &mut made, module, operator);
    }
    if let Some(decl) = prepared.decl {
        let given = |name: &str| seen.iter().find(|(other, _)| *other == name).map(|(_, at)| *at);
        for (name, first) in [
            ("within", decl.within.as_ref().map(|bound| bound.span)),
            ("partition_by", decl.partition_by.first().map(|key| key.span)),
        ] {
            if let (Some(at), Some(first)) = (given(name), first) {
                let message = format!("the pattern `{}` says this already", decl.name.name);
                cx.say(
                    sequence(at, message)
                        .also(first, "said here")
                        .help("say it in one of the two places"),
                );
            }
        }
    }
    made
}

const WITHIN: &str = "the time from a pattern's first event to its last";

/// Of which only one may be given.
fn kind(name: &str) -> &str {
    match name {
        "strict" | "stnm" | "stam" => "which events are taken",
        "each" | "longest" | "subsets" => "what is reported",
        other => other,
    }
}

fn twice(cx: &mut Cx<'_>, operator: &Operator, first: &str, at: Span) {
    let name = operator.name.name.as_str();
    let message = if name == first {
        format!("`.{name}` is given twice")
    } else {
        format!("`.{name}` and `.{first}` both say {}", kind(name))
    };
    cx.say(sequence(operator.name.span, message).also(at, "the first one"));
}

fn one<'o>(cx: &mut Cx<'_>, made: &mut Modifiers<'o>, module: usize, operator: &'o Operator) {
    if let Some(name) = &operator.as_type {
        let message = format!(
            "`as {}` belongs to `.emit`, not to `.{}`",
            name.name, operator.name.name
        );
        cx.say(Diagnostic::new(Code::MisplacedOperator, name.span, message));
    }
    let name = operator.name.name.as_str();
    match name {
        "within" => {
            made.timed = true;
            if let Some(bound) = the_argument(cx, operator, ".within(5m)") {
                made.within = ops::positive(cx, module, bound, WITHIN);
            }
        }
        "partition_by" => made.partition = Some(operator),
        "trend_aggregate" => made.trends = Some(operator),
        "not" => not(cx, operator),
        "after_match" => made.after = after(cx, module, operator),
        _ => {
            ops::takes_nothing(cx, operator);
            made.reported |= kind(name) == "what is reported";
            match name {
                "strict" => made.select = Selection::Strict,
                "stam" => made.select = Selection::Any,
                "stnm" => made.select = Selection::Next,
                "each" => made.report = Report::Each,
                "subsets" => made.report = Report::Subsets,
                _ => made.report = Report::Longest,
            }
        }
    }
}

/// The only argument, an expression.
fn the_argument<'o>(cx: &mut Cx<'_>, operator: &'o Operator, example: &str) -> Option<&'o Expr> {
    match operator.args.as_slice() {
        [
            Arg {
                names,
                value: ArgValue::Expr(expr),
                ..
            },
        ] if names.is_empty() => Some(expr),
        _ => {
            let message = format!("`.{}` takes one argument", operator.name.name);
            cx.say(
                Diagnostic::new(Code::OperatorArguments, operator.span, message)
                    .help(format!("for example `{example}`")),
            );
            None
        }
    }
}

/// `.not(C where ..)`
fn not(cx: &mut Cx<'_>, operator: &Operator) {
    let example = "for example `.not(Logout where user == a.user)`";
    let [arg] = operator.args.as_slice() else {
        let message = "`.not` takes the event that must not come";
        cx.say(Diagnostic::new(Code::OperatorArguments, operator.span, message).help(example));
        return;
    };
    if let Some(name) = arg.names.first() {
        let message = "`.not` has no arguments with names";
        cx.say(Diagnostic::new(Code::UnknownArgument, name.span, message).help(example));
    }
    match &arg.value {
        ArgValue::Step(step) => {
            if let Some(within) = &step.within {
                cx.say(
                    sequence(
                        within.span,
                        "`.not` looks from the first event of a match to the last, not for a time",
                    )
                    .help("to wait for a time behind the last step: `-> not Logout within 1h`"),
                );
            }
        }
        ArgValue::Expr(expr) if step_of(expr).is_some() => {}
        ArgValue::Expr(expr) | ArgValue::Sorted(expr, _) => {
            cx.say(Diagnostic::new(Code::OperatorArguments, expr.span, "this is no event").help(example));
        }
    }
}

/// `.after_match("skip_past_last")`
fn after(cx: &mut Cx<'_>, module: usize, operator: &Operator) -> AfterMatch {
    const WORDS: [&str; 3] = ["no_skip", "skip_to_next", "skip_past_last"];
    let Some(expr) = the_argument(cx, operator, ".after_match(\"skip_past_last\")") else {
        return AfterMatch::default();
    };
    let Some(value) = cx.constant_expr(module, expr) else {
        return AfterMatch::default();
    };
    let word = match &value {
        Value::Str(word) => word.to_string(),
        _ => String::new(),
    };
    match word.as_str() {
        "no_skip" => AfterMatch::NoSkip,
        "skip_to_next" => AfterMatch::SkipToNext,
        "skip_past_last" => AfterMatch::SkipPastLast,
        _ => {
            let text = cx.sources.slice(expr.span).to_owned();
            let message = format!("`.after_match` does not know {text}");
            let diagnostic = sequence(expr.span, message).help(format!("it knows {}", listed(WORDS.map(|word| word))));
            let near = nearest(&word, WORDS).map(|near| format!("\"{near}\""));
            cx.say(match near {
                Some(near) => diagnostic.fix(format!("did you mean {near}?"), expr.span, near),
                None => did_you_mean(diagnostic, None, expr.span),
            });
            AfterMatch::default()
        }
    }
}
