//! Accumulators of the aggregate functions: for many groups at once, and for windows that slide row
//! by row.
