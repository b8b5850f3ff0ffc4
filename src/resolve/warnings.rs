//! What was declared and never used. Only said of programs without errors: an error may be why.

use super::context::Cx;
use crate::diag::{Code, Diagnostic, Severity};
use crate::ir::{EventId, Op, Source, StreamId};

/// Looks back at the whole program.
pub(super) fn look_back(cx: &mut Cx<'_>) {
    if cx.diagnostics.iter().any(|said| said.severity == Severity::Error) {
        return;
    }
    unused_constants(cx);
    unused_functions(cx);
    unwritten_variables(cx);
    unused_patterns(cx);
    unused_aliases(cx);
    unused_streams(cx);
    unused_attention(cx);
}

/// What is configured for attention windows of which there are none.
fn unused_attention(cx: &mut Cx<'_>) {
    let embedding = cx.embedding.as_ref().map(|declared| (declared.span, "embedding"));
    let attention = cx
        .attention
        .as_ref()
        .map(|declared| (declared.span, "configuration `attention`"));
    let declared: Vec<_> = embedding.into_iter().chain(attention).collect();
    for (span, what) in declared {
        if !cx.used.contains(&span) {
            let message = format!("no attention window takes the {what}");
            cx.say(
                Diagnostic::new(Code::UnusedName, span, message)
                    .help("it is for streams with `.attention_window(..)`; add one or take it out"),
            );
        }
    }
}

/// Constants of the program itself; a library may offer more than is taken.
fn unused_constants(cx: &mut Cx<'_>) {
    let main = cx.modules.len() - 1;
    let unused: Vec<_> = cx
        .constants
        .iter()
        .filter(|constant| constant.module == main && !cx.used.contains(&constant.name.span))
        .map(|constant| (constant.name.clone(), constant.is_param))
        .collect();
    for (name, is_param) in unused {
        let what = if is_param { "parameter" } else { "constant" };
        let message = format!("the {what} `{}` is never used", name.name);
        cx.say(Diagnostic::new(Code::UnusedName, name.span, message).help("use it or take it out"));
    }
}

/// Functions of the program itself.
fn unused_functions(cx: &mut Cx<'_>) {
    let main = cx.modules.len() - 1;
    let unused: Vec<_> = cx
        .functions
        .iter()
        .filter(|function| function.module == main && !cx.used.contains(&function.decl.name.span))
        .map(|function| function.decl.name.clone())
        .collect();
    for name in unused {
        let message = format!("the function `{}` is never called", name.name);
        cx.say(Diagnostic::new(Code::UnusedName, name.span, message).help("call it or take it out"));
    }
}

/// Variables that nobody writes are constants.
fn unwritten_variables(cx: &mut Cx<'_>) {
    let main = cx.modules.len() - 1;
    let idle: Vec<_> = cx
        .globals
        .iter()
        .enumerate()
        .filter(|(at, (module, _))| *module == main && !cx.written.contains(at))
        .map(|(_, (_, binding))| binding.name.clone())
        .collect();
    for name in idle {
        let read = cx.used.contains(&name.span);
        let what = if read { "written" } else { "used" };
        let said = Diagnostic::new(
            Code::UnusedName,
            name.span,
            format!("the variable `{}` is never {what}", name.name),
        );
        cx.say(if read {
            said.help("declare it with `let`: streams that read a variable advance together, event by event")
        } else {
            said.help("use it or take it out")
        });
    }
}

/// Patterns of the program itself.
fn unused_patterns(cx: &mut Cx<'_>) {
    let main = cx.modules.len() - 1;
    for (module, decl) in super::pattern::unread(cx) {
        if module == main {
            let name = &decl.name;
            let message = format!("no stream reads the pattern `{}`", name.name);
            cx.say(
                Diagnostic::new(Code::UnusedName, name.span, message)
                    .help(format!("give its matches a stream: `stream M = {}`", name.name)),
            );
        }
    }
}

fn unused_aliases(cx: &mut Cx<'_>) {
    use crate::syntax::ast::{PatternKind, Source as From};
    let main = cx.modules.len() - 1;
    let mut unused = Vec::new();
    for (at, draft) in cx.drafts.iter().enumerate() {
        if draft.module == main
            && !cx.patterns.contains_key(&at)
            && draft.made.is_none()
            && let From::Pattern(pattern) = &draft.body.source
            && let PatternKind::Step(step) = &pattern.kind
            && let Some(alias) = &step.alias
            && !cx.used.contains(&alias.span)
        {
            unused.push(alias.clone());
        }
    }
    for alias in unused {
        let message = format!("the alias `{}` is never used", alias.name);
        cx.say(Diagnostic::new(Code::UnusedName, alias.span, message).help(format!(
            "write `{}.field`, or take the alias out; bare names mean the event at hand",
            alias.name
        )));
    }
}

/// Streams of the program itself whose rows nobody sees.
fn unused_streams(cx: &mut Cx<'_>) {
    let main = cx.modules.len() - 1;
    let streams = &cx.query.streams;
    let mut read = vec![false; streams.len()];
    for source in streams.iter().flat_map(|stream| &stream.sources) {
        if let Source::Stream(StreamId(at)) = source
            && let Some(flag) = read.get_mut(*at as usize)
        {
            *flag = true;
        }
    }
    let sources = || streams.iter().flat_map(|stream| &stream.sources);
    let is_read =
        |event: &EventId| sources().any(|of| matches!(of, Source::Event(base) if cx.query.is_a(*event, *base)));
    let acts = |op: &Op| match op {
        Op::Side(_) | Op::Validate(_) => true,
        // Other streams see what it writes.
        Op::Process(process) if !process.globals.is_empty() => true,
        Op::Process(_) | Op::OnError(_) => op.emits().iter().any(is_read),
        _ => false,
    };
    let unused: Vec<_> = (0..streams.len())
        .filter(|&at| cx.drafts.get(at).is_some_and(|draft| draft.module == main))
        .filter(|&at| {
            let stream = &streams[at];
            let seen = stream.writes || !stream.targets.is_empty() || stream.ops.iter().any(|op| acts(&op.op));
            !seen && !read[at]
        })
        .map(|at| (streams[at].name.clone(), streams[at].span))
        .collect();
    for (name, span) in unused {
        let message = format!("nobody reads the stream `{name}`, and it writes nothing");
        cx.say(
            Diagnostic::new(Code::UnusedStream, span, message)
                .label("its rows go nowhere")
                .help("add `.emit()` to write them; while any stream emits, only those that do are written"),
        );
    }
}
