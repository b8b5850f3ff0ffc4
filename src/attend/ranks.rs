//! Ranks among the last values of a series.

use std::collections::VecDeque;

/// A block of more values is cut in two.
const LONGEST: usize = 512;
/// Below so many values a rank means nothing.
const FEWEST: usize = 20;

/// The last values of a series, to rank the next among: about the root of their number per value.
#[derive(Clone, Debug, Default)]
pub struct Ranks {
    capacity: usize,
    /// In order of arrival.
    recent: VecDeque<f64>,
    /// The same in ascending order: blocks of bounded length, none empty.
    blocks: Vec<Vec<f64>>,
}

impl Ranks {
    /// Ranks among the last `history` values.
    #[must_use]
    pub fn new(history: usize) -> Self {
        Self {
            capacity: history,
            ..Self::default()
        }
    }

    /// Adds a value and gives the share of the values before it that are strictly below: 0 to 1, none
    /// until 20 values are there. NaN is no value.
    pub fn push(&mut self, value: f64) -> Option<f64> {
        if value.is_nan() {
            return None;
        }
        // A zero of either sign is the same value.
        let value = value + 0.0;
        let known = self.recent.len();
        let rank = (known >= FEWEST).then(|| self.below(value) as f64 / known as f64);
        if known == self.capacity
            && let Some(oldest) = self.recent.pop_front()
        {
            self.remove(oldest);
        }
        if self.capacity > 0 {
            self.recent.push_back(value);
            self.insert(value);
        }
        rank
    }

    /// The values, the oldest first: with them a copy can be made by pushing.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.recent.iter().copied()
    }

    fn block(&self, value: f64) -> usize {
        self.blocks
            .partition_point(|block| block.last().is_some_and(|last| *last < value))
    }

    fn below(&self, value: f64) -> usize {
        let at = self.block(value);
        let whole: usize = self.blocks[..at].iter().map(Vec::len).sum();
        whole
            + self
                .blocks
                .get(at)
                .map_or(0, |block| block.partition_point(|known| *known < value))
    }

    fn insert(&mut self, value: f64) {
        if self.blocks.is_empty() {
            self.blocks.push(Vec::new());
        }
        let at = self.block(value).min(self.blocks.len() - 1);
        let block = &mut self.blocks[at];
        block.insert(block.partition_point(|known| *known < value), value);
        if block.len() > LONGEST {
            let upper = block.split_off(LONGEST / 2);
            self.blocks.insert(at + 1, upper);
        }
    }

    fn remove(&mut self, value: f64) {
        let at = self.block(value);
        let Some(block) = self.blocks.get_mut(at) else { return };
        let place = block.partition_point(|known| *known < value);
        if block.get(place) == Some(&value) {
            block.remove(place);
        }
        if block.is_empty() {
            self.blocks.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_of_those_strictly_below() {
        let mut ranks = Ranks::new(30);
        for n in 0..20 {
            assert_eq!(ranks.push(f64::from(n)), None);
        }
        assert_eq!(ranks.push(10.0), Some(0.5));
        assert_eq!(ranks.push(10.0), Some(10.0 / 21.0));
        assert_eq!(ranks.push(f64::NAN), None);
        assert_eq!(ranks.push(100.0), Some(1.0));
        assert_eq!(ranks.push(-0.0), Some(0.0));
    }

    #[test]
    fn as_a_plain_count_says() {
        let (mut ranks, mut all, mut state) = (Ranks::new(1500), Vec::new(), 1u64);
        for _ in 0..6000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = (state >> 54) as f64;
            let last: &[f64] = &all[all.len().saturating_sub(1500)..];
            let below = last.iter().filter(|known| **known < value).count();
            let expected = (last.len() >= 20).then(|| below as f64 / last.len() as f64);
            assert_eq!(ranks.push(value), expected);
            all.push(value);
        }
        assert!(ranks.values().eq(all[4500..].iter().copied()));
    }
}
