//! The index, for people to look at.

use std::collections::{BTreeMap, BTreeSet};

use crate::data::{FieldId, Pseudo};
use crate::eval::{Program, TextShape};

use super::Hypertree;
use super::atom::{Atom, Fold, Place, Test};

/// What stands in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// How many rules are found by it.
    pub rules: usize,
    /// The fields by which they are found.
    pub fields: Vec<FieldShown>,
    /// The filters that are evaluated in every row, by their readers, and why.
    pub others: Vec<(usize, &'static str)>,
}

/// A field by which rules are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldShown {
    /// The field, or the pseudo-field.
    pub field: Result<FieldId, Pseudo>,
    /// `lower` or `upper`, where the text is looked at in one case.
    pub fold: Option<&'static str>,
    /// In which ways it is looked up, and how many rules are found in each.
    pub ways: Vec<(&'static str, usize)>,
}

impl Hypertree {
    /// What stands in it.
    #[must_use]
    pub fn shown(&self, program: &Program<'_>) -> Shown {
        let fields = self.fields.iter().map(|field| {
            let mut ways: BTreeMap<Way, BTreeSet<u32>> = BTreeMap::new();
            let own = self.atoms.iter().zip(&self.posted);
            for (atom, posted) in own.filter(|(atom, _)| atom.subject == field.subject) {
                for way in ways_of(program, atom) {
                    ways.entry(way).or_default().extend(&posted.rules);
                }
            }
            ways.retain(|_, rules| !rules.is_empty());
            FieldShown {
                field: match field.subject.place {
                    Place::Field(id) => Ok(id),
                    Place::Pseudo(which) => Err(which),
                },
                fold: match field.subject.fold {
                    Fold::None => None,
                    Fold::Lower => Some("lower"),
                    Fold::Upper => Some("upper"),
                },
                ways: ways.into_iter().map(|(way, rules)| (way.name(), rules.len())).collect(),
            }
        });
        let others = self.others.iter();
        Shown {
            rules: self.rules.len(),
            fields: fields.collect(),
            others: others
                .filter_map(|(reader, reason)| Some((*reader, (*reason)?)))
                .collect(),
        }
    }
}

/// How an atom is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Equal,
    Start,
    End,
    Part,
    Literal,
    Net,
    Range,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Start => "begins with",
            Self::End => "ends with",
            Self::Part => "contains",
            Self::Literal => "literal of a pattern",
            Self::Net => "network",
            Self::Range => "range",
        }
    }
}

fn ways_of(program: &Program<'_>, atom: &Atom) -> BTreeSet<Way> {
    let one = |shape: TextShape<'_>| match shape {
        TextShape::Whole(_) => Way::Equal,
        TextShape::Start(_) => Way::Start,
        TextShape::End(_) => Way::End,
        TextShape::Part(_) => Way::Part,
        TextShape::Regex(_) => Way::Literal,
        TextShape::Nets(_) => Way::Net,
    };
    match &atom.test {
        Test::Text => program.shapes(atom.node).into_iter().map(one).collect(),
        Test::Order(..) | Test::Within(..) => BTreeSet::from([Way::Range]),
        _ => BTreeSet::from([Way::Equal]),
    }
}
