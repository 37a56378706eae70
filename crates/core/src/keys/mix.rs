//! Key birth.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Entropy, Rolls, WordCount};

/// The tag in front of what is hashed: 19 ASCII bytes.
pub const MIX_TAG: &str = "cofferdam/entropy/1";

/// Mixes the kernel's random bytes with the operator's rolls: `SHA-256(tag ‖ kernel ‖ rolls)`, cut
/// to size.
///
/// `tag` is [`MIX_TAG`], `kernel` 32 bytes, `rolls` the ASCII text of [`Rolls::as_str`], nothing
/// without rolls. Either part alone, if it is unknown and random, makes the result so.
/// `docs/formats/entropy.md` shows how to recompute it.
pub fn mix(kernel: &[u8; 32], rolls: Option<&Rolls>, words: WordCount) -> Entropy {
    // This hasher wipes itself; that of the `bitcoin` crate does not.
    let mut hasher = Sha256::new();
    hasher.update(MIX_TAG);
    hasher.update(kernel);
    hasher.update(rolls.map_or("", Rolls::as_str));
    let mut digest = Zeroizing::new([0; 32]);
    hasher.finalize_into((&mut *digest).into());
    Entropy::cut(&digest, words)
}
