//! Scores and weights of consecutive events against the events before them.
//!
//! Queries go in groups that share the loads of a tile, and tiles in blocks that stay in the second-level cache
//! while all groups pass. Neither changes a bit: a dot is a chain of its own, and the sums of a softmax run
//! over the lanes of whole rows.

use std::ops::Range;

use super::History;
use super::kernel::{Finish, GROUP, Keys, LANES, Lanes, pack};

/// How much of the tiles is passed at a time, in bytes: a part of the second-level cache.
const BLOCK: usize = 128 * 1024;
/// How many groups pass over a block of tiles before the next: what their dots take stays in the cache.
const WAVE: usize = 2;

/// Rows of scores or weights, one per query, and the room to compute them: to be used again and again.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    lanes: Vec<Lanes>,
    /// Where each row lies, in numbers.
    rows: Vec<Range<usize>>,
    groups: Vec<Group>,
    dots: Vec<Lanes>,
    packed: Vec<Vec<[f32; GROUP]>>,
}

/// Up to [`GROUP`] queries that share the loads of all tiles that any of them needs.
#[derive(Clone, Debug)]
struct Group {
    queries: [Query; GROUP],
    /// How many there are.
    count: usize,
    tiles: Range<usize>,
    /// Where the first query's tiles lie among all results.
    offset: usize,
}

/// A query with the events that it is compared with: from a number to before itself.
#[derive(Clone, Copy, Debug, Default)]
struct Query {
    event: u64,
    from: u64,
}

impl Query {
    fn len(&self) -> usize {
        (self.event - self.from) as usize
    }

    /// The lane of the first event.
    fn lane(&self) -> usize {
        (self.from % LANES as u64) as usize
    }
}

impl Group {
    fn queries(&self) -> &[Query] {
        &self.queries[..self.count]
    }

    /// How many tiles of results there are.
    fn results(&self) -> usize {
        self.tiles.len() * self.count
    }

    /// Where the results of a query's tiles lie.
    fn place(&self, query: usize, tiles: &Range<usize>) -> Range<usize> {
        let row = self.offset + query * self.tiles.len();
        row + tiles.start - self.tiles.start..row + tiles.end - self.tiles.start
    }
}

impl Scores {
    /// No rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row of the n-th query: a number per event from the begin of its window to before the query, the
    /// oldest first. Empty if there is no such query.
    #[must_use]
    pub fn row(&self, n: usize) -> &[f32] {
        let range = self.rows.get(n).cloned().unwrap_or_default();
        self.lanes.as_flattened().get(range).unwrap_or_default()
    }
}

impl History {
    /// The scores of the events `queries` against the events before each, from the number in `from` on
    /// (what is not held is left out): `max(0, mean over the heads of the dots)`, 0 to 1.
    pub fn scores(&self, queries: Range<u64>, from: &[u64], out: &mut Scores) {
        self.lay_out_rows(queries, from, out);
        let finish = Finish::Score(self.shared.mean());
        let keys = self.keys.keys(0..self.shared.dims());
        let Scores {
            lanes, groups, packed, ..
        } = out;
        for groups in groups.chunks(WAVE) {
            self.pack(groups, packed);
            let lanes = &mut lanes[results(groups)];
            self.fill(groups, &keys, finish, packed, lanes);
        }
    }

    /// The weights of the same: for each head the softmax of `sqrt(d) * dot`, `d` being the dims of the head
    /// (with a model, of `query . key / sqrt(d)`), and the mean over the heads. A row adds up to 1, up to
    /// rounding, unless it is empty.
    pub fn weights(&self, queries: Range<u64>, from: &[u64], out: &mut Scores) {
        self.lay_out_rows(queries, from, out);
        out.lanes.fill([0.0; LANES]);
        let Scores {
            lanes,
            groups,
            dots,
            packed,
            ..
        } = out;
        for groups in groups.chunks(WAVE) {
            self.pack(groups, packed);
            let lanes = &mut lanes[results(groups)];
            dots.resize(lanes.len(), [0.0; LANES]);
            for (head, dims) in self.shared.heads().iter().enumerate() {
                self.fill(groups, &self.keys.keys(dims.clone()), Finish::Raw, packed, dots);
                self.soften(groups, head, dims.len(), dots, lanes);
            }
        }
    }

    /// Adds a head's part of the weights.
    fn soften(&self, groups: &[Group], head: usize, dims: usize, dots: &mut [Lanes], out: &mut [Lanes]) {
        let before = results(groups).start;
        let (scale, share) = (self.scale(dims), self.shared.mean());
        for group in groups {
            for (at, query) in group.queries().iter().enumerate().filter(|(_, query)| query.len() > 0) {
                let tiles = self.tiles(query);
                let place = group.place(at, &tiles);
                let place = place.start - before..place.end - before;
                let row = &mut dots[place.clone()];
                self.stretch(query, head, tiles.start, row);
                let first = query.lane();
                let set = self.shared.set;
                set.soften(row, first, first + query.len(), scale, share, &mut out[place]);
            }
        }
    }

    /// What the dots of a head are multiplied by.
    fn scale(&self, dims: usize) -> f32 {
        let root = (dims.max(1) as f32).sqrt();
        if self.learned.is_some() { 1.0 / root } else { root }
    }

    /// Gives dots of unit vectors the lengths that a model gave to queries and keys.
    fn stretch(&self, query: &Query, head: usize, tile: usize, row: &mut [Lanes]) {
        let Some(learned) = &self.learned else { return };
        let length = learned.query_lengths.row(query.event)[head];
        for (at, lanes) in row.iter_mut().enumerate() {
            let lengths = learned.key_lengths.lanes(tile + at, head);
            for (dot, key) in lanes.iter_mut().zip(lengths) {
                *dot *= length * key;
            }
        }
    }

