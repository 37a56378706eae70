//! SeedSigner's own vectors for SeedQR and CompactSeedQR.

#![allow(clippy::print_stdout)]

use cofferdam_transport::seed_qr::{SeedQr, looks_like_seed};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Vector {
    digits: String,
    entropy: String,
}

#[test]
fn the_official_seeds_are_read() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../../fixtures/seed-qr/vectors.json")).unwrap();
    for vector in &vectors {
        let entropy = data_encoding::HEXLOWER
            .decode(vector.entropy.as_bytes())
            .unwrap();
        let SeedQr::Indices(indices) = SeedQr::read(vector.digits.as_bytes()).unwrap() else {
            panic!("digits are indices");
        };
        let SeedQr::Entropy(read) = SeedQr::read(&entropy).unwrap() else {
            panic!("bytes are entropy");
        };
        assert_eq!(*read, entropy);
        assert_eq!(*indices, with_checksum(&entropy));
        assert!(looks_like_seed(vector.digits.as_bytes()));
        assert!(looks_like_seed(&entropy));
    }
    println!(
        "{} SeedQR vectors, {} codes",
        vectors.len(),
        2 * vectors.len()
    );
}

/// Cuts entropy and its checksum into groups of 11 bits (BIP39).
fn with_checksum(entropy: &[u8]) -> Vec<u16> {
    let checksum = &Sha256::digest(entropy)[..1];
    let bits: Vec<u16> = entropy
        .iter()
        .chain(checksum)
        .flat_map(|byte| (0..8).rev().map(move |bit| u16::from(byte >> bit & 1)))
        .collect();
    bits.chunks_exact(11)
        .map(|bits| bits.iter().fold(0, |index, bit| index * 2 + bit))
        .collect()
}
