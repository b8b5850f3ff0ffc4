//! Vectors of events with consecutive numbers, stored for the kernel and stored plainly.
//!
//! Both stores drop events at the front; what is dropped is moved out once it is half of the store, so
//! each event is moved about once.

use super::kernel::{Keys, LANES, Lanes};

/// Vectors as tiles: event `n` is lane `n % 16` of its tile, whatever has been dropped.
#[derive(Clone, Debug, Default)]
pub(super) struct Tiles {
    dims: usize,
    lanes: Vec<Lanes>,
    /// The number of the first event of the first tile: a multiple of 16.
    first: u64,
    /// The number of the next event.
    end: u64,
}

impl Tiles {
    /// No events yet.
    pub(super) fn new(dims: usize) -> Self {
        Self {
            dims,
            ..Self::default()
        }
    }

    /// Adds the next event.
    pub(super) fn push(&mut self, row: &[f32]) {
        let lane = (self.end % LANES as u64) as usize;
        if lane == 0 {
            self.lanes.resize(self.lanes.len() + self.dims, [0.0; LANES]);
        }
        let tile = self.lanes.len() - self.dims;
        for (lanes, x) in self.lanes[tile..].iter_mut().zip(row) {
            lanes[lane] = *x;
        }
        self.end += 1;
    }

    /// Drops events before a number.
    pub(super) fn forget(&mut self, before: u64) {
        let dead = (before.min(self.end).saturating_sub(self.first) / LANES as u64) as usize;
        if dead * 2 > self.count() {
            self.lanes.drain(..dead * self.dims);
            self.first += (dead * LANES) as u64;
        }
    }

    fn count(&self) -> usize {
        self.lanes.len() / self.dims.max(1)
    }

    /// The place of an event's tile.
    pub(super) fn tile(&self, event: u64) -> usize {
        (event.saturating_sub(self.first) / LANES as u64) as usize
    }

    /// The place behind the last tile of the events before a number.
    pub(super) fn tile_end(&self, event: u64) -> usize {
        (event.saturating_sub(self.first).div_ceil(LANES as u64)) as usize
    }

    /// The tiles, of which some dims count.
    pub(super) fn keys(&self, dims: std::ops::Range<usize>) -> Keys<'_> {
        Keys {
            lanes: &self.lanes,
            dims: self.dims,
            from: dims.start,
            to: dims.end,
        }
    }

    /// One dim of a tile.
    pub(super) fn lanes(&self, tile: usize, dim: usize) -> &Lanes {
        &self.lanes[tile * self.dims + dim]
    }

    /// The vector of an event that is held.
    pub(super) fn row(&self, event: u64) -> impl Iterator<Item = f32> + '_ {
        let (tile, lane) = (self.tile(event), (event % LANES as u64) as usize);
        self.lanes[tile * self.dims..(tile + 1) * self.dims]
            .iter()
            .map(move |lanes| lanes[lane])
    }

    /// How many bytes are held.
    pub(super) fn bytes(&self) -> usize {
        self.lanes.capacity() * size_of::<Lanes>()
    }
}
