//! The state of a call (or of several) for all groups.

use std::cmp::Ordering;

use crate::data::{Column, Value};

use super::Groups;
use super::best::Bests;
use super::ends::Ends;
use super::extremes::AllExtremes;
use super::frequencies::AllFrequencies;
use super::kept::Samples;
use super::layout::{Call, Kind};
use super::lists::Lists;
use super::numbers::Numbers;
use super::registers::AllRegisters;
use super::sketch::Sketches;
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
    Best(Bests),
    All(Lists),
    Kept(Samples),
    Frequencies(AllFrequencies),
    Sketch(Sketches),
    Registers(AllRegisters),
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
            State::Best($state) => $do,
            State::All($state) => $do,
            State::Kept($state) => $do,
            State::Frequencies($state) => $do,
            State::Sketch($state) => $do,
            State::Registers($state) => $do,
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
            Kind::ArgMin => Self::Best(Bests::new(Ordering::Less)),
            Kind::ArgMax => Self::Best(Bests::new(Ordering::Greater)),
            Kind::All => Self::All(Lists::default()),
            Kind::Sample | Kind::Series | Kind::Timed | Kind::Pairs => Self::Kept(Samples::new(kind)),
            Kind::Frequencies => Self::Frequencies(AllFrequencies::default()),
            Kind::Sketch => Self::Sketch(Sketches::default()),
            Kind::Registers => Self::Registers(AllRegisters::default()),
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
            (Self::Best(state), [x, by, ..]) => state.update(x, by, groups),
            (Self::All(state), [x, ..]) => state.update(x, groups),
            (Self::Kept(state), args) => state.update(args, times, groups),
            (Self::Frequencies(state), [x, ..]) => state.update(x, groups),
            (Self::Sketch(state), [x, ..]) => state.update(x, groups),
            (Self::Registers(state), [x, ..]) => state.update(x, groups),
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
            (Self::Best(own), Self::Best(other)) => own.merge(group, other, from),
            (Self::All(own), Self::All(other)) => own.merge(group, other, from),
            (Self::Kept(own), Self::Kept(other)) => own.merge(group, other, from),
            (Self::Frequencies(own), Self::Frequencies(other)) => own.merge(group, other, from),
            (Self::Sketch(own), Self::Sketch(other)) => own.merge(group, other, from),
            (Self::Registers(own), Self::Registers(other)) => own.merge(group, other, from),
            _ => {}
        }
    }

    /// Adds all groups of another object, each to one of ours.
    pub(super) fn merge_all(&mut self, into: &[u32], other: &Self) {
        let into = || (0..).zip(into.iter().map(|group| *group as usize));
        match (self, other) {
            (Self::Rows(own), Self::Rows(other)) => into().for_each(|(from, group)| own.merge(group, other, from)),
            (Self::Sum(own), Self::Sum(other)) => into().for_each(|(from, group)| own.merge(group, other, from)),
            (Self::Moments(own), Self::Moments(other)) => {
                into().for_each(|(from, group)| own.merge(group, other, from));
            }
            (Self::Extremes(own), Self::Extremes(other)) => {
                into().for_each(|(from, group)| own.merge(group, other, from));
            }
            (own, other) => into().for_each(|(from, group)| own.merge(group, other, from)),
        }
    }

    /// Becomes what another is; keeps the memory, mostly.
    pub(super) fn copy_from(&mut self, other: &Self) {
        match (self, other) {
            (Self::Rows(own), Self::Rows(other)) | (Self::Count(own), Self::Count(other)) => own.copy_from(other),
            (Self::Sum(own), Self::Sum(other)) => own.copy_from(other),
            (Self::Moments(own), Self::Moments(other)) => own.copy_from(other),
            (Self::Extremes(own), Self::Extremes(other)) => own.copy_from(other),
            (own, other) => own.clone_from(other),
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
            Self::Best(state) => state.read(group),
            Self::All(state) => Ok(state.read(group)),
            Self::Kept(state) => state.read(call.function, &call.param, group),
            Self::Frequencies(state) => state.read(call.function, &call.param, group),
            Self::Sketch(state) => state.read(&call.param, group),
            Self::Registers(state) => Ok(state.read(group)),
        }
    }

    /// The values of some groups, where they are numbers of one type and nothing is wrong with any; else
    /// they are read one by one.
    pub(super) fn column(&self, call: &Call, groups: &[u32]) -> Option<Column> {
        match self {
            Self::Rows(state) | Self::Count(state) => state.column(groups),
            Self::Sum(state) => state.column(call.function, groups),
            Self::Moments(state) => state.column(call.function, groups),
            Self::Extremes(state) => state.column(call.function, groups),
            _ => None,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        any!(self, state => state.bytes())
    }
}
