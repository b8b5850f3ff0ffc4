//! Bodies that run as code: functions of the program, and blocks of statements that stand for a value.
//!
//! A block that stands in an expression becomes a function of its own. What it takes from around it (fields of
//! the row, bound names) is found when it is finished: each becomes a parameter, and what stands there outside the
//! argument of the call.

use std::mem;

use super::{Local, Lower};
use crate::data::Type;
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Expr, ExprId, Function, FunctionId, GlobalId, LocalId, Stmt};
use crate::resolve::context::{Cx, Place};
use crate::resolve::types::{fits, join, optional, shown};
use crate::syntax::ast::{self, Block, FnParam, LambdaBody};

/// How many nodes a body may have.
const MOST: usize = 20_000;

/// The body whose statements are being lowered.
#[derive(Debug)]
pub(super) struct Body {
    /// The function's name; of a block what it is part of.
    pub name: String,
    /// Names bound outside have locals below this.
    pub first: u32,
    /// The type that it is declared to give, and where.
    pub result: Option<(Type, Span)>,
    /// The types that it gives.
    pub returns: Vec<Type>,
    /// For each open loop whether it has a `break`.
    pub loops: Vec<bool>,
    /// How many `finally` are open.
    pub finals: usize,
    /// The names that can be assigned to.
    pub vars: Vec<LocalId>,
}

impl Body {
    fn new(name: String, first: u32) -> Self {
        Self {
            name,
            first,
            result: None,
            returns: Vec::new(),
            loops: Vec::new(),
            finals: 0,
            vars: Vec::new(),
        }
    }
}

/// Lowers the body of a declared function.
pub(in crate::resolve) fn lower_function(cx: &mut Cx<'_>, id: FunctionId) {
    let at = id.0 as usize;
    let (module, decl) = (cx.functions[at].module, cx.functions[at].decl);
    let place = mem::replace(&mut cx.place, Place::Function);
    let result = decl.result.as_ref().zip(cx.functions[at].result.clone());
    let mut lower = Lower::constant(cx, module);
    lower.swap();
    let start = lower.cx.query.exprs.len();
    let mut body = Body::new(decl.name.name.clone(), lower.cx.locals);
    body.result = result.map(|(written, ty)| (ty, written.span));
    lower.body = Some(Box::new(body));
    let mut params = Vec::new();
    for param in &decl.params {
        let ty = param.ty.as_ref().map(|ty| lower.cx.ty(module, ty)).unwrap_or_default();
        if let Some(default) = &param.default {
            // A default sees no other parameter.
            let others = mem::take(&mut lower.locals);
            let given = lower.expr(default);
            let given = lower.ty(given);
            lower.locals = others;
            if !fits(&given, &ty) {
                let message = format!(
                    "`{}` is declared as {}, its default is {}",
                    param.name.name,
                    shown(&ty),
                    shown(&given)
                );
                lower.cx.say(Diagnostic::new(Code::TypeMismatch, default.span, message));
            }
        }
        let local = lower.cx.local();
        params.push(local);
        lower.locals.push((param.name.name.clone(), Local::Value(local, ty)));
    }
    let (stmts, falls) = lower.stmts(&decl.body, true);
    lower.check_end(falls, &decl.body, decl.name.span);
    lower.check_size(start, decl.name.span);
    let body = lower.body.take();
    lower.swap();
    cx.place = place;
    let function = &mut cx.query.code.functions[at];
    function.params = params;
    function.body = stmts;
    function.ty = body.map_or(Type::Any, |body| body.gives(falls));
}

impl Body {
    /// The type of what it gives.
    fn gives(&self, falls: bool) -> Type {
        if let Some((ty, _)) = &self.result {
            return ty.clone();
        }
        let mut types = self.returns.iter().cloned();
        let first = types.next().unwrap_or(Type::Null);
        let ty = types.fold(first, |a, b| join(&a, &b));
        if falls { optional(ty) } else { ty }
    }
}

