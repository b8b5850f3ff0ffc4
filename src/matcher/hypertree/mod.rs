//! One index over the conditions of many rules that read the same rows.
//!
//! A rule is a chain of filters. Of the atoms of its condition (one field against constants) a few are
//! chosen of which one must hold where the condition is true ([`cover`]); these stand in the index,
//! field by field: texts in [`texts`], all else in [`numbers`]. For a batch of rows each such field is
//! gone through once, which gives the rules that may be true somewhere, and where; the rest of a
//! rule's condition is judged in those rows only ([`pick`]), and what cannot be judged there is left to
//! the evaluator. A rule that no row of the batch finds costs nothing.
//!
//! Invariant: the rows found, and the evaluation errors counted, are those that the filters would give
//! one after another. Rows with values of unexpected types are handed to the evaluator for every
//! rule that might count an error there.
//!
//! After OpIndex (Zhang et al., PVLDB 7(8), 2014): a predicate by which a rule is found, and a residue.

mod atom;
mod cell;
mod cover;
mod literals;
mod numbers;
mod pick;
mod show;
mod texts;
mod verdict;

use indexmap::{IndexMap, IndexSet};

use crate::data::value::FixedHasher;
use crate::eval::Program;
use crate::ir::ExprId;

use atom::Subject;
use cell::Kind;
use cover::{Cover, Guard};
use numbers::Numbers;
use texts::Texts;
use verdict::{Atoms, Verdict};

pub use pick::{Found, Picked};
pub use show::{FieldShown, Shown};

/// With fewer rules than this to be indexed they are faster one by one.
const LEAST: usize = 8;

/// A chain of filters: conditions that must all hold.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Which of the readers of the rows it is.
    pub reader: usize,
    /// The conditions, in the order in which they are evaluated.
    pub conditions: Vec<ExprId>,
}

/// The index.
#[derive(Debug)]
pub struct Hypertree {
    atoms: Atoms,
    rules: Vec<Indexed>,
    fields: Vec<Field>,
    /// By atom: where it stands in the index.
    posted: Vec<Posted>,
    /// Values of unexpected types, and the rules for which they matter.
    guards: Vec<Guarded>,
    /// By atom: the number of its field.
    place_of: Vec<u32>,
    /// How many fields the atoms look at.
    places: usize,
    /// Readers that are not indexed, ascending, with the reason where they are filters.
    others: Vec<(usize, Option<&'static str>)>,
}

/// A rule in the index.
#[derive(Debug)]
struct Indexed {
    reader: usize,
    /// How many filters its condition is made of.
    filters: usize,
    verdict: Verdict,
    /// A row that is found satisfies it.
    exact: bool,
}

/// An atom in the index.
#[derive(Clone, Debug, Default)]
struct Posted {
    /// The rules that are found by it, ascending.
    rules: Vec<u32>,
    /// It holds wherever it is found.
    exact: bool,
}

/// A kind that the values of a field must be of for some rules.
#[derive(Debug)]
struct Guarded {
    guard: Guard,
    kind: Kind,
    /// The field's number, and a node whose value it is.
    place: usize,
    value: ExprId,
    rules: Vec<u32>,
}

/// What is asked of a field.
#[derive(Debug)]
struct Field {
    subject: Subject,
    /// The field's number.
    place: usize,
    /// A node whose value is the field.
    value: ExprId,
    texts: Texts,
    numbers: Numbers,
    has_texts: bool,
}

impl Hypertree {
    /// The index of the rules among `readers` readers of the same rows; none when there are too few
    /// rules for which it would serve.
    #[must_use]
    pub fn new(program: &Program<'_>, rules: &[Rule], readers: usize) -> Option<Self> {
        if rules.len() < LEAST {
            return None;
        }
        let mut atoms = Atoms::default();
        let verdicts: Vec<Verdict> = rules.iter().map(|rule| atoms.all(program, &rule.conditions)).collect();
        let at_once = verdicts
            .iter()
            .flat_map(|verdict| first_fields(&atoms, verdict))
            .collect();
        let mut places: IndexSet<atom::Place, FixedHasher> = IndexSet::default();
        let place_of = atoms.iter().map(|atom| places.insert_full(atom.subject.place).0 as u32);
        let mut tree = Self {
            place_of: place_of.collect(),
            places: places.len(),
            posted: vec![Posted::default(); atoms.len()],
            atoms,
            rules: Vec::new(),
            fields: Vec::new(),
            guards: Vec::new(),
            others: Vec::new(),
        };
        let mut reasons: Vec<Option<&'static str>> = vec![None; readers];
        let mut is_indexed = vec![false; readers];
        for (rule, verdict) in rules.iter().zip(verdicts) {
            match cover::choose(program, &tree.atoms, &at_once, &verdict) {
                Ok(cover) => {
                    is_indexed[rule.reader] = true;
                    tree.add(rule, verdict, &cover);
                }
                Err(reason) => reasons[rule.reader] = Some(reason),
            }
        }
        if tree.rules.len() < LEAST {
            return None;
        }
        let others = (0..readers).filter(|&reader| !is_indexed[reader]);
        tree.others = others.map(|reader| (reader, reasons[reader])).collect();
        tree.post(program);
        Some(tree)
    }

