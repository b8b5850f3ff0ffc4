//! `.partition_by`, `.distinct`, `.limit`

use std::rc::Rc;

use super::{args, project};
use crate::data::{Path, Type};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Expr, Named, Op, Scope};
use crate::resolve::context::{Cx, What};
use crate::resolve::expr::Lower;
use crate::resolve::row::Keys;
use crate::resolve::streams::Flow;
use crate::syntax::ast::Operator;

/// `.partition_by(k, ...)`
pub(super) fn partition_by(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let mut fields: Vec<Named> = Vec::new();
    let mut keys = Vec::new();
    for arg in &operator.args {
        let Some(expr) = args::expr_of(cx, operator, arg) else {
            continue;
        };
        let name = match arg.names.first() {
            Some(of) if names_event(cx, flow, &of.name) => {
                cx.refuse(arg.span, "a partition key for one event type");
                continue;
            }
            Some(name) => name.name.clone(),
            None => project::own_name(expr).map_or_else(|| cx.sources.slice(expr.span).to_owned(), |(name, _)| name),
        };
        let value = Lower::at(cx, flow).expr(expr);
        let field = cx.query.fields.intern(Path::key(&name));
        keys.push(expr.clone());
        fields.push(Named { name, field, value });
    }
    if operator.args.is_empty() {
        cx.say(
            Diagnostic::new(Code::OperatorArguments, operator.span, "`.partition_by` needs a key")
                .help("for example `.partition_by(user)`"),
        );
    }
    flow.row.keys = Keys::Here(Rc::new(keys));
    flow.push(Op::PartitionBy(fields), operator.span);
}

/// `Login: user`
fn names_event(cx: &Cx<'_>, flow: &Flow, name: &str) -> bool {
    matches!(
        cx.lookup(flow.module, name).map(|found| found.what),
        Some(What::Event(_) | What::Stream(_))
    )
}

/// `.distinct([expr, ...], within: 1h)`
pub(super) fn distinct(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let args = args::sort(cx, operator, &["within"]);
    let key = match args.plain.as_slice() {
        [] => None,
        [one] => Some(Lower::at(cx, flow).expr(one)),
        many => {
            let mut lower = Lower::at(cx, flow);
            let ids = many.iter().map(|expr| lower.expr(expr)).collect();
            Some(
                cx.query
                    .exprs
                    .push(Expr::List(ids), Type::List(Box::default()), operator.span),
            )
        }
    };
    let within = args
        .get("within")
        .and_then(|expr| args::duration(cx, flow.module, expr));
    flow.push(
        Op::Distinct {
            key,
            within,
            scope: Scope::Partition,
        },
        operator.span,
    );
}

/// `.limit(n)`
pub(super) fn limit(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let args = args::sort(cx, operator, &[]);
    let Some(expr) = args.only(cx, ".limit(100)") else {
        return;
    };
    let Some(n) = args::int(cx, flow.module, expr) else {
        return;
    };
    match u64::try_from(n) {
        Ok(n) => flow.push(Op::Limit(n, Scope::Partition), operator.span),
        Err(_) => cx.say(Diagnostic::new(
            Code::OperatorArguments,
            expr.span,
            "`.limit` takes a number of rows, which is not negative",
        )),
    }
}
