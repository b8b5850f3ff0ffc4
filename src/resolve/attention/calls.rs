//! The functions that an attention window answers.

use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::ir::{Attend, Expr, ExprId, Lambda, Novelty};
use crate::resolve::context::did_you_mean;
use crate::resolve::expr::{Lower, are, arguments};
use crate::resolve::types::{optional, shown};
use crate::syntax::ast::{self, Arg, ArgValue, ExprKind, Ident};

/// A function: its name, how it is called, the names of its arguments, how many of them must be given.
struct Function {
    name: &'static str,
    usage: &'static str,
    params: &'static [&'static str],
    required: usize,
}

const ALL: &[Function] = &[
    Function {
        name: "attention_score",
        usage: "attention_score(a, b)",
        params: &["a", "b"],
        required: 2,
    },
    Function {
        name: "attention_explain",
        usage: "attention_explain(a, b)",
        params: &["a", "b"],
        required: 2,
    },
    Function {
        name: "attention_weights",
        usage: "attention_weights(e)",
        params: &["e"],
        required: 1,
    },
    Function {
        name: "attention_mass",
        usage: "attention_mass(e, x => cond)",
        params: &["e"],
        required: 1,
    },
    Function {
        name: "attention_novelty",
        usage: "attention_novelty(event, k: 8, history: 1000)",
        params: &["e", "k", "history"],
        required: 1,
    },
    Function {
        name: "attention_outlier",
        usage: "attention_outlier(e, k)",
        params: &["e", "k"],
        required: 2,
    },
    Function {
        name: "top_attention",
        usage: "top_attention(e, n)",
        params: &["e", "n"],
        required: 2,
    },
    Function {
        name: "cluster_by_attention",
        usage: "cluster_by_attention([events,] threshold)",
        params: &["events", "threshold"],
        required: 1,
    },
];

/// The names of the functions.
pub(in crate::resolve) const FUNCTIONS: &[&str] = &[
    "attention_score",
    "attention_explain",
    "attention_weights",
    "attention_mass",
    "attention_novelty",
    "attention_outlier",
    "top_attention",
    "cluster_by_attention",
];

pub(super) fn is_function(name: &str) -> bool {
    FUNCTIONS.contains(&name)
}

const K: i64 = 8;
const HISTORY: i64 = 1000;
/// Until so many values are there, novelty is null.
const LEAST_HISTORY: u32 = 20;

/// Arguments by place: those without a name first, then by name.
struct Given<'e> {
    values: Vec<Option<&'e ast::Expr>>,
    lambda: Option<&'e ast::Expr>,
}

