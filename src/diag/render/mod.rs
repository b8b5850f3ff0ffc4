//! Diagnostics -> text: frames for people, one line each for editors, JSON for programs.

mod human;
mod machine;

use super::{Diagnostic, Severity, SourceMap, Span};

/// How diagnostics are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageFormat {
    /// Source frames, labels, help, fixes as patches.
    #[default]
    Human,
    /// `file:line:column: error[VPL0101]: message`
    Short,
    /// One JSON object a line.
    Json,
}

/// Renders diagnostics in the order given, each ended by a newline. `color`: with ANSI colors (human only).
#[must_use]
pub fn render(sources: &SourceMap, diagnostics: &[Diagnostic], format: MessageFormat, color: bool) -> String {
    let mut out = String::new();
    for (at, diagnostic) in diagnostics.iter().enumerate() {
        match format {
            MessageFormat::Human => {
                if at > 0 {
                    out.push('\n');
                }
                human::write(sources, diagnostic, color, &mut out);
            }
            MessageFormat::Short => machine::write_short(sources, diagnostic, &mut out),
            MessageFormat::Json => machine::write_json(sources, diagnostic, &mut out),
        }
    }
    out
}

/// The word for a severity.
fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// The span as a range that lies within the text, on character boundaries.
fn clip(sources: &SourceMap, span: Span) -> std::ops::Range<usize> {
    let text = sources.text(span.file);
    let floor = |at: usize| {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (floor(span.start as usize), floor(span.end as usize));
    start..end.max(start)
}
