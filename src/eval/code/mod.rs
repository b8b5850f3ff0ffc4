//! Functions of the program: compiled to code over registers, run without names and without trees.
//!
//! [`compile`] makes [`Ops`] of the statements and expressions of a body; every local and every
//! intermediate value has a register of its own in the function's frame. [`machine`] runs them; frames
//! lie on the heap, so that recursion is bounded by a number and not by the machine's stack.
//!
//! Every rule of the language is that of the interpreter for one row (`arithmetic`, `compare`,
//! `collections`, ...): an evaluation error gives null at its place and is counted by its node. Nodes of
//! bodies live in an arena of their own; in counts they carry [`CODE`], so that they cannot be mistaken
//! for nodes of the streams.
//!
//! Cost: some nanoseconds an operation; arithmetic and comparisons of two ints or two floats take no call.

mod compile;
mod lambdas;
mod machine;
mod parts;
mod quick;
mod step;

use indexmap::IndexMap;

use crate::data::Value;
use crate::data::value::FixedHasher;
use crate::ir::{self, BinaryOp, Builtin, EventId, ExprId, FunctionId, TypeTest, UnaryOp};

use super::program::Prepared;

pub(super) use machine::Machine;
pub use step::{Stepped, Stepper};

/// How many steps a row may take, unless something else is said.
pub const MAX_STEPS: u64 = 1_000_000;

/// How many calls may be open.
pub(super) const MAX_CALLS: usize = 10_000;

/// How many list functions may be open, each in a lambda of the one before: these take the machine's stack.
pub(super) const MAX_LAMBDAS: usize = 64;

/// Marks the nodes of bodies in counts of errors.
pub(super) const CODE: u32 = 1 << 31;

/// Marks functions among these.
pub(super) const FUNCTION: u32 = 1 << 30;

/// Where in the code an error was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InCode {
    /// At an expression of a body.
    Node(ExprId),
    /// In a function as a whole: a bound was exceeded.
    Function(FunctionId),
}

/// Where in the code an error was counted; none: at an expression of a stream.
#[must_use]
pub fn in_code(node: ExprId) -> Option<InCode> {
    if node.0 & CODE == 0 {
        return None;
    }
    let at = node.0 & !(CODE | FUNCTION);
    Some(if node.0 & FUNCTION == 0 {
        InCode::Node(ExprId(at))
    } else {
        InCode::Function(FunctionId(at))
    })
}

/// A register of a frame.
pub(super) type Reg = u16;

/// One operation. The first register is where the value goes, if there is one.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// A constant.
    Const(Reg, u32),
    Move(Reg, Reg),
    Unary(UnaryOp, Reg, Reg, ExprId),
    /// Arithmetic, bits, comparisons.
    Binary(BinaryOp, Reg, Reg, Reg, ExprId),
    In(Reg, Reg, Reg, ExprId),
    /// `x in a..b`: the value, the ends in two registers.
    InRange(Reg, Reg, Reg, bool, ExprId),
    /// `x in [..]` of constants: the node by which they are known.
    Member(Reg, Reg, ExprId),
    /// Makes a condition a bool.
    Truth(Reg, Reg, ExprId),
    Not(Reg, Reg, ExprId),
    Is(Reg, Reg, TypeTest),
    /// `x.name`; the name is a constant.
    Get(Reg, Reg, u32),
    Index(Reg, Reg, Reg, ExprId),
    /// `x[a:b]`: the value and the ends that are there, one behind the other.
    Slice(Reg, Reg, bool, bool, ExprId),
    List(Reg, Reg, Reg, ExprId),
    Map(Reg, Reg, Reg, ExprId),
    Range(Reg, Reg, Reg, bool, ExprId),
    Interp(Reg, Reg, Reg),
    Call(Builtin, Reg, Reg, Reg, ExprId),
    /// A list function: its arguments, then which lambda.
    CallLambda(Builtin, Reg, Reg, Reg, u32, ExprId),
    Invoke(FunctionId, Reg, Reg, Reg),
    Load(Reg, u32),
    Store(u32, Reg),
    Jump(u32),
    /// Jumps where a condition is not true.
    Unless(Reg, u32, ExprId),
    /// Jumps where a condition is true.
    When(Reg, u32, ExprId),
    /// Jumps where a value is not null.
    Found(Reg, u32),
    /// Begins a loop: the items become a list (or the keys of a map), the counter behind it 0.
    Loop(Reg, Reg, ExprId),
    /// Begins a loop over a range, which is never made a list: from, to, inclusive; the counter.
    LoopRange(Reg, Reg, bool, ExprId),
    /// The next item of a list into some registers; jumps when there is none.
    Next(Reg, Reg, Reg, u32, ExprId),
    /// The next integer of a range; jumps when there is none.
    NextInt(Reg, Reg, u32),
    /// `x[a].b = e`: the base, the parts from a register on, how many, the value.
    SetPart(Reg, Reg, Reg, Reg, ExprId),
    Emit(u32, Reg, Reg),
    Raise(Reg, ExprId),
    /// From here on what is raised goes to a place, its value into a register.
    Try(u32, Reg),
    EndTry,
    /// Raises again what a `finally` has held up.
    Again(Reg),
    Return(Reg),
    /// Ends a lambda.
    Yield(Reg),
}

/// A lambda within a function: its parameters stand in registers of the function's frame.
#[derive(Clone, Debug)]
pub(super) struct Inner {
    pub(super) params: Vec<Reg>,
    pub(super) start: u32,
}

/// What `emit` makes: the event, the names of the fields.
#[derive(Clone, Debug)]
pub(super) struct Emission {
    pub(super) event: EventId,
    pub(super) names: Vec<Value>,
}

/// A function, compiled.
#[derive(Clone, Debug, Default)]
pub(super) struct Ops {
    pub(super) name: String,
    pub(super) params: Reg,
    pub(super) registers: Reg,
    pub(super) ops: Vec<Op>,
    pub(super) consts: Vec<Value>,
    pub(super) lambdas: Vec<Inner>,
    pub(super) emissions: Vec<Emission>,
}

/// All functions of a program, compiled.
#[derive(Debug, Default)]
pub struct Compiled {
    pub(super) functions: Vec<Ops>,
    pub(super) prepared: IndexMap<ExprId, Prepared, FixedHasher>,
    pub(super) globals: Vec<(crate::ir::LocalId, Value)>,
    pub(super) max_steps: u64,
    /// Errors are told row by row.
    pub(super) each: bool,
}

impl Compiled {
    /// Compiles the functions of a program. `each`: failures are told row by row.
    #[must_use]
    pub fn new(code: &ir::Code, max_steps: u64, each: bool) -> Self {
        compile::all(code, max_steps, each)
    }
}

/// What `emit` has made: an event's fields as a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Emitted {
    /// The event.
    pub event: EventId,
    /// Its fields.
    pub value: Value,
}

/// What was raised and not caught.
#[derive(Clone, Debug)]
pub(super) struct Raised {
    pub(super) node: ExprId,
    pub(super) value: Value,
    /// No `catch` sees it: a bound was exceeded.
    pub(super) fatal: bool,
}

impl Raised {
    /// What is shown of it.
    pub(super) fn message(&self) -> String {
        match &self.value {
            Value::Str(text) => text.to_string(),
            Value::Map(entries) => {
                let text = entries.get(&crate::data::Key(Value::str("message")));
                match text {
                    Some(Value::Str(text)) => text.to_string(),
                    _ => format!("raised {}", super::errors::show(&self.value)),
                }
            }
            other => format!("raised {}", super::errors::show(other)),
        }
    }
}
