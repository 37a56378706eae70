//! Why pictures cannot be read.

use thiserror::Error;

use super::luma;

/// Why a picture cannot be read. Whole pictures before it were delivered.
#[derive(Debug, Error)]
pub enum PictureError {
    /// The first bytes are those of no format that is read.
    #[error("this is no picture that can be read; give a PNG, JPEG, GIF, y4m or MJPEG file")]
    Unknown,
    /// A side is zero.
    #[error("a picture of {width} x {height} pixels has nothing in it")]
    Empty {
        /// Pixels a row.
        width: u64,
        /// Rows.
        height: u64,
    },
    /// It is larger than [`luma::MAX_PIXELS`] or [`luma::MAX_SIDE`].
    #[error(
        "a picture of {width} x {height} pixels is too large; scale it down to at most {} pixels",
        luma::MAX_PIXELS
    )]
    TooLarge {
        /// Pixels a row.
        width: u64,
        /// Rows.
        height: u64,
    },
    /// The number of pixels and the size disagree.
    #[error("{found} bytes are not the {expected} of a picture of this size")]
    Length {
        /// Width times height.
        expected: usize,
        /// How many bytes there are.
        found: usize,
    },
    /// The data ends early, contradicts itself, or needs more memory than is allowed.
    #[error(
        "the {format} data is damaged, truncated or too costly ({reason}); take the picture again"
    )]
    Damaged {
        /// The format.
        format: &'static str,
        /// The decoder's words, at most 200 bytes.
        reason: String,
    },
    /// The format is right, but this variant of it is not read.
    #[error("this kind of {format} is not read: {what}")]
    Unsupported {
        /// The format.
        format: &'static str,
        /// What it has that is not read.
        what: &'static str,
    },
    /// The file has more pictures than [`super::source::MAX_FRAMES`].
    #[error("more than {} pictures in one file; cut it", super::source::MAX_FRAMES)]
    TooMany,
    /// The stream or device cannot be read.
    #[error("the pictures cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// A camera failed.
    #[error("the camera stopped: {0}")]
    Camera(String),
}

impl PictureError {
    pub(crate) fn damaged(format: &'static str, reason: impl std::fmt::Display) -> Self {
        let mut reason = reason.to_string();
        let cut = (0..=200)
            .rev()
            .find(|at| reason.is_char_boundary(*at))
            .unwrap_or(0);
        reason.truncate(cut);
        reason.retain(|c| !c.is_control());
        PictureError::Damaged { format, reason }
    }
}
