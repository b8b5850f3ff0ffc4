//! Joins: inputs by name, equalities and other conditions, the time they may lie apart.

use super::context::Cx;
use super::expr::Lower;
use super::flow::Flow;
use super::ops;
use super::row::{Found, Part, Row, Side};
use super::types::{comparable, shown};
use super::walk::{first_name, walk};
use crate::data::Type;
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{BinaryOp, Expr as Ir, ExprId, Join, JoinInput, JoinKind, Op, StreamId};
use crate::syntax::ast::{self, Arg, ArgValue, CompareOp, Expr, ExprKind, Operator};

/// The word of a kind.
pub(super) fn word(kind: ast::JoinKind) -> &'static str {
    match kind {
        ast::JoinKind::Inner => "join",
        ast::JoinKind::Left => "left_join",
        ast::JoinKind::Right => "right_join",
        ast::JoinKind::Full => "full_join",
        ast::JoinKind::Asof => "asof_join",
    }
}

fn lower_kind(kind: ast::JoinKind) -> JoinKind {
    match kind {
        ast::JoinKind::Inner => JoinKind::Inner,
        ast::JoinKind::Left => JoinKind::Left,
        ast::JoinKind::Right => JoinKind::Right,
        ast::JoinKind::Full => JoinKind::Full,
        ast::JoinKind::Asof => JoinKind::Asof,
    }
}

/// The name of an input in the rows made: its own, its alias, or that of what it reads.
fn input_name(input: &ast::Input) -> Option<(&str, Span)> {
    if let Some(name) = &input.name {
        return Some((&name.name, name.span));
    }
    match &input.body.source {
        ast::Source::Pattern(pattern) => match &pattern.kind {
            ast::PatternKind::Step(step) => {
                let name = step.alias.as_ref().or(step.ty.last())?;
                Some((&name.name, name.span))
            }
            _ => None,
        },
        ast::Source::Merge(..) | ast::Source::Join(..) | ast::Source::Timer(..) => None,
    }
}

/// The sides of a join, with the rows of the streams that were made for its inputs.
pub(super) fn sides(
    kind: ast::JoinKind,
    inputs: &[ast::Input],
    streams: &[Option<StreamId>],
    rows: &[Row],
) -> Vec<Side> {
    let count = inputs.len();
    let optional = |at: usize| match kind {
        ast::JoinKind::Inner | ast::JoinKind::Asof => false,
        ast::JoinKind::Left => at > 0,
        ast::JoinKind::Right => at + 1 < count,
        ast::JoinKind::Full => true,
    };
    let row = |stream: &Option<StreamId>| {
        let row = stream.and_then(|id| rows.get(id.0 as usize)).cloned();
        row.unwrap_or_else(Row::open)
    };
    inputs
        .iter()
        .zip(streams)
        .enumerate()
        .map(|(at, (input, stream))| Side {
            name: input_name(input).map_or_else(|| format!("_{}", at + 1), |(name, _)| name.to_owned()),
            row: row(stream),
            optional: optional(at),
            list: false,
            least: 0,
        })
        .collect()
}

/// Lowers a join; gives the operators behind it that do not belong to it.
pub(super) fn lower<'o>(
    cx: &mut Cx<'_>,
    flow: &mut Flow,
    (kind, inputs, span): (ast::JoinKind, &'o [ast::Input], Span),
    streams: &[Option<StreamId>],
    operators: &'o [Operator],
) -> &'o [Operator] {
    let Some(sides) = flow.row.sides() else {
        return operators;
    };
    check_inputs(cx, kind, inputs, span);
    let mut conditions: Vec<&Expr> = inputs.iter().filter_map(|input| input.on.as_ref()).collect();
    let (mut within, mut rest) = (None, operators);
    while let Some((operator, after)) = rest.split_first() {
        match operator.name.name.as_str() {
            "on" => conditions.extend(the_condition(cx, operator)),
            name if within.is_none() && name == bound(kind) => within = Some(time(cx, flow, operator)),
            name if within.is_none() && matches!(name, "window" | "within") => {
                within = Some(wrong_bound(cx, kind, operator));
            }
            _ => break,
        }
        rest = after;
    }
    if within.is_none() {
        no_bound(cx, kind, span);
    }
    if conditions.is_empty() {
        let message = format!("`{}` does not say which rows belong together", word(kind));
        cx.say(
            Diagnostic::new(Code::BadJoin, span, message)
                .label("`on` is missing")
                .help("after the last input: `on A.id == B.id`; for every pair of rows `on true`"),
        );
    }
    let mut parts = Conditions::default();
    for condition in conditions {
        parts.take(cx, flow, condition, &sides);
    }
    let condition = parts.all(cx, flow, span);
    let join = Join {
        kind: lower_kind(kind),
        within: within.flatten().unwrap_or(0),
        inputs: sides
            .iter()
            .zip(streams)
            .filter_map(|(side, stream)| {
                stream.map(|stream| JoinInput {
                    name: side.name.clone(),
                    stream,
                    reads: Vec::new(),
                })
            })
            .collect(),
        equal: parts.equal,
        condition,
    };
    flow.push(Op::Join(Box::new(join)), span);
    rest
}

