//! The partition of a pattern: one key for all inputs, or one for each.

use super::modifiers::Modifiers;
use super::{Build, key_read, sequence};
use crate::data::{FieldId, Path, Type};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{ExprId, PatternRead};
use crate::resolve::context::Cx;
use crate::resolve::expr::Lower;
use crate::resolve::flow::{Flow, Key};
use crate::resolve::ops;
use crate::resolve::row::Column;
use crate::resolve::types::{comparable, join, shown};
use crate::syntax::ast::{ArgValue, Expr};

/// The keys, by name.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) keys: Vec<Key>,
    pub(super) columns: Vec<Column>,
}

impl Keys {
    /// The fields of the rows made that hold them.
    pub(super) fn reads(&self, span: Span) -> Vec<PatternRead> {
        let keys = self.keys.iter().enumerate();
        keys.map(|(at, key)| key_read(key.field, &key.name, at, span)).collect()
    }
}

/// A key as written: its name, and the expression for each input.
struct Written<'e> {
    name: String,
    span: Span,
    of: Vec<Option<&'e Expr>>,
}

/// Lowers `.partition_by(..)` behind a pattern, or `partition by` of its statement.
pub(super) fn lower(cx: &mut Cx<'_>, build: &mut Build<'_>, made: &Modifiers<'_>, flow: &Flow) -> Keys {
    let prepared = build.prepared.clone();
    let (module, written) = match (made.partition, prepared.decl) {
        (Some(operator), _) => {
            if operator.args.is_empty() {
                cx.say(
                    Diagnostic::new(Code::OperatorArguments, operator.span, "`.partition_by` needs a key")
                        .help("for example `.partition_by(user)`"),
                );
            }
            let mut args = Vec::new();
            for arg in &operator.args {
                match &arg.value {
                    ArgValue::Expr(expr) => args.push((arg.names.first(), expr)),
                    ArgValue::Sorted(..) | ArgValue::Step(_) => {
                        cx.say(Diagnostic::new(Code::OperatorArguments, arg.span, "this is no key"));
                    }
                }
            }
            (flow.module, written(cx, build, &args))
        }
        (None, Some(decl)) => {
            let args: Vec<_> = decl.partition_by.iter().map(|key| (None, key)).collect();
            (prepared.module, written(cx, build, &args))
        }
        (None, None) => return Keys::default(),
    };
    let mut keys = Keys::default();
    for key in written {
        if let Some(first) = keys.keys.iter().find(|known| known.name == key.name) {
            let message = format!("two keys are called `{}`", key.name);
            cx.say(
                Diagnostic::new(Code::DuplicateColumn, key.span, message)
                    .also(first.span, "the first one")
                    .help(format!(
                        "give one another name: `.partition_by({}, other: ..)`",
                        key.name
                    )),
            );
            continue;
        }
        if build.aliases.iter().any(|alias| alias.name == key.name) {
            let message = format!("a key and a step are both called `{}`", key.name);
            cx.say(
                Diagnostic::new(Code::DuplicateColumn, key.span, message)
                    .help(format!("give the key another name: `.partition_by(key: {})`", key.name)),
            );
            continue;
        }
        one(cx, build, module, &key, &mut keys);
    }
    keys
}

fn one(cx: &mut Cx<'_>, build: &mut Build<'_>, module: usize, key: &Written<'_>, keys: &mut Keys) {
    let field: FieldId = cx.query.fields.intern(Path::key(&key.name));
    let mut ty: Option<(Type, Span)> = None;
    for input in 0..build.inputs.len() {
        let Some(expr) = key.of[input] else {
            let message = format!("the partition has no key for `{}`", build.inputs[input].name);
            cx.say(sequence(key.span, message).help(format!(
                "name one for each type of event: `{}: ..`",
                build.inputs[input].name
            )));
            return;
        };
        let value: ExprId = Lower::over(cx, module, &build.rows[input]).expr(expr);
        build.inputs[input].keys.push(value);
        let mine = cx.query.exprs.ty(value).clone();
        ty = Some(match ty {
            None => (mine, expr.span),
            Some((before, first)) => {
                if !comparable(&before, &mine) {
                    let message = format!(
                        "the key is {} of `{}` and {} before",
                        shown(&mine),
                        build.inputs[input].name,
                        shown(&before)
                    );
                    cx.say(
                        Diagnostic::new(Code::UnlikeComparison, expr.span, message)
                            .label("never equal: nothing would be matched")
                            .also(first, "the other one"),
                    );
                }
                (join(&before, &mine), first)
            }
        });
    }
    let ty = ty.map(|(ty, _)| ty).unwrap_or_default();
    keys.columns.push(Column {
        name: key.name.clone(),
        ty: ty.clone(),
    });
    keys.keys.push(Key {
        name: key.name.clone(),
        field,
        ty,
        span: key.span,
    });
}

/// Sorts the keys: those without a name, or with one of their own, are for all inputs; those that name
/// an input are one key by its first, second, .. of each.
fn written<'e>(
    cx: &mut Cx<'_>,
    build: &Build<'_>,
    args: &[(Option<&'e crate::syntax::ast::Ident>, &'e Expr)],
) -> Vec<Written<'e>> {
    let inputs = build.inputs.len();
    let mut keys: Vec<Written<'e>> = Vec::new();
    // The place in `keys` of each key by input.
    let mut by_input: Vec<usize> = Vec::new();
    let mut given = vec![0; inputs];
    for (name, expr) in args {
        let own = |cx: &Cx<'_>| {
            let own = ops::own_name(expr);
            own.map_or_else(|| cx.sources.slice(expr.span).to_owned(), |(name, _)| name)
        };
        // `Login` is also the short name of what an import declares as `lib.Login`.
        let short = |input: &str| input.rsplit('.').next().map(str::to_owned);
        let named = |name: &str| {
            let inputs = &build.inputs;
            let whole = inputs.iter().position(|input| input.name == name);
            whole.or_else(|| {
                inputs
                    .iter()
                    .position(|input| short(&input.name).as_deref() == Some(name))
            })
        };
        let input = name.and_then(|name| named(&name.name));
        match (name, input) {
            (_, Some(input)) => {
                let number = given[input];
                given[input] += 1;
                if number == by_input.len() {
                    by_input.push(keys.len());
                    keys.push(Written {
                        name: own(cx),
                        span: expr.span,
                        of: vec![None; inputs],
                    });
                }
                keys[by_input[number]].of[input] = Some(expr);
            }
            (name, None) => keys.push(Written {
                name: name.map_or_else(|| own(cx), |name| name.name.clone()),
                span: expr.span,
                of: vec![Some(expr); inputs],
            }),
        }
    }
    keys
}
