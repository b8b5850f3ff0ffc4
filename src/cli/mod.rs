//! The command line: one file a command.

mod args;
mod check;
mod embed;
mod explain;
mod generate;
mod logs;
mod look;
mod order;
mod order_summary;
mod program;
mod progress;
mod ran;
mod run;
mod summary;
mod why;
mod why_json;
mod why_text;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};

/// How the process ends (LANGUAGE.md, "Bad records and errors").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Done, whether or not anything matched.
    Done = 0,
    /// The input or the run failed.
    Failed = 1,
    /// Wrong usage, or a program that does not compile.
    Usage = 2,
    /// Stopped by `--strict`, `--on-error fail` or `--max-errors`.
    Stopped = 3,
    /// `--fail-on-match` saw a match.
    Gate = 5,
    /// SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Runs the command that the arguments ask for.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Printing fails only when there is nobody to read it.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let exit = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Why(arguments) => why::why(&arguments),
        Command::Embed(arguments) => embed::embed(&arguments),
        Command::Completions(arguments) => generate::completions(&arguments),
        Command::Man(arguments) => generate::man(&arguments),
    };
    exit.into()
}

/// Says what is wrong, in the form of all our messages.
fn complain(message: impl std::fmt::Display) {
    eprintln!("error: {message}");
}

/// Prints to stdout; a reader that has gone is no error.
fn print(text: &str) {
    use std::io::Write;
    let _ = std::io::stdout().write_all(text.as_bytes());
}
