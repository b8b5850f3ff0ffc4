//! What joins and patterns are asked for: a pass over all streams when they are lowered.
//!
//! A join makes rows of exactly the paths that somebody reads of them (`O.amount`), each computed on
//! the side of the input; of a whole record only where it is written, collected or compared as one. So
//! does a pattern, of its aliases. Readers are looked at before what they read, so that a join of a join
//! asks for what it needs.
//! Cost: for each join and pattern linear in what reads it, directly or through others.

use std::collections::VecDeque;

use indexmap::IndexMap;

use super::expr::PSEUDO;
use super::pattern::{Asker, Elements};
use crate::data::{FieldId, Path, PathSeg, Pseudo, Type};
use crate::diag::Span;
use crate::ir::{
    Expr, ExprId, How, Named, Op, Pattern, PatternRead, Query, Report, Shape, SideChannel, Source, StreamId,
};

/// Tells all joins and patterns; `order` has each stream after those it reads.
pub(super) fn tell(query: &mut Query, elements: &IndexMap<FieldId, Elements>, order: &[usize]) {
    for &at in order.iter().rev() {
        match query.streams[at].ops.first().map(|operator| &operator.op) {
            Some(Op::Join(_)) => tell_join(query, at),
            Some(Op::Pattern(pattern)) if pattern.trends.is_empty() => {
                let pattern = (**pattern).clone();
                tell_pattern(query, at, pattern, elements);
            }
            _ => {}
        }
    }
}

fn tell_join(query: &mut Query, at: usize) {
    let Some(Op::Join(join)) = query.streams[at].ops.first().map(|operator| &operator.op) else {
        return;
    };
    let names: Vec<String> = join.inputs.iter().map(|input| input.name.clone()).collect();
    let condition = join.condition;
    let span = query.streams[at].ops[0].span;
    let mut wanted = Wanted::of(query, &names);
    condition.into_iter().for_each(|root| wanted.expr(root));
    wanted.readers_of(at, 1);
    let (fields, whole) = (wanted.fields, wanted.whole);
    let reads = names
        .iter()
        .map(|name| reads(query, name, &fields, whole, span))
        .collect();
    give(query, at, reads);
}

fn tell_pattern(query: &mut Query, at: usize, mut pattern: Pattern, elements: &IndexMap<FieldId, Elements>) {
    let mut names: Vec<String> = pattern.aliases.iter().map(|alias| alias.name.clone()).collect();
    names.extend(MATCH.iter().map(|(name, _)| (*name).to_owned()));
    let mut wanted = Wanted::of(query, &names);
    let of_mine = elements.iter().filter(|(_, of)| of.stream == at);
    wanted.hidden = of_mine.map(|(field, _)| *field).collect();
    pattern.filter.into_iter().for_each(|root| wanted.expr(root));
    wanted.readers_of(at, 1);
    let (mut fields, whole) = (wanted.fields, wanted.whole);
    let one = (pattern.report == Report::Each)
        .then(|| last_repeated(&pattern))
        .flatten();
    if whole {
        for (at, alias) in pattern.aliases.iter().enumerate() {
            let field = query.fields.intern(Path::key(&alias.name));
            let record = Type::Map(Box::new(Type::Str), Box::default());
            let ty = if alias.list && one != Some(at) {
                Type::List(Box::new(record))
            } else {
                record
            };
            fields.entry(field).or_insert((ty, pattern.span));
        }
    }
    let input_of: Vec<usize> = pattern.steps.iter().map(|step| step.input).collect();
    let mut asker = Asker {
        fields: &mut query.fields,
        exprs: &mut query.exprs,
        aliases: &pattern.aliases,
        input_of: &input_of,
        inputs: &mut pattern.inputs,
    };
    for (field, (ty, span)) in fields {
        if pattern.reads.iter().any(|read| read.field == field) {
            continue;
        }
        let path = asker.fields.path(field).clone();
        let Some(PathSeg::Key(first)) = path.0.first() else {
            continue;
        };
        let alias = pattern.aliases.iter().position(|alias| alias.name == *first);
        let how = match (elements.get(&field), alias) {
            (Some(of), _) => asker.aggregate(of),
            (None, Some(alias)) => {
                let list = pattern.aliases[alias].list && one != Some(alias);
                Some(asker.path((alias, list), &path.0[1..], &ty, span))
            }
            (None, None) => MATCH.iter().find(|(name, _)| name == first).map(|(_, how)| how.clone()),
        };
        let Some(how) = how else { continue };
        pattern.reads.push(PatternRead {
            field,
            name: alias.filter(|_| path.0.len() == 1).map(|_| first.clone()),
            how,
            span,
        });
    }
    if let Some(Op::Pattern(told)) = query.streams[at].ops.first_mut().map(|operator| &mut operator.op) {
        **told = pattern;
    }
}

