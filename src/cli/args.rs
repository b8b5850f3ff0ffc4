//! What may be typed. `--help`, the man pages and the completions all come from here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::diag::MessageFormat;
use crate::plan::ExplainFormat;
use crate::read::{CsvHeader, CsvOptions, CsvQuote, Format, TimeUnit};

/// Replays event logs through detection queries written in VarpulisQL.
#[derive(Debug, Parser)]
#[command(name = "varpulis", version, propagate_version = true, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Replay logs through a program and write the rows of its streams
    Run(Box<RunArguments>),
    /// Compile programs and say what is wrong with them
    Check(CheckArguments),
    /// Show how a program would run, or what an error code means
    Explain(ExplainArguments),
    /// Say why a stream did not fire: how far it came, what was missing, and the nearest misses
    ///
    /// The logs are replayed, and no rows are written. Of a pattern it is told, for each step, how many
    /// events of its type came, how many of them fit what the step asks of an event alone, how many runs
    /// took one with it, and how the runs ended that waited for it. The nearest misses are the runs that
    /// came furthest (of equal ones the longest, then the latest; with `--at` those that are nearest to that
    /// time): the events that they took, how they ended and by which event, and of the events that they
    /// could not take the one that lacked the least, with the values that were compared. An event that came
    /// when the time was over says by how much. Each event is held against the newest 256 runs of its
    /// partition at a state. Of a stream without a pattern it is told how many rows each operator let
    /// through. Patterns with `.stam()` are refused: their runs do not end.
    Why(Box<WhyArguments>),
    /// Write the vectors that an attention window makes of events
    ///
    /// The logs are replayed up to the attention window of a stream; a row is written for each event that
    /// comes to it: its number in its input, the keys of its partition, and the vector as the columns `x0`,
    /// `x1`, .. (before any model of a learned embedding). To look at, or to train a model on.
    Embed(Box<EmbedArguments>),
    /// Print a completion script for a shell
    Completions(CompletionsArguments),
    /// Write the man pages of all commands into a folder
    #[command(hide = true)]
    Man(ManArguments),
}

/// What every command that compiles a program takes.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct CompileArguments {
    /// Set a parameter of the program
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(super) params: Vec<String>,
    /// Make refusals of settings that make no sense in a replay into warnings
    #[arg(long)]
    pub(super) lenient: bool,
    /// How messages about the program are shown
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(super) message_format: MessageFormatArgument,
}

