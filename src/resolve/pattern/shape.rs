//! How the steps of a pattern are put together, and which names they bind.
//!
//! First all steps find their place and their names; conditions are lowered afterwards, when it is
//! known of every name which steps it stands for and whether it repeats.

use super::modifiers::Modifiers;
use super::prepare::collect;
use super::{Build, sequence, words};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{PatternAlias, Report, Selection, Shape, StepId};
use crate::resolve::context::Cx;
use crate::resolve::ops;
use crate::resolve::row::match_field;
use crate::syntax::ast::{PatternExpr, PatternKind, Quantifier, StepExpr, StepModifier};

/// The pattern put together.
pub(super) struct Built {
    pub(super) shape: Shape,
    /// The alias of the last repetition.
    pub(super) last_repeated: Option<usize>,
}

/// What the condition of a step may read.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    /// Names bound before, in order of the text.
    pub(super) visible: Vec<usize>,
    /// Its own name, where it stands for the elements so far.
    pub(super) own_list: Option<usize>,
    /// What a name may not be read for, if it cannot.
    pub(super) only_first: bool,
}

struct Scope<'s> {
    /// Within a repetition.
    repeats: bool,
    /// It need not be taken.
    optional: bool,
    /// At the top of the pattern.
    top: bool,
    modifiers: &'s Modifiers<'s>,
}

struct Shaper<'b, 'a> {
    build: &'b mut Build<'a>,
    next: StepId,
    contexts: Vec<Context>,
    /// The names bound on the way here.
    bound: Vec<usize>,
    /// Those of them that other members of an `and` bind.
    hidden: Vec<usize>,
    spans: Vec<Span>,
    last_repeated: Option<usize>,
    taken: usize,
}

/// Puts the steps together.
pub(super) fn build(cx: &mut Cx<'_>, build: &mut Build<'_>, modifiers: &Modifiers<'_>) -> (Built, Vec<Context>) {
    let prepared = build.prepared.clone();
    let count = build.steps.len();
    let mut shaper = Shaper {
        build,
        next: 0,
        contexts: vec![Context::default(); count],
        bound: Vec::new(),
        hidden: Vec::new(),
        spans: Vec::new(),
        last_repeated: None,
        taken: 0,
    };
    let scope = Scope {
        repeats: false,
        optional: false,
        top: true,
        modifiers,
    };
    let shape = shaper.shape(cx, prepared.expr, &scope);
    let first: Vec<usize> = first_steps(&shape)
        .iter()
        .filter_map(|&step| shaper.build.steps[step].alias)
        .collect();
    for id in prepared.of_text..count {
        shaper.absent_of_all(cx, id, &first);
    }
    if least(&shape, &|_| true) == 0 && !matches!(shape, Shape::Absent(_)) {
        cx.say(
            sequence(prepared.expr.span, "this pattern can be satisfied without any event")
                .label("all of its steps are optional")
                .help("at least one step must be there: `A+` instead of `A*`"),
        );
    }
    let built = Built {
        last_repeated: shaper.last_repeated,
        shape,
    };
    (built, shaper.contexts)
}

/// The steps that the first event of a match may be of, if the pattern begins with one step.
fn first_steps(shape: &Shape) -> Vec<StepId> {
    match shape {
        Shape::Step(step) => vec![*step],
        Shape::Absent(_) => Vec::new(),
        Shape::Repeat(inner, ..) => first_steps(inner),
        Shape::Seq(parts) => {
            let first = parts.iter().find(|part| !matches!(part, Shape::Absent(_)));
            first.map(first_steps).unwrap_or_default()
        }
        Shape::Or(parts) | Shape::And(parts) => parts.iter().flat_map(first_steps).collect(),
    }
}

/// How many events of some steps a match has at least.
pub(super) fn least(shape: &Shape, counted: &impl Fn(StepId) -> bool) -> u64 {
    let of = |part: &Shape| least(part, counted);
    match shape {
        Shape::Step(step) => u64::from(counted(*step)),
        Shape::Absent(_) => 0,
        Shape::Seq(parts) | Shape::And(parts) => parts.iter().map(of).fold(0, u64::saturating_add),
        Shape::Or(parts) => parts.iter().map(of).min().unwrap_or(0),
        Shape::Repeat(inner, min, _) => of(inner).saturating_mul(u64::from(*min)),
    }
}

