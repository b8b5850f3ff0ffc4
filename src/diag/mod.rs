//! What we say to people about programs: spans, codes, diagnostics, rendering, "did you mean".
//!
//! Diagnostics are data ([`Diagnostic`]); text is made from them in `render` only.

pub mod codes;
mod model;
mod render;
mod source;
mod suggest;

pub use codes::Code;
pub use model::{Diagnostic, Fix, Label, Severity};
pub use render::{MessageFormat, render};
pub use source::{FileId, SourceMap, Span};
pub use suggest::nearest;
