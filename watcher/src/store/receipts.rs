//! The tables `receipts`, `receipt_heads` and `payout_asked`: how far each vault had come that
//! signed for a wallet, and what bundles ask of its journal.

use cofferdam_core::seal::VaultId;
use cofferdam_transport::journals::SeenJournal;
use cofferdam_transport::returned::VaultState;
use sqlx::Row as _;

use super::payouts::ListNo;
use super::wallets::WalletNo;
use super::{Connection, Row, StoreError};

/// Returns the farthest state of each vault that signed for a wallet.
pub async fn of_wallet(db: &mut Connection, no: WalletNo) -> Result<Vec<VaultState>, StoreError> {
    let sql = "SELECT vault_id, generation, journal_count, journal_head FROM receipts
               WHERE wallet_no = $1 ORDER BY vault_id";
    let rows = sqlx::query(sql).bind(no.0).fetch_all(db).await?;
    rows.iter().map(state).collect()
}

/// Notes a vault's state, in place of what was noted before.
pub async fn note(db: &mut Connection, no: WalletNo, state: &VaultState) -> Result<(), StoreError> {
    let sql = "INSERT INTO receipts (wallet_no, vault_id, generation, journal_count, journal_head)
               VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (wallet_no, vault_id) DO UPDATE SET
               generation = excluded.generation, journal_count = excluded.journal_count,
               journal_head = excluded.journal_head";
    sqlx::query(sql)
        .bind(no.0)
        .bind(&state.vault_id.0[..])
        .bind(to_row(state.generation)?)
        .bind(to_row(state.journal_count)?)
        .bind(&state.journal_head[..])
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the heads of which no later receipt said that its journal holds them, ascending.
pub async fn heads(db: &mut Connection, no: WalletNo) -> Result<Vec<SeenJournal>, StoreError> {
    let sql = "SELECT vault_id, journal_count, journal_head FROM receipt_heads
               WHERE wallet_no = $1 ORDER BY vault_id, journal_count, journal_head";
    let rows = sqlx::query(sql).bind(no.0).fetch_all(db).await?;
    rows.iter().map(seen).collect()
}

/// Notes a head, unless it is there.
pub async fn note_head(
    db: &mut Connection,
    no: WalletNo,
    head: &SeenJournal,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO receipt_heads (wallet_no, vault_id, journal_count, journal_head)
               VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    sqlx::query(sql)
        .bind(no.0)
        .bind(&head.vault_id[..])
        .bind(to_row(head.count)?)
        .bind(&head.head[..])
        .execute(db)
        .await?;
    Ok(())
}

/// Drops a head: a later one is known to follow it, or it shall not count any more.
pub async fn drop_head(
    db: &mut Connection,
    no: WalletNo,
    head: &SeenJournal,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM receipt_heads
               WHERE wallet_no = $1 AND vault_id = $2 AND journal_count = $3 AND journal_head = $4";
    sqlx::query(sql)
        .bind(no.0)
        .bind(&head.vault_id[..])
        .bind(to_row(head.count)?)
        .bind(&head.head[..])
        .execute(db)
        .await?;
    Ok(())
}

/// Returns what the bundles of a list ask; none before its first one.
pub async fn asked(
    db: &mut Connection,
    list: ListNo,
) -> Result<Option<Vec<SeenJournal>>, StoreError> {
    let row = sqlx::query("SELECT asked FROM payout_lists WHERE list_no = $1")
        .bind(list.0)
        .fetch_one(&mut *db)
        .await?;
    if row.try_get::<i64, _>("asked")? == 0 {
        return Ok(None);
    }
    let sql = "SELECT vault_id, journal_count, journal_head FROM payout_asked
               WHERE list_no = $1 ORDER BY vault_id, journal_count, journal_head";
    let rows = sqlx::query(sql).bind(list.0).fetch_all(db).await?;
    rows.iter().map(seen).collect::<Result<_, _>>().map(Some)
}

/// Notes what the bundles of a list ask, once.
pub async fn note_asked(
    db: &mut Connection,
    list: ListNo,
    asked: &[SeenJournal],
) -> Result<(), StoreError> {
    sqlx::query("UPDATE payout_lists SET asked = 1 WHERE list_no = $1")
        .bind(list.0)
        .execute(&mut *db)
        .await?;
    for head in asked {
        let sql = "INSERT INTO payout_asked (list_no, vault_id, journal_count, journal_head)
                   VALUES ($1, $2, $3, $4)";
        sqlx::query(sql)
            .bind(list.0)
            .bind(&head.vault_id[..])
            .bind(to_row(head.count)?)
            .bind(&head.head[..])
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

fn seen(row: &Row) -> Result<SeenJournal, StoreError> {
    Ok(SeenJournal {
        vault_id: bytes(row, "vault_id")?,
        count: from_row(row, "journal_count")?,
        head: bytes(row, "journal_head")?,
    })
}

fn state(row: &Row) -> Result<VaultState, StoreError> {
    Ok(VaultState {
        vault_id: VaultId(bytes(row, "vault_id")?),
        generation: from_row(row, "generation")?,
        journal_count: from_row(row, "journal_count")?,
        journal_head: bytes(row, "journal_head")?,
    })
}

fn bytes<const N: usize>(row: &Row, column: &str) -> Result<[u8; N], StoreError> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes
        .try_into()
        .map_err(|_| StoreError::damaged(format!("{column} is not {N} bytes")))
}

fn from_row(row: &Row, column: &str) -> Result<u64, StoreError> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value).map_err(|_| StoreError::damaged(format!("{column} is negative")))
}

/// A vault that writes once a nanosecond needs three centuries to get there.
fn to_row(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value)
        .map_err(|_| StoreError::Unexpected(format!("a receipt names the number {value}")))
}