impl Shaper<'_, '_> {
    fn shape(&mut self, cx: &mut Cx<'_>, expr: &PatternExpr, scope: &Scope<'_>) -> Shape {
        match &expr.kind {
            PatternKind::Step(step) => self.step(cx, step, scope),
            PatternKind::Group(inner, quantifier) => match quantifier.as_ref().filter(|of| !is_once(of)) {
                None => self.shape(cx, inner, scope),
                Some(quantifier) => self.repeated(cx, inner, quantifier, scope),
            },
            PatternKind::Seq(parts) => self.sequence(cx, parts, scope),
            PatternKind::And(parts) => self.all_of(cx, parts, scope),
            PatternKind::Or(parts) => self.one_of(cx, parts, scope),
        }
    }

    /// `( pattern ) quantifier`
    fn repeated(&mut self, cx: &mut Cx<'_>, inner: &PatternExpr, of: &Quantifier, scope: &Scope<'_>) -> Shape {
        if is_absent(inner) {
            words::not_repeated(cx, of.span);
        }
        let before = self.last_repeated;
        let shape = self.shape(
            cx,
            inner,
            &Scope {
                repeats: scope.repeats || of.max != Some(1),
                optional: scope.optional || of.min == 0,
                top: false,
                modifiers: scope.modifiers,
            },
        );
        if of.max != Some(1) {
            self.last_repeated = match &shape {
                Shape::Step(step) => self.build.steps[*step].alias,
                _ => before,
            };
            if !matches!(shape, Shape::Step(_)) && scope.modifiers.report == Report::Each {
                cx.say(
                    sequence(
                        inner.span,
                        "`.each` reports the elements of a step that repeats, not of a group",
                    )
                    .help("`.longest()` has the events of each step as lists; `.flat_map` makes rows of one"),
                );
            }
        }
        Shape::Repeat(Box::new(shape), of.min, of.max)
    }

    fn sequence(&mut self, cx: &mut Cx<'_>, parts: &[PatternExpr], scope: &Scope<'_>) -> Shape {
        let mut flat: Vec<&PatternExpr> = Vec::new();
        parts.iter().for_each(|part| flatten(part, &mut flat));
        let inner = Scope { top: false, ..*scope };
        let mut shapes = Vec::with_capacity(flat.len());
        let mut leading: Vec<(StepId, usize)> = Vec::new();
        let last = flat.len() - 1;
        if flat.iter().rev().take_while(|part| absent(part).is_some()).count() > 1
            && scope.top
            && flat.iter().any(|part| absent(part).is_none())
        {
            let span = flat[last - 1].span.to(flat[last].span);
            cx.refuse(span, "more than one absence in last place");
            return self.skip(&flat);
        }
        for (at, part) in flat.iter().enumerate() {
            let Some(step) = absent(part) else {
                let before = self.bound.len();
                shapes.push(self.shape(cx, part, &inner));
                // An absence in first place may name the step that follows.
                for (id, _) in leading.drain(..) {
                    self.contexts[id].visible = self.bound[before..].to_vec();
                }
                continue;
            };
            let id = self.next;
            let first = shapes.iter().all(|shape| matches!(shape, Shape::Absent(_)));
            shapes.push(self.absence(cx, step, (first || at == last, scope.top), scope));
            if first {
                leading.push((id, at));
            }
        }
        if shapes.iter().all(|shape| matches!(shape, Shape::Absent(_))) && scope.top {
            let span = parts[0].span;
            cx.say(
                sequence(span, "a pattern of absences only takes no event")
                    .help("say from when on nothing may come: `Start as s -> not Beat within 1h`"),
            );
            // Nothing more is to be said of it.
            return shapes.swap_remove(0);
        }
        Shape::Seq(shapes)
    }

    /// Passes over parts of which something was refused.
    fn skip(&mut self, parts: &[&PatternExpr]) -> Shape {
        let id = self.next;
        for part in parts {
            collect(part, &mut |_| self.next += 1);
        }
        Shape::Step(id)
    }