/// What every command that replays logs takes.
#[derive(Clone, Debug, Args)]
pub(super) struct ReplayArguments {
    /// A log to read: a file, a glob pattern, or `-` for stdin (the default); `Type=PATH` says that
    /// all its records are of that event type. May be given several times, and with several values
    #[arg(long, short, value_name = "[TYPE=]PATH", num_args = 1..)]
    pub(super) input: Vec<String>,
    /// How the inputs are written; by default what their names say, else JSON lines
    #[arg(long, value_name = "FORMAT")]
    pub(super) input_format: Option<FormatArgument>,
    #[command(flatten)]
    pub(super) csv: CsvArguments,
    /// In which order events are replayed
    #[arg(long, value_name = "ORDER", default_value = "auto")]
    pub(super) order: Order,
    /// Replay in order of time, also what comes through a pipe: it is read to its end first, and sorted.
    /// The default where order matters
    #[arg(long)]
    pub(super) sort: bool,
    /// Take it that each input is in order of time, and do not look through it first; the first event
    /// out of order ends the run with an error
    #[arg(long)]
    pub(super) assume_sorted: bool,
    /// What the end of the input does to what is still open
    #[arg(long, value_name = "WHAT", default_value = "auto")]
    pub(super) at_end: AtEnd,
    /// About how much memory may hold events that wait for their turn (`k`, `M`, `G` are powers of
    /// 1024); inputs that need more are sorted on disk [default: 4G]. Where it is given, what patterns
    /// wait for and what attention windows hold may not take more either: the run ends with an error that
    /// names the stream. Never changes a row
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(super) memory_limit: Option<usize>,
    /// Leave out events before this time (RFC 3339, or a date)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) from: Option<i64>,
    /// Leave out events at or after this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) to: Option<i64>,
    /// The field that holds an event's time
    #[arg(long, value_name = "NAME")]
    pub(super) time_field: Option<String>,
    /// The field that holds an event's type
    #[arg(long, value_name = "NAME")]
    pub(super) type_field: Option<String>,
    /// How numbers are read where they are times
    #[arg(long, value_name = "UNIT", default_value = "auto")]
    pub(super) time_unit: UnitArgument,
    #[command(flatten)]
    pub(super) compile: CompileArguments,
    /// How many threads work; never changes the output [default: `parallelism` of the program, else
    /// one a core]
    #[arg(long, short = 'j', value_name = "N")]
    pub(super) threads: Option<usize>,
    /// The longest record, in bytes (`k`, `M`, `G` are powers of 1024); longer ones are bad records
    #[arg(long, value_name = "BYTES", default_value = "16M", value_parser = bytes)]
    pub(super) max_record_bytes: usize,
    /// Seed of `random()`, `uuid()` and of samples
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// Read files instead of mapping them into memory
    #[arg(long)]
    pub(super) no_mmap: bool,
    /// Size of the pieces in which inputs are read; never changes the output
    #[arg(long, value_name = "BYTES", value_parser = bytes, hide = true)]
    pub(super) morsel_bytes: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// The program
    #[arg(value_name = "QUERY")]
    pub(super) query: PathBuf,
    #[command(flatten)]
    pub(super) replay: ReplayArguments,
    /// Where rows go: a file (`.jsonl`, `.csv`, `.tsv`, `.parquet`, `.arrow`; `.gz` and `.zst` are
    /// compressed), a folder with a file for each stream (`DIR/`), or `-` for stdout
    #[arg(long, short, value_name = "PATH", default_value = "-")]
    pub(super) output: PathBuf,
    /// How rows are written; by default what the output's name says, else JSON lines
    #[arg(long, value_name = "FORMAT")]
    pub(super) output_format: Option<OutputFormatArgument>,
    /// Keep every event that is left out because it is late in this file (with `--order arrival`)
    #[arg(long, value_name = "FILE")]
    pub(super) late: Option<PathBuf>,
    /// Check every record in full, and stop at the first bad record or evaluation error
    #[arg(long)]
    pub(super) strict: bool,
    /// What to do about a bad record
    #[arg(long, value_name = "WHAT", default_value = "skip")]
    pub(super) on_error: OnError,
    /// Keep every bad record, with its reason, in this file
    #[arg(long, value_name = "FILE")]
    pub(super) dead_letter: Option<PathBuf>,
    /// Stop when there are more bad records than this
    #[arg(long, value_name = "N")]
    pub(super) max_errors: Option<u64>,
    /// Drop an event for which functions take more than this many steps (loop turns and calls); by default 1,000,000
    #[arg(long, value_name = "N")]
    pub(super) max_steps: Option<u64>,
    /// End with exit code 5 when any row was written
    #[arg(long)]
    pub(super) fail_on_match: bool,
    /// Say nothing but errors
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// When to show how far the run has come
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) progress: When,
    /// Write the summary into this file too; with `json:` before its name as JSON
    #[arg(long, value_name = "[json:]FILE")]
    pub(super) summary: Option<String>,
    /// Say in the summary also how many evaluations of filters were saved
    #[arg(long)]
    pub(super) stats: bool,
    /// Say at the end, beside the summary, how far this stream came and why it did not come further (see
    /// `varpulis why`): of all its runs, or of those with this key. May be given several times
    #[arg(long, value_name = "STREAM[=[NAME=]KEY]")]
    pub(super) trace: Vec<String>,
    /// Parse every line, also those that cannot matter
    #[arg(long)]
    pub(super) no_prefilter: bool,
    /// Evaluate every filter in every row, also where an index over them knows better
    #[arg(long, hide = true)]
    pub(super) no_index: bool,
}

#[derive(Debug, Args)]
pub(super) struct WhyArguments {
    /// The program
    #[arg(value_name = "QUERY")]
    pub(super) query: PathBuf,
    /// The stream that is asked about; by default all that write rows. May be given several times
    #[arg(long, short, value_name = "NAME")]
    pub(super) stream: Vec<String>,
    /// Only what began with this key: a key of the pattern's partition, or a field of the event that began
    /// it. May be given several times; all must be so
    #[arg(long, short, value_name = "NAME=VALUE")]
    pub(super) key: Vec<String>,
    /// Show what was under way at this time, or else nearest to it
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) at: Option<i64>,
    /// How many of the nearest misses are shown in full
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(super) misses: usize,
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) replay: ReplayArguments,
    /// When to show how far the run has come
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) progress: When,
}

#[derive(Debug, Args)]
pub(super) struct EmbedArguments {
    /// The program
    #[arg(value_name = "QUERY")]
    pub(super) query: PathBuf,
    /// The stream whose attention window is meant; needed where there are several
    #[arg(long, short, value_name = "NAME")]
    pub(super) stream: Option<String>,
    #[command(flatten)]
    pub(super) replay: ReplayArguments,
    /// Where the vectors go: a file (`.parquet`, `.arrow`, `.csv`, `.tsv`, `.jsonl`), or `-` for stdout
    #[arg(long, short, value_name = "PATH", default_value = "-")]
    pub(super) output: PathBuf,
    /// How they are written; by default what the output's name says, else JSON lines
    #[arg(long, value_name = "FORMAT")]
    pub(super) output_format: Option<OutputFormatArgument>,
    /// Say nothing but errors
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// When to show how far the run has come
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) progress: When,
}

