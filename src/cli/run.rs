//! `varpulis run`.

use std::path::PathBuf;

use super::args::RunArguments;
use super::logs::{Logs, failed};
use super::ran::Ran;
use super::{Exit, complain, look, order, program, summary, why, why_text};
use crate::matcher::trace::Question;
use crate::plan::Plan;
use crate::read::InputSpec;
use crate::replay::{RunError, RunOptions, Stopped};
use crate::write::OutputError;

/// Runs a program over logs.
pub(super) fn run(arguments: &RunArguments) -> Exit {
    let asked = why::Asked::of_traces(&arguments.trace);
    match replayed(arguments, &asked, false) {
        Ok(ran) => done(arguments, &ran),
        Err(exit) => exit,
    }
}

/// Replays logs; some streams are watched. `dry`: no rows are written.
pub(super) fn replayed(arguments: &RunArguments, asked: &[why::Asked], dry: bool) -> Result<Ran, Exit> {
    order::refuse_nonsense(arguments)?;
    let mut compiled = program::usable(&arguments.query, &arguments.replay.compile, arguments.quiet)?;
    let traces = why::questions(&mut compiled.query, asked, dry)?;
    let logs = Logs::of(arguments, &compiled)?;
    look::through(arguments, &logs, &mut compiled)?;
    replay_compiled(arguments, &logs, compiled, traces, dry)
}

/// Replays logs through a program.
pub(super) fn replay_compiled(
    arguments: &RunArguments,
    logs: &Logs,
    compiled: program::Compiled,
    traces: Vec<Question>,
    dry: bool,
) -> Result<Ran, Exit> {
    let (mut plan, sources) = program::planned(compiled, &logs.plan_options(arguments), &arguments.replay.compile)?;
    why::refuse_idle(&plan.query, &traces)?;
    if !dry {
        refuse_overwrite(arguments, &plan, &logs.specs)?;
    }
    let options = RunOptions {
        traces,
        dry,
        sources: Some(std::sync::Arc::new(sources.clone())),
        ..logs.run_options(arguments, &plan)
    };
    let (result, watch) = logs.replay(arguments, &mut plan, &options)?;
    let took = watch.end();
    match result {
        // Whoever read the rows has had enough of them.
        Err(RunError::Write(OutputError::BrokenPipe)) => Err(Exit::Done),
        Ok(report) => Ok(Ran {
            report,
            plan,
            sources,
            took,
            signal: watch.signal(),
        }),
        Err(error) => Err(failed(arguments, &sources, error)),
    }
}

/// An output must not be one of the inputs.
fn refuse_overwrite(arguments: &RunArguments, plan: &Plan, specs: &[InputSpec]) -> Result<(), Exit> {
    let outputs = plan
        .sinks
        .iter()
        .filter_map(|sink| sink.path.as_ref().map(PathBuf::from));
    for output in outputs
        .chain([arguments.output.clone()])
        .chain(arguments.dead_letter.clone())
        .chain(arguments.late.clone())
    {
        let Ok(real) = output.canonicalize() else { continue };
        let regular = real.is_file();
        let same = |path: &str| std::path::Path::new(path).canonicalize().is_ok_and(|path| path == real);
        if let Some(table) = plan.tables().into_iter().find(|table| same(&table.path)) {
            complain(format_args!(
                "`{}` is the table `{}`; write to another file",
                output.display(),
                table.name
            ));
            return Err(Exit::Usage);
        }
        if regular
            && specs
                .iter()
                .any(|spec| spec.path.canonicalize().is_ok_and(|input| input == real))
        {
            complain(format_args!(
                "`{}` is an input; write to another file",
                output.display()
            ));
            return Err(Exit::Usage);
        }
    }
    Ok(())
}

pub(super) fn done(arguments: &RunArguments, ran: &Ran) -> Exit {
    let Ran {
        report, sources, took, ..
    } = ran;
    let took = *took;
    if !arguments.quiet {
        eprint!("{}", summary::text(report, sources, took, arguments.stats));
    } else if let Some(stopped) = &report.stopped
        && *stopped != Stopped::LimitsReached
    {
        complain(summary::stopped_text(stopped));
    }
    eprint!("{}", why_text::text(ran));
    if let Some(to) = &arguments.summary {
        let (path, text) = match to.strip_prefix("json:") {
            Some(path) => (path, summary::json(report, sources, took)),
            None => (to.as_str(), summary::text(report, sources, took, arguments.stats)),
        };
        if let Err(error) = std::fs::write(path, text) {
            complain(format_args!("cannot write the summary to `{path}`: {error}"));
            return Exit::Failed;
        }
    }
    let rows: u64 = report.streams.iter().map(|stream| stream.rows).sum();
    match ran.exit() {
        Exit::Done if arguments.fail_on_match && rows > 0 => Exit::Gate,
        exit => exit,
    }
}
