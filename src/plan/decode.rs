//! What the readers are asked for: types, and of each the fields that somebody names.

use indexmap::{IndexMap, IndexSet};

use super::graph::{Graph, In};
use super::{Options, StepKind};
use crate::data::value::FixedHasher;
use crate::data::{FieldId, Path, PathSeg, Pseudo, Type};
use crate::ir::{Event, EventId, Expr, ExprId, Query, SideChannel};
use crate::read::{DecodePlan, FieldPlan, TypePlan};

type Fields = IndexMap<FieldId, bool, FixedHasher>;

/// The event types whose records are read, in order of the program.
pub(super) fn event_types(query: &Query, graph: &Graph) -> Vec<EventId> {
    let scans = scans(graph);
    let all = scans.contains(&In::Any);
    let events = (0..query.events.len()).map(|at| EventId(at as u32));
    let wanted = |event: EventId| {
        let read = scans
            .iter()
            .any(|scan| matches!(scan, In::Event(base) if query.is_a(event, *base)));
        read || (all && query.events[event.0 as usize].declared)
    };
    events.filter(|&event| wanted(event)).collect()
}

/// Everything the program reads directly.
fn scans(graph: &Graph) -> IndexSet<In> {
    let inputs = graph.nodes.iter().flat_map(|node| node.inputs.iter());
    let all = inputs.chain(graph.outputs.iter().flatten());
    all.copied().filter(|input| !matches!(input, In::Node(_))).collect()
}

/// The plan for the readers, all but the prefilter and what order asks for.
pub(super) fn plan(query: &Query, graph: &Graph, types: &[EventId], options: &Options) -> DecodePlan {
    let type_plans = types.iter().map(|&event| type_plan(query, graph, event)).collect();
    let other = scans(graph).contains(&In::Any).then(|| {
        let fields = fields_of(query, graph, None);
        let fields = fields
            .iter()
            .map(|(&id, &first)| any_field(query.fields.path(id).clone(), id, first));
        TypePlan {
            name: String::new(),
            event: "any".to_owned(),
            fields: fields.collect(),
            time: None,
        }
    });
    let validates = graph
        .nodes
        .iter()
        .any(|node| matches!(node.step.kind, StepKind::Validate(_)));
    DecodePlan {
        type_field: options.type_field.clone(),
        time_field: options.time_field.clone(),
        time_unit: options.time_unit,
        types: type_plans,
        other,
        check_all: options.check_all || validates,
        time_of_all: false,
        seq: reads_seq(query, graph),
        from: options.from,
        to: options.to,
        max_record_bytes: options.max_record_bytes,
        prefilter: None,
        bounds: Vec::new(),
    }
}

fn any_field(path: Path, id: FieldId, first: bool) -> FieldPlan {
    FieldPlan {
        id,
        path,
        ty: Type::Any,
        declared: false,
        required: false,
        first,
    }
}

fn type_plan(query: &Query, graph: &Graph, id: EventId) -> TypePlan {
    let event = &query.events[id.0 as usize];
    let read = fields_of(query, graph, Some(id));
    let mut fields: Vec<FieldPlan> = Vec::new();
    for field in &event.fields {
        fields.push(FieldPlan {
            id: field.field,
            path: field.path.clone(),
            ty: field.ty.clone(),
            declared: true,
            required: field.required,
            first: read.get(&field.field).copied().unwrap_or(false),
        });
    }
    for (&id, &first) in &read {
        if !fields.iter().any(|field| field.id == id) {
            fields.push(any_field(declared_path(event, query.fields.path(id)), id, first));
        }
    }
    let time = event
        .fields
        .iter()
        .find(|field| field.ty == Type::Timestamp)
        .map(|field| field.field);
    TypePlan {
        name: event.log_name.clone(),
        event: event.name.clone(),
        fields,
        time,
    }
}

/// Where a path that begins with a declared field lies in the record.
fn declared_path(event: &Event, path: &Path) -> Path {
    let Some(PathSeg::Key(first)) = path.0.first() else {
        return path.clone();
    };
    match event.fields.iter().find(|field| field.name == *first) {
        Some(field) => Path(field.path.0.iter().chain(&path.0[1..]).cloned().collect()),
        None => path.clone(),
    }
}

