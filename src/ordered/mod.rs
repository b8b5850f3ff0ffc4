//! Operators to which the order of rows matters: windows, joins, distinct, alert shaping.
//!
//! Each takes rows in the one total order ([`Place`](crate::data::Place)) and is told how far time
//! has come; what comes out depends on nothing else, so rows may be handed over in any pieces. State
//! is kept apart by key, and keys can be spread over shards that run side by side: what they make is
//! put in order again by place.
//!
//! Cost: memory follows what is open (windows, sessions, rows that may still join), never the input.

mod aggregate;
mod anchored;
mod asof;
mod batch;
mod counts;
mod grid;
mod groups;
mod join;
mod join_index;
mod join_made;
mod join_rows;
mod keys;
mod passing;
mod rows;
mod sessions;
mod slots;
mod trailing;
mod whole;

pub use aggregate::{Aggregation, specs};
pub use batch::{Batch, Ending, Made, Places};
pub use join::Joining;
pub use join_made::Judge;
pub use join_rows::can_equal;
pub use keys::{KeyTable, Keys};
pub use passing::{Distinct, Limit, Rising, Throttle, compare, sorted};
pub use rows::RowFunctions;
