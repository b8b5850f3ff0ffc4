//! The smallest conditions: one field against constants.
//!
//! Invariant: an atom says yes or no about a value exactly as the evaluator would; where the evaluator
//! would count an error, it says nothing.

use std::borrow::Cow;

use crate::data::{Column, FieldId, Pseudo, Type, Value};
use crate::eval::{Program, constant};
use crate::ir::{BinaryOp, Builtin, Expr, ExprId, Exprs, TypeTest};

use super::cell::{Cell, Kind};

/// What an atom looks at: a field, perhaps in one case of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Subject {
    pub(super) place: Place,
    pub(super) fold: Fold,
}

/// A field of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Field(FieldId),
    Pseudo(Pseudo),
}

/// What is done to a text before it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fold {
    None,
    Lower,
    Upper,
}

impl Fold {
    /// The text in that case.
    pub(super) fn apply(self, text: &str) -> Cow<'_, str> {
        let unchanged = match self {
            Self::None => true,
            Self::Lower => text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_uppercase()),
            Self::Upper => text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_lowercase()),
        };
        match self {
            _ if unchanged => Cow::Borrowed(text),
            Self::Upper => Cow::Owned(text.to_uppercase()),
            _ => Cow::Owned(text.to_lowercase()),
        }
    }
}

/// A condition on one field.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    /// The node of the program, which the evaluator has prepared.
    pub(super) node: ExprId,
    /// A node whose value is the field.
    pub(super) value: ExprId,
    pub(super) subject: Subject,
    pub(super) test: Test,
    /// The kind that the value must be of lest the evaluator counts an error; none where any will do, or
    /// where the types of the program say that it is of that kind.
    pub(super) guard: Option<Kind>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// `x is null`
    Null,
    /// `x`, a bool
    Truth,
    /// `x == constant`
    Equal(Value),
    /// `x < constant` and the like
    Order(BinaryOp, Value),
    /// `x in [constants]`, each of them
    Member(Vec<Value>),
    /// `x in a..b`
    Within(i64, i64, bool),
    /// A function of a text and constant patterns
    Text,
}

impl Atom {
    /// The atom that a node is, if it is one; of `x != c` and `is_not_null(x)` the opposite.
    pub(super) fn of(program: &Program<'_>, node: ExprId) -> Option<Self> {
        let exprs = program.exprs();
        match exprs.get(node) {
            Expr::Field(_) | Expr::Pseudo(_) => Self::new(exprs, node, node, Test::Truth),
            Expr::Is(value, TypeTest::Null) => Self::new(exprs, node, *value, Test::Null),
            Expr::Binary(BinaryOp::Eq | BinaryOp::Ne, a, b) => {
                let (value, other) = sides(exprs, *a, *b)?;
                Self::new(exprs, node, value, Test::Equal(plain(other)?))
            }
            Expr::Binary(op @ (BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge), a, b) => {
                let (value, other) = sides(exprs, *a, *b)?;
                let op = if value == *a { *op } else { flipped(*op) };
                Self::new(exprs, node, value, Test::Order(op, plain(other)?))
            }
            Expr::Binary(BinaryOp::In, value, list) => match exprs.get(*list) {
                Expr::Range(from, to, inclusive) => match (constant(exprs, *from)?, constant(exprs, *to)?) {
                    (Value::Int(from), Value::Int(to)) => {
                        Self::new(exprs, node, *value, Test::Within(from, to, *inclusive))
                    }
                    _ => None,
                },
                _ => match constant(exprs, *list)? {
                    Value::List(items) if program.is_member(node, &Value::Null).is_some() => {
                        Self::new(exprs, node, *value, Test::Member(items.to_vec()))
                    }
                    _ => None,
                },
            },
            Expr::Call(Builtin::IsNull | Builtin::IsNotNull, args, _) => {
                Self::new(exprs, node, *args.first()?, Test::Null)
            }
            Expr::Call(builtin, args, _) if is_text(*builtin) && program.fits(node, "").is_some() => {
                Self::new(exprs, node, *args.first()?, Test::Text)
            }
            _ => None,
        }
    }

