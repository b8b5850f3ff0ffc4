//! A pattern as states, each a pattern of what is still to come, and the moves between them.
//!
//! A state is what remains of the pattern when some of its events have been taken (its derivative:
//! Brzozowski, "Derivatives of Regular Expressions", JACM 11(4), 1964, over steps in the place of
//! letters, with counted repetition and interleaving). States are made when a run first comes to them,
//! and equal ones are one.
//!
//! The moves of a state stand in the order in which they win: what lies later in the pattern first, then
//! what comes first in the text.

use indexmap::IndexSet;

use crate::data::value::FixedHasher;
use crate::ir::{Pattern, Selection, Shape, StepId};

/// The number of a state.
pub(super) type StateId = u32;

/// What remains of a pattern, or of a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Term {
    /// Nothing is needed, and nothing can be taken.
    Empty,
    Step(StepId),
    /// Of a sequence only.
    Absent(StepId),
    /// `begun`: it has taken an event. `mark`: where runs keep the last one it took, if that may not be
    /// the run's last.
    Seq {
        items: Vec<StateId>,
        begun: bool,
        mark: Option<u8>,
    },
    And(Vec<StateId>),
    Or(Vec<StateId>),
    /// The rest of a repetition's body, then the repetition.
    Again(StateId, StateId),
    Repeat {
        body: StateId,
        min: u32,
        max: Option<u32>,
    },
    /// In the middle of a repetition whose events all runs share (see [`Program::shared`]).
    Shared {
        step: StepId,
        min: u32,
        max: Option<u32>,
    },
}

/// Whether a state needs nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Complete {
    No,
    Yes,
    /// With so many elements of the shared repetition.
    With(u32),
}

impl Complete {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, one) | (one, Self::Yes) => one,
            (Self::With(a), Self::With(b)) => Self::With(a.max(b)),
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, one) | (one, Self::No) => one,
            (Self::With(a), Self::With(b)) => Self::With(a.min(b)),
        }
    }
}

/// A step that a state can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) step: StepId,
    pub(super) to: StateId,
    /// The absences that lie between, and where the last event before each is kept (none: it is the
    /// run's last).
    pub(super) crossed: Vec<(StepId, Option<u8>)>,
    /// The marks to set, as bits.
    pub(super) marks: u64,
    /// The shared repetition that is left needs so many elements for it (0: none is left).
    pub(super) needs: u32,
}

/// A state.
#[derive(Debug)]
pub(super) struct State {
    pub(super) moves: Vec<Move>,
    pub(super) complete: Complete,
    /// The shared repetition it is in, and the most elements that takes.
    pub(super) shared: Option<(StepId, Option<u32>)>,
}

/// A pattern as states.
#[derive(Debug)]
pub(super) struct Program {
    terms: IndexSet<Term, FixedHasher>,
    states: Vec<Option<State>>,
    /// The state of a run that has taken nothing.
    pub(super) start: StateId,
    /// An absence in first and in last place.
    pub(super) leading: Option<StepId>,
    pub(super) trailing: Option<StepId>,
    /// The steps that can only be taken again and again, by every run alike: runs share one log of such
    /// events instead of taking each by itself.
    pub(super) shared: Vec<bool>,
    /// The steps that one run can take several events with.
    pub(super) repeats: Vec<bool>,
    /// Steps of the first repetition, where the pattern begins with one.
    pub(super) first_repetition: Vec<StepId>,
    /// The pattern is a repetition and nothing else.
    pub(super) lone: bool,
    /// How many marks a run keeps.
    pub(super) marks: usize,
}

impl Program {
    pub(super) fn new(pattern: &Pattern) -> Self {
        let (leading, core, trailing) = strip(&pattern.shape);
        let mut program = Self {
            terms: IndexSet::default(),
            states: Vec::new(),
            start: 0,
            leading,
            trailing,
            shared: shared(pattern, &core, trailing.is_some()),
            repeats: repeats(pattern, &core),
            first_repetition: first_repetition(&core),
            lone: matches!(core, Shape::Repeat(..)) && leading.is_none() && trailing.is_none(),
            marks: 0,
        };
        program.intern(Term::Empty);
        program.start = program.term(&core, false);
        program.reach(program.start);
        program
    }

