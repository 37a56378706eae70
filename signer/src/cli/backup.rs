//! `backup show`

use std::path::PathBuf;

use clap::Subcommand;

use super::context::{Context, Done};
use crate::error::Failure;
use crate::jobs::{BackupJob, Job};
use crate::protocol::Outcome;
use crate::screens;
use crate::workers::out_of_turn;

/// Show or write the words of the seed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the words on the terminal and ask some back, or write them to a file; never on standard
    /// output.
    #[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault backup show
  cofferdam-signer --vault treasury.vault backup show --mnemonic-out words.txt")]
    Show {
        /// Write the words to this new file, for its owner's eyes only.
        #[arg(long, value_name = "FILE")]
        mnemonic_out: Option<PathBuf>,
    },
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let Command::Show { mnemonic_out } = args.command;
    let outcome = context.run("backup show", Job::Backup(BackupJob { mnemonic_out }))?;
    let json = outcome.to_json();
    let Outcome::Backup(backup) = outcome else {
        return Err(out_of_turn());
    };
    let text = match backup.mnemonic_out {
        Some(out) => format!("wrote {} words to {}\n", backup.words, screens::path(&out)),
        None => format!("showed {} words\n", backup.words),
    };
    Ok(Done::new(json, text))
}
