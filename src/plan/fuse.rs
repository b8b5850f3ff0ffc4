//! Chains of nodes that only one reader follows become stages.

use super::graph::{Graph, In};
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
    let sinks = sinks(query);
    let heads: Vec<bool> = (0..graph.nodes.len()).map(|at| !follows_alone(graph, at)).collect();
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
    for at in 0..graph.nodes.len() {
        let next = readers(query, graph, &sinks, In::Node(at), &heads, &stage_of);
        stages[stage_of[at].0 as usize].next.extend(next);
    }
    let readers_of = |event: Option<EventId>, any: bool| {
        let scans = scans_of(query, event)
            .into_iter()
            .filter(|&scan| any || scan != In::Any);
        scans
            .flat_map(|scan| readers(query, graph, &sinks, scan, &heads, &stage_of))
            .collect()
    };
    let types = types.iter().copied();
    Fused {
        scans: types
            .clone()
            .map(Some)
            .chain([None])
            .map(|event| readers_of(event, true))
            .collect(),
        fed: types.map(|event| readers_of(Some(event), false)).collect(),
        stages,
        sinks,
    }
}

/// The scans that records of a type go to: those of the type and its bases, in order, then `any`.
fn scans_of(query: &Query, event: Option<EventId>) -> Vec<In> {
    let bases = (0..query.events.len()).map(|at| EventId(at as u32));
    let bases = bases.filter(|&base| event.is_some_and(|event| query.is_a(event, base)));
    bases.map(In::Event).chain(std::iter::once(In::Any)).collect()
}

/// Whether a node is the only reader of its only input, and runs where that runs.
fn follows_alone(graph: &Graph, at: usize) -> bool {
    let [In::Node(before)] = graph.nodes[at].inputs[..] else {
        return false;
    };
    let readers = graph
        .nodes
        .iter()
        .flat_map(|node| &node.inputs)
        .filter(|&&input| input == In::Node(before));
    let written = graph.outputs.iter().any(|outputs| outputs.contains(&In::Node(before)));
    let feeds = feeds(&graph.nodes[before].step.kind).is_some();
    let node = &graph.nodes[at];
    let in_place = graph.nodes[before].ordered == node.ordered && !node.step.kind.needs_order();
    readers.count() == 1 && !written && !feeds && in_place
}

/// The event type that a step's rows become.
fn feeds(kind: &StepKind) -> Option<EventId> {
    match kind {
        StepKind::Project(_, event) => *event,
        StepKind::Retype(event) => Some(*event),
        _ => None,
    }
}

fn sinks(query: &Query) -> Vec<Sink> {
    let mut sinks = Vec::new();
    for (at, stream) in query.streams.iter().enumerate() {
        let id = StreamId(at as u32);
        if !stream.targets.is_empty() {
            sinks.extend(stream.targets.iter().map(|to| Sink {
                stream: id,
                path: Some(to.path.clone()),
            }));
        } else if stream.writes {
            sinks.push(Sink { stream: id, path: None });
        }
    }
    sinks
}

/// Who reads a place that ends a stage, in program order.
fn readers(query: &Query, graph: &Graph, sinks: &[Sink], place: In, heads: &[bool], stage_of: &[StageId]) -> Vec<Next> {
    let mut found: Vec<(StreamId, u8, Next)> = Vec::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        if heads[at] && node.inputs.contains(&place) {
            let times = node.inputs.iter().filter(|&&input| input == place).count();
            let stream = node.step.owners[0].stream;
            found.extend(std::iter::repeat_n((stream, 1, Next::Stage(stage_of[at])), times));
        }
    }
    for (at, sink) in sinks.iter().enumerate() {
        let times = graph.outputs[sink.stream.0 as usize]
            .iter()
            .filter(|&&output| output == place)
            .count();
        found.extend(std::iter::repeat_n((sink.stream, 2, Next::Sink(at)), times));
    }
    if let In::Node(at) = place
        && let Some(event) = feeds(&graph.nodes[at].step.kind)
        && !query.events.is_empty()
    {
        found.push((graph.nodes[at].step.owners[0].stream, 0, Next::Event(event)));
    }
    found.sort_by_key(|entry| (entry.0, entry.1));
    found.into_iter().map(|entry| entry.2).collect()
}
