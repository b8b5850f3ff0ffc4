//! `.print`, `.log`, `.tap`: what goes to stderr and the metrics.

use super::{args, project};
use crate::diag::{Code, Diagnostic, nearest};
use crate::ir::{ExprId, Op, SideChannel};
use crate::resolve::context::{Cx, did_you_mean, listed};
use crate::resolve::expr::Lower;
use crate::resolve::flow::Flow;
use crate::syntax::ast::{Arg, Expr, Operator};

const LEVELS: [&str; 4] = ["debug", "info", "warn", "error"];

/// `.print(a, b)`
pub(super) fn print(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let args = args::sort(cx, operator, &[]);
    let parts = args.plain.iter().map(|expr| Lower::at(cx, flow).expr(expr)).collect();
    flow.push(Op::Side(SideChannel::Print(parts)), operator.span);
}

/// `.log("text", level: "warn")`, `.log(level: "warn", message: "text", data: x)`
pub(super) fn log(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let args = args::sort(cx, operator, &["level", "message", "data", "sample"]);
    let parts = args
        .plain
        .iter()
        .copied()
        .chain(args.get("message"))
        .chain(args.get("data"));
    let text: Vec<ExprId> = parts.map(|expr| Lower::at(cx, flow).expr(expr)).collect();
    let level = args
        .get("level")
        .map_or(Some("info".to_owned()), |expr| level(cx, flow, expr));
    let sample = args
        .get("sample")
        .map_or(Some(1.0), |expr| args::share(cx, flow.module, expr));
    if let (Some(level), Some(sample)) = (level, sample) {
        flow.push(Op::Side(SideChannel::Log { level, text, sample }), operator.span);
    }
}

fn level(cx: &mut Cx<'_>, flow: &Flow, expr: &Expr) -> Option<String> {
    let level = args::text(cx, flow.module, expr)?.to_lowercase();
    let level = if level == "warning" { "warn".to_owned() } else { level };
    if LEVELS.contains(&level.as_str()) {
        return Some(level);
    }
    let message = format!("there is no log level `{level}`");
    let diagnostic =
        Diagnostic::new(Code::OperatorArguments, expr.span, message).help(format!("the levels are {}", listed(LEVELS)));
    let near = nearest(&level, LEVELS).map(|near| format!("\"{near}\""));
    cx.say(match near {
        Some(near) => did_you_mean(diagnostic, None, expr.span).fix("did you mean this?", expr.span, near),
        None => diagnostic,
    });
    None
}

/// `.tap(log: "name", sample: 0.1)`, `.tap(metrics: counter: "n", histogram: "f")`,
/// `.tap(trace: name: "t")`
pub(super) fn tap(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
    let mut tap = Tap::default();
    let mut kind = "";
    for arg in &operator.args {
        let Some(expr) = args::expr_of(cx, operator, arg) else {
            continue;
        };
        let Some((outer, name)) = names(arg, kind) else {
            let message = "`.tap` takes named arguments only";
            cx.say(
                Diagnostic::new(Code::OperatorArguments, arg.span, message)
                    .help("`.tap(log: \"name\")`, `.tap(metrics: counter: \"n\")` or `.tap(trace: name: \"t\")`"),
            );
            continue;
        };
        kind = outer;
        match (outer, name) {
            ("log", "log" | "name") => tap.log = args::text(cx, flow.module, expr),
            ("metrics", "counter") => tap.counter = args::text(cx, flow.module, expr),
            ("metrics", "histogram") => tap.histogram = histogram(cx, flow, expr),
            ("trace", "name" | "trace") => tap.trace = args::text(cx, flow.module, expr),
            (_, "sample") => tap.sample = args::share(cx, flow.module, expr),
            _ => {
                if let Some(unknown) = arg.names.last() {
                    let known = ["log", "metrics", "trace", "sample", "counter", "histogram", "name"];
                    args::unknown_name(cx, operator, unknown, &known);
                }
            }
        }
    }
    tap.push(cx, flow, operator);
}

/// Which kind of tap an argument belongs to, and which of its settings it is.
fn names<'o>(arg: &'o Arg, kind: &'o str) -> Option<(&'o str, &'o str)> {
    match arg.names.as_slice() {
        [] => None,
        [outer, inner, ..] => Some((&outer.name, &inner.name)),
        [one] => match one.name.as_str() {
            name @ ("log" | "trace" | "metrics") => Some((name, name)),
            name => Some((kind, name)),
        },
    }
}

#[derive(Default)]
struct Tap {
    log: Option<String>,
    counter: Option<String>,
    histogram: Option<(String, ExprId)>,
    trace: Option<String>,
    sample: Option<f64>,
}

impl Tap {
    fn push(self, cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) {
        let sample = self.sample.unwrap_or(1.0);
        let before = flow.ops.len();
        if let Some(name) = self.log {
            let text = vec![Lower::at(cx, flow).lit(crate::data::Value::str(&name), operator.span)];
            let level = "info".to_owned();
            flow.push(Op::Side(SideChannel::Log { level, text, sample }), operator.span);
        }
        if self.counter.is_some() || self.histogram.is_some() {
            let (counter, histogram) = (self.counter, self.histogram);
            flow.push(Op::Side(SideChannel::Metrics { counter, histogram }), operator.span);
        }
        if let Some(name) = self.trace {
            flow.push(Op::Side(SideChannel::Trace { name, sample }), operator.span);
        }
        if flow.ops.len() == before && operator.args.is_empty() {
            cx.say(
                Diagnostic::new(
                    Code::OperatorArguments,
                    operator.span,
                    "`.tap` needs to be told where to",
                )
                .help("`.tap(log: \"name\")`, `.tap(metrics: counter: \"n\")` or `.tap(trace: name: \"t\")`"),
            );
        }
    }
}

/// A histogram of a field, by its name as text or as an expression.
fn histogram(cx: &mut Cx<'_>, flow: &Flow, expr: &Expr) -> Option<(String, ExprId)> {
    use crate::data::Value;
    use crate::syntax::ast::{ExprKind, Ident};
    if let ExprKind::Lit(Value::Str(name)) = &expr.kind {
        let ident = Ident {
            name: name.to_string(),
            span: expr.span,
        };
        let field = Expr {
            kind: ExprKind::Name(ident),
            span: expr.span,
        };
        return Some((name.to_string(), Lower::at(cx, flow).expr(&field)));
    }
    let name = project::own_name(expr).map_or_else(|| cx.sources.slice(expr.span).to_owned(), |(name, _)| name);
    Some((name, Lower::at(cx, flow).expr(expr)))
}
