//! Expressions in an arena.
//!
//! Invariant: a node's operands come before it, and a tree is contiguous: the nodes of the tree with
//! root `r` are exactly `first(r)..=r`. Hence two equal trees have equal nodes at equal distances
//! from their roots, which is how an error found once is counted at every place that shares the work.

use crate::data::{FieldId, Pseudo, Type, Value};
use crate::diag::Span;

use super::{Attend, Builtin, FunctionId};

/// An expression, as an index into [`Exprs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub u32);

/// A name bound by a lambda or a `let`, numbered over the whole program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalId(pub u32);

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-x`
    Neg,
    /// `~x`
    BitNot,
    /// `not x`
    Not,
}

/// Binary operators. `a < b < c` is lowered to `a < b and b < c` with the middle bound by a `let`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`: always float on numbers
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
    /// `and`; the right side is evaluated only where the left is true
    And,
    /// `or`; the right side is evaluated only where the left is not true
    Or,
    /// `??`; the right side is evaluated only where the left is null
    Coalesce,
    /// `==`; false when either side is null
    Eq,
    /// `!=`: not `==`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `in`: element of a list, key of a map, part of a text, within a range
    In,
}

/// What `is` asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypeTest {
    /// `x is null`, and `x == null`
    Null,
    /// `x is bool`
    Bool,
    /// `x is int`
    Int,
    /// `x is float`
    Float,
    /// `x is str`
    Str,
    /// `x is timestamp`
    Timestamp,
    /// `x is duration`
    Duration,
    /// `x is [T]`, of any items
    List,
    /// `x is {K: V}`, of any entries
    Map,
}

/// A function given as an argument.
#[derive(Clone, Debug, PartialEq)]
pub struct Lambda {
    /// Its parameters.
    pub params: Vec<LocalId>,
    /// Its value. May read locals and fields from outside.
    pub body: ExprId,
}

/// One expression node.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant.
    Lit(Value),
    /// A field of the row at hand.
    Field(FieldId),
    /// `_time`, `_type`, `_seq`, `_source`
    Pseudo(Pseudo),
    /// The row at hand as a record.
    Row,
    /// A bound name.
    Local(LocalId),
    /// `let x = value` before `body`
    Let(LocalId, ExprId, ExprId),
    /// An operator of one operand.
    Unary(UnaryOp, ExprId),
    /// An operator of two.
    Binary(BinaryOp, ExprId, ExprId),
    /// `if c then a else b`; `match` is lowered to a chain of these
    If(ExprId, ExprId, ExprId),
    /// `x is T`
    Is(ExprId, TypeTest),
    /// `x.name` of a value that is no field of the row
    Get(ExprId, String),
    /// `x[i]`, of a list, map or text
    Index(ExprId, ExprId),
    /// `x[a:b]`, of a list or text
    Slice(ExprId, Option<ExprId>, Option<ExprId>),
    /// `[a, b]`, `(a, b)`
    List(Vec<ExprId>),
    /// `{a: x, "b": y}`: keys and values in turn
    Map(Vec<(ExprId, ExprId)>),
    /// `a..b`, `a..=b`: the list of integers; as the right side of `in` it is never built
    Range(ExprId, ExprId, bool),
    /// `f"..{x}.."`: the texts joined; a null part gives `null` as text
    Interp(Vec<ExprId>),
    /// A question to the attention window at whose event the expression is evaluated
    Attend(Attend, Vec<ExprId>, Vec<Lambda>),
    /// A builtin function; lambdas stand in `lambdas`, in the order of the arguments that they are
    Call(Builtin, Vec<ExprId>, Vec<Lambda>),
    /// A function of the program, or a block of statements, with its arguments
    Invoke(FunctionId, Vec<ExprId>),
}

/// A node with its type and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The node.
    pub expr: Expr,
    /// The static type.
    pub ty: Type,
    /// The place in the program.
    pub span: Span,
}

/// The arena.
#[derive(Clone, Debug, Default)]
pub struct Exprs {
    nodes: Vec<Node>,
}

impl Exprs {
    /// Adds a node whose operands were added just before it.
    pub fn push(&mut self, expr: Expr, ty: Type, span: Span) -> ExprId {
        self.nodes.push(Node { expr, ty, span });
        ExprId(u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX))
    }

    /// Gives a node another static type.
    pub fn retype(&mut self, id: ExprId, ty: Type) {
        if let Some(node) = self.nodes.get_mut(id.0 as usize) {
            node.ty = ty;
        }
    }

    /// Puts another leaf in the place of one.
    pub fn replace(&mut self, id: ExprId, leaf: Expr) {
        if let Some(node) = self.nodes.get_mut(id.0 as usize) {
            node.expr = leaf;
        }
    }

    /// Takes the newest nodes away, so that `len` are left.
    pub fn truncate(&mut self, len: usize) {
        self.nodes.truncate(len);
    }

    /// The node.
    #[must_use]
    pub fn node(&self, id: ExprId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The expression of a node.
    #[must_use]
    pub fn get(&self, id: ExprId) -> &Expr {
        &self.node(id).expr
    }

    /// The static type of a node.
    #[must_use]
    pub fn ty(&self, id: ExprId) -> &Type {
        &self.node(id).ty
    }

    /// The place of a node.
    #[must_use]
    pub fn span(&self, id: ExprId) -> Span {
        self.node(id).span
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The direct operands of a node, in order, bodies of lambdas last.
    #[must_use]
    pub fn operands(&self, id: ExprId) -> Vec<ExprId> {
        match self.get(id) {
            Expr::Lit(_) | Expr::Field(_) | Expr::Pseudo(_) | Expr::Row | Expr::Local(_) => Vec::new(),
            Expr::Let(_, a, b) | Expr::Binary(_, a, b) | Expr::Index(a, b) | Expr::Range(a, b, _) => vec![*a, *b],
            Expr::Unary(_, a) | Expr::Is(a, _) | Expr::Get(a, _) => vec![*a],
            Expr::If(c, a, b) => vec![*c, *a, *b],
            Expr::Slice(a, from, to) => std::iter::once(*a).chain(*from).chain(*to).collect(),
            Expr::List(items) | Expr::Interp(items) | Expr::Invoke(_, items) => items.clone(),
            Expr::Map(entries) => entries.iter().flat_map(|(key, value)| [*key, *value]).collect(),
            Expr::Call(_, args, lambdas) | Expr::Attend(_, args, lambdas) => args
                .iter()
                .copied()
                .chain(lambdas.iter().map(|lambda| lambda.body))
                .collect(),
        }
    }

    /// Calls `visit` for every node of the tree, operands first.
    pub fn walk(&self, root: ExprId, visit: &mut impl FnMut(ExprId)) {
        for operand in self.operands(root) {
            self.walk(operand, visit);
        }
        visit(root);
    }
}
