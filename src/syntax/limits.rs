//! How deep a statement may go.
//!
//! Every bracket, block and operator may make the tree one level deeper; the sum along any path is
//! bounded here, before the tree is built, so that neither the parser nor anything that walks or drops
//! the tree runs out of stack. Chains of `and` and `or` do not count: they are built as balanced trees.

use super::token::{Tok, Token};
use crate::diag::{Code, Diagnostic, FileId, Span};

/// The greatest depth of a statement's tree.
pub(super) const MAX_DEPTH: u32 = 256;

/// What is open, and how deep its entry at hand may have become.
#[derive(Clone, Copy)]
struct Level {
    base: u32,
    /// Operators that bind looser than `and` and `or`.
    loose: u32,
    /// All others.
    tight: u32,
}

impl Level {
    fn depth(self) -> u32 {
        self.base + self.loose + self.tight
    }
}

/// The error of a statement that goes too deep.
pub(super) fn too_deep(file: FileId, tokens: &[Token]) -> Option<Diagnostic> {
    let mut outer = Vec::new();
    let mut level = Level {
        base: 0,
        loose: 0,
        tight: 0,
    };
    for token in tokens {
        if token.tok.opens() || token.tok == Tok::Indent {
            outer.push(level);
            level = Level {
                base: level.depth() + 1,
                loose: 0,
                tight: 0,
            };
        } else if token.tok.closes() || token.tok == Tok::Dedent {
            level = outer.pop().unwrap_or(level);
            level.tight += 1;
        } else {
            count(&mut level, &token.tok);
        }
        if level.depth() > MAX_DEPTH {
            return Some(error(Span::new(file, token.start as usize, token.end as usize)));
        }
    }
    None
}

fn count(level: &mut Level, tok: &Tok) {
    match tok {
        Tok::Comma | Tok::Newline | Tok::StreamDot | Tok::Arrow => {
            level.loose = 0;
            level.tight = 0;
        }
        Tok::And | Tok::Or => level.tight = 0,
        Tok::FatArrow | Tok::If | Tok::Elif | Tok::Else | Tok::Coalesce => {
            level.loose += 1;
            level.tight = 0;
        }
        Tok::Dot
        | Tok::Question
        | Tok::Plus
        | Tok::Minus
        | Tok::Star
        | Tok::Slash
        | Tok::Percent
        | Tok::Power
        | Tok::Shl
        | Tok::Shr
        | Tok::Amp
        | Tok::Caret
        | Tok::Pipe
        | Tok::Tilde
        | Tok::Not
        | Tok::DotDot
        | Tok::DotDotEq => level.tight += 1,
        _ => {}
    }
}

fn error(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::TooDeep,
        span,
        format!("this is nested more than {MAX_DEPTH} levels deep"),
    )
    .label("the limit is passed here")
    .help("give parts of it names, with `let` or a `fn`")
}
