//! What a sync does for payouts: reserved coins follow the states.

use crate::store::{Connection, StoreError, payouts};

use super::state::ChainFacts;

/// Brings what payouts reserve in line with the best chain; the last step of a sync, in its last write.
///
/// A reorganisation that takes back a confirmation makes the transaction reserve its coins again.
pub async fn follow(db: &mut Connection) -> Result<(), StoreError> {
    for record in payouts::open_transactions(db).await? {
        let facts = ChainFacts::look_up(db, &record).await?;
        if let Some(txid) = facts.txid
            && record.txid != facts.txid
        {
            payouts::note_txid(db, record.no, txid).await?;
        }
        match facts.frees_coins(&record) {
            true => payouts::unlock(db, record.no).await?,
            false => payouts::lock_free(db, record.no, &record.inputs).await?,
        }
        if facts.is_settled(&record) {
            payouts::note_settled(db, record.no).await?;
        }
    }
    Ok(())
}
