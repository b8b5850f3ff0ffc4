//! What can only be told of a whole combination: conditions about the first element of a repetition, about
//! lists and aggregates, and absences whose conditions name what was taken before.
//!
//! Conditions are asked for many combinations at once.

use super::graph::{Graph, Ground, unbound};
use super::paths::Link;
use crate::data::Column;
use crate::ir::{Bound, StepId, Which};
use crate::matcher::absence::Between;
use crate::matcher::program::Program;
use crate::matcher::report::{Reporter, Subjects, Taken};
use crate::matcher::store::{EventId, NO_EVENT};
use crate::matcher::{Asked, Judge};

/// What a pattern asks of whole combinations.
#[derive(Debug, Default)]
pub(in crate::matcher) struct Late {
    /// By step its comparisons with the first element of a repetition.
    compares: Vec<Vec<usize>>,
    /// Steps with conditions that are more than comparisons.
    rests: Vec<StepId>,
    /// Absences between steps have to be looked at once more.
    crossings: bool,
    /// So has that between the first event and the last one.
    not: Vec<StepId>,
    /// So has that in last place.
    trailing: Option<StepId>,
}

impl Late {
    pub(in crate::matcher) fn new(ground: &Ground<'_>) -> Self {
        let Ground {
            pattern,
            program,
            absences,
            ..
        } = *ground;
        let judged = |step: StepId| absences[step].as_ref().is_some_and(|one| one.is_judged());
        let compares = pattern.steps.iter().map(|step| {
            let all = step.compare.iter().enumerate();
            all.filter(|(_, one)| !ground.is_near(one)).map(|(at, _)| at).collect()
        });
        let steps = || 0..pattern.steps.len();
        let edge = |step: StepId| program.leading == Some(step) || program.trailing == Some(step);
        let between = |step: &StepId| absences[*step].is_some() && !edge(*step) && !pattern.absent.contains(step);
        Self {
            compares: compares.collect(),
            rests: steps()
                .filter(|&step| absences[step].is_none() && pattern.steps[step].rest.is_some())
                .collect(),
            crossings: steps().filter(between).any(|step| judged(step) || program.marks > 0),
            not: pattern.absent.iter().copied().filter(|&step| judged(step)).collect(),
            trailing: program.trailing.filter(|&step| judged(step)),
        }
    }

    /// Whether every path is a combination.
    pub(in crate::matcher) fn is_empty(&self) -> bool {
        self.compares.iter().all(Vec::is_empty)
            && self.rests.is_empty()
            && !self.crossings
            && self.not.is_empty()
            && self.trailing.is_none()
    }
}

/// Asks conditions.
pub(in crate::matcher) struct Judging<'a, 'j, 'k> {
    pub(in crate::matcher) ground: Ground<'a>,
    pub(in crate::matcher) graph: &'a Graph,
    pub(in crate::matcher) reporter: &'a Reporter,
    pub(in crate::matcher) judge: &'k mut Judge<'j>,
}

