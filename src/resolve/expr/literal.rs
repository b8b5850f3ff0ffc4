//! Lists, tuples, maps and interpolated text.

use super::Lower;
use crate::data::{Key, Type, Value};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Expr, ExprId};
use crate::resolve::types::join_all;
use crate::syntax::ast::{self, ExprKind, InterpPart, MapEntry};

impl Lower<'_, '_> {
    pub(super) fn list(&mut self, items: &[ast::Expr], tuple: bool, span: Span) -> ExprId {
        let ids: Vec<ExprId> = items.iter().map(|item| self.expr(item)).collect();
        let types = ids.iter().map(|&id| self.ty(id));
        let ty = if tuple {
            Type::Tuple(types.collect())
        } else {
            Type::List(Box::new(join_all(types)))
        };
        self.push(Expr::List(ids), ty, span)
    }

    /// A map whose keys are all literal texts is a record.
    pub(super) fn map(&mut self, entries: &[MapEntry], span: Span) -> ExprId {
        let mut ids = Vec::with_capacity(entries.len());
        let mut seen: Vec<(Key, Span)> = Vec::new();
        for entry in entries {
            if let ExprKind::Lit(key) = &entry.key.kind {
                self.check_key(&mut seen, Key(key.clone()), entry.key.span);
            }
            let key = self.expr(&entry.key);
            ids.push((key, self.expr(&entry.value)));
        }
        let names: Option<Vec<String>> = entries.iter().map(|entry| text_key(&entry.key)).collect();
        let ty = match names {
            Some(names) => {
                let types = ids.iter().map(|(_, value)| self.ty(*value));
                Type::Record(names.into_iter().zip(types).collect())
            }
            None => Type::Map(
                Box::new(join_all(ids.iter().map(|(key, _)| self.ty(*key)))),
                Box::new(join_all(ids.iter().map(|(_, value)| self.ty(*value)))),
            ),
        };
        self.push(Expr::Map(ids), ty, span)
    }

    fn check_key(&mut self, seen: &mut Vec<(Key, Span)>, key: Key, span: Span) {
        match seen.iter().find(|(other, _)| *other == key) {
            Some((_, first)) => {
                let first = *first;
                self.cx.say(
                    Diagnostic::new(Code::DuplicateColumn, span, "the key is given twice")
                        .label("again here")
                        .also(first, "first given here"),
                );
            }
            None => seen.push((key, span)),
        }
    }

    pub(super) fn interp(&mut self, parts: &[InterpPart], span: Span) -> ExprId {
        let ids = parts
            .iter()
            .map(|part| match part {
                InterpPart::Text(text) => self.lit(Value::str(text), span),
                InterpPart::Expr(expr) => self.expr(expr),
            })
            .collect();
        self.push(Expr::Interp(ids), Type::Str, span)
    }
}

/// The text of a literal key.
pub(super) fn text_key(key: &ast::Expr) -> Option<String> {
    match &key.kind {
        ExprKind::Lit(Value::Str(text)) => Some(text.to_string()),
        _ => None,
    }
}
