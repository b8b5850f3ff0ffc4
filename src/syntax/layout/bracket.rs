//! Brackets and what separates in them.

use super::{Frame, FrameKind, Layout, Mode, NO_COLUMN};
use crate::diag::{Code, Diagnostic, Span};
use crate::syntax::token::{Tok, Token};

/// How many frames are looked through for the opener of a stray closing bracket.
const SEARCH: usize = 256;

impl Layout<'_> {
    pub(super) fn open_bracket(&mut self) {
        let index = self.at;
        self.advance();
        self.frames
            .push(Frame::new(FrameKind::Bracket(index), NO_COLUMN, false));
    }

    /// Whether the `{` here opens a block: behind `=>`, unless a map follows, or behind `config name`.
    pub(super) fn opens_braced_block(&self) -> bool {
        match self.current.last().map(|token| &token.tok) {
            Some(Tok::FatArrow) => {
                let key = match self.peek_tok(1) {
                    Some(Tok::RBrace) => return false,
                    Some(Tok::Name(_) | Tok::Str(_)) => true,
                    Some(tok) => tok.is_hard_keyword(),
                    None => false,
                };
                !(key && matches!(self.peek_tok(2), Some(Tok::Colon)))
            }
            _ => self.mode == Mode::Config && self.frames.len() == 1 && self.current.len() <= 2,
        }
    }

    pub(super) fn open_braced(&mut self) {
        let fields = self.mode == Mode::Config;
        self.top().header = false;
        self.open_bracket();
        // Entries that begin on the line of the brace have no column.
        let column = self.peek(0).filter(|next| next.first);
        let column = column.map_or(NO_COLUMN, |next| self.column(next));
        self.open_block(Frame::new(FrameKind::Braced, column, fields));
        // The first line needs no separation from what is before it.
        if let Some(next) = self.input.get_mut(self.at) {
            next.first = false;
        }
    }

    pub(super) fn close_bracket(&mut self) {
        let Some(token) = self.peek(0).cloned() else { return };
        let opener = self.opener(&token);
        let Some(depth) = opener else { return self.stray(&token) };
        while self.frames.len() > depth + 1 {
            match self.top().kind {
                FrameKind::Bracket(open) => {
                    self.unclosed(open, Some(&token));
                    self.close_forgotten(open);
                }
                _ => self.close_block(),
            }
        }
        self.frames.pop();
        self.advance();
    }

    /// The frame of the bracket that `token` closes.
    fn opener(&self, token: &Token) -> Option<usize> {
        let frames = self.frames.iter().enumerate().rev().take(SEARCH);
        for (depth, frame) in frames {
            let FrameKind::Bracket(open) = frame.kind else { continue };
            if self.input[open].tok.closed_by(&token.tok) {
                return Some(depth);
            }
        }
        None
    }

    fn stray(&mut self, token: &Token) {
        let span = self.span_of(token);
        let shown = &self.text[span.range()];
        let error = Diagnostic::new(
            Code::StrayBracket,
            span,
            format!("`{shown}` closes a bracket that is not open"),
        );
        let innermost = self
            .frames
            .iter()
            .rev()
            .take(SEARCH)
            .find_map(|frame| match frame.kind {
                FrameKind::Bracket(open) => Some(open),
                _ => None,
            });
        let error = match innermost {
            Some(open) => {
                let open = self.span_of(&self.input[open]);
                error.also(
                    open,
                    format!("the bracket that is open is this `{}`", &self.text[open.range()]),
                )
            }
            None => error,
        };
        self.bracket_error(error, span);
        self.at += 1;
    }

    /// Reports the first bracket of a statement that is wrong. `end`: how far the statement is read.
    fn bracket_error(&mut self, error: Diagnostic, end: Span) {
        let start = self.current.first().map_or(end.start, |token| token.start);
        let next = self.unclosed_strings.partition_point(|&at| at < start);
        let in_string = self.unclosed_strings.get(next).is_some_and(|&at| at <= end.end);
        if !std::mem::replace(&mut self.bracket_reported, true) && !in_string {
            self.error(error);
        }
    }

    /// Closes the innermost bracket, which the program never does.
    fn close_forgotten(&mut self, open: usize) {
        self.frames.pop();
        self.synthetic(partner(&self.input[open].tok).0);
    }

    /// Reports the bracket opened at `open` as never closed.
    fn unclosed(&mut self, open: usize, next: Option<&Token>) {
        let opener = &self.input[open];
        let span = self.span_of(opener);
        let close = partner(&opener.tok).1;
        let end = next.map_or_else(
            || Span::new(self.file, self.text.trim_end().len(), self.text.trim_end().len()),
            |token| self.span_of(token),
        );
        let shown = &self.text[span.range()];
        let error = Diagnostic::new(Code::UnclosedBracket, span, format!("this `{shown}` is never closed"))
            .label("opened here")
            .also(end, format!("there is no `{close}` before this"));
        self.bracket_error(error, end);
    }

    /// Closes everything that is open. Of the brackets, only the innermost is reported.
    pub(super) fn close_all(&mut self, next: Option<&Token>) {
        let innermost = self.frames.iter().rev().find_map(|frame| match frame.kind {
            FrameKind::Bracket(open) => Some(open),
            _ => None,
        });
        if let Some(open) = innermost {
            self.unclosed(open, next);
        }
        while self.frames.len() > 1 {
            match self.top().kind {
                FrameKind::Bracket(open) => self.close_forgotten(open),
                _ => self.close_block(),
            }
        }
        if next.is_some() {
            self.end_statement();
        }
    }

    /// Whether a line begins a statement though a bracket is open: the bracket was forgotten.
    pub(super) fn leaves_unclosed(&self, token: &Token, column: usize) -> bool {
        let bracket = self
            .frames
            .iter()
            .rev()
            .take(SEARCH)
            .find_map(|frame| match frame.kind {
                FrameKind::Bracket(open) => Some(open),
                _ => None,
            });
        let (Some(open), 0) = (bracket, column) else {
            return false;
        };
        let word = match &token.tok {
            Tok::Let | Tok::Var => return matches!(self.peek_tok(1), Some(Tok::Name(_))),
            Tok::Name(word) => word.as_str(),
            _ => return false,
        };
        let follows = match (word, self.peek_tok(1)) {
            ("import", Some(Tok::Str(_))) | ("config" | "embedding_config", Some(Tok::Colon)) => true,
            (word, Some(Tok::Name(_))) => Tok::statement_keyword(word).is_some(),
            _ => false,
        };
        follows && !(word == "stream" && self.holds_streams(open))
    }

    /// Whether the bracket at `open` is that of `merge(` or a join.
    fn holds_streams(&self, open: usize) -> bool {
        let before = open.checked_sub(1).map(|at| &self.input[at].tok);
        matches!(before, Some(Tok::Name(word)) if word == "merge" || word == "join" || word.ends_with("_join"))
            && matches!(
                self.current.last().map(|token| &token.tok),
                Some(Tok::LParen | Tok::Comma)
            )
    }

    /// A comma separates the entries of an inline block, and ends a block of lines in a bracket.
    pub(super) fn comma(&mut self) {
        let frame = self.top().clone();
        if frame.names {
            return self.advance();
        }
        match frame.kind {
            FrameKind::Bracket(_) => {
                self.top().header = false;
                self.advance();
            }
            FrameKind::Inline | FrameKind::Braced => self.entry_separator(),
            FrameKind::Lines => {
                if self.frames.iter().rev().take(SEARCH).any(Frame::is_bracket) {
                    while !self.top().is_bracket() {
                        self.close_block();
                    }
                }
                self.advance();
            }
        }
    }

    fn entry_separator(&mut self) {
        self.top().header = false;
        self.separate();
        self.at += 1;
    }

    /// `;` separates in braces; elsewhere it is a slip.
    pub(super) fn semicolon(&mut self) {
        if self.top().kind == FrameKind::Braced {
            return self.entry_separator();
        }
        let Some(token) = self.peek(0).cloned() else { return };
        let span = self.span_of(&token);
        if self.ends_line() {
            self.error(
                Diagnostic::new(Code::Semicolon, span, "a line does not end with `;`").fix("take it away", span, ""),
            );
        } else {
            self.error(
                Diagnostic::new(Code::Semicolon, span, "`;` separates nothing here")
                    .help("write each statement on a line of its own"),
            );
            match (self.frames.len(), self.top().is_bracket()) {
                (1, _) => self.end_statement(),
                (_, false) => self.separate(),
                (_, true) => {}
            }
        }
        self.at += 1;
    }
}

/// What closes a bracket: the token, and how it is written.
fn partner(opener: &Tok) -> (Tok, &'static str) {
    match opener {
        Tok::LBracket => (Tok::RBracket, "]"),
        Tok::LBrace => (Tok::RBrace, "}"),
        Tok::HoleOpen => (Tok::HoleClose, "}"),
        Tok::FOpen => (Tok::FClose, "\""),
        _ => (Tok::RParen, ")"),
    }
}
