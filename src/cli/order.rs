//! In which order a run replays: what was typed, what the program says, and what matters to it.

use super::args::{Order, RunArguments};
use super::program::Compiled;
use super::{Exit, complain};
use crate::data::Value;
use crate::ir::Op;
use crate::plan::Plan;
use crate::replay;

/// What a program says about events out of order, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Watermark {
    /// The largest of its `out_of_order`, in `config:` and of streams: the clock is one for the run.
    pub(super) slack: i64,
    /// `config: watermark.allowed_lateness`; streams keep theirs apart.
    pub(super) allowed: i64,
    /// It says anything.
    pub(super) said: bool,
}

impl Watermark {
    /// Of a program.
    pub(super) fn of(compiled: &Compiled) -> Self {
        let config = |key: &str| match compiled.config.iter().find(|(name, _)| name == key) {
            Some((_, Value::Duration(ns))) => Some(*ns),
            _ => None,
        };
        let (slack, allowed) = (config("watermark.out_of_order"), config("watermark.allowed_lateness"));
        let mut watermark = Self {
            slack: slack.unwrap_or(0),
            allowed: allowed.unwrap_or(0),
            said: slack.or(allowed).is_some(),
        };
        for operator in compiled.query.streams.iter().flat_map(|stream| &stream.ops) {
            match operator.op {
                Op::Watermark(ns) => watermark.slack = watermark.slack.max(ns),
                Op::AllowedLateness(_) => {}
                _ => continue,
            }
            watermark.said = true;
        }
        watermark
    }
}

/// Refuses flags that contradict each other.
pub(super) fn refuse_nonsense(arguments: &RunArguments) -> Result<(), Exit> {
    let order = arguments.replay.order;
    let as_it_comes = matches!(order, Order::Arrival | Order::Input);
    let refused = if arguments.replay.sort && as_it_comes {
        "`--sort` puts events in order of time, `--order` says that they are not: leave one of them out"
    } else if arguments.replay.assume_sorted && as_it_comes {
        "`--assume-sorted` is for replays in order of time, and `--order` says that this is none: leave one of them out"
    } else if arguments.replay.assume_sorted && arguments.replay.sort {
        "`--assume-sorted` says that nothing needs sorting, `--sort` that it does: leave one of them out"
    } else if arguments.late.is_some() && order != Order::Arrival {
        "`--late` keeps events that come too late, and only with `--order arrival` any can: add that, or leave it out"
    } else {
        return Ok(());
    };
    complain(refused);
    Err(Exit::Usage)
}

/// The order of the replay. `auto` is by time where order matters.
pub(super) fn chosen(arguments: &RunArguments, plan: &Plan, watermark: Watermark) -> replay::Order {
    let by_time = || {
        if arguments.replay.assume_sorted {
            replay::Order::Assumed
        } else {
            replay::Order::Time
        }
    };
    match arguments.replay.order {
        Order::Auto if plan.order_matters || arguments.replay.sort => by_time(),
        Order::Auto | Order::Input => replay::Order::Input,
        Order::Time => by_time(),
        Order::Arrival => replay::Order::Arrival { slack: watermark.slack },
    }
}
