//! Which morsels make up a round, and which records are then complete.

use std::sync::Arc;

use super::{Observer, RunError, RunOptions};
use crate::plan::Plan;
use crate::read::{Base, DecodePlan, Input, Morsel};

/// Morsels in a round.
pub(super) const ROUND: usize = 16;

/// The key below which all records are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bound {
    /// All whose key is smaller than this one.
    Before {
        /// Effective time.
        time: i64,
        /// Number of the input.
        input: usize,
        /// Offset in it.
        offset: u64,
    },
    /// All there are.
    End,
}

/// Morsels that are decoded together.
#[derive(Debug)]
pub(super) struct Round {
    /// The morsels with the number of their input and, where it is known already, where they stand.
    pub(super) morsels: Vec<(usize, Morsel, Option<Base>)>,
    /// For each how many lines of its input lie before it.
    pub(super) lines: Option<Vec<u64>>,
    /// Every record whose key is below this is in this round or came in one before.
    pub(super) bound: Option<Bound>,
}

/// Hands out the morsels of all inputs.
pub(super) struct Supply<'i> {
    inputs: &'i mut [Input],
    at: usize,
}

impl<'i> Supply<'i> {
    pub(super) fn new(
        _: &Plan,
        _: &Arc<DecodePlan>,
        inputs: &'i mut [Input],
        _: &RunOptions,
        _: &dyn Observer,
    ) -> Result<Self, RunError> {
        Ok(Self { inputs, at: 0 })
    }

    pub(super) fn inputs(&self) -> &[Input] {
        self.inputs
    }

    pub(super) fn round(&mut self) -> Result<Round, RunError> {
        let mut morsels = Vec::new();
        while morsels.len() < ROUND && self.at < self.inputs.len() {
            match self.inputs[self.at].next_morsel()? {
                Some(morsel) => morsels.push((self.at, morsel, None)),
                None => self.at += 1,
            }
        }
        Ok(Round {
            morsels,
            lines: None,
            bound: None,
        })
    }
}
