//! Expressions, lambdas and the statements of function bodies.

use super::{FnParam, Ident, StepExpr, TypeExpr};
use crate::data::Value;
use crate::diag::Span;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Which.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// The forms of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A literal: null, bool, int, float, string, duration, timestamp.
    Lit(Value),
    /// A name.
    Name(Ident),
    /// `a.b`, and `a?.b` (which means the same)
    Field(Box<Expr>, Ident),
    /// `a[0]`
    Index(Box<Expr>, Box<Expr>),
    /// `a[1:3]`, `a[:3]`, `a[1:]`
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>),
    /// `f(x, name: y)`; a method call `s.f(x)` has a [`ExprKind::Field`] as its callee
    Call(Box<Expr>, Vec<Arg>),
    /// `-x`, `~x`, `not x`
    Unary(UnaryOp, Box<Expr>),
    /// `x + y`, `x and y`, `x ?? y`, ...; comparisons are in [`ExprKind::Compare`]
    Binary(BinaryOp, Span, Box<Expr>, Box<Expr>),
    /// `a < b <= c`: the first operand, then each operator (with its span) and its right side
    Compare(Box<Expr>, Vec<(CompareOp, Span, Expr)>),
    /// `x is int`, `x is not int`
    Is(Box<Expr>, bool, TypeExpr),
    /// `if c then a else b`, also with `elif c then ..` folded into the else branch
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `match x: ...`
    Match(Box<Expr>, Vec<MatchArm>),
    /// `x => e`, `(a, b) => e`, block lambdas
    Lambda(Vec<FnParam>, LambdaBody),
    /// `0..10`, `0..=10`
    Range(Box<Expr>, Box<Expr>, bool),
    /// `[1, 2]`
    List(Vec<Expr>),
    /// `{ "a": 1, b: 2 }`
    Map(Vec<MapEntry>),
    /// `(1, "x")`
    Tuple(Vec<Expr>),
    /// `f"user {e.user}"`
    Interp(Vec<InterpPart>),
    /// A `try`, `match`, `if`, `for` or `while` block that stands as the value of a lambda's block
    Block(Box<Block>),
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `~`
    BitNot,
    /// `not`
    Not,
}

/// Binary operators that are no comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `**`
    Pow,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
    /// `&`
    BitAnd,
    /// `^`
    BitXor,
    /// `|`
    BitOr,
    /// `and`
    And,
    /// `or`
    Or,
    /// `??`
    Coalesce,
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `in`
    In,
    /// `not in`
    NotIn,
}

/// `"a" => e`, `1..=5 => e`, `_ => e`
#[derive(Clone, Debug, PartialEq)]
pub struct MatchArm {
    /// What it matches.
    pub pattern: MatchPattern,
    /// Its value.
    pub body: LambdaBody,
    /// The whole arm.
    pub span: Span,
}

/// The left side of a match arm.
#[derive(Clone, Debug, PartialEq)]
pub enum MatchPattern {
    /// `_`
    Any(Span),
    /// One or several values or ranges, separated by `|`.
    Values(Vec<Expr>),
}

/// What a lambda or match arm yields.
#[derive(Clone, Debug, PartialEq)]
pub enum LambdaBody {
    /// One expression.
    Expr(Box<Expr>),
    /// A block; its last expression is its value.
    Block(Block),
}

/// `key: value` in a map literal.
#[derive(Clone, Debug, PartialEq)]
pub struct MapEntry {
    /// The key: an unquoted name is the literal of its text.
    pub key: Expr,
    /// The value.
    pub value: Expr,
}

/// A piece of an interpolated string.
#[derive(Clone, Debug, PartialEq)]
pub enum InterpPart {
    /// Text as it stands.
    Text(String),
    /// `{expr}`
    Expr(Expr),
}

/// An argument of a call, an operator or a connector.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// `name:`; several names for `metrics: counter: "n"`.
    pub names: Vec<Ident>,
    /// The value.
    pub value: ArgValue,
    /// The whole argument.
    pub span: Span,
}

/// What an argument may be.
#[derive(Clone, Debug, PartialEq)]
pub enum ArgValue {
    /// An expression.
    Expr(Expr),
    /// `expr asc`, `expr desc` (true: descending)
    Sorted(Expr, bool),
    /// `Logout where user == l.user`, the argument of `.not(...)` when it has a `where` or an alias
    Step(Box<StepExpr>),
}

/// Statements of a function body or block lambda.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// In order.
    pub stmts: Vec<Stmt>,
    /// From the first to the last.
    pub span: Span,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// Which.
    pub kind: StmtKind,
    /// Where.
    pub span: Span,
}

/// The forms of statement.
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// `let x = e`, `var x = e`, `const x = e`
    Binding(super::Binding),
    /// `x = e`, `x := e` (no operator), `x += e` and so on
    Assign(Expr, Option<BinaryOp>, Expr),
    /// `if c: ... elif c: ... else: ...`: the arms, then the last `else`
    If(Vec<(Expr, Block)>, Option<Block>),
    /// `for x in xs: ...`; several names take tuples apart
    For(Vec<Ident>, Expr, Block),
    /// `while c: ...`
    While(Expr, Block),
    /// `match x: ...`
    Match(Expr, Vec<MatchArm>),
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `return e`
    Return(Option<Expr>),
    /// `emit T(a: e)`
    Emit(Ident, Vec<Arg>),
    /// `raise e`
    Raise(Expr),
    /// `try: ... catch e: ... finally: ...`
    Try(Block, Option<(Option<Ident>, Block)>, Option<Block>),
    /// An expression for its value or its effect.
    Expr(Expr),
}
