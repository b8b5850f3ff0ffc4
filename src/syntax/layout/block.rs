//! Opening, separating and closing blocks.

use super::{Frame, FrameKind, Layout, Mode, NO_COLUMN};
use crate::diag::{Code, Diagnostic, Span};
use crate::syntax::steps;
use crate::syntax::token::{Tok, Token};

impl Layout<'_> {
    /// The first line behind a `:` or `=>` that ends a line.
    pub(super) fn first_of_block(&mut self, token: &Token, column: usize) {
        let bracket = self.top().is_bracket();
        let shallow = if bracket {
            token.tok.closes() || token.tok == Tok::Comma
        } else {
            column <= self.enclosing_column()
        };
        if shallow {
            self.missing_block(Some(token));
            // The line belongs to what is around the block that is not there.
            if !self.top().is_bracket() {
                self.opening = false;
                self.line_start();
            }
            return;
        }
        self.note_tabs(token);
        let fields = self.mode != Mode::Code;
        self.open_block(Frame::new(FrameKind::Lines, column, fields));
    }

    fn note_tabs(&mut self, token: &Token) {
        if !self.top().is_bracket() {
            self.check_tabs(token);
        }
    }

    /// The column that a new block's lines must lie behind.
    fn enclosing_column(&self) -> usize {
        self.frames
            .iter()
            .rev()
            .take(256)
            .find(|frame| matches!(frame.kind, FrameKind::Lines | FrameKind::Braced) && frame.column != NO_COLUMN)
            .map_or(0, |frame| frame.column)
    }

    pub(super) fn open_block(&mut self, frame: Frame) {
        self.synthetic(Tok::Indent);
        self.frames.push(frame);
    }

    /// Reports the absence of a block behind the last token, and puts an empty one there.
    pub(super) fn missing_block(&mut self, next: Option<&Token>) {
        let place = self.current.last().map_or((0, 0), |token| (token.start, token.end));
        let span = Span::new(self.file, place.0 as usize, place.1 as usize);
        let mut error = Diagnostic::new(Code::MissingBlock, span, "an indented block must follow this line")
            .label("this opens a block");
        if let Some(next) = next {
            error = error.also(self.span_of(next), "this is not indented below it");
        }
        if self.mode == Mode::Event {
            error = error.fix("an event without fields has no colon", span, "");
        }
        self.error(error);
        for tok in [Tok::Indent, Tok::Broken, Tok::Newline, Tok::Dedent] {
            self.synthetic(tok);
        }
    }

    /// Ends an entry of the innermost block.
    pub(super) fn separate(&mut self) {
        let empty = matches!(
            self.current.last(),
            None | Some(Token {
                tok: Tok::Newline | Tok::Indent,
                ..
            })
        );
        if !empty {
            self.synthetic(Tok::Newline);
        }
    }

    /// Closes the innermost block, which must not be the program's own.
    pub(super) fn close_block(&mut self) {
        steps::count(1);
        if matches!(self.current.last(), Some(token) if token.tok == Tok::Indent) {
            self.synthetic(Tok::Broken);
        }
        self.separate();
        self.synthetic(Tok::Dedent);
        self.frames.pop();
    }

    /// Takes note of words that begin a block, so that their colon is known when it comes.
    pub(super) fn note_word(&mut self) {
        if self.top().fields && !self.top().is_bracket() {
            return;
        }
        let Some(token) = self.peek(0) else { return };
        let before = self.current.last().map(|token| &token.tok);
        let starts = matches!(
            before,
            None | Some(Tok::Newline | Tok::Indent | Tok::Dedent | Tok::FatArrow | Tok::Assign | Tok::Return)
        );
        let key = matches!(self.peek_tok(1), Some(Tok::Colon));
        let after_dot = matches!(before, Some(Tok::Dot));
        match token.tok {
            _ if after_dot => {}
            Tok::In => self.top().names = false,
            Tok::Then => self.top().header = false,
            Tok::For if !key => {
                self.top().header = true;
                self.top().names = true;
            }
            Tok::If | Tok::Match | Tok::While if !key => self.top().header = true,
            Tok::Elif | Tok::Else if starts => self.top().header = true,
            Tok::Name(ref word) if starts && key && word == "try" => self.top().header = true,
            Tok::Name(ref word) if starts && matches!(word.as_str(), "catch" | "finally") => {
                self.top().header |= matches!(before, Some(Tok::Dedent));
            }
            _ => {}
        }
    }

    /// A colon: of a block, or of a name.
    pub(super) fn colon(&mut self) {
        let header = self.top().header;
        let ends_line = self.ends_line();
        let bracket = self.top().is_bracket();
        self.advance();
        if bracket {
            self.opening = header && ends_line;
            if self.opening {
                self.top().header = false;
            }
            return;
        }
        if ends_line && (header || self.mode == Mode::Config || !self.top().fields) {
            self.top().header = false;
            self.opening = true;
        } else if header {
            self.top().header = false;
            let fields = self.mode != Mode::Code;
            self.open_block(Frame::new(FrameKind::Inline, NO_COLUMN, fields));
        }
    }
}
