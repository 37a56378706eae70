//! Vectors of others, through the primitives that the format uses.

use std::fs;

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{BlockCipherEncrypt, KeyInit};
use bitcoin::hex::FromHex;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{cheap, one, repeating};
use crate::seal::header::VaultId;
use crate::seal::primitives::{
    NotAuthentic, hkdf_sha256_into, hmac_sha256, hmac_sha256_matches, open_in_place,
    open_with_nonce, seal_with_nonce,
};
use crate::seal::slot::Slot;

#[path = "../../../tests/external/mod.rs"]
mod external;

#[derive(Deserialize)]
struct Wycheproof {
    #[serde(rename = "numberOfTests")]
    count: usize,
    #[serde(rename = "testGroups")]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "keySize", default)]
    key_bits: usize,
    #[serde(rename = "ivSize", default)]
    nonce_bits: usize,
    #[serde(rename = "tagSize", default)]
    tag_bits: usize,
    tests: Vec<Case>,
}

/// The fields of all three kinds of vectors; hexadecimal.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    tc_id: u32,
    result: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    iv: String,
    #[serde(default)]
    aad: String,
    #[serde(default)]
    msg: String,
    #[serde(default)]
    ct: String,
    #[serde(default)]
    tag: String,
    #[serde(default)]
    ikm: String,
    #[serde(default)]
    salt: String,
    #[serde(default)]
    info: String,
    #[serde(default)]
    size: usize,
    #[serde(default)]
    okm: String,
}

impl Case {
    fn is_valid(&self) -> bool {
        match self.result.as_str() {
            "valid" => true,
            "invalid" => false,
            other => panic!("unknown result {other}"),
        }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    FromHex::from_hex(text).unwrap()
}

fn key(text: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(unhex(text).try_into().unwrap())
}

#[test]
fn wycheproof_aes_256_gcm() {
    let Some(vectors) = external::json::<Wycheproof>("wycheproof-aes-gcm.json") else {
        return;
    };
    let (mut valid, mut invalid, mut other) = (0, 0, 0);
    for group in vectors.groups {
        if (group.key_bits, group.nonce_bits, group.tag_bits) != (256, 96, 128) {
            other += group.tests.len();
            continue;
        }
        for case in group.tests {
            let (key, nonce) = (key(&case.key), unhex(&case.iv).try_into().unwrap());
            let (aad, msg) = (unhex(&case.aad), unhex(&case.msg));
            let sealed = [unhex(&case.ct), unhex(&case.tag)].concat();
            let mut buffer = sealed.clone();
            let opened = open_with_nonce(&key, &nonce, &aad, &mut buffer);
            if case.is_valid() {
                assert_eq!((opened, &buffer), (Ok(()), &msg), "case {}", case.tc_id);
                seal_with_nonce(&key, &nonce, &aad, &mut buffer);
                assert_eq!(buffer, sealed, "case {}", case.tc_id);
                valid += 1;
            } else {
                assert_eq!(opened, Err(NotAuthentic), "case {}", case.tc_id);
                assert!(
                    buffer.iter().all(|&byte| byte == 0),
                    "unauthenticated plaintext is wiped"
                );
                invalid += 1;
            }
        }
    }
    println!(
        "wycheproof aes-256-gcm: {valid} valid, {invalid} invalid; {other} of other key or nonce sizes not used here"
    );
    assert_eq!(valid + invalid + other, vectors.count);
    assert!(valid > 30 && invalid > 20);
}

#[test]
fn wycheproof_hkdf_sha256() {
    let Some(vectors) = external::json::<Wycheproof>("wycheproof-hkdf-sha256.json") else {
        return;
    };
    let (mut valid, mut invalid) = (0, 0);
    for case in vectors.groups.iter().flat_map(|group| &group.tests) {
        let mut okm = vec![0; case.size];
        let info = unhex(&case.info);
        let (first, second) = info.split_at(info.len() / 2);
        let expanded = hkdf_sha256_into(
            &unhex(&case.ikm),
            &unhex(&case.salt),
            &[first, second],
            &mut okm,
        );
        if case.is_valid() {
            assert_eq!(
                (expanded.is_ok(), okm),
                (true, unhex(&case.okm)),
                "case {}",
                case.tc_id
            );
            valid += 1;
        } else {
            assert!(expanded.is_err(), "case {}", case.tc_id);
            invalid += 1;
        }
    }
    println!("wycheproof hkdf-sha256: {valid} valid, {invalid} invalid");
    assert_eq!(valid + invalid, vectors.count);
}

#[test]
fn wycheproof_hmac_sha256() {
    let Some(vectors) = external::json::<Wycheproof>("wycheproof-hmac-sha256.json") else {
        return;
    };
    let (mut valid, mut invalid) = (0, 0);
    for group in &vectors.groups {
        for case in &group.tests {
            let (key, msg, tag) = (unhex(&case.key), unhex(&case.msg), unhex(&case.tag));
            let (first, second) = msg.split_at(msg.len() / 2);
            let mac = hmac_sha256(&key, &[first, second]);
            assert_eq!(
                mac[..group.tag_bits / 8] == tag,
                case.is_valid(),
                "case {}",
                case.tc_id
            );
            if let Ok(tag) = tag.try_into() {
                assert_eq!(
                    hmac_sha256_matches(&key, &[&msg], &tag),
                    case.is_valid(),
                    "case {}",
                    case.tc_id
                );
            }
            if case.is_valid() {
                valid += 1;
            } else {
                invalid += 1;
            }
        }
    }
    println!("wycheproof hmac-sha256: {valid} valid, {invalid} invalid");
    assert_eq!(valid + invalid, vectors.count);
}

/// The reason for the commitment: AES-GCM opens one ciphertext under two keys.
#[test]
fn gcm_two_key_vector() {
    #[derive(Deserialize)]
    struct TwoKeys {
        key1: String,
        key2: String,
        nonce: String,
        ct_tag: String,
        pt1: String,
        pt2: String,
    }
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/gcm-two-keys/vector.json"
    );
    let vector: TwoKeys = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(unhex(&vector.nonce), [0; 12]);
    for (key_text, plaintext) in [(&vector.key1, &vector.pt1), (&vector.key2, &vector.pt2)] {
        let mut buffer = unhex(&vector.ct_tag);
        assert_eq!(open_in_place(&key(key_text), b"", &mut buffer), Ok(()));
        assert_eq!(buffer, unhex(plaintext));
    }
}

