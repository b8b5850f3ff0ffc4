//! The same for programs: one JSON object.

use serde_json::json;

use super::ran::Ran;
use super::why_text::time;
use crate::data::format::write_json;
use crate::data::{Position, Value};
use crate::ir::{Pattern, StepId};
use crate::matcher::trace::{Cause, Closest, Lack, Miss, Shown, Traced};
use crate::plan::one_line;
use crate::replay::StreamTrace;

/// All streams that were watched.
pub(super) fn json(ran: &Ran) -> String {
    let streams = ran.report.traces.iter().map(|trace| Words { ran, trace }.stream());
    format!("{:#}\n", json!({"streams": streams.collect::<Vec<_>>()}))
}

fn value(value: &Value) -> serde_json::Value {
    let mut out = Vec::new();
    write_json(value, &mut out);
    serde_json::from_slice(&out).unwrap_or_default()
}

fn fields(fields: &[(std::sync::Arc<str>, Value)]) -> serde_json::Value {
    let all = fields.iter().map(|(name, of)| (name.to_string(), value(of)));
    serde_json::Value::Object(all.collect())
}

struct Words<'a> {
    ran: &'a Ran,
    trace: &'a StreamTrace,
}

impl Words<'_> {
    fn stream(&self) -> serde_json::Value {
        let trace = self.trace;
        let operators = trace.operators.iter().map(|operator| {
            json!({
                "operator": one_line(self.ran.sources.slice(operator.span)),
                "condition": operator.condition.map(|condition| self.ran.source(condition)),
                "came": operator.came, "went_on": operator.left,
            })
        });
        json!({
            "stream": trace.question.stream,
            "operators": operators.collect::<Vec<_>>(),
            "pattern": trace.pattern.as_ref().map(|(pattern, seen)| self.pattern(pattern, seen)),
        })
    }

    fn pattern(&self, pattern: &Pattern, seen: &Traced) -> serde_json::Value {
        let view = self.ran.view(pattern);
        let steps = seen.steps.iter().enumerate().map(|(step, of)| {
            let ended = &of.ended;
            json!({
                "step": view.name(step), "absent": view.is_absent(step),
                "came": of.came, "fit": of.fit, "runs": of.runs, "broke": of.broke,
                "ended_waiting": {
                    "expired": ended.expired, "broken": ended.broken, "passed": ended.passed,
                    "skipped": ended.skipped, "open": ended.open, "undecided": ended.undecided,
                },
            })
        });
        json!({
            "begun": seen.begun, "split": seen.split, "matches": seen.matches, "parts": seen.parts,
            "skipped": seen.skipped, "rejected": seen.rejected,
            "undone": seen.undone,
            "steps": steps.collect::<Vec<_>>(),
            "misses": seen.misses.iter().map(|miss| self.miss(pattern, miss)).collect::<Vec<_>>(),
        })
    }

    fn event(&self, pattern: &Pattern, event: &Shown) -> serde_json::Value {
        let position = Position {
            input: event.place.input,
            offset: event.place.offset,
        };
        let input = self.ran.report.inputs.get(position.input as usize);
        json!({
            "type": pattern.inputs[event.input].name, "time": time(event.time),
            "input": input.map(|input| input.name.as_str()), "offset": position.offset,
            "line": self.trace.lines.get(&position), "fields": fields(&event.fields),
        })
    }

    fn miss(&self, pattern: &Pattern, miss: &Miss) -> serde_json::Value {
        let view = self.ran.view(pattern);
        let names = |steps: &[StepId]| steps.iter().map(|&step| view.name(step)).collect::<Vec<_>>();
        let took = miss.took.iter().map(|took| {
            json!({
                "step": view.name(took.step), "event": self.event(pattern, &took.event), "left_out": took.left_out,
            })
        });
        let (end, by) = match &miss.cause {
            Cause::Expired { at, within, whole } => {
                ("expired", json!({"at": time(*at), "within_ns": within, "whole": whole}))
            }
            Cause::Broken { step, event } => (
                "broken",
                json!({"step": view.name(*step), "event": event.as_ref().map(|event| self.event(pattern, event))}),
            ),
            Cause::Passed(event) => ("passed", json!({"event": self.event(pattern, event)})),
            Cause::Skipped => ("skipped", json!(null)),
            Cause::Rejected => (
                "rejected",
                json!({"condition": pattern.filter.map(|filter| self.ran.source(filter))}),
            ),
            Cause::Open => ("open", json!(null)),
            Cause::Undecided => ("undecided", json!(null)),
        };
        json!({
            "keys": miss.keys.iter().map(value).collect::<Vec<_>>(),
            "steps_taken": miss.steps, "took": took.collect::<Vec<_>>(), "waited_for": names(&miss.waited),
            "end": end, "by": by, "alike": miss.alike,
            "late": miss.late.as_ref().map(|(step, event)| {
                json!({"step": view.name(*step), "event": self.event(pattern, event)})
            }),
            "closest": miss.closest.as_ref().map(|closest| self.closest(pattern, closest)),
        })
    }

    fn closest(&self, pattern: &Pattern, closest: &Closest) -> serde_json::Value {
        let view = self.ran.view(pattern);
        let lacks = closest.lacks.iter().map(|lack| match lack {
            Lack::Alone { condition, fields: of } | Lack::Rest { condition, fields: of } => {
                json!({"condition": self.ran.source(*condition), "fields": fields(of)})
            }
            Lack::Compare { at, own, other } => {
                let compare = &pattern.steps[closest.step].compare[*at];
                json!({"condition": view.text(compare), "own": value(own), "other": other.as_ref().map(value)})
            }
            Lack::Few { step, has, needs } => json!({"repetition": view.name(*step), "has": has, "needs": needs}),
            Lack::Late { after, within, whole } => json!({"after_ns": after, "within_ns": within, "whole": whole}),
        });
        json!({
            "step": view.name(closest.step), "event": self.event(pattern, &closest.event),
            "lacks": lacks.collect::<Vec<_>>(),
        })
    }
}
