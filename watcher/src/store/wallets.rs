//! The tables `wallets` and `branches`.

use std::collections::HashMap;

use bitcoin::XOnlyPublicKey;
use cofferdam_core::wallet::{Branch, Wallet, WalletId};
use sqlx::Row as _;

use super::facts::{self, Fact};
use super::ids::{self, Numbered};
use super::{Connection, Row, StoreError, rows};
use crate::clock;

/// The number by which rows name a wallet. It never leaves the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WalletNo(pub i64);

/// A wallet of the ledger.
#[derive(Clone, Debug)]
pub struct WalletRecord {
    /// Its number in this ledger.
    pub no: WalletNo,
    /// What was imported.
    pub wallet: Wallet,
    /// How far scripts are derived ahead of the highest index used or handed out.
    pub gap: u32,
    /// The next block to search for it; `None` before its first sync.
    pub next_height: Option<u32>,
}

/// Where a branch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchState {
    /// The lowest index that is neither used nor handed out, nor below such a one.
    pub next_index: u32,
    /// The scripts of the indices below this one are in the ledger.
    pub covered: u32,
}

/// Returns every wallet, in the order of import.
pub async fn all(db: &mut Connection) -> Result<Vec<WalletRecord>, StoreError> {
    let sql =
        "SELECT wallet_no, document, gap, next_height, receipt_key FROM wallets ORDER BY wallet_no";
    sqlx::query(sql)
        .fetch_all(db)
        .await?
        .iter()
        .map(record)
        .collect()
}

/// Tells whether there are no wallets.
pub async fn is_empty(db: &mut Connection) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT wallet_no FROM wallets LIMIT 1");
    Ok(row.fetch_optional(db).await?.is_none())
}

/// Returns the wallet of a name.
pub async fn by_name(db: &mut Connection, name: &str) -> Result<Option<WalletRecord>, StoreError> {
    let sql =
        "SELECT wallet_no, document, gap, next_height, receipt_key FROM wallets WHERE name = $1";
    sqlx::query(sql)
        .bind(name)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(record)
        .transpose()
}

/// Returns the wallet of an id.
pub async fn by_id(db: &mut Connection, id: &WalletId) -> Result<Option<WalletRecord>, StoreError> {
    let sql = "SELECT wallet_no, document, gap, next_height, receipt_key FROM wallets WHERE wallet_id = $1";
    sqlx::query(sql)
        .bind(&id.as_bytes()[..])
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(record)
        .transpose()
}

/// Returns the wallet of a number.
pub async fn by_no(db: &mut Connection, no: WalletNo) -> Result<WalletRecord, StoreError> {
    let sql = "SELECT wallet_no, document, gap, next_height, receipt_key FROM wallets WHERE wallet_no = $1";
    record(&sqlx::query(sql).bind(no.0).fetch_one(db).await?)
}

fn record(row: &Row) -> Result<WalletRecord, StoreError> {
    let document: &str = row.try_get("document")?;
    let wallet = Wallet::parse_json(document.as_bytes())
        .map_err(|error| StoreError::damaged(format!("a wallet's document: {error}")))?;
    Ok(WalletRecord {
        no: WalletNo(row.try_get("wallet_no")?),
        wallet: wallet.with_receipt_key(receipt_key(row)?),
        gap: rows::number(row, "gap")?,
        next_height: rows::number_or_null(row, "next_height")?,
    })
}

fn receipt_key(row: &Row) -> Result<Option<XOnlyPublicKey>, StoreError> {
    let bytes: Option<&[u8]> = row.try_get("receipt_key")?;
    bytes
        .map(|bytes| {
            XOnlyPublicKey::from_slice(bytes)
                .map_err(|_| StoreError::damaged("receipt_key is not a public key"))
        })
        .transpose()
}

/// Adds a wallet without any scripts.
pub async fn insert(
    db: &mut Connection,
    wallet: &Wallet,
    gap: u32,
) -> Result<WalletRecord, StoreError> {
    let no = WalletNo(ids::take(db, Numbered::Wallets, 1).await?);
    let sql =
        "INSERT INTO wallets (wallet_no, wallet_id, name, document, gap, imported_at, receipt_key)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    // The column is the one place of the receipt key: it may become known later.
    let document = wallet.clone().with_receipt_key(None).to_json();
    sqlx::query(sql)
        .bind(no.0)
        .bind(&wallet.id().as_bytes()[..])
        .bind(wallet.name().as_str())
        .bind(document)
        .bind(i64::from(gap))
        .bind(clock::now())
        .bind(wallet.receipt_key().map(|key| key.serialize().to_vec()))
        .execute(&mut *db)
        .await?;
    for branch in Branch::ALL {
        let sql =
            "INSERT INTO branches (wallet_no, branch, next_index, covered) VALUES ($1, $2, 0, 0)";
        sqlx::query(sql)
            .bind(no.0)
            .bind(i64::from(branch.step()))
            .execute(&mut *db)
            .await?;
    }
    Ok(WalletRecord {
        no,
        wallet: wallet.clone(),
        gap,
        next_height: None,
    })
}

