//! A rule's condition as a tree of atoms, judged row by row with three answers.
//!
//! Invariant: yes and no are what the evaluator would say without counting an error; where it might
//! count one, or where the tree does not know an expression, the answer is that it has to be asked. The
//! evaluator goes from left to right and stops as early as it can, so what stands behind that place
//! does not matter.

use indexmap::IndexMap;

use crate::data::Value;
use crate::data::value::FixedHasher;
use crate::eval::Program;
use crate::ir::{BinaryOp, Builtin, Expr, ExprId, UnaryOp, structure};

use super::atom::Atom;

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// An atom, by number.
    Atom(u32),
    And(Vec<Verdict>),
    Or(Vec<Verdict>),
    Not(Box<Verdict>),
    Known(bool),
    /// Something that only the evaluator knows.
    Opaque,
}

impl Verdict {
    /// Whether the condition is true, given what is known of the atoms; none: the evaluator has to say.
    pub(super) fn judge(&self, holds: &mut impl FnMut(u32) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Atom(atom) => holds(*atom),
            Self::Known(truth) => Some(*truth),
            Self::Opaque => None,
            Self::Not(inner) => inner.judge(holds).map(|truth| !truth),
            Self::And(parts) => {
                for part in parts {
                    if !part.judge(holds)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Self::Or(parts) => {
                for part in parts {
                    if part.judge(holds)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
        }
    }

    /// The atoms in it.
    pub(super) fn atoms(&self, found: &mut Vec<u32>) {
        match self {
            Self::Atom(atom) => found.push(*atom),
            Self::Not(inner) => inner.atoms(found),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.atoms(found)),
            Self::Known(_) | Self::Opaque => {}
        }
    }

    /// Whether it is nothing but one of some atoms.
    pub(super) fn is_any_of_atoms(&self) -> bool {
        match self {
            Self::Atom(_) => true,
            Self::Or(parts) => parts.iter().all(Self::is_any_of_atoms),
            Self::And(parts) => matches!(&parts[..], [only] if only.is_any_of_atoms()),
            _ => false,
        }
    }
}

/// The atoms of all rules, each once.
#[derive(Debug, Default)]
pub(super) struct Atoms {
    /// By what they do, each with the number of places where it stands.
    known: IndexMap<String, (Atom, u32), FixedHasher>,
}

impl Atoms {
    /// An atom.
    pub(super) fn get(&self, atom: u32) -> &Atom {
        &self.known[atom as usize].0
    }

    /// In how many places an atom stands.
    pub(super) fn places(&self, atom: u32) -> u32 {
        self.known[atom as usize].1
    }

    /// All of them, in order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Atom> {
        self.known.values().map(|known| &known.0)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// The tree of several conditions that must all hold, in their order.
    pub(super) fn all(&mut self, program: &Program<'_>, conditions: &[ExprId]) -> Verdict {
        Verdict::And(conditions.iter().map(|&id| self.verdict(program, id)).collect())
    }

    fn verdict(&mut self, program: &Program<'_>, id: ExprId) -> Verdict {
        let exprs = program.exprs();
        match exprs.get(id) {
            Expr::Lit(Value::Bool(truth)) => Verdict::Known(*truth),
            Expr::Lit(Value::Null) => Verdict::Known(false),
            Expr::Unary(UnaryOp::Not, inner) => Verdict::Not(Box::new(self.verdict(program, *inner))),
            Expr::Binary(op @ (BinaryOp::And | BinaryOp::Or), ..) => {
                let mut parts = Vec::new();
                chain(program, *op, id, &mut parts);
                let parts = parts.into_iter().map(|part| self.verdict(program, part)).collect();
                if *op == BinaryOp::And {
                    Verdict::And(parts)
                } else {
                    Verdict::Or(parts)
                }
            }
            // `x != c` is `not (x == c)`, and null there is unequal.
            Expr::Binary(BinaryOp::Ne, ..) | Expr::Call(Builtin::IsNotNull, ..) => {
                let atom = self.atom(program, id).map(Verdict::Atom);
                atom.map_or(Verdict::Opaque, |atom| Verdict::Not(Box::new(atom)))
            }
            _ => self.atom(program, id).map_or(Verdict::Opaque, Verdict::Atom),
        }
    }

    fn atom(&mut self, program: &Program<'_>, id: ExprId) -> Option<u32> {
        let atom = Atom::of(program, id)?;
        let text = structure(program.exprs(), id)?;
        let entry = self.known.entry(text);
        let number = entry.index() as u32;
        entry.or_insert((atom, 0)).1 += 1;
        Some(number)
    }
}

/// The parts of a chain of one operator, left to right.
fn chain(program: &Program<'_>, op: BinaryOp, id: ExprId, parts: &mut Vec<ExprId>) {
    match program.exprs().get(id) {
        Expr::Binary(other, a, b) if *other == op => {
            chain(program, op, *a, parts);
            chain(program, op, *b, parts);
        }
        _ => parts.push(id),
    }
}