    /// The state that needs nothing and can take nothing.
    pub(super) const CLOSED: StateId = 0;

    /// A state that has been reached.
    #[inline]
    pub(super) fn state(&self, id: StateId) -> &State {
        match &self.states[id as usize] {
            Some(state) => state,
            None => &NOWHERE,
        }
    }

    /// Makes a state, if it is not there yet; whether it is new.
    pub(super) fn reach(&mut self, id: StateId) -> bool {
        if self.states.len() <= id as usize {
            self.states.resize_with(id as usize + 1, || None);
        }
        if self.states[id as usize].is_some() {
            return false;
        }
        let state = State {
            moves: self.moves(id),
            complete: self.complete(id),
            shared: self.sharing(id),
        };
        self.states[id as usize] = Some(state);
        true
    }

    /// The steps that can take a first event.
    pub(super) fn first_steps(&self) -> Vec<StepId> {
        self.state(self.start).moves.iter().map(|one| one.step).collect()
    }

    /// Whether a state has been made.
    pub(super) fn is_reached(&self, id: StateId) -> bool {
        self.states.get(id as usize).is_some_and(Option::is_some)
    }

    fn intern(&mut self, term: Term) -> StateId {
        self.terms.insert_full(term).0 as u32
    }

    fn get(&self, id: StateId) -> &Term {
        &self.terms[id as usize]
    }

    fn term(&mut self, shape: &Shape, aside: bool) -> StateId {
        let term = match shape {
            Shape::Step(step) => Term::Step(*step),
            Shape::Absent(step) => Term::Absent(*step),
            Shape::Seq(parts) => {
                let items = parts.iter().map(|part| self.term(part, aside)).collect();
                let mark = (aside && parts.iter().any(|part| matches!(part, Shape::Absent(_)))).then(|| {
                    self.marks += 1;
                    (self.marks - 1).min(MOST_MARKS) as u8
                });
                Term::Seq {
                    items,
                    begun: false,
                    mark,
                }
            }
            Shape::And(parts) => Term::And(parts.iter().map(|part| self.term(part, true)).collect()),
            Shape::Or(parts) => Term::Or(parts.iter().map(|part| self.term(part, aside)).collect()),
            Shape::Repeat(body, min, max) => Term::Repeat {
                body: self.term(body, aside),
                min: *min,
                max: *max,
            },
        };
        self.intern(term)
    }

    fn complete(&self, id: StateId) -> Complete {
        match self.get(id) {
            Term::Empty => Complete::Yes,
            Term::Step(_) | Term::Absent(_) => Complete::No,
            Term::Seq { items, .. } => self.all_complete(items),
            Term::And(parts) => self.all_complete(parts),
            Term::Or(parts) => {
                let all = parts.iter().map(|&part| self.complete(part));
                all.fold(Complete::No, Complete::or)
            }
            Term::Again(rest, repetition) => self.complete(*rest).and(self.complete(*repetition)),
            Term::Repeat { min: 0, .. } => Complete::Yes,
            Term::Repeat { .. } => Complete::No,
            Term::Shared { min: 0 | 1, .. } => Complete::Yes,
            Term::Shared { min, .. } => Complete::With(*min),
        }
    }

    fn all_complete(&self, parts: &[StateId]) -> Complete {
        let all = parts.iter().map(|&part| self.complete(part));
        all.fold(Complete::Yes, Complete::and)
    }

    fn sharing(&self, id: StateId) -> Option<(StepId, Option<u32>)> {
        match self.get(id) {
            Term::Shared { step, max, .. } => Some((*step, *max)),
            Term::Seq { items, .. } => match self.get(items[0]) {
                Term::Shared { step, max, .. } => Some((*step, *max)),
                _ => None,
            },
            _ => None,
        }
    }

