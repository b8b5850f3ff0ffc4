//! Literals that a line must hold to matter to anybody.
//!
//! Sound for JSON text only, and together with the reader's promise to look at every line that holds
//! a `\u` escape: a text value then stands in the line byte for byte, but for the characters that
//! JSON escapes otherwise, at which a literal is cut.

use indexmap::IndexSet;

use super::graph::{Graph, In, Readers};
use super::{Options, StepKind};
use crate::data::Value;
use crate::ir::{BinaryOp, EventId, Expr, ExprId, Query};
use crate::optimize::conjuncts;

/// More alternatives than this are not worth looking for.
const MOST: usize = 64;
/// A literal shorter than this is everywhere.
const SHORTEST: usize = 3;

type Literals = Vec<Vec<u8>>;

/// The alternatives of which a line must hold one; none when there is somebody who may want any line.
pub(super) fn literals(query: &Query, graph: &Graph, options: &Options) -> Option<Literals> {
    let readers = Readers::of(graph);
    let mut all = IndexSet::new();
    for scan in 0..graph.nodes.len() {
        for &input in graph.nodes[scan]
            .inputs
            .iter()
            .filter(|input| !matches!(input, In::Node(_)))
        {
            all.extend(of_chain(query, graph, &readers, scan).or_else(|| of_type(query, input, options))?);
        }
    }
    // Records that go out without any operator.
    for &output in graph
        .outputs
        .iter()
        .flatten()
        .filter(|output| !matches!(output, In::Node(_)))
    {
        all.extend(of_type(query, output, options)?);
    }
    (!all.is_empty() && all.len() <= MOST).then(|| all.into_iter().collect())
}

/// What the filters say that begin at a node: the longest literals among its own and those of the
/// filter that alone reads it, and so on.
fn of_chain(query: &Query, graph: &Graph, readers: &Readers, mut at: usize) -> Option<Literals> {
    let mut best: Option<Literals> = None;
    loop {
        let StepKind::Filter(condition) = graph.nodes[at].step.kind else {
            return best;
        };
        let mut parts = Vec::new();
        conjuncts(&query.exprs, condition, &mut parts);
        for literals in parts.into_iter().filter_map(|part| of_condition(query, part)) {
            if best.as_ref().is_none_or(|best| shortest(best) < shortest(&literals)) {
                best = Some(literals);
            }
        }
        let written = !readers.streams(In::Node(at)).is_empty();
        match readers.nodes(In::Node(at)) {
            [(only, _)] if !written && graph.nodes[*only].inputs.len() == 1 => at = *only,
            _ => return best,
        }
    }
}

fn shortest(literals: &Literals) -> usize {
    literals.iter().map(Vec::len).min().unwrap_or(0)
}

/// Literals of which one must be in the line where a condition is true.
fn of_condition(query: &Query, condition: ExprId) -> Option<Literals> {
    let exprs = &query.exprs;
    let text = |id: ExprId| match exprs.get(id) {
        Expr::Lit(Value::Str(text)) => Some(text.clone()),
        _ => None,
    };
    let field = |id: ExprId| matches!(exprs.get(id), Expr::Field(_));
    match exprs.get(condition) {
        Expr::Binary(BinaryOp::Eq, a, b) if field(*a) => one(&text(*b)?, true, true),
        Expr::Binary(BinaryOp::Eq, a, b) if field(*b) => one(&text(*a)?, true, true),
        Expr::Binary(BinaryOp::Or, a, b) => {
            let (mut left, right) = (of_condition(query, *a)?, of_condition(query, *b)?);
            left.extend(right);
            (left.len() <= MOST).then_some(left)
        }
        Expr::Binary(BinaryOp::In, a, b) if field(*a) => match exprs.get(*b) {
            Expr::Lit(Value::List(items)) if items.len() <= MOST => {
                let mut all = Literals::new();
                for item in items.iter() {
                    let Value::Str(text) = item else { return None };
                    all.extend(one(text, true, true)?);
                }
                Some(all)
            }
            _ => None,
        },
        Expr::Call(builtin, args, _) if args.len() == 2 && field(args[0]) => {
            let (whole_start, whole_end) = match builtin.name() {
                "contains" => (false, false),
                "starts_with" => (true, false),
                "ends_with" => (false, true),
                _ => return None,
            };
            one(&text(args[1])?, whole_start, whole_end)
        }
        _ => None,
    }
}

/// The longest piece of a text that stands in JSON as it is; with the quotes, where the text is the
/// beginning or the end of a value.
fn one(text: &str, starts: bool, ends: bool) -> Option<Literals> {
    let escaped = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\' | b'/');
    let pieces: Vec<&[u8]> = text.as_bytes().split(escaped).collect();
    let last = pieces.len() - 1;
    let (at, piece) = pieces
        .iter()
        .enumerate()
        .max_by_key(|(at, piece)| (piece.len(), usize::MAX - at))?;
    let mut literal = Vec::new();
    if starts && at == 0 {
        literal.push(b'"');
    }
    literal.extend_from_slice(piece);
    if ends && at == last {
        literal.push(b'"');
    }
    (piece.len() >= SHORTEST).then(|| vec![literal])
}

/// The names of the types a scan reads, where records are typed by a field of their own.
fn of_type(query: &Query, scan: In, options: &Options) -> Option<Literals> {
    let In::Event(base) = scan else { return None };
    if options.bound.iter().any(Option::is_some) {
        return None;
    }
    let mut all = Literals::new();
    for at in (0..query.events.len()).filter(|&at| query.is_a(EventId(at as u32), base)) {
        let name = &query.events[at].log_name;
        // Records without a type are of this one.
        if name == "Event" {
            return None;
        }
        // A number may stand for its text.
        let quoted = name.parse::<i64>().is_err();
        all.extend(one(name, quoted, quoted)?);
    }
    Some(all)
}
