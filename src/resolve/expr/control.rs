//! `if`, `match`, ranges.

use super::Lower;
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{BinaryOp, Expr, ExprId, LocalId, TypeTest};
use crate::resolve::types::{comparable, join, shown};
use crate::syntax::ast::{self, ExprKind, LambdaBody, MatchArm, MatchPattern};

impl Lower<'_, '_> {
    pub(super) fn if_else(&mut self, condition: &ast::Expr, a: &ast::Expr, b: &ast::Expr, span: Span) -> ExprId {
        let condition = self.condition(condition);
        let (a, b) = (self.expr(a), self.expr(b));
        let ty = join(&self.ty(a), &self.ty(b));
        self.push(Expr::If(condition, a, b), ty, span)
    }

    /// The value of the first arm that fits, as a chain of `if`; null where none does.
    pub(super) fn match_arms(&mut self, subject: &ast::Expr, arms: &[MatchArm], span: Span) -> ExprId {
        let value = self.expr(subject);
        let subject = (self.cx.local(), self.ty(value), subject.span);
        let body = self.arms(&subject, arms, span);
        let ty = self.ty(body);
        self.push(Expr::Let(subject.0, value, body), ty, span)
    }

    fn arms(&mut self, subject: &(LocalId, Type, Span), arms: &[MatchArm], span: Span) -> ExprId {
        let Some((arm, rest)) = arms.split_first() else {
            return self.lit(Value::Null, span);
        };
        match &arm.pattern {
            MatchPattern::Any(_) => {
                if let Some(unreachable) = rest.first() {
                    self.say_unreachable(arm, unreachable);
                }
                self.body(&arm.body)
            }
            MatchPattern::Values(values) => {
                let condition = self.fits_one_of(subject, values, arm.span);
                let body = self.body(&arm.body);
                let other = self.deeper(arm.span, |lower| lower.arms(subject, rest, span));
                let ty = join(&self.ty(body), &self.ty(other));
                self.push(Expr::If(condition, body, other), ty, arm.span)
            }
        }
    }

    pub(super) fn say_unreachable(&mut self, arm: &MatchArm, unreachable: &MatchArm) {
        self.cx.say(
            Diagnostic::new(Code::ConstantCondition, unreachable.span, "this arm is never reached")
                .also(arm.span, "`_` fits everything")
                .help("put the arm of `_` last"),
        );
    }

    pub(super) fn fits_one_of(&mut self, subject: &(LocalId, Type, Span), values: &[ast::Expr], span: Span) -> ExprId {
        let mut whole: Option<ExprId> = None;
        for value in values {
            let one = self.fits(subject, value);
            whole = Some(match whole {
                None => one,
                Some(before) => self.push(Expr::Binary(BinaryOp::Or, before, one), Type::Bool, span),
            });
        }
        whole.unwrap_or_else(|| self.lit(Value::Bool(false), span))
    }

    /// Whether the subject is this value, or in this range.
    fn fits(&mut self, (local, ty, place): &(LocalId, Type, Span), value: &ast::Expr) -> ExprId {
        let left = self.push(Expr::Local(*local), ty.clone(), *place);
        if matches!(value.kind, ExprKind::Lit(Value::Null)) {
            return self.push(Expr::Is(left, TypeTest::Null), Type::Bool, value.span);
        }
        let right = self.expr(value);
        let range = matches!(value.kind, ExprKind::Range(..));
        let right_ty = self.ty(right);
        let item = match &right_ty {
            Type::List(item) if range => (**item).clone(),
            other => other.clone(),
        };
        if !comparable(ty, &item) {
            let message = format!("{} is matched with {}", shown(ty), shown(&item));
            self.cx.say(
                Diagnostic::new(Code::UnlikeComparison, value.span, message)
                    .label("this never fits")
                    .also(*place, format!("this is {}", shown(ty))),
            );
        }
        let op = if range { BinaryOp::In } else { BinaryOp::Eq };
        self.push(Expr::Binary(op, left, right), Type::Bool, value.span)
    }

    pub(in crate::resolve) fn body(&mut self, body: &LambdaBody) -> ExprId {
        match body {
            LambdaBody::Expr(expr) => self.expr(expr),
            LambdaBody::Block(block) => self.block(block),
        }
    }

    pub(super) fn range(&mut self, from: &ast::Expr, to: &ast::Expr, inclusive: bool, span: Span) -> ExprId {
        let a = self.expr(from);
        let b = self.expr(to);
        for (id, expr) in [(a, from), (b, to)] {
            let ty = self.ty(id);
            if !matches!(ty.non_null(), Type::Int | Type::Any | Type::Null) {
                let message = format!("a range goes from `int` to `int`, this is {}", shown(&ty));
                self.cx.say(
                    Diagnostic::new(Code::TypeMismatch, expr.span, message)
                        .help("for other values write both comparisons: `low <= x < high`"),
                );
            }
        }
        self.push(Expr::Range(a, b, inclusive), Type::List(Box::new(Type::Int)), span)
    }
}
