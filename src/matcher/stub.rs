//! Takes the place of the engine until it is there: sequences only, without aggregates.
#![allow(clippy::all, clippy::pedantic, clippy::unwrap_used)]

use super::{Asked, Judge};
use crate::aggregate::CallErrors;
use crate::data::{Column, Place, Value};
use crate::ir::{BinaryOp, Bound, How, Pattern, Shape, Which};
use crate::ordered::{Batch, Ending, Made};
use std::sync::Arc as Rc;

/// The state of one pattern.
#[derive(Debug)]
pub struct Matching {
    pattern: Pattern,
    seq: bool,
    runs: Vec<Run>,
}

#[derive(Debug, Clone)]
struct Event {
    step: usize,
    time: i64,
    place: Place,
    keys: Vec<Value>,
    values: Vec<Value>,
}

#[derive(Debug, Clone)]
struct Run {
    at: usize,
    taken: Vec<Rc<Event>>,
    dead: bool,
}

/// What was determined.
#[derive(Debug, Default)]
pub struct Matches {
    /// The rows: a column for each of the pattern's reads, then `_seq` where it is asked for.
    pub made: Made,
    /// What aggregates could not compute, by the number of the read.
    pub errors: Vec<CallErrors>,
}

/// What a pattern still waits for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// Runs that have begun and are neither complete nor over.
    pub runs: u64,
    /// Matches that depend on an absence whose time has not passed.
    pub undecided: u64,
}

fn parts(shape: &Shape) -> Vec<(Vec<usize>, u32, u32, bool)> {
    match shape {
        Shape::Step(s) => vec![(vec![*s], 1, 1, false)],
        Shape::Absent(s) => vec![(vec![*s], 0, 0, true)],
        Shape::Seq(p) => p.iter().flat_map(parts).collect(),
        Shape::Or(p) => vec![(p.iter().flat_map(|p| parts(p)[0].0.clone()).collect(), 1, 1, false)],
        Shape::And(p) => p.iter().flat_map(parts).collect(),
        Shape::Repeat(i, min, max) => vec![(parts(i)[0].0.clone(), *min, max.unwrap_or(u32::MAX), false)],
    }
}

impl Matching {
    /// No rows yet.
    #[must_use]
    pub fn new(pattern: &Pattern, _lateness: i64, seq: bool) -> Self {
        Self {
            pattern: pattern.clone(),
            seq,
            runs: Vec::new(),
        }
    }

    fn bound(&self, taken: &[Rc<Event>], b: &Bound) -> Vec<Value> {
        let alias = &self.pattern.aliases[b.alias];
        taken
            .iter()
            .filter(|e| alias.steps.contains(&e.step))
            .map(|e| e.values[b.values.iter().find(|(s, _)| *s == e.step).unwrap().1].clone())
            .collect()
    }

    fn read(&self, taken: &[Rc<Event>], how: &How) -> Value {
        match how {
            How::Key(k) => taken[0].keys[*k].clone(),
            How::One(b) => self.bound(taken, b).first().cloned().unwrap_or_default(),
            How::Nth(b, n) => {
                let all = self.bound(taken, b);
                let n = if *n < 0 { all.len() as i64 + n } else { *n };
                all.get(n as usize).cloned().unwrap_or_default()
            }
            How::Count(a) => Value::Int(
                taken
                    .iter()
                    .filter(|e| self.pattern.aliases[*a].steps.contains(&e.step))
                    .count() as i64,
            ),
            How::List(b) => Value::List(self.bound(taken, b).into()),
            How::Start => Value::Timestamp(taken[0].time),
            How::End => Value::Timestamp(taken.last().unwrap().time),
            How::Duration => Value::Duration(taken.last().unwrap().time - taken[0].time),
            How::Aggregate { .. } | How::Trend(_) => Value::Null,
        }
    }

