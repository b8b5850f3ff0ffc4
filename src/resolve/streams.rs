//! Streams: sources, order, operators, and who writes to the output.

use super::context::Cx;
use super::graph;
use super::ops;
use super::row::Row;
use super::sources::{self, Origin};
use crate::diag::Span;
use crate::ir::{Op, Operator, Source, Stream, StreamId, Target};
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
    /// For each input of a merge the stream that it became, if it does anything.
    pub inputs: Vec<Option<StreamId>>,
}

/// A stream whose operators are being lowered.
pub(super) struct Flow {
    /// The module that declares it.
    pub module: usize,
    /// The rows at this place.
    pub row: Row,
    /// The operators so far.
    pub ops: Vec<Operator>,
    /// `.to(..)`
    pub targets: Vec<Target>,
    /// Whether something before this place was refused, so that what belongs to it is not refused again.
    pub refused: bool,
    /// Whether there is an `.emit`.
    pub emits: bool,
}

impl Flow {
    pub(super) fn push(&mut self, op: Op, span: Span) {
        self.ops.push(Operator { op, span });
    }
}

/// Lowers all streams.
pub(super) fn resolve(cx: &mut Cx<'_>) {
    let origins: Vec<Origin<'_>> = (0..cx.drafts.len()).map(|at| sources::origin(cx, at)).collect();
    let makes = ops::emitted_events(cx);
    let order = graph::order(cx, &origins, &makes);
    let mut rows: Vec<Row> = origins.iter().map(|_| Row::open()).collect();
    let mut streams: Vec<Option<Stream>> = origins.iter().map(|_| None).collect();
    for at in order {
        let (stream, row) = lower(cx, at, &origins[at], &rows);
        rows[at] = row;
        streams[at] = Some(stream);
    }
    cx.query.streams = streams.into_iter().flatten().collect();
    choose_writers(cx);
}

fn lower(cx: &mut Cx<'_>, at: usize, origin: &Origin<'_>, rows: &[Row]) -> (Stream, Row) {
    let Draft { module, body, span, .. } = cx.drafts[at];
    let name = cx.drafts[at].name.clone();
    cx.draws = (name.clone(), 0);
    let mut flow = Flow {
        module,
        row: origin.row(cx, rows),
        ops: Vec::new(),
        targets: Vec::new(),
        refused: origin.refused,
        emits: false,
    };
    origin.condition(cx, &mut flow);
    ops::lower(cx, &mut flow, &body.operators);
    let stream = Stream {
        name,
        sources: origin.sources.clone(),
        ops: flow.ops,
        writes: flow.emits,
        targets: flow.targets,
        columns: None,
        span,
    };
    // Who reads the stream knows its rows by its own names.
    let row = Row {
        parts: flow.row.parts,
        ..Row::open()
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
