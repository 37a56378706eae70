//! The table `headers`: headers of the best chain that were checked, up to the tip.

use bitcoin::Work;
use bitcoin::block::Header;
use bitcoin::consensus::encode;
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};

use super::{Connection, StoreError, rows};

/// Rows in one statement, of three values each.
const ROWS_AT_ONCE: usize = 100;

/// A header that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedHeader {
    /// Its height.
    pub height: u32,
    /// The header.
    pub header: Header,
    /// The work of all headers up to this one, from where their check began.
    pub work: Work,
}

/// Returns all of them, in their order, without gaps.
pub async fn all(db: &mut Connection) -> Result<Vec<CheckedHeader>, StoreError> {
    let mut found =
        sqlx::query("SELECT height, header, work FROM headers ORDER BY height").fetch(db);
    let mut headers: Vec<CheckedHeader> = Vec::new();
    while let Some(row) = found.try_next().await? {
        let height = rows::number(&row, "height")?;
        let header = encode::deserialize(row.try_get("header")?)
            .map_err(|_| StoreError::damaged("a header cannot be read"))?;
        let work = <[u8; 32]>::try_from(row.try_get::<&[u8], _>("work")?)
            .map_err(|_| StoreError::damaged("work is not 32 bytes"))?;
        if headers.last().is_some_and(|last| last.height + 1 != height) {
            return Err(StoreError::damaged("a header is missing"));
        }
        headers.push(CheckedHeader {
            height,
            header,
            work: Work::from_be_bytes(work),
        });
    }
    Ok(headers)
}

/// Adds headers above those that are there.
pub async fn insert(db: &mut Connection, headers: &[CheckedHeader]) -> Result<(), StoreError> {
    for part in headers.chunks(ROWS_AT_ONCE) {
        let places = rows::places(part.len(), 3);
        let sql = format!("INSERT INTO headers (height, header, work) VALUES {places}");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for checked in part {
            query = query
                .bind(i64::from(checked.height))
                .bind(encode::serialize(&checked.header))
                .bind(checked.work.to_be_bytes().to_vec());
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

/// Drops the headers above a height; all of them with `None`.
pub async fn undo_above(db: &mut Connection, height: Option<u32>) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM headers WHERE height > $1")
        .bind(height.map_or(-1, i64::from))
        .execute(db)
        .await?;
    Ok(())
}

/// Drops the headers below a height.
pub async fn drop_below(db: &mut Connection, height: u32) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM headers WHERE height < $1")
        .bind(i64::from(height))
        .execute(db)
        .await?;
    Ok(())
}
