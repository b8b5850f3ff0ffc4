//! The times of JSON lines, and nothing else.
//!
//! Lines of one log mostly begin alike up to their time, or at least have it at the top level before
//! anything nested; then the time is read where its key stands and the rest of the line is skipped.
//! All other lines go through the walk that decoding does.
//!
//! Sound for well-formed records: before the key there is no bracket and no backslash, so the quotes
//! there alternate, the key is one of the object's own, and as it reads; of equal keys the first
//! counts; and keys that are preferred, to the records of some type, do not occur in the line at all.

use std::sync::Arc;

use memchr::memmem::Finder;
use memchr::{memchr, memchr3};

use super::compiled::{Compiled, time_paths};
use super::prefilter::is_blank;
use super::scratch;
use super::shared::Shared;
use crate::data::{Path, PathSeg};
use crate::read::framing::content;
use crate::read::time::TimeReader;
use crate::read::{DecodePlan, InputInfo, Look, MorselText};

/// So many lines may be unusual, and one in [`UNUSUAL`] of all, before the rest is walked through.
const SOME: u64 = 64;
/// See [`SOME`].
const UNUSUAL: u64 = 8;

/// Looks through a morsel of JSON lines.
pub(in crate::read) fn look(text: MorselText, plan: &Arc<DecodePlan>, input: InputInfo, exact: bool) -> Look {
    let shared = Shared::new(text, input, scratch::compiled(plan));
    let mut look = Look::default();
    let from = shared.first_byte();
    let quick = if exact { None } else { Quick::new(&shared) };
    let done = quick.map_or(from, |quick| quick.run(&shared, from, &mut look));
    walk(&shared, done..shared.bytes().len(), &mut look);
    look
}

/// The lines in this range as decoding finds them.
fn walk(shared: &Shared, range: std::ops::Range<usize>, look: &mut Look) {
    let lines = shared.each_time(range, |_, time| look.add(time));
    look.lines += lines;
}

/// Reads the times of usual lines.
struct Quick<'m> {
    text: &'m [u8],
    max_bytes: usize,
    /// The keys under which the time may stand.
    keys: Vec<Key<'m>>,
    /// The key of the last line's time.
    at: usize,
    /// Where the last line's time began behind what is called its head here: all up to the time.
    head: std::ops::Range<usize>,
    /// How many bytes the last time that was text had.
    width: usize,
    backslash: Next<'m>,
    times: TimeReader,
}

/// A key of the time, or one that is preferred to it.
struct Key<'m> {
    finder: Finder<'static>,
    len: usize,
    /// The time may stand there whatever the record's type, where none of these keys occurs.
    preferred: Option<Vec<usize>>,
    next: Next<'m>,
}

/// Where something next occurs, looked for once for each occurrence.
struct Next<'m> {
    text: &'m [u8],
    from: usize,
    at: usize,
}

impl<'m> Next<'m> {
    fn new(text: &'m [u8]) -> Self {
        Self { text, from: 1, at: 0 }
    }

    /// Whether nothing is found in a line; the lines are asked about in order.
    fn is_absent(&mut self, start: usize, end: usize, find: impl Fn(&[u8]) -> Option<usize>) -> bool {
        if start < self.from || start > self.at {
            self.from = start;
            self.at = find(&self.text[start..]).map_or(usize::MAX, |found| start + found);
        }
        self.at >= end
    }
}

impl<'m> Quick<'m> {
    /// None where no time can be told from the line's beginning.
    fn new(shared: &'m Shared) -> Option<Self> {
        let text = shared.bytes();
        let keys: Vec<Key<'m>> = keys(shared)?
            .into_iter()
            .map(|(name, preferred)| Key {
                len: name.len() + 2,
                finder: Finder::new(&format!("\"{name}\"")).into_owned(),
                preferred,
                next: Next::new(text),
            })
            .collect();
        let at = keys.iter().position(|key| key.preferred.is_some())?;
        Some(Self {
            text,
            max_bytes: shared.compiled.plan.max_record_bytes,
            keys,
            at,
            head: 0..0,
            width: 0,
            backslash: Next::new(text),
            times: TimeReader::new(shared.compiled.plan.time_unit),
        })
    }

