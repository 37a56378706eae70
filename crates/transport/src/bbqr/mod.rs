//! BBQr: a file as a loop of codes (Coinkite's specification, <https://github.com/coinkite/BBQr>).
//!
//! Every part is `B$`, the encoding, the file type, the number of parts and the part's index (each
//! two digits in base 36), and then its piece of the encoded file. There is no checksum and no
//! identity: parts of two files with like headers can only be told apart where they contradict each
//! other.
//!
//! - [`Encoder`]: a file becomes parts.
//! - [`Joiner`]: parts become a file.

mod deflate;
mod encoder;
mod encoding;
mod error;
mod file_type;
mod header;
mod joiner;

pub use encoder::Encoder;
pub use encoding::Encoding;
pub use error::{Damage, EncodeError, JoinError};
pub use file_type::FileType;
pub use header::Header;
pub use joiner::Joiner;

/// Parts of a file at most: the greatest number of two digits in base 36, `ZZ`.
pub const MAX_PARTS: usize = 1295;

/// Characters of a part at most: what a code of version 40 holds in alphanumeric mode at level L
/// (ISO/IEC 18004, table 7).
pub const MAX_PART: usize = 4296;

/// Bytes of a file at most, once inflated.
///
/// 1295 of the largest parts carry 3.5 MB; a PSBT deflates to between a half and a fifth. What
/// inflates to more than this was made to exhaust memory. It is also the bound of other
/// implementations.
pub const MAX_FILE: usize = 16 * 1024 * 1024;
