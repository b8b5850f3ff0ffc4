//! Rows -> bytes, and the files and pipes they go to: JSON lines as text ([`Output`]), CSV, Parquet
//! and Arrow IPC as columns ([`TableFile`]).

mod array;
mod build;
mod csv;
mod encoding;
mod group;
mod json;
mod output;
mod own;
mod packed;
mod reread;
mod shape;
mod sink;
mod table;
mod typed;
mod waiting;
mod writer;

pub use encoding::{Destination, Encoding, StreamColumns, check_one_schema};
pub use json::{FieldKeys, FieldRows, field_row, record_row, value_row};
pub use output::{Output, OutputError};
pub use table::{RowBatch, RowColumns, TableFile};
