//! Functions and variables of the run, for people to look at.

use serde_json::json;

use super::{Plan, StageId, StepKind};
use crate::diag::SourceMap;
use crate::ir::{Expr, FunctionId};

/// How often each function is called from the streams that run, by its number.
fn calls(plan: &Plan) -> Vec<u64> {
    let mut calls = vec![0; plan.query.code.functions.len()];
    let exprs = &plan.query.exprs;
    for root in plan.roots() {
        exprs.walk(root, &mut |id| {
            if let Expr::Invoke(FunctionId(function), _) = exprs.get(id) {
                calls[*function as usize] += 1;
            }
        });
    }
    for at in 0..plan.query.code.exprs.len() as u32 {
        if let Expr::Invoke(FunctionId(function), _) = plan.query.code.exprs.get(crate::ir::ExprId(at)) {
            calls[*function as usize] += 1;
        }
    }
    calls
}

/// A line for each function and each variable.
pub(super) fn lines(plan: &Plan, sources: &SourceMap) -> Vec<String> {
    let code = &plan.query.code;
    let mut lines = Vec::new();
    for (name, times) in &code.inlined {
        lines.push(format!("function {name}: inlined {}", times_of(*times)));
    }
    for (function, calls) in code.functions.iter().zip(calls(plan)) {
        if calls == 0 {
            continue;
        }
        let (line, column) = sources.line_col(function.span.file, function.span.start as usize);
        let touches = function
            .globals
            .iter()
            .map(|at| code.globals[at.0 as usize].name.as_str());
        let touches: Vec<&str> = touches.collect();
        let touches = if touches.is_empty() {
            String::new()
        } else {
            format!(", touches {}", touches.join(", "))
        };
        let what = if function.declared { "function" } else { "block of" };
        lines.push(format!(
            "{what} {} at {line}:{column}: called {}{touches}",
            function.name,
            times_of(calls)
        ));
    }
    for (at, global) in code.globals.iter().enumerate() {
        let id = crate::ir::GlobalId(at as u32);
        let stages = plan.stages.iter().enumerate().filter(
            |(_, stage)| matches!(&stage.steps[0].kind, StepKind::Process(process) if process.globals.contains(&id)),
        );
        let stages: Vec<String> = stages
            .map(|(at, _)| format!("stage {}", StageId(at as u32).0))
            .collect();
        if !stages.is_empty() {
            lines.push(format!(
                "variable {}: {} advance together",
                global.name,
                stages.join(", ")
            ));
        }
    }
    lines
}

/// The same as JSON.
pub(super) fn json(plan: &Plan) -> serde_json::Value {
    let code = &plan.query.code;
    let inlined = code.inlined.iter();
    let inlined = inlined.map(|(name, times)| json!({"name": name, "inlined": times}));
    let called = code.functions.iter().zip(calls(plan)).filter(|(_, calls)| *calls > 0);
    let called = called.map(|(function, calls)| json!({"name": function.name, "calls": calls}));
    inlined.chain(called).collect()
}

fn times_of(n: u64) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}
