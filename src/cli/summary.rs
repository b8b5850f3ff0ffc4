//! What a run has to say at its end: for people on stderr, as JSON for programs.

use std::fmt::Write;
use std::time::Duration;

use indicatif::HumanBytes;
use serde_json::json;

use super::order_summary;
use crate::diag::SourceMap;
use crate::replay::{AttentionReport, Report, Stopped};

/// The summary for people.
pub(super) fn text(report: &Report, sources: &SourceMap, took: Duration, stats: bool) -> String {
    let mut out = String::new();
    let records: u64 = report.inputs.iter().map(|input| input.records).sum();
    let bytes: u64 = report.inputs.iter().map(|input| input.bytes).sum();
    let seconds = took.as_secs_f64().max(1e-9);
    let from = match &report.inputs[..] {
        [one] => format!("`{}`", one.name),
        all => format!("{} inputs", all.len()),
    };
    let _ = writeln!(
        out,
        "{} events ({}) from {from} in {seconds:.2} s: {} events/s, {}/s",
        thousands(records),
        HumanBytes(bytes),
        thousands((records as f64 / seconds) as u64),
        HumanBytes((bytes as f64 / seconds) as u64),
    );
    for input in report.inputs.iter().filter(|_| report.inputs.len() > 1) {
        let _ = writeln!(out, "  {}: {} events", input.name, thousands(input.records));
    }
    for input in &report.inputs {
        for note in &input.notes {
            let _ = writeln!(out, "  {}: {note}", input.name);
        }
    }
    order_summary::text(report, &mut out);
    for attention in &report.attention {
        attended(&mut out, attention);
    }
    for table in &report.tables {
        let plural = if table.rows == 1 { "row" } else { "rows" };
        let again = match table.repeated {
            0 => String::new(),
            n => format!(
                ", of which {} are replaced by a later one with the same key",
                thousands(n)
            ),
        };
        let _ = writeln!(
            out,
            "table {}: {} {plural} of `{}`{again}",
            table.name,
            thousands(table.rows),
            table.path
        );
    }
    for stream in &report.streams {
        let to = stream.path.as_ref().map_or(String::new(), |path| format!(" -> {path}"));
        let plural = if stream.rows == 1 { "row" } else { "rows" };
        let _ = writeln!(out, "{}: {} {plural}{to}", stream.name, thousands(stream.rows));
    }
    patterns(report, &mut out);
    bad(report, &mut out);
    errors(report, sources, &mut out);
    rest(report, &mut out);
    if stats {
        index(report, &mut out);
    }
    out
}

/// What there is to say of an attention window.
fn attended(out: &mut String, attention: &AttentionReport) {
    if let Some(why) = &attention.fallback {
        let _ = writeln!(
            out,
            "{}: the features alone serve as embedding: {why}",
            attention.stream
        );
    }
    if let Some((hits, asked)) = attention.recall {
        let share = 100.0 * hits as f64 / asked.max(1) as f64;
        let _ = writeln!(
            out,
            "{}: the index found {share:.1} % of the nearest events (of a sample of {})",
            attention.stream,
            thousands(asked)
        );
    }
}

/// What patterns wait for at the end, where that says something: of bounded ones runs end by themselves.
fn patterns(report: &Report, out: &mut String) {
    for pattern in &report.patterns {
        if pattern.alive > 0 && !pattern.bounded {
            let _ = writeln!(
                out,
                "{}: {} begun and not complete at the end; the pattern has no bound in time (`.within(..)`)",
                pattern.stream,
                match pattern.alive {
                    1 => "1 match was".to_owned(),
                    n => format!("{} matches were", thousands(n)),
                }
            );
        }
        if pattern.undecided > 0 {
            let _ = writeln!(
                out,
                "{}: {} not decided: the log ends before the time is over (`--at-end flush` reports them)",
                pattern.stream,
                match pattern.undecided {
                    1 => "1 absence is".to_owned(),
                    n => format!("{} absences are", thousands(n)),
                }
            );
        }
        if pattern.wide > 0 {
            let _ = writeln!(
                out,
                "{}: warning: {} too large for an integer, and written as {}",
                pattern.stream,
                match pattern.wide {
                    1 => "1 result of trends was".to_owned(),
                    n => format!("{} results of trends were", thousands(n)),
                },
                if pattern.wide == 1 { "a float" } else { "floats" }
            );
        }
    }
}

