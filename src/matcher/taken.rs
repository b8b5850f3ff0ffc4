//! What a run has taken, read through its captures.

use super::logs::Logs;
use super::runs::{Capture, NONE, Runs};
use super::store::{EventId, NO_EVENT};
use crate::ir::{Bound, StepId, Which};

/// Runs together with the logs that they share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken<'a> {
    pub(super) runs: &'a Runs,
    pub(super) logs: &'a Logs,
}

impl Taken<'_> {
    /// How many events a step has taken.
    pub(super) fn count(self, capture: Capture) -> u32 {
        match capture {
            Capture::Nothing => 0,
            Capture::One(_) => 1,
            Capture::List { len, .. } => len,
            Capture::Range { log, from, to } => self.end(log, to) - from,
        }
    }

    fn end(self, log: u32, to: u32) -> u32 {
        to.min(self.logs.all[log as usize].events.len() as u32)
    }

    /// The first event.
    pub(super) fn first(self, capture: Capture) -> EventId {
        match capture {
            Capture::Nothing => NO_EVENT,
            Capture::One(event) => event,
            Capture::List { first, .. } => first,
            Capture::Range { log, from, .. } => self.logs.all[log as usize].events[from as usize],
        }
    }

    /// The last event.
    pub(super) fn last(self, capture: Capture) -> EventId {
        match capture {
            Capture::Nothing => NO_EVENT,
            Capture::One(event) => event,
            Capture::List { node, .. } => self.runs.nodes[node as usize].event,
            Capture::Range { log, to, .. } => {
                let end = self.end(log, to);
                self.logs.all[log as usize].events[end as usize - 1]
            }
        }
    }

    /// Appends all events, in order.
    pub(super) fn events(self, capture: Capture, into: &mut Vec<EventId>) {
        match capture {
            Capture::Nothing => {}
            Capture::One(event) => into.push(event),
            Capture::List { node, len, .. } => {
                let from = into.len();
                into.resize(from + len as usize, NO_EVENT);
                let mut next = node;
                for place in into[from..].iter_mut().rev() {
                    let node = self.runs.nodes[next as usize];
                    *place = node.event;
                    next = node.before;
                }
                debug_assert_eq!(next, NONE);
            }
            Capture::Range { log, from, to } => {
                let end = self.end(log, to) as usize;
                into.extend(&self.logs.all[log as usize].events[from as usize..end]);
            }
        }
    }

    /// The event that a bound value is of, and the step that took it.
    pub(super) fn bound(self, captures: &[Capture], bound: &Bound) -> Option<(StepId, EventId)> {
        let mut found: Option<(StepId, EventId)> = None;
        for &(step, _) in &bound.values {
            let capture = captures[step];
            let event = match bound.which {
                Which::First => self.first(capture),
                Which::Last => self.last(capture),
            };
            if event == NO_EVENT {
                continue;
            }
            let better = found.is_none_or(|(_, known)| match bound.which {
                Which::First => event < known,
                Which::Last => event > known,
            });
            if better {
                found = Some((step, event));
            }
        }
        found
    }

    /// All events bound to some steps, with these, in order.
    pub(super) fn list(self, captures: &[Capture], steps: &[StepId]) -> Vec<(StepId, EventId)> {
        let mut all = Vec::new();
        let mut events = Vec::new();
        for &step in steps {
            events.clear();
            self.events(captures[step], &mut events);
            all.extend(events.iter().map(|&event| (step, event)));
        }
        if steps.len() > 1 {
            all.sort_unstable_by_key(|&(_, event)| event);
        }
        all
    }
}
