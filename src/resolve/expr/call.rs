//! Calls: builtins as functions or methods; what is known by name but does not run yet is refused.

use std::hash::{BuildHasher as _, Hasher as _};

use super::{Lower, words};
use crate::data::value::FixedHasher;
use crate::data::{Pseudo, Type, Value};
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::eval;
use crate::ir::{AggFunction, Builtin, Expr, ExprId, Lambda, ParamType, Signature};
use crate::resolve::context::{What, did_you_mean};
use crate::resolve::pattern::elements;
use crate::resolve::types::shown;
use crate::resolve::walk::first_name;
use crate::syntax::ast::{self, Arg, ArgValue, ExprKind, Ident};

impl Lower<'_, '_> {
    pub(super) fn call(&mut self, callee: &ast::Expr, args: &[Arg], span: Span) -> ExprId {
        if let Some(node) = self.of_elements(callee, args, span) {
            return node;
        }
        match &callee.kind {
            ExprKind::Name(name) => self.function(name, None, args, span),
            ExprKind::Field(receiver, name) => {
                if let ExprKind::Name(alias) = &receiver.kind
                    && self.names_module(&alias.name)
                {
                    return self.imported_function(alias, name, args, span);
                }
                self.function(name, Some(receiver), args, span)
            }
            _ => self.say_and_poison(
                Diagnostic::new(Code::UnknownFunction, callee.span, "this is no function")
                    .help("functions are called by name: `f(x)` or `x.f()`"),
            ),
        }
    }

    /// `count(xs)`, `xs.len()`, `first(xs.f)`, `last(xs.f)` of an alias that stands for a list.
    fn of_elements(&mut self, callee: &ast::Expr, args: &[Arg], span: Span) -> Option<ExprId> {
        let (word, value) = elements::of_the_list(callee, args)?;
        let name = first_name(value)?;
        let row = self.row.as_ref()?;
        if self.locals.iter().any(|(local, _)| *local == name.name) || !elements::is_list(row, &name.name) {
            return None;
        }
        let at = match word {
            "count" | "len" if matches!(value.kind, ExprKind::Name(_)) => return Some(self.count_of(name, span)),
            "first" => 0,
            "last" => -1,
            _ => return None,
        };
        let index = ast::Expr {
            kind: ExprKind::Lit(Value::Int(at)),
            span,
        };
        let element = elements::replace_base(value, &mut |base| match &base.kind {
            ExprKind::Name(_) => Some(ast::Expr {
                kind: ExprKind::Index(Box::new(base.clone()), Box::new(index.clone())),
                span: base.span,
            }),
            // Of the items of a list that is itself read of one element.
            _ => None,
        })?;
        let plain = !matches!(&value.kind, ExprKind::Index(..));
        plain.then(|| self.expr(&element))
    }

    /// Whether the name can only be an import.
    fn names_module(&self, name: &str) -> bool {
        let is_local = self.locals.iter().any(|(local, _)| local == name);
        let is_alias = self
            .row
            .iter()
            .flat_map(|row| &row.aliases)
            .any(|(alias, _)| alias == name);
        !is_local && !is_alias && self.cx.is_import(self.module, name)
    }

    /// `lib.f(..)`
    fn imported_function(&mut self, alias: &Ident, name: &Ident, args: &[Arg], whole: Span) -> ExprId {
        let span = alias.span.to(name.span);
        match self.cx.lookup_path(self.module, &[alias.clone(), name.clone()]) {
            Ok(Some(found)) => match found.what {
                What::Function(at) => self.invoke(at, name, None, args, whole),
                what => {
                    let message = format!("`{}.{}` is {}, not a function", alias.name, name.name, what.noun());
                    self.say_and_poison(
                        Diagnostic::new(Code::WrongKind, span, message).also(found.span, "declared here"),
                    )
                }
            },
            Ok(None) | Err(()) => self.poison(span),
        }
    }

