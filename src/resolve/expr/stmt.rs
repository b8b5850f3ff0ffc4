//! Statements of bodies that run as code.
//!
//! Each gives the statements of the IR that it becomes, and whether the place behind it is reached.

use super::{Local, Lower, MAX_DEPTH};
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::ir::{Expr, ExprId, LocalId, Stmt};
use crate::resolve::context::{Place, What, did_you_mean, listed};
use crate::resolve::types::{fits, shown};
use crate::syntax::ast::{
    self, Arg, ArgValue, BindingKind, Block, ExprKind, Ident, LambdaBody, MatchArm, MatchPattern, StmtKind,
};

/// Statements, and whether the place behind them is reached.
type Lowered = (Vec<Stmt>, bool);

impl Lower<'_, '_> {
    /// A block. `tail`: its last expression is what the body gives.
    pub(super) fn stmts(&mut self, block: &Block, tail: bool) -> Lowered {
        let before = self.locals.len();
        let mut made = Vec::new();
        let mut reached = true;
        let mut said = false;
        for (at, stmt) in block.stmts.iter().enumerate() {
            if !reached && !said {
                said = true;
                let leaves = &block.stmts[at - 1];
                self.cx.say(
                    Diagnostic::new(Code::Unreachable, stmt.span, "this is never reached")
                        .also(leaves.span, "what stands before it leaves"),
                );
            }
            let last = tail && at + 1 == block.stmts.len();
            let (stmts, falls) = self.stmt(stmt, last);
            made.extend(stmts);
            reached &= falls;
        }
        self.locals.truncate(before);
        (made, reached)
    }

    fn stmt(&mut self, stmt: &ast::Stmt, tail: bool) -> Lowered {
        let span = stmt.span;
        match &stmt.kind {
            StmtKind::Binding(binding) => (self.binding(binding), true),
            StmtKind::Assign(target, op, value) => (self.assign(target, *op, value, span), true),
            StmtKind::If(arms, other) => self.if_stmt(arms, other.as_ref(), tail),
            StmtKind::For(names, items, block) => (self.for_stmt(names, items, block), true),
            StmtKind::While(condition, block) => self.while_stmt(condition, block),
            StmtKind::Match(subject, arms) => self.match_stmt(subject, arms, tail),
            StmtKind::Break | StmtKind::Continue => (self.leave(&stmt.kind, span), false),
            StmtKind::Return(value) => (self.return_stmt(value.as_ref(), span), false),
            StmtKind::Emit(event, args) => (self.emit(event, args, span), true),
            StmtKind::Raise(value) => (vec![Stmt::Raise(self.expr(value))], false),
            StmtKind::Try(body, catch, last) => self.try_stmt(body, catch.as_ref(), last.as_ref(), (tail, span)),
            StmtKind::Expr(expr) => match &expr.kind {
                ExprKind::Match(subject, arms) => self.match_stmt(subject, arms, tail),
                ExprKind::Block(block) => self.stmts(block, tail),
                _ if tail => (self.return_stmt(Some(expr), span), false),
                _ => {
                    let id = self.expr(expr);
                    self.warn_without_effect(id, expr);
                    (vec![Stmt::Eval(id)], true)
                }
            },
        }
    }

    /// Only a call can have an effect.
    fn warn_without_effect(&mut self, id: ExprId, expr: &ast::Expr) {
        let mut calls = false;
        let exprs = &self.cx.query.exprs;
        exprs.walk(id, &mut |node| calls |= matches!(exprs.get(node), Expr::Invoke(..)));
        if !calls && !crate::resolve::constants::has_poison(exprs, id) {
            self.cx.say(
                Diagnostic::new(Code::Unreachable, expr.span, "this value is not used")
                    .label("it is computed and thrown away")
                    .help("bind it, return it, or take it out"),
            );
        }
    }

    /// Binds a new name; it can be assigned to if `var`.
    fn name(&mut self, name: &Ident, ty: Type, var: bool) -> LocalId {
        let local = self.cx.local();
        if var && let Some(body) = &mut self.body {
            body.vars.push(local);
        }
        self.locals.push((name.name.clone(), Local::Value(local, ty)));
        local
    }

