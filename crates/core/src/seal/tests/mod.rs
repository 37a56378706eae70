//! Tests of the whole format.

// Counts of vectors and of damaged files are part of what the tests show.
#![allow(clippy::print_stdout)]

mod arbitrary;
mod constant_time;
mod hostile;
mod known_answer;
mod life;
mod vectors;

use super::primitives::sha256;
use super::{
    Cost, Credential, KeyFileDigest, NewSlot, OpenVault, Passphrase, RandomUnavailable, VaultFile,
};

/// A stand-in for the kernel's random numbers that repeats itself: SHA-256 of a seed and a counter.
fn repeating(seed: u8) -> impl FnMut(&mut [u8]) -> Result<(), RandomUnavailable> {
    let mut counter = 0u64;
    move |buffer| {
        for chunk in buffer.chunks_mut(32) {
            counter += 1;
            let block = sha256(&[&[seed], counter.to_le_bytes().as_slice()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

fn one(text: &str) -> Credential {
    Credential::Passphrase(passphrase(text))
}

fn with_key_file(text: &str, key_file: &[u8]) -> Credential {
    Credential::PassphraseAndKeyFile(passphrase(text), KeyFileDigest::of(key_file).unwrap())
}

fn two(a: &str, b: &str) -> Credential {
    Credential::TwoPassphrases(passphrase(a), passphrase(b))
}

fn cheap(credential: Credential) -> NewSlot {
    NewSlot {
        credential,
        cost: Cost::MINIMUM,
    }
}

fn vault(credentials: &[Credential], plaintext: &[u8]) -> VaultFile {
    let slots: Vec<_> = credentials.iter().cloned().map(cheap).collect();
    OpenVault::create(&slots, 1, plaintext, &mut repeating(7)).unwrap()
}

/// Puts the trailing SHA-256 right, as whoever alters a file on purpose would.
fn with_repaired_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = bytes.len() - 32;
    let checksum = sha256(&bytes[..at]);
    bytes[at..].copy_from_slice(&checksum);
    bytes
}