    /// Goes over lines, as far as enough of them are usual; gives where it ended.
    fn run(mut self, shared: &Shared, from: usize, look: &mut Look) -> usize {
        let mut start = from;
        let mut walked = 0;
        while start < self.text.len() {
            let newline = memchr(b'\n', &self.text[start..]);
            let end = newline.map_or(self.text.len(), |at| start + at);
            let next = (end + 1).min(self.text.len());
            match self.line(start, end) {
                Some(time) => {
                    look.lines += 1;
                    look.add(Some(time));
                }
                None if is_blank(&self.text[start..end]) => look.lines += 1,
                None => {
                    walk(shared, start..next, look);
                    walked += 1;
                    if walked > SOME && walked > look.lines / UNUSUAL {
                        return next;
                    }
                }
            }
            start = next;
        }
        start
    }

    /// The time of the line `start..end`, if the line is usual.
    #[inline]
    fn line(&mut self, start: usize, end: usize) -> Option<i64> {
        let line = content(&self.text[start..end]);
        let end = start + line.len();
        if line.first() != Some(&b'{') || line.last() != Some(&b'}') {
            return None;
        }
        if line.len() > self.max_bytes && self.max_bytes > 0 {
            return None;
        }
        let value = self.value(start, line)?;
        if !self.preferred_absent(start, end) {
            return None;
        }
        self.time(&line[value..])
    }

    /// Where the time begins in a line.
    #[inline]
    fn value(&mut self, start: usize, line: &[u8]) -> Option<usize> {
        let head = &self.text[self.head.clone()];
        if !head.is_empty() && line.starts_with(head) {
            return Some(head.len());
        }
        // Where the last one stood, then elsewhere.
        let keys = self.keys.len();
        let found = (0..keys)
            .map(|nth| (self.at + nth) % keys)
            .filter(|key| self.keys[*key].preferred.is_some())
            .find_map(|key| Some((key, self.find(key, line)?)));
        let (key, value) = found?;
        self.at = key;
        self.head = start..start + value;
        Some(value)
    }

    /// Where the value of a key begins, if it is the first one of this key and nothing is nested
    /// before it.
    fn find(&self, key: usize, line: &[u8]) -> Option<usize> {
        let key = &self.keys[key];
        let mut from = 0;
        loop {
            let at = from + key.finder.find(&line[from..])?;
            let behind = at + key.len;
            match line.get(behind)? {
                b':' if memchr3(b'{', b'[', b'\\', &line[1..at]).is_none() => {
                    let blank = line.get(behind + 1) == Some(&b' ');
                    return Some(behind + 1 + usize::from(blank));
                }
                // A text that reads like the key.
                b',' | b'}' => from = behind,
                _ => return None,
            }
        }
    }

    /// Whether no key that is preferred to the one at hand stands in the line, in any way of writing.
    fn preferred_absent(&mut self, start: usize, end: usize) -> bool {
        let preferred = self.keys[self.at].preferred.take().unwrap_or_default();
        let absent = |key: &usize| {
            let Key { finder, next, .. } = &mut self.keys[*key];
            next.is_absent(start, end, |text| finder.find(text))
        };
        let absent = preferred.is_empty()
            || preferred.iter().all(absent) && self.backslash.is_absent(start, end, |text| memchr(b'\\', text));
        self.keys[self.at].preferred = Some(preferred);
        absent
    }

    /// The time that `text` begins with.
    #[inline]
    fn time(&mut self, text: &[u8]) -> Option<i64> {
        let (time, rest) = match text.first()? {
            b'"' => {
                let text = &text[1..];
                let likely = text.get(self.width) == Some(&b'"');
                let read = likely.then(|| self.times.text(&text[..self.width])).flatten();
                if read.is_none() {
                    self.width = memchr(b'"', text)?;
                }
                let time = match read {
                    Some(time) => time,
                    None => self.times.text(&text[..self.width])?,
                };
                (time, &text[self.width + 1..])
            }
            _ => {
                let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
                let len = text.iter().take_while(|byte| digit(byte)).count();
                (self.times.number(&text[..len])?, &text[len..])
            }
        };
        matches!(rest.first(), Some(b',' | b'}')).then_some(time)
    }
}

