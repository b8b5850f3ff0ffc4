//! A run that is over, and what it says by its program's words.

use std::time::Duration;

use super::Exit;
use crate::diag::SourceMap;
use crate::ir::{ExprId, Pattern};
use crate::plan::{PatternView, Plan, one_line};
use crate::replay::{Report, Stopped};

/// A run that has come to its end.
pub(super) struct Ran {
    pub(super) report: Report,
    pub(super) plan: Plan,
    pub(super) sources: SourceMap,
    pub(super) took: Duration,
    /// The signal that ended it early.
    pub(super) signal: Option<i32>,
}

impl Ran {
    /// How the process ends, as far as the run itself decides.
    pub(super) fn exit(&self) -> Exit {
        match (&self.report.stopped, self.signal) {
            (Some(Stopped::Interrupted), Some(signal_hook::consts::SIGTERM)) => Exit::Terminated,
            (Some(Stopped::Interrupted), _) => Exit::Interrupted,
            (Some(Stopped::Broken(_)), _) => Exit::Failed,
            (Some(Stopped::Bad(_) | Stopped::Evaluation(_)), _) => Exit::Stopped,
            _ => Exit::Done,
        }
    }

    /// A pattern of its program, to be shown.
    pub(super) fn view<'p>(&'p self, pattern: &'p Pattern) -> PatternView<'p> {
        PatternView {
            query: &self.plan.query,
            sources: &self.sources,
            pattern,
        }
    }

    /// An expression as it is written, in one line.
    pub(super) fn source(&self, id: ExprId) -> String {
        one_line(self.sources.slice(self.plan.query.exprs.span(id)))
    }
}
