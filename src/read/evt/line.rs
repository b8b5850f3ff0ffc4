//! Lines of event text -> lines of JSON.

use std::collections::BTreeMap;

use arrow::buffer::Buffer;

use super::time::{batch, parse_time, word};
use crate::data::format::{write_float, write_json_text, write_timestamp};
use crate::data::{Path, PathSeg};
use crate::read::framing::content;
use crate::read::value::parse_number;
use crate::read::{DecodePlan, MorselText, TypePlan};

/// How deep values may nest.
const MAX_DEPTH: usize = 128;

/// Where a record's time may lie if nothing is said; the first is the one that is written.
const TIME_KEYS: [&str; 4] = ["timestamp", "ts", "@timestamp", "time"];

/// By which names type and time of a record are written.
#[derive(Debug)]
pub(super) struct Naming<'p> {
    plan: &'p DecodePlan,
    ty: &'p str,
}

impl<'p> Naming<'p> {
    pub(super) fn of(plan: &'p DecodePlan) -> Self {
        Self {
            plan,
            ty: plan.type_field.as_deref().unwrap_or("event_type"),
        }
    }

    /// Where the time of a type's records is looked for, the first being where it is written.
    fn times(&self, name: Option<&[u8]>) -> Vec<String> {
        if let Some(field) = &self.plan.time_field {
            return vec![field.clone()];
        }
        let ty = name.and_then(|name| self.plan.types.iter().find(|ty| ty.name.as_bytes() == name));
        match ty.and_then(declared_time) {
            Some(name) => vec![name],
            None => TIME_KEYS.map(str::to_owned).into(),
        }
    }
}

/// The name of the declared time field.
fn declared_time(ty: &TypePlan) -> Option<String> {
    let field = ty.fields.iter().find(|field| Some(field.id) == ty.time)?;
    let Path(path) = &field.path;
    path.iter()
        .all(|seg| matches!(seg, PathSeg::Key(_)))
        .then(|| field.path.flattened(0))?
}

/// What is wrong with a line, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineFault {
    pub(super) at: usize,
    pub(super) reason: String,
}

/// What is wrong with which lines.
pub(super) type Faults = BTreeMap<u64, LineFault>;

/// Writes each line as JSON: a blank line for one that is no record, and for a line that cannot be
/// read one that is no JSON.
pub(super) fn rewrite(text: &MorselText, mut now: Option<i64>, naming: &Naming<'_>) -> (Buffer, Faults) {
    let mut out = Vec::with_capacity(text.bytes.len() * 5 / 4);
    let mut faults = Faults::new();
    for (nth, line) in text.bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let start = out.len();
        let body = content(line);
        let mut writer = Writer {
            line: body,
            at: 0,
            out: &mut out,
            naming,
        };
        if let Err(fault) = writer.line(&mut now) {
            faults.insert(nth as u64, fault);
            out.truncate(start);
            out.push(b'!');
        }
        if line.ends_with(b"\n") {
            out.push(b'\n');
        }
    }
    (Buffer::from_vec(out), faults)
}

type Written = Result<(), LineFault>;

/// Reads a line and writes JSON.
struct Writer<'a> {
    line: &'a [u8],
    at: usize,
    out: &'a mut Vec<u8>,
    naming: &'a Naming<'a>,
}

