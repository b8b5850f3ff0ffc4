//! `varpulis embed`: a run that writes the vectors of the events that come to an attention window.

use super::args::{EmbedArguments, RunArguments};
use super::logs::{Logs, failed};
use super::program::{self, Compiled};
use super::run::{done, replay_compiled};
use super::{Exit, complain, look};
use crate::data::{Path, Pseudo, Type, Value};
use crate::diag::{Span, nearest};
use crate::ir::{Attend, AttentionStep, Expr, Named, Op, Operator, Query};
use crate::replay;

/// Writes the vectors.
pub(super) fn embed(arguments: &EmbedArguments) -> Exit {
    let run = arguments.run();
    match written(arguments, &run) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn written(arguments: &EmbedArguments, run: &RunArguments) -> Result<Exit, Exit> {
    let mut compiled = program::usable(&run.query, &run.replay.compile, run.quiet)?;
    let stream = chosen(&compiled, arguments.stream.as_deref())?;
    let logs = Logs::of(run, &compiled)?;
    look::through(run, &logs, &mut compiled)?;
    let (dims, digest) = match window(&compiled.query, stream).map(|(_, op)| op) {
        Some(Op::Attention(attention)) => {
            replay::vectors(&attention.embedding).map_err(|error| failed(run, &compiled.sources, error))?
        }
        _ => return Err(Exit::Usage),
    };
    ask(&mut compiled.query, stream, dims);
    let ran = replay_compiled(run, &logs, compiled, Vec::new(), false)?;
    if !run.quiet {
        eprintln!("vectors of {dims} numbers; `varpulis.features` of a model over them: {digest:016x}");
    }
    Ok(done(run, &ran))
}

fn window(query: &Query, stream: usize) -> Option<(usize, &Op)> {
    let ops = query.streams[stream].ops.iter().map(|operator| &operator.op);
    ops.enumerate().find(|(_, op)| matches!(op, Op::Attention(_)))
}

/// The stream that is meant.
fn chosen(compiled: &Compiled, typed: Option<&str>) -> Result<usize, Exit> {
    let query = &compiled.query;
    let having: Vec<usize> = (0..query.streams.len())
        .filter(|&at| window(query, at).is_some())
        .collect();
    let names: Vec<&str> = having.iter().map(|&at| query.streams[at].name.as_str()).collect();
    let found = match (typed, having.as_slice()) {
        (Some(name), _) => having.iter().find(|&&at| query.streams[at].name == name).copied(),
        (None, [only]) => Some(*only),
        (None, _) => None,
    };
    found.ok_or_else(|| {
        match typed {
            _ if names.is_empty() => complain("the program has no `.attention_window`, so its events have no vectors"),
            Some(name) => match nearest(name, names.iter().copied()) {
                Some(near) => complain(format_args!(
                    "no stream `{name}` has an attention window; did you mean `{near}`?"
                )),
                None => complain(format_args!(
                    "no stream `{name}` has an attention window; these do: {}",
                    names.join(", ")
                )),
            },
            None => complain(format_args!(
                "several streams have an attention window; say which with `--stream`: {}",
                names.join(", ")
            )),
        }
        Exit::Usage
    })
}

/// Makes the program one that writes the vectors of a stream's events.
fn ask(query: &mut Query, stream: usize, dims: usize) {
    let Some((at, _)) = window(query, stream) else { return };
    for other in &mut query.streams {
        other.writes = false;
        other.targets.clear();
    }
    let span = query.streams[stream].ops[at].span;
    let vector = query.fields.intern(Path::key("\u{1}vector"));
    let asked = push(
        query,
        Expr::Attend(Attend::Vector, Vec::new(), Vec::new()),
        Type::Any,
        span,
    );
    let mut fields = Vec::new();
    let seq = push(query, Expr::Pseudo(Pseudo::Seq), Type::Int, span);
    let mut columns = vec![("_seq".to_owned(), seq)];
    let partitions = query.streams[stream].ops[..at].iter();
    let keys = partitions.filter_map(|operator| match &operator.op {
        Op::PartitionBy(keys) => Some(keys),
        _ => None,
    });
    columns.extend(keys.flatten().map(|key| (key.name.clone(), key.value)));
    for dim in 0..dims {
        let of = push(query, Expr::Field(vector), Type::Any, span);
        let index = push(query, Expr::Lit(Value::Int(dim as i64)), Type::Int, span);
        columns.push((
            format!("x{dim}"),
            push(query, Expr::Index(of, index), Type::Float, span),
        ));
    }
    let types: Vec<(String, Type)> = columns
        .iter()
        .map(|(name, id)| (name.clone(), query.exprs.ty(*id).clone()))
        .collect();
    for (name, value) in columns {
        let field = query.fields.intern(Path::key(&name));
        fields.push(Named { name, field, value });
    }
    let stream = &mut query.streams[stream];
    stream.ops.truncate(at + 1);
    if let Op::Attention(attention) = &mut stream.ops[at].op {
        if attention.embedding.model.take().is_some() {
            // What a model sees has no heads yet.
            attention.embedding.heads = vec![(0..attention.embedding.features.len()).collect()];
        }
        attention.novelties.clear();
        attention.element = None;
        attention.reach = crate::ir::Reach::Count(1);
        attention.steps = vec![AttentionStep::Compute {
            field: vector,
            name: None,
            value: asked,
        }];
    }
    let emit = Op::Emit {
        as_type: None,
        fields: Some(fields),
    };
    stream.ops.push(Operator { op: emit, span });
    stream.writes = true;
    stream.columns = Some(types);
}

fn push(query: &mut Query, expr: Expr, ty: Type, span: Span) -> crate::ir::ExprId {
    query.exprs.push(expr, ty, span)
}
