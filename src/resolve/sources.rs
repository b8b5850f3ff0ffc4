//! Where a stream's rows come from.

use std::rc::Rc;

use super::context::{Cx, What};
use super::expr::Lower;
use super::flow::Flow;
use super::join;
use super::row::{Column, Part, Row};
use crate::data::Type;
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{EventId, Op, Source, StreamId};
use crate::syntax::ast::{self, PatternKind, StepExpr};

/// The sources of a stream, before any row is known.
pub(super) struct Origin<'a> {
    /// In the order in which they are written.
    pub sources: Vec<Source>,
    /// The step, where the stream has a single source.
    step: Option<&'a StepExpr>,
    /// Whether the source is of a kind that was refused.
    pub refused: bool,
}

impl Origin<'_> {
    fn of(sources: Vec<Source>) -> Self {
        Self {
            sources,
            step: None,
            refused: false,
        }
    }

    fn refused() -> Self {
        Self {
            sources: Vec::new(),
            step: None,
            refused: true,
        }
    }

    /// The rows that come to the stream with this number.
    pub(super) fn row(&self, cx: &Cx<'_>, at: usize, rows: &[Row]) -> Row {
        if cx.drafts[at].made.is_none()
            && let ast::Source::Join(kind, inputs, _) = &cx.drafts[at].body.source
        {
            return join::row(join::sides(*kind, inputs, &cx.drafts[at].inputs, rows));
        }
        let mut parts: Vec<Part> = Vec::new();
        for source in &self.sources {
            match source {
                Source::Event(id) if cx.event(*id).declared => parts.push(Part::Event(*id)),
                Source::Event(_) | Source::Any => parts.push(Part::Open),
                Source::Timer(_) => parts.push(Part::Columns(Rc::new(vec![Column {
                    name: "at".to_owned(),
                    ty: Type::Timestamp,
                }]))),
                Source::Stream(StreamId(at)) => parts.extend(rows[*at as usize].parts.iter().cloned()),
            }
        }
        if parts.is_empty() {
            parts.push(Part::Open);
        }
        let mut row = Row { parts, ..Row::open() };
        if let Some(step) = self.step {
            row.source = step.ty.last().map(|name| name.name.clone());
            row.aliases
                .extend(step.alias.iter().map(|alias| (alias.name.clone(), alias.span)));
        }
        row
    }

    /// The step's `where`.
    pub(super) fn condition(&self, cx: &mut Cx<'_>, flow: &mut Flow) {
        let Some(condition) = self.step.and_then(|step| step.condition.as_ref()) else {
            return;
        };
        let id = super::ops::condition(cx, flow, condition);
        flow.push(Op::Where(id), condition.span);
    }
}

/// The sources of the stream with this number.
pub(super) fn origin<'a>(cx: &mut Cx<'a>, at: usize) -> Origin<'a> {
    let (module, body) = (cx.drafts[at].module, cx.drafts[at].body);
    if let Some(source) = cx.drafts[at].made {
        return Origin::of(vec![source]);
    }
    if let Some(prepared) = cx.patterns.get(&at) {
        let sources = prepared.inputs.iter().map(|input| Source::Stream(input.stream));
        return Origin {
            refused: prepared.refused,
            ..Origin::of(sources.collect())
        };
    }
    match &body.source {
        ast::Source::Pattern(pattern) => single(cx, module, pattern),
        ast::Source::Merge(inputs, _) => merged(cx, module, at, inputs),
        ast::Source::Join(..) => Origin {
            sources: cx.drafts[at]
                .inputs
                .iter()
                .flatten()
                .map(|id| Source::Stream(*id))
                .collect(),
            step: None,
            refused: false,
        },
        ast::Source::Timer(args, span) => timer(cx, module, args, *span),
    }
}

/// `timer(1m)`
fn timer<'a>(cx: &mut Cx<'a>, module: usize, args: &'a [ast::Arg], span: Span) -> Origin<'a> {
    let every = match args {
        [
            ast::Arg {
                names,
                value: ast::ArgValue::Expr(expr),
                ..
            },
        ] if names.is_empty() => super::ops::positive(cx, module, expr, "the time from one row of `timer` to the next"),
        _ => {
            cx.say(
                Diagnostic::new(
                    Code::OperatorArguments,
                    span,
                    "`timer` takes the time from one row to the next",
                )
                .help("for example `timer(1m)`"),
            );
            None
        }
    };
    Origin {
        sources: every.map(Source::Timer).into_iter().collect(),
        step: None,
        refused: every.is_none(),
    }
}

/// An event or stream. What is more than that is a pattern, and was prepared, or stands where none can.
fn single<'a>(cx: &mut Cx<'a>, module: usize, pattern: &'a ast::PatternExpr) -> Origin<'a> {
    let step = match &pattern.kind {
        PatternKind::Step(step) if !super::pattern::repeats_or_modifies(step) => step,
        PatternKind::Group(inner, None) => return single(cx, module, inner),
        _ => {
            cx.say(
                Diagnostic::new(Code::WrongKind, pattern.span, "a pattern cannot stand here")
                    .help("give its matches a stream, and read that: `stream M = A -> B`"),
            );
            return Origin::refused();
        }
    };
    if let Some(from) = &step.stray_from {
        stray_from(cx, step, from);
    }
    match source(cx, module, &step.ty) {
        Some(source) => Origin {
            step: Some(step),
            ..Origin::of(vec![source])
        },
        None => Origin::refused(),
    }
}

