//! Arguments of operators: by place, by name, and as constants.

use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::resolve::context::{Cx, did_you_mean, listed};
use crate::resolve::types::{a_type, shown, type_of};
use crate::syntax::ast::{Arg, ArgValue, Expr, Ident, Operator};

/// The arguments of one operator, sorted.
pub(in crate::resolve) struct Args<'o> {
    operator: &'o Operator,
    /// Those without a name.
    pub plain: Vec<&'o Expr>,
    /// Those with one.
    pub named: Vec<(&'o Ident, &'o Expr)>,
}

/// Sorts the arguments; names other than `known` are said and left out.
pub(in crate::resolve) fn sort<'o>(cx: &mut Cx<'_>, operator: &'o Operator, known: &[&str]) -> Args<'o> {
    let mut args = Args {
        operator,
        plain: Vec::new(),
        named: Vec::new(),
    };
    for arg in &operator.args {
        let Some(expr) = expr_of(cx, operator, arg) else {
            continue;
        };
        match arg.names.as_slice() {
            [] => args.plain.push(expr),
            [name] if known.contains(&name.name.as_str()) => args.add(cx, name, expr),
            [name, ..] => unknown_name(cx, operator, name, known),
        }
    }
    args
}

/// The argument's expression; none when it was said that it is none.
pub(in crate::resolve) fn expr_of<'o>(cx: &mut Cx<'_>, operator: &Operator, arg: &'o Arg) -> Option<&'o Expr> {
    match &arg.value {
        ArgValue::Expr(expr) => Some(expr),
        ArgValue::Sorted(..) => {
            let message = format!(
                "`asc` and `desc` belong to `.order_by`, not to `.{}`",
                operator.name.name
            );
            cx.say(Diagnostic::new(Code::OperatorArguments, arg.span, message));
            None
        }
        ArgValue::Step(_) => {
            let message = format!("a pattern's step cannot be an argument of `.{}`", operator.name.name);
            cx.say(Diagnostic::new(Code::OperatorArguments, arg.span, message));
            None
        }
    }
}

pub(super) fn unknown_name(cx: &mut Cx<'_>, operator: &Operator, name: &Ident, known: &[&str]) {
    let message = format!("`.{}` has no argument `{}`", operator.name.name, name.name);
    let diagnostic = Diagnostic::new(Code::UnknownArgument, name.span, message);
    let diagnostic = if known.is_empty() {
        diagnostic.help("its arguments have no names")
    } else {
        diagnostic.help(format!("the names it knows: {}", listed(known.iter().copied())))
    };
    cx.say(did_you_mean(
        diagnostic,
        nearest(&name.name, known.iter().copied()),
        name.span,
    ));
}

impl<'o> Args<'o> {
    fn add(&mut self, cx: &mut Cx<'_>, name: &'o Ident, expr: &'o Expr) {
        if let Some((first, _)) = self.named.iter().find(|(other, _)| other.name == name.name) {
            cx.say(
                Diagnostic::new(
                    Code::OperatorArguments,
                    name.span,
                    format!("`{}` is given twice", name.name),
                )
                .also(first.span, "first given here"),
            );
        }
        self.named.push((name, expr));
    }

    /// The argument of a name.
    pub(in crate::resolve) fn get(&self, name: &str) -> Option<&'o Expr> {
        self.named
            .iter()
            .find(|(other, _)| other.name == name)
            .map(|(_, expr)| *expr)
    }

    /// The only argument without a name. None when it was said that there is not exactly one.
    pub(in crate::resolve) fn only(&self, cx: &mut Cx<'_>, example: &str) -> Option<&'o Expr> {
        match self.plain.as_slice() {
            [expr] => Some(expr),
            [] => {
                wrong_count(cx, self.operator, self.operator.span, "needs an argument", example);
                None
            }
            [_, second, ..] => {
                wrong_count(cx, self.operator, second.span, "takes one argument", example);
                None
            }
        }
    }

    /// Says that arguments without name stand where none may.
    pub(in crate::resolve) fn no_plain(&self, cx: &mut Cx<'_>, example: &str) {
        if let Some(first) = self.plain.first() {
            wrong_count(cx, self.operator, first.span, "takes named arguments only", example);
        }
    }
}

