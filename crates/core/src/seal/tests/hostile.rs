//! Damage and malice: nothing altered is ever accepted.

use super::{cheap, one, repeating, two, vault, with_repaired_checksum};
use crate::seal::primitives::sha256;
use crate::seal::stretch::Ikm;
use crate::seal::{CostError, Malformed, OpenVault, Tampered, UnlockError, VaultError, VaultFile};

const SLOT: usize = 96;
const MAC: usize = SLOT + 176;
const BODY: usize = MAC + 32;

fn small() -> VaultFile {
    vault(&[one("horse")], b"content")
}

fn ikm(file: &VaultFile, index: usize, text: &str) -> Ikm {
    file.raw_slots()[index].derive(&one(text)).unwrap()
}

fn altered(file: &VaultFile, at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut altered = file.as_bytes().to_vec();
    altered[at..at + bytes.len()].copy_from_slice(bytes);
    with_repaired_checksum(altered)
}

fn malformed(bytes: Vec<u8>) -> Malformed {
    match VaultFile::parse(bytes) {
        Err(VaultError::Malformed(malformed)) => malformed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_flipped_bit_is_damage() {
    let file = small();
    let mut bytes = file.as_bytes().to_vec();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let error = VaultFile::parse(bytes.clone()).expect_err("a flipped bit was accepted");
        assert!(error.is_damage(), "bit {bit}: {error}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    println!("{} single-bit flips refused", bytes.len() * 8);
}

#[test]
fn every_flipped_bit_with_a_repaired_checksum_is_refused_past_argon2() {
    let file = vault(&[one("horse"), one("staple")], b"content");
    let ikms = [ikm(&file, 0, "horse"), ikm(&file, 1, "staple")];
    assert!(
        ikms.iter()
            .enumerate()
            .all(|(i, ikm)| file.open_with_ikm(i, ikm).unwrap().is_some())
    );
    let bits = (file.as_bytes().len() - 32) * 8;
    let workers = 2;
    let counts = std::thread::scope(|scope| {
        let share = |first| {
            let (file, ikms) = (&file, &ikms);
            move || {
                (first..bits)
                    .step_by(workers)
                    .map(|bit| refuse_flip(file, ikms, bit))
                    .fold([0; 3], |sum, refused| {
                        std::array::from_fn(|i| sum[i] + refused[i])
                    })
            }
        };
        let threads: Vec<_> = (0..workers)
            .map(|first| scope.spawn(share(first)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .fold([0; 3], |sum, count: [usize; 3]| {
                std::array::from_fn(|i| sum[i] + count[i])
            })
    });
    let [keyless, commitment, tampered] = counts;
    println!(
        "{bits} flips with a repaired checksum: {keyless} refused without a key; past argon2, {commitment} refused by a \
         slot's commitment and {tampered} by authentication"
    );
    assert!(keyless > 0 && commitment > 0 && tampered > 4096 * 8);
}

/// Returns how often one flip was refused: without a key, by a commitment, by authentication.
fn refuse_flip(file: &VaultFile, ikms: &[Ikm; 2], bit: usize) -> [usize; 3] {
    let mut bytes = file.as_bytes().to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    let Ok(flipped) = VaultFile::parse(with_repaired_checksum(bytes)) else {
        return [1, 0, 0];
    };
    let mut refused = [0; 3];
    // Past the header both slots give the same data key: one says it all.
    let slots = if bit / 8 < BODY + 176 { ikms.len() } else { 1 };
    for (index, ikm) in ikms.iter().enumerate().take(slots) {
        match flipped.open_with_ikm(index, ikm) {
            Ok(Some(_)) => panic!("bit {bit} was accepted"),
            Ok(None) => refused[1] += 1,
            Err(_) => refused[2] += 1,
        }
    }
    refused
}

#[test]
fn every_truncation_is_refused_with_and_without_a_checksum() {
    let file = small();
    for len in 0..file.as_bytes().len() {
        let cut = file.as_bytes()[..len].to_vec();
        match VaultFile::parse(cut.clone()) {
            Err(VaultError::Truncated { expected, found }) => {
                assert!(found == len as u64 && expected > found)
            }
            other => panic!("cut to {len}: {other:?}"),
        }
        let with_checksum = [cut.as_slice(), &sha256(&cut)].concat();
        if with_checksum != file.as_bytes() {
            assert!(
                VaultFile::parse(with_checksum).is_err(),
                "cut to {len} and checksummed"
            );
        }
    }
}

#[test]
fn appended_bytes_are_refused_with_and_without_a_checksum() {
    let file = small();
    for extra in [1, 31, 32, 4096, 1 << 20] {
        let appended = [file.as_bytes(), &vec![0; extra]].concat();
        let error = VaultFile::parse(appended.clone()).unwrap_err();
        assert_eq!(
            error,
            VaultError::Trailing {
                extra: extra as u64
            }
        );
        let error = malformed([appended.as_slice(), &sha256(&appended)].concat());
        let (expected, found) = (file.as_bytes().len() as u64, (appended.len() + 32) as u64);
        assert_eq!(error, Malformed::FileLength { expected, found });
    }
    let endless = vec![0; crate::seal::MAX_FILE_LEN + 1];
    assert_eq!(
        VaultFile::parse(endless).unwrap_err(),
        VaultError::TooLong {
            found: 16 * 1024 * 1024 + 1
        }
    );
    let longest = vec![0; crate::seal::MAX_FILE_LEN];
    assert_eq!(
        VaultFile::parse(longest).unwrap_err(),
        VaultError::NotAVault
    );
}

#[test]
fn a_later_format_is_told_apart_from_a_damaged_magic() {
    let file = small();
    let mut later = file.as_bytes().to_vec();
    later[7] = 2;
    assert_eq!(
        VaultFile::parse(later.clone()).unwrap_err(),
        VaultError::Checksum,
        "one byte is damaged"
    );
    later[300] ^= 1;
    let error = VaultFile::parse(with_repaired_checksum(later)).unwrap_err();
    assert_eq!(error, VaultError::NewerFormat { found: 2 });
    assert!(!error.is_damage() && error.to_string().contains("update"));
    for foreign in [
        &b"PK\x03\x04 a zip file"[..],
        b"CFDRVLT\x00 of format zero",
        b"x",
    ] {
        assert_eq!(
            VaultFile::parse(foreign.to_vec()).unwrap_err(),
            VaultError::NotAVault
        );
    }
    let empty = VaultFile::parse(vec![]).unwrap_err();
    assert!(matches!(empty, VaultError::Truncated { found: 0, .. }));
}

#[test]
fn unknown_values_and_reserved_bytes_are_refused() {
    let file = small();
    let cases: [(usize, &[u8], Malformed); 16] = [
        (8, &[0, 0], Malformed::SlotCount(0)),
        (8, &[9, 0], Malformed::SlotCount(9)),
        (8, &[1, 1], Malformed::SlotCount(257)),
        (
            8,
            &[2, 0],
            Malformed::HeaderLength {
                expected: 448,
                found: 272,
            },
        ),
        (10, &[1, 0], Malformed::Flags(1)),
        (10, &[0, 128], Malformed::Flags(0x8000)),
        (
            12,
            &[0xff; 4],
            Malformed::HeaderLength {
                expected: 272,
                found: u32::MAX,
            },
        ),
        (32, &[0; 8], Malformed::Generation),
        (40, &[0xff; 8], Malformed::BodyLength(u64::MAX)),
        (40, &16u64.to_le_bytes(), Malformed::BodyLength(16)),
        (80, &[1], Malformed::Reserved("the header")),
        (95, &[128], Malformed::Reserved("the header")),
        (SLOT + 16, &[0], Malformed::SlotType { slot: 0, found: 0 }),
        (SLOT + 16, &[4], Malformed::SlotType { slot: 0, found: 4 }),
        (SLOT + 17, &[2], Malformed::Kdf { slot: 0, found: 2 }),
        (SLOT + 19, &[1], Malformed::Reserved("a slot")),
    ];
    for (at, bytes, expected) in cases {
        assert_eq!(malformed(altered(&file, at, bytes)), expected);
    }
}

#[test]
fn extreme_costs_are_refused_before_any_work() {
    let file = small();
    // Refused by the parser, which has no passphrase to do any work with.
    for (at, value, error) in [
        (20, u32::MAX, CostError::Memory(u32::MAX)),
        (
            20,
            4 * 1024 * 1024 + 1,
            CostError::Memory(4 * 1024 * 1024 + 1),
        ),
        (20, 65535, CostError::Memory(65535)),
        (20, 0, CostError::Memory(0)),
        (24, u32::MAX, CostError::Passes(u32::MAX)),
        (24, 65, CostError::Passes(65)),
        (24, 2, CostError::Passes(2)),
        (28, u32::MAX, CostError::Lanes(u32::MAX)),
        (28, 65, CostError::Lanes(65)),
        (28, 3, CostError::Lanes(3)),
    ] {
        let found = malformed(altered(&file, SLOT + at, &value.to_le_bytes()));
        assert_eq!(found, Malformed::Cost { slot: 0, error });
    }
}

#[test]
fn a_cheaper_cost_than_the_sealed_one_opens_nothing() {
    let cost = crate::seal::Cost::new(65536, 4, 4).unwrap();
    let slot = crate::seal::NewSlot {
        credential: one("horse"),
        cost,
    };
    let file = OpenVault::create(&[slot], 1, b"content", &mut repeating(1)).unwrap();
    let cheaper = VaultFile::parse(altered(&file, SLOT + 24, &3u32.to_le_bytes())).unwrap();
    assert_eq!(
        cheaper.unlock(&one("horse")).unwrap_err(),
        UnlockError::WrongCredential
    );
}

#[test]
fn swapped_repeated_and_transplanted_slots_are_refused() {
    let file = vault(&[one("horse"), one("staple")], b"content");
    let slots = [0, 1].map(|i| file.as_bytes()[SLOT + i * 176..][..176].to_vec());
    let swapped = VaultFile::parse(altered(
        &file,
        SLOT,
        &[slots[1].as_slice(), &slots[0]].concat(),
    ))
    .unwrap();
    assert_eq!(
        swapped.unlock(&one("horse")).unwrap_err(),
        UnlockError::Tampered(Tampered::Header)
    );

    let repeated = altered(&file, SLOT, &[slots[0].as_slice(), &slots[0]].concat());
    assert_eq!(malformed(repeated), Malformed::RepeatedSlot);

    // The attacker's own vault: its slot commits to the attacker's passphrase under another vault
    // id.
    let stranger =
        OpenVault::create(&[cheap(one("mallory"))], 1, b"content", &mut repeating(66)).unwrap();
    let transplanted =
        VaultFile::parse(altered(&file, SLOT, &stranger.as_bytes()[SLOT..][..176])).unwrap();
    assert_eq!(
        transplanted.unlock(&one("mallory")).unwrap_err(),
        UnlockError::WrongCredential
    );
    assert_eq!(
        transplanted.unlock(&one("staple")).unwrap_err(),
        UnlockError::Tampered(Tampered::Header)
    );
}

#[test]
fn a_removed_slot_is_refused() {
    let file = vault(&[one("horse"), one("staple")], b"content");
    let mut bytes = file.as_bytes().to_vec();
    bytes.drain(SLOT..SLOT + 176);
    bytes[8] = 1;
    bytes[12..16].copy_from_slice(&272u32.to_le_bytes());
    let removed = VaultFile::parse(with_repaired_checksum(bytes)).unwrap();
    assert_eq!(
        removed.unlock(&one("staple")).unwrap_err(),
        UnlockError::Tampered(Tampered::Header)
    );
}

#[test]
fn a_single_slot_planted_beside_dual_control_is_refused_without_a_key() {
    let dual = vault(&[two("a", "b")], b"content");
    let single = vault(&[one("mallory")], b"content");
    let mut bytes = dual.as_bytes().to_vec();
    bytes.splice(MAC..MAC, single.as_bytes()[SLOT..][..176].iter().copied());
    bytes[8] = 2;
    bytes[12..16].copy_from_slice(&448u32.to_le_bytes());
    // Both were drawn from the same random numbers: make the ids differ.
    bytes[MAC] ^= 1;
    assert_eq!(
        malformed(with_repaired_checksum(bytes)),
        Malformed::MixedDualControl
    );
}

#[test]
fn parts_of_two_generations_do_not_mix() {
    let first = small();
    let open = first.unlock(&one("horse")).unwrap();
    let second = open.reseal(2, b"changed", &mut repeating(3)).unwrap();
    let tampered = |bytes| {
        VaultFile::parse(bytes)
            .unwrap()
            .unlock(&one("horse"))
            .unwrap_err()
    };

    let renumbered = altered(&first, 32, &7u64.to_le_bytes());
    assert_eq!(
        tampered(renumbered),
        UnlockError::Tampered(Tampered::Header),
        "an old file posing as a new one"
    );
    let old_body = altered(
        &second,
        BODY,
        &first.as_bytes()[BODY..first.as_bytes().len() - 32],
    );
    assert_eq!(tampered(old_body), UnlockError::Tampered(Tampered::Body));
    let old_body_and_mac = altered(
        &second,
        MAC,
        &first.as_bytes()[MAC..first.as_bytes().len() - 32],
    );
    assert_eq!(
        tampered(old_body_and_mac),
        UnlockError::Tampered(Tampered::Header)
    );
    let old_salt = altered(&second, 48, &first.as_bytes()[48..80]);
    assert_eq!(tampered(old_salt), UnlockError::Tampered(Tampered::Header));
    let other_vault = altered(&second, 16, &[0; 16]);
    assert_eq!(
        tampered(other_vault),
        UnlockError::WrongCredential,
        "the vault id is part of what a slot commits to"
    );
}
