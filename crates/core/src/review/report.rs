//! The review as screens and `--json` show it. Everything in it is computed; nothing is copied from
//! a PSBT unexamined.

use bitcoin::{Amount, OutPoint, Txid};
use serde::{Deserialize, Serialize};

use super::fee::Fee;
use super::finding::{FindingReport, MoreFindings, Severity, list};
use super::known_amount;
use crate::Network;
use crate::wallet::{Branch, WalletId, WalletName};

/// What a transaction does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The txid of the transaction without signatures.
    pub unsigned_txid: Txid,
    /// The PSBT's version: 0 or 2.
    pub psbt_version: u32,
    /// The transaction's version.
    pub transaction_version: i32,
    /// The network of the wallet; none when no input is ours.
    pub network: Option<Network>,
    /// The wallet that owns the inputs; none when no input is ours.
    pub wallet: Option<WalletReport>,
    /// The inputs, in order.
    pub inputs: Vec<InputReport>,
    /// The outputs, in order.
    pub outputs: Vec<OutputReport>,
    /// Sums over inputs and outputs.
    pub totals: Totals,
    /// The fee; none when an amount is not known or the sums make no sense.
    pub fee: Option<Fee>,
    /// When the transaction becomes valid.
    pub lock_time: LockTimeReport,
    /// Whether the transaction signals that it may be replaced (BIP125).
    pub replaceable: bool,
    /// What the rules found: refusals first, then warnings, then notes; of each code the first few.
    pub findings: Vec<FindingReport>,
    /// What they found besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_findings: Vec<MoreFindings>,
    /// The inputs and outputs that there are, where the two lists were left empty: the transaction
    /// was refused before they were looked at, or there is more than is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_shown: Option<NotShown>,
}

/// Inputs and outputs that are there and not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotShown {
    /// How many inputs there are.
    pub inputs: usize,
    /// How many outputs there are.
    pub outputs: usize,
}

impl Report {
    /// Leaves of the findings the first few of each code, and counts the others.
    pub fn list_findings(&mut self) {
        list(&mut self.findings, &mut self.more_findings, |finding| {
            finding
        });
    }

    /// Leaves inputs, outputs and findings out, where there is more than is shown. What they are is
    /// told for the run.
    pub fn leave_out(&mut self) {
        self.not_shown.get_or_insert(NotShown {
            inputs: self.inputs.len(),
            outputs: self.outputs.len(),
        });
        self.inputs = Vec::new();
        self.outputs = Vec::new();
        self.findings = Vec::new();
        self.more_findings = Vec::new();
    }

    /// Returns whether a rule refuses the transaction.
    pub fn has_refusal(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Refusal)
    }
}

/// A wallet's name and identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletReport {
    /// Its name in the vault.
    pub name: WalletName,
    /// Its id.
    pub id: WalletId,
}

/// Where a script stands in one of our wallets, by our own derivation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerReport {
    /// The wallet's name.
    pub wallet: WalletName,
    /// The branch.
    pub branch: Branch,
    /// The index.
    pub index: u32,
}

/// How an input's amount is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AmountProof {
    /// By the previous transaction, whose txid is that of the outpoint.
    PreviousTransaction,
    /// By the signature itself, which covers the amounts and scripts of all inputs (BIP341): if
    /// they are false, the signature is worthless.
    TaprootSighash,
    /// By nothing but the PSBT: the vault remembers which amounts it signed, and signs no other for
    /// the coin ([`AmountRule::Remembered`](super::AmountRule::Remembered)).
    Remembered,
}

/// An input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputReport {
    /// The coin that is spent.
    pub outpoint: OutPoint,
    /// Its amount; none when the PSBT does not say.
    #[serde(rename = "amount_sat", with = "known_amount")]
    pub amount: Option<Amount>,
    /// How the amount is known; none when it is only claimed.
    pub proof: Option<AmountProof>,
    /// Its address; none when it is not known or has none.
    pub address: Option<String>,
    /// Where it stands in our wallets; none when it is not ours.
    pub owner: Option<OwnerReport>,
    /// The relative lock time in words (BIP68); none when there is none.
    pub relative_lock: Option<String>,
}

/// What an output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputClass {
    /// Pays somebody else, or another of our wallets.
    Payment,
    /// Comes back to the wallet's change branch.
    Change,
    /// Comes back to the wallet's receive branch.
    SelfTransfer,
    /// Carries data (OP_RETURN); its amount is lost.
    Data,
    /// Pays a script that has no address, or a witness version without rules yet.
    Unknown,
}

/// An output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputReport {
    /// The amount.
    #[serde(rename = "amount_sat", with = "bitcoin::amount::serde::as_sat")]
    pub amount: Amount,
    /// What it is for.
    pub class: OutputClass,
    /// The address; none when the script has none.
    pub address: Option<String>,
    /// The script in hexadecimal.
    pub script: String,
    /// Where it stands in our wallets; none when it is not ours.
    pub owner: Option<OwnerReport>,
    /// What a data output carries.
    pub data: Option<DataReport>,
}

/// The bytes of a data output, all that follow OP_RETURN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataReport {
    /// In hexadecimal.
    pub hex: String,
    /// What is pushed, as text, exact: whoever shows it has to [neutralise](crate::sanitize) it;
    /// none where it is not UTF-8.
    pub text: Option<String>,
}

/// Sums of a transaction, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// All inputs; none when an amount is not known or the sum is out of range.
    #[serde(rename = "inputs_sat", with = "known_amount")]
    pub inputs: Option<Amount>,
    /// All outputs; none when the sum is out of range.
    #[serde(rename = "outputs_sat", with = "known_amount")]
    pub outputs: Option<Amount>,
    /// What leaves the wallet without the fee: payments, data and unknown scripts; none when the
    /// sum is out of range.
    #[serde(rename = "leaves_sat", with = "known_amount")]
    pub leaves: Option<Amount>,
    /// Outputs that leave the wallet.
    pub payments: usize,
    /// What comes back to the change branch; none when the sum is out of range.
    #[serde(rename = "change_sat", with = "known_amount")]
    pub change: Option<Amount>,
    /// What comes back to the receive branch; none when the sum is out of range.
    #[serde(rename = "self_transfer_sat", with = "known_amount")]
    pub self_transfer: Option<Amount>,
    /// The fee; none when it is not known.
    #[serde(rename = "fee_sat", with = "known_amount")]
    pub fee: Option<Amount>,
}

/// When a transaction becomes valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockTimeReport {
    /// The number in the transaction.
    pub value: u32,
    /// What it means.
    pub words: String,
}
