//! What the keys answer. Each outcome is what `--json` prints.

use std::path::PathBuf;

use cofferdam_core::wallet::WalletId;
use cofferdam_core::{Network, ScriptType};
use serde::{Deserialize, Serialize};

use super::as_json;
use super::intake::Blob;
use super::job::ExportFormat;
use super::review::RunReview;
use crate::body::Backup;
use crate::error::Failure;
use crate::memory_state::MemoryState;
use crate::policy::{Amounts, MachinePolicies, Raised};

/// A message from the worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// Something the operator should read now, on standard error.
    Progress(String),
    /// The vault is open.
    Unlocked(Unlocked),
    /// The review; the worker now waits for consent, if the job is to sign.
    Review(#[serde(with = "as_json")] Box<RunReview>),
    /// A signed file; one each, before [`Answer::Done`].
    Signed(SignedFile),
    /// The return of a bundle, after its signed files.
    Returned(ReturnFile),
    /// The job is done.
    Done(#[serde(with = "as_json")] Box<Outcome>),
    /// The job failed; nothing was left half done.
    Failed(#[serde(with = "as_json")] Box<Failure>),
}

/// What is shown at every unlock, so that people see a rolled back file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unlocked {
    /// The vault's id.
    pub(crate) vault_id: String,
    /// Its generation.
    pub(crate) generation: u64,
    /// Where its journal stands; none when it is damaged, and the job does without.
    pub(crate) journal: Option<CheckpointFacts>,
}

/// Where a journal stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckpointFacts {
    /// The number of records.
    pub(crate) count: u64,
    /// The hash of the last one.
    pub(crate) head: String,
}

/// The outcome of a job. What a variant holds is what `--json` prints.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// `init`, `restore`
    Created(Created),
    /// `account add`
    Account(AccountFacts),
    /// `account list`
    Accounts {
        /// All of them.
        accounts: Vec<AccountFacts>,
    },
    /// `export`
    Export(ExportOutcome),
    /// `address`
    Address(AddressFacts),
    /// `wallet list`
    Wallets {
        /// All of them.
        wallets: Vec<WalletFacts>,
    },
    /// `wallet show`, `wallet mark-used`
    Wallet(WalletFacts),
    /// `inspect`: the review came before.
    Finished {},
    /// `sign`: the review and the signed files came before. Where the vault stands now is what the
    /// operator notes: what was shown at the unlock does not have this run's record.
    Signed(Unlocked),
    /// `journal show`, `journal verify`, `journal export`
    Journal(JournalFacts),
    /// `journal import`
    Imported(Imported),
    /// `passphrase`
    Passphrase(PassphraseChanged),
    /// `backup show`
    Backup(BackupOutcome),
    /// `policy show`, `policy set`
    Policy(PolicyFacts),
    /// `repair --reseal`
    Resealed(Resealed),
}

impl Outcome {
    /// Returns what `--json` prints.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(variant)) => {
                variant.into_iter().next().map(|(_, value)| value)
            }
            _ => None,
        }
        .unwrap_or_default()
    }
}

/// A vault that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Created {
    /// The vault's file.
    pub(crate) vault: PathBuf,
    /// The vault's id.
    pub(crate) vault_id: String,
    /// Its network.
    pub(crate) network: Network,
    /// Its generation.
    pub(crate) generation: u64,
    /// The fingerprint of the master key.
    pub(crate) fingerprint: String,
    /// The number of words.
    pub(crate) words: usize,
    /// The language of the words.
    pub(crate) language: String,
    /// Whether the words were written down.
    pub(crate) backup: Backup,
    /// What the dice look like, when it is suspicious.
    pub(crate) dice_warning: Option<String>,
    /// What a guess of the passphrase costs.
    pub(crate) cost: CostFacts,
    /// Where the journal stands.
    pub(crate) journal: CheckpointFacts,
}

/// Argon2id's costs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct CostFacts {
    /// Memory in KiB.
    pub(crate) memory_kib: u32,
    /// Passes.
    pub(crate) passes: u32,
    /// Lanes.
    pub(crate) lanes: u32,
}

/// An account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AccountFacts {
    /// Its name, and that of its wallet.
    pub(crate) name: String,
    /// The wallet's id.
    pub(crate) id: WalletId,
    /// Its script type.
    pub(crate) script: ScriptType,
    /// Its number.
    pub(crate) index: u32,
    /// Its path, with `h` for hardened steps.
    pub(crate) path: String,
    /// Its network.
    pub(crate) network: Network,
    /// The multipath descriptor with its checksum.
    pub(crate) descriptor: String,
}

/// A wallet, written for others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ExportOutcome {
    /// Its name.
    pub(crate) name: String,
    /// Its id.
    pub(crate) id: WalletId,
    /// The format.
    pub(crate) format: ExportFormat,
    /// The text.
    pub(crate) text: String,
}

/// An address of a wallet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AddressFacts {
    /// The address.
    pub(crate) address: String,
    /// Its index.
    pub(crate) index: u32,
    /// `receive` or `change`.
    pub(crate) branch: String,
    /// The account's name.
    pub(crate) account: String,
    /// The full path of its key.
    pub(crate) path: String,
}

