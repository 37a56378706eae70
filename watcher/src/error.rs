//! Every failure of the watcher, with its exit status, stable code and remedy.

use cofferdam_core::sanitize;
use serde_json::Value;

use crate::remedy::Remedy;

/// The exit status of a failure (design, section 6). Scripts rely on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// An unexpected failure.
    Unexpected = 1,
    /// Wrong usage.
    Usage = 2,
    /// Refused by review, policy or approvals; nothing was sent.
    Refused = 3,
    /// The ledger is damaged.
    Damaged = 5,
    /// Malformed input, a missing file, or a newer format.
    Malformed = 6,
    /// The chain source is unreachable or not ready.
    ChainNotReady = 8,
    /// Another process holds the lease or the database.
    Busy = 9,
    /// Disk full, permissions.
    Storage = 10,
    /// Not enough funds, or not enough coins.
    Funds = 11,
    /// In conflict with what is recorded.
    Conflict = 12,
    /// The network's rules rejected the transaction.
    Rejected = 13,
    /// Interrupted by a signal.
    Interrupted = 130,
}

/// What every error type of the watcher tells about itself, beside its message.
pub trait Coded: std::error::Error {
    /// Returns the exit status.
    fn exit(&self) -> Exit;
    /// Returns the stable code, in kebab case.
    fn code(&self) -> &'static str;
    /// Returns what the user can do about it.
    fn remedy(&self) -> Remedy;
    /// Returns the findings that explain a refusal, when there are any.
    fn findings(&self) -> Option<Value> {
        None
    }
}

/// Any failure of a command.
///
/// Each part of the watcher has its own error type that implements [`Coded`]; this one carries
/// whichever came.
#[derive(Debug)]
pub struct Error(Box<dyn Coded + Send + Sync>);

impl Error {
    /// Returns the exit status.
    pub fn exit(&self) -> Exit {
        self.0.exit()
    }

    /// Returns the stable code.
    pub fn code(&self) -> &'static str {
        self.0.code()
    }

    /// Returns what the user can do about it.
    pub fn remedy(&self) -> Remedy {
        self.0.remedy()
    }

    /// Returns the findings that explain a refusal, when there are any.
    pub fn findings(&self) -> Option<Value> {
        self.0.findings()
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Coded + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Error(Box::new(error))
    }
}

/// Failures that belong to no part in particular.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The command line makes no sense although it parses.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to write instead.
        hint: String,
    },
    /// What came is not what it should be.
    #[error("{message}")]
    Malformed {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// The user or the system asked the process to stop.
    #[error("interrupted")]
    Interrupted,
    /// A file that the user names cannot be read or written.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// "read" or "write".
        action: &'static str,
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Something that should not happen.
    #[error("unexpected failure: {0}")]
    Unexpected(String),
}

impl Coded for CommandError {
    fn exit(&self) -> Exit {
        match self {
            CommandError::Usage { .. } => Exit::Usage,
            CommandError::Malformed { .. } => Exit::Malformed,
            CommandError::Interrupted => Exit::Interrupted,
            CommandError::File { source, .. } => io_exit(source),
            CommandError::Unexpected(_) => Exit::Unexpected,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            CommandError::Usage { .. } => "usage",
            CommandError::Malformed { .. } => "malformed",
            CommandError::Interrupted => "interrupted",
            CommandError::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                "file-missing"
            }
            CommandError::File { .. } => "file-failed",
            CommandError::Unexpected(_) => "unexpected",
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            CommandError::Usage { hint, .. } | CommandError::Malformed { hint, .. } => {
                Remedy::Told(hint.clone())
            }
            CommandError::Interrupted => Remedy::RunAgain,
            CommandError::File { .. } => Remedy::CheckPath,
            CommandError::Unexpected(_) => Remedy::Report,
        }
    }
}

/// Returns a path as messages show it: no name that somebody else chose can steer the terminal or
/// pose as another.
pub fn shown_path(path: &std::path::Path) -> String {
    sanitize::neutralised(&path.display().to_string())
}

/// Returns the exit status of a failed file operation: 6 for what is not there or no file, 10
/// otherwise.
pub fn io_exit(error: &std::io::Error) -> Exit {
    match error.kind() {
        std::io::ErrorKind::NotFound
        | std::io::ErrorKind::InvalidData
        | std::io::ErrorKind::IsADirectory => Exit::Malformed,
        _ => Exit::Storage,
    }
}
