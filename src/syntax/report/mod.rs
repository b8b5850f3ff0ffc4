//! Parse errors, in words for people.

mod expected;
mod slips;

use super::token::{Tok, Token};
use crate::diag::{Code, Diagnostic, FileId, Span, nearest};

/// How many errors of one text are shown.
const MAX_ERRORS: usize = 40;

/// The words that begin a statement.
const STATEMENTS: &[&str] = &[
    "import",
    "type",
    "const",
    "let",
    "var",
    "param",
    "fn",
    "event",
    "stream",
    "pattern",
    "config",
    "embedding_config",
    "connector",
];

/// The statement's error where nothing that can be a statement begins: `Some(None)` when it was said
/// of the statement before and need not be repeated.
pub(super) fn not_a_statement(
    file: FileId,
    text: &str,
    tokens: &[Token],
    repeated: bool,
) -> Option<Option<Diagnostic>> {
    let first = tokens.first()?;
    let word = text.get(first.start as usize..first.end as usize).unwrap_or("");
    if STATEMENTS.contains(&word) {
        return None;
    }
    let span = Span::new(file, first.start as usize, first.end as usize);
    let message = match first.tok {
        Tok::If | Tok::For | Tok::While | Tok::Match | Tok::Return => {
            format!("`{word}` belongs in the body of a `fn`, not at the top of a program")
        }
        Tok::Name(_) => format!("`{word}` begins no statement"),
        _ => "no statement begins like this".to_owned(),
    };
    let error = Diagnostic::new(Code::NotAStatement, span, message);
    let is_word = matches!(first.tok, Tok::Name(_)) && tokens.len() > 2 && word.len() < 32;
    match nearest(word, STATEMENTS.iter().copied()).filter(|_| is_word) {
        Some(meant) => Some(Some(error.fix(format!("write `{meant}`"), span, meant))),
        None if repeated => Some(None),
        None => Some(Some(
            error.help(format!("statements begin with one of `{}`", STATEMENTS.join(" "))),
        )),
    }
}

/// The error of a token that cannot stand where it does.
pub(super) fn unexpected(file: FileId, text: &str, tokens: &[Token], at: usize, expected: &[String]) -> Diagnostic {
    let scene = Scene {
        file,
        text,
        tokens,
        at,
        expected,
    };
    slips::slip(&scene).unwrap_or_else(|| scene.plain())
}

/// All that is known about a parse error.
struct Scene<'t> {
    file: FileId,
    text: &'t str,
    tokens: &'t [Token],
    at: usize,
    expected: &'t [String],
}

impl Scene<'_> {
    /// The token, counted from the one at fault.
    fn token(&self, offset: isize) -> Option<&Token> {
        self.at.checked_add_signed(offset).and_then(|at| self.tokens.get(at))
    }

    fn tok(&self, offset: isize) -> Option<&Tok> {
        self.token(offset).map(|token| &token.tok)
    }

    fn span(&self, offset: isize) -> Span {
        let token = self.token(offset).or_else(|| self.tokens.last());
        token.map_or_else(Span::default, |token| {
            Span::new(self.file, token.start as usize, token.end as usize)
        })
    }

    fn shown(&self, offset: isize) -> &str {
        self.text.get(self.span(offset).range()).unwrap_or("")
    }

    /// Whether the grammar could go on with the terminal.
    fn expects(&self, terminal: &str) -> bool {
        self.expected.iter().any(|name| name.trim_matches('"') == terminal)
    }

    /// Whether an operand stands where one has just ended, in a list.
    fn misses_comma(&self) -> bool {
        let value = matches!(
            self.tok(0),
            Some(Tok::Name(_) | Tok::Str(_) | Tok::Int(_) | Tok::Float(_) | Tok::Duration(_) | Tok::FOpen)
        );
        value && self.expects(",") && self.expects("+")
    }

    /// An error without special knowledge: what stands there, and what could.
    fn plain(&self) -> Diagnostic {
        let found = expected::found(self);
        let mut error = Diagnostic::new(Code::UnexpectedToken, self.span(0), format!("unexpected {found}"));
        let classes = expected::classes(self.expected);
        if !classes.is_empty() {
            error = error.label(format!("expected {}", expected::listed(&classes)));
        }
        if self.misses_comma() {
            error = error.help("is a comma missing before it?");
        }
        error
    }
}

/// Puts the errors in order, drops repetitions, and closes a list that is too long with a note.
pub(super) fn finish(file: FileId, text: &str, mut errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    errors.sort_by_key(|error| (error.primary.span.start, error.code));
    errors.dedup_by(|a, b| a.primary.span == b.primary.span && a.code == b.code);
    if errors.len() > MAX_ERRORS {
        let left = errors.len() - MAX_ERRORS;
        errors.truncate(MAX_ERRORS);
        let end = Span::new(file, text.len(), text.len());
        let message = format!("{left} more errors are not shown");
        errors.push(Diagnostic::new(Code::TooManyErrors, end, message).help("is this a VarpulisQL program?"));
    }
    errors
}
