//! What came across, and what it is.

use std::fmt;

/// What the bytes of a [`Payload`] are. The format that carried them says so, or their first bytes
/// do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A PSBT in binary (BIP174, BIP370).
    Psbt,
    /// A signed transaction in consensus encoding.
    Transaction,
    /// Our bundle: CBOR, watcher to signer (`docs/formats/bundle.md`).
    Bundle,
    /// Our return: CBOR, signer to watcher (`docs/formats/return.md`).
    Return,
    /// Registry type 303 (`crypto-hdkey`, `hdkey`), the CBOR of a UR (BCR-2020-007).
    HdKey,
    /// Registry type 308 (`crypto-output`, `output-descriptor`), the CBOR of a UR (BCR-2020-010).
    Output,
    /// Registry type 311 (`crypto-account`, `account-descriptor`), the CBOR of a UR (BCR-2020-015).
    Account,
    /// A JSON document in UTF-8.
    Json,
    /// Other text in UTF-8.
    Text,
    /// A seed: the digits of a SeedQR, or the entropy of a CompactSeedQR. A secret: only a restore,
    /// offline, asks for it.
    Seed,
    /// Anything else.
    Bytes,
}

/// What came across, whole and with its checksum right. Its content is still a claim.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    /// What it is.
    pub kind: Kind,
    /// The bytes, as [`Kind`] describes them.
    pub bytes: Vec<u8>,
}

/// Shows no content: it can be a seed.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({:?}, {} bytes)", self.kind, self.bytes.len())
    }
}
