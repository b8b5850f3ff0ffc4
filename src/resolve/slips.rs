//! Undeclared events whose names are nearly those of something declared: most likely slips.

use super::context::{Cx, What, did_you_mean};
use crate::diag::{Code, Diagnostic, nearest};
use crate::syntax::ast::{self, PatternExpr, PatternKind, Source, StreamExpr};

/// Warns of a name that is nearly another's. A stream that reads the name itself is not meant: in its place
/// the name would be that of a stream in a cycle.
pub(super) fn near_miss(cx: &mut Cx<'_>, module: usize, name: &ast::Ident) {
    let known = cx.scopes[module].iter().filter(|(_, declared)| match declared.what {
        What::Event(_) => true,
        What::Stream(_) | What::Pattern(..) => !reads(cx, module, declared.what, &name.name, &mut Vec::new()),
        _ => false,
    });
    let Some(near) = nearest(&name.name, known.map(|(name, _)| *name)).map(str::to_owned) else {
        return;
    };
    let declared = cx.lookup(module, &near).map_or(name.span, |found| found.span);
    let message = format!("no event or stream `{}` is declared", name.name);
    let diagnostic = Diagnostic::new(Code::NearlyDeclared, name.span, message)
        .label("read as an event type of the log, its fields unchecked")
        .also(declared, "this one is declared");
    cx.say(did_you_mean(diagnostic, Some(&near), name.span));
}

/// Whether something reads the events of this name, by itself or through other streams.
fn reads<'a>(cx: &Cx<'a>, module: usize, what: What<'a>, name: &str, seen: &mut Vec<&'a str>) -> bool {
    let mut names = Vec::new();
    match what {
        What::Stream(id) => of_stream(cx.drafts[id.0 as usize].body, &mut names),
        What::Pattern(decl, _) => of_steps(&decl.pattern, &mut names),
        _ => {}
    }
    names.into_iter().any(|of| {
        if of == name {
            return true;
        }
        if seen.contains(&of) {
            return false;
        }
        seen.push(of);
        let declared = cx.lookup(module, of);
        declared.is_some_and(|declared| reads(cx, module, declared.what, name, seen))
    })
}

fn of_stream<'a>(body: &'a StreamExpr, names: &mut Vec<&'a str>) {
    match &body.source {
        Source::Pattern(steps) => of_steps(steps, names),
        Source::Merge(inputs, _) | Source::Join(_, inputs, _) => {
            inputs.iter().for_each(|input| of_stream(&input.body, names));
        }
        Source::Timer(..) => {}
    }
}

fn of_steps<'a>(steps: &'a PatternExpr, names: &mut Vec<&'a str>) {
    match &steps.kind {
        PatternKind::Step(step) => names.extend(step.ty.iter().map(|name| name.name.as_str()).take(1)),
        PatternKind::Seq(parts) | PatternKind::And(parts) | PatternKind::Or(parts) => {
            parts.iter().for_each(|part| of_steps(part, names));
        }
        PatternKind::Group(inner, _) => of_steps(inner, names),
    }
}
