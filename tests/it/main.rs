//! All integration tests, one binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod aggregate_sums;
mod aggregate_twin;
mod cases;
mod csv;
mod diag;
mod diag_robust;
mod endings;
mod eval_builtins;
mod eval_kernels;
mod eval_selection;
mod eval_support;
mod eval_twin;
mod formats;
mod formats_support;
mod inputs;
mod joins;
mod json;
mod json_properties;
mod json_suite;
mod layering;
mod man_pages;
mod manual;
mod resolve;
mod resolve_joins;
mod resolve_support;
mod resolve_windows;
mod sinks;
mod sinks_places;
mod sinks_properties;
mod sinks_support;
mod syntax;
mod syntax_errors;
mod syntax_properties;
mod syntax_trees;
