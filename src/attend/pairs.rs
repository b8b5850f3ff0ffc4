//! Scores of pairs that are asked for again and again.

use std::collections::VecDeque;

use super::{History, Scores};

/// The scores among the events of a window that slides, each computed once: a condition over all pairs of a
/// window, asked for each event anew, then costs no dots but those of the new event.
///
/// Takes four bytes per pair of the window.
#[derive(Clone, Debug, Default)]
pub struct PairScores {
    rows: VecDeque<Row>,
    /// The event of the first row.
    first: u64,
    scores: Scores,
}

/// The scores of an event against those before it, from a number on.
#[derive(Clone, Debug)]
struct Row {
    from: u64,
    scores: Vec<f32>,
}

impl PairScores {
    /// No scores yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the event that follows the last one, with the begin of its window. After a gap only the
    /// events from this one on are known.
    pub fn add(&mut self, history: &History, event: u64, from: u64) {
        if self.first + self.rows.len() as u64 != event {
            self.rows.clear();
            self.first = event;
        }
        let from = from.clamp(history.held().start.min(event), event);
        history.scores(event..event + 1, &[from], &mut self.scores);
        let scores = self.scores.row(0).to_vec();
        self.rows.push_back(Row { from, scores });
    }

    /// Drops the rows of events before a number.
    pub fn forget(&mut self, before: u64) {
        while self.first < before && self.rows.pop_front().is_some() {
            self.first += 1;
        }
    }

    /// The score of `a` as the one that asks and `b` as the one that answers: the bits of [`History::score`],
    /// which is asked where the pair is not known. None if either is not held.
    #[must_use]
    pub fn score(&self, history: &History, a: u64, b: u64) -> Option<f32> {
        let held = history.held();
        if !held.contains(&a) || !held.contains(&b) {
            return None;
        }
        // With a model the earlier event asks otherwise than the later one.
        let (later, earlier) = if history.learned.is_some() || a > b {
            (a, b)
        } else {
            (b, a)
        };
        self.known(later, earlier).or_else(|| history.score(a, b))
    }

    fn known(&self, later: u64, earlier: u64) -> Option<f32> {
        let row = self.rows.get(usize::try_from(later.checked_sub(self.first)?).ok()?)?;
        let at = usize::try_from(earlier.checked_sub(row.from)?).ok()?;
        row.scores.get(at).copied()
    }
}
