//! The total over all trends that end at a node, without making any: the total at a node is that over its
//! predecessors, each once (after Poppe et al., "GRETA", PVLDB 11(1), 2017).
//!
//! Where nothing but the order says whether one node can follow another, the sum over a list so far stands
//! for all its nodes (after Poppe et al., "Event Trend Aggregation Under Rich Event Matching Semantics",
//! SIGMOD 2019).
//!
//! Cost: for each event that completes trends the nodes within the window before it, times the lists that
//! each may follow; where a condition looks at two neighboring events, times the nodes of these lists.

use indexmap::{IndexMap, IndexSet};

use super::Asked;
use super::total::Total;
use crate::data::value::FixedHasher;
use crate::ir::StepId;
use crate::matcher::any::All;
use crate::matcher::any::graph::{Edge, Node, START, SlotId, unbound};

/// How a predecessor is told from the order alone, or by a look at both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Order,
    Look,
}

/// The edges of a slot that can be told; none: some condition needs more than two neighbors.
type Edges = Option<Vec<(Edge, Kind)>>;

/// The nodes of a list before the one in question.
struct List<'a> {
    slot: SlotId,
    number: u32,
    nodes: Vec<&'a Node>,
    totals: Vec<Option<Total>>,
    /// Over those of earlier ticks.
    sum: Total,
    /// How many nodes that is.
    summed: usize,
}

/// Reckons at one node.
pub(super) struct Reckoning<'a> {
    all: &'a All,
    asked: &'a Asked,
    edges: IndexMap<SlotId, Edges, FixedHasher>,
    lists: IndexMap<(SlotId, u32), List<'a>, FixedHasher>,
    /// Trends begin at this time or later, at this tick or later.
    since: i64,
    from: u64,
    errors: Vec<(usize, String)>,
}

impl<'a> Reckoning<'a> {
    /// The total over all trends that end at a node; none where conditions do not allow it to be told so.
    pub(super) fn total(
        all: &'a All,
        asked: &'a Asked,
        slot: SlotId,
        node: &Node,
    ) -> Option<(Total, Vec<(usize, String)>)> {
        let whole = all.pattern.within.unwrap_or(i64::MAX);
        let not = all.pattern.absent.iter();
        let mut reckoning = Self {
            all,
            asked,
            edges: IndexMap::default(),
            lists: IndexMap::default(),
            since: node.time.saturating_sub(whole),
            from: not.map(|&step| all.last_absent(step, node)).max().unwrap_or(0),
            errors: Vec::new(),
        };
        reckoning.reach(slot, node)?;
        reckoning.forward();
        let total = reckoning.at(slot, node);
        Some((total, reckoning.errors))
    }

    /// Finds the lists that a node's trends may lie in.
    fn reach(&mut self, slot: SlotId, last: &Node) -> Option<()> {
        let mut queue: Vec<(SlotId, &Node)> = vec![(slot, last)];
        let mut seen: IndexSet<(SlotId, u32), FixedHasher> = IndexSet::default();
        let mut found: Vec<List<'a>> = Vec::new();
        let none = || Total::none(self.asked.overs.len());
        while let Some((slot, node)) = queue.pop() {
            if !self.edges.contains_key(&slot) {
                self.edges.insert(slot, edges(self.all, slot));
            }
            let edges = self.edges.get(&slot).and_then(Option::as_ref)?;
            for &((before, _), _) in edges.iter().filter(|edge| edge.0.0 != START) {
                let graph = &self.all.graph;
                let number = graph.slots[before as usize].split.map_or(node.partition, |_| node.key);
                if !seen.insert((before, number)) {
                    continue;
                }
                let list = graph.before(before, node).into_iter().flatten();
                let nodes: Vec<&'a Node> = list
                    .take_while(|one| one.tick < last.tick)
                    .filter(|one| one.since >= self.since && one.tick >= self.from)
                    .collect();
                queue.extend(nodes.iter().map(|&one| (before, one)));
                found.push(List {
                    slot: before,
                    number,
                    totals: vec![None; nodes.len()],
                    nodes,
                    sum: none(),
                    summed: 0,
                });
            }
        }
        self.lists = found.into_iter().map(|list| ((list.slot, list.number), list)).collect();
        Some(())
    }

