//! Attention windows: what an event becomes as a vector, and what is asked of the events before it.

use crate::data::FieldId;
use crate::diag::Span;

use super::{ExprId, LocalId};

/// `.attention_window(...)` with the `.pattern(...)` and `.where(...)` directly behind it, and all that
/// the operators after these ask of the window.
#[derive(Clone, Debug)]
pub struct Attention {
    /// How far the window reaches back.
    pub reach: Reach,
    /// What an event becomes.
    pub embedding: Embedding,
    /// How the nearest events are found.
    pub index: Index,
    /// What is computed for each event, and which events go on, in order.
    pub steps: Vec<AttentionStep>,
    /// `events` in the expressions of the steps: the window's events, the oldest first, the one at hand last.
    pub events: LocalId,
    /// What the window keeps of each event as a record, where something is read of it.
    pub element: Option<ExprId>,
    /// The calls of `attention_novelty`, each once; they follow the events one by one.
    pub novelties: Vec<Novelty>,
}

/// How far a window reaches back from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// `duration: d`: the events at `(t-d, t]`. Nanoseconds.
    Time(i64),
    /// `count: n`: the last n events, the one at hand among them.
    Count(u64),
}

/// How the nearest events are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Index {
    /// By all scores.
    #[default]
    Exact,
    /// `index: "ivf"`: among the events of the nearest cells.
    Ivf,
}

/// One thing that is done with an event that has its window.
#[derive(Clone, Debug)]
pub enum AttentionStep {
    /// Adds a field to the row.
    Compute {
        /// The field.
        field: FieldId,
        /// Its name where rows are written as they stand.
        name: Option<String>,
        /// Its value.
        value: ExprId,
    },
    /// The row goes on where this is true.
    Keep(ExprId),
    /// `.pattern(a: .., b: ..)`: the row goes on where one is true; the field holds the name of the first.
    Pattern {
        /// `pattern_name`
        field: FieldId,
        /// Names and conditions, in order.
        named: Vec<(String, ExprId)>,
    },
}

/// What is asked of an attention window. An argument that is an event is one of the window's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attend {
    /// `attention_score(a, b)`: 0 to 1
    Score,
    /// `attention_explain(a, b)`: for each feature its similarity and its share of the score
    Explain,
    /// `attention_weights(e)`: of the events of the window before `e`, in order; they add up to 1
    Weights,
    /// `attention_mass(e, x => cond)`: how much of the weight falls on events with the condition
    Mass,
    /// `attention_novelty(event, ..)`: by its number in [`Attention::novelties`]
    Novelty(u32),
    /// `attention_outlier(e, k)`: 1 minus the mean of the k best scores
    Outlier,
    /// `top_attention(e, n)`: records `{event, score}`, the best first
    Top,
    /// `cluster_by_attention([events,] threshold)`: lists of events
    Clusters,
    /// The vector of the event at hand, for `varpulis embed`: a list of floats
    Vector,
}

/// `attention_novelty(event, k: .., history: ..)`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Novelty {
    /// To how many nearest events the distance is taken.
    pub k: u32,
    /// Among how many of the values before it is ranked.
    pub history: u32,
}

/// What an event becomes: features, and perhaps a model over them.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// In order; each is a block of the vector.
    pub features: Vec<Feature>,
    /// For each head the numbers of its features; each feature is of one head at most. A model has heads
    /// of its own.
    pub heads: Vec<Vec<usize>>,
    /// `type: "learned"`
    pub model: Option<LearnedModel>,
}

/// Where a model lies.
#[derive(Clone, Debug)]
pub struct LearnedModel {
    /// The path, as it is opened.
    pub path: String,
    /// Where the program names it.
    pub span: Span,
    /// `fallback: "rule_based"`: without a fitting file the features alone serve.
    pub fallback: bool,
}

/// One feature of an event.
#[derive(Clone, Debug)]
pub struct Feature {
    /// What it is called when a score is explained: the field as written.
    pub name: String,
    /// Its value in the row.
    pub value: ExprId,
    /// Its share of the score: not negative, finite.
    pub weight: f64,
    /// How many values of the partition, this one last, make the block: `lagged(x, n)`; else 1.
    pub lags: u32,
    /// How a value becomes a block.
    pub encoding: Encoding,
    /// Where it is given.
    pub span: Span,
}

/// How a value becomes a block of a vector.
#[derive(Clone, Debug, PartialEq)]
pub enum Encoding {
    /// A number: Fourier features of a Gaussian kernel over the transformed value.
    Number {
        /// What is done to it first.
        transform: Transform,
        /// The kernel's bandwidth: positive, finite.
        scale: f64,
    },
    /// A number on a circle: cosine and sine.
    Cyclical {
        /// Once around: positive, finite.
        period: f64,
    },
    /// One of these values: a slot each, and a last one for all others.
    OneHot(Vec<crate::data::Value>),
    /// Any value: signed feature hashing into this many slots.
    Hash(u32),
    /// Text: a hashed bag of its words, in this many slots.
    Tokens(u32),
}

/// What is done to a number before it becomes a block.
#[derive(Clone, Debug, PartialEq)]
pub enum Transform {
    /// Nothing.
    Identity,
    /// `sign(x) * ln(1 + |x|)`
    LogScale,
    /// `(x - mean) / std`
    Normalize {
        /// Where it is given or known; else from a look through the input before the run.
        moments: Option<(f64, f64)>,
    },
    /// `(x - min) / (max - min)`
    MinMax {
        /// Becomes 0.
        min: f64,
        /// Becomes 1.
        max: f64,
    },
    /// The number of edges at or below the value; edges ascend.
    Bucket(Vec<f64>),
}

impl Attention {
    /// All its expressions: features, the record of an event, and those of the steps.
    #[must_use]
    pub fn expressions(&self) -> Vec<ExprId> {
        let features = self.embedding.features.iter().map(|feature| feature.value);
        let steps = self.steps.iter().flat_map(AttentionStep::expressions);
        features.chain(self.element).chain(steps).collect()
    }

    /// The same, to be changed in place.
    pub fn expressions_mut(&mut self) -> Vec<&mut ExprId> {
        let features = self.embedding.features.iter_mut().map(|feature| &mut feature.value);
        let steps = self.steps.iter_mut().flat_map(AttentionStep::expressions_mut);
        features.chain(self.element.as_mut()).chain(steps).collect()
    }
}

impl AttentionStep {
    /// Its expressions, in order.
    #[must_use]
    pub fn expressions(&self) -> Vec<ExprId> {
        match self {
            Self::Compute { value, .. } => vec![*value],
            Self::Keep(condition) => vec![*condition],
            Self::Pattern { named, .. } => named.iter().map(|(_, condition)| *condition).collect(),
        }
    }

    fn expressions_mut(&mut self) -> Vec<&mut ExprId> {
        match self {
            Self::Compute { value, .. } => vec![value],
            Self::Keep(condition) => vec![condition],
            Self::Pattern { named, .. } => named.iter_mut().map(|(_, condition)| condition).collect(),
        }
    }
}
