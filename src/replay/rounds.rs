//! The rounds of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::attended;
use super::clock::{MorselClock, Running};
use super::execute::{Context, ReplayOrder, SourcePlaces};
use super::failed::Failed;
use super::hold::Held;
use super::morsel::Task;
use super::ordered::{Ordered, StandingOf};
use super::outcome::{Errors, SampleKind, owners_of};
use super::outputs::Outputs;
use super::portions::{Portions, places};
use super::stop::stop_at;
use super::supply::{Bound, Round, Supply};
use super::tables::Tables;
use super::times::{Times, first_after, without_time};
use super::traced;
use super::waiting::{Bad, Waiting};
use super::{
    AtEnd, BadExample, BadReport, ErrorReport, IndexReport, InputReport, MetricReport, Observer, Order, PatternReport,
    Report, RunError, RunOptions, Stopped, StreamReport,
};
use crate::attend::Embedder;
use crate::data::format::write_json_text;
use crate::data::{BadRecord, Place};
use crate::diag::Span;
use crate::eval::{InCode, MAX_STEPS, Program, in_code};
use crate::ir::{ExprId, Query, StreamId};
use crate::ordered::Ending;
use crate::plan::{Indexes, Plan, StageId};
use crate::read::{Base, Input};
use crate::write::Output;

/// How many bad records are shown.
const EXAMPLES: usize = 5;

/// Replays the inputs through a plan, on the rayon pool it is called in.
///
/// `reopen` opens an input anew; it is called when the times of records without one depend on what
/// comes later (none when it cannot be read twice).
///
/// # Errors
/// When an input cannot be read, an output not written, or the order of the input does not do.
pub fn run(
    plan: &Plan,
    inputs: &mut [Input],
    reopen: &(dyn Fn(usize) -> Option<Input> + Sync),
    options: &RunOptions,
    observer: &dyn Observer,
) -> Result<Report, RunError> {
    let roots = plan.roots();
    let code = plan.compiled(options.max_steps.unwrap_or(MAX_STEPS));
    let program = Program::new(&plan.query.exprs, &roots, options.seed).with_code(code);
    let tables = Tables::load(plan)?;
    let mut fallbacks = Vec::new();
    let embedders = attended::embedders(plan, &mut fallbacks)?;
    let mut writer = Writer::new(plan, inputs, options, observer, embedders)?;
    let mut context = Context::new(plan, &program, inputs, options, tables);
    context.typed.clone_from(&writer.outputs.typed);
    context.buffers = Arc::clone(&writer.outputs.buffers);
    let mut supply = Supply::new(plan, &context.decode, inputs, options, observer)?;
    let mut ready = first_pass(&context, supply.round()?, &mut writer.numbers);
    while !ready.tasks.is_empty() && writer.stopped.is_none() {
        if observer.interrupted() {
            writer.stopped = Some(Stopped::Interrupted);
            break;
        }
        let next = supply.round()?;
        ready.last = next.morsels.is_empty();
        let mut numbers = std::mem::take(&mut writer.numbers);
        let inputs = supply.inputs();
        let (written, following) = rayon::join(
            || writer.write(&context, ready, reopen, inputs),
            || first_pass(&context, next, &mut numbers),
        );
        writer.numbers = numbers;
        written?;
        ready = following;
    }
    let mut report = writer.report(&supply);
    let passed = std::mem::take(&mut writer.passed);
    report.traces = traced::traces(plan, options, &passed, &writer.ordered);
    traced::find_lines(&mut report.traces, &context.decode, reopen);
    report.tables = context.tables.reports();
    report.attention = attended::reports(plan, fallbacks, writer.ordered.recalls(plan));
    report.index.filters = context.indexes.filters() as u64;
    report.output_notes = writer.finish(&report)?;
    supply.finish()?;
    Ok(report)
}

/// The morsels of a round, and what is known about those that follow.
struct Ready<'a> {
    tasks: Vec<Task<'a>>,
    bound: Option<Bound>,
    /// No morsels follow.
    last: bool,
}

