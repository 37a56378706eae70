//! A Bitcoin Core node, by its JSON-RPC interface.
//!
//! - [`client`]: calls and answers.
//! - [`answers`]: what the answers look like.

mod answers;
mod client;

use std::future::Future;

use bitcoin::absolute::LOCK_TIME_THRESHOLD;
use bitcoin::block::Header;
use bitcoin::consensus::encode;
use bitcoin::hex::FromHex;
use bitcoin::{Block, BlockHash, Transaction, Txid};
use cofferdam_core::Network;
use serde_json::{Value, json};

use self::answers::{BlockchainInfo, FeeEstimate, FilterAnswer, TestAcceptEntry};
use self::client::{Client, RpcError};
use super::{
    Answer, Blocks, ChainError, NodeError, Relay, SatPerKvb, Sent, Source, TestAccept, Tip,
};
use crate::settings::NodeSettings;

/// Transactions asked for in one call; at the relay policy's 400 kB each, an answer stays under the
/// client's limit.
const TRANSACTIONS_AT_ONCE: usize = 50;

/// Bitcoin Core's error codes (its `src/rpc/protocol.h`).
mod code {
    pub(super) const METHOD_NOT_FOUND: i64 = -32601;
    pub(super) const INTERNAL: i64 = -32603;
    pub(super) const MISC: i64 = -1;
    pub(super) const INVALID_ADDRESS_OR_KEY: i64 = -5;
    pub(super) const INVALID_PARAMETER: i64 = -8;
    pub(super) const DESERIALIZATION: i64 = -22;
    pub(super) const VERIFY: i64 = -25;
    pub(super) const VERIFY_REJECTED: i64 = -26;
    pub(super) const ALREADY_IN_UTXO_SET: i64 = -27;
}

/// A connection to a node.
#[derive(Debug)]
pub struct CoreRpc {
    client: Client,
}

impl CoreRpc {
    /// Prepares calls to a node; nothing is sent yet.
    pub fn connect(settings: &NodeSettings) -> Result<Self, ChainError> {
        Ok(CoreRpc {
            client: Client::new(settings)?,
        })
    }

    async fn blockchain_info(&self) -> Result<BlockchainInfo, ChainError> {
        Ok(self.client.call("getblockchaininfo", json!([])).await?)
    }

    /// Explains why a block could not be had.
    async fn missing_block(&self, hash: BlockHash, error: RpcError) -> ChainError {
        let RpcError::Answered {
            code: code::MISC | code::INVALID_ADDRESS_OR_KEY,
            ..
        } = error
        else {
            return error.into();
        };
        let header: Result<Value, _> = self
            .client
            .call("getblockheader", json!([hash, true]))
            .await;
        let height = header
            .ok()
            .and_then(|header| u32::try_from(header.get("height")?.as_u64()?).ok());
        match (height, self.blockchain_info().await) {
            (
                Some(height),
                Ok(BlockchainInfo {
                    pruneheight: Some(pruned_to),
                    ..
                }),
            ) if height < pruned_to => ChainError::Node(NodeError::Pruned { height, pruned_to }),
            // A block that the node does not know although it named it: a reorganisation, or a
            // restart.
            (None, Ok(_)) => ChainError::ChainMoved,
            _ => error.into(),
        }
    }
}

impl Source for CoreRpc {
    fn describe(&self) -> String {
        format!("Bitcoin Core at {}", self.client.shown_address())
    }

    fn network(&self) -> Answer<'_, Network> {
        answer(async {
            let info = self.blockchain_info().await?;
            let network = info.network()?;
            // Nobody serves blocks to a regtest node: it is up to date whatever its tip's age.
            let alone = network == Network::Regtest && info.blocks == info.headers;
            if info.initialblockdownload && !alone {
                return Err(ChainError::Node(NodeError::InitialDownload {
                    blocks: info.blocks,
                    headers: info.headers,
                }));
            }
            Ok(network)
        })
    }
}

