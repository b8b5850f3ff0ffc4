//! The loops over tiles in the instructions of x86-64: what the compiler makes of the plain ones keeps
//! its sums in memory, and these keep them in registers.
//!
//! The chains of multiply-adds are those of `dots`, so the bits are too. Loads and stores go through
//! references to whole rows of lanes; nothing else here is unsafe.
#![allow(unsafe_code, reason = "loads and stores of vectors take pointers")]

use std::arch::x86_64::{
    __m256, __m512, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
};
use std::ops::Range;

use super::dots::finished;
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
fn store(halves: Halves) -> Lanes {
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

/// The dots of a packed group of queries with tiles, as [`super::dots::group`].
#[target_feature(enable = "avx2,fma")]
pub(super) fn group_avx2(
    keys: &Keys<'_>,
    packed: &[[f32; GROUP]],
    tiles: Range<usize>,
    finish: Finish,
    out: &mut [&mut [Lanes]; GROUP],
) {
    let packed = &packed[keys.from..keys.to];
    for (place, tile) in tiles.enumerate() {
        let mut sums = [[_mm256_setzero_ps(); 2]; GROUP];
        for (key, row) in keys.tile(tile).iter().zip(packed) {
            let key = load(key);
            for (x, sums) in row.iter().zip(&mut sums) {
                add(*x, key, sums);
            }
        }
        for (row, sums) in out.iter_mut().zip(sums) {
            let mut lanes = store(sums);
            finished(&mut lanes, finish);
            row[place] = lanes;
        }
    }
}

/// The dots of one query with tiles, four at a time, as [`super::dots::single`].
#[target_feature(enable = "avx2,fma")]
pub(super) fn single_avx2(keys: &Keys<'_>, query: &[f32], tiles: Range<usize>, finish: Finish, out: &mut [Lanes]) {
    let query = &query[keys.from..keys.to];
    let mut place = tiles.start;
    let mut groups = out.chunks_exact_mut(GROUP);
    for slots in &mut groups {
        let of: [&[Lanes]; GROUP] = std::array::from_fn(|at| keys.tile(place + at));
        let mut sums = [[_mm256_setzero_ps(); 2]; GROUP];
        for (dim, x) in query.iter().enumerate() {
            for (tile, sums) in of.iter().zip(&mut sums) {
                add(*x, load(&tile[dim]), sums);
            }
        }
        for (slot, sums) in slots.iter_mut().zip(sums) {
            *slot = store(sums);
            finished(slot, finish);
        }
        place += GROUP;
    }
    for (tile, slot) in (place..tiles.end).zip(groups.into_remainder()) {
        let mut sums = [_mm256_setzero_ps(); 2];
        for (x, key) in query.iter().zip(keys.tile(tile)) {
            add(*x, load(key), &mut sums);
        }
        *slot = store(sums);
        finished(slot, finish);
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
fn store_wide(sums: __m512) -> Lanes {
    let mut lanes = [0.0; LANES];
    // SAFETY: 16 floats lie behind the reference.
    unsafe { _mm512_storeu_ps(lanes.as_mut_ptr(), sums) };
    lanes
}

/// The same with registers of 16 lanes; two tiles at a time, so that enough chains are under way.
#[target_feature(enable = "avx2,fma,avx512f,avx512vl")]
pub(super) fn group_avx512(
    keys: &Keys<'_>,
    packed: &[[f32; GROUP]],
    tiles: Range<usize>,
    finish: Finish,
    out: &mut [&mut [Lanes]; GROUP],
) {
    let packed = &packed[keys.from..keys.to];
    let (first, count) = (tiles.start, tiles.len());
    for pair in 0..count.div_ceil(2) {
        let at = [2 * pair, (2 * pair + 1).min(count - 1)];
        let of = at.map(|place| keys.tile(first + place));
        let mut sums = [[_mm512_setzero_ps(); 2]; GROUP];
        for ((row, a), b) in packed.iter().zip(of[0]).zip(of[1]) {
            let key = [load_wide(a), load_wide(b)];
            for (x, sums) in row.iter().zip(&mut sums) {
                let x = _mm512_set1_ps(*x);
                sums[0] = _mm512_fmadd_ps(x, key[0], sums[0]);
                sums[1] = _mm512_fmadd_ps(x, key[1], sums[1]);
            }
        }
        for (row, sums) in out.iter_mut().zip(sums) {
            for (place, sums) in at.into_iter().zip(sums) {
                let mut lanes = store_wide(sums);
                finished(&mut lanes, finish);
                row[place] = lanes;
            }
        }
    }
}

/// The dots of one query with tiles, eight at a time.
#[target_feature(enable = "avx2,fma,avx512f,avx512vl")]
pub(super) fn single_avx512(keys: &Keys<'_>, query: &[f32], tiles: Range<usize>, finish: Finish, out: &mut [Lanes]) {
    const AT_ONCE: usize = 8;
    let query = &query[keys.from..keys.to];
    let mut place = tiles.start;
    for slots in out.chunks_mut(AT_ONCE) {
        let last = slots.len() - 1;
        let of: [&[Lanes]; AT_ONCE] = std::array::from_fn(|at| keys.tile(place + at.min(last)));
        let mut sums = [_mm512_setzero_ps(); AT_ONCE];
        for (dim, x) in query.iter().enumerate() {
            let x = _mm512_set1_ps(*x);
            for (tile, sums) in of.iter().zip(&mut sums) {
                *sums = _mm512_fmadd_ps(x, load_wide(&tile[dim]), *sums);
            }
        }
        for (slot, sums) in slots.iter_mut().zip(sums) {
            *slot = store_wide(sums);
            finished(slot, finish);
        }
        place += slots.len();
    }
}