    /// `not X` between, before or behind steps. `(edge, top)`: it is the first or last; at the top.
    fn absence(&mut self, cx: &mut Cx<'_>, step: &StepExpr, (edge, top): (bool, bool), scope: &Scope<'_>) -> Shape {
        let id = self.next;
        self.next += 1;
        words::check(cx, step, scope.modifiers.select, (self.taken == 0, scope.repeats));
        if let Some(quantifier) = step.quantifier {
            words::not_repeated(cx, quantifier.span);
        }
        self.build.steps[id].within = self.time(cx, step);
        if edge && !top {
            cx.say(
                sequence(
                    step.span,
                    "an absence stands between two steps, or first or last in the whole pattern",
                )
                .label("the first or last of a part of it"),
            );
        } else if edge && step.within.is_none() {
            cx.say(
                sequence(step.span, "an absence in first or last place needs a time")
                    .label("for how long may none come?")
                    .help(format!("`{} within 1h`", cx.sources.slice(step.span))),
            );
        } else if !edge && let Some(within) = &step.within {
            cx.say(
                sequence(
                    within.span,
                    "an absence between two steps lasts from the one to the other",
                )
                .help("bound the step behind it: `-> B within 1h`"),
            );
        }
        if edge && scope.modifiers.select == Selection::Any && scope.repeats {
            cx.refuse(step.span, "an absence in a repeated group under `.stam`");
        }
        self.contexts[id].visible = self.visible();
        Shape::Absent(id)
    }

    /// `.not(C where ..)`
    fn absent_of_all(&mut self, cx: &mut Cx<'_>, id: StepId, first: &[usize]) {
        let prepared = self.build.prepared.clone();
        let step = &prepared.steps[id].step;
        if let Some(alias) = &step.alias {
            cx.say(sequence(alias.span, "what must not come has no name").help("take the alias out"));
        }
        let mut first = first.to_vec();
        first.sort_unstable();
        first.dedup();
        self.contexts[id] = Context {
            visible: first,
            own_list: None,
            only_first: true,
        };
    }

    fn all_of(&mut self, cx: &mut Cx<'_>, parts: &[PatternExpr], scope: &Scope<'_>) -> Shape {
        let inner = Scope { top: false, ..*scope };
        let hidden = self.hidden.len();
        let before = self.bound.len();
        let mut shapes = Vec::with_capacity(parts.len());
        for part in parts {
            self.no_absence(cx, part, "and");
            self.hidden.truncate(hidden);
            self.hidden.extend_from_slice(&self.bound[before..]);
            shapes.push(self.shape(cx, part, &inner));
        }
        self.hidden.truncate(hidden);
        Shape::And(shapes)
    }

    fn one_of(&mut self, cx: &mut Cx<'_>, parts: &[PatternExpr], scope: &Scope<'_>) -> Shape {
        let inner = Scope {
            top: false,
            optional: true,
            ..*scope
        };
        let before = self.bound.len();
        let mut others: Vec<usize> = Vec::new();
        let mut shapes = Vec::with_capacity(parts.len());
        for part in parts {
            self.no_absence(cx, part, "or");
            shapes.push(self.shape(cx, part, &inner));
            others.extend(self.bound.drain(before..));
        }
        // Several alternatives may bind the same name.
        others.sort_unstable();
        others.dedup();
        self.bound.extend(others);
        Shape::Or(shapes)
    }

    fn no_absence(&self, cx: &mut Cx<'_>, part: &PatternExpr, word: &str) {
        if is_absent(part) {
            let message = format!("an absence cannot stand beside `{word}`");
            cx.say(
                sequence(part.span, message).help(
                    "it stands between two steps, first or last: `A -> not B -> C`, `.not(B)` for the whole match",
                ),
            );
        }
    }

