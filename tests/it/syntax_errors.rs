//! What is said about programs that do not parse: each code has a case in the golden, and every fix
//! mends what it is offered for.

use std::fmt::Write;

use varpulis::diag::{Code, Diagnostic, FileId};
use varpulis::syntax::parse;

/// One mistake each; a few have several, to show that one does not hide the next.
const CASES: &[(&str, &str)] = &[
    ("unexpected token", "stream X = A .where(x > )\n"),
    ("unexpected end", "stream X = A .where(x) +\n"),
    ("missing source", "stream X =\n"),
    ("missing name", "stream = A\n"),
    ("missing argument separator", "stream X = A .emit(a: 1 b: 2)\n"),
    ("unknown characters", "stream X = A .where($$x > 1)\n"),
    ("foreign name", "stream X = A .where(größe > 1)\n"),
    ("no-break space", "stream X =\u{a0}A\n"),
    ("timestamp field", "stream X = A .where(@timestamp > 1)\n"),
    (
        "unclosed string",
        "stream X = A .where(x == \"abc)\nstream Y = B .where()\n",
    ),
    ("unclosed interpolation", "stream X = A .emit(a: f\"{x + 1)\n"),
    ("unclosed backticks", "stream X = A .where(`x > 1)\n"),
    (
        "unclosed bracket",
        "stream X = A\n    .where(f(x > 1)\n    .emit()\n\nstream Y = B\n",
    ),
    ("unclosed bracket at the end", "stream X = A .emit(a: [1, 2\n"),
    ("wrong partner", "stream X = A .emit(a: f(x])\n"),
    ("stray bracket", "stream X = A .where(x))\n"),
    ("unknown escape", "stream X = A .where(regex_match(s, \"\\d+\"))\n"),
    ("lone brace", "stream X = A .emit(a: f\"x}\")\n"),
    ("number too large", "let x = 9223372036854775808\n"),
    ("number with letters", "let x = 12abc\n"),
    ("fraction of a duration", "let x = 1.5h\n"),
    ("unknown unit", "stream X = A .window(5mins)\n"),
    ("unknown unit in a compound", "let x = 1h30minutes\n"),
    ("no timestamp", "let x = @2026-02-30\n"),
    ("mixed tabs", "fn f(x):\n    let y = x\n\treturn y\n"),
    (
        "bad dedent",
        "fn f(x):\n        if x:\n            return 1\n      return 2\n",
    ),
    (
        "indented statement",
        "    stream X = A\n    stream Y = B\nstream Z = C\n",
    ),
    ("missing block", "fn f(x):\nstream X = A\n"),
    ("event without fields", "event Ping:\nevent Pong\n"),
    (
        "assignment in condition",
        "stream X = A .where(user = \"root\" and x > 1)\n",
    ),
    ("assignment in where", "stream X = A where user = \"root\"\n"),
    (
        "assignment in if",
        "fn f(x):\n    if x = 1:\n        return 2\n    return 3 +\n",
    ),
    (
        "foreign operators",
        "stream X = A .where(!a && b || c === d and e <> f)\n",
    ),
    ("missing colon of fn", "fn f(x)\n    return x\n"),
    (
        "missing colon of if",
        "fn f(x):\n    if x > 1\n        return 2\n    return 3\n",
    ),
    ("missing colon of event", "event Login\n    user: str\n    ip: str\n"),
    ("from after equals", "stream X = from Y where a == 1\n"),
    ("semicolon", "stream X = A;\nstream Y = B;\n"),
    ("semicolon between", "stream X = A; stream Y = B -\n"),
    (
        "else if",
        "fn f(x):\n    if x:\n        return 1\n    else if y:\n        return 2\n",
    ),
    ("escape in single quotes", "stream X = A .where(s == 'don\\'t')\n"),
    ("thin arrow", "stream X = A .filter(e -> e.x > 1)\n"),
    ("smart quotes", "stream X = A .where(s == “abc”)\n"),
    ("keyword as a name", "let match = 1\n"),
    ("keyword as a field's name", "stream in = A\n"),
    ("pattern word as an event", "stream X = A -> within\n"),
    ("unclosed comment", "stream X = A\n/* never closed\n"),
    ("clause twice", "stream X = A where a == 1 as x where b == 2 as y\n"),
    ("impossible repetition", "stream X = A{3,2} -> B{0}\n"),
    (
        "bad target",
        "fn f(x):\n    f(x) = 2\n    x + 1 = 2\n    return x = 1\n",
    ),
    ("misspelt unit", "let x = 5minuts\n"),
    ("clause on an expression", "stream X = A -> B .not(x + 1 where y)\n"),
    ("misspelt statement", "steam X = A\nevnt Y\n"),
    ("no statement", "if x:\n    y\n"),
    ("prose", "This is a text.\nIt has some lines.\nNone is a statement.\n"),
    ("operators of a pattern", "pattern P = A -> B\n    .within(5m)\n"),
    (
        "several",
        "stream X = A .where(x > )\nfn f(x):\n    let = 1\n    return x +\n    return 2\nevent E:\n    a int\n    b: str\n    c: : str\n",
    ),
    (
        "broken lines of a config",
        "config:\n    a: 1\n    b: = 2\n    c: 3\n    d 4\n",
    ),
    ("items and keys", "config:\n    a:\n        - 1\n        b: 2\n"),
];