    fn moves(&mut self, id: StateId) -> Vec<Move> {
        match self.get(id).clone() {
            Term::Empty | Term::Absent(_) | Term::Shared { .. } => Vec::new(),
            Term::Step(step) => vec![Move {
                step,
                to: Self::CLOSED,
                crossed: Vec::new(),
                marks: 0,
                needs: 0,
            }],
            Term::Seq { items, begun, mark } => self.seq_moves(&items, begun, mark),
            Term::And(parts) => {
                let mut all = Vec::new();
                for at in 0..parts.len() {
                    for one in self.moves(parts[at]) {
                        let mut rest = parts.clone();
                        rest[at] = one.to;
                        rest.retain(|&part| part != Self::CLOSED);
                        let to = match rest[..] {
                            [] => Self::CLOSED,
                            [last] => last,
                            _ => self.intern(Term::And(rest)),
                        };
                        all.push(Move { to, ..one });
                    }
                }
                all
            }
            Term::Or(parts) => parts.iter().flat_map(|&part| self.moves(part)).collect(),
            Term::Again(rest, repetition) => {
                let mut all = match self.complete(rest) {
                    Complete::No => Vec::new(),
                    _ => self.moves(repetition),
                };
                for one in self.moves(rest) {
                    let to = self.again(one.to, repetition);
                    all.push(Move { to, ..one });
                }
                all
            }
            Term::Repeat { body, min, max } => self.repeat_moves(body, min, max),
        }
    }

    fn repeat_moves(&mut self, body: StateId, min: u32, max: Option<u32>) -> Vec<Move> {
        if max == Some(0) {
            return Vec::new();
        }
        if let Term::Step(step) = *self.get(body)
            && self.shared[step]
        {
            let to = self.intern(Term::Shared { step, min, max });
            let first = self.moves(body).into_iter();
            return first.map(|one| Move { to, ..one }).collect();
        }
        let (min, max) = (min.saturating_sub(1), max.map(|max| max - 1));
        let repetition = match max {
            Some(0) => Self::CLOSED,
            _ => self.intern(Term::Repeat { body, min, max }),
        };
        let first = self.moves(body);
        first
            .into_iter()
            .map(|one| Move {
                to: self.again(one.to, repetition),
                ..one
            })
            .collect()
    }

    fn again(&mut self, rest: StateId, repetition: StateId) -> StateId {
        match (rest, repetition) {
            (Self::CLOSED, one) | (one, Self::CLOSED) => one,
            (rest, repetition) => self.intern(Term::Again(rest, repetition)),
        }
    }

    fn seq_moves(&mut self, items: &[StateId], begun: bool, mark: Option<u8>) -> Vec<Move> {
        let mut all = Vec::new();
        let Some((&head, tail)) = items.split_first() else {
            return all;
        };
        let head_complete = match self.get(head) {
            // What was before it has been taken to its end.
            Term::Absent(_) => Complete::Yes,
            _ => self.complete(head),
        };
        if head_complete != Complete::No {
            let mut crossed = Vec::new();
            if let (Term::Absent(step), true) = (self.get(head), begun) {
                crossed.push((*step, mark));
            }
            for mut one in self.seq_moves(tail, begun, mark) {
                one.crossed.splice(0..0, crossed.iter().copied());
                if let Complete::With(min) = head_complete {
                    one.needs = one.needs.max(min);
                }
                all.push(one);
            }
        }
        for mut one in self.moves(head) {
            if let Some(mark) = mark {
                one.marks |= 1 << mark;
            }
            one.to = self.sequence(one.to, tail, mark);
            all.push(one);
        }
        all
    }

    /// What remains of a sequence whose first item has become `head`.
    fn sequence(&mut self, head: StateId, tail: &[StateId], mark: Option<u8>) -> StateId {
        let mut items: Vec<StateId> = Vec::with_capacity(tail.len() + 1);
        items.extend((head != Self::CLOSED).then_some(head));
        items.extend(tail);
        match items[..] {
            [] => Self::CLOSED,
            [one] if !matches!(self.get(one), Term::Absent(_)) => one,
            _ => self.intern(Term::Seq {
                items,
                begun: true,
                mark,
            }),
        }
    }
}

