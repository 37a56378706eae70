//! A wallet's identity.

use std::fmt;
use std::str::FromStr;

use bitcoin::hashes::{Hash, HashEngine, sha256};
use serde::{Deserialize, Serialize};

use crate::Network;

/// The tag of the id's hash.
const TAG: &[u8] = b"cofferdam/wallet/1";

/// What a wallet is, whatever it is called: `SHA256(SHA256(tag) ‖ SHA256(tag) ‖ network ‖
/// descriptor)`.
///
/// `tag` is `cofferdam/wallet/1`, `network` its name in ASCII, `descriptor` the canonical
/// descriptor in ASCII: multipath, hardened steps as `h`, no checksum. No network's name begins
/// another's, so the concatenation is unambiguous. Written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WalletId([u8; 32]);

impl WalletId {
    /// Computes the id of a network and a canonical descriptor.
    pub(super) fn compute(network: Network, canonical_descriptor: &str) -> WalletId {
        let tag = sha256::Hash::hash(TAG);
        let mut engine = sha256::Hash::engine();
        engine.input(tag.as_byte_array());
        engine.input(tag.as_byte_array());
        engine.input(network.name().as_bytes());
        engine.input(canonical_descriptor.as_bytes());
        WalletId(sha256::Hash::from_engine(engine).to_byte_array())
    }

    /// Returns the id of these bytes, as read from where an id was stored.
    pub fn from_bytes(bytes: [u8; 32]) -> WalletId {
        WalletId(bytes)
    }

    /// Returns the 32 bytes, first byte first.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The text is not a wallet id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a wallet id; use its 64 lower-case hexadecimal digits")]
pub struct InvalidWalletId;

impl FromStr for WalletId {
    type Err = InvalidWalletId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        let bytes = lower
            .then(|| bitcoin::hex::FromHex::from_hex(text).ok())
            .flatten();
        bytes.map(WalletId).ok_or(InvalidWalletId)
    }
}

impl TryFrom<String> for WalletId {
    type Error = InvalidWalletId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<WalletId> for String {
    fn from(id: WalletId) -> String {
        id.to_string()
    }
}

impl fmt::Display for WalletId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for WalletId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WalletId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_is_strict() {
        let id = WalletId::compute(Network::Regtest, "pkh(x)");
        assert_eq!(id.to_string().parse(), Ok(id));
        let text = id.to_string();
        for bad in [
            "",
            &text[1..],
            &text.to_uppercase(),
            &format!("{text}00"),
            &text.replacen(&text[..1], "g", 1),
        ] {
            assert_eq!(bad.parse::<WalletId>(), Err(InvalidWalletId), "{bad:?}");
        }
    }

    #[test]
    fn no_network_name_begins_another() {
        for a in Network::ALL {
            for b in Network::ALL {
                assert!(a == b || !a.name().starts_with(b.name()));
            }
        }
    }
}
