//! Functions of the program before anything is lowered: what they call, emit and touch, and which of them
//! are put in the place of their calls.
//!
//! A function is put in the place of its calls (*inlined*) when its body is plain (bindings, and values by
//! `if`, `match` and `return` at the end), it does not call itself, touches no variable of the run, and is
//! small with all that it calls: so a function of some operations costs what the expression costs.
//! All others are compiled to code.
//!
//! Cost: linear in the text, but for the closure over who calls whom.

use indexmap::IndexSet;

use super::context::{Cx, What};
use super::walk::{Item, first_name, walk_block};
use crate::data::Type;
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, Builtin, FunctionId, GlobalId};
use crate::syntax::ast::{Block, Expr, ExprKind, FnDecl, Ident, LambdaBody, Stmt, StmtKind};

/// How many nodes a function may have, with all that is inlined in it, to be inlined.
const SMALL: usize = 200;

/// A function as declared, and what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Declared<'a> {
    /// The module that declares it.
    pub module: usize,
    /// The declaration.
    pub decl: &'a FnDecl,
    /// What it does, with all that it calls.
    pub effects: Effects<'a>,
    /// Whether its calls are replaced by its body.
    pub inline: bool,
    /// The type of what it gives, as declared.
    pub result: Option<Type>,
}

/// What a body does besides giving a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Effects<'a> {
    /// The events that it may emit: the module, and the name there.
    pub emits: Vec<(usize, &'a Ident)>,
    /// The variables of the run that it reads or writes.
    pub globals: IndexSet<usize>,
    /// The functions that it calls.
    pub calls: IndexSet<usize>,
    /// Whether it draws at random.
    pub draws: bool,
    /// How many nodes it has.
    pub size: usize,
}

impl Effects<'_> {
    /// The variables as the IR has them.
    pub(super) fn globals(&self) -> Vec<GlobalId> {
        let mut globals: Vec<GlobalId> = self.globals.iter().map(|&at| GlobalId(at as u32)).collect();
        globals.sort_unstable();
        globals
    }
}

/// Looks at all functions.
pub(super) fn analyse(cx: &mut Cx<'_>) {
    for at in 0..cx.functions.len() {
        let (module, decl) = (cx.functions[at].module, cx.functions[at].decl);
        cx.functions[at].effects = of_function(cx, module, decl);
    }
    close(cx);
    inline(cx);
    for at in 0..cx.functions.len() {
        let decl = cx.functions[at].decl;
        cx.query.code.functions.push(ir::Function {
            name: decl.name.name.clone(),
            params: Vec::new(),
            body: Vec::new(),
            ty: Type::Any,
            span: decl.name.span,
            globals: cx.functions[at].effects.globals(),
            declared: true,
        });
        let mut seen: Vec<&Ident> = Vec::new();
        for param in &decl.params {
            if let Some(first) = seen.iter().find(|name| name.name == param.name.name) {
                let message = format!("the parameter `{}` is there twice", param.name.name);
                let first = first.span;
                cx.say(Diagnostic::new(Code::DeclaredTwice, param.name.span, message).also(first, "first here"));
            }
            seen.push(&param.name);
        }
    }
}

fn params(decl: &FnDecl) -> Vec<&str> {
    decl.params.iter().map(|param| param.name.name.as_str()).collect()
}

/// The effects of a function by itself.
fn of_function<'a>(cx: &Cx<'a>, module: usize, decl: &'a FnDecl) -> Effects<'a> {
    let mut effects = Effects::default();
    walk_block(&decl.body, params(decl), &mut |item, bound| {
        note(cx, module, &item, bound, &mut effects);
        true
    });
    effects
}

/// The events that an expression may emit, with all that it calls: the module, and the name there.
pub(super) fn emits_of(cx: &Cx<'_>, module: usize, expr: &Expr) -> Vec<(usize, Ident)> {
    let mut found: Vec<(usize, Ident)> = Vec::new();
    let mut calls: IndexSet<usize> = IndexSet::new();
    super::walk::walk_items(expr, &mut |item, bound| {
        match item {
            Item::Stmt(Stmt {
                kind: StmtKind::Emit(event, _),
                ..
            }) => found.push((module, event.clone())),
            Item::Expr(Expr {
                kind: ExprKind::Call(callee, _),
                ..
            }) => calls.extend(called(cx, module, callee, bound)),
            _ => {}
        }
        true
    });
    for called in calls {
        let emits = cx.functions[called].effects.emits.iter();
        found.extend(emits.map(|(module, event)| (*module, (*event).clone())));
    }
    found
}