/// The operator that says how far rows may lie apart.
fn bound(kind: ast::JoinKind) -> &'static str {
    if kind == ast::JoinKind::Asof {
        "within"
    } else {
        "window"
    }
}

fn check_inputs(cx: &mut Cx<'_>, kind: ast::JoinKind, inputs: &[ast::Input], span: Span) {
    let most = if kind == ast::JoinKind::Inner { usize::MAX } else { 2 };
    if inputs.len() < 2 || inputs.len() > most {
        let wanted = if most == 2 { "two inputs" } else { "two inputs or more" };
        let message = format!("`{}` has {wanted}, {} given", word(kind), inputs.len());
        cx.say(
            Diagnostic::new(Code::BadJoin, span, message)
                .help("for example `join(stream A from Order, stream B from Payment on A.id == B.order_id)`"),
        );
    }
    let mut seen: Vec<(&str, Span)> = Vec::new();
    for input in inputs {
        let Some((name, span)) = input_name(input) else {
            cx.say(
                Diagnostic::new(Code::BadJoin, input.span, "this input of the join has no name")
                    .help("name it: `stream A = ..`"),
            );
            continue;
        };
        // An alias that names the input is used by that.
        cx.used.insert(span);
        if let Some((_, first)) = seen.iter().find(|(other, _)| *other == name) {
            cx.say(
                Diagnostic::new(
                    Code::BadJoin,
                    span,
                    format!("two inputs of the join are called `{name}`"),
                )
                .also(*first, "the first one")
                .help(format!(
                    "give them names of their own: `stream A from {name}, stream B from {name}`"
                )),
            );
        }
        seen.push((name, span));
    }
}

/// `.on(cond)`, as other dialects write it.
fn the_condition<'o>(cx: &mut Cx<'_>, operator: &'o Operator) -> Option<&'o Expr> {
    match operator.args.as_slice() {
        [
            Arg {
                names,
                value: ArgValue::Expr(expr),
                ..
            },
        ] if names.is_empty() => Some(expr),
        _ => {
            let message = "`.on` takes one condition";
            cx.say(
                Diagnostic::new(Code::OperatorArguments, operator.span, message)
                    .help("for example `.on(A.id == B.id)`"),
            );
            None
        }
    }
}

/// `.window(5m)`
fn time(cx: &mut Cx<'_>, flow: &Flow, operator: &Operator) -> Option<i64> {
    match operator.args.as_slice() {
        [
            Arg {
                names,
                value: ArgValue::Expr(expr),
                ..
            },
        ] if names.is_empty() => ops::positive(cx, flow.module, expr, "the time that rows may lie apart"),
        _ => {
            let name = &operator.name.name;
            let message = format!("`.{name}` of a join takes a time: how far apart its rows may lie");
            cx.say(Diagnostic::new(Code::BadJoin, operator.span, message).help(format!(
                "`.{name}(5m)`; to cut the joined rows into windows, aggregate them in a stream that reads this one"
            )));
            None
        }
    }
}

fn wrong_bound(cx: &mut Cx<'_>, kind: ast::JoinKind, operator: &Operator) -> Option<i64> {
    let message = format!("`{}` is bounded by `.{}`", word(kind), bound(kind));
    cx.say(Diagnostic::new(Code::BadJoin, operator.name.span, message).fix(
        format!("write `.{}`", bound(kind)),
        operator.name.span,
        bound(kind),
    ));
    None
}

