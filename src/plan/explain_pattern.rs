//! A sequence pattern in the plan: what it reads, how it takes events, and what each step asks.

use serde_json::json;

use super::explain::one_line;
use crate::diag::SourceMap;
use crate::ir::{AfterMatch, BinaryOp, Compare, ExprId, Pattern, PatternStep, Query, Report, Selection, Shape};

/// A pattern to be shown.
pub(crate) struct View<'a> {
    pub(crate) query: &'a Query,
    pub(crate) sources: &'a SourceMap,
    pub(crate) pattern: &'a Pattern,
}

impl View<'_> {
    /// As lines of text, without the indentation of the first.
    pub(super) fn lines(&self) -> Vec<String> {
        let pattern = self.pattern;
        let mut said = vec![self.strategy().to_owned()];
        said.extend(pattern.within.map(|ns| format!("within {}", duration(ns))));
        said.extend(self.extras().into_iter().map(str::to_owned));
        if let Some(filter) = pattern.filter {
            said.push(format!("matches where {}", self.source(filter)));
        }
        let mut lines = vec![format!("takes {}: {}", self.shape(&pattern.shape), said.join(", "))];
        for input in &pattern.inputs {
            let keys: Vec<String> = input.keys.iter().map(|&key| self.source(key)).collect();
            let by = if keys.is_empty() {
                String::new()
            } else {
                format!(" by {}", keys.join(", "))
            };
            lines.push(format!("  reads {}{by}", input.name));
        }
        for at in 0..pattern.steps.len() {
            let asks = self.asks(&pattern.steps[at]);
            let word = if self.is_absent(at) { "never " } else { "" };
            lines.push(if asks.is_empty() {
                format!("  {word}{}", self.name(at))
            } else {
                format!("  {word}{}: {}", self.name(at), asks.join("; "))
            });
        }
        lines
    }

    /// As JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        let pattern = self.pattern;
        let inputs = pattern.inputs.iter().map(|input| {
            let keys: Vec<String> = input.keys.iter().map(|&key| self.source(key)).collect();
            json!({"name": input.name, "keys": keys})
        });
        let steps = pattern.steps.iter().enumerate().map(|(at, step)| {
            let compares: Vec<String> = step.compare.iter().map(|compare| self.text(compare)).collect();
            json!({
                "step": self.name(at),
                "input": pattern.inputs[step.input].name,
                "alone": step.alone.map(|value| self.source(pattern.inputs[step.input].values[value])),
                "hash": hash(step).map(|compare| self.text(compare)),
                "compare": compares,
                "rest": step.rest.as_ref().map(|rest| self.source(rest.condition)),
                "absent": self.is_absent(at),
            })
        });
        json!({
            "shape": self.shape(&pattern.shape), "strategy": self.strategy(), "within": pattern.within,
            "filter": pattern.filter.map(|filter| self.source(filter)),
            "modifiers": self.extras(), "inputs": inputs.collect::<Vec<_>>(), "steps": steps.collect::<Vec<_>>(),
        })
    }

    fn strategy(&self) -> &'static str {
        match self.pattern.select {
            Selection::Next => "skip till next match",
            Selection::Strict => "strict contiguity",
            Selection::Any => "skip till any match",
        }
    }

    fn extras(&self) -> Vec<&'static str> {
        let report = match self.pattern.report {
            Report::Longest => None,
            Report::Each => Some("a row for each element"),
            Report::Subsets => Some("a row for each choice of elements"),
        };
        let after = match self.pattern.after {
            AfterMatch::NoSkip => None,
            AfterMatch::SkipToNext => Some("a match ends others of its first event"),
            AfterMatch::SkipPastLast => Some("a match ends others that began before its end"),
        };
        let trends = (!self.pattern.trends.is_empty()).then_some("trends are reckoned without building them");
        [report, after, trends].into_iter().flatten().collect()
    }

    /// Whether a step is one that must not come.
    pub(crate) fn is_absent(&self, at: usize) -> bool {
        fn within(shape: &Shape, at: usize) -> bool {
            match shape {
                Shape::Step(_) => false,
                Shape::Absent(step) => *step == at,
                Shape::Seq(parts) | Shape::And(parts) | Shape::Or(parts) => parts.iter().any(|part| within(part, at)),
                Shape::Repeat(inner, ..) => within(inner, at),
            }
        }
        self.pattern.absent.contains(&at) || within(&self.pattern.shape, at)
    }

    /// The steps by their names: `fails{3,} -> ok`.
    pub(crate) fn shape(&self, shape: &Shape) -> String {
        let all = |parts: &[Shape], with: &str| {
            let inner = |part: &Shape| match part {
                Shape::Seq(_) | Shape::And(_) | Shape::Or(_) => format!("({})", self.shape(part)),
                _ => self.shape(part),
            };
            parts.iter().map(inner).collect::<Vec<_>>().join(with)
        };
        match shape {
            Shape::Step(step) => self.name(*step),
            Shape::Absent(step) => format!("not {}", self.name(*step)),
            Shape::Seq(parts) => all(parts, " -> "),
            Shape::And(parts) => all(parts, " and "),
            Shape::Or(parts) => all(parts, " or "),
            Shape::Repeat(inner, min, max) => {
                let inner = match **inner {
                    Shape::Step(_) => self.shape(inner),
                    _ => format!("({})", self.shape(inner)),
                };
                match (min, max) {
                    (0, Some(1)) => format!("{inner}?"),
                    (0, None) => format!("{inner}*"),
                    (1, None) => format!("{inner}+"),
                    (min, None) => format!("{inner}{{{min},}}"),
                    (min, Some(max)) if min == max => format!("{inner}{{{min}}}"),
                    (min, Some(max)) => format!("{inner}{{{min},{max}}}"),
                }
            }
        }
    }

    /// A step by its alias, else by its input and number.
    pub(crate) fn name(&self, at: usize) -> String {
        let step = &self.pattern.steps[at];
        let input = &self.pattern.inputs[step.input].name;
        match step.alias {
            Some(alias) => format!("{input} as {}", self.pattern.aliases[alias].name),
            None => input.clone(),
        }
    }

    /// What a step asks, each with how that is found out.
    fn asks(&self, step: &PatternStep) -> Vec<String> {
        let mut asks = Vec::new();
        if step.next {
            asks.push("the very next".to_owned());
        }
        if step.each {
            asks.push("each".to_owned());
        }
        if let Some(value) = step.alone {
            let condition = self.pattern.inputs[step.input].values[value];
            asks.push(format!("by itself {}", self.source(condition)));
        }
        let hash = hash(step);
        for compare in &step.compare {
            let how = if hash.is_some_and(|hash| std::ptr::eq(hash, compare)) {
                "hash key"
            } else {
                "compares"
            };
            asks.push(format!("{how} {}", self.text(compare)));
        }
        if let Some(rest) = &step.rest {
            asks.push(format!("evaluates {}", self.source(rest.condition)));
        }
        asks.extend(step.within.map(|ns| format!("within {}", duration(ns))));
        asks
    }

    pub(crate) fn text(&self, compare: &Compare) -> String {
        one_line(self.sources.slice(compare.span))
    }

    pub(crate) fn source(&self, id: ExprId) -> String {
        one_line(self.sources.slice(self.query.exprs.span(id)))
    }
}

/// The comparison by which the runs that may take an event are found.
fn hash(step: &PatternStep) -> Option<&Compare> {
    step.compare.iter().find(|compare| compare.op == BinaryOp::Eq)
}

/// A duration as programs write it: `1h30m`.
pub(crate) fn duration(ns: i64) -> String {
    const UNITS: [(&str, i64); 7] = [
        ("d", 86_400_000_000_000),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1),
    ];
    let (mut text, mut left) = (String::new(), ns);
    for (unit, length) in UNITS {
        if left >= length {
            text += &format!("{}{unit}", left / length);
            left %= length;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_written_as_in_programs() {
        assert_eq!(duration(5_400_000_000_000), "1h30m");
        assert_eq!(duration(300_000_000_000), "5m");
        assert_eq!(duration(1_500_000), "1ms500us");
    }
}
