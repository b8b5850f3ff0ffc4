//! Nodes of config blocks.

use super::Cx;
use crate::diag::{Code, Diagnostic, Span};
use crate::syntax::ast::{ConfigBlock, ConfigEntry, ConfigValue, Ident, ItemKind};

/// A line of a config block.
#[derive(Debug)]
pub(in crate::syntax) enum ConfigLine {
    /// `key: value`
    Entry(ConfigEntry),
    /// `- value`, with the place of the dash
    Item(ConfigValue, Span),
    /// A line that did not parse.
    Broken,
}

/// `config: ...`, `config name { ... }`, `embedding_config: ...`
pub(in crate::syntax) fn config(cx: &Cx<'_>, embedding: bool, name: Option<Ident>, lines: Vec<ConfigLine>) -> ItemKind {
    ItemKind::Config(ConfigBlock {
        embedding,
        name,
        entries: entries(cx, lines),
    })
}

/// Nested lines: entries, or the items of a list.
pub(in crate::syntax) fn config_value(cx: &Cx<'_>, lines: Vec<ConfigLine>, span: Span) -> ConfigValue {
    let list = lines.iter().find(|line| !matches!(line, ConfigLine::Broken));
    if matches!(list, Some(ConfigLine::Item(..))) {
        ConfigValue::List(items(cx, lines), span)
    } else {
        ConfigValue::Block(entries(cx, lines), span)
    }
}

fn entries(cx: &Cx<'_>, lines: Vec<ConfigLine>) -> Vec<ConfigEntry> {
    let mut all = Vec::with_capacity(lines.len());
    for line in lines {
        match line {
            ConfigLine::Entry(entry) => all.push(entry),
            ConfigLine::Item(_, span) => mixed(cx, span, "this is an item of a list"),
            ConfigLine::Broken => {}
        }
    }
    all
}

fn items(cx: &Cx<'_>, lines: Vec<ConfigLine>) -> Vec<ConfigValue> {
    let mut all = Vec::with_capacity(lines.len());
    for line in lines {
        match line {
            ConfigLine::Item(value, _) => all.push(value),
            ConfigLine::Entry(entry) => mixed(cx, entry.key.span, "this is a key"),
            ConfigLine::Broken => {}
        }
    }
    all
}

fn mixed(cx: &Cx<'_>, span: Span, label: &str) {
    cx.report(
        Diagnostic::new(
            Code::UnexpectedToken,
            span,
            "a block has either `key: value` lines or `- ` items, not both",
        )
        .label(label)
        .help("nest a list one level deeper, below its key"),
    );
}