    /// Which queries there are, in groups, with room for their rows.
    fn lay_out_rows(&self, queries: Range<u64>, from: &[u64], out: &mut Scores) {
        let mut offset = 0;
        out.groups.clear();
        out.rows.clear();
        let mut begins = from.iter().copied();
        let mut queries = queries.map(|event| {
            let from = begins.next().filter(|_| self.held().contains(&event));
            let from = from.unwrap_or(event).clamp(self.begin.min(event), event);
            Query { event, from }
        });
        while let Some(first) = queries.next() {
            let mut group = Group {
                queries: [first; GROUP],
                count: 1,
                tiles: 0..0,
                offset,
            };
            for query in queries.by_ref().take(GROUP - 1) {
                group.queries[group.count] = query;
                group.count += 1;
            }
            let needed = group.queries().iter().filter(|query| query.len() > 0);
            let needed = needed.map(|query| self.tiles(query));
            group.tiles = needed
                .reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
                .unwrap_or(0..0);
            for (at, query) in group.queries().iter().enumerate() {
                let start = match query.len() {
                    0 => 0,
                    _ => group.place(at, &self.tiles(query)).start * LANES + query.lane(),
                };
                out.rows.push(start..start + query.len());
            }
            offset += group.results();
            out.groups.push(group);
        }
        out.lanes.resize(offset, [0.0; LANES]);
    }

    /// The tiles that hold the events of a query; none if there are none.
    fn tiles(&self, query: &Query) -> Range<usize> {
        if query.len() == 0 {
            return 0..0;
        }
        self.keys.tile(query.from)..self.keys.tile_end(query.event)
    }

    /// Lays the queries of each group side by side.
    fn pack(&self, groups: &[Group], packed: &mut Vec<Vec<[f32; GROUP]>>) {
        packed.resize(groups.len(), Vec::new());
        for (group, packed) in groups.iter().zip(packed) {
            if group.count > 1 {
                let rows: [&[f32]; GROUP] = std::array::from_fn(|at| self.query(&group.queries[at]));
                pack(&rows[..group.count], self.shared.dims(), packed);
            }
        }
    }

    /// The vector of a query; nothing if it is compared with no event, and then perhaps not held.
    fn query(&self, query: &Query) -> &[f32] {
        if query.len() == 0 {
            &[]
        } else {
            self.queries.row(query.event)
        }
    }

    /// The dots of all queries with their tiles into `out`, which begins with the results of the first group.
    fn fill(&self, groups: &[Group], keys: &Keys<'_>, finish: Finish, packed: &[Vec<[f32; GROUP]>], out: &mut [Lanes]) {
        if !self.has_tiles() {
            self.fill_from_rows(groups, keys, finish, out);
            return;
        }
        let bytes = (keys.to - keys.from) * size_of::<Lanes>();
        let step = (BLOCK / bytes.max(1)).max(GROUP);
        let begin = groups.iter().map(|group| group.tiles.start).min().unwrap_or(0);
        let end = groups.iter().map(|group| group.tiles.end).max().unwrap_or(0);
        for block in (begin..end).step_by(step) {
            let block = block..block + step;
            let mut rest = &mut *out;
            for (group, packed) in groups.iter().zip(packed) {
                let (rows, others) = rest.split_at_mut(group.results());
                rest = others;
                let tiles = within(&group.tiles, &block);
                if tiles.is_empty() {
                    continue;
                }
                match group.queries() {
                    [query] => self.alone(group, query, tiles, keys, finish, rows),
                    _ => self.together(group, tiles, keys, finish, packed, rows),
                }
            }
        }
    }

    /// The same for the few events of one tile that have none yet.
    fn fill_from_rows(&self, groups: &[Group], keys: &Keys<'_>, finish: Finish, out: &mut [Lanes]) {
        let before = results(groups).start;
        for group in groups {
            for (at, query) in group.queries().iter().enumerate().filter(|(_, query)| query.len() > 0) {
                let lanes = &mut out[group.offset - before + at];
                let asks = &self.query(query)[keys.from..keys.to];
                for event in query.from..query.event {
                    let answers = &self.queries.row(event)[keys.from..keys.to];
                    lanes[event as usize % LANES] = self.shared.set.pair(asks, answers, finish);
                }
            }
        }
    }

    fn together(
        &self,
        group: &Group,
        tiles: Range<usize>,
        keys: &Keys<'_>,
        finish: Finish,
        packed: &[[f32; GROUP]],
        rows: &mut [Lanes],
    ) {
        let place = tiles.start - group.tiles.start..tiles.end - group.tiles.start;
        let mut rows = rows.chunks_exact_mut(group.tiles.len());
        let mut out: [&mut [Lanes]; GROUP] =
            std::array::from_fn(|_| rows.next().map_or_else(Default::default, |row| &mut row[place.clone()]));
        self.shared.set.group(keys, packed, tiles, finish, &mut out);
    }

    fn alone(
        &self,
        group: &Group,
        query: &Query,
        tiles: Range<usize>,
        keys: &Keys<'_>,
        finish: Finish,
        row: &mut [Lanes],
    ) {
        let row = &mut row[tiles.start - group.tiles.start..tiles.end - group.tiles.start];
        self.shared.set.single(keys, self.query(query), tiles, finish, row);
    }
}

/// Where the results of consecutive groups lie.
fn results(groups: &[Group]) -> Range<usize> {
    match (groups.first(), groups.last()) {
        (Some(first), Some(last)) => first.offset..last.offset + last.results(),
        _ => 0..0,
    }
}

fn within(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.max(b.start)..a.end.min(b.end)
}
