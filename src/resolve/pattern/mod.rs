//! Sequence patterns: steps, what modifies them, and what is read of their matches.
//!
//! The way of a pattern: [`prepare`] finds the streams whose source is one and makes a stream for each
//! event type or stream that its steps name; [`shape`] puts the steps together and binds their names;
//! [`conditions`] splits the conditions into what one event decides by itself, comparisons with what was
//! bound before, and the rest; [`modifiers`] and [`keys`] are the operators directly behind;
//! [`asked`] says what a path like `xs[0].ip` asks of a run; `reads` tells the pattern in the end what
//! others read of its matches.
//!
//! Invariant: a step's number is its place in the text, those of `.not(..)` behind all others.

mod asked;
mod conditions;
mod differences;
pub(in crate::resolve) mod elements;
mod filter;
mod keys;
mod modifiers;
mod prepare;
mod shape;
mod trends;
mod words;

pub(super) use asked::{Asker, Elements};
pub(super) use elements::hoist;
pub(super) use prepare::{Prepared, prepare, repeats_or_modifies, unread};

use std::rc::Rc;

use super::context::Cx;
use super::flow::Flow;
use super::row::{Matched, Part, Row, Side};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{
    How, Op, Pattern, PatternAlias, PatternInput, PatternRead, PatternStep, Report, Selection, Source, StreamId,
};
use crate::syntax::ast::Operator;

/// A pattern under construction.
struct Build<'a> {
    /// The number of its stream.
    at: usize,
    prepared: Rc<Prepared<'a>>,
    /// The rows of each input.
    rows: Vec<Row>,
    inputs: Vec<PatternInput>,
    /// The input of each step.
    input_of: Vec<usize>,
    steps: Vec<PatternStep>,
    aliases: Vec<PatternAlias>,
    /// For each alias whether it may be unbound in a match.
    optional: Vec<bool>,
}

impl<'a> Build<'a> {
    /// `rows`: of each input.
    fn new(at: usize, prepared: Rc<Prepared<'a>>, rows: Vec<Row>) -> Self {
        let named = |(input, row): (&prepare::Input, Row)| Row {
            source: Some(input.name.clone()),
            ..row
        };
        let made = prepared.inputs.iter().map(|input| PatternInput {
            name: input.name.clone(),
            stream: input.stream,
            keys: Vec::new(),
            values: Vec::new(),
        });
        let step = |placed: &prepare::Placed<'_>| PatternStep {
            input: placed.input,
            alone: None,
            compare: Vec::new(),
            rest: None,
            within: None,
            next: false,
            each: false,
            alias: None,
            span: placed.step.span,
        };
        Self {
            at,
            rows: prepared.inputs.iter().zip(rows).map(named).collect(),
            inputs: made.collect(),
            input_of: prepared.steps.iter().map(|placed| placed.input).collect(),
            steps: prepared.steps.iter().map(step).collect(),
            aliases: Vec::new(),
            optional: Vec::new(),
            prepared,
        }
    }

    /// What an alias stands for.
    fn side(&self, alias: usize) -> Side {
        let of = &self.aliases[alias];
        let mut inputs: Vec<usize> = of.steps.iter().map(|&step| self.input_of[step]).collect();
        inputs.sort_unstable();
        inputs.dedup();
        let parts = inputs.iter().flat_map(|&input| self.rows[input].parts.iter().cloned());
        Side {
            name: of.name.clone(),
            row: Row {
                parts: parts.collect(),
                ..Row::open()
            },
            optional: self.optional[alias] && !of.list,
            list: of.list,
            least: 0,
        }
    }

    fn matched(&self, aliases: impl IntoIterator<Item = usize>) -> Matched {
        Matched {
            sides: aliases.into_iter().map(|alias| self.side(alias)).collect(),
            keys: Vec::new(),
            stream: self.at,
        }
    }

    fn asker<'q>(&'q mut self, cx: &'q mut Cx<'_>) -> Asker<'q> {
        Asker {
            fields: &mut cx.query.fields,
            exprs: &mut cx.query.exprs,
            aliases: &self.aliases,
            input_of: &self.input_of,
            inputs: &mut self.inputs,
        }
    }
}

