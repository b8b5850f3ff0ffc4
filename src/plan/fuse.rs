//! Chains of nodes that only one reader follows become stages.

use super::graph::{Graph, In, Readers};
use super::{Next, Sink, Stage, StageId, StepKind};
use crate::ir::{EventId, Query, StreamId};

/// Stages, and who reads what; see [`super::Plan`].
pub(super) struct Fused {
    pub(super) stages: Vec<Stage>,
    pub(super) scans: Vec<Vec<Next>>,
    pub(super) fed: Vec<Vec<Next>>,
    pub(super) sinks: Vec<Sink>,
}

/// Fuses the nodes of a graph.
pub(super) fn fuse(query: &Query, graph: &Graph, types: &[EventId]) -> Fused {
    let readers = Readers::of(graph);
    let heads: Vec<bool> = (0..graph.nodes.len())
        .map(|at| !follows_alone(graph, &readers, at))
        .collect();
    let (mut stages, stage_of) = stages(graph, &heads);
    let (sinks, sinks_of) = sinks(query);
    let places = Places {
        graph,
        readers,
        heads,
        stage_of,
        sinks_of,
    };
    for at in 0..graph.nodes.len() {
        stages[places.stage_of[at].0 as usize]
            .next
            .extend(places.next(In::Node(at)));
    }
    let next_of = |event: Option<EventId>, any: bool| {
        let scans = scans_of(query, event)
            .into_iter()
            .filter(|&scan| any || scan != In::Any);
        scans.flat_map(|scan| places.next(scan)).collect()
    };
    let types = types.iter().copied();
    Fused {
        scans: types
            .clone()
            .map(Some)
            .chain([None])
            .map(|event| next_of(event, true))
            .collect(),
        fed: types.map(|event| next_of(Some(event), false)).collect(),
        stages,
        sinks,
    }
}

/// The stages without their readers, and the stage of each node. A node that heads no stage goes
/// into that of the node it follows.
fn stages(graph: &Graph, heads: &[bool]) -> (Vec<Stage>, Vec<StageId>) {
    let mut stage_of = vec![StageId(0); graph.nodes.len()];
    let mut stages: Vec<Stage> = Vec::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        match node.inputs[..] {
            [In::Node(before)] if !heads[at] => {
                stage_of[at] = stage_of[before];
                stages[stage_of[at].0 as usize].steps.push(node.step.clone());
            }
            _ => {
                stage_of[at] = StageId(stages.len() as u32);
                stages.push(Stage {
                    steps: vec![node.step.clone()],
                    next: Vec::new(),
                    ordered: node.ordered,
                });
            }
        }
    }
    (stages, stage_of)
}

/// The scans that records of a type go to: those of the type and its bases, in order, then `any`.
fn scans_of(query: &Query, event: Option<EventId>) -> Vec<In> {
    let bases = (0..query.events.len()).map(|at| EventId(at as u32));
    let bases = bases.filter(|&base| event.is_some_and(|event| query.is_a(event, base)));
    bases.map(In::Event).chain(std::iter::once(In::Any)).collect()
}

/// Whether a node is the only reader of its only input, and runs where that runs.
fn follows_alone(graph: &Graph, readers: &Readers, at: usize) -> bool {
    let [In::Node(before)] = graph.nodes[at].inputs[..] else {
        return false;
    };
    let alone = readers.nodes(In::Node(before)).len() == 1 && readers.streams(In::Node(before)).is_empty();
    let feeds = feeds(&graph.nodes[before].step.kind).is_some();
    let node = &graph.nodes[at];
    let in_place = graph.nodes[before].ordered == node.ordered && !node.step.kind.needs_order();
    alone && !feeds && in_place
}

/// The event type that a step's rows become.
fn feeds(kind: &StepKind) -> Option<EventId> {
    match kind {
        StepKind::Project(_, event) => *event,
        StepKind::Retype(event) => Some(*event),
        _ => None,
    }
}

/// What is written, and for each stream which of it.
fn sinks(query: &Query) -> (Vec<Sink>, Vec<Vec<usize>>) {
    let mut sinks = Vec::new();
    let mut of = Vec::new();
    for (at, stream) in query.streams.iter().enumerate() {
        let id = StreamId(at as u32);
        let first = sinks.len();
        if !stream.targets.is_empty() {
            sinks.extend(stream.targets.iter().map(|to| Sink {
                stream: id,
                path: Some(to.path.clone()),
            }));
        } else if stream.writes {
            sinks.push(Sink { stream: id, path: None });
        }
        of.push((first..sinks.len()).collect());
    }
    (sinks, of)
}

/// Everything that says who reads a place.
struct Places<'g> {
    graph: &'g Graph,
    readers: Readers,
    heads: Vec<bool>,
    stage_of: Vec<StageId>,
    sinks_of: Vec<Vec<usize>>,
}

impl Places<'_> {
    /// Who reads a place that ends a stage, in program order.
    fn next(&self, place: In) -> Vec<Next> {
        let mut found: Vec<(StreamId, u8, Next)> = Vec::new();
        for &(at, port) in self.readers.nodes(place).iter().filter(|(at, _)| self.heads[*at]) {
            let stream = self.graph.nodes[at].step.owners[0].stream;
            found.push((stream, 1, Next::Stage(self.stage_of[at], port)));
        }
        for &stream in self.readers.streams(place) {
            let sinks = self.sinks_of[stream].iter();
            found.extend(sinks.map(|&sink| (StreamId(stream as u32), 2, Next::Sink(sink))));
        }
        if let In::Node(at) = place
            && let Some(event) = feeds(&self.graph.nodes[at].step.kind)
        {
            found.push((self.graph.nodes[at].step.owners[0].stream, 0, Next::Event(event)));
        }
        found.sort_by_key(|entry| (entry.0, entry.1));
        found.into_iter().map(|entry| entry.2).collect()
    }
}