    fn new(exprs: &Exprs, node: ExprId, value: ExprId, test: Test) -> Option<Self> {
        let (place, fold, value) = match exprs.get(value) {
            Expr::Field(field) => (Place::Field(*field), Fold::None, value),
            Expr::Pseudo(which) => (Place::Pseudo(*which), Fold::None, value),
            Expr::Call(builtin @ (Builtin::Lower | Builtin::Upper), args, _) => {
                let fold = if *builtin == Builtin::Lower {
                    Fold::Lower
                } else {
                    Fold::Upper
                };
                match exprs.get(*args.first()?) {
                    Expr::Field(field) => (Place::Field(*field), fold, args[0]),
                    _ => return None,
                }
            }
            _ => return None,
        };
        let needed = match &test {
            _ if fold != Fold::None => Some(Kind::Text),
            Test::Truth => Some(Kind::Bool),
            Test::Order(_, constant) => Some(Cell::of(constant).kind()?),
            Test::Text => Some(Kind::Text),
            Test::Null | Test::Equal(_) | Test::Member(_) | Test::Within(..) => None,
        };
        let sure = proven(exprs.ty(value));
        Some(Self {
            node,
            value,
            subject: Subject { place, fold },
            test,
            guard: needed.filter(|needed| sure != Some(*needed)),
        })
    }

    /// Whether a value satisfies it; none where the evaluator has to say.
    pub(super) fn holds(&self, program: &Program<'_>, cell: &Cell<'_>) -> Option<bool> {
        if self.subject.fold != Fold::None {
            return match cell {
                Cell::Null => self.holds_plain(program, &Cell::Null),
                Cell::Text(text) => self.holds_plain(program, &Cell::Text(&self.subject.fold.apply(text))),
                _ => None,
            };
        }
        self.holds_plain(program, cell)
    }

    fn holds_plain(&self, program: &Program<'_>, cell: &Cell<'_>) -> Option<bool> {
        match (&self.test, cell) {
            (Test::Null, cell) => Some(matches!(cell, Cell::Null)),
            (_, Cell::Null) => Some(false),
            (Test::Truth, Cell::Bool(truth)) => Some(*truth),
            (Test::Truth, _) => None,
            (Test::Equal(constant), cell) => Some(cell.equals(&Cell::of(constant))),
            (Test::Order(op, constant), cell) => cell.ordered(*op, &Cell::of(constant)),
            (Test::Member(_), Cell::Text(text)) => program.fits(self.node, text),
            (Test::Member(_), cell) => program.is_member(self.node, &cell.value()?),
            (Test::Within(from, to, inclusive), cell) => {
                Some(cell.whole().is_some_and(|i| inside(i, *from, *to, *inclusive)))
            }
            (Test::Text, Cell::Text(text)) => program.fits(self.node, text),
            (Test::Text, _) => None,
        }
    }
}

/// Whether an integer lies in a range.
pub(super) fn inside(i: i64, from: i64, to: i64, inclusive: bool) -> bool {
    from <= i && (i < to || (inclusive && i == to))
}

/// The side that is no constant, and the value of the other.
fn sides(exprs: &Exprs, a: ExprId, b: ExprId) -> Option<(ExprId, Value)> {
    match (constant(exprs, a), constant(exprs, b)) {
        (None, Some(value)) => Some((a, value)),
        (Some(value), None) => Some((b, value)),
        _ => None,
    }
}

/// A constant that is neither null nor made of others.
fn plain(value: Value) -> Option<Value> {
    (!matches!(value, Value::Null | Value::List(_) | Value::Map(_))).then_some(value)
}

fn flipped(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Le => BinaryOp::Ge,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Ge => BinaryOp::Le,
        other => other,
    }
}

fn is_text(builtin: Builtin) -> bool {
    matches!(
        builtin,
        Builtin::Contains
            | Builtin::StartsWith
            | Builtin::EndsWith
            | Builtin::RegexMatch
            | Builtin::Like
            | Builtin::Ilike
            | Builtin::Wildcard
            | Builtin::CidrMatch
    )
}

/// The kind that values of a type are of.
fn proven(ty: &Type) -> Option<Kind> {
    Some(match ty.non_null() {
        Type::Bool => Kind::Bool,
        Type::Int | Type::Float => Kind::Number,
        Type::Str => Kind::Text,
        Type::Timestamp => Kind::Time,
        Type::Duration => Kind::Span,
        _ => return None,
    })
}

/// The value of a column in a row.
pub(super) fn cell(column: &Column, row: usize) -> Cell<'_> {
    use arrow::array::Array;
    match column {
        Column::Const(value, _) => Cell::of(value),
        Column::Bool(array) if array.is_valid(row) => Cell::Bool(array.value(row)),
        Column::Int(array) if array.is_valid(row) => Cell::Int(array.value(row)),
        Column::Float(array) if array.is_valid(row) => Cell::Float(array.value(row)),
        Column::Str(array) if array.is_valid(row) => Cell::Text(array.value(row)),
        Column::Timestamp(array) if array.is_valid(row) => Cell::Time(array.value(row)),
        Column::Duration(array) if array.is_valid(row) => Cell::Span(array.value(row)),
        Column::Any(values) => Cell::of(&values[row]),
        _ => Cell::Null,
    }
}
