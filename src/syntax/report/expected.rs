//! What could have stood there, in classes that people think in.

use super::Scene;
use crate::syntax::token::Tok;

/// How many classes are named at most.
const MAX_CLASSES: usize = 5;

/// Terminals of the grammar and the class each stands for, most telling first. A class is named when
/// its first terminal could stand there.
const CLASSES: &[(&str, &[&str])] = &[
    (
        "an expression",
        &[
            "INT",
            "INTMIN",
            "FLOAT",
            "STR",
            "DURATION",
            "TIMESTAMP",
            "FOPEN",
            "true",
            "false",
            "null",
            "not",
            "-",
            "~",
            "(",
            "[",
            "{",
            "NAME",
            "LAMBDA(",
            "if",
            "match",
            "for",
            "while",
            "try",
        ],
    ),
    (
        "a step of the pattern",
        &["all", "each", "next", "NAME", "(", "SEQ", "AND", "OR", "not"],
    ),
    (
        "a source",
        &[
            "merge",
            "join",
            "left_join",
            "right_join",
            "full_join",
            "asof_join",
            "timer",
        ],
    ),
    ("a name", &["NAME"]),
    ("a string", &["STR"]),
    ("a duration", &["DURATION"]),
    ("a number", &["INT"]),
    ("`:`", &[":"]),
    ("an indented block", &["INDENT"]),
    ("`=`", &["="]),
    ("`=>`", &["=>"]),
    ("`then`", &["then"]),
    ("`else`", &["else"]),
    ("`in`", &["in"]),
    ("`by`", &["by"]),
    ("`)`", &[")"]),
    ("`]`", &["]"]),
    ("`}`", &["}", "}HOLE"]),
    ("`,`", &[","]),
    ("`(`", &["("]),
    ("a stream operator", &["STREAM."]),
    ("`from`", &["from"]),
    ("`extends`", &["extends"]),
    ("`->`", &["->"]),
    ("a clause like `where` or `as`", &["where", "as", "within"]),
    ("`as`", &["as"]),
    ("`on`", &["on"]),
    ("a quantifier", &["?", "{"]),
    ("the end of the line", &["NEWLINE"]),
];

/// What may stand behind an operand. It is named last, and what it covers by no other name.
const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "%", "**", "<<", ">>", "&", "^", "|", "==", "!=", "<", "<=", ">", ">=", "and", "or", "in",
    "is", "not", "??", "..", "..=", ".", "?", "[", "(",
];

/// The classes of what could have stood there.
pub(super) fn classes(expected: &[String]) -> Vec<&'static str> {
    let mut left: Vec<&str> = expected.iter().map(|name| name.trim_matches('"')).collect();
    let operator = left.contains(&"+") && left.contains(&"==");
    if operator {
        left.retain(|name| !OPERATORS.contains(name));
    }
    // In an argument a clause is possible, but hardly ever meant.
    if left.contains(&"asc") {
        left.retain(|name| !matches!(*name, "where" | "as" | "within"));
    }
    let mut classes = Vec::new();
    let room = MAX_CLASSES - usize::from(operator);
    for (class, terminals) in CLASSES {
        let key = terminals.first().copied().unwrap_or("");
        if left.contains(&key) && classes.len() < room {
            classes.push(*class);
            left.retain(|name| !terminals.contains(name));
        }
    }
    if operator {
        classes.push("an operator");
    }
    classes
}

/// `a, b or c`
pub(super) fn listed(classes: &[&str]) -> String {
    match classes {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    }
}

/// What stands at the place of an error.
pub(super) fn found(scene: &Scene<'_>) -> String {
    let shown = scene.shown(0);
    match scene.tok(0) {
        None | Some(Tok::Newline | Tok::Dedent) => "end of the line".to_owned(),
        Some(Tok::Indent) => "block".to_owned(),
        Some(Tok::Broken) => "line".to_owned(),
        Some(Tok::Name(_)) => format!("name `{}`", cut(shown.trim_matches('`'))),
        Some(Tok::Str(_) | Tok::FOpen) => "string".to_owned(),
        Some(Tok::FText(_)) => "text of a string".to_owned(),
        Some(Tok::Int(_) | Tok::IntMin | Tok::Float(_)) => format!("number `{}`", cut(shown)),
        Some(Tok::Duration(_)) => format!("duration `{}`", cut(shown)),
        Some(Tok::Timestamp(_)) => format!("timestamp `{}`", cut(shown)),
        Some(_) => format!("`{}`", cut(shown)),
    }
}

/// At most 40 characters of a text.
fn cut(text: &str) -> String {
    let mut chars = text.chars();
    let mut cut: String = chars.by_ref().take(40).collect();
    if chars.next().is_some() {
        cut.push_str("..");
    }
    cut
}
