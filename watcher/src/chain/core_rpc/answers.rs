//! What a node's answers look like; fields that are not used are not read.

use bitcoin::BlockHash;
use cofferdam_core::Network;
use serde::Deserialize;

use super::client::printable;
use crate::chain::{ChainError, NodeError, SatPerKvb, TestAccept};

/// The answer to `getblockchaininfo`.
#[derive(Debug, Deserialize)]
pub(super) struct BlockchainInfo {
    pub(super) chain: String,
    pub(super) blocks: u64,
    pub(super) headers: u64,
    pub(super) bestblockhash: BlockHash,
    pub(super) initialblockdownload: bool,
    /// The lowest block that a pruned node has whole.
    pub(super) pruneheight: Option<u32>,
}

impl BlockchainInfo {
    /// Returns the network under our name for it.
    pub(super) fn network(&self) -> Result<Network, ChainError> {
        match self.chain.as_str() {
            "main" => Ok(Network::Mainnet),
            "testnet4" => Ok(Network::Testnet4),
            "signet" => Ok(Network::Signet),
            "regtest" => Ok(Network::Regtest),
            other => Err(ChainError::Node(NodeError::UnknownNetwork(printable(
                other,
            )))),
        }
    }
}

/// The answer to `estimatesmartfee`.
#[derive(Debug, Deserialize)]
pub(super) struct FeeEstimate {
    /// In bitcoin per 1,000 virtual bytes; missing while the node has too little data.
    feerate: Option<f64>,
}

impl FeeEstimate {
    pub(super) fn sat_per_kvb(&self) -> Result<Option<SatPerKvb>, ChainError> {
        let Some(feerate) = self.feerate else {
            return Ok(None);
        };
        // Up to 1 BTC per 1,000 vB; a double is exact far beyond that.
        if !(feerate.is_finite() && feerate > 0.0 && feerate <= 1.0) {
            return Err(ChainError::Garbage(format!(
                "a fee rate of {feerate} BTC/kvB"
            )));
        }
        Ok(Some(SatPerKvb((feerate * 1e8).round() as u64)))
    }
}

/// The answer to `getblockfilter`.
#[derive(Debug, Deserialize)]
pub(super) struct FilterAnswer {
    /// The filter, in hexadecimal.
    pub(super) filter: String,
}

/// One entry of the answer to `testmempoolaccept`.
#[derive(Debug, Deserialize)]
pub(super) struct TestAcceptEntry {
    #[serde(default)]
    allowed: bool,
    #[serde(rename = "reject-reason")]
    reject_reason: Option<String>,
}

impl TestAcceptEntry {
    pub(super) fn verdict(&self) -> TestAccept {
        match self.reject_reason.as_deref() {
            _ if self.allowed => TestAccept::Accepted,
            Some("txn-already-in-mempool" | "txn-already-known") => TestAccept::AlreadyKnown,
            reason => TestAccept::Rejected(printable(reason.unwrap_or("no reason given"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FeeEstimate;
    use crate::chain::SatPerKvb;

    #[test]
    fn fee_estimates_become_integers_or_garbage() {
        let rate = |feerate| FeeEstimate { feerate }.sat_per_kvb();
        assert_eq!(rate(None), Ok(None));
        assert_eq!(rate(Some(0.00001)), Ok(Some(SatPerKvb(1_000))));
        assert_eq!(rate(Some(0.00012345)), Ok(Some(SatPerKvb(12_345))));
        for nonsense in [0.0, -0.1, 1e9, f64::NAN, f64::INFINITY] {
            assert!(rate(Some(nonsense)).is_err(), "{nonsense}");
        }
    }
}
