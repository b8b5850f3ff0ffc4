//! Rewriting of expression trees: a changed tree is built anew at the end of the arena, so that
//! every tree stays contiguous (the invariant of [`crate::ir::Exprs`]).

use crate::data::Value;
use crate::ir::{Expr, ExprId, Exprs, Lambda, Named, Node, Op, Operator, Query, SideChannel};

/// What stands in the place of a node.
pub(super) enum Instead {
    /// Another tree (its operands are copied in turn).
    Tree(ExprId),
    /// A constant.
    Value(Value),
}

/// Copies the tree at `root` with `replace` tried at every node, from the root down: where it gives
/// something, that stands there instead.
pub(super) fn copy(
    exprs: &mut Exprs,
    root: ExprId,
    replace: &mut impl FnMut(&Exprs, ExprId) -> Option<Instead>,
) -> ExprId {
    let from = match replace(exprs, root) {
        None => root,
        Some(Instead::Tree(id)) => id,
        Some(Instead::Value(value)) => {
            let Node { ty, span, .. } = exprs.node(root).clone();
            return exprs.push(Expr::Lit(value), ty, span);
        }
    };
    let node = exprs.node(from).clone();
    let mut one = |exprs: &mut Exprs, id: ExprId| copy(exprs, id, replace);
    let expr = match node.expr {
        leaf @ (Expr::Lit(_) | Expr::Field(_) | Expr::Pseudo(_) | Expr::Row | Expr::Local(_)) => leaf,
        Expr::Let(local, a, b) => {
            let a = one(exprs, a);
            Expr::Let(local, a, one(exprs, b))
        }
        Expr::Unary(op, a) => Expr::Unary(op, one(exprs, a)),
        Expr::Is(a, test) => Expr::Is(one(exprs, a), test),
        Expr::Get(a, name) => Expr::Get(one(exprs, a), name),
        Expr::Binary(op, a, b) => {
            let a = one(exprs, a);
            Expr::Binary(op, a, one(exprs, b))
        }
        Expr::Index(a, b) => {
            let a = one(exprs, a);
            Expr::Index(a, one(exprs, b))
        }
        Expr::Range(a, b, inclusive) => {
            let a = one(exprs, a);
            Expr::Range(a, one(exprs, b), inclusive)
        }
        Expr::If(c, a, b) => {
            let (c, a) = (one(exprs, c), one(exprs, a));
            Expr::If(c, a, one(exprs, b))
        }
        Expr::Slice(a, from, to) => {
            let a = one(exprs, a);
            let from = from.map(|id| one(exprs, id));
            Expr::Slice(a, from, to.map(|id| one(exprs, id)))
        }
        Expr::List(items) => Expr::List(items.into_iter().map(|id| one(exprs, id)).collect()),
        Expr::Interp(items) => Expr::Interp(items.into_iter().map(|id| one(exprs, id)).collect()),
        Expr::Map(entries) => Expr::Map(
            entries
                .into_iter()
                .map(|(k, v)| (one(exprs, k), one(exprs, v)))
                .collect(),
        ),
        Expr::Invoke(function, args) => Expr::Invoke(function, args.into_iter().map(|id| one(exprs, id)).collect()),
        Expr::Call(builtin, args, lambdas) => {
            let args = args.into_iter().map(|id| one(exprs, id)).collect();
            Expr::Call(builtin, args, copied(exprs, lambdas, &mut one))
        }
        Expr::Attend(what, args, lambdas) => {
            let args = args.into_iter().map(|id| one(exprs, id)).collect();
            Expr::Attend(what, args, copied(exprs, lambdas, &mut one))
        }
    };
    exprs.push(expr, node.ty, node.span)
}

fn copied(exprs: &mut Exprs, lambdas: Vec<Lambda>, one: &mut impl FnMut(&mut Exprs, ExprId) -> ExprId) -> Vec<Lambda> {
    let copy = |lambda: Lambda| Lambda {
        params: lambda.params,
        body: one(exprs, lambda.body),
    };
    lambdas.into_iter().map(copy).collect()
}

