//! From payments and coins to transactions: pure, and the same for the same seed.
//!
//! A plan pays every payment exactly once, out of disjoint coins, in as few transactions as the
//! weight bound allows. Each transaction has an anchor, pays at least the fee rate asked for,
//! signals replaceability (BIP125) and carries a lock time against fee sniping.
//!
//! - [`group`]: which payments go together. [`select`]: which coins pay them.
//! - [`weight`]: sizes, before anything is signed. [`fee_rate`]: rates. [`draw`]: reproducible
//!   random numbers.

pub(crate) mod draw;
mod error;
pub(crate) mod fee_rate;
mod group;
mod select;
pub(crate) mod weight;

use bitcoin::absolute::LockTime;
use bitcoin::{Amount, OutPoint, Script, ScriptBuf, Sequence, Weight};
use cofferdam_core::wallet::WalletKind;

pub(crate) use draw::Draw;
pub use draw::Seed;
pub(crate) use error::{DustPayment, PlanError};
pub use fee_rate::FeeRate;

use weight::Shape;

/// Spends at most this much weight, by default: half of what nodes relay (400,000), so that a
/// replacement with more coins still fits.
pub const DEFAULT_MAX_WEIGHT: Weight = Weight::from_wu(200_000);

/// The heaviest transaction that nodes relay (`MAX_STANDARD_TX_WEIGHT`).
pub const STANDARD_MAX_WEIGHT: Weight = Weight::from_wu(400_000);

/// The lightest bound that is accepted: room for some inputs beside a payment and change.
pub const LEAST_MAX_WEIGHT: Weight = Weight::from_wu(4_000);

/// What later spending is expected to cost: 5 sat/vB. Coins are gathered below this rate and spared
/// above it.
pub(crate) const LONG_TERM_FEE_RATE: FeeRate = FeeRate::from_sat_per_kvb(5_000);

/// Replaceable, and with an effective lock time (BIP125, BIP68 not in force).
pub(crate) const SEQUENCE: Sequence = Sequence::ENABLE_RBF_NO_LOCKTIME;

/// A confirmed coin that the plan may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coin {
    /// Which one.
    pub(crate) outpoint: OutPoint,
    /// How much it holds.
    pub(crate) amount: Amount,
}

/// A payment to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payee {
    /// To whom.
    pub(crate) script_pubkey: ScriptBuf,
    /// How much.
    pub(crate) amount: Amount,
}

impl Payee {
    fn weight(&self) -> Weight {
        weight::output(&self.script_pubkey)
    }
}

/// What a plan has to keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The script type of the coins and of change.
    pub(crate) kind: WalletKind,
    /// The rate that every transaction pays at least.
    pub(crate) fee_rate: FeeRate,
    /// The weight that no transaction exceeds once signed.
    pub(crate) max_weight: Weight,
    /// The height of the best block, from which lock times are made; `None` when the chain may be
    /// stale.
    pub(crate) tip: Option<u32>,
}

/// One output, in the order of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// The payment at this index of the list.
    Payment(usize),
    /// What comes back to the wallet.
    Change,
}

/// One transaction of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedTransaction {
    /// The coins it spends, in the order of its inputs.
    pub(crate) coins: Vec<Coin>,
    /// Its outputs, in their order.
    pub(crate) outputs: Vec<Output>,
    /// What comes back; `None` when nothing is worth it.
    pub(crate) change: Option<Amount>,
    /// What the coins hold above what the outputs pay.
    pub(crate) fee: Amount,
    /// The most that the signed transaction can weigh.
    pub(crate) weight: Weight,
    /// The height below which no block may hold it.
    pub(crate) lock_time: LockTime,
    /// The coin that this transaction and each replacement of it must spend: the largest one.
    pub(crate) anchor: OutPoint,
}

impl PlannedTransaction {
    /// Returns the indices of the payments it makes, in the list's order.
    #[cfg(test)]
    pub(crate) fn payments(&self) -> Vec<usize> {
        let mut payments: Vec<usize> = self
            .outputs
            .iter()
            .filter_map(|output| match output {
                Output::Payment(index) => Some(*index),
                Output::Change => None,
            })
            .collect();
        payments.sort_unstable();
        payments
    }
}

/// Plans a list of payments.
///
/// # Errors
///
/// Refuses dust and sums that no chain can hold, and says what is missing when the coins cannot pay
/// the list: money, or their number.
pub(crate) fn plan(
    coins: &[Coin],
    payees: &[Payee],
    terms: &Terms,
    seed: &Seed,
) -> Result<Vec<PlannedTransaction>, PlanError> {
    refuse_impossible_sums(coins, payees)?;
    refuse_dust(payees)?;
    let shape = Shape::new(terms.kind, terms.fee_rate);
    let groups = group::assign(coins, payees, &shape, terms.max_weight, seed)?;
    let mut draw = seed.draw("order");
    Ok(groups
        .into_iter()
        .map(|group| arrange(group, payees, &shape, terms, &mut draw))
        .collect())
}

