//! Expressions: names become fields, locals and constants; every node gets its type.
//!
//! Invariant of the arena: operands are pushed before their node and trees are contiguous. Hence
//! nothing is lowered to look at it and thrown away, except after an error.

mod access;
mod binary;
mod block;
mod call;
mod code;
mod compare;
mod control;
mod invoke;
mod lambda;
mod literal;
mod name;
mod side;
mod stmt;
mod words;

pub(super) use call::{admits, are, arguments, param_word};
pub(super) use code::lower_function;
pub(super) use name::{BOUND, pseudo};
pub(super) use side::{COUNT, PSEUDO};
pub(super) use words::ROW_FUNCTIONS;

use super::context::Cx;
use super::row::Row;
use crate::data::{FieldId, Type, Value};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{self, ExprId, LocalId};
use crate::syntax::ast::{self, ExprKind};

/// What a name bound inside an expression stands for.
#[derive(Clone, Debug)]
pub(super) enum Local {
    /// A value.
    Value(LocalId, Type),
    /// A leaf, which stands wherever the name does.
    Leaf(ir::Expr, Type),
    /// The row at hand, as a lambda's parameter.
    Row,
}

/// What holds where expressions are evaluated at an attention window.
#[derive(Clone, Debug)]
pub(super) struct AtWindow {
    /// The type of one of its events.
    pub(super) element: Type,
    /// How many novelties it computes already.
    pub(super) novelties: usize,
    /// `events`
    pub(super) events: LocalId,
}

/// Expressions, by their places, that earlier operators compute: each is a field of the row.
pub(super) type Given = std::rc::Rc<indexmap::IndexMap<Span, (FieldId, Type)>>;

/// Lowers expressions over one kind of row.
pub(super) struct Lower<'c, 'a> {
    pub(super) cx: &'c mut Cx<'a>,
    pub(super) module: usize,
    /// The row at hand; none where only constants may stand.
    pub(super) row: Option<Row>,
    /// Names bound inside the expression, innermost last.
    pub(super) locals: Vec<(String, Local)>,
    /// Expressions that are computed before, each with the field that holds it.
    pub(super) given: Given,
    /// The attention window at which the expression is evaluated.
    pub(super) window: Option<AtWindow>,
    /// Whether a parameter was read: the value then depends on the run.
    pub(super) reads_param: bool,
    /// The body whose statements are being lowered.
    body: Option<Box<code::Body>>,
    /// Nodes go to the arena of bodies.
    in_code: bool,
    /// This is the body of a function that is put in the place of its call, or a default.
    inlined: bool,
    /// The call stands over a row.
    over_row: bool,
    /// How many bindings, arms and links of chains are open: each makes the tree deeper.
    depth: usize,
}

/// How many bindings, arms and links of chains may be open in one expression. The parser bounds the
/// depth of the text; these make the tree deeper without making the text so.
const MAX_DEPTH: usize = 256;

impl<'c, 'a> Lower<'c, 'a> {
    /// For expressions of constants only.
    pub(super) fn constant(cx: &'c mut Cx<'a>, module: usize) -> Self {
        Self {
            cx,
            module,
            row: None,
            locals: Vec::new(),
            given: Given::default(),
            window: None,
            reads_param: false,
            body: None,
            in_code: false,
            inlined: false,
            over_row: false,
            depth: 0,
        }
    }

    /// For expressions over a row.
    pub(super) fn over(cx: &'c mut Cx<'a>, module: usize, row: &Row) -> Self {
        Self {
            row: Some(row.clone()),
            ..Self::constant(cx, module)
        }
    }

    /// Lowers an expression. After an error the node is a null of type *any*.
    pub(super) fn expr(&mut self, expr: &ast::Expr) -> ExprId {
        let span = expr.span;
        if let Some(node) = self.given(span) {
            return node;
        }
        match &expr.kind {
            ExprKind::Lit(value) => self.lit(value.clone(), span),
            ExprKind::Name(_) | ExprKind::Field(..) => self.access(expr),
            ExprKind::Index(..) => self.access(expr),
            ExprKind::Slice(of, from, to) => self.slice(of, from.as_deref(), to.as_deref(), span),
            ExprKind::Call(callee, args) => self.call(callee, args, span),
            ExprKind::Unary(op, operand) => self.unary(*op, operand, span),
            ExprKind::Binary(op, place, a, b) => self.binary(*op, *place, a, b, span),
            ExprKind::Compare(first, rest) => self.compare(first, rest, span),
            ExprKind::Is(of, negated, ty) => self.is(of, *negated, ty, span),
            ExprKind::If(condition, a, b) => self.if_else(condition, a, b, span),
            ExprKind::Match(subject, arms) => self.match_arms(subject, arms, span),
            ExprKind::Lambda(..) => self.stray_lambda(span),
            ExprKind::Range(from, to, inclusive) => self.range(from, to, *inclusive, span),
            ExprKind::List(items) => self.list(items, false, span),
            ExprKind::Tuple(items) => self.list(items, true, span),
            ExprKind::Map(entries) => self.map(entries, span),
            ExprKind::Interp(parts) => self.interp(parts, span),
            ExprKind::Block(block) => self.block(block),
        }
    }

