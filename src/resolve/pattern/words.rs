//! The words before a step, and which of them go together.

use super::sequence;
use crate::diag::Span;
use crate::ir::Selection;
use crate::resolve::context::Cx;
use crate::syntax::ast::{StepExpr, StepModifier};

/// Says which words before a step do not go together. `first`: no step is before it; `repeats`: it stands
/// in a group that does.
pub(super) fn check(cx: &mut Cx<'_>, step: &StepExpr, select: Selection, (first, repeats): (bool, bool)) {
    let words = &step.modifiers;
    for (at, (word, span)) in words.iter().enumerate() {
        if words[..at].iter().any(|(other, _)| other == word) {
            cx.say(sequence(*span, format!("`{}` is said twice", text(*word))));
        }
    }
    let find = |wanted| words.iter().find(|(word, _)| *word == wanted).map(|(_, span)| *span);
    if find(StepModifier::Not).is_some() {
        if let Some((word, span)) = words.iter().find(|(word, _)| *word != StepModifier::Not) {
            cx.say(sequence(
                *span,
                format!("`{}` and `not` do not go together", text(*word)),
            ));
        }
        return;
    }
    if let Some(span) = find(StepModifier::Next)
        && first
    {
        cx.say(sequence(span, "`next` has no step before it here").help("it says that nothing may come between"));
    }
    let Some(span) = find(StepModifier::Each) else { return };
    if select == Selection::Any {
        cx.say(
            sequence(span, "`each` makes no difference under `.stam`")
                .help("`.stam` takes each event, and also goes on without it, at every step"),
        );
    }
    if step.quantifier.is_some() || find(StepModifier::All).is_some() || repeats {
        cx.say(
            sequence(span, "`each` goes with a step that takes one event")
                .help("for a row of each element of a repetition: `.each()` behind the pattern"),
        );
    }
    if first {
        cx.say(
            sequence(span, "`each` makes no difference at the first step")
                .help("every event that satisfies the first step begins a match of its own"),
        );
    }
}

fn text(word: StepModifier) -> &'static str {
    match word {
        StepModifier::All => "all",
        StepModifier::Not => "not",
        StepModifier::Next => "next",
        StepModifier::Each => "each",
    }
}

pub(super) fn not_repeated(cx: &mut Cx<'_>, span: Span) {
    cx.say(
        sequence(span, "an absence is not repeated")
            .help("for at most two: `-> X{1,2}`; of none at all speaks `not X` alone"),
    );
}
