//! Rough patterns made good: names are given, conditions are about what is bound by then, and what the
//! language refuses is left out.

use super::generate::{Rough, RoughCond, RoughPattern, RoughStep};
use super::pattern::{After, Cond, Field, Filter, Op, Pattern, Report, Select, Shape, Step, Which};

/// What is bound so far: the alias, and whether it is a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Making {
    aliases: usize,
    bound: Vec<(usize, bool)>,
    select: Select,
}

impl Making {
    pub(super) fn pattern(mut self, rough: RoughPattern) -> Pattern {
        let RoughPattern {
            keyed,
            mut within,
            after,
            ..
        } = rough;
        self.select = rough.select;
        let many = rough.items.len();
        let alone = many == 1 && rough.trailing.is_none();
        let lone = alone && matches!(rough.items[0].0, Rough::Step(_) | Rough::Group(..));
        let mut shapes = Vec::new();
        let leading = rough.leading.filter(|_| !lone);
        // The absence in first place may name the step that follows.
        let follows = match &rough.items[0].0 {
            Rough::Step(RoughStep { times: None, .. }) => vec![(0, false)],
            _ => Vec::new(),
        };
        if let Some(step) = leading {
            shapes.push(Shape::Absent(self.absence(&step, &follows, true)));
        }
        let mut optional = true;
        for (at, (item, absent)) in rough.items.into_iter().enumerate() {
            let last = at + 1 == many && rough.trailing.is_none();
            // One that is optional needs others.
            let needed = at + 1 == many && optional;
            let shape = self.item(item, (at == 0, last, needed, lone));
            let is_optional = matches!(shape, Shape::Repeat(_, 0, _));
            if let (Some(Shape::Absent(_)), true, true) = (shapes.last(), at > 0, is_optional && last) {
                shapes.pop();
            }
            optional &= is_optional;
            shapes.push(shape);
            if let Some(absent) = absent.filter(|_| at + 1 < many && !optional) {
                let bound = self.bound.clone();
                shapes.push(Shape::Absent(self.absence(&absent, &bound, false)));
            }
        }
        if let Some(step) = rough.trailing {
            let bound = self.bound.clone();
            shapes.push(Shape::Absent(self.absence(&step, &bound, true)));
        }
        let shape = if shapes.len() == 1 {
            shapes.remove(0)
        } else {
            Shape::Seq(shapes)
        };
        let mut shape = shape;
        let mut ids = 0..;
        shape.each_step(&mut |step| step.id = ids.next().unwrap_or(0));
        if self.select == Select::Any {
            within = Some(within.unwrap_or(9));
        }
        let report = report(rough.report, &shape, self.select);
        if report == Report::Subsets {
            within = Some(within.unwrap_or(9));
        }
        let first = match &shape {
            Shape::Seq(items) if matches!(items[0], Shape::Step(_)) => follows,
            _ => Vec::new(),
        };
        let absent = rough.absent.map(|step| Step {
            within: None,
            ..self.absence(&step, &first, false)
        });
        let filter = rough
            .filter
            .filter(|_| report == Report::Longest && (after == After::NoSkip || !lone))
            .and_then(|cond| self.filter(&cond, &shape));
        Pattern {
            shape,
            absent,
            keyed,
            within,
            select: self.select,
            report,
            after,
            filter,
        }
    }

    fn filter(&self, cond: &RoughCond, shape: &Shape) -> Option<Filter> {
        let &(alias, list) = self.bound.get(cond.pick % self.bound.len().max(1))?;
        debug_assert_eq!(list, shape.lists().contains(&alias), "{shape:?}");
        Some(Filter {
            alias,
            which: which(list, cond),
            field: cond.field,
            op: cond.op,
            n: cond.n,
        })
    }

    fn item(&mut self, item: Rough, (first, last, needed, lone): (bool, bool, bool, bool)) -> Shape {
        match item {
            Rough::Step(mut step) => {
                if needed && (lone || step.times.is_some()) {
                    step.times = Some(step.times.map_or((2, None), |(min, max)| (min.max(1), max)));
                }
                // `{1}` is a plain step, and a plain step alone is no pattern.
                if step.times == Some((1, Some(1))) {
                    step.times = lone.then_some((1, None));
                }
                let keep_within = !first || step.times.is_some_and(|times| times.1 != Some(1));
                step.within = step.within.filter(|_| keep_within);
                if first || (last && step.times.is_some()) {
                    step.mark = None;
                }
                self.step(&step, true)
            }
            Rough::Or(members, same) => {
                let before = self.bound.clone();
                let mut made = Vec::new();
                let mut bound = before.clone();
                for member in members {
                    self.bound.clone_from(&before);
                    made.push(self.member(member));
                    bound.extend(self.bound[before.len()..].iter().copied());
                }
                self.bound = bound;
                if same {
                    self.name_alike(&mut made);
                }
                Shape::Or(made)
            }
            Rough::And(members) => {
                let before = self.bound.clone();
                let mut bound = before.clone();
                let mut made = Vec::new();
                for member in members {
                    self.bound.clone_from(&before);
                    made.push(self.member(member));
                    bound.extend(self.bound[before.len()..].iter().copied());
                }
                self.bound = bound;
                Shape::And(made)
            }
            Rough::Group(steps, times) => {
                let before = self.bound.clone();
                let (min, max) = times.unwrap_or((1, None));
                let times = (if needed { min.max(1) } else { min }, max);
                let mut made = Vec::new();
                for (at, step) in steps.into_iter().enumerate() {
                    let step = RoughStep {
                        within: None,
                        mark: None,
                        times: step.times.filter(|times| at > 0 && times.0 > 0),
                        ..step
                    };
                    self.bound.truncate(before.len());
                    made.push(self.step(&step, false));
                }
                let listed = times != (0, Some(1)) && times != (1, Some(1));
                self.bound = before;
                let body = Shape::Seq(made);
                let lists = body.lists();
                let all = body
                    .steps()
                    .into_iter()
                    .map(|step| (step.alias, listed || lists.contains(&step.alias)));
                self.bound.extend(all);
                if times == (1, Some(1)) {
                    body
                } else {
                    Shape::Repeat(Box::new(body), times.0, times.1)
                }
            }
        }
    }

