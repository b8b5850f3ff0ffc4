//! Types: as written, as found, and how they go together.

use super::context::{Cx, What, did_you_mean, listed};
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, nearest};
use crate::ir::TypeTest;
use crate::syntax::ast::{Ident, TypeExpr, TypeExprKind};

const BASIC: [&str; 7] = ["any", "bool", "duration", "float", "int", "str", "timestamp"];

/// How deep aliases may refer to each other.
const MAX_ALIASES: usize = 64;

impl Cx<'_> {
    /// The type that a type expression of a module names; *any* after an error.
    pub(super) fn ty(&mut self, module: usize, ty: &TypeExpr) -> Type {
        self.ty_within(module, ty, 0)
    }

    fn ty_within(&mut self, module: usize, ty: &TypeExpr, depth: usize) -> Type {
        match &ty.kind {
            TypeExprKind::Name(path) => self.named_type(module, path, ty, depth),
            TypeExprKind::Generic(name, args) => self.generic_type(module, name, args, depth),
            TypeExprKind::List(item) => Type::List(Box::new(self.ty_within(module, item, depth))),
            TypeExprKind::Map(key, value) => {
                let key = self.ty_within(module, key, depth);
                Type::Map(Box::new(key), Box::new(self.ty_within(module, value, depth)))
            }
            TypeExprKind::Record(fields) => Type::Record(
                fields
                    .iter()
                    .map(|(name, ty)| (name.name.clone(), self.ty_within(module, ty, depth)))
                    .collect(),
            ),
            TypeExprKind::Tuple(items) => {
                Type::Tuple(items.iter().map(|item| self.ty_within(module, item, depth)).collect())
            }
            TypeExprKind::Optional(inner) => optional(self.ty_within(module, inner, depth)),
        }
    }

    fn named_type(&mut self, module: usize, path: &[Ident], ty: &TypeExpr, depth: usize) -> Type {
        if let [name] = path
            && let Some(basic) = basic(&name.name)
        {
            return basic;
        }
        let Ok(found) = self.lookup_path(module, path) else {
            return Type::Any;
        };
        match found.map(|found| (found.what, found.span)) {
            Some((What::Alias(_), span)) if depth >= MAX_ALIASES => {
                self.say(
                    Diagnostic::new(Code::UnknownType, ty.span, "a type alias stands for itself")
                        .also(span, "by way of this alias"),
                );
                Type::Any
            }
            Some((What::Alias(alias), span)) => {
                let home = self.home(span.file);
                self.ty_within(home, &alias.ty, depth + 1)
            }
            Some((What::Event(id), _)) => {
                let fields = self.event(id).fields.iter();
                Type::Record(fields.map(|field| (field.name.clone(), field.ty.clone())).collect())
            }
            Some((what, span)) => {
                let name = path.last().map_or("", |name| &name.name);
                self.say(
                    Diagnostic::new(
                        Code::WrongKind,
                        ty.span,
                        format!("`{name}` is {}, not a type", what.noun()),
                    )
                    .also(span, "declared here"),
                );
                Type::Any
            }
            None => {
                self.unknown_type(module, path, ty);
                Type::Any
            }
        }
    }

    /// The module whose text a file is.
    fn home(&self, file: crate::diag::FileId) -> usize {
        let of = |items: &[crate::syntax::ast::Item]| items.first().is_some_and(|item| item.span.file == file);
        self.modules
            .iter()
            .position(|module| of(&module.program.items))
            .unwrap_or(self.modules.len() - 1)
    }

    fn unknown_type(&mut self, module: usize, path: &[Ident], ty: &TypeExpr) {
        let name = path.last().map_or("", |name| name.name.as_str());
        let aliases = self.scopes[module]
            .iter()
            .filter(|(_, declared)| matches!(declared.what, What::Alias(_)))
            .map(|(name, _)| *name);
        let near = foreign(name).or_else(|| nearest(name, BASIC.into_iter().chain(aliases)));
        let near = near.map(str::to_owned);
        let diagnostic = Diagnostic::new(Code::UnknownType, ty.span, format!("unknown type `{name}`"))
            .help(format!("the basic types are {}", listed(BASIC)));
        self.say(did_you_mean(diagnostic, near.as_deref(), ty.span));
    }

    fn generic_type(&mut self, module: usize, name: &Ident, args: &[TypeExpr], depth: usize) -> Type {
        match (name.name.as_str(), args) {
            ("Stream", [event]) => Type::Stream(self.sources.slice(event.span).to_owned()),
            ("List" | "list", [item]) => Type::List(Box::new(self.ty_within(module, item, depth))),
            _ => {
                self.say(
                    Diagnostic::new(
                        Code::UnknownType,
                        name.span,
                        format!("unknown type `{}<..>`", name.name),
                    )
                    .help("lists are `[T]`, maps `{K: V}`, optional values `T?`, streams `Stream<E>`"),
                );
                Type::Any
            }
        }
    }

    /// What `is` asks for. `None` when it was said that it cannot be asked.
    pub(super) fn type_test(&mut self, module: usize, ty: &TypeExpr) -> Option<TypeTest> {
        if let TypeExprKind::Name(path) = &ty.kind
            && path.len() == 1
            && path[0].name == "null"
        {
            return Some(TypeTest::Null);
        }
        let before = self.diagnostics.len();
        let test = match self.ty(module, ty) {
            Type::Bool => TypeTest::Bool,
            Type::Int => TypeTest::Int,
            Type::Float => TypeTest::Float,
            Type::Str => TypeTest::Str,
            Type::Timestamp => TypeTest::Timestamp,
            Type::Duration => TypeTest::Duration,
            Type::List(_) | Type::Tuple(_) => TypeTest::List,
            Type::Map(..) | Type::Record(_) => TypeTest::Map,
            Type::Null => TypeTest::Null,
            Type::Any | Type::Optional(_) | Type::Stream(_) => {
                if self.diagnostics.len() == before {
                    self.say(
                        Diagnostic::new(Code::BadTypeTest, ty.span, "`is` cannot ask for this type")
                            .label("no value is of this type and no other")
                            .help("ask for one of `null bool int float str timestamp duration`, a list `[T]` or a map `{K: V}`"),
                    );
                }
                return None;
            }
        };
        Some(test)
    }
}