impl Blocks for CoreRpc {
    fn tip(&self) -> Answer<'_, Tip> {
        answer(async {
            let info = self.blockchain_info().await?;
            let height = u32::try_from(info.blocks)
                .ok()
                .filter(|height| *height < LOCK_TIME_THRESHOLD)
                .ok_or_else(|| ChainError::Garbage(format!("a chain of {} blocks", info.blocks)))?;
            Ok(Tip {
                height,
                hash: info.bestblockhash,
            })
        })
    }

    fn block_hashes(&self, from: u32, count: u32) -> Answer<'_, Vec<BlockHash>> {
        answer(async move {
            let calls: Vec<_> = (from..from.saturating_add(count))
                .map(|height| ("getblockhash", json!([height])))
                .collect();
            let mut hashes = Vec::new();
            for answer in self.client.batch(&calls).await? {
                match answer {
                    Ok(hash) => hashes.push(hash),
                    // Above the tip.
                    Err(RpcError::Answered {
                        code: code::INVALID_PARAMETER,
                        ..
                    }) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(hashes)
        })
    }

    fn header(&self, hash: BlockHash) -> Answer<'_, Header> {
        answer(async move {
            let hex: String = self
                .client
                .call("getblockheader", json!([hash, false]))
                .await?;
            decode_header(&hex, hash)
        })
    }

    fn headers<'a>(&'a self, hashes: &'a [BlockHash]) -> Answer<'a, Vec<Header>> {
        answer(async move {
            let calls: Vec<_> = hashes
                .iter()
                .map(|hash| ("getblockheader", json!([hash, false])))
                .collect();
            let answers = self.client.batch::<String>(&calls).await?;
            answers
                .into_iter()
                .zip(hashes)
                .map(|(answer, hash)| match answer {
                    Ok(hex) => decode_header(&hex, *hash),
                    // A reorganisation, or a restart.
                    Err(RpcError::Answered {
                        code: code::INVALID_ADDRESS_OR_KEY,
                        ..
                    }) => Err(ChainError::ChainMoved),
                    Err(error) => Err(error.into()),
                })
                .collect()
        })
    }

    fn filters<'a>(&'a self, hashes: &'a [BlockHash]) -> Answer<'a, Option<Vec<Vec<u8>>>> {
        answer(async move {
            let calls: Vec<_> = hashes
                .iter()
                .map(|hash| ("getblockfilter", json!([hash, "basic"])))
                .collect();
            let answers = match self.client.batch::<FilterAnswer>(&calls).await {
                Ok(answers) => answers,
                // A node may forbid single methods (-rpcwhitelist); whether it forbids all, the
                // next call tells.
                Err(ChainError::Node(NodeError::Unauthorised { .. })) => return Ok(None),
                Err(error) => return Err(error),
            };
            let mut filters = Vec::with_capacity(answers.len());
            for (answer, hash) in answers.into_iter().zip(hashes) {
                match answer {
                    Ok(FilterAnswer { filter }) => {
                        filters.push(Vec::from_hex(&filter).map_err(|error| {
                            ChainError::Garbage(format!("the filter of {hash}: {error}"))
                        })?)
                    }
                    // No such index, or one that is being built, or is damaged; an old node,
                    // another kind of node. A block that the node does not know, or has not
                    // verified yet (a snapshot's history): asking for the block tells which.
                    Err(RpcError::Answered {
                        code:
                            code::MISC
                            | code::INTERNAL
                            | code::METHOD_NOT_FOUND
                            | code::INVALID_ADDRESS_OR_KEY,
                        ..
                    }) => return Ok(None),
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(Some(filters))
        })
    }

    fn block(&self, hash: BlockHash) -> Answer<'_, Block> {
        answer(async move {
            let hex: String = match self.client.call("getblock", json!([hash, 0])).await {
                Ok(hex) => hex,
                Err(error) => return Err(self.missing_block(hash, error).await),
            };
            let block: Block = encode::deserialize_hex(&hex)
                .map_err(|error| ChainError::Garbage(format!("block {hash}: {error}")))?;
            if block.block_hash() != hash {
                return Err(ChainError::Garbage(format!("another block than {hash}")));
            }
            Ok(block)
        })
    }
}

