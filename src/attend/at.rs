//! One event with its window, as expressions see it.

use std::collections::VecDeque;
use std::sync::Arc;

use indexmap::IndexMap;

use super::shared::{Leaf, Shared};
use super::{History, Part, Scores, clusters, outlier, top};
use crate::data::value::{FixedHasher, Key};
use crate::data::{FieldId, Pseudo, Value};
use crate::eval::WindowRow;
use crate::ir::{Attend, LocalId};
use crate::ordered::Batch;

/// The scores of an event, and how far it is from its nearest.
#[derive(Debug, Default)]
pub(super) struct Scored {
    pub(super) scores: Option<Vec<f32>>,
    /// By novelty.
    pub(super) energies: Vec<Option<f64>>,
    pub(super) nearest: Option<Vec<(u64, f32)>>,
}

/// What was computed of an event before the steps.
#[derive(Debug)]
pub(super) struct Computed {
    /// By the operator's novelties.
    pub(super) novelties: Vec<Option<f64>>,
    /// Against the events of the window before it, in order.
    pub(super) scores: Option<Vec<f32>>,
    /// The nearest events by an approximate index, the best first.
    pub(super) nearest: Option<Vec<(u64, f32)>>,
}

/// An event with its window.
#[derive(Debug)]
pub(super) struct Window<'p> {
    pub(super) shared: &'p Shared,
    pub(super) history: &'p History,
    pub(super) batch: &'p Batch,
    pub(super) row: usize,
    /// The event.
    pub(super) number: u64,
    /// The first event of its window.
    pub(super) begin: u64,
    /// The event that the first of `elements` is of.
    pub(super) first: u64,
    pub(super) elements: &'p VecDeque<Value>,
    pub(super) numbers: &'p IndexMap<usize, u64, FixedHasher>,
    pub(super) computed: Computed,
    /// What the steps before have computed.
    pub(super) made: Vec<(FieldId, Value)>,
}

impl WindowRow for Window<'_> {
    fn field(&self, field: FieldId) -> Value {
        if let Some((_, value)) = self.made.iter().find(|(known, _)| *known == field) {
            return value.clone();
        }
        self.leaf(|leaf| matches!(leaf, Leaf::Field(known, _) if *known == field))
    }

    fn pseudo(&self, which: Pseudo) -> Value {
        self.leaf(|leaf| *leaf == Leaf::Pseudo(which))
    }

    fn events(&self) -> LocalId {
        self.shared.events()
    }

    fn len(&self) -> usize {
        (self.number + 1 - self.begin) as usize
    }

    fn event(&self, at: usize) -> Value {
        self.element(self.begin + at as u64)
    }

    fn ask(&self, what: Attend, args: &[Value]) -> Result<Value, String> {
        match what {
            Attend::Score => {
                let (a, b) = (self.number_of(&args[0])?, self.number_of(&args[1])?);
                Ok(self.history.score(a, b).map_or(Value::Null, shown))
            }
            Attend::Explain => self.explain(&args[0], &args[1]),
            Attend::Novelty(at) => Ok(self.novelty(at)),
            Attend::Weights => {
                let weights = self.weights(self.number_of(&args[0])?);
                Ok(weights
                    .into_iter()
                    .map(|weight| Value::Float(f64::from(weight)))
                    .collect())
            }
            Attend::Mass => {
                let weights = self.weights(self.number_of(&args[0])?);
                let pair = |(at, weight): (usize, f32)| Value::list(vec![self.event(at), Value::Float(weight.into())]);
                Ok(weights.into_iter().enumerate().map(pair).collect())
            }
            Attend::Outlier => {
                let (number, k) = (self.number_of(&args[0])?, count(&args[1])?);
                let scores = match self.nearest(number, k) {
                    Some(nearest) => nearest.iter().map(|(_, score)| *score).collect(),
                    None => self.scores(number),
                };
                Ok(outlier(&scores, k).map_or(Value::Null, |mean| Value::Float(rounded(mean))))
            }
            Attend::Top => {
                let (number, n) = (self.number_of(&args[0])?, count(&args[1])?);
                let best = match self.nearest(number, n) {
                    Some(nearest) => nearest.to_vec(),
                    None => {
                        let best = top(&self.scores(number), n).into_iter();
                        best.map(|(at, score)| (self.begin + at as u64, score)).collect()
                    }
                };
                let one = |(number, score): (u64, f32)| {
                    let entries = [("event", self.element(number)), ("score", shown(score))];
                    Value::map(entries.into_iter().map(|(name, value)| (Key(Value::str(name)), value)))
                };
                Ok(best.into_iter().map(one).collect())
            }
            Attend::Clusters => self.clusters(&args[0], &args[1]),
            Attend::Vector => {
                let vector = self.history.vector(self.number).unwrap_or_default();
                Ok(vector.iter().map(|&x| Value::Float(f64::from(x))).collect())
            }
        }
    }
}

