//! `.aggregate(name: expr, ...)` and `.having`.
//!
//! The calls of aggregate functions in all items become one [`Op::Aggregate`], each call a hidden field
//! of the row that it makes; projections behind it compute the items from these. An item that reads
//! one before it is computed in a projection of its own. What an item reads of the rows outside of any
//! aggregate is the last row's, by a call of `last`.

use std::rc::Rc;

use indexmap::IndexMap;

use super::calls::{self, Part};
use super::projection::Projection;
use super::{args, project, window};
use crate::data::{FieldId, Type, Value};
use crate::diag::{Code, Diagnostic, Severity, Span};
use crate::ir::{AggCall, AggFunction, Aggregate, Op, Over, Window, structure};
use crate::resolve::context::{Cx, What, quoted};
use crate::resolve::declare::is_pseudo;
use crate::resolve::expr::Lower;
use crate::resolve::flow::{After, Flow, Open};
use crate::resolve::row::{Column, Found, Keys, Row};
use crate::syntax::ast::{Arg, ArgValue, Expr, ExprKind, Ident, Operator};

/// `.having(cond)`: `.where` after `.aggregate`.
pub(super) fn having(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    if flow.aggregated.is_none() && !flow.refused {
        cx.say(
            Diagnostic::new(
                Code::MisplacedOperator,
                operator.name.span,
                "`.having` belongs after `.aggregate`",
            )
            .help("to filter rows write `.where(cond)`"),
        );
    }
    super::filter::keep(cx, flow, operator);
}

/// `.aggregate(name: expr, ..., running: true)`
pub(super) fn aggregate(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let said = cx.diagnostics.len();
    let running = running(cx, flow, operator);
    let items = items(cx, operator);
    if items.is_empty() && operator.args.len() == usize::from(running.is_some()) {
        cx.say(
            Diagnostic::new(
                Code::OperatorArguments,
                operator.span,
                "`.aggregate` needs something to compute",
            )
            .help("for example `.aggregate(n: count(), total: sum(amount))`"),
        );
    }
    let over = over(cx, flow, running);
    let mut made = Made::new(cx, flow, over, operator.span);
    let unnamed = operator.args.iter().filter(|arg| arg.names.is_empty());
    let own = |arg: &Arg| match &arg.value {
        ArgValue::Expr(expr) => project::own_name(expr).map(|(name, _)| (expr.span, name)),
        ArgValue::Sorted(..) | ArgValue::Step(_) => None,
    };
    made.unnamed = unnamed.filter_map(own).collect();
    // All calls first: they are part of the one aggregation, whatever projection uses them.
    let parts: Vec<Vec<Part<'_>>> = items.iter().map(|item| calls::parts(item.expr)).collect();
    for (at, parts) in parts.iter().enumerate() {
        for part in parts {
            made.part(cx, flow, part, &items[..at]);
        }
    }
    made.project(cx, flow, &items, &parts);
    // After an error, of an unknown function say, what stands in its arguments is no news.
    let news = cx.diagnostics.split_off(said);
    let failed = news.iter().any(|one| one.severity == Severity::Error);
    let of_interest = |one: &Diagnostic| !failed || one.code != Code::LastRowValue;
    cx.diagnostics.extend(news.into_iter().filter(of_interest));
}

/// `running: true`, where `running` is no item's name.
fn running(cx: &mut Cx<'_>, flow: &Flow, operator: &Operator) -> Option<(bool, Span)> {
    let arg = operator.args.iter().find(|arg| is_running(arg))?;
    let ArgValue::Expr(expr) = &arg.value else {
        return None;
    };
    args::flag(cx, flow.module, expr).map(|flag| (flag, arg.span))
}

fn is_running(arg: &Arg) -> bool {
    matches!(arg.names.as_slice(), [name] if name.name == "running")
        && matches!(
            &arg.value,
            ArgValue::Expr(Expr {
                kind: ExprKind::Lit(Value::Bool(_)),
                ..
            })
        )
}

/// An item with its name.
pub(super) struct Item<'o> {
    pub(super) name: String,
    pub(super) expr: &'o Expr,
}

fn items<'o>(cx: &mut Cx<'_>, operator: &'o Operator) -> Vec<Item<'o>> {
    let mut seen = Vec::new();
    let mut items = Vec::new();
    for arg in operator.args.iter().filter(|arg| !is_running(arg)) {
        if let Some((name, span, expr)) = project::name_of(cx, operator, arg)
            && project::fresh(cx, &mut seen, &name, span)
        {
            items.push(Item { name, expr });
        }
    }
    items
}

