//! What the screen asks of the keys.

use std::path::PathBuf;

use cofferdam_core::keys::Language;
use cofferdam_core::wallet::{Birthday, Branch, WalletName};
use cofferdam_core::{Network, ScriptType};
use serde::{Deserialize, Serialize};

use super::intake::{BundleFile, PsbtFile, Sight};
use super::review::Digest;
use crate::machine::Fitness;
use crate::policy::{Change, MachinePolicies};

/// Everything that the worker is told before it starts.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The vault's file.
    pub(crate) vault: PathBuf,
    /// Where the credential is read from, by the worker itself.
    pub(crate) unlock: Unlock,
    /// In what the machine is not fit, and allowed.
    pub(crate) fitness: Fitness,
    /// What of that only the hint beside the vault permitted, which the vault must confirm.
    pub(crate) hint: MachinePolicies,
    /// The command's name, for the journal.
    pub(crate) command: String,
    /// What to do.
    pub(crate) job: Job,
}

/// Where a secret is read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    /// The terminal.
    Prompt,
    /// A file.
    File(PathBuf),
    /// An open file descriptor.
    Descriptor(u32),
}

/// Where the parts of a credential are read from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Unlock {
    /// The passphrase.
    pub(crate) passphrase: Source,
    /// The second passphrase; none unless the vault is, or shall be, under dual control.
    pub(crate) second: Option<Source>,
    /// The key file.
    pub(crate) key_file: Option<PathBuf>,
}

/// The jobs, one a process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Job {
    /// `init`
    Init(InitJob),
    /// `restore`
    Restore(RestoreJob),
    /// `account add`
    AccountAdd(AccountJob),
    /// `account list`
    AccountList,
    /// `export`
    Export {
        /// Whose.
        account: WalletName,
        /// How.
        format: ExportFormat,
    },
    /// `address`
    Address(AddressJob),
    /// `wallet list`, `wallet show`, `wallet mark-used`
    Wallet(WalletJob),
    /// `inspect`
    Inspect(SignJob),
    /// `sign`
    Sign(SignJob),
    /// `journal`
    Journal(JournalJob),
    /// `passphrase`
    Passphrase(PassphraseJob),
    /// `backup show`
    Backup(BackupJob),
    /// `policy`
    Policy(PolicyJob),
    /// `repair --reseal`
    Reseal(ResealJob),
}

/// What a guess of the passphrase shall cost.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Costs {
    /// Argon2id's memory in MiB; calibrated if neither is told.
    pub(crate) memory_mib: Option<u32>,
    /// Argon2id's passes.
    pub(crate) passes: Option<u32>,
}

/// Makes a vault with a new seed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InitJob {
    /// The network.
    pub(crate) network: Network,
    /// 12, 15, 18, 21 or 24.
    pub(crate) words: usize,
    /// The language of the words.
    pub(crate) language: Language,
    /// A file with the rolls of dice or coins.
    pub(crate) dice: Option<PathBuf>,
    /// Whether to show the kernel's part of the mix on the terminal and to ask for the rolls there.
    pub(crate) show_mix: bool,
    /// A file to write the words to.
    pub(crate) mnemonic_out: Option<PathBuf>,
    /// Whether the operator wants no backup.
    pub(crate) no_backup: bool,
    /// Whether two people must unlock it together.
    pub(crate) dual: bool,
    /// What a guess shall cost.
    pub(crate) costs: Costs,
}

/// Makes a vault from words.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RestoreJob {
    /// The network.
    pub(crate) network: Network,
    /// Where the words are read from.
    pub(crate) mnemonic: Source,
    /// What shows them as a SeedQR, instead.
    pub(crate) seed_qr: Vec<Sight>,
    /// The language of the words, if the operator told it.
    pub(crate) language: Option<Language>,
    /// Where BIP39's passphrase is read from, if there is one.
    pub(crate) bip39_passphrase: Option<Source>,
    /// Whether two people must unlock it together.
    pub(crate) dual: bool,
    /// What a guess shall cost.
    pub(crate) costs: Costs,
}

/// Adds an account.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccountJob {
    /// Its name.
    pub(crate) name: WalletName,
    /// Its script type.
    pub(crate) script_type: ScriptType,
    /// Its number.
    pub(crate) index: u32,
    /// The day before which it received nothing.
    pub(crate) birthday: Option<Birthday>,
}

