//! One value to one unit block, by the feature's encoding.

use indexmap::IndexMap;

use crate::data::value::FixedHasher;
use crate::data::{Key, Value};
use crate::ir::{Encoding, Feature, Transform};

use super::{EmbedError, fourier, hashing};

/// How the values of a feature become blocks.
#[derive(Clone, Debug)]
pub(super) enum Encoder {
    /// A transformed number over the bandwidth.
    Number(Step, f64),
    /// The period.
    Cyclical(f64),
    /// The slot of each value; one more for others.
    OneHot(IndexMap<Key, usize, FixedHasher>),
    /// How many slots.
    Hash(usize),
    /// How many slots.
    Tokens(usize),
}

/// A transform with all it needs.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// `x`
    Identity,
    /// `sign(x) * ln(1 + |x|)`
    Log,
    /// `(x - offset) / width`
    Linear(f64, f64),
    /// The number of edges at or below.
    Bucket(Vec<f64>),
}

impl Encoder {
    /// The encoder of a feature.
    pub(super) fn new(feature: &Feature) -> Result<Self, EmbedError> {
        let positive = |x: f64, what| {
            (x > 0.0 && x.is_finite())
                .then_some(x)
                .ok_or_else(|| EmbedError::Unusable {
                    feature: feature.name.clone(),
                    what,
                })
        };
        Ok(match &feature.encoding {
            Encoding::Number { transform, scale } => {
                Self::Number(step(feature, transform)?, positive(*scale, "scale")?)
            }
            Encoding::Cyclical { period } => Self::Cyclical(positive(*period, "period")?),
            Encoding::OneHot(values) => {
                let mut slots = IndexMap::with_hasher(FixedHasher);
                for value in values {
                    let next = slots.len();
                    slots.entry(Key(value.clone())).or_insert(next);
                }
                Self::OneHot(slots)
            }
            Encoding::Hash(dims) => Self::Hash(positive(f64::from(*dims), "dim").map(|_| *dims as usize)?),
            Encoding::Tokens(dims) => Self::Tokens(positive(f64::from(*dims), "dim").map(|_| *dims as usize)?),
        })
    }

    /// How many dims a block has.
    pub(super) fn dims(&self) -> usize {
        match self {
            Self::Number(..) => fourier::DIMS,
            Self::Cyclical(_) => 2,
            Self::OneHot(slots) => slots.len() + 1,
            Self::Hash(dims) | Self::Tokens(dims) => *dims,
        }
    }

    /// Says in words and bits how values become blocks: equal texts, equal blocks.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Number(step, scale) => format!("number {} {:x}", step.describe(), scale.to_bits()),
            Self::Cyclical(period) => format!("cyclical {:x}", period.to_bits()),
            Self::OneHot(slots) => {
                let values = slots.keys().map(|key| format!(" {:x}", hashing::value(&key.0)));
                std::iter::once("one_hot".to_owned()).chain(values).collect()
            }
            Self::Hash(dims) => format!("hash {dims}"),
            Self::Tokens(dims) => format!("tokens {dims}"),
        }
    }

    /// Writes the unit block of a value; all zero where the value is missing or of no use.
    pub(super) fn write(&self, value: &Value, block: &mut [f32]) {
        block.fill(0.0);
        match self {
            Self::Number(step, scale) => {
                if let Some(x) = number(value) {
                    fourier::write(step.apply(x) / scale, block);
                }
            }
            Self::Cyclical(period) => {
                if let (Some(x), [c, s]) = (number(value), block) {
                    let (cos, sin) = fourier::circle(libm::fmod(x, *period) / period);
                    (*c, *s) = (cos as f32, sin as f32);
                }
            }
            Self::OneHot(slots) => one_hot(slots, value, block),
            Self::Hash(_) => {
                if !missing(value) {
                    hashing::add(hashing::value(value), block);
                    to_unit(block);
                }
            }
            Self::Tokens(_) => {
                if let Value::Str(text) = value {
                    words(text, block);
                    to_unit(block);
                }
            }
        }
    }
}

fn step(feature: &Feature, transform: &Transform) -> Result<Step, EmbedError> {
    // What never varies has no spread; all its values then lie at 0, where they are alike.
    let linear = |offset: f64, width: f64| Step::Linear(offset, if width == 0.0 { 1.0 } else { width });
    Ok(match transform {
        Transform::Identity => Step::Identity,
        Transform::LogScale => Step::Log,
        Transform::Normalize { moments } => {
            let (mean, deviation) = moments.ok_or_else(|| EmbedError::MomentsUnknown {
                feature: feature.name.clone(),
            })?;
            linear(mean, deviation)
        }
        Transform::MinMax { min, max } => linear(*min, max - min),
        Transform::Bucket(edges) => Step::Bucket(edges.clone()),
    })
}

impl Step {
    fn describe(&self) -> String {
        match self {
            Self::Identity => "identity".to_owned(),
            Self::Log => "log_scale".to_owned(),
            Self::Linear(offset, width) => format!("linear {:x} {:x}", offset.to_bits(), width.to_bits()),
            Self::Bucket(edges) => {
                let edges = edges.iter().map(|edge| format!(" {:x}", edge.to_bits()));
                std::iter::once("bucket".to_owned()).chain(edges).collect()
            }
        }
    }

    fn apply(&self, x: f64) -> f64 {
        match self {
            Self::Identity => x,
            Self::Log => libm::copysign(libm::log1p(x.abs()), x),
            Self::Linear(offset, width) => (x - offset) / width,
            Self::Bucket(edges) => edges.partition_point(|edge| *edge <= x) as f64,
        }
    }
}

/// A value as a number: finite, times in seconds, truth as 0 or 1.
fn number(value: &Value) -> Option<f64> {
    let x = match value {
        Value::Int(i) => *i as f64,
        Value::Float(x) => *x,
        Value::Bool(b) => f64::from(u8::from(*b)),
        Value::Timestamp(ns) | Value::Duration(ns) => *ns as f64 / 1e9,
        _ => return None,
    };
    x.is_finite().then_some(x)
}

fn missing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Float(x) => x.is_nan(),
        _ => false,
    }
}

fn one_hot(slots: &IndexMap<Key, usize, FixedHasher>, value: &Value, block: &mut [f32]) {
    if missing(value) {
        return;
    }
    let slot = match value {
        Value::Str(text) => slots.get(&crate::data::TextKey(text)),
        value => slots.get(&Key(value.clone())),
    };
    if let Some(x) = block.get_mut(slot.copied().unwrap_or(slots.len())) {
        *x = 1.0;
    }
}

/// Adds the lower-cased words of a text, which are its longest runs of letters and digits.
fn words(text: &str, block: &mut [f32]) {
    let mut word = String::new();
    for part in text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
    {
        word.clear();
        word.extend(part.chars().flat_map(char::to_lowercase));
        hashing::add(hashing::word(&word), block);
    }
}

/// Scales a block of small whole numbers to length 1; words may cancel out, and then it stays 0.
fn to_unit(block: &mut [f32]) {
    let squares: f64 = block.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    if squares > 0.0 {
        let length = squares.sqrt();
        block.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
    }
}
