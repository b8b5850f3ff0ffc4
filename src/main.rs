//! The `varpulis` command.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Buffers live shortly and are filled from their beginning: zeroing two megabytes for each costs
    // more than it saves. Where it cannot be said, nothing is lost.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_thp_disable(true);
    varpulis::cli::main()
}
