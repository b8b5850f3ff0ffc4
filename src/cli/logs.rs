//! The logs of a run: what the command line names, how it is read, and a replay of it.

use std::ffi::OsStr;

use super::args::{OnError, Order, RunArguments};
use super::progress::Watch;
use super::{Exit, complain, order, program};
use crate::data::Value;
use crate::diag::{Code, Diagnostic, SourceMap};
use crate::plan::{self, Plan};
use crate::read::{self, Format, Input, InputSpec, ReadOptions};
use crate::replay::{self, Report, RunError, RunOptions};
use crate::write::OutputError;

/// About how many bytes of text a morsel holds.
const MORSEL: usize = 1 << 20;
/// The same with `mode: low_latency`: rows come out after fewer records.
const SMALL_MORSEL: usize = 1 << 14;

/// The logs of a run, and how they are read.
pub(super) struct Logs {
    pub(super) specs: Vec<InputSpec>,
    settings: Settings,
    watermark: order::Watermark,
    reading: ReadOptions,
}

impl Logs {
    /// What the command line names.
    pub(super) fn of(arguments: &RunArguments, compiled: &program::Compiled) -> Result<Self, Exit> {
        let settings = Settings::new(arguments, &compiled.config);
        Ok(Self {
            specs: input_specs(arguments)?,
            reading: ReadOptions {
                morsel_bytes: settings.morsel_bytes,
                max_record_bytes: arguments.replay.max_record_bytes,
                mmap: !arguments.replay.no_mmap,
            },
            settings,
            watermark: order::Watermark::of(compiled),
        })
    }

    /// How a program over them is planned.
    pub(super) fn plan_options(&self, arguments: &RunArguments) -> plan::Options {
        plan_options(arguments, &self.specs)
    }

    /// How a plan over them is run.
    pub(super) fn run_options(&self, arguments: &RunArguments, plan: &Plan) -> RunOptions {
        run_options(arguments, plan, self.watermark)
    }

    /// Replays them through a plan.
    pub(super) fn replay(
        &self,
        arguments: &RunArguments,
        plan: &mut Plan,
        options: &RunOptions,
    ) -> Result<(Result<Report, RunError>, Watch), Exit> {
        plan.decode.time_of_all |= options.order != replay::Order::Input;
        let open = |at: usize| Input::open(&self.specs[at], at as u32, &self.reading);
        let twice = |at: usize| Input::open_spooled(&self.specs[at], at as u32, &self.reading);
        let first = |at: usize| {
            if options.order == replay::Order::Time {
                twice(at)
            } else {
                open(at)
            }
        };
        let mut inputs = (0..self.specs.len())
            .map(first)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| {
                complain(error);
                Exit::Failed
            })?;
        let total = inputs.iter().map(Input::total_bytes).sum();
        let watch = Watch::new(arguments, total);
        let reopen = |at: usize| {
            if self.is_pipe(at) { None } else { open(at).ok() }
        };
        let result = self
            .settings
            .pool()?
            .install(|| replay::run(plan, &mut inputs, &reopen, options, &watch));
        Ok((result, watch))
    }

    fn is_pipe(&self, at: usize) -> bool {
        self.specs[at].path.as_os_str() == "-"
    }

    /// Whether all of them can be read again.
    pub(super) fn are_files(&self) -> bool {
        (0..self.specs.len()).all(|at| !self.is_pipe(at))
    }
}

/// What the program's `config:` says, where the command line does not.
struct Settings {
    /// 0: one thread a core.
    threads: usize,
    morsel_bytes: usize,
}

impl Settings {
    fn new(arguments: &RunArguments, config: &[(String, Value)]) -> Self {
        let value = |key: &str| config.iter().find(|(name, _)| name == key).map(|(_, value)| value);
        let threads = match value("parallelism") {
            Some(Value::Int(threads)) => usize::try_from(*threads).ok(),
            _ => None,
        };
        let morsel_bytes = match value("mode") {
            Some(Value::Str(mode)) if &**mode == "low_latency" => SMALL_MORSEL,
            _ => MORSEL,
        };
        Self {
            threads: arguments.replay.threads.or(threads).unwrap_or(0),
            morsel_bytes: arguments.replay.morsel_bytes.unwrap_or(morsel_bytes),
        }
    }

