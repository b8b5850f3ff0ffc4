//! All integration tests, in one binary: one file for each kind.

mod csv;
mod inputs;
mod json;
