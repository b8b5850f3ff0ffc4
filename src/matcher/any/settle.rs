//! Combinations that are complete: which of them are matches.

use std::cmp::Ordering;
use std::sync::Arc;

use super::graph::{Node, SlotId};
use super::judging::taken;
use super::paths::{Link, Walk};
use super::{All, Complete};
use crate::data::Rank;
use crate::ir::AfterMatch;
use crate::matcher::Judge;
use crate::matcher::absence::Between;
use crate::matcher::found::Found;
use crate::matcher::report::Subjects;

/// So many combinations are judged together.
const TOGETHER: usize = 256;

impl All {
    /// A tick completed these nodes, or a deadline.
    pub(super) fn complete(&mut self, done: &[(SlotId, Node)], deadline: Option<i64>, judge: &mut Judge<'_>) {
        let mut all = Vec::new();
        let until = deadline.unwrap_or(i64::MAX);
        for &(slot, node) in done {
            self.combinations(slot, node, until, judge, &mut |path| {
                all.push((node.partition, path));
            });
        }
        self.settle(all, deadline, judge);
    }

    /// Each combination that ends at a node.
    pub(in crate::matcher) fn combinations(
        &self,
        slot: SlotId,
        node: Node,
        deadline: i64,
        judge: &mut Judge<'_>,
        each: &mut dyn FnMut(Vec<Link>),
    ) {
        let after = self.past.get(&node.partition).copied().unwrap_or(0);
        let mut walk = Walk::new(self.ground(), &self.graph, (slot, node), after);
        let mut paths = Vec::new();
        let mut path = Vec::new();
        let late = !self.late.is_empty();
        while walk.next(&mut path) {
            if late {
                paths.push(path.clone());
            } else {
                each(path.clone());
            }
            if paths.len() == TOGETHER {
                self.judging(judge)
                    .retain(&self.late, node.partition, deadline, &mut paths);
                paths.drain(..).for_each(&mut *each);
            }
        }
        self.judging(judge)
            .retain(&self.late, node.partition, deadline, &mut paths);
        paths.into_iter().for_each(each);
    }

    /// Reports the combinations that one event or deadline completes.
    fn settle(&mut self, mut all: Vec<(u32, Vec<Link>)>, deadline: Option<i64>, judge: &mut Judge<'_>) {
        let pattern = Arc::clone(&self.pattern);
        if pattern.after == AfterMatch::NoSkip {
            let found = all.iter().map(|(_, path)| self.found_of(path, deadline));
            let found: Vec<Found> = found.collect();
            self.found.extend(found);
            return;
        }
        all.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| self.order(&a.1, &b.1)));
        let found: Vec<Found> = all.iter().map(|(_, path)| self.found_of(path, deadline)).collect();
        let mut passes = vec![pattern.filter.is_none(); found.len()];
        if let Some(filter) = pattern.filter {
            let of = Subjects::matches(&found);
            let asked = self
                .reporter
                .asked(&self.store, &pattern.reads, &of, (&mut Vec::new(), 0));
            judge(filter, asked)
                .into_iter()
                .for_each(|row| passes[row as usize] = true);
        }
        for (at, one) in found.into_iter().enumerate().filter(|(at, _)| passes[*at]) {
            let partition = all[at].0;
            let (first, last) = (self.tick_of(one.first), self.tick_of(one.last));
            if pattern.after == AfterMatch::SkipPastLast {
                let past = self.past.entry(partition).or_insert(0);
                if first > *past {
                    *past = last;
                    self.found.push(one);
                }
            } else {
                let begun = self.begun.entry(partition).or_default();
                if let Err(place) = begun.binary_search(&first) {
                    begun.insert(place, first);
                    self.found.push(one);
                }
            }
        }
    }

    /// Combinations determined together: by first event, then by the events of each step in turn.
    fn order(&self, a: &[Link], b: &[Link]) -> Ordering {
        let first = |path: &[Link]| path.first().map(|link| link.tick);
        first(a).cmp(&first(b)).then_with(|| {
            let lists = |path: &[Link]| {
                let mut all: Vec<(usize, u64, u32)> =
                    path.iter().map(|link| (link.step, link.tick, link.event)).collect();
                all.sort_by_key(|one| one.0);
                all
            };
            by_step(&lists(a), &lists(b))
        })
    }

    fn found_of(&self, path: &[Link], deadline: Option<i64>) -> Found {
        let (first, last) = match (path.first(), path.last()) {
            (Some(first), Some(last)) => (first.event, last.event),
            _ => (0, 0),
        };
        let (begin, end) = (self.store.get(first).place, self.store.get(last));
        let time = deadline.unwrap_or(end.time);
        Found {
            place: match deadline {
                Some(deadline) => begin.timer(deadline.saturating_add(self.timed), Rank::Deadline),
                None => end.place,
            },
            time,
            end: time,
            first,
            last,
            by: if deadline.is_some() { first } else { last },
            taken: taken(path),
        }
    }

    /// Completes what has waited for a time before a clock.
    pub(super) fn wake_until(&mut self, clock: i64, judge: &mut Judge<'_>, complete: &mut Complete<'_>) {
        while let Some(first) = self.pending.first_entry().filter(|first| *first.key() < clock) {
            let (deadline, mut nodes) = first.remove_entry();
            nodes.retain(|(_, node)| !self.is_broken(node, deadline));
            complete(self, nodes, Some(deadline), judge);
        }
    }

    /// Whether the absence behind a complete node has been violated, whatever it has taken.
    fn is_broken(&self, node: &Node, deadline: i64) -> bool {
        let Some(step) = self.program.trailing else {
            return false;
        };
        let Some(absence) = self.absences[step].as_ref().filter(|one| !one.is_judged()) else {
            return false;
        };
        let when = Between {
            after: node.tick,
            before: u64::MAX,
            since: i64::MIN,
            until: deadline,
        };
        absence.there(node.partition, when).next().is_some()
    }

    /// Counts what depends on an absence whose time has not passed.
    pub(super) fn count_undecided(&mut self, judge: &mut Judge<'_>) {
        let mut undecided = 0;
        for &(slot, node) in self.pending.values().flatten() {
            if !self.is_broken(&node, i64::MAX) {
                self.combinations(slot, node, i64::MAX, judge, &mut |_| undecided += 1);
            }
        }
        self.undecided = undecided;
    }
}

/// The lists of each step in turn, a shorter one before what it begins.
fn by_step(a: &[(usize, u64, u32)], b: &[(usize, u64, u32)]) -> Ordering {
    let unlike = a.iter().zip(b).find(|(one, other)| one != other);
    match unlike {
        None => a.len().cmp(&b.len()),
        // Of the step that comes first the other has fewer events.
        Some((one, other)) if one.0 != other.0 => other.0.cmp(&one.0),
        Some((one, other)) => (one.1, one.2).cmp(&(other.1, other.2)),
    }
}
