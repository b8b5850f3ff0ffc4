//! Which morsels make up a round, and which records are then complete.
//!
//! Records are replayed in the order of the key `(e, input, offset)`, `e` being the effective time
//! (see `clock`). How the next morsels are found depends on the order asked for:
//! - *as they lie*: one input after another, nothing is looked at;
//! - *by time*: the inputs are looked through, and the morsels come in the order of their smallest
//!   key ([`Schedule`]);
//! - *by arrival*, or where order is taken for granted: the morsels come as they lie, of several
//!   inputs first from the one that is furthest behind ([`Merge`]).

use std::sync::Arc;

use super::merge::Merge;
use super::report::OrderReport;
use super::schedule::Schedule;
use super::{Observer, Order, RunError, RunOptions};
use crate::plan::Plan;
use crate::read::{Base, DecodePlan, Decoded, Input, Morsel};

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
    /// For each how many lines of its input lie before it; none: they come in order of their input,
    /// so the lines add up.
    pub(super) lines: Option<Vec<u64>>,
    /// The records of each, where they were found already; may be shorter.
    pub(super) decoded: Vec<Option<Box<Decoded>>>,
    /// Every record whose key is below this is in this round or came in one before. None: not known
    /// before the records are decoded.
    pub(super) bound: Option<Bound>,
}

/// Hands out the morsels of all inputs.
pub(super) struct Supply<'i> {
    inputs: &'i mut [Input],
    how: How,
    order: Order,
    watermark: bool,
}

enum How {
    /// The input at hand.
    Straight(usize),
    Schedule(Schedule),
    Merge(Merge),
}

impl<'i> Supply<'i> {
    /// Gets ready, on the rayon pool it is called in; for an order by time this looks through the
    /// inputs. `decode` is what the main pass decodes by.
    ///
    /// # Errors
    /// When an input cannot be read, or none of its records has a time and the program needs one.
    pub(super) fn new(
        plan: &Plan,
        decode: &Arc<DecodePlan>,
        inputs: &'i mut [Input],
        options: &RunOptions,
        observer: &dyn Observer,
    ) -> Result<Self, RunError> {
        let how = match options.order {
            Order::Input => How::Straight(0),
            Order::Time => How::Schedule(Schedule::new(plan, decode, inputs, options, observer)?),
            Order::Assumed => How::Merge(Merge::new(plan, decode, inputs.len(), None, options)?),
            Order::Arrival { slack } => How::Merge(Merge::new(plan, decode, inputs.len(), Some(slack), options)?),
        };
        Ok(Self {
            inputs,
            how,
            order: options.order,
            watermark: options.watermark,
        })
    }

    /// The inputs.
    pub(super) fn inputs(&self) -> &[Input] {
        self.inputs
    }

    /// The next morsels; none at the end.
    ///
    /// # Errors
    /// When an input cannot be read, or is not in the order that was taken for granted.
    pub(super) fn round(&mut self) -> Result<Round, RunError> {
        match &mut self.how {
            How::Straight(at) => straight(self.inputs, at),
            How::Schedule(schedule) => schedule.round(self.inputs),
            How::Merge(merge) => merge.round(self.inputs),
        }
    }

    /// What was found out about the order of the inputs; complete after the last round.
    pub(super) fn report(&self) -> OrderReport {
        let found = match &self.how {
            How::Straight(_) => OrderReport::default(),
            How::Schedule(schedule) => schedule.report(),
            How::Merge(merge) => merge.report(),
        };
        OrderReport {
            order: self.order,
            idle_watermark: self.watermark && !matches!(self.order, Order::Arrival { .. }),
            ..found
        }
    }

    /// Ends well: gives the file of late records its name.
    ///
    /// # Errors
    /// When that cannot be written.
    pub(super) fn finish(self) -> Result<(), RunError> {
        match self.how {
            How::Merge(merge) => merge.finish(),
            How::Straight(_) | How::Schedule(_) => Ok(()),
        }
    }
}

fn straight(inputs: &mut [Input], at: &mut usize) -> Result<Round, RunError> {
    let mut morsels = Vec::new();
    while morsels.len() < ROUND && *at < inputs.len() {
        match inputs[*at].next_morsel()? {
            Some(morsel) => morsels.push((*at, morsel, None)),
            None => *at += 1,
        }
    }
    Ok(Round {
        morsels,
        lines: None,
        decoded: Vec::new(),
        bound: None,
    })
}
