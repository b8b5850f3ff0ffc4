//! Event declarations: fields, inheritance, and which records they read.

use indexmap::IndexMap;

use super::context::{Cx, What, did_you_mean};
use super::declare::is_pseudo;
use crate::data::{Path, Type};
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::ir::{EventField, EventId};
use crate::syntax::ast::{EventDecl, FieldDecl, ItemKind};

/// A declaration and what it became.
struct Draft<'a> {
    id: EventId,
    module: usize,
    decl: &'a EventDecl,
}

/// Gives all declared events their fields.
pub(super) fn resolve(cx: &mut Cx<'_>) {
    let drafts = drafts(cx);
    for draft in &drafts {
        extend(cx, draft);
    }
    break_cycles(cx, &drafts);
    own_fields(cx, &drafts);
    inherit(cx);
    claims(cx);
}

fn drafts<'a>(cx: &Cx<'a>) -> Vec<Draft<'a>> {
    let modules = cx.modules;
    let mut next = 0;
    let mut drafts = Vec::new();
    for (module, text) in modules.iter().enumerate() {
        for item in &text.program.items {
            if let ItemKind::Event(decl) = &item.kind {
                drafts.push(Draft {
                    id: EventId(next),
                    module,
                    decl,
                });
                next += 1;
            }
        }
    }
    drafts
}

/// `extends Base`
fn extend(cx: &mut Cx<'_>, draft: &Draft<'_>) {
    let Some(base) = &draft.decl.extends else {
        return;
    };
    // A base out of an import comes as one name, `lib.Base`.
    let path: Vec<_> = base
        .name
        .split('.')
        .map(|part| crate::syntax::ast::Ident {
            name: part.to_owned(),
            span: base.span,
        })
        .collect();
    let path = if cx.is_quoted(base.span) {
        vec![base.clone()]
    } else {
        path
    };
    match cx.lookup_path(draft.module, &path) {
        Err(()) => {}
        Ok(Some(found)) => match found.what {
            What::Event(id) => cx.query.events[draft.id.0 as usize].extends = Some(id),
            what => cx.say(
                Diagnostic::new(
                    Code::WrongKind,
                    base.span,
                    format!("`{}` is {}, not an event", base.name, what.noun()),
                )
                .also(found.span, "declared here"),
            ),
        },
        Ok(None) => {
            let near = nearest_event(cx, draft.module, &base.name);
            let diagnostic = Diagnostic::new(
                Code::UnknownEvent,
                base.span,
                format!(
                    "`{}` extends `{}`, which is not declared",
                    draft.decl.name.name, base.name
                ),
            );
            cx.say(did_you_mean(diagnostic, near.as_deref(), base.span));
        }
    }
}

/// The declared event of a module whose name is nearest.
pub(super) fn nearest_event(cx: &Cx<'_>, module: usize, name: &str) -> Option<String> {
    let events = cx.scopes[module]
        .iter()
        .filter(|(_, declared)| matches!(declared.what, What::Event(_)))
        .map(|(name, _)| *name);
    nearest(name, events).map(str::to_owned)
}

/// An event that extends itself is said once, and then extends nothing.
fn break_cycles(cx: &mut Cx<'_>, drafts: &[Draft<'_>]) {
    for draft in drafts {
        let mut chain = vec![draft.id];
        while let Some(base) = cx.event(chain[chain.len() - 1]).extends {
            if base == draft.id {
                chain.push(base);
                say_cycle(cx, draft, &chain);
                cx.query.events[draft.id.0 as usize].extends = None;
                break;
            }
            if chain.contains(&base) {
                break;
            }
            chain.push(base);
        }
    }
}

fn say_cycle(cx: &mut Cx<'_>, draft: &Draft<'_>, chain: &[EventId]) {
    let names: Vec<&str> = chain.iter().map(|&id| cx.event(id).name.as_str()).collect();
    let span = draft
        .decl
        .extends
        .as_ref()
        .map_or(draft.decl.name.span, |base| base.span);
    let message = format!("events extend each other in a circle: {}", names.join(" -> "));
    cx.say(
        Diagnostic::new(Code::ExtendsCycle, span, message)
            .label("this closes the circle")
            .help("put the shared fields into an event of their own, and let both extend it"),
    );
}

