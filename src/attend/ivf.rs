//! An inverted file: the nearest events of long windows without all scores.
//!
//! The keys of the first events are grouped around centroids (`kmeans`), which then stay; each event goes
//! to the cell of its nearest centroid, and a query looks into the cells whose centroids are nearest to it.
//! The scores it finds are exact, bit for bit; it may miss events in other cells. Every 256th query is
//! answered exactly as well, and what was missed is counted.
//!
//! Cost per query: a dot per centroid and per event of the visited cells, about a twentieth of the window.
//! What is trained and when depends on the events and their windows only, so results do not depend on how
//! the events were batched.

use super::History;
use super::kernel::{Finish, LANES, Lanes, Set};
use super::kmeans::centroids;
use super::nearest::{Best, top};
use super::scores::Scores;
use super::tiles::Tiles;

/// Which queries are answered exactly as well: those of events whose number this divides.
const SAMPLE: u64 = 256;
/// Events per cell when the centroids are made.
const PER_CELL: u64 = 32;
/// At most one in so many cells is visited, if there are enough events in them ...
const CELLS: usize = 8;
/// ... and no further one when one in so many of the window's events has been seen.
const SEEN: u64 = 24;

/// Finds the nearest events of one partition.
#[derive(Clone, Debug)]
pub struct Ivf {
    cells: usize,
    trained: Option<Trained>,
    recall: Recall,
    dots: Vec<Lanes>,
    scores: Scores,
}

/// How much of the exact answers was found, over the sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recall {
    /// Nearest events that were found, or others just as near.
    pub hits: u64,
    /// Nearest events that there were.
    pub asked: u64,
}

#[derive(Clone, Debug)]
struct Trained {
    /// The event with which the training ended: later ones are answered from the cells.
    at: u64,
    centroids: Tiles,
    cells: Vec<Cell>,
}

/// The events of a cell, numbered anew from 0.
#[derive(Clone, Debug)]
struct Cell {
    keys: Tiles,
    /// The events' numbers, ascending.
    events: Vec<u64>,
    /// How many came before the first of `events`.
    dropped: u64,
}

impl Ivf {
    /// An index for windows of about so many events: of the order of their root of cells.
    #[must_use]
    pub fn new(expected: u64) -> Self {
        let cells = expected.isqrt().clamp(64, 512).next_power_of_two() as usize;
        Self {
            cells,
            trained: None,
            recall: Recall::default(),
            dots: Vec::new(),
            scores: Scores::new(),
        }
    }

    /// Takes in an event that has just been pushed, in order, with the begin of its window. Once a window
    /// has enough events, the centroids are made of them; before, answers are exact.
    pub fn add(&mut self, history: &History, event: u64, from: u64) {
        let set = history.shared.set;
        if let Some(trained) = &mut self.trained {
            trained.add(history, event, set, &mut self.dots);
            return;
        }
        let needed = self.cells as u64 * PER_CELL;
        if event + 1 < from.saturating_add(needed) || !history.held().contains(&from) {
            return;
        }
        let sample = event + 1 - needed..event + 1;
        let mut trained = Trained {
            at: event,
            centroids: centroids(set, &history.keys, sample, self.cells, history.shared.dims()),
            cells: vec![Cell::new(history.shared.dims()); self.cells],
        };
        for event in from..=event {
            trained.add(history, event, set, &mut self.dots);
        }
        self.trained = Some(trained);
    }

    /// The nearest `n` events of `from..query`, with their scores: the best first, of equal ones the newest
    /// first.
    pub fn nearest(&mut self, history: &History, query: u64, from: u64, n: usize) -> Vec<(u64, f32)> {
        let held = history.held();
        if !held.contains(&query) {
            return Vec::new();
        }
        let from = from.max(held.start);
        let Some(trained) = self.trained.as_ref().filter(|trained| query > trained.at) else {
            return exactly(history, query, from, n, &mut self.scores);
        };
        let found = trained.nearest(history, query, from, n, &mut self.dots);
        if query.is_multiple_of(SAMPLE) {
            let truth = exactly(history, query, from, n, &mut self.scores);
            self.recall.asked += truth.len() as u64;
            if let Some((_, worst)) = truth.last() {
                self.recall.hits += found.iter().filter(|(_, score)| score >= worst).count() as u64;
            }
        }
        found
    }

