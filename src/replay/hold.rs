//! Rows that wait for their turn at an operator to which order matters, with all that it will ask.

use std::sync::Arc;

use super::attended;
use super::clock::MorselClock;
use super::execute::{Executor, ReplayOrder};
use super::flow::{Flow, View};
use super::rows::Origin;
use crate::data::{Column, Place, Pseudo};
use crate::eval::Evaluator;
use crate::ir::{Expr, ExprId, Scope, SideChannel};
use crate::ordered::{Batch, Keys, Places};
use crate::plan::{Next, Plan, StageId, Step, StepKind};

/// A batch that waits at an operator.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) stage: StageId,
    /// Which of the operator's inputs it comes through.
    pub(super) port: u8,
    pub(super) flow: Flow,
    pub(super) view: View,
    pub(super) keys: Keys,
    /// What the operator asks of each selected row.
    pub(super) args: Vec<Vec<Column>>,
    /// The event times of the selected rows.
    pub(super) times: Vec<i64>,
    /// The clock at each selected row, where it is not the time.
    pub(super) clock: Option<Vec<i64>>,
    /// Which of them are late; none: none is.
    pub(super) late: Option<Vec<bool>>,
}

impl Held {
    /// Where a selected row stands.
    pub(super) fn place(&self, at: usize) -> Place {
        let row = self.view.rows.as_ref().map_or(at as u32, |rows| rows[at]);
        let time = self.clock.as_ref().map_or(self.times[at], |clock| clock[at]);
        self.flow.place(row, time)
    }

    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    /// Learns the clock at its records.
    pub(super) fn clocked(&mut self, clock: &Arc<MorselClock>) {
        let rows: Vec<u32> = self.view.each(self.flow.rows.len()).collect();
        let at = |row: u32| clock.at(self.flow.position(row).offset);
        let (clocks, late): (Vec<i64>, Vec<bool>) = rows.into_iter().map(at).unzip();
        self.late = late.contains(&true).then_some(late);
        self.clock = Some(clocks);
        self.flow.clock = Some(clock.clone());
    }

    /// Cuts off the rows that stand at or after a place.
    pub(super) fn split(self, until: Place) -> (Option<Self>, Option<Self>) {
        let clock = self.clock.as_ref().unwrap_or(&self.times);
        let listed = !matches!(self.flow.from.origin, Origin::Records(_));
        if !listed && clock.iter().all(|&time| time < until.time) {
            return (Some(self), None);
        }
        let before = |at: &u32| {
            let place = self.place(*at as usize);
            place.end || place < until
        };
        let (ready, rest): (Vec<u32>, Vec<u32>) = (0..self.len() as u32).partition(before);
        if rest.is_empty() {
            return (Some(self), None);
        }
        let rest = self.pick(&rest);
        let ready = (!ready.is_empty()).then(|| self.pick(&ready));
        (ready, Some(rest))
    }

    /// Some of the selected rows.
    fn pick(&self, at: &[u32]) -> Self {
        let rows: Vec<(u32, u32)> = at.iter().map(|&at| (0, at)).collect();
        let times = |of: &[i64]| at.iter().map(|&at| of[at as usize]).collect::<Vec<_>>();
        Self {
            stage: self.stage,
            port: self.port,
            flow: self.flow.clone(),
            view: self.view.pick(at),
            keys: Keys::gather(&[&self.keys], &rows),
            args: self
                .args
                .iter()
                .map(|args| args.iter().map(|column| column.take(at)).collect())
                .collect(),
            times: times(&self.times),
            clock: self.clock.as_deref().map(times),
            late: self
                .late
                .as_ref()
                .map(|late| at.iter().map(|&at| late[at as usize]).collect()),
        }
    }

    /// What the operator takes.
    pub(super) fn batch(&self) -> Batch {
        Batch {
            keys: self.keys.clone(),
            args: self.args.clone(),
            times: self.times.clone(),
            places: self.places(),
            late: self.late.clone(),
        }
    }

    /// The same, where nobody asks for the rows again.
    pub(super) fn into_batch(self) -> Batch {
        let places = self.places();
        Batch {
            keys: self.keys,
            args: self.args,
            times: self.times,
            places,
            late: self.late,
        }
    }

    fn places(&self) -> Places {
        let rows = || self.view.each(self.flow.rows.len());
        match &self.flow.from.origin {
            Origin::Records(event) => Places::Records {
                event: event.clone(),
                rows: rows().map(|row| self.flow.from.source(row)).collect(),
                clock: self.clock.clone(),
            },
            _ => Places::Listed((0..self.len()).map(|at| self.place(at)).collect()),
        }
    }
}

