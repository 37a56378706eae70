//! The table `coins`: confirmed coins of all wallets.

use bitcoin::hashes::Hash;
use bitcoin::hex::FromHex;
use bitcoin::{Amount, OutPoint, Txid};
use cofferdam_core::wallet::Branch;
use futures_util::TryStreamExt;
use sqlx::Row;

use super::scripts::ScriptOwner;
use super::wallets::WalletNo;
use super::{Connection, StoreError, rows};

/// How many blocks must stand on a block, itself counted, before its coinbase may be spent in the
/// next one.
pub const COINBASE_CONFIRMATIONS: u32 = 100;

/// A confirmed coin that no block has spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coin {
    /// Which output it is.
    pub outpoint: OutPoint,
    /// Its amount.
    pub amount: Amount,
    /// The branch of its script.
    pub branch: Branch,
    /// The index of its script.
    pub index: u32,
    /// The height of its block.
    pub height: u32,
    /// Whether a coinbase made it.
    pub coinbase: bool,
    /// The payout transaction that reserves it.
    pub locked_by: Option<i64>,
    /// A transaction of the memory pool that spends it.
    pub pool_spender: Option<Txid>,
}

impl Coin {
    /// Tells whether the next block after `tip` may spend it.
    pub fn is_mature(&self, tip: u32) -> bool {
        !self.coinbase || self.confirmations(tip) >= COINBASE_CONFIRMATIONS
    }

    /// Returns how many blocks confirm it, its own counted.
    pub fn confirmations(&self, tip: u32) -> u32 {
        tip.saturating_add(1).saturating_sub(self.height)
    }
}

/// What spends, or spent, a coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spender {
    /// The spending transaction.
    pub txid: Txid,
    /// The height of its block; `None` in the memory pool.
    pub height: Option<u32>,
}

// One row a block: a row costs more than a coin, which made most of the time of a plan with 100,000
// coins.
const UNSPENT: &str = "\
SELECT c.height, group_concat(
       hex(c.txid) || ' ' || c.vout || ' ' || c.amount_sat || ' ' || c.branch || ' ' || c.address_index || ' ' || c.coinbase
       || ' ' || COALESCE(l.payout_tx_id, '-')
       || ' ' || COALESCE((SELECT hex(p.spender) FROM pool_spends p WHERE p.txid = c.txid AND p.vout = c.vout
                           ORDER BY p.spender LIMIT 1), '-'), ',') AS coins
FROM coins c LEFT JOIN coin_locks l ON l.txid = c.txid AND l.vout = c.vout
WHERE c.wallet_no = $1 AND c.spent_height IS NULL GROUP BY c.height ORDER BY c.height";

/// Returns a wallet's unspent confirmed coins, oldest first, with what reserves or spends them.
pub async fn unspent(db: &mut Connection, wallet: WalletNo) -> Result<Vec<Coin>, StoreError> {
    let mut rows = sqlx::query(UNSPENT).bind(wallet.0).fetch(db);
    let mut coins: Vec<Coin> = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let height = rows::number(&row, "height")?;
        let first = coins.len();
        for entry in row.try_get::<&str, _>("coins")?.split(',') {
            coins.push(
                coin(height, entry).ok_or_else(|| StoreError::damaged("a coin is out of range"))?,
            );
        }
        coins[first..].sort_by_key(|coin| (coin.outpoint.txid.to_byte_array(), coin.outpoint.vout));
    }
    Ok(coins)
}

/// Returns the coins that a plan may spend: confirmed by at least `confirmations` blocks, mature,
/// not spent in the memory pool, not reserved; oldest first.
pub async fn spendable(
    db: &mut Connection,
    wallet: WalletNo,
    confirmations: u32,
) -> Result<Vec<Coin>, StoreError> {
    let Some(tip) = super::blocks::tip(db).await? else {
        return Ok(Vec::new());
    };
    let mut coins = unspent(db, wallet).await?;
    coins.retain(|coin| {
        coin.is_mature(tip.height)
            && coin.confirmations(tip.height) >= confirmations
            && coin.pool_spender.is_none()
            && coin.locked_by.is_none()
    });
    Ok(coins)
}

