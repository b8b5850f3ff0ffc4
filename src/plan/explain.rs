//! The plan, for people to look at: text, Graphviz, Mermaid, JSON.

use std::fmt::Write;

use serde_json::json;

use super::{
    Next, Plan, Stage, StageId, Step, StepKind, explain_attention, explain_code, explain_index, explain_pattern,
};
use crate::diag::SourceMap;
use crate::ir::{Attention, SideChannel};
use crate::read::TypePlan;

/// How the plan is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExplainFormat {
    /// Indented lines.
    #[default]
    Text,
    /// Graphviz.
    Dot,
    /// Mermaid.
    Mermaid,
    /// One JSON object.
    Json,
}

/// Shows a plan. `steps`: with every operator of each stage and its place in the program.
#[must_use]
pub fn explain(plan: &Plan, sources: &SourceMap, format: ExplainFormat, steps: bool) -> String {
    let view = View { plan, sources, steps };
    match format {
        ExplainFormat::Text => view.text(),
        ExplainFormat::Dot => view.dot(),
        ExplainFormat::Mermaid => view.mermaid(),
        ExplainFormat::Json => format!("{:#}\n", view.json()),
    }
}

/// Pairs of texts.
type Pairs = Vec<(String, String)>;

struct View<'a> {
    plan: &'a Plan,
    sources: &'a SourceMap,
    steps: bool,
}

