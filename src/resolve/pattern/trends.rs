//! `.trend_aggregate(..)`: what is reckoned over all trends of a pattern.

use std::rc::Rc;

use super::modifiers::Modifiers;
use super::{Build, sequence};
use crate::data::{Path, Type};
use crate::diag::{Code, Diagnostic};
use crate::ir::{AfterMatch, How, PatternRead, Report, Selection, TrendCall, TrendFunction};
use crate::resolve::context::{Cx, listed};
use crate::resolve::expr::{Lower, admits};
use crate::resolve::flow::Flow;
use crate::resolve::row::{Column, Part, Row};
use crate::resolve::types::{optional, shown};
use crate::resolve::walk::first_name;
use crate::syntax::ast::{ArgValue, Expr, ExprKind};

const FUNCTIONS: [(&str, TrendFunction); 6] = [
    ("count_trends", TrendFunction::CountTrends),
    ("count_events", TrendFunction::CountEvents),
    ("sum_trends", TrendFunction::SumTrends),
    ("avg_trends", TrendFunction::AvgTrends),
    ("min_trends", TrendFunction::MinTrends),
    ("max_trends", TrendFunction::MaxTrends),
];

/// Lowers the calls; the rows are of the keys and of these then.
pub(super) fn lower(
    cx: &mut Cx<'_>,
    build: &mut Build<'_>,
    made: &mut Modifiers<'_>,
    flow: &mut Flow,
    reads: &mut Vec<PatternRead>,
) -> Vec<TrendCall> {
    let Some(operator) = made.trends else {
        return Vec::new();
    };
    let example = "for example `.trend_aggregate(n: count_trends(), total: sum_trends(xs.amount))`";
    if made.select != Selection::Any {
        cx.say(
            sequence(
                operator.name.span,
                "`.trend_aggregate` is over all combinations, which `.stam()` asks for",
            )
            .help("write `.stam()` before it"),
        );
    }
    if made.report != Report::Longest {
        cx.say(sequence(
            operator.name.span,
            "`.trend_aggregate` reports no single matches: `.each` and `.subsets` have no meaning with it",
        ));
    }
    if made.after != AfterMatch::NoSkip {
        cx.say(sequence(
            operator.name.span,
            "`.trend_aggregate` is over all trends: `.after_match`, which drops some, has no meaning with it",
        ));
    }
    if operator.args.is_empty() {
        let message = "`.trend_aggregate` needs something to compute";
        cx.say(Diagnostic::new(Code::OperatorArguments, operator.span, message).help(example));
    }
    let mut columns: Vec<Column> = flow
        .keys
        .iter()
        .map(|key| Column {
            name: key.name.clone(),
            ty: key.ty.clone(),
        })
        .collect();
    let mut calls = Vec::new();
    for arg in &operator.args {
        let (ArgValue::Expr(expr), [name]) = (&arg.value, arg.names.as_slice()) else {
            let message = "each result of `.trend_aggregate` needs a name";
            cx.say(Diagnostic::new(Code::NeedsName, arg.span, message).help(example));
            continue;
        };
        if columns.iter().any(|column| column.name == name.name) {
            let message = format!("the field `{}` is given twice", name.name);
            cx.say(Diagnostic::new(Code::DuplicateColumn, name.span, message));
            continue;
        }
        let Some((call, ty)) = call(cx, build, flow.module, expr) else {
            continue;
        };
        columns.push(Column {
            name: name.name.clone(),
            ty,
        });
        reads.push(PatternRead {
            field: cx.query.fields.intern(Path::key(&name.name)),
            name: Some(name.name.clone()),
            how: How::Trend(calls.len()),
            span: expr.span,
        });
        calls.push(call);
    }
    flow.row = Row::of(Part::Columns(Rc::new(columns)));
    calls
}

