//! When two expressions are the same work.

use std::fmt::Write;

use super::{Expr, ExprId, Exprs, LocalId};

/// A text that is equal for two trees exactly if they do the same work: places do not enter it, and
/// bound names are numbered from the root on. None for trees that are never the same work twice
/// (random draws).
#[must_use]
pub fn structure(exprs: &Exprs, root: ExprId) -> Option<String> {
    let mut text = String::new();
    let mut locals = Vec::new();
    node(exprs, root, &mut locals, &mut text).then_some(text)
}

/// The number of a bound name within the tree.
fn local(locals: &mut Vec<LocalId>, id: LocalId) -> usize {
    locals.iter().position(|known| *known == id).unwrap_or_else(|| {
        locals.push(id);
        locals.len() - 1
    })
}

fn node(exprs: &Exprs, id: ExprId, locals: &mut Vec<LocalId>, text: &mut String) -> bool {
    let expr = exprs.get(id);
    // Writing to a string does not fail.
    let _ = match expr {
        Expr::Lit(value) => write!(text, "{value:?}"),
        Expr::Field(field) => write!(text, "f{}", field.0),
        Expr::Pseudo(which) => write!(text, "{which:?}"),
        Expr::Row => write!(text, "row"),
        Expr::Local(of) => write!(text, "l{}", local(locals, *of)),
        Expr::Let(of, ..) => write!(text, "let{}", local(locals, *of)),
        Expr::Unary(op, _) => write!(text, "{op:?}"),
        Expr::Binary(op, ..) => write!(text, "{op:?}"),
        Expr::If(..) => write!(text, "if"),
        Expr::Is(_, test) => write!(text, "is{test:?}"),
        Expr::Get(_, name) => write!(text, "get{name:?}"),
        Expr::Index(..) => write!(text, "at"),
        Expr::Slice(_, from, to) => write!(text, "slice{}{}", from.is_some(), to.is_some()),
        Expr::List(items) => write!(text, "list{}", items.len()),
        Expr::Map(items) => write!(text, "map{}", items.len()),
        Expr::Range(_, _, inclusive) => write!(text, "range{inclusive}"),
        Expr::Interp(items) => write!(text, "interp{}", items.len()),
        Expr::Attend(what, args, lambdas) => {
            let _ = write!(text, "{what:?}{}", args.len());
            for lambda in lambdas {
                for param in &lambda.params {
                    let _ = write!(text, "\\{}", local(locals, *param));
                }
            }
            Ok(())
        }
        Expr::Invoke(function, args) => write!(text, "fn{}/{}", function.0, args.len()),
        Expr::Call(builtin, args, lambdas) => {
            if builtin.is_volatile() {
                return false;
            }
            let _ = write!(text, "{}{}", builtin.name(), args.len());
            for lambda in lambdas {
                for param in &lambda.params {
                    let _ = write!(text, "\\{}", local(locals, *param));
                }
            }
            Ok(())
        }
    };
    text.push('(');
    let same = exprs
        .operands(id)
        .into_iter()
        .all(|operand| node(exprs, operand, locals, text));
    text.push(')');
    same
}