    fn add(&mut self, rule: &Rule, verdict: Verdict, cover: &Cover) {
        let number = self.rules.len() as u32;
        for &atom in &cover.atoms {
            self.posted[atom as usize].rules.push(number);
        }
        for &guard in &cover.guards {
            match self.guards.iter_mut().find(|known| known.guard == guard) {
                Some(known) => known.rules.push(number),
                None => self.guard(guard, number),
            }
        }
        self.rules.push(Indexed {
            reader: rule.reader,
            filters: rule.conditions.len(),
            exact: verdict.is_any_of_atoms(),
            verdict,
        });
    }

    fn guard(&mut self, guard: Guard, rule: u32) {
        let (subject, kind) = guard;
        // A guard comes from an atom.
        let Some(at) = self.atoms.iter().position(|atom| atom.subject == subject) else {
            return;
        };
        self.guards.push(Guarded {
            guard,
            kind,
            place: self.place_of[at] as usize,
            value: self.atoms.get(at as u32).value,
            rules: vec![rule],
        });
    }

    /// Puts the chosen atoms into the index.
    fn post(&mut self, program: &Program<'_>) {
        let mut fields: IndexMap<Subject, Field, FixedHasher> = IndexMap::default();
        for (number, (atom, posted)) in self.atoms.iter().zip(&mut self.posted).enumerate() {
            if posted.rules.is_empty() {
                continue;
            }
            let field = fields.entry(atom.subject).or_insert_with(|| Field {
                subject: atom.subject,
                place: self.place_of[number] as usize,
                value: atom.value,
                texts: Texts::default(),
                numbers: Numbers::default(),
                has_texts: false,
            });
            posted.exact = field.texts.add(program, number as u32, atom);
            field.numbers.add(number as u32, atom);
            field.has_texts |= asks_for_text(atom);
        }
        self.fields = fields.into_values().collect();
        for field in &mut self.fields {
            field.texts.build();
            field.numbers.build();
        }
        let posted = &self.posted;
        for rule in self.rules.iter_mut().filter(|rule| rule.exact) {
            let mut atoms = Vec::new();
            rule.verdict.atoms(&mut atoms);
            rule.exact = atoms.iter().all(|&atom| posted[atom as usize].exact);
        }
    }

    /// The readers that are not indexed, ascending.
    pub fn others(&self) -> impl Iterator<Item = usize> {
        self.others.iter().map(|other| other.0)
    }

    /// How many rules are indexed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none, which is never.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

/// The fields that the first filter of a rule looks at.
fn first_fields(atoms: &Atoms, verdict: &Verdict) -> Vec<atom::Place> {
    let first = match verdict {
        Verdict::And(parts) => parts.first(),
        other => Some(other),
    };
    let mut found = Vec::new();
    if let Some(first) = first {
        first.atoms(&mut found);
    }
    found.into_iter().map(|atom| atoms.get(atom).subject.place).collect()
}

fn asks_for_text(atom: &atom::Atom) -> bool {
    use crate::data::Value;
    match &atom.test {
        atom::Test::Text => true,
        atom::Test::Equal(constant) => matches!(constant, Value::Str(_)),
        atom::Test::Member(items) => items.iter().any(|item| matches!(item, Value::Str(_))),
        _ => false,
    }
}
