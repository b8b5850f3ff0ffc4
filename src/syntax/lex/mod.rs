//! Text -> tokens, with true byte spans.
//!
//! Invariants: the tokens' spans are in order, disjoint, inside the text and on character boundaries;
//! every byte is looked at a bounded number of times. An error is reported where it stands and the
//! lexer goes on behind it with the token that was most likely meant.

mod number;
mod string;
mod symbol;

use super::steps;
use super::token::{Tok, Token};
use crate::diag::{Code, Diagnostic, FileId, Span};

/// What the lexer makes of a text.
pub(super) struct Lexed {
    /// The tokens, without any for layout.
    pub(super) tokens: Vec<Token>,
    /// What is wrong with the text.
    pub(super) errors: Vec<Diagnostic>,
}

/// Cuts a text into tokens.
pub(super) fn lex(file: FileId, text: &str) -> Lexed {
    let mut lexer = Lexer {
        file,
        text,
        at: 0,
        first: true,
        holes: Vec::new(),
        out: Lexed {
            tokens: Vec::new(),
            errors: Vec::new(),
        },
    };
    if text.starts_with('\u{feff}') {
        lexer.at = '\u{feff}'.len_utf8();
    }
    while lexer.at < text.len() {
        lexer.step();
    }
    lexer.end_interpolations();
    lexer.out
}

struct Lexer<'t> {
    file: FileId,
    text: &'t str,
    /// The next byte to look at; on a character boundary between steps.
    at: usize,
    /// Whether no token has come on this line yet.
    first: bool,
    /// The f-strings that are open: where each began, and the braces open in its hole.
    holes: Vec<(usize, u32)>,
    out: Lexed,
}

