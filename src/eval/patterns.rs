//! Patterns over text: parts, regular expressions, `like`, `wildcard`, networks.
//!
//! A [`Matcher`] is compiled once where its patterns are constant; patterns that are computed are
//! compiled when first met and kept, up to a bound, by each evaluator.

use std::net::IpAddr;

use indexmap::IndexMap;
use ipnet::IpNet;
use memchr::memmem::Finder;
use regex::Regex;

use crate::data::value::FixedHasher;
use crate::ir::Builtin;

/// Whether a text fits one pattern or one of several.
#[derive(Clone, Debug)]
pub(super) enum Matcher {
    /// The text itself.
    Whole(String),
    /// It begins so.
    Start(String),
    /// It ends so.
    End(String),
    /// It has this part.
    Part(Box<Finder<'static>>),
    /// A regular expression matches somewhere.
    Regex(Regex),
    /// It is an address in one of the networks.
    Nets(Vec<IpNet>),
    /// It fits one of them.
    Any(Vec<Matcher>),
}

/// What texts fit a pattern, for those who look for many patterns at once.
#[derive(Clone, Debug)]
pub enum TextShape<'m> {
    /// The text itself.
    Whole(&'m str),
    /// It begins so.
    Start(&'m str),
    /// It ends so.
    End(&'m str),
    /// It has this part.
    Part(&'m [u8]),
    /// A regular expression matches somewhere.
    Regex(&'m str),
    /// It is an address in one of the networks.
    Nets(&'m [IpNet]),
}

impl Matcher {
    /// The shapes of which a text that fits has one.
    pub(super) fn shapes<'m>(&'m self, found: &mut Vec<TextShape<'m>>) {
        found.push(match self {
            Self::Whole(text) => TextShape::Whole(text),
            Self::Start(text) => TextShape::Start(text),
            Self::End(text) => TextShape::End(text),
            Self::Part(finder) => TextShape::Part(finder.needle()),
            Self::Regex(regex) => TextShape::Regex(regex.as_str()),
            Self::Nets(nets) => TextShape::Nets(nets),
            Self::Any(all) => return all.iter().for_each(|matcher| matcher.shapes(found)),
        });
    }

    /// The matcher of a function with these patterns; says what is wrong with a pattern.
    pub(super) fn new(builtin: Builtin, patterns: &[&str]) -> Result<Self, String> {
        let one = |pattern: &&str| match builtin {
            Builtin::Contains => Ok(Self::part(pattern)),
            Builtin::StartsWith => Ok(Self::Start((*pattern).to_owned())),
            Builtin::EndsWith => Ok(Self::End((*pattern).to_owned())),
            Builtin::RegexMatch | Builtin::RegexExtract => regex(pattern).map(Self::Regex),
            Builtin::Like => glob(pattern, '%', '_', Some('\\'), false),
            Builtin::Ilike => glob(pattern, '%', '_', Some('\\'), true),
            Builtin::Wildcard => glob(pattern, '*', '?', None, false),
            other => Err(format!("`{}` takes no pattern", other.name())),
        };
        if builtin == Builtin::CidrMatch {
            return patterns
                .iter()
                .map(|net| parse_net(net))
                .collect::<Result<_, _>>()
                .map(Self::Nets);
        }
        match patterns {
            [pattern] => one(pattern),
            several => several.iter().map(one).collect::<Result<_, _>>().map(Self::Any),
        }
    }

    /// The matcher of a part.
    pub(super) fn part(text: &str) -> Self {
        Self::Part(Box::new(Finder::new(text.as_bytes()).into_owned()))
    }

    /// Whether the text fits.
    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Whole(whole) => text == whole,
            Self::Start(start) => text.starts_with(start.as_str()),
            Self::End(end) => text.ends_with(end.as_str()),
            Self::Part(finder) => finder.find(text.as_bytes()).is_some(),
            Self::Regex(regex) => regex.is_match(text),
            Self::Nets(nets) => address(text).is_some_and(|ip| nets.iter().any(|net| net.contains(&ip))),
            Self::Any(all) => all.iter().any(|matcher| matcher.fits(text)),
        }
    }
}

/// Whether the builtin takes patterns that are compiled: all arguments but the first.
pub(super) fn takes_pattern(builtin: Builtin) -> bool {
    matches!(
        builtin,
        Builtin::RegexMatch
            | Builtin::RegexExtract
            | Builtin::Like
            | Builtin::Ilike
            | Builtin::Wildcard
            | Builtin::CidrMatch
    )
}

fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| match error {
        regex::Error::CompiledTooBig(limit) => format!("the regular expression is larger than {limit} bytes"),
        other => reason(&other.to_string()),
    })
}

/// The last line of a regex error says what is wrong; those before it draw the place.
fn reason(text: &str) -> String {
    let last = text.lines().last().unwrap_or(text);
    format!("no regular expression: {}", last.trim_start_matches("error: "))
}

/// A pattern for whole texts, where `any` stands for any text and `one` for one character. Patterns
/// with `any` only at their ends become comparisons, others regular expressions.
fn glob(pattern: &str, any: char, one: char, escape: Option<char>, fold_case: bool) -> Result<Matcher, String> {
    let mut parts = vec![Some(String::new())];
    let mut chars = pattern.chars();
    let mut simple = !fold_case;
    let mut source = String::from(if fold_case { "(?is)^" } else { "(?s)^" });
    while let Some(c) = chars.next() {
        let literal = if Some(c) == escape {
            chars.next().unwrap_or(c)
        } else {
            c
        };
        if c == any && Some(c) != escape {
            parts.push(None);
            parts.push(Some(String::new()));
            source.push_str(".*");
        } else if c == one {
            simple = false;
            source.push('.');
        } else {
            if let Some(Some(text)) = parts.last_mut() {
                text.push(literal);
            }
            source.push_str(&regex::escape(literal.encode_utf8(&mut [0; 4])));
        }
    }
    let texts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
    match texts.as_slice() {
        [whole] if simple => Ok(Matcher::Whole((*whole).to_owned())),
        ["", end] if simple => Ok(Matcher::End((*end).to_owned())),
        [start, ""] if simple => Ok(Matcher::Start((*start).to_owned())),
        ["", part, ""] if simple => Ok(Matcher::part(part)),
        _ => {
            source.push('$');
            regex(&source).map(Matcher::Regex)
        }
    }
}

/// A network, or a single address.
fn parse_net(text: &str) -> Result<IpNet, String> {
    let net = text.parse::<IpNet>().ok();
    net.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        .ok_or_else(|| format!("`{text}` is no network (like `10.0.0.0/8`) and no address"))
}

/// An address; IPv4 in IPv6 form is IPv4.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    text.trim().parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// Patterns that were computed, compiled.
#[derive(Debug, Default)]
pub(super) struct Patterns(IndexMap<(Builtin, Vec<String>), Result<Matcher, String>, FixedHasher>);

impl Patterns {
    /// How many are kept; when there are more, all are dropped.
    const MOST: usize = 256;

