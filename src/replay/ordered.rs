//! Operators to which the order of rows matters, round after round.
//!
//! Each round the stages run one after another, every one over all of its rows that are ready. That
//! gives what event by event would: an operator is a function of its own rows in order and of the
//! clock, and what it makes is put in order by place.

use std::sync::Arc;

use super::attended;
use super::collect::Collector;
use super::execute::{Context, Executor};
use super::feed::Feed;
use super::flow::{Flow, View};
use super::gathered::{Gathered, RowRef};
use super::hold::Held;
use super::joined;
use super::matched;
use super::outcome::{ErrorKey, Outcome};
use super::process;
use super::rows::MadeRows;
use super::segments::projected;
use super::traced;
use super::{Order, RunOptions};
use crate::aggregate::CallErrors;
use crate::attend::{Attending, Embedder, Recall};
use crate::data::{Column, FieldId, Place, Rank, Value};
use crate::eval::Evaluator;
use crate::ir::{Aggregate, Op, SortKey, StreamId};
use crate::matcher::{Matching, Standing};
use crate::ordered::{
    Aggregation, Distinct, Ending, Joining, KeyTable, Limit, Made, Rising, RowFunctions, Throttle, sorted,
};
use crate::plan::{Next, Plan, Stage, StageId, Step, StepKind};

/// What the operators remember, by stage, and rows that wait for their time.
#[derive(Debug)]
pub(super) struct Ordered {
    stages: Vec<State>,
    waiting: Vec<Held>,
    /// The variables of the run.
    globals: Vec<Value>,
    /// How many rows patterns made.
    matched: usize,
    /// The time of the first record.
    first: Option<i64>,
}

#[derive(Debug)]
enum State {
    /// Nothing to remember.
    None,
    Aggregate(Box<Aggregation>),
    Distinct(Distinct),
    Limit(Limit),
    Rising(Rising),
    Throttle(Throttle),
    Rows(RowFunctions),
    Window(Box<Collector>),
    OrderBy(Vec<(RowRef, Held1)>),
    Join(Box<Joining>),
    Pattern(Box<Matching>),
    Attention(Box<Attending>),
    Timer(Option<i64>),
}

/// What is kept of a row that is put in order at the end.
#[derive(Debug)]
struct Held1 {
    keys: Vec<crate::data::Value>,
    by: Vec<crate::data::Value>,
    place: Place,
    time: i64,
}

impl Ordered {
    /// `embedders`: for each stage that is an attention window how it embeds events.
    pub(super) fn new(plan: &Plan, options: &RunOptions, mut embedders: Vec<Option<Embedder>>) -> Self {
        let threads = rayon::current_num_threads();
        let state = |kind: &StepKind, lateness: i64| match kind {
            kind if !kind.needs_order() => State::None,
            StepKind::Aggregate(made) => State::Aggregate(Box::new(Aggregation::new(
                &plan.query.exprs,
                made,
                lateness,
                threads,
                plan.decode.seq,
            ))),
            StepKind::Distinct(_, within, _) => State::Distinct(Distinct::new(*within)),
            StepKind::Limit(most, _) => State::Limit(Limit::new(*most)),
            StepKind::Rising(_) => State::Rising(Rising::default()),
            StepKind::Throttle(every, _) => State::Throttle(Throttle::new(*every)),
            StepKind::RowFunctions(functions, _) => State::Rows(RowFunctions::new(functions)),
            StepKind::Window(window, start, end) => {
                State::Window(Box::new(Collector::new(*window, *start, *end, lateness)))
            }
            StepKind::OrderBy(..) => State::OrderBy(Vec::new()),
            StepKind::Timer(_) => State::Timer(None),
            _ => State::None,
        };
        let stages = plan.stages.iter().enumerate();
        let stages = stages.map(|(at, stage)| {
            // In any other order than that of arrival nothing is late, and nobody waits for it.
            let lateness = match options.order {
                Order::Arrival { .. } => allowed(plan, &stage.steps[0]).unwrap_or(options.allowed_lateness),
                _ => 0,
            };
            match &stage.steps[0].kind {
                StepKind::Join(join) => {
                    let timed = joined::timed(plan, StageId(at as u32));
                    State::Join(Box::new(Joining::new(join, lateness, timed)))
                }
                StepKind::Pattern(pattern) => {
                    let timed = joined::timed(plan, StageId(at as u32));
                    let mut matching = Matching::new(pattern, lateness, timed, plan.decode.seq);
                    traced::watch(plan, &stage.steps[0], pattern, options, &mut matching);
                    State::Pattern(Box::new(matching))
                }
                StepKind::Attention(attention) => match embedders.get_mut(at).and_then(Option::take) {
                    Some(embedder) => State::Attention(Box::new(Attending::new(
                        &plan.query.exprs,
                        attention,
                        embedder,
                        !matches!(options.order, Order::Arrival { .. }),
                    ))),
                    None => State::None,
                },
                kind => state(kind, lateness),
            }
        });
        Self {
            stages: stages.collect(),
            waiting: Vec::new(),
            globals: plan
                .query
                .code
                .globals
                .iter()
                .map(|global| global.init.clone())
                .collect(),
            matched: 0,
            first: None,
        }
    }

