//! What the events of a window could be of: for each event and state that it may lead to a node.
//!
//! A node stands for every way to take its event last and be in its state then. It has no list of what may
//! come before it: nodes are kept by state, step, and partition or key, in order, so that its
//! predecessors are the front part of a few lists. The paths back through these lists to an event that
//! begins a match are the combinations (after Agrawal et al., "Efficient Pattern Matching over Event
//! Streams", SIGMOD 2008; Bucchi et al., "CORE", PVLDB 15(9), 2022).
//!
//! Invariants: a list is in order of ticks; a node is only made where something could precede it, as far
//! as conditions about these two events tell.
//!
//! Cost: an event costs a look at the newest predecessors for each state that it leads to; memory follows
//! the events within the window, times the states each may lead to.

use std::collections::VecDeque;

use indexmap::IndexMap;

use crate::data::value::FixedHasher;
use crate::ir::{BinaryOp, Compare, Pattern, StepId, ValueId, Which};
use crate::matcher::absence::{Absence, Between};
use crate::matcher::compare;
use crate::matcher::keyed::{Keyed, NO_KEY};
use crate::matcher::program::{Program, StateId};
use crate::matcher::store::{EventId, Store};

/// The number of a slot: a state, and the step that led to it.
pub(in crate::matcher) type SlotId = u32;

/// The slot of what has taken nothing.
pub(in crate::matcher) const START: SlotId = 0;

/// An event, taken by a step, in a state.
#[derive(Clone, Copy, Debug)]
pub(in crate::matcher) struct Node {
    pub(in crate::matcher) event: EventId,
    pub(in crate::matcher) tick: u64,
    pub(in crate::matcher) time: i64,
    /// Which tick of its partition it is, where these are counted.
    pub(in crate::matcher) ordinal: u64,
    /// No combination that ends here began later than this.
    pub(in crate::matcher) since: i64,
    /// The same of it and all before it in its list.
    pub(in crate::matcher) newest: i64,
    /// None began earlier than this.
    pub(in crate::matcher) oldest: i64,
    pub(in crate::matcher) partition: u32,
    /// The key by which its step is looked up.
    pub(in crate::matcher) key: u32,
    /// A combination may begin here.
    pub(in crate::matcher) start: bool,
}

/// From where a slot is reached: another, and which of its moves.
pub(in crate::matcher) type Edge = (SlotId, u32);

/// All nodes of a state that one step led to.
#[derive(Debug)]
pub(in crate::matcher) struct Slot {
    pub(in crate::matcher) state: StateId,
    pub(in crate::matcher) step: StepId,
    /// Its lists are by the keys of this domain, else by partition.
    pub(in crate::matcher) split: Option<usize>,
    /// The value of a node's event that is its key there; none: the key by which its step is looked up.
    bind: Option<ValueId>,
    pub(in crate::matcher) from: Vec<Edge>,
    pub(in crate::matcher) lists: Vec<VecDeque<Node>>,
    /// A node can be gone on from for so long, whatever the whole pattern's bound.
    gap: Option<i64>,
}

/// The nodes of a pattern.
#[derive(Debug)]
pub(in crate::matcher) struct Graph {
    pub(in crate::matcher) slots: Vec<Slot>,
    known: IndexMap<(StateId, StepId), SlotId, FixedHasher>,
    /// For each step the slots that it can be taken from.
    takers: Vec<Vec<Edge>>,
    /// For each taker the slot it leads to, once there is one.
    targets: IndexMap<Edge, SlotId, FixedHasher>,
    /// Times of rows in order may go back by so much. Nanoseconds.
    pub(in crate::matcher) slack: i64,
    pub(in crate::matcher) nodes: usize,
}

/// Where an edge is looked at.
#[derive(Clone, Copy, Debug)]
pub(in crate::matcher) struct Ground<'a> {
    pub(in crate::matcher) pattern: &'a Pattern,
    pub(in crate::matcher) program: &'a Program,
    pub(in crate::matcher) store: &'a Store,
    pub(in crate::matcher) absences: &'a [Option<Absence>],
}