    fn function(&mut self, name: &Ident, receiver: Option<&ast::Expr>, args: &[Arg], span: Span) -> ExprId {
        if let Some(declared) = self.cx.lookup(self.module, &name.name) {
            match declared.what {
                What::Function(at) => return self.invoke(at, name, receiver, args, span),
                what if receiver.is_none() && Builtin::lookup(&name.name).is_none() => {
                    let message = format!("`{}` is {}, not a function", name.name, what.noun());
                    let diagnostic = Diagnostic::new(Code::WrongKind, name.span, message);
                    return self.say_and_poison(diagnostic.also(declared.span, "declared here"));
                }
                _ => {}
            }
        }
        match name.name.as_str() {
            "now" if receiver.is_none() => return self.now(args, span),
            "env" if receiver.is_none() => return self.stray_env(span),
            _ => {}
        }
        if let Some(node) = self.attention_call(name, receiver, args, span) {
            return node;
        }
        let Some(builtin) = Builtin::lookup(&name.name) else {
            return self.no_such_function(name, span);
        };
        self.builtin(builtin, name, receiver, args, span)
    }

    /// `now()`: the time of the event at hand.
    fn now(&mut self, args: &[Arg], span: Span) -> ExprId {
        if let Some(arg) = args.first() {
            return self.say_and_poison(Diagnostic::new(
                Code::WrongArgumentCount,
                arg.span,
                "`now` takes no argument",
            ));
        }
        if self.row.is_none() && (self.body.is_some() || self.inlined) {
            return self.say_and_poison(
                Diagnostic::new(
                    Code::FunctionPlace,
                    span,
                    "a function does not see the event at hand, and so no `now()`",
                )
                .help("pass the time: `f(x, now())`"),
            );
        }
        if self.row.is_none() {
            return self.not_constant(span, "`now()` is the time of the event at hand, and there is none here");
        }
        self.push(Expr::Pseudo(Pseudo::Time), Type::Timestamp, span)
    }

    /// Whether this is the body of a function that is put in the place of its calls.
    pub(super) fn checks_inlined(&self) -> bool {
        let Some(body) = &self.body else { return false };
        self.cx
            .functions
            .iter()
            .any(|function| function.decl.name.name == body.name && function.inline)
    }

    fn not_constant(&mut self, span: Span, message: &str) -> ExprId {
        self.say_and_poison(
            Diagnostic::new(Code::NotConstant, span, message).help("only constant expressions may stand here"),
        )
    }

    fn stray_env(&mut self, span: Span) -> ExprId {
        self.say_and_poison(
            Diagnostic::new(Code::EnvPlace, span, "`env` may stand in `connector` and `config` only")
                .label("the result would depend on the machine")
                .help("for values from outside: `param name: str`, set with `--param name=VALUE`"),
        )
    }

    fn no_such_function(&mut self, name: &Ident, span: Span) -> ExprId {
        if let Some(misplaced) = misplaced(name) {
            return self.say_and_poison(misplaced);
        }
        if let Some((later, kind)) = words::LATER.iter().find(|(later, _)| *later == name.name) {
            self.cx.refuse(name.span, format!("{kind} `{later}`"));
            return self.poison(span);
        }
        let functions = self.cx.scopes[self.module].iter();
        let own = functions
            .filter(|(_, d)| matches!(d.what, What::Function(_)))
            .map(|(name, _)| *name);
        let builtins = Builtin::ALL
            .iter()
            .flat_map(|builtin| std::iter::once(builtin.name()).chain(builtin.aliases().iter().copied()));
        let of_rows = AggFunction::ALL.iter().map(|function| function.name());
        let of_rows = of_rows.chain(words::ROW_FUNCTIONS.iter().copied());
        let of_rows = of_rows.chain(crate::resolve::attention::FUNCTIONS.iter().copied());
        let near = nearest(&name.name, builtins.chain(["now"]).chain(of_rows).chain(own))
            .or_else(|| words::foreign(&name.name))
            .map(str::to_owned);
        let message = format!("unknown function `{}`", name.name);
        let diagnostic = Diagnostic::new(Code::UnknownFunction, name.span, message);
        self.say_and_poison(did_you_mean(diagnostic, near.as_deref(), name.span))
    }

