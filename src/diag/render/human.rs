//! Frames in the manner of rustc, drawn by `annotate-snippets`; the only file that knows that crate.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use super::clip;
use crate::diag::{Diagnostic, FileId, Fix, Label, Severity, SourceMap};

/// Appends the frame of one diagnostic.
pub(super) fn write(sources: &SourceMap, diagnostic: &Diagnostic, color: bool, out: &mut String) {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut report = vec![frame(sources, diagnostic)];
    report.extend(diagnostic.fix.iter().map(|fix| patch(sources, fix)));
    out.push_str(&renderer.decor_style(DecorStyle::Ascii).render(&report));
    out.push('\n');
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// Title, one snippet a file (that of the primary label first), and the lines of help.
fn frame<'a>(sources: &'a SourceMap, diagnostic: &'a Diagnostic) -> Group<'a> {
    let title = level(diagnostic.severity)
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.to_string());
    let main = diagnostic.primary.span.file;
    let mut others: Vec<FileId> = diagnostic.secondary.iter().map(|label| label.span.file).collect();
    others.retain(|&file| file != main);
    others.sort_unstable();
    others.dedup();
    let mut group = Group::with_title(title);
    for file in std::iter::once(main).chain(others) {
        let labels = std::iter::once((&diagnostic.primary, AnnotationKind::Primary))
            .chain(
                diagnostic
                    .secondary
                    .iter()
                    .map(|label| (label, AnnotationKind::Context)),
            )
            .filter(|(label, _)| label.span.file == file)
            .map(|(label, kind)| annotation(sources, label, kind));
        group = group.element(snippet(sources, file).annotations(labels));
    }
    group.elements(diagnostic.help.iter().map(|text| Level::HELP.message(text.as_str())))
}

fn snippet<'a, T: Clone>(sources: &'a SourceMap, file: FileId) -> Snippet<'a, T> {
    Snippet::source(sources.text(file))
        .line_start(1)
        .path(sources.path(file).display().to_string())
}

fn annotation<'a>(sources: &SourceMap, label: &'a Label, kind: AnnotationKind) -> Annotation<'a> {
    let annotation = kind.span(clip(sources, label.span));
    if label.text.is_empty() {
        annotation
    } else {
        annotation.label(label.text.as_str())
    }
}

fn patch<'a>(sources: &'a SourceMap, fix: &'a Fix) -> Group<'a> {
    Group::with_title(Level::HELP.secondary_title(fix.title.as_str()))
        .element(snippet(sources, fix.span.file).patch(Patch::new(clip(sources, fix.span), fix.replacement.as_str())))
}
