//! Dots of queries with tiles.

use super::{Finish, GROUP, Keys, LANES, Lanes};

/// How many queries go together where 16 registers must do.
const HALF: usize = GROUP / 2;

/// Lays up to [`GROUP`] queries side by side, `packed[dim][query]`, so that a tile's row meets them
/// together. Missing queries are 0.
pub(in crate::attend) fn pack(queries: &[&[f32]], dims: usize, packed: &mut Vec<[f32; GROUP]>) {
    packed.clear();
    packed.resize(dims, [0.0; GROUP]);
    for (at, query) in queries.iter().enumerate() {
        for (row, x) in packed.iter_mut().zip(*query) {
            row[at] = *x;
        }
    }
}

/// The dots of some queries with one tile: a variable each, not an array of all, so that they stay in
/// registers.
macro_rules! chains {
    ($tile:expr, $packed:expr, $($sum:ident $query:expr),*) => {{
        $(let mut $sum = [0.0f32; LANES];)*
        for (key, row) in $tile.iter().zip($packed) {
            $(for lane in 0..LANES {
                $sum[lane] = row[$query].mul_add(key[lane], $sum[lane]);
            })*
        }
        [$(($query, $sum)),*]
    }};
}

/// The dots of a packed group of queries with the tiles `tiles` into `out[query][tile]`, four queries at a
/// time; `out` has no tiles for queries that are missing.
#[inline(always)]
pub(super) fn by_fours(
    keys: &Keys<'_>,
    packed: &[[f32; GROUP]],
    tiles: std::ops::Range<usize>,
    finish: Finish,
    out: &mut [&mut [Lanes]; GROUP],
) {
    let packed = &packed[keys.from..keys.to];
    let second = !out[HALF].is_empty();
    for (place, tile) in tiles.enumerate() {
        let tile = keys.tile(tile);
        for (query, sums) in chains!(tile, packed, a 0, b 1, c 2, d 3) {
            store(out, query, place, sums, finish);
        }
        if second {
            for (query, sums) in chains!(tile, packed, a 4, b 5, c 6, d 7) {
                store(out, query, place, sums, finish);
            }
        }
    }
}

/// The same, all queries at once, where there are 32 registers of 16 lanes.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "AVX-512 only"))]
#[inline(always)]
pub(super) fn by_eights(
    keys: &Keys<'_>,
    packed: &[[f32; GROUP]],
    tiles: std::ops::Range<usize>,
    finish: Finish,
    out: &mut [&mut [Lanes]; GROUP],
) {
    let packed = &packed[keys.from..keys.to];
    for (place, tile) in tiles.enumerate() {
        let tile = keys.tile(tile);
        for (query, sums) in chains!(tile, packed, a 0, b 1, c 2, d 3, e 4, f 5, g 6, h 7) {
            store(out, query, place, sums, finish);
        }
    }
}

#[inline(always)]
fn store(out: &mut [&mut [Lanes]; GROUP], query: usize, place: usize, sums: Lanes, finish: Finish) {
    if let Some(out) = out[query].get_mut(place) {
        *out = finished(sums, finish);
    }
}

/// The dots of one query with the tiles `tiles`, four tiles at a time: a lone query has no
/// neighbors to share loads with, but its chains can still run side by side.
#[inline(always)]
pub(super) fn single(keys: &Keys<'_>, query: &[f32], tiles: std::ops::Range<usize>, finish: Finish, out: &mut [Lanes]) {
    let query = &query[keys.from..keys.to];
    let (first, count) = (tiles.start, tiles.len());
    let (mut groups, mut place) = (out.chunks_exact_mut(HALF), first);
    for slots in &mut groups {
        let (a, b) = (keys.tile(place), keys.tile(place + 1));
        let (c, d) = (keys.tile(place + 2), keys.tile(place + 3));
        let mut sums = [[0.0f32; LANES]; HALF];
        for ((((x, a), b), c), d) in query.iter().zip(a).zip(b).zip(c).zip(d) {
            for lane in 0..LANES {
                sums[0][lane] = x.mul_add(a[lane], sums[0][lane]);
                sums[1][lane] = x.mul_add(b[lane], sums[1][lane]);
                sums[2][lane] = x.mul_add(c[lane], sums[2][lane]);
                sums[3][lane] = x.mul_add(d[lane], sums[3][lane]);
            }
        }
        for (slot, sums) in slots.iter_mut().zip(sums) {
            *slot = finished(sums, finish);
        }
        place += HALF;
    }
    debug_assert_eq!(groups.into_remainder().len(), (first + count) - place);
    for (tile, slot) in (place..first + count).zip(&mut out[place - first..]) {
        let mut sums = [0.0f32; LANES];
        for (x, key) in query.iter().zip(keys.tile(tile)) {
            for lane in 0..LANES {
                sums[lane] = x.mul_add(key[lane], sums[lane]);
            }
        }
        *slot = finished(sums, finish);
    }
}

/// The dot of two rows: the chain of one lane.
#[inline(always)]
pub(super) fn pair(a: &[f32], b: &[f32], finish: Finish) -> f32 {
    let sum = a.iter().zip(b).fold(0.0f32, |sum, (x, y)| x.mul_add(*y, sum));
    finished([sum; LANES], finish)[0]
}

#[inline(always)]
fn finished(mut sums: Lanes, finish: Finish) -> Lanes {
    if let Finish::Score(factor) = finish {
        for sum in &mut sums {
            let score = *sum * factor;
            let score = if score > 0.0 { score } else { 0.0 };
            *sum = if score < 1.0 { score } else { 1.0 };
        }
    }
    sums
}
