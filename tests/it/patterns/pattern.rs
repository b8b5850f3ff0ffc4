//! Patterns and traces as the reference has them.

/// One event of a log, or a row of a stream made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Its type. Streams have letters from `P` on.
    pub(super) kind: char,
    /// The event it is, or comes from: its place in the one order.
    pub(super) tick: usize,
    /// Seconds.
    pub(super) time: i64,
    /// The number by which it is shown.
    pub(super) id: i64,
    pub(super) k: Option<i64>,
    pub(super) v: Option<i64>,
    pub(super) u: i64,
}

impl Row {
    pub(super) fn field(&self, field: Field) -> Option<i64> {
        match field {
            Field::V => self.v,
            Field::U => Some(self.u),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    V,
    U,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    /// Null equals nothing and is in no order; `!=` is the negation of `==`.
    pub(super) fn holds(self, a: Option<i64>, b: Option<i64>) -> bool {
        let (Some(a), Some(b)) = (a, b) else {
            return self == Self::Ne;
        };
        match self {
            Self::Eq => a == b,
            Self::Ne => a != b,
            Self::Lt => a < b,
            Self::Le => a <= b,
            Self::Gt => a > b,
            Self::Ge => a >= b,
        }
    }
}

/// Which of the events bound to an alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The only one.
    One,
    First,
    Last,
}

/// A conjunct of a step's condition. Aliases are numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cond {
    /// `v > 2`
    Own(Field, Op, i64),
    /// `u == a.u`, `v > bs[-1].v`
    With(Field, Op, usize, Which),
    /// `v + a.v > 4`
    Plus(Op, usize, Which, i64),
    /// `sum(bs.v) < 10`
    Sum(Op, usize, i64),
    /// `count(bs) < 3`
    Count(Op, usize, i64),
}

/// A condition of a whole match: `s1[0].v > 2`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) alias: usize,
    pub(super) which: Which,
    pub(super) field: Field,
    pub(super) op: Op,
    pub(super) n: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// Its number in order of the text.
    pub(super) id: usize,
    /// A type, a stream, or `*` for `any`.
    pub(super) kind: char,
    pub(super) alias: usize,
    pub(super) conds: Vec<Cond>,
    /// Seconds.
    pub(super) within: Option<i64>,
    pub(super) next: bool,
    pub(super) each: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Step(Step),
    Absent(Step),
    Seq(Vec<Shape>),
    And(Vec<Shape>),
    Or(Vec<Shape>),
    Repeat(Box<Shape>, usize, Option<usize>),
}

impl Shape {
    /// The steps that take events, in order of the text.
    pub(super) fn steps(&self) -> Vec<&Step> {
        match self {
            Self::Step(step) => vec![step],
            Self::Absent(_) => Vec::new(),
            Self::Seq(all) | Self::And(all) | Self::Or(all) => all.iter().flat_map(Self::steps).collect(),
            Self::Repeat(body, ..) => body.steps(),
        }
    }

    /// The absences within, in order of the text.
    pub(super) fn absences(&self) -> Vec<&Step> {
        match self {
            Self::Step(_) => Vec::new(),
            Self::Absent(step) => vec![step],
            Self::Seq(all) | Self::And(all) | Self::Or(all) => all.iter().flat_map(Self::absences).collect(),
            Self::Repeat(body, ..) => body.absences(),
        }
    }

    /// All steps, absent ones too, to be changed.
    pub(super) fn each_step(&mut self, change: &mut dyn FnMut(&mut Step)) {
        match self {
            Self::Step(step) | Self::Absent(step) => change(step),
            Self::Seq(all) | Self::And(all) | Self::Or(all) => all.iter_mut().for_each(|one| one.each_step(change)),
            Self::Repeat(body, ..) => body.each_step(change),
        }
    }

    /// The aliases that stand for lists.
    pub(super) fn lists(&self) -> Vec<usize> {
        match self {
            Self::Step(_) | Self::Absent(_) => Vec::new(),
            Self::Seq(all) | Self::And(all) | Self::Or(all) => all.iter().flat_map(Self::lists).collect(),
            Self::Repeat(body, _, Some(1)) => body.lists(),
            Self::Repeat(body, ..) => body.steps().iter().map(|step| step.alias).collect(),
        }
    }

    /// The steps that repeat by themselves, with how often, in order of the text.
    pub(super) fn repetitions(&self) -> Vec<(&Step, usize, Option<usize>)> {
        match self {
            Self::Step(_) | Self::Absent(_) => Vec::new(),
            Self::Seq(all) | Self::And(all) | Self::Or(all) => all.iter().flat_map(Self::repetitions).collect(),
            Self::Repeat(body, min, max) => match &**body {
                Self::Step(step) => vec![(step, *min, *max)],
                other => other.repetitions(),
            },
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Select {
    #[default]
    Next,
    Strict,
    Any,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Report {
    #[default]
    Longest,
    Each,
    Subsets,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum After {
    #[default]
    NoSkip,
    ToNext,
    PastLast,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    pub(super) shape: Shape,
    /// `.not(C where ..)`
    pub(super) absent: Option<Step>,
    /// `.partition_by(k)`
    pub(super) keyed: bool,
    /// Seconds.
    pub(super) within: Option<i64>,
    pub(super) select: Select,
    pub(super) report: Report,
    pub(super) after: After,
    /// `.where(..)` behind the pattern: of what aliases hold.
    pub(super) filter: Option<Filter>,
}

impl Pattern {
    /// The names that steps are bound to, in order of the text.
    pub(super) fn aliases(&self) -> Vec<usize> {
        let mut found = Vec::new();
        for step in self.shape.steps() {
            if !found.contains(&step.alias) {
                found.push(step.alias);
            }
        }
        found
    }

    pub(super) fn is_list(&self, alias: usize) -> bool {
        self.shape.lists().contains(&alias)
    }

    /// The kinds of row that it sees.
    pub(super) fn sees(&self, kind: char) -> bool {
        let steps = self.shape.steps().into_iter().chain(self.shape.absences());
        steps.chain(&self.absent).any(|step| is_of(step, kind))
    }
}

/// A row of this kind is one of the step's type. `any` is records of the input only.
pub(super) fn is_of(step: &Step, kind: char) -> bool {
    step.kind == kind || step.kind == '*' && kind_is_record(kind)
}

pub(super) fn kind_is_record(kind: char) -> bool {
    !('P'..='T').contains(&kind)
}

impl Pattern {
    /// The alias that is one element in each row.
    pub(super) fn each_alias(&self) -> Option<usize> {
        let last = self.shape.repetitions().pop()?;
        (self.report == Report::Each).then_some(last.0.alias)
    }
}
