//! What the first token of a line does.

use super::{FrameKind, Layout};
use crate::diag::{Code, Diagnostic, Span};
use crate::syntax::steps;
use crate::syntax::token::{Tok, Token};

impl Layout<'_> {
    /// Handles the change of line before the current token.
    pub(super) fn line_start(&mut self) {
        let Some(token) = self.input.get(self.at).cloned() else {
            return;
        };
        let column = self.column(&token);
        if self.current.is_empty() && self.frames.len() == 1 {
            self.opening = false;
            return self.first_line(&token, column);
        }
        if self.leaves_unclosed(&token, column) {
            self.opening = false;
            return self.close_all(Some(&token));
        }
        if std::mem::take(&mut self.opening) {
            return self.first_of_block(&token, column);
        }
        if self.top().is_bracket() {
            return;
        }
        let continues = matches!(token.tok, Tok::Dot | Tok::Arrow);
        if continues && !matches!(self.top().kind, FrameKind::Braced) {
            return;
        }
        self.check_tabs(&token);
        self.next_line(&token, column);
    }

    /// The columns before a token: characters, a tab reaching to the next multiple of four.
    pub(super) fn column(&self, token: &Token) -> usize {
        let line = self.indentation(token);
        steps::count(line.range().len());
        self.text[line.range()].chars().fold(0, |column, c| match c {
            '\t' => column / 4 * 4 + 4,
            '\u{feff}' => column,
            _ => column + 1,
        })
    }

    /// What stands before a token on its line.
    fn indentation(&self, token: &Token) -> Span {
        let end = token.start as usize;
        let start = memchr::memrchr(b'\n', &self.text.as_bytes()[..end]).map_or(0, |at| at + 1);
        Span::new(self.file, start, end)
    }

    fn first_line(&mut self, token: &Token, column: usize) {
        // What follows in the same column is a statement too, and reported no more.
        let known = std::mem::replace(&mut self.top().column, column);
        if column > 0 && known != column {
            let span = self.span_of(token);
            self.error(
                Diagnostic::new(
                    Code::BadIndentation,
                    span,
                    "a statement at the top begins at the start of its line",
                )
                .label(format!("this one begins in column {}", column + 1))
                .help("take the indentation away"),
            );
        }
    }

    /// A line that neither opens a block nor lies in a bracket.
    fn next_line(&mut self, token: &Token, column: usize) {
        let mut closed = false;
        self.last_closed = None;
        loop {
            let frame = self.top().clone();
            match frame.kind {
                FrameKind::Bracket(_) => return,
                FrameKind::Inline if column > self.lines_column() => return,
                FrameKind::Inline => self.close_block(),
                FrameKind::Braced => return self.braced_line(column),
                FrameKind::Lines if column > frame.column && closed => return self.bad_dedent(token, column),
                FrameKind::Lines if column > frame.column => return,
                FrameKind::Lines if column == frame.column => return self.same_column(),
                FrameKind::Lines if self.frames.len() == 1 => {
                    self.top().column = column;
                    return self.same_column();
                }
                FrameKind::Lines if self.is_block_of_bracket() => return self.before_bracket_block(token, column),
                FrameKind::Lines => {
                    self.last_closed = Some(frame.column);
                    self.close_block();
                }
            }
            closed = true;
        }
    }

    /// The column of the innermost block of lines.
    fn lines_column(&self) -> usize {
        self.frames
            .iter()
            .rev()
            .take(256)
            .find(|frame| frame.kind == FrameKind::Lines)
            .map_or(0, |frame| frame.column)
    }

    /// Whether the innermost block is the outermost of its bracket.
    fn is_block_of_bracket(&self) -> bool {
        self.frames.len() >= 2 && self.frames[self.frames.len() - 2].is_bracket()
    }

    fn same_column(&mut self) {
        if self.frames.len() == 1 {
            if self.continues_block() {
                return self.top().header = true;
            }
            return self.end_statement();
        }
        self.top().names = false;
        if self.continues_block() {
            self.top().header = true;
        } else {
            self.top().header = false;
            self.separate();
        }
    }

    /// Whether the line goes on with the compound statement before it: `else`, `catch`, ...
    fn continues_block(&mut self) -> bool {
        matches!(self.current.last(), Some(token) if token.tok == Tok::Dedent) && self.is_continuing_word()
    }

    fn is_continuing_word(&mut self) -> bool {
        match (self.peek_tok(0), self.peek_tok(1)) {
            (Some(Tok::Elif), _) => true,
            (Some(Tok::Else), Some(Tok::If)) => {
                self.else_if();
                true
            }
            (Some(Tok::Else), _) => true,
            (Some(Tok::Name(word)), next) => match word.as_str() {
                "finally" => matches!(next, Some(Tok::Colon)),
                "catch" => matches!(next, Some(Tok::Colon | Tok::Name(_))),
                _ => false,
            },
            _ => false,
        }
    }

    /// `else if` is read as the `elif` that was meant.
    fn else_if(&mut self) {
        let (Some(first), Some(second)) = (self.peek(0), self.peek(1)) else {
            return;
        };
        let span = self.span_of(first).to(self.span_of(second));
        let mut merged = first.clone();
        merged.tok = Tok::Elif;
        merged.end = second.end;
        self.error(Diagnostic::new(Code::ElseIf, span, "`else if` is written `elif`").fix(
            "write `elif`",
            span,
            "elif",
        ));
        self.at += 1;
        self.input[self.at] = merged;
    }

    fn braced_line(&mut self, column: usize) {
        if self.peek_tok(0).is_some_and(Tok::closes) {
            return;
        }
        if column <= self.top().column {
            self.top().header = false;
            if !self.continues_block() {
                self.separate();
            }
        }
    }

    /// A line to the left of a block that only its bracket can end.
    fn before_bracket_block(&mut self, token: &Token, column: usize) {
        if token.tok.closes() || token.tok == Tok::Comma {
            return;
        }
        if self.is_continuing_word() {
            self.close_block();
            self.top().header = true;
            return;
        }
        self.bad_dedent(token, column);
    }

    fn bad_dedent(&mut self, token: &Token, column: usize) {
        let span = self.span_of(token);
        let outer = self.top().column + 1;
        let text = match self.last_closed.take() {
            Some(inner) => format!("the blocks around it stand in columns {outer} and {}", inner + 1),
            None => format!("the block it could go on with stands in column {outer}"),
        };
        let message = format!("this line begins in column {}, where no block does", column + 1);
        self.error(Diagnostic::new(Code::BadIndentation, span, message).label(text));
        self.separate();
    }

    /// Reports a line whose indentation mixes tabs and spaces with that of its statement, once.
    pub(super) fn check_tabs(&mut self, token: &Token) {
        let span = self.indentation(token);
        let blank = &self.text[span.range()];
        if self.mixed || blank.is_empty() {
            return;
        }
        if blank.contains('\t') && self.indented_by.0.is_none() {
            self.indented_by.0 = Some(span);
        }
        if blank.contains(' ') && self.indented_by.1.is_none() {
            self.indented_by.1 = Some(span);
        }
        let (Some(tabs), Some(spaces)) = self.indented_by else {
            return;
        };
        self.mixed = true;
        let blank = blank.replace('\t', "    ");
        let mut error = Diagnostic::new(
            Code::MixedTabs,
            span,
            "tabs and spaces are mixed in the indentation of one statement",
        );
        error = match (tabs == span, spaces == span) {
            (true, false) => error.label("tabs here").also(spaces, "spaces here"),
            (false, true) => error.label("spaces here").also(tabs, "tabs here"),
            _ => error.label("both in one line"),
        };
        let tabbed = if tabs == span { span } else { tabs };
        if tabbed == span {
            error = error.fix("indent with spaces", span, blank);
        } else {
            error = error.help("indent with spaces everywhere");
        }
        self.error(error);
    }
}
