//! Every expression has two ways to its value: kernels over columns, and, within a lambda, value by
//! value. Both must agree, on the value and on what counts as an error.

use std::fs;
use std::process::Command;

use proptest::prelude::*;

/// Numbers: fields that hold ints, floats, mixtures, nulls, now and then text.
fn number() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        6 => prop::sample::select(vec!["i", "j", "f", "g", "m"]).prop_map(str::to_owned),
        2 => (-5..100_i64).prop_map(|i| format!("({i})")),
        1 => prop::sample::select(vec!["0.5", "1e18", "9_223_372_036_854_775_807", "0"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let op = prop::sample::select(vec!["+", "-", "*", "/", "%", "??", "&", "<<"]);
        let call = prop::sample::select(vec!["abs", "round", "floor", "sign", "int", "float", "sqrt"]);
        prop_oneof![
            4 => (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            1 => (call, inner.clone()).prop_map(|(call, a)| format!("{call}({a})")),
            1 => inner.clone().prop_map(|a| format!("(-{a})")),
            1 => (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("(if {a} < {b} then {c} else {b})")),
        ]
    })
    .boxed()
}

fn text() -> BoxedStrategy<String> {
    let leaf = prop::sample::select(vec!["s", "t", "u", "\"ab\"", "\"\"", "\"é\""]).prop_map(str::to_owned);
    leaf.prop_recursive(2, 8, 2, |inner| {
        prop_oneof![
            (prop::sample::select(vec!["upper", "trim", "str"]), inner.clone())
                .prop_map(|(call, a)| format!("{call}({a})")),
            (inner.clone(), number())
                .prop_map(|(a, n)| format!("f\"{{{}}}-{{{n}}}\"", if a.contains('"') { "s" } else { &a })),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} ?? {b})")),
            (inner, 0..3_i64).prop_map(|(a, n)| format!("substr({a}, {n}, 2)")),
        ]
    })
    .boxed()
}

fn condition() -> BoxedStrategy<String> {
    let compare = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let like = prop::sample::select(vec![
        "contains",
        "starts_with",
        "ends_with",
        "like",
        "ilike",
        "wildcard",
    ]);
    let pattern = prop::sample::select(vec!["\"a\"", "\"%b\"", "\"*b\"", "\"\"", "\"AB\""]);
    let leaf = prop_oneof![
        (number(), compare.clone(), number()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        (text(), compare, text()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        (like, text(), pattern).prop_map(|(call, a, b)| format!("{call}({a}, {b})")),
        number().prop_map(|a| format!("({a} in [1, 2.0, 50])")),
        text().prop_map(|a| format!("({a} not in [\"ab\", \"x\"])")),
        prop::sample::select(vec!["i == null", "s != null", "m is int", "m is not str"]).prop_map(|a| format!("({a})")),
    ];
    leaf.prop_recursive(2, 8, 2, |inner| {
        let op = prop::sample::select(vec!["and", "or"]);
        prop_oneof![
            (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            inner.prop_map(|a| format!("(not {a})")),
        ]
    })
    .boxed()
}

/// A record of fields that are missing, null or of this and that type.
fn record() -> impl Strategy<Value = String> {
    let int = prop_oneof!["-?[1-9][0-9]?", Just("0".to_owned()), Just("null".to_owned())];
    let float = prop_oneof!["-?[0-9]\\.[0-9]{1,3}", Just("null".to_owned())];
    let word = prop_oneof![r#""(ab|x|é|AB| a b |)""#, Just("null".to_owned())];
    let mixed = prop_oneof![int.clone(), float.clone(), word.clone(), Just("true".to_owned())];
    let numbers = (int.clone(), int, float.clone(), float, mixed);
    (numbers, word.clone(), word, any::<bool>()).prop_map(|((i, j, f, g, m), s, t, u)| {
        let u = if u { r#","u":"ab""# } else { "" };
        format!(r#"{{"type":"T","i":{i},"j":{j},"f":{f},"g":{g},"m":{m},"s":{s},"t":{t}{u}}}"#)
    })
}

/// The summary's evaluation errors of a stream: how many of each message.
fn errors(summary: &serde_json::Value, stream: &str) -> u64 {
    let all = summary["evaluation_errors"].as_array().unwrap();
    all.iter()
        .filter(|error| error["stream"] == stream)
        .map(|error| error["count"].as_u64().unwrap())
        .sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn kernels_agree_with_values(
        expressions in prop::collection::vec(prop_oneof![number(), text(), condition()], 1..6),
        records in prop::collection::vec(record(), 1..24),
    ) {
        let items = |wrap: fn(&str) -> String| {
            let items = expressions.iter().enumerate().map(|(nth, expr)| format!("x{nth}: {}", wrap(expr)));
            items.collect::<Vec<_>>().join(", ")
        };
        let program = format!(
            "stream Kernel = T .emit({})\nstream Value = T .emit({})\n",
            items(str::to_owned),
            items(|expr| format!("[0].map(ignored => {expr})[0]")),
        );
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("q.vpl"), &program).unwrap();
        fs::write(folder.path().join("log.jsonl"), records.join("\n")).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_varpulis"))
            .current_dir(folder.path())
            .args(["run", "q.vpl", "--input", "log.jsonl", "--summary", "json:summary.json"])
            .output()
            .unwrap();
        // An expression may be refused at compile time; then there is nothing to compare.
        if output.status.code() == Some(2) {
            return Ok(());
        }
        prop_assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let rows = String::from_utf8(output.stdout).unwrap();
        let of = |stream: &str| -> Vec<String> {
            let head = format!("{{\"stream\":\"{stream}\",");
            rows.lines().filter_map(|row| row.strip_prefix(&head)).map(str::to_owned).collect()
        };
        prop_assert_eq!(of("Kernel").len(), records.len());
        prop_assert_eq!(of("Kernel"), of("Value"), "{}{}", program, records.join("\n"));
        let summary = fs::read_to_string(folder.path().join("summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        let (kernel, value) = (errors(&summary, "Kernel"), errors(&summary, "Value"));
        prop_assert_eq!(kernel, value, "{}{}", program, records.join("\n"));
    }
}