impl EmbedArguments {
    /// The run that writes the vectors.
    pub(super) fn run(&self) -> RunArguments {
        RunArguments {
            query: self.query.clone(),
            replay: self.replay.clone(),
            output: self.output.clone(),
            output_format: self.output_format,
            late: None,
            strict: false,
            on_error: OnError::Skip,
            dead_letter: None,
            max_errors: None,
            max_steps: None,
            fail_on_match: false,
            quiet: self.quiet,
            progress: self.progress,
            summary: None,
            stats: false,
            trace: Vec::new(),
            no_prefilter: false,
            no_index: false,
        }
    }
}

impl WhyArguments {
    /// The run that answers.
    pub(super) fn run(&self) -> RunArguments {
        RunArguments {
            query: self.query.clone(),
            replay: self.replay.clone(),
            output: PathBuf::from("-"),
            output_format: None,
            late: None,
            strict: false,
            on_error: OnError::Skip,
            dead_letter: None,
            max_errors: None,
            max_steps: None,
            fail_on_match: false,
            quiet: false,
            progress: self.progress,
            summary: None,
            stats: false,
            trace: Vec::new(),
            no_prefilter: true,
            no_index: true,
        }
    }
}

/// How CSV inputs are written.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct CsvArguments {
    /// What separates the cells of CSV inputs (`tab` is one too); by default the one of `,`, `;`, tab
    /// and `|` that the first line has most of
    #[arg(long, value_name = "BYTE", value_parser = csv_byte)]
    pub(super) csv_delimiter: Option<u8>,
    /// What the cells of CSV inputs are quoted with; `none`: with nothing [default: "]
    #[arg(long, value_name = "BYTE", value_parser = csv_quote)]
    pub(super) csv_quote: Option<CsvQuote>,
    /// CSV inputs have no header line: their columns are called c1, c2, and so on
    #[arg(long)]
    pub(super) csv_no_header: bool,
    /// CSV inputs have no header line: their columns are called so
    #[arg(
        long,
        value_name = "NAME,..",
        value_delimiter = ',',
        conflicts_with = "csv_no_header"
    )]
    pub(super) csv_header: Vec<String>,
    /// A cell of a CSV input that is just this text, without quotes, is null
    #[arg(long, value_name = "TEXT")]
    pub(super) csv_null: Option<String>,
}

impl CsvArguments {
    /// The same for the reader.
    pub(super) fn options(&self) -> CsvOptions {
        CsvOptions {
            delimiter: self.csv_delimiter,
            quote: self.csv_quote.unwrap_or_default(),
            header: match (self.csv_no_header, self.csv_header.as_slice()) {
                (true, _) => CsvHeader::Numbered,
                (false, []) => CsvHeader::First,
                (false, names) => CsvHeader::Names(names.to_vec()),
            },
            null: self.csv_null.clone(),
        }
    }
}

/// What stands between cells, or around them.
fn csv_byte(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
        _ => Err("give one ASCII character that ends no line, or `tab`".to_owned()),
    }
}

fn csv_quote(text: &str) -> Result<CsvQuote, String> {
    match text {
        "none" => Ok(CsvQuote::Nothing),
        text => csv_byte(text).map(CsvQuote::Byte),
    }
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Programs, or folders in which all `.vpl` files are checked
    #[arg(value_name = "PATH", required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Fail on warnings too
    #[arg(long)]
    pub(super) deny_warnings: bool,
    /// Show errors only
    #[arg(long, short)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) compile: CompileArguments,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// A program, or an error code such as VPL0203
    #[arg(value_name = "QUERY|CODE")]
    pub(super) what: String,
    /// How the plan is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: ExplainFormatArgument,
    /// Show every operator of each stage, with its place in the program
    #[arg(long)]
    pub(super) stages: bool,
    #[command(flatten)]
    pub(super) compile: CompileArguments,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArguments {
    /// The folder
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
}

/// In which order events are replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Order {
    /// In event-time order where it matters, else as they lie
    Auto,
    /// In event-time order, whatever their order in the inputs
    Time,
    /// As a live engine would have seen them: in order but for what comes later than the program's
    /// watermark allows
    Arrival,
    /// As they lie in the inputs, one input after another
    Input,
}

