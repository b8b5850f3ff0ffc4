//! Centroids of unit vectors: spherical k-means, without chance.
//!
//! Lloyd's rounds with dots in place of distances and centroids scaled to length 1 (Dhillon and Modha,
//! "Concept decompositions for large sparse text data using clustering", 2001). The first centroids are
//! vectors at even steps of the sample, so nothing is drawn. Costs `rounds * vectors * cells` dots.

use std::ops::Range;

use super::kernel::{Finish, LANES, Lanes, Set};
use super::nearest::top;
use super::tiles::Tiles;

const ROUNDS: usize = 8;

/// The centroids of the vectors of some events, as tiles of which each lane is a cell.
pub(super) fn centroids(set: Set, keys: &Tiles, sample: Range<u64>, cells: usize, dims: usize) -> Tiles {
    let step = (sample.end - sample.start) / cells as u64;
    let mut rows: Vec<Vec<f32>> = (0..cells as u64)
        .map(|cell| keys.row(sample.start + cell * step).collect())
        .collect();
    let mut dots = vec![[0.0; LANES]; cells.div_ceil(LANES)];
    for _ in 0..ROUNDS {
        let tiles = to_tiles(&rows, dims);
        let mut sums = vec![vec![0.0f64; dims]; cells];
        for event in sample.clone() {
            let vector: Vec<f32> = keys.row(event).collect();
            let cell = nearest(set, &tiles, &vector, &mut dots, cells);
            for (sum, x) in sums[cell].iter_mut().zip(&vector) {
                *sum += f64::from(*x);
            }
        }
        let mut moved = false;
        for (row, sum) in rows.iter_mut().zip(&sums) {
            let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
            // A cell without vectors keeps its centroid.
            if length > 0.0 {
                let next: Vec<f32> = sum.iter().map(|x| (x / length) as f32).collect();
                moved |= next != *row;
                *row = next;
            }
        }
        if !moved {
            break;
        }
    }
    to_tiles(&rows, dims)
}

fn to_tiles(rows: &[Vec<f32>], dims: usize) -> Tiles {
    let mut tiles = Tiles::new(dims);
    rows.iter().for_each(|row| tiles.push(row));
    tiles
}

fn nearest(set: Set, tiles: &Tiles, vector: &[f32], dots: &mut [Lanes], cells: usize) -> usize {
    set.single(&tiles.keys(0..vector.len()), vector, 0..dots.len(), Finish::Raw, dots);
    top(&dots.as_flattened()[..cells], 1)
        .first()
        .map_or(0, |(cell, _)| *cell)
}
