//! What opens a slot: passphrases and the digest of a key file.

use std::fmt;

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// A passphrase in Unicode normalisation form KD, as UTF-8; wiped when dropped.
///
/// NFKD makes the passphrase independent of how a keyboard or an editor composes its characters.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase as it was typed.
    ///
    /// The caller wipes its own copy of `text`.
    ///
    /// # Errors
    ///
    /// When it is empty.
    pub fn new(text: &str) -> Result<Self, PassphraseError> {
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        let len = text.nfkd().map(char::len_utf8).sum();
        let mut normalised = Zeroizing::new(String::with_capacity(len));
        normalised.extend(text.nfkd());
        Ok(Passphrase(normalised))
    }

    /// Takes a passphrase as a file or a pipe holds it: UTF-8, of which one trailing newline (LF or
    /// CR LF) is stripped.
    ///
    /// # Errors
    ///
    /// When it is not UTF-8, or nothing is left.
    pub fn from_file_bytes(bytes: &[u8]) -> Result<Self, PassphraseError> {
        let text = str::from_utf8(bytes).map_err(|_| PassphraseError::NotUtf8)?;
        let text = text
            .strip_suffix('\n')
            .map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        Passphrase::new(text)
    }

    /// Tells whether another is the same, however it was typed: both are normalised.
    pub fn is_same(&self, other: &Passphrase) -> bool {
        *self.0 == *other.0
    }

    /// Tells whether a key file holds this passphrase and nothing else, with or without a newline.
    pub fn is_key_file(&self, digest: &KeyFileDigest) -> bool {
        ["", "\n", "\r\n"].iter().any(|end| {
            let mut file = KeyFile::default();
            file.add(self.as_bytes());
            file.add(end.as_bytes());
            file.digest().is_ok_and(|own| own.is_same(digest))
        })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// The bytes are no passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Nothing was given.
    #[error("the passphrase is empty; give at least one character")]
    Empty,
    /// The bytes are not UTF-8.
    #[error("the passphrase is not UTF-8 text; store it as UTF-8")]
    NotUtf8,
}

/// The SHA-256 of a key file's bytes; wiped when dropped.
#[derive(Clone)]
pub struct KeyFileDigest(Zeroizing<[u8; 32]>);

impl KeyFileDigest {
    /// Digests the bytes of a key file.
    ///
    /// # Errors
    ///
    /// When the file is empty: it would add nothing to the passphrase.
    pub fn of(bytes: &[u8]) -> Result<Self, EmptyKeyFile> {
        let mut file = KeyFile::default();
        file.add(bytes);
        file.digest()
    }

    /// Tells whether another file has the same bytes.
    pub fn is_same(&self, other: &KeyFileDigest) -> bool {
        *self.0 == *other.0
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for KeyFileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFileDigest(..)")
    }
}

/// A key file that is digested piece after piece, so that it never lies in memory as a whole.
#[derive(Default)]
pub struct KeyFile {
    hash: Sha256,
    len: u64,
    /// A bit for each value of a byte that came.
    values: [u64; 4],
}

impl KeyFile {
    /// Takes the file's next bytes.
    pub fn add(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.len += piece.len() as u64;
        for byte in piece {
            self.values[usize::from(byte / 64)] |= 1 << (byte % 64);
        }
    }

    /// Returns how many bytes it has so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Returns how many different values its bytes have so far.
    pub fn distinct(&self) -> u32 {
        self.values.iter().map(|values| values.count_ones()).sum()
    }

    /// Tells whether it has no byte so far.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the digest of all pieces.
    ///
    /// # Errors
    ///
    /// When the file is empty: it would add nothing to the passphrase.
    pub fn digest(self) -> Result<KeyFileDigest, EmptyKeyFile> {
        if self.is_empty() {
            return Err(EmptyKeyFile);
        }
        Ok(KeyFileDigest(Zeroizing::new(self.hash.finalize().into())))
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFile(..)")
    }
}

/// The key file holds no byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key file is empty; name the file that was chosen when the vault was created")]
pub struct EmptyKeyFile;

/// What one slot asks for, all of it at once.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A passphrase (slot type 1).
    Passphrase(Passphrase),
    /// A passphrase and a key file (slot type 2).
    PassphraseAndKeyFile(Passphrase, KeyFileDigest),
    /// Two passphrases, in this order, held by two people (slot type 3).
    TwoPassphrases(Passphrase, Passphrase),
}

impl Credential {
    /// Returns the type of slot that this opens.
    pub fn slot_type(&self) -> SlotType {
        match self {
            Credential::Passphrase(_) => SlotType::Passphrase,
            Credential::PassphraseAndKeyFile(..) => SlotType::PassphraseAndKeyFile,
            Credential::TwoPassphrases(..) => SlotType::TwoPassphrases,
        }
    }
}

