//! Why a command on payouts fails.

use bitcoin::Txid;
use serde_json::{Value, json};

use crate::chain::ChainError;
use crate::csv::ImportError;
use crate::error::{Coded, Exit};
use crate::plan::PlanError;
use crate::plan::fee_rate::FeeRateError;
use crate::remedy::Remedy;
use crate::store::StoreError;
use crate::store::payouts::EarlierPayment;
use crate::wallets::WalletsError;
use cofferdam_core::count::counted;
use cofferdam_core::sanitize::neutralised;
use cofferdam_transport::bundle::BundleError;
use cofferdam_transport::returned::ReturnError;

use super::finding::{Finding, PAYMENT_OPEN};
use super::import::Refusal;
use super::state::TransactionState;

/// A command on payouts failed.
#[derive(Debug, thiserror::Error)]
pub enum PayoutError {
    /// The list has problems.
    #[error(transparent)]
    List(#[from] ListError),
    /// The coins cannot pay the list, or a payment is dust.
    #[error(transparent)]
    Plan(#[from] PlanFailure),
    /// The fee rate is out of bounds.
    #[error(transparent)]
    FeeRate(#[from] FeeRateFailure),
    /// The node has no estimate for the target.
    #[error("the chain source has no fee estimate for {}", counted(*blocks, "block"))]
    NoEstimate {
        /// The target.
        blocks: u16,
    },
    /// The wallet was never synced, or the sync was interrupted.
    #[error("the wallet \"{wallet}\" is not synced")]
    NotSynced {
        /// Its name.
        wallet: String,
    },
    /// The file was made into a list before.
    #[error("this very file was made into the list {list} before")]
    SameFile {
        /// The earlier list.
        list: String,
    },
    /// A list pays the very same.
    #[error("the list {list} pays exactly the same")]
    SameList {
        /// The earlier list.
        list: String,
    },
    /// Identifiers of a list that an earlier one turned out to have.
    #[error(
        "{} of the payout_ids of the list {list} belong to an earlier list, the first is \"{}\" in the list {}",
        known.len(), first(known, |row| &row.payout_id), first(known, |row| &row.list_id)
    )]
    ClaimedIds {
        /// The list.
        list: String,
        /// The earlier payments.
        known: Vec<EarlierPayment>,
    },
    /// Warnings that were not accepted.
    #[error("{}", not_accepted(.0))]
    NotAccepted(Vec<Finding>),
    /// The node's estimate is no fee rate.
    #[error("the chain source estimates {rate} sat/vB for {}, which is no fee rate", counted(*blocks, "block"))]
    Estimate {
        /// The target.
        blocks: u16,
        /// The estimate.
        rate: String,
    },
    /// Identifiers that were planned before.
    #[error("{} planned before, the first is \"{}\" in the list {}", of_the(.0.len(), "payout_id"), first(.0, |row| &row.payout_id), first(.0, |row| &row.list_id))]
    KnownIds(Vec<EarlierPayment>),
    /// No list has the id.
    #[error("there is no payout list \"{0}\"")]
    UnknownList(String),
    /// No list has the transaction that was signed.
    #[error("no open payout list has the transaction {}", txid.map_or_else(|| "that is signed here".into(), |txid| txid.to_string()))]
    NoListFor {
        /// The first of the transactions.
        txid: Option<Txid>,
    },
    /// The state does not allow the command.
    #[error("the list {list} is {}: {action} is not possible", state.name())]
    WrongState {
        /// The list.
        list: String,
        /// Its state.
        state: TransactionState,
        /// What was asked for.
        action: &'static str,
    },
    /// A signed file is no PSBT at all.
    #[error("{} is not a PSBT: {reason}", neutralised(file))]
    NotAPsbt {
        /// The file's name.
        file: String,
        /// Why.
        reason: String,
    },
    /// A return cannot be read.
    #[error("{}: {reason}", neutralised(file))]
    NotAReturn {
        /// The file's name.
        file: String,
        /// Why.
        reason: ReturnError,
    },
    /// The transactions do not go into a bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Signed files were refused.
    #[error("{} refused; nothing was stored. {}", of_the(.0.len(), "file"), .0.first().map(ToString::to_string).unwrap_or_default())]
    Refused(Vec<Refusal>),
    /// The node would not take a transaction; none was sent.
    #[error("the node refuses transaction {number} of the list {list}: {reason}; nothing was sent")]
    WouldBeRejected {
        /// The list.
        list: String,
        /// The transaction's place in it.
        number: u32,
        /// The node's reason.
        reason: String,
    },
    /// Sending stopped in the middle of a list.
    #[error("{sent} of {} went out, then: {source}", counted(*of, "transaction"))]
    PartlySent {
        /// How many the node took.
        sent: usize,
        /// How many there are.
        of: usize,
        /// What stopped it.
        source: ChainError,
    },
    /// What a cancelled transaction holds does not pay for its replacement.
    #[error("the coins of transaction {number} do not pay for a transaction that replaces it")]
    CancelTooDear {
        /// The transaction's place in its list.
        number: u32,
    },
    /// A coin's previous transaction is not in the ledger.
    #[error("the ledger does not hold the transaction {0}, which the signer needs to see")]
    PreviousMissing(bitcoin::Txid),
    /// Something that should not happen.
    #[error("unexpected failure: {0}")]
    Unexpected(String),
    /// The wallet is unknown.
    #[error(transparent)]
    Wallet(#[from] WalletsError),
    /// The chain source failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The ledger failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn of_the(count: usize, one: &str) -> String {
    format!(
        "{count} of the {one}s {}",
        if count == 1 { "was" } else { "were" }
    )
}

fn not_accepted(findings: &[Finding]) -> String {
    let mut text = match findings {
        [_] => "a warning about this list was not accepted; nothing was stored".to_owned(),
        _ => format!(
            "{} warnings about this list were not accepted; nothing was stored",
            findings.len()
        ),
    };
    for finding in findings {
        text.push_str(&format!(
            "\n  {}: {} ({})",
            finding.place, finding.message, finding.code
        ));
    }
    text
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    let mut codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn first<'a>(
    rows: &'a [EarlierPayment],
    field: impl Fn(&'a EarlierPayment) -> &'a String,
) -> &'a str {
    rows.first().map_or("", |row| field(row))
}

/// A list with problems.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ListError(pub(crate) ImportError);

/// A list that cannot be planned, with what its messages need.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct PlanFailure {
    pub(crate) error: PlanError,
    pub(crate) wallet: String,
    /// What the payments are called, by their index.
    pub(crate) names: Vec<String>,
}

/// A fee rate that was refused.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct FeeRateFailure(pub(crate) FeeRateError);

impl From<ImportError> for PayoutError {
    fn from(error: ImportError) -> Self {
        ListError(error).into()
    }
}

impl From<FeeRateError> for PayoutError {
    fn from(error: FeeRateError) -> Self {
        FeeRateFailure(error).into()
    }
}

impl Coded for PayoutError {
    fn exit(&self) -> Exit {
        match self {
            PayoutError::List(_)
            | PayoutError::NotAPsbt { .. }
            | PayoutError::NotAReturn { .. }
            | PayoutError::Bundle(_) => Exit::Malformed,
            PayoutError::Plan(failure) => match failure.error {
                PlanError::Dust(_) | PlanError::ImpossiblePayments => Exit::Malformed,
                PlanError::ImpossibleCoins { .. } => Exit::Damaged,
                PlanError::Shortfall { .. }
                | PlanError::TooFewCoins { .. }
                | PlanError::CoinsTooSmall { .. } => Exit::Funds,
            },
            PayoutError::FeeRate(_) => Exit::Usage,
            PayoutError::NoEstimate { .. }
            | PayoutError::Estimate { .. }
            | PayoutError::NotSynced { .. } => Exit::ChainNotReady,
            PayoutError::NotAccepted(findings) => {
                match findings.iter().any(|finding| finding.code == PAYMENT_OPEN) {
                    true => Exit::Conflict,
                    false => Exit::Refused,
                }
            }
            PayoutError::SameFile { .. }
            | PayoutError::SameList { .. }
            | PayoutError::ClaimedIds { .. }
            | PayoutError::KnownIds(_)
            | PayoutError::WrongState { .. } => Exit::Conflict,
            PayoutError::UnknownList(_) => Exit::Usage,
            PayoutError::NoListFor { .. } => Exit::Refused,
            PayoutError::Refused(_) => Exit::Refused,
            PayoutError::WouldBeRejected { .. } => Exit::Rejected,
            PayoutError::PartlySent { source, .. } => source.exit(),
            PayoutError::CancelTooDear { .. } => Exit::Funds,
            PayoutError::PreviousMissing(_) => Exit::ChainNotReady,
            PayoutError::Unexpected(_) => Exit::Unexpected,
            PayoutError::Wallet(error) => error.exit(),
            PayoutError::Chain(error) => error.exit(),
            PayoutError::Store(error) => error.exit(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            PayoutError::List(_) => "payout-list",
            PayoutError::Plan(failure) => match failure.error {
                PlanError::Dust(_) => "dust",
                PlanError::ImpossiblePayments => "payments-impossible",
                PlanError::ImpossibleCoins { .. } => "ledger-damaged",
                PlanError::Shortfall { .. } => "not-enough-funds",
                PlanError::TooFewCoins { .. } => "too-few-coins",
                PlanError::CoinsTooSmall { .. } => "coins-too-small",
            },
            PayoutError::FeeRate(_) => "fee-rate",
            PayoutError::NoEstimate { .. } => "no-fee-estimate",
            PayoutError::NotSynced { .. } => "wallet-not-synced",
            PayoutError::SameFile { .. } => "same-file",
            PayoutError::SameList { .. } => "same-list",
            PayoutError::NotAccepted(_) => "warning-not-accepted",
            PayoutError::Estimate { .. } => "fee-estimate",
            PayoutError::KnownIds(_) | PayoutError::ClaimedIds { .. } => "payout-id-known",
            PayoutError::UnknownList(_) => "payout-unknown",
            PayoutError::NoListFor { .. } => "no-list-for-transaction",
            PayoutError::WrongState { .. } => "wrong-state",
            PayoutError::NotAPsbt { .. } => "not-a-psbt",
            PayoutError::NotAReturn { .. } => "malformed-return",
            PayoutError::Bundle(_) => "bundle",
            PayoutError::Refused(_) => "signed-refused",
            PayoutError::WouldBeRejected { .. } => "transaction-rejected",
            PayoutError::PartlySent { .. } => "partly-sent",
            PayoutError::CancelTooDear { .. } => "cancel-too-dear",
            PayoutError::PreviousMissing(_) => "previous-transaction-missing",
            PayoutError::Unexpected(_) => "unexpected",
            PayoutError::Wallet(error) => error.code(),
            PayoutError::Chain(error) => error.code(),
            PayoutError::Store(error) => error.code(),
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            PayoutError::List(_) => Remedy::CorrectLines,
            PayoutError::Plan(failure) => failure.remedy(),
            PayoutError::FeeRate(_) => Remedy::WriteRate,
            PayoutError::NoEstimate { .. } => Remedy::ChooseRate,
            PayoutError::NotSynced { .. } => Remedy::Sync,
            PayoutError::NotAccepted(findings) => Remedy::AcceptWarnings(codes(findings)),
            PayoutError::Estimate { .. } => Remedy::ChooseRateYourself,
            PayoutError::ClaimedIds { list, .. } => Remedy::CancelList(list.clone()),
            PayoutError::SameFile { list } | PayoutError::SameList { list } => {
                Remedy::SeeListOrAgain(list.clone())
            }
            PayoutError::KnownIds(_) => Remedy::PaidOnce,
            PayoutError::UnknownList(_) => Remedy::SeeLists,
            PayoutError::NoListFor { .. } => Remedy::NotOfHere,
            PayoutError::WrongState { list, state, .. } => next_step(list.clone(), *state),
            PayoutError::NotAPsbt { .. } => Remedy::GiveSigned,
            PayoutError::NotAReturn { .. } => Remedy::CopyReturn,
            PayoutError::Bundle(_) => Remedy::ExportPsbts,
            PayoutError::Refused(_) => Remedy::SignUnchanged,
            PayoutError::WouldBeRejected { list, .. } => Remedy::SyncThenSee(list.clone()),
            PayoutError::PartlySent { .. } => Remedy::SendAgain,
            PayoutError::CancelTooDear { .. } => Remedy::LowerRate,
            PayoutError::PreviousMissing(_) => Remedy::Rescan,
            PayoutError::Unexpected(_) => Remedy::Report,
            PayoutError::Wallet(error) => error.remedy(),
            PayoutError::Chain(error) => error.remedy(),
            PayoutError::Store(error) => error.remedy(),
        }
    }

    fn findings(&self) -> Option<Value> {
        match self {
            PayoutError::List(ListError(error)) => Some(list_findings(error)),
            PayoutError::Plan(PlanFailure {
                error: PlanError::Dust(dust),
                names,
                ..
            }) => {
                let findings = dust.iter().map(|payment| {
                    json!({
                        "code": "dust", "severity": "refusal",
                        "where": names.get(payment.payment),
                        "expected": payment.limit.to_sat(), "found": payment.amount.to_sat(),
                        "message": "nodes do not relay an amount this small to this address",
                    })
                });
                Some(findings.collect())
            }
            PayoutError::Plan(failure) => failure.numbers(),
            PayoutError::NotAccepted(findings) => serde_json::to_value(findings).ok(),
            PayoutError::KnownIds(rows) | PayoutError::ClaimedIds { known: rows, .. } => {
                let findings = rows.iter().take(crate::csv::MAX_LISTED).map(|row| {
                    json!({
                        "code": "payout-id-known", "severity": "refusal", "where": row.payout_id,
                        "expected": null, "found": row.list_id,
                        "message": format!("planned in the list {}", row.list_id),
                    })
                });
                Some(findings.collect())
            }
            PayoutError::Refused(refusals) => Some(refusals.iter().map(Refusal::finding).collect()),
            _ => None,
        }
    }
}

impl PlanFailure {
    fn remedy(&self) -> Remedy {
        let wallet = self.wallet.clone();
        match &self.error {
            PlanError::Dust(dust) => {
                let named = dust.iter().take(10).filter_map(|payment| {
                    let name = self.names.get(payment.payment)?;
                    Some((name.clone(), payment.limit.to_sat()))
                });
                Remedy::RaisePayments(named.collect())
            }
            PlanError::ImpossiblePayments => Remedy::CheckAmounts,
            PlanError::ImpossibleCoins { .. } => Remedy::RebuildLedger,
            PlanError::Shortfall { .. } => Remedy::Fund(wallet),
            PlanError::TooFewCoins { needed, each, .. } => Remedy::SplitCoins {
                wallet,
                into: *needed,
                each_sat: each.to_sat(),
            },
            PlanError::CoinsTooSmall { .. } => Remedy::RaiseWeight,
        }
    }

