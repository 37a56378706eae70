//! A wallet's unspent coins, as people and scripts see them.

use bitcoin::{Address, OutPoint};
use cofferdam_core::wallet::Branch;
use serde::Serialize;

use crate::store::wallets::WalletRecord;
use crate::store::{Connection, StoreError, blocks, coins, pool, scripts};

/// What a coin can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CoinState {
    /// A plan may spend it.
    Spendable,
    /// A payout reserves it.
    Locked,
    /// A transaction of the memory pool spends it.
    Leaving,
    /// A coinbase that may not be spent yet.
    Immature,
    /// No block confirms it yet.
    Pending,
}

/// One coin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoinEntry {
    /// Which output it is.
    pub outpoint: OutPoint,
    /// Its amount in satoshis.
    pub amount_sat: u64,
    /// Its address.
    pub address: String,
    /// The branch of its address.
    pub branch: Branch,
    /// The index of its address.
    pub index: u32,
    /// The height of its block; null while it is pending.
    pub height: Option<u32>,
    /// The number of blocks that confirm it.
    pub confirmations: u32,
    /// What it can be used for.
    pub state: CoinState,
}

/// Returns a wallet's unspent coins: confirmed ones, oldest first, then pending ones.
pub async fn list(
    db: &mut Connection,
    record: &WalletRecord,
) -> Result<Vec<CoinEntry>, StoreError> {
    let tip = blocks::tip(db).await?.map_or(0, |tip| tip.height);
    let network = record.wallet.network().to_bitcoin();
    let scripts = scripts::of_coins(db, record.no).await?;
    let address = |branch, index| {
        let script = scripts
            .get(&(branch, index))
            .ok_or_else(|| StoreError::damaged("a coin has no script"))?;
        let address = Address::from_script(script, network);
        address
            .map(|address| address.to_string())
            .map_err(|error| StoreError::damaged(error.to_string()))
    };
    let mut entries = Vec::new();
    for coin in coins::unspent(db, record.no).await? {
        let state = match &coin {
            coin if !coin.is_mature(tip) => CoinState::Immature,
            coin if coin.pool_spender.is_some() => CoinState::Leaving,
            coin if coin.locked_by.is_some() => CoinState::Locked,
            _ => CoinState::Spendable,
        };
        entries.push(CoinEntry {
            outpoint: coin.outpoint,
            amount_sat: coin.amount.to_sat(),
            address: address(coin.branch, coin.index)?,
            branch: coin.branch,
            index: coin.index,
            height: Some(coin.height),
            confirmations: coin.confirmations(tip),
            state,
        });
    }
    for coin in pool::unspent(db, record.no).await? {
        entries.push(CoinEntry {
            outpoint: coin.outpoint,
            amount_sat: coin.amount.to_sat(),
            address: address(coin.owner.branch, coin.owner.index)?,
            branch: coin.owner.branch,
            index: coin.owner.index,
            height: None,
            confirmations: 0,
            state: CoinState::Pending,
        });
    }
    Ok(entries)
}
