//! `const`, `let` and `param` at top level: values known before the run.

use indexmap::IndexMap;

use super::context::Cx;
use super::expr::Lower;
use super::types::{fits, is_number, shown, type_of};
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Span};
use crate::eval;
use crate::ir::{Expr, ExprId, Exprs};
use crate::syntax::ast;

/// How many constants may wait for each other's values.
const MAX_OPEN: usize = 64;

/// A named constant.
#[derive(Debug)]
pub(super) struct Constant<'a> {
    /// The module that declares it.
    pub module: usize,
    /// Its name.
    pub name: &'a ast::Ident,
    /// What the value must be.
    ty: Option<&'a ast::TypeExpr>,
    /// The value as written, or a parameter's default.
    value: Option<&'a ast::Expr>,
    /// Whether it may be set from outside.
    pub is_param: bool,
    state: State,
}

/// How far the value is known.
#[derive(Clone, Debug, PartialEq)]
enum State {
    Unknown,
    InProgress,
    Known(Value),
    /// It was said what is wrong.
    Failed,
}

impl<'a> Constant<'a> {
    pub(super) fn binding(module: usize, binding: &'a ast::Binding) -> Self {
        Self {
            module,
            name: &binding.name,
            ty: binding.ty.as_ref(),
            value: Some(&binding.value),
            is_param: false,
            state: State::Unknown,
        }
    }

    pub(super) fn param(module: usize, param: &'a ast::Param) -> Self {
        Self {
            module,
            name: &param.name,
            ty: param.ty.as_ref(),
            value: param.default.as_ref(),
            is_param: true,
            state: State::Unknown,
        }
    }
}

/// Values given from outside by the parameters' names: as written, and parsed.
pub(super) type Given = IndexMap<String, super::params::GivenParam>;

/// Gives all constants their values.
pub(super) fn resolve(cx: &mut Cx<'_>, given: Given) {
    super::params::check_names(cx, &given);
    for at in 0..cx.constants.len() {
        if cx.constants[at].is_param {
            set_param(cx, at, &given);
        }
    }
    for at in 0..cx.constants.len() {
        let span = cx.constants[at].name.span;
        cx.constant(at, span);
    }
}

/// The parameters of the program itself are set from outside; those of imports keep their defaults.
fn set_param(cx: &mut Cx<'_>, at: usize, given: &Given) {
    let Constant {
        module,
        name,
        ty,
        value,
        ..
    } = cx.constants[at];
    let is_main = module + 1 == cx.modules.len();
    match given.get(&name.name).filter(|_| is_main) {
        Some(text) => {
            let wanted = match (ty, value) {
                (Some(ty), _) => cx.ty(module, ty),
                (None, Some(_)) => {
                    let default = cx.constant(at, name.span);
                    default.map_or(Type::Any, |value| type_of(&value))
                }
                (None, None) => Type::Any,
            };
            let value = super::params::value(cx, name, text, &wanted);
            cx.constants[at].state = value.map_or(State::Failed, State::Known);
        }
        None if value.is_none() => {
            super::params::missing(cx, name, is_main);
            cx.constants[at].state = State::Failed;
        }
        None => {}
    }
}

impl Cx<'_> {
    /// The value of a constant that is used at `span`; none when it was said what is wrong with it.
    pub(super) fn constant(&mut self, at: usize, span: Span) -> Option<Value> {
        match self.constants[at].state.clone() {
            State::Known(value) => Some(value),
            State::Failed => None,
            State::InProgress => {
                let name = self.constants[at].name;
                self.say(
                    Diagnostic::new(
                        Code::NotConstant,
                        span,
                        format!("the value of `{}` depends on itself", name.name),
                    )
                    .label("used here")
                    .also(name.span, "to find the value of this"),
                );
                None
            }
            State::Unknown if self.open_constants == MAX_OPEN => {
                let message = format!("more than {MAX_OPEN} constants wait for the value of the next");
                self.say(Diagnostic::new(Code::TooDeep, span, message).help("declare constants before what uses them"));
                None
            }
            State::Unknown => {
                self.constants[at].state = State::InProgress;
                self.open_constants += 1;
                let value = self.find_constant(at);
                self.open_constants -= 1;
                self.constants[at].state = value.clone().map_or(State::Failed, State::Known);
                value
            }
        }
    }

    fn find_constant(&mut self, at: usize) -> Option<Value> {
        let Constant {
            module,
            ty,
            value,
            name,
            ..
        } = self.constants[at];
        let (value, ty) = (value?, ty.map(|ty| (self.ty(module, ty), ty.span)));
        let found = self.constant_expr(module, value)?;
        match ty {
            Some((wanted, written)) => self.as_type(found, &wanted, value.span, written, &name.name),
            None => Some(found),
        }
    }

    /// The value as the annotated type has it: an int where a float is wanted becomes one.
    fn as_type(&mut self, value: Value, wanted: &Type, span: Span, written: Span, name: &str) -> Option<Value> {
        let given = type_of(&value);
        if !fits(&given, wanted) || (value.is_null() && !wanted.nullable()) {
            self.say(
                Diagnostic::new(
                    Code::TypeMismatch,
                    span,
                    format!(
                        "`{name}` is declared as {}, its value is {}",
                        shown(wanted),
                        shown(&given)
                    ),
                )
                .label(format!("this is {}", shown(&given)))
                .also(written, "the declared type"),
            );
            return None;
        }
        Some(widen(value, wanted))
    }

    /// The value of a constant expression of a module; none when it was said why there is none.
    pub(super) fn constant_expr(&mut self, module: usize, expr: &ast::Expr) -> Option<Value> {
        let outer = std::mem::take(&mut self.query.exprs);
        let before = self.diagnostics.len();
        let root = Lower::constant(self, module).expr(expr);
        let exprs = std::mem::replace(&mut self.query.exprs, outer);
        let failed = self.diagnostics[before..]
            .iter()
            .any(|said| said.severity == crate::diag::Severity::Error);
        if failed || has_poison(&exprs, root) {
            return None;
        }
        let value = value_of(&exprs, root);
        if value.is_none() {
            self.say(
                Diagnostic::new(
                    Code::ConstantFails,
                    expr.span,
                    "the value of this expression cannot be computed",
                )
                .label("evaluation fails: an overflow, a division by zero, a conversion"),
            );
        }
        value
    }
}

/// The value of a tree of constants.
pub(super) fn value_of(exprs: &Exprs, root: ExprId) -> Option<Value> {
    match exprs.get(root) {
        Expr::Lit(value) => Some(value.clone()),
        _ => eval::constant(exprs, root),
    }
}

/// Whether something erroneous, of which it was said elsewhere, is part of the tree: it stands as a
/// null of type *any*.
pub(super) fn has_poison(exprs: &Exprs, root: ExprId) -> bool {
    let mut found = false;
    exprs.walk(root, &mut |id| {
        found |= *exprs.get(id) == Expr::Lit(Value::Null) && *exprs.ty(id) == Type::Any;
    });
    found
}

/// Ints become floats where the type says float.
pub(super) fn widen(value: Value, wanted: &Type) -> Value {
    match (value, wanted.non_null()) {
        #[allow(clippy::cast_precision_loss, reason = "what `int` to `float` means")]
        (Value::Int(i), Type::Float) => Value::Float(i as f64),
        (Value::List(items), Type::List(item)) if is_number(item) => {
            Value::list(items.iter().map(|value| widen(value.clone(), item)).collect())
        }
        (Value::Map(entries), Type::Map(_, item)) => Value::map(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), widen(value.clone(), item))),
        ),
        (other, _) => other,
    }
}