/// The kind of credential that a slot asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlotType {
    /// Type 1: a passphrase.
    Passphrase,
    /// Type 2: a passphrase and a key file.
    PassphraseAndKeyFile,
    /// Type 3: two passphrases, both needed (dual control).
    TwoPassphrases,
}

impl SlotType {
    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(SlotType::Passphrase),
            2 => Some(SlotType::PassphraseAndKeyFile),
            3 => Some(SlotType::TwoPassphrases),
            _ => None,
        }
    }

    pub(super) fn to_byte(self) -> u8 {
        match self {
            SlotType::Passphrase => 1,
            SlotType::PassphraseAndKeyFile => 2,
            SlotType::TwoPassphrases => 3,
        }
    }
}

impl fmt::Display for SlotType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SlotType::Passphrase => "a passphrase",
            SlotType::PassphraseAndKeyFile => "a passphrase and a key file",
            SlotType::TwoPassphrases => "two passphrases",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{EmptyKeyFile, KeyFile, KeyFileDigest, Passphrase, PassphraseError};

    fn bytes_of_file(bytes: &[u8]) -> Result<Vec<u8>, PassphraseError> {
        Passphrase::from_file_bytes(bytes).map(|passphrase| passphrase.as_bytes().to_vec())
    }

    #[test]
    fn one_trailing_newline_is_stripped_and_no_more() {
        assert_eq!(bytes_of_file(b"horse"), Ok(b"horse".to_vec()));
        assert_eq!(bytes_of_file(b"horse\n"), Ok(b"horse".to_vec()));
        assert_eq!(bytes_of_file(b"horse\r\n"), Ok(b"horse".to_vec()));
        assert_eq!(bytes_of_file(b"horse\n\n"), Ok(b"horse\n".to_vec()));
        assert_eq!(bytes_of_file(b" horse \n"), Ok(b" horse ".to_vec()));
        assert_eq!(bytes_of_file(b"horse\r"), Ok(b"horse\r".to_vec()));
    }

    #[test]
    fn empty_and_binary_passphrases_are_refused() {
        assert_eq!(bytes_of_file(b""), Err(PassphraseError::Empty));
        assert_eq!(bytes_of_file(b"\n"), Err(PassphraseError::Empty));
        assert_eq!(bytes_of_file(b"\r\n"), Err(PassphraseError::Empty));
        assert_eq!(bytes_of_file(b"\xff\xfe"), Err(PassphraseError::NotUtf8));
    }

    #[test]
    fn composed_and_decomposed_spellings_are_one_passphrase() {
        assert_eq!(
            bytes_of_file("caf\u{e9} \u{fb01}".as_bytes()),
            Ok("cafe\u{301} fi".as_bytes().to_vec())
        );
        assert_eq!(
            bytes_of_file("cafe\u{301} fi".as_bytes()),
            Ok("cafe\u{301} fi".as_bytes().to_vec())
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        let passphrase = Passphrase::new("horse").unwrap();
        assert_eq!(format!("{passphrase:?}"), "Passphrase(..)");
        assert_eq!(
            format!("{:?}", KeyFileDigest::of(b"horse").unwrap()),
            "KeyFileDigest(..)"
        );
    }

    #[test]
    fn empty_key_file_is_refused() {
        assert_eq!(KeyFileDigest::of(b"").unwrap_err(), EmptyKeyFile);
    }

    #[test]
    fn a_passphrase_is_known_again_however_it_is_spelled_and_as_a_key_file() {
        let composed = Passphrase::new("caf\u{e9}").unwrap();
        assert!(composed.is_same(&Passphrase::new("cafe\u{301}").unwrap()));
        assert!(!composed.is_same(&Passphrase::new("cafe").unwrap()));
        let horse = Passphrase::new("horse").unwrap();
        for (file, same) in [
            (&b"horse"[..], true),
            (b"horse\n", true),
            (b"horse\r\n", true),
            (b"horses", false),
        ] {
            assert_eq!(horse.is_key_file(&KeyFileDigest::of(file).unwrap()), same);
        }
        let mut file = KeyFile::default();
        file.add(b"aabbcc\xff\x00");
        assert_eq!(file.distinct(), 5);
    }

    #[test]
    fn a_key_file_in_pieces_is_the_same_file() {
        let mut file = KeyFile::default();
        for piece in [&b"ho"[..], b"", b"rse"] {
            file.add(piece);
        }
        assert_eq!((file.len(), file.is_empty()), (5, false));
        let whole = KeyFileDigest::of(b"horse").unwrap();
        assert_eq!(file.digest().unwrap().as_bytes(), whole.as_bytes());
        assert_eq!(KeyFile::default().digest().unwrap_err(), EmptyKeyFile);
    }
}
