//! What the README and the manual page show is true: their programs compile, their commands are run,
//! and the output they print is the output.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use varpulis::ir::{AggFunction, Builtin};

/// A piece of a document that is shown as typed.
struct Block {
    /// What it is: `vpl`, `input`, `output`, `refused VPL0401`, `console` ...
    kind: String,
    text: String,
    /// Where it begins, for messages.
    line: usize,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn varpulis(place: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_varpulis"))
        .current_dir(place)
        .args(args)
        .output()
        .expect("the binary starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

// The manual page. A comment line before each example says what it is:
//   .\" vpl              a program that compiles; with `input` and `output` after it, also run
//   .\" input [args]     one JSON record a line, and arguments of the run
//   .\" file NAME        directly before a program: a file that it reads
//   .\" output           the rows
//   .\" refused VPL0401  a program that is refused with this code
//   .\" traces           small logs, patterns over them, and what each strategy reports
//   .\" text             neither

#[test]
fn the_examples_of_the_manual_page_are_true() {
    let page = fs::read_to_string(root().join("man/varpulisql.7")).expect("the page");
    let blocks = roff_blocks(&page);
    let failures: Vec<String> = (0..blocks.len())
        .filter_map(|at| example_verdict(&blocks, at).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let run = blocks.iter().filter(|block| block.kind == "output").count();
    assert!(run >= 55, "only {run} examples are run");
}

fn example_verdict(blocks: &[Block], at: usize) -> Result<(), String> {
    let block = &blocks[at];
    if let Some(code) = block.kind.strip_prefix("refused ") {
        return check(block, Some(code));
    }
    match block.kind.as_str() {
        "vpl" => check(block, None),
        "output" => run_example(&blocks[..=at]),
        _ => Ok(()),
    }
}

fn check(block: &Block, code: Option<&str>) -> Result<(), String> {
    let place = tempfile::tempdir().expect("a temporary folder");
    fs::write(place.path().join("query.vpl"), &block.text).expect("writable");
    let output = varpulis(place.path(), &["check", "query.vpl", "--message-format", "short"]);
    let said = text(&output.stdout) + &text(&output.stderr);
    let as_expected = match code {
        None => output.status.success(),
        Some(code) => output.status.code() == Some(2) && said.contains(code),
    };
    if as_expected {
        return Ok(());
    }
    Err(format!(
        "line {}: `check` says otherwise\n{}{said}",
        block.line, block.text
    ))
}

/// Runs the last example of some blocks.
fn run_example(blocks: &[Block]) -> Result<(), String> {
    let [before @ .., program, input, expected] = blocks else {
        panic!("rows of no program");
    };
    assert!(
        program.kind == "vpl" && input.kind.starts_with("input"),
        "line {}",
        expected.line
    );
    let place = tempfile::tempdir().expect("a temporary folder");
    let files = before.iter().rev().map_while(|block| {
        let name = block.kind.strip_prefix("file ")?;
        Some((name, &block.text))
    });
    for (name, text) in files {
        fs::write(place.path().join(name), text).expect("writable");
    }
    fs::write(place.path().join("query.vpl"), &program.text).expect("writable");
    fs::write(place.path().join("input.jsonl"), &input.text).expect("writable");
    let mut args = vec!["run", "query.vpl", "--input", "input.jsonl"];
    args.extend(input.kind.split_whitespace().skip(1));
    let output = varpulis(place.path(), &args);
    let actual = text(&output.stdout);
    if actual == expected.text {
        return Ok(());
    }
    Err(format!(
        "line {}: the rows are\n{actual}not\n{}{}",
        expected.line,
        expected.text,
        text(&output.stderr)
    ))
}

/// The `.EX`/`.EE` blocks of a page, each with the comment before it.
fn roff_blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut kind = None;
    let mut open: Option<Block> = None;
    for (at, line) in page.lines().enumerate() {
        match line {
            ".EX" => {
                let kind = kind
                    .take()
                    .unwrap_or_else(|| panic!("line {}: what is this example?", at + 1));
                open = Some(Block {
                    kind,
                    text: String::new(),
                    line: at + 1,
                });
            }
            ".EE" => blocks.extend(open.take()),
            _ => match (&mut open, line.strip_prefix(".\\\" ")) {
                (Some(block), _) => block.text += &(unescaped(line) + "\n"),
                (None, Some(comment)) => kind = Some(comment.to_owned()),
                (None, None) => {}
            },
        }
    }
    blocks
}

/// A line as the page shows it.
fn unescaped(line: &str) -> String {
    let escapes = [
        ("\\&", ""),
        ("\\-", "-"),
        ("\\(aq", "'"),
        ("\\(ga", "`"),
        ("\\(ha", "^"),
        ("\\(ti", "~"),
        ("\\('e", "é"),
        ("\\('E", "É"),
        ("\\e", "\\"),
    ];
    escapes
        .iter()
        .fold(line.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

#[test]
fn the_table_of_strategies_is_true() {
    let page = fs::read_to_string(root().join("man/varpulisql.7")).expect("the page");
    let blocks = roff_blocks(&page);
    let table = blocks.iter().find(|block| block.kind == "traces").expect("the table");
    let (mut pattern, mut trace, mut cells) = ("", "", 0);
    let mut failures = Vec::new();
    for line in table.text.lines().filter(|line| !line.is_empty()) {
        if let Some((_, text)) = line.split_once(": ") {
            pattern = text;
        } else if let Some(text) = line.trim_start().strip_prefix("on ") {
            trace = text;
        } else {
            let (way, shown) = line.trim().split_once("  ").expect("a way and what it reports");
            let found = reported(pattern, trace, way);
            let listed = found.join(" ");
            let as_shown = match shown.trim() {
                "." => found.is_empty(),
                shown if shown.ends_with(" rows") => shown == format!("{} rows", found.len()),
                shown => shown == listed,
            };
            if !as_shown {
                failures.push(format!("{pattern} on {trace}, {way}: {listed}"));
            }
            cells += 1;
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(cells, 48);
}

/// The matches of a pattern under a strategy: the numbers of their events.
fn reported(pattern: &str, trace: &str, way: &str) -> Vec<String> {
    let (steps, bound) = pattern.split_once(" .").unwrap_or((pattern, ""));
    let bound = if bound.is_empty() {
        String::new()
    } else {
        format!(".{bound}")
    };
    let (steps, modifier) = match way {
        "-> each" => {
            let (before, last) = steps.rsplit_once("-> ").expect("two steps");
            (format!("{before}-> each {last}"), String::new())
        }
        _ if way.starts_with("skip") => (steps.to_owned(), format!(".after_match(\"{way}\")")),
        _ if way.starts_with('.') => (steps.to_owned(), way.to_owned()),
        _ => (steps.to_owned(), String::new()),
    };
    let event = |(at, word): (usize, &str)| {
        let (kind, v) = word.split_at(1);
        let v = if v.is_empty() {
            String::new()
        } else {
            format!(", v: {v}")
        };
        format!("@{at}s {kind} {{ n: {at}{v} }}\n")
    };
    let events: String = (1..).zip(trace.split(' ')).map(event).collect();
    let place = tempfile::tempdir().expect("a temporary folder");
    let program = format!("stream S = {steps} {bound}{modifier}\n");
    fs::write(place.path().join("query.vpl"), program).expect("writable");
    fs::write(place.path().join("trace.evt"), events).expect("writable");
    let mut args = vec!["run", "query.vpl", "--input", "trace.evt"];
    if way.starts_with("--") {
        args.extend(way.split(' '));
    }
    let output = varpulis(place.path(), &args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(numbers).collect()
}

/// The numbers of a match's events, in the order of their names, which is that of the steps here.
fn numbers(row: &str) -> String {
    let row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(row).expect("a row");
    let events = row
        .iter()
        .filter(|(name, _)| !["stream", "ts"].contains(&name.as_str()));
    let shown = events.map(|(_, value)| match value.as_array() {
        Some(list) => {
            let list: Vec<String> = list.iter().map(|event| event["n"].to_string()).collect();
            format!("[{}]", list.join(" "))
        }
        None => value["n"].to_string(),
    });
    shown.collect::<Vec<_>>().join(",")
}

#[test]
fn the_manual_page_names_every_function() {
    let page = fs::read_to_string(root().join("man/varpulisql.7")).expect("the page");
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let without_fonts = page.replace("\\fB", "").replace("\\fI", "").replace("\\fR", "");
    let page = plain(&unescaped(&without_fonts));
    let functions = Builtin::ALL
        .iter()
        .map(|function| (function.name(), function.usage(), function.doc()));
    let aggregates = AggFunction::ALL
        .iter()
        .map(|function| (function.name(), function.usage(), function.doc()));
    let missing: Vec<&str> = functions
        .chain(aggregates)
        .filter(|(_, usage, doc)| {
            let entry = format!("{usage} {}", doc.replace('`', ""));
            !page.contains(&plain(&entry))
        })
        .map(|(name, ..)| name)
        .collect();
    assert!(
        missing.is_empty(),
        "not in the page, or not as in the catalogue: {missing:?}"
    );
}

// The README. Fenced blocks: "```vpl NAME" is a file; "```console" holds commands after `$ ` and what
// they print: `cat FILE`, and `varpulis ...`, which may end in `| head -N`. Rows are compared for
// `run`, everything that is said for the other commands.

#[test]
fn the_commands_of_the_readme_print_what_it_shows() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let blocks = fenced_blocks(&readme);
    let place = tempfile::tempdir().expect("a temporary folder");
    copy_tree(&root().join("testdata/logs"), &place.path().join("testdata/logs"));
    for block in &blocks {
        if let Some(name) = block.kind.strip_prefix("vpl ") {
            fs::write(place.path().join(name), &block.text).expect("writable");
        }
    }
    let consoles = blocks.iter().filter(|block| block.kind == "console");
    let failures: Vec<String> = consoles
        .flat_map(commands)
        .filter_map(|c| c.verdict(place.path()).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// A command and what is shown below it.
struct Shown {
    command: String,
    output: String,
    line: usize,
}

fn commands(block: &Block) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    for (at, line) in block.text.lines().enumerate() {
        match (line.strip_prefix("$ "), shown.last_mut()) {
            (Some(command), _) => shown.push(Shown {
                command: command.to_owned(),
                output: String::new(),
                line: block.line + at + 1,
            }),
            (None, Some(last)) => last.output += &format!("{line}\n"),
            (None, None) => panic!("line {}: output of no command", block.line + at + 1),
        }
    }
    shown
}

impl Shown {
    fn verdict(&self, place: &Path) -> Result<(), String> {
        let (command, head) = match self.command.split_once(" | head -") {
            Some((command, n)) => (command, n.parse().expect("a number")),
            None => (self.command.as_str(), usize::MAX),
        };
        let words: Vec<&str> = command.split_whitespace().collect();
        let printed = match words[..] {
            ["cat", file] => fs::read_to_string(place.join(file)).expect("the file"),
            ["varpulis", "run", ..] => text(&varpulis(place, &words[1..]).stdout),
            ["varpulis", ..] => {
                let output = varpulis(place, &words[1..]);
                text(&output.stdout) + &text(&output.stderr)
            }
            _ => return Ok(()),
        };
        let printed: String = printed.split_inclusive('\n').take(head).collect();
        if printed == self.output {
            return Ok(());
        }
        Err(format!(
            "README line {}: `{}` prints\n{printed}",
            self.line, self.command
        ))
    }
}

fn fenced_blocks(document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in document.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => {
                open = Some(Block {
                    kind: kind.to_owned(),
                    text: String::new(),
                    line: at + 1,
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    blocks
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("writable");
    for entry in fs::read_dir(from).expect("readable") {
        let path = entry.expect("readable").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            fs::copy(&path, &target).expect("writable");
        }
    }
}