fn line_col(text: &str, at: u32) -> String {
    let before = &text[..at as usize];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    format!("{line}:{column}")
}

fn show(out: &mut String, text: &str, d: &Diagnostic) {
    let place =
        |span: varpulis::diag::Span| format!("{} `{}`", line_col(text, span.start), text[span.range()].escape_debug());
    let _ = writeln!(
        out,
        "{} {}: {}",
        line_col(text, d.primary.span.start),
        d.code,
        d.message
    );
    let _ = writeln!(out, "    at {} {}", place(d.primary.span), d.primary.text);
    for label in &d.secondary {
        let _ = writeln!(out, "    and {} {}", place(label.span), label.text);
    }
    for help in &d.help {
        let _ = writeln!(out, "    help: {help}");
    }
    if let Some(fix) = &d.fix {
        let _ = writeln!(
            out,
            "    fix: {}: {} -> `{}`",
            fix.title,
            place(fix.span),
            fix.replacement
        );
    }
}

#[test]
fn errors_are_told_well() {
    let mut out = String::new();
    for (name, text) in CASES {
        let _ = writeln!(out, "== {name}\n{}", text.trim_end().replace('\t', "→"));
        out.push_str("--\n");
        let parsed = parse(FileId(0), text);
        assert!(!parsed.diagnostics.is_empty(), "{name}: no error");
        for d in &parsed.diagnostics {
            show(&mut out, text, d);
        }
        out.push('\n');
    }
    insta::assert_snapshot!(out);
}

#[test]
fn every_code_of_the_parser_has_a_case() {
    let many = "let = 1\n".repeat(100);
    let all: Vec<Code> = CASES
        .iter()
        .map(|(_, text)| *text)
        .chain([deep().as_str(), many.as_str()])
        .flat_map(|text| parse(FileId(0), text).diagnostics)
        .map(|d| d.code)
        .collect();
    for &code in Code::ALL.iter().filter(|&&code| (code as u16) < 200) {
        assert!(all.contains(&code), "{code} has no case");
    }
}

fn deep() -> String {
    format!("let x = {}1{}\n", "(".repeat(300), ")".repeat(300))
}

#[test]
fn every_fix_mends_its_error() {
    for (name, text) in CASES {
        let before = parse(FileId(0), text).diagnostics;
        for d in &before {
            let Some(fix) = &d.fix else { continue };
            let mut mended = (*text).to_owned();
            mended.replace_range(fix.span.range(), &fix.replacement);
            let after = parse(FileId(0), &mended).diagnostics;
            assert_eq!(
                after.len() + 1,
                before.len(),
                "{name}: {} does not mend {text:?}: {after:?}",
                fix.title
            );
        }
    }
}

#[test]
fn what_is_no_program_gets_few_errors() {
    let texts = [
        "{\"a\": 1, \"b\": [1, 2]}\n".repeat(500),
        "let = 1\n".repeat(500),
        "Lorem ipsum dolor; sit amet: (consectetur.\n".repeat(500),
        "\u{1}\u{2}$$ \\ ` \" ' ) ] }\n".repeat(500),
        "<html><body class=\"x\">don't</body></html>\n".repeat(500),
    ];
    for text in texts {
        let parsed = parse(FileId(0), &text);
        assert!(
            (1..=41).contains(&parsed.diagnostics.len()),
            "{}",
            parsed.diagnostics.len()
        );
    }
}
