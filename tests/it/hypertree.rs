//! The index over filters changes nothing: random packs of rules over random events give the same rows and
//! the same evaluation errors with it and without it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;
use varpulis::diag::SourceMap;
use varpulis::plan;
use varpulis::read::{Input, InputSpec, ReadOptions};
use varpulis::replay::{self, Observer, Order, Report, RunOptions};
use varpulis::resolve;

struct Quiet;

impl Observer for Quiet {
    fn progress(&self, _: u64, _: u64, _: u64) {}

    fn say(&self, _: &str) {}

    fn interrupted(&self) -> bool {
        false
    }
}

/// Values of the event's text field: cases, repetitions, letters with odd variants.
const TEXTS: [&str; 14] = [
    "",
    "cmd.exe",
    "CMD.EXE",
    "powershell -enc AAAA",
    "PowerShell -Enc bbbb",
    "ta\u{17F}\u{212A}s",
    "tasks",
    "schtasks /create",
    "a%b_c",
    "C:\\Temp\\x.exe",
    "C:\\Windows\\System32\\cmd.exe",
    "naïve café",
    "10.1.2.3",
    "abcabcabc",
];

/// Parts of conditions in which `F` is a field that mostly holds text.
const OF_TEXT: [&str; 26] = [
    r#"F == "cmd.exe""#,
    r#"F == "tasks""#,
    r#"F != "cmd.exe""#,
    r#"F in ["cmd.exe", "tasks", "abcabcabc"]"#,
    r#"F not in ["", "a%b_c"]"#,
    r#"contains(F, "enc")"#,
    r#"contains(F, "abc")"#,
    r#"contains(F, "")"#,
    r#"starts_with(F, "C:\\Temp")"#,
    r#"starts_with(F, "power")"#,
    r#"ends_with(F, ".exe")"#,
    r#"ends_with(F, "s")"#,
    r#"like(F, "%tasks%")"#,
    r#"like(F, "C:%.exe")"#,
    r#"like(F, "a\\%b\\_c")"#,
    r#"ilike(F, "%TASKS%")"#,
    r#"ilike(F, "power%enc%")"#,
    r#"wildcard(F, "*.exe")"#,
    r#"wildcard(F, "*T?mp*")"#,
    r#"regex_match(F, "-enc\\s+[A-Z]{2}")"#,
    r#"regex_match(F, "(?i)CMD\\.exe|schTASKS")"#,
    r#"regex_match(F, "^[a-c]+$")"#,
    r#"lower(F) == "cmd.exe""#,
    r#"contains(lower(F), "tasks")"#,
    r#"ends_with(upper(F), "EXE")"#,
    r#"cidr_match(F, "10.0.0.0/8", "192.168.1.0/24")"#,
];

/// The same of a field that mostly holds numbers.
const OF_NUMBER: [&str; 16] = [
    "F == 3",
    "F == 2.5",
    "F != 3",
    "F in [1, 2.5, 7]",
    "F in 2..5",
    "F in 2..=5",
    "F > 3",
    "F >= 2.5",
    "F < 0",
    "F <= 2",
    "2 < F",
    "1 < F < 6",
    "F is null",
    "is_not_null(F)",
    "F * 2 > 5",
    "F + 1 == 4",
];

const OF_BOOL: [&str; 4] = ["F", "F == true", "F != true", "not F"];

/// The field of declared type, or that of any type, which holds values of all types.
fn atom() -> impl Strategy<Value = String> {
    let of = |atoms: &'static [&'static str], field: &'static str| {
        (select(atoms), prop_oneof![3 => Just(field), 1 => Just("u")])
            .prop_map(|(atom, field)| atom.replace('F', field))
    };
    prop_oneof![
        6 => of(&OF_TEXT, "t"),
        3 => of(&OF_NUMBER, "n"),
        1 => of(&OF_BOOL, "b"),
        1 => Just("len(t) > 4".to_owned()),
        1 => Just("true".to_owned()),
        1 => Just(r#"_source == "nowhere""#.to_owned()),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    atom().prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" and "))),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" or "))),
            1 => inner.prop_map(|part| format!("not ({part})")),
        ]
    })
}

/// A rule: whose rows it reads, its first condition if it is one that many rules share, and its own.
fn rule() -> impl Strategy<Value = (usize, Option<usize>, String)> {
    (0_usize..4, prop::option::weighted(0.4, 0_usize..2), condition())
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&TEXTS[..]).prop_map(|text| serde_json::to_string(text).unwrap()),
        3 => (-2_i64..9).prop_map(|n| n.to_string()),
        1 => select(&["2.5", "-0.0", "3.0", "1e300", "9007199254740993"][..]).prop_map(str::to_owned),
        1 => any::<bool>().prop_map(|b| b.to_string()),
        1 => select(&["null", "[\"abc\"]", "{\"a\": 1}"][..]).prop_map(str::to_owned),
    ]
}