impl Lower<'_, '_> {
    /// Changes between the arena of the streams and that of bodies.
    fn swap(&mut self) {
        let query = &mut self.cx.query;
        mem::swap(&mut query.exprs, &mut query.code.exprs);
        self.in_code = !self.in_code;
    }

    /// A block of statements that stands for a value.
    pub(super) fn code_block(&mut self, block: &Block) -> ExprId {
        if self.row.is_none() && self.body.is_none() && !self.inlined {
            return self.say_and_poison(
                Diagnostic::new(
                    Code::NotConstant,
                    block.span,
                    "what statements give is known only when they run",
                )
                .label("a constant is known before"),
            );
        }
        let name = match &self.body {
            Some(body) => body.name.clone(),
            None => self.cx.draws.0.clone(),
        };
        let (id, args, _) = self.function_of(&name, &[], block, true);
        let ty = self.cx.query.code.function(id).ty.clone();
        self.push(Expr::Invoke(id, args), ty, block.span)
    }

    /// `.process(e => ..)`: the row is at hand.
    pub(in crate::resolve) fn process_lambda(&mut self, params: &[FnParam], body: &LambdaBody, span: Span) -> ExprId {
        let block = match body {
            LambdaBody::Expr(expr) if !matches!(expr.kind, ast::ExprKind::Block(_)) => {
                return self.row_lambda(params, body, span);
            }
            LambdaBody::Expr(expr) => crate::resolve::expr::block_of(expr),
            LambdaBody::Block(block) => block.clone(),
        };
        let [param] = params else {
            return self.row_lambda(params, body, span);
        };
        let name = self.cx.draws.0.clone();
        self.with(&param.name.name, Local::Row, |lower| {
            let (id, args, _) = lower.function_of(&name, &[], &block, false);
            let ty = lower.cx.query.code.function(id).ty.clone();
            lower.push(Expr::Invoke(id, args), ty, span)
        })
    }

    /// `.on_error((error, e) => ..)`: a function of the error and the row.
    pub(in crate::resolve) fn handler(&mut self, params: &[(&FnParam, Type)], body: &LambdaBody) -> FunctionId {
        let block = match body {
            LambdaBody::Expr(expr) => crate::resolve::expr::block_of(expr),
            LambdaBody::Block(block) => block.clone(),
        };
        let name = self.cx.draws.0.clone();
        self.function_of(&name, params, &block, false).0
    }

    /// Makes a function of a block; also the arguments of its call, and whether its end is reached. `value`: it
    /// must have one.
    fn function_of(
        &mut self,
        name: &str,
        params: &[(&FnParam, Type)],
        block: &Block,
        value: bool,
    ) -> (FunctionId, Vec<ExprId>, bool) {
        let outer_code = self.in_code;
        if !outer_code {
            self.swap();
        }
        let start = self.cx.query.exprs.len();
        let first = self.cx.locals;
        let outer = self.body.replace(Box::new(Body::new(name.to_owned(), first)));
        let before = self.locals.len();
        let mut ids = Vec::new();
        for (param, ty) in params {
            let local = self.cx.local();
            ids.push(local);
            self.locals
                .push((param.name.name.clone(), Local::Value(local, ty.clone())));
        }
        let (stmts, falls) = self.stmts(block, true);
        if value && falls {
            self.cx.say(
                Diagnostic::new(Code::BlockWithoutValue, block.span, "the block has no value")
                    .label("its end is reached without one")
                    .help("end it with the expression that is its value"),
            );
        }
        self.locals.truncate(before);
        self.check_size(start, block.span);
        let body = mem::replace(&mut self.body, outer);
        let ty = body.map_or(Type::Any, |body| body.gives(falls));
        let captured = self.captured(start, first, &mut ids);
        let globals = self.globals_from(start, &stmts);
        if !outer_code {
            self.swap();
        }
        let mut args = Vec::new();
        for (expr, ty, span) in captured {
            args.push(self.push(expr, ty, span));
        }
        self.cx.query.code.functions.push(Function {
            name: name.to_owned(),
            params: ids,
            body: stmts,
            ty,
            span: block.span,
            globals,
            declared: false,
        });
        let id = FunctionId(self.cx.query.code.functions.len() as u32 - 1);
        (id, args, falls)
    }

