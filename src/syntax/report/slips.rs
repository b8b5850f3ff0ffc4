//! The usual slips: what was certainly meant, and how it is written here.

use super::Scene;
use crate::diag::{Code, Diagnostic, Span};
use crate::syntax::token::{Tok, Token};

/// The diagnostic of a slip that we know, if it is one.
pub(super) fn slip(scene: &Scene<'_>) -> Option<Diagnostic> {
    missing_colon(scene)
        .or_else(|| assign_in_condition(scene))
        .or_else(|| thin_arrow(scene))
        .or_else(|| keyword_as_name(scene))
        .or_else(|| number_too_large(scene))
        .or_else(|| operator_of_pattern(scene))
}

/// The first token of the line of a block that the error lies in.
fn head<'t>(scene: &Scene<'t>) -> Option<&'t Token> {
    let line = scene.tokens[..scene.at]
        .iter()
        .rposition(|token| matches!(token.tok, Tok::Newline | Tok::Indent | Tok::Dedent));
    scene.tokens.get(line.map_or(0, |line| line + 1))
}

/// How many brackets are open where the error lies.
fn depth(scene: &Scene<'_>) -> i64 {
    scene.tokens[..scene.at].iter().fold(0, |depth, token| {
        depth + i64::from(token.tok.opens()) - i64::from(token.tok.closes())
    })
}

/// 2^63, which only `-` makes a number of 64 bits.
fn number_too_large(scene: &Scene<'_>) -> Option<Diagnostic> {
    let shown = scene.shown(0);
    (scene.tok(0) == Some(&Tok::IntMin)).then(|| {
        let message = format!("the number `{shown}` does not fit 64 bits");
        Diagnostic::new(Code::BadNumber, scene.span(0), message)
    })
}

/// `pattern P = A -> B .within(5m)`
fn operator_of_pattern(scene: &Scene<'_>) -> Option<Diagnostic> {
    let name = if scene.tok(0) == Some(&Tok::Dot) { 1 } else { -1 };
    let calls = scene.tok(name + 1) == Some(&Tok::LParen) && scene.tok(name - 1) == Some(&Tok::Dot);
    if scene.tokens.first().map(|token| &token.tok) != Some(&Tok::Pattern) || !calls || depth(scene) > 0 {
        return None;
    }
    let span = scene.span(name - 1).to(scene.span(name));
    Some(
        Diagnostic::new(Code::UnexpectedToken, span, "a pattern has no operators; a stream has")
            .label("expected `->`, `within`, `partition by` or the end of the line")
            .help("give the pattern to a stream: `stream S = P .within(5m)`"),
    )
}

/// `if x > 1` and then an indented line, which is read as its continuation.
fn missing_colon(scene: &Scene<'_>) -> Option<Diagnostic> {
    let head = head(scene)?;
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
    let block = scene.tokens.iter().take(scene.at).any(|token| token.tok == Tok::Indent);
    let keyword = head(scene).is_some_and(|head| head.tok.is_hard_keyword() || head.tok == Tok::Raise);
    if block && depth(scene) == 0 && !keyword && scene.tokens[0].tok == Tok::Fn {
        return Some(bad_target(span));
    }
    Some(
        Diagnostic::new(Code::AssignInCondition, span, "`=` does not compare")
            .label("this gives a value")
            .fix("compare with `==`", span, "=="),
    )
}

/// `x + 1 = 2` as a statement.
fn bad_target(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::NotAssignable,
        span,
        "what stands left of this `=` cannot be assigned to",
    )
    .label("only a variable, a field or an element can")
    .help("`==` compares")
}

/// `x -> x + 1` in brackets.
fn thin_arrow(scene: &Scene<'_>) -> Option<Diagnostic> {
    if scene.tok(0) != Some(&Tok::Arrow) || !matches!(scene.tok(-1), Some(Tok::Name(_) | Tok::RParen)) {
        return None;
    }
    if depth(scene) < 1 || scene.expects("->") {
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