fn wrong_count(cx: &mut Cx<'_>, operator: &Operator, span: Span, what: &str, example: &str) {
    let message = format!("`.{}` {what}", operator.name.name);
    cx.say(Diagnostic::new(Code::OperatorArguments, span, message).help(format!("for example `{example}`")));
}

/// Says that an operator takes no arguments, where it has some.
pub(in crate::resolve) fn none(cx: &mut Cx<'_>, operator: &Operator) {
    if let Some(first) = operator.args.first() {
        let message = format!("`.{}` takes no arguments", operator.name.name);
        cx.say(Diagnostic::new(Code::OperatorArguments, first.span, message));
    }
}

/// A constant duration in nanoseconds, not negative.
pub(super) fn duration(cx: &mut Cx<'_>, module: usize, expr: &Expr) -> Option<i64> {
    match cx.constant_expr(module, expr)? {
        Value::Duration(ns) if ns >= 0 => Some(ns),
        Value::Duration(_) => {
            cx.say(Diagnostic::new(
                Code::OperatorArguments,
                expr.span,
                "the duration is negative",
            ));
            None
        }
        other => {
            let message = format!("a duration is needed here, not {}", shown(&type_of(&other)));
            let diagnostic = Diagnostic::new(Code::OperatorArguments, expr.span, message);
            cx.say(match other {
                Value::Int(n) => diagnostic.help(format!("durations have a unit: `{n}s`, `{n}m`, `{n}h`")),
                _ => diagnostic.help("durations are written `500ms`, `5s`, `10m`, `1h30m`, `1d`"),
            });
            None
        }
    }
}

/// A constant of a type.
fn constant(cx: &mut Cx<'_>, module: usize, expr: &Expr, wanted: &Type) -> Option<Value> {
    let value = cx.constant_expr(module, expr)?;
    if type_of(&value) == *wanted || (*wanted == Type::Float && matches!(value, Value::Int(_))) {
        return Some(value);
    }
    let message = format!("{} is needed here, not {}", a_type(wanted), shown(&type_of(&value)));
    cx.say(Diagnostic::new(Code::OperatorArguments, expr.span, message));
    None
}

/// A constant text.
pub(super) fn text(cx: &mut Cx<'_>, module: usize, expr: &Expr) -> Option<String> {
    match constant(cx, module, expr, &Type::Str)? {
        Value::Str(text) => Some(text.to_string()),
        _ => None,
    }
}

/// A constant bool.
pub(super) fn flag(cx: &mut Cx<'_>, module: usize, expr: &Expr) -> Option<bool> {
    match constant(cx, module, expr, &Type::Bool)? {
        Value::Bool(flag) => Some(flag),
        _ => None,
    }
}

/// A constant integer.
pub(super) fn int(cx: &mut Cx<'_>, module: usize, expr: &Expr) -> Option<i64> {
    match constant(cx, module, expr, &Type::Int)? {
        Value::Int(n) => Some(n),
        _ => None,
    }
}

/// A constant share, 0 to 1.
pub(super) fn share(cx: &mut Cx<'_>, module: usize, expr: &Expr) -> Option<f64> {
    #[allow(clippy::cast_precision_loss, reason = "only 0 and 1 are let through")]
    let share = match constant(cx, module, expr, &Type::Float)? {
        Value::Float(share) => share,
        Value::Int(n) => n as f64,
        _ => return None,
    };
    if !(0.0..=1.0).contains(&share) {
        cx.say(Diagnostic::new(
            Code::OperatorArguments,
            expr.span,
            "a share lies between 0 and 1",
        ));
        return None;
    }
    Some(share)
}
