//! What the reference finds one way it must find the other way too.

use proptest::prelude::*;

use super::generate::pattern;
use super::logs::{in_order, log};
use super::pattern::{After, Pattern, Report, Select};
use super::reference::AtEnd;
use super::report::{Bound, reported};
use super::run::cases;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases() / 10) })]

    /// A match that takes what fits next is one of all combinations, and there is no strict match that
    /// is none.
    #[test]
    fn every_match_is_a_combination(pattern in pattern(), log in log(), flush in any::<bool>()) {
        let rows = in_order(&log);
        let at_end = if flush { AtEnd::Flush } else { AtEnd::Auto };
        let bound = |select| -> Vec<Vec<Bound>> {
            let pattern = Pattern {
                select,
                report: Report::Longest,
                after: After::NoSkip,
                within: Some(pattern.within.unwrap_or(9)),
                ..pattern.clone()
            };
            reported(&pattern, &rows, at_end).into_iter().map(|row| row.bound).collect()
        };
        let all = bound(Select::Any);
        for select in [Select::Next, Select::Strict] {
            for one in bound(select) {
                prop_assert!(all.contains(&one), "{pattern}\n{log:?}\n{select:?} {one:?}\n{all:?}");
            }
        }
    }

    /// After `skip_past_last` no two matches overlap; after `skip_to_next` none share their first event.
    #[test]
    fn matches_after_a_skip_stand_apart(pattern in pattern(), log in log()) {
        let rows = in_order(&log);
        let spans = |after| -> Vec<(usize, usize)> {
            let pattern = Pattern { after, keyed: false, report: Report::Longest, ..pattern.clone() };
            let place = |id: &i64| rows.iter().find(|row| row.id == *id).unwrap().tick;
            let ids = |row: &super::report::Reported| -> Vec<i64> {
                let each = row.bound.iter().map(|bound| match bound {
                    Bound::One(id) => id.iter().copied().collect(),
                    Bound::List(ids) => ids.clone(),
                });
                each.flat_map(|ids: Vec<i64>| ids).collect()
            };
            let span = |row| {
                let places: Vec<usize> = ids(row).iter().map(place).collect();
                (*places.iter().min().unwrap(), *places.iter().max().unwrap())
            };
            reported(&pattern, &rows, AtEnd::Auto).iter().map(span).collect()
        };
        let apart = spans(After::PastLast);
        // What the end completes comes in order of the file, not of the replay.
        let clear = |a: &(usize, usize), b: &(usize, usize)| a.1 < b.0 || b.1 < a.0;
        prop_assert!(apart.iter().enumerate().all(|(at, one)| apart[..at].iter().all(|other| clear(one, other))));
        let mut starts: Vec<usize> = spans(After::ToNext).into_iter().map(|span| span.0).collect();
        let count = starts.len();
        starts.sort_unstable();
        starts.dedup();
        prop_assert_eq!(starts.len(), count);
        let any = spans(After::NoSkip).is_empty();
        prop_assert_eq!((any, any), (apart.is_empty(), starts.is_empty()));
    }
}
