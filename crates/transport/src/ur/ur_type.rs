//! The types of uniform resources (BCR-2020-006).

use crate::Kind;

/// Which names, and which CBOR tags, a registry type goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Names {
    /// `crypto-psbt`, `crypto-account`, ... with tags 303 to 311: what every wallet reads.
    #[default]
    Old,
    /// `psbt`, `account-descriptor`, ... with tags 40303 to 40311.
    New,
}

/// The type of a UR: its first path component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UrType {
    /// `crypto-psbt`: a byte string with a PSBT.
    CryptoPsbt,
    /// `psbt`: the same.
    Psbt,
    /// `crypto-hdkey` (BCR-2020-007).
    CryptoHdKey,
    /// `hdkey` (BCR-2020-007).
    HdKey,
    /// `crypto-output` (BCR-2020-010).
    CryptoOutput,
    /// `output-descriptor` (BCR-2023-010).
    OutputDescriptor,
    /// `crypto-account` (BCR-2020-015).
    CryptoAccount,
    /// `account-descriptor` (BCR-2023-019).
    AccountDescriptor,
    /// `bytes`: a byte string with anything.
    Bytes,
    /// `x-cofferdam-bundle`: our bundle's CBOR.
    Bundle,
    /// `x-cofferdam-return`: our return's CBOR.
    Return,
}

impl UrType {
    /// Every type.
    pub const ALL: [UrType; 11] = [
        UrType::CryptoPsbt,
        UrType::Psbt,
        UrType::CryptoHdKey,
        UrType::HdKey,
        UrType::CryptoOutput,
        UrType::OutputDescriptor,
        UrType::CryptoAccount,
        UrType::AccountDescriptor,
        UrType::Bytes,
        UrType::Bundle,
        UrType::Return,
    ];

    /// Returns the name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            UrType::CryptoPsbt => "crypto-psbt",
            UrType::Psbt => "psbt",
            UrType::CryptoHdKey => "crypto-hdkey",
            UrType::HdKey => "hdkey",
            UrType::CryptoOutput => "crypto-output",
            UrType::OutputDescriptor => "output-descriptor",
            UrType::CryptoAccount => "crypto-account",
            UrType::AccountDescriptor => "account-descriptor",
            UrType::Bytes => "bytes",
            UrType::Bundle => "x-cofferdam-bundle",
            UrType::Return => "x-cofferdam-return",
        }
    }

    /// Finds the type of a name in lower case.
    pub fn named(name: &str) -> Option<UrType> {
        UrType::ALL
            .into_iter()
            .find(|ur_type| ur_type.name() == name)
    }

    /// Returns the type that carries a kind; none for a seed.
    pub fn carrying(kind: Kind, names: Names) -> Option<UrType> {
        let of = |old, new| match names {
            Names::Old => old,
            Names::New => new,
        };
        Some(match kind {
            Kind::Psbt => of(UrType::CryptoPsbt, UrType::Psbt),
            Kind::HdKey => of(UrType::CryptoHdKey, UrType::HdKey),
            Kind::Output => of(UrType::CryptoOutput, UrType::OutputDescriptor),
            Kind::Account => of(UrType::CryptoAccount, UrType::AccountDescriptor),
            Kind::Bundle => UrType::Bundle,
            Kind::Return => UrType::Return,
            Kind::Transaction | Kind::Json | Kind::Text | Kind::Bytes => UrType::Bytes,
            Kind::Seed => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_different_and_found() {
        for ur_type in UrType::ALL {
            assert_eq!(UrType::named(ur_type.name()), Some(ur_type));
            // What QR's alphanumeric mode and BCR-2020-006 allow.
            assert!(
                ur_type
                    .name()
                    .bytes()
                    .all(|c| c.is_ascii_lowercase() || c == b'-')
            );
        }
        assert_eq!(UrType::named("crypto-seed"), None);
    }

    #[test]
    fn a_seed_has_no_type() {
        assert_eq!(UrType::carrying(Kind::Seed, Names::Old), None);
        assert_eq!(
            UrType::carrying(Kind::Psbt, Names::Old),
            Some(UrType::CryptoPsbt)
        );
        assert_eq!(UrType::carrying(Kind::Psbt, Names::New), Some(UrType::Psbt));
    }
}
