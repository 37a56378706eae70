//! What a sync does for payouts: what they reserve follows the states, and what was seen overrides
//! what was thought.

use crate::store::payouts::Progress;
use crate::store::{Connection, StoreError, payouts};

use super::state::ChainFacts;

/// Brings what payouts reserve in line with the best chain; the last step of a sync, in its last
/// write.
///
/// A reorganisation that takes back a confirmation makes the transaction reserve its coins again.
/// Of a transaction that a block or the memory pool holds, somebody has a signed copy: it counts as
/// handed over, whatever this ledger did with it.
pub async fn follow(db: &mut Connection) -> Result<(), StoreError> {
    for mut record in payouts::open_transactions(db).await? {
        let facts = ChainFacts::look_up(db, &record).await?;
        if facts.height.is_some() || facts.in_pool {
            if let Some(txid) = facts.txid {
                payouts::note_sighting(db, record.no, txid).await?;
            }
            if record.progress == Progress::Planned {
                payouts::note_elsewhere(db, record.no).await?;
                record.progress = Progress::Exported;
            }
        }
        match facts.frees_coins(&record) {
            true => payouts::unlock(db, record.no).await?,
            false => payouts::lock_free(db, record.no, &record.inputs).await?,
        }
        if facts.is_settled(&record) {
            payouts::note_settled(db, record.no, facts.settled_by()).await?;
        }
    }
    Ok(())
}
