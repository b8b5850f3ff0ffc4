//! Calls of the program's own functions: put in their place, or made.

use std::mem;

use super::{Local, Lower, are, arguments};
use crate::data::Type;
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Expr, ExprId, FunctionId};
use crate::resolve::context::{Place, did_you_mean, listed};
use crate::resolve::types::{fits, shown};
use crate::syntax::ast::{self, Arg, ArgValue, ExprKind, FnDecl, Ident};

/// An argument of a call: what is given, or the default of the parameter.
enum Given<'e> {
    Here(&'e ast::Expr),
    Default(&'e ast::Expr),
}

impl<'a> Lower<'_, 'a> {
    /// `f(a, y: b)`, `a.f(y: b)`
    pub(super) fn invoke(
        &mut self,
        at: usize,
        name: &Ident,
        receiver: Option<&ast::Expr>,
        args: &[Arg],
        span: Span,
    ) -> ExprId {
        let decl = self.cx.functions[at].decl;
        self.cx.used.insert(decl.name.span);
        let Some(given) = self.arguments(decl, name, receiver, args, span) else {
            return self.poison(span);
        };
        if !self.may_call(at, name) {
            return self.poison(span);
        }
        let draws = self.cx.functions[at].effects.draws && !self.checks_inlined();
        if draws && (self.in_code || (self.row.is_none() && !self.over_row)) {
            let message = format!("`{}` draws at random, which cannot be done here", name.name);
            return self.say_and_poison(
                Diagnostic::new(Code::FunctionPlace, name.span, message)
                    .label("draws are made once for each event, in expressions")
                    .help("call it outside and pass what it gives"),
            );
        }
        if self.cx.functions[at].inline {
            return self.inline(at, &given, span);
        }
        if self.row.is_none() && self.body.is_none() {
            return self.say_and_poison(
                Diagnostic::new(
                    Code::NotConstant,
                    span,
                    format!("what `{}` gives is known only when it runs", name.name),
                )
                .label("a constant is known before")
                .help("only functions that are an expression, with no loops and no recursion, can be constants"),
            );
        }
        let module = self.cx.functions[at].module;
        let mut ids = Vec::with_capacity(given.len());
        for (param, given) in decl.params.iter().zip(&given) {
            ids.push(self.argument(module, decl, param, given));
        }
        let ty = self.cx.functions[at].result.clone().unwrap_or_default();
        self.push(Expr::Invoke(FunctionId(at as u32), ids), ty, span)
    }

    /// Puts arguments to the parameters; none when it was said what is wrong.
    fn arguments<'e>(
        &mut self,
        decl: &'a FnDecl,
        name: &Ident,
        receiver: Option<&'e ast::Expr>,
        args: &'e [Arg],
        span: Span,
    ) -> Option<Vec<Given<'e>>>
    where
        'a: 'e,
    {
        let mut given: Vec<Option<Given<'e>>> = decl.params.iter().map(|_| None).collect();
        let mut plain: Vec<&ast::Expr> = receiver.into_iter().collect();
        let mut good = true;
        for arg in args {
            let ArgValue::Expr(expr) = &arg.value else {
                let message = format!("this cannot be an argument of `{}`", name.name);
                self.cx.say(Diagnostic::new(Code::WrongArgumentType, arg.span, message));
                return None;
            };
            if matches!(expr.kind, ExprKind::Lambda(..)) {
                self.stray_lambda(expr.span);
                return None;
            }
            let Some(word) = arg.names.first() else {
                plain.push(expr);
                continue;
            };
            let Some(place) = decl.params.iter().position(|param| param.name.name == word.name) else {
                let names = || decl.params.iter().map(|param| param.name.name.as_str());
                let message = format!("`{}` has no parameter `{}`", name.name, word.name);
                let diagnostic = Diagnostic::new(Code::UnknownArgument, word.span, message)
                    .also(decl.name.span, format!("its parameters are {}", listed(names())));
                let near = crate::diag::nearest(&word.name, names());
                self.cx.say(did_you_mean(diagnostic, near, word.span));
                good = false;
                continue;
            };
            if given[place].is_some() {
                let message = format!("the parameter `{}` is given twice", word.name);
                self.cx
                    .say(Diagnostic::new(Code::WrongArgumentCount, word.span, message));
                good = false;
            }
            given[place] = Some(Given::Here(expr));
        }
        let count = plain.len();
        for (at, expr) in plain.into_iter().enumerate() {
            match given.get_mut(at) {
                Some(slot @ None) => *slot = Some(Given::Here(expr)),
                Some(Some(_)) => {
                    let message = format!("the parameter `{}` is given twice", decl.params[at].name.name);
                    self.cx
                        .say(Diagnostic::new(Code::WrongArgumentCount, expr.span, message));
                    good = false;
                }
                None => {
                    let most = decl.params.len();
                    let message = format!("`{}` takes {}, {} given", name.name, arguments(most), are(count));
                    self.cx.say(
                        Diagnostic::new(Code::WrongArgumentCount, span, message).also(decl.name.span, "declared here"),
                    );
                    return None;
                }
            }
        }
        let mut whole = Vec::with_capacity(given.len());
        for (param, given) in decl.params.iter().zip(given) {
            match (given, &param.default) {
                (Some(given), _) => whole.push(given),
                (None, Some(default)) => whole.push(Given::Default(default)),
                (None, None) => {
                    let message = format!("`{}` needs a value for `{}`", name.name, param.name.name);
                    self.cx.say(
                        Diagnostic::new(Code::WrongArgumentCount, span, message)
                            .also(param.name.span, "it has no default"),
                    );
                    good = false;
                }
            }
        }
        good.then_some(whole)
    }

    /// Whether what a function does besides giving a value may be done here.
    fn may_call(&mut self, at: usize, name: &Ident) -> bool {
        let effects = &self.cx.functions[at].effects;
        let emits = effects.emits.first().map(|(_, event)| (*event).clone());
        let global = effects.globals.iter().next().copied();
        if let Some(event) = emits
            && !matches!(self.cx.place, Place::Function | Place::Process | Place::OnError)
        {
            let message = format!("`{}` emits events, which cannot be done here", name.name);
            self.cx.say(
                Diagnostic::new(Code::FunctionPlace, name.span, message)
                    .also(event.span, "it emits here")
                    .help("functions that emit are called in `.process(..)` and `.on_error(..)`"),
            );
            return false;
        }
        match global {
            Some(global) => self.may_touch(global, name.span, Some(&name.name)),
            None => true,
        }
    }

    /// Whether a variable of the run may be read or written here.
    pub(super) fn may_touch(&mut self, global: usize, span: Span, by: Option<&str>) -> bool {
        let (_, binding) = self.cx.globals[global];
        let variable = &binding.name.name;
        let place = match &self.cx.place {
            Place::Function | Place::Process | Place::Rows => return true,
            Place::OnError => "`.on_error`".to_owned(),
            Place::Other(place) if place.is_empty() => "here".to_owned(),
            Place::Other(place) => format!("in `.{place}`"),
        };
        let message = match by {
            Some(function) => format!("`{function}` touches the variable `{variable}`, which cannot be done {place}"),
            None => format!("the variable `{variable}` cannot be read {place}"),
        };
        self.cx.say(
            Diagnostic::new(Code::FunctionPlace, span, message)
                .also(binding.name.span, "it changes from event to event")
                .help("variables are read and written in `.process`, `.map`, `.select` and `.emit`; put what is needed into a field there"),
        );
        false
    }

    /// An argument, checked against its parameter.
    fn argument(&mut self, module: usize, decl: &FnDecl, param: &ast::FnParam, given: &Given<'_>) -> ExprId {
        let (id, place) = match given {
            Given::Here(expr) => (self.expr(expr), expr.span),
            Given::Default(expr) => (self.elsewhere(module, |lower| lower.expr(expr)), expr.span),
        };
        if let Some(written) = &param.ty {
            let wanted = self.cx.ty(module, written);
            let ty = self.ty(id);
            if !fits(&ty, &wanted) {
                let message = format!(
                    "`{}` takes {} for `{}`, not {}",
                    decl.name.name,
                    shown(&wanted),
                    param.name.name,
                    shown(&ty)
                );
                self.cx.say(
                    Diagnostic::new(Code::WrongArgumentType, place, message)
                        .label(format!("this is {}", shown(&ty)))
                        .also(written.span, "the declared type"),
                );
            }
        }
        id
    }

    /// Lowers in another module, where nothing of this one is known.
    fn elsewhere<T>(&mut self, module: usize, inner: impl FnOnce(&mut Self) -> T) -> T {
        let outer = mem::replace(&mut self.module, module);
        let (row, locals, given) = (self.row.take(), mem::take(&mut self.locals), mem::take(&mut self.given));
        let inside = mem::replace(&mut self.inlined, true);
        self.over_row |= row.is_some();
        let result = inner(self);
        self.inlined = inside;
        (self.module, self.row, self.locals, self.given) = (outer, row, locals, given);
        if !self.inlined {
            self.over_row = false;
        }
        result
    }

    /// The body of a function with its parameters bound to the arguments.
    fn inline(&mut self, at: usize, given: &[Given<'_>], span: Span) -> ExprId {
        let (module, decl) = (self.cx.functions[at].module, self.cx.functions[at].decl);
        match self
            .cx
            .query
            .code
            .inlined
            .iter_mut()
            .find(|(name, _)| *name == decl.name.name)
        {
            Some((_, times)) => *times += 1,
            None => self.cx.query.code.inlined.push((decl.name.name.clone(), 1)),
        }
        let mut bound: Vec<(String, Local)> = Vec::new();
        let mut lets = Vec::new();
        for (param, given) in decl.params.iter().zip(given) {
            let value = self.argument(module, decl, param, given);
            let mut ty = self.ty(value);
            if let Some(written) = &param.ty {
                let wanted = self.cx.ty(module, written);
                ty = if wanted == Type::Any { ty } else { wanted };
            }
            let leaf = self.cx.query.exprs.get(value).clone();
            let local = if matches!(leaf, Expr::Lit(_) | Expr::Field(_) | Expr::Pseudo(_) | Expr::Local(_))
                && value.0 as usize + 1 == self.cx.query.exprs.len()
            {
                // A leaf stands wherever the parameter does.
                self.cx.query.exprs.truncate(value.0 as usize);
                Local::Leaf(leaf, ty)
            } else {
                let local = self.cx.local();
                lets.push((local, value));
                Local::Value(local, ty)
            };
            bound.push((param.name.name.clone(), local));
        }
        let result = self.cx.functions[at].result.clone();
        let body = self.deeper(span, |lower| lower.inline_body(module, decl, &bound));
        let mut whole = body;
        let ty = result.filter(|ty| *ty != Type::Any).unwrap_or_else(|| self.ty(body));
        for (local, value) in lets.into_iter().rev() {
            whole = self.push(Expr::Let(local, value, whole), ty.clone(), span);
        }
        self.cx.query.exprs.retype(whole, ty);
        whole
    }

    /// What is wrong in the body was said where it is declared. Where the types of these arguments make it wrong,
    /// it is lowered for values of any type, as it stands.
    fn inline_body(&mut self, module: usize, decl: &'a FnDecl, bound: &[(String, Local)]) -> ExprId {
        let said = self.cx.diagnostics.len();
        let nodes = self.cx.query.exprs.len();
        let draws = self.cx.draws.1;
        let first = self.elsewhere(module, |lower| {
            lower.locals = bound.to_vec();
            lower.block(&decl.body)
        });
        let wrong = self.cx.diagnostics[said..]
            .iter()
            .any(|one| one.severity == crate::diag::Severity::Error);
        self.cx.diagnostics.truncate(said);
        if !wrong {
            return first;
        }
        self.cx.query.exprs.truncate(nodes);
        self.cx.draws.1 = draws;
        let any: Vec<(String, Local)> = bound
            .iter()
            .zip(&decl.params)
            .map(|((name, local), param)| {
                let declared = param.ty.as_ref().map(|ty| self.cx.ty(module, ty)).unwrap_or_default();
                let local = match local {
                    Local::Value(id, _) => Local::Value(*id, declared),
                    Local::Leaf(leaf, _) => Local::Leaf(leaf.clone(), declared),
                    Local::Row => Local::Row,
                };
                (name.clone(), local)
            })
            .collect();
        let said = self.cx.diagnostics.len();
        let body = self.elsewhere(module, |lower| {
            lower.locals = any;
            lower.block(&decl.body)
        });
        self.cx.diagnostics.truncate(said);
        body
    }
}
