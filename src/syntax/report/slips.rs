//! The usual slips: what was certainly meant, and how it is written here.

use super::Scene;
use crate::diag::{Code, Diagnostic, Span};
use crate::syntax::token::Tok;

/// The diagnostic of a slip that we know, if it is one.
pub(super) fn slip(scene: &Scene<'_>) -> Option<Diagnostic> {
    missing_colon(scene)
        .or_else(|| assign_in_condition(scene))
        .or_else(|| thin_arrow(scene))
        .or_else(|| keyword_as_name(scene))
}

/// `if x > 1` and then an indented line, which is read as its continuation.
fn missing_colon(scene: &Scene<'_>) -> Option<Diagnostic> {
    let line = scene.tokens[..scene.at]
        .iter()
        .rposition(|token| matches!(token.tok, Tok::Newline | Tok::Indent) || matches!(token.tok, Tok::Dedent));
    let head = scene.tokens.get(line.map_or(0, |line| line + 1))?;
    let opens = matches!(
        head.tok,
        Tok::Event
            | Tok::Fn
            | Tok::If
            | Tok::Elif
            | Tok::Else
            | Tok::For
            | Tok::While
            | Tok::Match
            | Tok::Try
            | Tok::Catch
            | Tok::Finally
            | Tok::Config
            | Tok::EmbeddingConfig
    );
    let at = scene.token(0)?;
    let behind = at.first || matches!(at.tok, Tok::Newline | Tok::Indent);
    if !opens || !behind || !scene.expects(":") {
        return None;
    }
    let word = scene.text.get(head.start as usize..head.end as usize).unwrap_or("");
    let end = scene.span(-1).end;
    let span = Span {
        start: end,
        ..scene.span(-1)
    };
    Some(
        Diagnostic::new(
            Code::MissingColon,
            span,
            format!("there is no `:` at the end of this `{word}` line"),
        )
        .label("expected `:` here")
        .fix("add `:`", span, ":"),
    )
}

/// `where x = 1`
fn assign_in_condition(scene: &Scene<'_>) -> Option<Diagnostic> {
    if scene.tok(0) != Some(&Tok::Assign) || !scene.expects("==") {
        return None;
    }
    let span = scene.span(0);
    Some(
        Diagnostic::new(Code::AssignInCondition, span, "`=` does not compare")
            .label("this gives a value")
            .fix("compare with `==`", span, "=="),
    )
}

/// `x -> x + 1` in brackets.
fn thin_arrow(scene: &Scene<'_>) -> Option<Diagnostic> {
    if scene.tok(0) != Some(&Tok::Arrow) || !matches!(scene.tok(-1), Some(Tok::Name(_) | Tok::RParen)) {
        return None;
    }
    let depth = scene.tokens[..scene.at].iter().fold(0i64, |depth, token| {
        depth + i64::from(token.tok.opens()) - i64::from(token.tok.closes())
    });
    if depth < 1 || scene.expects("->") {
        return None;
    }
    let span = scene.span(0);
    Some(
        Diagnostic::new(
            Code::ThinArrow,
            span,
            "`->` joins the steps of a pattern; a lambda has `=>`",
        )
        .fix("write `=>`", span, "=>"),
    )
}

/// `let match = 1`
fn keyword_as_name(scene: &Scene<'_>) -> Option<Diagnostic> {
    let keyword = scene.tok(0)?;
    if !keyword.is_hard_keyword() || !scene.expects("NAME") || scene.expects("INT") || scene.expects("all") {
        return None;
    }
    let (span, word) = (scene.span(0), scene.shown(0));
    Some(
        Diagnostic::new(
            Code::KeywordAsName,
            span,
            format!("`{word}` is a keyword and cannot be used as a name"),
        )
        .label("a name is expected here")
        .fix("write it in backticks", span, format!("`{word}`")),
    )
}