/// Reads an entry of [`UNSPENT`].
fn coin(height: u32, entry: &str) -> Option<Coin> {
    let mut fields = entry.split(' ');
    let mut next = || fields.next();
    let txid = |hex| <[u8; 32]>::from_hex(hex).ok().map(Txid::from_byte_array);
    let coin = Coin {
        outpoint: OutPoint {
            txid: txid(next()?)?,
            vout: next()?.parse().ok()?,
        },
        amount: Amount::from_sat(next()?.parse().ok()?),
        branch: Branch::from_step(next()?.parse().ok()?)?,
        index: next()?.parse().ok()?,
        height,
        coinbase: next()? == "1",
        locked_by: match next()? {
            "-" => None,
            number => Some(number.parse().ok()?),
        },
        pool_spender: match next()? {
            "-" => None,
            hex => Some(txid(hex)?),
        },
    };
    (coin.amount <= Amount::MAX_MONEY && next().is_none()).then_some(coin)
}

/// Returns what spends a coin of ours: in a block, or else in the memory pool. `None` also for
/// coins that are not ours.
pub async fn spender(
    db: &mut Connection,
    outpoint: OutPoint,
) -> Result<Option<Spender>, StoreError> {
    let txid = outpoint.txid.to_byte_array();
    let sql = "SELECT spent_txid, spent_height FROM coins
               WHERE txid = $1 AND vout = $2 AND spent_height IS NOT NULL";
    let row = sqlx::query(sql)
        .bind(&txid[..])
        .bind(i64::from(outpoint.vout))
        .fetch_optional(&mut *db)
        .await?;
    if let Some(row) = row {
        let height = Some(rows::number(&row, "spent_height")?);
        return Ok(Some(Spender {
            txid: rows::txid(&row, "spent_txid")?,
            height,
        }));
    }
    let sql =
        "SELECT spender FROM pool_spends WHERE txid = $1 AND vout = $2 ORDER BY spender LIMIT 1";
    let row = sqlx::query(sql)
        .bind(&txid[..])
        .bind(i64::from(outpoint.vout))
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(Spender {
            txid: rows::txid(&row, "spender")?,
            height: None,
        })
    })
    .transpose()
}

/// Returns all unspent confirmed coins of all wallets: whose script each pays, and its amount.
pub async fn unspent_of_all(
    db: &mut Connection,
) -> Result<Vec<(OutPoint, ScriptOwner, Amount)>, StoreError> {
    let sql = "SELECT txid, vout, wallet_no, branch, address_index, amount_sat FROM coins WHERE spent_height IS NULL";
    let mut found = sqlx::query(sql).fetch(db);
    let mut coins = Vec::new();
    while let Some(row) = found.try_next().await? {
        let owner = ScriptOwner {
            wallet_no: WalletNo(row.try_get("wallet_no")?),
            branch: super::wallets::branch_of(&row)?,
            index: rows::number(&row, "address_index")?,
        };
        coins.push((
            rows::outpoint(&row)?,
            owner,
            rows::amount(&row, "amount_sat")?,
        ));
    }
    Ok(coins)
}

/// Returns what all wallets' unspent coins come to that blocks below a height made, in satoshis.
pub async fn unspent_in_total_below(db: &mut Connection, height: u32) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(amount_sat), 0) AS BIGINT) FROM coins WHERE spent_height IS NULL AND height < $1";
    Ok(sqlx::query(sql)
        .bind(i64::from(height))
        .fetch_one(db)
        .await?
        .try_get(0)?)
}

/// Adds a coin that a block made.
pub async fn insert(
    db: &mut Connection,
    outpoint: OutPoint,
    owner: ScriptOwner,
    amount: Amount,
    height: u32,
    coinbase: bool,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO coins (txid, vout, wallet_no, branch, address_index, amount_sat, height, coinbase)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (txid, vout) DO NOTHING";
    sqlx::query(sql)
        .bind(&outpoint.txid.to_byte_array()[..])
        .bind(i64::from(outpoint.vout))
        .bind(owner.wallet_no.0)
        .bind(i64::from(owner.branch.step()))
        .bind(i64::from(owner.index))
        .bind(amount.to_sat() as i64)
        .bind(i64::from(height))
        .bind(i64::from(coinbase))
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that a block spends a coin.
pub async fn spend(
    db: &mut Connection,
    outpoint: OutPoint,
    by: Txid,
    height: u32,
) -> Result<(), StoreError> {
    let sql = "UPDATE coins SET spent_txid = $1, spent_height = $2 WHERE txid = $3 AND vout = $4";
    sqlx::query(sql)
        .bind(&by.to_byte_array()[..])
        .bind(i64::from(height))
        .bind(&outpoint.txid.to_byte_array()[..])
        .bind(i64::from(outpoint.vout))
        .execute(db)
        .await?;
    Ok(())
}