/// Over which rows; the window in force is closed by the aggregation.
fn over(cx: &mut Cx<'_>, flow: &mut Flow, running: Option<(bool, Span)>) -> Aggregated {
    let open = flow.window.take();
    let over = match open {
        None => Over::All {
            running: running.is_some_and(|(flag, _)| flag),
        },
        Some(Open { placed: true, .. }) => Over::Collected,
        Some(Open { window, .. }) => Over::Window(window),
    };
    if let (Some(open), Some((true, span))) = (open, running) {
        cx.say(
            Diagnostic::new(
                Code::BadWindow,
                span,
                "`running: true` is for aggregations without a window",
            )
            .also(open.span, "the window in force")
            .help("for a row at every event write `.window(5m, every: event)`"),
        );
    }
    Aggregated {
        over,
        window: open.map(|open| open.window),
    }
}

/// What is aggregated.
struct Aggregated {
    over: Over,
    window: Option<Window>,
}

impl Aggregated {
    /// Whether the rows have `window_start` and `window_end`.
    fn has_times(&self) -> bool {
        self.window.is_some_and(window::has_times)
    }

    /// How rows follow each other behind it.
    fn after(&self) -> After {
        match (self.window, self.over) {
            (Some(Window::Time { .. }), _) | (None, Over::All { running: false }) => After::AllOfWindow,
            _ => After::AllKeys,
        }
    }
}

/// The aggregation under construction.
struct Made {
    of: Aggregated,
    span: Span,
    /// The rows that go in.
    input: Row,
    keys: Vec<(String, FieldId)>,
    calls: Vec<AggCall>,
    /// What makes calls equal.
    work: Vec<Option<(AggFunction, String)>>,
    /// The parts of items that are fields of the row made.
    given: IndexMap<Span, (FieldId, Type)>,
    /// The names that the row has before any item: keys, `window_start`, `window_end`.
    columns: Vec<(Column, FieldId)>,
    /// The places of items that have no name but their own.
    unnamed: Vec<(Span, String)>,
    start: FieldId,
    end: FieldId,
    revision: FieldId,
}

