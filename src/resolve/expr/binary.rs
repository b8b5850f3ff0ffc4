//! Arithmetic, bits and logic: which operands go together, and what comes of them.

use super::Lower;
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{BinaryOp, Expr, ExprId, UnaryOp};
use crate::resolve::types::{is_number, join, null_with, optional, shown};
use crate::syntax::ast;

impl Lower<'_, '_> {
    pub(super) fn unary(&mut self, op: ast::UnaryOp, operand: &ast::Expr, span: Span) -> ExprId {
        if op == ast::UnaryOp::Not {
            let id = self.condition(operand);
            return self.push(Expr::Unary(UnaryOp::Not, id), Type::Bool, span);
        }
        if let Some(value) = negated_literal(op, operand) {
            return self.lit(value, span);
        }
        let id = self.expr(operand);
        let ty = self.ty(id);
        let (ir, fits) = match (op, ty.non_null()) {
            (ast::UnaryOp::Neg, Type::Int | Type::Float | Type::Duration | Type::Any | Type::Null) => {
                (UnaryOp::Neg, true)
            }
            (ast::UnaryOp::BitNot, Type::Int | Type::Any | Type::Null) => (UnaryOp::BitNot, true),
            (ast::UnaryOp::BitNot, _) => (UnaryOp::BitNot, false),
            _ => (UnaryOp::Neg, false),
        };
        if !fits {
            let sign = if ir == UnaryOp::Neg { "-" } else { "~" };
            let message = format!("`{sign}` cannot be applied to {}", shown(&ty));
            return self.say_and_poison(
                Diagnostic::new(Code::TypeMismatch, span, message)
                    .also(operand.span, format!("this is {}", shown(&ty))),
            );
        }
        self.push(Expr::Unary(ir, id), ty, span)
    }

    pub(super) fn binary(
        &mut self,
        op: ast::BinaryOp,
        place: Span,
        a: &ast::Expr,
        b: &ast::Expr,
        span: Span,
    ) -> ExprId {
        let ir = lower_op(op);
        if matches!(ir, BinaryOp::And | BinaryOp::Or) {
            let (left, right) = (self.condition(a), self.condition(b));
            return self.push(Expr::Binary(ir, left, right), Type::Bool, span);
        }
        let (left, right) = (self.expr(a), self.expr(b));
        let (ta, tb) = (self.ty(left), self.ty(right));
        if ir == BinaryOp::Coalesce {
            let ty = coalesced(&ta, &tb);
            return self.push(Expr::Binary(ir, left, right), ty, span);
        }
        let Some(result) = result(ir, ta.non_null(), tb.non_null()) else {
            return self.misfit(op, place, (a, &ta), (b, &tb), span);
        };
        if ir == BinaryOp::Div && *ta.non_null() == Type::Int && *tb.non_null() == Type::Int {
            self.cx.note_difference(
                "int / int",
                span,
                "`int / int` gives a float; the public engine truncates",
                "for integer division write `div(a, b)`",
            );
        }
        let ty = if may_fail(ir, &result) {
            optional(result)
        } else {
            null_with(result, &[&ta, &tb])
        };
        self.push(Expr::Binary(ir, left, right), ty, span)
    }

    /// Says that two operands do not go together.
    fn misfit(
        &mut self,
        op: ast::BinaryOp,
        place: Span,
        (a, ta): (&ast::Expr, &Type),
        (b, tb): (&ast::Expr, &Type),
        span: Span,
    ) -> ExprId {
        let sign = self.cx.sources.slice(place).to_owned();
        let message = format!("`{sign}` cannot combine {} with {}", shown(ta), shown(tb));
        let diagnostic = Diagnostic::new(Code::TypeMismatch, place, message)
            .also(a.span, format!("this is {}", shown(ta)))
            .also(b.span, format!("this is {}", shown(tb)));
        let text = |expr: &ast::Expr| self.cx.sources.slice(expr.span).to_owned();
        let diagnostic = match (op, ta.non_null(), tb.non_null()) {
            (ast::BinaryOp::Add, Type::Str, _) => {
                diagnostic.fix("make the other side text", b.span, format!("str({})", text(b)))
            }
            (ast::BinaryOp::Add, _, Type::Str) => {
                diagnostic.fix("make the other side text", a.span, format!("str({})", text(a)))
            }
            (_, Type::Str, other) | (_, other, Type::Str) if is_number(other) => {
                diagnostic.help("`int(text)` and `float(text)` read numbers from text")
            }
            (ast::BinaryOp::Add | ast::BinaryOp::Sub, Type::Timestamp, other) if is_number(other) => {
                diagnostic.help("write the number as a duration: `5s`, `2h`, `1d`")
            }
            (ast::BinaryOp::Add | ast::BinaryOp::Sub, Type::Duration, other) if is_number(other) => diagnostic
                .help("write the number as a duration (`5s`), or the duration as a number: `duration_seconds(d)`"),
            (ast::BinaryOp::Add, Type::Timestamp, Type::Timestamp) => {
                diagnostic.help("the difference of two times is a duration: `b - a`")
            }
            _ => diagnostic,
        };
        self.cx.say(diagnostic);
        self.poison(span)
    }
}

