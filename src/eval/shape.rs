//! Equal trees, found by numbering: two nodes have the same number exactly when their trees are
//! equal (hash-consing, bottom up). One pass; a look-up for each node.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::data::Value;
use crate::data::value::FixedHasher;
use crate::ir::{Expr, ExprId, Exprs, LocalId};

const NONE: u32 = u32::MAX;

/// The numbers of the trees.
#[derive(Debug)]
pub(super) struct Shapes {
    /// By node; `NONE` for nodes of no root.
    numbers: Vec<u32>,
    /// By number: whether the value is worth keeping.
    kept: Vec<bool>,
}

/// What is known of the trees of one number.
struct Shape {
    /// In how many places it stands.
    places: u32,
    /// Whether it gives the same value wherever it stands: nothing bound outside, nothing drawn.
    free: BTreeSet<LocalId>,
    volatile: bool,
    leaf: bool,
}

impl Shapes {
    /// Numbers the trees of all roots.
    pub(super) fn of(exprs: &Exprs, roots: &[ExprId]) -> Self {
        let mut numbers = vec![NONE; exprs.len()];
        let mut known: IndexMap<Vec<u8>, Shape, FixedHasher> = IndexMap::default();
        for &root in roots {
            exprs.walk(root, &mut |id| {
                let at = known.entry(encode(exprs, id, &numbers));
                let number = at.index();
                let shape = at.or_insert_with(|| Shape {
                    places: 0,
                    free: BTreeSet::new(),
                    volatile: false,
                    leaf: exprs.operands(id).is_empty(),
                });
                shape.places += 1;
                if shape.places == 1 {
                    let (free, volatile) = inherit(exprs, id, &numbers, &known);
                    known[number].free = free;
                    known[number].volatile = volatile;
                }
                numbers[id.0 as usize] = number as u32;
            });
        }
        let kept = |shape: &Shape| shape.places > 1 && shape.free.is_empty() && !shape.volatile && !shape.leaf;
        Self {
            numbers,
            kept: known.values().map(kept).collect(),
        }
    }

    /// The number of a tree whose value is worth keeping.
    pub(super) fn shared(&self, id: ExprId) -> Option<u32> {
        let number = *self.numbers.get(id.0 as usize)?;
        (*self.kept.get(number as usize)?).then_some(number)
    }
}

/// Which locals a node reads that are bound outside it, and whether anything in it is volatile.
fn inherit(
    exprs: &Exprs,
    id: ExprId,
    numbers: &[u32],
    known: &IndexMap<Vec<u8>, Shape, FixedHasher>,
) -> (BTreeSet<LocalId>, bool) {
    let mut free = BTreeSet::new();
    let mut volatile = match exprs.get(id) {
        Expr::Call(builtin, _, _) => builtin.is_volatile(),
        // The same question has another answer at another event.
        Expr::Attend(..) => true,
        _ => false,
    };
    for operand in exprs.operands(id) {
        let shape = &known[numbers[operand.0 as usize] as usize];
        free.extend(&shape.free);
        volatile |= shape.volatile;
    }
    match exprs.get(id) {
        Expr::Local(local) => {
            free.insert(*local);
        }
        Expr::Let(local, _, _) => {
            free.remove(local);
        }
        Expr::Call(_, _, lambdas) | Expr::Attend(_, _, lambdas) => {
            for local in lambdas.iter().flat_map(|lambda| &lambda.params) {
                free.remove(local);
            }
        }
        _ => {}
    }
    (free, volatile)
}

/// A node as bytes, its operands by their numbers: equal bytes for equal trees only.
fn encode(exprs: &Exprs, id: ExprId, numbers: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    let tag = match exprs.get(id) {
        Expr::Lit(value) => {
            encode_value(value, &mut out);
            0
        }
        Expr::Field(field) => {
            out.extend(field.0.to_le_bytes());
            1
        }
        Expr::Pseudo(which) => {
            out.push(*which as u8);
            2
        }
        Expr::Row => 3,
        Expr::Local(local) => {
            out.extend(local.0.to_le_bytes());
            4
        }
        Expr::Let(local, _, _) => {
            out.extend(local.0.to_le_bytes());
            5
        }
        Expr::Unary(op, _) => {
            out.push(*op as u8);
            6
        }
        Expr::Binary(op, _, _) => {
            out.push(*op as u8);
            7
        }
        Expr::If(..) => 8,
        Expr::Is(_, test) => {
            out.extend(format!("{test:?}").bytes());
            9
        }
        Expr::Get(_, name) => {
            out.extend(name.bytes());
            10
        }
        Expr::Index(..) => 11,
        Expr::Slice(_, from, to) => {
            out.push(u8::from(from.is_some()) + 2 * u8::from(to.is_some()));
            12
        }
        Expr::List(_) => 13,
        Expr::Map(_) => 14,
        Expr::Range(_, _, inclusive) => {
            out.push(u8::from(*inclusive));
            15
        }
        Expr::Interp(_) => 16,
        Expr::Call(builtin, args, lambdas) => {
            out.extend((*builtin as u32).to_le_bytes());
            out.extend((args.len() as u32).to_le_bytes());
            for lambda in lambdas {
                out.push(lambda.params.len() as u8);
                out.extend(lambda.params.iter().flat_map(|local| local.0.to_le_bytes()));
            }
            17
        }
        Expr::Attend(what, args, lambdas) => {
            out.extend(format!("{what:?}").bytes());
            out.extend((args.len() as u32).to_le_bytes());
            for lambda in lambdas {
                out.extend(lambda.params.iter().flat_map(|local| local.0.to_le_bytes()));
            }
            18
        }
        Expr::Invoke(function, _) => {
            out.extend(function.0.to_le_bytes());
            19
        }
    };
    for operand in exprs.operands(id) {
        out.extend(numbers[operand.0 as usize].to_le_bytes());
    }
    out.push(tag);
    out
}

fn encode_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0),
        Value::Bool(b) => out.extend([1, u8::from(*b)]),
        Value::Int(i) | Value::Timestamp(i) | Value::Duration(i) => {
            out.push(match value {
                Value::Int(_) => 2,
                Value::Timestamp(_) => 3,
                _ => 4,
            });
            out.extend(i.to_le_bytes());
        }
        Value::Float(f) => {
            out.push(5);
            out.extend(f.to_bits().to_le_bytes());
        }
        Value::Str(text) => {
            out.push(6);
            out.extend((text.len() as u64).to_le_bytes());
            out.extend(text.bytes());
        }
        Value::List(items) => {
            out.push(7);
            out.extend((items.len() as u64).to_le_bytes());
            items.iter().for_each(|item| encode_value(item, out));
        }
        Value::Map(entries) => {
            out.push(8);
            out.extend((entries.len() as u64).to_le_bytes());
            for (key, item) in entries.iter() {
                encode_value(&key.0, out);
                encode_value(item, out);
            }
        }
    }
}