    /// Makes parameters of what a body takes from around it.
    fn captured(&mut self, start: usize, first: u32, params: &mut Vec<LocalId>) -> Vec<(Expr, Type, Span)> {
        let mut captured: Vec<(Expr, Type, Span)> = Vec::new();
        let mut locals: Vec<LocalId> = Vec::new();
        for at in start..self.cx.query.exprs.len() {
            let id = ExprId(at as u32);
            let node = self.cx.query.exprs.node(id).clone();
            let takes = match &node.expr {
                Expr::Field(_) | Expr::Pseudo(_) | Expr::Row => true,
                Expr::Local(local) => local.0 < first && self.cx.query.code.globals.iter().all(|of| of.local != *local),
                _ => false,
            };
            if !takes {
                continue;
            }
            let known = captured.iter().position(|(expr, ..)| *expr == node.expr);
            let known = known.unwrap_or_else(|| {
                let local = self.cx.local();
                locals.push(local);
                params.push(local);
                captured.push((node.expr, node.ty, node.span));
                captured.len() - 1
            });
            self.cx.query.exprs.replace(id, Expr::Local(locals[known]));
        }
        captured
    }

    /// The variables of the run that a body touches: those it reads, writes, and those of what it calls.
    fn globals_from(&self, start: usize, stmts: &[Stmt]) -> Vec<GlobalId> {
        let code = &self.cx.query.code;
        let mut found: Vec<GlobalId> = Vec::new();
        let of = |local: LocalId| code.globals.iter().position(|global| global.local == local);
        let mut add = |id: GlobalId| {
            if !found.contains(&id) {
                found.push(id);
            }
        };
        for at in start..self.cx.query.exprs.len() {
            match self.cx.query.exprs.get(ExprId(at as u32)) {
                Expr::Local(local) => of(*local).into_iter().for_each(|at| add(GlobalId(at as u32))),
                Expr::Invoke(function, _) => code.function(*function).globals.iter().for_each(|id| add(*id)),
                _ => {}
            }
        }
        written(stmts, &mut |local| {
            of(local).into_iter().for_each(|at| add(GlobalId(at as u32)))
        });
        found.sort_unstable();
        found
    }

    fn check_size(&mut self, start: usize, span: Span) {
        if self.cx.query.exprs.len() - start > MOST {
            let message = format!("a body of more than {MOST} operations is too long");
            self.cx
                .say(Diagnostic::new(Code::TooDeep, span, message).help("split it into several functions"));
        }
    }

    /// A function that is declared to give a value must give one at every end.
    fn check_end(&mut self, falls: bool, block: &Block, name: Span) {
        let Some((ty, written)) = self.body.as_ref().and_then(|body| body.result.clone()) else {
            return;
        };
        if falls && !ty.nullable() {
            let last = block.stmts.last().map_or(block.span, |stmt| stmt.span);
            let function = self.cx.sources.slice(name).to_owned();
            self.cx.say(
                Diagnostic::new(
                    Code::BlockWithoutValue,
                    last,
                    format!("`{function}` may end here without a `return`"),
                )
                .also(written, format!("it is declared to give {}", shown(&ty)))
                .help(format!("return a value on every way, or declare the result as `{ty}?`")),
            );
        }
    }
}

/// The locals that statements write.
fn written(stmts: &[Stmt], found: &mut impl FnMut(LocalId)) {
    for stmt in stmts {
        match stmt {
            Stmt::Set(local, _) | Stmt::SetPart(local, ..) => found(*local),
            Stmt::If(_, a, b) => {
                written(a, found);
                written(b, found);
            }
            Stmt::For(_, _, body) | Stmt::While(_, body) => written(body, found),
            Stmt::Try(body, catch, last) => {
                written(body, found);
                catch.iter().for_each(|(_, body)| written(body, found));
                written(last, found);
            }
            _ => {}
        }
    }
}
