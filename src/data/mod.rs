//! What flows: values, types, columns, fields, and where a row comes from.

mod column;
mod field;
pub mod format;
mod place;
mod rows;
pub mod time;
mod types;
pub mod value;

pub use column::Column;
pub use field::{FieldId, FieldTable, Path, PathSeg};
pub use place::{Place, Rank};
pub use rows::{BadCause, BadRecord, EventRows, Position, Pseudo, Rows};
pub use types::Type;
pub use value::{Key, MapValue, TextKey, Value};
