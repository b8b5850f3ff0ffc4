//! The loops over tiles in the instructions of x86-64. What the compiler makes of the plain ones may keep
//! its sums in memory, which costs a factor of twenty; these keep them in registers.
//!
//! The chains of multiply-adds are those of `dots`, so the bits are too. Loads and stores go through
//! references to whole rows of lanes; nothing else here is unsafe.
#![allow(unsafe_code, reason = "loads and stores of vectors take pointers")]

use std::arch::x86_64::{
    __m256, __m512, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
};
use std::ops::Range;

use super::dots::{HALF, finished, store};
use super::{Finish, GROUP, Keys, LANES, Lanes};

/// A row of lanes in two registers.
type Halves = [__m256; 2];

#[inline]
#[target_feature(enable = "avx2,fma")]
fn load(lanes: &Lanes) -> Halves {
    // SAFETY: 16 floats lie behind the reference.
    unsafe {
        [
            _mm256_loadu_ps(lanes.as_ptr()),
            _mm256_loadu_ps(lanes.as_ptr().add(LANES / 2)),
        ]
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn lanes(halves: Halves) -> Lanes {
    let mut lanes = [0.0; LANES];
    // SAFETY: 16 floats lie behind the reference.
    unsafe {
        _mm256_storeu_ps(lanes.as_mut_ptr(), halves[0]);
        _mm256_storeu_ps(lanes.as_mut_ptr().add(LANES / 2), halves[1]);
    }
    lanes
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn add(x: f32, key: Halves, sums: &mut Halves) {
    let x = _mm256_set1_ps(x);
    sums[0] = _mm256_fmadd_ps(x, key[0], sums[0]);
    sums[1] = _mm256_fmadd_ps(x, key[1], sums[1]);
}

/// The dots of a packed group of queries with tiles, as [`super::dots::group`]: four queries are what 16
/// registers of 8 lanes hold.
#[target_feature(enable = "avx2,fma")]
pub(super) fn group_avx2(
    keys: &Keys<'_>,
    packed: &[[f32; GROUP]],
    tiles: Range<usize>,
    finish: Finish,
    out: &mut [&mut [Lanes]; GROUP],
) {
    let packed = &packed[keys.from..keys.to];
    for first in [0, HALF] {
        if out[first].is_empty() {
            continue;
        }
        for (place, tile) in tiles.clone().enumerate() {
            let mut sums = [[_mm256_setzero_ps(); 2]; HALF];
            for (key, row) in keys.tile(tile).iter().zip(packed) {
                let key = load(key);
                for (x, sums) in row[first..first + HALF].iter().zip(&mut sums) {
                    add(*x, key, sums);
                }
            }
            for (query, sums) in (first..).zip(sums) {
                store(out, query, place, lanes(sums), finish);
            }
        }
    }
}

/// The dots of one query with tiles, four at a time, as [`super::dots::single`].
#[target_feature(enable = "avx2,fma")]
pub(super) fn single_avx2(keys: &Keys<'_>, query: &[f32], tiles: Range<usize>, finish: Finish, out: &mut [Lanes]) {
    let query = &query[keys.from..keys.to];
    let mut place = tiles.start;
    for slots in out.chunks_mut(HALF) {
        let last = slots.len() - 1;
        let of: [&[Lanes]; HALF] = std::array::from_fn(|at| keys.tile(place + at.min(last)));
        let mut sums = [[_mm256_setzero_ps(); 2]; HALF];
        for (dim, x) in query.iter().enumerate() {
            for (tile, sums) in of.iter().zip(&mut sums) {
                add(*x, load(&tile[dim]), sums);
            }
        }
        for (slot, sums) in slots.iter_mut().zip(sums) {
            *slot = finished(lanes(sums), finish);
        }
        place += slots.len();
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_wide(lanes: &Lanes) -> __m512 {
    // SAFETY: 16 floats lie behind the reference.
    unsafe { _mm512_loadu_ps(lanes.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn wide_lanes(sums: __m512) -> Lanes {
    let mut lanes = [0.0; LANES];
    // SAFETY: 16 floats lie behind the reference.
    unsafe { _mm512_storeu_ps(lanes.as_mut_ptr(), sums) };
    lanes
}

/// The same with registers of 16 lanes, all queries of a group at once.
#[target_feature(enable = "avx2,fma,avx512f,avx512vl")]
pub(super) fn group_avx512(
    keys: &Keys<'_>,
    packed: &[[f32; GROUP]],
    tiles: Range<usize>,
    finish: Finish,
    out: &mut [&mut [Lanes]; GROUP],
) {
    let packed = &packed[keys.from..keys.to];
    for (place, tile) in tiles.enumerate() {
        let mut sums = [_mm512_setzero_ps(); GROUP];
        for (key, row) in keys.tile(tile).iter().zip(packed) {
            let key = load_wide(key);
            for (x, sum) in row.iter().zip(&mut sums) {
                *sum = _mm512_fmadd_ps(_mm512_set1_ps(*x), key, *sum);
            }
        }
        for (query, sum) in sums.into_iter().enumerate() {
            store(out, query, place, wide_lanes(sum), finish);
        }
    }
}

/// The dots of one query with tiles, eight at a time.
#[target_feature(enable = "avx2,fma,avx512f,avx512vl")]
pub(super) fn single_avx512(keys: &Keys<'_>, query: &[f32], tiles: Range<usize>, finish: Finish, out: &mut [Lanes]) {
    let query = &query[keys.from..keys.to];
    let mut place = tiles.start;
    for slots in out.chunks_mut(GROUP) {
        let last = slots.len() - 1;
        let of: [&[Lanes]; GROUP] = std::array::from_fn(|at| keys.tile(place + at.min(last)));
        let mut sums = [_mm512_setzero_ps(); GROUP];
        for (dim, x) in query.iter().enumerate() {
            let x = _mm512_set1_ps(*x);
            for (tile, sum) in of.iter().zip(&mut sums) {
                *sum = _mm512_fmadd_ps(x, load_wide(&tile[dim]), *sum);
            }
        }
        for (slot, sum) in slots.iter_mut().zip(sums) {
            *slot = finished(wide_lanes(sum), finish);
        }
        place += slots.len();
    }
}
