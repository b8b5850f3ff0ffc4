//! `varpulis check`.

use std::path::{Path, PathBuf};

use super::args::CheckArguments;
use super::program::{self, Checked};
use super::{Exit, complain};
use crate::diag::Severity;
use crate::plan;

/// Compiles every program; exit code 2 when one has errors (or warnings, if these are denied).
pub(super) fn check(arguments: &CheckArguments) -> Exit {
    let mut files = Vec::new();
    for path in &arguments.paths {
        if let Err(reason) = find(path, &mut files) {
            complain(reason);
            return Exit::Usage;
        }
    }
    let (mut errors, mut warnings) = (0, 0);
    for file in &files {
        let Ok(checked) = program::compile(file, &arguments.compile) else {
            errors += 1;
            continue;
        };
        let (more_errors, more_warnings) = one(checked, arguments);
        errors += more_errors;
        warnings += more_warnings;
    }
    if !arguments.quiet {
        let programs = count(files.len(), "program");
        eprintln!(
            "{programs} checked: {}, {}",
            count(errors, "error"),
            count(warnings, "warning")
        );
    }
    if errors > 0 || (arguments.deny_warnings && warnings > 0) {
        Exit::Usage
    } else {
        Exit::Done
    }
}

fn one(checked: Checked, arguments: &CheckArguments) -> (usize, usize) {
    let Checked { sources, resolved } = checked;
    let shown = |severity: Severity| severity == Severity::Error || !arguments.quiet;
    let diagnostics: Vec<_> = resolved
        .diagnostics
        .into_iter()
        .filter(|said| shown(said.severity))
        .collect();
    program::show(&sources, &diagnostics, &arguments.compile);
    let of = |severity: Severity| diagnostics.iter().filter(|said| said.severity == severity).count();
    let mut errors = of(Severity::Error);
    if let Some(query) = resolved.query
        && let Err(error) = plan::plan(query, &plan::Options::default())
    {
        program::show(&sources, &[program::plan_diagnostic(&error)], &arguments.compile);
        errors += 1;
    }
    (errors, of(Severity::Warning))
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The programs at a path: the file itself, or all `.vpl` files below the folder, sorted.
fn find(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("cannot read `{}`: {error}", path.display());
    if !std::fs::metadata(path).map_err(fail)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let before = files.len();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let kind = entry.file_type().map_err(fail)?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|extension| extension == "vpl") {
                files.push(entry.path());
            }
        }
    }
    files[before..].sort();
    if files.len() == before {
        return Err(format!("there is no `.vpl` file below `{}`", path.display()));
    }
    Ok(())
}
