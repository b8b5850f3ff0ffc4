//! A walk over expressions as written, with the names that are bound on the way.
//!
//! Cost: linear in the text; the depth is bounded by the parser.

use crate::syntax::ast::{ArgValue, Block, Expr, ExprKind, InterpPart, LambdaBody, MatchPattern, Stmt, StmtKind};

/// Calls `visit` for an expression and all below it, from the root down, with the names bound around
/// each, innermost last. Where `visit` gives false the walk does not go on below.
///
/// A path `a.b[i].c` is one expression: below it are what it begins with, if that is no name, and its
/// indices. The name of a function is no expression.
pub(super) fn walk<'e>(expr: &'e Expr, visit: &mut impl FnMut(&'e Expr, &[&'e str]) -> bool) {
    walk_items(expr, &mut |item, bound| match item {
        Item::Expr(expr) => visit(expr, bound),
        Item::Stmt(_) => true,
    });
}

/// What a walk comes by.
#[derive(Clone, Copy)]
pub(super) enum Item<'e> {
    Expr(&'e Expr),
    Stmt(&'e Stmt),
}

/// As [`walk`], by statements too.
pub(super) fn walk_items<'e>(expr: &'e Expr, visit: &mut impl FnMut(Item<'e>, &[&'e str]) -> bool) {
    Walk {
        bound: Vec::new(),
        visit,
    }
    .expr(expr);
}

/// As [`walk_items`], of a block with these names bound around it.
pub(super) fn walk_block<'e>(
    block: &'e Block,
    bound: Vec<&'e str>,
    visit: &mut impl FnMut(Item<'e>, &[&'e str]) -> bool,
) {
    Walk { bound, visit }.block(block);
}

struct Walk<'e, 'v, F> {
    bound: Vec<&'e str>,
    visit: &'v mut F,
}