fn basic(name: &str) -> Option<Type> {
    Some(match name {
        "any" => Type::Any,
        "null" => Type::Null,
        "bool" => Type::Bool,
        "int" => Type::Int,
        "float" => Type::Float,
        "str" => Type::Str,
        "timestamp" => Type::Timestamp,
        "duration" => Type::Duration,
        _ => return None,
    })
}

/// The basic type by the name that another language gives it.
fn foreign(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "string" | "text" | "varchar" | "keyword" => "str",
        "integer" | "long" | "i64" | "u64" | "i32" | "u32" | "bigint" => "int",
        "double" | "number" | "f64" | "f32" | "decimal" | "real" => "float",
        "boolean" => "bool",
        "datetime" | "date" | "time" | "instant" => "timestamp",
        "timedelta" | "interval" => "duration",
        "object" | "json" | "dynamic" => "any",
        _ => return None,
    })
}

/// `T?`
pub(super) fn optional(ty: Type) -> Type {
    match ty {
        already @ (Type::Any | Type::Null | Type::Optional(_)) => already,
        plain => Type::Optional(Box::new(plain)),
    }
}

/// `ty`, or `ty?` if one of these may be null.
pub(super) fn null_with(ty: Type, operands: &[&Type]) -> Type {
    if operands.iter().any(|operand| operand.nullable()) {
        optional(ty)
    } else {
        ty
    }
}

/// The type of what is of either type.
pub(super) fn join(a: &Type, b: &Type) -> Type {
    match (a, b) {
        (Type::Null, other) | (other, Type::Null) => optional(other.clone()),
        (Type::Optional(a), b) => optional(join(a, b)),
        (a, Type::Optional(b)) => optional(join(a, b)),
        (Type::List(a), Type::List(b)) => Type::List(Box::new(join(a, b))),
        (a, b) if a == b => a.clone(),
        _ => Type::Any,
    }
}

/// The type of a value.
pub(super) fn type_of(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Float(_) => Type::Float,
        Value::Str(_) => Type::Str,
        Value::Timestamp(_) => Type::Timestamp,
        Value::Duration(_) => Type::Duration,
        Value::List(items) => Type::List(Box::new(join_all(items.iter().map(type_of)))),
        Value::Map(entries) => Type::Map(
            Box::new(join_all(entries.keys().map(|key| type_of(&key.0)))),
            Box::new(join_all(entries.values().map(type_of))),
        ),
    }
}

/// The type of what is of one of these types; *any* of none.
pub(super) fn join_all(types: impl IntoIterator<Item = Type>) -> Type {
    types.into_iter().reduce(|a, b| join(&a, &b)).unwrap_or(Type::Any)
}

/// Whether a value of type `given` may stand where `wanted` is asked for. `int` widens to `float`.
pub(super) fn fits(given: &Type, wanted: &Type) -> bool {
    match (given.non_null(), wanted.non_null()) {
        (Type::Any | Type::Null, _) | (_, Type::Any) | (Type::Int, Type::Float) => true,
        (Type::List(a), Type::List(b)) => fits(a, b),
        (Type::Tuple(a), Type::List(b)) => a.iter().all(|item| fits(item, b)),
        (Type::Tuple(a), Type::Tuple(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| fits(a, b)),
        (Type::Map(k, v), Type::Map(wk, wv)) => fits(k, wk) && fits(v, wv),
        (Type::Record(fields), Type::Map(_, value)) => fields.iter().all(|(_, ty)| fits(ty, value)),
        (Type::Map(..), Type::Record(_)) | (Type::Record(_), Type::Record(_)) => true,
        (a, b) => a == b,
    }
}

/// Whether `==` between values of these types can be true.
pub(super) fn comparable(a: &Type, b: &Type) -> bool {
    match (a.non_null(), b.non_null()) {
        (Type::Any | Type::Null, _) | (_, Type::Any | Type::Null) => true,
        (Type::Int | Type::Float, Type::Int | Type::Float) => true,
        (Type::List(_) | Type::Tuple(_), Type::List(_) | Type::Tuple(_)) => true,
        (Type::Map(..) | Type::Record(_), Type::Map(..) | Type::Record(_)) => true,
        (a, b) => a == b,
    }
}

/// Whether the type is `int` or `float` (or may turn out to be).
pub(super) fn is_number(ty: &Type) -> bool {
    matches!(ty.non_null(), Type::Int | Type::Float)
}

/// A type as messages ask for it, with its article.
pub(super) fn a_type(ty: &Type) -> String {
    match ty.non_null() {
        Type::Int | Type::Any => format!("an `{}`", ty.non_null()),
        Type::Record(_) => "a record".to_owned(),
        other => format!("a `{other}`"),
    }
}

/// A type as messages show it: long records cut short.
pub(super) fn shown(ty: &Type) -> String {
    match ty {
        Type::Record(fields) if fields.len() > 3 => "a record".to_owned(),
        Type::Tuple(items) if items.len() > 3 => "a tuple".to_owned(),
        other => format!("`{}`", other.non_null()),
    }
}