    /// The time of the first record, once it is known.
    pub(super) fn begin(&mut self, first: Option<i64>) {
        self.first = self.first.or(first);
    }

    /// Rows that wait for their time.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Held> {
        self.waiting.iter()
    }

    /// How many rows patterns have made since this was asked last.
    pub(super) fn take_matched(&mut self) -> usize {
        std::mem::take(&mut self.matched)
    }

    /// Runs all stages over the rows of a round that stand before a place.
    pub(super) fn round(
        &mut self,
        context: &Context<'_>,
        held: Vec<Held>,
        until: Place,
        ending: Option<Ending>,
    ) -> Outcome {
        let mut executor = Executor::new(context);
        executor.held = std::mem::take(&mut self.waiting);
        executor.held.extend(held);
        for turn in &context.plan.turns {
            let mut ready: Vec<(StageId, Vec<Held>)> = Vec::new();
            for &id in turn {
                let held = self.ready(&mut executor, id, until);
                ready.push((id, held));
            }
            if touches(context.plan, turn[0]) {
                process::together(&mut executor, ready, &mut self.globals);
                continue;
            }
            for (id, ready) in ready {
                self.stage(&mut executor, id, ready, until, ending);
            }
        }
        executor.out
    }

    /// The rows that wait at a stage and stand before a place.
    fn ready(&mut self, executor: &mut Executor<'_>, id: StageId, until: Place) -> Vec<Held> {
        let (mine, others) = std::mem::take(&mut executor.held)
            .into_iter()
            .partition(|held| held.stage == id);
        executor.held = others;
        let mut ready = Vec::new();
        for held in mine {
            let (now, later) = held.split(until);
            ready.extend(now);
            self.waiting.extend(later);
        }
        ready
    }

    fn stage(
        &mut self,
        executor: &mut Executor<'_>,
        id: StageId,
        ready: Vec<Held>,
        until: Place,
        ending: Option<Ending>,
    ) {
        let first = self.first;
        let state = &mut self.stages[id.0 as usize];
        let kind = &executor.context.plan.stage(id).steps[0].kind;
        match (state, kind) {
            (State::Aggregate(state), StepKind::Aggregate(made)) => {
                let mut errors = Vec::new();
                let pieces = state.run(&Feed::batches(ready), until, ending, &mut errors);
                let place = pieces.first().and_then(|rows| rows.places.first());
                count(executor, id, made, errors, place.copied().unwrap_or(Place::MIN));
                pieces.into_iter().for_each(|rows| aggregated(executor, id, made, rows));
            }
            (State::Distinct(state), _) => pass(executor, id, ready, |batch| state.pass(batch)),
            (State::Limit(state), _) => pass(executor, id, ready, |batch| state.pass(batch)),
            (State::Rising(state), _) => pass(executor, id, ready, |batch| state.pass(batch)),
            (State::Throttle(state), StepKind::Throttle(_, field)) => {
                let feed = Feed::new(ready);
                let (kept, counts): (Vec<_>, Vec<_>) = feed.batches.iter().map(|batch| state.pass(batch)).unzip();
                let counts = counts.into_iter().map(|counts| Column::Int(counts.into())).collect();
                for (flow, view) in feed.passed(&kept, &[(*field, Some("suppressed"), counts)]) {
                    resume(executor, id, &flow, view);
                }
            }
            (State::Rows(state), StepKind::RowFunctions(functions, _)) => {
                let feed = Feed::new(ready);
                let mut fields: Vec<(FieldId, Option<&str>, Vec<Column>)> = functions
                    .iter()
                    .map(|function| (function.field, None, Vec::new()))
                    .collect();
                for batch in &feed.batches {
                    let columns = state.columns(batch).into_iter();
                    fields
                        .iter_mut()
                        .zip(columns)
                        .for_each(|(field, column)| field.2.push(column));
                }
                let all = |batch: &crate::ordered::Batch| (0..batch.len() as u32).collect();
                let all: Vec<Vec<u32>> = feed.batches.iter().map(all).collect();
                for (flow, view) in feed.passed(&all, &fields) {
                    resume(executor, id, &flow, view);
                }
            }
            (State::Window(state), _) => {
                let feed = Feed::new(ready);
                if let Some((flow, keys)) = state.run(&feed, until, ending, &executor.context.inputs) {
                    resume(executor, id, &flow, View { rows: None, keys });
                }
            }
            (State::OrderBy(state), StepKind::OrderBy(by, _)) => {
                keep(state, &Feed::new(ready));
                if ending.is_some() {
                    let (flow, keys) = in_order(std::mem::take(state), by, &executor.context.inputs);
                    resume(executor, id, &flow, View { rows: None, keys });
                }
            }
            (State::Join(state), StepKind::Join(join)) => {
                if let Some(flow) = joined::run(executor, id, (state, join), &ready, until, ending) {
                    resume(executor, id, &flow, View::default());
                }
            }
            (State::Pattern(state), StepKind::Pattern(pattern)) => {
                if let Some((flow, view)) = matched::run(executor, id, (state, pattern), ready, until, ending) {
                    self.matched += flow.rows.len();
                    resume(executor, id, &flow, view);
                }
            }
            (State::Attention(state), _) => {
                for (flow, view) in attended::run(executor, id, state, ready) {
                    resume(executor, id, &flow, view);
                }
            }
            (State::Timer(next), StepKind::Timer(every)) => {
                let last = ending.map_or(until.time.saturating_sub(1), |ending| ending.last);
                if let Some(flow) = ticks(executor, next, *every, first, last) {
                    resume(executor, id, &flow, View::default());
                }
            }
            _ => {
                for held in ready {
                    resume(executor, id, &held.flow, held.view);
                }
            }
        }
    }

    /// Whether nothing more can come out: everything that is written, said or checked stands behind
    /// limits that are reached.
    pub(super) fn exhausted(&self, plan: &Plan) -> bool {
        // What goes on when the clock or the input's end comes must see them come.
        let waits = |state: &State| {
            matches!(
                state,
                State::Aggregate(_)
                    | State::Window(_)
                    | State::OrderBy(_)
                    | State::Timer(_)
                    | State::Join(_)
                    | State::Pattern(_)
            )
        };
        !self.stages.iter().any(waits) && !plan.scans.iter().flatten().any(|next| self.reaches(plan, *next))
    }

    fn reaches(&self, plan: &Plan, next: Next) -> bool {
        match next {
            Next::Sink(_) => true,
            Next::Event(event) => {
                let scan = plan.types.iter().position(|&ty| ty == event);
                scan.is_some_and(|scan| plan.fed[scan].iter().any(|next| self.reaches(plan, *next)))
            }
            Next::Stage(id, _) => {
                let stage = plan.stage(id);
                let full = matches!(&self.stages[id.0 as usize], State::Limit(limit) if limit.exhausted());
                let seen = |kind: &StepKind| matches!(kind, StepKind::Side(_) | StepKind::Validate(_));
                !full
                    && (stage.steps.iter().any(|step| seen(&step.kind))
                        || stage.next.iter().any(|next| self.reaches(plan, *next)))
            }
        }
    }

    /// The most memory that windows have held, in bytes, about.
    pub(super) fn peak(&self) -> usize {
        let of = |state: &State| match state {
            State::Aggregate(state) => state.peak(),
            State::Join(state) => state.peak(),
            State::Pattern(state) => state.peak(),
            State::Attention(state) => state.peak(),
            _ => 0,
        };
        self.stages.iter().map(of).sum()
    }

    /// For each stream with an approximate attention window how many of the nearest events it found.
    pub(super) fn recalls(&self, plan: &Plan) -> Vec<(StreamId, Recall)> {
        let of = |(state, stage): (&State, &Stage)| match state {
            State::Attention(state) => Some((stage.steps[0].owners.first()?.stream, state.recall()?)),
            _ => None,
        };
        self.stages.iter().zip(&plan.stages).filter_map(of).collect()
    }

    /// For each attention window its stream, how many events it holds, and about how many bytes they take.
    pub(super) fn attending(&self, plan: &Plan) -> Vec<(StreamId, usize, usize)> {
        let of = |(state, stage): (&State, &Stage)| match state {
            State::Attention(state) => {
                let stream = stage.steps[0].owners.first()?.stream;
                Some((stream, state.events(), state.bytes()))
            }
            _ => None,
        };
        self.stages.iter().zip(&plan.stages).filter_map(of).collect()
    }

    /// What was seen of the pattern at the head of a stage, if it is watched.
    pub(super) fn traced(&self, stage: usize) -> Option<crate::matcher::trace::Traced> {
        match self.stages.get(stage)? {
            State::Pattern(state) => state.traced(),
            _ => None,
        }
    }

    /// What patterns still wait for.
    pub(super) fn standing(&self, plan: &Plan) -> Vec<StandingOf> {
        let of = |(state, stage): (&State, &Stage)| match (state, &stage.steps[0].kind) {
            (State::Pattern(state), StepKind::Pattern(pattern)) => Some(StandingOf {
                stream: stage.steps[0].owners.first()?.stream,
                bounded: pattern.bounded(),
                bytes: state.bytes(),
                standing: state.standing(),
            }),
            _ => None,
        };
        self.stages.iter().zip(&plan.stages).filter_map(of).collect()
    }
}