/// Everything that does not depend on order, for all morsels of a round. `numbers` counts the
/// records of each input where the program reads their numbers.
fn first_pass<'a>(context: &'a Context<'a>, round: Round, numbers: &mut Vec<u64>) -> Ready<'a> {
    let lines = round.lines;
    let mut decoded = round.decoded.into_iter();
    let mut tasks: Vec<Task<'a>> = round
        .morsels
        .into_iter()
        .enumerate()
        .map(|(at, (input, morsel, base))| {
            let lines = lines.as_ref().map(|lines| lines[at]);
            let mut task = Task::new(input, morsel, base, lines);
            if let Some(Some(decoded)) = decoded.next() {
                task.take(*decoded);
            }
            task
        })
        .collect();
    let ready = |tasks| Ready {
        tasks,
        bound: round.bound,
        last: false,
    };
    if !context.decode.seq || tasks.iter().all(|task| task.base.is_some()) {
        tasks.par_iter_mut().for_each(|task| {
            task.decode(context);
            task.run(context);
        });
        return ready(tasks);
    }
    tasks.par_iter_mut().for_each(|task| task.decode(context));
    for task in &mut tasks {
        if numbers.len() <= task.input {
            numbers.resize(task.input + 1, 0);
        }
        if let Some(decoded) = &task.decoded {
            decoded.set_seq(numbers[task.input]);
            numbers[task.input] += decoded.records;
        }
    }
    tasks.par_iter_mut().for_each(|task| task.run(context));
    ready(tasks)
}

/// The ordered half of the run, and what it knows.
struct Writer<'r> {
    plan: &'r Plan,
    options: &'r RunOptions,
    observer: &'r dyn Observer,
    outputs: Outputs,
    dead: Option<Output>,
    ordered: Ordered,
    portions: Option<Portions>,
    waiting: Waiting,
    /// By input; as they lie all inputs share the first.
    running: Vec<Running>,
    times: Times,
    /// Inputs that were looked through and have no time in any record.
    untimed: Vec<bool>,
    numbers: Vec<u64>,
    inputs: Vec<InputReport>,
    consumed: Vec<u64>,
    bad: BadReport,
    errors: Errors,
    /// How many rows of each stream failed, where somebody counts them.
    failed: BTreeMap<StreamId, u64>,
    metrics: BTreeMap<String, MetricReport>,
    big_ints: u64,
    not_finite: u64,
    index: IndexReport,
    /// By stage and step, how many rows came to it.
    passed: BTreeMap<(StageId, usize), u64>,
    stopped: Option<Stopped>,
}

impl<'r> Writer<'r> {
    fn new(
        plan: &'r Plan,
        inputs: &[Input],
        options: &'r RunOptions,
        observer: &'r dyn Observer,
        embedders: Vec<Option<Embedder>>,
    ) -> Result<Self, RunError> {
        let names = inputs.iter().map(|input| InputReport {
            name: input.name().to_owned(),
            ..InputReport::default()
        });
        Ok(Self {
            plan,
            options,
            observer,
            outputs: if options.dry {
                Outputs::none(plan)
            } else {
                Outputs::open(plan, options)?
            },
            dead: options.dead_letter.as_deref().map(Output::open).transpose()?,
            ordered: Ordered::new(plan, options, embedders),
            portions: Portions::new(plan),
            waiting: Waiting::default(),
            running: vec![Running::default(); inputs.len().max(1)],
            times: Times::default(),
            untimed: vec![false; inputs.len()],
            numbers: Vec::new(),
            consumed: vec![0; inputs.len()],
            inputs: names.collect(),
            bad: BadReport::default(),
            errors: Errors::default(),
            failed: BTreeMap::new(),
            metrics: BTreeMap::new(),
            big_ints: 0,
            not_finite: 0,
            index: IndexReport::default(),
            passed: BTreeMap::new(),
            stopped: None,
        })
    }