    fn builtin(
        &mut self,
        builtin: Builtin,
        name: &Ident,
        receiver: Option<&ast::Expr>,
        args: &[Arg],
        span: Span,
    ) -> ExprId {
        let Some((values, lambdas)) = self.sort_args(name, receiver, args) else {
            return self.poison(span);
        };
        let signature = builtin.signature();
        if !self.check_count(builtin, &signature, name, (values.len(), lambdas.len()), span) {
            return self.poison(span);
        }
        let mut ids = Vec::with_capacity(values.len() + 1);
        if builtin.is_volatile() {
            if self.in_code && !self.checks_inlined() {
                let message = format!("`{}` cannot be drawn in statements", name.name);
                return self.say_and_poison(
                    Diagnostic::new(Code::FunctionPlace, span, message)
                        .label("draws are made once for each event, in expressions")
                        .help(format!("draw it outside and pass it: `f(x, {}(..))`", name.name)),
                );
            }
            if self.row.is_none() && !self.over_row && self.body.is_none() {
                let message = format!("`{}` differs from event to event, and there is none here", name.name);
                return self.not_constant(span, &message);
            }
            let key = self.draw_key();
            ids.push(self.push(Expr::Lit(Value::Int(key)), Type::Int, name.span));
        }
        let hidden = ids.len();
        for value in &values {
            ids.push(self.expr(value));
        }
        let mut types: Vec<Type> = ids[hidden..].iter().map(|&id| self.ty(id)).collect();
        if !self.check_types(builtin, name, &values, &types) {
            return self.poison(span);
        }
        self.check_patterns(builtin, &ids[hidden..]);
        let lambdas = self.lambdas(builtin, &lambdas, &mut types);
        let ty = builtin.result_type(&types);
        self.push(Expr::Call(builtin, ids, lambdas), ty, span)
    }

