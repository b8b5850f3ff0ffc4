//! All integration tests, one binary.

mod diag;
mod inputs;
mod json;
mod layering;
mod resolve;
mod syntax;
