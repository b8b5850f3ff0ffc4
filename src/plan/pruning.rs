//! What the fields of a record must be like for it to matter to anybody, as far as that can be told
//! from bounds of their values: comparisons with constants that the first filters ask for.
//!
//! Formats that know the bounds of their columns leave out what cannot matter. As with literals, a
//! record that matters to nobody is then not evaluated, so that evaluation errors in it do not show.

use super::StepKind;
use super::graph::{Graph, In, Readers};
use crate::data::Value;
use crate::ir::{BinaryOp, EventId, Expr, ExprId, Query};
use crate::optimize::conjuncts;
use crate::read::{Bound, Comparison};

/// A record matters only if all bounds of one of these hold. None: it may matter whatever it is like.
type Alternatives = Option<Vec<Vec<Bound>>>;

/// What must hold for the records of each type, and, last, for those of other types.
pub(super) fn bounds(query: &Query, graph: &Graph, types: &[EventId]) -> Vec<Alternatives> {
    let readers = Readers::of(graph);
    let each = types.iter().copied().map(Some).chain([None]);
    each.map(|event| alternatives(query, graph, &readers, event)).collect()
}

fn alternatives(query: &Query, graph: &Graph, readers: &Readers, event: Option<EventId>) -> Alternatives {
    let reads = |input: &In| match (input, event) {
        (In::Any, _) => true,
        (In::Event(base), Some(event)) => query.is_a(event, *base),
        _ => false,
    };
    if graph.outputs.iter().flatten().any(reads) {
        return None;
    }
    let mut all = Vec::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        if node.inputs.iter().any(reads) {
            let found = of_chain(query, graph, readers, at);
            if found.is_empty() {
                return None;
            }
            all.push(found);
        }
    }
    Some(all)
}

/// What the filters ask for that begin at a node, each read by the next one alone.
fn of_chain(query: &Query, graph: &Graph, readers: &Readers, mut at: usize) -> Vec<Bound> {
    let mut found = Vec::new();
    while let StepKind::Filter(condition) = graph.nodes[at].step.kind {
        let mut parts = Vec::new();
        conjuncts(&query.exprs, condition, &mut parts);
        found.extend(parts.into_iter().filter_map(|part| of_condition(query, part)));
        let written = !readers.streams(In::Node(at)).is_empty();
        match readers.nodes(In::Node(at)) {
            [(only, _)] if !written && graph.nodes[*only].inputs.len() == 1 => at = *only,
            _ => break,
        }
    }
    found
}

fn of_condition(query: &Query, condition: ExprId) -> Option<Bound> {
    let Expr::Binary(op, a, b) = query.exprs.get(condition) else {
        return None;
    };
    let (op, field, constant) = match (query.exprs.get(*a), query.exprs.get(*b)) {
        (Expr::Field(field), Expr::Lit(value)) => (comparison(*op)?, *field, value),
        (Expr::Lit(value), Expr::Field(field)) => (mirrored(comparison(*op)?)?, *field, value),
        _ => return None,
    };
    let comparable = |value: &Value| {
        matches!(
            value,
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::Timestamp(_)
        )
    };
    let values = match (op, constant) {
        (Comparison::In, Value::List(items)) => items.to_vec(),
        (Comparison::In, _) => return None,
        (_, value) => vec![value.clone()],
    };
    values.iter().all(comparable).then_some(Bound { field, op, values })
}

fn comparison(op: BinaryOp) -> Option<Comparison> {
    Some(match op {
        BinaryOp::Eq => Comparison::Equal,
        BinaryOp::In => Comparison::In,
        BinaryOp::Lt => Comparison::Less,
        BinaryOp::Le => Comparison::AtMost,
        BinaryOp::Gt => Comparison::Greater,
        BinaryOp::Ge => Comparison::AtLeast,
        _ => return None,
    })
}

/// The comparison with its sides changed over.
fn mirrored(op: Comparison) -> Option<Comparison> {
    Some(match op {
        Comparison::In => return None,
        Comparison::Equal => Comparison::Equal,
        Comparison::Less => Comparison::Greater,
        Comparison::AtMost => Comparison::AtLeast,
        Comparison::Greater => Comparison::Less,
        Comparison::AtLeast => Comparison::AtMost,
    })
}
