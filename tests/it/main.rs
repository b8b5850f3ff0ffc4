//! All integration tests, one binary.

mod diag;
mod inputs;
mod layering;
mod resolve;
mod syntax;
mod syntax_errors;
mod syntax_properties;
mod syntax_trees;
