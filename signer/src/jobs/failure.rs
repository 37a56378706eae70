//! How the typed errors of the vault, the store and the journal become exit codes, codes and hints.

use std::io;

use cofferdam_core::keys::{KeyError, MnemonicError, RollsError, SignError};
use cofferdam_core::seal::{
    CostError, OutOfMemory, PassphraseError, RandomUnavailable, SealError, UnlockError,
};
use cofferdam_core::wallet::{DeriveError, WalletError};

use crate::body::BodyError;
use crate::error::{Exit, Failure};
use crate::journal::{JournalError, LogError};
use crate::store::{Kind, StoreError};

/// A failure to read or write the vault's files.
pub(crate) fn store_failure(error: StoreError) -> Failure {
    let (exit, code, hint) = match error.kind() {
        Kind::Io => (
            Exit::Storage,
            "storage",
            "make room, or allow this user to read and write there",
        ),
        Kind::Missing => (
            Exit::Malformed,
            "vault-missing",
            "check --vault, or make a vault with `init` or `restore`",
        ),
        Kind::NewerFormat => (
            Exit::Malformed,
            "newer-format",
            "use a newer cofferdam-signer",
        ),
        Kind::NotAVault => (Exit::Malformed, "not-a-vault", "check --vault"),
        Kind::Damaged => (
            Exit::Damaged,
            "vault-damaged",
            "run `verify` to see every file, then `repair`",
        ),
        Kind::Busy => (
            Exit::Busy,
            "vault-busy",
            "wait until the other process is done, and try again",
        ),
        Kind::Exists => (
            Exit::Conflict,
            "vault-exists",
            "choose another --vault; a vault is never overwritten",
        ),
        Kind::Changed => (
            Exit::Conflict,
            "changed-meanwhile",
            "find out what else works in the vault's folder (a clean-up, a copy, another person) and stop it; then run the \
             command again, which opens what is there now",
        ),
        Kind::Generation => (
            Exit::Damaged,
            "generation-implausible",
            "run `repair --reseal`, which brings vault and journal back to the generation that they had come to",
        ),
        Kind::Usage => (Exit::Usage, "wrong-usage", "see --help"),
    };
    Failure::new(exit, code, error, hint)
}

/// A process that may touch more than it needs does nothing. What keeps it from being confined is a
/// disk that cannot be read.
pub(crate) fn unconfined(error: io::Error) -> Failure {
    Failure::new(
        Exit::Storage,
        "storage",
        format!("a process could not be confined to its files: {error}"),
        "check the disks that the command line names; `self-check` tells the state of each protection",
    )
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        store_failure(error)
    }
}

impl From<UnlockError> for Failure {
    fn from(error: UnlockError) -> Self {
        match &error {
            UnlockError::WrongKind { .. } => Failure::new(
                Exit::Credential,
                "wrong-kind-of-credential",
                &error,
                "give what the vault was made with, no less and no more: --key-file, --second-passphrase-file, or neither",
            ),
            UnlockError::WrongCredential => Failure::new(
                Exit::Credential,
                "wrong-passphrase",
                &error,
                "check the passphrase and the key file, and try again",
            ),
            UnlockError::Tampered(_) => Failure::new(
                Exit::Damaged,
                "vault-tampered",
                &error,
                "somebody altered the file: keep it, and use an earlier generation with `repair --use FILE`",
            ),
            UnlockError::OutOfMemory(error) => Failure::from(*error),
        }
    }
}

impl From<OutOfMemory> for Failure {
    fn from(error: OutOfMemory) -> Self {
        Failure::new(
            Exit::Unexpected,
            "out-of-memory",
            error,
            "close other programs, or use a machine with more memory",
        )
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        match error {
            SealError::MixedDualControl | SealError::SlotCount(_) => {
                Failure::usage(error, "see `init --help`")
            }
            SealError::WrongCredential(_) => Failure::new(
                Exit::Credential,
                "wrong-passphrase",
                error,
                "check the passphrase, and try again",
            ),
            SealError::OutOfMemory(error) => error.into(),
            error => Failure::unexpected(error),
        }
    }
}

impl From<RandomUnavailable> for Failure {
    fn from(error: RandomUnavailable) -> Self {
        Failure::unexpected(error)
    }
}

impl From<CostError> for Failure {
    fn from(error: CostError) -> Self {
        Failure::usage(
            error,
            "choose --kdf-memory-mib and --kdf-passes within the bounds",
        )
    }
}

impl From<PassphraseError> for Failure {
    fn from(error: PassphraseError) -> Self {
        Failure::usage(error, "choose a passphrase")
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::NewerVersion(_) | BodyError::NewerPolicy(_) => Failure::new(
                Exit::Malformed,
                "newer-format",
                error,
                "use a newer cofferdam-signer",
            ),
            BodyError::Malformed(_) => Failure::new(
                Exit::Damaged,
                "vault-damaged",
                error,
                "use an earlier generation with `repair --use FILE`",
            ),
        }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Store(error @ (StoreError::NotAFile(_) | StoreError::TooLong { .. })) => {
                Failure::new(
                    Exit::Damaged,
                    "journal-damaged",
                    error,
                    "something else lies where the journal should be: move it away, and bring the journal back from a copy with \
                 `journal import FILE`",
                )
            }
            JournalError::Store(error) => error.into(),
            JournalError::Random(error) => error.into(),
            JournalError::Damaged {
                error: LogError::NewerFormat(_),
                ..
            } => Failure::new(
                Exit::Malformed,
                "newer-format",
                error,
                "use a newer cofferdam-signer",
            ),
            error => Failure::new(
                Exit::Damaged,
                "journal-damaged",
                error,
                "bring the journal back from a copy with `journal import FILE`; or `restore` the words into a new vault, \
                 which then has no memory of what was signed",
            ),
        }
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Failure::new(
            Exit::Malformed,
            match error {
                LogError::NewerFormat(_) => "newer-format",
                _ => "not-a-journal",
            },
            error,
            "name a journal that `journal export` of a vault with the same words wrote",
        )
    }
}

impl From<MnemonicError> for Failure {
    fn from(error: MnemonicError) -> Self {
        Failure::new(
            Exit::Malformed,
            "invalid-mnemonic",
            error,
            "compare every word with the backup; --language tells the word list",
        )
    }
}

impl From<RollsError> for Failure {
    fn from(error: RollsError) -> Self {
        Failure::new(
            Exit::Malformed,
            "invalid-rolls",
            error,
            "write the rolls again, as they fell",
        )
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Failure::usage(error, "choose another --index")
    }
}

impl From<DeriveError> for Failure {
    fn from(error: DeriveError) -> Self {
        Failure::usage(error, "choose another index")
    }
}

impl From<WalletError> for Failure {
    fn from(error: WalletError) -> Self {
        Failure::new(
            Exit::Malformed,
            "invalid-wallet",
            error,
            "see docs/formats/wallet.md",
        )
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        Failure::unexpected(error)
    }
}

/// A failure to ask on the terminal: there is none, or it was closed.
pub(crate) fn terminal_failure(what: &str, instead: &str) -> impl FnOnce(io::Error) -> Failure {
    let message = format!("{what} is asked on the terminal");
    let hint = instead.to_owned();
    move |error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Failure::new(
            Exit::Refused,
            "declined",
            format!("{message}, and the answer was its end"),
            hint,
        ),
        _ => Failure::usage(format!("{message}, and there is none ({error})"), hint),
    }
}