/// What a pattern still waits for.
#[derive(Clone, Copy, Debug)]
pub(super) struct StandingOf {
    /// The stream that it is of.
    pub(super) stream: StreamId,
    /// Whether it is bounded in time as a whole.
    pub(super) bounded: bool,
    /// About how much memory it takes.
    pub(super) bytes: usize,
    pub(super) standing: Standing,
}

/// How late a row may be, where the operator's stream says so.
fn allowed(plan: &Plan, step: &Step) -> Option<i64> {
    let of = |stream: StreamId| plan.query.streams[stream.0 as usize].ops.iter();
    let all = step.owners.iter().flat_map(|owner| of(owner.stream));
    let said = all.filter_map(|operator| match operator.op {
        Op::AllowedLateness(ns) => Some(ns),
        _ => None,
    });
    said.max()
}

/// Whether a stage begins with something that touches variables of the run.
fn touches(plan: &Plan, id: StageId) -> bool {
    matches!(&plan.stage(id).steps[0].kind, StepKind::Process(process) if !process.globals.is_empty())
}

/// Goes on behind the first step of a stage.
fn resume(executor: &mut Executor<'_>, id: StageId, flow: &Flow, view: View) {
    let mut evaluator = Evaluator::new(executor.context.program, &*flow.rows);
    let first = usize::from(executor.context.plan.stage(id).steps[0].kind.needs_order());
    executor.stage(id, first, &mut evaluator, flow, view);
}