/// All expressions of an operator.
pub(crate) fn expressions(op: &Op) -> Vec<ExprId> {
    let values = |fields: &[Named]| fields.iter().map(|named| named.value).collect::<Vec<_>>();
    match op {
        Op::Where(id) | Op::Map(id) | Op::FlatMap(id) => vec![*id],
        Op::Select(fields) | Op::PartitionBy(fields) => values(fields),
        Op::Emit { fields, .. } => fields.as_deref().map(values).unwrap_or_default(),
        Op::Distinct { key, .. } => key.iter().copied().collect(),
        Op::Side(SideChannel::Print(args) | SideChannel::Log { text: args, .. }) => args.clone(),
        Op::Side(SideChannel::Metrics { histogram, .. }) => histogram.iter().map(|(_, id)| *id).collect(),
        Op::Rising(id) => vec![*id],
        Op::OrderBy(keys, _) => keys.iter().map(|key| key.value).collect(),
        Op::Aggregate(made) => made.calls.iter().flat_map(|call| call.args.iter().copied()).collect(),
        Op::RowFunctions(made) => made.iter().filter_map(|function| function.arg).collect(),
        Op::Enrich(enrich) => vec![enrich.key],
        Op::Join(join) => {
            let reads = join.inputs.iter().flat_map(|input| values(&input.reads));
            let equal = join.equal.iter().flat_map(|(a, b)| [a.1, b.1]);
            reads.chain(equal).chain(join.condition).collect()
        }
        Op::Pattern(pattern) => pattern.expressions(),
        Op::Attention(attention) => attention.expressions(),
        Op::Limit(..) | Op::Validate(_) | Op::Side(SideChannel::Trace { .. }) => Vec::new(),
        Op::Window { .. } | Op::Throttle(..) | Op::Collect => Vec::new(),
        Op::Process(process) => vec![process.value],
        Op::Watermark(_) | Op::AllowedLateness(_) | Op::OnError(_) => Vec::new(),
    }
}

/// The same, to be changed in place.
fn expressions_mut(op: &mut Op) -> Vec<&mut ExprId> {
    match op {
        Op::Where(id) | Op::Map(id) | Op::FlatMap(id) => vec![id],
        Op::Select(fields) | Op::PartitionBy(fields) => fields.iter_mut().map(|named| &mut named.value).collect(),
        Op::Emit { fields, .. } => fields.iter_mut().flatten().map(|named| &mut named.value).collect(),
        Op::Distinct { key, .. } => key.iter_mut().collect(),
        Op::Side(SideChannel::Print(args) | SideChannel::Log { text: args, .. }) => args.iter_mut().collect(),
        Op::Side(SideChannel::Metrics { histogram, .. }) => histogram.iter_mut().map(|(_, id)| id).collect(),
        Op::Rising(id) => vec![id],
        Op::OrderBy(keys, _) => keys.iter_mut().map(|key| &mut key.value).collect(),
        Op::Aggregate(made) => made.calls.iter_mut().flat_map(|call| call.args.iter_mut()).collect(),
        Op::RowFunctions(made) => made.iter_mut().filter_map(|function| function.arg.as_mut()).collect(),
        Op::Enrich(enrich) => vec![&mut enrich.key],
        Op::Join(join) => {
            let reads = join.inputs.iter_mut().flat_map(|input| input.reads.iter_mut());
            let reads = reads.map(|named| &mut named.value);
            let equal = join.equal.iter_mut().flat_map(|(a, b)| [&mut a.1, &mut b.1]);
            reads.chain(equal).chain(join.condition.as_mut()).collect()
        }
        Op::Pattern(pattern) => pattern.expressions_mut(),
        Op::Attention(attention) => attention.expressions_mut(),
        Op::Limit(..) | Op::Validate(_) | Op::Side(SideChannel::Trace { .. }) => Vec::new(),
        Op::Window { .. } | Op::Throttle(..) | Op::Collect => Vec::new(),
        Op::Process(process) => vec![&mut process.value],
        Op::Watermark(_) | Op::AllowedLateness(_) | Op::OnError(_) => Vec::new(),
    }
}

/// Puts `change(exprs, id)` in the place of every root expression of every operator, where it gives one.
pub(super) fn every_root(query: &mut Query, mut change: impl FnMut(&mut Exprs, ExprId) -> Option<ExprId>) -> usize {
    let exprs = &mut query.exprs;
    let operators = query.streams.iter_mut().flat_map(|stream| stream.ops.iter_mut());
    let mut changed = 0;
    for Operator { op, .. } in operators {
        for id in expressions_mut(op) {
            if let Some(new) = change(exprs, *id) {
                *id = new;
                changed += 1;
            }
        }
    }
    changed
}
