//! The rounds of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::execute::Context;
use super::morsel::Task;
use super::ordered::OrderedState;
use super::outcome::{Errors, Outcome, SampleKind, owners_of};
use super::outputs::Outputs;
use super::stop::stop_at;
use super::supply::{Round, Supply};
use super::times::{Times, first_after};
use super::{
    BadExample, BadReport, ErrorReport, InputReport, MetricReport, Observer, Report, RunError, RunOptions, Stopped,
    StreamReport,
};
use crate::data::BadRecord;
use crate::data::format::write_json_text;
use crate::eval::Program;
use crate::plan::Plan;
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
    let program = Program::new(&plan.query.exprs, &roots, options.seed);
    let context = Context::new(plan, &program, options.seed);
    let mut writer = Writer::new(plan, inputs, options, observer)?;
    let mut supply = Supply::new(plan, &context.decode, inputs, options, observer)?;
    let mut ready = first_pass(&context, supply.round()?, &mut writer.numbers);
    while !ready.is_empty() && writer.stopped.is_none() {
        if observer.interrupted() {
            writer.stopped = Some(Stopped::Interrupted);
            break;
        }
        let next = supply.round()?;
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
    let report = writer.report(&supply);
    writer.finish(&report)?;
    supply.finish()?;
    Ok(report)
}

/// Everything that does not depend on order, for all morsels of a round. `numbers` counts the
/// records of each input where the program reads their numbers.
fn first_pass<'a>(context: &'a Context<'a>, round: Round, numbers: &mut Vec<u64>) -> Vec<Task<'a>> {
    let mut tasks: Vec<Task<'a>> = round
        .morsels
        .into_iter()
        .map(|(input, morsel, base)| Task::new(input, morsel, base))
        .collect();
    if !context.decode.seq {
        tasks.par_iter_mut().for_each(|task| {
            task.decode(context);
            task.run(context);
        });
        return tasks;
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
    tasks
}

/// The ordered half of the run, and what it knows.
struct Writer<'r> {
    plan: &'r Plan,
    options: &'r RunOptions,
    observer: &'r dyn Observer,
    outputs: Outputs,
    dead: Option<Output>,
    state: OrderedState,
    times: Times,
    /// Inputs that were looked through and have no time in any record.
    untimed: Vec<bool>,
    numbers: Vec<u64>,
    inputs: Vec<InputReport>,
    consumed: Vec<u64>,
    bad: BadReport,
    errors: Errors,
    metrics: BTreeMap<String, MetricReport>,
    big_ints: u64,
    not_finite: u64,
    stopped: Option<Stopped>,
}

impl<'r> Writer<'r> {
    fn new(
        plan: &'r Plan,
        inputs: &[Input],
        options: &'r RunOptions,
        observer: &'r dyn Observer,
    ) -> Result<Self, RunError> {
        let names = inputs.iter().map(|input| InputReport {
            name: input.name().to_owned(),
            ..InputReport::default()
        });
        Ok(Self {
            plan,
            options,
            observer,
            outputs: Outputs::open(plan, &options.output)?,
            dead: options.dead_letter.as_deref().map(Output::open).transpose()?,
            state: OrderedState::new(plan),
            times: Times::default(),
            untimed: vec![false; inputs.len()],
            numbers: Vec::new(),
            consumed: vec![0; inputs.len()],
            inputs: names.collect(),
            bad: BadReport::default(),
            errors: Errors::default(),
            metrics: BTreeMap::new(),
            big_ints: 0,
            not_finite: 0,
            stopped: None,
        })
    }

