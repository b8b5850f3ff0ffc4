//! Tokens -> statements: a pass that turns lines and columns into `NEWLINE`, `INDENT` and `DEDENT`.
//!
//! What is open is a stack of frames: brackets, and blocks of lines. A line at its block's column
//! begins a new entry of the block; a deeper one, or one that begins with `.` or `->`, continues the
//! line before it; a shallower one closes blocks. Inside brackets lines mean nothing, until a `=>` or
//! the colon of a block word ends one: that opens a block of lines in the bracket.
//!
//! Invariants: each block is `INDENT (entry NEWLINE)+ DEDENT`, each statement ends with `NEWLINE`, and
//! brackets come out balanced whatever the text. Every token is handled once; layout tokens are at
//! most two per frame and one per line.

mod block;
mod bracket;
mod config;
mod line;

use super::steps;
use super::token::{Tok, Token};
use crate::diag::{Diagnostic, FileId, Span};

/// One top-level statement's tokens, the last one `NEWLINE`.
#[derive(Debug)]
pub(super) struct Statement {
    /// With layout tokens.
    pub(super) tokens: Vec<Token>,
}

/// What the pass makes of a text's tokens.
pub(super) struct Laid {
    /// The statements, in order.
    pub(super) statements: Vec<Statement>,
    /// What is wrong with lines, columns and brackets.
    pub(super) errors: Vec<Diagnostic>,
}

/// Lays out the tokens of a text.
///
/// `unclosed`: where strings begin that never end, in order. The rest of their line may be part of
/// them, so nothing is said about brackets in their statements.
pub(super) fn lay_out(file: FileId, text: &str, tokens: Vec<Token>, unclosed: &[u32]) -> Laid {
    let mut layout = Layout::new(file, text, tokens, unclosed);
    while layout.at < layout.input.len() {
        layout.token();
    }
    layout.finish();
    layout.out
}

/// What a frame is.
#[derive(Clone, Debug, PartialEq)]
enum FrameKind {
    /// A bracket, with the index of the token that opened it.
    Bracket(usize),
    /// Lines at one column.
    Lines,
    /// Entries separated by commas on the line of their colon.
    Inline,
    /// Entries in braces, separated by lines, `;` or `,`.
    Braced,
}

/// The column of a block that has none.
const NO_COLUMN: usize = usize::MAX;

/// Something that is open.
#[derive(Clone, Debug)]
struct Frame {
    kind: FrameKind,
    /// The column of the block's lines; [`NO_COLUMN`] when it has none.
    column: usize,
    /// A block word stands in this entry and its colon has not come yet.
    header: bool,
    /// `for a, b in`: the commas before `in` separate names.
    names: bool,
    /// The block holds `name: value` entries, so that no word in it begins a block.
    fields: bool,
}

impl Frame {
    fn new(kind: FrameKind, column: usize, fields: bool) -> Self {
        Self {
            kind,
            column,
            header: false,
            names: false,
            fields,
        }
    }

    fn is_bracket(&self) -> bool {
        matches!(self.kind, FrameKind::Bracket(_))
    }
}

/// Which statement is being laid out, as far as that matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Code,
    /// The lines of the block are fields.
    Event,
    /// Nested `key: value` lines and `- ` items.
    Config,
}

struct Layout<'t> {
    file: FileId,
    text: &'t str,
    input: Vec<Token>,
    at: usize,
    /// Never empty: the first frame is the program's own block.
    frames: Vec<Frame>,
    mode: Mode,
    /// The next token begins a block if it is the first of its line.
    opening: bool,
    /// The first tab and the first space that indent a line of this statement.
    indented_by: (Option<Span>, Option<Span>),
    mixed: bool,
    /// Where strings begin that never end.
    unclosed_strings: &'t [u32],
    /// A bracket of this statement has been reported: what is wrong with others may follow from it.
    bracket_reported: bool,
    /// The column of the block that the line at hand has just closed.
    last_closed: Option<usize>,
    current: Vec<Token>,
    out: Laid,
}

