//! `--late FILE`: the records that are left out because they come too late, as lines of JSON.

use std::path::Path;
use std::sync::Arc;

use super::RunError;
use super::times::rfc3339;
use crate::data::format::write_json_text;
use crate::read::{Base, DecodePlan, Morsel};
use crate::write::Output;

/// The file.
pub(super) struct LateFile {
    output: Output,
}

impl LateFile {
    /// # Errors
    /// When it cannot be created.
    pub(super) fn open(path: &Path) -> Result<Self, RunError> {
        Ok(Self {
            output: Output::open(path)?,
        })
    }

    /// Adds the late records of a morsel that begins at line `line` (from 0). Of the last argument:
    /// where it stands, the largest time before it, the slack, the lateness allowed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn add(
        &mut self,
        morsel: &Morsel,
        decode: &Arc<DecodePlan>,
        input: &str,
        line: u64,
        (base, mut largest, slack, allowed): (Base, Option<i64>, i64, i64),
    ) -> Result<(), RunError> {
        let records = morsel.decode(decode).clock.records();
        let mut lines = Lines { at: 0, line };
        let mut last = (base.time != Base::UNTIMED).then_some(base.time);
        for (nth, &(offset, own)) in records.iter().enumerate() {
            last = own.or(last);
            let Some(time) = last else { continue };
            largest = largest.max(Some(time));
            let late = largest.unwrap_or(time).saturating_sub(slack).saturating_sub(time);
            if late <= allowed.max(0) {
                continue;
            }
            let text = morsel.text();
            let start = (offset - morsel.offset()) as usize;
            let end = records
                .get(nth + 1)
                .map_or(text.len(), |next| (next.0 - morsel.offset()) as usize);
            let record = text[start..end].trim_ascii();
            let row = row(input, lines.of(text, start), offset, time, late, record);
            self.output.write(&row)?;
        }
        Ok(())
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn finish(self) -> Result<(), RunError> {
        Ok(self.output.finish()?)
    }
}

/// Counts lines on the way through a text.
struct Lines {
    at: usize,
    line: u64,
}

impl Lines {
    /// The line, from 1, that the byte `start` lies on.
    fn of(&mut self, text: &[u8], start: usize) -> u64 {
        self.line += memchr::memchr_iter(b'\n', &text[self.at..start]).count() as u64;
        self.at = start;
        self.line + 1
    }
}

fn row(input: &str, line: u64, offset: u64, time: i64, late: i64, record: &[u8]) -> Vec<u8> {
    use base64::Engine;
    let mut out = b"{\"input\":".to_vec();
    write_json_text(input, &mut out);
    let seconds = crate::data::Value::Float(late as f64 / 1e9);
    out.extend_from_slice(
        format!(
            ",\"line\":{line},\"offset\":{offset},\"time\":\"{}\",\"late\":",
            rfc3339(time)
        )
        .as_bytes(),
    );
    crate::data::format::write_json(&seconds, &mut out);
    match std::str::from_utf8(record) {
        Ok(text) => {
            out.extend_from_slice(b",\"record\":");
            write_json_text(text, &mut out);
        }
        Err(_) => {
            out.extend_from_slice(b",\"record_base64\":");
            write_json_text(&base64::engine::general_purpose::STANDARD.encode(record), &mut out);
        }
    }
    out.extend_from_slice(b"}\n");
    out
}
