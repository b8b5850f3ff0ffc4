//! The combinations that end at a node: all paths back to an event that begins one.
//!
//! A path is walked from its last event to its first. A comparison waits until the event is met that it
//! is about, and a path on which it does not hold is left there.
//!
//! Cost: a step of the walk looks at the comparisons that wait; where no condition is about events further
//! back than the next, every walk comes to its end, so that a combination costs its own length.

use std::collections::VecDeque;

use super::graph::{Edge, Graph, Ground, Node, START, SlotId, unbound};
use crate::ir::{Pattern, StepId};
use crate::matcher::store::EventId;

/// An event of a combination.
#[derive(Clone, Copy, Debug)]
pub(in crate::matcher) struct Link {
    pub(in crate::matcher) step: StepId,
    pub(in crate::matcher) event: EventId,
    pub(in crate::matcher) tick: u64,
    /// By which edge it was reached.
    pub(in crate::matcher) via: Edge,
}

/// A comparison that waits for the event it is about: the own event, its step, and which of the step's.
type Waiting = (EventId, StepId, u32);

/// A walk back from a node.
pub(in crate::matcher) struct Walk<'a> {
    ground: Ground<'a>,
    graph: &'a Graph,
    /// No event of this tick or an earlier one.
    after: u64,
    frames: Vec<Frame>,
    waiting: Vec<Waiting>,
}

struct Frame {
    slot: SlotId,
    node: Node,
    /// The latest time from here on.
    latest: i64,
    /// Which edge is being looked at, and how many predecessors are left there.
    edge: usize,
    left: Option<usize>,
    /// Where its waiting comparisons begin.
    waiting: usize,
}

impl<'a> Walk<'a> {
    pub(in crate::matcher) fn new(
        ground: Ground<'a>,
        graph: &'a Graph,
        (slot, node): (SlotId, Node),
        after: u64,
    ) -> Self {
        let mut walk = Self {
            ground,
            graph,
            after,
            frames: Vec::new(),
            waiting: Vec::new(),
        };
        if node.tick > after {
            walk.push(slot, node, node.time, 0);
        }
        walk
    }

    /// The next combination, its first event first; none behind the last.
    pub(in crate::matcher) fn next(&mut self, path: &mut Vec<Link>) -> bool {
        while let Some(top) = self.frames.last_mut() {
            let from = &self.graph.slots[top.slot as usize].from;
            let Some(&edge) = from.get(top.edge) else {
                self.waiting.truncate(top.waiting);
                self.frames.pop();
                continue;
            };
            if edge.0 == START {
                top.edge += 1;
                let (start, waiting) = (top.node.start, top.waiting);
                if start && self.is_settled(waiting) && self.in_time() {
                    self.write(edge, path);
                    return true;
                }
                continue;
            }
            if !self.descend(edge)
                && let Some(top) = self.frames.last_mut()
            {
                top.edge += 1;
                top.left = None;
            }
        }
        false
    }

    /// Goes on with the next predecessor through an edge, if there is one.
    fn descend(&mut self, edge: Edge) -> bool {
        let (graph, depth) = (self.graph, self.frames.len());
        let whole = self.ground.pattern.within.unwrap_or(i64::MAX);
        let last = self.frames[0].node;
        let top = &mut self.frames[depth - 1];
        let (node, latest) = (top.node, top.latest);
        let Some(list) = graph.before(edge.0, &node) else {
            return false;
        };
        let from = &graph.slots[edge.0 as usize];
        let horizon = latest.saturating_sub(whole);
        let mut left = top.left.unwrap_or_else(|| earlier(list, node.tick));
        while left > 0 {
            left -= 1;
            let before = list[left];
            let mut not = self.ground.pattern.absent.iter();
            let over = before.newest < horizon
                || before.tick <= self.after
                || not.any(|&absent| self.ground.met(absent, node.partition, before.tick, last.tick));
            if over {
                break;
            }
            if before.since < horizon || !self.ground.follows(from, &before, edge.1, &node) {
                continue;
            }
            self.frames[depth - 1].left = Some(left);
            let settled = from.split.is_some();
            if self.pass(edge.0, &before, settled) {
                return true;
            }
        }
        false
    }

    /// Goes to a predecessor, if the comparisons that are about it hold.
    fn pass(&mut self, slot: SlotId, before: &Node, settled: bool) -> bool {
        let (pattern, ground) = (self.ground.pattern, self.ground);
        let step = self.graph.slots[slot as usize].step;
        let top = &self.frames[self.frames.len() - 1];
        let (from, to, own, latest) = (top.waiting, self.waiting.len(), top.node.event, top.latest);
        for at in from..to {
            let (event, by, which) = self.waiting[at];
            let one = &pattern.steps[by].compare[which as usize];
            if one.other.values.iter().any(|(of, _)| *of == step) {
                if !ground.holds(one, event, (step, before.event)) {
                    self.waiting.truncate(to);
                    return false;
                }
            } else if !(settled && event == own && is_looked_up(&self.frames, self.graph, pattern, by, which)) {
                self.waiting.push((event, by, which));
            }
        }
        self.push(slot, *before, latest.max(before.time), to);
        true
    }

    fn push(&mut self, slot: SlotId, node: Node, latest: i64, waiting: usize) {
        let step = self.graph.slots[slot as usize].step;
        for (at, one) in self.ground.pattern.steps[step].compare.iter().enumerate() {
            if self.ground.is_near(one) {
                self.waiting.push((node.event, step, at as u32));
            }
        }
        self.frames.push(Frame {
            slot,
            node,
            latest,
            edge: 0,
            left: None,
            waiting,
        });
    }

    /// Whether what still waits at the first event holds of nothing.
    fn is_settled(&self, from: usize) -> bool {
        let pattern = self.ground.pattern;
        let mut all = self.waiting[from..].iter();
        all.all(|&(_, step, which)| unbound(pattern, step, &pattern.steps[step].compare[which as usize]))
    }

    fn in_time(&self) -> bool {
        let Some(top) = self.frames.last() else { return false };
        let whole = self.ground.pattern.within;
        let last = self.frames[0].node;
        let mut not = self.ground.pattern.absent.iter();
        whole.is_none_or(|within| top.latest.saturating_sub(top.node.time) <= within)
            && !not.any(|&absent| self.ground.met(absent, top.node.partition, top.node.tick, last.tick))
    }

    /// The path, first event first.
    fn write(&self, start: Edge, path: &mut Vec<Link>) {
        path.clear();
        let mut via = start;
        for frame in self.frames.iter().rev() {
            path.push(Link {
                step: self.graph.slots[frame.slot as usize].step,
                event: frame.node.event,
                tick: frame.node.tick,
                via,
            });
            via = match path.len() {
                len if len < self.frames.len() => {
                    let next = &self.frames[self.frames.len() - 1 - len];
                    self.graph.slots[next.slot as usize].from[next.edge]
                }
                _ => start,
            };
        }
    }
}

/// How many nodes of a list come before a tick.
fn earlier(list: &VecDeque<Node>, tick: u64) -> usize {
    list.partition_point(|before| before.tick < tick)
}

/// Whether a comparison of the newest frame's step is the equality by which its predecessors are listed.
fn is_looked_up(frames: &[Frame], graph: &Graph, pattern: &Pattern, by: StepId, which: u32) -> bool {
    let step = frames.last().map(|top| graph.slots[top.slot as usize].step);
    step == Some(by) && crate::matcher::keyed::key_of(pattern, by) == Some(which as usize)
}
