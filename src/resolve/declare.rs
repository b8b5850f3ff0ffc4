//! What the texts declare: every top-level name, each once.

use super::constants::Constant;
use super::context::{Cx, Declared, What};
use super::streams::Draft;
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Global, StreamId};
use crate::syntax::ast::{self, BindingKind, ItemKind};

/// Fills the scopes. What is not supported is refused here, once, whoever uses it.
pub(super) fn collect(cx: &mut Cx<'_>) {
    let modules = cx.modules;
    for (at, module) in modules.iter().enumerate() {
        for item in &module.program.items {
            declare(cx, at, item);
        }
        for (alias, (_, span)) in &module.imports {
            if let Some(other) = cx.scopes[at].get(alias.as_str()) {
                let other = other.span;
                twice(cx, alias, other, *span);
            }
        }
    }
}

fn declare<'a>(cx: &mut Cx<'a>, module: usize, item: &'a ast::Item) {
    match &item.kind {
        ItemKind::Import(_) | ItemKind::Config(_) => {}
        ItemKind::TypeAlias(alias) => name(cx, module, &alias.name, What::Alias(alias)),
        ItemKind::Binding(binding) => declare_binding(cx, module, binding),
        ItemKind::Param(param) => {
            let what = add_constant(cx, Constant::param(module, param));
            name(cx, module, &param.name, what);
        }
        ItemKind::Fn(function) => {
            cx.functions.push(super::functions::Declared {
                module,
                decl: function,
                effects: super::functions::Effects::default(),
                inline: false,
                result: None,
            });
            name(cx, module, &function.name, What::Function(cx.functions.len() - 1));
        }
        ItemKind::Event(event) => {
            let full = full_name(cx, module, &event.name);
            let log_name = event.from.as_ref().map_or(&event.name.name, |from| &from.text).clone();
            let id = cx.add_event(&full, &log_name, true, event.name.span);
            name(cx, module, &event.name, What::Event(id));
        }
        ItemKind::Stream(stream) => {
            let full = full_name(cx, module, &stream.name);
            let id = draft(cx, module, full, stream.name.span, &stream.body);
            name(cx, module, &stream.name, What::Stream(id));
        }
        ItemKind::Pattern(pattern) => {
            name(cx, module, &pattern.name, What::Pattern(pattern, module));
        }
        ItemKind::Connector(connector) => {
            if !super::connectors::runs(connector) {
                cx.refuse(connector.name.span, format!("the connector `{}`", connector.name.name));
            }
            name(cx, module, &connector.name, What::Connector(connector, module));
        }
    }
}

fn declare_binding<'a>(cx: &mut Cx<'a>, module: usize, binding: &'a ast::Binding) {
    let what = match binding.kind {
        BindingKind::Const | BindingKind::Let => add_constant(cx, Constant::binding(module, binding)),
        BindingKind::Var => {
            let local = cx.local();
            cx.query.code.globals.push(Global {
                name: binding.name.name.clone(),
                local,
                init: Value::Null,
                ty: Type::Any,
                span: binding.name.span,
            });
            cx.globals.push((module, binding));
            What::Var(cx.globals.len() - 1)
        }
    };
    name(cx, module, &binding.name, what);
}

fn add_constant<'a>(cx: &mut Cx<'a>, constant: Constant<'a>) -> What<'a> {
    cx.constants.push(constant);
    What::Constant(cx.constants.len() - 1)
}

fn full_name(cx: &Cx<'_>, module: usize, ident: &ast::Ident) -> String {
    format!("{}{}", cx.modules[module].prefix, ident.name)
}

/// Gives a name its meaning; of two the first one stays.
fn name<'a>(cx: &mut Cx<'a>, module: usize, ident: &'a ast::Ident, what: What<'a>) {
    if matches!(ident.name.as_str(), "any") || is_pseudo(&ident.name) {
        cx.say(
            Diagnostic::new(
                Code::ReservedName,
                ident.span,
                format!("`{}` is a name of the language", ident.name),
            )
            .label("choose another name"),
        );
    }
    if let Some(first) = cx.scopes[module].get(ident.name.as_str()) {
        let first = first.span;
        twice(cx, &ident.name, ident.span, first);
        return;
    }
    cx.scopes[module].insert(&ident.name, Declared { what, span: ident.span });
}

fn twice(cx: &mut Cx<'_>, name: &str, again: Span, first: Span) {
    cx.say(
        Diagnostic::new(Code::DeclaredTwice, again, format!("`{name}` is declared twice"))
            .label("again here")
            .also(first, "first declared here"),
    );
}

/// Whether a name is one of the pseudo-fields of every event.
pub(super) fn is_pseudo(name: &str) -> bool {
    matches!(name, "_time" | "_type" | "_seq" | "_source" | "_partition")
}

/// Adds a stream, after the inner streams of its merge or join.
fn draft<'a>(cx: &mut Cx<'a>, module: usize, name: String, span: Span, body: &'a ast::StreamExpr) -> StreamId {
    let mut inputs = Vec::new();
    let (parts, is_join) = match &body.source {
        ast::Source::Merge(parts, _) => (parts.as_slice(), false),
        ast::Source::Join(_, parts, _) => (parts.as_slice(), true),
        ast::Source::Pattern(_) | ast::Source::Timer(..) => (&[][..], false),
    };
    {
        for (at, part) in parts.iter().enumerate() {
            inputs.push((is_join || needs_stream(part)).then(|| {
                let inner = part
                    .name
                    .as_ref()
                    .map_or_else(|| (at + 1).to_string(), |name| name.name.clone());
                let inner_span = part.name.as_ref().map_or(part.span, |name| name.span);
                draft(cx, module, format!("{name}.{inner}"), inner_span, &part.body)
            }));
        }
    }
    cx.drafts.push(Draft {
        module,
        name,
        span,
        body,
        inputs,
        made: None,
    });
    StreamId(cx.drafts.len() as u32 - 1)
}

/// Whether an input of a merge does anything to its source.
fn needs_stream(part: &ast::Input) -> bool {
    let plain = match &part.body.source {
        ast::Source::Pattern(pattern) => match &pattern.kind {
            ast::PatternKind::Step(step) => {
                step.condition.is_none() && step.alias.is_none() && !super::pattern::repeats_or_modifies(step)
            }
            ast::PatternKind::Seq(_)
            | ast::PatternKind::And(_)
            | ast::PatternKind::Or(_)
            | ast::PatternKind::Group(..) => true,
        },
        ast::Source::Merge(..) | ast::Source::Join(..) | ast::Source::Timer(..) => true,
    };
    !plain || !part.body.operators.is_empty()
}
