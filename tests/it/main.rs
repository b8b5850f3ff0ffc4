//! All integration tests, one binary.

mod cases;
mod diag;
mod eval_builtins;
mod eval_support;
mod inputs;
mod json;
mod layering;
mod manual;
mod resolve;
mod syntax;
mod syntax_errors;
mod syntax_properties;
mod syntax_trees;
