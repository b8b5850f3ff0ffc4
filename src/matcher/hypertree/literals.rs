//! Texts of which one must occur in every text that a regular expression matches.
//!
//! Where the expression ignores case, so do the texts: they are then to be looked for in the folded
//! text ([`folded`]). Only characters whose case variants are those of an ASCII letter are folded.

use std::borrow::Cow;

use regex_syntax::hir::{Class, Hir, HirKind};

/// More alternatives than this are not worth looking for.
const MOST: usize = 64;
/// Characters beyond ASCII that are case variants of an ASCII letter.
const KELVIN: char = '\u{212A}';
const LONG_S: char = '\u{17F}';

/// A text to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needle {
    pub(super) text: Vec<u8>,
    /// It is folded, and stands in the folded text.
    pub(super) folded: bool,
}

/// A text with ASCII letters in lower case, and what is a variant of one replaced by it.
pub(super) fn folded(text: &str) -> Cow<'_, [u8]> {
    if !text.is_ascii() && text.contains([KELVIN, LONG_S]) {
        let text: String = text.chars().map(fold).collect();
        return Cow::Owned(text.into_bytes());
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(text.to_ascii_lowercase().into_bytes());
    }
    Cow::Borrowed(text.as_bytes())
}

fn fold(c: char) -> char {
    match c {
        KELVIN => 'k',
        LONG_S => 's',
        c => c.to_ascii_lowercase(),
    }
}

/// The texts of which one occurs wherever the expression matches; none when none are known.
pub(super) fn required(pattern: &str) -> Option<Vec<Needle>> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let found = best(&hir)?;
    (length(&found) >= 2).then_some(found)
}

/// The length of the shortest, in bytes.
fn length(needles: &[Needle]) -> usize {
    needles.iter().map(|needle| needle.text.len()).min().unwrap_or(0)
}

fn best(hir: &Hir) -> Option<Vec<Needle>> {
    match hir.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => of_run(std::slice::from_ref(hir)),
        HirKind::Capture(capture) => best(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(best(branch)?);
            }
            (all.len() <= MOST).then_some(all)
        }
        HirKind::Concat(parts) => of_concat(parts),
        _ => None,
    }
}

/// The longest of what the parts say, and what runs of characters say together.
fn of_concat(parts: &[Hir]) -> Option<Vec<Needle>> {
    let mut found: Vec<Vec<Needle>> = Vec::new();
    let mut from = 0;
    while from < parts.len() {
        let run = parts[from..]
            .iter()
            .take_while(|part| character(part).is_some())
            .count();
        if run == 0 {
            found.extend(best(&parts[from]));
            from += 1;
        } else {
            found.extend(of_run(&parts[from..from + run]));
            from += run;
        }
    }
    found
        .into_iter()
        .max_by_key(|needles| (length(needles), usize::MAX - needles.len()))
}

/// What a part of a run stands for: its text, and whether it does so in any case.
fn character(hir: &Hir) -> Option<(Vec<u8>, bool)> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            std::str::from_utf8(&literal.0).ok()?;
            Some((literal.0.to_vec(), false))
        }
        HirKind::Class(class) => variants(class).map(|letter| (vec![letter], true)),
        _ => None,
    }
}

/// The ASCII letter of which a class has variants only.
fn variants(class: &Class) -> Option<u8> {
    let Class::Unicode(class) = class else { return None };
    let mut letter = None;
    for range in class.iter() {
        if range.len() > 1 {
            return None;
        }
        let folded = fold(range.start());
        if !folded.is_ascii_lowercase() || letter.is_some_and(|known| known != folded) {
            return None;
        }
        letter = Some(folded);
    }
    letter.map(|letter| letter as u8)
}

fn of_run(run: &[Hir]) -> Option<Vec<Needle>> {
    let parts: Vec<(Vec<u8>, bool)> = run.iter().map(character).collect::<Option<_>>()?;
    let any_case = parts.iter().any(|part| part.1);
    let text: Vec<u8> = parts.into_iter().flat_map(|part| part.0).collect();
    let text = if any_case {
        folded(std::str::from_utf8(&text).ok()?).into_owned()
    } else {
        text
    };
    Some(vec![Needle { text, folded: any_case }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pattern: &str) -> Vec<String> {
        let found = required(pattern).unwrap_or_default();
        let show = |needle: &Needle| {
            let text = String::from_utf8(needle.text.clone()).unwrap();
            if needle.folded { format!("~{text}") } else { text }
        };
        found.iter().map(show).collect()
    }

    #[test]
    fn what_must_occur_is_found() {
        assert_eq!(shown(r"-enc\s+[A-Za-z]{20}"), ["-enc"]);
        assert_eq!(
            shown(r"(?i)Invoke-(?:Mimikatz|Kerberoast)"),
            ["~mimikatz", "~kerberoast"]
        );
        assert_eq!(shown(r"(?i)tasks"), ["~tasks"]);
        assert_eq!(shown(r"a.*(bcd|efgh)+\d"), ["bcd", "efgh"]);
        assert_eq!(shown(r"(?s)^.*\\Temp\\.*\.exe$"), [r"\Temp\"]);
        assert_eq!(shown(r"\d+|abc"), [""; 0]);
        assert_eq!(shown(r"(abc)?"), [""; 0]);
        assert_eq!(shown(r"[ab]c"), [""; 0]);
    }

    #[test]
    fn folding_brings_all_variants_together() {
        assert_eq!(&*folded("ta\u{17F}\u{212A}S"), b"tasks");
        assert_eq!(&*folded("Ä-B"), "Ä-b".as_bytes());
        for pattern in ["(?i)tasks", "(?i)Äks"] {
            let text = if pattern.contains('Ä') {
                "xäK\u{17F}"
            } else {
                "TA\u{17F}\u{212A}s"
            };
            assert!(regex::Regex::new(pattern).unwrap().is_match(text));
            let found = required(pattern).unwrap();
            let inside = |needle: &Needle| memchr::memmem::find(&folded(text), &needle.text).is_some();
            assert!(found.iter().any(inside), "{pattern}: {found:?}");
        }
    }
}