fn call(cx: &mut Cx<'_>, build: &mut Build<'_>, module: usize, expr: &Expr) -> Option<(TrendCall, Type)> {
    let usage = || listed(FUNCTIONS.map(|(name, _)| name));
    let named = match &expr.kind {
        ExprKind::Call(callee, args) => match &callee.kind {
            ExprKind::Name(name) => Some((name, args)),
            _ => None,
        },
        _ => None,
    };
    let found = named.and_then(|(name, args)| {
        let function = FUNCTIONS.iter().find(|(word, _)| *word == name.name)?.1;
        Some((function, name, args))
    });
    let Some((function, name, args)) = found else {
        let message = "this is no function of trends";
        cx.say(Diagnostic::new(Code::FunctionPlace, expr.span, message).help(format!(
            "there are {}; what is computed of their results stands in a `.select` behind",
            usage()
        )));
        return None;
    };
    let values: Vec<&Expr> = args
        .iter()
        .filter_map(|arg| match &arg.value {
            ArgValue::Expr(value) if arg.names.is_empty() => Some(value),
            _ => None,
        })
        .collect();
    let wanted = usize::from(function != TrendFunction::CountTrends);
    if values.len() != wanted || args.len() != wanted {
        let message = format!(
            "`{}` takes {}",
            name.name,
            if wanted == 0 { "no argument" } else { "one argument" }
        );
        cx.say(
            Diagnostic::new(Code::WrongArgumentCount, expr.span, message).help(match function {
                TrendFunction::CountTrends => "`count_trends()`".to_owned(),
                TrendFunction::CountEvents => "`count_events(xs)`, where `xs` names a repetition".to_owned(),
                _ => format!("`{}(xs.amount)`, where `xs` names a repetition", name.name),
            }),
        );
        return None;
    }
    let Some(value) = values.first() else {
        let call = TrendCall {
            function,
            over: None,
            span: expr.span,
        };
        return Some((call, Type::Any));
    };
    let alias = first_name(value).and_then(|first| build.aliases.iter().position(|alias| alias.name == first.name));
    let Some(alias) = alias.filter(|&alias| build.aliases[alias].list) else {
        let lists = build.aliases.iter().filter(|alias| alias.list);
        let lists = listed(lists.map(|alias| alias.name.as_str()));
        let message = format!("`{}` is about a repetition of the pattern", name.name);
        cx.say(
            Diagnostic::new(Code::WrongArgumentType, value.span, message).help(if lists.is_empty() {
                "name one: `A+ as xs`".to_owned()
            } else {
                format!("there are {lists}")
            }),
        );
        return None;
    };
    if function == TrendFunction::CountEvents {
        if !matches!(value.kind, ExprKind::Name(_)) {
            let message = "`count_events` counts the elements of a repetition, whatever they hold";
            cx.say(Diagnostic::new(Code::WrongArgumentType, value.span, message).help("`count_events(xs)`"));
            return None;
        }
        let call = TrendCall {
            function,
            over: Some((alias, Vec::new())),
            span: expr.span,
        };
        return Some((call, Type::Any));
    }
    let side = build.side(alias);
    let mut row = side.row.clone();
    row.aliases.push((side.name.clone(), value.span));
    let id = Lower::over(cx, module, &row).expr(value);
    let ty = cx.query.exprs.ty(id).clone();
    if !admits(crate::ir::ParamType::Number, ty.non_null()) {
        let message = format!("`{}` takes a number, not {}", name.name, shown(&ty));
        cx.say(Diagnostic::new(Code::WrongArgumentType, value.span, message));
        return None;
    }
    let result = match function {
        TrendFunction::AvgTrends => optional(Type::Float),
        TrendFunction::MinTrends | TrendFunction::MaxTrends => optional(ty.non_null().clone()),
        _ => Type::Any,
    };
    let over = Some((alias, build.asker(cx).values(alias, id)));
    let call = TrendCall {
        function,
        over,
        span: expr.span,
    };
    Some((call, result))
}