impl Relay for CoreRpc {
    fn pool(&self) -> Answer<'_, Vec<Txid>> {
        answer(async { Ok(self.client.call("getrawmempool", json!([])).await?) })
    }

    fn pool_transactions<'a>(&'a self, txids: &'a [Txid]) -> Answer<'a, Vec<Option<Transaction>>> {
        answer(async move {
            let mut transactions = Vec::with_capacity(txids.len());
            for part in txids.chunks(TRANSACTIONS_AT_ONCE) {
                let calls: Vec<_> = part
                    .iter()
                    .map(|txid| ("getrawtransaction", json!([txid, false])))
                    .collect();
                for (answer, txid) in self
                    .client
                    .batch::<String>(&calls)
                    .await?
                    .into_iter()
                    .zip(part)
                {
                    transactions.push(match answer {
                        Ok(hex) => Some(decode_transaction(&hex, *txid)?),
                        Err(RpcError::Answered {
                            code: code::INVALID_ADDRESS_OR_KEY,
                            ..
                        }) => None,
                        Err(error) => return Err(error.into()),
                    });
                }
            }
            Ok(transactions)
        })
    }

    fn estimate_fee(&self, blocks: u16) -> Answer<'_, Option<SatPerKvb>> {
        answer(async move {
            let estimate: FeeEstimate = self
                .client
                .call("estimatesmartfee", json!([blocks]))
                .await?;
            estimate.sat_per_kvb()
        })
    }

    fn test_accept<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, TestAccept> {
        answer(async move {
            let hex = encode::serialize_hex(transaction);
            let entries: Vec<TestAcceptEntry> = self
                .client
                .call("testmempoolaccept", json!([[hex]]))
                .await?;
            let [entry] = entries.as_slice() else {
                return Err(ChainError::Garbage(
                    "testmempoolaccept gave no single answer".into(),
                ));
            };
            Ok(entry.verdict())
        })
    }

    fn broadcast<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, Sent> {
        answer(async move {
            let known: Result<Value, RpcError> = self
                .client
                .call("getmempoolentry", json!([transaction.compute_txid()]))
                .await;
            let hex = encode::serialize_hex(transaction);
            let sent: Result<Txid, RpcError> =
                self.client.call("sendrawtransaction", json!([hex])).await;
            match sent {
                Ok(_) if known.is_ok() => Ok(Sent::AlreadyKnown),
                Ok(txid) if txid == transaction.compute_txid() => Ok(Sent::Accepted),
                Ok(_) => Err(ChainError::Garbage(
                    "the node took another transaction than the one sent".into(),
                )),
                Err(RpcError::Answered {
                    code: code::ALREADY_IN_UTXO_SET,
                    ..
                }) => Ok(Sent::AlreadyKnown),
                Err(RpcError::Answered {
                    code: code::VERIFY | code::VERIFY_REJECTED | code::DESERIALIZATION,
                    message,
                    ..
                }) => Err(ChainError::Rejected(message)),
                Err(error) => Err(error.into()),
            }
        })
    }
}

fn decode_header(hex: &str, hash: BlockHash) -> Result<Header, ChainError> {
    let header: Header = encode::deserialize_hex(hex)
        .map_err(|error| ChainError::Garbage(format!("getblockheader: {error}")))?;
    if header.block_hash() != hash {
        return Err(ChainError::Garbage(format!(
            "another header than that of {hash}"
        )));
    }
    Ok(header)
}

fn decode_transaction(hex: &str, txid: Txid) -> Result<Transaction, ChainError> {
    let transaction: Transaction = encode::deserialize_hex(hex)
        .map_err(|error| ChainError::Garbage(format!("transaction {txid}: {error}")))?;
    if transaction.compute_txid() != txid {
        return Err(ChainError::Garbage(format!(
            "another transaction than {txid}"
        )));
    }
    Ok(transaction)
}

fn answer<'a, T>(future: impl Future<Output = Result<T, ChainError>> + Send + 'a) -> Answer<'a, T> {
    Box::pin(future)
}