/// What is there of every match.
const MATCH: [(&str, How); 3] = [
    ("match_start", How::Start),
    ("match_end", How::End),
    ("match_duration", How::Duration),
];

/// The alias of the last repetition, of which `.each` reports the elements.
fn last_repeated(pattern: &Pattern) -> Option<usize> {
    fn last(shape: &Shape) -> Option<usize> {
        match shape {
            Shape::Step(_) | Shape::Absent(_) => None,
            Shape::Seq(parts) | Shape::And(parts) | Shape::Or(parts) => parts.iter().rev().find_map(last),
            Shape::Repeat(inner, _, most) => match &**inner {
                Shape::Step(step) if *most != Some(1) => Some(*step),
                other => last(other),
            },
        }
    }
    pattern.steps[last(&pattern.shape)?].alias
}

/// What is read of the rows of one join or pattern.
struct Wanted<'q> {
    query: &'q Query,
    names: &'q [String],
    /// Each with its type and the place of the first reader.
    fields: IndexMap<FieldId, (Type, Span)>,
    /// Fields that hold something computed on the way.
    hidden: Vec<FieldId>,
    /// Whether somebody wants whole rows.
    whole: bool,
}

impl<'q> Wanted<'q> {
    fn of(query: &'q Query, names: &'q [String]) -> Self {
        Self {
            query,
            names,
            fields: IndexMap::new(),
            hidden: Vec::new(),
            whole: false,
        }
    }

    /// The readers of a stream's rows, from one of its operators on, each once.
    fn readers_of(&mut self, start: usize, from: usize) {
        let mut seen = vec![false; self.query.streams.len()];
        let mut todo = VecDeque::from([(start, from)]);
        while let Some((at, from)) = todo.pop_front() {
            if self.come_out(at, from) {
                let me = Source::Stream(StreamId(at as u32));
                for (reader, stream) in self.query.streams.iter().enumerate() {
                    if stream.sources.contains(&me) && !std::mem::replace(&mut seen[reader], true) {
                        todo.push_back((reader, 0));
                    }
                }
            }
        }
    }

    /// What the operators of a stream from one on read; whether the rows come out as they are.
    fn come_out(&mut self, at: usize, from: usize) -> bool {
        let stream = &self.query.streams[at];
        for operator in &stream.ops[from..] {
            for root in roots(&operator.op) {
                self.expr(root);
            }
            self.whole |= is_whole(&operator.op);
            if makes_rows(&operator.op) {
                return false;
            }
        }
        self.whole |= stream.writes || !stream.targets.is_empty();
        true
    }

    fn expr(&mut self, root: ExprId) {
        let query = self.query;
        query.exprs.walk(root, &mut |id| match query.exprs.get(id) {
            Expr::Row => self.whole = true,
            Expr::Field(field) => {
                if let Some(PathSeg::Key(first)) = query.fields.path(*field).0.first()
                    && (self.names.contains(first) || self.hidden.contains(field))
                {
                    let node = query.exprs.node(id);
                    self.fields
                        .entry(*field)
                        .or_insert_with(|| (node.ty.clone(), node.span));
                }
            }
            _ => {}
        });
    }
}

