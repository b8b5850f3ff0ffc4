//! The graph of operators before fusion, equal work shared.

use indexmap::{IndexMap, IndexSet};

use super::{Owner, PlanError, StepKind};
use crate::data::value::FixedHasher;
use crate::ir::{EventId, ExprId, Op, Query, Scope, Source, StreamId, structure};
use crate::optimize::expressions;

/// Where a node's rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum In {
    /// Records of an event type and of those that extend it.
    Event(EventId),
    /// Records of every type.
    Any,
    /// Another node.
    Node(usize),
}

/// An operator.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) inputs: Vec<In>,
    /// The port that each of the inputs comes through.
    pub(super) ports: Vec<u8>,
    pub(super) step: super::Step,
    /// Runs in order: it, or something before it, needs the order.
    pub(super) ordered: bool,
}

/// The graph: nodes each after their inputs, and what comes out of each stream.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    /// By stream; empty for streams that are dropped.
    pub(super) outputs: Vec<Vec<In>>,
}

impl Graph {
    /// The event types whose records may arrive, as they were read, at a place.
    pub(super) fn records_of(&self, input: In, found: &mut IndexSet<In>) {
        match input {
            In::Node(at) if self.nodes[at].step.kind.keeps_rows() => {
                self.nodes[at]
                    .inputs
                    .iter()
                    .for_each(|&input| self.records_of(input, found));
            }
            In::Node(_) => {}
            scan => {
                found.insert(scan);
            }
        }
    }
}

/// Who reads what comes out of a place.
pub(super) struct Readers {
    nodes: IndexMap<In, Vec<(usize, u8)>, FixedHasher>,
    streams: IndexMap<In, Vec<usize>, FixedHasher>,
}

impl Readers {
    /// The readers of every place of a graph.
    pub(super) fn of(graph: &Graph) -> Self {
        let mut readers = Self {
            nodes: IndexMap::default(),
            streams: IndexMap::default(),
        };
        for (at, node) in graph.nodes.iter().enumerate() {
            for (&input, &port) in node.inputs.iter().zip(&node.ports) {
                readers.nodes.entry(input).or_default().push((at, port));
            }
        }
        for (at, outputs) in graph.outputs.iter().enumerate() {
            outputs
                .iter()
                .for_each(|&output| readers.streams.entry(output).or_default().push(at));
        }
        readers
    }

    /// The nodes that read a place, once for each time that they do, with the port.
    pub(super) fn nodes(&self, place: In) -> &[(usize, u8)] {
        self.nodes.get(&place).map_or(&[], Vec::as_slice)
    }

    /// The streams whose rows a place is, once for each time that it is.
    pub(super) fn streams(&self, place: In) -> &[usize] {
        self.streams.get(&place).map_or(&[], Vec::as_slice)
    }
}

/// What a node does to what: inputs with their ports, and a text that is equal for equal work.
type Work = (Vec<(In, u8)>, String);

struct Builder<'a> {
    query: &'a Query,
    graph: Graph,
    shared: IndexMap<Work, usize, FixedHasher>,
    /// By event type: who emits rows of it.
    emitters: Vec<Vec<StreamId>>,
}

/// Builds the graph of all streams.
pub(super) fn build(query: &Query) -> Result<Graph, PlanError> {
    let graph = Graph {
        nodes: Vec::new(),
        outputs: vec![Vec::new(); query.streams.len()],
    };
    let mut builder = Builder {
        query,
        graph,
        shared: IndexMap::default(),
        emitters: query.all_emitters(),
    };
    for at in stream_order(query, &builder.emitters)? {
        builder.stream(at);
    }
    Ok(builder.graph)
}

/// The streams, each after those it reads.
fn stream_order(query: &Query, emitters: &[Vec<StreamId>]) -> Result<Vec<usize>, PlanError> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; query.streams.len()];
    let mut order = Vec::new();
    for start in 0..query.streams.len() {
        let mut stack = vec![(start, read_streams(query, emitters, start), 0)];
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::Open;
        while let Some((at, reads, next)) = stack.last_mut() {
            let Some(&child) = reads.get(*next) else {
                marks[*at] = Mark::Done;
                order.push(*at);
                stack.pop();
                continue;
            };
            *next += 1;
            match marks[child] {
                Mark::Done => {}
                Mark::New => {
                    marks[child] = Mark::Open;
                    stack.push((child, read_streams(query, emitters, child), 0));
                }
                Mark::Open => {
                    return Err(circle(
                        query,
                        &stack.iter().map(|entry| entry.0).collect::<Vec<_>>(),
                        child,
                    ));
                }
            }
        }
    }
    Ok(order)
}

