//! What decoding needs and keeps between calls, one for each thread.

use std::cell::RefCell;
use std::sync::Arc;

use super::compiled::Compiled;
use super::index::Index;
use super::walk::{Memory, Span};
use crate::read::DecodePlan;

/// Buffers, and what was learned about the layout of lines. Nothing here changes a result.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) index: Index,
    pub(super) memory: Memory,
    pub(super) spans: Vec<Span>,
    /// About how many rows of one type a morsel has.
    pub(super) rows: usize,
    /// About how many records it has.
    pub(super) records: usize,
    of: Option<Arc<Compiled>>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
    static COMPILED: RefCell<Option<Arc<Compiled>>> = const { RefCell::new(None) };
}

/// Lends this thread's scratch, made ready for a program.
pub(super) fn with<T>(compiled: &Arc<Compiled>, work: impl FnOnce(&mut Scratch) -> T) -> T {
    SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => {
            scratch.ready(compiled);
            work(&mut scratch)
        }
        Err(_) => {
            let mut fresh = Scratch::default();
            fresh.ready(compiled);
            work(&mut fresh)
        }
    })
}

impl Scratch {
    fn ready(&mut self, compiled: &Arc<Compiled>) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, compiled)) {
            return;
        }
        self.memory.prepare(compiled.tries());
        self.of = Some(Arc::clone(compiled));
    }
}

/// The plan, prepared; remembered by each thread, for it is the same morsel after morsel.
pub(super) fn compiled(plan: &Arc<DecodePlan>) -> Arc<Compiled> {
    COMPILED.with_borrow_mut(|last| match last {
        Some(compiled) if Arc::ptr_eq(&compiled.plan, plan) => Arc::clone(compiled),
        _ => {
            let fresh = Arc::new(Compiled::new(plan));
            *last = Some(Arc::clone(&fresh));
            fresh
        }
    })
}

/// Lets this thread's scratch learn anew, after a test has used it with other tries.
#[cfg(test)]
pub(super) fn forget() {
    SCRATCH.with_borrow_mut(|scratch| scratch.of = None);
}