    fn binding(&mut self, binding: &ast::Binding) -> Vec<Stmt> {
        let value = self.expr(&binding.value);
        let found = self.ty(value);
        let var = binding.kind == BindingKind::Var;
        let ty = match &binding.ty {
            Some(written) => {
                let wanted = self.cx.ty(self.module, written);
                if !fits(&found, &wanted) {
                    let message = format!(
                        "`{}` is declared as {}, its value is {}",
                        binding.name.name,
                        shown(&wanted),
                        shown(&found)
                    );
                    self.cx.say(
                        Diagnostic::new(Code::TypeMismatch, binding.value.span, message)
                            .also(written.span, "the declared type"),
                    );
                }
                wanted
            }
            // What is assigned later may be of another type.
            None if var => Type::Any,
            None => found,
        };
        let local = self.name(&binding.name, ty, var);
        vec![Stmt::Set(local, value)]
    }

    /// `x = e`, `x += e`, `x[i].f = e`
    fn assign(&mut self, target: &ast::Expr, op: Option<ast::BinaryOp>, value: &ast::Expr, span: Span) -> Vec<Stmt> {
        let mut parts = Vec::new();
        let mut base = target;
        let name = loop {
            match &base.kind {
                ExprKind::Name(name) => break name,
                ExprKind::Field(of, field) => {
                    let key = ast::Expr {
                        kind: ExprKind::Lit(Value::str(&field.name)),
                        span: field.span,
                    };
                    parts.push(key);
                    base = of;
                }
                ExprKind::Index(of, index) => {
                    parts.push((**index).clone());
                    base = of;
                }
                _ => {
                    self.cx.say(
                        Diagnostic::new(Code::NotAssignable, base.span, "this cannot be assigned to")
                            .label("only a variable, and parts of one, can"),
                    );
                    return Vec::new();
                }
            }
        };
        parts.reverse();
        let Some((local, ty)) = self.target(name) else {
            return Vec::new();
        };
        let parts: Vec<ExprId> = parts.iter().map(|part| self.expr(part)).collect();
        let id = match op {
            None => self.expr(value),
            Some(op) => self.expr(&ast::Expr {
                kind: ExprKind::Binary(
                    op,
                    target.span.to(value.span),
                    Box::new(target.clone()),
                    Box::new(value.clone()),
                ),
                span,
            }),
        };
        if !parts.is_empty() {
            return vec![Stmt::SetPart(local, parts, id)];
        }
        let found = self.ty(id);
        if !fits(&found, &ty) {
            let message = format!(
                "`{}` is {}, what is assigned is {}",
                name.name,
                shown(&ty),
                shown(&found)
            );
            self.cx.say(
                Diagnostic::new(Code::TypeMismatch, value.span, message).label(format!("this is {}", shown(&found))),
            );
        }
        vec![Stmt::Set(local, id)]
    }

    /// What a name that is assigned to stands for; none when it was said why it cannot be.
    fn target(&mut self, name: &Ident) -> Option<(LocalId, Type)> {
        let found = self.locals.iter().rev().find(|(known, _)| *known == name.name);
        let not = |message: String| Diagnostic::new(Code::NotAssignable, name.span, message);
        let said = match found.map(|(_, local)| local.clone()) {
            Some(Local::Value(local, ty)) => {
                let body = self.body.as_ref();
                if body.is_some_and(|body| body.vars.contains(&local)) {
                    return Some((local, ty));
                }
                if body.is_some_and(|body| local.0 < body.first) {
                    not(format!(
                        "`{}` is bound outside of this block, which has its own copy",
                        name.name
                    ))
                    .help("let the block give a value, and assign that: `x = xs.sum(y => ..)`")
                } else {
                    not(format!("`{}` cannot be assigned to", name.name))
                        .label("it is no `var`")
                        .help(format!(
                            "declare it with `var`, or make a copy: `var {0}2 = {0}`",
                            name.name
                        ))
                }
            }
            Some(Local::Leaf(..) | Local::Row) => {
                not(format!("`{}` is the event at hand, which does not change", name.name))
                    .help("make a copy and change that: `var row = e`")
            }
            None => match self
                .cx
                .lookup(self.module, &name.name)
                .map(|found| (found.what, found.span))
            {
                Some((What::Var(at), _)) => {
                    self.cx.written.insert(at);
                    self.cx.used.insert(self.cx.query.code.globals[at].span);
                    if !self.may_touch(at, name.span, None) {
                        return None;
                    }
                    let global = &self.cx.query.code.globals[at];
                    return Some((global.local, global.ty.clone()));
                }
                Some((what, span)) => {
                    let said = not(format!("`{}` is {}, which does not change", name.name, what.noun()));
                    let said = said.also(span, "declared here");
                    match what {
                        What::Constant(_) => said.help("declare it with `var`"),
                        _ => said,
                    }
                }
                None => {
                    let known: Vec<&str> = self.locals.iter().map(|(name, _)| name.as_str()).collect();
                    let near = nearest(&name.name, known.iter().copied()).map(str::to_owned);
                    let message = format!("there is no variable `{}`", name.name);
                    let said = Diagnostic::new(Code::UnknownName, name.span, message)
                        .help(format!("to make one: `var {} = ..`", name.name));
                    did_you_mean(said, near.as_deref(), name.span)
                }
            },
        };
        self.cx.say(said);
        None
    }

