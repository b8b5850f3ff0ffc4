//! One morsel through the stages: each batch is pushed as far as it goes, depth first, in program
//! order. Nothing here depends on which thread runs it.

use std::sync::Arc;

use super::flow::{Flow, Shape, View};
use super::hold::Held;
use super::outcome::{Buffers, Outcome};
use super::rows::{Lineage, Projected, Retyped, Values};
use super::segments;
use super::side;
use super::tables::Tables;
use super::validate;
use crate::data::{Column, EventRows, FieldId, FieldTable, Place, Value};
use crate::diag::Span;
use crate::eval::{Evaluator, InCode, Program, in_code};
use crate::ir::{EventId, ExprId, Named, Query};
use crate::matcher::hypertree::Hypertree;
use crate::plan::{Indexes, Next, Plan, StageId, StepKind};
use crate::read::DecodePlan;

/// What all morsels share.
pub(super) struct Context<'a> {
    pub(super) plan: &'a Plan,
    pub(super) program: &'a Program<'a>,
    pub(super) decode: Arc<DecodePlan>,
    pub(super) fields: Arc<FieldTable>,
    /// For each sink its stream's name as JSON.
    pub(super) sink_names: Vec<Vec<u8>>,
    /// For each sink whether its rows go out as columns.
    pub(super) typed: Vec<bool>,
    /// For the text of rows.
    pub(super) buffers: Arc<Buffers>,
    /// `--seed`, which also chooses samples.
    pub(super) seed: u64,
    /// The names of the inputs.
    pub(super) inputs: Arc<[String]>,
    /// In which order records are replayed.
    pub(super) order: ReplayOrder,
    /// What rows are looked up in.
    pub(super) tables: Tables,
    /// By which filters are found.
    pub(super) indexes: Indexes,
    /// Rows are counted at every step.
    pub(super) watched: bool,
    /// Records of rows that failed are kept.
    pub(super) keeps_failed: bool,
    /// Where nodes stand in the program.
    pub(super) places: SourcePlaces,
}

/// In which order records are replayed, and so what the clock at a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplayOrder {
    /// As they lie, and nothing asks for the clock.
    AsTheyLie,
    /// By their times: the clock at a record is its time.
    Time,
    /// By the clock, which is looked up.
    Clock,
}

/// Where nodes stand in the program, as text.
#[derive(Debug, Default)]
pub(super) struct SourcePlaces(pub(super) Option<Arc<crate::diag::SourceMap>>);

impl SourcePlaces {
    /// `line:column` of a node; of `otherwise` where it is not known.
    pub(super) fn of(&self, query: &Query, node: ExprId, otherwise: Span) -> String {
        let span = match in_code(node) {
            Some(InCode::Node(node)) => query.code.exprs.span(node),
            Some(InCode::Function(function)) => query.code.function(function).span,
            None if (node.0 as usize) < query.exprs.len() => query.exprs.span(node),
            None => otherwise,
        };
        match &self.0 {
            Some(sources) => {
                let (line, column) = sources.line_col(span.file, span.start as usize);
                format!("{line}:{column}")
            }
            None => String::new(),
        }
    }
}

/// Who reads rows, in program order, and the index over the filters among them.
#[derive(Clone, Copy)]
struct Readers<'a> {
    next: &'a [Next],
    index: Option<&'a Hypertree>,
}

/// Runs one morsel's batches; what comes out gathers in `out`.
pub(super) struct Executor<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) out: Outcome,
    /// Batches that wait for the ordered part.
    pub(super) held: Vec<Held>,
}