/// The fields that each declaration names itself.
fn own_fields(cx: &mut Cx<'_>, drafts: &[Draft<'_>]) {
    for draft in drafts {
        let mut seen: IndexMap<&str, Span> = IndexMap::new();
        let mut fields = Vec::new();
        for decl in &draft.decl.fields {
            if is_pseudo(&decl.name.name) {
                reserved(cx, decl);
            } else if let Some(first) = seen.insert(&decl.name.name, decl.name.span) {
                let message = format!("`{}` declares `{}` twice", draft.decl.name.name, decl.name.name);
                cx.say(
                    Diagnostic::new(Code::DuplicateField, decl.name.span, message)
                        .label("again here")
                        .also(first, "first declared here"),
                );
            } else {
                fields.push(field(cx, draft.module, decl));
            }
        }
        cx.query.events[draft.id.0 as usize].fields = fields;
    }
}

fn reserved(cx: &mut Cx<'_>, decl: &FieldDecl) {
    let name = &decl.name.name;
    let message = format!("`{name}` is a pseudo-field of every event and cannot be declared");
    cx.say(
        Diagnostic::new(Code::ReservedName, decl.name.span, message)
            .label("choose another name")
            .help(format!(
                "where the log itself has `{name}`: `my{name}: {} from \"{name}\"`",
                cx.sources.slice(decl.ty.span)
            )),
    );
}

fn field(cx: &mut Cx<'_>, module: usize, decl: &FieldDecl) -> EventField {
    let ty = cx.ty(module, &decl.ty);
    let required = !matches!(ty, Type::Optional(_) | Type::Any | Type::Null);
    let path = match &decl.from {
        Some(from) => from_path(cx, from),
        None => Path::key(&decl.name.name),
    };
    EventField {
        name: decl.name.name.clone(),
        field: cx.query.fields.intern(Path::key(&decl.name.name)),
        path,
        ty: ty.non_null().clone(),
        required,
    }
}

fn from_path(cx: &mut Cx<'_>, from: &crate::syntax::ast::StrLit) -> Path {
    if from.text.is_empty() || from.text.split('.').any(str::is_empty) {
        cx.say(
            Diagnostic::new(
                Code::BadFieldPath,
                from.span,
                format!("`{}` is no path to a field", from.text),
            )
            .label("a key between two points is empty")
            .help("write keys with points between them: `from \"actor.user.name\"`"),
        );
    }
    Path::dotted(&from.text)
}

/// Puts the fields of the base events before an event's own; a field declared again keeps the place
/// of the first and the type of the last.
fn inherit(cx: &mut Cx<'_>) {
    let own: Vec<Vec<EventField>> = cx.query.events.iter().map(|event| event.fields.clone()).collect();
    for at in 0..own.len() {
        let mut line = vec![at];
        while let Some(base) = cx.query.events[line[line.len() - 1]].extends {
            if line.contains(&(base.0 as usize)) {
                break;
            }
            line.push(base.0 as usize);
        }
        let mut fields: IndexMap<String, EventField> = IndexMap::new();
        for &event in line.iter().rev() {
            for field in &own[event] {
                redeclared(cx, at, event, fields.get(&field.name), field);
                fields.insert(field.name.clone(), field.clone());
            }
        }
        cx.query.events[at].fields = fields.into_values().collect();
    }
}

/// A field declared again must be usable wherever the base is read.
fn redeclared(cx: &mut Cx<'_>, at: usize, event: usize, base: Option<&EventField>, field: &EventField) {
    let Some(base) = base else { return };
    if at == event && base.ty != field.ty && base.ty != Type::Any {
        let name = cx.query.events[at].name.clone();
        let message = format!(
            "`{name}` declares `{}` as `{}`, but what it extends says `{}`",
            field.name, field.ty, base.ty
        );
        let span = cx.query.events[at].span;
        cx.say(
            Diagnostic::new(Code::DuplicateField, span, message)
                .help("streams that read the base read this event too; give the field the same type or another name"),
        );
    }
}

/// A record can be of one event only.
fn claims(cx: &mut Cx<'_>) {
    let mut claimed: IndexMap<String, usize> = IndexMap::new();
    for at in 0..cx.query.events.len() {
        let event = &cx.query.events[at];
        let (log_name, name, span) = (event.log_name.clone(), event.name.clone(), event.span);
        if let Some(&first) = claimed.get(&log_name) {
            let other = cx.query.events[first].name.clone();
            let other_span = cx.query.events[first].span;
            cx.say(
                Diagnostic::new(
                    Code::ClaimedTwice,
                    span,
                    format!("`{name}` and `{other}` read the same records: those of type `{log_name}`"),
                )
                .also(other_span, "declared here for the same records")
                .help("declare the event once; streams with different conditions can read the same event"),
            );
        } else {
            claimed.insert(log_name, at);
        }
    }
}
