//! What the aggregate functions cost, by groups and functions.
//!
//! `cargo bench --bench aggregate [-- ROWS]`: nanoseconds a row (or a read) of one thread's CPU time
//! (Linux), best of three. `ONLY=text` runs those whose names hold the text.
#![allow(missing_docs, reason = "a program")]
#![allow(clippy::unwrap_used, reason = "a program that may stop")]

use std::hint::black_box;

use arrow::array::{Float64Array, Int64Array, StringViewArray};
use varpulis::aggregate::{Accumulators, Groups, Sliding, Spec};
use varpulis::data::{Column, Value};
use varpulis::ir::AggFunction::{
    self, ApproxCountDistinct, ApproxPercentile, Avg, Count, CountDistinct, Last, Max, Median, Min, Stddev, Sum,
};

const BATCH: usize = 8192;

/// A generator of numbers (splitmix64), so that runs repeat.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// Seconds of this thread on a processor (others may run beside us).
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn bench(name: &str, units: usize, mut work: impl FnMut()) {
    if std::env::var("ONLY").is_ok_and(|only| !name.contains(&only)) {
        return;
    }
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = cpu_seconds();
        work();
        best = best.min(cpu_seconds() - start);
    }
    println!("{name:<64} {:>8.1} ns", best * 1e9 / units as f64);
}

fn specs(functions: &[AggFunction]) -> Vec<Spec> {
    let spec = |&function| Spec {
        function,
        param: Value::Float(0.95),
        args: vec![0],
    };
    functions.iter().map(spec).collect()
}

fn floats(rows: usize) -> Column {
    let mut draw = Draw(1);
    Column::Float(
        (0..rows)
            .map(|_| draw.below(2_000_000) as f64 / 100.0)
            .collect::<Float64Array>(),
    )
}

fn ints(rows: usize) -> Column {
    let mut draw = Draw(2);
    Column::Int((0..rows).map(|_| draw.below(2_000_000) as i64).collect::<Int64Array>())
}

fn texts(rows: usize) -> Column {
    let mut draw = Draw(3);
    let text = |_| Some(format!("user-{}", draw.below(100_000)));
    Column::Str((0..rows).map(text).collect::<StringViewArray>())
}

/// Batches of a column, with the groups of their rows.
fn batches(column: &Column, rows: usize, groups: u64) -> Vec<(Column, Vec<u32>)> {
    let mut draw = Draw(groups);
    let from = |at: usize| (at as u32..(at + BATCH).min(rows) as u32).collect::<Vec<_>>();
    let batch = |at| {
        (
            column.take(&from(at)),
            from(at).iter().map(|_| draw.below(groups) as u32).collect(),
        )
    };
    (0..rows).step_by(BATCH).map(batch).collect()
}

fn update(name: &str, column: &Column, rows: usize, groups: u64, functions: &[AggFunction]) {
    let batches: Vec<(Vec<Vec<Column>>, Vec<u32>)> = batches(column, rows, groups)
        .into_iter()
        .map(|(column, groups)| (vec![vec![column]; functions.len()], groups))
        .collect();
    let times = vec![0; BATCH];
    let mut all = Accumulators::new(&specs(functions));
    bench(&format!("{name}, {groups} groups: a row"), rows, || {
        all.clear();
        all.grow(groups as usize);
        for (args, of) in &batches {
            let of = if groups == 1 { Groups::One(0) } else { Groups::Each(of) };
            all.update(args, &times[..args[0][0].len()], None, of);
        }
    });
    let every: Vec<u32> = (0..groups as u32).collect();
    if groups > 1 {
        bench(
            &format!("{name}, {groups} groups: to read a group"),
            every.len(),
            || {
                black_box(all.read(&every, &mut Vec::new()));
            },
        );
    }
    if name.starts_with("count avg") {
        println!(
            "{:<64} {:>8.1} bytes",
            "  held for a group",
            all.bytes() as f64 / groups as f64
        );
    }
}

fn sliding(name: &str, column: &Column, rows: usize, window: usize, functions: &[AggFunction]) {
    let args = vec![vec![column.clone()]; functions.len()];
    bench(
        &format!("{name}, sliding over {window}: a row and a read"),
        rows,
        || {
            let mut sliding = Sliding::new(&specs(functions));
            let mut values = Vec::new();
            for row in 0..rows {
                sliding.push(&args, row, row as i64);
                if sliding.len() > window {
                    sliding.pop();
                }
                values.clear();
                sliding.read(&mut values, &mut Vec::new());
                black_box(&values);
            }
        },
    );
}

fn main() {
    let rows = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let (floats, ints, texts) = (floats(rows), ints(rows), texts(rows));
    let five = [Count, Avg, Min, Max, Stddev];
    for groups in [1, 1000, 1_000_000] {
        update("count avg min max stddev of floats", &floats, rows, groups, &five);
        update("count avg min max stddev of ints", &ints, rows, groups, &five);
        update("sum of floats", &floats, rows, groups, &[Sum]);
        update("stddev of floats", &floats, rows, groups, &[Stddev]);
        update("min max of floats", &floats, rows, groups, &[Min, Max]);
        update("median of floats", &floats, rows, groups, &[Median]);
        update(
            "approx_percentile of floats",
            &floats,
            rows,
            groups,
            &[ApproxPercentile],
        );
        update("count_distinct of texts", &texts, rows, groups, &[CountDistinct]);
        update(
            "approx_count_distinct of texts",
            &texts,
            rows,
            groups,
            &[ApproxCountDistinct],
        );
        update("last of texts", &texts, rows, groups, &[Last]);
    }
    for window in [100, 10_000] {
        sliding("count avg min max stddev of floats", &floats, rows, window, &five);
        sliding("median of floats", &floats, rows, window, &[Median]);
        sliding("count_distinct of texts", &texts, rows, window, &[CountDistinct]);
    }
}
