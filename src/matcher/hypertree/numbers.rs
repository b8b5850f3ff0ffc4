//! All that is asked of the number (time, duration, bool) of one field.
//!
//! Equality is hashed. Of one-sided ranges those that can hold nothing of a batch are cut off at the
//! batch's largest and smallest value; each of the others is one pass over the numbers.

use indexmap::IndexMap;

use crate::data::value::FixedHasher;
use crate::data::{Column, Value};
use crate::ir::BinaryOp;

use super::atom::{Atom, Test, cell};
use super::cell::{Cell, Kind, whole};

/// A value for hashing: numbers by their exact value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Exact {
    Bool(bool),
    Int(i64),
    /// The bits of a float that is no integer.
    Float(u64),
    Time(i64),
    Span(i64),
}

fn exact(cell: &Cell<'_>) -> Option<Exact> {
    Some(match cell {
        Cell::Bool(b) => Exact::Bool(*b),
        Cell::Int(i) => Exact::Int(*i),
        Cell::Float(f) if f.is_nan() => return None,
        Cell::Float(f) => whole(*f).map_or(Exact::Float(f.to_bits()), Exact::Int),
        Cell::Time(ns) => Exact::Time(*ns),
        Cell::Span(ns) => Exact::Span(*ns),
        Cell::Null | Cell::Text(_) | Cell::Other(_) => return None,
    })
}

/// What is asked of a number.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    equal: IndexMap<Exact, Vec<u32>, FixedHasher>,
    /// By kind.
    ranges: Vec<(Kind, Ranges)>,
}

/// Ranges over the values of one kind: where each begins or ends, and its atom.
#[derive(Debug, Default)]
struct Ranges {
    /// Those without an end, by their beginnings.
    above: Vec<(f64, u32)>,
    /// Those without a beginning, by their ends.
    below: Vec<(f64, u32)>,
    /// Those with both, by their beginnings.
    between: Vec<(f64, f64, u32)>,
}

impl Numbers {
    /// Adds an atom.
    pub(super) fn add(&mut self, number: u32, atom: &Atom) {
        match &atom.test {
            Test::Equal(constant) => self.add_equal(constant, number),
            Test::Member(items) => items.iter().for_each(|item| self.add_equal(item, number)),
            Test::Within(from, to, _) => {
                let between = &mut self.of_kind(Kind::Number).between;
                between.push((*from as f64, *to as f64, number));
            }
            Test::Order(op, constant) => {
                let cell = Cell::of(constant);
                let Some(kind) = cell.kind() else { return };
                let ranges = self.of_kind(kind);
                let place = (cell.rough(kind), number);
                // No number is in order with NaN.
                if place.0.is_nan() {
                } else if matches!(op, BinaryOp::Gt | BinaryOp::Ge) {
                    ranges.above.push(place);
                } else {
                    ranges.below.push(place);
                }
            }
            Test::Null | Test::Truth | Test::Text => {}
        }
    }

    fn add_equal(&mut self, constant: &Value, number: u32) {
        if let Some(value) = exact(&Cell::of(constant)) {
            let numbers = self.equal.entry(value).or_default();
            if numbers.last() != Some(&number) {
                numbers.push(number);
            }
        }
    }

    fn of_kind(&mut self, kind: Kind) -> &mut Ranges {
        let at = self.ranges.iter().position(|(known, _)| *known == kind);
        let at = at.unwrap_or_else(|| {
            self.ranges.push((kind, Ranges::default()));
            self.ranges.len() - 1
        });
        &mut self.ranges[at].1
    }

    /// Ends the adding.
    pub(super) fn build(&mut self) {
        for (_, ranges) in &mut self.ranges {
            ranges.above.sort_by(|a, b| a.0.total_cmp(&b.0));
            ranges.below.sort_by(|a, b| a.0.total_cmp(&b.0));
            ranges.between.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
    }

    /// Whether nothing is asked for by equality.
    pub(super) fn has_equal(&self) -> bool {
        !self.equal.is_empty()
    }

    /// The atoms of which a value is the constant.
    pub(super) fn find(&self, cell: &Cell<'_>) -> &[u32] {
        let numbers = exact(cell).and_then(|value| self.equal.get(&value));
        numbers.map_or(&[], Vec::as_slice)
    }

    /// The rows that lie in ranges: `take` gets the atom and the place of the row. `holds` decides where
    /// the rough number does not.
    pub(super) fn find_in_ranges(
        &self,
        column: &Column,
        holds: &dyn Fn(u32, usize) -> bool,
        take: &mut dyn FnMut(u32, u32),
    ) {
        for (kind, ranges) in &self.ranges {
            let values: Vec<f64> = (0..column.len()).map(|at| cell(column, at).rough(*kind)).collect();
            let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
            for &value in values.iter().filter(|value| !value.is_nan()) {
                (least, most) = (least.min(value), most.max(value));
            }
            if least > most {
                continue;
            }
            let mut each = |atom: u32, sure: &dyn Fn(f64) -> bool, maybe: &dyn Fn(f64) -> bool| {
                for (at, &value) in values.iter().enumerate() {
                    if sure(value) || (maybe(value) && holds(atom, at)) {
                        take(atom, at as u32);
                    }
                }
            };
            let some = ranges.above.partition_point(|range| range.0 <= most);
            for &(from, atom) in &ranges.above[..some] {
                each(atom, &|value| value > from, &|value| value == from);
            }
            let none = ranges.below.partition_point(|range| range.0 < least);
            for &(to, atom) in &ranges.below[none..] {
                each(atom, &|value| value < to, &|value| value == to);
            }
            let some = ranges.between.partition_point(|range| range.0 <= most);
            for &(from, to, atom) in ranges.between[..some].iter().filter(|range| range.1 >= least) {
                each(atom, &|_| false, &|value| from <= value && value <= to);
            }
        }
    }

    /// Whether there are ranges.
    pub(super) fn has_ranges(&self) -> bool {
        !self.ranges.is_empty()
    }
}