/// The names under which times may stand, each with the places of those that must be absent for it to
/// be the time of a record of whatever type; none for those that only matter to some types.
fn keys(shared: &Shared) -> Option<Vec<(String, Option<Vec<usize>>)>> {
    let compiled: &Compiled = &shared.compiled;
    let of = |of: Option<usize>| time_paths(&compiled.plan, of.map(|of| &compiled.types[of].plan));
    let lists: Vec<Vec<Path>> = match shared.bound() {
        Some(bound) => vec![of(bound)],
        None => (0..compiled.types.len()).map(Some).chain([None]).map(of).collect(),
    };
    let mut names: Vec<String> = Vec::new();
    for path in lists.iter().flatten() {
        match &path.0[..] {
            [PathSeg::Key(key)] if !key.bytes().any(|byte| matches!(byte, b'"' | b'\\') || byte < b' ') => {
                if !names.contains(key) {
                    names.push(key.clone());
                }
            }
            _ => return None,
        }
    }
    let before = |name: &String| {
        let path = Path::key(name);
        let mut preferred = Vec::new();
        for list in &lists {
            let at = list.iter().position(|other| *other == path)?;
            let before = list[..at].iter();
            preferred.extend(before.filter_map(|other| names.iter().position(|name| Path::key(name) == *other)));
        }
        preferred.sort_unstable();
        preferred.dedup();
        Some(preferred)
    };
    Some(names.iter().map(|name| (name.clone(), before(name))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Type;
    use crate::read::{FieldPlan, TypePlan};

    fn plan(time_field: Option<&str>, declared: Option<&str>) -> Arc<DecodePlan> {
        let ty = |name: &str, path: Option<&str>| TypePlan {
            name: name.to_owned(),
            event: name.to_owned(),
            fields: path
                .map(|path| FieldPlan {
                    id: crate::data::FieldId(0),
                    path: Path::key(path),
                    ty: Type::Timestamp,
                    declared: true,
                    required: false,
                    first: false,
                })
                .into_iter()
                .collect(),
            time: path.map(|_| crate::data::FieldId(0)),
        };
        Arc::new(DecodePlan {
            time_field: time_field.map(str::to_owned),
            types: vec![ty("A", declared), ty("B", None)],
            time_of_all: true,
            max_record_bytes: 300,
            ..DecodePlan::default()
        })
    }

    fn looks(lines: &str, plan: &Arc<DecodePlan>, bound: Option<&str>) -> [Look; 2] {
        [false, true].map(|exact| {
            let text = MorselText {
                bytes: arrow::buffer::Buffer::from_vec(lines.as_bytes().to_vec()),
                offset: 0,
            };
            let info = InputInfo {
                number: 0,
                name: "x".into(),
                event_type: bound.map(Into::into),
            };
            look(text, plan, info, exact)
        })
    }

    /// What decoding says.
    fn decoded(lines: &str, plan: &Arc<DecodePlan>, bound: Option<&str>) -> Look {
        let text = MorselText {
            bytes: arrow::buffer::Buffer::from_vec(lines.as_bytes().to_vec()),
            offset: 0,
        };
        let info = InputInfo {
            number: 0,
            name: "x".into(),
            event_type: bound.map(Into::into),
        };
        let decoded = super::super::decode(text, plan, info);
        let mut look = Look {
            lines: decoded.lines,
            ..Look::default()
        };
        for (_, time) in decoded.clock.records() {
            look.add(time);
        }
        assert_eq!(look.records, decoded.records);
        assert_eq!((look.first(), look.last()), (decoded.first_time(), decoded.last_time()));
        assert_eq!(look.range().map(|range| range.1), decoded.max_time());
        look
    }

    #[test]
    fn the_quick_way_is_taken() {
        let text =
            "{\"timestamp\":\"2026-01-23T10:00:00Z\",\"n\":1}\n{\"timestamp\":\"2026-01-23T10:00:01Z\",\"n\":2}\n";
        let shared = Shared::new(
            MorselText {
                bytes: arrow::buffer::Buffer::from_vec(text.as_bytes().to_vec()),
                offset: 0,
            },
            InputInfo {
                number: 0,
                name: "x".into(),
                event_type: None,
            },
            scratch::compiled(&plan(None, None)),
        );
        let mut quick = Quick::new(&shared).unwrap();
        assert_eq!(quick.line(0, 42), Some(1_769_162_400_000_000_000));
        assert_eq!(quick.line(43, 85), Some(1_769_162_401_000_000_000));
        assert_eq!(quick.head, 0..13);
    }

    #[test]
    fn a_malformed_record_may_show_a_time_to_a_quick_look_only() {
        let text = "{\"timestamp\":\"2026-01-23T10:00:00Z\",\"n\":[}\n";
        let [quick, exact] = looks(text, &plan(None, None), None);
        assert_eq!((quick.times.len(), exact.untimed), (1, 1));
    }

    mod properties {
        use super::*;
        use proptest::prelude::*;

        fn value() -> impl Strategy<Value = String> {
            prop_oneof![
                6 => (0_u32..3, 0_u32..60, prop_oneof![Just(""), Just(".5"), Just(".123456789")])
                    .prop_map(|(minute, second, fraction)| format!("\"2026-01-23T10:{minute:02}:{second:02}{fraction}Z\"")),
                2 => Just("\"2026-01-23 10:00:07+0200\"".to_owned()),
                2 => (1_700_000_000_u64..1_700_000_100).prop_map(|n| n.to_string()),
                1 => Just("1700000000.25".to_owned()),
                1 => Just("null".to_owned()),
                1 => Just("\"no time\"".to_owned()),
                1 => Just("\"2026-01-23T10:00:0\\u0030Z\"".to_owned()),
                1 => Just("{\"ts\":1700000000}".to_owned()),
                1 => Just("[1]".to_owned()),
                1 => Just("true".to_owned()),
            ]
        }

        fn member() -> impl Strategy<Value = String> {
            let key = prop_oneof![
                4 => Just("timestamp"), 4 => Just("ts"), 2 => Just("@timestamp"), 2 => Just("time"), 2 => Just("at"),
                1 => Just("t\\u0073"), 1 => Just("x\\\"ts"), 1 => Just("data"),
            ];
            prop_oneof![
                4 => (key, prop_oneof![5 => Just(":"), 1 => Just(": "), 1 => Just(" : ")], value())
                    .prop_map(|(key, colon, value)| format!("\"{key}\"{colon}{value}")),
                2 => prop_oneof![Just("A"), Just("B"), Just("C")].prop_map(|ty| format!("\"event_type\":\"{ty}\"")),
                1 => Just("\"event_type\":\"A\",\"data\":{\"timestamp\":1700000005,\"at\":1700000006}".to_owned()),
                1 => Just("\"n\":{\"timestamp\":3}".to_owned()),
                1 => Just("\"name\":\"timestamp\"".to_owned()),
                1 => Just("\"é\":\"\\\\\"".to_owned()),
                1 => "[a-z]{0,200}".prop_map(|text| format!("\"pad\":\"{text}\"")),
            ]
        }

        fn line() -> impl Strategy<Value = String> {
            let members = proptest::collection::vec(member(), 0..5);
            prop_oneof![
                12 => members.prop_map(|members| format!("{{{}}}", members.join(","))),
                1 => Just(String::new()),
                1 => Just("  ".to_owned()),
                1 => Just("nonsense".to_owned()),
            ]
        }

        proptest! {
            /// Both ways of looking see what decoding sees, of well-formed records.
            #[test]
            fn looking_sees_what_decoding_sees(
                lines in proptest::collection::vec((line(), 1_usize..4), 0..12),
                end in prop_oneof![Just("\n"), Just("\r\n")],
                cut in any::<bool>(),
                time_field in prop_oneof![3 => Just(None), 1 => Just(Some("ts")), 1 => Just(Some("at"))],
                declared in prop_oneof![
                    3 => Just(None), 1 => Just(Some("timestamp")), 1 => Just(Some("ts")), 1 => Just(Some("at"))
                ],
                bound in prop_oneof![3 => Just(None), 1 => Just(Some("A")), 1 => Just(Some("C"))],
            ) {
                let mut text: String = lines.iter().map(|(line, n)| format!("{line}{end}").repeat(*n)).collect();
                if cut {
                    text.truncate(text.trim_end().len());
                }
                let plan = plan(time_field, declared);
                let expected = decoded(&text, &plan, bound);
                let [quick, exact] = looks(&text, &plan, bound);
                prop_assert_eq!(&exact, &expected, "{}", text);
                prop_assert_eq!(&quick, &expected, "{}", text);
            }
        }
    }
}