    /// What scripts read: the numbers of a refusal for lack of funds or coins.
    fn numbers(&self) -> Option<Value> {
        let finding = |code, expected: u64, found: u64, message: String| {
            json!([{ "code": code, "severity": "refusal", "where": self.wallet, "expected": expected, "found": found,
                     "message": message }])
        };
        match &self.error {
            PlanError::Dust(_)
            | PlanError::ImpossiblePayments
            | PlanError::ImpossibleCoins { .. } => None,
            PlanError::Shortfall {
                needed,
                spendable,
                shortfall,
            } => Some(finding(
                "not-enough-funds",
                needed.to_sat(),
                spendable.to_sat(),
                format!("{} sat are missing", shortfall.to_sat()),
            )),
            PlanError::TooFewCoins {
                needed, available, ..
            } => Some(finding(
                "too-few-coins",
                *needed as u64,
                *available as u64,
                self.to_string(),
            )),
            PlanError::CoinsTooSmall { amount, .. } => Some(finding(
                "coins-too-small",
                amount.to_sat(),
                0,
                self.to_string(),
            )),
        }
    }
}

fn list_findings(error: &ImportError) -> Value {
    let findings = error.problems.iter().map(|problem| {
        json!({
            "code": problem.cause.code(), "severity": "refusal", "where": problem.place.to_string(),
            "expected": null, "found": null,
            "message": problem.cause.to_string(), "hint": problem.cause.hint(),
        })
    });
    findings.collect()
}

fn next_step(list: String, state: TransactionState) -> Remedy {
    match state {
        TransactionState::Planned => Remedy::ExportList(list),
        TransactionState::Exported => Remedy::ImportSigned(list),
        TransactionState::Cancelling => Remedy::SeeCancelling(list),
        _ => Remedy::SeeOutcome(list),
    }
}
