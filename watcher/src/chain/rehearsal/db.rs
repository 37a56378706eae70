//! The rehearsal chain's file.

use bitcoin::block::Header;
use bitcoin::consensus::encode;
use bitcoin::hashes::Hash;
use bitcoin::{Amount, Block, BlockHash, OutPoint, ScriptBuf, Txid, constants};
use sqlx::Row;

use super::rules::{Coin, Parent};
use super::{Rehearsal, commit};
use crate::chain::{ChainError, RehearsalError, Tip};
use crate::store::{Connection, Db, StoreError, rows};

/// An open transaction on the file.
pub type Transaction = sqlx::Transaction<'static, Db>;

const TABLES: &str = include_str!("../../../migrations/rehearsal/0001_chain.sql");

/// The format's version, in SQLite's `user_version`.
const VERSION: i64 = 1;

/// The last block, as the next one needs to know it.
pub type Last = Parent;

impl From<Last> for Tip {
    fn from(last: Last) -> Self {
        Tip {
            height: last.height,
            hash: last.hash,
        }
    }
}

/// A transaction of the memory pool.
#[derive(Clone, Debug)]
pub struct PoolEntry {
    /// Its txid.
    pub txid: Txid,
    /// The transaction.
    pub transaction: bitcoin::Transaction,
    /// What it pays to the miner.
    pub fee: Amount,
    /// Its signature operations, weighted (BIP141).
    pub sigop_cost: u32,
}

fn failed(error: sqlx::Error) -> ChainError {
    StoreError::from(error).into()
}

fn damaged(what: &str) -> ChainError {
    ChainError::Rehearsal(RehearsalError::Damaged(what.into()))
}

/// Creates the tables and the genesis block when they are not there.
pub async fn migrate(rehearsal: &Rehearsal) -> Result<(), ChainError> {
    if version(&mut *rehearsal.read().await?).await? == VERSION {
        return Ok(());
    }
    let mut write = rehearsal.write().await?;
    match version(&mut write).await? {
        0 => {}
        VERSION => return Ok(()),
        found => {
            return Err(ChainError::Rehearsal(RehearsalError::Newer {
                found,
                known: VERSION,
            }));
        }
    }
    sqlx::raw_sql(TABLES)
        .execute(&mut *write)
        .await
        .map_err(failed)?;
    let genesis = constants::genesis_block(bitcoin::Network::Regtest);
    // Its output can never be spent.
    insert_block(&mut write, 0, &genesis, genesis.header.time).await?;
    sqlx::raw_sql("PRAGMA user_version = 1")
        .execute(&mut *write)
        .await
        .map_err(failed)?;
    commit(write).await
}

async fn version(db: &mut Connection) -> Result<i64, ChainError> {
    let row = sqlx::query("PRAGMA user_version")
        .fetch_one(db)
        .await
        .map_err(failed)?;
    row.try_get(0).map_err(failed)
}

/// Returns the last block.
pub async fn tip(db: &mut Connection) -> Result<Last, ChainError> {
    let sql = "SELECT height, hash, median_time FROM blocks ORDER BY height DESC LIMIT 1";
    let row = sqlx::query(sql).fetch_one(db).await.map_err(failed)?;
    Ok(Last {
        height: rows::number(&row, "height")?,
        hash: rows::block_hash(&row, "hash")?,
        median_time: rows::number(&row, "median_time")?,
    })
}

/// Returns the hashes of blocks from a height on, at most `count`.
pub async fn hashes(
    db: &mut Connection,
    from: u32,
    count: u32,
) -> Result<Vec<BlockHash>, ChainError> {
    let sql = "SELECT hash FROM blocks WHERE height >= $1 ORDER BY height LIMIT $2";
    let rows = sqlx::query(sql)
        .bind(i64::from(from))
        .bind(i64::from(count))
        .fetch_all(db)
        .await
        .map_err(failed)?;
    rows.iter()
        .map(|row| Ok(rows::block_hash(row, "hash")?))
        .collect()
}