impl Judging<'_, '_, '_> {
    /// Leaves those paths that are combinations. `deadline`: of the absence in last place.
    pub(in crate::matcher) fn retain(
        &mut self,
        late: &Late,
        partition: u32,
        deadline: i64,
        paths: &mut Vec<Vec<Link>>,
    ) {
        paths.retain(|path| self.compares(late, path));
        for &step in &late.rests {
            self.rests(step, paths);
        }
        let simple = !late.crossings && late.not.is_empty() && late.trailing.is_none();
        if simple {
            return;
        }
        let old = std::mem::take(paths);
        let good = |path: &Vec<Link>| !self.is_violated(late, partition, deadline, path);
        *paths = old.into_iter().filter(good).collect();
    }

    fn compares(&self, late: &Late, path: &[Link]) -> bool {
        let pattern = self.ground.pattern;
        path.iter().enumerate().all(|(at, link)| {
            late.compares[link.step].iter().all(|&which| {
                let one = &pattern.steps[link.step].compare[which];
                match bound(&path[..at], &one.other) {
                    Some(other) => self.ground.holds(one, link.event, other),
                    None => unbound(pattern, link.step, one),
                }
            })
        })
    }

    /// Leaves the paths on which the condition of a step holds every time it is taken.
    fn rests(&mut self, step: StepId, paths: &mut Vec<Vec<Link>>) {
        let mut of: Vec<(EventId, Vec<Taken>)> = Vec::new();
        let mut whose = Vec::new();
        for (number, path) in paths.iter().enumerate() {
            for (at, link) in path.iter().enumerate().filter(|(_, link)| link.step == step) {
                of.push((link.event, taken(&path[..at])));
                whose.push(number);
            }
        }
        let mut left = vec![0_usize; paths.len()];
        whose.iter().for_each(|&number| left[number] += 1);
        for row in self.rest(step, &of) {
            left[whose[row as usize]] -= 1;
        }
        let mut left = left.into_iter();
        paths.retain(|_| left.next() == Some(0));
    }

    /// Which of some events, each with what was taken before, satisfy the rest of a step's condition.
    fn rest(&mut self, step: StepId, of: &[(EventId, Vec<Taken>)]) -> Vec<u32> {
        let store = self.ground.store;
        let Some(rest) = &self.ground.pattern.steps[step].rest else {
            return (0..of.len() as u32).collect();
        };
        if of.is_empty() {
            return Vec::new();
        }
        let own = |value: usize| -> Column { store.gather(&[(step, value)], of.iter().map(|one| (step, one.0))) };
        let subjects = Subjects::runs(of.iter().map(|one| one.1.as_slice()).collect());
        let mut asked: Asked = self.reporter.asked(store, &rest.reads, &subjects, (&mut Vec::new(), 0));
        asked
            .fields
            .extend(rest.own.iter().map(|&(field, value)| (field, own(value))));
        asked
            .pseudo
            .extend(rest.pseudo.iter().map(|&(which, value)| (which, own(value))));
        asked.whole = rest.whole.map(own);
        (self.judge)(rest.condition, asked)
    }

    /// Whether an absence is violated on a path.
    fn is_violated(&mut self, late: &Late, partition: u32, deadline: i64, path: &[Link]) -> bool {
        let (Some(first), Some(last)) = (path.first(), path.last()) else {
            return false;
        };
        let when = |after: u64, before: u64| Between {
            after,
            before,
            since: i64::MIN,
            until: i64::MAX,
        };
        for &step in &late.not {
            if self.was_there(step, partition, when(first.tick, last.tick), path) {
                return true;
            }
        }
        if let Some(step) = late.trailing {
            let until = Between {
                until: deadline,
                ..when(last.tick, u64::MAX)
            };
            if self.was_there(step, partition, until, path) {
                return true;
            }
        }
        late.crossings && self.is_crossed(partition, path)
    }

    /// Whether an absence between two steps is violated.
    fn is_crossed(&mut self, partition: u32, path: &[Link]) -> bool {
        let program: &Program = self.ground.program;
        let mut marks = vec![0_u64; program.marks];
        for (at, link) in path.iter().enumerate() {
            let state = self.graph.slots[link.via.0 as usize].state;
            let one = &program.state(state).moves[link.via.1 as usize];
            for &(step, mark) in &one.crossed {
                let after = match mark {
                    Some(mark) => marks[mark as usize],
                    None => path[at.saturating_sub(1)].tick,
                };
                let when = Between {
                    after,
                    before: link.tick,
                    since: i64::MIN,
                    until: i64::MAX,
                };
                if self.was_there(step, partition, when, &path[..at]) {
                    return true;
                }
            }
            for (mark, tick) in marks.iter_mut().enumerate() {
                if one.marks >> mark & 1 == 1 {
                    *tick = link.tick;
                }
            }
        }
        false
    }

    /// Whether an event that must not be was there at a time, for what had been taken.
    pub(in crate::matcher) fn was_there(&mut self, step: StepId, partition: u32, when: Between, path: &[Link]) -> bool {
        let Ground { pattern, absences, .. } = self.ground;
        let Some(absence) = &absences[step] else { return false };
        let mut there = absence.there(partition, when);
        if !absence.is_judged() {
            return there.next().is_some();
        }
        let of = &pattern.steps[step];
        let holds = |event: &EventId| {
            *event != NO_EVENT
                && of.compare.iter().all(|one| match bound(path, &one.other) {
                    Some(other) => self.ground.holds(one, *event, other),
                    None => unbound(pattern, step, one),
                })
        };
        let events: Vec<EventId> = there.filter(holds).collect();
        if of.rest.is_none() || events.is_empty() {
            return !events.is_empty();
        }
        let taken = taken(path);
        let all: Vec<(EventId, Vec<Taken>)> = events.into_iter().map(|event| (event, taken.clone())).collect();
        !self.rest(step, &all).is_empty()
    }
}

/// The event that is bound to a name by a path.
fn bound(path: &[Link], bound: &Bound) -> Option<Taken> {
    let is = |link: &&Link| bound.values.iter().any(|(step, _)| *step == link.step);
    let found = match bound.which {
        Which::First => path.iter().find(is),
        Which::Last => path.iter().rev().find(is),
    };
    found.map(|link| (link.step, link.event))
}

/// The events of a path: by step, those of one step in order.
pub(in crate::matcher) fn taken(path: &[Link]) -> Vec<Taken> {
    let mut all: Vec<Taken> = path.iter().map(|link| (link.step, link.event)).collect();
    all.sort_by_key(|one| one.0);
    all
}
