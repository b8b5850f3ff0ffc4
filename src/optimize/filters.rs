//! Filters: dropped, split, and brought to the front.

use super::rewrite;
use crate::data::{FieldId, Value};
use crate::ir::{BinaryOp, Expr, ExprId, Exprs, Named, Op, Operator, Query};

/// `.where(true)` goes away.
pub(super) fn drop_true(query: &mut Query) -> usize {
    let exprs = &query.exprs;
    let always = |op: &Op| matches!(op, Op::Where(id) if *exprs.get(*id) == Expr::Lit(Value::Bool(true)));
    let mut dropped = 0;
    for stream in &mut query.streams {
        let before = stream.ops.len();
        stream.ops.retain(|operator| !always(&operator.op));
        dropped += before - stream.ops.len();
    }
    dropped
}

/// `.where(a and b)` becomes `.where(a).where(b)`: the second sees only the rows that pass the first.
pub(super) fn split_conjunctions(query: &mut Query) -> usize {
    let exprs = &query.exprs;
    let mut split = 0;
    for stream in &mut query.streams {
        let ops = std::mem::take(&mut stream.ops);
        for operator in ops {
            let Op::Where(root) = operator.op else {
                stream.ops.push(operator);
                continue;
            };
            let mut parts = Vec::new();
            conjuncts(exprs, root, &mut parts);
            split += parts.len() - 1;
            stream.ops.extend(parts.into_iter().map(|part| Operator {
                op: Op::Where(part),
                span: operator.span,
            }));
        }
    }
    split
}

/// The parts of a conjunction, left to right.
pub(crate) fn conjuncts(exprs: &Exprs, root: ExprId, parts: &mut Vec<ExprId>) {
    if let Expr::Binary(BinaryOp::And, left, right) = exprs.get(root) {
        conjuncts(exprs, *left, parts);
        conjuncts(exprs, *right, parts);
    } else {
        parts.push(root);
    }
}

/// `.select(a: x, b).where(a > 1)` becomes `.where(x > 1).select(a: x, b)` where every item the
/// condition reads is a plain field or constant and no item of the projection can fail or vary, so
/// that neither rows nor counted errors change.
pub(super) fn before_projections(query: &mut Query) -> usize {
    let mut moved = 0;
    for at in 0..query.streams.len() {
        let mut ops = std::mem::take(&mut query.streams[at].ops);
        // Whoever handles an error is shown the row as it stands there.
        let handled = ops.iter().any(|operator| matches!(operator.op, Op::OnError(_)));
        let end = if handled { 0 } else { ops.len() };
        for i in 1..end {
            let mut place = i;
            while place > 0 && swap_back(&mut query.exprs, &mut ops, place) {
                place -= 1;
                moved += 1;
            }
        }
        query.streams[at].ops = ops;
    }
    moved
}

/// Swaps the filter at `place` with the projection before it, if that keeps everything.
fn swap_back(exprs: &mut Exprs, ops: &mut [Operator], place: usize) -> bool {
    let (Op::Select(fields), Op::Where(condition)) = (&ops[place - 1].op, &ops[place].op) else {
        return false;
    };
    let Some(condition) = through(exprs, fields, *condition) else {
        return false;
    };
    ops[place].op = Op::Where(condition);
    ops.swap(place - 1, place);
    true
}

/// The condition in terms of the row before the projection.
fn through(exprs: &mut Exprs, fields: &[Named], condition: ExprId) -> Option<ExprId> {
    let plain = |exprs: &Exprs, id: ExprId| matches!(exprs.get(id), Expr::Field(_) | Expr::Lit(_) | Expr::Pseudo(_));
    if !fields.iter().all(|named| plain(exprs, named.value)) {
        return None;
    }
    let of = |field: FieldId| {
        fields
            .iter()
            .find(|named| named.field == field)
            .map(|named| named.value)
    };
    let mut known = true;
    exprs.walk(condition, &mut |id| match exprs.get(id) {
        Expr::Field(field) => known &= of(*field).is_some(),
        Expr::Row => known = false,
        _ => {}
    });
    known.then(|| {
        rewrite::copy(exprs, condition, &mut |exprs, id| match exprs.get(id) {
            Expr::Field(field) => of(*field).map(rewrite::Instead::Tree),
            _ => None,
        })
    })
}