    /// Lowers a condition: a bool, or *any*.
    pub(super) fn condition(&mut self, expr: &ast::Expr) -> ExprId {
        let id = self.expr(expr);
        self.must_be_bool(id, expr);
        id
    }

    fn must_be_bool(&mut self, id: ExprId, expr: &ast::Expr) {
        let ty = self.ty(id);
        if matches!(ty.non_null(), Type::Bool | Type::Any | Type::Null) {
            return;
        }
        let diagnostic = Diagnostic::new(
            Code::ConditionNotBool,
            expr.span,
            format!("a condition must be a `bool`, this is {}", super::types::shown(&ty)),
        );
        let text = self.cx.sources.slice(expr.span).to_owned();
        let plain = matches!(expr.kind, ExprKind::Name(_) | ExprKind::Field(..));
        self.cx.say(match ty.non_null() {
            Type::Int | Type::Float if plain => diagnostic.help(format!("say what it is compared with: `{text} != 0`")),
            Type::Str if plain => diagnostic.help(format!("say what it is compared with: `{text} != \"\"`")),
            _ if plain => diagnostic.help(format!("to ask whether it is there: `{text} != null`")),
            _ => diagnostic,
        });
    }

    /// The field that holds an expression computed before.
    fn given(&mut self, span: Span) -> Option<ExprId> {
        let (field, ty) = self.given.get(&span)?.clone();
        Some(self.push(ir::Expr::Field(field), ty, span))
    }

    /// The type of a node.
    pub(super) fn ty(&self, id: ExprId) -> Type {
        self.cx.query.exprs.ty(id).clone()
    }

    pub(super) fn push(&mut self, expr: ir::Expr, ty: Type, span: Span) -> ExprId {
        self.cx.query.exprs.push(expr, ty, span)
    }

    /// A constant.
    pub(super) fn lit(&mut self, value: Value, span: Span) -> ExprId {
        let ty = super::types::type_of(&value);
        self.push(ir::Expr::Lit(value), ty, span)
    }

    /// What stands for something erroneous.
    pub(super) fn poison(&mut self, span: Span) -> ExprId {
        self.push(ir::Expr::Lit(Value::Null), Type::Any, span)
    }

    fn say_and_poison(&mut self, diagnostic: Diagnostic) -> ExprId {
        let span = diagnostic.primary.span;
        self.cx.say(diagnostic);
        self.poison(span)
    }

    /// Runs `inner` one level deeper, unless that is too deep.
    fn deeper(&mut self, span: Span, inner: impl FnOnce(&mut Self) -> ExprId) -> ExprId {
        if self.depth == MAX_DEPTH {
            return self.too_deep(span);
        }
        self.depth += 1;
        let id = inner(self);
        self.depth -= 1;
        id
    }

    fn too_deep(&mut self, span: Span) -> ExprId {
        let message = format!("more than {MAX_DEPTH} bindings, arms or links of chains are nested here");
        self.say_and_poison(
            Diagnostic::new(Code::TooDeep, span, message)
                .help("look the value up in a constant map, or split the expression"),
        )
    }

    /// Binds a name while `inner` runs.
    fn with<T>(&mut self, name: &str, local: Local, inner: impl FnOnce(&mut Self) -> T) -> T {
        self.locals.push((name.to_owned(), local));
        let result = inner(self);
        self.locals.pop();
        result
    }
}

/// A block of one expression.
pub(super) fn block_of(expr: &ast::Expr) -> ast::Block {
    if let ExprKind::Block(block) = &expr.kind {
        return (**block).clone();
    }
    ast::Block {
        stmts: vec![ast::Stmt {
            kind: ast::StmtKind::Expr(expr.clone()),
            span: expr.span,
        }],
        span: expr.span,
    }
}
