//! From columns to values, and several rows in one statement.

use bitcoin::hashes::Hash;
use bitcoin::{Amount, BlockHash, OutPoint, Txid};
use sqlx::Row as _;

use super::{Row, StoreError};

/// Reads a txid.
pub fn txid(row: &Row, column: &str) -> Result<Txid, StoreError> {
    let bytes: &[u8] = row.try_get(column)?;
    Txid::from_slice(bytes).map_err(|_| StoreError::damaged(format!("{column} is not 32 bytes")))
}

/// Reads a txid that may be null.
pub fn txid_or_null(row: &Row, column: &str) -> Result<Option<Txid>, StoreError> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    bytes
        .map(|bytes| {
            Txid::from_slice(bytes)
                .map_err(|_| StoreError::damaged(format!("{column} is not 32 bytes")))
        })
        .transpose()
}

/// Reads a block hash.
pub fn block_hash(row: &Row, column: &str) -> Result<BlockHash, StoreError> {
    let bytes: &[u8] = row.try_get(column)?;
    BlockHash::from_slice(bytes)
        .map_err(|_| StoreError::damaged(format!("{column} is not 32 bytes")))
}

/// Reads the columns `txid` and `vout`.
pub fn outpoint(row: &Row) -> Result<OutPoint, StoreError> {
    Ok(OutPoint {
        txid: txid(row, "txid")?,
        vout: number(row, "vout")?,
    })
}

/// Reads an amount in satoshis.
pub fn amount(row: &Row, column: &str) -> Result<Amount, StoreError> {
    let satoshis: i64 = row.try_get(column)?;
    match u64::try_from(satoshis) {
        Ok(satoshis) if satoshis <= Amount::MAX_MONEY.to_sat() => Ok(Amount::from_sat(satoshis)),
        _ => Err(StoreError::damaged(format!("{column} is out of range"))),
    }
}

/// Reads a height, an index or a count.
pub fn number(row: &Row, column: &str) -> Result<u32, StoreError> {
    let value: i64 = row.try_get(column)?;
    u32::try_from(value).map_err(|_| StoreError::damaged(format!("{column} is out of range")))
}

/// Reads a height, an index or a count that may be null.
pub fn number_or_null(row: &Row, column: &str) -> Result<Option<u32>, StoreError> {
    let value: Option<i64> = row.try_get(column)?;
    value
        .map(|value| {
            u32::try_from(value)
                .map_err(|_| StoreError::damaged(format!("{column} is out of range")))
        })
        .transpose()
}

/// Returns `($1, $2), ($3, $4), ...`: the places of `rows` rows of `columns` columns.
pub fn places(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 7);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            let comma = if column == 0 { "" } else { ", " };
            text.push_str(&format!("{comma}${}", row * columns + column + 1));
        }
        text.push(')');
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn places_number_every_value() {
        assert_eq!(super::places(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
