//! Clusters: what hangs together by pairs at or above a threshold.

use std::ops::Range;

use super::{History, Scores};

/// How many events are compared at a time: their scores must fit in memory.
const BLOCK: u64 = 64;

/// The connected components of the pairs of `events` whose score is at or above `threshold`, each with its
/// events in order, the oldest first by their oldest events. An event without a partner is a component of
/// its own. The later event of a pair asks, the earlier answers. Events that are not held are left out.
///
/// Costs all pairs of the events.
#[must_use]
pub fn clusters(history: &History, events: Range<u64>, threshold: f32, scores: &mut Scores) -> Vec<Vec<u64>> {
    let held = history.held();
    let events = events.start.max(held.start)..events.end.min(held.end).max(events.start.max(held.start));
    let mut sets = Sets::new((events.end - events.start) as usize);
    let mut begin = events.start;
    while begin < events.end {
        let end = (begin + BLOCK).min(events.end);
        history.scores(begin..end, &vec![events.start; (end - begin) as usize], scores);
        for query in begin..end {
            for (earlier, score) in scores.row((query - begin) as usize).iter().enumerate() {
                if *score >= threshold {
                    sets.join(earlier, (query - events.start) as usize);
                }
            }
        }
        begin = end;
    }
    sets.members()
        .into_iter()
        .map(|members| members.into_iter().map(|member| events.start + member as u64).collect())
        .collect()
}

/// Disjoint sets of numbers; the smallest of a set stands for it.
struct Sets(Vec<usize>);

impl Sets {
    fn new(len: usize) -> Self {
        Self((0..len).collect())
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }

    fn members(mut self) -> Vec<Vec<usize>> {
        let len = self.0.len();
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); len];
        for at in 0..len {
            let root = self.root(at);
            members[root].push(at);
        }
        members.retain(|set| !set.is_empty());
        members
    }
}