fn note<'a>(cx: &Cx<'a>, module: usize, item: &Item<'a>, bound: &[&str], effects: &mut Effects<'a>) {
    effects.size += 1;
    let expr = match item {
        Item::Stmt(stmt) => {
            match &stmt.kind {
                StmtKind::Emit(event, _) => effects.emits.push((module, event)),
                StmtKind::Assign(target, ..) => touch(cx, module, target, bound, effects),
                _ => {}
            }
            return;
        }
        Item::Expr(expr) => expr,
    };
    if let ExprKind::Call(callee, _) = &expr.kind {
        if let ExprKind::Name(name) | ExprKind::Field(_, name) = &callee.kind {
            effects.draws |= Builtin::lookup(&name.name).is_some_and(Builtin::is_volatile);
        }
        effects.calls.extend(called(cx, module, callee, bound));
        return;
    }
    touch(cx, module, expr, bound, effects);
}

/// The function that a call is of.
fn called(cx: &Cx<'_>, module: usize, callee: &Expr, bound: &[&str]) -> Option<usize> {
    let (home, name) = match &callee.kind {
        ExprKind::Name(name) => (module, name),
        ExprKind::Field(receiver, name) => match &receiver.kind {
            ExprKind::Name(alias) if !bound.contains(&alias.name.as_str()) && cx.is_import(module, &alias.name) => {
                (cx.modules[module].imports.get(&alias.name)?.0?, name)
            }
            _ => (module, name),
        },
        _ => return None,
    };
    match cx.lookup(home, &name.name)?.what {
        What::Function(at) => Some(at),
        _ => None,
    }
}

fn touch<'a>(cx: &Cx<'a>, module: usize, expr: &'a Expr, bound: &[&str], effects: &mut Effects<'a>) {
    let Some(name) = first_name(expr) else { return };
    if bound.contains(&name.name.as_str()) {
        return;
    }
    if let Some(What::Var(at)) = cx.lookup(module, &name.name).map(|found| found.what) {
        effects.globals.insert(at);
    }
    // `lib.seen`
    if let Some(item) = second_name(expr)
        && cx.is_import(module, &name.name)
        && let Some((Some(home), _)) = cx.modules[module].imports.get(&name.name)
        && let Some(What::Var(at)) = cx.lookup(*home, &item.name).map(|found| found.what)
    {
        effects.globals.insert(at);
    }
}

/// `b` of `a.b.c`
fn second_name(expr: &Expr) -> Option<&Ident> {
    match &expr.kind {
        ExprKind::Field(of, name) if matches!(of.kind, ExprKind::Name(_)) => Some(name),
        ExprKind::Field(of, _) | ExprKind::Index(of, _) => second_name(of),
        _ => None,
    }
}

/// Adds what a called function does.
fn add<'a>(effects: &mut Effects<'a>, other: &Effects<'a>) -> bool {
    let count = |of: &Effects<'_>| (of.emits.len(), of.globals.len(), of.calls.len(), of.draws);
    let before = count(effects);
    for emit in &other.emits {
        if !effects
            .emits
            .iter()
            .any(|known| known.0 == emit.0 && known.1.name == emit.1.name)
        {
            effects.emits.push(*emit);
        }
    }
    effects.globals.extend(&other.globals);
    effects.draws |= other.draws;
    effects.calls.extend(&other.calls);
    before != count(effects)
}

/// Effects of the functions called are effects of the caller.
fn close(cx: &mut Cx<'_>) {
    loop {
        let mut changed = false;
        for at in 0..cx.functions.len() {
            let mut own = std::mem::take(&mut cx.functions[at].effects);
            for called in own.calls.clone() {
                if called != at {
                    changed |= add(&mut own, &cx.functions[called].effects);
                }
            }
            cx.functions[at].effects = own;
        }
        if !changed {
            return;
        }
    }
}