fn no_bound(cx: &mut Cx<'_>, kind: ast::JoinKind, span: Span) {
    let message = format!("`{}` does not say how far apart in time its rows may lie", word(kind));
    let diagnostic = Diagnostic::new(Code::BadJoin, span, message);
    cx.say(if kind == ast::JoinKind::Asof {
        diagnostic.help("directly after it: `.within(10s)`, how old the other side's row may be")
    } else {
        diagnostic.help("directly after it: `.window(5m)`; without a bound every row would have to be kept to the end")
    });
}

/// What must hold of a combination.
#[derive(Default)]
struct Conditions<'e> {
    equal: Vec<((usize, ExprId), (usize, ExprId))>,
    other: Vec<&'e Expr>,
}

impl<'e> Conditions<'e> {
    /// Takes a condition apart: equalities between two inputs by themselves.
    fn take(&mut self, cx: &mut Cx<'_>, flow: &Flow, condition: &'e Expr, sides: &[Side]) {
        match &condition.kind {
            ExprKind::Binary(ast::BinaryOp::And, _, a, b) => {
                self.take(cx, flow, a, sides);
                self.take(cx, flow, b, sides);
            }
            ExprKind::Compare(a, rest) => {
                if let [(CompareOp::Eq, place, b)] = rest.as_slice()
                    && let (Some(left), Some(right)) =
                        (side_of(cx, flow.module, a, sides), side_of(cx, flow.module, b, sides))
                    && left != right
                {
                    let (first, second) = (on_side(cx, flow, &sides[left], a), on_side(cx, flow, &sides[right], b));
                    check_types(cx, *place, (a, first), (b, second));
                    self.equal.push(((left, first), (right, second)));
                    return;
                }
                self.other.push(condition);
            }
            ExprKind::Lit(crate::data::Value::Bool(true)) => {}
            _ => self.other.push(condition),
        }
    }

    /// All that is no equality, as one condition over the row made.
    fn all(&self, cx: &mut Cx<'_>, flow: &Flow, span: Span) -> Option<ExprId> {
        let mut whole: Option<ExprId> = None;
        for condition in &self.other {
            let one = ops::condition(cx, flow, condition);
            whole = Some(match whole {
                None => one,
                Some(before) => cx
                    .query
                    .exprs
                    .push(Ir::Binary(BinaryOp::And, before, one), Type::Bool, span),
            });
        }
        whole
    }
}

/// The one side that an expression reads; none when it reads none or several.
fn side_of(cx: &Cx<'_>, module: usize, expr: &Expr, sides: &[Side]) -> Option<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut other = false;
    walk(expr, &mut |expr, bound| {
        if let Some(name) = first_name(expr)
            && !bound.contains(&name.name.as_str())
        {
            let named = sides.iter().position(|side| side.name == name.name);
            let has = |side: &Side| side.row.find(cx, &name.name);
            let mut having = (0..sides.len()).filter(|&at| has(&sides[at]) != Found::No);
            match (named, having.next(), having.next()) {
                (Some(at), ..) => found.push(at),
                (None, Some(at), None) if matches!(has(&sides[at]), Found::Yes(_)) => found.push(at),
                // Of no side, or of it is not known which.
                (None, ..) => other |= cx.lookup(module, &name.name).is_none() && !cx.is_import(module, &name.name),
            }
        }
        true
    });
    found.dedup();
    match found.as_slice() {
        [one] if !other => Some(*one),
        _ => None,
    }
}

/// An expression over the rows of one input, which goes by its name.
fn on_side(cx: &mut Cx<'_>, flow: &Flow, side: &Side, expr: &Expr) -> ExprId {
    let mut row = side.row.clone();
    row.aliases.push((side.name.clone(), expr.span));
    Lower::over(cx, flow.module, &row).expr(expr)
}

fn check_types(cx: &mut Cx<'_>, place: Span, (a, left): (&Expr, ExprId), (b, right): (&Expr, ExprId)) {
    let (ta, tb) = (cx.query.exprs.ty(left).clone(), cx.query.exprs.ty(right).clone());
    if comparable(&ta, &tb) {
        return;
    }
    let message = format!("{} is compared with {}", shown(&ta), shown(&tb));
    cx.say(
        Diagnostic::new(Code::UnlikeComparison, place, message)
            .label("never equal: nothing would be joined")
            .also(a.span, format!("this is {}", shown(&ta)))
            .also(b.span, format!("this is {}", shown(&tb))),
    );
}

/// The rows that a join makes.
pub(super) fn row(sides: Vec<Side>) -> Row {
    Row::of(Part::Joined(std::rc::Rc::new(sides)))
}