/// Lowers the pattern that a stream reads; gives the operators behind it that do not belong to it.
pub(super) fn lower<'o>(
    cx: &mut Cx<'_>,
    flow: &mut Flow,
    at: usize,
    all_rows: &[Row],
    operators: &'o [Operator],
) -> &'o [Operator] {
    let (mine, mut rest) = operators.split_at(modifiers::count(operators));
    let Some(prepared) = cx.patterns.get(&at).cloned().filter(|prepared| !prepared.refused) else {
        flow.refused = true;
        return rest;
    };
    let rows = prepared.inputs.iter();
    let rows = rows.map(|input| all_rows[input.stream.0 as usize].clone()).collect();
    let mut build = Build::new(at, prepared.clone(), rows);
    let mut made = modifiers::read(cx, &build, flow.module, mine);
    let (shape, contexts) = shape::build(cx, &mut build, &made);
    let alone = conditions::all(cx, &mut build, &contexts);
    let keys = keys::lower(cx, &mut build, &made, flow);
    differences::note(cx, &build, &shape.shape, &made, mine, !keys.keys.is_empty());
    let strict = made.select == Selection::Strict || build.steps.iter().any(|step| step.next);
    if !strict {
        filter::inputs(cx, &build, &alone);
    }
    let span = prepared.expr.span;
    let mut reads: Vec<PatternRead> = keys.reads(span);
    flow.keys.clone_from(&keys.keys);
    let trends = trends::lower(cx, &mut build, &mut made, flow, &mut reads);
    if trends.is_empty() {
        flow.row = row(&build, &made, &shape, &keys);
    }
    flow.row.keys = flow.keys_by_name();
    let filter = filter::of_matches(cx, flow, made.after, &mut rest);
    let pattern = Pattern {
        inputs: build.inputs,
        absent: (prepared.of_text..build.steps.len()).collect(),
        steps: build.steps,
        aliases: build.aliases,
        shape: shape.shape,
        keys: keys.keys.len(),
        within: made.within,
        select: made.select,
        report: made.report,
        after: made.after,
        filter,
        reads,
        trends,
        span,
    };
    if !made.timed {
        check_bounds(cx, &pattern);
    }
    flow.push(Op::Pattern(Box::new(pattern)), span);
    rest
}

/// Says what is wrong with patterns that no stream reads.
pub(super) fn check_unread(cx: &mut Cx<'_>, all_rows: &[Row]) {
    for (module, decl) in prepare::unread(cx) {
        let prepared = Rc::new(prepare::alone(cx, module, decl));
        if prepared.refused {
            continue;
        }
        let rows = prepared.inputs.iter().map(|input| match input.source {
            Source::Stream(StreamId(of)) => all_rows[of as usize].clone(),
            Source::Event(id) if cx.event(id).declared => Row::of(Part::Event(id)),
            Source::Event(_) | Source::Any | Source::Timer(_) => Row::open(),
        });
        let rows = rows.collect();
        let mut build = Build::new(usize::MAX, prepared, rows);
        let made = modifiers::read(cx, &build, module, &[]);
        let (_, contexts) = shape::build(cx, &mut build, &made);
        conditions::all(cx, &mut build, &contexts);
        keys::lower(cx, &mut build, &made, &Flow::new(module, Row::open()));
    }
}

/// The rows that a pattern makes.
fn row(build: &Build<'_>, made: &modifiers::Modifiers<'_>, shape: &shape::Built, keys: &keys::Keys) -> Row {
    let mut matched = build.matched(0..build.aliases.len());
    if made.report == Report::Each
        && let Some(alias) = shape.last_repeated
    {
        matched.sides[alias].list = false;
    }
    for (side, alias) in matched.sides.iter_mut().zip(&build.aliases) {
        side.least = shape::least(&shape.shape, &|step| alias.steps.contains(&step));
    }
    matched.keys.clone_from(&keys.columns);
    Row::of(Part::Matched(Rc::new(matched)))
}

/// What needs a bound in time has one; anything else is warned of.
fn check_bounds(cx: &mut Cx<'_>, pattern: &Pattern) {
    if pattern.bounded() {
        return;
    }
    let span = pattern.span;
    let word = match (pattern.select, pattern.report) {
        (Selection::Any, _) => Some("stam"),
        (_, Report::Subsets) => Some("subsets"),
        _ => None,
    };
    if let Some(word) = word {
        cx.say(
            sequence(span, format!("`.{word}` needs a bound in time"))
                .label("without one every event would have to be kept to the end of the log")
                .help("directly behind the pattern: `.within(5m)`"),
        );
        return;
    }
    cx.say(
        Diagnostic::new(Code::UnboundedPattern, span, "this pattern has no bound in time")
            .label("what has begun is kept to the end of the log")
            .help("directly behind it: `.within(1h)`, the most time from the first event to the last"),
    );
}

/// Says that this is no pattern.
fn sequence(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::BadSequence, span, message)
}

/// A key as a field of the rows made.
fn key_read(field: crate::data::FieldId, name: &str, number: usize, span: Span) -> PatternRead {
    PatternRead {
        field,
        name: Some(name.to_owned()),
        how: How::Key(number),
        span,
    }
}
