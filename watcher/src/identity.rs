//! What makes two lists the same one, and two identifiers look the same.

use bitcoin::{Amount, Script};
use sha2::{Digest, Sha256};

/// Hashes what a list pays: its scripts and amounts, whatever their order and however they were
/// written.
pub(crate) fn pays_sha256<'a>(payments: impl Iterator<Item = (&'a Script, Amount)>) -> [u8; 32] {
    let mut sorted: Vec<(&[u8], u64)> = payments
        .map(|(script, amount)| (script.as_bytes(), amount.to_sat()))
        .collect();
    sorted.sort_unstable();
    let mut hash = Sha256::new();
    for (script, satoshi) in sorted {
        hash.update((script.len() as u64).to_le_bytes());
        hash.update(script);
        hash.update(satoshi.to_le_bytes());
    }
    hash.finalize().into()
}

/// Returns an identifier as it looks: without case, punctuation, spaces and leading zeros, and with
/// one form for the letters and digits that are taken for each other (`I`, `l` and `1`; `O` and
/// `0`). Ids with the same key are still different ones.
pub(crate) fn id_key(id: &str) -> String {
    let alike = |character: char| match character.to_ascii_lowercase() {
        'i' | 'l' | '|' => '1',
        'o' => '0',
        other => other,
    };
    let mut key = String::with_capacity(id.len());
    // Zeros count once a digit other than zero stands before them in the same run of digits.
    let mut counts = false;
    let mut is_number = false;
    for character in id.chars().map(alike) {
        if !character.is_ascii_alphanumeric() {
            (is_number, counts) = (false, false);
            continue;
        }
        if !character.is_ascii_digit() {
            (is_number, counts) = (false, false);
            key.push(character);
            continue;
        }
        // Where one number ends and the next begins is seen: 1-2 does not look like 12.
        if !is_number && key.ends_with(|last: char| last.is_ascii_digit()) {
            key.push(' ');
        }
        is_number = true;
        if character == '0' && !counts {
            continue;
        }
        counts = true;
        key.push(character);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_look_alike_have_one_key() {
        for (id, other) in [
            ("I1", "i1"),
            ("I1", "l1"),
            ("INV-007", "inv-7"),
            ("INV-007", "INV 007"),
            ("INV-007", "1NV-OO7"),
            ("a_b", "A.B"),
            ("0012", "12"),
        ] {
            assert_eq!(id_key(id), id_key(other), "{id} and {other}");
        }
        for (id, other) in [
            ("I1", "I2"),
            ("a-1-2", "a-12"),
            ("INV-70", "INV-7"),
            ("a", "b"),
            ("10", "1"),
        ] {
            assert_ne!(id_key(id), id_key(other), "{id} and {other}");
        }
    }

    #[test]
    fn a_list_is_what_it_pays_in_any_order() {
        let (one, other) = (Script::from_bytes(&[1]), Script::from_bytes(&[2]));
        let sat = Amount::from_sat;
        let hash = |payments: &[(&'static Script, Amount)]| pays_sha256(payments.iter().copied());
        let same = hash(&[(one, sat(1)), (other, sat(2))]);
        assert_eq!(hash(&[(other, sat(2)), (one, sat(1))]), same);
        for different in [
            &[(one, sat(2)), (other, sat(1))][..],
            &[(one, sat(1)), (other, sat(2)), (other, sat(2))],
            &[(one, sat(1))],
            &[],
        ] {
            assert_ne!(hash(different), same);
        }
    }
}
