//! One integration binary: whatever can be tested at the door of the user, a file for each kind of test.

mod cases;
mod manual;
