//! Nodes of sequence patterns.

use super::Cx;
use crate::diag::{Code, Diagnostic, Span};
use crate::syntax::ast::{
    ArgValue, Expr, ExprKind, Ident, ItemKind, PatternDecl, PatternExpr, PatternKind, Quantifier, StepExpr,
    StepModifier,
};

/// A clause of a step, with its place.
#[derive(Debug)]
pub(in crate::syntax) enum Clause {
    /// `where cond`, `[cond]`
    Where(Expr, Span),
    /// `as alias`
    As(Ident, Span),
    /// `within 5m`
    Within(Expr, Span),
}

/// A step as it is read.
#[derive(Debug)]
pub(in crate::syntax) struct Step {
    pub(in crate::syntax) modifiers: Vec<(StepModifier, Span)>,
    pub(in crate::syntax) ty: Vec<Ident>,
    pub(in crate::syntax) quantifier: Option<Quantifier>,
    pub(in crate::syntax) clauses: Vec<Clause>,
}

/// What ends a pattern statement.
#[derive(Debug)]
pub(in crate::syntax) enum Tail {
    /// `within 30m`
    Within(Expr, Span),
    /// `partition by a, b`
    Partition(Vec<Expr>, Span),
}

/// The classic forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::syntax) enum Classic {
    /// `SEQ(..)`
    Seq,
    /// `AND(..)`
    And,
    /// `OR(..)`
    Or,
}

/// The step with one more clause.
pub(in crate::syntax) fn with_clause(mut step: Step, clause: Clause) -> Step {
    step.clauses.push(clause);
    step
}

/// A step; a clause given twice is reported.
pub(in crate::syntax) fn step(cx: &Cx<'_>, raw: Step, span: Span) -> PatternExpr {
    PatternExpr {
        kind: PatternKind::Step(Box::new(step_expr(cx, raw, span))),
        span,
    }
}

fn step_expr(cx: &Cx<'_>, raw: Step, span: Span) -> StepExpr {
    let mut step = StepExpr {
        modifiers: raw.modifiers,
        ty: raw.ty,
        quantifier: raw.quantifier,
        condition: None,
        alias: None,
        within: None,
        stray_from: None,
        span,
    };
    // Where each kind of clause stood first.
    let mut seen: [Option<Span>; 3] = [None; 3];
    for clause in raw.clauses {
        let (word, index, at) = match &clause {
            Clause::Where(_, at) => ("where", 0, *at),
            Clause::As(_, at) => ("as", 1, *at),
            Clause::Within(_, at) => ("within", 2, *at),
        };
        if let Some(first) = seen[index] {
            cx.report(clause_twice(word, at, first));
            continue;
        }
        seen[index] = Some(at);
        match clause {
            Clause::Where(cond, _) => step.condition = Some(cond),
            Clause::As(alias, _) => step.alias = Some(alias),
            Clause::Within(bound, _) => step.within = Some(bound),
        }
    }
    step
}

fn clause_twice(word: &str, at: Span, first: Span) -> Diagnostic {
    let error = Diagnostic::new(Code::ClauseTwice, at, format!("a step has at most one `{word}`"))
        .label("the second one")
        .also(first, "the first one");
    match word {
        "where" => error.help("join the two conditions with `and`"),
        _ => error,
    }
}

/// An argument with clauses: `.not(Logout where user == l.user)`.
pub(in crate::syntax) fn step_arg(cx: &Cx<'_>, ty: Expr, clauses: Vec<Clause>) -> ArgValue {
    let mut span = ty.span;
    for clause in &clauses {
        let (Clause::Where(_, at) | Clause::As(_, at) | Clause::Within(_, at)) = clause;
        span = span.to(*at);
    }
    let mut clauses = clauses;
    let mut head = ty;
    if let ExprKind::Index(of, cond) = head.kind {
        let at = cond.span;
        clauses.insert(0, Clause::Where(*cond, at));
        head = *of;
    }
    let mut names = Vec::new();
    if !type_path(&head, &mut names) {
        cx.report(
            Diagnostic::new(
                Code::NotAStep,
                head.span,
                "a clause like `where` belongs behind the name of an event",
            )
            .label("this is an expression"),
        );
    }
    let raw = Step {
        modifiers: Vec::new(),
        ty: names,
        quantifier: None,
        clauses,
    };
    ArgValue::Step(Box::new(step_expr(cx, raw, span)))
}