impl Writer<'_> {
    fn fault<T>(&self, reason: &str) -> Result<T, LineFault> {
        Err(LineFault {
            at: self.at,
            reason: reason.to_owned(),
        })
    }

    fn rest(&self) -> &[u8] {
        &self.line[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn blank(&mut self) {
        self.at += self.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    }

    fn line(&mut self, now: &mut Option<i64>) -> Written {
        self.blank();
        let text = self.rest().trim_ascii_end();
        if text.is_empty() || text.starts_with(b"#") || text.starts_with(b"//") {
            return Ok(());
        }
        if let Some(time) = batch(text) {
            if time.is_none() {
                return self.fault("`BATCH` takes a number of milliseconds");
            }
            *now = time;
            return Ok(());
        }
        if text.starts_with(b"@") {
            self.at += 1;
            let written = word(self.rest());
            let Some(time) = parse_time(written) else {
                return self.fault("no time after `@`: write `@5s`, `@250` (milliseconds) or `@2026-01-23T10:00:00Z`");
            };
            *now = Some(time);
            self.at += written.len();
            self.blank();
        }
        match self.peek() {
            Some(b'{') => self.json(*now),
            Some(_) => self.event(*now),
            None => self.fault("an event should follow the time"),
        }
    }

    /// A line that is JSON already.
    fn json(&mut self, now: Option<i64>) -> Written {
        let text = self.line[self.at..].trim_ascii_end();
        let inside = text.strip_suffix(b"}").unwrap_or_default();
        let members = inside.trim_ascii_end();
        let names = self.naming.times(None);
        let timed = |name: &String| {
            let mut quoted = Vec::new();
            write_json_text(name, &mut quoted);
            memchr::memmem::find(text, &quoted).is_some()
        };
        match now {
            Some(now) if members.len() > 1 && !names.iter().any(timed) => {
                self.out.extend_from_slice(members);
                self.out.push(b',');
                self.time(&names, now);
                self.out.push(b'}');
            }
            _ => self.out.extend_from_slice(text),
        }
        Ok(())
    }

    /// `Type { field: value, .. }` or `Type(value, ..)`
    fn event(&mut self, now: Option<i64>) -> Written {
        let Some(open) = memchr::memchr2(b'{', b'(', self.rest()) else {
            return self.fault("an event is written `Type { field: value }`");
        };
        let name = self.line[self.at..self.at + open].trim_ascii();
        let Ok(text) = std::str::from_utf8(name) else {
            return self.fault("bytes that are not UTF-8");
        };
        if name.is_empty() || name.iter().any(u8::is_ascii_whitespace) {
            return self.fault("the name of an event type should stand here");
        }
        self.out.push(b'{');
        write_json_text(self.naming.ty, self.out);
        self.out.push(b':');
        write_json_text(text, self.out);
        self.at += open;
        let names = self.naming.times(Some(name));
        let timed = match self.peek() {
            Some(b'{') => self.members(1, true, &names)?,
            _ => self.positional(&names)?,
        };
        if let Some(now) = now.filter(|_| !timed) {
            self.out.push(b',');
            self.time(&names, now);
        }
        self.out.push(b'}');
        self.blank();
        if self.peek() == Some(b';') {
            self.at += 1;
            self.blank();
        }
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fault("something follows the event"),
        }
    }

    fn time(&mut self, names: &[String], now: i64) {
        write_json_text(names.first().map_or(TIME_KEYS[0], String::as_str), self.out);
        self.out.extend_from_slice(b":\"");
        write_timestamp(now, self.out);
        self.out.push(b'"');
    }

    /// `{ key: value, .. }` without the braces, with a comma before the first member if there are some
    /// already. Whether one of them is called as `watched` says.
    fn members(&mut self, depth: usize, comma: bool, watched: &[String]) -> Result<bool, LineFault> {
        self.at += 1;
        let (mut comma, mut found) = (comma, false);
        loop {
            self.blank();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(found);
                }
                None => return self.fault("a `}` is missing"),
                _ => {}
            }
            if std::mem::replace(&mut comma, true) {
                self.out.push(b',');
            }
            found |= self.key(watched)?;
            self.value(depth)?;
            self.separator(b'}')?;
        }
    }

    fn key(&mut self, watched: &[String]) -> Result<bool, LineFault> {
        let start = self.out.len();
        match self.peek() {
            Some(b'"') => self.quoted()?,
            _ => {
                let end = self
                    .rest()
                    .iter()
                    .position(|byte| matches!(byte, b':' | b',' | b'}' | b'{'));
                let key = self.rest()[..end.unwrap_or(self.rest().len())].trim_ascii();
                if key.is_empty() {
                    return self.fault("the name of a field should stand here");
                }
                let Ok(text) = std::str::from_utf8(key) else {
                    return self.fault("bytes that are not UTF-8");
                };
                let text = text.to_owned();
                self.at += end.unwrap_or(0);
                write_json_text(&text, self.out);
            }
        }
        let written = self.out.get(start + 1..self.out.len() - 1).unwrap_or_default();
        let found = watched.iter().any(|name| name.as_bytes() == written);
        self.blank();
        if self.peek() != Some(b':') {
            return self.fault("a `:` should stand here");
        }
        self.at += 1;
        self.out.push(b':');
        Ok(found)
    }

    /// A comma, if there is one, or the closing bracket next.
    fn separator(&mut self, close: u8) -> Written {
        self.blank();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(())
            }
            Some(byte) if byte == close => Ok(()),
            _ => self.fault(&format!("a `,` or `{}` should stand here", char::from(close))),
        }
    }

    /// `(value, ..)` as members `field_0`, `field_1`, ..
    fn positional(&mut self, watched: &[String]) -> Result<bool, LineFault> {
        self.at += 1;
        let mut found = false;
        for nth in 0.. {
            self.blank();
            match self.peek() {
                Some(b')') => {
                    self.at += 1;
                    break;
                }
                None => return self.fault("a `)` is missing"),
                _ => {}
            }
            let name = format!("field_{nth}");
            found |= watched.contains(&name);
            self.out.push(b',');
            write_json_text(&name, self.out);
            self.out.push(b':');
            self.value(1)?;
            self.separator(b')')?;
        }
        Ok(found)
    }

    fn value(&mut self, depth: usize) -> Written {
        self.blank();
        if depth >= MAX_DEPTH {
            return self.fault("nested deeper than 128");
        }
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'\'') => self.single_quoted(),
            Some(b'{') => {
                self.out.push(b'{');
                self.members(depth + 1, false, &[])?;
                self.out.push(b'}');
                Ok(())
            }
            Some(b'[') => self.list(depth),
            _ => self.bare(),
        }
    }

    fn list(&mut self, depth: usize) -> Written {
        self.at += 1;
        self.out.push(b'[');
        let mut comma = false;
        loop {
            self.blank();
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    self.out.push(b']');
                    return Ok(());
                }
                None => return self.fault("a `]` is missing"),
                _ => {}
            }
            if std::mem::replace(&mut comma, true) {
                self.out.push(b',');
            }
            self.value(depth + 1)?;
            self.separator(b']')?;
        }
    }

    /// A string of JSON, copied as it is.
    fn quoted(&mut self) -> Written {
        let start = self.at;
        let mut end = start + 1;
        loop {
            match self.line.get(end) {
                None => return self.fault("a string does not end"),
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
            }
        }
        self.out.extend_from_slice(&self.line[start..=end]);
        self.at = end + 1;
        Ok(())
    }

    /// Text in single quotes, with the escapes `\n \t \\ \' \"`.
    fn single_quoted(&mut self) -> Written {
        let mut text = Vec::new();
        let mut at = self.at + 1;
        loop {
            match (self.line.get(at), self.line.get(at + 1)) {
                (None, _) => return self.fault("a text in single quotes does not end"),
                (Some(b'\''), _) => break,
                (Some(b'\\'), Some(escaped @ (b'n' | b't' | b'\\' | b'\'' | b'"'))) => {
                    text.push(match escaped {
                        b'n' => b'\n',
                        b't' => b'\t',
                        other => *other,
                    });
                    at += 2;
                }
                (Some(byte), _) => {
                    text.push(*byte);
                    at += 1;
                }
            }
        }
        let Ok(text) = std::str::from_utf8(&text) else {
            return self.fault("bytes that are not UTF-8");
        };
        write_json_text(text, self.out);
        self.at = at + 1;
        Ok(())
    }

    /// A number, a word with a meaning, or text, up to the next comma or closing bracket.
    fn bare(&mut self) -> Written {
        let end = self
            .rest()
            .iter()
            .position(|byte| matches!(byte, b',' | b'}' | b']' | b')'));
        let Some(end) = end else {
            return self.fault("a closing bracket is missing");
        };
        let text = self.rest()[..end].trim_ascii();
        if text.is_empty() {
            return self.fault("a value should stand here");
        }
        let Ok(text) = std::str::from_utf8(text) else {
            return self.fault("bytes that are not UTF-8");
        };
        let text = text.to_owned();
        self.at += end;
        match text.as_str() {
            "true" | "false" | "null" => self.out.extend_from_slice(text.as_bytes()),
            "nil" => self.out.extend_from_slice(b"null"),
            _ if parse_number(text.as_bytes()).is_some() => self.out.extend_from_slice(text.as_bytes()),
            _ => match lax_number(&text) {
                Some(number) => write_float(number, self.out),
                None => write_json_text(&text, self.out),
            },
        }
        Ok(())
    }
}

/// Numbers that JSON does not write so: `.5`, `5.`, `+5.0`.
fn lax_number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (plain && digits.contains('.')).then(|| text.parse().ok())?
}
