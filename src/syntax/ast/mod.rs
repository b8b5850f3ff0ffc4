//! The abstract syntax tree: the program as its author wrote it. Every node carries its span.
//!
//! Nothing is checked here beyond the grammar: names, arities, types and what is supported are
//! the business of `resolve`. Stream operators are kept in one generic form ([`Operator`]), so that
//! the grammar need not know their names.

mod expr;
mod stream;

pub use expr::*;
pub use stream::*;

use crate::diag::Span;

/// A name and where it stands. Backticks are already taken off.
#[derive(Clone, Debug, PartialEq)]
pub struct Ident {
    /// The name.
    pub name: String,
    /// Its place, backticks included.
    pub span: Span,
}

/// A whole program text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// Its statements, in order. A statement that did not parse is left out (its error is reported).
    pub items: Vec<Item>,
}

/// One top-level statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What it declares.
    pub kind: ItemKind,
    /// The whole statement.
    pub span: Span,
}

/// The kinds of top-level statement.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// `import "lib.vpl" as lib`
    Import(Import),
    /// `type UserId = str`
    TypeAlias(TypeAlias),
    /// `const`, `let`, `var`
    Binding(Binding),
    /// `param threshold: int = 10_000`
    Param(Param),
    /// `fn f(x: int) -> int: ...`
    Fn(FnDecl),
    /// `event Login: ...`
    Event(EventDecl),
    /// `stream X = ...` or `stream X from ...`
    Stream(StreamDecl),
    /// `pattern P = ...`
    Pattern(PatternDecl),
    /// `config: ...`, `config name { ... }`, `embedding_config: ...`
    Config(ConfigBlock),
    /// `connector C = file(path: "users.csv", key: "id")`
    Connector(Connector),
}

/// `import "lib.vpl" as lib`
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The path as written.
    pub path: String,
    /// Where the path stands.
    pub path_span: Span,
    /// The name its items go by; without it the file's stem.
    pub alias: Option<Ident>,
}

/// `type UserId = str`
#[derive(Clone, Debug, PartialEq)]
pub struct TypeAlias {
    /// The new name.
    pub name: Ident,
    /// What it stands for.
    pub ty: TypeExpr,
}

/// Which word a binding begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingKind {
    /// `const`
    Const,
    /// `let`
    Let,
    /// `var`
    Var,
}

/// `const X: int = 1`, `let x = 1`, `var x = 1`
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The word.
    pub kind: BindingKind,
    /// The name.
    pub name: Ident,
    /// The annotated type.
    pub ty: Option<TypeExpr>,
    /// The value.
    pub value: Expr,
}

/// `param threshold: int = 10_000`
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The name.
    pub name: Ident,
    /// The annotated type.
    pub ty: Option<TypeExpr>,
    /// The value it has when none is given outside.
    pub default: Option<Expr>,
}

/// `fn f(x: int, y) -> int: ...`
#[derive(Clone, Debug, PartialEq)]
pub struct FnDecl {
    /// The name.
    pub name: Ident,
    /// The parameters.
    pub params: Vec<FnParam>,
    /// The annotated result type.
    pub result: Option<TypeExpr>,
    /// The body; `fn f(x) = expr` and `fn f(x): expr` are blocks of one expression statement.
    pub body: Block,
}

/// A parameter of a function or lambda.
#[derive(Clone, Debug, PartialEq)]
pub struct FnParam {
    /// The name.
    pub name: Ident,
    /// The annotated type.
    pub ty: Option<TypeExpr>,
    /// The value it has when the call gives none.
    pub default: Option<Expr>,
}

/// `event Login extends Base from "auth.login": ...`
#[derive(Clone, Debug, PartialEq)]
pub struct EventDecl {
    /// The name in the program.
    pub name: Ident,
    /// The event it extends.
    pub extends: Option<Ident>,
    /// The name of the type as the log writes it.
    pub from: Option<StrLit>,
    /// The fields.
    pub fields: Vec<FieldDecl>,
}

/// `user: str from "actor.user.name"`
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDecl {
    /// The field's name.
    pub name: Ident,
    /// Its type.
    pub ty: TypeExpr,
    /// Where it lies in the record.
    pub from: Option<StrLit>,
}

/// A string literal where no expression may stand.
#[derive(Clone, Debug, PartialEq)]
pub struct StrLit {
    /// The text, escapes resolved.
    pub text: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeExpr {
    /// Which.
    pub kind: TypeExprKind,
    /// Where.
    pub span: Span,
}

/// The forms of type.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeExprKind {
    /// `int`, `UserId`, `lib.UserId`
    Name(Vec<Ident>),
    /// `Stream<E>`
    Generic(Ident, Vec<TypeExpr>),
    /// `[T]`
    List(Box<TypeExpr>),
    /// `{K: V}` with types on both sides
    Map(Box<TypeExpr>, Box<TypeExpr>),
    /// `{name: str, n: int}`; a one-entry brace whose key is the name of a basic type is a [`Self::Map`]
    Record(Vec<(Ident, TypeExpr)>),
    /// `(A, B)`
    Tuple(Vec<TypeExpr>),
    /// `T?`
    Optional(Box<TypeExpr>),
}

/// `config: ...`, `config name { ... }`, `embedding_config: ...`
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigBlock {
    /// Whether the word was `embedding_config` (then `name` is none).
    pub embedding: bool,
    /// `config embedding { ... }`
    pub name: Option<Ident>,
    /// The entries.
    pub entries: Vec<ConfigEntry>,
}

/// `key: value`
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigEntry {
    /// The key.
    pub key: Ident,
    /// The value.
    pub value: ConfigValue,
}

/// What may follow a key in a config block.
#[derive(Clone, Debug, PartialEq)]
pub enum ConfigValue {
    /// An expression.
    Expr(Expr),
    /// A nested block.
    Block(Vec<ConfigEntry>, Span),
    /// A list of `- ` items.
    List(Vec<ConfigValue>, Span),
}

/// `connector C = file(path: "users.csv", key: "id")`
#[derive(Clone, Debug, PartialEq)]
pub struct Connector {
    /// The name.
    pub name: Ident,
    /// The kind: `file`, `kafka`, ...
    pub kind: Ident,
    /// Its settings.
    pub args: Vec<Arg>,
}
