//! The kinds of finding, each with its code and its weight.

use bitcoin::absolute::LockTime as Lock;
use bitcoin::bip32::KeySource;
use bitcoin::relative::LockTime as RelativeLock;
use bitcoin::{Amount, OutPoint, TxOut, Txid};

use super::Severity;
use crate::Network;
use crate::psbt::SignatureFault;
use crate::review::budget::Exceeded;
use crate::review::place::Place;
use crate::wallet::{Branch, WalletName};

/// What a claimed derivation fails at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerivationFault {
    /// The path is the vault's by its fingerprint, but leads into none of its wallets.
    UnknownPath,
    /// The path leads into a wallet, but to another key.
    KeyDiffers,
    /// The path leads into a wallet, but to another script.
    ScriptDiffers,
}

/// The kinds of finding. Each rule's file tells its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// The PSBT does not say what the input spends.
    UtxoMissing,
    /// A legacy or segwit v0 input without the transaction that proves its amount.
    PreviousTransactionMissing,
    /// An amount that only the PSBT tells, accepted as the vault remembers what it signed.
    AmountRemembered {
        /// The amount.
        amount: Amount,
    },
    /// A foreign input whose amount nothing proves, so that the fee is not known.
    ForeignAmountUnproven,
    /// The previous transaction is another one.
    PreviousTxidMismatch {
        /// The outpoint's.
        expected: Txid,
        /// The given transaction's.
        found: Txid,
    },
    /// The previous transaction has no such output.
    OutputIndexOutOfRange {
        /// How many it has.
        outputs: usize,
        /// The index asked for.
        found: u32,
    },
    /// Previous transaction and spent output contradict each other.
    UtxoFieldsDiffer {
        /// In the previous transaction.
        previous: TxOut,
        /// In the other field.
        claimed: TxOut,
    },
    /// A derivation that is ours by its fingerprint, and wrong.
    FalseDerivation {
        /// The claim.
        source: KeySource,
        /// What is wrong.
        fault: DerivationFault,
    },
    /// A script field that the wallet's own derivation contradicts.
    ScriptFieldDiffers {
        /// The field's name.
        field: &'static str,
    },
    /// No input is ours.
    ForeignWallet,
    /// An input is not ours.
    ForeignInput,
    /// Inputs of several of our wallets.
    SeveralWallets {
        /// The wallet of the first own input.
        expected: WalletName,
        /// The wallet of this one.
        found: WalletName,
    },
    /// Keys of a test network in a mainnet vault, or the reverse.
    WrongNetwork {
        /// The wallet's.
        expected: Network,
        /// Whether the claim is for mainnet.
        mainnet: bool,
    },
    /// A coin twice.
    DuplicateOutpoint {
        /// The coin.
        outpoint: OutPoint,
        /// The input that had it first.
        first: usize,
    },
    /// More than there can ever be.
    AmountOutOfRange {
        /// The amount.
        found: Amount,
    },
    /// A sum of inputs or outputs beyond what there can ever be.
    SumOutOfRange {
        /// `inputs` or `outputs`.
        side: &'static str,
    },
    /// Outputs of more than the inputs bring.
    OutputsExceedInputs {
        /// Sum of the inputs.
        inputs: Amount,
        /// Sum of the outputs.
        outputs: Amount,
    },
    /// A transaction version without meaning here.
    TransactionVersion {
        /// The version.
        found: i32,
    },
    /// A signature that would not cover, or does not cover, the whole transaction.
    SighashNotAll {
        /// The sighash type.
        found: u32,
    },
    /// A signature over one output that is not there: it covers none at all, or the number 1.
    SighashSingleWithoutOutput {
        /// The sighash type.
        found: u32,
        /// How many outputs there are.
        outputs: usize,
    },
    /// A sighash type without meaning.
    SighashUnknown {
        /// The sighash type.
        found: u32,
    },
    /// A signature in the PSBT that does not count.
    SignatureInvalid {
        /// Why.
        fault: SignatureFault,
    },
    /// Final scripts of another form than the coin asks for.
    FinalScriptsInvalid,
    /// The fee cannot be computed.
    FeeUnknown,
    /// The fee is above the bound.
    FeeTooHigh {
        /// The bound.
        limit: Amount,
        /// The fee.
        found: Amount,
    },
    /// The rate is above the bound.
    FeeRateTooHigh {
        /// The bound in satoshi for 1,000 virtual bytes.
        limit: u64,
        /// The rate.
        found: u64,
    },
    /// The transaction would have more weight than nodes relay; nothing else of it was looked at.
    TransactionTooHeavy {
        /// The bound, in weight units.
        limit: u64,
        /// What it would have once it is signed.
        found: u64,
    },
    /// The review would take more work than is spent on a run.
    WorkExceeded {
        /// What there is too much of.
        exceeded: Exceeded,
    },
    /// The fees of a run are above the bound.
    RunFeesHigh {
        /// The bound.
        limit: Amount,
        /// The fees.
        found: Amount,
        /// What is paid to others.
        paid: Amount,
        /// How many transactions there are.
        transactions: usize,
    },
    /// Data takes a large part of the transaction, and of its fee.
    DataOutputsLarge {
        /// Virtual bytes of the data outputs.
        data: u64,
        /// Virtual bytes of the transaction.
        vsize: u64,
        /// What of the fee is theirs.
        fee: Amount,
    },
    /// An own output so far out that the wallet would not find it again.
    IndexOutOfBounds {
        /// Its wallet.
        wallet: WalletName,
        /// Its branch.
        branch: Branch,
        /// The highest index accepted.
        limit: u32,
        /// Its index.
        found: u32,
    },
    /// An own output so far out that the operator's mark should move before the next ones are
    /// refused.
    IndexNearBound {
        /// Its wallet.
        wallet: WalletName,
        /// Its branch.
        branch: Branch,
        /// The highest index accepted.
        limit: u32,
        /// Its index.
        found: u32,
    },
    /// A coin that another transaction of the run spends too.
    CoinSpentTwice {
        /// The coin.
        outpoint: OutPoint,
        /// The unsigned txid of the other.
        other: Txid,
    },
    /// One coin with two amounts or scripts in one run.
    CoinAmountsDiffer {
        /// The coin.
        outpoint: OutPoint,
        /// What it was first said to be.
        first: TxOut,
        /// What it is said to be here.
        found: TxOut,
    },
    /// An address that looks like another one and is not.
    AddressLookalike {
        /// The address that is known.
        known: String,
        /// The address that looks like it.
        found: String,
    },
    /// An address that an earlier output pays too.
    AddressRepeated {
        /// The address, or the script where it has none.
        address: String,
        /// Where it stood first.
        first: Place,
    },
    /// The same payment as in another transaction of the run, over other coins.
    PaymentRepeated {
        /// The amount.
        amount: Amount,
        /// The unsigned txid of the other.
        other: Txid,
    },
    /// Nearly the same payment as in another transaction of the run, over other coins.
    PaymentSimilar {
        /// The amount.
        amount: Amount,
        /// The amount there.
        other_amount: Amount,
        /// The unsigned txid of the other.
        other: Txid,
    },
    /// The fee is a great share of what leaves the wallet.
    FeeShareHigh {
        /// The bound in thousandths.
        limit: u64,
        /// The share; none when nothing leaves the wallet.
        found: Option<u64>,
        /// The fee.
        fee: Amount,
    },
    /// Nodes would not relay it.
    FeeBelowRelay {
        /// The least rate in satoshi for 1,000 virtual bytes.
        limit: u64,
        /// The rate.
        found: u64,
    },
    /// An output of nothing.
    ZeroValueOutput,
    /// A lock time that is far ahead.
    LockTimeFar {
        /// The furthest that nobody is warned about.
        limit: Lock,
        /// The lock time.
        found: Lock,
    },
    /// A relative lock that is long.
    RelativeLockFar {
        /// The longest that nobody is warned about.
        limit: RelativeLock,
        /// The lock.
        found: RelativeLock,
    },
    /// A lock time that binds nobody, as every sequence number is final.
    LockTimeIneffective {
        /// The lock time.
        found: Lock,
    },
    /// An output too small to be relayed, or to be worth spending.
    DustOutput {
        /// The least amount.
        limit: Amount,
        /// The amount.
        found: Amount,
    },
    /// More than one output goes to change.
    SeveralChangeOutputs {
        /// How many.
        found: usize,
    },
    /// A script that has no address, or a witness version without rules yet.
    UnknownScript {
        /// What it is.
        what: String,
    },
    /// Money that is lost in an output that carries data.
    DataOutputAmount {
        /// The amount.
        found: Amount,
    },
    /// Bytes in the block chain, for ever.
    DataOutput {
        /// How many.
        bytes: usize,
    },
    /// Fields that have no meaning here.
    UnknownFields {
        /// Their keys in hexadecimal, the first few.
        keys: Vec<String>,
        /// How many there are.
        count: usize,
    },
    /// A valid signature is there already.
    AlreadySigned,
}

