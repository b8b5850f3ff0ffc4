//! The seam to the libraries that read columns. They check what they read, but not all of it: on
//! some broken files they panic. A panic there is an error of the file, and nothing of it is shown.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether this thread is reading a file whose panics are caught.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `read`; what goes wrong in it, in words.
///
/// # Errors
/// Those of `read`, and its panics.
pub(super) fn guarded<T, E: std::fmt::Display>(read: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                before(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    // Nothing that a panic could leave half done outlives the closure: readers are made anew.
    let result = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(outer);
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(in_words(&error.to_string())),
        Err(_) => Err("its data is damaged".to_owned()),
    }
}

/// A library's message, as a part of a sentence of ours.
fn in_words(message: &str) -> String {
    let text = message.trim().trim_end_matches('.');
    let text = text.split('\n').next().unwrap_or_default();
    format!("its data is damaged ({text})")
}
