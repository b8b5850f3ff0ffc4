//! Cases from the grammar of RFC 8259: what a reader must accept, what it must refuse.

use varpulis::data::Value;
use varpulis::read::DecodePlan;

use crate::json::{decode, plan, rows};

/// The value of member `a` of a line that is checked in full; none if the line is bad.
fn read(line: &[u8]) -> Option<Value> {
    let checked = DecodePlan {
        check_all: true,
        ..plan(&["a"])
    };
    let decoded = decode(checked, line);
    assert_eq!(decoded.records, 1, "{}", String::from_utf8_lossy(line));
    if !decoded.bad.is_empty() {
        return None;
    }
    let values = rows(&decoded, 1);
    let late = decoded.batches.iter().any(|(_, batch)| !batch.take_bad().is_empty());
    (!late).then(|| values[0][0].clone())
}

fn value(text: &str) -> Option<Value> {
    read(format!("{{\"a\":{text}}}").as_bytes())
}

#[test]
fn what_must_be_accepted() {
    let list = |items: Vec<Value>| Value::list(items);
    for (text, expected) in [
        ("0", Value::Int(0)),
        ("-0", Value::Int(0)),
        ("-1", Value::Int(-1)),
        ("9223372036854775807", Value::Int(i64::MAX)),
        ("-9223372036854775808", Value::Int(i64::MIN)),
        ("9223372036854775808", Value::Float(9_223_372_036_854_775_808.0)),
        ("0.0", Value::Float(0.0)),
        ("1.5", Value::Float(1.5)),
        ("1E22", Value::Float(1e22)),
        ("1e-2", Value::Float(0.01)),
        ("1E+2", Value::Float(100.0)),
        ("123e65", Value::Float(1.23e67)),
        ("0e+1", Value::Float(0.0)),
        ("1e-400", Value::Float(0.0)),
        ("-1e-10000", Value::Float(-0.0)),
        ("2.2250738585072014e-308", Value::Float(f64::MIN_POSITIVE)),
        ("1.7976931348623157e308", Value::Float(f64::MAX)),
        ("5e-324", Value::Float(5e-324)),
        ("true", Value::Bool(true)),
        ("false", Value::Bool(false)),
        ("null", Value::Null),
        ("\"\"", Value::str("")),
        (r#""\"\\\/\b\f\n\r\t""#, Value::str("\"\\/\u{8}\u{c}\n\r\t")),
        (r#""\u0060\u012a\u12AB""#, Value::str("\u{60}\u{12a}\u{12ab}")),
        (r#""\uD801\udc37""#, Value::str("\u{10437}")),
        (r#""\ud83d\ude39\ud83d\udc8d""#, Value::str("\u{1f639}\u{1f48d}")),
        (r#""\u0000""#, Value::str("\0")),
        (
            "\"\u{2028}\u{2029}\u{7f}\u{10ffff}\"",
            Value::str("\u{2028}\u{2029}\u{7f}\u{10ffff}"),
        ),
        (r#""a/*b*/c/*d//e""#, Value::str("a/*b*/c/*d//e")),
        (r#""{\"a\":1}""#, Value::str("{\"a\":1}")),
        ("[]", list(vec![])),
        (
            "[1,null,\"x\"]",
            list(vec![Value::Int(1), Value::Null, Value::str("x")]),
        ),
        ("[[[]]]", list(vec![list(vec![list(vec![])])])),
        ("{}", Value::map([])),
    ] {
        assert_eq!(value(text), Some(expected), "{text}");
    }
    assert_eq!(read(b"\t{ \"a\" :\t1 , \"b\" : [ ] }  "), Some(Value::Int(1)));
    assert_eq!(
        read(b"{\"\":0,\"a\":1,\"a\":2}"),
        Some(Value::Int(1)),
        "of duplicate keys the first wins"
    );
    assert_eq!(read(b"{\"\\u0061\":1}"), Some(Value::Int(1)), "keys may have escapes");
    assert_eq!(read(b"{}"), Some(Value::Null));
}

#[test]
fn what_must_be_refused() {
    for text in [
        "",
        "-",
        "+1",
        ".5",
        "1.",
        "-.1",
        "01",
        "-01",
        "0x1",
        "1e",
        "1e+",
        "1eE2",
        "0.3e+",
        "1 2",
        "1.2.3",
        "--1",
        "NaN",
        "Infinity",
        "-Infinity",
        "inf",
        "nul",
        "nulll",
        "True",
        "fals",
        "tru e",
        "undefined",
        "'x'",
        "\"x",
        "x\"",
        "\"\\x\"",
        "\"\\\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\U0041\"",
        "\"\t\"",
        "\"\u{0}\"",
        "\"\u{1f}\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800x\"",
        "[",
        "]",
        "[1",
        "1]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,,2]",
        "[\"a\":1]",
        "{",
        "{\"b\"}",
        "{\"b\":}",
        "{b:1}",
        "{\"b\":1,}",
        "{,}",
        "{\"b\":1 \"c\":2}",
        "{1:1}",
        "[}",
        "{]",
        "/**/1",
        "1//",
        "\u{feff}1",
        "\u{a0}1",
        "\u{c}1",
    ] {
        assert_eq!(value(text), None, "{text}");
    }
    for line in [
        &b"{"[..],
        b"}",
        b"{}}",
        b"{}{}",
        b"{} {}",
        b"{},",
        b"{}x",
        b"[]",
        b"1",
        b"\"a\"",
        b"null",
        b"{\"a\":1}#",
        b"{\"a\"",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\xc0\x80\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"{\"a\":\xe5}",
        b"{\"\xff\":1}",
        b"{'a':1}",
        b"{a:1}",
    ] {
        assert_eq!(read(line), None, "{}", String::from_utf8_lossy(line));
    }
}
