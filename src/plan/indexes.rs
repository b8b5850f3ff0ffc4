//! Where many readers of the same rows are filters: an index over their conditions.

use super::{Next, Plan, StepKind};
use crate::eval::Program;
use crate::ir::{EventId, Expr, ExprId};
use crate::matcher::hypertree::{Hypertree, Rule};

/// The indexes of a plan.
#[derive(Debug, Default)]
pub struct Indexes {
    /// By place in [`Plan::scans`].
    pub scans: Vec<Option<Hypertree>>,
    /// By place in [`Plan::fed`].
    pub fed: Vec<Option<Hypertree>>,
    /// By stage: over those who read it.
    pub stages: Vec<Option<Hypertree>>,
}

impl Indexes {
    /// Builds the indexes of a plan, unless it wants none.
    #[must_use]
    pub fn of(plan: &Plan, program: &Program<'_>) -> Self {
        let index = |next: &Vec<Next>| {
            if !plan.index {
                return None;
            }
            Hypertree::new(program, &rules(plan, next), next.len())
        };
        let fed = |(event, next): (&EventId, &Vec<Next>)| {
            let emitted = !plan.query.emitters(*event).is_empty();
            emitted.then(|| index(next)).flatten()
        };
        Self {
            scans: plan.scans.iter().map(index).collect(),
            fed: plan.types.iter().zip(&plan.fed).map(fed).collect(),
            stages: plan.stages.iter().map(|stage| index(&stage.next)).collect(),
        }
    }

    /// How many filters are in indexes.
    #[must_use]
    pub fn filters(&self) -> usize {
        let all = self.scans.iter().chain(&self.fed).chain(&self.stages).flatten();
        all.map(Hypertree::len).sum()
    }
}

/// The readers that begin with filters.
fn rules(plan: &Plan, next: &[Next]) -> Vec<Rule> {
    let rule = |(reader, next): (usize, &Next)| {
        let Next::Stage(stage, _) = next else { return None };
        let filters = plan.stage(*stage).steps.iter().map_while(|step| match step.kind {
            // Rows that fail are told by the filter itself.
            StepKind::Filter(condition) if step.owners[0].on_error.is_none() && !calls(plan, condition) => {
                Some(condition)
            }
            _ => None,
        });
        let conditions: Vec<_> = filters.collect();
        (!conditions.is_empty()).then_some(Rule { reader, conditions })
    };
    next.iter().enumerate().filter_map(rule).collect()
}

/// Whether a function is called in an expression.
fn calls(plan: &Plan, root: ExprId) -> bool {
    let exprs = &plan.query.exprs;
    let mut found = false;
    exprs.walk(root, &mut |id| found |= matches!(exprs.get(id), Expr::Invoke(..)));
    found
}
