//! Functions that need all numbers of a group: `median`, `percentile`, `ema`, `linear_trend`, `corr`
//! and `covar`.
//!
//! A group keeps its numbers in order, one or two words for each row; merging appends. Percentiles are
//! selected in a copy (linear time), so that panes need not be sorted.

use crate::data::{Column, Value};
use crate::ir::AggFunction;

use super::item::{Item, Kinds, each, item};
use super::layout::Kind;
use super::quantile;
use super::state::Read;
use super::{Groups, series};

/// The numbers of a group, by row:
///
/// | kind | words |
/// |---|---|
/// | [`Kind::Sample`] | the number as [`quantile::key_of_float`], a duration as it is |
/// | [`Kind::Series`] | the bits of the float |
/// | [`Kind::Timed`] | the time, the bits of the float |
/// | [`Kind::Pairs`] | the bits of both floats |
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    pub(super) words: Vec<i64>,
    pub(super) kinds: Kinds,
}

impl Sample {
    /// Adds the value of a row.
    #[inline(always)]
    pub(super) fn add(&mut self, kind: Kind, item: Item<'_>, time: i64) {
        self.kinds.add(item.kind());
        let Some(x) = number(item) else {
            if let (Kind::Sample, Item::Duration(ns)) = (kind, item) {
                self.words.push(ns);
            }
            return;
        };
        match kind {
            Kind::Sample => self.words.push(quantile::key_of_float(x)),
            Kind::Timed => self.words.extend([time, x.to_bits() as i64]),
            _ => self.words.push(x.to_bits() as i64),
        }
    }

    /// Adds a pair.
    pub(super) fn add_pair(&mut self, x: Item<'_>, y: Item<'_>) {
        self.kinds.add(x.kind());
        self.kinds.add(y.kind());
        if let (Some(x), Some(y)) = (number(x), number(y)) {
            self.words.extend([x.to_bits() as i64, y.to_bits() as i64]);
        }
    }

    /// The value of a function.
    pub(super) fn read(&self, function: AggFunction, param: &Value) -> Read {
        let durations =
            self.kinds == Kinds::DURATION && matches!(function, AggFunction::Median | AggFunction::Percentile);
        if !durations && !self.kinds.within(Kinds::NUMBERS) {
            return Err(format!("values of type {} are no numbers", self.kinds.names()));
        }
        Ok(match function {
            AggFunction::Median => quantile::of_words(&self.words, 0.5, durations),
            AggFunction::Percentile => quantile::of_words(&self.words, quantile::share(param)?, durations),
            AggFunction::Ema => series::ema(&self.words, param)?,
            AggFunction::LinearTrend => series::trend(&self.words),
            AggFunction::Corr => series::correlation(&self.words),
            _ => series::covariance(&self.words),
        })
    }
}

/// A number as a float.
fn number(item: Item<'_>) -> Option<f64> {
    match item {
        Item::Int(i) => Some(i as f64),
        Item::Float(x) => Some(x),
        _ => None,
    }
}

/// The numbers of all groups.
#[derive(Clone, Debug)]
pub(super) struct Samples {
    groups: Vec<Sample>,
    kind: Kind,
    /// How many words all groups hold.
    held: usize,
}

impl Samples {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            groups: Vec::new(),
            kind,
            held: 0,
        }
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.groups.resize(groups, Sample::default());
    }

    pub(super) fn clear(&mut self) {
        self.groups.clear();
        self.held = 0;
    }

    pub(super) fn update(&mut self, args: &[&Column], times: &[i64], groups: Groups<'_>) {
        let (kind, held) = (self.kind, &mut self.held);
        let look = |sample: &Sample| sample.words.last().copied().unwrap_or(0) as u64;
        match args {
            [x, y, ..] => each(&mut self.groups, look, x, groups, |sample, row, x| {
                if let Some(y) = item(y, row) {
                    *held += 2;
                    sample.add_pair(x, y);
                }
            }),
            [x] if kind == Kind::Timed => each(&mut self.groups, look, x, groups, |sample, row, x| {
                *held += 2;
                sample.add(Kind::Timed, x, times[row]);
            }),
            [x] => each(&mut self.groups, look, x, groups, |sample, _, x| {
                *held += 1;
                sample.add(kind, x, 0);
            }),
            [] => {}
        }
    }

    pub(super) fn merge(&mut self, group: usize, other: &Self, from: usize) {
        let other = &other.groups[from];
        self.held += other.words.len();
        self.groups[group].words.extend_from_slice(&other.words);
        self.groups[group].kinds.add(other.kinds);
    }

    pub(super) fn read(&self, function: AggFunction, param: &Value, group: usize) -> Read {
        self.groups[group].read(function, param)
    }

    pub(super) fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Sample>() + self.held * 8
    }
}