    /// Writes a round.
    fn write<'a>(
        &mut self,
        context: &'a Context<'a>,
        ready: Ready<'a>,
        reopen: &(dyn Fn(usize) -> Option<Input> + Sync),
        inputs: &[Input],
    ) -> Result<(), RunError> {
        let Ready { mut tasks, bound, last } = ready;
        let mut held = Vec::new();
        for at in 0..tasks.len() {
            self.stand(context, &mut tasks, at, reopen)?;
            held.extend(self.morsel(context, &mut tasks[at], inputs)?);
            if context.order == ReplayOrder::AsTheyLie {
                self.release(Place::LAST)?;
                if self.stopped.is_some() {
                    break;
                }
            }
        }
        if context.order != ReplayOrder::AsTheyLie && self.stopped.is_none() {
            self.advance(context, held, bound, last)?;
        }
        if self.stopped.is_none() && !last {
            super::limit::check(&self.ordered, self.plan, self.options.memory_limit)?;
        }
        let limited = self.plan.order_matters && !self.plan.decode.check_all;
        if self.stopped.is_none() && limited && self.ordered.exhausted(self.plan) {
            self.stopped = Some(Stopped::LimitsReached);
        }
        let rows = self.outputs.rows.iter().sum();
        let records = self.inputs.iter().map(|input| input.records).sum();
        self.observer.progress(self.consumed.iter().sum(), records, rows);
        Ok(())
    }

    /// Learns where a morsel stands, where it could not be known from the start.
    fn stand<'a>(
        &mut self,
        context: &'a Context<'a>,
        tasks: &mut [Task<'a>],
        at: usize,
        reopen: &(dyn Fn(usize) -> Option<Input> + Sync),
    ) -> Result<(), RunError> {
        if tasks[at].base.is_some() {
            return Ok(());
        }
        let again = tasks[at].needs_base();
        // Ordered stages ask for times only now.
        if (again || self.plan.order_matters)
            && let Some(decoded) = &tasks[at].decoded
        {
            let input = tasks[at].input;
            let untimed = self.untimed[input];
            let look = || first_after(tasks, at).or_else(|| first_time_of(context, reopen, input));
            let later = || (!untimed).then(look).flatten();
            let base = self.times.base(self.inputs[input].records, decoded, later);
            self.untimed[input] = base.time == Base::UNTIMED;
            if self.untimed[input] && self.plan.time_matters && decoded.records > 0 {
                return Err(without_time(&self.inputs[input].name));
            }
            decoded.set_base(base);
            if again {
                tasks[at].run_with_base(context, base);
            }
            tasks[at].base = Some(base);
        }
        Ok(())
    }

    /// Takes over what a morsel gave; what waits for the ordered part.
    fn morsel(&mut self, context: &Context<'_>, task: &mut Task<'_>, inputs: &[Input]) -> Result<Vec<Held>, RunError> {
        let input = task.input;
        let (mut outcome, mut held) = task.finish();
        // What was read of a mapped file that has shrunk is not what stood there.
        inputs[input].check()?;
        let mut clock = None;
        if let Some(decoded) = &task.decoded {
            self.times.pass(decoded);
            if context.order != ReplayOrder::AsTheyLie {
                let base = task.base.unwrap_or_default();
                let running = &mut self.running[if self.options.order == Order::Input { 0 } else { input }];
                clock = MorselClock::new(self.options.order, decoded, base, running).map(Arc::new);
                let first = match decoded.disorder() {
                    Some(_) => MorselClock::by_time(decoded, base).t.into_iter().min(),
                    None => decoded.first_time(),
                };
                let first = first.or((base.time != Base::UNTIMED).then_some(base.time));
                self.ordered.begin(first.or(Some(base.seq as i64)));
            }
        }
        if context.order == ReplayOrder::Clock
            && let Some(clock) = &clock
        {
            outcome.clocked(clock);
            held.iter_mut().for_each(|held| held.clocked(clock));
        }
        let lines = task.lines.unwrap_or(self.inputs[input].lines);
        self.waiting.morsel(task, lines, clock.as_deref(), context.order);
        self.waiting.outcome(&mut outcome, Some(lines));
        self.outputs.take(&mut outcome);
        self.not_finite += outcome.not_finite;
        self.index.pairs += outcome.index.pairs;
        self.index.looked += outcome.index.looked;
        self.errors.merge(outcome.errors);
        traced::add(&mut self.passed, outcome.passed);
        self.consumed[input] += task.morsel.consumed().saturating_sub(self.consumed[input]);
        if let Some(decoded) = &task.decoded {
            self.inputs[input].records += decoded.records;
            self.inputs[input].lines += decoded.lines;
            self.inputs[input].bytes += decoded.bytes;
            self.big_ints += decoded.big_ints_read();
        }
        Ok(held)
    }

    /// Runs the ordered stages as far as all records are there.
    fn advance(
        &mut self,
        context: &Context<'_>,
        held: Vec<Held>,
        bound: Option<Bound>,
        last: bool,
    ) -> Result<(), RunError> {
        let clock = self.running.iter().filter_map(|running| running.largest).max();
        let until = match bound {
            Some(Bound::Before { time, input, offset }) if !last => Place::record(time, input as u32, offset),
            // What follows as it lies is not before what has been.
            _ => Place::record(clock.unwrap_or(i64::MIN), u32::MAX, u64::MAX),
        };
        let until = match self.options.at_end {
            AtEnd::Flush if last => Place::LAST,
            _ => until,
        };
        let ending = Ending {
            last: clock.unwrap_or(0),
        };
        let ending = (last && self.options.at_end != AtEnd::Hold).then_some(ending);
        let end = Place {
            end: true,
            ..Place::LAST
        };
        let mut held = held;
        if self.portions.is_some() {
            let places = places(held.iter().chain(self.ordered.waiting()), until);
            let mut places = places.as_slice();
            while let Some(&cut) = self.portions.as_ref().and_then(|portions| portions.next(&mut places)) {
                self.portion(context, std::mem::take(&mut held), (cut, None));
                self.release(cut)?;
                if self.stopped.is_some() {
                    return Ok(());
                }
            }
        }
        self.portion(context, held, (until, ending));
        self.release(if last { end } else { until })
    }

    /// Runs the ordered part over what stands before a place.
    fn portion(&mut self, context: &Context<'_>, held: Vec<Held>, (until, ending): (Place, Option<Ending>)) {
        let mut outcome = self.ordered.round(context, held, until, ending);
        self.waiting.outcome(&mut outcome, None);
        self.outputs.take(&mut outcome);
        self.not_finite += outcome.not_finite;
        self.index.pairs += outcome.index.pairs;
        self.index.looked += outcome.index.looked;
        self.errors.merge(outcome.errors);
        traced::add(&mut self.passed, outcome.passed);
        let made = self.ordered.take_matched();
        if let Some(portions) = &mut self.portions {
            portions.learn(made);
        }
    }

    /// Writes, shows and counts everything that stands before a place, and stops there if need be.
    fn release(&mut self, until: Place) -> Result<(), RunError> {
        let mut ready = self.waiting.ready(until);
        let evaluation = self.errors.first();
        let evaluation = evaluation.map(|(_, error)| (error.first, error.message.clone()));
        let mut until = until;
        let broken = self.broken(&ready);
        if let Some((place, why)) = stop_at(self.options, self.bad.total(), &ready.bad, evaluation, broken) {
            ready.cut(place);
            until = until.min(place);
            self.stopped = Some(why);
        }
        self.keep_bad(&ready.bad)?;
        self.keep_failed(&ready.failed)?;
        self.count(&ready);
        self.outputs.write(until)?;
        if self.stopped.is_some() {
            self.outputs.forget();
        }
        Ok(())
    }

    /// Where a stream has had more rows that failed than its supervision allows.
    fn broken(&self, ready: &Waiting) -> Option<(Place, Stopped)> {
        let mut failed = self.failed.clone();
        for (one, _) in &ready.failed {
            let stream = &self.plan.query.streams[one.stream.0 as usize];
            let count = failed.entry(one.stream).or_default();
            *count += 1;
            if stream.breaker.is_some_and(|allowed| *count > allowed) {
                let times = if *count == 1 { "a row" } else { "rows" };
                let message = format!(
                    "`{}` is stopped by its supervision: {count} {times} failed, the last with: {}",
                    stream.name, one.message
                );
                return Some((one.place, Stopped::Broken(message)));
            }
        }
        None
    }

    /// Counts rows that failed, and keeps their records.
    fn keep_failed(&mut self, failed: &[(Failed, Option<u64>)]) -> Result<(), RunError> {
        for (one, line) in failed {
            *self.failed.entry(one.stream).or_default() += 1;
            if let (Some(dead), Some(record)) = (&mut self.dead, &one.record) {
                let input = &self.inputs[record.position.input as usize].name;
                dead.write(&dead_letter(record, input, *line))?;
            }
        }
        Ok(())
    }

    /// Shows side lines, adds up metrics.
    fn count(&mut self, ready: &Waiting) {
        let said = ready.side.iter().filter(|_| !self.options.dry);
        said.for_each(|line| self.observer.say(&line.text));
        for sample in &ready.samples {
            let metric = self.metrics.entry(sample.name.clone()).or_insert_with(|| MetricReport {
                name: sample.name.clone(),
                ..MetricReport::default()
            });
            metric.count += 1;
            if let SampleKind::Value(value) = sample.kind {
                let (sum, low, high) = metric.values.unwrap_or((0.0, f64::INFINITY, f64::NEG_INFINITY));
                metric.values = Some((sum + value, low.min(value), high.max(value)));
            }
        }
    }

    fn keep_bad(&mut self, bad: &[Bad]) -> Result<(), RunError> {
        for Bad { line, record, .. } in bad {
            *self.bad.counts.entry(record.cause).or_default() += 1;
            let input = &self.inputs[record.position.input as usize];
            if self.bad.first.len() < EXAMPLES {
                let (input, at, reason) = (input.name.clone(), record.at, record.reason.clone());
                self.bad.first.push(BadExample {
                    input,
                    line: *line,
                    at,
                    reason,
                });
            }
            if let Some(dead) = &mut self.dead {
                dead.write(&dead_letter(record, &input.name, Some(*line)))?;
            }
        }
        Ok(())
    }

    fn report(&self, supply: &Supply<'_>) -> Report {
        let mut inputs = self.inputs.clone();
        for (report, input) in inputs.iter_mut().zip(supply.inputs()) {
            report.notes = input.notes().to_vec();
        }
        let sinks = self.plan.sinks.iter().zip(&self.outputs.rows);
        Report {
            inputs,
            streams: sinks
                .map(|(sink, &rows)| StreamReport {
                    name: self.plan.query.streams[sink.stream.0 as usize].name.clone(),
                    path: sink.path.clone(),
                    rows,
                })
                .collect(),
            bad: self.bad.clone(),
            errors: self.error_reports(),
            metrics: self.metrics.values().cloned().collect(),
            big_ints: self.big_ints,
            not_finite: self.not_finite,
            stopped: self.stopped.clone(),
            without_time: self.times.by_number,
            order: supply.report(),
            output_notes: Vec::new(),
            window_bytes: self.ordered.peak() as u64,
            patterns: self.pattern_reports(),
            tables: Vec::new(),
            attention: Vec::new(),
            index: self.index,
            traces: Vec::new(),
        }
    }

    fn pattern_reports(&self) -> Vec<PatternReport> {
        let report = |of: StandingOf| PatternReport {
            stream: self.plan.query.streams[of.stream.0 as usize].name.clone(),
            bounded: of.bounded,
            alive: of.standing.runs,
            undecided: of.standing.undecided,
            wide: of.standing.wide,
        };
        let mut standing = self.ordered.standing(self.plan);
        standing.sort_by_key(|of| of.stream);
        standing.into_iter().map(report).collect()
    }

    fn error_reports(&self) -> Vec<ErrorReport> {
        let mut reports = Vec::new();
        let raised = self.plan.query.code.raised();
        for (&key, count) in &self.errors.counts {
            for (owner, node) in owners_of(self.plan, key) {
                let owner = &self.plan.stage(key.stage).steps[key.step].owners[owner];
                reports.push((
                    owner.stream,
                    ErrorReport {
                        stream: self.plan.query.streams[owner.stream.0 as usize].name.clone(),
                        span: span_of(&self.plan.query, node),
                        count: count.count,
                        message: count.message.clone(),
                        dropped: match in_code(node) {
                            Some(InCode::Node(node)) => raised.contains(&node),
                            Some(InCode::Function(_)) => true,
                            None => false,
                        },
                        first: (self.inputs[count.first.input as usize].name.clone(), count.first.offset),
                    },
                ));
            }
        }
        reports.sort_by_key(|(stream, report)| (*stream, report.span));
        reports.into_iter().map(|(_, report)| report).collect()
    }

    /// Gives the files their names, unless the run was interrupted: what is half done does not appear.
    fn finish(self, report: &Report) -> Result<Vec<String>, RunError> {
        let mut notes = Vec::new();
        if report.stopped != Some(Stopped::Interrupted) {
            notes = self.outputs.finish()?;
            self.dead.map(Output::finish).transpose()?;
        }
        Ok(notes)
    }
}

