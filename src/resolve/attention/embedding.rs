//! Embeddings: which features an event has, and how each becomes a block of its vector.

use super::features;
use super::settings::{self, Entries, Tree, misfit};
use crate::data::Value;
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::ir::{Embedding, Feature, LearnedModel};
use crate::resolve::context::{Cx, listed};
use crate::resolve::flow::Flow;
use crate::syntax::ast::Expr;

const KEYS: &[&str] = &[
    "type",
    "numeric_features",
    "categorical_features",
    "heads",
    "model",
    "fallback",
];
const TYPES: &[&str] = &["composite", "rule_based", "learned"];

/// The program's `embedding_config`, as written.
#[derive(Clone, Debug)]
pub(in crate::resolve) struct Declared<'a> {
    /// Its entries.
    pub entries: &'a [crate::syntax::ast::ConfigEntry],
    /// The module that has it.
    pub module: usize,
    /// Where it begins.
    pub span: Span,
}

/// The embedding of a window. `given`: its argument `embedding:`; `heads`: its argument `heads:`.
pub(super) fn embedding(
    cx: &mut Cx<'_>,
    flow: &Flow,
    given: Option<&Expr>,
    heads: Option<(Tree<'_>, usize)>,
    at: Span,
) -> Option<Embedding> {
    let tree = given.map(settings::of_expr);
    let declared = cx.embedding.clone();
    let (mut made, of_config) = match &tree {
        Some(Tree::Block(entries)) => (whole(cx, flow, flow.module, entries)?, entries.get("heads").cloned()),
        Some(other) => {
            let kind = settings::word(cx, flow.module, "embedding", other, TYPES)?;
            configured(cx, flow, declared.as_ref(), Some((kind, other.span())), at)?
        }
        None => configured(cx, flow, declared.as_ref(), None, at)?,
    };
    if made.features.is_empty() {
        misfit(cx, at, "the embedding has no feature: nothing could be compared");
        return None;
    }
    if !made.features.iter().any(|feature| feature.weight > 0.0) {
        misfit(
            cx,
            made.features[0].span,
            "all features have the weight 0: nothing could be compared",
        );
        return None;
    }
    let own = matches!(tree, Some(Tree::Block(_)));
    let module = declared.as_ref().filter(|_| !own).map_or(flow.module, |of| of.module);
    made.heads = match heads.or(of_config.map(|tree| (tree, module))) {
        Some((tree, _)) if made.model.is_some() => {
            misfit(cx, tree.span(), "a learned embedding has the heads of its model");
            return None;
        }
        Some((tree, module)) => heads_of(cx, module, &made.features, &tree)?,
        None => vec![(0..made.features.len()).collect()],
    };
    Some(made)
}

/// By the program's `embedding_config`, if there is one, else from the declaration of the event.
fn configured<'a>(
    cx: &mut Cx<'_>,
    flow: &Flow,
    declared: Option<&Declared<'a>>,
    kind: Option<(&'static str, Span)>,
    at: Span,
) -> Option<(Embedding, Option<Tree<'a>>)> {
    let Some(declared) = declared else {
        if let Some(("learned", span)) = kind {
            misfit(
                cx,
                span,
                "a learned embedding needs an `embedding_config` that names its `model:`",
            );
            return None;
        }
        let features = features::derived(cx, flow, at)?;
        return Some((plain(features), None));
    };
    let entries = settings::of_block(declared.entries, declared.span);
    cx.used.insert(declared.span);
    let made = whole(cx, flow, declared.module, &entries)?;
    if let Some((kind, span)) = kind
        && (kind == "learned") != made.model.is_some()
    {
        let message = format!("the `embedding_config` of this program is not `{kind}`");
        cx.say(Diagnostic::new(Code::BadConfigValue, span, message).also(declared.span, "it is given here"));
        return None;
    }
    Some((made, entries.get("heads").cloned()))
}

fn plain(features: Vec<Feature>) -> Embedding {
    Embedding {
        features,
        heads: Vec::new(),
        model: None,
    }
}

/// An embedding from its settings, all but the heads.
fn whole(cx: &mut Cx<'_>, flow: &Flow, module: usize, entries: &Entries<'_>) -> Option<Embedding> {
    entries.check(cx, "an embedding", KEYS);
    let kind = match entries.get("type") {
        Some(tree) => settings::word(cx, module, "type", tree, TYPES),
        None => Some("composite"),
    };
    let mut made = Vec::new();
    let mut good = kind.is_some();
    for (key, numeric) in [("numeric_features", true), ("categorical_features", false)] {
        let Some(tree) = entries.get(key) else { continue };
        let Tree::List(items, _) = tree else {
            misfit(
                cx,
                tree.span(),
                &format!("`{key}` must be a list of features: `- field: \"amount\"`"),
            );
            good = false;
            continue;
        };
        for item in items {
            match features::feature(cx, flow, module, item, numeric) {
                Some(feature) => made.push(feature),
                None => good = false,
            }
        }
    }
    if !good {
        return None;
    }
    if made.is_empty() {
        made = features::derived(cx, flow, entries.span)?;
    }
    let model = model(cx, module, entries, kind == Some("learned"))?;
    Some(Embedding { model, ..plain(made) })
}

/// The model that the settings name; `Some(None)`: there is none and needs be none.
#[allow(clippy::option_option, reason = "none after an error")]
fn model(cx: &mut Cx<'_>, module: usize, entries: &Entries<'_>, learned: bool) -> Option<Option<LearnedModel>> {
    let fallback = match entries.get("fallback") {
        Some(tree) => {
            settings::word(cx, module, "fallback", tree, &["rule_based", "composite"])?;
            true
        }
        None => false,
    };
    let Some(tree) = entries.get("model") else {
        if learned {
            misfit(
                cx,
                entries.span,
                "a learned embedding names its file: `model: \"model.safetensors\"`",
            );
            return None;
        }
        return Some(None);
    };
    if !learned {
        misfit(cx, tree.span(), "only an embedding of `type: \"learned\"` has a model");
        return None;
    }
    match settings::constant(cx, module, tree)? {
        (Value::Str(path), span) => Some(Some(LearnedModel {
            path: path.to_string(),
            span,
            fallback,
        })),
        (_, span) => {
            misfit(cx, span, "`model` must be the path of a file, as text");
            None
        }
    }
}

/// `heads: 4`: as many groups of features that follow each other, the first ones larger by one; or the
/// groups by name.
fn heads_of(cx: &mut Cx<'_>, module: usize, features: &[Feature], tree: &Tree<'_>) -> Option<Vec<Vec<usize>>> {
    if let Tree::List(groups, _) = tree {
        return named_heads(cx, module, features, groups);
    }
    let wanted = settings::count(cx, module, "heads", tree, (1, 1024))? as usize;
    let count = features.len();
    if wanted > count {
        let message = format!("{wanted} heads for {count} features: each feature is a head of its own");
        cx.say(Diagnostic::new(Code::FewerHeads, tree.span(), message));
    }
    let heads = wanted.min(count);
    let (size, larger) = (count / heads, count % heads);
    let mut next = 0;
    let group = |head: usize| {
        let first = next;
        next += size + usize::from(head < larger);
        (first..next).collect()
    };
    Some((0..heads).map(group).collect())
}

fn named_heads(cx: &mut Cx<'_>, module: usize, features: &[Feature], groups: &[Tree<'_>]) -> Option<Vec<Vec<usize>>> {
    let mut heads: Vec<Vec<usize>> = Vec::new();
    let mut good = true;
    for group in groups {
        let Tree::List(names, _) = group else {
            misfit(
                cx,
                group.span(),
                "each head is a list of features: `heads: [[\"amount\"], [\"user\"]]`",
            );
            return None;
        };
        let mut head = Vec::new();
        for name in names {
            let (value, span) = settings::constant(cx, module, name)?;
            let name = match value {
                Value::Str(text) => text.to_string(),
                _ => String::new(),
            };
            let Some(at) = features.iter().position(|feature| feature.name == name) else {
                let known = || features.iter().map(|feature| feature.name.as_str());
                let message = format!("the embedding has no feature `{name}`");
                let diagnostic = Diagnostic::new(Code::BadConfigValue, span, message)
                    .help(format!("its features are {}", listed(known())));
                cx.say(match nearest(&name, known()) {
                    Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), span, format!("\"{near}\"")),
                    None => diagnostic,
                });
                good = false;
                continue;
            };
            if heads.iter().flatten().chain(&head).any(|known| *known == at) {
                misfit(cx, span, &format!("the feature `{name}` is of two heads"));
                good = false;
            }
            head.push(at);
        }
        heads.push(head);
    }
    if heads.is_empty() || heads.iter().any(Vec::is_empty) {
        misfit(
            cx,
            groups.first().map_or(features[0].span, Tree::span),
            "a head has at least one feature",
        );
        return None;
    }
    good.then_some(heads)
}
