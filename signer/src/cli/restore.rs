//! `restore`

use std::path::PathBuf;

use cofferdam_core::Network;
use cofferdam_core::keys::Language;

use super::context::{Context, Done};
use super::init::{CostArgs, created};
use crate::error::Failure;
use crate::jobs::{Job, RestoreJob};
use crate::protocol::{Sight, Source};

/// Create a vault from the words of an existing seed.
///
/// The vault does not know what these words signed before; every review says so until `journal
/// import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault restore --network mainnet
  cofferdam-signer --vault treasury.vault restore --network mainnet --bip39-passphrase
  cofferdam-signer --vault treasury.vault restore --network mainnet --seed-qr-camera /dev/video0
  cofferdam-signer --vault test.vault --passphrase-file p.txt restore --network regtest \\
    --mnemonic-file words.txt")]
pub(crate) struct Args {
    /// mainnet, testnet4, signet or regtest; a vault is for one network.
    #[arg(long)]
    network: Network,

    /// Read the words from this file; otherwise the terminal is asked.
    #[arg(long, value_name = "FILE")]
    mnemonic_file: Option<PathBuf>,

    /// Read the words from a SeedQR or CompactSeedQR in these pictures.
    #[arg(long, value_name = "PICTURE", conflicts_with = "mnemonic_file")]
    seed_qr: Option<PathBuf>,

    /// Read the words from a SeedQR or CompactSeedQR before this camera.
    #[arg(long, value_name = "DEVICE", conflicts_with_all = ["mnemonic_file", "seed_qr"])]
    seed_qr_camera: Option<PathBuf>,

    /// The word list's language; by default, the one that has all the words; of a SeedQR, English.
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
    let sight = |path, camera| Sight { path, camera };
    let pictures = args.seed_qr.map(|path| sight(path, false));
    let camera = args.seed_qr_camera.map(|path| sight(path, true));
    let job = Job::Restore(RestoreJob {
        network: args.network,
        mnemonic: args.mnemonic_file.map_or(Source::Prompt, Source::File),
        seed_qr: pictures.into_iter().chain(camera).collect(),
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
