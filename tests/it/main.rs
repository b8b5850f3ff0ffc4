//! All integration tests, one binary.

mod inputs;
mod layering;