/// A wrapped key that opens under the keys of two passphrases, as a partitioning attack would plant
/// it: AES-GCM takes both, the commitment only one.
#[test]
fn a_wrapped_key_of_two_passphrases_opens_with_the_committed_one_alone() {
    let vault_id = VaultId([1; 16]);
    let honest = Slot::seal(
        &cheap(one("horse")),
        vault_id,
        &key(&"11".repeat(32)),
        &mut repeating(1),
    )
    .unwrap();
    let ikms = ["horse", "house"].map(|text| honest.derive(&one(text)).unwrap());
    let context = honest.context(vault_id);
    let wrapping_keys = ikms
        .each_ref()
        .map(|ikm| honest.wrapping_key(vault_id, ikm).0);

    let wrapped = two_key_ciphertext(wrapping_keys.each_ref(), &context);
    for wrapping_key in &wrapping_keys {
        assert_eq!(
            open_in_place(wrapping_key, &context, &mut wrapped.to_vec()),
            Ok(())
        );
    }
    let mut planted = *honest.as_bytes();
    planted[128..].copy_from_slice(&wrapped);
    let planted = Slot::parse(planted, 0).unwrap();
    assert!(matches!(planted.unwrap(vault_id, &ikms[0]), Ok(Some(_))));
    assert_eq!(planted.unwrap(vault_id, &ikms[1]), Ok(None));
}

/// Two blocks and a tag that AES-256-GCM opens under both keys, with a zero nonce.
///
/// The tag is `E(J0) + ... + C2 * H^2 + len * H`: with `C1` zero and everything but `C2` known for
/// both keys, one equation in the field gives the `C2` for which the tags are the same.
fn two_key_ciphertext(keys: [&Zeroizing<[u8; 32]>; 2], aad: &[u8]) -> [u8; 48] {
    let j0 = 1;
    let lengths = (aad.len() as u128 * 8) << 64 | 256;
    let blocks: Vec<u128> = aad
        .chunks(16)
        .map(padded_block)
        .chain([0, 0, lengths])
        .collect();
    let hash_keys = keys.map(|key| aes(key, 0));
    let masked = [0, 1].map(|i| {
        let hash = blocks
            .iter()
            .fold(0, |hash, block| multiply(hash ^ block, hash_keys[i]));
        hash ^ aes(keys[i], j0)
    });
    let squares = hash_keys.map(|hash_key| multiply(hash_key, hash_key));
    let second = multiply(masked[0] ^ masked[1], inverse(squares[0] ^ squares[1]));
    let tag = masked[0] ^ multiply(second, squares[0]);
    let mut ciphertext = [0; 48];
    ciphertext[16..32].copy_from_slice(&second.to_be_bytes());
    ciphertext[32..].copy_from_slice(&tag.to_be_bytes());
    ciphertext
}

fn padded_block(chunk: &[u8]) -> u128 {
    let mut block = [0; 16];
    block[..chunk.len()].copy_from_slice(chunk);
    u128::from_be_bytes(block)
}

fn aes(key: &[u8; 32], block: u128) -> u128 {
    let mut block = block.to_be_bytes().into();
    Aes256::new(key.into()).encrypt_block(&mut block);
    u128::from_be_bytes(block.into())
}

/// The product in GCM's field (NIST SP 800-38D, algorithm 1): the first bit is the highest.
fn multiply(x: u128, mut y: u128) -> u128 {
    let mut product = 0;
    for bit in (0..128).rev() {
        if x >> bit & 1 == 1 {
            product ^= y;
        }
        y = (y >> 1) ^ if y & 1 == 1 { 0xe1 << 120 } else { 0 };
    }
    product
}

/// `x^(2^128 - 2)`, by Fermat.
fn inverse(x: u128) -> u128 {
    let one = 1 << 127;
    (1..128)
        .fold((one, x), |(product, power), _| {
            let power = multiply(power, power);
            (multiply(product, power), power)
        })
        .0
}
