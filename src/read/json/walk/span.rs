//! Where a value stands in a text.

/// Where a value stands in a text, with its quotes or brackets. An empty span is no value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::read::json) struct Span {
    pub(in crate::read::json) start: u32,
    pub(in crate::read::json) end: u32,
}

impl Span {
    /// Nothing was found.
    pub(in crate::read::json) const MISSING: Self = Self { start: 0, end: 0 };

    pub(super) fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    pub(in crate::read::json) fn is_missing(self) -> bool {
        self.end == 0
    }

    /// The bytes of the value.
    pub(in crate::read::json) fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Missing, or null.
    pub(in crate::read::json) fn is_null(self, text: &[u8]) -> bool {
        self.is_missing() || self.of(text) == b"null"
    }

    /// The same in a text in which this one begins at `base`.
    #[inline]
    pub(in crate::read::json) fn within(self, base: u32) -> Self {
        if self.is_missing() {
            return self;
        }
        Self {
            start: self.start + base,
            end: self.end + base,
        }
    }
}
