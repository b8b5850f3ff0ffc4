//! A stream whose operators are being lowered: what holds at the place reached.

use std::rc::Rc;

use super::context::Cx;
use super::expr::Given;
use super::row::{Column, Keys, Row};
use crate::data::{FieldId, Type};
use crate::diag::Span;
use crate::ir::{Expr, Named, Op, Operator, Scope, Target, Window};
use crate::syntax::ast;

/// A stream whose operators are being lowered.
pub(super) struct Flow {
    /// The module that declares it.
    pub module: usize,
    /// The rows at this place.
    pub row: Row,
    /// The operators so far.
    pub ops: Vec<Operator>,
    /// `.to(..)`
    pub targets: Vec<Target>,
    /// Whether something before this place was refused, so that what belongs to it is not refused again.
    pub refused: bool,
    /// Whether there is an `.emit`.
    pub emits: bool,
    /// The keys of the partition in force, outermost first.
    pub keys: Vec<Key>,
    /// What expressions of the operator at hand are computed before it.
    pub given: Given,
    /// `.window(..)`, until the aggregation over it.
    pub window: Option<Open>,
    /// Where the last `.aggregate` stands, and on which rows `order_by`, `limit` and `distinct` act
    /// as long as they come directly after it.
    pub aggregated: Option<(Span, After)>,
    /// Whether windows may be emitted again.
    pub revises: bool,
    /// The attention window in force.
    pub attention: Option<super::attention::Attending>,
    /// After how many failed rows the run stops.
    pub breaker: Option<u64>,
}

/// A key of the partition in force.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Its name.
    pub name: String,
    /// The id of the name's one-key path.
    pub field: FieldId,
    /// Its type.
    pub ty: Type,
    /// Where it is given.
    pub span: Span,
}

/// A window that no aggregation has closed yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    /// Which.
    pub window: Window,
    /// Where it stands.
    pub span: Span,
    /// Whether rows come window by window already; else the aggregation makes the windows itself.
    pub placed: bool,
}

/// On which rows order matters after an aggregation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Directly after it: those of all keys of one window.
    AllOfWindow,
    /// Directly after it, where windows do not end together: all rows, of all keys.
    AllKeys,
    /// Further on: those of the partition.
    Partition,
}

impl Flow {
    pub(super) fn new(module: usize, row: Row) -> Self {
        Self {
            module,
            row,
            ops: Vec::new(),
            targets: Vec::new(),
            refused: false,
            emits: false,
            keys: Vec::new(),
            given: Given::default(),
            window: None,
            aggregated: None,
            revises: false,
            attention: None,
            breaker: None,
        }
    }

    pub(super) fn push(&mut self, op: Op, span: Span) {
        self.ops.push(Operator { op, span });
    }

    /// The rows that `order_by`, `limit` and `distinct` act on here. After windows that do not end
    /// together the partitions are joined first.
    pub(super) fn scope(&mut self, span: Span) -> Scope {
        if self.window.is_some() {
            return Scope::Window;
        }
        match self.aggregated {
            Some((_, After::AllOfWindow)) => Scope::AllOfWindow,
            Some((_, After::AllKeys)) => {
                if !self.keys.is_empty() {
                    self.collect(span);
                }
                Scope::Partition
            }
            Some((_, After::Partition)) | None => Scope::Partition,
        }
    }

    /// The rows have exactly these fields from here on. Where the keys of the partition are among them,
    /// by their names, `_partition` can still be read.
    pub(super) fn project(&mut self, cx: &Cx<'_>, fields: &[Named]) {
        let column = |named: &Named| Column {
            name: named.name.clone(),
            ty: cx.query.exprs.ty(named.value).clone(),
        };
        self.row.project(fields.iter().map(column).collect());
        let kept = |key: &Key| {
            let same = |named: &&Named| named.name == key.name;
            let of = fields.iter().find(same).map(|named| cx.query.exprs.get(named.value));
            matches!(of, Some(Expr::Field(field)) if *field == key.field)
        };
        if !self.keys.is_empty() && matches!(self.row.keys, Keys::Gone) && self.keys.iter().all(kept) {
            self.row.keys = self.keys_by_name();
        }
    }

    /// The keys of the partition, as fields of the row.
    pub(super) fn keys_by_name(&self) -> Keys {
        let name = |key: &Key| ast::Expr {
            kind: ast::ExprKind::Name(ast::Ident {
                name: key.name.clone(),
                span: key.span,
            }),
            span: key.span,
        };
        match self.keys.as_slice() {
            [] => Keys::None,
            keys => Keys::Here(Rc::new(keys.iter().map(name).collect())),
        }
    }

    /// What follows is no longer directly after the aggregation.
    pub(super) fn leave_aggregation(&mut self) {
        if let Some((_, after)) = &mut self.aggregated {
            *after = After::Partition;
        }
    }

    /// Joins the partitions again.
    pub(super) fn collect(&mut self, span: Span) {
        self.keys.clear();
        self.row.keys = Keys::None;
        self.push(Op::Collect, span);
    }

    /// Adds fields to the rows.
    pub(super) fn add(&mut self, columns: &[(&str, Type)]) {
        let column = |(name, ty): &(&str, Type)| Column {
            name: (*name).to_owned(),
            ty: ty.clone(),
        };
        self.row.add(&columns.iter().map(column).collect::<Vec<_>>());
    }
}