    /// The matcher of these patterns.
    pub(super) fn get(&mut self, builtin: Builtin, patterns: &[&str]) -> Result<&Matcher, String> {
        let key = (
            builtin,
            patterns.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(),
        );
        if self.0.len() >= Self::MOST && !self.0.contains_key(&key) {
            self.0.clear();
        }
        let compiled = self.0.entry(key).or_insert_with(|| Matcher::new(builtin, patterns));
        compiled.as_ref().map_err(Clone::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(pattern: &str, text: &str) -> bool {
        Matcher::new(Builtin::Like, &[pattern]).unwrap().fits(text)
    }

    #[test]
    fn like_takes_short_ways_that_mean_the_same() {
        assert!(like("abc", "abc") && !like("abc", "abcd"));
        assert!(like("abc%", "abcd") && like("%bcd", "abcd") && like("%b%", "abcd") && like("%", ""));
        assert!(like("a%d", "abcd") && !like("a%d", "abcde") && like("a_c", "a\nc") && !like("a_c", "ac"));
        assert!(like("100\\%", "100%") && !like("100\\%", "100x") && like("a\\_b", "a_b") && like("\\", "\\"));
        assert!(like("a.c%x", "a.cx") && !like("a.c%x", "abcx"));
        assert!(like("%%", "x") && like("%a%%", "xay"));
    }

    #[test]
    fn a_bad_pattern_says_why() {
        let why = Matcher::new(Builtin::RegexMatch, &["a(b"]).unwrap_err();
        assert_eq!(why, "no regular expression: unclosed group");
        let why = Matcher::new(Builtin::CidrMatch, &["10.0.0.0/33"]).unwrap_err();
        assert_eq!(why, "`10.0.0.0/33` is no network (like `10.0.0.0/8`) and no address");
    }
}
