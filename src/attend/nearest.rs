//! What is read off a row of scores: the best, and how far away they are.

/// The best `n` of a row of scores (the oldest event first): place and score, the best first, of equal
/// ones the newest first.
#[must_use]
pub fn top(scores: &[f32], n: usize) -> Vec<(usize, f32)> {
    let mut best = Best::new(n);
    best.add(scores, |at| at);
    best.into_vec()
}

/// The best of several rows.
pub(super) struct Best<T> {
    n: usize,
    items: Vec<(T, f32)>,
}

impl<T: Copy + Ord> Best<T> {
    /// Of which `n` are kept.
    pub(super) fn new(n: usize) -> Self {
        Self { n, items: Vec::new() }
    }

    /// How many there are so far.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Adds a row; `name` gives what stands for the event at a place, ascending with the places.
    pub(super) fn add(&mut self, scores: &[f32], name: impl Fn(usize) -> T) {
        if self.n == 0 {
            return;
        }
        // From the newest on, so that in the first row a score that only equals the worst is none of the best.
        let first = self.items.is_empty();
        let least = least(scores, self.n);
        let (rest, blocks) = scores.as_rchunks::<BLOCK>();
        for (chunk, block) in blocks.iter().rev().enumerate() {
            let floor = self.floor();
            // Equal ones count where the floor is only known to be reached.
            let equal = !first || floor < least;
            if reaches(block, floor.max(least), equal) {
                self.add_all(block, scores.len() - (chunk + 1) * BLOCK, least, &name);
            }
        }
        self.add_all(rest, 0, least, &name);
    }

    /// The worst of the best, where there are as many as are kept.
    fn floor(&self) -> f32 {
        let last = self.n.checked_sub(1).and_then(|last| self.items.get(last));
        last.map_or(f32::NEG_INFINITY, |(_, score)| *score)
    }

    fn add_all(&mut self, scores: &[f32], begin: usize, least: f32, name: &impl Fn(usize) -> T) {
        for (at, score) in scores.iter().enumerate().rev() {
            if *score >= least {
                self.keep(*score, || name(begin + at));
            }
        }
    }

    fn keep(&mut self, score: f32, name: impl Fn() -> T) {
        let full = self.items.len() == self.n;
        if full && self.items[self.n - 1].1 > score {
            return;
        }
        let name = name();
        let before = |known: &(T, f32)| known.1 > score || (known.1 == score && known.0 > name);
        let place = self.items.partition_point(before);
        if full {
            if place == self.n {
                return;
            }
            self.items.pop();
        }
        self.items.insert(place, (name, score));
    }

    /// The best first, of equal ones the newest first.
    pub(super) fn into_vec(self) -> Vec<(T, f32)> {
        self.items
    }
}

/// How many scores are looked at together.
const BLOCK: usize = 16;
/// In how many lanes a row is gone through for a first floor.
const LANES: usize = 64;

/// Whether some score is above a floor, or equal to it where that counts.
fn reaches(block: &[f32; BLOCK], floor: f32, equal: bool) -> bool {
    // No early exit, so that the lanes are compared side by side.
    let mut above = [0u32; BLOCK];
    for (above, score) in above.iter_mut().zip(block) {
        *above = u32::from(*score > floor) | (u32::from(*score == floor) & u32::from(equal));
    }
    above.iter().fold(0, |any, one| any | one) != 0
}

/// A score that at least `n` of a row reach: the `n`-th of the highest of each of 64 lanes. It leaves little to
/// look at; nothing is known of short rows.
fn least(scores: &[f32], n: usize) -> f32 {
    let (rows, _) = scores.as_chunks::<LANES>();
    if n > LANES / 4 || rows.len() < 4 {
        return f32::NEG_INFINITY;
    }
    let mut highest = [f32::NEG_INFINITY; LANES];
    for row in rows {
        for (high, score) in highest.iter_mut().zip(row) {
            *high = if *score > *high { *score } else { *high };
        }
    }
    let (_, least, _) = highest.select_nth_unstable_by(n - 1, |a, b| b.total_cmp(a));
    *least
}

/// The mean distance to the `k` nearest events; the distance of a score is `sqrt(2 - 2 score)`, that of
/// the tips of two unit vectors. None if `k` is 0 or there are fewer events.
#[must_use]
pub fn energy(scores: &[f32], k: usize) -> Option<f64> {
    let best = nearest(scores, k)?;
    Some(best.iter().map(|(_, score)| distance(*score)).sum::<f64>() / k as f64)
}

/// 1 minus the mean of the `k` best scores. None if `k` is 0 or there are fewer events.
#[must_use]
pub fn outlier(scores: &[f32], k: usize) -> Option<f64> {
    let best = nearest(scores, k)?;
    Some(1.0 - best.iter().map(|(_, score)| f64::from(*score)).sum::<f64>() / k as f64)
}

fn nearest(scores: &[f32], k: usize) -> Option<Vec<(usize, f32)>> {
    (k > 0 && scores.len() >= k).then(|| top(scores, k))
}

fn distance(score: f32) -> f64 {
    (2.0 - 2.0 * f64::from(score.clamp(0.0, 1.0))).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_first_and_of_equal_ones_the_newest() {
        let scores = [0.5, 0.9, 0.1, 0.9, 0.5];
        assert_eq!(top(&scores, 3), [(3, 0.9), (1, 0.9), (4, 0.5)]);
        assert_eq!(top(&scores, 9).len(), 5);
        assert_eq!(top(&scores, 0), []);
        assert_eq!(top(&[], 3), []);
    }

    #[test]
    fn long_rows_as_a_sort_says() {
        let mut state = 7u64;
        for len in [1, 15, 16, 17, 100, 1000] {
            let scores: Vec<f32> = (0..len)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 58) as f32 / 64.0
                })
                .collect();
            let mut sorted: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
            sorted.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
            for n in [1, 8, 40] {
                assert_eq!(top(&scores, n), sorted[..n.min(len)]);
            }
        }
    }

    #[test]
    fn distances() {
        assert_eq!(energy(&[1.0, 0.5, 0.5], 2), Some(0.5));
        assert_eq!(energy(&[1.0], 2), None);
        assert_eq!(energy(&[1.0], 0), None);
        assert_eq!(outlier(&[1.0, 0.5, 0.0], 2), Some(0.25));
    }
}