/// Returns the block of a hash.
pub async fn block(db: &mut Connection, hash: BlockHash) -> Result<Option<Block>, ChainError> {
    let row = sqlx::query("SELECT raw FROM blocks WHERE hash = $1")
        .bind(&hash.to_byte_array()[..])
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.map(|row| {
        let raw: &[u8] = row.try_get("raw").map_err(failed)?;
        encode::deserialize(raw).map_err(|_| damaged("a block cannot be read"))
    })
    .transpose()
}

/// Returns the header of the block of a hash.
pub async fn header(db: &mut Connection, hash: BlockHash) -> Result<Header, ChainError> {
    let row = sqlx::query("SELECT substr(raw, 1, 80) AS header FROM blocks WHERE hash = $1")
        .bind(&hash.to_byte_array()[..])
        .fetch_optional(db)
        .await
        .map_err(failed)?
        .ok_or(ChainError::ChainMoved)?;
    let header: &[u8] = row.try_get("header").map_err(failed)?;
    encode::deserialize(header).map_err(|_| damaged("a block cannot be read"))
}

/// Returns the times of the last ten blocks up to a height.
pub async fn last_times(db: &mut Connection, height: u32) -> Result<Vec<u32>, ChainError> {
    let sql = "SELECT time FROM blocks WHERE height <= $1 ORDER BY height DESC LIMIT 10";
    let rows = sqlx::query(sql)
        .bind(i64::from(height))
        .fetch_all(db)
        .await
        .map_err(failed)?;
    rows.iter()
        .map(|row| Ok(rows::number(row, "time")?))
        .collect()
}

