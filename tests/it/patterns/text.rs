//! Patterns as they are written, in each of the forms.

use std::fmt::{self, Display, Formatter, Write};

use super::pattern::{After, Cond, Field, Filter, Op, Pattern, Report, Select, Shape, Step, Which};

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

/// The source of its stream and all operators.
impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&shape_text(&self.shape, 0))?;
        f.write_str(&self.bounds(self.within, self.keyed))?;
        f.write_str(&self.operators())
    }
}

impl Pattern {
    /// The same as a pattern with a name, and a stream of it.
    pub(super) fn by_name(&self, name: &str, stream: &str) -> String {
        let Shape::Seq(items) = &self.shape else {
            let (shape, rest) = (shape_text(&self.shape, 0), self.operators());
            let bounds = self.bounds(self.within, self.keyed);
            return format!("pattern {name} = ({shape})\nstream {stream} = {name}{bounds}{rest}\n");
        };
        let mut parts: Vec<String> = items.iter().map(|item| shape_text(item, 1)).collect();
        // A `within` behind an absence is the absence's, and one behind a step the whole pattern's.
        let own = !matches!(items.last(), Some(Shape::Absent(_)));
        if let Some(last) = parts.last_mut().filter(|last| own && last.contains(" within ")) {
            *last = format!("({last})");
        }
        let mut tail = String::new();
        if let Some(within) = self.within.filter(|_| own) {
            let _ = write!(tail, " within {within}s");
        }
        if self.keyed {
            tail.push_str(" partition by k");
        }
        let bounds = self.bounds(self.within.filter(|_| !own), false);
        let (shape, rest) = (parts.join(" -> "), self.operators());
        format!("pattern {name} = {shape}{tail}\nstream {stream} = {name}{bounds}{rest}\n")
    }

    /// The same in the classic form, if it is a sequence.
    pub(super) fn classic(&self) -> String {
        let bounds = self.bounds(self.within, self.keyed);
        let Shape::Seq(items) = &self.shape else {
            return self.to_string();
        };
        let parts = items.iter().map(|item| match item {
            Shape::Absent(step) => format!("NOT {}", step_text(step, "", false)),
            Shape::And(members) => classic("AND", members),
            Shape::Or(members) => classic("OR", members),
            other => shape_text(other, 1),
        });
        format!(
            "SEQ({}){bounds}{}",
            parts.collect::<Vec<_>>().join(", "),
            self.operators()
        )
    }

    /// The same, of whose trends these are reckoned.
    pub(super) fn trends(&self, calls: &[(&str, String)]) -> String {
        let key = if self.keyed { "k: k, " } else { "" };
        let made: Vec<String> = calls.iter().map(|(name, call)| format!("{name}: {call}")).collect();
        let written: Vec<String> = calls.iter().map(|(name, _)| format!("{name}: {name}")).collect();
        format!(
            "{}{} .stam() .trend_aggregate({}) .emit({key}{})",
            shape_text(&self.shape, 0),
            self.bounds(self.within, self.keyed),
            made.join(", "),
            written.join(", "),
        )
    }

    fn bounds(&self, within: Option<i64>, keyed: bool) -> String {
        let mut text = String::new();
        if keyed {
            text.push_str(" .partition_by(k)");
        }
        if let Some(within) = within {
            let _ = write!(text, " .within({within}s)");
        }
        text
    }

    /// The operators behind those that bound it.
    fn operators(&self) -> String {
        let mut text = String::new();
        if let Some(absent) = &self.absent {
            let _ = write!(text, " .not({})", argument(absent));
        }
        text.push_str(match self.select {
            Select::Next => "",
            Select::Strict => " .strict()",
            Select::Any => " .stam()",
        });
        text.push_str(match self.report {
            Report::Longest => "",
            Report::Each => " .each()",
            Report::Subsets => " .subsets()",
        });
        text.push_str(match self.after {
            After::NoSkip => "",
            After::ToNext => " .after_match(\"skip_to_next\")",
            After::PastLast => " .after_match(\"skip_past_last\")",
        });
        if let Some(filter) = &self.filter {
            let Filter { field, op, n, .. } = filter;
            let _ = write!(
                text,
                " .where({}.{field} {op} {n})",
                element(filter.alias, filter.which)
            );
        }
        let _ = write!(text, " .emit({})", self.fields());
        text
    }

    fn fields(&self) -> String {
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
        fields.join(", ")
    }
}

fn classic(word: &str, members: &[Shape]) -> String {
    let parts: Vec<String> = members.iter().map(|member| shape_text(member, 1)).collect();
    format!("{word}({})", parts.join(", "))
}
