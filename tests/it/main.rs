//! Everything seen from the user's door.

mod syntax;
mod syntax_errors;
