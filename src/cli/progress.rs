//! What people see while a run goes on. The only file that reads a clock.
#![allow(clippy::disallowed_methods, reason = "progress and rates are what clocks are for")]

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::args::{RunArguments, When};
use crate::replay::Observer;

/// Shows progress, prints side lines, and knows of signals.
pub(super) struct Watch {
    bar: ProgressBar,
    started: Instant,
    signal: Arc<AtomicUsize>,
}

impl Watch {
    /// Begins to watch a run that will read `total` bytes, if known.
    pub(super) fn new(arguments: &RunArguments, total: Option<u64>) -> Self {
        let signal = Arc::new(AtomicUsize::new(0));
        for number in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            // A second signal of the kind ends the process at once.
            let seen = Arc::new(std::sync::atomic::AtomicBool::new(false));
            let _ = signal_hook::flag::register_conditional_shutdown(number, 128 + number, seen.clone());
            let _ = signal_hook::flag::register(number, seen);
            let _ = signal_hook::flag::register_usize(number, signal.clone(), number as usize);
        }
        let bar = if shown(arguments) {
            bar(total)
        } else {
            ProgressBar::hidden()
        };
        Self {
            bar,
            started: Instant::now(),
            signal,
        }
    }

    /// Ends the bar; gives the time since the beginning.
    pub(super) fn end(&self) -> Duration {
        self.bar.finish_and_clear();
        self.started.elapsed()
    }

    /// The signal that came, if one did.
    pub(super) fn signal(&self) -> Option<i32> {
        match self.signal.load(Ordering::Relaxed) {
            0 => None,
            number => i32::try_from(number).ok(),
        }
    }
}

impl Observer for Watch {
    fn progress(&self, bytes: u64, records: u64, rows: u64) {
        let rate = records as f64 / self.started.elapsed().as_secs_f64().max(1e-9);
        self.bar.set_position(bytes);
        self.bar.set_message(format!(
            "{} events/s, {rows} rows",
            super::summary::thousands(rate as u64)
        ));
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    fn interrupted(&self) -> bool {
        self.signal().is_some()
    }
}

fn shown(arguments: &RunArguments) -> bool {
    let to_terminal = arguments.output == Path::new("-") && std::io::stdout().is_terminal();
    match arguments.progress {
        When::Always => true,
        When::Never => false,
        When::Auto => !arguments.quiet && std::io::stderr().is_terminal() && !to_terminal,
    }
}

fn bar(total: Option<u64>) -> ProgressBar {
    let target = ProgressDrawTarget::stderr();
    let bar = match total {
        Some(total) => ProgressBar::with_draw_target(Some(total), target),
        None => ProgressBar::with_draw_target(None, target),
    };
    let template = match total {
        Some(_) => "{bar:30} {percent:>3}% {bytes}/{total_bytes} {rate}, {msg}, {eta} left",
        None => "{spinner} {bytes} {rate}, {msg}",
    };
    let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let _ = write!(out, "{}/s", indicatif::HumanBytes(state.per_sec() as u64));
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("rate", rate));
    }
    bar
}
