//! Text -> AST: tokens, layout, grammar, parse errors.
//!
//! ```text
//! text --lex--> tokens --layout--> statements --words--> keywords in their place --grammar--> AST
//! ```
//!
//! Each top-level statement is parsed by itself, so that one that is broken hides no other. When a line
//! of a nested block does not parse, it is reported, taken out, and the statement is read again.
//!
//! Cost: every pass is linear in the text; a statement is read at most [`MAX_READINGS`] times.

pub mod ast;
mod build;
mod layout;
mod lex;
mod limits;
mod operators;
mod report;
mod steps;
mod token;
mod words;

#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    reason = "generated from grammar/varpulisql.lalrpop"
)]
mod grammar {
    include!(concat!(env!("OUT_DIR"), "/varpulisql.rs"));
}

pub use operators::{OPERATORS, is_operator};

use crate::diag::{Code, Diagnostic, FileId};
use lalrpop_util::ParseError;
use layout::Statement;
use token::{Tok, Token};

/// How often a statement is read at most: once, and once more for each broken line in it.
const MAX_READINGS: usize = 10;

/// What a text holds.
#[derive(Debug)]
pub struct Parsed {
    /// The statements that parsed.
    pub program: ast::Program,
    /// What is wrong with the others.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a program text. Never panics; takes linear time; nesting deeper than a fixed limit is an error.
#[must_use]
pub fn parse(file: FileId, text: &str) -> Parsed {
    let lexed = lex::lex(file, text);
    let unclosed = lexed.errors.iter().filter(|error| error.code == Code::UnclosedString);
    let mut unclosed: Vec<u32> = unclosed.map(|error| error.primary.span.start).collect();
    unclosed.sort_unstable();
    let laid = layout::lay_out(file, text, lexed.tokens, &unclosed);
    let mut errors = lexed.errors;
    errors.extend(laid.errors);
    errors.sort_by_key(|error| error.primary.span);
    let mut reader = Reader {
        file,
        text,
        faults: errors.iter().map(|error| error.primary.span.start).collect(),
        errors,
        stray: false,
    };
    let items = laid
        .statements
        .into_iter()
        .filter_map(|statement| reader.statement(statement));
    let program = ast::Program { items: items.collect() };
    Parsed {
        program,
        diagnostics: report::finish(file, text, reader.errors),
    }
}

/// Reads statements, one after another.
struct Reader<'t> {
    file: FileId,
    text: &'t str,
    /// Where the lexer and layout found something wrong, in order: no parse error is reported for a
    /// stretch that holds one, since it is likely the same mistake.
    faults: Vec<u32>,
    errors: Vec<Diagnostic>,
    /// The statement before was none that we know.
    stray: bool,
}

impl Reader<'_> {
    fn statement(&mut self, statement: Statement) -> Option<ast::Item> {
        let mut tokens = statement.tokens;
        if let Some(error) = report::not_a_statement(self.file, self.text, &tokens, self.stray) {
            self.stray = true;
            self.errors.extend(error.filter(|_| !self.is_faulty(&tokens)));
            return None;
        }
        self.stray = false;
        let mut word_errors = words::mark(self.file, self.text, &mut tokens);
        let certain = word_errors.len();
        self.errors.append(&mut word_errors);
        if let Some(error) = limits::too_deep(self.file, &tokens) {
            self.errors.push(error);
            return None;
        }
        for _ in 0..MAX_READINGS {
            steps::count(tokens.len());
            let cx = build::Cx::new(self.file, &tokens);
            let located = tokens
                .iter()
                .enumerate()
                .map(|(at, token)| Ok((at, token.tok.clone(), at + 1)));
            let error = match grammar::ItemParser::new().parse(&cx, located) {
                Ok(item) => {
                    self.errors.extend(cx.into_errors());
                    return Some(item);
                }
                Err(error) => error,
            };
            let (at, expected) = place(error, tokens.len());
            let broken = broken_line(&tokens, at);
            let line = broken.clone().unwrap_or(0..tokens.len());
            if certain == 0 && !self.is_faulty(&tokens[line]) {
                self.errors
                    .push(report::unexpected(self.file, self.text, &tokens, at, &expected));
            }
            take_out(&mut tokens, broken?);
        }
        None
    }

    /// Whether the lexer or layout found something wrong in what these tokens cover.
    fn is_faulty(&self, tokens: &[Token]) -> bool {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return false;
        };
        let next = self.faults.partition_point(|&fault| fault < first.start);
        self.faults.get(next).is_some_and(|&fault| fault <= last.end)
    }
}

/// The token at which a parse failed, and what could have stood there.
fn place<E>(error: ParseError<usize, Tok, E>, end: usize) -> (usize, Vec<String>) {
    match error {
        ParseError::UnrecognizedToken { token, expected } => (token.0, expected),
        ParseError::ExtraToken { token } => (token.0, Vec::new()),
        ParseError::UnrecognizedEof { expected, .. } => (end.saturating_sub(1), expected),
        ParseError::InvalidToken { location } => (location, Vec::new()),
        ParseError::User { .. } => (0, Vec::new()),
    }
}

/// The line of the innermost block around the token `at`, without its `NEWLINE`.
fn broken_line(tokens: &[Token], at: usize) -> Option<std::ops::Range<usize>> {
    // The starts of the entries at hand of the blocks around a token.
    let mut starts = Vec::new();
    for (index, token) in tokens.iter().enumerate().take(at) {
        match token.tok {
            Tok::Indent => starts.push(index + 1),
            Tok::Dedent => {
                starts.pop();
            }
            Tok::Newline => {
                if let Some(start) = starts.last_mut() {
                    *start = index + 1;
                }
            }
            _ => {}
        }
    }
    let start = starts.pop()?;
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match token.tok {
            Tok::Indent => depth += 1,
            Tok::Dedent => depth = depth.checked_sub(1)?,
            Tok::Newline if depth == 0 => return (index > start && index >= at).then_some(start..index),
            _ => {}
        }
    }
    None
}

/// Puts `BROKEN` in the place of a line.
fn take_out(tokens: &mut Vec<Token>, line: std::ops::Range<usize>) {
    let (start, end) = (tokens[line.start].start, tokens[line.end - 1].end);
    let broken = Token {
        tok: Tok::Broken,
        start,
        end,
        first: true,
    };
    tokens.splice(line, [broken]);
}