impl View<'_> {
    fn text(&self) -> String {
        let mut out = String::new();
        let decode = &self.plan.decode;
        let _ = writeln!(out, "read");
        for (at, ty) in self.types() {
            let _ = writeln!(out, "  {}: {}", type_title(ty), fields(ty));
            let _ = writeln!(out, "    -> {}", self.next_text(&self.plan.scans[at]));
        }
        let _ = writeln!(out, "  prefilter: {}", self.prefilter());
        let _ = writeln!(
            out,
            "  order: {}",
            if self.plan.order_matters {
                "matters"
            } else {
                "does not matter"
            }
        );
        if decode.check_all {
            let _ = writeln!(out, "  every record is checked in full");
        }
        for (at, stage) in self.plan.stages.iter().enumerate() {
            let _ = writeln!(out, "stage {at}{}", if stage.ordered { " (in order)" } else { "" });
            for line in self.stage_lines(stage) {
                let _ = writeln!(out, "  {line}");
            }
            for pattern in self.patterns(stage) {
                for line in pattern.lines() {
                    let _ = writeln!(out, "    {line}");
                }
            }
            for attention in self.attentions(stage) {
                for line in explain_attention::lines(attention) {
                    let _ = writeln!(out, "    {line}");
                }
            }
            let _ = writeln!(out, "    -> {}", self.next_text(&stage.next));
        }
        for index in explain_index::indexes(self.plan) {
            index.write(self.plan, &mut out);
        }
        for line in explain_code::lines(self.plan, self.sources) {
            let _ = writeln!(out, "{line}");
        }
        let rewrites = self.plan.rewrites.iter().filter(|(_, count)| *count > 0);
        for (rule, count) in rewrites {
            let _ = writeln!(out, "rewrite: {rule} ({count})");
        }
        out
    }

    /// The types that are read, with their place in [`Plan::scans`].
    fn types(&self) -> impl Iterator<Item = (usize, &TypePlan)> {
        self.plan.decode.types.iter().chain(&self.plan.decode.other).enumerate()
    }

    fn prefilter(&self) -> String {
        match &self.plan.decode.prefilter {
            None => "none: every line is looked at".to_owned(),
            Some(literals) => {
                let literals: Vec<String> = literals
                    .iter()
                    .map(|literal| String::from_utf8_lossy(literal).into_owned())
                    .collect();
                format!("lines that hold {}", literals.join(" or "))
            }
        }
    }

    fn stage_lines(&self, stage: &Stage) -> Vec<String> {
        let steps: Vec<String> = stage.steps.iter().map(|step| self.step_text(step)).collect();
        if self.steps { steps } else { vec![steps.join(" ")] }
    }

    fn patterns<'s>(&'s self, stage: &'s Stage) -> impl Iterator<Item = explain_pattern::View<'s>> {
        let of = |step: &'s Step| match &step.kind {
            StepKind::Pattern(pattern) => Some(explain_pattern::View {
                query: &self.plan.query,
                sources: self.sources,
                pattern,
            }),
            _ => None,
        };
        stage.steps.iter().filter_map(of)
    }

    fn attentions<'s>(&'s self, stage: &'s Stage) -> impl Iterator<Item = &'s Attention> {
        stage.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Attention(attention) => Some(&**attention),
            _ => None,
        })
    }

    fn step_text(&self, step: &Step) -> String {
        let owner = &step.owners[0];
        // A filter may be one of several that a conjunction came apart into.
        let span = match step.kind {
            StepKind::Filter(condition) => self.plan.query.exprs.span(condition),
            _ => owner.span,
        };
        let source = self.sources.slice(span);
        let source = one_line(source);
        let shared: Vec<&str> = step.owners.iter().map(|owner| self.stream(owner.stream)).collect();
        let kind = step_name(&step.kind);
        if !self.steps {
            return if step.owners.len() > 1 {
                format!("{kind} (shared by {})", shared.len())
            } else {
                kind.to_owned()
            };
        }
        let (line, column) = self.sources.line_col(span.file, span.start as usize);
        format!("{kind} at {line}:{column} for {}: {source}", shared.join(", "))
    }

    fn stream(&self, id: crate::ir::StreamId) -> &str {
        &self.plan.query.streams[id.0 as usize].name
    }

    fn next_text(&self, next: &[Next]) -> String {
        if next.is_empty() {
            return "nothing".to_owned();
        }
        next.iter()
            .map(|next| self.target(*next))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn target(&self, next: Next) -> String {
        match next {
            Next::Stage(StageId(at), _) => format!("stage {at}"),
            Next::Event(event) => format!("readers of {}", self.plan.query.events[event.0 as usize].name),
            Next::Sink(at) => {
                let sink = &self.plan.sinks[at];
                let path = sink.path.as_deref().unwrap_or("output");
                format!("{path} as {}", self.stream(sink.stream))
            }
        }
    }

    /// Nodes and arrows, for the two drawing formats: (id, label), (from, to).
    fn drawing(&self) -> (Pairs, Pairs) {
        let (mut nodes, mut arrows) = (Vec::new(), Vec::new());
        for (at, ty) in self.types() {
            nodes.push((format!("t{at}"), format!("{}\n{}", type_title(ty), fields(ty))));
            arrows.extend(
                self.plan.scans[at]
                    .iter()
                    .map(|next| (format!("t{at}"), self.node_id(*next))),
            );
        }
        for (at, stage) in self.plan.stages.iter().enumerate() {
            nodes.push((format!("s{at}"), self.stage_lines(stage).join("\n")));
            arrows.extend(stage.next.iter().map(|next| (format!("s{at}"), self.node_id(*next))));
        }
        for at in 0..self.plan.sinks.len() {
            nodes.push((format!("o{at}"), self.target(Next::Sink(at))));
        }
        arrows.retain(|(_, to)| !to.is_empty());
        (nodes, arrows)
    }

    fn node_id(&self, next: Next) -> String {
        match next {
            Next::Stage(StageId(at), _) => format!("s{at}"),
            Next::Sink(at) => format!("o{at}"),
            Next::Event(event) => {
                let at = self.plan.types.iter().position(|&ty| ty == event);
                at.map_or(String::new(), |at| format!("t{at}"))
            }
        }
    }

    fn dot(&self) -> String {
        let (nodes, arrows) = self.drawing();
        let mut out = String::from("digraph varpulis {\n  rankdir=LR;\n  node [shape=box];\n");
        for (id, label) in nodes {
            let label = label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = writeln!(out, "  {id} [label=\"{label}\"];");
        }
        for (from, to) in arrows {
            let _ = writeln!(out, "  {from} -> {to};");
        }
        out + "}\n"
    }

    fn mermaid(&self) -> String {
        let (nodes, arrows) = self.drawing();
        let mut out = String::from("flowchart LR\n");
        for (id, label) in nodes {
            let label = label
                .replace('&', "&amp;")
                .replace('"', "&quot;")
                .replace('<', "&lt;")
                .replace('\n', "<br>");
            let _ = writeln!(out, "  {id}[\"{label}\"]");
        }
        for (from, to) in arrows {
            let _ = writeln!(out, "  {from} --> {to}");
        }
        out
    }

    fn json(&self) -> serde_json::Value {
        let types = self.types().map(|(at, ty)| {
            let fields = ty.fields.iter().map(|field| {
                json!({
                    "path": field.path.to_string(), "type": field.ty.to_string(),
                    "declared": field.declared, "required": field.required, "first": field.first,
                })
            });
            json!({
                "type": ty.name, "event": ty.event, "fields": fields.collect::<Vec<_>>(),
                "next": self.plan.scans[at].iter().map(|next| self.target(*next)).collect::<Vec<_>>(),
            })
        });
        let stages = self.plan.stages.iter().map(|stage| {
            let steps = stage.steps.iter().map(|step| {
                let owners = step.owners.iter().map(|owner| {
                    let (line, column) = self.sources.line_col(owner.span.file, owner.span.start as usize);
                    json!({"stream": self.stream(owner.stream), "line": line, "column": column})
                });
                json!({
                    "operator": step_name(&step.kind), "source": self.sources.slice(step.owners[0].span),
                    "owners": owners.collect::<Vec<_>>(),
                })
            });
            let patterns = self.patterns(stage).map(|pattern| pattern.json());
            json!({
                "patterns": patterns.collect::<Vec<_>>(),
                "attention": self.attentions(stage).map(explain_attention::json).collect::<Vec<_>>(),
                "ordered": stage.ordered, "steps": steps.collect::<Vec<_>>(),
                "next": stage.next.iter().map(|next| self.target(*next)).collect::<Vec<_>>(),
            })
        });
        let literals = self.plan.decode.prefilter.as_ref();
        let literals = literals.map(|all| all.iter().map(|one| String::from_utf8_lossy(one)).collect::<Vec<_>>());
        json!({
            "read": types.collect::<Vec<_>>(), "prefilter": literals, "order_matters": self.plan.order_matters,
            "stages": stages.collect::<Vec<_>>(),
            "functions": explain_code::json(self.plan),
            "indexes": explain_index::indexes(self.plan).iter().map(|index| index.json(self.plan)).collect::<Vec<_>>(),
            "rewrites": self.plan.rewrites.iter().map(|(rule, n)| json!({"rule": rule, "places": n})).collect::<Vec<_>>(),
        })
    }
}

