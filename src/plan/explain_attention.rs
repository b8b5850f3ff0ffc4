//! An attention window for people to look at: what a vector is made of, and what is asked.

use serde_json::json;

use super::duration;
use crate::attend::{Embedder, Part};
use crate::ir::{Attention, AttentionStep, Encoding, Feature, Index, Reach, Transform};

/// A window in lines.
pub(super) fn lines(attention: &Attention) -> Vec<String> {
    let mut lines = vec![format!(
        "window: {}, {}",
        reach(attention.reach),
        index(attention.index)
    )];
    match &attention.embedding.model {
        Some(model) => {
            let fallback = if model.fallback { ", or the features alone" } else { "" };
            lines.push(format!("model: {}{fallback}", model.path));
        }
        None => lines.extend(heads(attention)),
    }
    for part in parts(attention) {
        lines.push(part_text(&attention.embedding.features[part.feature], &part));
    }
    lines.push(format!("asks: {}", asked(attention).join(", ")));
    lines
}

/// The same as JSON.
pub(super) fn json(attention: &Attention) -> serde_json::Value {
    let features = parts(attention).into_iter().map(|part| {
        let feature = &attention.embedding.features[part.feature];
        json!({
            "feature": part.name, "head": part.head, "weight": feature.weight, "share": part.share,
            "encoding": encoding(&feature.encoding), "dims": part.dims.len(), "lags": part.lags,
        })
    });
    json!({
        "window": reach(attention.reach), "index": index(attention.index),
        "model": attention.embedding.model.as_ref().map(|model| &model.path),
        "features": features.collect::<Vec<_>>(), "asks": asked(attention),
    })
}

fn parts(attention: &Attention) -> Vec<Part> {
    let mut embedding = attention.embedding.clone();
    if embedding.model.take().is_some() {
        embedding.heads = vec![(0..embedding.features.len()).collect()];
    }
    for feature in &mut embedding.features {
        if let Encoding::Number {
            transform: Transform::Normalize { moments },
            ..
        } = &mut feature.encoding
        {
            // What they are changes nothing that is shown here.
            moments.get_or_insert((0.0, 1.0));
        }
    }
    Embedder::new(&embedding, None).map_or_else(|_| Vec::new(), |embedder| embedder.parts().to_vec())
}

fn heads(attention: &Attention) -> Option<String> {
    let heads = &attention.embedding.heads;
    let names = |head: &Vec<usize>| {
        let names: Vec<&str> = head
            .iter()
            .map(|&at| attention.embedding.features[at].name.as_str())
            .collect();
        names.join(" ")
    };
    (heads.len() > 1).then(|| {
        let all: Vec<String> = heads.iter().map(names).collect();
        format!("heads: {}", all.join(" | "))
    })
}

fn part_text(feature: &Feature, part: &Part) -> String {
    let lags = if part.lags > 1 {
        format!(" of the last {}", part.lags)
    } else {
        String::new()
    };
    format!(
        "feature {}{lags}: {}, {} dims, {:.1} % of the score",
        part.name,
        encoding(&feature.encoding),
        part.dims.len(),
        part.share * 100.0
    )
}

fn encoding(encoding: &Encoding) -> String {
    match encoding {
        Encoding::Number { transform, scale } => format!("{}, scale {scale}", transform_text(transform)),
        Encoding::Cyclical { period } => format!("cyclical, period {period}"),
        Encoding::OneHot(values) => format!("one of {} values or another", values.len()),
        Encoding::Hash(_) => "hash".to_owned(),
        Encoding::Tokens(_) => "tokens".to_owned(),
    }
}

fn transform_text(transform: &Transform) -> String {
    match transform {
        Transform::Identity => "identity".to_owned(),
        Transform::LogScale => "log_scale".to_owned(),
        Transform::Normalize { moments: None } => "normalize by a look through the input".to_owned(),
        Transform::Normalize {
            moments: Some((mean, deviation)),
        } => format!("normalize by {mean} and {deviation}"),
        Transform::MinMax { min, max } => format!("min_max from {min} to {max}"),
        Transform::Bucket(edges) => format!("bucket by {} edges", edges.len()),
    }
}

fn reach(reach: Reach) -> String {
    match reach {
        Reach::Time(time) => format!("the events of {}", duration(time)),
        Reach::Count(count) => format!("the last {count} events"),
    }
}

fn index(index: Index) -> &'static str {
    match index {
        Index::Exact => "exact",
        Index::Ivf => "approximate (ivf)",
    }
}

fn asked(attention: &Attention) -> Vec<String> {
    let steps = attention.steps.iter().map(|step| match step {
        AttentionStep::Compute { .. } => "a value".to_owned(),
        AttentionStep::Keep(_) => "a condition".to_owned(),
        AttentionStep::Pattern { named, .. } => {
            let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
            format!("the patterns {}", names.join(", "))
        }
    });
    let novelties = attention.novelties.iter();
    let novelties = novelties.map(|novelty| format!("the novelty by {} of {}", novelty.k, novelty.history));
    novelties.chain(steps).collect()
}
