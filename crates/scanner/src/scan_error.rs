//! Why a scan brought nothing.

use std::io;
use std::path::PathBuf;

/// A scan that brought nothing whole.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The pictures ended before the message was whole.
    #[error("the pictures ended with {have} of the {need} parts that are needed")]
    Incomplete {
        /// What was had.
        have: usize,
        /// What is needed.
        need: usize,
    },
    /// No code was read.
    #[error("no QR code was read in {frames} pictures")]
    Nothing {
        /// How many pictures were looked at.
        frames: u64,
    },
    /// Codes were read, and none belongs to anything that is taken here.
    #[error("the {codes} QR codes that were read hold nothing that is taken here: {last}")]
    Foreign {
        /// How many were read.
        codes: u64,
        /// Why the last one was not taken.
        last: String,
    },
    /// A file or a camera gives no pictures.
    #[error("{}: {reason}", path.display())]
    Source {
        /// The file, folder or device.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Too many frames ended the decoder.
    #[error("{}: {cuts} pictures, with nothing to read between them, cost more time or memory than reading may", path.display())]
    TooManyCuts {
        /// The file or device.
        path: PathBuf,
        /// How many.
        cuts: u32,
    },
    /// The decoder does not start.
    #[error("the process that looks at pictures could not be started: {0}")]
    Spawn(io::Error),
}

impl ScanError {
    /// Returns the stable code, in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            ScanError::Incomplete { .. } => "scan-incomplete",
            ScanError::Nothing { .. } => "no-code",
            ScanError::Foreign { .. } => "foreign-code",
            ScanError::Source { .. } => "unreadable-picture",
            ScanError::TooManyCuts { .. } => "hostile-pictures",
            ScanError::Spawn(_) => "unexpected",
        }
    }

    /// Returns what to do about it; `wanted` says what is taken, as in "a SeedQR".
    pub fn hint(&self, wanted: &str) -> String {
        match self {
            ScanError::Incomplete { .. } => {
                "show all codes for longer, or record them for longer, and scan again; more light and a steady hand help"
            }
            ScanError::Nothing { .. } => {
                "fill the picture with the code, in focus; or make the codes sparser where they are shown"
            }
            ScanError::Foreign { .. } => return format!("show {wanted}"),
            ScanError::Source { .. } => {
                "name a PNG, JPEG, GIF, y4m or MJPEG file, a folder of them, or a camera (see --help)"
            }
            ScanError::TooManyCuts { .. } => {
                "these are no pictures of codes alone; find out where they come from"
            }
            ScanError::Spawn(_) => "run the command again; if it fails the same way, report it",
        }
        .into()
    }
}
