//! Known-answer tests of everything that keys and seals rest on, to be run on the machine that will
//! use them: a processor that computes wrongly, or a build that does, is found before it meets
//! money.
//!
//! Each vector is its specification's own, or Bitcoin Core's (`fixtures/core-signing`).

/// A known-answer test that was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownAnswer {
    /// A stable, kebab-case name.
    pub name: &'static str,
    /// Whether the answer was the known one.
    pub holds: bool,
}

/// Runs all of them. It takes milliseconds, and no secret.
pub fn known_answers() -> Vec<KnownAnswer> {
    let sealing = crate::seal::known_answers();
    let signing = crate::keys::known_answers();
    sealing
        .into_iter()
        .chain(signing)
        .map(|(name, holds)| KnownAnswer { name, holds })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_the_known_one() {
        let answers = known_answers();
        for answer in &answers {
            assert!(answer.holds, "{}", answer.name);
        }
        let names: Vec<_> = answers.iter().map(|answer| answer.name).collect();
        assert_eq!(
            names,
            [
                "sha256",
                "hmac-sha256",
                "hkdf-sha256",
                "aes-256-gcm",
                "argon2id",
                "bip39",
                "bip32",
                "ecdsa-rfc6979",
                "bip340",
                "sign-p2wpkh",
                "sign-taproot",
            ]
        );
    }
}
