//! Whatever the text: no panic, spans that lie in it, bounded depth, linear work.

use proptest::prelude::*;
use varpulis::diag::{Code, FileId};
use varpulis::syntax::{Parsed, parse};

const PROGRAMS: &[&str] = &[
    include_str!("../../testdata/lang/streams.vpl"),
    include_str!("../../testdata/lang/patterns.vpl"),
    include_str!("../../testdata/lang/code.vpl"),
    include_str!("../../testdata/lang/config.vpl"),
];

/// Parses, and checks what must hold of any result.
fn checked(text: &str) -> Parsed {
    let parsed = parse(FileId(0), text);
    for d in &parsed.diagnostics {
        let labels = d.secondary.iter().map(|label| label.span);
        let fix = d.fix.iter().map(|fix| fix.span);
        for span in std::iter::once(d.primary.span).chain(labels).chain(fix) {
            assert!(text.get(span.range()).is_some(), "{span:?} of {d:?} in {text:?}");
        }
    }
    for item in &parsed.program.items {
        assert!(text.get(item.span.range()).is_some(), "{:?} in {text:?}", item.span);
    }
    parsed
}

#[test]
fn a_program_cut_off_anywhere_does_no_harm() {
    for text in PROGRAMS {
        // Statement by statement: the longest prefix of a whole file adds nothing but time.
        let mut start = 0;
        for (at, _) in text.match_indices("\n\n").chain([(text.len(), "")]) {
            let part = &text[start..at];
            for end in (0..=part.len()).filter(|&end| part.is_char_boundary(end)) {
                checked(&part[..end]);
            }
            start = at;
        }
    }
}

#[test]
fn line_ends_and_a_byte_order_mark_change_nothing() {
    for text in PROGRAMS {
        let crlf = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        let (plain, other) = (checked(text), checked(&crlf));
        assert!(other.diagnostics.is_empty(), "{:?}", other.diagnostics);
        assert_eq!(plain.program.items.len(), other.program.items.len());
    }
}

/// Chains and nestings that would make a tree of this depth.
fn deep(n: usize) -> Vec<String> {
    let wrap = |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(n), close.repeat(n));
    let mut blocks = String::from("fn f(x):\n");
    let levels = n.min(2000);
    (1..levels).for_each(|depth| blocks.push_str(&format!("{}if x:\n", " ".repeat(depth))));
    blocks.push_str(&format!("{}x\n", " ".repeat(levels)));
    let mut texts: Vec<String> = [
        wrap("(", "1", ")"),
        wrap("[", "1", "]"),
        wrap("{a: ", "1", "}"),
        wrap("f(", "1", ")"),
        wrap("not ", "x", ""),
        wrap("- ", "x", ""),
        wrap("~", "x", ""),
        wrap("x => ", "x", ""),
        wrap("if a then b else ", "c", ""),
        wrap("x ** ", "x", ""),
        wrap("x ?? ", "x", ""),
        wrap("x + ", "x", ""),
        wrap("x | ", "x", ""),
        wrap("", "x", ".a"),
        wrap("", "x", "?.a"),
        wrap("", "x", "[0]"),
        wrap("", "x", "()"),
        wrap("f\"{", "x", "}\""),
        wrap("x => {", "x", "}"),
        wrap("(x =>\n ", "x", ")"),
    ]
    .map(|e| format!("let x = {e}\n"))
    .to_vec();
    texts.push(format!("stream X = {}\n", wrap("(", "A", ")")));
    texts.push(format!("stream X = {}\n", wrap("SEQ(", "A", ")")));
    texts.push(format!("type T = {}\n", wrap("[", "int", "]")));
    texts.push(format!("type T = int{}\n", "?".repeat(n)));
    texts.push(format!("config:\n    a:\n        {}1\n", "- ".repeat(n)));
    texts.push(blocks);
    texts
}

#[test]
fn what_is_too_deep_is_refused_on_a_small_stack() {
    let small = std::thread::Builder::new().stack_size(1 << 20);
    let run = || {
        for text in deep(100_000) {
            let parsed = checked(&text);
            let shown: String = text.chars().take(60).collect();
            assert!(
                parsed.diagnostics.iter().any(|d| d.code == Code::TooDeep),
                "{shown}: {:?}",
                parsed.diagnostics
            );
            assert_eq!(parsed.diagnostics.len(), 1, "{shown}: {:?}", parsed.diagnostics);
        }
        for text in deep(100) {
            checked(&text);
        }
    };
    let done = small.spawn(run).map(std::thread::JoinHandle::join);
    assert!(matches!(done, Ok(Ok(()))));
}

#[test]
fn long_chains_of_and_and_or_are_fine() {
    let terms: Vec<String> = (0..20_000).map(|n| format!("x == {n}")).collect();
    let text = format!(
        "stream X = A .where({} and {})\n",
        terms.join(" or "),
        terms.join(" and ")
    );
    let small = std::thread::Builder::new().stack_size(1 << 20);
    let done = small
        .spawn(move || checked(&text).diagnostics.len())
        .map(std::thread::JoinHandle::join);
    assert!(matches!(done, Ok(Ok(0))));
}

/// A piece of a program, valid or not.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "stream",
        "event",
        "pattern",
        "fn",
        "config",
        "x",
        "A",
        "where",
        "as",
        "within",
        "5m",
        "->",
        "=>",
        "=",
        "==",
        ":",
        ",",
        ".",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\n",
        "\n    ",
        "\n        ",
        "\n\t",
        "if",
        "else",
        "elif",
        "for",
        "in",
        "match",
        "try",
        "catch",
        "not",
        "and",
        "or",
        "all",
        "1",
        "\"s\"",
        "f\"{",
        "}\"",
        "'",
        "\"",
        "`",
        "-",
        "- ",
        "+",
        "*",
        "?",
        "??",
        "..",
        "..=",
        ";",
        "@2026-01-23",
        "@",
        "é",
        "“",
        "”",
        "#",
        "/*",
        "*/",
        "!",
        "&&",
        "merge(",
        "join(",
        "SEQ(",
        ".emit(",
        "emit",
        "raise",
        "partition",
        "by",
        "from",
        "is",
        "int",
        "null",
        "return",
    ];
    prop_oneof![
        8 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,4}",
        1 => any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn token_soup_does_no_harm(pieces in proptest::collection::vec(piece(), 0..60), spaced in any::<bool>()) {
        checked(&pieces.join(if spaced { " " } else { "" }));
    }

    #[test]
    fn a_mutated_program_does_no_harm(
        which in 0..PROGRAMS.len(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0usize..6, piece()), 1..6),
    ) {
        let mut text = PROGRAMS[which].to_owned();
        for (place, length, with) in edits {
            let boundary = |at: usize| (at..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
            let start = boundary(place.index(text.len()));
            let end = boundary((start + length).min(text.len()));
            text.replace_range(start..end, &with);
        }
        checked(&text);
    }
}
