//! The numbers of rows, each given once.

use sqlx::Row as _;

use super::{Connection, StoreError};

/// What is numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbered {
    /// Wallets.
    Wallets,
    /// Lists of payouts.
    Lists,
    /// Transactions of lists.
    Transactions,
}

impl Numbered {
    fn name(self) -> &'static str {
        match self {
            Numbered::Wallets => "wallets",
            Numbered::Lists => "payout_lists",
            Numbered::Transactions => "payout_transactions",
        }
    }
}

/// Takes `count` numbers that follow each other, and returns the first.
pub(super) async fn take(
    db: &mut Connection,
    of: Numbered,
    count: usize,
) -> Result<i64, StoreError> {
    let count = i64::try_from(count).map_err(|_| StoreError::damaged("too many numbers"))?;
    let sql = "UPDATE numbers SET next = next + $2 WHERE name = $1 RETURNING next - $2";
    Ok(sqlx::query(sql)
        .bind(of.name())
        .bind(count)
        .fetch_one(db)
        .await?
        .try_get(0)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn a_number_is_given_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("ledger.sqlite"))
            .await
            .unwrap();
        let mut write = store.write().await.unwrap();
        for (of, count, first) in [
            (Numbered::Lists, 1, 1),
            (Numbered::Lists, 3, 2),
            (Numbered::Transactions, 0, 1),
            (Numbered::Transactions, 2, 1),
            (Numbered::Lists, 1, 5),
        ] {
            assert_eq!(take(&mut write, of, count).await.unwrap(), first, "{of:?}");
        }
        write.commit().await.unwrap();

        // A write that does not come to its end gives its numbers back.
        let mut write = store.write().await.unwrap();
        assert_eq!(take(&mut write, Numbered::Lists, 9).await.unwrap(), 6);
        drop(write);
        let mut write = store.write().await.unwrap();
        assert_eq!(take(&mut write, Numbered::Lists, 1).await.unwrap(), 6);
    }
}
