//! Expressions at an event of an attention window: evaluated event by event, with the window's events
//! as a list and its scores to be asked for.

use crate::data::{FieldId, Pseudo, Value};
use crate::ir::{Attend, ExprId, LocalId};

use super::errors::{Errors, EvalErrors, Fail, Outcome, RowFailure};
use super::patterns::Patterns;
use super::program::Program;
use super::scalar::{Leaves, Scalar};

/// An event with its window.
pub trait WindowRow {
    /// A field of the event.
    fn field(&self, field: FieldId) -> Value;
    /// A pseudo-field of the event.
    fn pseudo(&self, which: Pseudo) -> Value;
    /// The name that the window's events go by.
    fn events(&self) -> LocalId;
    /// How many events the window holds, this one among them.
    fn len(&self) -> usize;
    /// Whether there are none; there is always the event itself.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// One of them as a record, from 0, the oldest first. The same event is always the same record.
    fn event(&self, at: usize) -> Value;
    /// What the window answers. Of [`Attend::Mass`] the event and the weight of each event before the
    /// one asked for.
    ///
    /// # Errors
    /// When an argument is no event of the window, or of the wrong type: in words.
    fn ask(&self, what: Attend, args: &[Value]) -> Result<Value, String>;
}

/// Evaluates expressions at events of attention windows, one after another.
#[derive(Debug)]
pub struct WindowEvaluator<'p> {
    program: &'p Program<'p>,
    errors: Errors,
    patterns: Patterns,
}

impl<'p> WindowEvaluator<'p> {
    /// An evaluator of a program's expressions.
    #[must_use]
    pub fn new(program: &'p Program<'p>) -> Self {
        Self {
            program,
            errors: program.errors(),
            patterns: Patterns::default(),
        }
    }

    /// The value of an expression at an event; `number` is told with its errors.
    pub fn value(&mut self, row: &dyn WindowRow, number: u32, id: ExprId) -> Value {
        self.with(row, number, |scalar| scalar.eval(id))
    }

    /// Whether a condition is true at an event.
    pub fn truth(&mut self, row: &dyn WindowRow, number: u32, id: ExprId) -> bool {
        self.with(row, number, |scalar| scalar.truth(id))
    }

    fn with<T>(&mut self, row: &dyn WindowRow, number: u32, then: impl FnOnce(&mut Scalar<'_>) -> T) -> T {
        let leaves = Row(row);
        then(&mut Scalar::new(
            self.program,
            &leaves,
            number,
            &mut self.errors,
            &mut self.patterns,
        ))
    }

    /// The events that failed since the last call, by their numbers: these do not go on.
    pub fn take_failures(&mut self) -> std::collections::BTreeMap<u32, RowFailure> {
        self.errors.take_failures()
    }

    /// The evaluation errors since the last call, by node.
    pub fn take_errors(&mut self) -> Vec<EvalErrors> {
        self.errors.take()
    }
}

struct Row<'r>(&'r dyn WindowRow);

impl Leaves for Row<'_> {
    fn field(&self, field: FieldId) -> Value {
        self.0.field(field)
    }

    fn pseudo(&self, which: Pseudo) -> Value {
        self.0.pseudo(which)
    }

    fn whole(&self) -> Value {
        self.0
            .len()
            .checked_sub(1)
            .map_or(Value::Null, |last| self.0.event(last))
    }

    fn local(&self, local: LocalId) -> Value {
        if local == self.0.events() {
            return (0..self.0.len()).map(|at| self.0.event(at)).collect();
        }
        Value::Null
    }

    fn window(&self) -> Option<&dyn WindowRow> {
        Some(self.0)
    }
}

impl<'e> Scalar<'e> {
    /// The answer of the window.
    pub(super) fn attend(&mut self, what: Attend, args: &[ExprId], lambda: Option<&'e crate::ir::Lambda>) -> Outcome {
        let values: Vec<Value> = match what {
            // Of the event at hand.
            Attend::Novelty(_) => Vec::new(),
            _ => args.iter().map(|arg| self.eval(*arg)).collect(),
        };
        if values.iter().any(Value::is_null) {
            return Ok(Value::Null);
        }
        let Some(window) = self.leaves().window() else {
            return Err(Fail("there is no attention window here".to_owned()));
        };
        let answer = window.ask(what, &values).map_err(Fail)?;
        match (lambda, answer) {
            (Some(lambda), Value::List(weighted)) => self.mass(lambda, &weighted),
            (_, answer) => Ok(answer),
        }
    }

    /// The weight of the events for which a condition is true.
    fn mass(&mut self, lambda: &'e crate::ir::Lambda, weighted: &[Value]) -> Outcome {
        let mut mass = 0.0;
        for pair in weighted {
            let Value::List(pair) = pair else { continue };
            if let [event, Value::Float(weight)] = &pair[..]
                && self.holds(lambda, event)?
            {
                mass += weight;
            }
        }
        Ok(Value::Float(mass.min(1.0)))
    }

    pub(super) fn window_length(&self, local: LocalId) -> Option<usize> {
        let window = self.leaves().window()?;
        (window.events() == local).then(|| window.len())
    }

    pub(super) fn window_event(&self, at: usize) -> Value {
        self.leaves().window().map_or(Value::Null, |window| window.event(at))
    }
}