/// Sequences beside which others run, with absences in them: more than so many share the last mark.
const MOST_MARKS: usize = 63;

static NOWHERE: State = State {
    moves: Vec::new(),
    complete: Complete::No,
    shared: None,
};

/// The pattern without an absence in first or in last place.
fn strip(shape: &Shape) -> (Option<StepId>, Shape, Option<StepId>) {
    let Shape::Seq(parts) = shape else {
        return (None, shape.clone(), None);
    };
    let mut parts = parts.as_slice();
    let (mut leading, mut trailing) = (None, None);
    if let [Shape::Absent(step), rest @ ..] = parts {
        (leading, parts) = (Some(*step), rest);
    }
    if let [rest @ .., Shape::Absent(step)] = parts {
        (trailing, parts) = (Some(*step), rest);
    }
    let core = match parts {
        [one] => one.clone(),
        many => Shape::Seq(many.to_vec()),
    };
    (leading, core, trailing)
}

fn first_repetition(core: &Shape) -> Vec<StepId> {
    let first = match core {
        Shape::Seq(items) => &items[0],
        shape => shape,
    };
    match first {
        Shape::Repeat(..) => steps(first),
        _ => Vec::new(),
    }
}

/// The events of a part, without absent ones.
pub(super) fn steps(shape: &Shape) -> Vec<StepId> {
    match shape {
        Shape::Step(step) => vec![*step],
        Shape::Absent(_) => Vec::new(),
        Shape::Seq(all) | Shape::And(all) | Shape::Or(all) => all.iter().flat_map(steps).collect(),
        Shape::Repeat(body, ..) => steps(body),
    }
}

/// Which steps are shared: those that repeat at the top of the pattern, and whether they take an event
/// does not depend on what the run has taken, beyond the equality of one value that is settled before.
fn shared(pattern: &Pattern, core: &Shape, waits: bool) -> Vec<bool> {
    let mut all = vec![false; pattern.steps.len()];
    // Where it counts what lies between, every run looks at each of its events; and a run that also goes on
    // waiting has used the event, others of its log may have not.
    if pattern.select != Selection::Next || pattern.steps.iter().any(|step| step.next || step.each) {
        return all;
    }
    let items = match core {
        Shape::Seq(items) => items.as_slice(),
        shape => std::slice::from_ref(shape),
    };
    for (at, item) in items.iter().enumerate() {
        // A run that waits for an absence may do so when the whole's time is over, and takes no more then.
        if waits && pattern.within.is_some() && at + 1 == items.len() {
            continue;
        }
        // Where all that follows may be missing, a run that is full may have its deadline by that.
        let optional = |item: &Shape| matches!(item, Shape::Repeat(_, 0, _));
        let ends = at + 1 < items.len() && items[at + 1..].iter().all(optional) && pattern.within.is_none();
        if let Shape::Repeat(body, _, max) = item
            && let Shape::Step(step) = **body
            && *max != Some(1)
            && !(ends && max.is_some())
        {
            let of = &pattern.steps[step];
            let equal = super::keyed::key_of(pattern, step).is_some();
            all[step] = of.rest.is_none()
                && of.compare.len() == usize::from(equal)
                && of.within.is_none()
                && !of.next
                && !of.each;
        }
    }
    all
}

fn repeats(pattern: &Pattern, core: &Shape) -> Vec<bool> {
    fn of(shape: &Shape, again: bool, all: &mut [bool]) {
        match shape {
            Shape::Step(step) => all[*step] = again,
            Shape::Absent(_) => {}
            Shape::Seq(parts) | Shape::And(parts) | Shape::Or(parts) => {
                parts.iter().for_each(|part| of(part, again, all));
            }
            Shape::Repeat(body, _, most) => of(body, again || *most != Some(1), all),
        }
    }
    let mut all = vec![false; pattern.steps.len()];
    of(core, false, &mut all);
    all
}