/// What the index over filters has saved.
fn index(report: &Report, out: &mut String) {
    let of = &report.index;
    if of.filters == 0 {
        let _ = writeln!(out, "index over filters: none");
        return;
    }
    let _ = writeln!(
        out,
        "index over filters: {} filters looked at {} times, {} saved ({:.2} %)",
        thousands(of.filters),
        thousands(of.looked),
        thousands(of.pairs - of.looked),
        100.0 * (of.pairs - of.looked) as f64 / of.pairs.max(1) as f64,
    );
}

fn bad(report: &Report, out: &mut String) {
    if report.bad.total() == 0 {
        return;
    }
    let causes: Vec<String> = report
        .bad
        .counts
        .iter()
        .map(|(cause, n)| format!("{} {}", thousands(*n), cause.text()))
        .collect();
    let _ = writeln!(
        out,
        "bad records: {} ({})",
        thousands(report.bad.total()),
        causes.join(", ")
    );
    for bad in &report.bad.first {
        let _ = writeln!(out, "  {}:{} (byte {}): {}", bad.input, bad.line, bad.at, bad.reason);
    }
    let more = report.bad.total() - report.bad.first.len() as u64;
    if more > 0 {
        let _ = writeln!(
            out,
            "  and {} more; `--dead-letter FILE` keeps them all",
            thousands(more)
        );
    }
}

fn errors(report: &Report, sources: &SourceMap, out: &mut String) {
    let kinds = [
        (false, "evaluation errors", "null was taken for the value"),
        (true, "rows dropped", "something was raised and not caught"),
    ];
    for (dropped, what, why) in kinds {
        let errors = || report.errors.iter().filter(|error| error.dropped == dropped);
        let total: u64 = errors().map(|error| error.count).sum();
        if total == 0 {
            continue;
        }
        let _ = writeln!(out, "{what}: {} ({why})", thousands(total));
        for error in errors() {
            let _ = writeln!(
                out,
                "  {} in `{}`: {} ({}, first at {} byte {})",
                place(sources, error.span),
                error.stream,
                error.message,
                times(error.count),
                error.first.0,
                error.first.1
            );
        }
    }
}

fn rest(report: &Report, out: &mut String) {
    for metric in &report.metrics {
        let values = metric.values.map_or(String::new(), |(sum, low, high)| {
            format!(", sum {sum}, min {low}, max {high}, mean {}", sum / metric.count as f64)
        });
        let _ = writeln!(out, "metric {}: {}{values}", metric.name, metric.count);
    }
    if report.big_ints > 0 {
        let _ = writeln!(
            out,
            "{} integers beyond 64 bits were read as floats",
            thousands(report.big_ints)
        );
    }
    if report.not_finite > 0 {
        let _ = writeln!(
            out,
            "warning: {} fields that are NaN or infinite were written as null, since JSON has no such numbers",
            thousands(report.not_finite)
        );
    }
    for note in &report.output_notes {
        let _ = writeln!(out, "{note}");
    }
    if report.window_bytes > 1 << 20 {
        let _ = writeln!(
            out,
            "open windows took up to {} of memory",
            HumanBytes(report.window_bytes)
        );
    }
    if without_time(report) {
        let _ = writeln!(
            out,
            "no record has a time: record n is taken to be at n nanoseconds (see `--time-field`)"
        );
    }
    if let Some(stopped) = &report.stopped {
        let _ = writeln!(out, "{}", stopped_text(stopped));
    }
}

/// Whether numbers stand for times.
fn without_time(report: &Report) -> bool {
    report.without_time || report.order.untimed
}

/// Why the run ended early.
pub(super) fn stopped_text(stopped: &Stopped) -> String {
    match stopped {
        Stopped::Interrupted => "interrupted: rows up to here were written, files are not kept".to_owned(),
        Stopped::Bad(reason) => format!("stopped at a bad record: {reason}"),
        Stopped::Evaluation(message) => format!("stopped at an evaluation error: {message}"),
        Stopped::Broken(message) => format!("stopped: {message}"),
        Stopped::LimitsReached => "stopped: every limit is reached".to_owned(),
    }
}