impl<'a> Lower<'_, 'a> {
    /// A call of an attention function; none if the name is none of them.
    pub(in crate::resolve) fn attention_call(
        &mut self,
        name: &Ident,
        receiver: Option<&ast::Expr>,
        args: &[Arg],
        span: Span,
    ) -> Option<ExprId> {
        let function = ALL.iter().find(|function| function.name == name.name)?;
        if self.window.is_none() {
            let said = super::misplaced(&name.name, name.span);
            self.cx.say(said);
            return Some(self.poison(span));
        }
        let Some(given) = self.arguments_of(function, receiver, args, span) else {
            return Some(self.poison(span));
        };
        let id = match function.name {
            "attention_novelty" => self.novelty(&given, span),
            "cluster_by_attention" => self.clusters(&given, span),
            _ => self.asked(function, &given, span),
        };
        Some(id.unwrap_or_else(|| self.poison(span)))
    }

    fn arguments_of<'e>(
        &mut self,
        function: &Function,
        receiver: Option<&'e ast::Expr>,
        args: &'e [Arg],
        span: Span,
    ) -> Option<Given<'e>> {
        let mut given = Given {
            values: vec![None; function.params.len()],
            lambda: None,
        };
        let mut plain: Vec<&ast::Expr> = receiver.into_iter().collect();
        for arg in args {
            let ArgValue::Expr(expr) = &arg.value else {
                let message = format!("this cannot be an argument of `{}`", function.name);
                self.cx.say(Diagnostic::new(Code::WrongArgumentType, arg.span, message));
                return None;
            };
            match arg.names.first() {
                Some(name) => {
                    let Some(at) = function.params.iter().position(|param| *param == name.name) else {
                        self.no_argument(function, name);
                        return None;
                    };
                    given.values[at] = Some(expr);
                }
                None if matches!(expr.kind, ExprKind::Lambda(..)) => given.lambda = Some(expr),
                None => plain.push(expr),
            }
        }
        // The list of a clustering may be left out.
        let skip = usize::from(function.name == "cluster_by_attention" && plain.len() == 1);
        let count = plain.len() + skip + given.values.iter().flatten().count();
        for (at, expr) in plain.into_iter().enumerate() {
            match given.values.get_mut(at + skip) {
                Some(place @ None) => *place = Some(expr),
                _ => {
                    self.miscounted(function, count, span);
                    return None;
                }
            }
        }
        let needs_lambda = function.name == "attention_mass";
        let missing = given.values[..function.required.min(given.values.len())]
            .iter()
            .skip(skip)
            .any(Option::is_none);
        if missing || needs_lambda != given.lambda.is_some() {
            self.miscounted(function, count - skip, span);
            return None;
        }
        Some(given)
    }

    fn no_argument(&mut self, function: &Function, name: &Ident) {
        let message = format!("`{}` has no argument `{}`", function.name, name.name);
        let diagnostic = Diagnostic::new(Code::UnknownArgument, name.span, message)
            .label(format!("it is called as `{}`", function.usage));
        let near = nearest(&name.name, function.params.iter().copied());
        self.cx.say(did_you_mean(diagnostic, near, name.span));
    }

    fn miscounted(&mut self, function: &Function, given: usize, span: Span) {
        let message = format!(
            "`{}` takes {}, {} given",
            function.name,
            arguments(function.required.max(function.params.len().min(given))),
            are(given)
        );
        let message = if function.name == "attention_mass" {
            "`attention_mass` takes an event and a condition".to_owned()
        } else {
            message
        };
        self.cx.say(
            Diagnostic::new(Code::WrongArgumentCount, span, message)
                .label(format!("it is called as `{}`", function.usage)),
        );
    }

    fn asked(&mut self, function: &Function, given: &Given<'_>, span: Span) -> Option<ExprId> {
        let mut ids = Vec::new();
        for (param, expr) in function.params.iter().zip(&given.values) {
            let expr = (*expr)?;
            let id = self.expr(expr);
            let ty = self.ty(id);
            let fits = match *param {
                "k" | "n" => matches!(ty.non_null(), Type::Int | Type::Any | Type::Null),
                _ => is_event(&ty),
            };
            if !fits {
                let wanted = if matches!(*param, "k" | "n") {
                    "an int"
                } else {
                    "an event of the window"
                };
                let message = format!("`{}` takes {wanted} here, not {}", function.name, shown(&ty));
                self.cx.say(
                    Diagnostic::new(Code::WrongArgumentType, expr.span, message)
                        .help("the event at hand is `event`; the others are the items of `events`"),
                );
                return None;
            }
            ids.push(id);
        }
        let element = self.window.as_ref()?.element.clone();
        let float = optional(Type::Float);
        let (what, ty) = match function.name {
            "attention_score" => (Attend::Score, float),
            "attention_explain" => {
                let parts = ["feature", "similarity", "share"];
                let of = |name: &str| (name.to_owned(), if name == "feature" { Type::Str } else { Type::Float });
                (
                    Attend::Explain,
                    Type::List(Box::new(Type::Record(parts.into_iter().map(of).collect()))),
                )
            }
            "attention_weights" => (Attend::Weights, Type::List(Box::new(Type::Float))),
            "attention_mass" => (Attend::Mass, float),
            "attention_outlier" => (Attend::Outlier, float),
            _ => {
                let record = vec![("event".to_owned(), element.clone()), ("score".to_owned(), Type::Float)];
                (Attend::Top, Type::List(Box::new(Type::Record(record))))
            }
        };
        let lambdas = self.condition_of(given.lambda, &element)?;
        Some(self.push(Expr::Attend(what, ids, lambdas), ty, span))
    }

    /// The condition of `attention_mass`.
    fn condition_of(&mut self, lambda: Option<&ast::Expr>, element: &Type) -> Option<Vec<Lambda>> {
        let Some(expr) = lambda else { return Some(Vec::new()) };
        let ExprKind::Lambda(params, body) = &expr.kind else {
            return None;
        };
        if params.len() != 1 {
            self.cx.say(
                Diagnostic::new(
                    Code::LambdaPlace,
                    expr.span,
                    "this lambda takes one parameter, an event",
                )
                .help("write it as `x => ..`"),
            );
            return None;
        }
        let lambda = self.lambda(params, body, std::slice::from_ref(element), expr.span);
        Some(vec![lambda])
    }

    /// `attention_novelty(event, k: 8, history: 1000)`: it follows the events one by one, so it is of the
    /// event at hand only, and its numbers are constants.
    fn novelty(&mut self, given: &Given<'_>, span: Span) -> Option<ExprId> {
        let event = given.values[0]?;
        let of = self.expr(event);
        if !matches!(self.cx.query.exprs.get(of), Expr::Row) {
            self.cx.say(
                Diagnostic::new(Code::WrongArgumentType, event.span, "novelty is known of the event at hand only")
                    .label("this may be another event")
                    .help("write `attention_novelty(event)`; how little other events are like the rest says `attention_outlier(e, k)`"),
            );
            return None;
        }
        let k = self.constant_count(given.values[1], "k", K)?;
        let history = self.constant_count(given.values[2], "history", HISTORY)?;
        if let Some(expr) = given.values[2].filter(|_| history < LEAST_HISTORY) {
            let message = format!("a rank among fewer than {LEAST_HISTORY} values says nothing");
            self.cx.say(
                Diagnostic::new(Code::WrongArgumentType, expr.span, message).help(format!(
                    "`history` is {LEAST_HISTORY} or more; novelty is null until so many values are there"
                )),
            );
            return None;
        }
        let wanted = Novelty { k, history };
        let known = self.window.as_ref()?.novelties;
        let mine = &mut self.cx.novelties;
        let at = mine.iter().position(|novelty| *novelty == wanted).unwrap_or_else(|| {
            mine.push(wanted);
            mine.len() - 1
        });
        let what = Attend::Novelty(u32::try_from(known + at).unwrap_or(u32::MAX));
        Some(self.push(Expr::Attend(what, vec![of], Vec::new()), optional(Type::Float), span))
    }

    fn constant_count(&mut self, expr: Option<&ast::Expr>, name: &str, default: i64) -> Option<u32> {
        let Some(expr) = expr else {
            return u32::try_from(default).ok();
        };
        match self.cx.constant_expr(self.module, expr)? {
            Value::Int(n) if (1..=1 << 24).contains(&n) => u32::try_from(n).ok(),
            _ => {
                let message = format!("`{name}` must be a positive whole number");
                self.cx
                    .say(Diagnostic::new(Code::WrongArgumentType, expr.span, message));
                None
            }
        }
    }

    fn clusters(&mut self, given: &Given<'_>, span: Span) -> Option<ExprId> {
        let window = self.window.as_ref()?;
        let (events, element) = (window.events, window.element.clone());
        let list = Type::List(Box::new(element.clone()));
        let of = match given.values[0] {
            Some(expr) => {
                let id = self.expr(expr);
                let ty = self.ty(id);
                if !matches!(ty.non_null(), Type::List(_) | Type::Any | Type::Null) {
                    let message = format!("`cluster_by_attention` takes a list of events here, not {}", shown(&ty));
                    self.cx
                        .say(Diagnostic::new(Code::WrongArgumentType, expr.span, message));
                    return None;
                }
                id
            }
            None => self.push(Expr::Local(events), list.clone(), span),
        };
        let expr = given.values[1]?;
        let threshold = self.expr(expr);
        let ty = self.ty(threshold);
        if !matches!(ty.non_null(), Type::Int | Type::Float | Type::Any | Type::Null) {
            let message = format!("the threshold is a number, not {}", shown(&ty));
            self.cx
                .say(Diagnostic::new(Code::WrongArgumentType, expr.span, message));
            return None;
        }
        let ty = Type::List(Box::new(list));
        Some(self.push(
            Expr::Attend(Attend::Clusters, vec![of, threshold], Vec::new()),
            ty,
            span,
        ))
    }
}

fn is_event(ty: &Type) -> bool {
    matches!(ty.non_null(), Type::Any | Type::Null | Type::Record(_) | Type::Map(..))
}
