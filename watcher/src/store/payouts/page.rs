//! Several lists at once, with whatever is told of each: a few statements for all of them.

use std::collections::HashMap;

use bitcoin::{Amount, Txid};
use sqlx::{AssertSqlSafe, Row as _};

use super::list::{LIST, list};
use super::sighting::sighting;
use super::transaction::{columns, transaction};
use super::{ListNo, ListRecord, PayoutTxNo, Sighting, TransactionRecord};
use crate::store::wallets::WalletNo;
use crate::store::{Connection, StoreError, rows};

/// Lists that follow each other, oldest first.
#[derive(Debug, Default)]
pub struct Page {
    /// The lists.
    pub lists: Vec<ListRecord>,
    /// Their transactions without inputs, in order, by the list.
    pub transactions: HashMap<ListNo, Vec<TransactionRecord>>,
    /// The number of payments of each, and their sum.
    pub totals: HashMap<ListNo, (u32, Amount)>,
    /// What blocks and the memory pool did with each transaction.
    pub seen: HashMap<PayoutTxNo, Seen>,
}

/// What blocks and the memory pool did with a transaction, as it is recorded.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The transactions that were seen for it.
    pub sightings: Vec<Sighting>,
    /// A transaction of the best chain, other than its own txid, that spends one of its coins.
    pub conflict: Option<(Txid, u32)>,
    /// The height of the block that has its txid.
    pub height: Option<u32>,
    /// Whether the memory pool has its txid.
    pub in_pool: bool,
}

/// Which rows a statement is about: those of the lists of a page.
const OF_PAGE: &str = "x.list_no IN (SELECT list_no FROM payout_lists
         WHERE list_no BETWEEN $1 AND $2 AND (wallet_no = $3 OR $3 = 0))";

/// Returns the lists after one, at most `limit`; those of a wallet, or all.
pub async fn page(
    db: &mut Connection,
    wallet: Option<WalletNo>,
    after: Option<ListNo>,
    limit: u32,
) -> Result<Page, StoreError> {
    // Wallets are numbered from 1.
    let of_wallet = wallet.map_or(0, |wallet| wallet.0);
    let sql = format!(
        "{LIST} WHERE list_no > $1 AND (wallet_no = $2 OR $2 = 0) ORDER BY list_no LIMIT $3"
    );
    let found = sqlx::query(AssertSqlSafe(sql))
        .bind(after.map_or(0, |after| after.0))
        .bind(of_wallet)
        .bind(i64::from(limit))
        .fetch_all(&mut *db)
        .await?;
    let mut page = Page {
        lists: found.iter().map(list).collect::<Result<_, _>>()?,
        ..Page::default()
    };
    let (Some(first), Some(last)) = (page.lists.first(), page.lists.last()) else {
        return Ok(page);
    };
    let (first, last) = (first.no.0, last.no.0);

    let sql = format!(
        "SELECT x.list_no, {} FROM payout_transactions x WHERE {OF_PAGE} ORDER BY x.list_no, x.number",
        columns()
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(first)
        .bind(last)
        .bind(of_wallet);
    for row in rows.fetch_all(&mut *db).await? {
        let of_list = page.transactions.entry(ListNo(row.try_get("list_no")?));
        of_list.or_default().push(transaction(&row)?);
    }

    let sql = format!(
        "SELECT x.list_no, CAST(COUNT(*) AS BIGINT) AS payments,
                CAST(COALESCE(SUM(x.amount_sat), 0) AS BIGINT) AS total
         FROM payout_payments x WHERE {OF_PAGE} GROUP BY x.list_no"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(first)
        .bind(last)
        .bind(of_wallet);
    for row in rows.fetch_all(&mut *db).await? {
        let totals = (
            rows::number(&row, "payments")?,
            rows::amount(&row, "total")?,
        );
        page.totals.insert(ListNo(row.try_get("list_no")?), totals);
    }

    let sql = format!(
        "SELECT x.payout_tx_id, s.txid, t.height, p.first_seen AS pool_seen
         FROM payout_transactions x JOIN payout_sightings s ON s.payout_tx_id = x.payout_tx_id
         LEFT JOIN transactions t ON t.txid = s.txid
         LEFT JOIN pool_transactions p ON p.txid = s.txid
         WHERE {OF_PAGE} ORDER BY x.payout_tx_id, s.first_seen, s.txid"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(first)
        .bind(last)
        .bind(of_wallet);
    for row in rows.fetch_all(&mut *db).await? {
        let seen = page.seen.entry(PayoutTxNo(row.try_get("payout_tx_id")?));
        seen.or_default().sightings.push(sighting(&row)?);
    }

    let sql = format!(
        "SELECT x.payout_tx_id, c.spent_txid, c.spent_height
         FROM payout_transactions x JOIN payout_inputs i ON i.payout_tx_id = x.payout_tx_id
         JOIN coins c ON c.txid = i.txid AND c.vout = i.vout
         WHERE {OF_PAGE} AND c.spent_height IS NOT NULL AND (x.txid IS NULL OR c.spent_txid <> x.txid)
         ORDER BY x.payout_tx_id, c.spent_height, c.spent_txid"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(first)
        .bind(last)
        .bind(of_wallet);
    for row in rows.fetch_all(&mut *db).await? {
        let seen = page.seen.entry(PayoutTxNo(row.try_get("payout_tx_id")?));
        let conflict = (
            rows::txid(&row, "spent_txid")?,
            rows::number(&row, "spent_height")?,
        );
        seen.or_default().conflict.get_or_insert(conflict);
    }

    let sql = format!(
        "SELECT x.payout_tx_id, t.height, p.first_seen AS pool_seen
         FROM payout_transactions x LEFT JOIN transactions t ON t.txid = x.txid
         LEFT JOIN pool_transactions p ON p.txid = x.txid
         WHERE {OF_PAGE} AND x.txid IS NOT NULL"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(first)
        .bind(last)
        .bind(of_wallet);
    for row in rows.fetch_all(&mut *db).await? {
        let seen = page.seen.entry(PayoutTxNo(row.try_get("payout_tx_id")?));
        let seen = seen.or_default();
        seen.height = rows::number_or_null(&row, "height")?;
        seen.in_pool = row.try_get::<Option<i64>, _>("pool_seen")?.is_some();
    }
    Ok(page)
}
