//! The Bitcoin networks that Cofferdam knows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A Bitcoin network.
///
/// Testnet4, signet and regtest share coin type, extended key version and (but for regtest's bech32
/// prefix) address encoding: a PSBT can tell mainnet from test networks, no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// The main network.
    Mainnet,
    /// The fourth test network (BIP94).
    Testnet4,
    /// The signed test network (BIP325).
    Signet,
    /// A local chain, for tests.
    Regtest,
}

impl Network {
    /// Every network, in the order that help texts list them.
    pub const ALL: [Network; 4] = [
        Network::Mainnet,
        Network::Testnet4,
        Network::Signet,
        Network::Regtest,
    ];

    /// Returns the name, as command lines and files write it.
    pub fn name(self) -> &'static str {
        match self {
            Network::Mainnet => "mainnet",
            Network::Testnet4 => "testnet4",
            Network::Signet => "signet",
            Network::Regtest => "regtest",
        }
    }

    /// Returns the coin type of derivation paths (SLIP44): 0 on mainnet, 1 elsewhere.
    pub fn coin_type(self) -> u32 {
        match self {
            Network::Mainnet => 0,
            _ => 1,
        }
    }

    /// Returns the parameters of the `bitcoin` crate for this network.
    pub fn to_bitcoin(self) -> bitcoin::Network {
        match self {
            Network::Mainnet => bitcoin::Network::Bitcoin,
            Network::Testnet4 => bitcoin::Network::Testnet4,
            Network::Signet => bitcoin::Network::Signet,
            Network::Regtest => bitcoin::Network::Regtest,
        }
    }

    /// Returns whether extended keys and addresses are those of mainnet or of the test networks.
    pub fn kind(self) -> bitcoin::NetworkKind {
        self.to_bitcoin().into()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is none of the networks'.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown network \"{0}\"; use mainnet, testnet4, signet or regtest")]
pub struct UnknownNetwork(pub String);

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Network::ALL
            .into_iter()
            .find(|network| network.name() == name)
            .ok_or_else(|| UnknownNetwork(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for network in Network::ALL {
            assert_eq!(network.name().parse(), Ok(network));
        }
        assert_eq!(
            "testnet".parse::<Network>(),
            Err(UnknownNetwork("testnet".into()))
        );
    }
}
