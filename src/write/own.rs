//! Which of our two members a whole event has itself: there ours give way (LANGUAGE.md, "Output").
//!
//! Looks at the members' text only where they may be named in it. Cost: three searches a row, and a
//! walk over those that may name one.

use memchr::{memchr, memmem};

/// Which of `stream` and `ts` are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) stream: bool,
    pub(super) ts: bool,
}

impl Own {
    /// What is among the members of an object that is valid JSON, given without its braces.
    pub(super) fn among(members: &[u8]) -> Self {
        let mut own = Self::default();
        if may_be_named(members) {
            each_key(members, |key| {
                own.stream |= is(key, "stream");
                own.ts |= is(key, "ts");
            });
        }
        own
    }
}

/// An escape may hide any letter.
fn may_be_named(members: &[u8]) -> bool {
    let holds = |key: &str| memmem::find(members, key.as_bytes()).is_some();
    holds("\"ts\"") || holds("\"stream\"") || memchr(b'\\', members).is_some()
}

/// Calls `each` with every key, quotes included.
fn each_key<'a>(members: &'a [u8], mut each: impl FnMut(&'a [u8])) {
    let (mut depth, mut before_key, mut at) = (0_usize, true, 0);
    while at < members.len() {
        match members[at] {
            b'"' => {
                let end = string_end(members, at);
                if std::mem::take(&mut before_key) {
                    each(&members[at..end]);
                }
                at = end - 1;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => before_key = true,
            _ => {}
        }
        at += 1;
    }
}

/// One past the string that begins at `at`.
fn string_end(text: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < text.len() && text[end] != b'"' {
        end += 1 + usize::from(text[end] == b'\\');
    }
    (end + 1).min(text.len())
}

fn is(key: &[u8], name: &str) -> bool {
    if memchr(b'\\', key).is_none() {
        return key.get(1..key.len() - 1) == Some(name.as_bytes());
    }
    serde_json::from_slice::<String>(key).is_ok_and(|key| key == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_the_event_itself_count() {
        let own = |text: &str| {
            let own = Own::among(text.as_bytes());
            (own.stream, own.ts)
        };
        assert_eq!(own(""), (false, false));
        assert_eq!(own(r#""a":1,"ts":2"#), (false, true));
        assert_eq!(own(r#""stream":{"ts":1}"#), (true, false));
        assert_eq!(
            own(r#""a":"ts","b":["ts",{"stream":1}],"c":"\",\"ts\":"}"#),
            (false, false)
        );
        assert_eq!(own(r#""a":[1,2] , "\u0074s" : {}, "stream" : 1"#), (true, true));
    }
}
