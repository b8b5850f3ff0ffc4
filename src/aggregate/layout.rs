//! Which states the calls need: those over the same arguments share one.

use crate::data::Value;
use crate::ir::AggFunction;

use super::Spec;

/// What a state keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The number of rows.
    Rows,
    /// The number of values.
    Count,
    /// The exact sum.
    Sum,
    /// The exact sums of numbers and their squares.
    Moments,
    /// The least and the greatest.
    Extremes,
    /// The first.
    First,
    /// The last.
    Last,
    /// How often true and false.
    Truth,
    /// `x` where `by` is least.
    ArgMin,
    /// `x` where `by` is greatest.
    ArgMax,
    /// All values, in order.
    All,
    /// The numbers.
    Sample,
    /// The numbers in order.
    Series,
    /// The numbers in order, with their times.
    Timed,
    /// The pairs of numbers in order.
    Pairs,
    /// The different values and how often each.
    Frequencies,
    /// A DDSketch.
    Sketch,
    /// A HyperLogLog.
    Registers,
}

/// A state and the argument columns it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    /// Its columns: indices into [`Layout::columns`].
    pub(super) inputs: Vec<usize>,
}

/// A call and its state.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) function: AggFunction,
    pub(super) param: Value,
    pub(super) state: usize,
}

/// The states of several calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Where the different argument columns stand: a call and the place of the argument.
    pub(super) columns: Vec<(usize, usize)>,
    pub(super) shapes: Vec<Shape>,
    pub(super) calls: Vec<Call>,
}

impl Layout {
    pub(super) fn new(specs: &[Spec]) -> Self {
        let mut layout = Self::default();
        let mut known: Vec<(Kind, &[u32])> = Vec::new();
        let mut ids: Vec<u32> = Vec::new();
        for (at, spec) in specs.iter().enumerate() {
            let wanted = (shared(spec, specs), spec.args.as_slice());
            let state = known.iter().position(|have| *have == wanted).unwrap_or_else(|| {
                known.push(wanted);
                let inputs = spec.args.iter().enumerate().map(|(place, id)| {
                    ids.iter().position(|known| known == id).unwrap_or_else(|| {
                        ids.push(*id);
                        layout.columns.push((at, place));
                        ids.len() - 1
                    })
                });
                let inputs = inputs.collect();
                layout.shapes.push(Shape { kind: wanted.0, inputs });
                known.len() - 1
            });
            layout.calls.push(Call {
                function: spec.function,
                param: spec.param.clone(),
                state,
            });
        }
        layout
    }
}

/// The state of a call, given the others over the same argument: what counts values, and what sums
/// them up, goes along with what keeps more of them.
fn shared(spec: &Spec, specs: &[Spec]) -> Kind {
    let own = kind(spec);
    let others = || specs.iter().filter(|other| other.args == spec.args).map(kind);
    match own {
        Kind::Count | Kind::Sum if others().any(|kind| kind == Kind::Moments) => Kind::Moments,
        Kind::Count if others().any(|kind| kind == Kind::Sum) => Kind::Sum,
        own => own,
    }
}

fn kind(spec: &Spec) -> Kind {
    match spec.function {
        AggFunction::Count if spec.args.is_empty() => Kind::Rows,
        AggFunction::Count => Kind::Count,
        AggFunction::Sum | AggFunction::Avg => Kind::Sum,
        AggFunction::Stddev | AggFunction::Variance | AggFunction::StddevPop | AggFunction::VariancePop => {
            Kind::Moments
        }
        AggFunction::Min | AggFunction::Max => Kind::Extremes,
        AggFunction::First => Kind::First,
        AggFunction::Last => Kind::Last,
        AggFunction::Any | AggFunction::All | AggFunction::CountIf => Kind::Truth,
        AggFunction::ArgMin => Kind::ArgMin,
        AggFunction::ArgMax => Kind::ArgMax,
        AggFunction::Collect => Kind::All,
        AggFunction::Median | AggFunction::Percentile => Kind::Sample,
        AggFunction::Ema => Kind::Series,
        AggFunction::LinearTrend => Kind::Timed,
        AggFunction::Corr | AggFunction::Covar => Kind::Pairs,
        AggFunction::Mode | AggFunction::Top | AggFunction::Distinct | AggFunction::CountDistinct => Kind::Frequencies,
        AggFunction::ApproxPercentile => Kind::Sketch,
        AggFunction::ApproxCountDistinct => Kind::Registers,
    }
}