/// Takes `lib.Login` apart; false when the expression is no such path.
fn type_path(e: &Expr, names: &mut Vec<Ident>) -> bool {
    match &e.kind {
        ExprKind::Name(ident) => names.push(ident.clone()),
        ExprKind::Field(of, ident) => {
            let fine = type_path(of, names);
            names.push(ident.clone());
            return fine;
        }
        _ => return false,
    }
    true
}

/// Several patterns joined; one stands for itself.
pub(in crate::syntax) fn pattern(
    kind: fn(Vec<PatternExpr>) -> PatternKind,
    mut parts: Vec<PatternExpr>,
    span: Span,
) -> PatternExpr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            PatternExpr {
                kind: kind(parts),
                span,
            }
        }
    }
}

/// `SEQ(A, B)` and its kin: a group, so that what it holds stays together.
pub(in crate::syntax) fn classic(cx: &Cx<'_>, kind: Classic, steps: Vec<PatternExpr>, span: Span) -> PatternExpr {
    if steps.is_empty() {
        cx.report(Diagnostic::new(
            Code::UnexpectedToken,
            span,
            "there is no step between these brackets",
        ));
    }
    match kind {
        Classic::Seq => pattern(PatternKind::Seq, steps, span),
        Classic::And => pattern(PatternKind::And, steps, span),
        Classic::Or => pattern(PatternKind::Or, steps, span),
    }
}

/// `{n,m}` and its kin.
pub(in crate::syntax) fn quantifier(cx: &Cx<'_>, range: (i64, Option<i64>), span: Span) -> Quantifier {
    let (least, most) = range;
    if let Some(most) = most.filter(|&most| most < least || most == 0) {
        let message = if most == 0 {
            "a step that is taken no times can be left out".to_owned()
        } else {
            format!("at least {least} and at most {most} is impossible")
        };
        cx.report(Diagnostic::new(Code::BadQuantifier, span, message).help("`not X` says that no X may come"));
    }
    let clip = |n: i64| u32::try_from(n).ok();
    if clip(least).is_none() || most.is_some_and(|most| clip(most).is_none()) {
        cx.report(Diagnostic::new(
            Code::BadQuantifier,
            span,
            "a step cannot repeat more than 4,294,967,295 times",
        ));
    }
    Quantifier {
        min: clip(least).unwrap_or(u32::MAX),
        max: most.map(|most| clip(most).unwrap_or(u32::MAX)),
        span,
    }
}

/// A pattern statement. A `within` behind its last step bounds the whole pattern, unless that step is
/// an absence, which keeps its own.
pub(in crate::syntax) fn pattern_decl(
    cx: &Cx<'_>,
    name: Ident,
    mut pattern: PatternExpr,
    tails: Vec<Tail>,
) -> ItemKind {
    let mut within: Option<(Expr, Span)> = None;
    let mut partition: Option<(Vec<Expr>, Span)> = None;
    for tail in tails {
        match tail {
            Tail::Within(bound, at) => match &within {
                Some((_, first)) => cx.report(clause_twice("within", at, *first)),
                None => within = Some((bound, at)),
            },
            Tail::Partition(keys, at) => match &partition {
                Some((_, first)) => cx.report(clause_twice("partition by", at, *first)),
                None => partition = Some((keys, at)),
            },
        }
    }
    let mut within = within.map(|(bound, _)| bound);
    let end = pattern.span.end;
    if let Some(last) = last_step(&mut pattern).filter(|last| last.span.end == end) {
        let absent = last.modifiers.iter().any(|(m, _)| *m == StepModifier::Not);
        match (absent, last.within.is_some(), within.is_some()) {
            (true, false, true) => last.within = within.take(),
            (false, true, false) => within = last.within.take(),
            _ => {}
        }
    }
    ItemKind::Pattern(PatternDecl {
        name,
        pattern,
        within,
        partition_by: partition.map(|(keys, _)| keys).unwrap_or_default(),
    })
}

/// The step a pattern ends with, where it ends with one that is in no brackets.
fn last_step(pattern: &mut PatternExpr) -> Option<&mut StepExpr> {
    match &mut pattern.kind {
        PatternKind::Step(step) => Some(step),
        PatternKind::Seq(parts) => match parts.last_mut().map(|last| &mut last.kind) {
            Some(PatternKind::Step(step)) => Some(step),
            _ => None,
        },
        _ => None,
    }
}
