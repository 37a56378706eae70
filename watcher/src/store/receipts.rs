//! The table `receipts`: how far each vault had come that signed for a wallet.

use cofferdam_core::seal::VaultId;
use cofferdam_transport::returned::VaultState;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::wallets::WalletNo;
use super::{Connection, StoreError};

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

fn state(row: &SqliteRow) -> Result<VaultState, StoreError> {
    Ok(VaultState {
        vault_id: VaultId(bytes(row, "vault_id")?),
        generation: from_row(row, "generation")?,
        journal_count: from_row(row, "journal_count")?,
        journal_head: bytes(row, "journal_head")?,
    })
}

fn bytes<const N: usize>(row: &SqliteRow, column: &str) -> Result<[u8; N], StoreError> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes
        .try_into()
        .map_err(|_| StoreError::damaged(format!("{column} is not {N} bytes")))
}

fn from_row(row: &SqliteRow, column: &str) -> Result<u64, StoreError> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value).map_err(|_| StoreError::damaged(format!("{column} is negative")))
}

/// A vault that writes once a nanosecond needs three centuries to get there.
fn to_row(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Unexpected(format!("a receipt names the number {value}")))
}
