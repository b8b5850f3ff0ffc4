//! The state of a call (or of several) for all groups.

use crate::data::{Column, Value};

use super::Groups;
use super::ends::Ends;
use super::extremes::AllExtremes;
use super::layout::{Call, Kind};
use super::numbers::Numbers;
use super::tally::Tally;
use super::truth::Truths;

/// A value, or why there is none.
pub(super) type Read = Result<Value, String>;

/// A state of any kind.
#[derive(Clone, Debug)]
pub(super) enum State {
    Rows(Tally),
    Count(Tally),
    Sum(Numbers<0>),
    Moments(Numbers<4>),
    Extremes(AllExtremes),
    First(Ends),
    Last(Ends),
    Truth(Truths),
}

/// Does the same with a state of any kind.
macro_rules! any {
    ($self:expr, $state:ident => $do:expr) => {
        match $self {
            State::Rows($state) | State::Count($state) => $do,
            State::Sum($state) => $do,
            State::Moments($state) => $do,
            State::Extremes($state) => $do,
            State::First($state) | State::Last($state) => $do,
            State::Truth($state) => $do,
        }
    };
}

impl State {
    pub(super) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Rows => Self::Rows(Tally::default()),
            Kind::Count => Self::Count(Tally::default()),
            Kind::Sum => Self::Sum(Numbers::default()),
            Kind::Moments => Self::Moments(Numbers::default()),
            Kind::Extremes => Self::Extremes(AllExtremes::default()),
            Kind::First => Self::First(Ends::default()),
            Kind::Last => Self::Last(Ends::default()),
            Kind::Truth => Self::Truth(Truths::default()),
            _ => Self::Rows(Tally::default()),
        }
    }

    pub(super) fn grow(&mut self, groups: usize) {
        any!(self, state => state.grow(groups));
    }

    pub(super) fn clear(&mut self) {
        any!(self, state => state.clear());
    }

    /// Takes in rows; `args` are this state's columns.
    pub(super) fn update(&mut self, args: &[&Column], times: &[i64], groups: Groups<'_>) {
        match (self, args) {
            (Self::Rows(state), _) => state.rows(times.len(), groups),
            (Self::Count(state), [x, ..]) => state.update(x, groups),
            (Self::Sum(state), [x, ..]) => state.update(x, groups),
            (Self::Moments(state), [x, ..]) => state.update(x, groups),
            (Self::Extremes(state), [x, ..]) => state.update(x, groups),
            (Self::First(state), [x, ..]) => state.update_first(x, groups),
            (Self::Last(state), [x, ..]) => state.update_last(x, groups),
            (Self::Truth(state), [x, ..]) => state.update(x, groups),
            _ => {}
        }
    }

    /// Adds a group of another object with the same calls.
    pub(super) fn merge(&mut self, group: usize, other: &Self, from: usize) {
        match (self, other) {
            (Self::Rows(own), Self::Rows(other)) | (Self::Count(own), Self::Count(other)) => {
                own.merge(group, other, from);
            }
            (Self::Sum(own), Self::Sum(other)) => own.merge(group, other, from),
            (Self::Moments(own), Self::Moments(other)) => own.merge(group, other, from),
            (Self::Extremes(own), Self::Extremes(other)) => own.merge(group, other, from),
            (Self::First(own), Self::First(other)) => own.merge_first(group, other, from),
            (Self::Last(own), Self::Last(other)) => own.merge_last(group, other, from),
            (Self::Truth(own), Self::Truth(other)) => own.merge(group, other, from),
            _ => {}
        }
    }

    pub(super) fn read(&self, call: &Call, group: usize) -> Read {
        match self {
            Self::Rows(state) | Self::Count(state) => Ok(state.read(group)),
            Self::Sum(state) => state.read(call.function, group),
            Self::Moments(state) => state.read(call.function, group),
            Self::Extremes(state) => state.read(call.function, group),
            Self::First(state) | Self::Last(state) => Ok(state.read(group)),
            Self::Truth(state) => state.read(call.function, group),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        any!(self, state => state.bytes())
    }
}
