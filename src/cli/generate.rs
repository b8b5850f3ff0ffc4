//! `varpulis completions`, and the man pages: both from the definitions of the arguments.

use std::fs;

use clap::CommandFactory;

use super::args::{Arguments, CompletionsArguments, ManArguments};
use super::{Exit, complain, print};

/// Prints a completion script.
pub(super) fn completions(arguments: &CompletionsArguments) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "varpulis", &mut script);
    print(&String::from_utf8_lossy(&script));
    Exit::Done
}

/// Writes `varpulis.1` and a page for each command.
pub(super) fn man(arguments: &ManArguments) -> Exit {
    match pages().and_then(|pages| {
        pages
            .into_iter()
            .try_for_each(|(name, page)| fs::write(arguments.folder.join(name), page))
    }) {
        Ok(()) => Exit::Done,
        Err(error) => {
            complain(format_args!(
                "cannot write man pages to `{}`: {error}",
                arguments.folder.display()
            ));
            Exit::Failed
        }
    }
}

/// The pages by file name.
fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut root = Arguments::command().disable_help_subcommand(true);
    root.build();
    let mut pages = vec![page(root.clone(), "varpulis".to_owned())?];
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("varpulis-{}", command.get_name());
        pages.push(page(command.clone(), name)?);
    }
    Ok(pages)
}

fn page(command: clap::Command, name: String) -> std::io::Result<(String, Vec<u8>)> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).title(name.clone()).render(&mut page)?;
    Ok((format!("{name}.1"), page))
}
