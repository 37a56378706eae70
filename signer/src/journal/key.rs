//! The keys that seal a journal: they follow from the seed, so that words alone read an old
//! journal.

use cofferdam_core::keys::Seed;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The three keys of a journal.
///
/// ```text
/// journal_key = HKDF-SHA256(ikm = seed, salt = "", info = "cofferdam/1/journal", 32)
/// seal ‖ mac ‖ salt
///     = HKDF-SHA256(ikm = journal_key, salt = "", info = "cofferdam/1/journal/keys", 96)
/// ```
pub(crate) struct JournalKey(Zeroizing<[u8; 96]>);

impl JournalKey {
    /// Derives the keys from the vault's seed.
    pub(crate) fn derive(seed: &Seed) -> Self {
        Self::expand(&seed.derive_symmetric(b"cofferdam/1/journal"))
    }

    pub(crate) fn expand(journal_key: &[u8; 32]) -> Self {
        let mut keys = Zeroizing::new([0; 96]);
        Hkdf::<Sha256>::new(None, journal_key)
            .expand(b"cofferdam/1/journal/keys", &mut *keys)
            .expect("96 bytes are within the 8,160 that HKDF-SHA256 can give");
        JournalKey(keys)
    }

    pub(super) fn seal(&self) -> &[u8] {
        &self.0[..32]
    }

    pub(super) fn mac(&self) -> &[u8] {
        &self.0[32..64]
    }

    pub(super) fn salt(&self) -> &[u8] {
        &self.0[64..]
    }
}
