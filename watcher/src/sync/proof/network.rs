//! Where each network's chain begins, and a block that it is known to have.

use bitcoin::hashes::Hash;
use bitcoin::{BlockHash, constants};
use cofferdam_core::Network;

/// A block that the network's chain is known to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
}

/// The block of mainnet at 910,000, of August 2025: one of those whose hash Bitcoin Core 30.0 has
/// in `src/kernel/chainparams.cpp` (`m_assumeutxo_data`),
/// 0000000000000000000108970acb9522ffd516eae17acddcb1bd16469194a821.
const MAINNET: (u32, [u8; 32]) = (
    910_000,
    [
        0x21, 0xa8, 0x94, 0x91, 0x46, 0x16, 0xbd, 0xb1, 0xdc, 0xcd, 0x7a, 0xe1, 0xea, 0x16, 0xd5,
        0xff, 0x22, 0x95, 0xcb, 0x0a, 0x97, 0x08, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00,
    ],
);

/// The block of testnet4 at 90,000, from the same place:
/// 0000000002ebe8bcda020e0dd6ccfbdfac531d2f6a81457191b99fc2df2dbe3b.
const TESTNET4: (u32, [u8; 32]) = (
    90_000,
    [
        0x3b, 0xbe, 0x2d, 0xdf, 0xc2, 0x9f, 0xb9, 0x91, 0x71, 0x45, 0x81, 0x6a, 0x2f, 0x1d, 0x53,
        0xac, 0xdf, 0xfb, 0xcc, 0xd6, 0x0d, 0x0e, 0x02, 0xda, 0xbc, 0xe8, 0xeb, 0x02, 0x00, 0x00,
        0x00, 0x00,
    ],
);

/// Returns the hash of a network's first block.
pub fn genesis(network: Network) -> BlockHash {
    constants::genesis_block(network.to_bitcoin()).block_hash()
}

/// Returns the newest block that a network's chain is known to have. Every signet has the same
/// first block, and its own chain above it; so the first block is all that is known of one, and of
/// regtest.
pub fn checkpoint(network: Network) -> Checkpoint {
    let (height, hash) = match network {
        Network::Mainnet => MAINNET,
        Network::Testnet4 => TESTNET4,
        Network::Signet | Network::Regtest => {
            return Checkpoint {
                height: 0,
                hash: genesis(network),
            };
        }
    };
    Checkpoint {
        height,
        hash: BlockHash::from_byte_array(hash),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_those_that_everybody_knows() {
        for (network, hash) in [
            (
                Network::Mainnet,
                "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
            ),
            (
                Network::Testnet4,
                "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
            ),
            (
                Network::Signet,
                "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
            ),
            (
                Network::Regtest,
                "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
            ),
        ] {
            assert_eq!(genesis(network).to_string(), hash);
        }
        assert_eq!(
            checkpoint(Network::Mainnet).hash.to_string(),
            "0000000000000000000108970acb9522ffd516eae17acddcb1bd16469194a821"
        );
        assert_eq!(
            checkpoint(Network::Testnet4).hash.to_string(),
            "0000000002ebe8bcda020e0dd6ccfbdfac531d2f6a81457191b99fc2df2dbe3b"
        );
        assert_eq!(checkpoint(Network::Regtest).height, 0);
        assert_eq!(checkpoint(Network::Signet).hash, genesis(Network::Signet));
    }
}
