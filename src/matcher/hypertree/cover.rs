//! How rows find a rule: a choice of atoms of which one must hold where its condition is true.
//!
//! A row in which none of them holds is passed over, so the evaluator must not count an error in it
//! either. Before a part of an `and` may be chosen, whatever stands before it must be known not to fail:
//! atoms whose values are of their kinds do not, and the rows that have values of other kinds are
//! looked at in any case (the guards).

use indexmap::IndexSet;

use crate::data::Value;
use crate::data::value::FixedHasher;
use crate::eval::{Program, TextShape};
use crate::ir::BinaryOp;

use super::atom::{Atom, Place, Subject, Test};
use super::cell::Kind;
use super::literals::{self, Needle};
use super::verdict::{Atoms, Verdict};

/// A field, and the kind that its values must be of.
pub(super) type Guard = (Subject, Kind);

/// A choice of atoms.
#[derive(Clone, Debug, Default)]
pub(super) struct Cover {
    /// One of these holds in each row for which the condition is true.
    pub(super) atoms: Vec<u32>,
    /// Rows with values of other kinds have to be looked at too.
    pub(super) guards: Vec<Guard>,
    /// The larger, the fewer rows are likely to be found.
    score: i32,
}

/// The best choice for a condition; else why there is none.
///
/// `at_once`: the fields that are read in every row in any case.
pub(super) fn choose(
    program: &Program<'_>,
    atoms: &Atoms,
    at_once: &IndexSet<Place, FixedHasher>,
    verdict: &Verdict,
) -> Result<Cover, &'static str> {
    let mut cover = cover(program, atoms, at_once, verdict)?;
    cover.atoms.sort_unstable();
    cover.atoms.dedup();
    let mut guards: Vec<Guard> = Vec::new();
    for guard in cover.guards.drain(..) {
        if !guards.contains(&guard) {
            guards.push(guard);
        }
    }
    cover.guards = guards;
    Ok(cover)
}

fn cover(
    program: &Program<'_>,
    atoms: &Atoms,
    at_once: &IndexSet<Place, FixedHasher>,
    verdict: &Verdict,
) -> Result<Cover, &'static str> {
    match verdict {
        Verdict::Atom(number) => {
            let atom = atoms.get(*number);
            let score = score(program, atom).ok_or("a condition that many rows satisfy")?;
            // Fields that no filter looks at first are read for this alone.
            let late = if at_once.contains(&atom.subject.place) { 0 } else { 12 };
            // What many rules ask for is less rare than it looks, and finding it costs as many looks.
            let common = 8 * atoms.places(*number).max(1).ilog2() as i32;
            Ok(Cover {
                score: score - common - late,
                atoms: vec![*number],
                guards: guard(atom).into_iter().collect(),
            })
        }
        Verdict::Known(false) => Ok(Cover {
            score: i32::MAX / 2,
            ..Cover::default()
        }),
        Verdict::Or(parts) => {
            let mut all = Cover {
                score: i32::MAX / 2,
                ..Cover::default()
            };
            for part in parts {
                let one = cover(program, atoms, at_once, part)?;
                all.score = all.score.min(one.score);
                all.atoms.extend(one.atoms);
                all.guards.extend(one.guards);
            }
            all.score -= 3 * all.atoms.len().max(1).ilog2() as i32;
            Ok(all)
        }
        Verdict::And(parts) => {
            let mut before: Vec<Guard> = Vec::new();
            let mut best: Result<Cover, &'static str> = Err("nothing in it asks a field for a constant");
            for part in parts {
                let one = cover(program, atoms, at_once, part).map(|mut one| {
                    let own = one.atoms.iter().map(|&atom| atoms.get(atom).subject);
                    let own: Vec<Subject> = own.collect();
                    // Fields that are read for the guards alone cost something.
                    let more = before.iter().filter(|(subject, _)| !own.contains(subject)).count();
                    one.score -= 8 * more as i32;
                    one.guards.extend(before.iter().copied());
                    one
                });
                if match (&one, &best) {
                    (Ok(one), Ok(known)) => one.score > known.score,
                    (_, Err(_)) => true,
                    _ => false,
                } {
                    best = one;
                }
                match safe(atoms, part) {
                    Some(guards) => before.extend(guards),
                    None => break,
                }
            }
            best
        }
        Verdict::Known(true) => Err("always true"),
        Verdict::Not(_) => Err("a negation"),
        Verdict::Opaque => Err("an expression of its own kind"),
    }
}

/// The guards under which a condition cannot fail; none when it may.
fn safe(atoms: &Atoms, verdict: &Verdict) -> Option<Vec<Guard>> {
    match verdict {
        Verdict::Atom(number) => Some(guard(atoms.get(*number)).into_iter().collect()),
        Verdict::Known(_) => Some(Vec::new()),
        Verdict::Opaque => None,
        Verdict::Not(inner) => safe(atoms, inner),
        Verdict::And(parts) | Verdict::Or(parts) => {
            let all: Option<Vec<Vec<Guard>>> = parts.iter().map(|part| safe(atoms, part)).collect();
            Some(all?.concat())
        }
    }
}

fn guard(atom: &Atom) -> Option<Guard> {
    atom.guard.map(|kind| (atom.subject, kind))
}

/// How few rows an atom is likely to find; none where rows cannot be found by it.
fn score(program: &Program<'_>, atom: &Atom) -> Option<i32> {
    let typed = matches!(atom.subject.place, Place::Pseudo(_));
    let score = match &atom.test {
        Test::Null | Test::Truth => return None,
        Test::Equal(constant) => equal(constant),
        Test::Member(items) => {
            let least = items.iter().map(equal).min().unwrap_or(0);
            least - 3 * items.len().max(1).ilog2() as i32
        }
        Test::Within(from, to, _) if to.saturating_sub(*from) < 16 => 40,
        Test::Within(..) => 25,
        Test::Order(BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, constant) => match constant {
            Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::Duration(_) => 15,
            _ => return None,
        },
        Test::Order(..) => return None,
        Test::Text => text(program, atom)?,
    };
    Some(if typed { score.min(12) } else { score })
}

fn equal(constant: &Value) -> i32 {
    match constant {
        Value::Bool(_) => 5,
        Value::Str(text) => 60 + 2 * text.len().min(12) as i32,
        _ => 55,
    }
}

fn text(program: &Program<'_>, atom: &Atom) -> Option<i32> {
    let shapes = program.shapes(atom.node);
    let of_length = |length: usize| match length {
        0 => None,
        1 => Some(8),
        2 => Some(25),
        3 => Some(55),
        n => Some(60 + 2 * n.min(14) as i32),
    };
    let mut least = 95;
    for shape in &shapes {
        let one = match shape {
            TextShape::Whole(text) => Some(60 + 2 * text.len().min(12) as i32),
            TextShape::Start(text) | TextShape::End(text) => of_length(text.len()).map(|score| score + 2),
            TextShape::Part(text) => of_length(text.len()),
            TextShape::Regex(pattern) => {
                let needles = literals::required(pattern)?;
                let shortest = needles.iter().map(|needle: &Needle| needle.text.len()).min()?;
                // What is found has still to be matched.
                of_length(shortest).map(|score| score - 10)
            }
            TextShape::Nets(nets) => nets.iter().map(|net| i32::from(net.prefix_len()) * 2).min(),
        };
        least = least.min(one?);
    }
    (!shapes.is_empty()).then(|| least - 3 * shapes.len().ilog2() as i32)
}
