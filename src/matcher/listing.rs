//! How the runs at a state are found: by partition or key, and where that leaves many, by the values that
//! a row is compared with.

use indexmap::IndexSet;

use super::boxes::{Boxes, Side, Test, place};
use super::indexed::{Indexed, nameable};
use super::matching::Walking;
use super::program::{Complete, StateId};
use super::runs::{List, Listing, NONE, RunId};
use super::ticks::Row;
use crate::data::Key;
use crate::data::value::FixedHasher;
use crate::ir::{BinaryOp, Selection, Which};

/// Of so many runs in a list, all are looked at.
const FEW: u32 = 32;

impl Walking {
    /// Makes a state known, when a run first comes to it.
    pub(super) fn reached(&mut self, id: StateId) {
        self.program.reach(id);
        if self.listings.len() <= id as usize {
            self.listings.resize(id as usize + 1, Listing::default());
        }
        let state = self.program.state(id);
        let strict = self.pattern.select == Selection::Strict;
        let keyed = state.moves.iter().find_map(|one| self.keyed.probes[one.step]);
        let keyed = keyed.map(|probe| probe.domain);
        let by_key = |step: usize| keyed.is_some() && self.keyed.probes[step].map(|probe| probe.domain) == keyed;
        let next = |step: usize| strict || self.pattern.steps[step].next;
        // Runs that can only go on at the very next tick are looked at by partition then.
        let restless = strict
            || state.complete == Complete::No
                && !state.moves.is_empty()
                && state.moves.iter().all(|one| next(one.step))
                && state.shared.is_none();
        let restless = restless && id != self.program.start;
        let keyed = keyed.filter(|_| !restless && state.moves.iter().any(|one| !next(one.step)));
        self.listings[id as usize] = Listing {
            plain: restless
                || self.trace.is_some()
                || state
                    .moves
                    .iter()
                    .any(|one| keyed.is_none() || !by_key(one.step) || next(one.step)),
            keyed,
        };
        let indexed = (!restless).then(|| self.index_of(id)).flatten();
        self.indexed.resize_with(self.listings.len(), || None);
        self.indexed[id as usize] = indexed;
        if restless {
            self.restless.push(id);
        }
        if id != self.program.start {
            for (at, one) in state.moves.iter().enumerate() {
                self.takers[one.step].push((id, at as u32));
            }
        }
    }

    /// Whether a state has been made known.
    pub(super) fn is_reached(&self, id: StateId) -> bool {
        (id as usize) < self.listings.len() && self.program.is_reached(id)
    }

    /// The first move of a state that has comparisons besides the key's, of values that stay as they are
    /// while a run waits there.
    fn index_of(&self, id: StateId) -> Option<Indexed> {
        let state = self.program.state(id);
        let keyed = self.listings[id as usize].keyed;
        state.moves.iter().enumerate().find_map(|(at, one)| {
            let step = &self.pattern.steps[one.step];
            let probe = self.keyed.probes[one.step].filter(|probe| keyed == Some(probe.domain));
            let stays = |other: &crate::ir::Bound| {
                let shared = state.shared.map(|shared| shared.0);
                let grows = other.values.iter().any(|(of, _)| Some(*of) == shared);
                step.alias != Some(other.alias) && !(grows && other.which == Which::Last)
            };
            let compares = step.compare.iter().enumerate();
            let compares =
                compares.filter(|(at, compare)| Some(*at) != probe.map(|probe| probe.compare) && stays(&compare.other));
            let compares: Vec<usize> = compares.map(|(at, _)| at).collect();
            (!compares.is_empty() && !step.next).then_some(Indexed {
                at: at as u32,
                by_key: probe.is_some(),
                names: compares.iter().map(|_| IndexSet::default()).collect(),
                compares,
            })
        })
    }

    /// Puts a run into the lists of its state.
    pub(super) fn enlist(&mut self, id: RunId) {
        let state = self.runs.get(id).state;
        self.runs.enlist(id, self.listings[state as usize]);
        if self.indexed[state as usize].is_some() {
            self.plant(state, id);
        }
    }

    /// Takes a run out of the lists of its state.
    pub(super) fn delist(&mut self, id: RunId) {
        let state = self.runs.get(id).state;
        let slot = std::mem::replace(&mut self.runs.get_mut(id).slot, NONE);
        if slot != NONE
            && let Some(number) = self.tree_of(state, id)
        {
            let tree = &mut self.trees[state as usize][number as usize];
            if let Some(found) = tree {
                found.take(slot);
                if found.is_empty() {
                    *tree = None;
                }
            }
        }
        self.runs.delist(id, self.listings[state as usize]);
    }

