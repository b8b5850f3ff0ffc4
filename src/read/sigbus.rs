//! What happens when a mapped file shrinks: the system raises SIGBUS in whoever touches what is gone.
//!
//! One handler for the process. A fault inside a guarded mapping puts zero pages in place of the rest
//! of the mapping, marks it, and lets the instruction run again; the reader finds the mark and ends
//! the run with an error. Any other fault goes to the handler that was there before (the Rust
//! runtime's), or ends the process as it would have without us.
//!
//! The handler touches atomics and makes one system call (`mmap`), nothing that could lock, allocate
//! or unwind. The table never moves; a slot's addresses are those of a live mapping, because a
//! [`Guard`] is dropped before its mapping and a thread that faults holds a view of it.
#![allow(unsafe_code, reason = "a signal handler")]

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use libc::{c_int, c_void, sigaction, siginfo_t};

/// How many mappings can be guarded at once; further files are read instead.
const SLOTS: usize = 256;

/// `start` of a slot that is being filled.
const TAKEN: usize = 1;

struct Slot {
    /// 0: free.
    start: AtomicUsize,
    end: AtomicUsize,
    hit: AtomicBool,
}

static TABLE: [Slot; SLOTS] = [const {
    Slot {
        start: AtomicUsize::new(0),
        end: AtomicUsize::new(0),
        hit: AtomicBool::new(false),
    }
}; SLOTS];

static PAGE: AtomicUsize = AtomicUsize::new(4096);

/// The handler that was there before; set before ours is reachable through [`TABLE`].
static BEFORE: OnceLock<Option<sigaction>> = OnceLock::new();

/// A mapping that may shrink without harm.
#[derive(Debug)]
pub(super) struct Guard {
    slot: usize,
}

impl Guard {
    /// Guards the addresses `start..start + len`, which must be those of a mapping that outlives the guard.
    ///
    /// # Errors
    /// When too many mappings are guarded, or the handler cannot be installed.
    pub(super) fn new(start: usize, len: usize) -> io::Result<Self> {
        if BEFORE.get_or_init(install).is_none() {
            return Err(io::Error::other("no handler for SIGBUS"));
        }
        for (slot, entry) in TABLE.iter().enumerate() {
            let claim = entry
                .start
                .compare_exchange(0, TAKEN, Ordering::AcqRel, Ordering::Relaxed);
            if claim.is_ok() {
                entry.hit.store(false, Ordering::Relaxed);
                entry.end.store(start + len, Ordering::Relaxed);
                entry.start.store(start, Ordering::Release);
                return Ok(Self { slot });
            }
        }
        Err(io::Error::other("too many mappings"))
    }

    /// Whether the mapping has been touched where its file has no bytes any more.
    pub(super) fn hit(&self) -> bool {
        TABLE[self.slot].hit.load(Ordering::Acquire)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        TABLE[self.slot].start.store(0, Ordering::Release);
    }
}

/// Installs the handler; the one before it, if that worked.
fn install() -> Option<sigaction> {
    // SAFETY: plain calls of the C library with structs of its own; `on_sigbus` keeps to what a
    // handler may do.
    unsafe {
        if let Ok(page) = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)) {
            PAGE.store(page, Ordering::Relaxed);
        }
        let mut before: sigaction = std::mem::zeroed();
        let mut ours: sigaction = std::mem::zeroed();
        ours.sa_sigaction = on_sigbus as *const () as usize;
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut ours.sa_mask);
        (libc::sigaction(libc::SIGBUS, &raw const ours, &raw mut before) == 0).then_some(before)
    }
}

/// The handler.
extern "C" fn on_sigbus(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the system passes a valid `siginfo_t` to handlers installed with SA_SIGINFO.
    let at = unsafe { (*info).si_addr() } as usize;
    for slot in &TABLE {
        let start = slot.start.load(Ordering::Acquire);
        let end = slot.end.load(Ordering::Relaxed);
        if start > TAKEN && (start..end).contains(&at) && fill_with_zeros(at, end) {
            slot.hit.store(true, Ordering::Release);
            return;
        }
    }
    pass_on(signal, info, context);
}

/// Puts zero pages in place of those from `at` to `end`.
fn fill_with_zeros(at: usize, end: usize) -> bool {
    let start = at & !(PAGE.load(Ordering::Relaxed) - 1);
    // SAFETY: the range is within a live mapping of ours (see the module's head); nobody but readers
    // of plain bytes looks at it.
    let mapped = unsafe {
        libc::mmap(
            start as *mut c_void,
            end - start,
            libc::PROT_READ,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
            -1,
            0,
        )
    };
    mapped != libc::MAP_FAILED
}

/// Does what would have been done without us.
fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let before = BEFORE.get().copied().flatten();
    // SAFETY: `before` is what the system gave us for this signal, so its handler, if it has one, has
    // the signature that its flags say. With the default in place the fault comes again and ends
    // the process.
    unsafe {
        match before {
            Some(before) if before.sa_sigaction != libc::SIG_DFL && before.sa_sigaction != libc::SIG_IGN => {
                if before.sa_flags & libc::SA_SIGINFO != 0 {
                    let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                        std::mem::transmute(before.sa_sigaction);
                    handler(signal, info, context);
                } else {
                    let handler: extern "C" fn(c_int) = std::mem::transmute(before.sa_sigaction);
                    handler(signal);
                }
            }
            _ => {
                libc::signal(signal, libc::SIG_DFL);
            }
        }
    }
}
