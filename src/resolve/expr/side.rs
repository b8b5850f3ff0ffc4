//! Access to the records of a join: `O.amount` is one path, whose first key is the input's name. The
//! join is later asked for exactly the paths that somebody reads.

use super::Lower;
use super::access::{Part, Step};
use super::name::{BOUND, pseudo};
use crate::data::{Path, PathSeg, Type, Value};
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::ir::{BinaryOp, Expr, ExprId};
use crate::resolve::row::{Found, Side};
use crate::resolve::types::optional;
use crate::syntax::ast::Ident;

/// What the last key of a path to a pseudo-field of an input begins with, so that no field of a record
/// can be meant.
pub(in crate::resolve) const PSEUDO: char = '\u{1}';

/// The last key of the path to how many events an alias of a repetition stands for.
pub(in crate::resolve) const COUNT: &str = "\u{1}count";

impl Lower<'_, '_> {
    /// The record of an input below `prefix`, or what the steps ask of it.
    pub(super) fn side_path(&mut self, prefix: Path, side: &Side, steps: &[Step<'_>], span: Span) -> ExprId {
        let mut path = prefix;
        path.0.push(PathSeg::Key(side.name.clone()));
        let Some((first, rest)) = steps.split_first() else {
            return self.side_field(path, side.ty(self.cx), span);
        };
        if side.list {
            return self.list_path(path, side, (first, rest), span);
        }
        self.record_path(path, side, (first, rest), span)
    }

    /// What is asked of a record.
    fn record_path(
        &mut self,
        mut path: Path,
        side: &Side,
        (first, rest): (&Step<'_>, &[Step<'_>]),
        span: Span,
    ) -> ExprId {
        let Part::Key(field) = first.part else {
            let node = self.side_field(path, side.ty(self.cx), span);
            let node = self.walk(node, std::slice::from_ref(first));
            return self.walk(node, rest);
        };
        if !self.cx.is_quoted(field.span)
            && let Some((_, ty)) = pseudo(&field.name)
        {
            path.0.push(PathSeg::Key(format!("{PSEUDO}{}", field.name)));
            let node = self.side_field(path, side.or_null(ty), first.span);
            return self.walk(node, rest);
        }
        if let Some(inner) = side.row.side(&field.name) {
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

    /// How many records an alias stands for.
    pub(super) fn count_of(&mut self, alias: &Ident, span: Span) -> ExprId {
        let bound = self.row.as_ref().and_then(|row| row.bound.as_ref());
        let first = match bound.and_then(|bound| bound.side(&alias.name)) {
            Some(side) => format!("{BOUND}{}", side.name),
            None => alias.name.clone(),
        };
        let path = Path(vec![PathSeg::Key(first), PathSeg::Key(COUNT.to_owned())]);
        self.side_field(path, Type::Int, span)
    }

    /// What is asked of a list of records: `xs[0].f` is one path, and `xs.f` the list of all `f`.
    fn list_path(&mut self, path: Path, side: &Side, (first, rest): (&Step<'_>, &[Step<'_>]), span: Span) -> ExprId {
        let mut path = path;
        let one = Side {
            list: false,
            optional: true,
            ..side.clone()
        };
        match (first.part, first.segment()) {
            (Part::Index(_), Some(PathSeg::Index(index))) => {
                let guard = self.enough(&path, side, index, first.span);
                path.0.push(PathSeg::Index(index));
                let item = match rest.split_first() {
                    None => self.side_field(path, one.ty(self.cx), first.span),
                    Some((next, rest)) => self.record_path(path, &one, (next, rest), first.span),
                };
                match guard {
                    Some((count, enough)) => self.or_fail(enough, item, (count, index), first.span),
                    None => item,
                }
            }
            (Part::Index(_), _) => {
                let node = self.side_field(path, side.ty(self.cx), span);
                let node = self.walk(node, std::slice::from_ref(first));
                self.walk(node, rest)
            }
            (Part::Key(_), _) => {
                let keys = rest.iter().take_while(|step| matches!(step.part, Part::Key(_))).count();
                let (keys, rest) = rest.split_at(keys);
                let one = Side { optional: false, ..one };
                let node = self.record_path(path, &one, (first, keys), span);
                match self.cx.query.exprs.get(node) {
                    Expr::Field(_) => {
                        let ty = Type::List(Box::new(self.ty(node)));
                        self.cx.query.exprs.retype(node, ty);
                        self.walk(node, rest)
                    }
                    // It was said what is wrong.
                    Expr::Lit(_) => node,
                    _ => {
                        let message = format!("`{}` is a list here, and this is no field of its items", side.name);
                        self.say_and_poison(
                            Diagnostic::new(Code::TypeMismatch, span, message)
                                .help(format!("of each item: `{}.map(x => x.a.b)`", side.name)),
                        )
                    }
                }
            }
        }
    }

    /// Whether a list of records is as long as an index into it asks; none where it always is, and in the
    /// conditions of a pattern's own steps, which take such an item for null. Also the path to its length.
    fn enough(&mut self, list: &Path, side: &Side, index: i64, span: Span) -> Option<(Path, ExprId)> {
        let [PathSeg::Key(name)] = list.0.as_slice() else {
            return None;
        };
        let needed = if index < 0 {
            index.checked_neg()?
        } else {
            index.checked_add(1)?
        };
        if name.starts_with(BOUND) || needed as u64 <= side.least {
            return None;
        }
        let count = Path(vec![PathSeg::Key(name.clone()), PathSeg::Key(COUNT.to_owned())]);
        let have = self.side_field(count.clone(), Type::Int, span);
        let needed = self.push(Expr::Lit(Value::Int(needed)), Type::Int, span);
        Some((
            count,
            self.push(Expr::Binary(BinaryOp::Ge, have, needed), Type::Bool, span),
        ))
    }

    /// An item of a list of records where there is one, else the error that any list gives, told of a list of
    /// the same length: the records themselves need not be there for it.
    fn or_fail(&mut self, enough: ExprId, item: ExprId, (count, index): (Path, i64), span: Span) -> ExprId {
        let ints = Type::List(Box::new(Type::Int));
        let from = self.push(Expr::Lit(Value::Int(0)), Type::Int, span);
        let count = self.side_field(count, Type::Int, span);
        let list = self.push(Expr::Range(from, count, false), ints, span);
        let index = self.push(Expr::Lit(Value::Int(index)), Type::Int, span);
        let fails = self.push(Expr::Index(list, index), optional(Type::Int), span);
        let ty = self.ty(item);
        self.push(Expr::If(enough, item, fails), ty, span)
    }

    pub(super) fn side_field(&mut self, path: Path, ty: Type, span: Span) -> ExprId {
        let field = self.cx.query.fields.intern(path);
        self.push(Expr::Field(field), ty, span)
    }
}
