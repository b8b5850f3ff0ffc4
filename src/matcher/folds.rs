//! Aggregates over the elements so far, for conditions that read them.
//!
//! For each run that has been asked, an accumulator of each call; elements are taken in when the run is
//! asked again, so that each is taken in once. A sweep forgets all of them, and what lives is taken in anew.

use super::runs::{Capture, RunId};
use super::store::{EventId, Store};
use super::taken::Taken;
use crate::aggregate::{Accumulators, Groups, Spec};
use crate::data::Column;
use crate::ir::{How, Pattern, StepId, ValueId};

/// The calls over one step.
#[derive(Debug)]
struct Fold {
    step: StepId,
    /// The different arguments, each the value by step.
    args: Vec<Vec<(StepId, ValueId)>>,
    /// The calls as they are read, and for each its arguments by number.
    calls: Vec<(How, Vec<u32>)>,
    accumulators: Accumulators,
    /// By run: its generation, and its group.
    groups: Vec<Option<(u32, u32)>>,
    /// By group: how many elements it has taken in.
    folded: Vec<u32>,
}

/// The aggregates that conditions of a pattern read.
#[derive(Debug, Default)]
pub(super) struct Folds(Vec<Fold>);

impl Folds {
    pub(super) fn new(pattern: &Pattern) -> Self {
        let mut folds: Vec<Fold> = Vec::new();
        let rests = pattern.steps.iter().filter_map(|step| step.rest.as_ref());
        for read in rests.flat_map(|rest| &rest.reads) {
            let How::Aggregate { alias, args, .. } = &read.how else {
                continue;
            };
            let [step] = pattern.aliases[*alias].steps[..] else {
                continue;
            };
            let at = folds.iter().position(|fold| fold.step == step).unwrap_or_else(|| {
                folds.push(Fold::new(step));
                folds.len() - 1
            });
            folds[at].call(&read.how, args);
        }
        folds.iter_mut().for_each(Fold::finish);
        Self(folds)
    }

    /// The value of an aggregate for each of some runs; none where it is not kept.
    pub(super) fn read(&mut self, how: &How, runs: &[RunId], taken: Taken<'_>, store: &Store) -> Option<Column> {
        let mut all = self.0.iter_mut();
        let (fold, call) = all.find_map(|fold| {
            let call = fold.calls.iter().position(|call| call.0 == *how)?;
            Some((fold, call))
        })?;
        let groups = fold.take_in(runs, taken, store);
        let columns = fold.accumulators.read(&groups, &mut Vec::new());
        columns.into_iter().nth(call)
    }

    /// Forgets everything; events may have new numbers.
    pub(super) fn clear(&mut self) {
        for fold in &mut self.0 {
            fold.accumulators.clear();
            fold.groups.clear();
            fold.folded.clear();
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let bytes = |fold: &Fold| fold.accumulators.bytes() + fold.groups.capacity() * 12 + fold.folded.capacity() * 4;
        self.0.iter().map(bytes).sum()
    }
}

impl Fold {
    fn new(step: StepId) -> Self {
        Self {
            step,
            args: Vec::new(),
            calls: Vec::new(),
            accumulators: Accumulators::new(&[]),
            groups: Vec::new(),
            folded: Vec::new(),
        }
    }

    fn call(&mut self, how: &How, args: &[Vec<(StepId, ValueId)>]) {
        if self.calls.iter().any(|call| call.0 == *how) {
            return;
        }
        let numbers = args.iter().map(|arg| {
            let known = self.args.iter().position(|known| known == arg);
            let at = known.unwrap_or_else(|| {
                self.args.push(arg.clone());
                self.args.len() - 1
            });
            at as u32
        });
        let numbers = numbers.collect();
        self.calls.push((how.clone(), numbers));
    }

    fn finish(&mut self) {
        let specs = self.calls.iter().filter_map(|(how, args)| match how {
            How::Aggregate { function, param, .. } => Some(Spec {
                function: *function,
                param: param.clone(),
                args: args.clone(),
            }),
            _ => None,
        });
        self.accumulators = Accumulators::new(&specs.collect::<Vec<_>>());
    }

    /// Takes in the elements of some runs that have come since they were asked last; their groups.
    fn take_in(&mut self, runs: &[RunId], taken: Taken<'_>, store: &Store) -> Vec<u32> {
        let mut groups = Vec::with_capacity(runs.len());
        let (mut events, mut into): (Vec<EventId>, Vec<u32>) = (Vec::new(), Vec::new());
        for &run in runs {
            let group = self.group(run, taken.runs.get(run).generation);
            groups.push(group);
            let capture = taken.runs.capture(run, self.step);
            let folded = &mut self.folded[group as usize];
            newest(taken, capture, *folded, &mut events);
            into.resize(events.len(), group);
            *folded = taken.count(capture);
        }
        self.accumulators.grow(self.folded.len());
        if events.is_empty() {
            return groups;
        }
        let steps = || events.iter().map(|&event| (self.step, event));
        let columns: Vec<Column> = self.args.iter().map(|arg| store.gather(arg, steps())).collect();
        let args = self.calls.iter().map(|call| {
            let args = call.1.iter().map(|&at| columns[at as usize].clone());
            args.collect()
        });
        let args: Vec<Vec<Column>> = args.collect();
        let times: Vec<i64> = events.iter().map(|&event| store.get(event).time).collect();
        self.accumulators.update(&args, &times, None, Groups::Each(&into));
        groups
    }

    fn group(&mut self, run: RunId, generation: u32) -> u32 {
        if self.groups.len() <= run as usize {
            self.groups.resize(run as usize + 1, None);
        }
        match self.groups[run as usize] {
            Some((known, group)) if known == generation => group,
            _ => {
                let group = self.folded.len() as u32;
                self.folded.push(0);
                self.groups[run as usize] = Some((generation, group));
                group
            }
        }
    }
}

/// Appends the events of a capture but the first ones.
fn newest(taken: Taken<'_>, capture: Capture, but: u32, events: &mut Vec<EventId>) {
    let before = events.len();
    match capture {
        Capture::List { node, len, .. } => {
            let mut next = node;
            for _ in but..len {
                let node = taken.runs.nodes[next as usize];
                events.push(node.event);
                next = node.before;
            }
            events[before..].reverse();
        }
        Capture::Range { log, from, .. } => {
            let all = &taken.logs.all[log as usize].events;
            let end = from + taken.count(capture);
            events.extend(&all[(from + but) as usize..end as usize]);
        }
        Capture::One(event) if but == 0 => events.push(event),
        Capture::One(_) | Capture::Nothing => {}
    }
}