    /// Arguments in order, lambdas apart. None when it was said that one cannot stand there.
    fn sort_args<'e>(
        &mut self,
        name: &Ident,
        receiver: Option<&'e ast::Expr>,
        args: &'e [Arg],
    ) -> Option<(Vec<&'e ast::Expr>, Vec<&'e ast::Expr>)> {
        let mut values: Vec<&'e ast::Expr> = receiver.into_iter().collect();
        let mut lambdas = Vec::new();
        for arg in args {
            if let Some(given) = arg.names.first() {
                let message = format!("`{}` has no argument `{}`", name.name, given.name);
                self.cx.say(
                    Diagnostic::new(Code::UnknownArgument, given.span, message)
                        .help("arguments of functions go by their place, without names"),
                );
                return None;
            }
            match &arg.value {
                ArgValue::Expr(expr) if matches!(expr.kind, ExprKind::Lambda(..)) => lambdas.push(expr),
                ArgValue::Expr(expr) => values.push(expr),
                ArgValue::Sorted(..) | ArgValue::Step(_) => {
                    let message = format!("this cannot be an argument of `{}`", name.name);
                    self.cx.say(Diagnostic::new(Code::WrongArgumentType, arg.span, message));
                    return None;
                }
            }
        }
        Some((values, lambdas))
    }

    fn check_count(
        &mut self,
        builtin: Builtin,
        signature: &Signature,
        name: &Ident,
        (values, lambdas): (usize, usize),
        span: Span,
    ) -> bool {
        let most = if signature.variadic {
            usize::MAX
        } else {
            signature.params.len()
        };
        let message = if lambdas < signature.lambdas_required {
            format!("`{}` needs a lambda", name.name)
        } else if lambdas > signature.lambdas.len() {
            if signature.lambdas.is_empty() {
                format!("`{}` takes no lambda", name.name)
            } else {
                format!("`{}` takes one lambda, {lambdas} are given", name.name)
            }
        } else if values < signature.required {
            format!(
                "`{}` needs {}, {} given",
                name.name,
                arguments(signature.required),
                are(values)
            )
        } else if values > most {
            format!(
                "`{}` takes at most {}, {} given",
                name.name,
                arguments(most),
                are(values)
            )
        } else {
            return true;
        };
        let diagnostic = Diagnostic::new(Code::WrongArgumentCount, span, message)
            .label(format!("it is called as `{}`", builtin.usage()));
        self.cx.say(if is_aggregate(builtin) {
            diagnostic.help(OVER_ROWS)
        } else {
            diagnostic
        });
        false
    }

    /// Checks the arguments' types; false when one cannot be.
    fn check_types(&mut self, builtin: Builtin, name: &Ident, values: &[&ast::Expr], types: &[Type]) -> bool {
        let signature = builtin.signature();
        let mut good = true;
        for (at, (value, ty)) in values.iter().zip(types).enumerate() {
            let last = signature.params.len().saturating_sub(1);
            let Some(wanted) = signature.params.get(at.min(last)) else {
                continue;
            };
            if admits(*wanted, ty.non_null()) {
                continue;
            }
            good = false;
            let message = format!("`{}` takes {} here, not {}", name.name, param_word(*wanted), shown(ty));
            let diagnostic =
                Diagnostic::new(Code::WrongArgumentType, value.span, message).label(format!("this is {}", shown(ty)));
            let text = self.cx.sources.slice(value.span).to_owned();
            self.cx.say(match (wanted, ty.non_null()) {
                (ParamType::Str, _) => diagnostic.help(format!("as text: `str({text})`")),
                (ParamType::Timestamp, Type::Str | Type::Int | Type::Float) => {
                    diagnostic.help(format!("as a time: `timestamp({text})`"))
                }
                (ParamType::Int | ParamType::Number, Type::Str) => {
                    diagnostic.help(format!("as a number: `int({text})` or `float({text})`"))
                }
                (ParamType::Int | ParamType::Number, Type::Duration) => {
                    diagnostic.help(format!("as a number of seconds: `duration_seconds({text})`"))
                }
                (ParamType::Duration, Type::Int | Type::Float) => {
                    diagnostic.help("durations are written `5s`, `10m`, `1h30m`")
                }
                (ParamType::List, _) if is_aggregate(builtin) => diagnostic.help(OVER_ROWS),
                _ => diagnostic,
            });
        }
        good
    }

    /// Patterns and networks that are constants are tried at once.
    fn check_patterns(&mut self, builtin: Builtin, args: &[ExprId]) {
        for &arg in args.iter().skip(1) {
            let Expr::Lit(Value::Str(pattern)) = self.cx.query.exprs.get(arg) else {
                continue;
            };
            let Err(reason) = eval::check_pattern(builtin, pattern) else {
                continue;
            };
            let (what, help) = match builtin {
                Builtin::CidrMatch => ("network", "networks are written `10.0.0.0/8` or `2001:db8::/32`"),
                _ => (
                    "regular expression",
                    "patterns are those of the Rust `regex` crate: no look-around, no back-references; write them in single quotes or as r\"..\"",
                ),
            };
            let reason = reason.trim_start_matches("no regular expression: ");
            let span = self.cx.query.exprs.span(arg);
            self.cx.say(
                Diagnostic::new(Code::BadPattern, span, format!("the {what} is not valid"))
                    .label(reason)
                    .help(help),
            );
        }
    }

    fn lambdas(&mut self, builtin: Builtin, lambdas: &[&ast::Expr], types: &mut Vec<Type>) -> Vec<Lambda> {
        let args = types.clone();
        let mut lowered = Vec::with_capacity(lambdas.len());
        for lambda in lambdas {
            if let ExprKind::Lambda(params, body) = &lambda.kind {
                let given = builtin.lambda_params(&args, params.len());
                let lambda = self.lambda(params, body, &given, lambda.span);
                types.push(self.ty(lambda.body));
                lowered.push(lambda);
            }
        }
        lowered
    }

    /// The key of the next random draw of the stream: fixed by the stream's name and the call's ordinal.
    fn draw_key(&mut self) -> i64 {
        let mut hasher = FixedHasher.build_hasher();
        hasher.write(self.cx.draws.0.as_bytes());
        hasher.write_u64(self.cx.draws.1);
        self.cx.draws.1 += 1;
        hasher.finish().cast_signed()
    }
}