fn place(sources: &SourceMap, span: crate::diag::Span) -> String {
    let (line, column) = sources.line_col(span.file, span.start as usize);
    format!("{}:{line}:{column}", sources.path(span.file).display())
}

/// The summary for programs: one JSON object.
pub(super) fn json(report: &Report, sources: &SourceMap, took: Duration) -> String {
    let inputs = report.inputs.iter().map(|input| {
        json!({
            "name": input.name, "events": input.records, "lines": input.lines, "bytes": input.bytes,
            "notes": input.notes,
        })
    });
    let streams = report
        .streams
        .iter()
        .map(|stream| json!({"name": stream.name, "path": stream.path, "rows": stream.rows}));
    let tables = report.tables.iter();
    let tables = tables
        .map(|table| json!({"name": table.name, "path": table.path, "rows": table.rows, "repeated": table.repeated}));
    let first = report
        .bad
        .first
        .iter()
        .map(|bad| json!({"input": bad.input, "line": bad.line, "byte": bad.at, "reason": bad.reason}));
    let causes: serde_json::Map<String, serde_json::Value> = report
        .bad
        .counts
        .iter()
        .map(|(cause, n)| (cause.text().to_owned(), json!(n)))
        .collect();
    let error = |error: &crate::replay::ErrorReport| {
        json!({
            "stream": error.stream, "place": place(sources, error.span), "source": sources.slice(error.span),
            "count": error.count, "message": error.message,
            "first": {"input": error.first.0, "byte": error.first.1},
        })
    };
    let errors = report.errors.iter().filter(|error| !error.dropped).map(error);
    let dropped = report.errors.iter().filter(|error| error.dropped).map(error);
    let metrics = report.metrics.iter().map(|metric| {
        let (sum, min, max) = metric
            .values
            .map_or((None, None, None), |(a, b, c)| (Some(a), Some(b), Some(c)));
        json!({"name": metric.name, "count": metric.count, "sum": sum, "min": min, "max": max})
    });
    let patterns = report
        .patterns
        .iter()
        .map(|pattern| json!({"stream": pattern.stream, "alive": pattern.alive, "undecided": pattern.undecided}));
    let summary = json!({
        "events": report.inputs.iter().map(|input| input.records).sum::<u64>(),
        "bytes": report.inputs.iter().map(|input| input.bytes).sum::<u64>(),
        "inputs": inputs.collect::<Vec<_>>(),
        "tables": tables.collect::<Vec<_>>(),
        "attention": report.attention.iter().map(|of| json!({
            "stream": of.stream, "fallback": of.fallback,
            "recall": of.recall.map(|(hits, asked)| json!({"found": hits, "of": asked})),
        })).collect::<Vec<_>>(),
        "streams": streams.collect::<Vec<_>>(),
        "patterns": patterns.collect::<Vec<_>>(),
        "bad": {"total": report.bad.total(), "causes": causes, "first": first.collect::<Vec<_>>()},
        "evaluation_errors": errors.collect::<Vec<_>>(),
        "rows_dropped": dropped.collect::<Vec<_>>(),
        "metrics": metrics.collect::<Vec<_>>(),
        "late_events": report.order.late.events,
        "order": order_summary::json(&report.order),
        "big_integers": report.big_ints,
        "not_finite": report.not_finite,
        "without_time": without_time(report),
        "output_notes": report.output_notes,
        "window_bytes": report.window_bytes,
        "index": {
            "filters": report.index.filters, "evaluations": report.index.looked,
            "saved": report.index.pairs - report.index.looked,
        },
        "stopped": report.stopped.as_ref().map(stopped_text),
        "seconds": took.as_secs_f64(),
    });
    format!("{summary:#}\n")
}

fn times(n: u64) -> String {
    if n == 1 {
        "once".to_owned()
    } else {
        format!("{} times", thousands(n))
    }
}

/// A number with its thousands apart: `1,234,567`.
pub(super) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
