//! The look through the input before a run: the mean and the deviation of features with the transform
//! `normalize`, where the program does not give them.
//!
//! It is a run of its own, of the program's streams up to the attention window, with an aggregation
//! in its place; so it sees exactly the rows that the window will see.

use super::args::RunArguments;
use super::logs::{Logs, failed};
use super::program::{self, Compiled};
use super::{Exit, complain};
use crate::data::{FieldId, Path, Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::ir::{
    AggCall, AggFunction, Aggregate, Attention, Encoding, Expr, Feature, Named, Op, Operator, Over, Query, Transform,
};
use crate::replay::RunOptions;

/// Fills in what the program leaves to the look.
pub(super) fn through(arguments: &RunArguments, logs: &Logs, compiled: &mut Compiled) -> Result<(), Exit> {
    for stream in 0..compiled.query.streams.len() {
        for at in 0..compiled.query.streams[stream].ops.len() {
            let wanted = match &compiled.query.streams[stream].ops[at].op {
                Op::Attention(attention) => asked(attention),
                _ => continue,
            };
            if wanted.is_empty() {
                continue;
            }
            if !logs.are_files() {
                let said = unread(&compiled.query, stream, at, wanted[0]);
                program::show(&compiled.sources, &[said], &arguments.replay.compile);
                return Err(Exit::Usage);
            }
            let query = measuring(&compiled.query, stream, at, &wanted);
            let found = measure(arguments, logs, compiled, query, wanted.len())?;
            if let Op::Attention(attention) = &mut compiled.query.streams[stream].ops[at].op {
                for (feature, moments) in wanted.iter().zip(found) {
                    attention.embedding.features[*feature].encoding =
                        with(&attention.embedding.features[*feature], moments);
                }
            }
        }
    }
    Ok(())
}

/// The features that wait for the look.
fn asked(attention: &Attention) -> Vec<usize> {
    let waits = |feature: &Feature| {
        matches!(
            feature.encoding,
            Encoding::Number {
                transform: Transform::Normalize { moments: None },
                ..
            }
        )
    };
    let features = attention.embedding.features.iter().enumerate();
    features
        .filter(|(_, feature)| waits(feature))
        .map(|(at, _)| at)
        .collect()
}

fn with(feature: &Feature, (mean, deviation): (f64, f64)) -> Encoding {
    let scale = match feature.encoding {
        Encoding::Number { scale, .. } => scale,
        _ => 1.0,
    };
    Encoding::Number {
        transform: Transform::Normalize {
            moments: Some((mean, deviation)),
        },
        scale,
    }
}

fn unread(query: &Query, stream: usize, at: usize, feature: usize) -> Diagnostic {
    let span = match &query.streams[stream].ops[at].op {
        Op::Attention(attention) => attention.embedding.features[feature].span,
        _ => query.streams[stream].span,
    };
    Diagnostic::new(
        Code::BadAttention,
        span,
        "`normalize` looks through the input before the run, and a pipe is read once",
    )
    .help("give the feature its `mean:` and `std:`, or the log as a file")
}

/// The program with nothing but the aggregation over the rows that come to a window.
fn measuring(query: &Query, stream: usize, at: usize, wanted: &[usize]) -> Query {
    let mut query = query.clone();
    let Op::Attention(attention) = query.streams[stream].ops[at].op.clone() else {
        return query;
    };
    let span = query.streams[stream].ops[at].span;
    for other in &mut query.streams {
        other.writes = false;
        other.targets.clear();
        other.ops.retain(|operator| !matches!(operator.op, Op::Side(_)));
    }
    let place = query.streams[stream]
        .ops
        .iter()
        .position(|operator| matches!(&operator.op, Op::Attention(own) if own.events == attention.events));
    query.streams[stream].ops.truncate(place.unwrap_or(at));
    let mut calls = Vec::new();
    let mut fields = Vec::new();
    for feature in wanted {
        let value = attention.embedding.features[*feature].value;
        for function in [AggFunction::Avg, AggFunction::StddevPop] {
            let field = fresh(&mut query, calls.len() + 3);
            let read = query.exprs.push(Expr::Field(field), Type::Float, span);
            fields.push(Named {
                name: format!("m{}", calls.len()),
                field: fresh(&mut query, calls.len() + 100_000),
                value: read,
            });
            calls.push(AggCall {
                function,
                args: vec![value],
                param: Value::Null,
                field,
                span,
            });
        }
    }
    let aggregate = Aggregate {
        over: Over::All { running: false },
        keys: Vec::new(),
        start: fresh(&mut query, 0),
        end: fresh(&mut query, 1),
        revision: fresh(&mut query, 2),
        calls,
    };
    let ops = [
        Op::Collect,
        Op::Aggregate(Box::new(aggregate)),
        Op::Emit {
            as_type: None,
            fields: Some(fields),
        },
    ];
    let stream = &mut query.streams[stream];
    stream.ops.extend(ops.map(|op| Operator { op, span }));
    stream.writes = true;
    stream.columns = None;
    query
}

/// A field that no program can name.
fn fresh(query: &mut Query, number: usize) -> FieldId {
    query.fields.intern(Path::key(&format!("\u{1}look{number}")))
}

/// Runs the query; a mean and a deviation for each feature.
fn measure(
    arguments: &RunArguments,
    logs: &Logs,
    compiled: &Compiled,
    query: Query,
    features: usize,
) -> Result<Vec<(f64, f64)>, Exit> {
    let fail = |error: &dyn std::fmt::Display| {
        complain(format_args!("cannot look through the input: {error}"));
        Exit::Failed
    };
    let mut plan = crate::plan::plan(query, &logs.plan_options(arguments)).map_err(|error| fail(&error.message))?;
    let folder = tempfile::tempdir().map_err(|error| fail(&error))?;
    let output = folder.path().join("look.jsonl");
    let options = RunOptions {
        output: output.clone(),
        output_format: None,
        fail_on_bad: false,
        strict: false,
        max_errors: None,
        dead_letter: None,
        late: None,
        ..logs.run_options(arguments, &plan)
    };
    let (result, watch) = logs.replay(arguments, &mut plan, &options)?;
    watch.end();
    if let Err(error) = result {
        return Err(failed(arguments, &compiled.sources, error));
    }
    if watch.signal().is_some() {
        return Err(Exit::Interrupted);
    }
    let text = std::fs::read_to_string(&output).map_err(|error| fail(&error))?;
    let row: serde_json::Value =
        serde_json::from_str(text.lines().next().unwrap_or("{}")).map_err(|error| fail(&error))?;
    let number = |at: usize| row.get(format!("m{at}")).and_then(serde_json::Value::as_f64);
    Ok((0..features)
        .map(|at| moments(number(2 * at), number(2 * at + 1)))
        .collect())
}

/// Where nothing was found, or all values are the same, they stay as they are but for the mean.
fn moments(mean: Option<f64>, deviation: Option<f64>) -> (f64, f64) {
    let deviation = deviation.filter(|deviation| *deviation > 0.0 && deviation.is_finite());
    (
        mean.filter(|mean| mean.is_finite()).unwrap_or(0.0),
        deviation.unwrap_or(1.0),
    )
}