impl<'a> Executor<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self {
            context,
            out: Outcome::new(context.plan.sinks.len()),
            held: Vec::new(),
        }
    }

    /// Pushes the records of a batch; `scan` is its place in [`Plan::scans`], `skip` its bad rows.
    pub(super) fn records(&mut self, scan: usize, event: &Arc<dyn EventRows>, skip: &[u32]) {
        let flow = Flow::records(scan, event.clone());
        let kept = (!skip.is_empty()).then(|| {
            (0..event.len() as u32)
                .filter(|row| skip.binary_search(row).is_err())
                .collect()
        });
        let view = View {
            rows: kept,
            keys: Vec::new(),
        };
        let mut evaluator = Evaluator::new(self.context.program, &*flow.rows);
        let readers = Readers {
            next: &self.context.plan.scans[scan],
            index: self.context.indexes.scans[scan].as_ref(),
        };
        self.pass(readers, &mut evaluator, &flow, view);
    }

    /// Hands rows on to everybody who reads them.
    fn pass<'r>(&mut self, readers: Readers<'a>, evaluator: &mut Evaluator<'r>, flow: &'r Flow, mut view: View)
    where
        'a: 'r,
    {
        if let Some(index) = readers.index {
            return self.pass_indexed(readers.next, index, evaluator, flow, &view);
        }
        for (at, to) in readers.next.iter().enumerate() {
            let view = if at + 1 == readers.next.len() {
                std::mem::take(&mut view)
            } else {
                view.clone()
            };
            self.hand_on(*to, 0, evaluator, flow, view);
        }
    }

    /// The same, with those filters left out that an index knows to be true nowhere.
    fn pass_indexed<'r>(
        &mut self,
        next: &[Next],
        index: &Hypertree,
        evaluator: &mut Evaluator<'r>,
        flow: &'r Flow,
        view: &View,
    ) where
        'a: 'r,
    {
        let found = index.pick(self.context.program, evaluator, view.rows.as_deref(), flow.rows.len());
        self.out.index.pairs += (view.count(flow.rows.len()) * index.len()) as u64;
        self.out.index.looked += found.looked;
        let mut others = index.others().peekable();
        for picked in found.picked {
            while let Some(other) = others.next_if(|&other| other < picked.reader) {
                self.hand_on(next[other], 0, evaluator, flow, view.clone());
            }
            let mut view = view.clone();
            view.narrow(picked.rows);
            self.hand_on(next[picked.reader], picked.passed, evaluator, flow, view);
        }
        for other in others {
            self.hand_on(next[other], 0, evaluator, flow, view.clone());
        }
    }

    /// Hands rows on to one reader, of a stage to the step `from`.
    fn hand_on<'r>(&mut self, to: Next, from: usize, evaluator: &mut Evaluator<'r>, flow: &'r Flow, view: View)
    where
        'a: 'r,
    {
        match to {
            Next::Sink(sink) => self.sink(sink, flow, &view),
            Next::Event(event) => self.feed(event, flow, view),
            Next::Stage(stage, port) if self.context.plan.stage(stage).steps[0].kind.needs_order() => {
                self.hold(stage, port, evaluator, flow, view);
            }
            Next::Stage(stage, _) => self.stage(stage, from, evaluator, flow, view),
        }
    }

    /// Runs the steps of a stage from `from` on.
    pub(super) fn stage<'r>(
        &mut self,
        id: StageId,
        from: usize,
        evaluator: &mut Evaluator<'r>,
        flow: &'r Flow,
        mut view: View,
    ) where
        'a: 'r,
    {
        let plan = self.context.plan;
        let stage = plan.stage(id);
        let watched = self.context.watched;
        for (at, step) in stage.steps.iter().enumerate().skip(from) {
            if watched {
                self.count_passed(id, at, view.count(flow.rows.len()));
            }
            if view.count(flow.rows.len()) == 0 {
                return;
            }
            let made = match &step.kind {
                StepKind::Filter(condition) => {
                    let kept = evaluator.filter(*condition, view.rows.as_deref());
                    view.narrow(kept);
                    None
                }
                StepKind::Partition(keys) => {
                    let column = |key: &ExprId| evaluator.eval(*key, view.rows.as_deref());
                    view.keys.extend(keys.iter().map(column).collect::<Vec<_>>());
                    None
                }
                StepKind::Validate(event) => {
                    let (kept, bad) = validate::rows(plan, *event, flow, &view);
                    self.out.bad.extend(bad);
                    view.narrow(kept);
                    None
                }
                StepKind::Side(what) => {
                    side::say(&mut self.out, self.context, step, what, evaluator, flow, &view);
                    None
                }
                StepKind::Project(fields, event) => Some(self.project(fields, *event, evaluator, flow, &view)),
                StepKind::Retype(event) => Some(self.retype(*event, flow)),
                StepKind::Map(value) => Some(self.values(evaluator.eval(*value, view.rows.as_deref()), flow, &view)),
                StepKind::FlatMap(value) => {
                    let lists = evaluator.eval(*value, view.rows.as_deref());
                    let (made, from) = self.flatten(&lists, flow, &view);
                    view.keys = view.keys.iter().map(|column| column.take(&from)).collect();
                    Some(made)
                }
                StepKind::Collect => {
                    view.keys.clear();
                    None
                }
                StepKind::Process(process) => {
                    let (made, keys) = self.process(id, at, process, flow, &view);
                    view.keys = keys;
                    Some(made)
                }
                StepKind::OrderBy(..)
                | StepKind::Limit(..)
                | StepKind::Distinct(..)
                | StepKind::Aggregate(_)
                | StepKind::RowFunctions(..) => {
                    match segments::run(self, &step.kind, (id, at), evaluator, flow, &view) {
                        segments::After::Same(kept) => {
                            view.narrow(kept);
                            None
                        }
                        segments::After::Made(made, keys) => {
                            view = View { rows: None, keys };
                            Some(made)
                        }
                        segments::After::More(made) => Some(made),
                    }
                }
                StepKind::Enrich(enrich) => {
                    let added = self.enrich(enrich, evaluator, flow, &view);
                    Some(flow.extended(added))
                }
                StepKind::Window(..)
                | StepKind::Rising(_)
                | StepKind::Throttle(..)
                | StepKind::Join(_)
                | StepKind::Pattern(_)
                | StepKind::Attention(_)
                | StepKind::Timer(_) => {
                    unreachable!("operators that need order head stages and run there")
                }
            };
            let failed = self.count_errors(id, at, evaluator, flow);
            if !failed.is_empty() {
                view = match &step.kind {
                    // One for one the rows that were selected.
                    StepKind::Project(..) | StepKind::Map(_) => {
                        let rows = view.each(flow.rows.len()).zip(0..);
                        let kept: Vec<u32> = rows
                            .filter(|(row, _)| failed.binary_search(row).is_err())
                            .map(|(_, at)| at)
                            .collect();
                        View {
                            rows: Some(kept.clone()),
                            keys: view.keys.iter().map(|column| column.take(&kept)).collect(),
                        }
                    }
                    // Their lists are null, and gave no rows.
                    StepKind::FlatMap(_) | StepKind::Process(_) => view,
                    // What is said on the side never changes rows.
                    StepKind::Side(_) => view,
                    // Rows of another flow.
                    StepKind::OrderBy(..) | StepKind::Aggregate(_) if made.is_some() => view,
                    _ => {
                        view.drop(flow.rows.len(), &failed);
                        view
                    }
                };
            }
            let Some(made) = made else { continue };
            // These rows stand one for one where those before them stood.
            let same = matches!(
                step.kind,
                StepKind::Retype(_) | StepKind::Enrich(_) | StepKind::RowFunctions(..)
            );
            let one_for_one = matches!(step.kind, StepKind::Project(..) | StepKind::Map(_)) && !failed.is_empty();
            let kept_rows = if same || one_for_one { view.rows } else { None };
            let view = View {
                rows: kept_rows,
                keys: view.keys,
            };
            let mut evaluator = Evaluator::new(self.context.program, &*made.rows);
            return self.stage(id, at + 1, &mut evaluator, &made, view);
        }
        if watched {
            self.count_passed(id, stage.steps.len(), view.count(flow.rows.len()));
        }
        if view.count(flow.rows.len()) > 0 {
            let readers = Readers {
                next: &stage.next,
                index: self.context.indexes.stages[id.0 as usize].as_ref(),
            };
            self.pass(readers, evaluator, flow, view);
        }
    }

    /// Counts rows that come to a step, where somebody watches.
    pub(super) fn count_passed(&mut self, stage: StageId, step: usize, rows: usize) {
        *self.out.passed.entry((stage, step)).or_default() += rows as u64;
    }

    /// Counts what a step had to say; the rows that failed at it, ascending.
    pub(super) fn count_errors(
        &mut self,
        stage: StageId,
        step: usize,
        evaluator: &mut Evaluator<'_>,
        flow: &Flow,
    ) -> Vec<u32> {
        let (errors, failures) = (evaluator.take_errors(), evaluator.take_failures());
        if failures.is_empty() {
            self.count_all(stage, step, errors, flow);
            return Vec::new();
        }
        self.failed(stage, step, (errors, failures), flow)
    }

    /// Where a row stands.
    pub(super) fn place_of(&self, flow: &Flow, row: u32) -> Place {
        let one = View {
            rows: Some(vec![row]),
            keys: Vec::new(),
        };
        let time = match self.context.order {
            ReplayOrder::AsTheyLie => 0,
            _ => flow.times(&one)[0],
        };
        flow.place(row, time)
    }

    fn project(
        &self,
        fields: &[Named],
        event: Option<EventId>,
        evaluator: &mut Evaluator<'_>,
        flow: &Flow,
        view: &View,
    ) -> Flow {
        let columns = fields
            .iter()
            .map(|named| evaluator.eval(named.value, view.rows.as_deref()))
            .collect();
        let names: Arc<[(String, FieldId)]> = fields.iter().map(|named| (named.name.clone(), named.field)).collect();
        let mut from = lineage(flow, view);
        from.event_type = event.map(|event| self.event_name(event));
        let made = Arc::new(Projected {
            fields: self.context.fields.clone(),
            names,
            columns,
            len: view.count(flow.rows.len()),
            from: from.clone(),
        });
        let rows = made.clone();
        Flow {
            rows,
            from,
            shape: Shape::Fields(made),
            scan: flow.scan,
            clock: flow.clock.clone(),
        }
    }

    pub(super) fn event_name(&self, event: EventId) -> Arc<str> {
        Arc::from(self.context.plan.query.events[event.0 as usize].name.as_str())
    }

    fn retype(&self, event: EventId, flow: &Flow) -> Flow {
        let rows = Retyped {
            inner: flow.rows.clone(),
            event_type: self.event_name(event),
        };
        Flow {
            rows: Arc::new(rows),
            ..flow.clone()
        }
    }

    fn values(&self, column: Column, flow: &Flow, view: &View) -> Flow {
        let values = (0..column.len()).map(|row| column.value(row)).collect();
        self.value_flow(values, lineage(flow, view), flow)
    }

    fn value_flow(&self, values: Vec<Value>, from: Lineage, flow: &Flow) -> Flow {
        let made = Arc::new(Values {
            fields: self.context.fields.clone(),
            values,
            types: None,
            from: from.clone(),
        });
        let rows = made.clone();
        Flow {
            rows,
            from,
            shape: Shape::Values(made),
            scan: flow.scan,
            clock: flow.clock.clone(),
        }
    }

    /// A row for each item of each list; also for each new row which selected row it comes from.
    /// Null gives no row, anything else that is no list one.
    fn flatten(&self, lists: &Column, flow: &Flow, view: &View) -> (Flow, Vec<u32>) {
        let (mut values, mut records, mut index, mut from) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (at, row) in view.each(flow.rows.len()).enumerate() {
            let items = match lists.value(at) {
                Value::Null => continue,
                Value::List(items) => items,
                other => Arc::from(vec![other]),
            };
            for item in items.iter() {
                // Numbers go on over rows that came apart before.
                let record = flow.from.source(row);
                let next = if records.last() == Some(&record) {
                    index.last().map_or(0, |n| n + 1)
                } else {
                    0
                };
                index.push(next);
                values.push(item.clone());
                records.push(record);
                from.push(at as u32);
            }
        }
        let lineage = Lineage {
            origin: flow.from.origin.clone(),
            rows: Some(records.into()),
            index: Some(index.into()),
            event_type: None,
        };
        (self.value_flow(values, lineage, flow), from)
    }

    /// Rows become records of an event type.
    pub(super) fn feed(&mut self, event: EventId, flow: &Flow, view: View) {
        let plan = self.context.plan;
        if let Some(scan) = plan.types.iter().position(|&ty| ty == event) {
            // Only those who read the type by name: `any` sees records of the input only.
            let readers = Readers {
                next: &plan.fed[scan],
                index: self.context.indexes.fed[scan].as_ref(),
            };
            let mut evaluator = Evaluator::new(self.context.program, &*flow.rows);
            self.pass(readers, &mut evaluator, flow, view);
        }
    }
}

/// Where the selected rows come from.
pub(super) fn lineage(flow: &Flow, view: &View) -> Lineage {
    let rows = view.each(flow.rows.len()).map(|row| flow.from.source(row)).collect();
    let index = flow.from.index.as_ref();
    let index = index.map(|index| view.each(flow.rows.len()).map(|row| index[row as usize]).collect());
    Lineage {
        origin: flow.from.origin.clone(),
        rows: Some(rows),
        index,
        event_type: None,
    }
}