impl Lexer<'_> {
    fn byte(&self, offset: usize) -> u8 {
        self.text.as_bytes().get(self.at + offset).copied().unwrap_or(0)
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn error(&mut self, diagnostic: Diagnostic) {
        self.out.errors.push(diagnostic);
    }

    /// Puts out a token that reaches from `start` to here.
    fn push(&mut self, tok: Tok, start: usize) {
        self.out.tokens.push(Token {
            tok,
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(self.at).unwrap_or(u32::MAX),
            first: std::mem::take(&mut self.first),
        });
    }

    /// Reads one token, or one stretch of text that makes none.
    fn step(&mut self) {
        steps::count(1);
        match self.byte(0) {
            b'\n' => {
                self.end_interpolations();
                self.at += 1;
                self.first = true;
            }
            b' ' | b'\t' | b'\r' | 0x0c => self.at += 1,
            b'#' => self.skip_line(),
            b'/' if self.byte(1) == b'*' => self.block_comment(),
            b'"' => self.double_quoted(self.at),
            b'\'' => self.single_quoted(),
            b'r' if self.byte(1) == b'"' => self.raw(),
            b'f' if self.byte(1) == b'"' => self.open_interpolation(),
            b'`' => self.backticks(),
            b'0'..=b'9' => self.number(),
            b'@' if self.byte(1).is_ascii_digit() => self.timestamp(),
            b if b.is_ascii_alphabetic() || b == b'_' => self.word(),
            b if b.is_ascii() => self.symbol(),
            _ => self.foreign(),
        }
    }

    /// Moves to the next byte that does not satisfy `keep`. ASCII classes only.
    fn skip_while(&mut self, keep: impl Fn(u8) -> bool) {
        let bytes = &self.text.as_bytes()[self.at..];
        let length = bytes.iter().take_while(|&&b| keep(b)).count();
        steps::count(length);
        self.at += length;
    }

    fn skip_line(&mut self) {
        self.skip_while(|b| b != b'\n');
    }

    fn block_comment(&mut self) {
        let start = self.at;
        if let Some(length) = memchr::memmem::find(&self.text.as_bytes()[start + 2..], b"*/") {
            self.at = start + 2 + length + 2;
            return;
        }
        self.at = self.text.len();
        self.error(
            Diagnostic::new(
                Code::UnclosedComment,
                self.span(start, start + 2),
                "the comment is never closed",
            )
            .label("it begins here")
            .help("end it with `*/`"),
        );
    }

    fn word(&mut self) {
        let start = self.at;
        self.skip_while(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !self.rest().is_empty() && !self.byte(0).is_ascii() {
            let letters = self.rest().chars().take_while(|c| c.is_alphanumeric() || *c == '_');
            let length: usize = letters.map(char::len_utf8).sum();
            if length > 0 {
                self.at += length;
                return self.foreign_word(start);
            }
        }
        let word = &self.text[start..self.at];
        let tok = Tok::hard_keyword(word).unwrap_or_else(|| Tok::Name(word.to_owned()));
        self.push(tok, start);
    }

    /// A word with letters beyond ASCII.
    fn foreign_word(&mut self, start: usize) {
        let word = self.text[start..self.at].to_owned();
        let span = self.span(start, self.at);
        self.error(
            Diagnostic::new(
                Code::UnexpectedCharacter,
                span,
                format!("the name `{word}` has letters other than `A-Z`, `a-z`, `0-9` and `_`"),
            )
            .fix("write the name in backticks", span, format!("`{word}`")),
        );
        self.push(Tok::Name(word), start);
    }

    fn backticks(&mut self) {
        let start = self.at;
        self.at += 1;
        self.skip_while(|b| b != b'`' && b != b'\n' && b != b'\r');
        let name = self.text[start + 1..self.at].to_owned();
        if self.byte(0) == b'`' {
            self.at += 1;
        } else {
            self.error(
                Diagnostic::new(
                    Code::UnclosedString,
                    self.span(start, self.at),
                    "the name in backticks does not end on its line",
                )
                .label("it begins here"),
            );
        }
        if name.is_empty() {
            let span = self.span(start, self.at);
            self.error(Diagnostic::new(
                Code::UnexpectedCharacter,
                span,
                "there is no name between the backticks",
            ));
        }
        self.push(Tok::Name(name), start);
    }

    /// A character beyond ASCII outside of strings and comments.
    fn foreign(&mut self) {
        let start = self.at;
        let Some(c) = self.rest().chars().next() else { return };
        self.at += c.len_utf8();
        match c {
            c if c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}' => self.foreign_blank(start),
            '\u{201c}'..='\u{201f}' | '\u{2018}'..='\u{201b}' | '\u{ab}' | '\u{bb}' => self.smart_quotes(start),
            c if c.is_alphabetic() => {
                let word = self.rest().chars().take_while(|c| c.is_alphanumeric() || *c == '_');
                self.at += word.map(char::len_utf8).sum::<usize>();
                self.foreign_word(start);
            }
            c => self.foreign_symbol(c, start),
        }
    }

    fn foreign_blank(&mut self, start: usize) {
        let span = self.span(start, self.at);
        self.error(
            Diagnostic::new(
                Code::UnexpectedCharacter,
                span,
                "this is a blank, but neither a space nor a tab",
            )
            .fix("put a space there", span, " "),
        );
    }

    fn foreign_symbol(&mut self, c: char, start: usize) {
        let meant = match c {
            '\u{2192}' => Some((Tok::Arrow, "->")),
            '\u{21d2}' => Some((Tok::FatArrow, "=>")),
            '\u{2264}' => Some((Tok::Le, "<=")),
            '\u{2265}' => Some((Tok::Ge, ">=")),
            '\u{2260}' => Some((Tok::NotEq, "!=")),
            '\u{2013}' | '\u{2014}' | '\u{2212}' => Some((Tok::Minus, "-")),
            '\u{d7}' => Some((Tok::Star, "*")),
            '\u{2026}' => Some((Tok::DotDot, "..")),
            _ => None,
        };
        // A run of unknown symbols is one mistake.
        if meant.is_none() {
            let run = self
                .rest()
                .chars()
                .take_while(|c| !c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace());
            self.at += run.map(char::len_utf8).sum::<usize>();
        }
        let span = self.span(start, self.at);
        let message = format!("`{}` has no meaning here", c.escape_debug());
        let error = Diagnostic::new(Code::UnexpectedCharacter, span, message);
        match meant {
            Some((tok, text)) => {
                self.error(error.fix(format!("write `{text}`"), span, text));
                self.push(tok, start);
            }
            None => self.error(error),
        }
    }
}