/// An event: of the declared type or of another, its text, number and bool if it has them, and any value.
type Event = (bool, Option<usize>, Option<i64>, Option<bool>, Option<String>);

fn event() -> impl Strategy<Value = Event> {
    (
        any::<bool>(),
        prop::option::weighted(0.9, 0..TEXTS.len()),
        prop::option::weighted(0.9, -4_i64..18),
        prop::option::of(any::<bool>()),
        prop::option::weighted(0.8, value()),
    )
}

fn line((at, (declared, t, n, b, u)): (usize, &Event)) -> String {
    let mut out = format!(
        "{{\"type\":\"{}\",\"id\":{at}",
        if *declared { "Process" } else { "Other" }
    );
    if let Some(t) = t {
        let _ = write!(out, ",\"t\":{}", serde_json::to_string(TEXTS[*t]).unwrap());
    }
    if let Some(n) = n {
        let _ = write!(out, ",\"n\":{}", *n as f64 / 2.0);
    }
    if let Some(b) = b {
        let _ = write!(out, ",\"b\":{b}");
    }
    if let Some(u) = u {
        let _ = write!(out, ",\"u\":{u}");
    }
    out + "}\n"
}

const HEAD: &str = "event Process:\n    id: int\n    t: str?\n    n: float?\n    b: bool?\n    u: any\n\n\
    stream Made = Process.where(id >= 0).select(id: id, t: t, n: n, b: b, u: u)\n";

fn program(rules: &[(usize, Option<usize>, String)]) -> String {
    let shared = [r#"contains(t, "e")"#, "n > 1"];
    let mut text = HEAD.to_owned();
    for (at, (source, first, own)) in rules.iter().enumerate() {
        let source = ["Process", "Other", "any", "Made"][*source];
        let first = first.map_or(String::new(), |first| format!(".where({})", shared[first]));
        let _ = writeln!(text, "stream R{at} = {source}{first}.where({own}).emit(id: id)");
    }
    text
}

/// The rows, and what the run reports.
fn run(folder: &Path, program: &str, index: bool, (threads, morsel_bytes): (usize, usize)) -> (String, Report) {
    let rows = folder.join("rows.jsonl");
    let mut sources = SourceMap::default();
    let main = sources.add(Path::new("rules.vpl"), program.to_owned());
    let resolved = resolve::compile(
        &mut sources,
        main,
        &resolve::Options {
            lenient: true,
            ..Default::default()
        },
    );
    let query = resolved
        .query
        .unwrap_or_else(|| panic!("{program}\n{:?}", resolved.diagnostics));
    let max_record_bytes = 1 << 20;
    let options = plan::Options {
        max_record_bytes,
        index,
        ..plan::Options::default()
    };
    let plan = plan::plan(query, &options).unwrap();
    let reading = ReadOptions {
        morsel_bytes,
        max_record_bytes,
        mmap: false,
    };
    let spec = InputSpec {
        path: folder.join("log.jsonl"),
        ..InputSpec::default()
    };
    let open = || Input::open(&spec, 0, &reading).unwrap();
    let options = RunOptions {
        output: rows.clone(),
        order: Order::Input,
        ..RunOptions::default()
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let report = pool
        .install(|| replay::run(&plan, &mut [open()], &|_| Some(open()), &options, &Quiet))
        .unwrap();
    (fs::read_to_string(rows).unwrap(), report)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(40)
    ))]

    #[test]
    fn the_index_changes_nothing(
        rules in prop::collection::vec(rule(), 16..60),
        events in prop::collection::vec(event(), 1..80),
        how in select(&[(1, 1 << 20), (2, 600), (1, 64)][..]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let text: String = events.iter().enumerate().map(line).collect();
        fs::write(folder.path().join("log.jsonl"), &text).unwrap();
        let program = program(&rules);
        let (without, plain) = run(folder.path(), &program, false, (1, 1 << 20));
        let (with, found) = run(folder.path(), &program, true, how);
        prop_assert_eq!(&with, &without, "{}\n{}", program, text);
        prop_assert_eq!(
            format!("{:#?}", (&found.errors, found.bad.total())),
            format!("{:#?}", (&plain.errors, plain.bad.total())),
            "{}\n{}", program, text
        );
        prop_assert_eq!(plain.index.filters, 0);
        prop_assert!(found.index.looked <= found.index.pairs);
    }
}
