//! Where a pattern means something else than in the public engine (LANGUAGE.md, section 14): said once
//! each, as notes.

use super::Build;
use super::modifiers::Modifiers;
use crate::diag::Span;
use crate::ir::{Selection, Shape, StepId};
use crate::resolve::context::Cx;
use crate::syntax::ast::{Operator, StepModifier};

/// Says in what a pattern differs. `keyed`: it has a partition.
pub(super) fn note(
    cx: &mut Cx<'_>,
    build: &Build<'_>,
    shape: &Shape,
    made: &Modifiers<'_>,
    operators: &[Operator],
    keyed: bool,
) {
    if let Some(all) = all_first(build, shape) {
        cx.note_difference(
            "all in first place",
            all,
            "`all X` in first place is the same as `X+`; the public engine goes on listening after a match",
            "every first event begins a match of its own anyway: write `X` for a match each, or `X+` for all of them in one",
        );
    }
    let plain = !made.reported && made.trends.is_none() && made.select != Selection::Any;
    if plain && let Some(repeated) = in_the_middle(build, shape, (false, false)) {
        cx.note_difference(
            "repetition in the middle",
            repeated,
            "a match is one row, with this repetition as a list; the public engine makes a row of each element, even \
             before the pattern is complete",
            "`.each()` behind the pattern makes a row of each element of complete matches; `.longest()` says that one row \
             is meant, and ends this note",
        );
    }
    let not = operators.iter().find(|operator| operator.name.name == "not");
    if keyed && let Some(not) = not {
        cx.note_difference(
            "not of a partition",
            not.name.span,
            "`.not(..)` is about events of the match's own partition; in the public engine one ends the runs of every \
             partition",
            "for events that have no such key, leave out `.partition_by(..)` and compare the other steps: `user == a.user`",
        );
    }
}

/// `all` of a step that may take the first event.
fn all_first(build: &Build<'_>, shape: &Shape) -> Option<Span> {
    match shape {
        Shape::Step(id) => {
            let modifiers = &build.prepared.steps[*id].step.modifiers;
            let all = modifiers.iter().find(|(word, _)| *word == StepModifier::All);
            all.map(|(_, span)| *span)
        }
        Shape::Absent(_) => None,
        Shape::Repeat(inner, ..) => all_first(build, inner),
        Shape::Seq(parts) => {
            let first = parts.iter().find(|part| !matches!(part, Shape::Absent(_)))?;
            all_first(build, first)
        }
        Shape::And(parts) | Shape::Or(parts) => parts.iter().find_map(|part| all_first(build, part)),
    }
}

/// The place of the first repetition with steps on both sides. `around`: whether some are before and behind
/// the part.
fn in_the_middle(build: &Build<'_>, shape: &Shape, around: (bool, bool)) -> Option<Span> {
    match shape {
        Shape::Step(_) | Shape::Absent(_) => None,
        Shape::Repeat(inner, _, most) => {
            let found = around == (true, true) && *most != Some(1);
            let here = || {
                let mut steps = Vec::new();
                taken(inner, &mut steps);
                let span = |id: &StepId| build.steps[*id].span;
                Some(span(steps.first()?).to(span(steps.last()?)))
            };
            found
                .then(here)
                .flatten()
                .or_else(|| in_the_middle(build, inner, around))
        }
        Shape::Seq(parts) => {
            let takes = |part: &Shape| !matches!(part, Shape::Absent(_));
            let (first, last) = (parts.iter().position(takes)?, parts.iter().rposition(takes)?);
            parts
                .iter()
                .enumerate()
                .find_map(|(at, part)| in_the_middle(build, part, (around.0 || at > first, around.1 || at < last)))
        }
        Shape::And(parts) | Shape::Or(parts) => parts.iter().find_map(|part| in_the_middle(build, part, around)),
    }
}

/// The steps that take events, in order of the text.
fn taken(shape: &Shape, steps: &mut Vec<StepId>) {
    match shape {
        Shape::Step(id) => steps.push(*id),
        Shape::Absent(_) => {}
        Shape::Repeat(inner, ..) => taken(inner, steps),
        Shape::Seq(parts) | Shape::And(parts) | Shape::Or(parts) => parts.iter().for_each(|part| taken(part, steps)),
    }
}
