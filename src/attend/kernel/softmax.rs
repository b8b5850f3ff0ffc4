//! Softmax over a row of tiles.

use super::exp::exp;
use super::{LANES, Lanes};

/// Turns dots into weights and adds them to `out`: `out += share * softmax(scale * row)`, over the lanes
/// from `first` of the first tile to before `end` (counted from the row's begin); other lanes of `out`
/// stay as they are.
///
/// The sum has one accumulator per lane, then a fixed tree, so it depends on the numbers of the events
/// only.
#[inline(always)]
pub(super) fn add(row: &mut [Lanes], first: usize, end: usize, scale: f32, share: f32, out: &mut [Lanes]) {
    if first >= end {
        return;
    }
    mask(row, first, end);
    let mut highest = [f32::NEG_INFINITY; LANES];
    for lanes in row.iter() {
        for lane in 0..LANES {
            let x = lanes[lane] * scale;
            highest[lane] = if x > highest[lane] { x } else { highest[lane] };
        }
    }
    let top = tree(highest, |a, b| if b > a { b } else { a });
    let mut sums = [0.0f32; LANES];
    for lanes in row.iter_mut() {
        for lane in 0..LANES {
            let weight = exp(lanes[lane].mul_add(scale, -top));
            lanes[lane] = weight;
            sums[lane] += weight;
        }
    }
    let factor = share / tree(sums, |a, b| a + b);
    for (out, lanes) in out.iter_mut().zip(row.iter()) {
        for lane in 0..LANES {
            out[lane] = lanes[lane].mul_add(factor, out[lane]);
        }
    }
}

/// Lanes that do not count weigh nothing: about 1e-38 in a sum of at least 1.
#[inline(always)]
fn mask(row: &mut [Lanes], first: usize, end: usize) {
    if let Some(lanes) = row.first_mut() {
        lanes[..first].fill(f32::NEG_INFINITY);
    }
    if let Some(lanes) = row.last_mut().filter(|_| !end.is_multiple_of(LANES)) {
        lanes[end % LANES..].fill(f32::NEG_INFINITY);
    }
}

/// The lanes joined to one: halves upon halves.
#[inline(always)]
fn tree(mut lanes: Lanes, join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = join(lanes[lane], lanes[lane + width]);
        }
        width /= 2;
    }
    lanes[0]
}