pub(super) fn stray_from(cx: &mut Cx<'_>, step: &StepExpr, from: &ast::StrLit) {
    let name = step.ty.last().map_or("E", |name| name.name.as_str());
    cx.say(
        Diagnostic::new(
            Code::FromAfterEquals,
            from.span,
            "`from \"..\"` belongs to the event, not to the stream",
        )
        .label("the name of a type in the log")
        .help(format!(
            "declare the event with it: `event {name} from \"{}\"`",
            from.text
        )),
    );
}

fn merged<'a>(cx: &mut Cx<'a>, module: usize, at: usize, inputs: &'a [ast::Input]) -> Origin<'a> {
    let mut sources = Vec::new();
    let mut refused = false;
    for (number, input) in inputs.iter().enumerate() {
        if let Some(on) = &input.on {
            cx.say(
                Diagnostic::new(
                    Code::MisplacedOperator,
                    on.span,
                    "`on` belongs to a join, not to `merge`",
                )
                .help("`merge` takes the rows of all its inputs as they come"),
            );
        }
        match cx.drafts[at].inputs.get(number).copied().flatten() {
            Some(inner) => sources.push(Source::Stream(inner)),
            None => match &input.body.source {
                ast::Source::Pattern(pattern) => {
                    let one = single(cx, module, pattern);
                    refused |= one.refused;
                    sources.extend(one.sources);
                }
                ast::Source::Merge(..) | ast::Source::Join(..) | ast::Source::Timer(..) => refused = true,
            },
        }
    }
    if let ast::Source::Merge(_, span) = &cx.drafts[at].body.source
        && inputs.is_empty()
    {
        let span = *span;
        cx.say(
            Diagnostic::new(Code::OperatorArguments, span, "`merge` needs something to merge")
                .help("name streams or events: `merge(A, B)`"),
        );
    }
    Origin {
        sources,
        step: None,
        refused,
    }
}

/// What a name means as a source; none when it was said that it cannot be one.
pub(super) fn source(cx: &mut Cx<'_>, module: usize, path: &[ast::Ident]) -> Option<Source> {
    let [name] = path else {
        let found = cx.lookup_path(module, path).ok()??;
        return declared_source(cx, path, found.what, found.span);
    };
    if name.name == "any" && !cx.is_quoted(name.span) {
        return Some(Source::Any);
    }
    if let Some(found) = cx.lookup(module, &name.name) {
        return declared_source(cx, path, found.what, found.span);
    }
    if let Some(id) = claimed(cx, module, name) {
        return Some(Source::Event(id));
    }
    super::slips::near_miss(cx, module, name);
    Some(Source::Event(cx.undeclared_event(&name.name, name.span)))
}

fn declared_source(cx: &mut Cx<'_>, path: &[ast::Ident], what: What<'_>, declared: Span) -> Option<Source> {
    match what {
        What::Event(id) => Some(Source::Event(id)),
        What::Stream(id) => Some(Source::Stream(id)),
        What::Pattern(..) => {
            let name = path.last()?;
            let message = format!("the pattern `{}` cannot stand here", name.name);
            cx.say(
                Diagnostic::new(Code::WrongKind, name.span, message)
                    .also(declared, "declared here")
                    .help(format!(
                        "give its matches a stream, and read that: `stream M = {}`",
                        name.name
                    )),
            );
            None
        }
        What::Alias(_) | What::Constant(_) | What::Var(_) | What::Function(_) | What::Connector(..) => {
            let name = path.last()?;
            let message = format!("`{}` is {}; a stream reads events or streams", name.name, what.noun());
            cx.say(Diagnostic::new(Code::WrongKind, name.span, message).also(declared, "declared here"));
            None
        }
    }
}

/// A declared event that reads the records which a name that nothing declares would: it is to be read
/// by its own name.
fn claimed(cx: &mut Cx<'_>, module: usize, name: &ast::Ident) -> Option<EventId> {
    let at = cx
        .query
        .events
        .iter()
        .position(|event| event.declared && event.log_name == name.name)?;
    let prefix = &cx.modules[module].prefix;
    let event = &cx.query.events[at];
    // Seen from the module itself, its own names have no prefix.
    let written = event
        .name
        .strip_prefix(prefix.as_str())
        .unwrap_or(&event.name)
        .to_owned();
    let message = format!("the records of type `{}` are those of the event `{written}`", name.name);
    let diagnostic = Diagnostic::new(Code::ClaimedTwice, name.span, message).also(event.span, "declared here");
    cx.say(diagnostic.fix("read the event", name.span, written));
    Some(EventId(at as u32))
}

impl<'c, 'a> Lower<'c, 'a> {
    /// Over the rows of a flow at its present place.
    pub(super) fn at(cx: &'c mut Cx<'a>, flow: &Flow) -> Self {
        let mut lower = Self::over(cx, flow.module, &flow.row);
        lower.given = flow.given.clone();
        lower
    }
}
