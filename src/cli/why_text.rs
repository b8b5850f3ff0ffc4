//! What was seen of streams that were watched, for people: what is missing first, then counts, then the
//! nearest misses in full.

use std::fmt::Write;

use super::ran::Ran;
use super::summary::thousands;
use crate::data::format::{write_json, write_timestamp};
use crate::data::{Position, Value};
use crate::ir::{Pattern, Shape, StepId};
use crate::matcher::trace::{Cause, Closest, Ended, Lack, Miss, Shown, Traced};
use crate::plan::{duration, one_line};
use crate::replay::StreamTrace;

/// All streams that were watched.
pub(super) fn text(ran: &Ran) -> String {
    let all = ran.report.traces.iter().map(|trace| {
        let words = Words { ran, trace };
        match &trace.pattern {
            Some((pattern, seen)) => words.of_pattern(pattern, seen),
            None => words.of_operators(),
        }
    });
    all.collect::<Vec<String>>().join("\n")
}

/// A time as text.
pub(super) fn time(ns: i64) -> String {
    let mut out = Vec::new();
    write_timestamp(ns, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn value(value: &Value) -> String {
    let mut out = Vec::new();
    write_json(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn fields(fields: &[(std::sync::Arc<str>, Value)]) -> String {
    let all = fields.iter().map(|(name, of)| format!("{name} {}", value(of)));
    all.collect::<Vec<_>>().join(", ")
}

/// `1 run`, `3 runs`.
fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

fn runs(n: u64) -> String {
    counted(n, "run", "runs")
}

/// Lines in columns, two blanks apart; the first column to the left, numbers to the right.
fn columns(rows: &[Vec<String>], right: &[bool]) -> String {
    let width = |at: usize| {
        rows.iter()
            .filter_map(|row| row.get(at))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..right.len()).map(|at| width(at).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for ((cell, &width), &right) in row.iter().zip(&widths).zip(right) {
            let _ = if right {
                write!(line, "  {cell:>width$}")
            } else {
                write!(line, "  {cell:<width$}")
            };
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// How runs ended, in words.
fn ended(of: &Ended) -> String {
    let all = [
        (of.expired, "out of time"),
        (of.broken, "broken by an absence"),
        (of.passed, "passed by another event"),
        (of.skipped, "ended by a match"),
        (of.open, "open at the end"),
        (of.undecided, "undecided at the end"),
    ];
    let some = all.iter().filter(|(n, _)| *n > 0);
    some.map(|(n, what)| format!("{} {what}", thousands(*n)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// What is needed to name things.
struct Words<'a> {
    ran: &'a Ran,
    trace: &'a StreamTrace,
}

impl Words<'_> {
    /// A stream without a pattern.
    fn of_operators(&self) -> String {
        let name = &self.trace.question.stream;
        let sink = self
            .ran
            .plan
            .sinks
            .iter()
            .position(|sink| sink.stream == self.trace.stream);
        let rows = sink.map(|sink| self.ran.report.streams[sink].rows);
        let rows = rows.or_else(|| self.trace.operators.last().map(|last| last.left));
        let mut out = format!("{name}: {}\n", counted(rows.unwrap_or(0), "row", "rows"));
        if !self.trace.operators.is_empty() {
            let _ = write!(out, "\n{}", self.operators("rows that came"));
        }
        for of in &self.trace.reads {
            let _ = writeln!(out, "\nIt reads `{of}`: ask about that too (`--stream {of}`).");
        }
        out
    }

    /// How many rows each operator let through.
    fn operators(&self, title: &str) -> String {
        let mut rows = vec![vec![String::new(), title.to_owned(), "went on".to_owned()]];
        for operator in &self.trace.operators {
            let mut text = match operator.condition {
                Some(condition) => format!(".where({})", self.ran.source(condition)),
                None => one_line(self.ran.sources.slice(operator.span)),
            };
            if text.chars().count() > 60 {
                text = text.chars().take(59).chain(['…']).collect();
            }
            rows.push(vec![text, thousands(operator.came), thousands(operator.left)]);
        }
        columns(&rows, &[false, true, true])
    }

    fn of_pattern(&self, pattern: &Pattern, seen: &Traced) -> String {
        let name = &self.trace.question.stream;
        let matches = match seen.matches {
            0 => "no match".to_owned(),
            n => counted(n, "match", "matches"),
        };
        let mut out = format!("{name}: {matches}{}. {}\n", self.chosen(), self.verdict(pattern, seen));
        let _ = write!(out, "\n{}", self.steps(pattern, seen));
        let more = [
            (seen.parts, "complete, and part of a longer match"),
            (seen.skipped, "complete, and ended by another match"),
            (seen.undone, "complete, and broken by an absence"),
            (
                seen.rejected,
                "complete, and rejected by the condition behind the pattern",
            ),
        ];
        for (n, what) in more.iter().filter(|(n, _)| *n > 0) {
            let _ = writeln!(out, "\n{} {what}", runs(*n));
        }
        if !self.trace.operators.is_empty() && seen.matches > 0 {
            let _ = write!(out, "\n{}", self.operators("matches' rows"));
        }
        if !seen.misses.is_empty() {
            let _ = writeln!(out, "\nNearest misses:");
        }
        for (at, miss) in seen.misses.iter().enumerate() {
            let _ = write!(out, "\n{}", self.miss(pattern, at + 1, miss));
        }
        out
    }

    /// Of what the counts are.
    fn chosen(&self) -> String {
        let keys = self.trace.question.keys.iter();
        let keys: Vec<String> = keys
            .map(|(name, value)| match name {
                Some(name) => format!("{name}={value}"),
                None => value.clone(),
            })
            .collect();
        if keys.is_empty() {
            String::new()
        } else {
            format!(" for {}", keys.join(", "))
        }
    }

    /// What is missing, in a sentence.
    fn verdict(&self, pattern: &Pattern, seen: &Traced) -> String {
        let view = self.ran.view(pattern);
        let takes = (0..pattern.steps.len()).filter(|&step| !view.is_absent(step));
        let name = |step: StepId| format!("`{}`", self.step(pattern, step));
        if seen.begun == 0 {
            let first = takes
                .clone()
                .find(|&step| seen.steps[step].fit == 0)
                .or_else(|| takes.clone().next());
            let Some(first) = first else { return String::new() };
            let of = &seen.steps[first];
            let input = &pattern.inputs[pattern.steps[first].input].name;
            return match (of.came, of.fit) {
                (0, _) => format!("Nothing began: no `{input}` came."),
                (n, 0) => format!(
                    "Nothing began: {} came, and none fits {}.",
                    counted(n, &format!("`{input}`"), &format!("`{input}`")),
                    name(first)
                ),
                _ => "Nothing began.".to_owned(),
            };
        }
        let begun = format!("{} began", runs(seen.begun + seen.split));
        let mut needed = Vec::new();
        required(&pattern.shape, &mut needed);
        let never = needed.into_iter().find(|&step| seen.steps[step].fit == 0);
        if let Some(step) = never.filter(|_| seen.matches == 0) {
            let input = &pattern.inputs[pattern.steps[step].input].name;
            return match seen.steps[step].came {
                0 => format!("{begun}, but no `{input}` came for {}.", name(step)),
                n => format!("{begun}, but of {} `{input}` none fits {}.", thousands(n), name(step)),
            };
        }
        let total = |step: StepId| {
            let Ended {
                expired,
                broken,
                passed,
                skipped,
                open,
                undecided,
            } = seen.steps[step].ended;
            expired + broken + passed + skipped + open + undecided
        };
        let worst = (0..pattern.steps.len()).max_by_key(|&step| (total(step), std::cmp::Reverse(step)));
        match worst.filter(|&step| total(step) > 0) {
            Some(step) => format!(
                "{begun}; {} of them ended waiting for {}.",
                thousands(total(step)),
                name(step)
            ),
            None => format!("{begun}."),
        }
    }

    fn step(&self, pattern: &Pattern, step: StepId) -> String {
        let view = self.ran.view(pattern);
        match view.is_absent(step) {
            true => format!("not {}", view.name(step)),
            false => view.name(step),
        }
    }

    fn steps(&self, pattern: &Pattern, seen: &Traced) -> String {
        let view = self.ran.view(pattern);
        let titles = ["step", "came", "fit", "taken by", "ended waiting for it"];
        let mut rows = vec![titles.map(str::to_owned).to_vec()];
        for (step, of) in seen.steps.iter().enumerate() {
            let (taken, how) = if view.is_absent(step) {
                let broke = (of.broke > 0).then(|| format!("ended {}", runs(of.broke)));
                let waited = ended(&of.ended);
                let both = broke.into_iter().chain((!waited.is_empty()).then_some(waited));
                ("-".to_owned(), both.collect::<Vec<_>>().join("; "))
            } else {
                (runs(of.runs), ended(&of.ended))
            };
            rows.push(vec![
                self.step(pattern, step),
                thousands(of.came),
                thousands(of.fit),
                taken,
                how,
            ]);
        }
        columns(&rows, &[false, true, true, true, false])
    }

    /// Where an event stands.
    fn place(&self, event: &Shown) -> String {
        let position = Position {
            input: event.place.input,
            offset: event.place.offset,
        };
        let input = self.ran.report.inputs.get(position.input as usize);
        let input = match input.map_or("", |input| input.name.as_str()) {
            "-" => "stdin",
            name => name,
        };
        match self.trace.lines.get(&position) {
            Some(line) => format!("{input}:{line}"),
            None => format!("{input} byte {}", position.offset),
        }
    }

    fn event(&self, pattern: &Pattern, event: &Shown) -> String {
        let shown = fields(&event.fields);
        let of = if shown.is_empty() { shown } else { format!(" ({shown})") };
        format!(
            "{} at {}, {}{of}",
            pattern.inputs[event.input].name,
            time(event.time),
            self.place(event)
        )
    }

    fn miss(&self, pattern: &Pattern, number: usize, miss: &Miss) -> String {
        let steps = (0..pattern.steps.len())
            .filter(|&step| !self.ran.view(pattern).is_absent(step))
            .count();
        let mut out = format!(
            "{number}. {} of {} taken",
            miss.steps,
            counted(steps as u64, "step", "steps")
        );
        if !miss.keys.is_empty() {
            let keys: Vec<String> = miss.keys.iter().map(value).collect();
            let _ = write!(out, ", key {}", keys.join(", "));
        }
        match miss.alike {
            0 => {}
            1 => out.push_str(" (and another run that shares events with it)"),
            n => _ = write!(out, " (and {} other runs that share events with it)", thousands(n)),
        }
        out.push('\n');
        let mut rows = Vec::new();
        for took in &miss.took {
            if took.left_out > 0 {
                rows.push(vec![format!("   … {} more", thousands(took.left_out as u64))]);
            }
            rows.push(vec![
                format!("   {}", time(took.event.time)),
                self.step(pattern, took.step),
                self.place(&took.event),
                fields(&took.event.fields),
            ]);
        }
        out.push_str(&columns(&rows, &[false, false, false, false]));
        let _ = writeln!(out, "   {}", self.end(pattern, miss));
        if let (Some((step, event)), Cause::Expired { at, .. }) = (&miss.late, &miss.cause) {
            let after = event.time.saturating_sub(*at);
            let _ = writeln!(
                out,
                "   too late for `{}`, by {}: {}",
                self.step(pattern, *step),
                duration(after),
                self.event(pattern, event)
            );
        }
        if let Some(closest) = &miss.closest {
            out.push_str(&self.closest(pattern, closest));
        } else if matches!(miss.cause, Cause::Expired { .. } | Cause::Open) && miss.late.is_none() {
            let _ = writeln!(out, "   nothing that could have been it came meanwhile");
        }
        out
    }

    /// How a run ended.
    fn end(&self, pattern: &Pattern, miss: &Miss) -> String {
        let waited: Vec<String> = miss
            .waited
            .iter()
            .map(|&step| format!("`{}`", self.step(pattern, step)))
            .collect();
        let waited = match waited.len() {
            0 => "complete".to_owned(),
            _ => format!("waited for {}", waited.join(" or ")),
        };
        match &miss.cause {
            Cause::Expired { at, within, whole } => {
                let since = if *whole { "the first event" } else { "the last event" };
                format!("{waited} until {}: {} after {since}", time(*at), duration(*within))
            }
            Cause::Broken { step, event } => {
                let absent = self.ran.view(pattern).name(*step);
                let event = event
                    .as_ref()
                    .map_or(String::new(), |event| format!(": {}", self.event(pattern, event)));
                format!("{waited}; broken by `{absent}`{event}")
            }
            Cause::Passed(event) => format!("{waited} as the very next; that was {}", self.event(pattern, event)),
            Cause::Skipped => format!("{waited}; another match ended it"),
            Cause::Rejected => {
                let filter = pattern.filter.map(|filter| format!(": `{}`", self.ran.source(filter)));
                format!(
                    "complete; the condition behind the pattern is not true{}",
                    filter.unwrap_or_default()
                )
            }
            Cause::Open => format!("{waited}, and the log ended"),
            Cause::Undecided => {
                "complete but for the time of the absence, and the log ended (`--at-end flush` decides it)".to_owned()
            }
        }
    }

    fn closest(&self, pattern: &Pattern, closest: &Closest) -> String {
        let mut out = format!(
            "   closest to `{}`: {}\n",
            self.step(pattern, closest.step),
            self.event(pattern, &closest.event)
        );
        for lack in &closest.lacks {
            let _ = writeln!(out, "     {}", self.lack(pattern, closest.step, lack));
        }
        out
    }

    /// What an event lacked.
    fn lack(&self, pattern: &Pattern, step: StepId, lack: &Lack) -> String {
        match lack {
            Lack::Alone { condition, fields: of } | Lack::Rest { condition, fields: of } => {
                let source = self.ran.source(*condition);
                match of.len() {
                    0 => format!("`{source}` is not true"),
                    _ => format!("`{source}` is not true: {}", fields(of)),
                }
            }
            Lack::Compare { at, own, other } => {
                let compare = &pattern.steps[step].compare[*at];
                let source = self.ran.view(pattern).text(compare);
                match other {
                    None => {
                        let alias = &pattern.aliases[compare.other.alias].name;
                        format!(
                            "`{source}` is not true: {} against `{alias}`, which took nothing",
                            value(own)
                        )
                    }
                    Some(other) => format!(
                        "`{source}` is not true: {} against {}{}",
                        value(own),
                        value(other),
                        likeness(own, other)
                    ),
                }
            }
            Lack::Few { step, has, needs } => {
                format!(
                    "`{}` had {} of the {} it needs",
                    self.step(pattern, *step),
                    thousands(u64::from(*has)),
                    thousands(u64::from(*needs))
                )
            }
            Lack::Late { after, within, whole } => {
                let since = if *whole { "the first event" } else { "the last one" };
                format!(
                    "{} after {since}, at most {} is allowed",
                    duration(*after),
                    duration(*within)
                )
            }
        }
    }
}

/// The steps without which nothing matches.
fn required(shape: &Shape, all: &mut Vec<StepId>) {
    match shape {
        Shape::Step(step) => all.push(*step),
        Shape::Absent(_) | Shape::Or(_) | Shape::Repeat(_, 0, _) => {}
        Shape::Seq(parts) | Shape::And(parts) => parts.iter().for_each(|part| required(part, all)),
        Shape::Repeat(body, ..) => required(body, all),
    }
}

/// Why two values that look equal are not.
fn likeness(a: &Value, b: &Value) -> &'static str {
    match (a, b) {
        (Value::Str(a), Value::Str(b)) if a.trim() == b.trim() => " (blanks around it)",
        (Value::Str(a), Value::Str(b)) if a.trim().to_lowercase() == b.trim().to_lowercase() => {
            " (they differ in case)"
        }
        (Value::Str(text), other) | (other, Value::Str(text))
            if !matches!(other, Value::Str(_)) && **text == *value(other) =>
        {
            " (one is text, the other is not)"
        }
        _ => "",
    }
}
