//! Selections: which rows of the batch are meant.
//!
//! Invariant: row numbers ascend strictly. Set operations are merges, linear in both sides. Clones
//! share their rows, and [`Selection::same`] compares by identity first, so that a column kept for a selection is
//! found again in constant time.

use std::sync::Arc;

use arrow::buffer::BooleanBuffer;

/// All rows of a batch, or some.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    /// None: all.
    rows: Option<Arc<Vec<u32>>>,
    len: usize,
}

impl Selection {
    /// All of `n` rows.
    pub(super) fn all(n: usize) -> Self {
        Self { rows: None, len: n }
    }

    /// These rows, in ascending order.
    pub(super) fn of(rows: Vec<u32>) -> Self {
        Self {
            len: rows.len(),
            rows: Some(Arc::new(rows)),
        }
    }

    /// How many rows are selected.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether none are.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The rows as [`crate::data::Rows`] takes them: none for all.
    pub(super) fn rows(&self) -> Option<&[u32]> {
        self.rows.as_deref().map(Vec::as_slice)
    }

    /// The row at a place of the selection.
    pub(super) fn row(&self, at: usize) -> u32 {
        self.rows.as_ref().map_or(at as u32, |rows| rows[at])
    }

    /// All selected rows.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        (0..self.len).map(|at| self.row(at))
    }

    /// Whether both select the same rows of the same batch.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (&self.rows, &other.rows) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }

    /// The selected rows as numbers.
    pub(super) fn into_vec(self) -> Vec<u32> {
        match self.rows {
            None => (0..self.len as u32).collect(),
            Some(rows) => Arc::try_unwrap(rows).unwrap_or_else(|rows| rows.to_vec()),
        }
    }

    /// Those at the places whose bits are set.
    pub(super) fn keep(&self, bits: &BooleanBuffer) -> Self {
        let kept = bits.count_set_bits();
        if kept == self.len {
            return self.clone();
        }
        let mut rows = Vec::with_capacity(kept);
        match self.rows() {
            None => rows.extend(bits.set_indices().map(|at| at as u32)),
            Some(own) => rows.extend(bits.set_indices().map(|at| own[at])),
        }
        Self::of(rows)
    }

    /// The selected rows that are not in `part`, a part of this selection.
    pub(super) fn without(&self, part: &Self) -> Self {
        if part.is_empty() {
            return self.clone();
        }
        let mut rows = Vec::with_capacity(self.len - part.len);
        let mut at = 0;
        for row in self.iter() {
            if at < part.len && part.row(at) == row {
                at += 1;
            } else {
                rows.push(row);
            }
        }
        Self::of(rows)
    }

    /// The rows of both; they have none in common.
    pub(super) fn union(&self, other: &Self) -> Self {
        if other.is_empty() {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        let mut rows = Vec::with_capacity(self.len + other.len);
        let (mut a, mut b) = (0, 0);
        while a < self.len && b < other.len {
            let (x, y) = (self.row(a), other.row(b));
            rows.push(x.min(y));
            a += usize::from(x < y);
            b += usize::from(y < x);
        }
        rows.extend((a..self.len).map(|at| self.row(at)));
        rows.extend((b..other.len).map(|at| other.row(at)));
        Self::of(rows)
    }

    /// One bit for each selected row: whether it is in `part`, a part of this selection.
    pub(super) fn bits_of(&self, part: &Self) -> BooleanBuffer {
        if part.len == self.len {
            return BooleanBuffer::new_set(self.len);
        }
        let mut at = 0;
        BooleanBuffer::collect_bool(self.len, |place| {
            let hit = at < part.len && part.row(at) == self.row(place);
            at += usize::from(hit);
            hit
        })
    }

    /// The places in this selection of the rows of `part`; none if it is no part of this one.
    pub(super) fn places_of(&self, part: &Self) -> Option<Vec<u32>> {
        let Some(own) = self.rows() else {
            return Some(part.clone().into_vec());
        };
        if part.len > self.len {
            return None;
        }
        let mut at = 0;
        part.iter()
            .map(|row| {
                at += own[at..].iter().position(|&other| other >= row)?;
                (own[at] == row).then_some(at as u32)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_operations() {
        let all = Selection::all(6);
        let some = Selection::of(vec![1, 2, 4]);
        assert_eq!(all.without(&some).into_vec(), [0, 3, 5]);
        assert_eq!(some.union(&Selection::of(vec![0, 3])).into_vec(), [0, 1, 2, 3, 4]);
        assert_eq!(some.places_of(&Selection::of(vec![2, 4])), Some(vec![1, 2]));
        assert_eq!(some.places_of(&Selection::of(vec![2, 3])), None);
        assert_eq!(some.places_of(&Selection::of(vec![5])), None);
        assert_eq!(all.places_of(&some), Some(vec![1, 2, 4]));
        let bits = some.bits_of(&Selection::of(vec![2]));
        assert_eq!(bits.iter().collect::<Vec<_>>(), [false, true, false]);
        assert_eq!(some.keep(&bits).into_vec(), [2]);
    }
}