/// Below 21 million bitcoin each, all that a plan adds up fits into 64 bits: parts of these sums,
/// and fees of 1,000 sat/vB at most.
fn refuse_impossible_sums(coins: &[Coin], payees: &[Payee]) -> Result<(), PlanError> {
    if !can_exist(payees.iter().map(|payee| payee.amount)) {
        return Err(PlanError::ImpossiblePayments);
    }
    match can_exist(coins.iter().map(|coin| coin.amount)) {
        true => Ok(()),
        false => Err(PlanError::ImpossibleCoins { count: coins.len() }),
    }
}

/// Tells whether amounts come to 21 million bitcoin at most.
fn can_exist(mut amounts: impl Iterator<Item = Amount>) -> bool {
    amounts
        .try_fold(Amount::ZERO, |sum, amount| sum.checked_add(amount))
        .is_some_and(|sum| sum <= Amount::MAX_MONEY)
}

fn refuse_dust(payees: &[Payee]) -> Result<(), PlanError> {
    let dust: Vec<DustPayment> = payees
        .iter()
        .enumerate()
        .map(|(payment, payee)| DustPayment {
            payment,
            amount: payee.amount,
            limit: dust_limit(&payee.script_pubkey),
        })
        .filter(|payment| payment.amount < payment.limit)
        .collect();
    match dust.is_empty() {
        true => Ok(()),
        false => Err(PlanError::Dust(dust)),
    }
}

/// Returns the smallest amount that nodes relay to a script, at their default dust rate of 3
/// sat/vB.
pub(crate) fn dust_limit(script: &Script) -> Amount {
    script.minimal_non_dust()
}

/// Puts inputs and outputs into a seeded order, so that neither tells which output is change.
fn arrange(
    group: group::Group,
    payees: &[Payee],
    shape: &Shape,
    terms: &Terms,
    draw: &mut Draw,
) -> PlannedTransaction {
    let selection = group.selection;
    let paid = group.payments.clone().filter_map(|index| payees.get(index));
    let outputs_weight = paid.map(Payee::weight).sum();
    let mut coins = selection.coins;
    let anchor = coins
        .iter()
        .max_by_key(|coin| (coin.amount, coin.outpoint))
        .map(|coin| coin.outpoint);
    draw.shuffle(&mut coins);
    let mut outputs: Vec<Output> = group.payments.clone().map(Output::Payment).collect();
    outputs.extend(selection.change.map(|_| Output::Change));
    draw.shuffle(&mut outputs);
    PlannedTransaction {
        weight: shape.weight(
            coins.len(),
            outputs.len(),
            outputs_weight,
            selection.change.is_some(),
        ),
        coins,
        outputs,
        change: selection.change,
        fee: selection.fee,
        lock_time: lock_time(terms.tip, draw),
        anchor: anchor.unwrap_or_default(),
    }
}

/// Returns the tip's height, one time in ten up to 99 blocks less, as Bitcoin Core does:
/// reorganising the chain for this fee gains nothing, and transactions that were delayed do not
/// stand out.
fn lock_time(tip: Option<u32>, draw: &mut Draw) -> LockTime {
    let (late, by) = (draw.below(10) == 0, draw.below(100));
    let height = match tip {
        Some(tip) if late => tip.saturating_sub(u32::try_from(by).unwrap_or(0)),
        Some(tip) => tip,
        None => 0,
    };
    LockTime::from_height(height).unwrap_or(LockTime::ZERO)
}

/// Shares a transaction's fee among its payments by the weight of their outputs, for the books: to
/// the satoshi, what rounding leaves goes to the first ones.
pub(crate) fn share_fee(fee: Amount, outputs: &[Weight]) -> Vec<Amount> {
    let total: u64 = outputs.iter().map(|weight| weight.to_wu()).sum();
    let share = |weight: &Weight| {
        u128::from(fee.to_sat()) * u128::from(weight.to_wu()) / u128::from(total.max(1))
    };
    let mut shares: Vec<u64> = outputs
        .iter()
        .map(|weight| u64::try_from(share(weight)).unwrap_or(0))
        .collect();
    let mut left = fee.to_sat().saturating_sub(shares.iter().sum());
    for share in &mut shares {
        if left == 0 {
            break;
        }
        *share += 1;
        left -= 1;
    }
    shares.into_iter().map(Amount::from_sat).collect()
}

#[cfg(test)]
mod tests;
