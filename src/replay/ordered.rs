//! Operators to which the order of rows matters: they run morsel after morsel, on one thread at a time.

use super::execute::{Context, Executor, FixedMap, Flow, View, time_at};
use crate::data::{Column, Key, Pseudo, Value};
use crate::eval::Evaluator;
use crate::ir::{Expr, SideChannel};
use crate::plan::{Next, Plan, StageId, Step, StepKind};

/// A batch that waits for its turn at an ordered stage.
#[derive(Debug)]
pub(super) struct Held {
    stage: StageId,
    flow: Flow,
    view: View,
    /// The value that must differ, where the stage begins with a `distinct`.
    value: Option<Column>,
    /// The rows' times, where that `distinct` forgets.
    times: Option<Column>,
}

/// What ordered stages remember, by stage.
#[derive(Debug, Default)]
pub(super) struct OrderedState {
    stages: Vec<StageState>,
}

#[derive(Debug, Default)]
struct StageState {
    /// Values that have passed, and when.
    seen: FixedMap<Vec<Key>, i64>,
    /// Rows that have passed, by partition.
    passed: FixedMap<Vec<Key>, u64>,
    /// How many values were left when old ones were last forgotten.
    swept: usize,
}

impl OrderedState {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            stages: plan.stages.iter().map(|_| StageState::default()).collect(),
        }
    }
}

impl OrderedState {
    /// Whether nothing more can come out: everything that is written, said or checked stands behind
    /// limits that are reached.
    pub(super) fn exhausted(&self, plan: &Plan) -> bool {
        !plan.scans.iter().flatten().any(|next| self.reaches(plan, *next))
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
                let seen = |kind: &StepKind| matches!(kind, StepKind::Side(_) | StepKind::Validate(_));
                !self.is_full(plan, id)
                    && (stage.steps.iter().any(|step| seen(&step.kind))
                        || stage.next.iter().any(|next| self.reaches(plan, *next)))
            }
        }
    }

    /// Whether a stage begins with an unpartitioned limit that is reached.
    fn is_full(&self, plan: &Plan, id: StageId) -> bool {
        let StepKind::Limit(most, _) = plan.stage(id).steps[0].kind else {
            return false;
        };
        let passed = self.stages[id.0 as usize].passed.get(&Vec::new());
        most == 0 || passed.is_some_and(|&passed| passed >= most)
    }
}

impl<'a> Executor<'a> {
    /// Lets a batch wait for the ordered part; what that needs of each row is made here, in parallel.
    pub(super) fn hold(&mut self, stage: StageId, evaluator: &mut Evaluator<'_>, flow: &Flow, view: View) {
        let rows = view.rows.as_deref();
        let (value, times) = match &self.context.plan.stage(stage).steps[0].kind {
            StepKind::Distinct(key, within, _) => {
                let value = match key {
                    Some(key) => evaluator.eval(*key, rows),
                    None => Column::from_values(view.each(flow.rows.len()).map(|row| flow.rows.whole(row)).collect()),
                };
                (Some(value), within.map(|_| flow.rows.pseudo(Pseudo::Time, rows)))
            }
            _ => (None, None),
        };
        self.count_errors(stage, 0, evaluator, flow);
        self.touch(stage, flow, &view);
        self.held.push(Held {
            stage,
            flow: flow.clone(),
            view,
            value,
            times,
        });
    }

    /// Decodes all that is read of the records, so that bad ones show before anything is remembered.
    fn touch(&self, stage: StageId, flow: &Flow, view: &View) {
        let decode = &self.context.decode;
        let Some(ty) = decode.types.get(flow.scan).or(decode.other.as_ref()) else {
            return;
        };
        let mut records: Vec<u32> = view.each(flow.rows.len()).map(|row| flow.record(row)).collect();
        records.dedup();
        for field in &ty.fields {
            flow.event.column(field.id, Some(&records));
        }
        if takes_whole(self.context.plan, stage) {
            let mut text = Vec::new();
            for &record in &records {
                text.clear();
                flow.event.members(record, &mut text);
            }
        }
    }

