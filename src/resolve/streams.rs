//! Streams: sources, order, operators, and who writes to the output.

use super::context::{Cx, Place};
use super::flow::Flow;
use super::graph;
use super::join;
use super::ops;
use super::pattern;
use super::reads;
use super::row::Row;
use super::sources::{self, Origin};
use crate::diag::Span;
use crate::ir::{Source, Stream, StreamId};
use crate::syntax::ast;

/// A stream as declared.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// The module that declares it.
    pub module: usize,
    /// Its name in the program as a whole.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// The rest.
    pub body: &'a ast::StreamExpr,
    /// For each input of a merge the stream that it became, if it does anything; for all of a join.
    pub inputs: Vec<Option<StreamId>>,
    /// What it reads, where it was made to bring the rows of a pattern; `body` is that of the pattern's
    /// stream then.
    pub made: Option<Source>,
}

/// Lowers all streams.
pub(super) fn resolve(cx: &mut Cx<'_>) {
    pattern::prepare(cx);
    let origins: Vec<Origin<'_>> = (0..cx.drafts.len()).map(|at| sources::origin(cx, at)).collect();
    let makes = ops::emitted_events(cx);
    let order = graph::order(cx, &origins, &makes);
    let mut rows: Vec<Row> = origins.iter().map(|_| Row::open()).collect();
    let mut streams: Vec<Option<Stream>> = origins.iter().map(|_| None).collect();
    for &at in &order {
        let (stream, row) = lower(cx, at, &origins[at], &rows);
        rows[at] = row;
        streams[at] = Some(stream);
    }
    pattern::check_unread(cx, &rows);
    cx.query.streams = streams.into_iter().flatten().collect();
    for (StreamId(at), filter) in std::mem::take(&mut cx.input_filters) {
        cx.query.streams[at as usize].ops.push(filter);
    }
    choose_writers(cx);
    reads::tell(&mut cx.query, &cx.elements, &order);
}

fn lower(cx: &mut Cx<'_>, at: usize, origin: &Origin<'_>, rows: &[Row]) -> (Stream, Row) {
    let Draft { module, body, span, .. } = cx.drafts[at];
    let name = cx.drafts[at].name.clone();
    cx.draws = (name.clone(), 0);
    cx.place = Place::Other(String::new());
    let row = origin.row(cx, at, rows);
    if cx.drafts[at].made.is_some() {
        return input(name, span, origin, row);
    }
    let mut flow = Flow::new(module, row);
    flow.refused = origin.refused;
    flow.revises = cx.allowed_lateness || body.operators.iter().any(|of| of.name.name == "allowed_lateness");
    origin.condition(cx, &mut flow);
    let operators = match &body.source {
        ast::Source::Join(kind, inputs, place) => {
            let streams = cx.drafts[at].inputs.clone();
            join::lower(cx, &mut flow, (*kind, inputs, *place), &streams, &body.operators)
        }
        ast::Source::Pattern(_) if cx.patterns.contains_key(&at) => {
            pattern::lower(cx, &mut flow, at, rows, &body.operators)
        }
        ast::Source::Pattern(_) | ast::Source::Merge(..) | ast::Source::Timer(..) => &body.operators,
    };
    ops::lower(cx, &mut flow, operators);
    let columns = flow.row.columns(cx);
    let stream = Stream {
        name,
        sources: origin.sources.clone(),
        ops: flow.ops,
        writes: flow.emits,
        targets: flow.targets,
        columns,
        breaker: flow.breaker,
        span,
    };
    // Who reads the stream knows its rows by its own names.
    let row = Row {
        parts: flow.row.parts,
        ..Row::open()
    };
    (stream, row)
}

/// The stream that brings the rows of one input of a pattern.
fn input(name: String, span: Span, origin: &Origin<'_>, row: Row) -> (Stream, Row) {
    let stream = Stream {
        name,
        sources: origin.sources.clone(),
        ops: Vec::new(),
        writes: false,
        targets: Vec::new(),
        columns: None,
        breaker: None,
        span,
    };
    (stream, row)
}

/// Rows come from streams that `.emit` or `.to`; if there are none, from every stream of the program
/// itself that no other stream reads. What goes to a target does not go to the main output.
fn choose_writers(cx: &mut Cx<'_>) {
    let main = cx.modules.len() - 1;
    let streams = &mut cx.query.streams;
    let any = streams.iter().any(|stream| stream.writes || !stream.targets.is_empty());
    if !any {
        let mut read = vec![false; streams.len()];
        for source in streams.iter().flat_map(|stream| &stream.sources) {
            if let Source::Stream(StreamId(of)) = source
                && let Some(flag) = read.get_mut(*of as usize)
            {
                *flag = true;
            }
        }
        for (at, stream) in streams.iter_mut().enumerate() {
            stream.writes = !read[at] && cx.drafts.get(at).is_some_and(|draft| draft.module == main);
        }
    }
    for stream in streams.iter_mut() {
        stream.writes &= stream.targets.is_empty();
    }
}