    /// One level deeper, unless that is too deep.
    fn below(&mut self, span: Span, inner: impl FnOnce(&mut Self) -> Lowered) -> Lowered {
        if self.depth == MAX_DEPTH {
            self.too_deep(span);
            return (Vec::new(), true);
        }
        self.depth += 1;
        let lowered = inner(self);
        self.depth -= 1;
        lowered
    }

    fn if_stmt(&mut self, arms: &[(ast::Expr, Block)], other: Option<&Block>, tail: bool) -> Lowered {
        let Some(((condition, block), rest)) = arms.split_first() else {
            return other.map_or((Vec::new(), true), |other| self.stmts(other, tail));
        };
        let span = condition.span;
        let condition = self.condition(condition);
        let (then, a) = self.stmts(block, tail);
        let (other, b) = self.below(span, |lower| lower.if_stmt(rest, other, tail));
        (vec![Stmt::If(condition, then, other)], a || b)
    }

    fn for_stmt(&mut self, names: &[Ident], items: &ast::Expr, block: &Block) -> Vec<Stmt> {
        let id = self.expr(items);
        let ty = self.ty(id);
        let item = match ty.non_null() {
            Type::List(item) => (**item).clone(),
            Type::Map(key, _) => (**key).clone(),
            Type::Record(_) => Type::Str,
            Type::Any | Type::Null | Type::Tuple(_) => Type::Any,
            other => {
                let message = format!(
                    "`for` goes over a list, a range or the keys of a map, not over {}",
                    shown(other)
                );
                let said = Diagnostic::new(Code::TypeMismatch, items.span, message);
                let text = self.cx.sources.slice(items.span).to_owned();
                self.cx.say(match other {
                    Type::Str => said.help(format!("over its characters: `for c in {text}.split(\"\"):`")),
                    Type::Int => said.help(format!("so many times: `for i in 0..{text}:`")),
                    _ => said,
                });
                Type::Any
            }
        };
        let before = self.locals.len();
        let parts: Vec<Type> = match (&item, names) {
            (_, [_]) => vec![item],
            (Type::Tuple(parts), names) if parts.len() == names.len() => parts.clone(),
            (_, names) => names.iter().map(|_| Type::Any).collect(),
        };
        let locals = names
            .iter()
            .zip(parts)
            .map(|(name, ty)| self.name(name, ty, false))
            .collect();
        let (body, _) = self.in_loop(block);
        self.locals.truncate(before);
        vec![Stmt::For(locals, id, body)]
    }

    /// The body of a loop, and whether it has a `break`.
    fn in_loop(&mut self, block: &Block) -> (Vec<Stmt>, bool) {
        if let Some(body) = &mut self.body {
            body.loops.push(false);
        }
        let (stmts, _) = self.stmts(block, false);
        let breaks = self.body.as_mut().and_then(|body| body.loops.pop());
        (stmts, breaks.unwrap_or(false))
    }

    fn while_stmt(&mut self, condition: &ast::Expr, block: &Block) -> Lowered {
        let forever = matches!(condition.kind, ExprKind::Lit(Value::Bool(true)));
        let condition = self.condition(condition);
        let (body, breaks) = self.in_loop(block);
        (vec![Stmt::While(condition, body)], !forever || breaks)
    }

    fn leave(&mut self, kind: &StmtKind, span: Span) -> Vec<Stmt> {
        let is_break = matches!(kind, StmtKind::Break);
        match self.body.as_mut().and_then(|body| body.loops.last_mut()) {
            Some(breaks) => {
                *breaks |= is_break;
                vec![if is_break { Stmt::Break } else { Stmt::Continue }]
            }
            None => {
                let word = if is_break { "break" } else { "continue" };
                self.cx.say(
                    Diagnostic::new(Code::StatementPlace, span, format!("`{word}` outside of a loop"))
                        .label("there is no `for` or `while` around it"),
                );
                Vec::new()
            }
        }
    }

