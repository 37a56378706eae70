//! What a review is held against.

use bitcoin::Amount;

use super::budget::Budget;
use super::payees::{NOBODY, PayeeIndex};
use super::severities::{AS_THEY_ARE, Severities};
use crate::wallet::Wallet;

/// How far beyond the highest index that the operator told own outputs are accepted: the watcher
/// looks 1,000 ahead, so that what is further would not be found again, and ten times that leaves
/// room for a watcher that was set up anew.
pub const INDEX_BOUND: u32 = 10_000;

/// How far beyond that index own outputs are accepted in silence: the last tenth of the way to
/// [`INDEX_BOUND`] is for moving the mark before payouts are refused.
pub const INDEX_NEAR: u32 = 9_000;

/// A registered wallet, and how far the operator said that it has come. Nothing else moves these
/// marks: what was signed, or what a transaction spends, may be made up.
#[derive(Clone, Copy, Debug)]
pub struct KnownWallet<'a> {
    /// The wallet.
    pub wallet: &'a Wallet,
    /// The highest change index that `wallet mark-used` told; none if it told none.
    pub highest_change_seen: Option<u32>,
    /// The same of the receive branch. It says nothing about change.
    pub highest_receive_seen: Option<u32>,
}

/// What a review is held against.
#[derive(Clone, Copy, Debug)]
pub struct ReviewContext<'a> {
    /// The wallets of the vault; all on one network.
    pub wallets: &'a [KnownWallet<'a>],
    /// The bounds of the fee.
    pub fee_limits: FeeLimits,
    /// How amounts of segwit v0 coins have to be known.
    pub amounts: AmountRule,
    /// Findings that weigh more than by default.
    pub severities: &'a Severities,
    /// Whom the vault paid before: an address that only looks like one of theirs is warned about.
    pub earlier_payees: &'a PayeeIndex,
    /// Seconds since 1970, by a clock that proves nothing; none where there is no clock. It decides
    /// about warnings only.
    pub now: Option<u64>,
    /// What the reviews of a run may take together; none where this is the only one.
    pub budget: Option<&'a Budget>,
}

impl<'a> ReviewContext<'a> {
    /// The strictest rule about amounts, no severities raised, no earlier payees, no clock.
    pub fn new(wallets: &'a [KnownWallet<'a>], fee_limits: FeeLimits) -> Self {
        Self {
            wallets,
            fee_limits,
            amounts: AmountRule::Proven,
            severities: &AS_THEY_ARE,
            earlier_payees: &NOBODY,
            now: None,
            budget: None,
        }
    }
}

/// How the amount of a segwit v0 coin has to be known. Legacy coins always need their previous
/// transaction, and taproot signatures cover every amount (BIP341).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AmountRule {
    /// By the previous transaction.
    #[default]
    Proven,
    /// By the previous transaction, or where it is missing by the PSBT's word alone, while every
    /// input is ours. This is only safe for a vault that remembers every amount it ever signed for,
    /// that is the wallet's only signer, and that signs no second amount for a coin: the caller
    /// sees to that.
    Remembered,
}

/// Bounds of the fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeLimits {
    /// More is refused.
    pub max_fee: Amount,
    /// A higher rate is refused, in satoshi for 1,000 virtual bytes.
    pub max_sat_per_kvb: u64,
    /// A greater share of what leaves the wallet is warned about, in thousandths.
    pub warn_permille: u64,
    /// No share is warned about up to this fee.
    pub warn_above: Amount,
    /// The fees of a run are warned about above this sum, and above
    /// [`run_permille`](Self::run_permille).
    pub run_above: Amount,
    /// The share of what a run pays to others, in thousandths, that its fees may have without a
    /// warning, also above [`run_above`](Self::run_above).
    pub run_permille: u64,
}

impl FeeLimits {
    /// Refuses above 0.1 BTC or 1,000 sat/vB; warns above 10 % of what leaves the wallet and 10,000
    /// satoshi, and of a run above 0.1 BTC and 10 % of what it pays to others.
    pub const DEFAULT: FeeLimits = FeeLimits {
        max_fee: Amount::from_sat(10_000_000),
        max_sat_per_kvb: 1_000_000,
        warn_permille: 100,
        warn_above: Amount::from_sat(10_000),
        run_above: Amount::from_sat(10_000_000),
        run_permille: 100,
    };

    /// Returns the limits with at most this fee. A higher one than before changes nothing.
    pub fn lowered_to(self, max_fee: Amount) -> Self {
        Self {
            max_fee: self.max_fee.min(max_fee),
            ..self
        }
    }
}

impl Default for FeeLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
