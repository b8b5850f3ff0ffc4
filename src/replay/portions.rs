//! Rounds in portions, where an operator may make very many rows of few.
//!
//! All combinations of the events of a window are many more than the events. What is made of a round is
//! held until the round is written; so a round is cut by place, as finely as keeps what is made within
//! bounds. Nothing that is written depends on where.

use super::hold::Held;
use crate::data::Place;
use crate::ir::{Report, Selection};
use crate::plan::{Plan, StepKind};

/// About so many rows are made at a time.
const ENOUGH: usize = 1 << 15;

/// How many rows a portion has.
#[derive(Debug)]
pub(super) struct Portions {
    rows: usize,
}

impl Portions {
    /// Where a plan has operators that ask for it.
    pub(super) fn new(plan: &Plan) -> Option<Self> {
        let many = |kind: &StepKind| match kind {
            StepKind::Pattern(pattern) => {
                pattern.trends.is_empty() && (pattern.select == Selection::Any || pattern.report == Report::Subsets)
            }
            _ => false,
        };
        let mut steps = plan.stages.iter().flat_map(|stage| &stage.steps);
        steps.any(|step| many(&step.kind)).then_some(Self { rows: 1 })
    }

    /// The next place to stop at, of those of all rows in order.
    pub(super) fn next<'p>(&self, places: &mut &'p [Place]) -> Option<&'p Place> {
        let cut = places.get(self.rows)?;
        *places = &places[self.rows..];
        Some(cut)
    }

    /// Learns how many rows were made of a portion.
    pub(super) fn learn(&mut self, made: usize) {
        if made > ENOUGH {
            self.rows = (self.rows / (made / ENOUGH + 1)).max(1);
        } else if made < ENOUGH / 4 {
            self.rows = (self.rows * 2).min(1 << 16);
        }
    }
}

/// The places of rows before one, in order.
pub(super) fn places<'h>(held: impl Iterator<Item = &'h Held>, until: Place) -> Vec<Place> {
    let all = held.flat_map(|held| (0..held.len()).map(|at| held.place(at)));
    let mut places: Vec<Place> = all.filter(|place| !place.end && *place < until).collect();
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::Portions;
    use crate::data::Place;

    #[test]
    fn portions_follow_what_is_made() {
        let mut portions = Portions { rows: 2 };
        let all: Vec<Place> = (0..5).map(|time| Place::record(time, 0, 0)).collect();
        let mut places = all.as_slice();
        assert_eq!(portions.next(&mut places), Some(&all[2]));
        portions.learn(1_000_000);
        assert_eq!(portions.next(&mut places), Some(&all[3]));
        portions.learn(0);
        assert_eq!(portions.next(&mut places), None);
    }
}
