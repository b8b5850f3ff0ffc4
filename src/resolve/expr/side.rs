//! Access to the records of a join: `O.amount` is one path, whose first key is the input's name. The
//! join is later asked for exactly the paths that somebody reads.

use super::Lower;
use super::access::{Part, Step};
use super::name::pseudo;
use crate::data::{Path, PathSeg, Type};
use crate::diag::{Span, nearest};
use crate::ir::{Expr, ExprId};
use crate::resolve::row::{Found, Side};

/// What the last key of a path to a pseudo-field of an input begins with, so that no field of a record
/// can be meant.
pub(in crate::resolve) const PSEUDO: char = '\u{1}';

impl Lower<'_, '_> {
    /// The record of an input below `prefix`, or what the steps ask of it.
    pub(super) fn side_path(&mut self, prefix: Path, side: &Side, steps: &[Step<'_>], span: Span) -> ExprId {
        let mut path = prefix;
        path.0.push(PathSeg::Key(side.name.clone()));
        let Some((first, rest)) = steps.split_first() else {
            return self.side_field(path, side.ty(self.cx), span);
        };
        let Part::Key(field) = first.part else {
            let node = self.side_field(path, side.ty(self.cx), span);
            return self.walk(node, steps);
        };
        if !self.cx.is_quoted(field.span)
            && let Some((_, ty)) = pseudo(&field.name)
        {
            path.0.push(PathSeg::Key(format!("{PSEUDO}{}", field.name)));
            let node = self.side_field(path, side.or_null(ty), first.span);
            return self.walk(node, rest);
        }
        if let Some(inner) = side
            .row
            .sides()
            .and_then(|sides| sides.iter().find(|inner| inner.name == field.name).cloned())
        {
            let inner = Side {
                optional: inner.optional || side.optional,
                ..inner.clone()
            };
            return self.side_path(path, &inner, rest, first.span);
        }
        let ty = match side.row.find(self.cx, &field.name) {
            Found::Yes(ty) => side.or_null(ty),
            Found::Maybe => Type::Any,
            Found::No => {
                // The input's own row is what the message is about.
                let outer = self.row.replace(side.row.clone());
                let known = self.undeclared_field(field);
                let names: Vec<String> = side.row.names(self.cx).into_iter().map(str::to_owned).collect();
                let near = nearest(&field.name, names.iter().map(String::as_str)).map(str::to_owned);
                let poison = (!known).then(|| self.unknown_field(field, near.as_deref(), &names));
                self.row = outer;
                if let Some(poison) = poison {
                    return poison;
                }
                Type::Any
            }
        };
        path.0.push(PathSeg::Key(field.name.clone()));
        self.path(path, side.row.is_value(&field.name), ty, rest, first.span)
    }

    fn side_field(&mut self, path: Path, ty: Type, span: Span) -> ExprId {
        let field = self.cx.query.fields.intern(path);
        self.push(Expr::Field(field), ty, span)
    }
}