    fn fits(&self, run: &[Rc<Event>], step: usize, event: &Event, input: usize, judge: &mut Judge<'_>) -> bool {
        let s = &self.pattern.steps[step];
        if s.input != input {
            return false;
        }
        if let Some(alone) = s.alone {
            if event.values[alone] != Value::Bool(true) {
                return false;
            }
        }
        for c in &s.compare {
            let all = self.bound(run, &c.other);
            let other = match c.other.which {
                Which::First => all.first(),
                Which::Last => all.last(),
            };
            if other.is_none() && s.alias == Some(c.other.alias) {
                continue;
            }
            let Some(other) = other else { return false };
            let own = &event.values[c.own];
            let f = |v: &Value| match v {
                Value::Int(i) => *i as f64,
                Value::Float(f) => *f,
                Value::Timestamp(t) => *t as f64,
                _ => f64::NAN,
            };
            let good = match c.op {
                BinaryOp::Eq => own == other && *own != Value::Null,
                BinaryOp::Ne => own != other,
                BinaryOp::Lt => f(own) < f(other),
                BinaryOp::Le => f(own) <= f(other),
                BinaryOp::Gt => f(own) > f(other),
                _ => f(own) >= f(other),
            };
            if !good {
                return false;
            }
        }
        if let Some(rest) = &s.rest {
            let one = |v: Value| Column::from_values(vec![v]);
            let mut asked = Asked {
                len: 1,
                ..Asked::default()
            };
            for (f, v) in &rest.own {
                asked.fields.push((*f, one(event.values[*v].clone())));
            }
            for (p, v) in &rest.pseudo {
                asked.pseudo.push((*p, one(event.values[*v].clone())));
            }
            asked.whole = rest.whole.map(|v| one(event.values[v].clone()));
            for r in &rest.reads {
                asked.fields.push((r.field, one(self.read(run, &r.how))));
            }
            if judge(rest.condition, asked).is_empty() {
                return false;
            }
        }
        true
    }

    /// Takes rows, and moves the clock.
    pub fn run(&mut self, batches: &[(u8, Batch)], _: Place, _: Option<Ending>, judge: &mut Judge<'_>) -> Matches {
        let mut rows: Vec<(Place, usize, usize)> = Vec::new();
        for (b, (_, batch)) in batches.iter().enumerate() {
            for r in 0..batch.len() {
                rows.push((batch.place(r), b, r));
            }
        }
        rows.sort();
        let shape = parts(&self.pattern.shape);
        let mut out: Vec<(Place, i64, Vec<Rc<Event>>)> = Vec::new();
        for (place, b, r) in rows {
            let (port, batch) = &batches[b];
            let input = *port as usize;
            let mut event = Event {
                step: 0,
                time: batch.times[r],
                place,
                keys: batch.keys.columns().iter().map(|c| c.value(r)).collect(),
                values: batch.args[0].iter().map(|c| c.value(r)).collect(),
            };
            let mut runs = std::mem::take(&mut self.runs);
            runs.push(Run {
                at: 0,
                taken: Vec::new(),
                dead: false,
            });
            for run in &mut runs {
                if run.taken.first().is_some_and(|f| f.keys != event.keys)
                    || run.taken.last().is_some_and(|l| l.place == place)
                {
                    continue;
                }
                let count = |at: usize, taken: &[Rc<Event>]| {
                    taken.iter().filter(|e| shape[at].0.contains(&e.step)).count() as u32
                };
                // candidates: later first
                let mut last = run.at;
                while last < shape.len() && (shape[last].3 || count(last, &run.taken) >= shape[last].1) {
                    last += 1;
                }
                let last = last.min(shape.len() - 1);
                let mut took = false;
                for at in (run.at..=last).rev() {
                    if shape[at].3 || count(at, &run.taken) >= shape[at].2 {
                        continue;
                    }
                    if let Some(&step) = shape[at]
                        .0
                        .iter()
                        .find(|&&s| self.fits(&run.taken, s, &event, input, judge))
                    {
                        if let (Some(w), Some(f)) = (self.pattern.within, run.taken.first()) {
                            if event.time - f.time > w {
                                run.dead = true;
                                break;
                            }
                        }
                        event.step = step;
                        run.taken.push(Rc::new(event.clone()));
                        run.at = at;
                        took = true;
                        break;
                    }
                }
                if !took {
                    run.dead |= run.taken.is_empty();
                    let violated = (run.at..=last)
                        .any(|at| shape[at].3 && self.fits(&run.taken, shape[at].0[0], &event, input, judge))
                        || self
                            .pattern
                            .absent
                            .iter()
                            .any(|&s| self.fits(&run.taken, s, &event, input, judge));
                    run.dead |= violated;
                    continue;
                }
                if run.at == shape.len() - 1 && count(run.at, &run.taken) >= shape[run.at].1 {
                    out.push((place, event.time, run.taken.clone()));
                    run.dead = true;
                }
            }
            runs.retain(|run| !run.dead);
            self.runs = runs;
        }
        let mut columns: Vec<Column> = Vec::new();
        for read in &self.pattern.reads {
            columns.push(Column::from_values(
                out.iter().map(|(_, _, t)| self.read(t, &read.how)).collect(),
            ));
        }
        if self.seq {
            columns.push(Column::nulls(out.len()));
        }
        let made = Made {
            places: out.iter().map(|o| o.0).collect(),
            times: out.iter().map(|o| o.1).collect(),
            columns,
        };
        Matches {
            made,
            errors: Vec::new(),
        }
    }

    /// Memory, in bytes.
    #[must_use]
    pub fn peak(&self) -> usize {
        0
    }

    /// What it still waits for.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing::default()
    }
}
