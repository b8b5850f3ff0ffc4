//! Patterns and traces as the reference has them, and their text.

use std::fmt::{self, Display, Formatter, Write};

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
    /// Null compares with nothing.
    pub(super) fn holds(self, a: Option<i64>, b: Option<i64>) -> bool {
        let (Some(a), Some(b)) = (a, b) else {
            return false;
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

pub(super) fn alias_name(alias: usize) -> String {
    format!("s{alias}")
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V => "v",
            Self::U => "u",
        })
    }
}

impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        })
    }
}

fn element(alias: usize, which: Which) -> String {
    let name = alias_name(alias);
    match which {
        Which::One => name,
        Which::First => format!("{name}[0]"),
        Which::Last => format!("{name}[-1]"),
    }
}

impl Display for Cond {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Own(field, op, n) => write!(f, "{field} {op} {n}"),
            Self::With(field, op, alias, which) => write!(f, "{field} {op} {}.{field}", element(alias, which)),
            Self::Plus(op, alias, which, n) => write!(f, "v + {}.v {op} {n}", element(alias, which)),
            Self::Sum(op, alias, n) => write!(f, "sum({}.v) {op} {n}", alias_name(alias)),
            Self::Count(op, alias, n) => write!(f, "count({}) {op} {n}", alias_name(alias)),
        }
    }
}

fn quantifier(min: usize, max: Option<usize>) -> String {
    match (min, max) {
        (0, Some(1)) => "?".to_owned(),
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (min, None) => format!("{{{min},}}"),
        (min, Some(max)) if min == max => format!("{{{min}}}"),
        (min, Some(max)) => format!("{{{min},{max}}}"),
    }
}

fn kind_name(kind: char) -> String {
    match kind {
        '*' => "any".to_owned(),
        kind => kind.to_string(),
    }
}

fn step_text(step: &Step, quantifier: &str, named: bool) -> String {
    let mut text = String::new();
    if step.next {
        text.push_str("next ");
    }
    if step.each {
        text.push_str("each ");
    }
    text.push_str(&kind_name(step.kind));
    text.push_str(quantifier);
    if !step.conds.is_empty() {
        let conds: Vec<String> = step.conds.iter().map(Cond::to_string).collect();
        let _ = write!(text, "[{}]", conds.join(" and "));
    }
    if named {
        let _ = write!(text, " as {}", alias_name(step.alias));
    }
    if let Some(within) = step.within {
        let _ = write!(text, " within {within}s");
    }
    text
}

/// `C where v > 2`
fn argument(step: &Step) -> String {
    let kind = kind_name(step.kind);
    let conds: Vec<String> = step.conds.iter().map(Cond::to_string).collect();
    match conds.as_slice() {
        [] => kind,
        conds => format!("{kind} where {}", conds.join(" and ")),
    }
}

fn shape_text(shape: &Shape, outer: usize) -> String {
    let joined = |all: &[Shape], by: &str, level: usize| {
        let parts: Vec<String> = all.iter().map(|part| shape_text(part, level)).collect();
        let text = parts.join(by);
        if outer >= level { format!("({text})") } else { text }
    };
    match shape {
        Shape::Step(step) => step_text(step, "", true),
        Shape::Absent(step) => format!("not {}", step_text(step, "", false)),
        Shape::Seq(all) => joined(all, " -> ", 1),
        Shape::Or(all) => joined(all, " or ", 2),
        Shape::And(all) => joined(all, " and ", 3),
        Shape::Repeat(body, min, max) => match &**body {
            Shape::Step(step) => step_text(step, &quantifier(*min, *max), true),
            other => format!("({}){}", shape_text(other, 0), quantifier(*min, *max)),
        },
    }
}

/// The operators of its stream, from its source to `.emit(..)`.
impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&shape_text(&self.shape, 0))?;
        if self.keyed {
            f.write_str(" .partition_by(k)")?;
        }
        if let Some(within) = self.within {
            write!(f, " .within({within}s)")?;
        }
        if let Some(absent) = &self.absent {
            write!(f, " .not({})", argument(absent))?;
        }
        f.write_str(match self.select {
            Select::Next => "",
            Select::Strict => " .strict()",
            Select::Any => " .stam()",
        })?;
        f.write_str(match self.report {
            Report::Longest => "",
            Report::Each => " .each()",
            Report::Subsets => " .subsets()",
        })?;
        f.write_str(match self.after {
            After::NoSkip => "",
            After::ToNext => " .after_match(\"skip_to_next\")",
            After::PastLast => " .after_match(\"skip_past_last\")",
        })?;
        if let Some(filter) = &self.filter {
            let Filter { field, op, n, .. } = filter;
            write!(f, " .where({}.{field} {op} {n})", element(filter.alias, filter.which))?;
        }
        let mut fields = Vec::new();
        if self.keyed {
            fields.push("k: k".to_owned());
        }
        fields.push("start: int(match_start)".to_owned());
        fields.push("end: int(match_end)".to_owned());
        let each = self.each_alias();
        for alias in self.aliases() {
            let name = alias_name(alias);
            let list = self.is_list(alias) && each != Some(alias);
            fields.push(if list {
                format!("{name}: collect({name}.id)")
            } else {
                format!("{name}: {name}.id")
            });
        }
        write!(f, " .emit({})", fields.join(", "))
    }
}

impl Pattern {
    /// The alias that is one element in each row.
    pub(super) fn each_alias(&self) -> Option<usize> {
        let last = self.shape.repetitions().pop()?;
        (self.report == Report::Each).then_some(last.0.alias)
    }
}
