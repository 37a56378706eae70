//! What the signer's processes say to each other, as serde types in frames of CBOR. No message
//! holds a secret.

mod as_json;
mod intake;
mod job;
mod outcome;
mod review;

pub(crate) use crate::body::Backup;
pub(crate) use intake::{
    Blob, BundleFile, IntakeReply, IntakeRequest, Looking, PsbtFile, SeenFacts, Sight,
};
pub(crate) use job::{Consent, Costs, ExportFormat, Source, Unlock};
pub(crate) use outcome::{
    AccountFacts, AddressFacts, Answer, BackupOutcome, CheckpointFacts, CostFacts, Created,
    ExportOutcome, ImportFacts, Imported, JournalFacts, Outcome, PassphraseChanged, PolicyFacts,
    Resealed, ReturnFile, SeverityFacts, SignedFile, Unlocked, WalletFacts,
};
pub(crate) use review::{Digest, FileReview, RunReview};
