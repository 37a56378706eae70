//! One record, sealed.
//!
//! ```text
//! u32 length of what follows | u64 sequence | previous[32] | salt[32]
//!     | AES-256-GCM ciphertext and tag | mac[32]
//! ```
//!
//! Integers are little-endian. `salt = HMAC-SHA256(salt_key, kernel32 ‖ sequence ‖ previous ‖
//! plaintext)`; the cipher's key is HKDF-SHA256(seal_key, salt, "cofferdam/1/journal/record" ‖
//! vault_id ‖ sequence, 32), used once, with a zero nonce; the associated data are `magic ‖
//! vault_id ‖ sequence ‖ previous ‖ salt`. `mac = HMAC-SHA256(mac_key, magic ‖ vault_id ‖ all of
//! the record before)`. The plaintext is `u32 length ‖ CBOR ‖ zeros`, padded to 512 bytes, so that
//! the file's size tells little.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use cofferdam_core::seal::{Kernel, RandomUnavailable, VaultId};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::entry::Entry;
use super::key::JournalKey;

/// The first bytes of a journal file, before the vault's id.
pub(crate) const MAGIC: [u8; 8] = *b"CFDRJNL\x01";

/// The length of the file's header: magic and vault id.
pub(crate) const HEADER_LEN: usize = 8 + 16;

/// The longest record. A transaction of 10,000 inputs and 10,000 outputs with the longest scripts
/// fits.
pub(crate) const MAX_RECORD_LEN: usize = 128 << 20;

const PREFIX_LEN: usize = 4 + 8 + 32 + 32;
const TAG_LEN: usize = 16;
const MAC_LEN: usize = 32;
const PAD: usize = 512;

/// A record's place in its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// The vault the journal belongs to.
    pub(super) vault_id: VaultId,
    /// The number of records before it.
    pub(super) sequence: u64,
    /// The hash of the one before, or of the file's header.
    pub(super) previous: [u8; 32],
}

/// A record does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordError {
    /// The bytes end inside the record.
    #[error("it is cut short")]
    Torn,
    /// The length is none that a record can have.
    #[error("its length is impossible")]
    Length,
    /// It was altered, or sealed under another seed.
    #[error("it was altered, or belongs to another seed")]
    Authentication,
    /// It is not the one that follows the record before it.
    #[error("it does not follow the record before it")]
    Chain,
    /// It holds what this program does not know.
    #[error("it holds what this program cannot read; a newer one may")]
    Content,
}

/// The header of a journal file.
pub(crate) fn header(vault_id: VaultId) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    header[..8].copy_from_slice(&MAGIC);
    header[8..].copy_from_slice(&vault_id.0);
    header
}

/// Tells whether bytes begin as a journal of any format does.
pub(crate) fn is_header(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC[..7])
}

/// Seals an entry as the record at `link`.
pub(super) fn seal(
    key: &JournalKey,
    link: &Link,
    entry: &Entry,
    kernel: &mut Kernel<'_>,
) -> Result<Vec<u8>, RandomUnavailable> {
    let cbor = minicbor::to_vec(entry).expect("encoding into memory does not fail");
    let mut plaintext = Zeroizing::new(Vec::with_capacity((4 + cbor.len()).next_multiple_of(PAD)));
    plaintext.extend((cbor.len() as u32).to_le_bytes());
    plaintext.extend(&cbor);
    let padded = plaintext.len().next_multiple_of(PAD);
    plaintext.resize(padded, 0);

    let mut random = Zeroizing::new([0; 32]);
    kernel(&mut *random)?;
    let salt: [u8; 32] = hmac(
        key.salt(),
        &[
            &*random,
            &link.sequence.to_le_bytes(),
            &link.previous,
            &plaintext,
        ],
    );
    let length = PREFIX_LEN - 4 + plaintext.len() + TAG_LEN + MAC_LEN;
    let mut record = Vec::with_capacity(4 + length);
    record.extend((length as u32).to_le_bytes());
    record.extend(link.sequence.to_le_bytes());
    record.extend(link.previous);
    record.extend(salt);
    let associated = [&header(link.vault_id), &record[4..PREFIX_LEN]].concat();
    let ciphertext = cipher(key, link, &salt)
        .encrypt(
            &Nonce::default(),
            Payload {
                msg: &plaintext,
                aad: &associated,
            },
        )
        .expect("AES-GCM takes far more than a record");
    record.extend(ciphertext);
    let mac = hmac(key.mac(), &[&header(link.vault_id), &record]);
    record.extend(mac);
    Ok(record)
}

/// Opens the record that `bytes` begin with, and returns it with its length and its hash.
pub(super) fn open(
    key: &JournalKey,
    link: &Link,
    bytes: &[u8],
) -> Result<(Entry, usize, [u8; 32]), RecordError> {
    let length = bytes.first_chunk().ok_or(RecordError::Torn)?;
    let length = u32::from_le_bytes(*length) as usize;
    let plaintext_len = length
        .checked_sub(PREFIX_LEN - 4 + TAG_LEN + MAC_LEN)
        .ok_or(RecordError::Length)?;
    if length > MAX_RECORD_LEN || plaintext_len == 0 || !plaintext_len.is_multiple_of(PAD) {
        return Err(RecordError::Length);
    }
    let record = bytes.get(..4 + length).ok_or(RecordError::Torn)?;
    let (sealed, mac) = record.split_at(record.len() - MAC_LEN);
    let header = header(link.vault_id);
    let mut expected = <Hmac<Sha256> as KeyInit>::new_from_slice(key.mac())
        .expect("HMAC takes keys of any length");
    expected.update(&header);
    expected.update(sealed);
    expected
        .verify_slice(mac)
        .map_err(|_| RecordError::Authentication)?;
    let (prefix, ciphertext) = sealed.split_at(PREFIX_LEN);
    if prefix[4..12] != link.sequence.to_le_bytes() || prefix[12..44] != link.previous {
        return Err(RecordError::Chain);
    }
    let mut salt = [0; 32];
    salt.copy_from_slice(&prefix[44..]);
    let associated = [&header, &prefix[4..]].concat();
    let plaintext = cipher(key, link, &salt)
        .decrypt(
            &Nonce::default(),
            Payload {
                msg: ciphertext,
                aad: &associated,
            },
        )
        .map_err(|_| RecordError::Authentication)?;
    let cbor = unpad(&plaintext).ok_or(RecordError::Content)?;
    let mut decoder = minicbor::Decoder::new(cbor);
    let entry = decoder.decode().map_err(|_| RecordError::Content)?;
    if decoder.position() != cbor.len() {
        return Err(RecordError::Content);
    }
    Ok((entry, record.len(), hash(&[&header, record])))
}

/// The hash that the next record names as the one before it.
pub(super) fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

fn unpad(plaintext: &[u8]) -> Option<&[u8]> {
    let (length, rest) = plaintext.split_first_chunk()?;
    let (cbor, padding) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    (padding.len() < PAD && padding.iter().all(|byte| *byte == 0)).then_some(cbor)
}

fn cipher(key: &JournalKey, link: &Link, salt: &[u8; 32]) -> Aes256Gcm {
    let mut info = b"cofferdam/1/journal/record".to_vec();
    info.extend(link.vault_id.0);
    info.extend(link.sequence.to_le_bytes());
    let mut record_key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt), key.seal())
        .expand(&info, &mut *record_key)
        .expect("32 bytes are within what HKDF-SHA256 can give");
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(*record_key))
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}
