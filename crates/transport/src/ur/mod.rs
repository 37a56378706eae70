//! Uniform resources (UR): a message as one text, or as an endless stream of parts of which any K +
//! a few are enough.
//!
//! - [`UrType`]: the types that cross, under their older and newer names.
//! - [`Encoder`]: a message to parts (BCR-2020-005), upper case for the alphanumeric mode of QR.
//! - [`Decoder`]: parts to a message, by Gaussian elimination.
//! - [`v1`]: the first version, which some wallets still show; read only.
//!
//! What is emitted and accepted, and why the limits are what they are: `docs/formats/ur.md`.

mod bc32;
mod chooser;
mod content;
mod decoder;
mod elimination;
mod encoder;
mod error;
mod part;
mod ur_type;
pub mod v1;

pub use self::decoder::Decoder;
pub use self::encoder::{Encoder, Order, fragment_bytes};
pub use self::error::{EncodeError, UrError};
pub use self::ur_type::{Names, UrType};

/// The most fragments of a message. Elimination keeps a square of as many bits: 2 MiB.
pub const MAX_FRAGMENTS: usize = 4_096;
/// The most bytes of a fragment: half the characters of the largest code (version 40, level L:
/// 4,296), as a byte is two.
pub const MAX_FRAGMENT_BYTES: usize = 2_148;
/// The most bytes of a message: [`MAX_FRAGMENTS`] of a little less than the largest code holds.
pub const MAX_MESSAGE_BYTES: usize = 8 << 20;
/// The most characters of a part: those of the largest code.
pub const MAX_PART_CHARS: usize = 4_296;

/// CRC-32 (ISO 3309), as bytewords and parts use it.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