/// What the end of the input does to what is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum AtEnd {
    /// Windows close; an absence that has not lasted long enough is not reported
    Auto,
    /// The clock goes to the end of time: whatever waits for something is decided
    Flush,
    /// Nothing closes
    Hold,
}

impl From<AtEnd> for crate::replay::AtEnd {
    fn from(typed: AtEnd) -> Self {
        match typed {
            AtEnd::Auto => Self::Auto,
            AtEnd::Flush => Self::Flush,
            AtEnd::Hold => Self::Hold,
        }
    }
}

/// What to do about a bad record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OnError {
    /// Count it and go on
    Skip,
    /// Stop there with exit code 3
    Fail,
}

/// When to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// When stderr is a terminal and rows do not go to it
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How messages are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum MessageFormatArgument {
    /// Source frames with labels, help and fixes
    #[default]
    Human,
    /// One line each, for editors
    Short,
    /// One JSON object a line
    Json,
}

impl From<MessageFormatArgument> for MessageFormat {
    fn from(typed: MessageFormatArgument) -> Self {
        match typed {
            MessageFormatArgument::Human => Self::Human,
            MessageFormatArgument::Short => Self::Short,
            MessageFormatArgument::Json => Self::Json,
        }
    }
}

/// How inputs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatArgument {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a header line
    Csv,
    /// The same, separated by tabs
    Tsv,
    /// Apache Parquet
    Parquet,
    /// Arrow IPC, a file (Feather) or a stream
    Arrow,
    /// Lines like `@5s Type { field: value }`
    Evt,
}

impl From<FormatArgument> for Format {
    fn from(typed: FormatArgument) -> Self {
        match typed {
            FormatArgument::Jsonl => Self::Jsonl,
            FormatArgument::Csv => Self::Csv,
            FormatArgument::Tsv => Self::Tsv,
            FormatArgument::Parquet => Self::Parquet,
            FormatArgument::Arrow => Self::Arrow,
            FormatArgument::Evt => Self::Evt,
        }
    }
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormatArgument {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a header line
    Csv,
    /// Apache Parquet
    Parquet,
    /// Apache Arrow IPC
    Arrow,
}

impl From<OutputFormatArgument> for crate::write::Encoding {
    fn from(typed: OutputFormatArgument) -> Self {
        match typed {
            OutputFormatArgument::Jsonl => Self::Jsonl,
            OutputFormatArgument::Csv => Self::Csv { delimiter: b',' },
            OutputFormatArgument::Parquet => Self::Parquet,
            OutputFormatArgument::Arrow => Self::Arrow,
        }
    }
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExplainFormatArgument {
    /// Indented lines
    Text,
    /// Graphviz
    Dot,
    /// Mermaid
    Mermaid,
    /// One JSON object
    Json,
}

impl From<ExplainFormatArgument> for ExplainFormat {
    fn from(typed: ExplainFormatArgument) -> Self {
        match typed {
            ExplainFormatArgument::Text => Self::Text,
            ExplainFormatArgument::Dot => Self::Dot,
            ExplainFormatArgument::Mermaid => Self::Mermaid,
            ExplainFormatArgument::Json => Self::Json,
        }
    }
}

/// How epoch numbers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum UnitArgument {
    /// By magnitude
    Auto,
    /// Seconds
    S,
    /// Milliseconds
    Ms,
    /// Microseconds
    Us,
    /// Nanoseconds
    Ns,
    /// Windows FILETIME: 100 ns since 1601
    Filetime,
}

impl From<UnitArgument> for TimeUnit {
    fn from(typed: UnitArgument) -> Self {
        match typed {
            UnitArgument::Auto => Self::Auto,
            UnitArgument::S => Self::Seconds,
            UnitArgument::Ms => Self::Millis,
            UnitArgument::Us => Self::Micros,
            UnitArgument::Ns => Self::Nanos,
            UnitArgument::Filetime => Self::FileTime,
        }
    }
}

/// A time as typed, in nanoseconds since the epoch.
fn time(text: &str) -> Result<i64, String> {
    crate::data::time::parse_timestamp(text.trim_start_matches('@').as_bytes())
        .ok_or_else(|| "write a time as 2026-01-23T10:00:00Z, or a date as 2026-01-23".to_owned())
}

/// A size as typed.
fn bytes(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor: usize = match text[digits.len()..]
        .to_ascii_lowercase()
        .trim_end_matches("ib")
        .trim_end_matches('b')
    {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        _ => return Err("write a size as 16777216, 16384k or 16M".to_owned()),
    };
    let number: usize = digits
        .parse()
        .map_err(|_| "write a size as 16777216, 16384k or 16M".to_owned())?;
    number
        .checked_mul(factor)
        .filter(|&size| size > 0)
        .ok_or_else(|| "the size is out of range".to_owned())
}
