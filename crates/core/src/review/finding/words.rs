//! What a finding says: what was expected and found, the cause, and the remedy.

use std::fmt;

use bitcoin::absolute::LockTime;
use bitcoin::bip32::KeySource;
use bitcoin::{Amount, TxOut, relative};

use super::{DerivationFault, FindingKind};
use crate::review::budget::Exceeded;
use crate::review::utc::utc;

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
            Self::FalseDerivation { source, fault } => {
                let expected = match fault {
                    DerivationFault::UnknownPath => "a path into a wallet of this vault",
                    DerivationFault::KeyDiffers => "the key that the wallet derives there",
                    DerivationFault::ScriptDiffers => "the script that the wallet derives there",
                };
                both(&expected, &origin(source))
            }
            Self::ScriptFieldDiffers { field } => both(&"what the wallet derives", field),
            Self::SeveralWallets { expected, found } => both(expected, found),
            Self::WrongNetwork { expected, mainnet } => both(
                expected,
                if *mainnet {
                    &"mainnet"
                } else {
                    &"a test network"
                },
            ),
            Self::DuplicateOutpoint { outpoint, .. } => both(&"every coin once", outpoint),
            Self::AmountOutOfRange { found } => both(&sat(Amount::MAX_MONEY), &sat(*found)),
            Self::SumOutOfRange { side } => {
                both(&sat(Amount::MAX_MONEY), &format!("more, in the {side}"))
            }
            Self::OutputsExceedInputs { inputs, outputs } => both(&sat(*inputs), &sat(*outputs)),
            Self::TransactionVersion { found } => both(&"1, 2 or 3", found),
            Self::SighashNotAll { found } | Self::SighashUnknown { found } => {
                both(&"ALL (0x01)", &format!("{found:#04x}"))
            }
            Self::SighashSingleWithoutOutput { found, outputs } => both(
                &"ALL (0x01)",
                &format!("{found:#04x} with {outputs} outputs"),
            ),
            Self::SignatureInvalid { fault } => both(&"a valid signature", fault),
            Self::FeeTooHigh { limit, found } => both(&sat(*limit), &sat(*found)),
            Self::FeeRateTooHigh { limit, found } | Self::FeeBelowRelay { limit, found } => {
                both(&format!("{limit} sat/kvB"), &format!("{found} sat/kvB"))
            }
            Self::TransactionTooHeavy { limit, found } => both(
                &format!("at most {limit} weight units"),
                &format!("{found} weight units"),
            ),
            Self::WorkExceeded {
                exceeded: Exceeded { work, limit },
            } => both(&format!("at most {limit} {work}"), &"more"),
            Self::RunFeesHigh {
                limit,
                found,
                paid,
                transactions,
            } => both(
                &format!(
                    "at most {}, as {} are paid to others",
                    sat(*limit),
                    sat(*paid)
                ),
                &format!("{} in {transactions} transactions", sat(*found)),
            ),
            Self::DataOutputsLarge { data, vsize, fee } => found(&format!(
                "{data} of {vsize} vB, and {} of the fee",
                sat(*fee)
            )),
            Self::IndexOutOfBounds { limit, found, .. }
            | Self::IndexNearBound { limit, found, .. } => both(&format!("at most {limit}"), found),
            Self::CoinSpentTwice { outpoint, .. } => {
                both(&"every coin in one transaction", outpoint)
            }
            Self::CoinAmountsDiffer { first, found, .. } => both(&coin(first), &coin(found)),
            Self::AddressLookalike { known, found } => both(known, found),
            Self::AddressRepeated { address, .. } => both(&"every address once", address),
            Self::PaymentRepeated { amount, .. } => both(&"every payment once", &sat(*amount)),
            Self::PaymentSimilar {
                amount,
                other_amount,
                ..
            } => both(
                &format!("no payment like {}", sat(*other_amount)),
                &sat(*amount),
            ),
            Self::FeeShareHigh { limit, found, .. } => {
                let found = found.map_or("nothing leaves the wallet".into(), |share| {
                    format!("{share} per mille")
                });
                both(&format!("at most {limit} per mille"), &found)
            }
            Self::DustOutput { limit, found } => {
                both(&format!("at least {}", sat(*limit)), &sat(*found))
            }
            Self::SeveralChangeOutputs { found } => both(&"at most 1", found),
            Self::ZeroValueOutput => both(&"at least 1 sat", &sat(Amount::ZERO)),
            Self::LockTimeFar { limit, found } => {
                both(&format!("at most {}", lock(*limit)), &lock(*found))
            }
            Self::RelativeLockFar { limit, found } => both(
                &format!("at most {}", relative_lock(*limit)),
                &relative_lock(*found),
            ),
            Self::LockTimeIneffective { found: value } => found(&lock(*value)),
            Self::UnknownScript { what } => found(what),
            Self::DataOutputAmount { found } => both(&sat(Amount::ZERO), &sat(*found)),
            Self::DataOutput { bytes } => found(&format!("{bytes} bytes")),
            Self::UnknownFields { keys, .. } => found(&keys.join(" ")),
            Self::UtxoMissing => both(&"a previous transaction or a witness UTXO", &"neither"),
            Self::PreviousTransactionMissing | Self::ForeignAmountUnproven => {
                both(&"the previous transaction", &"no proof of the amount")
            }
            Self::ForeignWallet => both(&"an input of a wallet of this vault", &"none"),
            Self::ForeignInput => both(&"inputs of one wallet of this vault", &"an input of none"),
            Self::FinalScriptsInvalid => both(
                &"scripts of the form that the coin asks for",
                &"another form",
            ),
            Self::FeeUnknown => both(&"every amount proven", &"an amount that is not"),
            Self::AlreadySigned => found(&"a valid signature"),
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
            Self::TransactionVersion { .. } => f.write_str(
                "the transaction's version has no meaning here, and nodes do not relay it; plan the transaction again",
            ),
            Self::SighashSingleWithoutOutput { .. } => f.write_str(
                "the signature would cover no output, as the input has none of its number: whoever has it can take the \
                 coin, and for a legacy coin others of the same key too; do not sign, and distrust where the PSBT came from",
            ),
            Self::SighashUnknown { .. } => f.write_str(
                "the sighash type has no meaning, so nobody can say what the signature covers; export the PSBT with \
                 sighash ALL",
            ),
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
            Self::TransactionTooHeavy { .. } => f.write_str(
                "nodes do not relay a transaction of this weight, and nothing else of it was looked at; split the payout \
                 over several transactions",
            ),
            Self::WorkExceeded { .. } => f.write_str(
                "the review would take more work than is spent on one run, and was not finished; sign fewer transactions \
                 at a time, and distrust where they came from if they are few",
            ),
            Self::RunFeesHigh { .. } => f.write_str(
                "the fees of the run together are above the bound, though each alone is not; check that this is meant",
            ),
            Self::DataOutputsLarge { .. } => f.write_str(
                "data takes a large part of the transaction and of its fee, and counts a tenth in the bound of the fee rate; \
                 check that it is meant",
            ),
            Self::IndexOutOfBounds {
                wallet,
                branch,
                found,
                ..
            } => write!(
                f,
                "the {branch} index is so far out that the wallet might not find the coin again; if the watcher says that \
                 the wallet has come that far, type `wallet mark-used {wallet} {branch} {found}`"
            ),
            Self::IndexNearBound {
                wallet,
                branch,
                limit,
                found,
            } => write!(
                f,
                "beyond {branch} index {limit} outputs of this wallet are refused; if the watcher says that the wallet has \
                 come that far, type `wallet mark-used {wallet} {branch} {found}`"
            ),
            Self::CoinSpentTwice { other, .. } => write!(
                f,
                "transaction {other} of this run spends the same coin, so only one of them can confirm; sign one of them"
            ),
            Self::CoinAmountsDiffer { outpoint, .. } => write!(
                f,
                "the coin {outpoint} has one amount and one script, and this run tells two: signing both would burn money as \
                 fee; do not sign, and distrust where the PSBTs came from"
            ),
            Self::AddressLookalike { .. } => f.write_str(
                "the address begins and ends like one that is known, and is another: somebody may want it taken for that \
                 one; accept it only after comparing the whole address with what the payee told you another way",
            ),
            Self::AddressRepeated { first, .. } => write!(
                f,
                "{first} pays the same address; check that this is meant and not one payment twice"
            ),
            Self::PaymentRepeated { other, .. } => write!(
                f,
                "transaction {other} of this run makes the same payment over other coins, so it would be paid twice; sign \
                 one of them"
            ),
            Self::PaymentSimilar { other, .. } => write!(
                f,
                "transaction {other} of this run pays nearly as much to the same address over other coins, and both can \
                 confirm; accept it only if both are owed"
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
            Self::ZeroValueOutput => {
                f.write_str("the output pays nothing; check that it is meant, or leave it out")
            }
            Self::LockTimeFar { .. } => f.write_str(
                "the transaction becomes valid only in more than 30 days, and its coins are bound until then; check that \
                 this is meant",
            ),
            Self::RelativeLockFar { .. } => f.write_str(
                "the input becomes valid only more than 30 days after its coin confirmed; check that this is meant",
            ),
            Self::LockTimeIneffective { .. } => f.write_str(
                "the lock time has no effect, as every sequence number is final: the transaction is valid at once",
            ),
            Self::UnknownScript { what } => write!(
                f,
                "the script is {what}: it has no address, or no rules yet; check that the recipient can spend it"
            ),
            Self::DataOutputAmount { .. } => f.write_str(
                "the output carries data, so that nobody can ever spend what it is given; plan it with 0",
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

fn lock(lock: LockTime) -> String {
    match lock {
        LockTime::Blocks(height) => format!("block {height}"),
        LockTime::Seconds(time) => utc(time.to_consensus_u32()),
    }
}

fn relative_lock(lock: relative::LockTime) -> String {
    match lock {
        relative::LockTime::Blocks(height) => format!("{} blocks", height.value()),
        relative::LockTime::Time(time) => format!("{} seconds", u32::from(time.value()) * 512),
    }
}
