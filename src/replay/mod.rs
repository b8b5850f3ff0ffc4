//! The run: rounds of morsels, ordered state, what is written, statistics.
//!
//! A round is a fixed number of morsels. Its stateless work runs on all threads; then, morsel by
//! morsel in order of the input, the ordered operators, the checks that may stop the run, and the
//! writing. While one round is written the next is decoded. Everything that reaches the output is a
//! function of the inputs, the program and the options; the number of threads is not among them.

mod clock;
mod collect;
mod enrich;
mod execute;
mod feed;
mod flow;
mod gathered;
mod hold;
mod morsel;
mod ordered;
mod outcome;
mod outputs;
mod report;
mod rounds;
mod rows;
mod segments;
mod side;
mod sinks;
mod stop;
mod supply;
mod times;
mod validate;
mod waiting;

use std::path::PathBuf;

pub use report::{BadExample, BadReport, ErrorReport, InputReport, MetricReport, Report, StreamReport};
pub use rounds::run;
pub use stop::Stopped;

/// In which order records are replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they lie, one input after another.
    #[default]
    Input,
    /// By their times.
    Time,
    /// As they lie, which is taken to be the order of their times.
    Assumed,
    /// As they came, behind by this many nanoseconds.
    Arrival {
        /// How far the clock is behind the largest time.
        slack: i64,
    },
}

/// What becomes of that which is open at the end of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtEnd {
    /// Windows close; what is not known yet is not reported.
    #[default]
    Auto,
    /// Time goes on to its end.
    Flush,
    /// Nothing closes.
    Hold,
}

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
    /// In which order records are replayed.
    pub order: Order,
    /// How late a record may be and still count; nanoseconds.
    pub allowed_lateness: i64,
    /// What becomes of that which is open at the end.
    pub at_end: AtEnd,
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