/// Appends a block.
pub async fn insert_block(
    db: &mut Connection,
    height: u32,
    block: &Block,
    median_time: u32,
) -> Result<(), ChainError> {
    let sql =
        "INSERT INTO blocks (height, hash, raw, time, median_time) VALUES ($1, $2, $3, $4, $5)";
    sqlx::query(sql)
        .bind(i64::from(height))
        .bind(&block.block_hash().to_byte_array()[..])
        .bind(encode::serialize(block))
        .bind(i64::from(block.header.time))
        .bind(i64::from(median_time))
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Removes every block above a height, and what it did to the coins.
pub async fn remove_above(db: &mut Connection, height: u32) -> Result<(), ChainError> {
    for sql in [
        "DELETE FROM coins WHERE height > $1",
        "UPDATE coins SET spent_height = NULL WHERE spent_height > $1",
        "DELETE FROM blocks WHERE height > $1",
    ] {
        sqlx::query(sql)
            .bind(i64::from(height))
            .execute(&mut *db)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// Returns a coin that no block has spent.
pub async fn coin(db: &mut Connection, outpoint: OutPoint) -> Result<Option<Coin>, ChainError> {
    let sql = "\
        SELECT c.amount_sat, c.script, c.height, c.coinbase, b.median_time
        FROM coins c JOIN blocks b ON b.height = c.height - 1
        WHERE c.txid = $1 AND c.vout = $2 AND c.spent_height IS NULL";
    let row = sqlx::query(sql)
        .bind(&outpoint.txid.to_byte_array()[..])
        .bind(i64::from(outpoint.vout))
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.map(|row| {
        Ok(Coin {
            amount: rows::amount(&row, "amount_sat")?,
            script: ScriptBuf::from_bytes(row.try_get("script").map_err(failed)?),
            height: rows::number(&row, "height")?,
            coinbase: rows::number(&row, "coinbase")? == 1,
            median_time_before: rows::number(&row, "median_time")?,
        })
    })
    .transpose()
}

/// Tells whether a block has a transaction with outputs that count.
pub async fn is_mined(db: &mut Connection, txid: Txid) -> Result<bool, ChainError> {
    let row = sqlx::query("SELECT CAST(COUNT(*) AS BIGINT) FROM coins WHERE txid = $1")
        .bind(&txid.to_byte_array()[..])
        .fetch_one(db)
        .await
        .map_err(failed)?;
    Ok(row.try_get::<i64, _>(0).map_err(failed)? > 0)
}

/// Returns the unspent coins of a script that a block at `height` may spend, largest first.
pub async fn coins_of(
    db: &mut Connection,
    script: &bitcoin::Script,
    height: u32,
) -> Result<Vec<(OutPoint, Amount)>, ChainError> {
    let sql = "\
        SELECT txid, vout, amount_sat FROM coins
        WHERE script = $1 AND spent_height IS NULL AND (coinbase = 0 OR height <= $2)
        ORDER BY amount_sat DESC, txid, vout";
    let mature = i64::from(height) - i64::from(super::rules::COINBASE_MATURITY);
    let rows = sqlx::query(sql)
        .bind(script.as_bytes())
        .bind(mature)
        .fetch_all(db)
        .await
        .map_err(failed)?;
    rows.iter()
        .map(|row| Ok((rows::outpoint(row)?, rows::amount(row, "amount_sat")?)))
        .collect()
}

/// Adds the outputs of a transaction.
pub async fn insert_coins(
    db: &mut Connection,
    transaction: &bitcoin::Transaction,
    height: u32,
) -> Result<(), ChainError> {
    let txid = transaction.compute_txid();
    for (output, vout) in transaction.output.iter().zip(0_i64..) {
        let sql = "INSERT INTO coins (txid, vout, amount_sat, script, height, coinbase)
                   VALUES ($1, $2, $3, $4, $5, $6)";
        sqlx::query(sql)
            .bind(&txid.to_byte_array()[..])
            .bind(vout)
            .bind(output.value.to_sat() as i64)
            .bind(output.script_pubkey.as_bytes())
            .bind(i64::from(height))
            .bind(i64::from(transaction.is_coinbase()))
            .execute(&mut *db)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// Notes that the block at a height spends a coin.
pub async fn spend(db: &mut Connection, outpoint: OutPoint, height: u32) -> Result<(), ChainError> {
    let sql =
        "UPDATE coins SET spent_height = $1 WHERE txid = $2 AND vout = $3 AND spent_height IS NULL";
    let spent = sqlx::query(sql)
        .bind(i64::from(height))
        .bind(&outpoint.txid.to_byte_array()[..])
        .bind(i64::from(outpoint.vout))
        .execute(db)
        .await
        .map_err(failed)?;
    match spent.rows_affected() {
        1 => Ok(()),
        _ => Err(damaged("a coin vanished while it was being spent")),
    }
}

/// Returns the memory pool, in the order of arrival.
pub async fn pool(db: &mut Connection) -> Result<Vec<PoolEntry>, ChainError> {
    let rows = sqlx::query("SELECT txid, raw, fee_sat, sigop_cost FROM pool ORDER BY position")
        .fetch_all(db)
        .await
        .map_err(failed)?;
    rows.iter()
        .map(|row| {
            let raw: &[u8] = row.try_get("raw").map_err(failed)?;
            let transaction =
                encode::deserialize(raw).map_err(|_| damaged("a transaction cannot be read"))?;
            Ok(PoolEntry {
                txid: rows::txid(row, "txid")?,
                transaction,
                fee: rows::amount(row, "fee_sat")?,
                sigop_cost: rows::number(row, "sigop_cost")?,
            })
        })
        .collect()
}

/// Appends a transaction to the memory pool.
pub async fn insert_pool(db: &mut Connection, entry: &PoolEntry) -> Result<(), ChainError> {
    let sql = "INSERT INTO pool (position, txid, raw, fee_sat, sigop_cost)
               VALUES ((SELECT COALESCE(MAX(position), 0) + 1 FROM pool), $1, $2, $3, $4)";
    sqlx::query(sql)
        .bind(&entry.txid.to_byte_array()[..])
        .bind(encode::serialize(&entry.transaction))
        .bind(entry.fee.to_sat() as i64)
        .bind(i64::from(entry.sigop_cost))
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Removes a transaction from the memory pool.
pub async fn remove_pool(db: &mut Connection, txid: Txid) -> Result<(), ChainError> {
    sqlx::query("DELETE FROM pool WHERE txid = $1")
        .bind(&txid.to_byte_array()[..])
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}
