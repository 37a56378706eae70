//! One address: text to an [`Address`] of the wallet's network.

use bitcoin::address::{NetworkUnchecked, ParseError};
use bitcoin::base58;
use bitcoin::bech32::primitives::decode::{CheckedHrpstring, UncheckedHrpstring};
use bitcoin::bech32::{Bech32, Bech32m};
use bitcoin::{Address, WitnessVersion, XOnlyPublicKey};
use cofferdam_core::Network;

use super::problem::shown;

/// Why an address was refused. Each holds the text as messages show it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    #[error("address is empty")]
    Empty,
    #[error("address {0} has a wrong checksum")]
    Checksum(String),
    #[error("address {found} belongs to {actual}, the wallet to {expected}")]
    OtherNetwork {
        found: String,
        expected: Network,
        actual: &'static str,
    },
    #[error("address {0} mixes upper and lower case")]
    MixedCase(String),
    #[error("address {0} is a payment link")]
    Uri(String),
    #[error("{0} is not a Bitcoin address but {1}")]
    OtherKind(String, &'static str),
    #[error("address {0} has a witness version that no rule protects yet")]
    FutureWitness(String),
    #[error("address {0} names a public key that does not exist")]
    NotOnCurve(String),
    #[error("address {0} is malformed")]
    Malformed(String),
}

impl AddressError {
    /// Returns the stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            AddressError::Empty => "address-empty",
            AddressError::Checksum(_) => "address-checksum",
            AddressError::OtherNetwork { .. } => "address-other-network",
            AddressError::MixedCase(_) => "address-mixed-case",
            AddressError::Uri(_) => "address-uri",
            AddressError::OtherKind(..) => "address-other-kind",
            AddressError::FutureWitness(_) => "address-future-witness",
            AddressError::NotOnCurve(_) => "address-not-on-curve",
            AddressError::Malformed(_) => "address-malformed",
        }
    }

    /// Returns the remedy.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            AddressError::Empty => "fill in the address",
            AddressError::Checksum(_) => {
                "a character is wrong or missing: copy the address again from its source"
            }
            AddressError::OtherNetwork { .. } => {
                "ask the recipient for an address of the wallet's network"
            }
            AddressError::MixedCase(_) => {
                "copy it again from its source; such addresses are all lower or all upper case"
            }
            AddressError::Uri(_) => {
                "write the address alone, without bitcoin: and what follows the question mark"
            }
            AddressError::OtherKind(..) => "ask the recipient for an on-chain Bitcoin address",
            AddressError::FutureWitness(_) => {
                "anyone could take such a coin today: ask the recipient for another address"
            }
            AddressError::NotOnCurve(_) => {
                "nobody could ever spend such a coin: ask the recipient for another address"
            }
            AddressError::Malformed(_) => "copy the address again from its source",
        }
    }
}

/// Reads an address that can be paid on `network`.
///
/// Testnet4 and signet share their addresses, and base58 ones are the same on regtest: those cannot
/// be told apart.
///
/// # Errors
///
/// Refuses besides malformed ones what would lose the money: witness versions without rules, and
/// taproot output keys that are not on the curve.
pub(crate) fn parse(text: &str, network: Network) -> Result<Address, AddressError> {
    let found = || shown(text);
    let address: Address<NetworkUnchecked> = text.parse().map_err(|error| explain(text, &error))?;
    if !address.is_valid_for_network(network.to_bitcoin()) {
        return Err(AddressError::OtherNetwork {
            found: found(),
            expected: network,
            actual: network_of(&address),
        });
    }
    let address = address.assume_checked();
    match address.witness_program() {
        Some(program) if program.is_p2tr() => {
            XOnlyPublicKey::from_slice(program.program().as_bytes())
                .map(|_| address)
                .map_err(|_| AddressError::NotOnCurve(found()))
        }
        Some(program) if program.version() != WitnessVersion::V0 => {
            Err(AddressError::FutureWitness(found()))
        }
        _ => Ok(address),
    }
}

fn network_of(address: &Address<NetworkUnchecked>) -> &'static str {
    match () {
        () if address.is_valid_for_network(bitcoin::Network::Bitcoin) => "mainnet",
        () if address.is_valid_for_network(bitcoin::Network::Signet) => "testnet4 or signet",
        () => "regtest",
    }
}

fn explain(text: &str, error: &ParseError) -> AddressError {
    let found = shown(text);
    let lower = text.to_lowercase();
    if text.is_empty() {
        return AddressError::Empty;
    }
    if lower.starts_with("bitcoin:") {
        return AddressError::Uri(found);
    }
    if let Some(kind) = other_kind(&lower, text) {
        return AddressError::OtherKind(found, kind);
    }
    if ["bc1", "tb1", "bcrt1"]
        .iter()
        .any(|prefix| lower.starts_with(prefix))
    {
        let has_upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
        let has_lower = text.bytes().any(|byte| byte.is_ascii_lowercase());
        return match UncheckedHrpstring::new(text) {
            _ if has_upper && has_lower => AddressError::MixedCase(found),
            Err(_) => AddressError::Malformed(found),
            Ok(_) if CheckedHrpstring::new::<Bech32>(text).is_ok() => {
                AddressError::Malformed(found)
            }
            Ok(_) if CheckedHrpstring::new::<Bech32m>(text).is_ok() => {
                AddressError::Malformed(found)
            }
            Ok(_) => AddressError::Checksum(found),
        };
    }
    match error {
        // 25 bytes take 26 to 35 characters; shorter and longer text is no address with a slip in
        // it.
        ParseError::Base58(base58::Error::IncorrectChecksum(_))
            if (26..=35).contains(&text.len()) =>
        {
            AddressError::Checksum(found)
        }
        _ => AddressError::Malformed(found),
    }
}

fn other_kind(lower: &str, text: &str) -> Option<&'static str> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| lower.starts_with(prefix));
    if starts(&["lnbc", "lntb", "lnbcrt", "lnurl", "lno1", "lightning:"]) {
        Some("a Lightning payment request")
    } else if starts(&["sp1", "tsp1"]) {
        Some("a silent payment address")
    } else if lower.contains('@') || text.starts_with('\u{20bf}') {
        Some("a name to be looked up")
    } else if starts(&["xpub", "ypub", "zpub", "tpub", "upub", "vpub"]) {
        Some("an extended public key")
    } else if starts(&["ltc1", "0x", "tex1", "cosmos1"]) {
        Some("an address of another currency")
    } else {
        None
    }
}