fn pass(
    executor: &mut Executor<'_>,
    id: StageId,
    ready: Vec<Held>,
    mut pass: impl FnMut(&crate::ordered::Batch) -> Vec<u32>,
) {
    let feed = Feed::new(ready);
    let kept: Vec<Vec<u32>> = feed.batches.iter().map(&mut pass).collect();
    for (flow, view) in feed.passed(&kept, &[]) {
        resume(executor, id, &flow, view);
    }
}

fn count(executor: &mut Executor<'_>, id: StageId, made: &Aggregate, errors: Vec<CallErrors>, place: Place) {
    for error in errors {
        let Some(&node) = made.calls[error.call].args.last() else {
            continue;
        };
        let key = ErrorKey {
            stage: id,
            step: 0,
            node,
        };
        executor.out.errors.add(key, error.count, place, error.message);
    }
}

fn aggregated(executor: &mut Executor<'_>, id: StageId, made: &Aggregate, mut rows: Made) {
    if rows.places.is_empty() {
        return;
    }
    let keys = rows.columns[..made.keys.len()].to_vec();
    let seq = executor.context.decode.seq;
    let seqs = seq.then(|| rows.columns.pop()).flatten();
    let origin = MadeRows {
        places: rows.places,
        times: rows.times,
        inputs: executor.context.inputs.clone(),
        seqs,
    };
    let flow = projected(executor, made, rows.columns, origin);
    resume(executor, id, &flow, View { rows: None, keys });
}

