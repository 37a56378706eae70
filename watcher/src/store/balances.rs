//! What a wallet holds.

use bitcoin::Amount;
use serde::Serialize;
use sqlx::Row as _;

use super::coins::COINBASE_CONFIRMATIONS;
use super::wallets::WalletNo;
use super::{Connection, StoreError, blocks};
use crate::tip::Tip;

/// A wallet's balance, in satoshis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// Unspent in the best chain, mature, not spent by a known unconfirmed transaction.
    pub confirmed: u64,
    /// The part of `confirmed` that payouts reserve.
    pub locked: u64,
    /// `confirmed - locked`.
    pub spendable: u64,
    /// Unconfirmed outputs to the wallet.
    pub pending: u64,
    /// Coinbase outputs that may not be spent yet.
    pub immature: u64,
}

/// Unspent coins by age: coinbases above `$2` are immature.
const UNSPENT: &str = "\
SELECT CAST(COALESCE(SUM(CASE WHEN coinbase = 1 AND height > $2 THEN 0 ELSE amount_sat END), 0) AS BIGINT) AS mature,
       CAST(COALESCE(SUM(CASE WHEN coinbase = 1 AND height > $2 THEN amount_sat ELSE 0 END), 0) AS BIGINT) AS immature
FROM coins WHERE wallet_no = $1 AND spent_height IS NULL";

/// Of the mature ones, those that the memory pool spends. They are few: `CROSS JOIN` makes SQLite
/// begin with them, and not with all coins.
const LEAVING: &str = "\
SELECT CAST(COALESCE(SUM(c.amount_sat), 0) AS BIGINT) AS leaving
FROM (SELECT DISTINCT txid, vout FROM pool_spends) p CROSS JOIN coins c
WHERE c.txid = p.txid AND c.vout = p.vout AND c.wallet_no = $1 AND c.spent_height IS NULL AND NOT (c.coinbase = 1 AND c.height > $2)";

/// Of the mature ones that stay, those that payouts reserve.
const LOCKED: &str = "\
SELECT CAST(COALESCE(SUM(c.amount_sat), 0) AS BIGINT) AS locked
FROM coin_locks l CROSS JOIN coins c
WHERE c.txid = l.txid AND c.vout = l.vout AND c.wallet_no = $1 AND c.spent_height IS NULL AND NOT (c.coinbase = 1 AND c.height > $2)
AND NOT EXISTS (SELECT 1 FROM pool_spends p WHERE p.txid = c.txid AND p.vout = c.vout)";

/// Coins on their way to the wallet.
const PENDING: &str = "\
SELECT CAST(COALESCE(SUM(c.amount_sat), 0) AS BIGINT) AS pending FROM pool_coins c
WHERE c.wallet_no = $1 AND NOT EXISTS (SELECT 1 FROM pool_spends s WHERE s.txid = c.txid AND s.vout = c.vout)";

/// Returns a wallet's balance at the ledger's tip. Its cost does not depend on the wallet's
/// history.
pub async fn balance(db: &mut Connection, wallet: WalletNo) -> Result<Balance, StoreError> {
    let tip = blocks::tip(db)
        .await?
        .map_or(-1, |Tip { height, .. }| i64::from(height));
    let newest_mature = tip + 1 - i64::from(COINBASE_CONFIRMATIONS);
    let row = sqlx::query(UNSPENT)
        .bind(wallet.0)
        .bind(newest_mature)
        .fetch_one(&mut *db)
        .await?;
    let (mature, immature): (i64, i64) = (row.try_get("mature")?, row.try_get("immature")?);
    let row = sqlx::query(LEAVING)
        .bind(wallet.0)
        .bind(newest_mature)
        .fetch_one(&mut *db)
        .await?;
    let leaving: i64 = row.try_get("leaving")?;
    let row = sqlx::query(LOCKED)
        .bind(wallet.0)
        .bind(newest_mature)
        .fetch_one(&mut *db)
        .await?;
    let locked: i64 = row.try_get("locked")?;
    let pending: i64 = sqlx::query(PENDING)
        .bind(wallet.0)
        .fetch_one(db)
        .await?
        .try_get("pending")?;

    let confirmed = satoshis(mature - leaving)?;
    let locked = satoshis(locked)?;
    let spendable = confirmed
        .checked_sub(locked)
        .ok_or_else(|| StoreError::damaged("more is locked than is there"))?;
    Ok(Balance {
        confirmed,
        locked,
        spendable,
        pending: satoshis(pending)?,
        immature: satoshis(immature)?,
    })
}

fn satoshis(sum: i64) -> Result<u64, StoreError> {
    u64::try_from(sum)
        .ok()
        .filter(|sum| *sum <= Amount::MAX_MONEY.to_sat())
        .ok_or_else(|| StoreError::damaged("a balance is out of range"))
}