impl Executor<'_> {
    /// Lets a batch wait for the ordered part; what that needs of each row is made here, in parallel.
    pub(super) fn hold(&mut self, stage: StageId, port: u8, evaluator: &mut Evaluator<'_>, flow: &Flow, view: View) {
        let count = view.count(flow.rows.len());
        if count == 0 {
            return;
        }
        if self.context.watched {
            self.count_passed(stage, 0, count);
        }
        let rows = view.rows.as_deref();
        let kind = &self.context.plan.stage(stage).steps[0].kind;
        let mut keys = view.keys.clone();
        let mut args: Vec<Vec<Column>> = Vec::new();
        if let StepKind::Attention(attention) = kind {
            args = attended::ask(self.context.plan, attention, evaluator, flow, &view);
        }
        let mut column = |id: ExprId| evaluator.eval(id, rows);
        match kind {
            StepKind::Aggregate(made) => {
                let calls = made.calls.iter();
                args = calls
                    .map(|call| call.args.iter().map(|&id| column(id)).collect())
                    .collect();
                if self.context.decode.seq {
                    args.push(vec![flow.rows.pseudo(Pseudo::Seq, rows)]);
                }
                keys.truncate(made.keys.len());
            }
            StepKind::Distinct(value, _, Scope::Partition) => keys.push(match value {
                Some(value) => column(*value),
                None => Column::from_values(view.each(flow.rows.len()).map(|row| flow.rows.whole(row)).collect()),
            }),
            StepKind::OrderBy(by, _) => args.push(by.iter().map(|key| column(key.value)).collect()),
            StepKind::RowFunctions(functions, _) => {
                let of = |function: &crate::ir::RowFunction| function.arg.map(&mut column).into_iter().collect();
                args = functions.iter().map(of).collect();
            }
            StepKind::Rising(condition) => args.push(vec![column(*condition)]),
            StepKind::Join(join) => {
                let input = &join.inputs[port as usize];
                args.push(input.reads.iter().map(|named| column(named.value)).collect());
                let mine = join.equal.iter().flat_map(|(a, b)| [a, b]);
                let mine = mine.filter(|(of, _)| *of == port as usize).map(|(_, id)| *id);
                args.push(mine.map(&mut column).collect());
                // Between two inputs all that must be equal is one key.
                keys = if join.inputs.len() == 2 {
                    args[1].clone()
                } else {
                    Vec::new()
                };
            }
            StepKind::Pattern(pattern) => {
                let input = &pattern.inputs[port as usize];
                keys = input.keys.iter().map(|&id| column(id)).collect();
                args.push(input.values.iter().map(|&id| column(id)).collect());
                if self.context.decode.seq {
                    args.push(vec![flow.rows.pseudo(Pseudo::Seq, rows)]);
                }
            }
            _ => {}
        }
        let failed = self.count_errors(stage, 0, evaluator, flow);
        let (mut view, mut count) = (view, count);
        // A condition of a pattern's step that fails is false; the row may serve other steps.
        let handled = self.context.plan.stage(stage).steps[0].owners[0].on_error.is_some();
        if !failed.is_empty() && (handled || !matches!(kind, StepKind::Pattern(_))) {
            let rows = view.each(flow.rows.len()).zip(0..);
            let kept: Vec<u32> = rows
                .filter(|(row, _)| failed.binary_search(row).is_err())
                .map(|(_, at)| at)
                .collect();
            keys = keys.iter().map(|column| column.take(&kept)).collect();
            for arg in args.iter_mut().flatten() {
                *arg = arg.take(&kept);
            }
            view = view.pick(&kept);
            count = kept.len();
            if count == 0 {
                return;
            }
        }
        if kind.keeps_rows() || matches!(kind, StepKind::Process(_)) {
            self.touch(stage, flow, &view);
        }
        let times = flow.times(&view);
        self.held.push(Held {
            stage,
            port,
            keys: Keys::new(keys, count),
            flow: flow.clone(),
            view,
            args,
            times,
            clock: None,
            late: None,
        });
        if let (Some(clock), ReplayOrder::Clock) = (&flow.clock, self.context.order)
            && let Some(held) = self.held.last_mut()
        {
            held.clocked(clock);
        }
    }

    /// Decodes all that is read of the records, so that bad ones show before anything is remembered.
    fn touch(&self, stage: StageId, flow: &Flow, view: &View) {
        let Origin::Records(event) = &flow.from.origin else {
            return;
        };
        let decode = &self.context.decode;
        let Some(ty) = decode.types.get(flow.scan).or(decode.other.as_ref()) else {
            return;
        };
        let mut records: Vec<u32> = view.each(flow.rows.len()).map(|row| flow.from.source(row)).collect();
        records.dedup();
        for field in &ty.fields {
            event.column(field.id, Some(&records));
        }
        if takes_whole(self.context.plan, stage) {
            let mut text = Vec::new();
            for &record in &records {
                text.clear();
                event.members(record, &mut text);
            }
        }
    }
}

/// Whether records may be written, said or read as a whole from this stage on.
fn takes_whole(plan: &Plan, id: StageId) -> bool {
    let stage = plan.stage(id);
    for step in &stage.steps {
        match &step.kind {
            StepKind::Side(what) if says_whole(what) => return true,
            _ if reads_whole(plan, step) => return true,
            _ if step.owners[0].on_error.is_some() => return true,
            StepKind::Project(..) | StepKind::Map(_) | StepKind::FlatMap(_) | StepKind::Process(_) => return false,
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
