//! All integration tests, one binary.

mod cases;
mod inputs;
mod layering;
mod manual;
