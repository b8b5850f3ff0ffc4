//! Dots of queries with tiles.

use super::{Finish, GROUP, Keys, LANES, Lanes};

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

/// The dots of a packed group of queries with the tiles `tiles` into `out[query][tile]`.
#[inline(always)]
pub(super) fn group(
    keys: &Keys<'_>,
    packed: &[[f32; GROUP]],
    tiles: std::ops::Range<usize>,
    finish: Finish,
    out: &mut [&mut [Lanes]; GROUP],
) {
    let packed = &packed[keys.from..keys.to];
    let [out_a, out_b, out_c, out_d] = out;
    let out = out_a.iter_mut().zip(out_b.iter_mut()).zip(out_c.iter_mut().zip(out_d.iter_mut()));
    for (tile, ((out_a, out_b), (out_c, out_d))) in tiles.zip(out) {
        // Four variables, not an array of four: so they stay in registers.
        let (mut a, mut b, mut c, mut d) = ([0.0; LANES], [0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for (key, row) in keys.tile(tile).iter().zip(packed) {
            for lane in 0..LANES {
                a[lane] = row[0].mul_add(key[lane], a[lane]);
            }
            for lane in 0..LANES {
                b[lane] = row[1].mul_add(key[lane], b[lane]);
            }
            for lane in 0..LANES {
                c[lane] = row[2].mul_add(key[lane], c[lane]);
            }
            for lane in 0..LANES {
                d[lane] = row[3].mul_add(key[lane], d[lane]);
            }
        }
        for (sums, out) in [(a, out_a), (b, out_b), (c, out_c), (d, out_d)] {
            *out = finished(sums, finish);
        }
    }
}

/// The dots of one query with the tiles `tiles`, [`GROUP`] tiles at a time: a lone query has no
/// neighbors to share loads with, but its chains can still run side by side.
#[inline(always)]
pub(super) fn single(keys: &Keys<'_>, query: &[f32], tiles: std::ops::Range<usize>, finish: Finish, out: &mut [Lanes]) {
    let query = &query[keys.from..keys.to];
    let (first, count) = (tiles.start, tiles.len());
    let (mut groups, mut place) = (out.chunks_exact_mut(GROUP), first);
    for slots in &mut groups {
        let (a, b) = (keys.tile(place), keys.tile(place + 1));
        let (c, d) = (keys.tile(place + 2), keys.tile(place + 3));
        let mut sums = [[0.0f32; LANES]; GROUP];
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
        place += GROUP;
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
