//! Shell completions and man pages.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::Cli;
use super::reply::Reply;
use crate::error::{CommandError, Error, shown_path};

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  cofferdam-watcher completions bash > ~/.local/share/bash-completion/completions/cofferdam-watcher"
)]
pub struct CompletionsArgs {
    /// The shell.
    shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cofferdam-watcher man --out ~/.local/share/man/man1")]
pub struct ManArgs {
    /// The folder to write to; it is created when it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Returns the completion script.
pub fn completions(args: &CompletionsArgs) -> Reply {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut Cli::command(),
        "cofferdam-watcher",
        &mut script,
    );
    Reply::raw(String::from_utf8_lossy(&script).into_owned())
}

/// Writes a page for the program and one for each command.
pub fn man(args: &ManArgs) -> Result<Reply, Error> {
    let failed = |source| CommandError::File {
        action: "write",
        path: args.out.display().to_string(),
        source,
    };
    std::fs::create_dir_all(&args.out).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.out).map_err(failed)?;
    let folder = args.out.display().to_string();
    Ok(Reply::new(
        &serde_json::json!({ "folder": folder }),
        format!("man pages written to {}\n", shown_path(&args.out)),
    ))
}