impl Made {
    fn new(cx: &mut Cx<'_>, flow: &Flow, of: Aggregated, span: Span) -> Self {
        let mut columns: Vec<(Column, FieldId)> = Vec::new();
        for key in &flow.keys {
            if columns.iter().all(|(column, _)| column.name != key.name) {
                columns.push((column(&key.name, key.ty.clone()), key.field));
            }
        }
        // A key of the same name is read by it; the other value then has no name.
        let field = |cx: &mut Cx<'_>, name: &str| {
            let taken = flow.keys.iter().any(|key| key.name == name);
            if taken {
                cx.hidden(name)
            } else {
                window::name_field(cx, name)
            }
        };
        let (start, end, revision) = (
            field(cx, "window_start"),
            field(cx, "window_end"),
            field(cx, "revision"),
        );
        if of.has_times() {
            for (name, field) in [("window_start", start), ("window_end", end)] {
                if columns.iter().all(|(column, _)| column.name != name) {
                    columns.push((column(name, Type::Timestamp), field));
                }
            }
        }
        Self {
            of,
            span,
            input: flow.row.clone(),
            keys: flow.keys.iter().map(|key| (key.name.clone(), key.field)).collect(),
            calls: Vec::new(),
            work: Vec::new(),
            given: IndexMap::new(),
            columns,
            unnamed: Vec::new(),
            start,
            end,
            revision,
        }
    }

    /// Makes a call of what an item's part asks of the rows, if it does.
    fn part(&mut self, cx: &mut Cx<'_>, flow: &Flow, part: &Part<'_>, before: &[Item<'_>]) {
        match part {
            Part::Call(call) => {
                if let Some(made) = calls::lower(cx, flow, call) {
                    self.add(cx, call.span, made);
                } else {
                    self.poison(cx, call.span);
                }
            }
            Part::Path(expr, name) if self.is_of_the_rows(cx, flow, expr, name, before) => self.last(cx, flow, expr),
            Part::Path(..) => {}
            Part::RowFunction(expr) => {
                calls::stray_row_function(cx, expr);
                self.poison(cx, expr.span);
            }
        }
    }

    /// Whether a path that stands outside of any aggregate can only be a field of the rows.
    fn is_of_the_rows(&self, cx: &Cx<'_>, flow: &Flow, expr: &Expr, name: &Ident, before: &[Item<'_>]) -> bool {
        let quoted = cx.is_quoted(name.span);
        let known = |name: &str| {
            before.iter().any(|item| item.name == name) || self.columns.iter().any(|(column, _)| column.name == name)
        };
        let row = &self.input;
        let alias = row.aliases.iter().any(|(alias, _)| *alias == name.name);
        let source = row.source.as_deref() == Some(&name.name) && row.find(cx, &name.name) == Found::No;
        if alias || source {
            let field = calls::second_name(expr);
            return field.is_none_or(|field| !known(&field.name) && !is_pseudo(&field.name));
        }
        if known(&name.name) || (!quoted && is_pseudo(&name.name)) {
            return false;
        }
        if matches!(row.find(cx, &name.name), Found::Yes(_)) {
            return true;
        }
        // A constant, or the name of an import.
        let constant = cx
            .lookup(flow.module, &name.name)
            .is_some_and(|found| matches!(found.what, What::Constant(_)));
        let import = !matches!(expr.kind, ExprKind::Name(_)) && cx.is_import(flow.module, &name.name);
        !constant && !import
    }

    /// The value of an expression in the last row.
    fn last(&mut self, cx: &mut Cx<'_>, flow: &Flow, expr: &Expr) {
        if let ExprKind::Name(name) = &expr.kind
            && matches!(name.name.as_str(), "window_start" | "window_end")
            && self.input.find(cx, &name.name) != Found::Yes(Type::Timestamp)
        {
            let kind = if self.of.window.is_some() {
                "a window of rows"
            } else {
                "an aggregation without a window"
            };
            let message = format!("`{}` is not there: {kind} has no bounds in time", name.name);
            cx.say(
                Diagnostic::new(Code::UnknownName, name.span, message)
                    .help("the times of its rows: `from: first(_time), to: last(_time)`"),
            );
            return self.poison(cx, expr.span);
        }
        let said = cx.diagnostics.len();
        let value = Lower::at(cx, flow).expr(expr);
        if cx.diagnostics.len() == said && !flow.refused {
            let text = cx.sources.slice(expr.span).to_owned();
            let what = if self.of.window.is_some() { "window" } else { "input" };
            cx.say(
                Diagnostic::new(
                    Code::LastRowValue,
                    expr.span,
                    format!("`{text}` is the value of the last row of the {what} here"),
                )
                .label("no aggregate, and no key of the partition")
                .fix("say so", expr.span, format!("{}last({text})", self.name_before(expr)))
                .help("to have a row for each value, make it a key: `.partition_by(..)`"),
            );
        }
        let args = vec![value];
        self.add(cx, expr.span, (AggFunction::Last, args, Value::Null));
    }

    /// The name that an item has to be given when it is no longer a plain field.
    fn name_before(&self, expr: &Expr) -> String {
        let own = self.unnamed.iter().find(|(span, _)| *span == expr.span);
        own.map_or_else(String::new, |(_, name)| format!("{}: ", quoted(name)))
    }

    fn add(&mut self, cx: &mut Cx<'_>, span: Span, (function, args, param): calls::Lowered) {
        let types: Vec<Type> = args.iter().map(|&id| cx.query.exprs.ty(id).clone()).collect();
        let ty = function.result_type(&types);
        let mut work = Some(format!("{param:?}"));
        for &arg in &args {
            work = work
                .zip(structure(&cx.query.exprs, arg))
                .map(|(work, arg)| work + ";" + &arg);
        }
        let work = work.map(|work| (function, work));
        let same = self.work.iter().position(|known| known.is_some() && *known == work);
        let field = match same {
            Some(at) => self.calls[at].field,
            None => {
                let field = cx.hidden("agg");
                self.calls.push(AggCall {
                    function,
                    args,
                    param,
                    field,
                    span,
                });
                self.work.push(work);
                field
            }
        };
        self.given.insert(span, (field, ty));
    }

    fn poison(&mut self, cx: &mut Cx<'_>, span: Span) {
        let field = cx.hidden("agg");
        self.given.insert(span, (field, Type::Any));
    }

    /// The aggregation, and the projections that compute the items.
    fn project(self, cx: &mut Cx<'_>, flow: &mut Flow, items: &[Item<'_>], parts: &[Vec<Part<'_>>]) {
        let hidden: Vec<FieldId> = self
            .calls
            .iter()
            .map(|call| call.field)
            .chain([self.revision])
            .collect();
        let after = self.of.after();
        let aggregate = Aggregate {
            over: self.of.over,
            keys: self.keys,
            start: self.start,
            end: self.end,
            revision: self.revision,
            calls: self.calls,
        };
        flow.push(Op::Aggregate(Box::new(aggregate)), self.span);
        flow.given = Rc::new(self.given);
        let own_keys = items
            .iter()
            .all(|item| flow.keys.iter().all(|key| key.name != item.name));
        let mut projection = Projection::new(flow, self.span, hidden, self.columns.clone());
        for (item, parts) in items.iter().zip(parts) {
            projection.item(cx, flow, item, parts);
        }
        projection.finish(cx, flow, &self.columns, items, self.revision);
        flow.given = Rc::default();
        if !own_keys {
            flow.row.keys = Keys::Gone;
        }
        flow.row.aggregated = true;
        flow.aggregated = Some((self.span, after));
    }
}

fn column(name: &str, ty: Type) -> Column {
    Column {
        name: name.to_owned(),
        ty,
    }
}