/// Sets how far scripts are derived ahead.
pub async fn set_gap(db: &mut Connection, no: WalletNo, gap: u32) -> Result<(), StoreError> {
    let sql = "UPDATE wallets SET gap = $1 WHERE wallet_no = $2";
    sqlx::query(sql)
        .bind(i64::from(gap))
        .bind(no.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Sets the key that receipts verify with.
pub async fn set_receipt_key(
    db: &mut Connection,
    no: WalletNo,
    key: &XOnlyPublicKey,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE wallets SET receipt_key = $1 WHERE wallet_no = $2")
        .bind(&key.serialize()[..])
        .bind(no.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Forgets how far a wallet was searched, so that the next sync begins at its birthday.
pub async fn search_again(db: &mut Connection, no: WalletNo) -> Result<(), StoreError> {
    sqlx::query("UPDATE wallets SET next_height = NULL WHERE wallet_no = $1")
        .bind(no.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Sets where the search for a wallet begins.
pub async fn begin_at(db: &mut Connection, no: WalletNo, height: u32) -> Result<(), StoreError> {
    let sql = "UPDATE wallets SET next_height = $1 WHERE wallet_no = $2";
    sqlx::query(sql)
        .bind(i64::from(height))
        .bind(no.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that every wallet whose search has begun was searched below a height.
pub async fn searched_below(db: &mut Connection, height: u32) -> Result<(), StoreError> {
    sqlx::query("UPDATE wallets SET next_height = $1 WHERE next_height < $1")
        .bind(i64::from(height))
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the lowest block that a wallet whose search has begun needs searched.
pub async fn lowest_place(db: &mut Connection) -> Result<Option<u32>, StoreError> {
    let row = sqlx::query("SELECT MIN(next_height) AS place FROM wallets")
        .fetch_one(db)
        .await?;
    rows::number_or_null(&row, "place")
}

/// Returns where a branch stands.
pub async fn branch(
    db: &mut Connection,
    no: WalletNo,
    branch: Branch,
) -> Result<BranchState, StoreError> {
    let sql = "SELECT next_index, covered FROM branches WHERE wallet_no = $1 AND branch = $2";
    let row = sqlx::query(sql)
        .bind(no.0)
        .bind(i64::from(branch.step()))
        .fetch_one(db)
        .await?;
    branch_state(&row)
}

/// Returns where every branch of every wallet stands.
pub async fn branches(
    db: &mut Connection,
) -> Result<HashMap<(WalletNo, Branch), BranchState>, StoreError> {
    let rows = sqlx::query("SELECT wallet_no, branch, next_index, covered FROM branches");
    let rows = rows.fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let place = (WalletNo(row.try_get("wallet_no")?), branch_of(row)?);
            Ok((place, branch_state(row)?))
        })
        .collect()
}

fn branch_state(row: &Row) -> Result<BranchState, StoreError> {
    Ok(BranchState {
        next_index: rows::number(row, "next_index")?,
        covered: rows::number(row, "covered")?,
    })
}

/// Notes that an index is used or handed out.
pub async fn use_index(
    db: &mut Connection,
    no: WalletNo,
    branch: Branch,
    index: u32,
) -> Result<(), StoreError> {
    let sql = "UPDATE branches SET next_index = $1 WHERE wallet_no = $2 AND branch = $3 AND next_index < $1";
    sqlx::query(sql)
        .bind(i64::from(index) + 1)
        .bind(no.0)
        .bind(i64::from(branch.step()))
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the number of scripts that were ever watched; it only ever grows.
pub async fn covered_in_total(db: &mut Connection) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(covered), 0) AS BIGINT) FROM branches";
    let covered: i64 = sqlx::query(sql).fetch_one(&mut *db).await?.try_get(0)?;
    Ok(covered + told_in_total(db).await?)
}

/// Returns how many indices were told that were watched by themselves; it only ever grows.
pub async fn told_in_total(db: &mut Connection) -> Result<i64, StoreError> {
    match facts::get(db, Fact::ToldIndices).await? {
        None => Ok(0),
        Some(count) => count
            .parse()
            .map_err(|_| StoreError::damaged("told_indices is no number")),
    }
}

/// Reads the column `branch`.
pub fn branch_of(row: &Row) -> Result<Branch, StoreError> {
    Branch::from_step(rows::number(row, "branch")?)
        .ok_or_else(|| StoreError::damaged("branch is neither 0 nor 1"))
}
