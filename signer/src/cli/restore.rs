//! `restore`

use std::path::PathBuf;

use cofferdam_core::Network;
use cofferdam_core::keys::Language;

use super::context::{Context, Done};
use super::init::{CostArgs, created};
use crate::error::Failure;
use crate::protocol::{Job, RestoreJob, Source};

/// Create a vault from the words of an existing seed.
///
/// The vault does not know what these words signed before; every review says so until `journal import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault restore --network mainnet
  cofferdam-signer --vault treasury.vault restore --network mainnet --bip39-passphrase
  cofferdam-signer --vault test.vault --passphrase-file p.txt restore --network regtest --mnemonic-file words.txt")]
pub(crate) struct Args {
    /// mainnet, testnet4, signet or regtest; a vault is for one network.
    #[arg(long)]
    network: Network,

    /// Read the words from this file; otherwise the terminal is asked.
    #[arg(long, value_name = "FILE")]
    mnemonic_file: Option<PathBuf>,

    /// The word list's language; by default, the one that has all the words.
    #[arg(long)]
    language: Option<Language>,

    /// Read BIP39's passphrase ("25th word") from this file.
    #[arg(long, value_name = "FILE", conflicts_with = "bip39_passphrase")]
    bip39_passphrase_file: Option<PathBuf>,

    /// Ask for BIP39's passphrase on the terminal.
    #[arg(long)]
    bip39_passphrase: bool,

    /// Dual control: two passphrases, both needed to unlock.
    #[arg(long)]
    dual: bool,

    #[command(flatten)]
    costs: CostArgs,
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let job = Job::Restore(RestoreJob {
        network: args.network,
        mnemonic: args.mnemonic_file.map_or(Source::Prompt, Source::File),
        language: args.language,
        bip39_passphrase: match (args.bip39_passphrase_file, args.bip39_passphrase) {
            (Some(file), _) => Some(Source::File(file)),
            (None, true) => Some(Source::Prompt),
            (None, false) => None,
        },
        dual: args.dual,
        costs: args.costs.into(),
    });
    created(context.run("restore", job)?)
}
