//! Programs as the IR in a compact form, for the tests of the compiler.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use varpulis::data::format::write_text;
use varpulis::data::{FieldId, Value};
use varpulis::diag::{MessageFormat, SourceMap, render};
use varpulis::ir::{AggCall, Expr, ExprId, Named, Op, Query, RowFunction, RowFunctionKind, Scope, SideChannel, Source};
use varpulis::resolve::{Options, Resolved, compile};

/// Compiles a text; also what is said of it, one line each.
pub(crate) fn resolved(text: &str, params: &[(&str, &str)]) -> (Resolved, String) {
    let mut sources = SourceMap::default();
    let main = sources.add("q.vpl", text);
    let options = Options {
        params: params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        lenient: false,
        never_inline: false,
    };
    let resolved = compile(&mut sources, main, &options);
    let said = render(&sources, &resolved.diagnostics, MessageFormat::Short, false);
    (resolved, said)
}

/// What is said but for notes on the public engine.
pub(crate) fn without_differences(said: &str) -> String {
    let others = said.lines().filter(|line| !line.contains("note[VPL0604]"));
    others.map(|line| format!("{line}\n")).collect()
}

/// The streams of a program that compiles without a word, but for notes on the public engine.
pub(crate) fn streams(text: &str) -> String {
    streams_with(text, &[])
}

/// The same with parameters.
pub(crate) fn streams_with(text: &str, params: &[(&str, &str)]) -> String {
    let (resolved, said) = resolved(text, params);
    assert_eq!(without_differences(&said), "", "nothing should be said of\n{text}");
    let query = resolved.query.unwrap();
    check_contiguous(&query);
    dump(&query)
}

/// All streams of a query.
pub(crate) fn dump(query: &Query) -> String {
    let mut out = String::new();
    for stream in &query.streams {
        let sources: Vec<String> = stream
            .sources
            .iter()
            .map(|source| match source {
                Source::Event(id) => {
                    let event = &query.events[id.0 as usize];
                    format!("{}{}", if event.declared { "event " } else { "type " }, event.log_name)
                }
                Source::Any => "any".to_owned(),
                Source::Timer(every) => format!("timer {every}"),
                Source::Stream(id) => format!("stream {}", query.streams[id.0 as usize].name),
            })
            .collect();
        let writes = if stream.writes { " writes" } else { "" };
        let targets: String = stream
            .targets
            .iter()
            .map(|target| format!(" to {}", target.path))
            .collect();
        writeln!(out, "{} <- {}{writes}{targets}", stream.name, sources.join(", ")).unwrap();
        for operator in &stream.ops {
            writeln!(out, "  {}", op(query, &operator.op)).unwrap();
        }
    }
    out
}