impl Window<'_> {
    fn leaf(&self, wanted: impl Fn(&Leaf) -> bool) -> Value {
        let at = self.shared.leaves.iter().position(wanted);
        at.map_or(Value::Null, |at| self.batch.args[2][at].value(self.row))
    }

    fn element(&self, number: u64) -> Value {
        let at = (number - self.first) as usize;
        self.elements.get(at).cloned().unwrap_or_default()
    }

    /// Which event a record is.
    fn number_of(&self, event: &Value) -> Result<u64, String> {
        let number = match event {
            Value::Map(record) => self.numbers.get(&(Arc::as_ptr(record) as usize)).copied(),
            _ => None,
        };
        number
            .filter(|number| (self.begin..=self.number).contains(number))
            .ok_or_else(|| format!("this {} is no event of the window", event.type_name()))
    }

    /// The nearest events of the one at hand, where an approximate index was asked for so many.
    fn nearest(&self, number: u64, n: usize) -> Option<&[(u64, f32)]> {
        let nearest = self.computed.nearest.as_ref().filter(|_| number == self.number)?;
        let asked = self.shared.nearest.is_some_and(|asked| n <= asked);
        asked.then(|| &nearest[..n.min(nearest.len())])
    }

    /// The scores of an event against those of the window before it.
    fn scores(&self, number: u64) -> Vec<f32> {
        match &self.computed.scores {
            Some(scores) if number == self.number => scores.clone(),
            _ => {
                let mut scores = Scores::new();
                self.history.scores(number..number + 1, &[self.begin], &mut scores);
                scores.row(0).to_vec()
            }
        }
    }

    fn weights(&self, number: u64) -> Vec<f32> {
        let mut weights = Scores::new();
        self.history.weights(number..number + 1, &[self.begin], &mut weights);
        weights.row(0).to_vec()
    }

    fn novelty(&self, at: u32) -> Value {
        let rank = self.computed.novelties.get(at as usize).copied().flatten();
        rank.map_or(Value::Null, Value::Float)
    }

    /// For each feature how alike two events are, and what that adds to their score.
    fn explain(&self, a: &Value, b: &Value) -> Result<Value, String> {
        let (a, b) = (self.number_of(a)?, self.number_of(b)?);
        let parts = self.shared.embedder.parts();
        let alike = self.history.feature_scores(a, b).unwrap_or_default();
        let one = |(part, similarity): (&Part, f32)| {
            let share = rounded(f64::from(similarity) * part.share);
            let entries = [
                ("feature", Value::str(&part.name)),
                ("similarity", shown(similarity)),
                ("share", Value::Float(share)),
            ];
            Value::map(entries.into_iter().map(|(name, value)| (Key(Value::str(name)), value)))
        };
        Ok(parts.iter().zip(alike).map(one).collect())
    }

    fn clusters(&self, events: &Value, threshold: &Value) -> Result<Value, String> {
        let Value::List(events) = events else {
            return Err(format!("this {} is no list of events", events.type_name()));
        };
        let threshold = match threshold {
            Value::Float(f) => *f,
            #[allow(clippy::cast_precision_loss, reason = "thresholds are 0 or 1 where they are whole")]
            Value::Int(i) => *i as f64,
            other => return Err(format!("this {} is no threshold", other.type_name())),
        };
        let numbers: Result<Vec<u64>, String> = events.iter().map(|event| self.number_of(event)).collect();
        let numbers = numbers?;
        let least = least(threshold);
        let found: Vec<Vec<u64>> = if numbers.is_sorted_by(|a, b| a + 1 == *b)
            && let (Some(first), Some(last)) = (numbers.first(), numbers.last())
        {
            clusters(self.history, *first..last + 1, least, &mut Scores::new())
        } else {
            self.apart(numbers.clone(), least)
        };
        let event = |number: &u64| {
            let at = numbers.iter().position(|known| known == number);
            at.map_or(Value::Null, |at| events[at].clone())
        };
        let list = |members: Vec<u64>| members.iter().map(event).collect::<Value>();
        Ok(found.into_iter().map(list).collect())
    }

    /// The clusters of events that do not follow each other.
    fn apart(&self, mut numbers: Vec<u64>, least: f32) -> Vec<Vec<u64>> {
        numbers.sort_unstable();
        numbers.dedup();
        let mut found: Vec<Vec<u64>> = Vec::new();
        for number in numbers {
            let alike = |other: &u64| self.history.score(number, *other).is_some_and(|score| score >= least);
            let (with, without): (Vec<_>, Vec<_>) = found.into_iter().partition(|members| members.iter().any(alike));
            let mut joined: Vec<u64> = with.into_iter().flatten().chain([number]).collect();
            joined.sort_unstable();
            found = without;
            found.push(joined);
        }
        found.sort_unstable();
        found
    }
}

/// The least score that programs see as this one or more.
fn least(threshold: f64) -> f32 {
    let exact = threshold - 5e-8;
    let near = exact as f32;
    if f64::from(near) < exact { near.next_up() } else { near }
}

fn count(value: &Value) -> Result<usize, String> {
    match value {
        Value::Int(n) => usize::try_from(*n).map_err(|_| format!("{n} is no count")),
        other => Err(format!("this {} is no count", other.type_name())),
    }
}

/// A score as programs see it: to seven decimals, which is what its 24 bits hold, so that 0.85 is 0.85.
fn rounded(score: f64) -> f64 {
    (score * 1e7).round() / 1e7
}

fn shown(score: f32) -> Value {
    Value::Float(rounded(f64::from(score)))
}
