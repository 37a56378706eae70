//! `init`

use std::path::PathBuf;

use cofferdam_core::Network;
use cofferdam_core::keys::Language;

use super::context::{Context, Done};
use crate::error::Failure;
use crate::jobs::{InitJob, Job};
use crate::protocol::{Backup, Costs, Created, Outcome};
use crate::screens;
use crate::workers::out_of_turn;

/// Create a vault with a new seed.
///
/// The seed is the kernel's random numbers, mixed with dice or coins if you throw some. On a
/// terminal the words are shown, and some asked back. A script writes them to a file with
/// --mnemonic-out, wants none with --no-backup, or leaves the backup for later: `backup show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault init --network mainnet
  cofferdam-signer --vault treasury.vault init --network mainnet --dice rolls.txt --show-mix
  cofferdam-signer --vault treasury.vault init --network mainnet --dual
  cofferdam-signer --vault test.vault --passphrase-file p.txt init --network regtest \\
    --words 12 --kdf-memory-mib 64 --kdf-passes 3")]
pub(crate) struct Args {
    /// mainnet, testnet4, signet or regtest; a vault is for one network.
    #[arg(long)]
    network: Network,

    /// The number of words: 12, 15, 18, 21 or 24.
    #[arg(long, default_value_t = 24)]
    words: usize,

    /// The word list's language.
    #[arg(long, default_value_t = Language::English)]
    language: Language,

    /// Mix in the rolls in this file: dice as 1 to 6, or coins as H and T.
    #[arg(long, value_name = "FILE")]
    dice: Option<PathBuf>,

    /// Show the kernel's part of the mix on the terminal, and ask for the rolls there if no file
    /// has them.
    #[arg(long)]
    show_mix: bool,

    /// Write the words to this new file, for its owner's eyes only.
    #[arg(long, value_name = "FILE", conflicts_with = "no_backup")]
    mnemonic_out: Option<PathBuf>,

    /// Do not show the words now; this seed needs no backup.
    #[arg(long)]
    no_backup: bool,

    /// Dual control: two passphrases, both needed to unlock.
    #[arg(long)]
    dual: bool,

    #[command(flatten)]
    costs: CostArgs,
}

/// What a guess of the passphrase costs.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct CostArgs {
    /// Argon2id's memory in MiB; by default, what takes this machine about two seconds.
    #[arg(long, value_name = "MIB")]
    kdf_memory_mib: Option<u32>,

    /// Argon2id's passes over the memory.
    #[arg(long, value_name = "N")]
    kdf_passes: Option<u32>,
}

impl From<CostArgs> for Costs {
    fn from(args: CostArgs) -> Self {
        Costs {
            memory_mib: args.kdf_memory_mib,
            passes: args.kdf_passes,
        }
    }
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let job = Job::Init(InitJob {
        network: args.network,
        words: args.words,
        language: args.language,
        dice: args.dice,
        show_mix: args.show_mix,
        mnemonic_out: args.mnemonic_out,
        no_backup: args.no_backup,
        dual: args.dual,
        costs: args.costs.into(),
    });
    created(context.run("init", job)?)
}

/// Tells of a vault that was made.
pub(super) fn created(outcome: Outcome) -> Result<Done, Failure> {
    let json = outcome.to_json();
    let Outcome::Created(made) = outcome else {
        return Err(out_of_turn());
    };
    let text = format!(
        "made vault {} for {}\n  id           {}\n  generation   {}\n  fingerprint  {}\n  words        {} ({})\n  \
         guess costs  {} MiB, {} passes, {} lanes\n  journal      {}, head {}\n",
        screens::path(&made.vault),
        made.network,
        made.vault_id,
        made.generation,
        made.fingerprint,
        made.words,
        made.language,
        made.cost.memory_kib / 1024,
        made.cost.passes,
        made.cost.lanes,
        screens::counted(made.journal.count, "record"),
        made.journal.head,
    );
    Ok(Done {
        warning: warning(&made),
        ..Done::new(json, text)
    })
}

fn warning(made: &Created) -> Option<String> {
    let backup = match made.backup {
        Backup::NotShown => Some(
            "WARNING: NOBODY HAS A BACKUP OF THIS VAULT'S WORDS. They were not shown, for there was no dialogue. Run \
             `backup show` before any money goes to this vault; who loses the file loses the money."
                .to_owned(),
        ),
        _ => None,
    };
    let dice = made
        .dice_warning
        .as_ref()
        .map(|warning| format!("warning: {warning}"));
    match (backup, dice) {
        (None, None) => None,
        (backup, dice) => Some(
            [backup, dice]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("\n"),
        ),
    }
}
