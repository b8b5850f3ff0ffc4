//! `- ` items of config blocks: the column of the first key behind the dash is an indentation of its own.

use super::{Frame, FrameKind, Layout, Mode};
use crate::syntax::token::Tok;

impl Layout<'_> {
    /// Whether the `-` here begins an item of a list.
    pub(super) fn begins_item(&self) -> bool {
        self.mode == Mode::Config
            && self.frames.last().is_some_and(|frame| frame.kind == FrameKind::Lines)
            && matches!(
                self.current.last().map(|token| &token.tok),
                Some(Tok::Indent | Tok::Newline)
            )
    }

    /// An item: a block when it begins with a key or another dash, else a value.
    pub(super) fn item(&mut self) {
        if let Some(token) = self.input.get_mut(self.at) {
            token.tok = Tok::Dash;
        }
        self.opening = self.ends_line();
        self.advance();
        let (Some(dash), Some(next)) = (self.current.last(), self.peek(0)) else {
            return;
        };
        if next.first {
            return;
        }
        // The dash stands in the column of its block.
        let column = self.frames.last().map_or(0, |frame| frame.column) + (next.start - dash.start) as usize;
        let word = matches!(next.tok, Tok::Name(_) | Tok::Str(_)) || next.tok.is_hard_keyword();
        let key = word && matches!(self.peek_tok(1), Some(Tok::Colon));
        if key || next.tok == Tok::Minus && self.peek(1).is_some_and(|after| after.start > next.end) {
            self.open_block(Frame::new(FrameKind::Lines, column, true));
        }
    }
}
