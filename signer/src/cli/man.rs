//! `man`

use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use serde_json::json;

use super::{Cli, Done};
use crate::error::Failure;
use crate::files::{self, Existing};
use crate::screens;

/// Write manual pages, one for each command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cofferdam-signer man --out /usr/local/share/man/man1")]
pub(crate) struct Args {
    /// The folder to write them to.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(args: Args) -> Result<Done, Failure> {
    fs::create_dir_all(&args.out).map_err(|error| Failure::writing(&args.out, &error))?;
    let mut command = Cli::command();
    command.build();
    let mut written = Vec::new();
    pages(&command, "cofferdam-signer", &args.out, &mut written)?;
    let text = written
        .iter()
        .map(|path| format!("{}\n", screens::path(path)))
        .collect::<String>();
    Ok(Done::new(json!({"pages": written}), text))
}

fn pages(
    command: &clap::Command,
    name: &str,
    folder: &Path,
    written: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone().display_name(name.to_owned()))
        .title(name.to_owned())
        .render(&mut page)
        .map_err(Failure::unexpected)?;
    let path = folder.join(format!("{name}.1"));
    files::write(&path, &page, Existing::Replace)?;
    written.push(path);
    let commands = command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help");
    for inner in commands {
        pages(
            inner,
            &format!("{name}-{}", inner.get_name()),
            folder,
            written,
        )?;
    }
    Ok(())
}
