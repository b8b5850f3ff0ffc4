//! JSON to the letter (RFC 8259), byte by byte: values as a whole, and full checks.
//!
//! Of duplicate keys the first wins. Objects and arrays nest [`MAX_DEPTH`] deep, the outermost one
//! being the first level.

use super::fault::Fault;
use super::string;
use crate::data::{BadCause, Key, MapValue, Value};
use crate::read::value::{Number, parse_number};

/// How deep objects and arrays may nest.
pub(super) const MAX_DEPTH: usize = 128;

/// The value that a text is, and how many of its integers became floats.
pub(super) fn parse(text: &[u8]) -> Result<(Value, u64), Fault> {
    let mut reader = Reader::<true> {
        text,
        at: 0,
        big_ints: 0,
    };
    let value = reader.document()?;
    Ok((value, reader.big_ints))
}

/// Whether a text is JSON.
pub(super) fn check(text: &[u8]) -> Result<(), Fault> {
    let mut reader = Reader::<false> {
        text,
        at: 0,
        big_ints: 0,
    };
    reader.document().map(drop)
}

/// Builds values, or only checks (then all values are null).
struct Reader<'a, const BUILD: bool> {
    text: &'a [u8],
    at: usize,
    big_ints: u64,
}

impl<const BUILD: bool> Reader<'_, BUILD> {
    fn document(&mut self) -> Result<Value, Fault> {
        self.blank();
        let value = self.value(1)?;
        self.blank();
        if self.at < self.text.len() {
            return Err(Fault::malformed(self.at, "something follows the JSON value"));
        }
        Ok(value)
    }

    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn blank(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        match self.peek() {
            b'{' | b'[' if depth > MAX_DEPTH => Err(Fault::new(
                self.at,
                BadCause::TooDeep,
                format!("nested deeper than {MAX_DEPTH}"),
            )),
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string(),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Fault> {
        if !self.text[self.at..].starts_with(word.as_bytes()) {
            return Err(Fault::malformed(self.at, "no JSON value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let rest = &self.text[self.at..];
        let length = rest
            .iter()
            .take_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
            .count();
        let number = parse_number(&rest[..length]).ok_or_else(|| Fault::malformed(self.at, "no JSON value"))?;
        self.at += length;
        Ok(match number {
            Number::Int(i) => Value::Int(i),
            Number::Float(f) => Value::Float(f),
            Number::Big(f) => {
                self.big_ints += 1;
                Value::Float(f)
            }
        })
    }

    fn string(&mut self) -> Result<Value, Fault> {
        let start = self.at + 1;
        let mut end = start;
        loop {
            match self.text.get(end) {
                None => return Err(Fault::malformed(self.at, "a string does not end")),
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
            }
        }
        self.at = end + 1;
        let raw = &self.text[start..end];
        let escapes = string::check(raw, start)?;
        if !BUILD && !escapes {
            return Ok(Value::Null);
        }
        let mut text = Vec::new();
        string::unescape(raw, start, &mut text)?;
        Ok(if BUILD {
            Value::str(&String::from_utf8_lossy(&text))
        } else {
            Value::Null
        })
    }

    fn array(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut items = Vec::new();
        self.at += 1;
        self.blank();
        if self.peek() == b']' {
            self.at += 1;
            return Ok(Value::list(items));
        }
        loop {
            self.blank();
            let item = self.value(depth + 1)?;
            if BUILD {
                items.push(item);
            }
            if self.ends(b']')? {
                return Ok(Value::list(items));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut members = MapValue::default();
        self.at += 1;
        self.blank();
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(Value::map([]));
        }
        loop {
            self.blank();
            if self.peek() != b'"' {
                return Err(Fault::malformed(self.at, "a key should stand here"));
            }
            let key = self.string()?;
            self.blank();
            if self.peek() != b':' {
                return Err(Fault::malformed(self.at, "a `:` should stand here"));
            }
            self.at += 1;
            self.blank();
            let value = self.value(depth + 1)?;
            if BUILD {
                members.entry(Key(key)).or_insert(value);
            }
            if self.ends(b'}')? {
                return Ok(Value::Map(std::sync::Arc::new(members)));
            }
        }
    }

    /// Steps over the comma or the closing bracket after an item; whether it was the bracket.
    fn ends(&mut self, close: u8) -> Result<bool, Fault> {
        self.blank();
        let byte = self.peek();
        if byte != b',' && byte != close {
            let reason = format!("a `,` or `{}` should stand here", char::from(close));
            return Err(Fault::malformed(self.at, reason));
        }
        self.at += 1;
        Ok(byte == close)
    }
}
