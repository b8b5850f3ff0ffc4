//! Lets go of what no combination can be made of any more. Nothing that is written depends on when.

use super::All;
use super::graph::rename;
use crate::matcher::absence::Absence;
use crate::matcher::keyed::NO_KEY;

/// How much there was when all was looked at last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Swept {
    nodes: usize,
    keys: usize,
    absent: usize,
}

const FEW: usize = 4096;

impl All {
    /// Sweeps, if it is time.
    pub(super) fn sweep(&mut self) {
        let swept = self.swept;
        let due = |now: usize, then: usize| now > FEW + 2 * then;
        if self.store.is_full()
            || due(self.graph.nodes, swept.nodes)
            || due(self.key_count(), swept.keys)
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
        self.absences.iter().flatten().map(Absence::kept).sum()
    }

    fn sweep_now(&mut self) {
        let clock = self.clock.saturating_sub(self.lateness.saturating_add(1));
        let waiting = self.pending.values().flatten().map(|one| one.1);
        self.graph.sweep(self.horizon(), clock, waiting);
        let first = self.forget();
        let mut live = vec![false; self.store.len()];
        let mut keys = vec![vec![false; self.keyed.partitions()]];
        keys.extend((0..self.keyed.domains()).map(|domain| vec![false; self.keyed.keys(domain)]));
        let waiting = self.pending.values().flatten();
        let waiting = waiting.map(|(slot, node)| (self.graph.slots[*slot as usize].step, node));
        for (step, node) in self.graph.all().map(|(slot, _, node)| (slot.step, node)).chain(waiting) {
            live[node.event as usize] = true;
            keys[0][node.partition as usize] = true;
            if let Some(probe) = self.keyed.probes[step].filter(|_| node.key != NO_KEY) {
                keys[probe.domain + 1][node.key as usize] = true;
            }
        }
        for (slot, number, _) in self.graph.all() {
            keys[slot.split.map_or(0, |domain| domain + 1)][number] = true;
        }
        for absence in self.absences.iter().flatten() {
            absence.events().for_each(|event| live[event as usize] = true);
            absence.numbers().1.for_each(|number| keys[0][number] = true);
        }
        let events = self.store.sweep(&live);
        let keys = self.keyed.sweep(&keys);
        self.graph.rename(&self.keyed, &events, &keys);
        for absence in self.absences.iter_mut().flatten() {
            absence.rename(&events, &keys);
        }
        for (slot, node) in self.pending.values_mut().flatten() {
            let step = self.graph.slots[*slot as usize].step;
            let domain = self.keyed.probes[step].map(|probe| probe.domain);
            rename(node, domain, &events, &keys);
        }
        self.rename_partitions(&keys[0], first);
        self.swept = Swept {
            nodes: self.graph.nodes,
            keys: self.key_count(),
            absent: self.absent_count(),
        };
    }

    /// Absent events that nobody will ask about; the first tick that anybody may.
    fn forget(&mut self) -> u64 {
        let waiting = self.pending.values().flatten().map(|one| one.1.tick);
        let ticks = self.graph.all().map(|(_, _, node)| node.tick);
        let first = ticks.chain(waiting).min().unwrap_or(u64::MAX);
        let clock = self.clock.saturating_sub(self.lateness.saturating_add(1));
        for absence in self.absences.iter_mut().flatten() {
            if self.program.leading == Some(absence.step()) {
                let within = self.pattern.steps[absence.step()].within.unwrap_or(i64::MAX);
                absence.forget(u64::MAX, clock.saturating_sub(within));
            } else {
                absence.forget(first, i64::MAX);
            }
        }
        first
    }

    fn rename_partitions(&mut self, partitions: &[u32], first: u64) {
        let renamed = |old: u32| partitions[old as usize];
        if self.counts {
            let mut ordinals = vec![0; self.keyed.partitions()];
            for (old, &ordinal) in self.ordinals.iter().enumerate() {
                if let Some(place) = ordinals.get_mut(renamed(old as u32) as usize) {
                    *place = ordinal;
                }
            }
            self.ordinals = ordinals;
        }
        let past = std::mem::take(&mut self.past).into_iter();
        let past = past.map(|(partition, tick)| (renamed(partition), tick));
        self.past = past.filter(|one| one.0 != NO_KEY).collect();
        let begun = std::mem::take(&mut self.begun).into_iter();
        let begun = begun.map(|(partition, mut ticks)| {
            ticks.retain(|&tick| tick >= first);
            (renamed(partition), ticks)
        });
        self.begun = begun.filter(|one| one.0 != NO_KEY).collect();
    }
}