impl Ground<'_> {
    /// Whether a comparison of an event with one before it holds.
    pub(in crate::matcher) fn holds(&self, one: &Compare, own: EventId, (by, other): (StepId, EventId)) -> bool {
        let value = one.other.values.iter().find(|(step, _)| *step == by);
        let value = value.map_or(0, |value| value.1);
        let own = self.store.value(own, one.own);
        compare::holds(one.op, own, self.store.value(other, value))
    }

    /// Whether a comparison is with the newest event of a name, so that the nearest one back tells.
    pub(in crate::matcher) fn is_near(&self, one: &Compare) -> bool {
        one.other.which == Which::Last || !self.pattern.aliases[one.other.alias].list
    }

    /// Whether an absence that needs no look at its events was violated.
    pub(in crate::matcher) fn met(&self, step: StepId, partition: u32, after: u64, before: u64) -> bool {
        let Some(absence) = self.absences[step].as_ref().filter(|one| !one.is_judged()) else {
            return false;
        };
        let when = Between {
            after,
            before,
            since: i64::MIN,
            until: i64::MAX,
        };
        absence.there(partition, when).next().is_some()
    }

    /// Whether one node can follow another by an edge, as far as times and absences tell.
    pub(in crate::matcher) fn follows(&self, from: &Slot, before: &Node, via: u32, node: &Node) -> bool {
        let one = &self.program.state(from.state).moves[via as usize];
        let step = &self.pattern.steps[one.step];
        step.within.is_none_or(|d| node.time.saturating_sub(before.time) <= d)
            && !(step.next && before.ordinal + 1 != node.ordinal)
            && !one
                .crossed
                .iter()
                .any(|&(absent, mark)| mark.is_none() && self.met(absent, node.partition, before.tick, node.tick))
    }

    /// Whether the comparisons of a node's step with the event just before it hold.
    pub(in crate::matcher) fn compares(&self, from: &Slot, before: &Node, step: StepId, event: EventId) -> bool {
        let all = &self.pattern.steps[step].compare;
        all.iter().all(|one| {
            let about = self.is_near(one) && one.other.values.iter().any(|(of, _)| *of == from.step);
            !about || self.holds(one, event, (from.step, before.event))
        })
    }
}

impl Graph {
    pub(in crate::matcher) fn new(program: &Program, steps: usize, slack: i64) -> Self {
        let mut graph = Self {
            slots: Vec::new(),
            known: IndexMap::default(),
            takers: vec![Vec::new(); steps],
            targets: IndexMap::default(),
            slack,
            nodes: 0,
        };
        graph.slots.push(Slot {
            state: program.start,
            step: StepId::MAX,
            split: None,
            bind: None,
            from: Vec::new(),
            lists: Vec::new(),
            gap: None,
        });
        graph.offer(program, START);
        graph
    }

    /// The moves by which a step can be taken.
    pub(in crate::matcher) fn takers(&self, step: StepId) -> &[Edge] {
        &self.takers[step]
    }

    /// The slot that an edge leads to.
    pub(in crate::matcher) fn target(
        &mut self,
        (program, pattern, keyed): (&mut Program, &Pattern, &Keyed),
        edge: Edge,
    ) -> SlotId {
        if let Some(&slot) = self.targets.get(&edge) {
            return slot;
        }
        let one = &program.state(self.slots[edge.0 as usize].state).moves[edge.1 as usize];
        let (state, step) = (one.to, one.step);
        program.reach(state);
        let slot = match self.known.get(&(state, step)) {
            Some(&slot) => slot,
            None => {
                let slot = self.slots.len() as SlotId;
                self.known.insert((state, step), slot);
                self.slots.push(made(program, pattern, keyed, (state, step)));
                self.offer(program, slot);
                slot
            }
        };
        self.targets.insert(edge, slot);
        self.slots[slot as usize].from.push(edge);
        slot
    }

