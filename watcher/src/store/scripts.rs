//! The table `scripts`: every script that the ledger watches.

use std::collections::HashMap;
use std::ops::Range;

use bitcoin::ScriptBuf;
use bitcoin::hex::HexToBytesIter;
use cofferdam_core::wallet::Branch;
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};

use super::facts::{self, Fact};
use super::wallets::{self, WalletNo, WalletRecord};
use super::{Connection, StoreError, rows};
use crate::derivation::{derive_scripts, horizon};

/// Rows in one statement, of four values each; few, since SQLite looks up each `$1` among all
/// before it.
const ROWS_AT_ONCE: usize = 100;

/// Whose a script is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScriptOwner {
    /// The wallet.
    pub wallet_no: WalletNo,
    /// Its branch.
    pub branch: Branch,
    /// The index on the branch.
    pub index: u32,
}

/// Adds the scripts of a branch up to, and without, the index `end`; those that are there stay. An
/// index among them that was [told](tell) is used, and the wallet's gap beyond it is added too.
///
/// Returns the added ones.
pub async fn cover(
    db: &mut Connection,
    record: &WalletRecord,
    branch: Branch,
    mut end: u32,
) -> Result<Vec<(ScriptBuf, ScriptOwner)>, StoreError> {
    let mut added = Vec::new();
    loop {
        let covered = wallets::branch(db, record.no, branch).await?.covered;
        if covered >= end {
            return Ok(added);
        }
        let told = told_within(db, record.no, branch, covered..end).await?;
        let scripts = derive_scripts(&record.wallet, branch, covered..end)?;
        insert(db, record.no, branch, covered, &scripts).await?;
        let owner = |index| ScriptOwner {
            wallet_no: record.no,
            branch,
            index,
        };
        added.extend(scripts.into_iter().zip((covered..end).map(owner)));
        let Some(index) = told else { return Ok(added) };
        wallets::use_index(db, record.no, branch, index).await?;
        end = horizon(index + 1, record.gap);
    }
}

/// Watches one index beyond those that are covered, and nothing between.
pub async fn tell(
    db: &mut Connection,
    record: &WalletRecord,
    branch: Branch,
    index: u32,
) -> Result<(), StoreError> {
    let script = record
        .wallet
        .script_pubkey(branch, index)
        .map_err(|error| StoreError::Unexpected(format!("cannot derive scripts: {error}")))?;
    add(db, record.no, branch, index, &[script]).await?;
    let count = wallets::told_in_total(db).await? + 1;
    facts::set(db, Fact::ToldIndices, &count.to_string()).await
}

/// Returns whether an index beyond those that are covered was told.
pub async fn is_told(
    db: &mut Connection,
    wallet_no: WalletNo,
    branch: Branch,
    index: u32,
) -> Result<bool, StoreError> {
    let covered = wallets::branch(db, wallet_no, branch).await?.covered;
    if index < covered {
        return Ok(false);
    }
    let found = told_within(db, wallet_no, branch, index..index.saturating_add(1)).await?;
    Ok(found.is_some())
}

/// Returns the highest index of a range that has a script; none where none has.
async fn told_within(
    db: &mut Connection,
    wallet_no: WalletNo,
    branch: Branch,
    range: Range<u32>,
) -> Result<Option<u32>, StoreError> {
    let sql = "\
        SELECT MAX(address_index) AS told FROM scripts
        WHERE wallet_no = $1 AND branch = $2 AND address_index >= $3 AND address_index < $4";
    let row = sqlx::query(sql)
        .bind(wallet_no.0)
        .bind(i64::from(branch.step()))
        .bind(i64::from(range.start))
        .bind(i64::from(range.end))
        .fetch_one(db)
        .await?;
    rows::number_or_null(&row, "told")
}

