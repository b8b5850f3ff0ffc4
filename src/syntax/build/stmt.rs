//! Nodes of statements and blocks.

use super::Cx;
use crate::diag::{Code, Diagnostic, Span};
use crate::syntax::ast::{
    BinaryOp, Block, Expr, ExprKind, Ident, Import, ItemKind, LambdaBody, MatchArm, MatchPattern, Stmt, StmtKind,
    StrLit,
};

/// `import "lib.vpl" as lib`
pub(in crate::syntax) fn import(at: StrLit, alias: Option<Ident>) -> ItemKind {
    ItemKind::Import(Import {
        path: at.text,
        path_span: at.span,
        alias,
    })
}

/// A block of lines, those left out that did not parse.
pub(in crate::syntax) fn block(lines: Vec<Option<Stmt>>, span: Span) -> Block {
    let stmts: Vec<Stmt> = lines.into_iter().flatten().collect();
    let span = match (stmts.first(), stmts.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => span,
    };
    Block { stmts, span }
}

/// A block of one expression.
pub(in crate::syntax) fn block_of(e: Expr) -> Block {
    let span = e.span;
    Block {
        stmts: vec![expr_stmt(e)],
        span,
    }
}

/// A block of one statement.
pub(in crate::syntax) fn effect(kind: StmtKind, span: Span) -> Block {
    Block {
        stmts: vec![Stmt { kind, span }],
        span,
    }
}

/// An expression as a statement; compound statements become themselves.
pub(in crate::syntax) fn expr_stmt(e: Expr) -> Stmt {
    let span = e.span;
    let kind = match e.kind {
        ExprKind::Match(on, arms) => StmtKind::Match(*on, arms),
        ExprKind::Block(mut block) if block.stmts.len() == 1 => match block.stmts.pop() {
            Some(stmt) => stmt.kind,
            None => StmtKind::Expr(Expr {
                kind: ExprKind::Block(block),
                span,
            }),
        },
        kind => StmtKind::Expr(Expr { kind, span }),
    };
    Stmt { kind, span }
}

/// `match x: ...`
pub(in crate::syntax) fn match_expr(on: Expr, arms: Vec<Option<MatchArm>>, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Match(Box::new(on), arms.into_iter().flatten().collect()),
        span,
    }
}

/// A statement with blocks, as an expression.
pub(in crate::syntax) fn compound(kind: StmtKind, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Block(Box::new(effect(kind, span))),
        span,
    }
}

/// What stands right of the `=>` of a match arm.
pub(in crate::syntax) fn arm_body(stmt: Stmt) -> LambdaBody {
    match stmt.kind {
        StmtKind::Expr(e) => LambdaBody::Expr(Box::new(e)),
        kind => LambdaBody::Block(effect(kind, stmt.span)),
    }
}

/// What stands left of it.
pub(in crate::syntax) fn arm_pattern(values: Vec<Expr>) -> MatchPattern {
    match values.as_slice() {
        [
            Expr {
                kind: ExprKind::Name(ident),
                span,
            },
        ] if ident.name == "_" => MatchPattern::Any(*span),
        _ => MatchPattern::Values(values),
    }
}

/// `x = e`, `x += e`; only names, fields and elements can be assigned to.
pub(in crate::syntax) fn assign(cx: &Cx<'_>, target: Expr, op: Option<BinaryOp>, value: Expr) -> StmtKind {
    if !matches!(
        target.kind,
        ExprKind::Name(_) | ExprKind::Field(..) | ExprKind::Index(..)
    ) {
        cx.report(
            Diagnostic::new(Code::NotAssignable, target.span, "this cannot be assigned to")
                .label("only a variable, a field or an element can")
                .help("`==` compares"),
        );
    }
    StmtKind::Assign(target, op, value)
}
