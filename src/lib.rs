//! Varpulis replays event logs through detection queries.
//!
//! ```text
//! query.vpl --syntax--> AST --resolve--> IR --optimize--> IR --plan--> DAG of fused stages
//!                                                                         |
//! logs --read--> event batches --[ filter project route ... ]--> write --> rows
//!                                 `------ replay: rayon ------'
//! ```
//!
//! A module imports only from the modules above it in this table; `tests/it/layering.rs` holds that.
//!
//! | module | station |
//! |---|---|
//! | [`diag`] | what we say to people: spans, codes, diagnostics, rendering, "did you mean" |
//! | [`data`] | what flows: types, values, columns, fields, the total order |
//! | [`syntax`] | text -> AST: tokens, layout, grammar, parse errors |
//! | [`ir`] | the query without surface syntax: expressions, streams, the catalogue of builtins |
//! | [`eval`] | IR expressions -> vectorised kernels over columns |
//! | [`aggregate`] | accumulators of the aggregate functions, exact sums, sketches |
//! | [`ordered`] | operators to which the order of rows matters: windows, joins, distinct, ... |
//! | [`matcher`] | sequence patterns: automaton, runs, absence, strategies |
//! | [`attend`] | events as vectors: embeddings, scores, weights, nearest events |
//! | [`resolve`] | AST -> IR: names, types, schemas, every refusal |
//! | [`read`] | open, map, cut into morsels, decode; bad records |
//! | [`write`] | rows -> bytes; ordered merge; atomic files |
//! | [`optimize`] | IR -> IR: the ordered list of rewrites |
//! | [`plan`] | IR -> DAG of fused stages; what the reader decodes; `explain` |
//! | [`replay`] | the run: rounds of morsels, ordered state, statistics |
//! | [`cli`] | one file per command; progress (the only clock) |
//!
//! Invariants: the same program over the same input gives the same bytes for any number of threads;
//! nothing a hash order, a clock or an address could change may reach the output.

pub mod aggregate;
pub mod attend;
pub mod cli;
pub mod data;
pub mod diag;
pub mod eval;
pub mod ir;
pub mod matcher;
pub mod optimize;
pub mod ordered;
pub mod plan;
pub mod read;
pub mod replay;
pub mod resolve;
pub mod syntax;
pub mod write;
