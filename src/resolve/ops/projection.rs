//! The projections behind an aggregation: from its fields to the row of the program.

use super::aggregate::Item;
use super::calls::{self, Part};
use super::{project, window};
use crate::data::{FieldId, Type};
use crate::diag::Span;
use crate::ir::{Expr as Ir, Named, Op};
use crate::resolve::context::Cx;
use crate::resolve::expr::Lower;
use crate::resolve::flow::Flow;
use crate::resolve::row::Column;

/// The projections behind an aggregation.
pub(super) struct Projection {
    span: Span,
    /// The fields of calls, which every item may use.
    hidden: Vec<FieldId>,
    /// The fields with a name at this place: keys, times, and items that are done.
    known: Vec<(Column, FieldId)>,
    /// The items that the next projection computes.
    fresh: Vec<Named>,
}

impl Projection {
    /// Behind an aggregation that makes these named and hidden fields; the flow's rows become its.
    pub(super) fn new(flow: &mut Flow, span: Span, hidden: Vec<FieldId>, known: Vec<(Column, FieldId)>) -> Self {
        let made = Self {
            span,
            hidden,
            known,
            fresh: Vec::new(),
        };
        made.become_row(flow);
        made
    }

    /// Adds an item, given what it reads.
    pub(super) fn item(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, item: &Item<'_>, parts: &[Part<'_>]) {
        if self.fresh.iter().any(|named| calls::reads(parts, &named.name)) {
            self.step(cx, flow);
        }
        let value = Lower::at(cx, flow).expr(item.expr);
        let field = window::name_field(cx, &item.name);
        let name = item.name.clone();
        self.fresh.push(Named { name, field, value });
    }

    /// The flow's rows have the known fields, the keys of the partition among them.
    fn become_row(&self, flow: &mut Flow) {
        let columns = self.known.iter().map(|(column, _)| column.clone()).collect();
        flow.row.project(columns);
        flow.row.keys = flow.keys_by_name();
    }

    /// Computes the fresh items, so that those that follow can read them.
    fn step(&mut self, cx: &mut Cx<'_>, flow: &mut Flow) {
        let fresh = std::mem::take(&mut self.fresh);
        self.known
            .retain(|(column, _)| fresh.iter().all(|named| named.name != column.name));
        let mut fields: Vec<Named> = self
            .known
            .iter()
            .map(|(column, field)| self.pass(cx, &column.name, *field, column.ty.clone()))
            .collect();
        let hidden = self.hidden.iter().map(|field| {
            let name = cx.query.fields.path(*field).to_string();
            self.pass(cx, &name, *field, Type::Any)
        });
        fields.extend(hidden.collect::<Vec<_>>());
        let made = project::columns(cx, &fresh);
        self.known.extend(
            made.into_iter()
                .zip(&fresh)
                .map(|(column, named)| (column, named.field)),
        );
        fields.extend(fresh);
        flow.push(Op::Select(fields), self.span);
        self.become_row(flow);
    }

    /// The row of the program: keys, times, items, and the revision where there may be several.
    pub(super) fn finish(
        mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        columns: &[(Column, FieldId)],
        items: &[Item<'_>],
        revision: FieldId,
    ) {
        let mut fields = Vec::new();
        for (column, field) in columns {
            if items.iter().all(|item| item.name != column.name) {
                fields.push(self.pass(cx, &column.name, *field, column.ty.clone()));
            }
        }
        for item in items {
            let fresh = self.fresh.iter().position(|named| named.name == item.name);
            let done = self.known.iter().find(|(column, _)| column.name == item.name);
            match (fresh, done) {
                (Some(at), _) => fields.push(self.fresh.remove(at)),
                (None, Some((column, field))) => fields.push(self.pass(cx, &column.name, *field, column.ty.clone())),
                (None, None) => {}
            }
        }
        if flow.revises && fields.iter().all(|named| named.name != "revision") {
            let mut named = self.pass(cx, "revision", revision, Type::Int);
            named.field = window::name_field(cx, "revision");
            fields.push(named);
        }
        self.known = project::columns(cx, &fields)
            .into_iter()
            .zip(&fields)
            .map(|(column, named)| (column, named.field))
            .collect();
        flow.push(Op::Select(fields), self.span);
        self.become_row(flow);
    }

    /// A field handed on as it is.
    fn pass(&self, cx: &mut Cx<'_>, name: &str, field: FieldId, ty: Type) -> Named {
        let value = cx.query.exprs.push(Ir::Field(field), ty, self.span);
        Named {
            name: name.to_owned(),
            field,
            value,
        }
    }
}
