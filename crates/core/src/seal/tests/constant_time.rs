//! What handles the secrets of the seal takes no branch and no place in memory that depends on
//! them. `scripts/constant-time` runs these under valgrind, which reports where one does; without
//! it they test results alone.

use cofferdam_memory::for_tests::{is_watched, public, secret};
use subtle::Choice;
use zeroize::Zeroizing;

use super::{cheap, one, repeating};
use crate::seal::Cost;
use crate::seal::body::{self, BodyKeys};
use crate::seal::header::{Header, VaultId};
use crate::seal::primitives::{Key, hkdf_sha256, hmac_sha256, same};
use crate::seal::slot::Slot;

const VAULT: VaultId = VaultId([3; 16]);

fn key(byte: u8) -> Key {
    let key: Key = Zeroizing::new([byte; 32]);
    secret(&*key);
    key
}

/// The result of a comparison is public: whether a passphrase is right, or a machine computes
/// wrongly.
fn told(result: Choice) -> bool {
    let result = result.unwrap_u8();
    public(&result);
    result == 1
}

#[test]
fn comparing_secrets() {
    let (a, b, c) = (key(7), key(7), Zeroizing::new([8; 32]));
    secret(&*c);
    assert!(told(same(&*a, &*b)));
    assert!(!told(same(&*a, &*c)));
}

#[test]
fn deriving_keys() {
    let stretched = key(9);
    let derived = hkdf_sha256::<64>(stretched.as_ref(), &VAULT.0, &[b"cofferdam/1/slot"]);
    let mac = hmac_sha256(stretched.as_ref(), &[b"header", derived.as_ref()]);
    public(&mac);
    public(&*derived);
    assert_ne!(mac, [0; 32]);
    assert_ne!(*derived, [0; 64]);
}

#[test]
fn padding_and_sealing_a_body() {
    let (data_key, kernel) = (key(1), key(2));
    let content = vec![0xa5; 5000];
    secret(&content);
    let padded = body::pad(&content).unwrap();
    let write_salt = body::write_salt(&data_key, &kernel, 2, &padded);
    // It stands in the file.
    public(&write_salt);
    let header = Header {
        slots: 1,
        vault_id: VAULT,
        generation: 2,
        body_len: body::sealed_len(&padded),
        write_salt,
    };
    let keys = BodyKeys::derive(&data_key, &header);
    let sealed = body::seal(&keys, b"header and slots", &[4; 32], padded);
    public(sealed.as_slice());
    assert_eq!(sealed.len(), 2 * 4096 + 16);
}

#[test]
fn the_commitment_and_the_key_of_a_slot() {
    let slot = Slot::seal(
        &cheap(one("a passphrase")),
        VAULT,
        &Zeroizing::new([5; 32]),
        &mut repeating(1),
    )
    .unwrap();
    assert_eq!(slot.cost(), Cost::MINIMUM);
    let ikm = slot.derive(&one("a passphrase")).unwrap();
    secret(ikm.as_bytes());
    let (wrapping_key, commitment) = slot.wrapping_key(VAULT, &ikm);
    assert!(told(slot.commits_to(&commitment)));
    let mut wrapped = Zeroizing::new(Vec::with_capacity(48));
    wrapped.extend_from_slice(key(5).as_ref());
    crate::seal::primitives::seal_in_place(&wrapping_key, &slot.context(VAULT), &mut wrapped);
    public(wrapped.as_slice());
    assert_eq!(wrapped.as_slice(), &slot.as_bytes()[128..]);
}

/// The positive control: valgrind must report it.
#[test]
#[ignore = "scripts/constant-time runs it, and expects valgrind to report it"]
fn control_a_comparison_that_ends_at_the_first_difference() {
    assert!(is_watched(), "run it by scripts/constant-time");
    let (a, b) = (key(7), key(7));
    let mut equal = true;
    for (a, b) in a.iter().zip(b.iter()) {
        if a != b {
            equal = false;
            break;
        }
    }
    public(&equal);
    assert!(equal);
}

/// The other positive control: a table that is looked into by a secret.
#[test]
#[ignore = "scripts/constant-time runs it, and expects valgrind to report it"]
fn control_a_table_that_is_looked_into_by_a_secret() {
    assert!(is_watched(), "run it by scripts/constant-time");
    let table = std::hint::black_box([1u8; 256]);
    let found = table[usize::from(key(7)[0])];
    public(&found);
    assert_eq!(found, 1);
}
