//! Attention windows in a run: what their embeddings need from outside, and the rows that pass.

use std::collections::BTreeMap;

use super::execute::Executor;
use super::feed::Feed;
use super::flow::{Flow, View};
use super::hold::Held;
use super::outcome::ErrorKey;
use super::{AttentionReport, RunError};
use crate::attend::{Attending, EmbedError, Embedder, Leaf, Model, Passed, Recall, leaves};
use crate::data::Column;
use crate::diag::Span;
use crate::eval::{Evaluator, RowFailure};
use crate::ir::{Attention, Embedding, StreamId};
use crate::plan::{Plan, StageId, StepKind};

/// What a window asks of rows that wait for it: features, the record, and what its expressions read.
pub(super) fn ask(
    plan: &Plan,
    attention: &Attention,
    evaluator: &mut Evaluator<'_>,
    flow: &Flow,
    view: &View,
) -> Vec<Vec<Column>> {
    let rows = view.rows.as_deref();
    let features = attention.embedding.features.iter();
    let features = features.map(|feature| evaluator.eval(feature.value, rows)).collect();
    let element = attention.element.iter().map(|&id| evaluator.eval(id, rows)).collect();
    let leaf = |leaf: Leaf| match leaf {
        Leaf::Field(_, id) => evaluator.eval(id, rows),
        Leaf::Pseudo(which) => flow.rows.pseudo(which, rows),
    };
    let leaves = leaves(&plan.query.exprs, attention).into_iter().map(leaf).collect();
    vec![features, element, leaves]
}

/// Takes the rows of a round; those that pass, with the fields that were computed.
pub(super) fn run(
    executor: &mut Executor<'_>,
    id: StageId,
    state: &mut Attending,
    ready: Vec<Held>,
) -> Vec<(Flow, View)> {
    let feed = Feed::new(ready);
    let Passed {
        kept,
        fields,
        errors,
        failures,
    } = state.run(executor.context.program, &feed.batches);
    let mut failed: BTreeMap<usize, BTreeMap<u32, RowFailure>> = BTreeMap::new();
    for ((batch, row), failure) in failures {
        let (held, row) = feed.held_row(batch as usize, row as usize);
        failed.entry(held).or_default().insert(row, failure);
    }
    for (held, failures) in failed {
        let flow = feed.held[held].flow.clone();
        executor.failed(id, 0, (Vec::new(), failures), &flow);
    }
    // A handler is told of each row instead.
    let told = executor.context.plan.stage(id).steps[0].owners[0].on_error.is_some();
    for error in errors.into_iter().filter(|_| !told) {
        let key = ErrorKey {
            stage: id,
            step: 0,
            node: error.node,
        };
        executor.out.errors.add(key, error.count, error.place, error.message);
    }
    let names: Vec<Option<String>> = fields.iter().map(|(_, name, _)| name.clone()).collect();
    let fields: Vec<_> = fields
        .into_iter()
        .zip(&names)
        .map(|((field, _, columns), name)| (field, name.as_deref(), columns))
        .collect();
    feed.passed(&kept, &fields)
}

/// For each stage that is an attention window how it embeds events; `fallbacks` are the streams where
/// the features alone serve, and why.
///
/// # Errors
/// When the model of a learned embedding cannot be opened, or does not fit.
pub(super) fn embedders(
    plan: &Plan,
    fallbacks: &mut Vec<(StreamId, String)>,
) -> Result<Vec<Option<Embedder>>, RunError> {
    let mut made = Vec::with_capacity(plan.stages.len());
    for stage in &plan.stages {
        let StepKind::Attention(attention) = &stage.steps[0].kind else {
            made.push(None);
            continue;
        };
        let (embedder, fallback) = embedder(&attention.embedding)?;
        fallbacks.extend(fallback.map(|why| (stage.steps[0].owners[0].stream, why)));
        made.push(Some(embedder));
    }
    Ok(made)
}

/// What there is to say of attention windows after a run.
pub(super) fn reports(
    plan: &Plan,
    fallbacks: Vec<(StreamId, String)>,
    recalls: Vec<(StreamId, Recall)>,
) -> Vec<AttentionReport> {
    let name = |stream: StreamId| plan.query.streams[stream.0 as usize].name.clone();
    let recalls = recalls.into_iter().map(|(stream, recall)| AttentionReport {
        stream: name(stream),
        recall: Some((recall.hits, recall.asked)),
        fallback: None,
    });
    let fallbacks = fallbacks.into_iter().map(|(stream, why)| AttentionReport {
        stream: name(stream),
        recall: None,
        fallback: Some(why),
    });
    fallbacks.chain(recalls).collect()
}

/// How many numbers the vector of an event has before any model, and the digest of the embedding.
///
/// # Errors
/// When the features are none that vectors can be made of.
pub fn vectors(embedding: &Embedding) -> Result<(usize, u64), RunError> {
    let made = match &embedding.model {
        Some(_) => Embedder::before_model(embedding),
        None => Embedder::new(embedding, None),
    };
    made.map(|made| (made.feature_dims(), made.digest()))
        .map_err(|error| refused(embedding.features[0].span, &error))
}

/// The embedder, and why it does without its model.
fn embedder(embedding: &Embedding) -> Result<(Embedder, Option<String>), RunError> {
    let Some(of) = &embedding.model else {
        let made = Embedder::new(embedding, None);
        return made
            .map(|made| (made, None))
            .map_err(|error| refused(embedding.features[0].span, &error));
    };
    let made = Model::open(&of.path).and_then(|model| Embedder::new(embedding, Some(model)));
    match made {
        Err(why) if of.fallback => {
            let mut plain = embedding.clone();
            plain.model = None;
            plain.heads = vec![(0..plain.features.len()).collect()];
            let made = Embedder::new(&plain, None).map_err(|error| refused(of.span, &error))?;
            Ok((made, Some(why.to_string())))
        }
        made => made.map(|made| (made, None)).map_err(|error| refused(of.span, &error)),
    }
}

fn refused(span: Span, error: &EmbedError) -> RunError {
    RunError::Embedding {
        span,
        message: error.to_string(),
        help: "make the model for the vectors that `varpulis embed` writes, or let the features alone serve where it \
               does not fit: `fallback: \"rule_based\"`"
            .to_owned(),
    }
}