/// `-5` as a literal, so that it is one.
fn negated_literal(op: ast::UnaryOp, operand: &ast::Expr) -> Option<Value> {
    match (op, &operand.kind) {
        (ast::UnaryOp::Neg, ast::ExprKind::Lit(Value::Int(i))) => i.checked_neg().map(Value::Int),
        (ast::UnaryOp::Neg, ast::ExprKind::Lit(Value::Float(f))) => Some(Value::Float(-f)),
        (ast::UnaryOp::Neg, ast::ExprKind::Lit(Value::Duration(ns))) => ns.checked_neg().map(Value::Duration),
        _ => None,
    }
}

fn lower_op(op: ast::BinaryOp) -> BinaryOp {
    match op {
        ast::BinaryOp::Add => BinaryOp::Add,
        ast::BinaryOp::Sub => BinaryOp::Sub,
        ast::BinaryOp::Mul => BinaryOp::Mul,
        ast::BinaryOp::Div => BinaryOp::Div,
        ast::BinaryOp::Rem => BinaryOp::Rem,
        ast::BinaryOp::Pow => BinaryOp::Pow,
        ast::BinaryOp::Shl => BinaryOp::Shl,
        ast::BinaryOp::Shr => BinaryOp::Shr,
        ast::BinaryOp::BitAnd => BinaryOp::BitAnd,
        ast::BinaryOp::BitXor => BinaryOp::BitXor,
        ast::BinaryOp::BitOr => BinaryOp::BitOr,
        ast::BinaryOp::And => BinaryOp::And,
        ast::BinaryOp::Or => BinaryOp::Or,
        ast::BinaryOp::Coalesce => BinaryOp::Coalesce,
    }
}

/// What `a ?? b` is of.
fn coalesced(a: &Type, b: &Type) -> Type {
    match (a, a.non_null()) {
        (Type::Null, _) => b.clone(),
        (_, plain) => join(plain, b),
    }
}

/// Whether operands of the right types may give an evaluation error.
fn may_fail(op: BinaryOp, result: &Type) -> bool {
    match op {
        BinaryOp::Div | BinaryOp::Rem => true,
        _ => {
            matches!(result, Type::Int | Type::Duration | Type::Timestamp)
                && !matches!(op, BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor)
        }
    }
}

/// The type of `a op b` (both without `?`); none if they do not go together.
fn result(op: BinaryOp, a: &Type, b: &Type) -> Option<Type> {
    use Type::{Any, Duration, Float, Int, List, Null, Str, Timestamp};
    Some(match (op, a, b) {
        (_, Null, Null) => Null,
        (_, Any | Null, other) | (_, other, Any | Null) => return with_unknown(op, other),
        (BinaryOp::Add, Str, Str) => Str,
        (BinaryOp::Add, List(_), List(_)) => join(a, b),
        (BinaryOp::Add, Timestamp, Duration) | (BinaryOp::Add, Duration, Timestamp) => Timestamp,
        (BinaryOp::Sub, Timestamp, Duration) => Timestamp,
        (BinaryOp::Sub, Timestamp, Timestamp) => Duration,
        (BinaryOp::Add | BinaryOp::Sub | BinaryOp::Rem, Duration, Duration) => Duration,
        (BinaryOp::Mul | BinaryOp::Div, Duration, Int | Float) | (BinaryOp::Mul, Int | Float, Duration) => Duration,
        (BinaryOp::Div, Duration, Duration) => Float,
        (BinaryOp::Div, Int | Float, Int | Float) => Float,
        (BinaryOp::Pow, Int, Int) => Any,
        (BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Rem, Int, Int) => Int,
        (BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Rem | BinaryOp::Pow, Int | Float, Int | Float) => {
            Float
        }
        (BinaryOp::Shl | BinaryOp::Shr | BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor, Int, Int) => Int,
        _ => return None,
    })
}

/// The same when one side is of a type not known before the run.
fn with_unknown(op: BinaryOp, known: &Type) -> Option<Type> {
    use Type::{Any, Duration, Float, Int, List, Null, Str, Timestamp, Tuple};
    let fits = match op {
        BinaryOp::Add => !matches!(known, Type::Bool | Type::Map(..) | Type::Record(_) | Type::Stream(_)),
        BinaryOp::Sub => matches!(known, Any | Null | Int | Float | Duration | Timestamp),
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => matches!(known, Any | Null | Int | Float | Duration),
        BinaryOp::Pow => matches!(known, Any | Null | Int | Float),
        _ => matches!(known, Any | Null | Int),
    };
    let ty = match (op, known) {
        (BinaryOp::Shl | BinaryOp::Shr | BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor, _) => optional(Int),
        (BinaryOp::Add, Str) => optional(Str),
        (BinaryOp::Add, List(_) | Tuple(_)) => Any,
        _ => Any,
    };
    fits.then_some(ty)
}