impl<'t> Layout<'t> {
    fn new(file: FileId, text: &'t str, input: Vec<Token>, unclosed_strings: &'t [u32]) -> Self {
        Self {
            file,
            text,
            input,
            at: 0,
            frames: vec![Frame::new(FrameKind::Lines, 0, false)],
            mode: Mode::Code,
            opening: false,
            indented_by: (None, None),
            mixed: false,
            unclosed_strings,
            bracket_reported: false,
            last_closed: None,
            current: Vec::new(),
            out: Laid {
                statements: Vec::new(),
                errors: Vec::new(),
            },
        }
    }

    fn top(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::new(FrameKind::Lines, 0, false));
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// The token `offset` places on, if there is one.
    fn peek(&self, offset: usize) -> Option<&Token> {
        self.input.get(self.at + offset)
    }

    fn peek_tok(&self, offset: usize) -> Option<&Tok> {
        self.peek(offset).map(|token| &token.tok)
    }

    /// Whether the current token is the last of its line.
    fn ends_line(&self) -> bool {
        self.peek(1).is_none_or(|next| next.first)
    }

    fn span_of(&self, token: &Token) -> Span {
        Span::new(self.file, token.start as usize, token.end as usize)
    }

    fn error(&mut self, diagnostic: Diagnostic) {
        self.out.errors.push(diagnostic);
    }

    /// Puts out a token of no width at the end of what has come.
    fn synthetic(&mut self, tok: Tok) {
        let place = self.current.last().map_or(0, |token| token.end);
        self.current.push(Token {
            tok,
            start: place,
            end: place,
            first: false,
        });
    }

    /// Puts out the current token and goes to the next.
    fn advance(&mut self) {
        if let Some(token) = self.input.get(self.at) {
            self.current.push(token.clone());
        }
        self.at += 1;
    }

    /// Handles one token.
    fn token(&mut self) {
        steps::count(1);
        let Some(token) = self.input.get(self.at) else { return };
        if token.first {
            self.line_start();
        }
        if self.current.is_empty() && self.frames.len() == 1 {
            self.statement_start();
        }
        self.note_word();
        let Some(token) = self.input.get(self.at) else { return };
        match token.tok {
            Tok::LBrace if self.opens_braced_block() => self.open_braced(),
            ref tok if tok.opens() => self.open_bracket(),
            ref tok if tok.closes() => self.close_bracket(),
            Tok::Comma => self.comma(),
            Tok::Semicolon => self.semicolon(),
            Tok::Colon => self.colon(),
            Tok::FatArrow => {
                self.opening = self.ends_line();
                self.top().header = false;
                self.advance();
            }
            Tok::Minus if self.begins_item() => self.item(),
            _ => self.advance(),
        }
    }

    fn statement_start(&mut self) {
        let word = match self.peek_tok(0) {
            Some(Tok::Name(word)) => word.as_str(),
            _ => "",
        };
        let (mode, header) = match word {
            "config" | "embedding_config" => (Mode::Config, true),
            "event" => (Mode::Event, true),
            word => (Mode::Code, word == "fn"),
        };
        self.mode = mode;
        self.top().header = header;
    }

    /// Ends the statement that has come so far.
    fn end_statement(&mut self) {
        self.top().header = false;
        self.top().names = false;
        self.indented_by = (None, None);
        self.mixed = false;
        self.bracket_reported = false;
        if self.current.is_empty() {
            return;
        }
        self.synthetic(Tok::Newline);
        let tokens = std::mem::take(&mut self.current);
        self.out.statements.push(Statement { tokens });
    }

    fn finish(&mut self) {
        if std::mem::take(&mut self.opening) {
            self.missing_block(None);
        }
        self.close_all(None);
        self.end_statement();
    }
}