/// How a wallet is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ExportFormat {
    /// Cofferdam's own JSON.
    Json,
    /// The JSON argument of Bitcoin Core's `importdescriptors`.
    Core,
    /// The multipath descriptor with its checksum.
    Descriptor,
}

/// Derives or checks an address.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum AddressJob {
    /// The address at an index.
    At {
        /// The account.
        account: WalletName,
        /// Whether it is on the change branch.
        change: bool,
        /// The index.
        index: u32,
    },
    /// Where a given address is.
    Check {
        /// The account.
        account: WalletName,
        /// The address.
        address: String,
        /// The number of indices of each branch to search.
        range: u32,
    },
}

/// Reads or marks registered wallets.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum WalletJob {
    /// All of them.
    List,
    /// One of them.
    Show(WalletName),
    /// Moves the marks of how far its addresses are in use.
    MarkUsed(MarkUsedJob),
}

/// Moves the marks of how far a wallet's addresses are in use.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MarkUsedJob {
    /// The wallet.
    pub(crate) name: WalletName,
    /// The branches whose mark moves.
    pub(crate) branches: Vec<Branch>,
    /// The highest index in use.
    pub(crate) index: u32,
    /// Whether the mark goes back to it; it only goes ahead otherwise.
    pub(crate) lower: bool,
    /// Whether the operator consented to a large step, or to going back, beforehand.
    pub(crate) yes: bool,
}

/// Reviews PSBTs, and signs them if the operator approves.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SignJob {
    /// The files.
    pub(crate) files: Vec<PsbtFile>,
    /// What the bundle says that they came in; its signatures go back in a return.
    pub(crate) bundle: Option<BundleFile>,
    /// A fee limit for each transaction, below the default one.
    pub(crate) max_fee_sat: Option<u64>,
    /// The ids of signed transactions that these may take coins from.
    pub(crate) supersede: Vec<bitcoin::Txid>,
    /// What another machine made of the same files, to compare with; none to compare nothing.
    pub(crate) expected: Option<Vec<PsbtFile>>,
}

/// What the operator says to a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Consent {
    /// To sign what was reviewed, and nothing else.
    Sign {
        /// The digest of the review that was shown.
        review: Digest,
        /// The codes of the warnings that are accepted.
        accept: Vec<String>,
    },
    /// Not to sign.
    Decline,
}

/// Works with the journal.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum JournalJob {
    /// Shows every entry.
    Show,
    /// Proves every entry.
    Verify,
    /// Copies the sealed journal to a file.
    Export {
        /// The file.
        out: PathBuf,
    },
    /// Takes over the memory of another journal of the same seed.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Compares an import with the operator's own note.
    Confirm {
        /// How many records the note names.
        count: u64,
        /// The head that it names, in hexadecimal.
        head: String,
        /// The file that was imported, for a note that is older than it.
        copy: Option<PathBuf>,
    },
}

/// Seals a vault anew that its journal has left behind, or whose generation no writing comes to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ResealJob {
    /// Whether to go on without asking.
    pub(crate) yes: bool,
}

/// Changes the passphrase.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PassphraseJob {
    /// The new passphrase.
    pub(crate) new: Source,
    /// The new second passphrase, for a vault under dual control.
    pub(crate) new_second: Option<Source>,
    /// The new key file; the old one stays if none is told.
    pub(crate) new_key_file: Option<PathBuf>,
    /// Whether to draw a new data key, too.
    pub(crate) rotate: bool,
    /// The ids of slots that a rotation leaves out, in hexadecimal.
    pub(crate) drop_slots: Vec<String>,
    /// What a guess shall cost; as before, if nothing is told.
    pub(crate) costs: Costs,
}

/// Shows or writes the words.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BackupJob {
    /// A file to write them to; the terminal, if none is told.
    pub(crate) mnemonic_out: Option<PathBuf>,
}

/// Shows or changes the policy.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum PolicyJob {
    /// Shows it.
    Show,
    /// Changes one setting.
    Set {
        /// The change.
        change: Change,
        /// Whether it may permit more than before without asking.
        loosen: bool,
    },
}