fn op(query: &Query, op: &Op) -> String {
    let one = |id: &ExprId| expr(query, *id);
    let all = |ids: &[ExprId]| ids.iter().map(one).collect::<Vec<_>>().join(", ");
    let named = |fields: &[Named]| {
        let field = |named: &Named| format!("{}: {}", named.name.replace('\u{1}', "#"), expr(query, named.value));
        fields.iter().map(field).collect::<Vec<_>>().join(", ")
    };
    match op {
        Op::Where(id) => format!("where {}", one(id)),
        Op::Select(fields) => format!("select {}", named(fields)),
        Op::Map(id) => format!("map {}", one(id)),
        Op::Process(process) => format!("process {}", one(&process.value)),
        Op::OnError(on_error) => format!("on_error fn{}", on_error.handler.0),
        Op::FlatMap(id) => format!("flat_map {}", one(id)),
        Op::PartitionBy(fields) => format!("partition_by {}", named(fields)),
        Op::Distinct { key, within, scope } => {
            let key = key.as_ref().map_or("row".to_owned(), one);
            format!("distinct {key} within {within:?}{}", of(*scope))
        }
        Op::Limit(n, scope) => format!("limit {n}{}", of(*scope)),
        Op::Emit { as_type, fields } => {
            let of = as_type.map_or(String::new(), |id| format!(" as {}", query.events[id.0 as usize].name));
            format!("emit{of} {}", fields.as_deref().map_or("row".to_owned(), named))
        }
        Op::Validate(id) => format!("validate {}", query.events[id.0 as usize].name),
        Op::Side(SideChannel::Print(ids)) => format!("print {}", all(ids)),
        Op::Side(SideChannel::Log { level, text, sample }) => format!("log {level} {} {sample}", all(text)),
        Op::Side(SideChannel::Metrics { counter, histogram }) => {
            let histogram = histogram.as_ref().map(|(name, id)| format!("{name} of {}", one(id)));
            format!("metrics {counter:?} {histogram:?}")
        }
        Op::Side(SideChannel::Trace { name, sample }) => format!("trace {name} {sample}"),
        Op::Watermark(ns) => format!("watermark {ns}"),
        Op::AllowedLateness(ns) => format!("allowed_lateness {ns}"),
        Op::OrderBy(keys, scope) => {
            let key = |key: &varpulis::ir::SortKey| {
                format!(
                    "{}{}",
                    expr(query, key.value),
                    if key.descending { " desc" } else { "" }
                )
            };
            let keys: Vec<String> = keys.iter().map(key).collect();
            format!("order_by {}{}", keys.join(", "), of(*scope))
        }
        Op::Window { window, start, end } => {
            format!("window {window:?} {} {}", field(query, *start), field(query, *end))
        }
        Op::Aggregate(made) => {
            let keys: Vec<String> = made
                .keys
                .iter()
                .map(|(name, id)| format!("{name}={}", field(query, *id)))
                .collect();
            let bounds = [made.start, made.end, made.revision]
                .map(|id| field(query, id))
                .join(" ");
            let calls: Vec<String> = made.calls.iter().map(|call| aggregate(query, call)).collect();
            format!(
                "aggregate {:?} by [{}] {bounds}: {}",
                made.over,
                keys.join(", "),
                calls.join(", ")
            )
        }
        Op::RowFunctions(made) => {
            let made: Vec<String> = made.iter().map(|made| row_function(query, made)).collect();
            format!("rows {}", made.join(", "))
        }
        Op::Rising(id) => format!("rising {}", one(id)),
        Op::Throttle(every, id) => format!("throttle {every} {}", field(query, *id)),
        Op::Join(join) => {
            let input = |input: &varpulis::ir::JoinInput| {
                let reads: Vec<String> = input
                    .reads
                    .iter()
                    .map(|read| format!("{} = {}", field(query, read.field), expr(query, read.value)))
                    .collect();
                let stream = &query.streams[input.stream.0 as usize].name;
                format!("{} from {stream} ({})", input.name, reads.join(", "))
            };
            let inputs: Vec<String> = join.inputs.iter().map(input).collect();
            let equal: Vec<String> = join
                .equal
                .iter()
                .map(|(a, b)| format!("{}:{} = {}:{}", a.0, expr(query, a.1), b.0, expr(query, b.1)))
                .collect();
            let condition = join.condition.map_or("none".to_owned(), |id| expr(query, id));
            format!(
                "join {:?} within {} of {} on [{}] and {condition}",
                join.kind,
                join.within,
                inputs.join(", "),
                equal.join(", ")
            )
        }
        Op::Pattern(pattern) => super::resolve_patterns::text(query, pattern),
        Op::Enrich(enrich) => {
            let fields: Vec<String> = enrich
                .fields
                .iter()
                .map(|(name, id)| format!("{name}={}", field(query, *id)))
                .collect();
            format!(
                "enrich {} {} by {} = {} fields {} {}",
                enrich.table.name,
                enrich.table.path,
                enrich.table.key,
                one(&enrich.key),
                fields.join(", "),
                field(query, enrich.status)
            )
        }
        Op::Attention(attention) => format!("attention {:?}, {} steps", attention.reach, attention.steps.len()),
        Op::Collect => "collect".to_owned(),
    }
}

/// Which rows, where it is not those of the partition.
fn of(scope: Scope) -> String {
    if scope == Scope::Partition {
        String::new()
    } else {
        format!(" of {scope:?}")
    }
}

/// A field as its path; hidden ones begin with `#`.
pub(crate) fn field(query: &Query, id: FieldId) -> String {
    query.fields.path(id).to_string().replace('\u{1}', "#")
}

fn aggregate(query: &Query, call: &AggCall) -> String {
    let mut args: Vec<String> = call.args.iter().map(|id| expr(query, *id)).collect();
    if call.param != Value::Null {
        args.push(format!("{:?}", call.param));
    }
    format!(
        "{} = {}({})",
        field(query, call.field),
        call.function.name(),
        args.join(", ")
    )
}

fn row_function(query: &Query, made: &RowFunction) -> String {
    let arg = made.arg.map_or(String::new(), |id| expr(query, id));
    let call = match made.kind {
        RowFunctionKind::Lag(n) => format!("lag({arg}, {n})"),
        RowFunctionKind::Lead(n) => format!("lead({arg}, {n})"),
        RowFunctionKind::RowNumber => "row_number()".to_owned(),
        RowFunctionKind::Rank => format!("rank({arg})"),
    };
    format!("{} = {call}", field(query, made.field))
}