    fn pool(&self) -> Result<rayon::ThreadPool, Exit> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .build()
            .map_err(|error| {
                complain(format_args!("cannot start threads: {error}"));
                Exit::Failed
            })
    }
}

fn input_specs(arguments: &RunArguments) -> Result<Vec<InputSpec>, Exit> {
    let format = arguments.replay.input_format.map_or(Format::Auto, Format::from);
    let csv = arguments.replay.csv.options();
    if csv.delimiter.is_some() && csv.delimiter == csv.quote.byte() {
        complain("`--csv-delimiter` and `--csv-quote` cannot be the same");
        return Err(Exit::Usage);
    }
    let stdin = ["-".to_owned()];
    let typed = if arguments.replay.input.is_empty() {
        &stdin[..]
    } else {
        &arguments.replay.input[..]
    };
    let specs = typed
        .iter()
        .map(|text| {
            let spec = InputSpec::parse(OsStr::new(text), format)?;
            let csv = csv.clone();
            Ok(InputSpec { csv, ..spec })
        })
        .collect::<Result<Vec<_>, _>>();
    let specs = specs.and_then(|specs| read::expand(&specs)).map_err(|error| {
        complain(error);
        Exit::Failed
    })?;
    if specs.iter().filter(|spec| spec.path.as_os_str() == "-").count() > 1 {
        complain("stdin is named twice among the inputs");
        return Err(Exit::Usage);
    }
    Ok(specs)
}

fn plan_options(arguments: &RunArguments, specs: &[InputSpec]) -> plan::Options {
    plan::Options {
        type_field: arguments.replay.type_field.clone(),
        time_field: arguments.replay.time_field.clone(),
        time_unit: arguments.replay.time_unit.into(),
        from: arguments.replay.from,
        to: arguments.replay.to,
        check_all: arguments.strict || arguments.dead_letter.is_some() || arguments.max_errors.is_some(),
        as_they_lie: arguments.replay.order == Order::Input,
        // Who watches wants to see all rows.
        prefilter: !arguments.no_prefilter && arguments.trace.is_empty(),
        index: !arguments.no_index && arguments.trace.is_empty(),
        max_record_bytes: arguments.replay.max_record_bytes,
        bound: specs.iter().map(|spec| spec.event_type.clone()).collect(),
    }
}

fn run_options(arguments: &RunArguments, plan: &Plan, watermark: order::Watermark) -> RunOptions {
    RunOptions {
        output: arguments.output.clone(),
        output_format: arguments.output_format.map(Into::into),
        seed: arguments.replay.seed,
        fail_on_bad: arguments.strict || arguments.on_error == OnError::Fail,
        strict: arguments.strict,
        max_errors: arguments.max_errors,
        dead_letter: arguments.dead_letter.clone(),
        order: order::chosen(arguments, plan, watermark),
        at_end: arguments.replay.at_end.into(),
        late: arguments.late.clone(),
        watermark: watermark.said,
        allowed_lateness: watermark.allowed,
        memory_limit: arguments.replay.memory_limit.map(|bytes| bytes as u64),
        traces: Vec::new(),
        dry: false,
        max_steps: arguments.max_steps,
        sources: None,
    }
}

/// Says why a run failed.
pub(super) fn failed(arguments: &RunArguments, sources: &SourceMap, error: RunError) -> Exit {
    let (code, span, message, help) = match error {
        RunError::Table { span, message, help } => (Code::BadTable, span, message, help),
        RunError::Embedding { span, message, help } => (Code::BadAttention, span, message, help),
        error => {
            complain(&error);
            return match error {
                RunError::Write(OutputError::Unsupported { .. }) => Exit::Usage,
                _ => Exit::Failed,
            };
        }
    };
    let said = Diagnostic::new(code, span, message).help(help);
    program::show(sources, &[said], &arguments.replay.compile);
    Exit::Failed
}
