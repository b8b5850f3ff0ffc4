//! Strings: `"escaped"`, `'raw'`, `r"raw"`, `f"text {expr}"`. A string ends on its line.

use super::Lexer;
use crate::diag::{Code, Diagnostic};
use crate::syntax::token::Tok;

impl Lexer<'_> {
    /// `"..."`, the opening quote at `start` and next.
    pub(super) fn double_quoted(&mut self, start: usize) {
        self.at += 1;
        let mut value = String::new();
        loop {
            self.plain_run(&mut value, |b| !matches!(b, b'"' | b'\\'));
            match self.byte(0) {
                b'"' => {
                    self.at += 1;
                    break;
                }
                b'\\' => self.escape(&mut value),
                _ => {
                    self.unclosed(start, '"');
                    break;
                }
            }
        }
        self.push(Tok::Str(value), start);
    }

    /// Copies what satisfies `keep`, up to the end of the line at most.
    fn plain_run(&mut self, value: &mut String, keep: impl Fn(u8) -> bool) {
        let from = self.at;
        self.skip_while(|b| b != b'\n' && keep(b));
        value.push_str(&self.text[from..self.at]);
    }

    fn unclosed(&mut self, start: usize, quote: char) {
        // A carriage return before the line's end belongs to the line's end.
        let end = self.text[..self.at].trim_end_matches('\r').len().max(start + 1);
        self.error(
            Diagnostic::new(
                Code::UnclosedString,
                self.span(start, start + 1),
                "the string does not end on its line",
            )
            .label("it begins here")
            .also(self.span(end, end), format!("no `{quote}` up to here")),
        );
    }

    /// `\n` and its kin, at the backslash.
    fn escape(&mut self, value: &mut String) {
        let start = self.at;
        let c = self.text[start + 1..].chars().next();
        self.at += 1;
        let simple = match c {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('0') => '\0',
            Some(c @ ('\\' | '"')) => c,
            Some('u') if self.byte(1) == b'{' => return self.unicode_escape(value, start),
            _ => return self.unknown_escape(value, start, c),
        };
        self.at += 1;
        value.push(simple);
    }

    fn unicode_escape(&mut self, value: &mut String, start: usize) {
        self.at += 2;
        let digits = self.at;
        self.skip_while(|b| b.is_ascii_hexdigit());
        let c = u32::from_str_radix(&self.text[digits..self.at], 16)
            .ok()
            .and_then(char::from_u32);
        let closed = self.byte(0) == b'}';
        self.at += usize::from(closed);
        match c.filter(|_| closed) {
            Some(c) => value.push(c),
            None => self.error(
                Diagnostic::new(
                    Code::BadEscape,
                    self.span(start, self.at),
                    "this escape names no character",
                )
                .help("`\\u{e9}` has the character's number in hexadecimal, up to `10ffff`"),
            ),
        }
    }

    fn unknown_escape(&mut self, value: &mut String, start: usize, c: Option<char>) {
        value.push('\\');
        let Some(c) = c.filter(|&c| c != '\n' && c != '\r') else {
            return;
        };
        let span = self.span(start, start + 1 + c.len_utf8());
        self.error(
            Diagnostic::new(Code::BadEscape, span, format!("`\\{c}` is no escape"))
                .label("the escapes are `\\n \\t \\r \\0 \\\\ \\\" \\u{..}`")
                .help("a raw string takes backslashes as they stand: `r\"\\d+\"` or `'\\d+'`")
                .fix("double the backslash", span, format!("\\\\{c}")),
        );
    }

    /// `r"..."`
    pub(super) fn raw(&mut self) {
        let start = self.at;
        self.at += 2;
        let mut value = String::new();
        self.plain_run(&mut value, |b| b != b'"');
        if self.byte(0) == b'"' {
            self.at += 1;
        } else {
            self.unclosed(start, '"');
        }
        self.push(Tok::Str(value), start);
    }

    /// `'...'`, in which `''` is one quote.
    pub(super) fn single_quoted(&mut self) {
        let start = self.at;
        self.at += 1;
        let mut value = String::new();
        loop {
            self.plain_run(&mut value, |b| b != b'\'');
            match (self.byte(0), self.byte(1)) {
                (b'\'', b'\'') => {
                    self.at += 2;
                    value.push('\'');
                }
                (b'\'', next) if value.ends_with('\\') && next.is_ascii_alphanumeric() => {
                    self.escaped_quote(&mut value);
                }
                (b'\'', _) => {
                    self.at += 1;
                    break;
                }
                _ => {
                    self.unclosed(start, '\'');
                    break;
                }
            }
        }
        self.push(Tok::Str(value), start);
    }

    /// `'don\'t'`: what was meant is clear, since no string ends before a letter.
    fn escaped_quote(&mut self, value: &mut String) {
        let span = self.span(self.at - 1, self.at + 1);
        self.at += 1;
        value.pop();
        value.push('\'');
        self.error(
            Diagnostic::new(
                Code::SingleQuoteEscape,
                span,
                "strings in single quotes have no escapes",
            )
            .label("this ends the string")
            .fix("double the quote", span, "''"),
        );
    }

    /// `f"`
    pub(super) fn open_interpolation(&mut self) {
        let start = self.at;
        self.at += 2;
        self.push(Tok::FOpen, start);
        self.holes.push((start, 0));
        self.interpolated_text();
    }

    /// The text of an f-string up to its next hole or its end.
    pub(super) fn interpolated_text(&mut self) {
        let start = self.at;
        let mut value = String::new();
        loop {
            self.plain_run(&mut value, |b| !matches!(b, b'"' | b'\\' | b'{' | b'}'));
            match (self.byte(0), self.byte(1)) {
                (b'{', b'{') | (b'}', b'}') => {
                    value.push(char::from(self.byte(0)));
                    self.at += 2;
                }
                (b'\\', _) => self.escape(&mut value),
                (b'}', _) => self.lone_brace(&mut value),
                _ => break,
            }
        }
        if !value.is_empty() {
            self.push(Tok::FText(value), start);
        }
        let start = self.at;
        match self.byte(0) {
            b'{' => {
                self.at += 1;
                self.push(Tok::HoleOpen, start);
            }
            b'"' => {
                self.at += 1;
                self.push(Tok::FClose, start);
                self.holes.pop();
            }
            _ => {
                if let Some((open, _)) = self.holes.pop() {
                    self.unclosed(open, '"');
                }
                self.push(Tok::FClose, start);
            }
        }
    }

    fn lone_brace(&mut self, value: &mut String) {
        value.push('}');
        let span = self.span(self.at, self.at + 1);
        self.at += 1;
        self.error(Diagnostic::new(Code::BadEscape, span, "this brace closes nothing").fix(
            "double it to mean the character",
            span,
            "}}",
        ));
    }

    /// At the end of a line: closes the f-strings whose holes are still open.
    pub(super) fn end_interpolations(&mut self) {
        while let Some((start, _)) = self.holes.pop() {
            self.error(
                Diagnostic::new(
                    Code::UnclosedString,
                    self.span(start, start + 2),
                    "the string does not end on its line",
                )
                .label("it begins here")
                .also(self.span(self.at, self.at), "the `{` in it is still open here"),
            );
            self.push(Tok::HoleClose, self.at);
            self.push(Tok::FClose, self.at);
        }
    }

    /// Typographic quotes, the first of them just read. What they enclose is taken as a string.
    pub(super) fn smart_quotes(&mut self, start: usize) {
        let body = self.at;
        let close = |c: char| matches!(c, '\u{201c}'..='\u{201f}' | '\u{2018}'..='\u{201b}' | '\u{ab}' | '\u{bb}');
        let line = self.rest().split(['\n', '"', '\'']).next().unwrap_or("");
        let closing = line.char_indices().find(|&(_, c)| close(c));
        let length = closing.map_or(0, |(at, c)| at + c.len_utf8());
        let inner = closing.map_or(String::new(), |(at, _)| line[..at].to_owned());
        self.at = body + length;
        let span = self.span(start, self.at);
        let error = Diagnostic::new(Code::SmartQuotes, span, "typographic quotes do not enclose a string");
        if closing.is_none() {
            return self.error(error.help("strings stand between `\"` and `\"`"));
        }
        self.error(error.fix(
            "use straight quotes",
            span,
            format!("\"{}\"", inner.replace('\\', "\\\\")),
        ));
        self.push(Tok::Str(inner), start);
    }
}
