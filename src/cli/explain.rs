//! `varpulis explain`: a plan, or the meaning of a code.

use std::path::Path;

use super::args::ExplainArguments;
use super::{Exit, complain, print, program};
use crate::diag::{Code, nearest};
use crate::plan;

/// Explains a program or a code.
pub(super) fn explain(arguments: &ExplainArguments) -> Exit {
    let what = arguments.what.as_str();
    let like_code = what.len() >= 3 && what[..3].eq_ignore_ascii_case("vpl") && !Path::new(what).exists();
    if like_code && what[3..].chars().all(|c| c.is_ascii_digit()) {
        return code(what);
    }
    match plan_text(arguments) {
        Ok(text) => {
            print(&text);
            Exit::Done
        }
        Err(exit) => exit,
    }
}

fn code(text: &str) -> Exit {
    if let Ok(code) = text.parse::<Code>() {
        print(&format!(
            "{code}: {}\n\n{}\n",
            code.title(),
            code.explanation().trim_end()
        ));
        return Exit::Done;
    }
    let all: Vec<String> = Code::ALL.iter().map(ToString::to_string).collect();
    let hint = nearest(&text.to_ascii_uppercase(), all.iter().map(String::as_str));
    let hint = hint.map_or(String::new(), |code| format!("; did you mean `{code}`?"));
    complain(format_args!("there is no code `{text}`{hint}"));
    Exit::Usage
}

fn plan_text(arguments: &ExplainArguments) -> Result<String, Exit> {
    let compiled = program::usable(Path::new(&arguments.what), &arguments.compile, true)?;
    let options = plan::Options {
        prefilter: true,
        index: true,
        max_record_bytes: 1 << 24,
        ..plan::Options::default()
    };
    let (plan, sources) = program::planned(compiled, &options, &arguments.compile)?;
    Ok(plan::explain(
        &plan,
        &sources,
        arguments.format.into(),
        arguments.stages,
    ))
}
