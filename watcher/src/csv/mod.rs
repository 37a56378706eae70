//! Payout lists as people hand them in: bytes to [`PayoutList`], all or nothing.
//!
//! Nothing is guessed: the format is named, the unit is explicit, and whatever could be read in two
//! ways is a [`Problem`] with its place and its remedy. Every problem of a file is reported at
//! once, up to [`MAX_LISTED`].
//!
//! - [`own`]: Cofferdam's CSV. [`electrum`], [`sparrow`], [`core_outputs`]: what other wallets
//!   read.
//! - [`amount`], [`address`], [`field`]: one cell each.

pub(crate) mod address;
pub(crate) mod amount;
mod core_outputs;
mod electrum;
mod field;
mod own;
mod problem;
mod sparrow;
mod table;

use bitcoin::{Address, Amount};
use cofferdam_core::Network;
use sha2::{Digest, Sha256};

pub(crate) use crate::identity::{id_key, pays_sha256};
pub use amount::Unit;
pub(crate) use field::PayoutId;
pub(crate) use problem::{Cause, ImportError, MAX_LISTED, Place};

use problem::Problems;

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 64 << 20;

/// The most payments that one list may hold.
pub(crate) const MAX_PAYMENTS: usize = 250_000;

/// One payment that somebody is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    /// The identifier under which it is paid once; foreign formats may have none.
    pub(crate) payout_id: Option<PayoutId>,
    /// Where to; of the wallet's network.
    pub(crate) address: Address,
    /// How much; above zero.
    pub(crate) amount: Amount,
    /// Whom; free text without control characters.
    pub(crate) name: Option<String>,
    /// What for; free text without control characters.
    pub(crate) reference: Option<String>,
}

/// What staff compare with the system that the list came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ControlTotals {
    /// The number of payments.
    pub(crate) count: usize,
    /// Their sum.
    pub(crate) sum: Amount,
    /// SHA-256 of the file's bytes.
    pub(crate) file_sha256: [u8; 32],
}

/// A payout list that was read without a problem: at least one payment, in the file's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PayoutList {
    payments: Vec<Payment>,
    totals: ControlTotals,
}

impl PayoutList {
    /// Returns the payments, in the file's order.
    pub(crate) fn payments(&self) -> &[Payment] {
        &self.payments
    }

    /// Returns the hash of what the list pays, by which it is known whatever its file looks like.
    pub(crate) fn pays_sha256(&self) -> [u8; 32] {
        let scripts: Vec<_> = self
            .payments
            .iter()
            .map(|payment| (payment.address.script_pubkey(), payment.amount))
            .collect();
        pays_sha256(
            scripts
                .iter()
                .map(|(script, amount)| (script.as_script(), *amount)),
        )
    }

    /// Returns the control totals.
    pub(crate) fn totals(&self) -> &ControlTotals {
        &self.totals
    }
}

/// The format of a payout list, with what the format itself leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Cofferdam's CSV: every row has its own unit and `payout_id`.
    Cofferdam,
    /// Electrum's pay-to-many lines.
    Electrum(Unit, Ids),
    /// Sparrow's "send to many" CSV.
    Sparrow(Unit, Ids),
    /// The `outputs` argument of Bitcoin Core's `send` and `walletcreatefundedpsbt`.
    CoreOutputs(Unit, Ids),
}

impl Format {
    /// Returns the name, as command lines and the ledger write it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Format::Cofferdam => "cofferdam",
            Format::Electrum(..) => "electrum",
            Format::Sparrow(..) => "sparrow",
            Format::CoreOutputs(..) => "core-outputs",
        }
    }

    /// Returns whether the file itself names each payment, so that payments with other names are
    /// other ones.
    pub(crate) fn is_numbered(&self) -> bool {
        matches!(self, Format::Cofferdam | Format::Sparrow(_, Ids::Column(_)))
    }
}

/// Where the rows of a foreign format get their `payout_id` from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ids {
    /// They have none: such payments are not protected against being paid twice by another list.
    None,
    /// The column with this header.
    Column(String),
    /// This prefix and the payment's number in the file, from 1.
    Prefix(String),
}

impl Ids {
    /// Returns the identifier of the payment with this number, for formats without columns.
    fn for_number(&self, number: usize) -> Result<Option<PayoutId>, Cause> {
        match self {
            Ids::None => Ok(None),
            Ids::Prefix(prefix) => PayoutId::parse(&format!("{prefix}{number}")).map(Some),
            Ids::Column(name) => Err(Cause::MissingColumn(problem::shown(name))),
        }
    }
}

/// Reads a payout list for a wallet on `network`.
///
/// # Errors
///
/// Every problem found, in the file's order, when there is at least one.
pub(crate) fn import(
    bytes: &[u8],
    format: &Format,
    network: Network,
) -> Result<PayoutList, ImportError> {
    let mut problems = Problems::default();
    if bytes.len() > MAX_FILE_BYTES {
        problems.add(Place::File, Cause::FileTooLarge { bytes: bytes.len() });
        return Err(problems.into());
    }
    let payments = match format {
        Format::Cofferdam => own::read(bytes, network, &mut problems),
        Format::Electrum(unit, ids) => electrum::read(bytes, *unit, ids, network, &mut problems),
        Format::Sparrow(unit, ids) => sparrow::read(bytes, *unit, ids, network, &mut problems),
        Format::CoreOutputs(unit, ids) => {
            core_outputs::read(bytes, *unit, ids, network, &mut problems)
        }
    };
    finish(payments, bytes, problems)
}

fn finish(
    payments: Vec<(Place, Payment)>,
    bytes: &[u8],
    mut problems: Problems,
) -> Result<PayoutList, ImportError> {
    let sum = payments.iter().try_fold(Amount::ZERO, |sum, (_, payment)| {
        sum.checked_add(payment.amount)
            .filter(|sum| *sum <= Amount::MAX_MONEY)
    });
    let Some(sum) = sum else {
        problems.add(Place::File, Cause::SumTooLarge);
        return Err(problems.into());
    };
    if payments.is_empty() && problems.is_empty() {
        problems.add(Place::File, Cause::NoPayments);
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let totals = ControlTotals {
        count: payments.len(),
        sum,
        file_sha256: Sha256::digest(bytes).into(),
    };
    Ok(PayoutList {
        payments: payments.into_iter().map(|(_, payment)| payment).collect(),
        totals,
    })
}

#[cfg(test)]
mod tests;
