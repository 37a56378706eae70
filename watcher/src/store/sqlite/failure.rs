//! Which of our errors SQLite's are.

use crate::store::StoreError;

impl From<sqlx::Error> for StoreError {
    /// Sorts by SQLite's primary result code (<https://www.sqlite.org/rescode.html>).
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(database) = &error else {
            return match &error {
                sqlx::Error::Io(source) => StoreError::Storage(source.to_string()),
                sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::Decode(_)
                | sqlx::Error::ColumnNotFound(_)
                | sqlx::Error::RowNotFound => StoreError::Damaged(error.to_string()),
                sqlx::Error::PoolTimedOut => StoreError::Locked,
                _ => StoreError::Unexpected(error.to_string()),
            };
        };
        let message = database.message().to_owned();
        let code: i32 = database
            .code()
            .and_then(|code| code.parse().ok())
            .unwrap_or(1);
        match code & 0xff {
            5 | 6 => StoreError::Locked,
            11 | 26 => StoreError::Damaged(message),
            // A sum of amounts that no chain can hold (SQLite's SUM;
            // <https://www.sqlite.org/lang_aggfunc.html#sumunc>).
            1 if message == "integer overflow" => {
                StoreError::Damaged("its amounts come to more than there is".into())
            }
            // A table or a column is gone although the version says it is there.
            1 if message.starts_with("no such") => StoreError::Damaged(message),
            3 | 8 | 10 | 13 | 14 => StoreError::Storage(message),
            _ => StoreError::Unexpected(format!("{message} (code {code})")),
        }
    }
}