    fn return_stmt(&mut self, value: Option<&ast::Expr>, span: Span) -> Vec<Stmt> {
        let id = value.map(|value| self.expr(value));
        let ty = id.map_or(Type::Null, |id| self.ty(id));
        let result = self.body.as_ref().and_then(|body| body.result.clone());
        if let Some((wanted, written)) = result {
            let missing = value.is_none() && !wanted.nullable() && wanted != Type::Null;
            if missing || !fits(&ty, &wanted) {
                let message = format!("{} is declared as the result, this is {}", shown(&wanted), shown(&ty));
                self.cx.say(
                    Diagnostic::new(Code::TypeMismatch, value.map_or(span, |value| value.span), message)
                        .also(written, "the declared result"),
                );
            }
        }
        if let Some(body) = &mut self.body {
            body.returns.push(ty);
        }
        vec![Stmt::Return(id)]
    }

    fn match_stmt(&mut self, subject: &ast::Expr, arms: &[MatchArm], tail: bool) -> Lowered {
        let value = self.expr(subject);
        let local = self.cx.local();
        let subject = (local, self.ty(value), subject.span);
        let (stmts, falls) = self.arms_stmt(&subject, arms, tail);
        let mut made = vec![Stmt::Set(local, value)];
        made.extend(stmts);
        (made, falls)
    }

    fn arms_stmt(&mut self, subject: &(LocalId, Type, Span), arms: &[MatchArm], tail: bool) -> Lowered {
        let Some((arm, rest)) = arms.split_first() else {
            return (Vec::new(), true);
        };
        match &arm.pattern {
            MatchPattern::Any(_) => {
                if let Some(unreachable) = rest.first() {
                    self.say_unreachable(arm, unreachable);
                }
                self.arm(&arm.body, tail)
            }
            MatchPattern::Values(values) => {
                let condition = self.fits_one_of(subject, values, arm.span);
                let (body, a) = self.arm(&arm.body, tail);
                let (other, b) = self.below(arm.span, |lower| lower.arms_stmt(subject, rest, tail));
                (vec![Stmt::If(condition, body, other)], a || b)
            }
        }
    }

    fn arm(&mut self, body: &LambdaBody, tail: bool) -> Lowered {
        match body {
            LambdaBody::Block(block) => self.stmts(block, tail),
            LambdaBody::Expr(expr) => {
                let stmt = ast::Stmt {
                    kind: StmtKind::Expr((**expr).clone()),
                    span: expr.span,
                };
                self.stmt(&stmt, tail)
            }
        }
    }

    fn try_stmt(
        &mut self,
        body: &Block,
        catch: Option<&(Option<Ident>, Block)>,
        last: Option<&Block>,
        (tail, span): (bool, Span),
    ) -> Lowered {
        let (stmts, mut falls) = self.stmts(body, tail);
        let catch = catch.map(|(name, block)| {
            let before = self.locals.len();
            let local = name.as_ref().map(|name| self.name(name, Type::Any, false));
            let (stmts, reached) = self.stmts(block, tail);
            falls |= reached;
            self.locals.truncate(before);
            (local, stmts)
        });
        let mut finally = Vec::new();
        if let Some(last) = last {
            let within = self.body.as_ref().is_some_and(|body| body.finals > 0);
            if within {
                self.cx.refuse(span, "`try` with `finally` inside of a `finally`");
                return (Vec::new(), true);
            }
            if let Some(body) = &mut self.body {
                body.finals += 1;
            }
            let reached;
            (finally, reached) = self.stmts(last, false);
            falls &= reached;
            if let Some(body) = &mut self.body {
                body.finals -= 1;
            }
        }
        let handled = catch.as_ref().map_or(&[][..], |(_, stmts)| stmts);
        if (exits(&stmts) + exits(handled) + 2).saturating_mul(weight(&finally)) > MOST_FINAL {
            self.cx.say(
                Diagnostic::new(
                    Code::TooDeep,
                    span,
                    "this `finally` is too long for so many ways out of its block",
                )
                .help("put it into a function of its own, and call that"),
            );
        }
        (vec![Stmt::Try(stmts, catch, finally)], falls)
    }