    fn offer(&mut self, program: &Program, slot: SlotId) {
        let moves = &program.state(self.slots[slot as usize].state).moves;
        for (at, one) in moves.iter().enumerate() {
            self.takers[one.step].push((slot, at as u32));
        }
    }

    /// The list of a slot that has the predecessors of a node.
    pub(in crate::matcher) fn before(&self, slot: SlotId, node: &Node) -> Option<&VecDeque<Node>> {
        let slot = &self.slots[slot as usize];
        let number = slot.split.map_or(node.partition, |_| node.key);
        if number == NO_KEY {
            None
        } else {
            slot.lists.get(number as usize)
        }
    }

    /// The newest possible predecessor of a node through an edge: bounds of when what ends there began.
    pub(in crate::matcher) fn newest(&self, ground: &Ground<'_>, edge: Edge, node: &Node) -> Option<(i64, i64)> {
        let slot = &self.slots[edge.0 as usize];
        let step = ground.program.state(slot.state).moves[edge.1 as usize].step;
        let whole = ground.pattern.within.unwrap_or(i64::MAX);
        let horizon = node.time.saturating_sub(whole);
        let gap = ground.pattern.steps[step].within.unwrap_or(i64::MAX);
        let nearest = node.time.saturating_sub(gap);
        let list = self.before(edge.0, node)?;
        let mut found: Option<(i64, i64)> = None;
        for before in list.iter().rev().skip_while(|before| before.tick >= node.tick) {
            if before.newest < horizon || before.time.saturating_add(self.slack) < nearest {
                break;
            }
            let fits = before.since >= horizon
                && ground.follows(slot, before, edge.1, node)
                && ground.compares(slot, before, step, node.event);
            if !fits {
                continue;
            }
            let (newest, oldest) = found.unwrap_or((before.newest, i64::MAX));
            found = Some((newest, oldest.min(before.oldest)));
            // Where the whole has a bound, nobody asks when the oldest began.
            if ground.pattern.within.is_some() {
                break;
            }
        }
        found
    }

    /// Keeps a node, unless nothing can follow it.
    pub(in crate::matcher) fn keep(
        &mut self,
        program: &Program,
        slot: SlotId,
        mut node: Node,
        number: u32,
        horizon: i64,
    ) {
        let slot = &mut self.slots[slot as usize];
        if number == NO_KEY || program.state(slot.state).moves.is_empty() {
            return;
        }
        if slot.lists.len() <= number as usize {
            slot.lists.resize_with(number as usize + 1, VecDeque::new);
        }
        let list = &mut slot.lists[number as usize];
        while list.front().is_some_and(|first| first.since < horizon) {
            list.pop_front();
            self.nodes -= 1;
        }
        node.newest = list.back().map_or(node.since, |last| last.newest.max(node.since));
        list.push_back(node);
        self.nodes += 1;
    }

    /// The key of a slot's list that a row belongs to: the domain, and the value of the row.
    pub(in crate::matcher) fn own(&self, slot: SlotId) -> Option<(usize, Option<ValueId>)> {
        let slot = &self.slots[slot as usize];
        slot.split.map(|domain| (domain, slot.bind))
    }

    /// Lets nodes go that nothing can be made of after a time. `live`: nodes that are still asked about.
    pub(in crate::matcher) fn sweep(&mut self, horizon: Option<i64>, clock: i64, live: impl Iterator<Item = Node>) {
        let mut oldest: IndexMap<u32, i64, FixedHasher> = IndexMap::default();
        let mut mark = |node: &Node| {
            let known = oldest.entry(node.partition).or_insert(i64::MAX);
            *known = node.oldest.min(*known);
        };
        let lives = |slot: &Slot, node: &Node| match horizon {
            Some(horizon) => node.since >= horizon,
            None => slot.gap.is_none_or(|gap| node.time.saturating_add(gap) >= clock),
        };
        live.for_each(|node| mark(&node));
        for slot in &self.slots {
            let all = slot.lists.iter().flatten();
            all.filter(|node| lives(slot, node)).for_each(&mut mark);
        }
        self.nodes = 0;
        for slot in &mut self.slots {
            let mut lists = std::mem::take(&mut slot.lists);
            for list in &mut lists {
                list.retain(|node| match horizon {
                    Some(_) => lives(slot, node),
                    None => oldest.get(&node.partition).is_some_and(|&oldest| node.time >= oldest),
                });
                let mut newest = i64::MIN;
                for node in &mut *list {
                    newest = newest.max(node.since);
                    node.newest = newest;
                }
                self.nodes += list.len();
            }
            slot.lists = lists;
        }
    }

