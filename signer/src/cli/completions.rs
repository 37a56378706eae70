//! `completions`

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Done};
use crate::error::Failure;

/// Print completions for a shell.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cofferdam-signer completions bash > /etc/bash_completion.d/cofferdam-signer"
)]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(args: Args) -> Result<Done, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut Cli::command(),
        "cofferdam-signer",
        &mut text,
    );
    Ok(Done {
        text: String::from_utf8(text).map_err(Failure::unexpected)?,
        verbatim: true,
        ..Done::default()
    })
}