fn circle(query: &Query, path: &[usize], back: usize) -> PlanError {
    let from = path.iter().position(|&at| at == back).unwrap_or(0);
    let names = path[from..].iter().rev().chain(path.last());
    let names: Vec<String> = names.map(|&at| format!("`{}`", query.streams[at].name)).collect();
    PlanError {
        message: format!("streams feed each other in a circle: {}", names.join(" -> ")),
        help: "a stream cannot read, through `.emit as` and `emit`, what it emits itself",
        span: query.streams[back].span,
    }
}

/// The streams that a stream reads, through events that they emit too.
fn read_streams(query: &Query, emitters: &[Vec<StreamId>], at: usize) -> Vec<usize> {
    let mut reads = Vec::new();
    for source in &query.streams[at].sources {
        match source {
            Source::Stream(StreamId(of)) => reads.push(*of as usize),
            Source::Event(event) => reads.extend(emitters[event.0 as usize].iter().map(|id| id.0 as usize)),
            Source::Any | Source::Timer(_) => {}
        }
    }
    reads
}

impl Builder<'_> {
    fn stream(&mut self, at: usize) {
        let stream = &self.query.streams[at];
        let id = StreamId(at as u32);
        let mut inputs: Vec<(In, u8)> = Vec::new();
        for (place, source) in stream.sources.iter().enumerate() {
            // Only a join, which stands first, asks which of the sources a row comes from.
            let port = place as u8;
            match source {
                Source::Event(event) => inputs.push((In::Event(*event), port)),
                Source::Any => inputs.push((In::Any, port)),
                Source::Stream(of) => {
                    let rows = self.outputs_of(*of, id);
                    inputs.extend(rows.into_iter().map(|input| (input, port)));
                }
                Source::Timer(every) => {
                    let owner = Owner {
                        stream: id,
                        span: stream.span,
                        roots: Vec::new(),
                        on_error: None,
                    };
                    inputs.push((In::Node(self.node(Vec::new(), StepKind::Timer(*every), owner)), port));
                }
            }
        }
        let mut in_window = false;
        for (place, operator) in stream.ops.iter().enumerate() {
            if let Some(kind) = step_kind(&operator.op, in_window)
                && !inputs.is_empty()
            {
                if !matches!(kind, StepKind::Join(_) | StepKind::Pattern(_)) {
                    inputs.iter_mut().for_each(|input| input.1 = 0);
                }
                let owner = Owner {
                    stream: id,
                    span: operator.span,
                    roots: expressions(&operator.op),
                    // What is said on the side never changes rows.
                    on_error: stream.ops[place..].iter().find_map(|later| match &later.op {
                        _ if matches!(operator.op, Op::Side(_)) => None,
                        Op::OnError(on_error) => Some(on_error.clone()),
                        _ => None,
                    }),
                };
                inputs = vec![(In::Node(self.node(inputs, kind, owner)), 0)];
            }
            match operator.op {
                Op::Window { .. } => in_window = true,
                Op::Aggregate(_) => in_window = false,
                _ => {}
            }
        }
        let inputs = inputs.into_iter().map(|input| input.0).collect();
        self.graph.outputs[at] = inputs;
    }

    /// The rows of a stream, as another reads them: its partition ends with it.
    fn outputs_of(&mut self, of: StreamId, reader: StreamId) -> Vec<In> {
        let stream = &self.query.streams[of.0 as usize];
        let outputs = self.graph.outputs[of.0 as usize].clone();
        let partitioned = stream
            .ops
            .iter()
            .fold(false, |partitioned, operator| match &operator.op {
                Op::PartitionBy(_) | Op::Window { .. } => true,
                Op::Pattern(pattern) => partitioned || pattern.keys > 0,
                Op::Collect => false,
                _ => partitioned,
            });
        if !partitioned || outputs.is_empty() {
            return outputs;
        }
        let owner = Owner {
            stream: reader,
            span: stream.span,
            roots: Vec::new(),
            on_error: None,
        };
        let inputs = outputs.into_iter().map(|input| (input, 0)).collect();
        vec![In::Node(self.node(inputs, StepKind::Collect, owner))]
    }

    fn node(&mut self, inputs: Vec<(In, u8)>, kind: StepKind, owner: Owner) -> usize {
        // Each stream has its own way with rows that fail.
        let alone = owner.on_error.is_some() || self.query.streams[owner.stream.0 as usize].breaker.is_some();
        let work = if alone { None } else { self.work(&kind, &owner.roots) };
        let key = work.map(|work| (inputs.clone(), work));
        if let Some(&at) = key.as_ref().and_then(|key| self.shared.get(key)) {
            self.graph.nodes[at].step.owners.push(owner);
            return at;
        }
        let (inputs, ports): (Vec<In>, Vec<u8>) = inputs.into_iter().unzip();
        let before = inputs
            .iter()
            .any(|input| matches!(input, In::Node(at) if self.graph.nodes[*at].ordered));
        let fed = inputs.iter().any(|&input| self.fed_in_order(input));
        let ordered = before || fed || kind.needs_order();
        self.graph.nodes.push(Node {
            inputs,
            ports,
            step: super::Step {
                kind,
                owners: vec![owner],
            },
            ordered,
        });
        let at = self.graph.nodes.len() - 1;
        if let Some(key) = key {
            self.shared.insert(key, at);
        }
        at
    }

    /// Whether a scan also gets rows that an ordered stream emits.
    fn fed_in_order(&self, input: In) -> bool {
        let In::Event(event) = input else { return false };
        self.emitters[event.0 as usize].iter().any(|id| {
            let outputs = &self.graph.outputs[id.0 as usize];
            outputs
                .iter()
                .any(|output| matches!(output, In::Node(at) if self.graph.nodes[*at].ordered))
        })
    }

    /// A text that is equal for operators that do the same; none for those that must not be shared.
    fn work(&self, kind: &StepKind, roots: &[ExprId]) -> Option<String> {
        let mut text = match kind {
            StepKind::Filter(_) => "filter".to_owned(),
            StepKind::Project(fields, None) => {
                let names: Vec<&str> = fields.iter().map(|named| named.name.as_str()).collect();
                format!("project {names:?}")
            }
            StepKind::Map(_) => "map".to_owned(),
            StepKind::FlatMap(_) => "flat_map".to_owned(),
            StepKind::Partition(_) => "partition".to_owned(),
            StepKind::Distinct(key, within, scope) => format!("distinct {} {within:?} {scope:?}", key.is_some()),
            StepKind::Limit(n, scope) => format!("limit {n} {scope:?}"),
            StepKind::OrderBy(keys, scope) => {
                let down: Vec<bool> = keys.iter().map(|key| key.descending).collect();
                format!("order_by {down:?} {scope:?}")
            }
            StepKind::Window(window, ..) => format!("window {window:?}"),
            StepKind::Rising(_) => "rising".to_owned(),
            StepKind::Throttle(every, _) => format!("throttle {every}"),
            StepKind::Timer(every) => format!("timer {every}"),
            StepKind::Collect => "collect".to_owned(),
            // Each has hidden fields of its own.
            StepKind::Aggregate(_)
            | StepKind::RowFunctions(..)
            | StepKind::Join(_)
            | StepKind::Pattern(_)
            | StepKind::Attention(_)
            | StepKind::Enrich(_) => {
                return None;
            }
            // What is emitted is there once for each stream.
            StepKind::Process(_) => return None,
            StepKind::Validate(_) | StepKind::Side(_) | StepKind::Retype(_) | StepKind::Project(_, Some(_)) => {
                return None;
            }
        };
        for &root in roots {
            text.push(';');
            text.push_str(&structure(&self.query.exprs, root)?);
        }
        Some(text)
    }
}

