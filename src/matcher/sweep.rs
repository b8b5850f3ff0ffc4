//! Lets go of what no run can ask for any more.
//!
//! Events, keys and shared logs are kept until there are twice as many as were alive last time; then what
//! is alive is marked and put together anew. Nothing that is written depends on when.

use super::matching::{Swept, Walking};
use super::runs::Capture;
use super::store::{EventId, NO_EVENT};

const FEW: usize = 4096;

impl Walking {
    /// Sweeps, if it is time.
    pub(super) fn sweep(&mut self) {
        let swept = self.swept;
        let due = |now: usize, then: usize| now > FEW + 2 * then;
        if self.store.is_full()
            || due(self.key_count(), swept.keys)
            || due(self.runs.nodes.len(), swept.nodes)
            || due(self.absent_count(), swept.absent)
        {
            self.sweep_now();
        }
    }

    fn key_count(&self) -> usize {
        let keys = (0..self.keyed.domains()).map(|domain| self.keyed.keys(domain));
        self.keyed.partitions() + keys.sum::<usize>()
    }

    fn absent_count(&self) -> usize {
        self.absences.iter().flatten().map(super::absence::Absence::kept).sum()
    }

    fn sweep_now(&mut self) {
        self.forget_absent();
        let gone = self.trim_logs();
        let live = self.live_events();
        let events = self.store.sweep(&live);
        let numbers = self.keyed.sweep(&self.live_keys());
        self.runs.rename(&events, &numbers, &gone);
        for log in &mut self.logs.all {
            log.events.iter_mut().for_each(|event| *event = events[*event as usize]);
        }
        let probes = &self.keyed.probes;
        self.logs.rename(|step, number| {
            let table = probes[step].map_or(0, |probe| probe.domain + 1);
            numbers[table][number as usize]
        });
        for absence in self.absences.iter_mut().flatten() {
            absence.rename(&events, &numbers);
        }
        let renamed = |partition: u32| numbers[0][partition as usize];
        if self.counts_all {
            let mut ordinals = vec![0; self.keyed.partitions()];
            for (old, &ordinal) in self.ordinals.iter().enumerate() {
                if let Some(place) = ordinals.get_mut(renamed(old as u32) as usize) {
                    *place = ordinal;
                }
            }
            self.ordinals = ordinals;
        }
        let covered = std::mem::take(&mut self.covered.matches).into_iter();
        self.covered.matches = covered
            .map(|(partition, matches)| (renamed(partition), matches))
            .filter(|(partition, _)| *partition != u32::MAX)
            .collect();
        self.trees.clear();
        self.folds.get_mut().clear();
        self.indexed
            .iter_mut()
            .flatten()
            .for_each(super::indexed::Indexed::forget);
        let listings = &self.listings;
        self.runs.relist(|state| listings[state as usize]);
        self.swept = Swept {
            keys: self.key_count(),
            nodes: self.runs.nodes.len(),
            absent: self.absent_count(),
            ..self.swept
        };
    }

    /// Absent events that lie before all runs, and before every time that is looked back to.
    fn forget_absent(&mut self) {
        let first = self.runs.ids().map(|id| self.store.get(self.runs.get(id).first).tick);
        let first = first.min().unwrap_or(u64::MAX);
        let clock = self.swept.clock;
        let leading = self.program.leading;
        for absence in self.absences.iter_mut().flatten() {
            if Some(absence.step()) == leading {
                let within = self.pattern.steps[absence.step()].within.unwrap_or(i64::MAX);
                absence.forget(u64::MAX, clock.saturating_sub(within));
            } else {
                absence.forget(first, i64::MAX);
            }
        }
    }

    /// Cuts off the beginnings of shared logs that no run refers to; how much of each.
    fn trim_logs(&mut self) -> Vec<u32> {
        let mut least: Vec<u32> = self.logs.all.iter().map(|log| log.events.len() as u32).collect();
        for id in self.runs.ids() {
            for capture in self.runs.captures(id) {
                if let Capture::Range { log, from, .. } = *capture {
                    let least = &mut least[log as usize];
                    *least = (*least).min(from);
                }
            }
        }
        for (log, &gone) in self.logs.all.iter_mut().zip(&least) {
            log.events.drain(..gone as usize);
            log.filling
                .iter_mut()
                .for_each(|one| one.0 = one.0.saturating_sub(gone));
        }
        least
    }

    fn live_events(&self) -> Vec<bool> {
        let mut live = vec![false; self.store.len()];
        let mut mark = |event: EventId| {
            if event != NO_EVENT {
                live[event as usize] = true;
            }
        };
        let mut seen = vec![false; self.runs.nodes.len()];
        for id in self.runs.ids() {
            let run = self.runs.get(id);
            mark(run.first);
            mark(run.last);
            (0..self.program.marks).for_each(|at| mark(self.runs.mark(id, at as u8)));
            for capture in self.runs.captures(id) {
                match *capture {
                    Capture::One(event) => mark(event),
                    Capture::List { first, node, .. } => {
                        mark(first);
                        let mut next = node;
                        while next != u32::MAX && !std::mem::replace(&mut seen[next as usize], true) {
                            let node = self.runs.nodes[next as usize];
                            mark(node.event);
                            next = node.before;
                        }
                    }
                    Capture::Nothing | Capture::Range { .. } => {}
                }
            }
        }
        for log in &self.logs.all {
            log.events.iter().for_each(|&event| mark(event));
        }
        for absence in self.absences.iter().flatten() {
            absence.events().for_each(&mut mark);
        }
        live
    }

    /// The partitions and keys that something living has.
    fn live_keys(&self) -> Vec<Vec<bool>> {
        let mut live = vec![vec![false; self.keyed.partitions()]];
        live.extend((0..self.keyed.domains()).map(|domain| vec![false; self.keyed.keys(domain)]));
        for id in self.runs.ids() {
            live[0][self.runs.get(id).partition as usize] = true;
            for domain in 0..self.keyed.domains() {
                if let Some(key) = live[domain + 1].get_mut(self.runs.key(id, domain) as usize) {
                    *key = true;
                }
            }
        }
        for absence in self.absences.iter().flatten() {
            let (domain, numbers) = absence.numbers();
            let live = &mut live[domain.map_or(0, |domain| domain + 1)];
            numbers.for_each(|number| live[number] = true);
        }
        live
    }
}
