//! What a finding says: what was expected and found, the cause, and the remedy.

use std::fmt;

use bitcoin::bip32::KeySource;
use bitcoin::{Amount, TxOut};

use super::{DerivationFault, FindingKind};

impl FindingKind {
    /// Returns what was expected and what was found, where there are such values.
    pub(super) fn comparison(&self) -> (Option<String>, Option<String>) {
        let both = |expected: &dyn ToString, found: &dyn ToString| {
            (Some(expected.to_string()), Some(found.to_string()))
        };
        let found = |found: &dyn ToString| (None, Some(found.to_string()));
        match self {
            Self::AmountRemembered { amount } => found(&sat(*amount)),
            Self::PreviousTxidMismatch { expected, found } => both(expected, found),
            Self::OutputIndexOutOfRange { outputs, found } => {
                both(&format!("below {outputs}"), &format!("{found}"))
            }
            Self::UtxoFieldsDiffer { previous, claimed } => both(&coin(previous), &coin(claimed)),
            Self::FalseDerivation { source, .. } => found(&origin(source)),
            Self::ScriptFieldDiffers { field } => found(field),
            Self::SeveralWallets { expected, found } => both(expected, found),
            Self::WrongNetwork { expected, mainnet } => {
                both(expected, if *mainnet { &"mainnet" } else { &"a test network" })
            }
            Self::DuplicateOutpoint { outpoint, .. } => found(outpoint),
            Self::AmountOutOfRange { found } => both(&sat(Amount::MAX_MONEY), &sat(*found)),
            Self::SumOutOfRange { side } => found(side),
            Self::OutputsExceedInputs { inputs, outputs } => both(&sat(*inputs), &sat(*outputs)),
            Self::SighashNotAll { found } => both(&"ALL (0x01)", &format!("{found:#04x}")),
            Self::SignatureInvalid { fault } => found(fault),
            Self::FeeTooHigh { limit, found } => both(&sat(*limit), &sat(*found)),
            Self::FeeRateTooHigh { limit, found } | Self::FeeBelowRelay { limit, found } => {
                both(&format!("{limit} sat/kvB"), &format!("{found} sat/kvB"))
            }
            Self::IndexOutOfBounds { limit, found, .. } => both(&format!("at most {limit}"), found),
            Self::CoinSpentTwice { outpoint, .. } => found(outpoint),
            Self::PaymentRepeated { amount, .. } => found(&sat(*amount)),
            Self::FeeShareHigh { limit, found, .. } => {
                let found = found.map_or("nothing leaves the wallet".into(), |share| {
                    format!("{share} per mille")
                });
                both(&format!("at most {limit} per mille"), &found)
            }
            Self::DustOutput { limit, found } => both(&format!("at least {}", sat(*limit)), &sat(*found)),
            Self::SeveralChangeOutputs { found } => both(&"at most 1", found),
            Self::DataOutput { bytes } => found(&format!("{bytes} bytes")),
            Self::UnknownFields { keys, .. } => found(&keys.join(" ")),
            Self::UtxoMissing
            | Self::PreviousTransactionMissing
            | Self::ForeignAmountUnproven
            | Self::ForeignWallet
            | Self::ForeignInput
            | Self::FinalScriptsInvalid
            | Self::FeeUnknown
            | Self::UnknownScript
            | Self::AlreadySigned => (None, None),
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UtxoMissing => f.write_str(
                "the PSBT does not say which coin is spent, so its amount is unknown; export it with previous transactions",
            ),
            Self::PreviousTransactionMissing => f.write_str(
                "without the previous transaction the amount is only claimed, and a false one would burn money as fee; \
                 export the PSBT with previous transactions",
            ),
            Self::AmountRemembered { .. } => f.write_str(
                "no previous transaction proves the amount; it counts as the PSBT tells it, as the policy says so and the \
                 vault remembers every amount that it signs",
            ),
            Self::ForeignAmountUnproven => f.write_str(
                "nothing proves what this input, which is not ours, is worth, so the fee is not known; export the PSBT with \
                 its previous transaction",
            ),
            Self::PreviousTxidMismatch { .. } => f.write_str(
                "the previous transaction is not the one that is spent, so it proves nothing; export the PSBT again, and \
                 distrust where it came from",
            ),
            Self::OutputIndexOutOfRange { .. } => f.write_str(
                "the previous transaction has no such output; export the PSBT again, and distrust where it came from",
            ),
            Self::UtxoFieldsDiffer { .. } => f.write_str(
                "the previous transaction and the witness UTXO contradict each other; export the PSBT again, and distrust \
                 where it came from",
            ),
            Self::FalseDerivation { fault, .. } => f.write_str(match fault {
                DerivationFault::UnknownPath => {
                    "the derivation has the vault's fingerprint, but leads into none of its wallets; register that \
                     wallet, or distrust where the PSBT came from"
                }
                DerivationFault::KeyDiffers => {
                    "the derivation leads into the wallet, but its key is not the wallet's; somebody forged it: do not \
                     sign, and distrust where the PSBT came from"
                }
                DerivationFault::ScriptDiffers => {
                    "the derivation leads into the wallet, but the script is not the wallet's; somebody forged it: do \
                     not sign, and distrust where the PSBT came from"
                }
            }),
            Self::ScriptFieldDiffers { field } => write!(
                f,
                "the field {field} contradicts what the wallet derives; export the PSBT again, and distrust where it came \
                 from"
            ),
            Self::ForeignWallet => {
                f.write_str("no input belongs to a wallet of this vault; sign it with the vault that owns the coins")
            }
            Self::ForeignInput => f.write_str(
                "this input belongs to no wallet of this vault, and transactions with others' coins are not signed; spend \
                 coins of one wallet only",
            ),
            Self::SeveralWallets { .. } => f.write_str(
                "inputs belong to several wallets, which would mix their money; make one transaction for each wallet",
            ),
            Self::WrongNetwork { .. } => f.write_str(
                "the keys are for another network than the wallet; export the PSBT from the wallet of the right network",
            ),
            Self::DuplicateOutpoint { first, .. } => write!(
                f,
                "the coin is already spent by input {first}, so no node would accept the transaction; plan it again"
            ),
            Self::AmountOutOfRange { .. } => f.write_str(
                "the amount is more than the 21 million bitcoin that can exist; distrust where the PSBT came from",
            ),
            Self::SumOutOfRange { side } => write!(
                f,
                "the {side} add up to more than the 21 million bitcoin that can exist; distrust where the PSBT came from"
            ),
            Self::OutputsExceedInputs { .. } => {
                f.write_str("the outputs are worth more than the inputs; plan the transaction again")
            }
            Self::SighashNotAll { .. } => f.write_str(
                "the signature would not cover the whole transaction, so others could change it; export the PSBT with \
                 sighash ALL",
            ),
            Self::SignatureInvalid { fault } => {
                write!(f, "a signature in the PSBT does not count: {fault}; sign the original PSBT")
            }
            Self::FinalScriptsInvalid => f.write_str(
                "the final scripts do not have the form that the coin asks for; sign the original PSBT",
            ),
            Self::FeeUnknown => f.write_str(
                "the fee cannot be computed, so anything could be lost to it; export the PSBT with every input's coin",
            ),
            Self::FeeTooHigh { .. } => {
                f.write_str("the fee is above the bound; plan the transaction with a lower fee")
            }
            Self::FeeRateTooHigh { .. } => {
                f.write_str("the fee rate is above the bound; plan the transaction with a lower fee rate")
            }
            Self::IndexOutOfBounds { branch, .. } => write!(
                f,
                "the {branch} index is so far out that the wallet might not find the coin again; if the wallet has come \
                 that far, say so with `wallet seen`"
            ),
            Self::CoinSpentTwice { other, .. } => write!(
                f,
                "transaction {other} of this run spends the same coin, so only one of them can confirm; sign one of them"
            ),
            Self::PaymentRepeated { other, .. } => write!(
                f,
                "transaction {other} of this run makes the same payment over other coins, so it would be paid twice; sign \
                 one of them"
            ),
            Self::FeeShareHigh { fee, .. } => write!(
                f,
                "the fee of {} is a great share of what leaves the wallet; check that it is meant",
                sat(*fee)
            ),
            Self::FeeBelowRelay { .. } => {
                f.write_str("nodes do not relay so low a fee rate; plan the transaction with a higher one")
            }
            Self::DustOutput { .. } => f.write_str(
                "the output is dust: nodes do not relay it, and spending it costs more than it holds; pay more or leave \
                 it out",
            ),
            Self::SeveralChangeOutputs { .. } => {
                f.write_str("more than one output goes to the change branch; check that this is meant")
            }
            Self::UnknownScript => f.write_str(
                "the script has no address, or a witness version that has no rules yet; check that the recipient can \
                 spend it",
            ),
            Self::DataOutput { .. } => f.write_str("the output carries data, public for ever"),
            Self::UnknownFields { count, .. } => {
                write!(f, "{count} unknown or proprietary fields are kept and have no effect here")
            }
            Self::AlreadySigned => f.write_str("the input already has a valid signature"),
        }
    }
}

fn sat(amount: Amount) -> String {
    format!("{} sat", amount.to_sat())
}

fn coin(coin: &TxOut) -> String {
    format!("{} to script {:x}", sat(coin.value), coin.script_pubkey)
}

fn origin(source: &KeySource) -> String {
    format!("[{}/{}]", source.0, source.1)
}
