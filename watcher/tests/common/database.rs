//! Databases that are copied and compared as a whole.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

/// Copies a database that no process has open. What was written last may stand in the log beside
/// it: a killed process leaves it there.
pub fn copy(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let with = |path: &Path| format!("{}{suffix}", path.display());
        if std::fs::exists(with(from)).unwrap() {
            std::fs::copy(with(from), with(to)).unwrap();
        }
    }
}

/// Returns every row of every table, but for leases, without the columns `left_out`. The file is
/// checked too.
pub async fn rows(path: &Path, left_out: &[&str]) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(path);
    let mut db = SqliteConnection::connect_with(&options).await.unwrap();
    assert_eq!(text(&mut db, "PRAGMA integrity_check").await, ["ok"]);
    let left_out = left_out.join("', '");
    let tables =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'leases' ORDER BY name";
    let mut rows = Vec::new();
    for table in text(&mut db, tables).await {
        let columns = format!(
            "SELECT group_concat('quote(' || name || ')', ' || '' '' || ') FROM pragma_table_info('{table}') \
             WHERE name NOT IN ('{left_out}')"
        );
        let columns = text(&mut db, &columns).await.concat();
        let all = text(
            &mut db,
            &format!("SELECT {columns} FROM {table} ORDER BY 1"),
        )
        .await;
        rows.extend(all.into_iter().map(|row| format!("{table}: {row}")));
    }
    db.close().await.unwrap();
    rows
}

async fn text(db: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let sql = sqlx::query(AssertSqlSafe(sql.to_owned()));
    let rows = sql.fetch_all(db).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Checks that two databases have the same [`rows`], and shows the first that differ.
#[track_caller]
pub fn assert_same(ours: &[String], theirs: &[String], what: &str) {
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(ours, theirs, "{what}");
    }
    assert_eq!(ours.len(), theirs.len(), "{what}");
}
