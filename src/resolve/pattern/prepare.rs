//! Which streams read a pattern, and the streams that bring its rows.

use std::borrow::Cow;
use std::rc::Rc;

use super::modifiers;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Source, StreamId};
use crate::resolve::context::{Cx, What};
use crate::resolve::sources::{source, stray_from};
use crate::resolve::streams::Draft;
use crate::syntax::ast::{self, ArgValue, Expr, ExprKind, Ident, PatternDecl, PatternExpr, PatternKind, StepExpr};

/// What is known of a stream's pattern before any row is.
#[derive(Debug)]
pub(in crate::resolve) struct Prepared<'a> {
    /// The module that holds the text of the steps.
    pub module: usize,
    /// The steps.
    pub expr: &'a PatternExpr,
    /// The `pattern` statement that they stand in.
    pub decl: Option<&'a PatternDecl>,
    /// The single events in order of the text; those of `.not(..)` last.
    pub steps: Vec<Placed<'a>>,
    /// How many of them stand in the pattern itself.
    pub of_text: usize,
    /// What they read, each once.
    pub inputs: Vec<Input>,
    /// Whether something that a step names was refused.
    pub refused: bool,
}

/// A step, and where it belongs.
#[derive(Debug)]
pub(in crate::resolve) struct Placed<'a> {
    pub step: Cow<'a, StepExpr>,
    /// The module in which its names have a meaning.
    pub module: usize,
    pub input: usize,
}

/// What a pattern reads.
#[derive(Debug)]
pub(in crate::resolve) struct Input {
    pub name: String,
    pub source: Source,
    /// The stream that brings its rows.
    pub stream: StreamId,
}

/// Whether a step is more than an event type or stream with a name and a condition.
pub(in crate::resolve) fn repeats_or_modifies(step: &StepExpr) -> bool {
    !step.modifiers.is_empty() || step.quantifier.is_some() || step.within.is_some()
}

/// Finds the patterns that streams read, and makes the streams that bring their rows.
pub(in crate::resolve) fn prepare(cx: &mut Cx<'_>) {
    for at in 0..cx.drafts.len() {
        if let Some((module, expr, decl)) = pattern_of(cx, at) {
            let prepared = one(cx, at, module, expr, decl);
            cx.patterns.insert(at, Rc::new(prepared));
        }
    }
}

/// The most steps of a pattern: what each may read of the others is looked at for every one.
const MOST_STEPS: usize = 500;

type Found<'a> = (usize, &'a PatternExpr, Option<&'a PatternDecl>);

/// The pattern that a stream reads; none for plain sources.
fn pattern_of<'a>(cx: &mut Cx<'a>, at: usize) -> Option<Found<'a>> {
    let (module, body) = (cx.drafts[at].module, cx.drafts[at].body);
    let ast::Source::Pattern(pattern) = &body.source else {
        return None;
    };
    let mut bare = pattern;
    while let PatternKind::Group(inner, None) = &bare.kind {
        bare = inner;
    }
    let PatternKind::Step(step) = &bare.kind else {
        return Some((module, pattern, None));
    };
    let named = match step.ty.as_slice() {
        [name] => cx.lookup(module, &name.name),
        [alias, ..] if cx.is_import(module, &alias.name) => cx.lookup_path(module, &step.ty).ok().flatten(),
        _ => None,
    };
    let Some((decl, home)) = named.and_then(|found| match found.what {
        What::Pattern(decl, home) => Some((decl, home)),
        _ => None,
    }) else {
        return repeats_or_modifies(step).then_some((module, pattern, None));
    };
    let name = &decl.name.name;
    if repeats_or_modifies(step) || step.alias.is_some() || step.condition.is_some() {
        cx.say(
            Diagnostic::new(
                Code::BadSequence,
                step.span,
                format!("the pattern `{name}` stands by itself here"),
            )
            .also(decl.name.span, "declared here")
            .help(format!(
                "conditions on whole matches come behind it: `{name} .where(..)`; steps are named where it is declared"
            )),
        );
    }
    Some((home, &decl.pattern, Some(decl)))
}

fn one<'a>(
    cx: &mut Cx<'a>,
    at: usize,
    module: usize,
    expr: &'a PatternExpr,
    decl: Option<&'a PatternDecl>,
) -> Prepared<'a> {
    let (home, body) = (cx.drafts[at].module, cx.drafts[at].body);
    let mine = &body.operators[..modifiers::count(&body.operators)];
    let mut nots: Vec<(Cow<'a, StepExpr>, usize)> = Vec::new();
    for operator in mine.iter().filter(|operator| operator.name.name == "not") {
        let found = operator.args.iter().filter_map(|arg| match &arg.value {
            ArgValue::Step(step) => Some(Cow::Borrowed(&**step)),
            ArgValue::Expr(expr) => step_of(expr).map(Cow::Owned),
            ArgValue::Sorted(..) => None,
        });
        nots.extend(found.map(|step| (step, home)));
    }
    let mut prepared = sorted(cx, module, (expr, decl), nots);
    for input in &mut prepared.inputs {
        input.stream = made(cx, at, &input.name, input.source);
    }
    prepared
}