/// A registered wallet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WalletFacts {
    /// Its name.
    pub(crate) name: String,
    /// Its id.
    pub(crate) id: WalletId,
    /// Its network.
    pub(crate) network: Network,
    /// Its script type.
    pub(crate) script: ScriptType,
    /// The multipath descriptor with its checksum.
    pub(crate) descriptor: String,
    /// The day before which it received nothing.
    pub(crate) birthday: Option<String>,
    /// Whether the vault has an account with its key.
    pub(crate) signs: bool,
    /// The highest receive index that the operator told.
    pub(crate) seen_receive: Option<u32>,
    /// The highest change index that the operator told.
    pub(crate) seen_change: Option<u32>,
}

/// A journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct JournalFacts {
    /// The vault's id.
    pub(crate) vault_id: String,
    /// The number of records.
    pub(crate) count: u64,
    /// The hash of the last one.
    pub(crate) head: String,
    /// Whether it knows everything that this seed signed.
    pub(crate) memory: MemoryState,
    /// The records that the vault's checkpoint covers.
    pub(crate) checkpoint: u64,
    /// Whether the end of a write that was cut off follows the last record.
    pub(crate) torn: bool,
    /// The imports that nobody compared with a note yet.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) unconfirmed: Vec<ImportFacts>,
    /// The file that it was copied to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) out: Option<PathBuf>,
    /// What the records say, for `journal show`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) entries: Option<Vec<serde_json::Value>>,
}

/// Another vault's journal, as far as it was imported.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ImportFacts {
    /// That vault.
    pub(crate) vault_id: String,
    /// How many records its journal had.
    pub(crate) count: u64,
    /// The hash of the last one.
    pub(crate) head: String,
}

/// A vault that was sealed anew.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Resealed {
    /// The generation that was opened.
    pub(crate) from_generation: u64,
    /// The one that was written; the same when there was nothing to do.
    pub(crate) generation: u64,
    /// Why: what the journal knew beyond the vault.
    pub(crate) beyond: Vec<String>,
    /// The files that were moved out of the way, with their new names.
    pub(crate) aside: Vec<(PathBuf, PathBuf)>,
}

/// A journal whose memory was taken over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Imported {
    /// The vault that the other journal belongs to.
    pub(crate) from_vault_id: String,
    /// The number of its records.
    pub(crate) count: u64,
    /// The hash of its last record: compare it with the last receipt.
    pub(crate) head: String,
    /// How many signed transactions were not known before.
    pub(crate) imported: u64,
    /// What this vault knows of all that its words ever signed: missing, where the other one did
    /// not know it either.
    pub(crate) memory: MemoryState,
    /// Where this vault's journal stands now.
    pub(crate) journal: CheckpointFacts,
}

/// A changed passphrase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PassphraseChanged {
    /// The generation that was written.
    pub(crate) generation: u64,
    /// Whether the data key is new.
    pub(crate) rotated: bool,
    /// How many older files still open with the old passphrase.
    pub(crate) older_files: usize,
    /// Those files.
    pub(crate) older: Vec<PathBuf>,
}

/// What became of the words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BackupOutcome {
    /// Whether they were written down.
    pub(crate) backup: Backup,
    /// The number of words.
    pub(crate) words: usize,
    /// The file that they were written to.
    pub(crate) mnemonic_out: Option<PathBuf>,
}

/// A finding that weighs more than by default.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SeverityFacts {
    /// Its code.
    pub(crate) code: String,
    /// What it weighs at least.
    pub(crate) severity: Raised,
}

/// The vault's policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PolicyFacts {
    /// How amounts of segwit v0 coins must be known.
    pub(crate) amounts: Amounts,
    /// The same as it holds now: proven, where what remembering needs is not given.
    pub(crate) amounts_in_force: Amounts,
    /// Why that is less than was chosen.
    pub(crate) amounts_reason: Option<String>,
    /// Whether nothing else signs for the vault's wallets, by the operator's declaration.
    pub(crate) only_signer: bool,
    /// The findings that weigh more than by default, ascending by code.
    pub(crate) severities: Vec<SeverityFacts>,
    /// The highest fee; none is the default.
    pub(crate) max_fee_sat: Option<u64>,
    /// The highest fee rate, in satoshi for a virtual byte; none is the default.
    pub(crate) max_fee_rate: Option<u64>,
    /// What is done where the machine is not fit; what is not named is refused.
    pub(crate) machine: MachinePolicies,
    /// The vault's generation.
    pub(crate) generation: u64,
    /// Whether this command changed anything.
    pub(crate) changed: bool,
}

/// A signed PSBT.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SignedFile {
    /// The file that it came from.
    pub(crate) path: PathBuf,
    /// The id of the unsigned transaction.
    pub(crate) txid: bitcoin::Txid,
    /// How many signatures it has that it had not.
    pub(crate) signatures: usize,
    /// The PSBT, in the encoding and version in which it came.
    pub(crate) psbt: Blob,
}

/// What goes back of a bundle: every signature, and the receipt.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReturnFile {
    /// The return.
    pub(crate) bytes: Blob,
    /// The state of the vault that its receipt names.
    pub(crate) receipt: Unlocked,
}
