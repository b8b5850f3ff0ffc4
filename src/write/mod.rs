//! Rows -> bytes: JSON lines, and the files and pipes they go to.

mod json;
mod output;
mod own;

pub use json::{FieldKeys, field_row, record_row, value_row};
pub use output::{Output, OutputError};
