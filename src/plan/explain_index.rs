//! The indexes over filters, for people to look at.

use std::fmt::Write;

use serde_json::json;

use super::{Indexes, Next, Plan};
use crate::data::Pseudo;
use crate::eval::Program;
use crate::matcher::hypertree::{FieldShown, Hypertree, Shown};

/// An index, and whose readers it is over.
pub(super) struct IndexShown {
    over: String,
    shown: Shown,
    /// The filters that are not in it: the first stream of each, and why.
    others: Vec<(String, &'static str)>,
}

/// The indexes of a plan.
pub(super) fn indexes(plan: &Plan) -> Vec<IndexShown> {
    let program = Program::new(&plan.query.exprs, &plan.roots(), 0);
    let indexes = Indexes::of(plan, &program);
    let mut found = Vec::new();
    let mut add = |over: String, next: &[Next], index: &Option<Hypertree>| {
        let Some(index) = index else { return };
        let shown = index.shown(&program);
        let others = shown.others.iter();
        let others = others.map(|&(reader, reason)| (stream_of(plan, next[reader]), reason));
        found.push(IndexShown {
            over,
            others: others.collect(),
            shown,
        });
    };
    let types = plan.decode.types.iter().map(|ty| ty.event.as_str());
    for ((name, next), index) in types
        .clone()
        .chain(["all other types"])
        .zip(&plan.scans)
        .zip(&indexes.scans)
    {
        add(name.to_owned(), next, index);
    }
    for ((name, next), index) in types.zip(&plan.fed).zip(&indexes.fed) {
        add(format!("rows emitted as {name}"), next, index);
    }
    for (at, (stage, index)) in plan.stages.iter().zip(&indexes.stages).enumerate() {
        let last = stage.steps.last().and_then(|step| step.owners.first());
        let name = last.map_or("", |owner| &plan.query.streams[owner.stream.0 as usize].name);
        add(format!("the rows of {name} (stage {at})"), &stage.next, index);
    }
    found
}

fn stream_of(plan: &Plan, next: Next) -> String {
    match next {
        Next::Stage(stage, _) => {
            let owner = plan.stage(stage).steps[0].owners[0].stream;
            plan.query.streams[owner.0 as usize].name.clone()
        }
        Next::Sink(_) | Next::Event(_) => String::new(),
    }
}

impl IndexShown {
    /// As lines.
    pub(super) fn write(&self, plan: &Plan, out: &mut String) {
        let all = self.shown.rules + self.others.len();
        let _ = writeln!(out, "index over {} of {all} filters of {}", self.shown.rules, self.over);
        for field in &self.shown.fields {
            let ways = field.ways.iter().map(|(way, rules)| format!("{way} ({rules})"));
            let ways: Vec<String> = ways.collect();
            let _ = writeln!(out, "  {}: {}", name(plan, field), ways.join(", "));
        }
        for (stream, reason) in &self.others {
            let _ = writeln!(out, "  in every row: {stream} ({reason})");
        }
    }

    /// As JSON.
    pub(super) fn json(&self, plan: &Plan) -> serde_json::Value {
        let fields = self.shown.fields.iter().map(|field| {
            let ways = field.ways.iter();
            let ways: serde_json::Map<_, _> = ways.map(|(way, rules)| ((*way).to_owned(), json!(rules))).collect();
            json!({"field": name(plan, field), "ways": ways})
        });
        let others = self.others.iter();
        let others = others.map(|(stream, reason)| json!({"stream": stream, "reason": reason}));
        json!({
            "over": self.over, "filters": self.shown.rules, "fields": fields.collect::<Vec<_>>(),
            "in_every_row": others.collect::<Vec<_>>(),
        })
    }
}

fn name(plan: &Plan, field: &FieldShown) -> String {
    let name = match field.field {
        Ok(id) => plan.query.fields.path(id).to_string(),
        Err(Pseudo::Time) => "_time".to_owned(),
        Err(Pseudo::Type) => "_type".to_owned(),
        Err(Pseudo::Seq) => "_seq".to_owned(),
        Err(Pseudo::Source) => "_source".to_owned(),
        Err(Pseudo::Input | Pseudo::Index) => String::new(),
    };
    field.fold.map_or(name.clone(), |fold| format!("{fold}({name})"))
}
