//! Where a run stands within its pattern, and the steps that could take its next event.

use super::pattern::{Shape, Step};

/// Where a run stands, in the form of the pattern's shape.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// Of a step: it has its event.
    Step(bool),
    /// Of a sequence: the item it is at, that item's state, and the last event that the sequence took.
    Seq(usize, Box<State>, Option<usize>),
    /// Of `and`: every member's.
    And(Vec<State>),
    /// Of `or`: the alternative that was begun.
    Or(Option<(usize, Box<State>)>),
    /// Of a repetition: how often it was begun, and the state of the last time.
    Repeat(usize, Option<Box<State>>),
}

/// A step that could take an event.
#[derive(Clone, Debug)]
pub(super) struct Move<'p> {
    pub(super) step: &'p Step,
    /// Where the run stands when it does.
    pub(super) after: State,
    /// The absences that lie between, each with the last event before it.
    pub(super) crossed: Vec<(&'p Step, usize)>,
}

/// Nothing taken yet.
pub(super) fn begin(shape: &Shape) -> State {
    match shape {
        Shape::Step(_) | Shape::Absent(_) => State::Step(false),
        Shape::Seq(items) => State::Seq(0, Box::new(begin(&items[0])), None),
        Shape::And(members) => State::And(members.iter().map(begin).collect()),
        Shape::Or(_) => State::Or(None),
        Shape::Repeat(..) => State::Repeat(0, None),
    }
}

/// Nothing more is needed.
pub(super) fn complete(shape: &Shape, state: &State) -> bool {
    match (shape, state) {
        (Shape::Step(_), State::Step(taken)) => *taken,
        (Shape::Seq(items), State::Seq(at, inner, _)) => {
            complete(&items[*at], inner) && items[at + 1..].iter().all(|item| complete(item, &begin(item)))
        }
        (Shape::And(members), State::And(states)) => members.iter().zip(states).all(|(m, s)| complete(m, s)),
        (Shape::Or(members), State::Or(None)) => members.iter().any(|member| complete(member, &begin(member))),
        (Shape::Or(members), State::Or(Some((at, inner)))) => complete(&members[*at], inner),
        (Shape::Repeat(body, min, _), State::Repeat(times, inner)) => {
            times >= min && inner.as_ref().is_none_or(|inner| complete(body, inner))
        }
        _ => false,
    }
}

/// The steps that could take the event `at`, the one that wins first: what lies later in the pattern,
/// then what is first in the text.
pub(super) fn moves<'p>(shape: &'p Shape, state: &State, at: usize) -> Vec<Move<'p>> {
    match (shape, state) {
        (Shape::Step(step), State::Step(false)) => vec![Move {
            step,
            after: State::Step(true),
            crossed: Vec::new(),
        }],
        (Shape::Seq(items), State::Seq(item, inner, last)) => seq_moves(items, *item, inner, *last, at),
        (Shape::And(members), State::And(states)) => {
            let each = members.iter().zip(states).enumerate();
            each.flat_map(|(index, (member, inner))| {
                wrapped(moves(member, inner, at), move |after| {
                    let mut states = states.clone();
                    states[index] = after;
                    State::And(states)
                })
            })
            .collect()
        }
        (Shape::Or(members), State::Or(None)) => {
            let begun = members.iter().enumerate();
            begun
                .flat_map(|(index, member)| or_moves(member, index, &begin(member), at))
                .collect()
        }
        (Shape::Or(members), State::Or(Some((index, inner)))) => or_moves(&members[*index], *index, inner, at),
        (Shape::Repeat(body, _, max), State::Repeat(times, inner)) => {
            let may_leave = inner.as_ref().is_none_or(|inner| complete(body, inner));
            let again = |times: usize| move |after| State::Repeat(times, Some(Box::new(after)));
            let mut found = Vec::new();
            if may_leave && max.is_none_or(|max| *times < max) {
                found.extend(wrapped(moves(body, &begin(body), at), again(times + 1)));
            }
            if let Some(inner) = inner {
                found.extend(wrapped(moves(body, inner, at), again(*times)));
            }
            found
        }
        _ => Vec::new(),
    }
}

fn or_moves<'p>(member: &'p Shape, index: usize, inner: &State, at: usize) -> Vec<Move<'p>> {
    wrapped(moves(member, inner, at), |after| {
        State::Or(Some((index, Box::new(after))))
    })
}

fn seq_moves<'p>(items: &'p [Shape], item: usize, inner: &State, last: Option<usize>, at: usize) -> Vec<Move<'p>> {
    let mut found = Vec::new();
    if complete(&items[item], inner) {
        let mut next = item + 1;
        let mut crossed = Vec::new();
        while let Some(Shape::Absent(step)) = items.get(next) {
            crossed.extend(last.map(|last| (step, last)));
            next += 1;
        }
        if let Some(shape) = items.get(next) {
            found = seq_moves(items, next, &begin(shape), last, at);
            for one in &mut found {
                one.crossed.extend(crossed.iter().copied());
            }
        }
    }
    let stay = wrapped(moves(&items[item], inner, at), |after| {
        State::Seq(item, Box::new(after), Some(at))
    });
    found.extend(stay);
    found
}

fn wrapped(moves: Vec<Move<'_>>, wrap: impl Fn(State) -> State) -> Vec<Move<'_>> {
    let all = moves.into_iter();
    all.map(|one| Move {
        after: wrap(one.after),
        ..one
    })
    .collect()
}
