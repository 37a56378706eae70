//! `passphrase`

use std::path::PathBuf;

use super::context::{Context, Done, source};
use super::init::CostArgs;
use crate::error::Failure;
use crate::jobs::{Job, PassphraseJob};
use crate::protocol::{Outcome, Source};
use crate::screens;
use crate::workers::out_of_turn;

/// Change the passphrase.
///
/// Older generations of the file still open with the old passphrase; the command tells how many,
/// and `prune` deletes them. With --rotate the data key is new too, so that what an old file and
/// the old passphrase give away opens nothing new.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault passphrase
  cofferdam-signer --vault treasury.vault passphrase --rotate
  cofferdam-signer --vault v --passphrase-file old.txt passphrase --new-passphrase-file new.txt")]
pub(crate) struct Args {
    /// Read the new passphrase from this file (one trailing newline is stripped).
    #[arg(long, value_name = "FILE", conflicts_with = "new_passphrase_fd")]
    new_passphrase_file: Option<PathBuf>,

    /// Read the new passphrase from this open file descriptor.
    #[arg(long, value_name = "N")]
    new_passphrase_fd: Option<u32>,

    /// Read the new second passphrase of a vault under dual control from this file.
    #[arg(long, value_name = "FILE", conflicts_with = "new_second_passphrase_fd")]
    new_second_passphrase_file: Option<PathBuf>,

    /// Read the new second passphrase of a vault under dual control from this open file descriptor.
    #[arg(long, value_name = "N")]
    new_second_passphrase_fd: Option<u32>,

    /// The new key file; the one given with --key-file stays, if this is not told.
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,

    /// Draw a new data key, too.
    #[arg(long)]
    rotate: bool,

    /// Leave this slot out of the rotation; may be given several times. `verify` lists the slots.
    #[arg(long, value_name = "ID", requires = "rotate")]
    drop_slot: Vec<String>,

    #[command(flatten)]
    costs: CostArgs,
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let job = Job::Passphrase(PassphraseJob {
        new: source(&args.new_passphrase_file, args.new_passphrase_fd).unwrap_or(Source::Prompt),
        new_second: source(
            &args.new_second_passphrase_file,
            args.new_second_passphrase_fd,
        ),
        new_key_file: args.new_key_file,
        rotate: args.rotate,
        drop_slots: args.drop_slot,
        costs: args.costs.into(),
    });
    let outcome = context.run("passphrase", job)?;
    let json = outcome.to_json();
    let Outcome::Passphrase(changed) = outcome else {
        return Err(out_of_turn());
    };
    let mut text = format!(
        "the vault's generation {} opens with the new passphrase{}\nopen with the old one still: {}\n",
        changed.generation,
        if changed.rotated {
            ", and has a new data key"
        } else {
            ""
        },
        screens::counted(changed.older_files, "older file")
    );
    for file in &changed.older {
        text.push_str(&format!("  {}\n", screens::path(file)));
    }
    Ok(Done::new(json, text))
}
