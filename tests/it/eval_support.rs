//! Rows and expressions made by hand, for the tests of the evaluator.

use std::sync::{Arc, Mutex};

use varpulis::data::{Column, FieldId, Key, Pseudo, Rows, Type, Value};
use varpulis::diag::Span;
use varpulis::ir::{BinaryOp, Builtin, Expr, ExprId, Exprs, Lambda, LocalId};

/// What a test writes for a value.
pub(crate) trait IntoValue {
    fn value(self) -> Value;
}

impl IntoValue for Value {
    fn value(self) -> Value {
        self
    }
}

impl IntoValue for () {
    fn value(self) -> Value {
        Value::Null
    }
}

impl IntoValue for bool {
    fn value(self) -> Value {
        Value::Bool(self)
    }
}

impl IntoValue for i64 {
    fn value(self) -> Value {
        Value::Int(self)
    }
}

impl IntoValue for f64 {
    fn value(self) -> Value {
        Value::Float(self)
    }
}

impl IntoValue for &str {
    fn value(self) -> Value {
        Value::str(self)
    }
}

impl<T: IntoValue, const N: usize> IntoValue for [T; N] {
    fn value(self) -> Value {
        self.into_iter().map(IntoValue::value).collect()
    }
}

/// A value of Rust as one of the language.
pub(crate) fn v(value: impl IntoValue) -> Value {
    value.value()
}

/// A list of mixed items.
macro_rules! list {
    ($($item:expr),* $(,)?) => { varpulis::data::Value::list(vec![$(crate::eval_support::v($item)),*]) };
}

/// A map.
macro_rules! map {
    ($($key:expr => $value:expr),* $(,)?) => {
        crate::eval_support::map_of(vec![$((crate::eval_support::v($key), crate::eval_support::v($value))),*])
    };
}

pub(crate) use {list, map};

pub(crate) fn map_of(entries: Vec<(Value, Value)>) -> Value {
    Value::map(entries.into_iter().map(|(key, value)| (Key(key), value)))
}

/// A timestamp as written in logs.
pub(crate) fn ts(text: &str) -> Value {
    Value::Timestamp(varpulis::data::time::parse_timestamp(text.as_bytes()).expect("a time"))
}

/// A duration in seconds.
pub(crate) fn secs(seconds: f64) -> Value {
    Value::Duration((seconds * 1e9) as i64)
}

/// Which field was decoded, and for which rows (none: all).
pub(crate) type Decoded = (u32, Option<Vec<u32>>);

/// Rows whose fields are given; field `n` is column `n`. Remembers what was decoded.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    len: usize,
    decoded: Mutex<Vec<Decoded>>,
}

impl Table {
    pub(crate) fn new(columns: Vec<Column>) -> Self {
        Self {
            len: columns.first().map_or(0, Column::len),
            columns,
            decoded: Mutex::default(),
        }
    }

    /// A column of each list of values.
    pub(crate) fn of(columns: Vec<Vec<Value>>) -> Self {
        Self::new(columns.into_iter().map(Column::from_values).collect())
    }

    /// What was decoded since the last call.
    pub(crate) fn take_decoded(&self) -> Vec<Decoded> {
        std::mem::take(&mut self.decoded.lock().expect("no panic"))
    }
}

fn selected(column: &Column, rows: Option<&[u32]>) -> Column {
    rows.map_or_else(|| column.clone(), |rows| column.take(rows))
}

impl Rows for Table {
    fn len(&self) -> usize {
        self.len
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        let decoded = (field.0, rows.map(<[u32]>::to_vec));
        self.decoded.lock().expect("no panic").push(decoded);
        selected(&self.columns[field.0 as usize], rows)
    }

    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        let each = |row: u32| match which {
            Pseudo::Time => Value::Timestamp(i64::from(row) * 1_000_000_000),
            Pseudo::Type => v("T"),
            Pseudo::Source => v("log.jsonl"),
            Pseudo::Seq => v(i64::from(row)),
            Pseudo::Input | Pseudo::Index => v(0),
        };
        let all = Column::from_values((0..self.len as u32).map(each).collect());
        selected(&all, rows)
    }

    fn whole(&self, row: u32) -> Value {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let fields = names.iter().zip(&self.columns);
        map_of(
            fields
                .map(|(name, column)| (v(*name), column.value(row as usize)))
                .collect(),
        )
    }
}

/// Builds expressions; operands are built before what takes them, as the arena wants it.
#[derive(Default)]
pub(crate) struct Build {
    pub(crate) exprs: Exprs,
    locals: u32,
}

impl Build {
    pub(crate) fn push(&mut self, expr: Expr) -> ExprId {
        self.exprs.push(expr, Type::Any, Span::default())
    }

    pub(crate) fn lit(&mut self, value: impl IntoValue) -> ExprId {
        self.push(Expr::Lit(value.value()))
    }

    pub(crate) fn field(&mut self, number: u32) -> ExprId {
        self.push(Expr::Field(FieldId(number)))
    }

    pub(crate) fn bin(&mut self, op: BinaryOp, a: ExprId, b: ExprId) -> ExprId {
        self.push(Expr::Binary(op, a, b))
    }

    pub(crate) fn call(&mut self, builtin: Builtin, args: Vec<ExprId>) -> ExprId {
        self.push(Expr::Call(builtin, args, Vec::new()))
    }

    pub(crate) fn fresh(&mut self) -> LocalId {
        self.locals += 1;
        LocalId(self.locals - 1)
    }

    /// A call with a lambda of so many parameters; `body` builds it.
    pub(crate) fn call_with(
        &mut self,
        builtin: Builtin,
        args: Vec<ExprId>,
        params: usize,
        body: impl FnOnce(&mut Self, &[LocalId]) -> ExprId,
    ) -> ExprId {
        let params: Vec<LocalId> = (0..params).map(|_| self.fresh()).collect();
        let body = body(self, &params);
        self.push(Expr::Call(builtin, args, vec![Lambda { params, body }]))
    }

    pub(crate) fn local(&mut self, local: LocalId) -> ExprId {
        self.push(Expr::Local(local))
    }
}

/// A mixed column, whatever its values are.
pub(crate) fn mixed(values: Vec<Value>) -> Column {
    Column::Any(Arc::from(values))
}

/// Whether two values are the same; all NaN are.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (a, b) => a == b,
    }
}