const OVER_ROWS: &str = "here it works on a list; over the rows of a window it belongs into `.aggregate(..)`";

/// Whether a builtin is an aggregate function too.
fn is_aggregate(builtin: Builtin) -> bool {
    AggFunction::lookup(builtin.name()).is_some()
}

/// A row function or an aggregate where there are no rows for it.
fn misplaced(name: &Ident) -> Option<Diagnostic> {
    let called = name.name.as_str();
    if words::ROW_FUNCTIONS.contains(&called) {
        let message = format!("the row function `{called}` cannot stand here");
        return Some(
            Diagnostic::new(Code::FunctionPlace, name.span, message)
                .label("there is no order of rows that it could look at")
                .help(
                    "it stands in the arguments of a stream's operators: `.select(price, change: price - lag(price))`",
                ),
        );
    }
    let function = AggFunction::lookup(called)?;
    let message = format!("the aggregate `{called}` belongs into `.aggregate`");
    Some(
        Diagnostic::new(Code::FunctionPlace, name.span, message)
            .label("there are no rows here that it could be of")
            .help(format!(
                "over the rows of a window: `.window(5m).aggregate(x: {})`",
                function.usage().replace("[x]", "x")
            )),
    )
}

pub(in crate::resolve) fn arguments(n: usize) -> String {
    match n {
        0 => "no argument".to_owned(),
        1 => "one argument".to_owned(),
        2 => "two arguments".to_owned(),
        3 => "three arguments".to_owned(),
        n => format!("{n} arguments"),
    }
}

pub(in crate::resolve) fn are(n: usize) -> String {
    match n {
        0 => "none is".to_owned(),
        1 => "one is".to_owned(),
        n => format!("{n} are"),
    }
}

pub(in crate::resolve) fn param_word(param: ParamType) -> &'static str {
    match param {
        ParamType::Any => "a value",
        ParamType::Str => "text",
        ParamType::Int => "an int",
        ParamType::Number => "a number",
        ParamType::Measure => "a number or duration",
        ParamType::Bool => "a bool",
        ParamType::Timestamp => "a timestamp",
        ParamType::Duration => "a duration",
        ParamType::List => "a list",
        ParamType::Map => "a map",
        ParamType::Collection => "a text, list or map",
    }
}

/// Whether an argument of this type (without `?`) may stand for the parameter.
pub(in crate::resolve) fn admits(param: ParamType, ty: &Type) -> bool {
    let list = matches!(ty, Type::List(_) | Type::Tuple(_));
    let map = matches!(ty, Type::Map(..) | Type::Record(_));
    let unknown = matches!(ty, Type::Any | Type::Null);
    unknown
        || match param {
            ParamType::Any => true,
            ParamType::Str => *ty == Type::Str,
            ParamType::Int => *ty == Type::Int,
            ParamType::Number => matches!(ty, Type::Int | Type::Float),
            ParamType::Measure => matches!(ty, Type::Int | Type::Float | Type::Duration),
            ParamType::Bool => *ty == Type::Bool,
            ParamType::Timestamp => *ty == Type::Timestamp,
            ParamType::Duration => *ty == Type::Duration,
            ParamType::List => list,
            ParamType::Map => map,
            ParamType::Collection => list || map || *ty == Type::Str,
        }
}
