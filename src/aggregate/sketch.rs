//! `approx_percentile`: a DDSketch of 1 % relative error (Masson, Rim, Lee, "DDSketch: a fast and
//! fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019).
//!
//! A number falls into the bucket `ceil(log_gamma |x|)` of its sign; buckets are counted, so what was
//! added can be merged in any order and taken away. The value for `p` is that of the bucket in which the
//! number at place `floor(p (n - 1))` stands.

use crate::data::{Column, Value};

use super::Groups;
use super::item::{Item, Kinds, each};
use super::quantile;
use super::state::Read;

/// `(1 + 0.01) / (1 - 0.01)`
const GAMMA: f64 = 1.01 / 0.99;
/// The logarithm of gamma.
const LN_GAMMA: f64 = 0.020_000_666_706_669_435;
/// The bucket of 1 lies so far above that of 0, and that of -1 below it: further than any float's.
const ONE: i32 = 40_000;
/// Infinite; NaN stands above it.
const INFINITE: i32 = 100_000;

/// The buckets of a group, ascending, and how many numbers are in each.
#[derive(Clone, Debug, Default)]
pub(super) struct Sketch {
    buckets: Vec<(i32, u64)>,
    pub(super) kinds: Kinds,
}

fn bucket(x: f64) -> i32 {
    let size = x.abs();
    let of_size = if size == 0.0 {
        return 0;
    } else if x.is_nan() {
        return INFINITE + 1;
    } else if size.is_infinite() {
        INFINITE
    } else {
        ONE + (libm::log(size) / LN_GAMMA).ceil() as i32
    };
    if x < 0.0 { -of_size } else { of_size }
}

/// The number that is within 1 % of all in a bucket.
fn middle(bucket: i32) -> f64 {
    let size = match bucket.abs() {
        0 => 0.0,
        INFINITE => f64::INFINITY,
        size if size > INFINITE => f64::NAN,
        size => (libm::exp(f64::from(size - ONE) * LN_GAMMA) * (2.0 / (1.0 + GAMMA))).min(f64::MAX),
    };
    if bucket < 0 { -size } else { size }
}

impl Sketch {
    /// Counts a value.
    pub(super) fn add(&mut self, item: Item<'_>) {
        self.kinds.add(item.kind());
        if let Some(x) = number(item) {
            self.put(bucket(x), 1);
        }
    }

    fn put(&mut self, bucket: i32, count: u64) {
        match self.buckets.binary_search_by_key(&bucket, |(known, _)| *known) {
            Ok(at) => self.buckets[at].1 += count,
            Err(at) => self.buckets.insert(at, (bucket, count)),
        }
    }

    /// Takes a value away that was counted before.
    pub(super) fn take(&mut self, item: Item<'_>) {
        let Some(bucket) = number(item).map(bucket) else { return };
        if let Ok(at) = self.buckets.binary_search_by_key(&bucket, |(known, _)| *known) {
            self.buckets[at].1 -= 1;
            if self.buckets[at].1 == 0 {
                self.buckets.remove(at);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        other
            .buckets
            .iter()
            .for_each(|(bucket, count)| self.put(*bucket, *count));
        self.kinds.add(other.kinds);
    }

    /// The value for `p`, given the types of the numbers inside.
    pub(super) fn read(&self, param: &Value, kinds: Kinds) -> Read {
        let durations = kinds == Kinds::DURATION;
        if !durations && !kinds.within(Kinds::NUMBERS) {
            return Err(format!("values of type {} are no numbers", kinds.names()));
        }
        let p = quantile::share(param)?;
        let n: u64 = self.buckets.iter().map(|(_, count)| count).sum();
        if n == 0 {
            return Ok(Value::Null);
        }
        let place = (p * (n - 1) as f64) as u64;
        let mut before = 0;
        let found = self.buckets.iter().find(|(_, count)| {
            before += count;
            before > place
        });
        let x = found.map_or(f64::NAN, |(bucket, _)| middle(*bucket));
        Ok(if durations {
            Value::Duration(x.round() as i64)
        } else {
            Value::Float(x)
        })
    }

    /// About how many bytes are held beside the sketch itself.
    pub(super) fn bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<(i32, u64)>()
    }
}

fn number(item: Item<'_>) -> Option<f64> {
    match item {
        Item::Int(x) | Item::Duration(x) => Some(x as f64),
        Item::Float(x) => Some(x),
        _ => None,
    }
}

/// The sketches of all groups.
#[derive(Clone, Debug, Default)]
pub(super) struct Sketches(Vec<Sketch>);

impl Sketches {
    pub(super) fn grow(&mut self, groups: usize) {
        self.0.resize(groups, Sketch::default());
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn update(&mut self, column: &Column, groups: Groups<'_>) {
        let look = |sketch: &Sketch| sketch.buckets.first().map_or(0, |(_, count)| *count);
        each(&mut self.0, look, column, groups, |sketch, _, item| sketch.add(item));
    }

    pub(super) fn merge(&mut self, group: usize, other: &Self, from: usize) {
        self.0[group].merge(&other.0[from]);
    }

    pub(super) fn read(&self, param: &Value, group: usize) -> Read {
        self.0[group].read(param, self.0[group].kinds)
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|sketch| size_of::<Sketch>() + sketch.bytes()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_within_one_percent() {
        assert!((libm::log(GAMMA) - LN_GAMMA).abs() < 1e-17);
        let mut x = 1e-300;
        while x < 1e300 {
            assert!((middle(bucket(x)) / x - 1.0).abs() <= 0.01 + 1e-12, "{x}");
            assert_eq!(middle(bucket(-x)), -middle(bucket(x)));
            x *= 1.37;
        }
        assert_eq!(middle(bucket(0.0)), 0.0);
        assert_eq!(middle(bucket(f64::NEG_INFINITY)), f64::NEG_INFINITY);
        assert!(bucket(f64::MAX) < INFINITE && bucket(f64::from_bits(1)) > 0);
    }
}
