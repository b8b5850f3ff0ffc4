//! Streams, their operators, and sequence patterns.

use super::{Arg, Expr, Ident, StrLit};
use crate::diag::Span;

/// `stream X = source .op(..) .op(..)` or `stream X from source ...`
#[derive(Clone, Debug, PartialEq)]
pub struct StreamDecl {
    /// The name.
    pub name: Ident,
    /// The rest.
    pub body: StreamExpr,
}

/// A source and the operators on it.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamExpr {
    /// Where its events come from.
    pub source: Source,
    /// What is done to them, left to right.
    pub operators: Vec<Operator>,
    /// The whole.
    pub span: Span,
}

/// Where a stream's events come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// An event type, a stream, or a sequence pattern; a single step with at most an alias and a
    /// `where` is a plain source.
    Pattern(PatternExpr),
    /// `merge(A, B, stream C from X where k == 1)`
    Merge(Vec<Input>, Span),
    /// `join(stream O from Order, stream P from Payment on O.id == P.order_id)`
    Join(JoinKind, Vec<Input>, Span),
    /// `timer(1m)`
    Timer(Vec<Arg>, Span),
}

/// The kinds of join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// `join`
    Inner,
    /// `left_join`
    Left,
    /// `right_join`
    Right,
    /// `full_join`
    Full,
    /// `asof_join`
    Asof,
}

/// One input of a merge or join.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// `stream O from ...`; none where a source stands by itself.
    pub name: Option<Ident>,
    /// The source and its operators.
    pub body: StreamExpr,
    /// `on O.id == P.order_id`
    pub on: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// `.name(args)`, `.emit as T (args)`
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// The operator's name.
    pub name: Ident,
    /// `as T` of `.emit as T (...)`
    pub as_type: Option<Ident>,
    /// The arguments.
    pub args: Vec<Arg>,
    /// From the point to the closing bracket.
    pub span: Span,
}

/// `pattern P = Login as l -> Purchase as b within 30m partition by user`
#[derive(Clone, Debug, PartialEq)]
pub struct PatternDecl {
    /// The name.
    pub name: Ident,
    /// The steps.
    pub pattern: PatternExpr,
    /// `within 30m` after the last step
    pub within: Option<Expr>,
    /// `partition by k, l`
    pub partition_by: Vec<Expr>,
}

/// A pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternExpr {
    /// Which.
    pub kind: PatternKind,
    /// Where.
    pub span: Span,
}

/// The forms of pattern. `SEQ(..)`, `AND(..)` and `OR(..)` give the same nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// One step.
    Step(Box<StepExpr>),
    /// `A -> B -> C`
    Seq(Vec<PatternExpr>),
    /// `A and B`
    And(Vec<PatternExpr>),
    /// `A or B`
    Or(Vec<PatternExpr>),
    /// `( pattern ) quantifier`
    Group(Box<PatternExpr>, Option<Quantifier>),
}

/// `[all | not | next | each] Type [quantifier] clause*`
#[derive(Clone, Debug, PartialEq)]
pub struct StepExpr {
    /// The words before the type, in order.
    pub modifiers: Vec<(StepModifier, Span)>,
    /// The event type or stream: `Login`, `lib.Login`, `any`.
    pub ty: Vec<Ident>,
    /// `+`, `{3,}`, ...
    pub quantifier: Option<Quantifier>,
    /// `where cond` or `Type[cond]`
    pub condition: Option<Expr>,
    /// `as alias`
    pub alias: Option<Ident>,
    /// `within 5m`
    pub within: Option<Expr>,
    /// `from "..."`: not in the language; kept for a better error. None otherwise.
    pub stray_from: Option<StrLit>,
    /// The whole.
    pub span: Span,
}

/// Words before a step's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepModifier {
    /// `all`
    All,
    /// `not`
    Not,
    /// `next`
    Next,
    /// `each`
    Each,
}

/// How often a step repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantifier {
    /// At least.
    pub min: u32,
    /// At most; none for no bound.
    pub max: Option<u32>,
    /// Where it stands.
    pub span: Span,
}
