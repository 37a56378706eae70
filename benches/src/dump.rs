//! The whole content of a ledger, as text that can be compared.

use std::path::Path;

use anyhow::{Result, ensure};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

/// Returns every row of every table, but for leases, without the columns `left_out`. The file is checked too.
///
/// # Errors
/// Fails where the ledger cannot be read, or SQLite finds it damaged.
pub fn rows(ledger: &Path, left_out: &[&str]) -> Result<Vec<String>> {
    runtime()?.block_on(async {
        let mut db = open(ledger).await?;
        let sound = text(&mut db, "PRAGMA integrity_check").await?;
        ensure!(sound == ["ok"], "{sound:?}");
        let left_out = left_out.join("', '");
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'leases' ORDER BY name";
        let mut rows = Vec::new();
        for table in text(&mut db, tables).await? {
            let columns = format!(
                "SELECT group_concat('quote(' || name || ')', ' || '' '' || ') FROM pragma_table_info('{table}') \
                 WHERE name NOT IN ('{left_out}')"
            );
            let columns = text(&mut db, &columns).await?.concat();
            let all = text(&mut db, &format!("SELECT {columns} FROM {table} ORDER BY 1")).await?;
            rows.extend(all.into_iter().map(|row| format!("{table}: {row}")));
        }
        db.close().await?;
        Ok(rows)
    })
}

/// Returns the next block to search for the wallet that is the farthest behind; `None` when no search has begun.
///
/// # Errors
/// Fails where the ledger cannot be read.
pub fn place(ledger: &Path) -> Result<Option<u32>> {
    runtime()?.block_on(async {
        let mut db = open(ledger).await?;
        let row = sqlx::query("SELECT MIN(next_height) FROM wallets")
            .fetch_one(&mut db)
            .await?;
        let place = row.try_get(0)?;
        db.close().await?;
        Ok(place)
    })
}

async fn open(ledger: &Path) -> Result<SqliteConnection> {
    Ok(SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(ledger)).await?)
}

async fn text(db: &mut SqliteConnection, sql: &str) -> Result<Vec<String>> {
    let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(db).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}
