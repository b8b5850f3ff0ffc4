//! Tables of columns (Parquet, Arrow IPC) -> event batches.
//!
//! ```text
//! file --rows of a row group, of a batch--> slice --types, times, checks--> rows by type
//!                                             |                                  |
//!           columns, each read when it is first needed <-------------------------'
//! ```
//!
//! Records are rows, and their rules are those of JSON lines: the type by the input's binding or the
//! first of the type fields that is not null, the time by the first of the time fields, declared fields
//! checked, paths through structs, and the columns of a struct `data` where a record has an
//! `event_type`. A null is a missing value. A row's position is its number in the file, and so is its
//! line.
//!
//! Invariant: what is read of a row depends on the row and the plan, not on how the file is cut into
//! slices. Cost: a column that nobody asks for is not read; one that is, is read once a slice, and
//! turned into the columns of the program for the rows that are asked for.

mod binding;
mod bounds;
mod cells;
mod convert;
mod decode;
mod epoch;
mod guard;
mod ipc_batch;
mod ipc_blocks;
mod ipc_file;
mod ipc_stream;
mod parquet_file;
mod parquet_store;
mod pruned;
mod rows;
mod slice;
mod table;
mod times;
mod whole;

pub(super) use decode::decode;
pub(super) use ipc_file::IpcFile;
pub(super) use ipc_stream::IpcStream;
pub(super) use parquet_file::ParquetFile;
pub(super) use table::TableMorsel;
