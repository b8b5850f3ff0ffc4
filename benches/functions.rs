//! What a function of ten operations costs for an event: put in the place of its call, called, and written out as the
//! expression that it is; and a loop.
//!
//! `cargo bench --bench functions [-- ROWS]`: nanoseconds a row of one thread's CPU time (Linux), best of three.
#![allow(missing_docs, reason = "a program")]
#![allow(clippy::unwrap_used, reason = "a program that may stop")]

use std::hint::black_box;
use std::path::Path;

use varpulis::data::{Column, FieldId, Pseudo, Rows, Value};
use varpulis::diag::SourceMap;
use varpulis::eval::{Compiled, Evaluator, MAX_STEPS, Program};
use varpulis::ir::{Op, Query};
use varpulis::resolve;

const BATCH: usize = 8192;

/// Rows of two columns of floats and one of ints.
#[derive(Debug)]
struct Batch {
    names: Vec<FieldId>,
    columns: Vec<Column>,
}

impl Rows for Batch {
    fn len(&self) -> usize {
        BATCH
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        let at = self.names.iter().position(|name| *name == field);
        let column = at.map_or_else(|| Column::nulls(BATCH), |at| self.columns[at].clone());
        rows.map_or_else(|| column.clone(), |rows| column.take(rows))
    }

    fn pseudo(&self, _: Pseudo, rows: Option<&[u32]>) -> Column {
        Column::nulls(rows.map_or(BATCH, <[u32]>::len))
    }

    fn whole(&self, _: u32) -> Value {
        Value::Null
    }
}

/// Seconds of this thread on a processor (others may run beside us).
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn compiled(text: &str, never_inline: bool) -> Query {
    let mut sources = SourceMap::default();
    let main = sources.add(Path::new("bench.vpl"), text.to_owned());
    let options = resolve::Options {
        never_inline,
        ..Default::default()
    };
    resolve::compile(&mut sources, main, &options).query.unwrap()
}

fn bench(name: &str, text: &str, never_inline: bool, rows: usize) {
    let query = compiled(text, never_inline);
    let Some(Op::Select(fields)) = query.streams[0].ops.first().map(|operator| &operator.op) else {
        panic!("the stream begins with `.select`");
    };
    let root = fields[0].value;
    let program = Program::new(&query.exprs, &[root], 0).with_code(Compiled::new(&query.code, MAX_STEPS, false));
    let field = |name: &str| {
        query
            .fields
            .get(&varpulis::data::Path::key(name))
            .unwrap_or(FieldId(u32::MAX))
    };
    let batch = Batch {
        names: vec![field("price"), field("volume"), field("n")],
        columns: vec![
            Column::Float((0..BATCH).map(|at| at as f64 * 0.37).collect::<Vec<_>>().into()),
            Column::Float((0..BATCH).map(|at| (at % 97) as f64).collect::<Vec<_>>().into()),
            Column::Int((0..BATCH).map(|at| (at % 10) as i64).collect::<Vec<_>>().into()),
        ],
    };
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = cpu_seconds();
        for _ in 0..rows / BATCH {
            let mut evaluator = Evaluator::new(&program, &batch);
            black_box(evaluator.eval(root, None));
        }
        best = best.min(cpu_seconds() - start);
    }
    println!("{name:<44} {:>8.1} ns", best * 1e9 / rows as f64);
}

fn main() {
    let rows = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .next()
        .unwrap_or(2_000_000);
    let event = "event Trade: price: float, volume: float, n: int\n";
    let ten = "if price > 100.0 then (price * volume + 3.5) * 0.25 - volume / 7.0 else price + volume * 2.0 - 1.0";
    let function = format!("fn ten(price: float, volume: float) -> float = {ten}\n");
    let call = "stream S = Trade .select(y: ten(price, volume))\n";
    bench(
        "ten operations, as an expression",
        &format!("{event}stream S = Trade .select(y: {ten})\n"),
        false,
        rows,
    );
    bench(
        "ten operations, put in the place of the call",
        &format!("{event}{function}{call}"),
        false,
        rows,
    );
    bench(
        "ten operations, called",
        &format!("{event}{function}{call}"),
        true,
        rows,
    );
    let spin = "fn spin(n: int) -> int:\n    var total = 0\n    for i in 0..n:\n        if i % 2 == 0:\n            total += i * 3\n    \
                return total\n";
    bench(
        "a loop of 4.5 turns on average, called",
        &format!("{event}{spin}stream S = Trade .select(y: spin(n))\n"),
        false,
        rows,
    );
    let fib = "fn fib(n: int) -> int:\n    if n < 2:\n        return n\n    return fib(n - 1) + fib(n - 2)\n";
    bench(
        "fib(15): 1,973 calls",
        &format!("{event}{fib}stream S = Trade .select(y: fib(15 + n * 0))\n"),
        false,
        BATCH,
    );
}
