//! The tables `payout_*` and `coin_locks`: what was planned, how far it got, and what it reserves.
//!
//! - [`record`]: the rows. [`insert()`]: new ones.
//! - [`list`], [`transaction`], [`payment`]: finding them. [`progress`]: bringing transactions
//!   along.
//! - [`lock`]: what they reserve.
//! - [`sighting`]: what blocks and the memory pool show of them. [`before`]: what was paid to a
//!   payee before.
//! - [`backfill`]: what older ledgers lack.

mod backfill;
mod before;
mod insert;
mod list;
mod lock;
mod page;
mod payment;
mod progress;
mod record;
mod sighting;
mod transaction;

pub use backfill::identities as fill_in_identities;
pub use before::{Before, ids_like, in_list, last_to, open_to};
pub use insert::insert;
pub use list::{by_file, by_id, by_no, by_pays, cancel_list, list_of};
pub use lock::{lock_free, unlock};
pub use page::{Page, Seen, page};
pub use payment::{earlier, payments, totals};
pub use progress::{
    note_broadcast, note_cancelling, note_exported, note_receipt, note_settled, note_signed,
    reopen_above,
};
pub use record::{
    EarlierPayment, InputRecord, ListKind, ListNo, ListRecord, PaymentRecord, PayoutTxNo, Progress,
    TransactionRecord, UNVERIFIED, VERIFIED,
};
pub use sighting::{
    Outgoing, Sighting, note_elsewhere, note_outgoing, note_sighting, outgoing_to, paid_by,
    planned_for, seen_as, sightings,
};
pub use transaction::{
    block_conflict, by_tx_no, by_txid, headers, missing_inputs, open_transactions, transactions,
    unsigned,
};

/// Values in one statement. SQLite takes `$1` for a name, and looks each one up among all before
/// it: a statement of 5,000 values takes 100 times as long as one of 500, and storing 2,500
/// payments took half a second.
const VALUES_AT_ONCE: usize = 500;