/// A pattern that no stream reads.
pub(super) fn alone<'a>(cx: &mut Cx<'a>, module: usize, decl: &'a PatternDecl) -> Prepared<'a> {
    sorted(cx, module, (&decl.pattern, Some(decl)), Vec::new())
}

/// The patterns that no stream reads, each with the module that declares it.
pub(in crate::resolve) fn unread<'a>(cx: &Cx<'a>) -> Vec<(usize, &'a PatternDecl)> {
    let read = |decl: &PatternDecl| {
        let mut decls = cx.patterns.values().filter_map(|prepared| prepared.decl);
        decls.any(|other| std::ptr::eq(other, decl))
    };
    let all = cx.scopes.iter().flat_map(indexmap::IndexMap::values);
    let patterns = all.filter_map(|declared| match declared.what {
        What::Pattern(decl, home) => Some((home, decl)),
        _ => None,
    });
    patterns.filter(|(_, decl)| !read(decl)).collect()
}

/// The steps of a pattern with what they read; `nots`: those of `.not(..)`.
fn sorted<'a>(
    cx: &mut Cx<'a>,
    module: usize,
    (expr, decl): (&'a PatternExpr, Option<&'a PatternDecl>),
    nots: Vec<(Cow<'a, StepExpr>, usize)>,
) -> Prepared<'a> {
    let mut steps: Vec<(Cow<'a, StepExpr>, usize)> = Vec::new();
    collect(expr, &mut |step| steps.push((Cow::Borrowed(step), module)));
    let of_text = steps.len();
    steps.extend(nots);
    let count = steps.len();
    steps.truncate(MOST_STEPS);
    let mut prepared = Prepared {
        module,
        expr,
        decl,
        steps: Vec::with_capacity(steps.len()),
        of_text,
        inputs: Vec::new(),
        refused: false,
    };
    for (step, module) in steps {
        if let Some(from) = &step.stray_from {
            stray_from(cx, &step, from);
        }
        let Some(of) = source(cx, module, &step.ty) else {
            prepared.refused = true;
            continue;
        };
        let known = prepared.inputs.iter().position(|known| known.source == of);
        let input = known.unwrap_or_else(|| {
            let name = step
                .ty
                .iter()
                .map(|part| part.name.as_str())
                .collect::<Vec<_>>()
                .join(".");
            prepared.inputs.push(Input {
                name,
                source: of,
                stream: StreamId(u32::MAX),
            });
            prepared.inputs.len() - 1
        });
        prepared.steps.push(Placed { step, module, input });
    }
    if count > MOST_STEPS {
        let message = format!("a pattern has at most {MOST_STEPS} steps, this has {count}");
        cx.say(
            super::sequence(expr.span, message)
                .help("steps of one type that follow each other are a repetition: `A{500}`"),
        );
        prepared.refused = true;
    }
    if prepared.inputs.len() > usize::from(u8::MAX) {
        let message = format!("a pattern reads at most {} event types and streams", u8::MAX);
        cx.say(super::sequence(expr.span, message));
        prepared.refused = true;
    }
    prepared
}

/// A stream that brings the rows of an input.
fn made(cx: &mut Cx<'_>, at: usize, name: &str, source: Source) -> StreamId {
    let Draft {
        module,
        span,
        body,
        name: of,
        ..
    } = &cx.drafts[at];
    let draft = Draft {
        module: *module,
        name: format!("{of}.{name}"),
        span: *span,
        body,
        inputs: Vec::new(),
        made: Some(source),
    };
    cx.drafts.push(draft);
    StreamId(cx.drafts.len() as u32 - 1)
}

/// The single events of a pattern in order of the text.
pub(super) fn collect<'a>(expr: &'a PatternExpr, take: &mut impl FnMut(&'a StepExpr)) {
    match &expr.kind {
        PatternKind::Step(step) => take(step),
        PatternKind::Seq(parts) | PatternKind::And(parts) | PatternKind::Or(parts) => {
            parts.iter().for_each(|part| collect(part, take));
        }
        PatternKind::Group(inner, _) => collect(inner, take),
    }
}

/// `Logout`, `lib.Logout`, `Logout[cond]` as a step.
pub(super) fn step_of(expr: &Expr) -> Option<StepExpr> {
    let (head, condition) = match &expr.kind {
        ExprKind::Index(of, condition) => (&**of, Some((**condition).clone())),
        _ => (expr, None),
    };
    let mut ty: Vec<Ident> = Vec::new();
    let mut at = head;
    loop {
        at = match &at.kind {
            ExprKind::Field(of, name) => {
                ty.push(name.clone());
                of
            }
            ExprKind::Name(name) => {
                ty.push(name.clone());
                break;
            }
            _ => return None,
        };
    }
    ty.reverse();
    Some(StepExpr {
        modifiers: Vec::new(),
        ty,
        quantifier: None,
        condition,
        alias: None,
        within: None,
        stray_from: None,
        span: expr.span,
    })
}
