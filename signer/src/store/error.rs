//! Why the vault's files cannot be read or written.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cofferdam_core::seal::VaultError;

/// The kind of a [`StoreError`], which decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Disk full, permissions, a failing disk (exit 10).
    Io,
    /// A file is missing (exit 6).
    Missing,
    /// A file has a later format (exit 6).
    NewerFormat,
    /// A file is no vault at all (exit 6).
    NotAVault,
    /// A vault is damaged, or files contradict each other (exit 5).
    Damaged,
    /// Another process holds the vault (exit 9).
    Busy,
    /// A vault is already there (exit 12).
    Exists,
    /// Something else changed the files meanwhile (exit 12).
    Changed,
    /// The generation is none that writing comes to (exit 5).
    Generation,
    /// What was asked for makes no sense here (exit 2).
    Usage,
}

/// The vault's files cannot be read or written.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The system refused.
    #[error("cannot {action} {}: {source}; {}", path.display(), remedy(source))]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's answer.
        source: Arc<io::Error>,
    },
    /// The folder that is to hold the vault is not there.
    #[error("the folder {} does not exist; make it, or check --vault", .0.display())]
    FolderMissing(PathBuf),
    /// There is no file of this name.
    #[error("there is no vault at {}; check --vault, or make one with `init` or `restore`", .0.display())]
    Missing(PathBuf),
    /// There is no file of this name, and earlier generations are beside it.
    #[error("{} is missing, and earlier generations of it are there; run `repair`", .0.display())]
    MissingButKept(PathBuf),
    /// The path is a folder or a device.
    #[error("{} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// A vault is not overwritten.
    #[error("{} exists already; choose another --vault, a vault is never overwritten", .0.display())]
    Exists(PathBuf),
    /// Another process holds the lock.
    #[error("another process works on {}; wait until it is done, and try again", .0.display())]
    Busy(PathBuf),
    /// A file is damaged, of a later format or no vault.
    #[error("{}: {error}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: VaultError,
    },
    /// A later generation of the vault is beside it.
    #[error(
        "{} is generation {generation}, but {} is generation {newer_generation}: the vault was rolled back; \
         run `repair` to return to the newest, or `repair --use FILE` to decide",
        path.display(),
        newer.display()
    )]
    RolledBack {
        /// The vault.
        path: PathBuf,
        /// Its generation.
        generation: u64,
        /// The file with the later one.
        newer: PathBuf,
        /// The later generation.
        newer_generation: u64,
    },
    /// Two intact files of one generation differ.
    #[error(
        "{} and {} are both generation {generation} and differ; look at both, then decide with `repair --use FILE`",
        first.display(),
        second.display()
    )]
    Conflict {
        /// The generation.
        generation: u64,
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// The files to repair from belong to different vaults.
    #[error(
        "{} and {} belong to different vaults; decide with `repair --use FILE`",
        first.display(),
        second.display()
    )]
    DifferentVaults {
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// The chosen file is not one of this vault's.
    #[error(
        "{} belongs to another vault than {}; name it itself with --vault; if {0} is the right one, move the other away first",
        chosen.display(),
        vault.display()
    )]
    OtherVault {
        /// The chosen file.
        chosen: PathBuf,
        /// The file that tells which vault this is.
        vault: PathBuf,
    },
    /// No intact file is left to repair from.
    #[error(
        "no intact generation of {} is left; bring a backup and run `repair --use FILE`, \
         or `restore` from the words",
        .0.display()
    )]
    NothingIntact(PathBuf),
    /// The name for keeping the present vault is taken by another file.
    #[error("{} is in the way of keeping the present vault; run `repair`, which moves it aside", .0.display())]
    NameTaken(PathBuf),
    /// A file changed while it was locked.
    #[error("{} is not what this command opened: something else changed it meanwhile; nothing was written", .0.display())]
    Changed(PathBuf),
    /// The lock's file is another one now, so that another process may hold the vault too.
    #[error("{} was deleted or replaced while this command held it; nothing was written", .0.display())]
    LockLost(PathBuf),
    /// A file is longer than it may be.
    #[error("{} has {found} bytes, and at most {limit} are read; check the path", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// The bound.
        limit: u64,
    },
    /// The generation is one that no honest writing comes to.
    #[error(
        "{} has generation {generation}, which no writing comes to: an earlier program took it from a file's name; \
         run `repair --reseal`",
        path.display()
    )]
    Implausible {
        /// The vault.
        path: PathBuf,
        /// The highest generation of vault and journal.
        generation: u64,
    },
    /// Pruning must leave two.
    #[error("prune leaves at least two files; --keep {0} is too few")]
    KeepTooFew(usize),
}

impl StoreError {
    /// Returns the kind, which decides the exit code.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            StoreError::Io { .. } => Kind::Io,
            StoreError::Missing(_) | StoreError::FolderMissing(_) => Kind::Missing,
            StoreError::NotAFile(_) => Kind::NotAVault,
            StoreError::Exists(_) => Kind::Exists,
            StoreError::Busy(_) => Kind::Busy,
            StoreError::Invalid { error, .. } => match error {
                VaultError::NotAVault => Kind::NotAVault,
                VaultError::NewerFormat { .. } => Kind::NewerFormat,
                _ => Kind::Damaged,
            },
            StoreError::KeepTooFew(_) | StoreError::OtherVault { .. } => Kind::Usage,
            StoreError::MissingButKept(_)
            | StoreError::RolledBack { .. }
            | StoreError::Conflict { .. }
            | StoreError::DifferentVaults { .. }
            | StoreError::NothingIntact(_)
            | StoreError::NameTaken(_)
            | StoreError::TooLong { .. } => Kind::Damaged,
            StoreError::Changed(_) | StoreError::LockLost(_) => Kind::Changed,
            StoreError::Implausible { .. } => Kind::Generation,
        }
    }

    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.to_path_buf();
        move |source| StoreError::Io {
            action,
            path,
            source: Arc::new(source),
        }
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space and try again"
        }
        io::ErrorKind::PermissionDenied => "check who owns the file and its folder",
        io::ErrorKind::ReadOnlyFilesystem => "mount it for writing and try again",
        _ => "check the disk and try again",
    }
}
