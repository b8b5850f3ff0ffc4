//! All integration tests, one binary.

mod cases;
mod diag;
mod inputs;
mod layering;
mod manual;
mod resolve;
mod syntax;