    /// The partition or key by which a run's tree is found.
    fn tree_of(&self, state: StateId, id: RunId) -> Option<u32> {
        let indexed = self.indexed[state as usize].as_ref()?;
        let run = self.runs.get(id);
        let number = if indexed.by_key { run.key } else { run.partition };
        (number != NONE).then_some(number)
    }

    /// Adds a run to the tree of its list, if that has one.
    fn plant(&mut self, state: StateId, id: RunId) {
        let Some(number) = self.tree_of(state, id) else { return };
        let trees = self.trees.get(state as usize);
        if !trees.is_some_and(|trees| trees.get(number as usize).is_some_and(Option::is_some)) {
            return;
        }
        let values = self.sides(state, id);
        let mut moved = Vec::new();
        if let Some(tree) = &mut self.trees[state as usize][number as usize] {
            tree.add(id, &values, &mut moved);
        }
        self.settle_in(moved);
    }

    fn settle_in(&mut self, moved: Vec<(RunId, u32)>) {
        for (run, slot) in moved {
            self.runs.get_mut(run).slot = slot;
        }
    }

    /// The values of a run that rows are compared with.
    fn sides(&mut self, state: StateId, id: RunId) -> Vec<Side> {
        let Some(mut indexed) = self.indexed[state as usize].take() else {
            return Vec::new();
        };
        let step = self.program.state(state).moves[indexed.at as usize].step;
        let mut side = |(at, names): (&usize, &mut IndexSet<Key, FixedHasher>)| {
            let compare = &self.pattern.steps[step].compare[*at];
            let (by, event) = self.taken().bound(self.runs.captures(id), &compare.other)?;
            let value = compare.other.values.iter().find(|(of, _)| *of == by)?.1;
            let (column, row) = self.store.value(event, value);
            if compare.op == BinaryOp::Ne {
                return Some(names.insert_full(nameable(column.value(row))?).0 as f64);
            }
            place(column, row)
        };
        let sides = indexed.compares.iter().zip(&mut indexed.names).map(&mut side).collect();
        self.indexed[state as usize] = Some(indexed);
        sides
    }

    /// Appends the runs in a list that could take a row by this move; those that cannot may be among them.
    pub(super) fn candidates(
        &mut self,
        (state, at): (StateId, u32),
        (list, number): (List, u32),
        row: &Row,
        found: &mut Vec<RunId>,
    ) {
        let is_indexed = self.indexed[state as usize]
            .as_ref()
            .is_some_and(|indexed| indexed.at == at);
        if !is_indexed || self.runs.count(state, list, number) <= FEW {
            found.extend(self.runs.listed(state, list, number).iter());
            return;
        }
        self.grow(state, list, number);
        let Some(indexed) = &self.indexed[state as usize] else {
            return;
        };
        let step = self.program.state(state).moves[at as usize].step;
        let test = |(at, names): (&usize, &IndexSet<Key, FixedHasher>)| {
            let compare = &self.pattern.steps[step].compare[*at];
            let column = self.store.fresh(row.at.0, compare.own);
            let row = row.at.1 as usize;
            let own = if compare.op == BinaryOp::Ne {
                let name = nameable(column.value(row)).and_then(|key| names.get_index_of(&key));
                name.map(|name| name as f64)
            } else {
                place(column, row)
            };
            Test { op: compare.op, own }
        };
        let tests: Vec<Test> = indexed.compares.iter().zip(&indexed.names).map(test).collect();
        let mut moved = Vec::new();
        if let Some(tree) = &mut self.trees[state as usize][number as usize] {
            tree.find(&tests, found);
            tree.settle(&mut moved);
        }
        self.settle_in(moved);
    }

    /// Makes the tree of a list, if there is none.
    fn grow(&mut self, state: StateId, list: List, number: u32) {
        if self.trees.len() <= state as usize {
            self.trees.resize_with(state as usize + 1, Vec::new);
        }
        let trees = &mut self.trees[state as usize];
        if trees.len() <= number as usize {
            trees.resize_with(number as usize + 1, || None);
        }
        if trees[number as usize].is_some() {
            return;
        }
        let runs: Vec<RunId> = self.runs.listed(state, list, number).iter().collect();
        let runs: Vec<(RunId, Vec<Side>)> = runs.into_iter().map(|id| (id, self.sides(state, id))).collect();
        let dims = self.indexed[state as usize]
            .as_ref()
            .map_or(0, |indexed| indexed.compares.len());
        let mut moved = Vec::new();
        let tree = Boxes::new(dims, runs, &mut moved);
        self.trees[state as usize][number as usize] = Some(Box::new(tree));
        self.settle_in(moved);
    }
}
