//! The run: rounds of morsels, ordered state, what is written, statistics.
//!
//! A round is a fixed number of morsels. Its stateless work runs on all threads; then, morsel by
//! morsel in order of the input, the ordered operators, the checks that may stop the run, and the
//! writing. While one round is written the next is decoded. Everything that reaches the output is a
//! function of the inputs, the program and the options; the number of threads is not among them.

mod attended;
mod clock;
mod collect;
mod enrich;
mod execute;
mod failed;
mod feed;
mod flow;
mod gathered;
mod hold;
mod joined;
mod late;
mod limit;
mod matched;
mod merge;
mod morsel;
mod ordered;
mod outcome;
mod outputs;
mod portions;
mod process;
mod report;
mod rounds;
mod rows;
mod schedule;
mod segments;
mod side;
mod sinks;
mod stop;
mod supply;
#[cfg(test)]
mod supply_tests;
mod tables;
mod times;
mod traced;
mod validate;
mod waiting;

use std::path::PathBuf;

pub use attended::vectors;
pub use report::{
    AttentionReport, BadExample, BadReport, ErrorReport, IndexReport, InputOrder, InputReport, LateReport,
    MetricReport, OrderReport, PatternReport, Replayed, Report, StreamReport, TableReport,
};
pub use rounds::run;
pub use stop::Stopped;
pub use traced::{OperatorTrace, StreamTrace};

/// How a run is done.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The main output; `-` is stdout.
    pub output: PathBuf,
    /// How rows are written there, where its name does not say.
    pub output_format: Option<crate::write::Encoding>,
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
    /// What the end of the input does to what is open.
    pub at_end: AtEnd,
    /// Where records are kept that are left out because they are late, in order of arrival.
    pub late: Option<PathBuf>,
    /// The program says how late records may be, somewhere.
    pub watermark: bool,
    /// What the program's `config:` allows records to be late, in order of arrival. Nanoseconds.
    pub allowed_lateness: i64,
    /// About how much memory records may take that wait for their turn, in bytes; inputs that need
    /// more are sorted on disk. Where it is given, also how much all that patterns wait for may take: a
    /// run that needs more is an error.
    pub memory_limit: Option<u64>,
    /// The streams that are watched; their patterns are [widened](crate::matcher::trace::widen).
    pub traces: Vec<crate::matcher::trace::Question>,
    /// No rows are written, and nothing is said on the side.
    pub dry: bool,
    /// How many steps functions may take in one row (`--max-steps`); none: [`crate::eval::MAX_STEPS`].
    pub max_steps: Option<u64>,
    /// The program's text, for the places that handlers of errors are told.
    pub sources: Option<std::sync::Arc<crate::diag::SourceMap>>,
}

/// In which order records are replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they lie, one input after another.
    #[default]
    Input,
    /// By time.
    Time,
    /// By time, and each input is known to be in order; if it is not, that is an error.
    Assumed,
    /// As a live system would have seen them.
    Arrival {
        /// How far the clock is behind the largest time: the largest of what the program says, for all
        /// its streams. Nanoseconds.
        slack: i64,
    },
}

/// What the end of the input does to what is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtEnd {
    /// Windows close; what is waited for stays undecided.
    #[default]
    Auto,
    /// The clock goes to the end of time.
    Flush,
    /// Nothing closes.
    Hold,
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

fn mebibytes(bytes: u64) -> String {
    format!("{:.2} MiB", bytes as f64 / f64::from(1 << 20))
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
    /// The program needs event times, or their order, and the input does not have it.
    #[error("{0}")]
    Disorder(String),
    /// Patterns and attention windows remember more than is allowed.
    #[error(
        "what patterns and attention windows remember takes {} of memory, more than the {} of `--memory-limit`: most of \
         it is `{stream}`, with {runs} in {}; give it {remedy}, or allow more",
        mebibytes(*total),
        mebibytes(*limit),
        mebibytes(*bytes)
    )]
    Memory {
        /// About how many bytes all of them take.
        total: u64,
        /// The limit, in bytes.
        limit: u64,
        /// The stream that takes most.
        stream: String,
        /// How many runs of its pattern have begun and are neither complete nor over, or how many events its
        /// window holds.
        runs: String,
        /// About how many bytes these take.
        bytes: u64,
        /// What to do.
        remedy: &'static str,
    },
    /// An attention window cannot embed events.
    #[error("{message}")]
    Embedding {
        /// Where the program says how.
        span: crate::diag::Span,
        /// What is wrong: lower case, no full stop.
        message: String,
        /// What to know or do.
        help: String,
    },
    /// A table cannot be looked up in.
    #[error("{message}")]
    Table {
        /// Where the program names it.
        span: crate::diag::Span,
        /// What is wrong: lower case, no full stop.
        message: String,
        /// What to know or do.
        help: String,
    },
}
