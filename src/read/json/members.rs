//! The members of an object, as bytes.

use super::string::key_is;

/// Appends the members of an object that is valid JSON, without those called `stream` or `ts`.
pub(super) fn without(text: &[u8], out: &mut Vec<u8>) {
    let mut any = false;
    each_member(text, |key, member| {
        if key_is(key, b"ts") || key_is(key, b"stream") {
            return;
        }
        if any {
            out.push(b',');
            out.extend_from_slice(member.trim_ascii_end());
        } else {
            out.extend_from_slice(member.trim_ascii());
        }
        any = true;
    });
}

/// Calls `each` with the key (between its quotes) and the bytes of each member.
fn each_member<'a>(text: &'a [u8], mut each: impl FnMut(&'a [u8], &'a [u8])) {
    let (mut depth, mut start, mut key) = (0, 1, None);
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'"' => {
                let end = string_end(text, at);
                if depth == 1 && key.is_none() {
                    key = Some(&text[at + 1..end]);
                }
                at = end;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        if (depth == 1 && text[at] == b',') || depth == 0 {
            if let Some(key) = key.take() {
                each(key, &text[start..at]);
            }
            start = at + 1;
        }
        at += 1;
    }
}

/// Where the string ends that begins at `at`.
fn string_end(text: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < text.len() && text[end] != b'"' {
        end += 1 + usize::from(text[end] == b'\\');
    }
    end.min(text.len() - 1)
}
