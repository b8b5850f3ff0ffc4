//! Comparisons: null tests, chains, `in`, `is`, and types that can never be equal.

use super::Lower;
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{BinaryOp, Expr, ExprId, LocalId, TypeTest, UnaryOp};
use crate::resolve::types::{comparable, is_number, shown};
use crate::syntax::ast::{self, CompareOp, ExprKind};

/// An operand of a chain: a node already pushed, or what to push.
enum Side<'e> {
    Expr(&'e ast::Expr),
    Local(LocalId, Type, Span),
}

impl Lower<'_, '_> {
    pub(super) fn compare(&mut self, first: &ast::Expr, rest: &[(CompareOp, Span, ast::Expr)], span: Span) -> ExprId {
        if let [(op, place, second)] = rest {
            return self.comparison(
                *op,
                *place,
                (&Side::Expr(first), first),
                (&Side::Expr(second), second),
                span,
            );
        }
        if rest.len() > super::MAX_DEPTH {
            return self.too_deep(span);
        }
        self.chain(first, rest, span)
    }

    /// `a < b < c`: `a < b and b < c`, the middles bound so that each is evaluated once.
    fn chain(&mut self, first: &ast::Expr, rest: &[(CompareOp, Span, ast::Expr)], span: Span) -> ExprId {
        let Some(((_, _, last), middles)) = rest.split_last() else {
            return self.expr(first);
        };
        let mut bound = Vec::new();
        let mut sides = vec![Side::Expr(first)];
        for (_, _, middle) in middles {
            if is_simple(middle) {
                sides.push(Side::Expr(middle));
                continue;
            }
            let value = self.expr(middle);
            let local = self.cx.local();
            sides.push(Side::Local(local, self.ty(value), middle.span));
            bound.push((local, value));
        }
        sides.push(Side::Expr(last));
        let exprs: Vec<&ast::Expr> = std::iter::once(first)
            .chain(rest.iter().map(|(_, _, expr)| expr))
            .collect();
        let mut whole: Option<ExprId> = None;
        for (at, (op, place, _)) in rest.iter().enumerate() {
            let pair = exprs[at].span.to(exprs[at + 1].span);
            let one = self.comparison(
                *op,
                *place,
                (&sides[at], exprs[at]),
                (&sides[at + 1], exprs[at + 1]),
                pair,
            );
            whole = Some(match whole {
                None => one,
                Some(before) => self.push(Expr::Binary(BinaryOp::And, before, one), Type::Bool, span),
            });
        }
        let mut node = whole.unwrap_or_else(|| self.poison(span));
        for (local, value) in bound.into_iter().rev() {
            node = self.push(Expr::Let(local, value, node), Type::Bool, span);
        }
        node
    }

    fn side(&mut self, side: &Side<'_>) -> ExprId {
        match side {
            Side::Expr(expr) => self.expr(expr),
            Side::Local(local, ty, span) => self.push(Expr::Local(*local), ty.clone(), *span),
        }
    }