    /// Drops events before a number.
    pub fn forget(&mut self, before: u64) {
        if let Some(trained) = &mut self.trained {
            trained.cells.iter_mut().for_each(|cell| cell.forget(before));
        }
    }

    /// How much of the exact answers was found so far.
    #[must_use]
    pub fn recall(&self) -> Recall {
        self.recall
    }
}

fn exactly(history: &History, query: u64, from: u64, n: usize, scores: &mut Scores) -> Vec<(u64, f32)> {
    history.scores(query..query + 1, &[from], scores);
    let best = top(scores.row(0), n);
    best.into_iter().map(|(at, score)| (from + at as u64, score)).collect()
}

impl Trained {
    fn add(&mut self, history: &History, event: u64, set: Set, dots: &mut Vec<Lanes>) {
        let key: Vec<f32> = history.keys.row(event).collect();
        let cell = self
            .nearest_cells(&key, 1, set, dots)
            .first()
            .map_or(0, |(cell, _)| *cell);
        self.cells[cell].push(event, &key);
    }

    /// The cells nearest to a vector, the best first, of equal ones the last first.
    fn nearest_cells(&self, vector: &[f32], n: usize, set: Set, dots: &mut Vec<Lanes>) -> Vec<(usize, f32)> {
        let tiles = self.cells.len().div_ceil(LANES);
        dots.resize(tiles, [0.0; LANES]);
        let keys = self.centroids.keys(0..vector.len());
        set.single(&keys, vector, 0..tiles, Finish::Raw, dots);
        top(&dots.as_flattened()[..self.cells.len()], n)
    }

    fn nearest(&self, history: &History, query: u64, from: u64, n: usize, dots: &mut Vec<Lanes>) -> Vec<(u64, f32)> {
        let (set, finish) = (history.shared.set, Finish::Score(history.shared.mean()));
        let vector = history.queries.row(query);
        let mut best = Best::new(n);
        let visit = |cell: usize, best: &mut Best<u64>, dots: &mut Vec<Lanes>| -> u64 {
            let cell = &self.cells[cell];
            let local = cell.local(from)..cell.local(query);
            if local.is_empty() {
                return 0;
            }
            let tiles = cell.keys.tile(local.start)..cell.keys.tile_end(local.end);
            dots.resize(tiles.len(), [0.0; LANES]);
            set.single(&cell.keys.keys(0..vector.len()), vector, tiles, finish, dots);
            let first = (local.start % LANES as u64) as usize;
            let scores = &dots.as_flattened()[first..first + (local.end - local.start) as usize];
            let events = &cell.events[(local.start - cell.dropped) as usize..];
            best.add(scores, |at| events[at]);
            local.end - local.start
        };
        let (few, mut seen) = (self.cells.len().div_ceil(CELLS), 0);
        for (cell, _) in self.nearest_cells(vector, few, set, dots) {
            if seen * SEEN >= query.saturating_sub(from) && best.len() >= n {
                return best.into_vec();
            }
            seen += visit(cell, &mut best, dots);
        }
        if best.len() < n {
            // Those cells hold too few events of the window: the others, until there are enough.
            for (cell, _) in self
                .nearest_cells(vector, self.cells.len(), set, dots)
                .into_iter()
                .skip(few)
            {
                if best.len() >= n {
                    break;
                }
                visit(cell, &mut best, dots);
            }
        }
        best.into_vec()
    }
}

impl Cell {
    fn new(dims: usize) -> Self {
        Self {
            keys: Tiles::new(dims),
            events: Vec::new(),
            dropped: 0,
        }
    }

    fn push(&mut self, event: u64, key: &[f32]) {
        self.keys.push(key);
        self.events.push(event);
    }

    /// The number in the cell of the first event that is not before one.
    fn local(&self, event: u64) -> u64 {
        self.dropped + self.events.partition_point(|known| *known < event) as u64
    }

    fn forget(&mut self, before: u64) {
        let local = self.local(before);
        let dead = (local - self.dropped) as usize;
        if dead * 2 > self.events.len() {
            self.events.drain(..dead);
            self.dropped = local;
            self.keys.forget(local);
        }
    }
}