    /// Runs the ordered stages over what was held of this morsel.
    pub(super) fn ordered(&mut self, state: &mut OrderedState) {
        for at in 0..self.context.plan.stages.len() {
            let id = StageId(at as u32);
            let (mine, others) = std::mem::take(&mut self.held)
                .into_iter()
                .partition(|held| held.stage == id);
            self.held = others;
            let mut mine: Vec<Held> = mine;
            if mine.is_empty() {
                continue;
            }
            let head = &self.context.plan.stage(id).steps[0].kind;
            let from = usize::from(head.needs_order());
            if head.needs_order() {
                pass_in_order(head, &mut mine, &mut state.stages[at]);
            }
            for held in mine {
                self.resume(id, from, held);
            }
        }
    }

    fn resume(&mut self, id: StageId, from: usize, held: Held) {
        let context: &'a Context<'a> = self.context;
        let flow = held.flow;
        let mut evaluator = Evaluator::new(context.program, &*flow.rows);
        self.stage(id, from, &mut evaluator, &flow, held.view);
    }
}

/// Whether records may be written, said or read as a whole from this stage on.
fn takes_whole(plan: &Plan, id: StageId) -> bool {
    let stage = plan.stage(id);
    for step in &stage.steps {
        match &step.kind {
            StepKind::Side(what) if says_whole(what) => return true,
            _ if reads_whole(plan, step) => return true,
            StepKind::Project(..) | StepKind::Map(_) | StepKind::FlatMap(_) => return false,
            _ => {}
        }
    }
    stage.next.iter().any(|next| match next {
        Next::Stage(next, _) => takes_whole(plan, *next),
        Next::Sink(_) | Next::Event(_) => true,
    })
}

fn says_whole(what: &SideChannel) -> bool {
    match what {
        SideChannel::Print(text) | SideChannel::Log { text, .. } => text.is_empty(),
        SideChannel::Trace { .. } => true,
        SideChannel::Metrics { .. } => false,
    }
}

fn reads_whole(plan: &Plan, step: &Step) -> bool {
    let exprs = &plan.query.exprs;
    let mut found = false;
    for root in step.owners.iter().take(1).flat_map(|owner| &owner.roots) {
        exprs.walk(*root, &mut |id| found |= matches!(exprs.get(id), Expr::Row));
    }
    found
}

/// Narrows the batches to the rows that an operator lets pass, all rows taken in order of the input.
fn pass_in_order(kind: &StepKind, batches: &mut [Held], state: &mut StageState) {
    let mut order: Vec<(u64, usize, usize, u32)> = Vec::new();
    for (batch, held) in batches.iter().enumerate() {
        let rows = held.view.each(held.flow.rows.len()).enumerate();
        order.extend(rows.map(|(at, row)| (held.flow.offset(row), batch, at, row)));
    }
    order.sort_by_key(|entry| entry.0);
    let mut kept: Vec<Vec<u32>> = batches.iter().map(|_| Vec::new()).collect();
    for (_, batch, at, row) in order {
        if passes(kind, &batches[batch], at, state) {
            kept[batch].push(row);
        }
    }
    for (held, mut kept) in batches.iter_mut().zip(kept) {
        kept.sort_unstable();
        held.view.narrow(kept);
    }
}

fn passes(kind: &StepKind, held: &Held, at: usize, state: &mut StageState) -> bool {
    let mut key: Vec<Key> = held.view.keys.iter().map(|column| Key(column.value(at))).collect();
    match kind {
        StepKind::Limit(most, _) => {
            let passed = state.passed.entry(key).or_default();
            let passes = *passed < *most;
            *passed += u64::from(passes);
            passes
        }
        StepKind::Distinct(_, within, _) => {
            key.push(Key(held.value.as_ref().map_or(Value::Null, |column| column.value(at))));
            let now = held.times.as_ref().map_or(0, |times| time_at(times, at));
            state.first_of(key, now, *within)
        }
        _ => true,
    }
}

impl StageState {
    /// Whether a value is new, or was last let pass more than `within` before `now`.
    fn first_of(&mut self, key: Vec<Key>, now: i64, within: Option<i64>) -> bool {
        if let Some(within) = within
            && self.seen.len() > 2 * self.swept + 1024
        {
            self.seen.retain(|_, passed| now.saturating_sub(*passed) <= within);
            self.swept = self.seen.len();
        }
        match self.seen.get_mut(&key) {
            None => {
                self.seen.insert(key, now);
                true
            }
            Some(passed) if within.is_some_and(|within| now.saturating_sub(*passed) > within) => {
                *passed = now;
                true
            }
            Some(_) => false,
        }
    }
}
