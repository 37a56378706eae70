//! Known answers of the primitives that sealing rests on.

use argon2::{Algorithm, Argon2, AssociatedData, Block, ParamsBuilder, Version};
use zeroize::Zeroizing;

use super::primitives::{hkdf_sha256, hmac_sha256, open_in_place, seal_in_place, sha256};
use crate::hex::bytes;

/// Runs each, and returns its name and whether it holds.
pub(crate) fn known_answers() -> [(&'static str, bool); 5] {
    [
        ("sha256", sha256_holds()),
        ("hmac-sha256", hmac_holds()),
        ("hkdf-sha256", hkdf_holds()),
        ("aes-256-gcm", gcm_holds()),
        ("argon2id", argon2id_holds()),
    ]
}

/// FIPS 180-4's example of one block.
fn sha256_holds() -> bool {
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    sha256(b"abc").as_slice() == bytes(digest)
}

/// RFC 4231, test case 2.
fn hmac_holds() -> bool {
    let mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]).as_slice() == bytes(mac)
}

/// RFC 5869, test case 1.
fn hkdf_holds() -> bool {
    let okm =
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
    let salt = bytes("000102030405060708090a0b0c");
    let info = bytes("f0f1f2f3f4f5f6f7f8f9");
    hkdf_sha256::<42>(&[0x0b; 22], &salt, &[&info]).as_slice() == bytes(okm)
}

/// Test case 14 of the GCM specification (McGrew and Viega); and that an altered ciphertext is
/// refused.
fn gcm_holds() -> bool {
    let sealed = bytes("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    let key = Zeroizing::new([0; 32]);
    let mut buffer = vec![0; 16];
    seal_in_place(&key, &[], &mut buffer);
    if buffer != sealed {
        return false;
    }
    let mut altered = sealed;
    altered[0] ^= 1;
    open_in_place(&key, &[], &mut buffer).is_ok()
        && buffer == [0; 16]
        && open_in_place(&key, &[], &mut altered).is_err()
}

/// RFC 9106, section 5.3.
fn argon2id_holds() -> bool {
    let tag = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659";
    let params = AssociatedData::new(&[4; 12]).and_then(|data| {
        ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(data)
            .output_len(32)
            .build()
    });
    let Ok(params) = params else { return false };
    let mut memory = vec![Block::default(); params.block_count()];
    let mut out = [0; 32];
    let hashed = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params)
        .and_then(|argon2| {
            argon2.hash_password_into_with_memory(
                &[1; 32],
                &[2; 16],
                &mut out,
                memory.as_mut_slice(),
            )
        });
    hashed.is_ok() && out.as_slice() == bytes(tag)
}