/// The expressions of an operator over the rows that come to it.
fn roots(op: &Op) -> Vec<ExprId> {
    let values = |fields: &[Named]| fields.iter().map(|named| named.value).collect::<Vec<_>>();
    match op {
        Op::Where(id) | Op::Map(id) | Op::FlatMap(id) | Op::Rising(id) => vec![*id],
        Op::Select(fields) | Op::PartitionBy(fields) => values(fields),
        Op::Emit { fields, .. } => fields.as_deref().map(values).unwrap_or_default(),
        Op::Distinct { key, .. } => key.iter().copied().collect(),
        Op::OrderBy(keys, _) => keys.iter().map(|key| key.value).collect(),
        Op::Aggregate(made) => made.calls.iter().flat_map(|call| call.args.iter().copied()).collect(),
        Op::RowFunctions(made) => made.iter().filter_map(|function| function.arg).collect(),
        Op::Enrich(enrich) => vec![enrich.key],
        // What a join asks of its inputs; it is told before them.
        Op::Join(join) => {
            let reads = join.inputs.iter().flat_map(|input| values(&input.reads));
            reads.chain(join.equal.iter().flat_map(|(a, b)| [a.1, b.1])).collect()
        }
        Op::Pattern(pattern) => pattern.over_inputs(),
        Op::Attention(attention) => attention.expressions(),
        Op::Side(SideChannel::Print(args) | SideChannel::Log { text: args, .. }) => args.clone(),
        Op::Side(SideChannel::Metrics { histogram, .. }) => histogram.iter().map(|(_, id)| *id).collect(),
        Op::Process(process) => vec![process.value],
        Op::OnError(_)
        | Op::Side(SideChannel::Trace { .. })
        | Op::Limit(..)
        | Op::Validate(_)
        | Op::Window { .. }
        | Op::Throttle(..)
        | Op::Collect
        | Op::Watermark(_)
        | Op::AllowedLateness(_) => Vec::new(),
    }
}

/// Whether an operator looks at whole rows.
fn is_whole(op: &Op) -> bool {
    match op {
        Op::Distinct { key, .. } => key.is_none(),
        Op::Side(SideChannel::Print(args)) => args.is_empty(),
        Op::Emit { as_type, fields } => as_type.is_some() && fields.is_none(),
        Op::Validate(_) | Op::OnError(_) => true,
        _ => false,
    }
}

/// Whether the rows behind an operator are others.
fn makes_rows(op: &Op) -> bool {
    matches!(
        op,
        Op::Select(_)
            | Op::Map(_)
            | Op::FlatMap(_)
            | Op::Process(_)
            | Op::Aggregate(_)
            | Op::Join(_)
            | Op::Pattern(_)
            | Op::Emit { fields: Some(_), .. }
    )
}

/// The fields of the row made that one input has to give.
fn reads(
    query: &mut Query,
    name: &str,
    fields: &IndexMap<FieldId, (Type, Span)>,
    whole: bool,
    span: Span,
) -> Vec<Named> {
    let mut fields = fields.clone();
    if whole {
        let field = query.fields.intern(Path::key(name));
        let record = Type::Map(Box::new(Type::Str), Box::default());
        fields.entry(field).or_insert((record, span));
    }
    let mut reads = Vec::new();
    for (field, (ty, span)) in fields {
        let path = query.fields.path(field).clone();
        if path.0.first() != Some(&PathSeg::Key(name.to_owned())) {
            continue;
        }
        let value = match path.0.get(1..).unwrap_or_default() {
            [] => Expr::Row,
            [PathSeg::Key(key)] if pseudo(key).is_some() => pseudo(key).map_or(Expr::Row, Expr::Pseudo),
            below => Expr::Field(query.fields.intern(Path(below.to_vec()))),
        };
        reads.push(Named {
            name: path.to_string(),
            field,
            value: query.exprs.push(value, ty, span),
        });
    }
    reads
}

fn pseudo(key: &str) -> Option<Pseudo> {
    Some(match key.strip_prefix(PSEUDO)? {
        "_time" => Pseudo::Time,
        "_type" => Pseudo::Type,
        "_seq" => Pseudo::Seq,
        "_source" => Pseudo::Source,
        _ => return None,
    })
}

fn give(query: &mut Query, at: usize, reads: Vec<Vec<Named>>) {
    if let Some(Op::Join(join)) = query.streams[at].ops.first_mut().map(|operator| &mut operator.op) {
        for (input, reads) in join.inputs.iter_mut().zip(reads) {
            input.reads = reads;
        }
    }
}
