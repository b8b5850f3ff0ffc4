//! From a path to a compiled program, with everything said that there is to say.

use std::io::IsTerminal;
use std::path::Path;

use super::args::CompileArguments;
use super::{Exit, complain};
use crate::data::Value;
use crate::diag::{Code, Diagnostic, Severity, SourceMap, render};
use crate::ir::Query;
use crate::resolve;

/// A program that compiles.
pub(super) struct Compiled {
    pub(super) sources: SourceMap,
    pub(super) query: Query,
    pub(super) config: Vec<(String, Value)>,
}

/// What compiling has shown.
pub(super) struct Checked {
    pub(super) sources: SourceMap,
    pub(super) resolved: resolve::Resolved,
}

/// Reads and compiles a program.
pub(super) fn compile(path: &Path, arguments: &CompileArguments) -> Result<Checked, Exit> {
    let text = std::fs::read(path).map_err(|error| {
        complain(format_args!("cannot read `{}`: {error}", path.display()));
        Exit::Usage
    })?;
    let text = String::from_utf8(text).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        complain(format_args!("`{}` is not UTF-8 text (byte {at})", path.display()));
        Exit::Usage
    })?;
    let mut sources = SourceMap::default();
    let main = sources.add(path, text);
    let params = params(&arguments.params)?;
    let options = resolve::Options {
        params,
        lenient: arguments.lenient,
        never_inline: false,
    };
    let resolved = resolve::compile(&mut sources, main, &options);
    Ok(Checked { sources, resolved })
}

fn params(typed: &[String]) -> Result<Vec<(String, String)>, Exit> {
    let split = |text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => {
            complain(format_args!("`--param {text}`: write it as NAME=VALUE"));
            Err(Exit::Usage)
        }
    };
    typed.iter().map(split).collect()
}

/// Compiles a program that is to be used; says what is wrong if it cannot be, and (unless `quiet`)
/// what may be. Where the program differs from what the public engine does, `check` tells.
pub(super) fn usable(path: &Path, arguments: &CompileArguments, quiet: bool) -> Result<Compiled, Exit> {
    let Checked { sources, resolved } = compile(path, arguments)?;
    let shown = resolved
        .diagnostics
        .iter()
        .filter(|said| said.severity == Severity::Error || !(quiet || said.code == Code::DiffersFromPublic))
        .cloned();
    show(&sources, &shown.collect::<Vec<_>>(), arguments);
    match resolved.query {
        Some(query) => Ok(Compiled {
            sources,
            query,
            config: resolved.config,
        }),
        None => Err(Exit::Usage),
    }
}

/// Shows diagnostics on stderr.
pub(super) fn show(sources: &SourceMap, diagnostics: &[Diagnostic], arguments: &CompileArguments) {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    eprint!(
        "{}",
        render(sources, diagnostics, arguments.message_format.into(), color)
    );
}

/// A planner's refusal as a diagnostic.
pub(super) fn plan_diagnostic(error: &crate::plan::PlanError) -> Diagnostic {
    Diagnostic::new(crate::diag::Code::StreamCycle, error.span, error.message.clone()).help(error.help)
}

/// Plans a compiled program; says so if that cannot be done.
pub(super) fn planned(
    compiled: Compiled,
    options: &crate::plan::Options,
    arguments: &CompileArguments,
) -> Result<(crate::plan::Plan, SourceMap), Exit> {
    match crate::plan::plan(compiled.query, options) {
        Ok(plan) => Ok((plan, compiled.sources)),
        Err(error) => {
            show(&compiled.sources, &[plan_diagnostic(&error)], arguments);
            Err(Exit::Usage)
        }
    }
}