/// What an operator does to rows; none for those that do nothing in this order of replay.
fn step_kind(op: &Op, in_window: bool) -> Option<StepKind> {
    Some(match op {
        Op::Where(condition) => StepKind::Filter(*condition),
        Op::Select(fields) => StepKind::Project(fields.clone(), None),
        Op::Map(value) => StepKind::Map(*value),
        Op::FlatMap(value) => StepKind::FlatMap(*value),
        Op::PartitionBy(keys) => StepKind::Partition(keys.iter().map(|named| named.value).collect()),
        Op::Distinct { key, within, scope } => StepKind::Distinct(*key, *within, *scope),
        Op::Limit(n, scope) => StepKind::Limit(*n, *scope),
        Op::OrderBy(keys, scope) => StepKind::OrderBy(keys.clone(), *scope),
        Op::Window { window, start, end } => StepKind::Window(*window, *start, *end),
        Op::Aggregate(made) => StepKind::Aggregate(made.clone()),
        Op::RowFunctions(functions) => {
            let scope = if in_window { Scope::Window } else { Scope::Partition };
            StepKind::RowFunctions(functions.clone(), scope)
        }
        Op::Rising(condition) => StepKind::Rising(*condition),
        Op::Throttle(every, suppressed) => StepKind::Throttle(*every, *suppressed),
        Op::Join(join) => StepKind::Join(join.clone()),
        Op::Pattern(pattern) => StepKind::Pattern(pattern.clone()),
        Op::Attention(attention) => StepKind::Attention(attention.clone()),
        Op::Enrich(enrich) => StepKind::Enrich(enrich.clone()),
        Op::Collect => StepKind::Collect,
        Op::Emit {
            as_type,
            fields: Some(fields),
        } => StepKind::Project(fields.clone(), *as_type),
        Op::Emit {
            as_type: Some(event),
            fields: None,
        } => StepKind::Retype(*event),
        Op::Emit {
            as_type: None,
            fields: None,
        } => return None,
        Op::Validate(event) => StepKind::Validate(*event),
        Op::Side(side) => StepKind::Side(side.clone()),
        Op::Process(process) => StepKind::Process(process.clone()),
        Op::Watermark(_) | Op::AllowedLateness(_) | Op::OnError(_) => return None,
    })
}