impl FindingKind {
    /// Returns the code, which is stable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UtxoMissing => "utxo-missing",
            Self::PreviousTransactionMissing => "previous-transaction-missing",
            Self::AmountRemembered { .. } => "amount-remembered",
            Self::ForeignAmountUnproven => "foreign-amount-unproven",
            Self::PreviousTxidMismatch { .. } => "previous-txid-mismatch",
            Self::OutputIndexOutOfRange { .. } => "output-index-out-of-range",
            Self::UtxoFieldsDiffer { .. } => "utxo-fields-differ",
            Self::FalseDerivation { .. } => "false-derivation",
            Self::ScriptFieldDiffers { .. } => "script-field-differs",
            Self::ForeignWallet => "foreign-wallet",
            Self::ForeignInput => "foreign-input",
            Self::SeveralWallets { .. } => "several-wallets",
            Self::WrongNetwork { .. } => "wrong-network",
            Self::DuplicateOutpoint { .. } => "duplicate-outpoint",
            Self::AmountOutOfRange { .. } => "amount-out-of-range",
            Self::SumOutOfRange { .. } => "sum-out-of-range",
            Self::OutputsExceedInputs { .. } => "outputs-exceed-inputs",
            Self::TransactionVersion { .. } => "transaction-version",
            Self::SighashNotAll { .. } => "sighash-not-all",
            Self::SighashSingleWithoutOutput { .. } => "sighash-single-without-output",
            Self::SighashUnknown { .. } => "sighash-unknown",
            Self::SignatureInvalid { .. } => "signature-invalid",
            Self::FinalScriptsInvalid => "final-scripts-invalid",
            Self::FeeUnknown => "fee-unknown",
            Self::FeeTooHigh { .. } => "fee-too-high",
            Self::FeeRateTooHigh { .. } => "fee-rate-too-high",
            Self::TransactionTooHeavy { .. } => "transaction-too-heavy",
            Self::WorkExceeded { .. } => "work-exceeded",
            Self::RunFeesHigh { .. } => "run-fees-high",
            Self::DataOutputsLarge { .. } => "data-outputs-large",
            Self::IndexOutOfBounds { .. } => "index-out-of-bounds",
            Self::IndexNearBound { .. } => "index-near-bound",
            Self::CoinSpentTwice { .. } => "coin-spent-twice",
            Self::CoinAmountsDiffer { .. } => "coin-amounts-differ",
            Self::AddressLookalike { .. } => "address-lookalike",
            Self::AddressRepeated { .. } => "address-repeated",
            Self::PaymentRepeated { .. } => "payment-repeated",
            Self::PaymentSimilar { .. } => "payment-similar",
            Self::FeeShareHigh { .. } => "fee-share-high",
            Self::FeeBelowRelay { .. } => "fee-below-relay",
            Self::DustOutput { .. } => "dust-output",
            Self::SeveralChangeOutputs { .. } => "several-change-outputs",
            Self::ZeroValueOutput => "zero-value-output",
            Self::LockTimeFar { .. } => "lock-time-far",
            Self::RelativeLockFar { .. } => "relative-lock-far",
            Self::LockTimeIneffective { .. } => "lock-time-ineffective",
            Self::UnknownScript { .. } => "unknown-script",
            Self::DataOutputAmount { .. } => "data-output-amount",
            Self::DataOutput { .. } => "data-output",
            Self::UnknownFields { .. } => "unknown-fields",
            Self::AlreadySigned => "already-signed",
        }
    }

    /// Returns how much it weighs by default.
    pub fn severity(&self) -> Severity {
        match self {
            Self::FeeShareHigh { .. }
            | Self::FeeBelowRelay { .. }
            | Self::RunFeesHigh { .. }
            | Self::DataOutputsLarge { .. }
            | Self::DustOutput { .. }
            | Self::SeveralChangeOutputs { .. }
            | Self::AddressRepeated {
                first: Place::Output(_),
                ..
            }
            | Self::ZeroValueOutput
            | Self::LockTimeFar { .. }
            | Self::RelativeLockFar { .. }
            | Self::AddressLookalike { .. }
            | Self::PaymentSimilar { .. }
            | Self::UnknownScript { .. } => Severity::Warning,
            // Across transactions: every list of a payee who is paid often has it.
            Self::AddressRepeated { .. }
            | Self::AmountRemembered { .. }
            | Self::IndexNearBound { .. }
            | Self::LockTimeIneffective { .. }
            | Self::DataOutput { .. }
            | Self::UnknownFields { .. }
            | Self::AlreadySigned => Severity::Note,
            _ => Severity::Refusal,
        }
    }
}