    /// `emit T(a: e)`
    fn emit(&mut self, event: &Ident, args: &[Arg], span: Span) -> Vec<Stmt> {
        if !matches!(self.cx.place, Place::Function | Place::Process | Place::OnError) {
            self.cx.say(
                Diagnostic::new(Code::StatementPlace, span, "`emit` cannot stand here").help(
                    "events are emitted in `.process(e => ..)`, in `.on_error(..)` and in functions that these call",
                ),
            );
            return Vec::new();
        }
        let Some(id) = crate::resolve::ops::emitted(self.cx, self.module, event) else {
            let what = self.cx.lookup(self.module, &event.name);
            let noun = what.map_or("nothing", |found| found.what.noun());
            let message = format!("`{}` is {noun}, not an event", event.name);
            self.cx.say(Diagnostic::new(Code::WrongKind, event.span, message));
            return Vec::new();
        };
        let mut fields: Vec<(String, ExprId)> = Vec::new();
        for arg in args {
            let (Some(name), ArgValue::Expr(expr)) = (arg.names.first(), &arg.value) else {
                let message = format!("the fields of `{}` are given by name", event.name);
                self.cx.say(
                    Diagnostic::new(Code::NeedsName, arg.span, message)
                        .help(format!("for example `emit {}(user: e.user)`", event.name)),
                );
                return Vec::new();
            };
            if fields.iter().any(|(known, _)| *known == name.name) {
                let message = format!("the field `{}` is given twice", name.name);
                self.cx.say(Diagnostic::new(Code::DuplicateColumn, name.span, message));
            }
            let value = self.expr(expr);
            self.check_field(id, event, name, (value, expr.span));
            fields.push((name.name.clone(), value));
        }
        self.check_missing(id, event, &fields);
        vec![Stmt::Emit(id, fields)]
    }

    fn check_field(&mut self, id: crate::ir::EventId, event: &Ident, name: &Ident, (value, span): (ExprId, Span)) {
        if !self.cx.event(id).declared {
            return;
        }
        let Some(wanted) = self.cx.event_field(id, &name.name) else {
            let names: Vec<String> = self
                .cx
                .event(id)
                .fields
                .iter()
                .map(|field| field.name.clone())
                .collect();
            let names = || names.iter().map(String::as_str);
            let message = format!("`{}` has no field `{}`", event.name, name.name);
            let said = Diagnostic::new(Code::UnknownField, name.span, message)
                .help(format!("its fields are {}", listed(names())));
            self.cx.say(did_you_mean(said, nearest(&name.name, names()), name.span));
            return;
        };
        let found = self.ty(value);
        if !fits(&found, &wanted) {
            let message = format!(
                "`{}` of `{}` is {}, this is {}",
                name.name,
                event.name,
                shown(&wanted),
                shown(&found)
            );
            self.cx.say(Diagnostic::new(Code::EventMisfit, span, message));
        }
    }

    /// Declared events are whole.
    fn check_missing(&mut self, id: crate::ir::EventId, event: &Ident, fields: &[(String, ExprId)]) {
        let missing: Vec<String> = self
            .cx
            .event(id)
            .fields
            .iter()
            .filter(|field| field.required && fields.iter().all(|(name, _)| *name != field.name))
            .map(|field| field.name.clone())
            .collect();
        if !missing.is_empty() {
            let message = format!("`{}` needs {}", event.name, listed(missing.iter().map(String::as_str)));
            self.cx.say(
                Diagnostic::new(Code::EventMisfit, event.span, message)
                    .help("give it a value, or declare the field with `?`"),
            );
        }
    }
}

/// How many statements a `finally` may become: it is there once for each way out of its block.
const MOST_FINAL: usize = 10_000;

/// The ways out of statements.
fn exits(stmts: &[Stmt]) -> usize {
    count(stmts, &|stmt| {
        matches!(stmt, Stmt::Return(_) | Stmt::Break | Stmt::Continue)
    })
}

/// How many statements there are, those in blocks too.
fn weight(stmts: &[Stmt]) -> usize {
    count(stmts, &|_| true)
}

fn count(stmts: &[Stmt], which: &dyn Fn(&Stmt) -> bool) -> usize {
    let inner = |stmt: &Stmt| match stmt {
        Stmt::If(_, a, b) => count(a, which) + count(b, which),
        Stmt::For(_, _, body) | Stmt::While(_, body) => count(body, which),
        Stmt::Try(body, catch, last) => {
            let handled = catch.as_ref().map_or(0, |(_, body)| count(body, which));
            // Each way out of the block has the `finally` before it.
            count(body, which) + handled + count(last, which) * (exits(body) + 2)
        }
        _ => 0,
    };
    stmts
        .iter()
        .map(|stmt| usize::from(which(stmt)).saturating_add(inner(stmt)))
        .sum()
}
