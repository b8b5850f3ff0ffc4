//! One line a diagnostic: for editors and for programs.

use serde_json::{Value, json};
use std::fmt::Write as _;

use super::{clip, severity_word};
use crate::diag::{Diagnostic, Label, SourceMap, Span};

/// `file:line:column: error[VPL0101]: message`
pub(super) fn write_short(sources: &SourceMap, diagnostic: &Diagnostic, out: &mut String) {
    let span = diagnostic.primary.span;
    let (line, column) = sources.line_col(span.file, clip(sources, span).start);
    let path = sources.path(span.file).display();
    let (word, code) = (severity_word(diagnostic.severity), diagnostic.code);
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{path}:{line}:{column}: {word}[{code}]: {}",
        one_line(&diagnostic.message)
    );
}

/// The message on one line, whatever names it quotes.
fn one_line(message: &str) -> String {
    message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// One JSON object: `code severity message file span label labels help fix`.
pub(super) fn write_json(sources: &SourceMap, diagnostic: &Diagnostic, out: &mut String) {
    let primary = &diagnostic.primary;
    let object = json!({
        "code": diagnostic.code.to_string(),
        "severity": severity_word(diagnostic.severity),
        "message": diagnostic.message,
        "file": path(sources, primary.span),
        "span": span(sources, primary.span),
        "label": primary.text,
        "labels": diagnostic.secondary.iter().map(|other| label(sources, other)).collect::<Vec<_>>(),
        "help": diagnostic.help,
        "fix": diagnostic.fix.as_ref().map(|fix| json!({
            "title": fix.title,
            "file": path(sources, fix.span),
            "span": span(sources, fix.span),
            "replacement": fix.replacement,
        })),
    });
    out.push_str(&object.to_string());
    out.push('\n');
}

fn path(sources: &SourceMap, span: Span) -> String {
    sources.path(span.file).display().to_string()
}

fn label(sources: &SourceMap, label: &Label) -> Value {
    json!({
        "file": path(sources, label.span),
        "span": span(sources, label.span),
        "text": label.text,
    })
}

/// Bytes from 0, half open; lines and columns from 1, columns in characters.
fn span(sources: &SourceMap, span: Span) -> Value {
    let range = clip(sources, span);
    let (line, column) = sources.line_col(span.file, range.start);
    let (end_line, end_column) = sources.line_col(span.file, range.end);
    json!({
        "start": { "byte": range.start, "line": line, "col": column },
        "end": { "byte": range.end, "line": end_line, "col": end_column },
    })
}
