//! The seed that all keys come from.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// BIP39's optional passphrase, in Unicode NFKD. Empty is the same as none.
pub struct Bip39Passphrase(Zeroizing<String>);

impl Bip39Passphrase {
    /// Takes a passphrase as it was typed; every character counts.
    pub fn new(text: &str) -> Bip39Passphrase {
        Bip39Passphrase(normalize(text.chars()))
    }

    /// Returns no passphrase.
    pub fn none() -> Bip39Passphrase {
        Bip39Passphrase(Zeroizing::new(String::new()))
    }

    /// Returns whether there is no passphrase.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the normalized secret text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Bip39Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bip39Passphrase(..)")
    }
}

/// The 64 bytes of a BIP39 seed.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 64]>);

impl Seed {
    pub(super) fn new(bytes: Zeroizing<[u8; 64]>) -> Seed {
        Seed(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// Derives a symmetric key: HKDF-SHA256 (RFC 5869) with the seed as input, an empty salt and
    /// this info.
    pub fn derive_symmetric(&self, info: &[u8]) -> Zeroizing<[u8; 32]> {
        derive_symmetric(self.as_bytes(), info)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// As [`Seed::derive_symmetric`].
pub(super) fn derive_symmetric(seed: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, seed)
        .expand(info, &mut *key)
        .expect("32 bytes are within what HKDF-SHA256 gives");
    key
}

/// Returns text in Unicode NFKD.
pub(super) fn normalize(text: impl Iterator<Item = char> + Clone) -> Zeroizing<String> {
    // All the room at once, so that growing leaves no copies behind.
    let length = text.clone().nfkd().map(char::len_utf8).sum();
    let mut normalized = Zeroizing::new(String::with_capacity(length));
    normalized.extend(text.nfkd());
    normalized
}
