//! Why a record cannot be read, and where.

use crate::data::BadCause;

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// At which byte of the text that was read.
    pub(super) at: usize,
    pub(super) cause: BadCause,
    /// In full.
    pub(super) reason: String,
}

impl Fault {
    #[cold]
    pub(super) fn new(at: usize, cause: BadCause, reason: impl Into<String>) -> Self {
        Self {
            at,
            cause,
            reason: reason.into(),
        }
    }

    #[cold]
    pub(super) fn malformed(at: usize, reason: impl Into<String>) -> Self {
        Self::new(at, BadCause::Malformed, reason)
    }

    /// The same in a text in which this one begins at `base`.
    #[must_use]
    pub(super) fn within(mut self, base: usize) -> Self {
        self.at += base;
        self
    }
}
