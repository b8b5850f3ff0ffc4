//! Sequence patterns: the plainest possible matcher, written from the definitions of LANGUAGE.md
//! (sections 8 and 15), and the tests that hold the real one against it.

mod combinations;
mod generate;
mod logs;
mod long;
mod making;
mod many;
mod memory;
mod pattern;
mod properties;
mod reference;
mod report;
mod run;
mod text;
mod traces;
mod trends;
mod walk;