/// The fields that somebody reads of the records of an event type (none: of any other type), and
/// whether a first filter does.
fn fields_of(query: &Query, graph: &Graph, event: Option<EventId>) -> Fields {
    let mut fields = Fields::default();
    for node in &graph.nodes {
        if let Some(asked) = asked_by_input(&node.step.kind) {
            for (input, roots) in asked.iter().enumerate() {
                let mine = node.inputs.iter().zip(&node.ports);
                let mine = mine.filter(|(_, port)| usize::from(**port) == input);
                if arrives(query, graph, event, mine.map(|(input, _)| *input)) {
                    let mut one = |field| _ = fields.entry(field).or_default();
                    roots.iter().for_each(|&root| collect(query, root, &mut one));
                }
            }
            continue;
        }
        if !arrives(query, graph, event, node.inputs.iter().copied()) {
            continue;
        }
        let first = matches!(node.step.kind, StepKind::Filter(_))
            && node.inputs.iter().any(|input| !matches!(input, In::Node(_)));
        for &root in &node.step.owners[0].roots {
            collect(query, root, &mut |field| *fields.entry(field).or_default() |= first);
        }
        if let StepKind::Validate(of) = node.step.kind {
            for field in &query.events[of.0 as usize].fields {
                fields.entry(field.field).or_default();
            }
        }
    }
    fields
}

/// What joins and patterns ask of the rows of each input: it is not read of those of the others.
fn asked_by_input(kind: &StepKind) -> Option<Vec<Vec<ExprId>>> {
    match kind {
        StepKind::Pattern(pattern) => {
            let inputs = pattern.inputs.iter();
            Some(inputs.map(|input| [&input.keys[..], &input.values].concat()).collect())
        }
        StepKind::Join(join) => {
            let of = |at: usize| {
                let reads = join.inputs[at].reads.iter().map(|named| named.value);
                let equal = join.equal.iter().flat_map(|(a, b)| [a, b]);
                let equal = equal.filter(|(input, _)| *input == at).map(|(_, id)| *id);
                reads.chain(equal).collect()
            };
            Some((0..join.inputs.len()).map(of).collect())
        }
        _ => None,
    }
}

/// Whether records of an event type (none: of any other type) may arrive by one of these ways.
fn arrives(query: &Query, graph: &Graph, event: Option<EventId>, inputs: impl Iterator<Item = In>) -> bool {
    let mut scans = IndexSet::new();
    inputs.for_each(|input| graph.records_of(input, &mut scans));
    scans.iter().any(|scan| match (scan, event) {
        (In::Any, _) => true,
        (In::Event(base), Some(event)) => query.is_a(event, *base),
        _ => false,
    })
}

fn collect(query: &Query, root: ExprId, found: &mut impl FnMut(FieldId)) {
    query.exprs.walk(root, &mut |id| {
        if let Expr::Field(field) = query.exprs.get(id)
            && !is_hidden(query.fields.path(*field))
        {
            found(*field);
        }
    });
}

/// Whether a path is one that the compiler made, for a field that an operator adds.
fn is_hidden(path: &Path) -> bool {
    matches!(path.0.first(), Some(PathSeg::Key(key)) if key.starts_with('\u{1}'))
}

/// Whether somebody needs the number of a record, or draws at random, which is keyed by it.
fn reads_seq(query: &Query, graph: &Graph) -> bool {
    graph.nodes.iter().any(|node| {
        let mut found = matches!(
            &node.step.kind,
            StepKind::Side(SideChannel::Log { sample, .. } | SideChannel::Trace { sample, .. }) if *sample < 1.0
        );
        for &root in &node.step.owners[0].roots {
            query.exprs.walk(root, &mut |id| match query.exprs.get(id) {
                Expr::Pseudo(Pseudo::Seq) => found = true,
                Expr::Call(builtin, ..) => found |= builtin.is_volatile(),
                _ => {}
            });
        }
        found
    })
}
