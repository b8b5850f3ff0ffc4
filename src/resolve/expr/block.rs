//! Blocks of lambdas and match arms: bindings, and a last expression that is the value.

use super::{Local, Lower};
use crate::data::Type;
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Expr, ExprId};
use crate::resolve::functions::is_plain;
use crate::resolve::types::{fits, join, shown};
use crate::syntax::ast::{self, BindingKind, Block, Stmt, StmtKind};

impl Lower<'_, '_> {
    pub(super) fn block(&mut self, block: &Block) -> ExprId {
        let nothing = match block.stmts.as_slice() {
            [] => true,
            [one] => gives_nothing(&one.kind),
            _ => false,
        };
        if nothing || is_plain(block) {
            return self.statements(&block.stmts, block.span);
        }
        self.code_block(block)
    }

    fn statements(&mut self, stmts: &[Stmt], span: Span) -> ExprId {
        let Some((stmt, rest)) = stmts.split_first() else {
            return self.say_and_poison(
                Diagnostic::new(Code::BlockWithoutValue, span, "the block has no value")
                    .help("end it with the expression that is its value"),
            );
        };
        match &stmt.kind {
            StmtKind::Binding(binding) if binding.kind != BindingKind::Var => {
                self.deeper(stmt.span, |lower| lower.let_in(binding, rest, stmt.span.to(span)))
            }
            last => self.last(last, stmt.span),
        }
    }

    /// The value of the last statement.
    fn last(&mut self, stmt: &StmtKind, span: Span) -> ExprId {
        match stmt {
            StmtKind::Expr(expr) | StmtKind::Return(Some(expr)) => self.expr(expr),
            StmtKind::If(arms, Some(other)) => self.if_block(arms, other, span),
            StmtKind::Match(subject, arms) => self.match_arms(subject, arms, span),
            StmtKind::Binding(_) | StmtKind::If(_, None) | StmtKind::Return(None) => self.say_and_poison(
                Diagnostic::new(Code::BlockWithoutValue, span, "the block has no value")
                    .label("this gives none")
                    .help("end the block with the expression that is its value"),
            ),
            // A block with others is code.
            _ => self.poison(span),
        }
    }

    fn let_in(&mut self, binding: &ast::Binding, rest: &[Stmt], span: Span) -> ExprId {
        let value = self.expr(&binding.value);
        let mut ty = self.ty(value);
        if let Some(written) = &binding.ty {
            let wanted = self.cx.ty(self.module, written);
            if !fits(&ty, &wanted) {
                let message = format!(
                    "`{}` is declared as {}, its value is {}",
                    binding.name.name,
                    shown(&wanted),
                    shown(&ty)
                );
                self.cx.say(
                    Diagnostic::new(Code::TypeMismatch, binding.value.span, message)
                        .also(written.span, "the declared type"),
                );
            }
            ty = if wanted == Type::Any { ty } else { wanted };
        }
        let local = self.cx.local();
        let body = self.with(&binding.name.name, Local::Value(local, ty), |lower| {
            lower.statements(rest, span)
        });
        let ty = self.ty(body);
        self.push(Expr::Let(local, value, body), ty, span)
    }

    fn if_block(&mut self, arms: &[(ast::Expr, Block)], other: &Block, span: Span) -> ExprId {
        let Some(((condition, block), rest)) = arms.split_first() else {
            return self.block(other);
        };
        let condition = self.condition(condition);
        let a = self.block(block);
        let b = self.deeper(span, |lower| lower.if_block(rest, other, span));
        let ty = join(&self.ty(a), &self.ty(b));
        self.push(Expr::If(condition, a, b), ty, span)
    }

    /// A lambda where a value is asked for.
    pub(super) fn stray_lambda(&mut self, span: Span) -> ExprId {
        self.say_and_poison(
            Diagnostic::new(Code::LambdaPlace, span, "a lambda is not a value").help(
                "lambdas are arguments of list functions (`xs.map(x => ..)`) and of operators (`.filter(e => ..)`)",
            ),
        )
    }
}

/// Whether a block of this statement alone has no value.
fn gives_nothing(stmt: &StmtKind) -> bool {
    matches!(
        stmt,
        StmtKind::Binding(_) | StmtKind::If(_, None) | StmtKind::Return(None)
    )
}
