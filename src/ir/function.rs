//! Functions: bodies of statements over locals, and the variables of the run.
//!
//! Invariant: the expressions of bodies live in an arena of their own ([`Code::exprs`]) and read
//! locals only. What a body takes of the row at hand is an argument of its call, so that whoever asks
//! what an expression reads need not look into functions.

use crate::data::{FieldId, Type, Value};
use crate::diag::Span;

use super::{EventId, ExprId, Exprs, LocalId};

/// A function, as an index into [`Code::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId(pub u32);

/// A variable of the run, as an index into [`Code::globals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GlobalId(pub u32);

/// What a program calls and remembers.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// The expressions of all bodies.
    pub exprs: Exprs,
    /// The functions.
    pub functions: Vec<Function>,
    /// The variables of the run.
    pub globals: Vec<Global>,
    /// Functions that were put in the place of their calls, and how often.
    pub inlined: Vec<(String, u64)>,
}

impl Code {
    /// The function.
    #[must_use]
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.0 as usize]
    }

    /// The values that `raise` raises.
    #[must_use]
    pub fn raised(&self) -> Vec<ExprId> {
        let mut found = Vec::new();
        self.functions
            .iter()
            .for_each(|function| raised(&function.body, &mut found));
        found
    }
}

fn raised(stmts: &[Stmt], found: &mut Vec<ExprId>) {
    for stmt in stmts {
        match stmt {
            Stmt::Raise(value) => found.push(*value),
            Stmt::If(_, a, b) => {
                raised(a, found);
                raised(b, found);
            }
            Stmt::For(_, _, body) | Stmt::While(_, body) => raised(body, found),
            Stmt::Try(body, catch, last) => {
                raised(body, found);
                catch.iter().for_each(|(_, body)| raised(body, found));
                raised(last, found);
            }
            _ => {}
        }
    }
}

/// A function of the program, or a block of statements that stands for a value.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name; of a block what it is part of.
    pub name: String,
    /// Its parameters; behind those of the program whatever the body takes from around it.
    pub params: Vec<LocalId>,
    /// Its statements; without a `return` it gives null.
    pub body: Vec<Stmt>,
    /// The static type of what it gives.
    pub ty: Type,
    /// Where it is declared.
    pub span: Span,
    /// The variables that it, or anything it calls, reads or writes.
    pub globals: Vec<GlobalId>,
    /// Whether the program declares it by name.
    pub declared: bool,
}

/// A variable of the run.
#[derive(Clone, Debug)]
pub struct Global {
    /// Its name.
    pub name: String,
    /// The local by which expressions read it.
    pub local: LocalId,
    /// Its value before the first event.
    pub init: Value,
    /// Its static type.
    pub ty: Type,
    /// Where it is declared.
    pub span: Span,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Stmt {
    /// `let x = e`, `x = e`: also of a variable of the run
    Set(LocalId, ExprId),
    /// `x[i].f = e`: the parts in order, each a key or an index, then the value
    SetPart(LocalId, Vec<ExprId>, ExprId),
    /// An expression for its effect.
    Eval(ExprId),
    /// `if c: .. else: ..`; `elif` and `match` are chains of these
    If(ExprId, Vec<Stmt>, Vec<Stmt>),
    /// `for x in xs: ..`; several names take the items apart
    For(Vec<LocalId>, ExprId, Vec<Stmt>),
    /// `while c: ..`
    While(ExprId, Vec<Stmt>),
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `return e`
    Return(Option<ExprId>),
    /// `emit T(a: e)`
    Emit(EventId, Vec<(String, ExprId)>),
    /// `raise e`
    Raise(ExprId),
    /// `try: .. catch e: .. finally: ..`
    Try(Vec<Stmt>, Option<(Option<LocalId>, Vec<Stmt>)>, Vec<Stmt>),
}

/// `.process(..)`, and `.map`, `.select`, `.emit` where they touch a variable of the run: row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// Evaluated for each row. What it emits are rows; where it emits none and gives a value, that is.
    pub value: ExprId,
    /// The variables of the run that it touches.
    pub globals: Vec<GlobalId>,
    /// The events that it may emit.
    pub emits: Vec<EventId>,
    /// The fields of the rows that its value makes, where they are known; for the names of columns.
    pub fields: Vec<(String, FieldId)>,
}

/// What is done about rows of a stream that fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnError {
    /// Called with the error and the row.
    pub handler: FunctionId,
    /// The events that it may emit.
    pub emits: Vec<EventId>,
}
