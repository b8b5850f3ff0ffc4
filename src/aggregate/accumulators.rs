//! Accumulators of several calls for many groups.

use std::borrow::Cow;
use std::sync::Arc;

use crate::data::Column;

use super::builder::Builder;
use super::layout::Layout;
use super::state::State;
use super::{CallErrors, Groups, Spec};

/// The state of several calls for groups numbered from 0: one object for all of them, with one vector
/// for each state (calls over the same arguments share theirs).
#[derive(Clone, Debug)]
pub struct Accumulators {
    layout: Arc<Layout>,
    states: Vec<State>,
    groups: usize,
}

impl Accumulators {
    /// Accumulators of no groups yet.
    #[must_use]
    pub fn new(specs: &[Spec]) -> Self {
        Self::of(Arc::new(Layout::new(specs)))
    }

    /// Accumulators of the same calls and no groups.
    #[must_use]
    pub fn empty_like(&self) -> Self {
        Self::of(Arc::clone(&self.layout))
    }

    fn of(layout: Arc<Layout>) -> Self {
        let states = layout.shapes.iter().map(|shape| State::new(shape.kind)).collect();
        Self {
            layout,
            states,
            groups: 0,
        }
    }

    /// How many groups there are.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Makes more groups; new ones are empty. There are never fewer than before.
    pub fn grow(&mut self, groups: usize) {
        if groups > self.groups {
            self.groups = groups;
            self.states.iter_mut().for_each(|state| state.grow(groups));
        }
    }

    /// Goes back to no groups; keeps the memory.
    pub fn clear(&mut self) {
        self.groups = 0;
        self.states.iter_mut().for_each(State::clear);
    }

    /// Takes in rows, in order. `args[call]` has the columns of the call's arguments, `times` the
    /// event times in nanoseconds; `rows` selects rows of both (none: all). The i-th row taken goes to
    /// the i-th of `groups`, which all are below [`Accumulators::groups`].
    ///
    /// # Panics
    /// When a group, a row or a column is not there.
    pub fn update(&mut self, args: &[Vec<Column>], times: &[i64], rows: Option<&[u32]>, groups: Groups<'_>) {
        let times = match rows {
            None => Cow::Borrowed(times),
            Some(rows) => rows.iter().map(|&row| times[row as usize]).collect(),
        };
        let column = |&(call, place): &(usize, usize)| match rows {
            None => Cow::Borrowed(&args[call][place]),
            Some(rows) => Cow::Owned(args[call][place].take(rows)),
        };
        let all: Vec<Cow<'_, Column>> = self.layout.columns.iter().map(column).collect();
        for (state, shape) in self.states.iter_mut().zip(&self.layout.shapes) {
            let columns: Vec<&Column> = shape.inputs.iter().map(|&at| &*all[at]).collect();
            state.update(&columns, &times, groups);
        }
    }

    /// Adds what a group of another object with the same calls holds; its rows come after ours.
    ///
    /// # Panics
    /// When one of the groups is not there.
    pub fn merge(&mut self, group: u32, other: &Self, other_group: u32) {
        for (state, other) in self.states.iter_mut().zip(&other.states) {
            state.merge(group as usize, other, other_group as usize);
        }
    }

    /// Adds all groups of another object with the same calls, each to the one of ours that `into` has for
    /// it; their rows come after ours.
    ///
    /// # Panics
    /// When one of ours is not there.
    pub fn merge_all(&mut self, into: &[u32], other: &Self) {
        for (state, other) in self.states.iter_mut().zip(&other.states) {
            state.merge_all(into, other);
        }
    }

    /// Becomes what another with the same calls is.
    pub fn copy_from(&mut self, other: &Self) {
        self.groups = other.groups;
        for (state, other) in self.states.iter_mut().zip(&other.states) {
            state.copy_from(other);
        }
    }

    /// The values of some groups: a column for each call, with one value for each of `groups`. What
    /// cannot be evaluated is null, and is added to `errors`, calls in order.
    ///
    /// # Panics
    /// When a group is not there.
    #[must_use]
    pub fn read(&self, groups: &[u32], errors: &mut Vec<CallErrors>) -> Vec<Column> {
        let column = |(at, call): (usize, &super::layout::Call)| {
            let state = &self.states[call.state];
            if let Some(column) = state.column(call, groups) {
                return column;
            }
            let mut builder = Builder::new();
            let mut failed: Option<CallErrors> = None;
            for &group in groups {
                let value = state.read(call, group as usize);
                builder.push(value.unwrap_or_else(|message| super::note(&mut failed, at, message)));
            }
            errors.extend(failed);
            builder.finish()
        };
        self.layout.calls.iter().enumerate().map(column).collect()
    }

    /// About how many bytes are held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.states.iter().map(State::bytes).sum()
    }
}
