//! Logs of events that many runs share.
//!
//! When every run takes the same events of a repetition, the events stand in one log for each partition
//! or key, and a run only knows where in it its own begin and end.

use super::store::EventId;

/// The events of a repetition, of one partition or key.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub(super) events: Vec<EventId>,
    /// The tick of the last of them.
    pub(super) tick: u64,
    /// How many runs refer to it.
    pub(super) users: u32,
    /// Runs that are complete when they are full, with the first element and generation of each, in
    /// order.
    pub(super) filling: std::collections::VecDeque<(u32, u32, u32)>,
}

/// All logs of a pattern.
#[derive(Debug, Default)]
pub(super) struct Logs {
    pub(super) all: Vec<Log>,
    /// For each step the logs by partition or key.
    by_key: Vec<Vec<u32>>,
    /// Logs that nobody uses any more.
    free: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Logs {
    pub(super) fn new(steps: usize) -> Self {
        Self {
            all: Vec::new(),
            by_key: vec![Vec::new(); steps],
            free: Vec::new(),
        }
    }

    /// The log of a step for a partition or key, if there is one.
    #[inline]
    pub(super) fn find(&self, step: usize, number: u32) -> Option<u32> {
        self.by_key[step]
            .get(number as usize)
            .copied()
            .filter(|&log| log != NONE)
    }

    /// The same; made if need be.
    pub(super) fn get(&mut self, step: usize, number: u32) -> u32 {
        let logs = &mut self.by_key[step];
        if logs.len() <= number as usize {
            logs.resize(number as usize + 1, NONE);
        }
        let log = &mut logs[number as usize];
        if *log == NONE {
            *log = self.free.pop().unwrap_or_else(|| {
                self.all.push(Log::default());
                (self.all.len() - 1) as u32
            });
        }
        *log
    }

    /// A run does not refer to a log any more.
    pub(super) fn leave(&mut self, log: u32) {
        let log = &mut self.all[log as usize];
        log.users -= 1;
        if log.users == 0 {
            log.events.clear();
            log.filling.clear();
        }
    }

    /// After a sweep: the partitions and keys have new numbers. `number`: of which table a step's are.
    pub(super) fn rename(&mut self, number: impl Fn(usize, u32) -> u32) {
        for (step, logs) in self.by_key.iter_mut().enumerate() {
            let old = std::mem::take(logs);
            for (key, log) in old.into_iter().enumerate().filter(|(_, log)| *log != NONE) {
                let key = number(step, key as u32);
                if key == NONE || self.all[log as usize].users == 0 {
                    self.all[log as usize] = Log::default();
                    self.free.push(log);
                    continue;
                }
                if logs.len() <= key as usize {
                    logs.resize(key as usize + 1, NONE);
                }
                logs[key as usize] = log;
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let logs = self
            .all
            .iter()
            .map(|log| log.events.capacity() * 4 + log.filling.capacity() * 12);
        let keys = self.by_key.iter().map(|keys| keys.capacity() * 4);
        logs.sum::<usize>() + keys.sum::<usize>() + self.all.capacity() * size_of::<Log>()
    }
}
