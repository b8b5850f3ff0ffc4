//! AST -> IR: names, types, schemas, the stream graph, every refusal.

use crate::data::Value;
use crate::diag::{Diagnostic, FileId, SourceMap};
use crate::ir::Query;

/// What comes from outside the program.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--param name=value`, as written.
    pub params: Vec<(String, String)>,
    /// `--lenient`: keys and operators that make no sense in a replay are warnings.
    pub lenient: bool,
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
pub fn compile(_sources: &mut SourceMap, _main: FileId, _options: &Options) -> Resolved {
    Resolved {
        query: None,
        diagnostics: Vec::new(),
        config: Vec::new(),
    }
}
