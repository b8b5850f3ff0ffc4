//! The matcher against the reference, over random patterns and logs.

use proptest::prelude::*;
use varpulis::replay::Order;

use super::generate::{STREAMS, in_order, log, pattern};
use super::pattern::{Pattern, Row};
use super::reference::AtEnd;
use super::report::reported;
use super::run::{Way, by_stream, line, row_text, run, statement};

/// Patterns of one program.
const TOGETHER: usize = 12;

/// How many programs: of about so many patterns and logs as `VARPULIS_CASES` says.
fn programs() -> u32 {
    let cases = std::env::var("VARPULIS_CASES")
        .ok()
        .and_then(|text| text.parse::<u32>().ok());
    cases.unwrap_or(2400) / (TOGETHER as u32)
}

fn expected(pattern: &Pattern, rows: &[Row], at_end: AtEnd) -> Vec<String> {
    let all = reported(pattern, rows, at_end);
    all.iter().map(|row| row_text(pattern, row)).collect()
}

const WAYS: [Way; 4] = [
    Way {
        threads: 1,
        morsel_bytes: 1 << 20,
        order: Order::Time,
    },
    Way {
        threads: 3,
        morsel_bytes: 64,
        order: Order::Time,
    },
    Way {
        threads: 1,
        morsel_bytes: 150,
        order: Order::Time,
    },
    Way {
        threads: 3,
        morsel_bytes: 400,
        order: Order::Arrival { slack: 4_000_000_000 },
    },
];

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4000, ..ProptestConfig::with_cases(programs()) })]

    #[test]
    #[ignore = "the matcher is not there yet"]
    fn patterns_report_what_the_reference_does(
        patterns in prop::collection::vec(pattern(), 1..=TOGETHER),
        log in log(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let statements = patterns.iter().enumerate().map(|(at, pattern)| statement(at, pattern));
        let program: String = std::iter::once(STREAMS.to_owned()).chain(statements).collect();
        let lines: String = log.iter().map(line).collect();
        let rows = in_order(&log);
        let mut bytes: Option<String> = None;
        for way in WAYS {
            let text = run(folder.path(), &program, &lines, way, AtEnd::Auto);
            let text = text.map_err(TestCaseError::fail)?;
            let mut found = by_stream(&text);
            for (at, pattern) in patterns.iter().enumerate() {
                let found = found.remove(&format!("M{at}")).unwrap_or_default();
                let expected = expected(pattern, &rows, AtEnd::Auto);
                prop_assert!(
                    found == expected,
                    "{way:?}\n{STREAMS}{}\n{lines}\nfound:\n{}\n\nexpected:\n{}\n",
                    statement(at, pattern),
                    found.join("\n"),
                    expected.join("\n"),
                );
            }
            let first = bytes.get_or_insert_with(|| text.clone());
            prop_assert!(*first == text, "{way:?}\n{program}\n{lines}\n{first}\n{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4000, ..ProptestConfig::with_cases(programs() / 4) })]

    #[test]
    #[ignore = "the matcher is not there yet"]
    fn the_end_of_the_input_is_what_the_run_is_told(
        patterns in prop::collection::vec(pattern(), 1..=TOGETHER),
        log in log(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let statements = patterns.iter().enumerate().map(|(at, pattern)| statement(at, pattern));
        let program: String = std::iter::once(STREAMS.to_owned()).chain(statements).collect();
        let lines: String = log.iter().map(line).collect();
        let rows = in_order(&log);
        for at_end in [AtEnd::Flush, AtEnd::Hold] {
            let text = run(folder.path(), &program, &lines, WAYS[1], at_end);
            let mut found = by_stream(&text.map_err(TestCaseError::fail)?);
            for (at, pattern) in patterns.iter().enumerate() {
                let found = found.remove(&format!("M{at}")).unwrap_or_default();
                let expected = expected(pattern, &rows, at_end);
                prop_assert!(
                    found == expected,
                    "{at_end:?}\n{STREAMS}{}\n{lines}\nfound:\n{}\n\nexpected:\n{}\n",
                    statement(at, pattern),
                    found.join("\n"),
                    expected.join("\n"),
                );
            }
        }
    }
}