/// A text of the program in one line.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn type_title(ty: &TypePlan) -> String {
    match (ty.name.as_str(), ty.event.as_str()) {
        ("", _) => "all other types".to_owned(),
        (name, event) if name == event => name.to_owned(),
        (name, event) => format!("{event} (`{name}` in the log)"),
    }
}

fn fields(ty: &TypePlan) -> String {
    if ty.fields.is_empty() {
        return "no field is decoded".to_owned();
    }
    let one = |field: &crate::read::FieldPlan| {
        let optional = if field.declared && !field.required { "?" } else { "" };
        format!("{}: {}{optional}", field.path, field.ty)
    };
    ty.fields.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn step_name(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::Filter(_) => "filter",
        StepKind::Project(_, None) => "project",
        StepKind::Project(_, Some(_)) | StepKind::Retype(_) => "emit as",
        StepKind::Map(_) => "map",
        StepKind::FlatMap(_) => "flat_map",
        StepKind::Partition(_) => "partition",
        StepKind::Distinct(..) => "distinct",
        StepKind::Limit(..) => "limit",
        StepKind::OrderBy(..) => "order_by",
        StepKind::Window(..) => "window",
        StepKind::Aggregate(_) => "aggregate",
        StepKind::RowFunctions(..) => "row functions",
        StepKind::Rising(_) => "rising",
        StepKind::Throttle(..) => "throttle",
        StepKind::Join(_) => "join",
        StepKind::Pattern(_) => "pattern",
        StepKind::Attention(_) => "attention",
        StepKind::Timer(_) => "timer",
        StepKind::Enrich(_) => "enrich",
        StepKind::Collect => "collect",
        StepKind::Validate(_) => "validate",
        StepKind::Process(_) => "process",
        StepKind::Side(SideChannel::Print(_)) => "print",
        StepKind::Side(SideChannel::Log { .. }) => "log",
        StepKind::Side(SideChannel::Metrics { .. }) => "count",
        StepKind::Side(SideChannel::Trace { .. }) => "trace",
    }
}