    /// Writes a round, morsel by morsel.
    fn write<'a>(
        &mut self,
        context: &'a Context<'a>,
        mut tasks: Vec<Task<'a>>,
        reopen: &(dyn Fn(usize) -> Option<Input> + Sync),
        inputs: &[Input],
    ) -> Result<(), RunError> {
        for at in 0..tasks.len() {
            let again = tasks[at].needs_base();
            // Ordered stages ask for times only now.
            if (again || self.plan.order_matters)
                && let Some(decoded) = &tasks[at].decoded
            {
                let input = tasks[at].input;
                let untimed = self.untimed[input];
                let look = || first_after(&tasks, at).or_else(|| first_time_of(context, reopen, input));
                let later = || (!untimed).then(look).flatten();
                let base = self.times.base(self.inputs[input].records, decoded, later);
                self.untimed[input] = base.time == Base::UNTIMED;
                decoded.set_base(base);
                if again {
                    tasks[at].run_with_base(context, base);
                }
            }
            self.morsel(&mut tasks[at], inputs)?;
            if self.stopped.is_some() {
                break;
            }
        }
        let limited = self.plan.order_matters && !self.plan.decode.check_all;
        if self.stopped.is_none() && limited && self.state.exhausted(self.plan) {
            self.stopped = Some(Stopped::LimitsReached);
        }
        let rows = self.outputs.rows.iter().sum();
        let records = self.inputs.iter().map(|input| input.records).sum();
        self.observer.progress(self.consumed.iter().sum(), records, rows);
        Ok(())
    }

    fn morsel(&mut self, task: &mut Task<'_>, inputs: &[Input]) -> Result<(), RunError> {
        let input = task.input;
        if let Some(decoded) = &task.decoded {
            self.times.pass(decoded);
        }
        let mut outcome = task.finish(&mut self.state);
        // What was read of a mapped file that has shrunk is not what stood there.
        inputs[input].check()?;
        if let Some((offset, why)) = stop_at(self.options, self.bad.total(), &task.bad, &outcome) {
            outcome.cut(offset);
            task.bad.retain(|bad| bad.position.offset <= offset);
            self.stopped = Some(why);
        }
        self.keep_bad(&task.bad)?;
        self.count(&outcome);
        self.outputs.write(&outcome)?;
        self.not_finite += outcome.not_finite;
        self.errors.merge(outcome.errors);
        self.consumed[input] = task.morsel.consumed();
        if let Some(decoded) = &task.decoded {
            self.inputs[input].records += decoded.records;
            self.inputs[input].lines += decoded.lines;
            self.inputs[input].bytes += decoded.bytes;
            self.big_ints += decoded.big_ints_read();
        }
        Ok(())
    }

    /// Shows side lines, adds up metrics.
    fn count(&mut self, outcome: &Outcome) {
        outcome.side.iter().for_each(|line| self.observer.say(&line.text));
        for sample in &outcome.samples {
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

    fn keep_bad(&mut self, bad: &[BadRecord]) -> Result<(), RunError> {
        for record in bad {
            *self.bad.counts.entry(record.cause).or_default() += 1;
            let input = &self.inputs[record.position.input as usize];
            let line = input.lines + record.line + 1;
            if self.bad.first.len() < EXAMPLES {
                let (input, at, reason) = (input.name.clone(), record.at, record.reason.clone());
                self.bad.first.push(BadExample {
                    input,
                    line,
                    at,
                    reason,
                });
            }
            if let Some(dead) = &mut self.dead {
                dead.write(&dead_letter(record, &input.name, line))?;
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
        }
    }

    fn error_reports(&self) -> Vec<ErrorReport> {
        let mut reports = Vec::new();
        for (&key, count) in &self.errors.counts {
            for (owner, node) in owners_of(self.plan, key) {
                let owner = &self.plan.stage(key.stage).steps[key.step].owners[owner];
                reports.push((
                    owner.stream,
                    ErrorReport {
                        stream: self.plan.query.streams[owner.stream.0 as usize].name.clone(),
                        span: self.plan.query.exprs.span(node),
                        count: count.count,
                        message: count.message.clone(),
                        first: (self.inputs[count.first.input as usize].name.clone(), count.first.offset),
                    },
                ));
            }
        }
        reports.sort_by_key(|(stream, report)| (*stream, report.span));
        reports.into_iter().map(|(_, report)| report).collect()
    }

    /// Gives the files their names, unless the run was interrupted: what is half done does not appear.
    fn finish(self, report: &Report) -> Result<(), RunError> {
        if report.stopped != Some(Stopped::Interrupted) {
            self.outputs.finish()?;
            self.dead.map(Output::finish).transpose()?;
        }
        Ok(())
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
fn dead_letter(bad: &BadRecord, input: &str, line: u64) -> Vec<u8> {
    use base64::Engine;
    let mut out = b"{\"input\":".to_vec();
    write_json_text(input, &mut out);
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
    fn new(plan: &'a Plan, program: &'a Program<'a>, seed: u64) -> Self {
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
            seed,
        }
    }
}
