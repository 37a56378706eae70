//! What a command can fail with, as it crosses between processes and reaches the operator.

use std::fmt;

use cofferdam_core::review::FindingReport;
use cofferdam_scanner::NotRegular;
use serde::{Deserialize, Serialize};

/// The exit codes of the signer, one meaning each (docs/exit-codes.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Exit {
    /// An unexpected failure: a bug, or an operating system that refuses what it never refuses.
    Unexpected = 1,
    /// Wrong usage.
    Usage = 2,
    /// Refused by review, by policy or by the operator; nothing was signed.
    Refused = 3,
    /// Wrong passphrase or key file.
    Credential = 4,
    /// The vault or its journal is damaged.
    Damaged = 5,
    /// Malformed input, a newer format, or a missing file.
    Malformed = 6,
    /// The machine is not fit.
    Unfit = 7,
    /// Another process holds the vault.
    Busy = 9,
    /// Storage: disk full, permissions.
    Storage = 10,
    /// In conflict with what is recorded.
    Conflict = 12,
    /// Interrupted by the operator.
    Interrupted = 130,
}

/// A command's failure: what the operator reads and what scripts branch on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// The process's exit code.
    pub(crate) exit: Exit,
    /// A stable, kebab-case name.
    pub(crate) code: String,
    /// What went wrong, and its cause. Never holds a secret.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: String,
    /// The findings that made a review a refusal.
    pub(crate) findings: Vec<FileFinding>,
}

/// A finding, with the file it was found in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FileFinding {
    /// The file as the command line named it; none for findings about a whole run.
    pub(crate) file: Option<String>,
    /// The finding.
    #[serde(flatten)]
    pub(crate) finding: FindingReport,
}

impl Failure {
    /// A failure without findings.
    pub(crate) fn new(
        exit: Exit,
        code: &str,
        message: impl fmt::Display,
        hint: impl fmt::Display,
    ) -> Self {
        Failure {
            exit,
            code: code.into(),
            message: message.to_string(),
            hint: hint.to_string(),
            findings: Vec::new(),
        }
    }

    /// Wrong usage that clap cannot see.
    pub(crate) fn usage(message: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Failure::new(Exit::Usage, "wrong-usage", message, hint)
    }

    /// A failure that no input should be able to cause.
    pub(crate) fn unexpected(message: impl fmt::Display) -> Self {
        Failure::new(
            Exit::Unexpected,
            "unexpected",
            message,
            "run the command again; if it fails the same way, report it with the message above",
        )
    }

    /// A failure to read a file that the command line named.
    pub(crate) fn reading(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let message = format!("cannot read {what} {}: {error}", path.display());
        if NotRegular::is_cause_of(error) {
            return Failure::new(
                Exit::Malformed,
                "not-a-file",
                message,
                "name a regular file: copy what it gives to one",
            );
        }
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => Failure::new(
                Exit::Storage,
                "permission-denied",
                message,
                "allow this user to read the file",
            ),
            _ => Failure::new(
                Exit::Malformed,
                "unreadable-file",
                message,
                "check the path",
            ),
        }
    }

    /// A failure to write a file that the command line named.
    pub(crate) fn writing(path: &std::path::Path, error: &std::io::Error) -> Self {
        Failure::new(
            Exit::Storage,
            "cannot-write",
            format!("cannot write {}: {error}", path.display()),
            "make room or allow this user to write there, then run the command again; nothing was left half written",
        )
    }

    /// The `--json` document for standard error.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let mut error = serde_json::json!({
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
        });
        if !self.findings.is_empty() {
            error["findings"] = serde_json::json!(self.findings);
        }
        serde_json::json!({ "error": error })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
