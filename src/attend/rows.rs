//! Vectors of events with consecutive numbers, one after the other.

/// Vectors, each contiguous; dropped at the front like [`super::tiles::Tiles`].
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    dims: usize,
    values: Vec<f32>,
    /// The number of the first event in the store.
    first: u64,
    len: usize,
}

impl Rows {
    /// No events yet.
    pub(super) fn new(dims: usize) -> Self {
        Self {
            dims,
            ..Self::default()
        }
    }

    /// Adds the next event.
    pub(super) fn push(&mut self, row: &[f32]) {
        self.values.extend_from_slice(row);
        self.len += 1;
    }

    /// Drops events before a number.
    pub(super) fn forget(&mut self, before: u64) {
        let dead = (before.saturating_sub(self.first) as usize).min(self.len);
        if dead * 2 > self.len {
            self.values.drain(..dead * self.dims);
            self.first += dead as u64;
            self.len -= dead;
        }
    }

    /// The vector of an event in the store.
    pub(super) fn row(&self, event: u64) -> &[f32] {
        let at = (event - self.first) as usize * self.dims;
        &self.values[at..at + self.dims]
    }

    /// How many bytes are held.
    pub(super) fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<f32>()
    }
}
