//! The matcher against the reference, over random patterns and logs.

use std::path::Path;

use proptest::prelude::*;
use varpulis::replay::Order;

use super::generate::{pattern, trends};
use super::logs::{STREAMS, counted, in_order, log, of_counted};
use super::pattern::{Pattern, Row};
use super::reference::AtEnd;
use super::report::reported;
use super::run::{Way, by_stream, cases as all_cases, compiled, line, row_text, run, run_watched, statement, watched};
use super::trends::Trends;

/// Patterns of one program.
const TOGETHER: usize = 12;

/// That share of programs.
fn config(share: u32) -> ProptestConfig {
    ProptestConfig {
        max_shrink_iters: 4000,
        failure_persistence: None,
        ..ProptestConfig::with_cases(all_cases().div_ceil(12 * share))
    }
}

const SORTED: Order = Order::Time;

/// Ways to run, which all give the same. Logs are at most two seconds from being in order.
const WAYS: [Way; 4] = [
    Way {
        threads: 1,
        morsel_bytes: 1 << 20,
        order: SORTED,
    },
    Way {
        threads: 3,
        morsel_bytes: 64,
        order: SORTED,
    },
    Way {
        threads: 1,
        morsel_bytes: 150,
        order: SORTED,
    },
    Way {
        threads: 3,
        morsel_bytes: 400,
        order: Order::Arrival { slack: 2_000_000_000 },
    },
];

/// A declared type's columns are typed.
const DECLARED: &str = "event A:\n    id: int\n    k: int?\n    v: int?\n    u: int\n";

/// What is compared: a stream's statement, and its rows.
type Case = (String, Vec<String>);

fn cases(patterns: &[Pattern], rows: &[Row], at_end: AtEnd) -> Vec<Case> {
    let numbered = patterns.iter().enumerate();
    numbered
        .map(|(at, pattern)| {
            let all = reported(pattern, rows, at_end);
            let rows = all.iter().map(|row| row_text(pattern, row)).collect();
            (statement(at, pattern), rows)
        })
        .collect()
}

/// Runs the statements as one program, in all these ways.
fn agree(head: &str, cases: &[Case], log: &[Row], ways: &[Way], at_end: AtEnd) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let statements = cases.iter().map(|case| case.0.as_str());
    let program: String = std::iter::once(head).chain(statements).collect();
    let lines: String = log.iter().map(line).collect();
    let plan = compiled(&program).map_err(TestCaseError::fail)?;
    let mut bytes: Option<String> = None;
    for &way in ways {
        let text = run(folder.path(), &plan, &lines, way, at_end);
        let text = text.map_err(TestCaseError::fail)?;
        let mut found = by_stream(&text);
        for (at, (statement, expected)) in cases.iter().enumerate() {
            let found = found.remove(&format!("M{at}")).unwrap_or_default();
            prop_assert!(
                found == *expected,
                "{way:?} {at_end:?}\n\n{head}{statement}\n{lines}\nfound:\n{}\n\nexpected:\n{}\n",
                found.join("\n"),
                expected.join("\n"),
            );
        }
        let first = bytes.get_or_insert_with(|| text.clone());
        prop_assert!(*first == text, "{way:?}\n{program}\n{lines}\n{first}\n{text}");
    }
    watch(
        folder.path(),
        (&program, cases.len()),
        &lines,
        at_end,
        &bytes.unwrap_or_default(),
    )
}

/// Whoever watches changes nothing, and sees the same in all ways.
fn watch(
    folder: &Path,
    (program, count): (&str, usize),
    lines: &str,
    at_end: AtEnd,
    expected: &str,
) -> Result<(), TestCaseError> {
    let (plan, questions) = watched(program, count).map_err(TestCaseError::fail)?;
    let mut known: Option<String> = None;
    for way in &WAYS[1..3] {
        let ran = run_watched(folder, (&plan, &questions), lines, *way, at_end);
        let (text, seen) = ran.map_err(TestCaseError::fail)?;
        prop_assert!(
            expected == text,
            "watched, {way:?}\n{program}\n{lines}\n{expected}\n{text}"
        );
        for trace in &seen {
            let Some((_, seen)) = &trace.pattern else { continue };
            let ended = seen.steps.iter().map(|step| step.ended);
            let ended = ended.map(|of| of.expired + of.broken + of.passed + of.skipped + of.open + of.undecided);
            let ended: u64 =
                ended.sum::<u64>() + seen.matches + seen.parts + seen.skipped + seen.rejected + seen.undone;
            let began = seen.begun + seen.split;
            prop_assert!(
                ended == began,
                "{began} began, {ended} ended: {trace:#?}\n{program}\n{lines}"
            );
        }
        let seen = format!("{seen:#?}");
        let first = known.get_or_insert_with(|| seen.clone());
        prop_assert!(*first == seen, "{way:?}\n{program}\n{lines}\n{first}\n{seen}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(1))]

    #[test]
    fn patterns_report_what_the_reference_does(
        patterns in prop::collection::vec(pattern(), 1..=TOGETHER),
        declared in any::<bool>(),
        log in log(),
    ) {
        let cases = cases(&patterns, &in_order(&log), AtEnd::Auto);
        let head = if declared { DECLARED } else { "" };
        agree(&format!("{head}{STREAMS}"), &cases, &log, &WAYS, AtEnd::Auto)?;
    }
}

proptest! {
    #![proptest_config(config(6))]

    #[test]
    fn the_end_of_the_input_is_what_the_run_is_told(
        patterns in prop::collection::vec(pattern(), 1..=TOGETHER),
        log in log(),
    ) {
        for at_end in [AtEnd::Flush, AtEnd::Hold] {
            let cases = cases(&patterns, &in_order(&log), at_end);
            agree(STREAMS, &cases, &log, &WAYS[1..2], at_end)?;
        }
    }

    /// Rows of windows are steps as well.
    #[test]
    fn streams_of_windows_feed_patterns(
        patterns in prop::collection::vec(pattern(), 1..=TOGETHER),
        log in log(),
    ) {
        let patterns: Vec<Pattern> = patterns.into_iter().map(of_counted).collect();
        let cases = cases(&patterns, &counted(&log), AtEnd::Auto);
        let head = "stream P = A .partition_by(k) .window(2) .aggregate(id: last(id), v: last(v), u: count())\n\
                    stream Q = B .where(u == 1)\n";
        agree(head, &cases, &log, &WAYS[..2], AtEnd::Auto)?;
    }

    #[test]
    fn aggregates_over_all_trends(
        patterns in prop::collection::vec(trends(), 1..=TOGETHER),
        log in log(),
    ) {
        let log: Vec<Row> = log.into_iter().map(|row| Row { v: Some(row.v.unwrap_or(1)), ..row }).collect();
        let rows = in_order(&log);
        let numbered = patterns.iter().enumerate();
        let cases: Vec<Case> = numbered
            .map(|(at, pattern)| {
                let trends = Trends::of(pattern);
                (trends.statement(at), trends.rows(&rows))
            })
            .collect();
        agree(STREAMS, &cases, &log, &WAYS[..2], AtEnd::Auto)?;
    }
}
