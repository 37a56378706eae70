//! Facts about the ledger as a whole.

use sqlx::Row;

use super::{Connection, StoreError};

/// The names of the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The network of every wallet in this ledger.
    Network,
    /// What kind of chain the blocks come from: "network", or "rehearsal".
    Chain,
    /// Previous transactions whose coins were spent up to this height have been dropped.
    PrunedHeight,
    /// The height that the last sync brought every wallet to; absent while the ledger does not
    /// reach a tip.
    SyncedHeight,
    /// The height of the chain that the last finished sync followed, and its work in hexadecimal.
    MostWork,
    /// A sync that reads every block whole has begun, and has not come to the tip.
    EveryBlock,
    /// How many indices were told that are watched by themselves, far beyond the others of their
    /// branch.
    ToldIndices,
}

impl Fact {
    fn name(self) -> &'static str {
        match self {
            Fact::Network => "network",
            Fact::Chain => "chain",
            Fact::PrunedHeight => "pruned_height",
            Fact::SyncedHeight => "synced_height",
            Fact::MostWork => "most_work",
            Fact::EveryBlock => "every_block",
            Fact::ToldIndices => "told_indices",
        }
    }
}

/// Returns a fact's value.
pub async fn get(db: &mut Connection, fact: Fact) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT value FROM ledger_facts WHERE name = $1")
        .bind(fact.name())
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Sets a fact's value.
pub async fn set(db: &mut Connection, fact: Fact, value: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO ledger_facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2";
    sqlx::query(sql)
        .bind(fact.name())
        .bind(value)
        .execute(db)
        .await?;
    Ok(())
}

/// Forgets a fact.
pub async fn forget(db: &mut Connection, fact: Fact) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM ledger_facts WHERE name = $1")
        .bind(fact.name())
        .execute(db)
        .await?;
    Ok(())
}
