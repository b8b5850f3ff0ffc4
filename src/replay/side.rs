//! Side channels: what `.print`, `.log` and `.tap` say of rows. Never changes results.

use std::hash::{BuildHasher, Hasher};

use super::execute::{Context, ReplayOrder};
use super::flow::{Flow, Shape, View};
use super::outcome::{Outcome, Sample, SampleKind, SideLine};
use crate::data::format::{write_json, write_text};
use crate::data::value::FixedHasher;
use crate::data::{Column, Place, Pseudo, Value};
use crate::eval::Evaluator;
use crate::ir::{ExprId, SideChannel};
use crate::plan::Step;

/// Says what a side channel says of the selected rows.
pub(super) fn say(
    out: &mut Outcome,
    context: &Context<'_>,
    step: &Step,
    what: &SideChannel,
    evaluator: &mut Evaluator<'_>,
    flow: &Flow,
    view: &View,
) {
    let stream = || {
        context.plan.query.streams[step.owners[0].stream.0 as usize]
            .name
            .as_str()
    };
    match what {
        SideChannel::Print(args) if args.is_empty() => {
            lines(out, context, flow, view, |_, row| whole(flow, row));
        }
        SideChannel::Print(args) => {
            let columns = columns(evaluator, args, view);
            lines(out, context, flow, view, |at, _| joined(&columns, at));
        }
        SideChannel::Log { level, text, sample } => {
            let view = sampled(context, *sample, flow, view);
            let columns = columns(evaluator, text, &view);
            let head = format!("{level}: {}: ", stream());
            lines(out, context, flow, &view, |at, row| {
                let body = if columns.is_empty() {
                    whole(flow, row)
                } else {
                    joined(&columns, at)
                };
                format!("{head}{body}")
            });
        }
        SideChannel::Trace { name, sample } => {
            let view = sampled(context, *sample, flow, view);
            lines(out, context, flow, &view, |_, row| {
                format!("trace: {name}: {}: {}", stream(), whole(flow, row))
            });
        }
        SideChannel::Metrics { counter, histogram } => {
            if let Some(name) = counter {
                samples(out, context, flow, view, name, |_| Some(SampleKind::Count));
            }
            if let Some((name, value)) = histogram {
                let column = evaluator.eval(*value, view.rows.as_deref());
                samples(out, context, flow, view, name, |at| {
                    number(&column.value(at)).map(SampleKind::Value)
                });
            }
        }
    }
}

fn columns(evaluator: &mut Evaluator<'_>, args: &[ExprId], view: &View) -> Vec<Column> {
    args.iter()
        .map(|arg| evaluator.eval(*arg, view.rows.as_deref()))
        .collect()
}

/// Where the selected rows stand.
fn places(context: &Context<'_>, flow: &Flow, view: &View) -> Vec<Place> {
    let mut times = flow.times(view);
    if context.order == ReplayOrder::AsTheyLie {
        times.fill(0);
    }
    flow.places(view, &times)
}

fn lines(
    out: &mut Outcome,
    context: &Context<'_>,
    flow: &Flow,
    view: &View,
    mut text: impl FnMut(usize, u32) -> String,
) {
    let places = places(context, flow, view);
    for (at, row) in view.each(flow.rows.len()).enumerate() {
        out.side.push(SideLine {
            place: places[at],
            text: text(at, row),
        });
    }
}

fn samples(
    out: &mut Outcome,
    context: &Context<'_>,
    flow: &Flow,
    view: &View,
    name: &str,
    mut kind: impl FnMut(usize) -> Option<SampleKind>,
) {
    for (at, place) in places(context, flow, view).into_iter().enumerate() {
        if let Some(kind) = kind(at) {
            out.samples.push(Sample {
                place,
                name: name.to_owned(),
                kind,
            });
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(i) => Some(*i as f64),
        Value::Float(f) => Some(*f),
        Value::Duration(ns) => Some(*ns as f64 / 1e9),
        _ => None,
    }
}

/// The values of a row, separated by blanks.
fn joined(columns: &[Column], at: usize) -> String {
    let mut text = Vec::new();
    for (nth, column) in columns.iter().enumerate() {
        if nth > 0 {
            text.push(b' ');
        }
        write_text(&column.value(at), &mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The row as JSON.
fn whole(flow: &Flow, row: u32) -> String {
    let mut text = Vec::new();
    match &flow.shape {
        Shape::Record(event) => {
            text.push(b'{');
            event.members(row, &mut text);
            text.push(b'}');
        }
        _ => write_json(&flow.rows.whole(row), &mut text),
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The share `sample` of the rows, chosen by a hash of seed, input and record number.
fn sampled(context: &Context<'_>, sample: f64, flow: &Flow, view: &View) -> View {
    if sample >= 1.0 {
        return View {
            rows: view.rows.clone(),
            keys: Vec::new(),
        };
    }
    let rows = view.rows.as_deref();
    let (seqs, inputs) = (
        flow.rows.pseudo(Pseudo::Seq, rows),
        flow.rows.pseudo(Pseudo::Input, rows),
    );
    let int = |column: &Column, at: usize| match column.value(at) {
        Value::Int(i) => i,
        _ => 0,
    };
    let kept = view.each(flow.rows.len()).enumerate().filter(|(at, _)| {
        let mut hasher = FixedHasher.build_hasher();
        hasher.write_u64(context.seed);
        hasher.write_i64(int(&inputs, *at));
        hasher.write_i64(int(&seqs, *at));
        ((hasher.finish() >> 11) as f64) < sample * (1_u64 << 53) as f64
    });
    View {
        rows: Some(kept.map(|(_, row)| row).collect()),
        keys: Vec::new(),
    }
}
