//! The query without surface syntax: names are gone, every node is typed and knows its place.

mod aggregate;
mod attention;
mod builtin;
mod expr;
mod function;
mod pattern;
mod query;
mod structure;
mod window;

pub use aggregate::{AggFunction, AggParam};
pub use attention::{
    Attend, Attention, AttentionStep, Embedding, Encoding, Feature, Index, LearnedModel, Novelty, Reach, Transform,
};
pub use builtin::{Builtin, ParamType, Signature};
pub use expr::{BinaryOp, Expr, ExprId, Exprs, Lambda, LocalId, Node, TypeTest, UnaryOp};
pub use function::{Code, Function, FunctionId, Global, GlobalId, OnError, Process, Stmt};
pub use pattern::{
    AfterMatch, Bound, Compare, How, Pattern, PatternAlias, PatternInput, PatternRead, PatternStep, Report, Rest,
    Selection, Shape, StepId, TrendCall, TrendFunction, ValueId, Which,
};
pub use query::{
    Event, EventField, EventId, Named, Op, Operator, Query, SideChannel, Source, Stream, StreamId, Target,
};
pub use structure::structure;
pub use window::{
    AggCall, Aggregate, Enrich, Join, JoinInput, JoinKind, Over, RowFunction, RowFunctionKind, Scope, SortKey, Table,
    Window,
};