fn keep(state: &mut Vec<(RowRef, Held1)>, feed: &Feed) {
    for (at, batch) in feed.batches.iter().enumerate() {
        for row in 0..batch.len() {
            let values = |columns: &[Column]| columns.iter().map(|column| column.value(row)).collect();
            let held = Held1 {
                keys: values(batch.keys.columns()),
                by: values(&batch.args[0]),
                place: batch.place(row),
                time: batch.times[row],
            };
            state.push((feed.row(at, row), held));
        }
    }
}

/// All rows, partition after partition, in order.
fn in_order(state: Vec<(RowRef, Held1)>, by: &[SortKey], inputs: &Arc<[String]>) -> (Flow, Vec<Column>) {
    let column = |of: &dyn Fn(&Held1) -> crate::data::Value| {
        Column::from_values(state.iter().map(|(_, held)| of(held)).collect())
    };
    let columns: Vec<Column> = (0..by.len()).map(|at| column(&|held| held.by[at].clone())).collect();
    let count = state.first().map_or(0, |(_, held)| held.keys.len());
    let keys: Vec<Column> = (0..count).map(|at| column(&|held| held.keys[at].clone())).collect();
    let mut numbers = Vec::new();
    let mut firsts = Vec::new();
    KeyTable::default().number(
        &crate::ordered::Keys::new(keys.clone(), state.len()),
        0..state.len(),
        &mut numbers,
        |row| firsts.push(state[row].1.place.at_end()),
    );
    let mut order = sorted(by, &columns, (0..state.len() as u32).collect());
    order.sort_by_key(|&at| numbers[at as usize]);
    let made = MadeRows {
        places: order.iter().map(|&at| firsts[numbers[at as usize] as usize]).collect(),
        times: order.iter().map(|&at| state[at as usize].1.time).collect(),
        inputs: inputs.clone(),
        seqs: None,
    };
    let rows: Vec<RowRef> = order.iter().map(|&at| state[at as usize].0.clone()).collect();
    let flow = Flow::gathered(Arc::new(Gathered::new(&rows, Vec::new(), Arc::new(made))));
    (flow, keys.iter().map(|key| key.take(&order)).collect())
}

/// The points of the grid up to a time that have not come yet.
fn ticks(executor: &Executor<'_>, next: &mut Option<i64>, every: i64, first: Option<i64>, last: i64) -> Option<Flow> {
    let first = first?;
    let mut at = next.unwrap_or_else(|| first.saturating_add((-first).rem_euclid(every)));
    let mut times = Vec::new();
    while at <= last {
        times.push(at);
        at = at.checked_add(every)?;
    }
    *next = Some(at);
    if times.is_empty() {
        return None;
    }
    let places = times.iter().map(|&time| Place::default().timer(time, Rank::Window));
    let made = MadeRows {
        places: places.collect(),
        times: times.clone(),
        inputs: executor.context.inputs.clone(),
        seqs: None,
    };
    let field = executor.context.fields.get(&crate::data::Path::key("at"));
    let field = field.unwrap_or(crate::data::FieldId(u32::MAX));
    let rows = super::rows::Projected {
        fields: executor.context.fields.clone(),
        names: Arc::from(vec![("at".to_owned(), field)]),
        len: times.len(),
        columns: vec![Column::Timestamp(times.into())],
        from: super::rows::Lineage {
            origin: super::rows::Origin::Made(Arc::new(made)),
            rows: None,
            index: None,
            event_type: None,
        },
    };
    Some(Flow::made(Arc::new(rows)))
}
