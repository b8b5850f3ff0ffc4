//! What a repetition that stands alone has reported.

use indexmap::IndexMap;

use crate::data::value::FixedHasher;

/// The matches of a repetition that stands alone: a run whose elements all belong to one is none.
#[derive(Debug, Default)]
pub(super) struct Covered {
    /// By partition: the ticks of a match's elements.
    pub(super) matches: IndexMap<u32, Vec<Vec<u64>>, FixedHasher>,
}

impl Covered {
    pub(super) fn covers(&self, partition: u32, ticks: &[u64]) -> bool {
        let known = self.matches.get(&partition);
        known.is_some_and(|known| known.iter().any(|other| is_within(ticks, other)))
    }

    pub(super) fn add(&mut self, partition: u32, ticks: Vec<u64>) {
        let known = self.matches.entry(partition).or_default();
        known.retain(|other| !is_within(other, &ticks));
        known.push(ticks);
    }
}

/// Whether one ascending list is part of another.
fn is_within(some: &[u64], all: &[u64]) -> bool {
    let (Some(first), Some(last)) = (some.first(), some.last()) else {
        return true;
    };
    if all.first().is_none_or(|one| one > first) || all.last().is_none_or(|one| one < last) {
        return false;
    }
    let mut left = all.iter();
    some.iter().all(|tick| left.any(|other| other == tick))
}
