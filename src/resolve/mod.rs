//! AST -> IR: names, types, schemas, the stream graph, every refusal.
//!
//! The way: [`imports`] parses all texts, [`declare`] collects what they declare, [`events`] and
//! [`constants`] give these meaning, [`graph`] finds the order of the streams, [`streams`] lowers
//! them one by one, [`reads`] tells joins and patterns what is asked of them, [`warnings`] looks back at what was never used.
//!
//! Invariant: an error is said once. What depends on something erroneous has type *any* and is not
//! complained about again.

mod attention;
mod config;
mod connectors;
mod constants;
mod context;
mod declare;
mod events;
mod expr;
mod flow;
mod functions;
mod graph;
mod imports;
mod join;
mod ops;
mod params;
mod pattern;
mod reads;
mod row;
mod slips;
mod sources;
mod streams;
mod types;
mod walk;
mod warnings;

use crate::data::Value;
use crate::diag::{Diagnostic, FileId, Severity, SourceMap};
use crate::ir::Query;
use context::Cx;

/// What comes from outside the program.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--param name=value`, as written.
    pub params: Vec<(String, String)>,
    /// `--lenient`: keys and operators that make no sense in a replay are warnings.
    pub lenient: bool,
    /// Functions are always called, never put in the place of their calls; never changes results.
    pub never_inline: bool,
}

/// A program's meaning, and what is to be said about it.
#[derive(Debug)]
pub struct Resolved {
    /// None when there are errors.
    pub query: Option<Query>,
    /// Errors, warnings and notes, in order of place.
    pub diagnostics: Vec<Diagnostic>,
    /// `config:` entries that the command line may override: dotted key and constant value.
    pub config: Vec<(String, Value)>,
}

/// Parses the program (a text already in `sources`), reads what it imports, and resolves it.
pub fn compile(sources: &mut SourceMap, main: FileId, options: &Options) -> Resolved {
    let mut early = Vec::new();
    let modules = imports::load(sources, main, &mut early);
    let given = params::given(sources, options);
    let mut cx = Cx::new(sources, &modules, options, early);
    declare::collect(&mut cx);
    functions::analyse(&mut cx);
    events::resolve(&mut cx);
    constants::resolve(&mut cx, given);
    functions::globals(&mut cx);
    functions::lower(&mut cx);
    let config = config::resolve(&mut cx);
    cx.allowed_lateness = config.iter().any(|(key, _)| key == "watermark.allowed_lateness");
    streams::resolve(&mut cx);
    warnings::look_back(&mut cx);
    finish(cx, config)
}

fn finish(cx: Cx<'_>, config: Vec<(String, Value)>) -> Resolved {
    let mut diagnostics = cx.diagnostics;
    let place = |d: &Diagnostic| (d.primary.span.file, d.primary.span.start, d.primary.span.end);
    diagnostics.sort_by_key(place);
    diagnostics.dedup();
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    Resolved {
        query: (!failed).then_some(cx.query),
        diagnostics,
        config,
    }
}