    /// A step that takes an event.
    fn step(&mut self, cx: &mut Cx<'_>, step: &StepExpr, scope: &Scope<'_>) -> Shape {
        let id = self.next;
        self.next += 1;
        if let Some((_, span)) = step.modifiers.iter().find(|(word, _)| *word == StepModifier::Not) {
            if scope.top {
                cx.say(
                    sequence(*span, "a pattern of absences only takes no event")
                        .help("say from when on nothing may come: `Start as s -> not Beat within 1h`"),
                );
            }
            return Shape::Absent(id);
        }
        words::check(cx, step, scope.modifiers.select, (self.taken == 0, scope.repeats));
        let has = |word| step.modifiers.iter().any(|(of, _)| *of == word);
        let quantifier = match (step.quantifier, has(StepModifier::All)) {
            (Some(of), true) => {
                cx.say(
                    sequence(of.span, "`all` is a repetition already: `all X` is `X+`").help("write one of the two"),
                );
                Some(of)
            }
            (None, true) => Some(Quantifier {
                min: 1,
                max: None,
                span: step.span,
            }),
            (of, false) => of.filter(|of| !is_once(of)),
        };
        self.build.steps[id].next = has(StepModifier::Next);
        self.build.steps[id].each = has(StepModifier::Each);
        self.build.steps[id].within = self.time(cx, step);
        let many = quantifier.is_some_and(|of| of.max != Some(1));
        let first = self.taken == 0;
        self.taken += 1;
        if first
            && !many
            && !scope.repeats
            && let Some(within) = &step.within
        {
            cx.say(
                sequence(within.span, "the first step has none before it to count a time from")
                    .help("for the time of the whole pattern: `.within(5m)` directly behind it"),
            );
        }
        let list = scope.repeats || many;
        let optional = scope.optional || quantifier.is_some_and(|of| of.min == 0);
        let visible = self.visible();
        let own = self.bind(cx, step, id, (list, optional));
        self.contexts[id] = Context {
            visible,
            own_list: own.filter(|_| list),
            only_first: false,
        };
        self.build.steps[id].alias = own;
        if many {
            self.last_repeated = own;
            if own.is_none() && scope.modifiers.report == Report::Each {
                cx.say(
                    sequence(
                        step.span,
                        "`.each` makes a row of each element of this step, which has no name",
                    )
                    .help("name it: `as x`"),
                );
            }
        }
        match quantifier {
            Some(of) => Shape::Repeat(Box::new(Shape::Step(id)), of.min, of.max),
            None => Shape::Step(id),
        }
    }

    fn visible(&self) -> Vec<usize> {
        let seen = |alias: &usize| !self.hidden.contains(alias);
        self.bound.iter().copied().filter(seen).collect()
    }

    fn time(&self, cx: &mut Cx<'_>, step: &StepExpr) -> Option<i64> {
        let within = step.within.as_ref()?;
        ops::positive(cx, self.build.prepared.module, within, "the time that a step may take")
    }

    /// Binds the name of a step.
    fn bind(&mut self, cx: &mut Cx<'_>, step: &StepExpr, id: StepId, (list, optional): (bool, bool)) -> Option<usize> {
        let name = step.alias.as_ref()?;
        if match_field(&name.name).is_some() {
            let message = format!("`{}` is a name of the language", name.name);
            cx.say(Diagnostic::new(Code::ReservedName, name.span, message).label("choose another name"));
        }
        let known = self.build.aliases.iter().position(|alias| alias.name == name.name);
        if let Some(at) = known.filter(|at| self.bound.contains(at)) {
            cx.say(
                sequence(name.span, format!("two steps are called `{}`", name.name))
                    .label("again here")
                    .also(self.spans[at], "the first one")
                    .help("only alternatives (`A as x or B as x`) share a name"),
            );
            return Some(at);
        }
        let at = known.unwrap_or_else(|| {
            self.build.aliases.push(PatternAlias {
                name: name.name.clone(),
                steps: Vec::new(),
                list: false,
            });
            self.build.optional.push(false);
            self.spans.push(name.span);
            self.build.aliases.len() - 1
        });
        self.build.aliases[at].steps.push(id);
        self.build.aliases[at].list |= list;
        self.build.optional[at] |= optional;
        self.bound.push(at);
        Some(at)
    }
}

fn is_once(of: &Quantifier) -> bool {
    of.min == 1 && of.max == Some(1)
}

/// The parts of a sequence; sequences in brackets that do not repeat are part of it.
fn flatten<'e>(part: &'e PatternExpr, flat: &mut Vec<&'e PatternExpr>) {
    match &part.kind {
        PatternKind::Group(inner, None) => flatten(inner, flat),
        PatternKind::Seq(parts) => parts.iter().for_each(|part| flatten(part, flat)),
        _ => flat.push(part),
    }
}

/// `not X`
fn absent(part: &PatternExpr) -> Option<&StepExpr> {
    match &part.kind {
        PatternKind::Step(step) if step.modifiers.iter().any(|(word, _)| *word == StepModifier::Not) => Some(step),
        _ => None,
    }
}

fn is_absent(part: &PatternExpr) -> bool {
    match &part.kind {
        PatternKind::Group(inner, None) => is_absent(inner),
        _ => absent(part).is_some(),
    }
}
