//! Operators and brackets, and those of other languages that are often written for them.

use super::Lexer;
use crate::diag::{Code, Diagnostic};
use crate::syntax::token::Tok;

/// Longest first. The third column marks a foreign spelling and says what to write.
const SYMBOLS: &[(&str, Tok, Option<&str>)] = &[
    ("===", Tok::EqEq, Some("==")),
    ("!==", Tok::NotEq, Some("!=")),
    ("..=", Tok::DotDotEq, None),
    ("**", Tok::Power, None),
    ("??", Tok::Coalesce, None),
    ("<<", Tok::Shl, None),
    (">>", Tok::Shr, None),
    ("==", Tok::EqEq, None),
    ("!=", Tok::NotEq, None),
    ("<=", Tok::Le, None),
    (">=", Tok::Ge, None),
    ("<>", Tok::NotEq, Some("!=")),
    ("&&", Tok::And, Some("and")),
    ("||", Tok::Or, Some("or")),
    (":=", Tok::Walrus, None),
    ("+=", Tok::PlusEq, None),
    ("-=", Tok::MinusEq, None),
    ("*=", Tok::StarEq, None),
    ("/=", Tok::SlashEq, None),
    ("%=", Tok::PercentEq, None),
    ("->", Tok::Arrow, None),
    ("=>", Tok::FatArrow, None),
    ("..", Tok::DotDot, None),
    ("(", Tok::LParen, None),
    (")", Tok::RParen, None),
    ("[", Tok::LBracket, None),
    ("]", Tok::RBracket, None),
    ("{", Tok::LBrace, None),
    ("}", Tok::RBrace, None),
    (",", Tok::Comma, None),
    (":", Tok::Colon, None),
    (";", Tok::Semicolon, None),
    (".", Tok::Dot, None),
    ("?", Tok::Question, None),
    ("+", Tok::Plus, None),
    ("-", Tok::Minus, None),
    ("*", Tok::Star, None),
    ("/", Tok::Slash, None),
    ("%", Tok::Percent, None),
    ("&", Tok::Amp, None),
    ("^", Tok::Caret, None),
    ("|", Tok::Pipe, None),
    ("~", Tok::Tilde, None),
    ("<", Tok::Lt, None),
    (">", Tok::Gt, None),
    ("=", Tok::Assign, None),
    ("!", Tok::Not, Some("not")),
];

impl Lexer<'_> {
    /// One symbol, by the longest match.
    pub(super) fn symbol(&mut self) {
        let start = self.at;
        let Some((text, tok, instead)) = SYMBOLS.iter().find(|(text, ..)| self.rest().starts_with(text)) else {
            return self.unknown_symbols();
        };
        self.at += text.len();
        if let Some(instead) = instead {
            self.foreign_operator(text, instead, start);
        }
        match tok {
            Tok::RBrace if self.closes_hole() => {
                self.push(Tok::HoleClose, start);
                self.interpolated_text();
            }
            tok => {
                if let (Tok::LBrace, Some((_, open))) = (tok, self.holes.last_mut()) {
                    *open += 1;
                }
                self.push(tok.clone(), start);
            }
        }
    }

    /// Whether a `}` ends the hole of the innermost f-string; otherwise it closes a brace in it.
    fn closes_hole(&mut self) -> bool {
        match self.holes.last_mut() {
            Some((_, 0)) => true,
            Some((_, open)) => {
                *open -= 1;
                false
            }
            None => false,
        }
    }

    fn foreign_operator(&mut self, text: &str, instead: &str, start: usize) {
        let span = self.span(start, self.at);
        let needs_space = instead == "not" && self.byte(0) != b' ';
        let word = instead.as_bytes()[0].is_ascii_alphabetic();
        let before = word && start > 0 && !self.text.as_bytes()[start - 1].is_ascii_whitespace() && instead != "not";
        let after = needs_space || (word && !self.byte(0).is_ascii_whitespace());
        let replacement = format!(
            "{}{instead}{}",
            if before { " " } else { "" },
            if after { " " } else { "" }
        );
        self.error(
            Diagnostic::new(
                Code::ForeignOperator,
                span,
                format!("`{text}` is no operator; `{instead}` is"),
            )
            .label(format!("write `{instead}`"))
            .fix(format!("write `{instead}`"), span, replacement),
        );
    }

    /// A run of ASCII characters that mean nothing is one mistake.
    fn unknown_symbols(&mut self) {
        let start = self.at;
        self.skip_while(|b| matches!(b, b'$' | b'\\' | b'@') || (b.is_ascii_control() && !b.is_ascii_whitespace()));
        if self.at == start {
            self.at += 1;
        }
        let span = self.span(start, self.at);
        let shown: String = self.text[span.range()]
            .chars()
            .take(8)
            .flat_map(char::escape_default)
            .collect();
        let error = Diagnostic::new(
            Code::UnexpectedCharacter,
            span,
            format!("`{shown}` has no meaning here"),
        );
        self.error(match self.text.as_bytes()[start] {
            b'@' => error.help("a timestamp is `@2026-01-23T10:00:00Z`; a field of this name is written in backticks: `` `@timestamp` ``"),
            b'$' => error.help("names stand by themselves, without `$`"),
            _ => error,
        });
    }
}
