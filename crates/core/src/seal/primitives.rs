//! The primitives of the format, each in the one shape that the format uses.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Tag};
use hkdf::{Hkdf, InvalidLength};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

/// A key of 32 bytes; wiped when dropped.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// The length of an AES-GCM tag in bytes.
pub(super) const TAG_LEN: usize = 16;

/// A ciphertext does not belong to its key, nonce and associated data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAuthentic;

/// `SHA-256(data)`.
pub(super) fn sha256(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

/// `HMAC-SHA256(key, parts[0] ‖ parts[1] ‖ ...)` (RFC 2104).
pub(super) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    keyed(key, parts).finalize().into_bytes().into()
}

/// Tells whether `mac = HMAC-SHA256(key, parts[0] ‖ parts[1] ‖ ...)`, in constant time.
pub(super) fn hmac_sha256_matches(key: &[u8], parts: &[&[u8]], mac: &[u8; 32]) -> bool {
    keyed(key, parts).verify(mac.into()).is_ok()
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut hmac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key)
        .expect("HMAC takes keys of any length");
    for part in parts {
        hmac.update(part);
    }
    hmac
}

/// Tells whether two secrets are equal, in a time that depends on their lengths alone. What comes
/// of it is public.
pub(super) fn same(a: &[u8], b: &[u8]) -> Choice {
    a.ct_eq(b)
}

/// `HKDF-SHA256(ikm, salt, info[0] ‖ info[1] ‖ ..., N)` (RFC 5869).
pub(super) fn hkdf_sha256<const N: usize>(
    ikm: &[u8],
    salt: &[u8],
    info: &[&[u8]],
) -> Zeroizing<[u8; N]> {
    const { assert!(N <= 255 * 32, "RFC 5869 bounds the output") }
    let mut okm = Zeroizing::new([0; N]);
    hkdf_sha256_into(ikm, salt, info, okm.as_mut())
        .expect("the length was checked when this was compiled");
    okm
}

/// [`hkdf_sha256`] for a length that is not known when this is compiled; fails above 8160 bytes.
pub(super) fn hkdf_sha256_into(
    ikm: &[u8],
    salt: &[u8],
    info: &[&[u8]],
    okm: &mut [u8],
) -> Result<(), InvalidLength> {
    Hkdf::<Sha256>::new(Some(salt), ikm).expand_multi_info(info, okm)
}

/// `AES-256-GCM(key, nonce = 0^96, aad, plaintext)`, in place; appends the tag. `key` must be used
/// for no other sealing.
pub(super) fn seal_in_place(key: &Key, aad: &[u8], buffer: &mut Vec<u8>) {
    seal_with_nonce(key, &[0; 12], aad, buffer);
}

/// Opens what [`seal_in_place`] sealed; on failure the buffer is wiped.
pub(super) fn open_in_place(
    key: &Key,
    aad: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<(), NotAuthentic> {
    open_with_nonce(key, &[0; 12], aad, buffer)
}

/// [`seal_in_place`] with a nonce, for vectors.
pub(super) fn seal_with_nonce(key: &Key, nonce: &[u8; 12], aad: &[u8], buffer: &mut Vec<u8>) {
    let tag = Aes256Gcm::new((&**key).into())
        .encrypt_inout_detached(nonce.into(), aad, buffer.as_mut_slice().into())
        .expect("a buffer in memory is shorter than AES-GCM's bound of 64 GiB");
    buffer.extend_from_slice(&tag);
}

/// [`open_in_place`] with a nonce, for vectors.
pub(super) fn open_with_nonce(
    key: &Key,
    nonce: &[u8; 12],
    aad: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<(), NotAuthentic> {
    let Some((ciphertext, tag)) = buffer.split_last_chunk_mut::<TAG_LEN>() else {
        return Err(NotAuthentic);
    };
    let tag = Tag::from(*tag);
    let opened = Aes256Gcm::new((&**key).into()).decrypt_inout_detached(
        nonce.into(),
        aad,
        ciphertext.into(),
        &tag,
    );
    if opened.is_err() {
        buffer.zeroize();
        return Err(NotAuthentic);
    }
    buffer.truncate(buffer.len() - TAG_LEN);
    Ok(())
}