    fn comparison(
        &mut self,
        op: CompareOp,
        place: Span,
        (left, a): (&Side<'_>, &ast::Expr),
        (right, b): (&Side<'_>, &ast::Expr),
        span: Span,
    ) -> ExprId {
        if matches!(op, CompareOp::Eq | CompareOp::Ne) {
            let tested = match (is_null(a), is_null(b)) {
                (_, true) => Some(left),
                (true, false) => Some(right),
                (false, false) => None,
            };
            if let Some(tested) = tested {
                let id = self.side(tested);
                return self.null_test(id, op == CompareOp::Ne, span);
            }
        }
        let (left, right) = (self.side(left), self.side(right));
        let (ta, tb) = (self.ty(left), self.ty(right));
        self.check_comparison(op, place, (a, &ta), (b, &tb));
        let (ir, negated) = match op {
            CompareOp::Eq => (BinaryOp::Eq, false),
            CompareOp::Ne => (BinaryOp::Ne, false),
            CompareOp::Lt => (BinaryOp::Lt, false),
            CompareOp::Le => (BinaryOp::Le, false),
            CompareOp::Gt => (BinaryOp::Gt, false),
            CompareOp::Ge => (BinaryOp::Ge, false),
            CompareOp::In => (BinaryOp::In, false),
            CompareOp::NotIn => (BinaryOp::In, true),
        };
        let node = self.push(Expr::Binary(ir, left, right), Type::Bool, span);
        if negated {
            self.push(Expr::Unary(UnaryOp::Not, node), Type::Bool, span)
        } else {
            node
        }
    }

    /// `x == null`, `x != null`
    fn null_test(&mut self, id: ExprId, negated: bool, span: Span) -> ExprId {
        let node = self.push(Expr::Is(id, TypeTest::Null), Type::Bool, span);
        if negated {
            self.push(Expr::Unary(UnaryOp::Not, node), Type::Bool, span)
        } else {
            node
        }
    }

    /// `x is int`, `x is not int`
    pub(super) fn is(&mut self, of: &ast::Expr, negated: bool, ty: &ast::TypeExpr, span: Span) -> ExprId {
        let id = self.expr(of);
        let Some(test) = self.cx.type_test(self.module, ty) else {
            return self.poison(span);
        };
        let node = self.push(Expr::Is(id, test), Type::Bool, span);
        if negated {
            self.push(Expr::Unary(UnaryOp::Not, node), Type::Bool, span)
        } else {
            node
        }
    }

    /// Says what is wrong with the types of a comparison.
    pub(in crate::resolve) fn check_comparison(
        &mut self,
        op: CompareOp,
        place: Span,
        a: (&ast::Expr, &Type),
        b: (&ast::Expr, &Type),
    ) {
        match op {
            CompareOp::In | CompareOp::NotIn => self.check_in(a, b, place),
            CompareOp::Eq | CompareOp::Ne => self.check_unlike(op, place, a, b),
            _ => self.check_order(op, place, a, b),
        }
    }

    /// `==` and `!=` of types that are never equal.
    fn check_unlike(&mut self, op: CompareOp, place: Span, a: (&ast::Expr, &Type), b: (&ast::Expr, &Type)) {
        if !comparable(a.1, b.1) {
            let always = if op == CompareOp::Eq { "false" } else { "true" };
            self.say_unlike(place, a, b, &format!("this would always be {always}"));
        }
    }

    fn check_order(&mut self, op: CompareOp, place: Span, a: (&ast::Expr, &Type), b: (&ast::Expr, &Type)) {
        let _ = op;
        if !comparable(a.1, b.1) {
            self.say_unlike(place, a, b, "there is no order between these");
            return;
        }
        for (expr, ty) in [a, b] {
            if matches!(ty.non_null(), Type::Map(..) | Type::Record(_)) {
                let message = format!("{} has no order", shown(ty));
                self.cx.say(Diagnostic::new(Code::UnlikeComparison, expr.span, message));
                return;
            }
        }
    }

    fn say_unlike(&mut self, place: Span, a: (&ast::Expr, &Type), b: (&ast::Expr, &Type), label: &str) {
        let message = format!("{} is compared with {}", shown(a.1), shown(b.1));
        let diagnostic = Diagnostic::new(Code::UnlikeComparison, place, message)
            .label(label)
            .also(a.0.span, format!("this is {}", shown(a.1)))
            .also(b.0.span, format!("this is {}", shown(b.1)));
        let mend = mend_unlike(self, a, b).or_else(|| mend_unlike(self, b, a));
        self.cx.say(match mend {
            Some(mend) => mend.attach(diagnostic),
            None => diagnostic,
        });
    }

    fn check_in(&mut self, a: (&ast::Expr, &Type), b: (&ast::Expr, &Type), place: Span) {
        let item = match b.1.non_null() {
            Type::Any | Type::Null | Type::Record(_) => return,
            Type::List(item) => (**item).clone(),
            Type::Tuple(items) => crate::resolve::types::join_all(items.iter().cloned()),
            Type::Map(key, _) => (**key).clone(),
            Type::Str => Type::Str,
            other => {
                let message = format!("`in` looks into a list, map, text or range, not into {}", shown(other));
                self.cx.say(Diagnostic::new(Code::TypeMismatch, b.0.span, message));
                return;
            }
        };
        if !comparable(a.1, &item) {
            let message = format!("{} is looked for among {}", shown(a.1), shown(&item));
            self.cx.say(
                Diagnostic::new(Code::UnlikeComparison, place, message)
                    .label("this is never found")
                    .also(a.0.span, format!("this is {}", shown(a.1)))
                    .also(b.0.span, format!("this is {}", shown(b.1))),
            );
        }
    }
}

/// What to do about a comparison.
enum Mend {
    Help(String),
    Fix(&'static str, Span, String),
}

impl Mend {
    fn attach(self, diagnostic: Diagnostic) -> Diagnostic {
        match self {
            Self::Help(text) => diagnostic.help(text),
            Self::Fix(title, span, replacement) => diagnostic.fix(title, span, replacement),
        }
    }
}

/// The mend for a comparison of `a` with a literal or value `b` of another type.
fn mend_unlike(lower: &Lower<'_, '_>, a: (&ast::Expr, &Type), b: (&ast::Expr, &Type)) -> Option<Mend> {
    let text = lower.cx.sources.slice(b.0.span).to_owned();
    let literal = match &b.0.kind {
        ExprKind::Lit(value) => Some(value),
        _ => None,
    };
    let fix = |title, replacement: String| Some(Mend::Fix(title, b.0.span, replacement));
    let help = |text: String| Some(Mend::Help(text));
    match (a.1.non_null(), b.1.non_null(), literal) {
        (number, Type::Str, Some(Value::Str(digits)))
            if is_number(number) && digits.parse::<f64>().is_ok_and(f64::is_finite) =>
        {
            fix("compare with the number", digits.to_string())
        }
        (number, Type::Str, _) if is_number(number) => help(format!("to read the number in the text: `float({text})`")),
        (Type::Timestamp, Type::Str, Some(Value::Str(time)))
            if crate::data::time::parse_timestamp(time.as_bytes()).is_some() =>
        {
            fix("write it as a time", format!("@{}", time.replace(' ', "T")))
        }
        (Type::Timestamp, Type::Str, _) => help(format!("to read the time in the text: `timestamp({text})`")),
        (Type::Timestamp, number, _) if is_number(number) => help(format!(
            "times are written `@2026-01-23T10:00:00Z`; of a number: `timestamp({text})`"
        )),
        (Type::Duration, Type::Int, Some(_)) => fix("write it as a duration in seconds", format!("{text}s")),
        (Type::Duration, number, _) if is_number(number) => {
            help("a duration as a number of seconds: `duration_seconds(d)`".to_owned())
        }
        (Type::Bool, Type::Str, Some(Value::Str(word))) if matches!(&**word, "true" | "false") => {
            fix("compare with the bool", word.to_string())
        }
        (Type::Str, Type::Bool | Type::Int | Type::Float, Some(_)) => fix("compare with text", format!("\"{text}\"")),
        _ => None,
    }
}

fn is_null(expr: &ast::Expr) -> bool {
    matches!(expr.kind, ExprKind::Lit(Value::Null))
}

/// Whether evaluating the expression twice costs nothing.
fn is_simple(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Lit(_) | ExprKind::Name(_) => true,
        ExprKind::Field(of, _) => is_simple(of),
        _ => false,
    }
}
