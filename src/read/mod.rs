//! Logs -> event batches: open, map, cut into morsels, decode; bad records.

mod plan;

pub use plan::{DecodePlan, FieldPlan, TimeUnit, TypePlan};