/// Operators as `(op a b)`, fields as paths, locals as `$n`.
pub(crate) fn expr(query: &Query, id: ExprId) -> String {
    let one = |id: &ExprId| expr(query, *id);
    let all = |ids: &[ExprId]| ids.iter().map(one).collect::<Vec<_>>().join(" ");
    match query.exprs.get(id) {
        Expr::Lit(Value::Str(text)) => format!("{text:?}"),
        Expr::Lit(value) => {
            let mut text = Vec::new();
            write_text(value, &mut text);
            String::from_utf8(text).unwrap()
        }
        Expr::Field(id) => field(query, *id),
        Expr::Pseudo(which) => format!("_{which:?}"),
        Expr::Row => "row".to_owned(),
        Expr::Local(local) => format!("${}", local.0),
        Expr::Let(local, a, b) => format!("(let ${} {} {})", local.0, one(a), one(b)),
        Expr::Unary(op, a) => format!("({op:?} {})", one(a)),
        Expr::Binary(op, a, b) => format!("({op:?} {} {})", one(a), one(b)),
        Expr::If(c, a, b) => format!("(if {} {} {})", one(c), one(a), one(b)),
        Expr::Is(a, test) => format!("(is {test:?} {})", one(a)),
        Expr::Get(a, name) => format!("(get {} {name})", one(a)),
        Expr::Index(a, b) => format!("(index {} {})", one(a), one(b)),
        Expr::Slice(a, from, to) => {
            let bound = |id: &Option<ExprId>| id.as_ref().map_or("_".to_owned(), one);
            format!("(slice {} {} {})", one(a), bound(from), bound(to))
        }
        Expr::List(items) => format!("[{}]", all(items)),
        Expr::Map(entries) => {
            let entry = |(key, value): &(ExprId, ExprId)| format!("{}: {}", one(key), one(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Expr::Range(a, b, inclusive) => format!("({} {} {})", if *inclusive { "..=" } else { ".." }, one(a), one(b)),
        Expr::Interp(parts) => format!("(f {})", all(parts)),
        Expr::Attend(what, args, lambdas) => {
            let bodies: Vec<String> = lambdas.iter().map(|lambda| one(&lambda.body)).collect();
            format!("({what:?} {} {})", all(args), bodies.join(" "))
        }
        Expr::Invoke(function, args) => format!("(fn{} {})", function.0, all(args)),
        Expr::Call(builtin, args, lambdas) => {
            let mut text = format!("({} {}", builtin.name(), all(args));
            for lambda in lambdas {
                let params: Vec<String> = lambda.params.iter().map(|param| format!("${}", param.0)).collect();
                write!(text, " {} => {}", params.join(" "), one(&lambda.body)).unwrap();
            }
            text + ")"
        }
    }
}

/// The arena's invariant: a tree's nodes are exactly those from its first to its root.
pub(crate) fn check_contiguous(query: &Query) {
    let mut roots = Vec::new();
    for operator in query.streams.iter().flat_map(|stream| &stream.ops) {
        match &operator.op {
            Op::Where(id) | Op::Map(id) | Op::FlatMap(id) | Op::Rising(id) => roots.push(*id),
            Op::Select(fields) | Op::PartitionBy(fields) => roots.extend(fields.iter().map(|named| named.value)),
            Op::Emit { fields, .. } => roots.extend(fields.iter().flatten().map(|named| named.value)),
            Op::Distinct { key, .. } => roots.extend(key),
            Op::Side(SideChannel::Print(ids) | SideChannel::Log { text: ids, .. }) => roots.extend(ids),
            Op::OrderBy(keys, _) => roots.extend(keys.iter().map(|key| key.value)),
            Op::Aggregate(made) => roots.extend(made.calls.iter().flat_map(|call| call.args.iter().copied())),
            Op::RowFunctions(made) => roots.extend(made.iter().filter_map(|made| made.arg)),
            Op::Enrich(enrich) => roots.push(enrich.key),
            Op::Join(join) => {
                roots.extend(
                    join.inputs
                        .iter()
                        .flat_map(|input| input.reads.iter().map(|read| read.value)),
                );
                roots.extend(join.equal.iter().flat_map(|(a, b)| [a.1, b.1]));
                roots.extend(join.condition);
            }
            Op::Pattern(pattern) => roots.extend(pattern.expressions()),
            _ => {}
        }
    }
    for root in roots {
        let mut ids = Vec::new();
        query.exprs.walk(root, &mut |id| ids.push(id.0));
        ids.sort_unstable();
        let whole: Vec<u32> = (ids[0]..=root.0).collect();
        assert_eq!(ids, whole, "the tree {} is not contiguous", expr(query, root));
    }
}