    /// A member of `and` or `or`.
    fn member(&mut self, member: Rough) -> Shape {
        match member {
            Rough::Step(step) => self.step(&plain(step), false),
            Rough::Group(steps, _) => {
                Shape::Seq(steps.into_iter().map(|step| self.step(&plain(step), false)).collect())
            }
            other => self.item(other, (false, false, false, false)),
        }
    }

    /// Alternatives that are single steps get one name.
    fn name_alike(&mut self, members: &mut [Shape]) {
        let all_single = members.iter().all(|member| matches!(member, Shape::Step(_)));
        let [Shape::Step(first), rest @ ..] = members else {
            return;
        };
        if all_single {
            for member in rest {
                if let Shape::Step(step) = member {
                    let alias = step.alias;
                    self.bound.retain(|bound| bound.0 != alias);
                    step.alias = first.alias;
                }
            }
        }
    }

    /// A step that takes events; `top` where it may be marked.
    fn step(&mut self, rough: &RoughStep, top: bool) -> Shape {
        let times = rough.times;
        let list = times.is_some_and(|times| times.1 != Some(1));
        let alias = self.aliases;
        self.aliases += 1;
        let mut known = self.bound.clone();
        if list {
            known.push((alias, true));
        }
        let conds = rough.conds.iter().map(|cond| made(cond, &known)).collect();
        self.bound.push((alias, list));
        let each = rough.mark == Some(true) && top && times.is_none() && self.select == Select::Next;
        let step = Step {
            id: 0,
            kind: rough.kind,
            alias,
            conds,
            within: rough.within.filter(|_| top),
            next: rough.mark == Some(false) && top,
            each,
        };
        match times {
            None => Shape::Step(step),
            Some((min, max)) => Shape::Repeat(Box::new(Shape::Step(step)), min, max),
        }
    }

    fn absence(&mut self, rough: &RoughStep, bound: &[(usize, bool)], timed: bool) -> Step {
        Step {
            id: 0,
            kind: rough.kind,
            alias: usize::MAX,
            conds: rough.conds.iter().map(|cond| made(cond, bound)).collect(),
            within: timed.then(|| rough.within.unwrap_or(3)),
            next: false,
            each: false,
        }
    }
}

fn plain(step: RoughStep) -> RoughStep {
    RoughStep {
        times: step.times.filter(|times| times.0 > 0 && *times != (1, Some(1))),
        within: None,
        mark: None,
        ..step
    }
}

fn which(list: bool, cond: &RoughCond) -> Which {
    match (list, cond.pick % 3) {
        (false, _) => Which::One,
        (true, 0) => Which::First,
        (true, _) => Which::Last,
    }
}

/// A condition about what is bound, or about the event alone.
fn made(rough: &RoughCond, bound: &[(usize, bool)]) -> Cond {
    let &RoughCond {
        form,
        field,
        op,
        n,
        pick,
    } = rough;
    let own = match field {
        Field::U => Cond::Own(field, Op::Eq, n % 2),
        Field::V => Cond::Own(field, op, n),
    };
    // The newest first, so that elements so far are often asked.
    let Some(&(alias, list)) = bound.iter().rev().nth(pick % bound.len().max(1)) else {
        return own;
    };
    match form {
        0..3 => own,
        3..5 => Cond::With(field, op, alias, which(list, rough)),
        5 => Cond::Plus(op, alias, which(list, rough), n + 1),
        6 if list => Cond::Sum(op, alias, n + 2),
        7 if list => Cond::Count(op, alias, n),
        _ => Cond::With(Field::U, Op::Eq, alias, which(list, rough)),
    }
}

/// Rows for elements and subsets only where it is clear which.
fn report(report: Report, shape: &Shape, select: Select) -> Report {
    let repetitions = shape.repetitions();
    let all = shape.lists().len() == repetitions.iter().filter(|(_, _, max)| *max != Some(1)).count();
    let sure = match report {
        Report::Longest => true,
        Report::Each => matches!(repetitions.as_slice(), [(_, 1.., _)]) && top_level(shape),
        Report::Subsets => !repetitions.is_empty(),
    };
    if sure && all && select != Select::Any {
        report
    } else {
        Report::Longest
    }
}

/// Its repetition is not within a group.
fn top_level(shape: &Shape) -> bool {
    match shape {
        Shape::Seq(items) => items.iter().any(|item| matches!(item, Shape::Repeat(..))),
        shape => matches!(shape, Shape::Repeat(..)),
    }
}
