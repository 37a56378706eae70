//! Dividing coins, so that later lists find enough of them.

use bitcoin::{Amount, TxOut};
use cofferdam_core::wallet::Branch;

use crate::addresses;
use crate::store::payouts::ListKind;
use crate::store::{Store, coins};

use super::PayoutError;
use super::create::store_draft;
use super::document::ListDocument;
use super::draft::{self, Terms, Wanted};
use super::finding::{Findings, PlannedDocument};

/// The most coins that one split makes: as many outputs as fit into a transaction that nodes relay.
pub const MAX_COINS: u32 = 2_500;

/// What a split makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    /// How many coins.
    pub(crate) into: u32,
    /// The amount of each; without one, the wallet's largest coin is divided evenly.
    pub(crate) each: Option<Amount>,
}

/// Plans a payment of the wallet to fresh receive addresses of its own, and stores it like a payout
/// list.
///
/// # Errors
///
/// The coins do not suffice, the parts would be dust, or a warning is not accepted.
pub(crate) async fn split(
    store: &Store,
    split: Split,
    terms: &Terms,
) -> Result<PlannedDocument, PayoutError> {
    let mut write = store.write().await?;
    let wallet = draft::synced_wallet(&mut write, &terms.wallet).await?;
    let each = match split.each {
        Some(each) => each,
        None => {
            let spendable = coins::spendable(&mut write, wallet.no, terms.confirmations).await?;
            even_parts(&spendable, split.into, &wallet, terms)
        }
    };
    let first = addresses::next(&mut write, &wallet, Branch::Receive).await?;
    let wanted = (first..first.saturating_add(split.into))
        .map(|index| {
            let script = wallet.wallet.script_pubkey(Branch::Receive, index);
            Ok(Wanted {
                payout_id: None,
                txout: TxOut {
                    value: each,
                    script_pubkey: script.map_err(|error| draft::unexpected(&error.to_string()))?,
                },
                name: None,
                reference: None,
                own_index: Some(index),
            })
        })
        .collect::<Result<Vec<_>, PayoutError>>()?;
    let draft = draft::draft(&mut write, wallet, ListKind::Split, wanted, None, terms).await?;
    let mut findings = Findings::default();
    draft.check_fees(terms, &mut findings);
    let findings = findings.accepted(&terms.accept)?;
    let list = store_draft(&mut write, &draft).await?;
    let list = ListDocument::load(&mut write, &list).await?;
    write.commit().await?;
    Ok(PlannedDocument { list, findings })
}

/// Returns what each part of the largest coin can hold after the fee, rounded down.
fn even_parts(
    spendable: &[coins::Coin],
    into: u32,
    wallet: &crate::store::wallets::WalletRecord,
    terms: &Terms,
) -> Amount {
    let largest = spendable
        .iter()
        .map(|coin| coin.amount)
        .max()
        .unwrap_or_default();
    let kind = wallet.wallet.kind();
    let shape = crate::plan::weight::Shape::new(kind, terms.fee_rate);
    let parts = into as usize;
    let weight = bitcoin::Weight::from_wu(kind.output_weight().to_wu() * u64::from(into));
    let fee = shape.fee(1, parts, weight, false);
    let left = largest.checked_sub(fee).unwrap_or_default();
    Amount::from_sat(left.to_sat() / u64::from(into.max(1)))
}
