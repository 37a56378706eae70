//! Planning a payout list, and storing the plan.

use std::collections::HashSet;

use bitcoin::TxOut;

use crate::csv::{Format, PayoutList};
use crate::store::payouts::{self, ListKind, ListRecord};
use crate::store::{Connection, Store};
use crate::{addresses, wallets};
use cofferdam_core::Network;
use cofferdam_core::wallet::Branch;

use super::PayoutError;
use super::document::ListDocument;
use super::draft::{self, Draft, Source, Terms, Wanted};
use super::finding::{Finding, Findings, PlannedDocument};
use super::{ids, repeats};

/// A payout list that is to be planned.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The list.
    pub(crate) list: PayoutList,
    /// The format it was read from.
    pub(crate) format: Format,
    /// Whether the same file may be planned once more.
    pub(crate) again: bool,
    /// Wallet, fee rate and bounds.
    pub(crate) terms: Terms,
}

/// Returns the network of the wallet of a name, for which addresses are read.
pub(crate) async fn network(store: &Store, wallet: &str) -> Result<Network, PayoutError> {
    Ok(wallets::find(&mut *store.read().await?, wallet)
        .await?
        .wallet
        .network())
}

/// Plans a list without storing or reserving anything.
///
/// # Errors
///
/// As [`create`].
pub(crate) async fn plan(store: &Store, order: &Order) -> Result<PlannedDocument, PayoutError> {
    let mut view = store.read().await?;
    let (draft, findings) = prepare(&mut view, order).await?;
    Ok(PlannedDocument {
        list: ListDocument::of_draft(&draft)?,
        findings,
    })
}

/// Plans a list, stores it, reserves its coins and its change addresses: all in one database
/// transaction.
///
/// # Errors
///
/// The file was planned before, or a list that pays the same (unless `again`), a `payout_id` was,
/// the coins do not pay the list, a payment is dust, or a warning is not accepted.
pub(crate) async fn create(store: &Store, order: &Order) -> Result<PlannedDocument, PayoutError> {
    let mut write = store.write().await?;
    let (draft, findings) = prepare(&mut write, order).await?;
    let list = store_draft(&mut write, &draft).await?;
    let list = ListDocument::load(&mut write, &list).await?;
    write.commit().await?;
    Ok(PlannedDocument { list, findings })
}

async fn prepare(db: &mut Connection, order: &Order) -> Result<(Draft, Vec<Finding>), PayoutError> {
    let wallet = draft::synced_wallet(db, &order.terms.wallet).await?;
    let sha256 = order.list.totals().file_sha256;
    let numbered = order.format.is_numbered();
    let repeated = match order.again {
        true => ids::repeated(db, &order.list, numbered).await?,
        false => {
            ids::refuse_same(db, &order.list, numbered).await?;
            HashSet::new()
        }
    };
    let wanted = order.list.payments().iter().map(|payment| Wanted {
        payout_id: payment.payout_id.as_ref().map(|id| id.as_str().to_owned()),
        txout: TxOut {
            value: payment.amount,
            script_pubkey: payment.address.script_pubkey(),
        },
        name: payment.name.clone(),
        reference: payment.reference.clone(),
        own_index: None,
    });
    let source = Source {
        format: order.format.name(),
        sha256,
        pays_sha256: order.list.pays_sha256(),
        numbered,
    };
    let wanted: Vec<Wanted> = wanted.collect();
    let planned = draft::draft(
        db,
        wallet,
        ListKind::Payout,
        wanted,
        Some(source),
        &order.terms,
    )
    .await;
    let draft = match planned {
        Ok(draft) => draft,
        Err(error) => {
            // A list that was planned before holds the coins that are missing: that is the better
            // explanation.
            ids::refuse_planned(db, &order.list).await?;
            return Err(error);
        }
    };
    ids::refuse_known(db, &draft).await?;
    let mut findings = Findings::default();
    repeats::check(db, &draft, &repeated, &mut findings).await?;
    draft.check_fees(&order.terms, &mut findings);
    let findings = findings.accepted(&order.terms.accept)?;
    Ok((draft, findings))
}

/// Stores a draft and reserves what it uses.
pub(super) async fn store_draft(
    db: &mut Connection,
    draft: &Draft,
) -> Result<ListRecord, PayoutError> {
    if let Some(index) = draft.highest_receive {
        addresses::note_used(db, &draft.wallet, Branch::Receive, index).await?;
    }
    if let Some(index) = draft.highest_change {
        addresses::note_used(db, &draft.wallet, Branch::Change, index).await?;
    }
    let no = payouts::insert(db, &draft.list, &draft.transactions, &draft.payments, true).await?;
    Ok(payouts::by_no(db, no).await?)
}
