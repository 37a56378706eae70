//! The tables `pool_*`: what the memory pool says about our coins. A sync replaces it; nothing else
//! rests on it.

use std::collections::HashSet;

use bitcoin::hashes::Hash;
use bitcoin::{Amount, OutPoint, Txid};
use sqlx::Row;

use super::scripts::ScriptOwner;
use super::wallets::WalletNo;
use super::{Connection, StoreError, rows};
use crate::clock;

/// A coin that a transaction of the memory pool makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolCoin {
    /// Which output it is.
    pub outpoint: OutPoint,
    /// Whose script it pays.
    pub owner: ScriptOwner,
    /// Its amount.
    pub amount: Amount,
}

/// Returns the transactions of ours that the memory pool held.
pub async fn transactions(db: &mut Connection) -> Result<HashSet<Txid>, StoreError> {
    let rows = sqlx::query("SELECT txid FROM pool_transactions")
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| rows::txid(row, "txid")).collect()
}

/// Returns the transactions of the memory pool that were read and found to be none of ours.
pub async fn unrelated(db: &mut Connection) -> Result<HashSet<Txid>, StoreError> {
    let rows = sqlx::query("SELECT txid FROM pool_unrelated")
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| rows::txid(row, "txid")).collect()
}

/// Returns the coins of all wallets that transactions of the memory pool make.
pub async fn coins(db: &mut Connection) -> Result<Vec<PoolCoin>, StoreError> {
    let sql = "SELECT txid, vout, wallet_no, branch, address_index, amount_sat FROM pool_coins";
    let rows = sqlx::query(sql).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let owner = ScriptOwner {
                wallet_no: WalletNo(row.try_get("wallet_no")?),
                branch: super::wallets::branch_of(row)?,
                index: rows::number(row, "address_index")?,
            };
            Ok(PoolCoin {
                outpoint: rows::outpoint(row)?,
                owner,
                amount: rows::amount(row, "amount_sat")?,
            })
        })
        .collect()
}

/// Returns a wallet's unconfirmed coins that no other transaction of the memory pool spends.
pub async fn unspent(db: &mut Connection, wallet: WalletNo) -> Result<Vec<PoolCoin>, StoreError> {
    let sql = "\
        SELECT c.txid, c.vout, c.branch, c.address_index, c.amount_sat FROM pool_coins c
        WHERE c.wallet_no = $1
        AND NOT EXISTS (SELECT 1 FROM pool_spends s WHERE s.txid = c.txid AND s.vout = c.vout)
        ORDER BY c.txid, c.vout";
    let rows = sqlx::query(sql).bind(wallet.0).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let owner = ScriptOwner {
                wallet_no: wallet,
                branch: super::wallets::branch_of(row)?,
                index: rows::number(row, "address_index")?,
            };
            Ok(PoolCoin {
                outpoint: rows::outpoint(row)?,
                owner,
                amount: rows::amount(row, "amount_sat")?,
            })
        })
        .collect()
}

/// Returns what all wallets' unconfirmed coins come to that no other transaction of the memory pool
/// spends, in satoshis.
pub async fn unspent_in_total(db: &mut Connection) -> Result<i128, StoreError> {
    // Added up here: a node can make a memory pool whose sum no 64 bits hold.
    let sql = "\
        SELECT c.amount_sat FROM pool_coins c
        WHERE NOT EXISTS (SELECT 1 FROM pool_spends s WHERE s.txid = c.txid AND s.vout = c.vout)";
    let rows = sqlx::query(sql).fetch_all(db).await?;
    rows.iter().try_fold(0, |sum, row| {
        Ok(sum + i128::from(rows::amount(row, "amount_sat")?.to_sat()))
    })
}

/// Tells whether the memory pool held a transaction of ours at the last sync, or was sent it since.
pub async fn contains(db: &mut Connection, txid: Txid) -> Result<bool, StoreError> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM pool_transactions WHERE txid = $1";
    let row = sqlx::query(sql)
        .bind(&txid.to_byte_array()[..])
        .fetch_one(db)
        .await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}

/// Adds a transaction of ours, with the coins it makes and those it spends.
pub async fn insert(
    db: &mut Connection,
    txid: Txid,
    makes: &[PoolCoin],
    spends: &[OutPoint],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO pool_transactions (txid, first_seen) VALUES ($1, $2) ON CONFLICT (txid) DO NOTHING";
    sqlx::query(sql)
        .bind(&txid.to_byte_array()[..])
        .bind(clock::now())
        .execute(&mut *db)
        .await?;
    for coin in makes {
        let sql =
            "INSERT INTO pool_coins (txid, vout, wallet_no, branch, address_index, amount_sat)
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (txid, vout) DO NOTHING";
        sqlx::query(sql)
            .bind(&coin.outpoint.txid.to_byte_array()[..])
            .bind(i64::from(coin.outpoint.vout))
            .bind(coin.owner.wallet_no.0)
            .bind(i64::from(coin.owner.branch.step()))
            .bind(i64::from(coin.owner.index))
            .bind(coin.amount.to_sat() as i64)
            .execute(&mut *db)
            .await?;
    }
    for spent in spends {
        let sql = "INSERT INTO pool_spends (txid, vout, spender) VALUES ($1, $2, $3)
                   ON CONFLICT (txid, vout, spender) DO NOTHING";
        sqlx::query(sql)
            .bind(&spent.txid.to_byte_array()[..])
            .bind(i64::from(spent.vout))
            .bind(&txid.to_byte_array()[..])
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// Removes a transaction of ours, as when it was mined or has left the memory pool.
pub async fn remove(db: &mut Connection, txid: Txid) -> Result<(), StoreError> {
    // Coins and spends go with it (ON DELETE CASCADE).
    sqlx::query("DELETE FROM pool_transactions WHERE txid = $1")
        .bind(&txid.to_byte_array()[..])
        .execute(db)
        .await?;
    Ok(())
}

/// Remembers transactions that are none of ours.
pub async fn insert_unrelated(db: &mut Connection, txids: &[Txid]) -> Result<(), StoreError> {
    for part in txids.chunks(500) {
        let places = rows::places(part.len(), 1);
        let sql = format!(
            "INSERT INTO pool_unrelated (txid) VALUES {places} ON CONFLICT (txid) DO NOTHING"
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for txid in part {
            query = query.bind(txid.to_byte_array().to_vec());
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

/// Forgets transactions that are none of ours.
pub async fn remove_unrelated(db: &mut Connection, txids: &[Txid]) -> Result<(), StoreError> {
    for txid in txids {
        sqlx::query("DELETE FROM pool_unrelated WHERE txid = $1")
            .bind(&txid.to_byte_array()[..])
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// Forgets everything about the memory pool, so that the next sync reads all of it.
pub async fn clear(db: &mut Connection) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM pool_transactions",
        "DELETE FROM pool_unrelated",
    ] {
        sqlx::query(sql).execute(&mut *db).await?;
    }
    Ok(())
}
