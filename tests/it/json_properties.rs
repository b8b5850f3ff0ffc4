//! The reader of JSON lines against a plain twin: serde_json into values, of duplicate keys the first.

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use varpulis::data::{Key, MapValue, Value};
use varpulis::read::DecodePlan;

use crate::json::{decode, path, plan, rows};

/// A value as the twin reads it.
struct Twin(Value);

impl<'de> Deserialize<'de> for Twin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TwinVisitor).map(Self)
    }
}

struct TwinVisitor;

impl<'de> Visitor<'de> for TwinVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E>(self, i: i64) -> Result<Value, E> {
        Ok(Value::Int(i))
    }

    fn visit_u64<E>(self, u: u64) -> Result<Value, E> {
        Ok(i64::try_from(u).map_or(Value::Float(u as f64), Value::Int))
    }

    fn visit_f64<E>(self, f: f64) -> Result<Value, E> {
        Ok(Value::Float(f))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::str(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Twin(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::list(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = MapValue::default();
        while let Some((key, Twin(value))) = map.next_entry::<String, Twin>()? {
            entries.entry(Key(Value::str(&key))).or_insert(value);
        }
        Ok(Value::map(entries))
    }
}

/// What the twin makes of a line: none if it is no JSON object.
fn twin(line: &str) -> Option<Value> {
    let Twin(value) = serde_json::from_str(line).ok()?;
    matches!(value, Value::Map(_)).then_some(value)
}

const PATHS: &[&str] = &["a", "b", "a.b", "a.b.c", "a[0]", "a[-1].b", "c.a[1]", "b.a.b.c", "d"];

fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(""), 1 => Just(" "), 1 => Just("\t "), 1 => Just("  ")]
}

/// A string literal, with escapes here and there.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-z0-9 ,:{}\\[\\]]{0,9}",
        1 => Just("\\\"".to_owned()),
        1 => Just("\\\\".to_owned()),
        1 => Just("\\n".to_owned()),
        1 => Just("\\/".to_owned()),
        1 => Just("\\u0061".to_owned()),
        1 => Just("\\ud83d\\ude00".to_owned()),
        1 => Just("é😀".to_owned()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|i| i.to_string()),
        (-1000..1000_i64).prop_map(|i| i.to_string()),
        any::<u64>().prop_map(|u| u.to_string()),
        "-?[1-9][0-9]{0,4}\\.[0-9]{1,12}",
        "-?[1-9]\\.[0-9]{1,18}[eE][+-]?[0-9]{1,2}",
        Just("12345678901234567890123".to_owned()),
    ]
}

fn key() -> impl Strategy<Value = String> {
    let keys = [
        "a",
        "b",
        "c",
        "d",
        "a.b",
        "a.b.c",
        "a.b[0]",
        "\\u0061",
        "long_key_that_nobody_reads",
    ];
    prop::sample::select(keys.to_vec()).prop_map(|key| format!("\"{key}\""))
}

/// The members of an object, or the items of an array, with blanks where they may be.
fn joined(open: char, items: Vec<String>, blank: &str, close: char) -> String {
    format!("{open}{blank}{}{blank}{close}", items.join(&format!("{blank},{blank}")))
}

fn object(value: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = String> {
    let member = (key(), blank(), value).prop_map(|(key, blank, value)| format!("{key}{blank}:{blank}{value}"));
    (prop::collection::vec(member, 0..6), blank()).prop_map(|(members, blank)| joined('{', members, blank, '}'))
}

fn value() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        3 => text(),
        3 => number(),
        1 => prop::sample::select(vec!["null", "true", "false"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let items = (prop::collection::vec(inner.clone(), 0..4), blank());
        prop_oneof![
            object(inner),
            items.prop_map(|(items, blank)| joined('[', items, blank, ']')),
        ]
    })
    .boxed()
}

/// Several lines, so that what is remembered of one is used for the next; some come twice.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = object(value());
    (prop::collection::vec(line, 1..6), any::<bool>()).prop_map(|(mut lines, again)| {
        if again {
            lines.extend(lines.clone());
        }
        lines
    })
}

/// What the reader finds on all paths, line by line.
fn found(plan: DecodePlan, text: &str) -> Vec<Vec<Value>> {
    let decoded = decode(plan, text);
    assert_eq!(decoded.bad, [], "{text}");
    let rows = rows(&decoded, PATHS.len());
    for (_, batch) in &decoded.batches {
        assert_eq!(batch.take_bad(), [], "{text}");
    }
    rows
}

fn expected(lines: &[String]) -> Vec<Vec<Value>> {
    let find = |line: &String| {
        let record = twin(line).expect("made to be valid");
        PATHS.iter().map(|name| path(name).find(&record)).collect()
    };
    lines.iter().map(find).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn values_are_those_of_the_twin(lines in lines()) {
        let text = lines.join("\n") + "\n";
        prop_assert_eq!(found(plan(PATHS), &text), expected(&lines), "{}", text);
    }

    /// Fields wanted at once (by a first filter) and later are found alike.
    #[test]
    fn it_does_not_matter_when_a_field_is_looked_for(lines in lines(), first in 0..PATHS.len()) {
        let mut eager = plan(PATHS);
        eager.types[0].fields[first].first = true;
        let text = lines.join("\n");
        prop_assert_eq!(found(eager, &text), found(plan(PATHS), &text), "{}", text);
    }

    /// With every record checked in full, exactly the lines are bad that the twin does not read.
    #[test]
    fn the_verdict_on_broken_lines_is_that_of_the_twin(
        line in object(value()),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(b"\"{}[]:,\\x0 -.e\t1u".to_vec()),
        insert in any::<bool>(),
    ) {
        let mut bytes = line.into_bytes();
        let at = at.index(bytes.len());
        if insert { bytes.insert(at, byte) } else { bytes[at] = byte }
        // What is no UTF-8 is another test's.
        let Ok(line) = String::from_utf8(bytes) else { return Ok(()) };
        // A number beyond all floats is JSON; only the twin refuses it.
        let refused = serde_json::from_str::<Twin>(&line).err();
        if refused.is_some_and(|error| error.to_string().contains("number out of range")) {
            return Ok(());
        }
        let checked = DecodePlan { check_all: true, ..plan(PATHS) };
        let decoded = decode(checked, &line);
        let bad = !decoded.bad.is_empty();
        prop_assert_eq!(bad, twin(&line).is_none(), "{}: {:?}", line, decoded.bad);
        if !bad && !line.trim().is_empty() {
            prop_assert_eq!(rows(&decoded, PATHS.len()), expected(std::slice::from_ref(&line)), "{}", line);
        }
    }

    /// Lines that a prefilter rejects hold no record in which the literal is a value.
    #[test]
    fn a_prefilter_loses_nothing(lines in lines(), wanted in prop::sample::select(vec!["a", "ab1", "x 1", "é😀"])) {
        let text = lines.join("\n");
        let filtered = DecodePlan { prefilter: Some(vec![format!("\"{wanted}\"").into_bytes()]), ..plan(PATHS) };
        let hits = |plan: DecodePlan| -> Vec<Vec<Value>> {
            let of = |row: &Vec<Value>| row.contains(&Value::str(wanted));
            found(plan, &text).into_iter().filter(of).collect()
        };
        prop_assert_eq!(hits(filtered.clone()), hits(plan(PATHS)));
        let (with, without) = (decode(filtered, &text), decode(plan(PATHS), &text));
        prop_assert_eq!((with.records, with.lines), (without.records, without.lines));
    }
}