/// Chooses the functions that are inlined.
fn inline(cx: &mut Cx<'_>) {
    let count = cx.functions.len();
    // Calls are closed over already: those of the text alone say what grows.
    let plain = |function: &Declared<'_>| {
        let effects = &function.effects;
        is_plain(&function.decl.body) && effects.emits.is_empty() && effects.globals.is_empty()
    };
    for at in 0..count {
        let function = &cx.functions[at];
        let recursive = function.effects.calls.contains(&at);
        cx.functions[at].inline = !cx.options.never_inline && !recursive && plain(function);
    }
    // What a function calls is counted with it, once for each call; large ones are called.
    let own: Vec<Vec<usize>> = (0..count).map(|at| calls_of(cx, at)).collect();
    let mut size: Vec<Option<usize>> = vec![None; count];
    for at in 0..count {
        grown(cx, &own, at, &mut size);
    }
    for at in 0..count {
        cx.functions[at].inline &= size[at].is_some_and(|size| size <= SMALL);
    }
}

/// Every call in a body.
fn calls_of(cx: &Cx<'_>, at: usize) -> Vec<usize> {
    let function = &cx.functions[at];
    let mut calls = Vec::new();
    walk_block(&function.decl.body, params(function.decl), &mut |item, bound| {
        if let Item::Expr(Expr {
            kind: ExprKind::Call(callee, _),
            ..
        }) = item
        {
            calls.extend(called(cx, function.module, callee, bound));
        }
        true
    });
    calls
}

/// The size of a function with all that is inlined in it. Functions that call themselves are never inlined, so that
/// this ends.
fn grown(cx: &Cx<'_>, own: &[Vec<usize>], at: usize, size: &mut Vec<Option<usize>>) -> usize {
    if let Some(size) = size[at] {
        return size;
    }
    let mut whole = cx.functions[at].effects.size;
    // Guards against the depth of chains; longer ones are called.
    size[at] = Some(SMALL + 1);
    for &called in &own[at] {
        if cx.functions[called].inline {
            let inner = grown(cx, own, called, size);
            whole += if inner <= SMALL { inner } else { 1 };
        }
    }
    size[at] = Some(whole);
    whole
}

/// Whether a block is bindings and a value at its end, so that it is an expression.
pub(super) fn is_plain(block: &Block) -> bool {
    let Some((last, before)) = block.stmts.split_last() else {
        return false;
    };
    let binds = |stmt: &Stmt| matches!(&stmt.kind, StmtKind::Binding(binding) if binding.kind != crate::syntax::ast::BindingKind::Var);
    before.iter().all(binds) && gives_value(&last.kind)
}

fn gives_value(stmt: &StmtKind) -> bool {
    match stmt {
        StmtKind::Expr(expr) => match &expr.kind {
            ExprKind::Block(block) => is_plain(block),
            _ => true,
        },
        StmtKind::Return(value) => value.is_some(),
        StmtKind::If(arms, Some(other)) => arms.iter().all(|(_, block)| is_plain(block)) && is_plain(other),
        StmtKind::Match(_, arms) => arms.iter().all(|arm| match &arm.body {
            LambdaBody::Expr(_) => true,
            LambdaBody::Block(block) => is_plain(block),
        }),
        _ => false,
    }
}

/// Gives the variables of the run their first values.
pub(super) fn globals(cx: &mut Cx<'_>) {
    for at in 0..cx.globals.len() {
        let (module, binding) = cx.globals[at];
        let value = cx.constant_expr(module, &binding.value).unwrap_or_default();
        let given = super::types::type_of(&value);
        let ty = match &binding.ty {
            None => Type::Any,
            Some(written) => {
                let wanted = cx.ty(module, written);
                if !super::types::fits(&given, &wanted) {
                    let message = format!(
                        "`{}` is declared as {}, its value is {}",
                        binding.name.name,
                        super::types::shown(&wanted),
                        super::types::shown(&given)
                    );
                    cx.say(
                        Diagnostic::new(Code::TypeMismatch, binding.value.span, message)
                            .also(written.span, "the declared type"),
                    );
                }
                wanted
            }
        };
        let value = super::constants::widen(value, &ty);
        let global = &mut cx.query.code.globals[at];
        (global.init, global.ty) = (value, ty);
    }
}

/// Lowers the bodies of all functions.
pub(super) fn lower(cx: &mut Cx<'_>) {
    for at in 0..cx.functions.len() {
        let (module, decl) = (cx.functions[at].module, cx.functions[at].decl);
        if let Some(result) = &decl.result {
            cx.functions[at].result = Some(cx.ty(module, result));
        }
    }
    for at in 0..cx.functions.len() {
        super::expr::lower_function(cx, FunctionId(at as u32));
    }
}