impl<'e, F: FnMut(Item<'e>, &[&'e str]) -> bool> Walk<'e, '_, F> {
    fn expr(&mut self, expr: &'e Expr) {
        if !(self.visit)(Item::Expr(expr), &self.bound) {
            return;
        }
        match &expr.kind {
            ExprKind::Lit(_) | ExprKind::Name(_) => {}
            ExprKind::Field(..) | ExprKind::Index(..) => self.path(expr),
            ExprKind::Slice(of, from, to) => {
                self.expr(of);
                from.iter().chain(to).for_each(|bound| self.expr(bound));
            }
            ExprKind::Call(callee, args) => {
                match &callee.kind {
                    ExprKind::Name(_) => {}
                    ExprKind::Field(receiver, _) => self.expr(receiver),
                    _ => self.expr(callee),
                }
                for arg in args {
                    if let ArgValue::Expr(expr) | ArgValue::Sorted(expr, _) = &arg.value {
                        self.expr(expr);
                    }
                }
            }
            ExprKind::Unary(_, a) | ExprKind::Is(a, ..) => self.expr(a),
            ExprKind::Binary(_, _, a, b) | ExprKind::Range(a, b, _) => self.all([&**a, &**b]),
            ExprKind::Compare(first, rest) => {
                self.expr(first);
                rest.iter().for_each(|(_, _, expr)| self.expr(expr));
            }
            ExprKind::If(c, a, b) => self.all([&**c, &**a, &**b]),
            ExprKind::Match(subject, arms) => {
                self.expr(subject);
                for arm in arms {
                    if let MatchPattern::Values(values) = &arm.pattern {
                        self.all(values);
                    }
                    self.body(&arm.body);
                }
            }
            ExprKind::Lambda(params, body) => {
                let before = self.bound.len();
                self.bound.extend(params.iter().map(|param| param.name.name.as_str()));
                self.body(body);
                self.bound.truncate(before);
            }
            ExprKind::List(items) | ExprKind::Tuple(items) => self.all(items),
            ExprKind::Map(entries) => entries.iter().for_each(|entry| self.all([&entry.key, &entry.value])),
            ExprKind::Interp(parts) => {
                for part in parts {
                    if let InterpPart::Expr(expr) = part {
                        self.expr(expr);
                    }
                }
            }
            ExprKind::Block(block) => self.block(block),
        }
    }

    fn all(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    fn path(&mut self, expr: &'e Expr) {
        let mut base = expr;
        loop {
            base = match &base.kind {
                ExprKind::Field(of, _) => of,
                ExprKind::Index(of, index) => {
                    self.expr(index);
                    of
                }
                ExprKind::Name(_) => return,
                _ => return self.expr(base),
            };
        }
    }

    fn body(&mut self, body: &'e LambdaBody) {
        match body {
            LambdaBody::Expr(expr) => self.expr(expr),
            LambdaBody::Block(block) => self.block(block),
        }
    }

    fn block(&mut self, block: &'e Block) {
        let before = self.bound.len();
        block.stmts.iter().for_each(|stmt| self.stmt(stmt));
        self.bound.truncate(before);
    }

    fn stmt(&mut self, stmt: &'e Stmt) {
        if !(self.visit)(Item::Stmt(stmt), &self.bound) {
            return;
        }
        match &stmt.kind {
            StmtKind::Binding(binding) => {
                self.expr(&binding.value);
                self.bound.push(&binding.name.name);
            }
            StmtKind::Expr(expr) | StmtKind::Return(Some(expr)) | StmtKind::Raise(expr) => self.expr(expr),
            StmtKind::If(arms, last) => {
                for (condition, block) in arms {
                    self.expr(condition);
                    self.block(block);
                }
                last.iter().for_each(|block| self.block(block));
            }
            StmtKind::Match(subject, arms) => {
                self.expr(subject);
                for arm in arms {
                    if let MatchPattern::Values(values) = &arm.pattern {
                        self.all(values);
                    }
                    self.body(&arm.body);
                }
            }
            StmtKind::Assign(target, _, value) => {
                self.path(target);
                self.expr(value);
            }
            StmtKind::For(names, items, block) => {
                self.expr(items);
                let before = self.bound.len();
                self.bound.extend(names.iter().map(|name| name.name.as_str()));
                self.block(block);
                self.bound.truncate(before);
            }
            StmtKind::While(condition, block) => {
                self.expr(condition);
                self.block(block);
            }
            StmtKind::Emit(_, args) => {
                for arg in args {
                    if let ArgValue::Expr(expr) | ArgValue::Sorted(expr, _) = &arg.value {
                        self.expr(expr);
                    }
                }
            }
            StmtKind::Try(block, catch, last) => {
                self.block(block);
                if let Some((name, block)) = catch {
                    let before = self.bound.len();
                    self.bound.extend(name.iter().map(|name| name.name.as_str()));
                    self.block(block);
                    self.bound.truncate(before);
                }
                last.iter().for_each(|block| self.block(block));
            }
            StmtKind::Break | StmtKind::Continue | StmtKind::Return(None) => {}
        }
    }
}

/// The name that a path begins with: `a` of `a.b[0].c`; none for other expressions.
pub(super) fn first_name(expr: &Expr) -> Option<&crate::syntax::ast::Ident> {
    let mut base = expr;
    loop {
        base = match &base.kind {
            ExprKind::Field(of, _) | ExprKind::Index(of, _) => of,
            ExprKind::Name(name) => return Some(name),
            _ => return None,
        };
    }
}

/// Whether a name of these stands free in an expression.
pub(super) fn mentions<S: AsRef<str>>(expr: &Expr, names: &[S]) -> bool {
    let mut found = false;
    walk(expr, &mut |expr, bound| {
        if let Some(name) = first_name(expr) {
            let is = |other: &str| other == name.name;
            found |= names.iter().any(|other| is(other.as_ref())) && !bound.iter().any(|other| is(other));
        }
        !found
    });
    found
}

/// The name of the function that an expression calls as `f(..)`, and the arguments that have no name.
pub(super) fn plain_call(expr: &Expr) -> Option<(&crate::syntax::ast::Ident, Vec<&Expr>)> {
    let ExprKind::Call(callee, args) = &expr.kind else {
        return None;
    };
    let ExprKind::Name(name) = &callee.kind else {
        return None;
    };
    let plain = args.iter().filter_map(|arg| match &arg.value {
        ArgValue::Expr(expr) => Some(expr),
        ArgValue::Sorted(..) | ArgValue::Step(_) => None,
    });
    Some((name, plain.collect()))
}