    /// All nodes.
    pub(in crate::matcher) fn all(&self) -> impl Iterator<Item = (&Slot, usize, &Node)> {
        self.slots.iter().flat_map(|slot| {
            let lists = slot.lists.iter().enumerate();
            lists.flat_map(move |(number, list)| list.iter().map(move |node| (slot, number, node)))
        })
    }

    /// Events, partitions and keys have new numbers. `keys`: those of the partitions first.
    pub(in crate::matcher) fn rename(&mut self, keyed: &Keyed, events: &[EventId], keys: &[Vec<u32>]) {
        for slot in &mut self.slots {
            let of_step = keyed.probes.get(slot.step).copied().flatten();
            let old = std::mem::take(&mut slot.lists);
            for (number, mut list) in old.into_iter().enumerate().filter(|(_, list)| !list.is_empty()) {
                let number = keys[slot.split.map_or(0, |domain| domain + 1)][number] as usize;
                for node in &mut list {
                    rename(node, of_step.map(|probe| probe.domain), events, keys);
                }
                if slot.lists.len() <= number {
                    slot.lists.resize_with(number + 1, VecDeque::new);
                }
                slot.lists[number] = list;
            }
        }
    }

    pub(in crate::matcher) fn bytes(&self) -> usize {
        let lists: usize = self.slots.iter().map(|slot| slot.lists.capacity()).sum();
        self.nodes * size_of::<Node>() + lists * size_of::<VecDeque<Node>>()
    }
}

/// The same of one node.
pub(in crate::matcher) fn rename(node: &mut Node, domain: Option<usize>, events: &[EventId], keys: &[Vec<u32>]) {
    node.event = events[node.event as usize];
    node.partition = keys[0][node.partition as usize];
    if let Some(domain) = domain
        && node.key != NO_KEY
    {
        node.key = keys[domain + 1][node.key as usize];
    }
}

/// A slot without nodes. Its lists are by key where everything that can follow is looked up by one
/// value, and a node's own event tells which.
fn made(program: &Program, pattern: &Pattern, keyed: &Keyed, (state, step): (StateId, StepId)) -> Slot {
    let moves = &program.state(state).moves;
    let mut domains = moves.iter().map(|one| keyed.probes[one.step].map(|probe| probe.domain));
    let domain = domains.next().flatten();
    let domain = domain.filter(|_| domains.all(|other| other == domain));
    let single = pattern.steps[step]
        .alias
        .is_none_or(|alias| !pattern.aliases[alias].list);
    let binds = |domain: usize| {
        let all = keyed.binds[step].iter();
        all.filter(|_| single).find(|bind| bind.0 == domain).map(|bind| bind.1)
    };
    let looked_up = |domain: usize| keyed.probes[step].is_some_and(|probe| probe.domain == domain);
    let split = domain.filter(|&domain| binds(domain).is_some() || looked_up(domain));
    let gaps: Option<Vec<i64>> = moves.iter().map(|one| pattern.steps[one.step].within).collect();
    Slot {
        state,
        step,
        split,
        bind: split.and_then(binds),
        from: Vec::new(),
        lists: Vec::new(),
        gap: gaps.map(|gaps| gaps.into_iter().max().unwrap_or(-1)),
    }
}

/// What a comparison gives where nothing is bound to the name.
pub(in crate::matcher) fn unbound(pattern: &Pattern, step: StepId, one: &Compare) -> bool {
    pattern.steps[step].alias == Some(one.other.alias) || one.op == BinaryOp::Ne
}