/// Where a node stands in the program.
fn span_of(query: &Query, node: ExprId) -> Span {
    match in_code(node) {
        None => query.exprs.span(node),
        Some(InCode::Node(node)) => query.code.exprs.span(node),
        Some(InCode::Function(function)) => query.code.function(function).span,
    }
}

/// The first time in an input, from its beginning; none when it has none, or cannot be read again.
fn first_time_of(context: &Context<'_>, reopen: &(dyn Fn(usize) -> Option<Input> + Sync), input: usize) -> Option<i64> {
    let mut input = reopen(input)?;
    while let Ok(Some(morsel)) = input.next_morsel() {
        let time = morsel.decode(&context.decode).first_time();
        if time.is_some() {
            return time;
        }
    }
    None
}

/// A bad record as a line of JSON; a record that is no UTF-8 is kept in base64.
fn dead_letter(bad: &BadRecord, input: &str, line: Option<u64>) -> Vec<u8> {
    use base64::Engine;
    let mut out = b"{\"input\":".to_vec();
    write_json_text(input, &mut out);
    let line = line.map_or_else(|| "null".to_owned(), |line| line.to_string());
    let offsets = format!(
        ",\"line\":{line},\"offset\":{},\"at\":{},\"cause\":",
        bad.position.offset, bad.at
    );
    out.extend_from_slice(offsets.as_bytes());
    write_json_text(bad.cause.text(), &mut out);
    out.extend_from_slice(b",\"reason\":");
    write_json_text(&bad.reason, &mut out);
    match std::str::from_utf8(&bad.text) {
        Ok(text) => {
            out.extend_from_slice(b",\"record\":");
            write_json_text(text, &mut out);
        }
        Err(_) => {
            out.extend_from_slice(b",\"record_base64\":");
            write_json_text(&base64::engine::general_purpose::STANDARD.encode(&bad.text), &mut out);
        }
    }
    out.extend_from_slice(b"}\n");
    out
}

impl<'a> Context<'a> {
    fn new(plan: &'a Plan, program: &'a Program<'a>, inputs: &[Input], options: &RunOptions, tables: Tables) -> Self {
        let name = |stream: &str| {
            let mut text = Vec::new();
            write_json_text(stream, &mut text);
            text
        };
        let sinks = plan
            .sinks
            .iter()
            .map(|sink| name(&plan.query.streams[sink.stream.0 as usize].name));
        Self {
            plan,
            program,
            decode: Arc::new(plan.decode.clone()),
            fields: Arc::new(plan.query.fields.clone()),
            sink_names: sinks.collect(),
            buffers: Arc::default(),
            typed: Vec::new(),
            seed: options.seed,
            inputs: inputs.iter().map(|input| input.name().to_owned()).collect(),
            order: match options.order {
                Order::Input if !plan.order_matters => ReplayOrder::AsTheyLie,
                Order::Time | Order::Assumed => ReplayOrder::Time,
                Order::Input | Order::Arrival { .. } => ReplayOrder::Clock,
            },
            tables,
            indexes: Indexes::of(plan, program),
            watched: !options.traces.is_empty(),
            keeps_failed: options.dead_letter.is_some(),
            places: SourcePlaces(options.sources.clone()),
        }
    }
}
