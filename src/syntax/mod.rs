//! Text -> AST.

pub mod ast;
