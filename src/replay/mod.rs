//! The run: rounds of morsels, ordered state, what is written, statistics.
//!
//! A round is a fixed number of morsels. Its stateless work runs on all threads; then, morsel by
//! morsel in order of the input, the ordered operators, the checks that may stop the run, and the
//! writing. While one round is written the next is decoded. Everything that reaches the output is a
//! function of the inputs, the program and the options; the number of threads is not among them.

mod execute;
mod morsel;
mod ordered;
mod outcome;
mod outputs;
mod report;
mod rounds;
mod rows;
mod side;
mod stop;
mod times;
mod validate;

use std::path::PathBuf;

pub use report::{BadExample, BadReport, ErrorReport, InputReport, MetricReport, Report, StreamReport};
pub use rounds::run;
pub use stop::Stopped;

/// How a run is done.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The main output; `-` is stdout.
    pub output: PathBuf,
    /// `--seed`
    pub seed: u64,
    /// Stop at the first bad record (`--on-error fail`, `--strict`).
    pub fail_on_bad: bool,
    /// Stop at the first evaluation error too (`--strict`).
    pub strict: bool,
    /// Stop at the bad record after this many.
    pub max_errors: Option<u64>,
    /// Where bad records are kept.
    pub dead_letter: Option<PathBuf>,
}

/// Who watches a run.
pub trait Observer: Sync {
    /// How far it has come: bytes consumed of all inputs, records, rows written.
    fn progress(&self, bytes: u64, records: u64, rows: u64);

    /// A line of a side channel.
    fn say(&self, line: &str);

    /// Whether to stop after this round.
    fn interrupted(&self) -> bool;
}

/// Why a run ended early with nothing more to say than this.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// An input cannot be read.
    #[error(transparent)]
    Read(#[from] crate::read::ReadError),
    /// An output cannot be written.
    #[error(transparent)]
    Write(#[from] crate::write::OutputError),
    /// The program needs event-time order, and the input is not in it.
    #[error("{0}")]
    Disorder(String),
}