    /// The totals of all nodes, in order.
    fn forward(&mut self) {
        let mut order: Vec<(u64, usize, usize)> = Vec::new();
        for (at, list) in self.lists.values().enumerate() {
            order.extend(list.nodes.iter().enumerate().map(|(row, node)| (node.tick, at, row)));
        }
        order.sort_unstable();
        for (_, at, row) in order {
            let list = &self.lists[at];
            let (slot, node) = (list.slot, list.nodes[row]);
            let total = self.at(slot, node);
            self.lists[at].totals[row] = Some(total);
        }
    }

    /// The total of a node whose predecessors have theirs.
    fn at(&mut self, slot: SlotId, node: &Node) -> Total {
        let mut total = Total::none(self.asked.overs.len());
        let edges = self.edges.get(&slot).and_then(Option::as_ref).into_iter().flatten();
        for &(edge, kind) in edges {
            if edge.0 == START {
                if node.start && node.time >= self.since && node.tick >= self.from {
                    total.begin();
                }
                continue;
            }
            let from = &self.all.graph.slots[edge.0 as usize];
            let number = from.split.map_or(node.partition, |_| node.key);
            let Some(list) = self.lists.get_mut(&(edge.0, number)) else {
                continue;
            };
            if kind == Kind::Order {
                list.sum_before(node.tick);
                total.add(&list.sum);
                continue;
            }
            let ground = self.all.ground();
            let step = self.all.graph.slots[slot as usize].step;
            for (before, known) in list.nodes.iter().zip(&list.totals) {
                let Some(known) = known.as_ref().filter(|_| before.tick < node.tick) else {
                    continue;
                };
                if ground.follows(from, before, edge.1, node) && ground.compares(from, before, step, node.event) {
                    total.add(known);
                }
            }
        }
        if !total.is_none() {
            let step = self.all.graph.slots[slot as usize].step;
            self.asked
                .extend(&self.all.store, &mut total, (step, node.event), &mut self.errors);
        }
        total
    }
}

impl List<'_> {
    /// Sums up what lies before a tick.
    fn sum_before(&mut self, tick: u64) {
        while let Some(node) = self.nodes.get(self.summed)
            && node.tick < tick
        {
            if let Some(total) = &self.totals[self.summed] {
                self.sum.add(total);
            }
            self.summed += 1;
        }
    }
}

/// How each edge into a slot is told.
fn edges(all: &All, slot: SlotId) -> Edges {
    let graph = &all.graph;
    let of = &graph.slots[slot as usize];
    let moves = &all.program.state(of.state).moves;
    // Where one step leads to two states, one combination has several paths.
    let unlike = moves
        .iter()
        .enumerate()
        .all(|(at, one)| moves[..at].iter().all(|other| other.step != one.step));
    if !unlike || !all.late.is_empty() {
        return None;
    }
    let edges = of
        .from
        .iter()
        .map(|&edge| kind(all, of.step, edge).map(|kind| (edge, kind)));
    edges.collect()
}

fn kind(all: &All, step: StepId, edge: Edge) -> Option<Kind> {
    let pattern = &all.pattern;
    let ground = all.ground();
    let from = &all.graph.slots[edge.0 as usize];
    let one = &all.program.state(from.state).moves[edge.1 as usize];
    let of = &pattern.steps[step];
    let before = steps_before(all, edge.0);
    let looks = edge.0 != START && (of.within.is_some() || of.next || !one.crossed.is_empty());
    let mut kind = if looks { Kind::Look } else { Kind::Order };
    for (at, compare) in of.compare.iter().enumerate() {
        let names = |step: StepId| compare.other.values.iter().any(|(of, _)| *of == step);
        let settled = from.split.is_some() && crate::matcher::keyed::key_of(pattern, step) == Some(at);
        if settled {
            continue;
        }
        if names(from.step) && ground.is_near(compare) {
            kind = Kind::Look;
        } else if before.iter().any(|&step| names(step)) {
            return None;
        } else if !unbound(pattern, step, compare) {
            // Nothing can be bound to the name here, and that is never enough.
            return None;
        }
    }
    Some(kind)
}

/// The steps that may have been taken where a slot has been reached.
fn steps_before(all: &All, slot: SlotId) -> IndexSet<StepId, FixedHasher> {
    let (mut seen, mut steps): (IndexSet<SlotId, FixedHasher>, IndexSet<StepId, FixedHasher>) = Default::default();
    let mut queue = vec![slot];
    while let Some(slot) = queue.pop() {
        if slot != START && seen.insert(slot) {
            let of = &all.graph.slots[slot as usize];
            steps.insert(of.step);
            queue.extend(of.from.iter().map(|edge| edge.0));
        }
    }
    steps
}
