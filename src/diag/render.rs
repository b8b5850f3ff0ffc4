//! Diagnostics -> text: frames for people, one line each for editors, JSON for programs.

use super::{Diagnostic, SourceMap};

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
pub fn render(_sources: &SourceMap, diagnostics: &[Diagnostic], format: MessageFormat, color: bool) -> String {
    let _ = (format, color, diagnostics);
    String::new()
}