/// Adds the scripts of a branch from the index `first` on, which must be the first one that is not
/// covered. Told ones among them are covered from then on.
pub async fn insert<S: AsRef<[u8]>>(
    db: &mut Connection,
    wallet_no: WalletNo,
    branch: Branch,
    first: u32,
    scripts: &[S],
) -> Result<(), StoreError> {
    let end = i64::from(first) + scripts.len() as i64;
    let sql = "\
        DELETE FROM scripts
        WHERE wallet_no = $1 AND branch = $2 AND address_index >= $3 AND address_index < $4";
    sqlx::query(sql)
        .bind(wallet_no.0)
        .bind(i64::from(branch.step()))
        .bind(i64::from(first))
        .bind(end)
        .execute(&mut *db)
        .await?;
    add(db, wallet_no, branch, first, scripts).await?;
    let sql = "UPDATE branches SET covered = $1 WHERE wallet_no = $2 AND branch = $3";
    sqlx::query(sql)
        .bind(end)
        .bind(wallet_no.0)
        .bind(i64::from(branch.step()))
        .execute(db)
        .await?;
    Ok(())
}

async fn add<S: AsRef<[u8]>>(
    db: &mut Connection,
    wallet_no: WalletNo,
    branch: Branch,
    first: u32,
    scripts: &[S],
) -> Result<(), StoreError> {
    let mut index = i64::from(first);
    for part in scripts.chunks(ROWS_AT_ONCE) {
        let places = rows::places(part.len(), 4);
        let sql = format!(
            "INSERT INTO scripts (wallet_no, branch, address_index, script) VALUES {places}"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for script in part {
            query = query
                .bind(wallet_no.0)
                .bind(i64::from(branch.step()))
                .bind(index)
                .bind(script.as_ref());
            index += 1;
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

/// Returns whose a script is.
pub async fn owner(
    db: &mut Connection,
    script: &bitcoin::Script,
) -> Result<Option<ScriptOwner>, StoreError> {
    let sql = "SELECT wallet_no, branch, address_index FROM scripts WHERE script = $1";
    let row = sqlx::query(sql)
        .bind(script.as_bytes())
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(ScriptOwner {
            wallet_no: WalletNo(row.try_get("wallet_no")?),
            branch: wallets::branch_of(&row)?,
            index: rows::number(&row, "address_index")?,
        })
    })
    .transpose()
}

/// Returns the scripts of a wallet's unspent coins, confirmed or not.
pub async fn of_coins(
    db: &mut Connection,
    wallet: WalletNo,
) -> Result<HashMap<(Branch, u32), ScriptBuf>, StoreError> {
    let sql = "\
        SELECT s.branch, s.address_index, s.script
        FROM (SELECT branch, address_index FROM coins WHERE wallet_no = $1 AND spent_height IS NULL
              UNION SELECT branch, address_index FROM pool_coins WHERE wallet_no = $1) c
        CROSS JOIN scripts s
        WHERE s.wallet_no = $1 AND s.branch = c.branch AND s.address_index = c.address_index";
    let rows = sqlx::query(sql).bind(wallet.0).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let place = (
                wallets::branch_of(row)?,
                rows::number(row, "address_index")?,
            );
            Ok((place, ScriptBuf::from_bytes(row.try_get("script")?)))
        })
        .collect()
}

/// Hands every script to `each`, those of one branch after the other, in no order else.
pub async fn for_each(
    db: &mut Connection,
    mut each: impl FnMut(&ScriptOwner, &[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    // One row a branch: a row costs more than a script, which made a million rows take 2.8 s.
    let sql = "\
        SELECT wallet_no, branch, group_concat(address_index || ' ' || hex(script), ',') AS scripts
        FROM scripts GROUP BY wallet_no, branch";
    let mut rows = sqlx::query(sql).fetch(db);
    let mut script = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let mut owner = ScriptOwner {
            wallet_no: WalletNo(row.try_get("wallet_no")?),
            branch: wallets::branch_of(&row)?,
            index: 0,
        };
        for entry in row.try_get::<&str, _>("scripts")?.split(',') {
            let damaged = || StoreError::damaged("address_index is out of range");
            let (index, hex) = entry.split_once(' ').ok_or_else(damaged)?;
            owner.index = index.parse().map_err(|_| damaged())?;
            script.clear();
            for byte in HexToBytesIter::new(hex).map_err(|_| damaged())? {
                script.push(byte.map_err(|_| damaged())?);
            }
            each(&owner, &script)?;
        }
    }
    Ok(())
}
