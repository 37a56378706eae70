//! What is checked of a signed PSBT before it is believed.

use bitcoin::consensus::encode;
use bitcoin::{Transaction, TxOut};
use cofferdam_core::psbt::{self, FinalizeError, Parsed};
use cofferdam_core::wallet::WalletId;
use cofferdam_transport::returned::{ReceiptFault, ReturnError};

use crate::store::payouts::TransactionRecord;

/// Why a signed PSBT was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It spends the coins of a transaction of the list, and pays something else.
    #[error("it spends the coins of transaction {number}, but pays other outputs")]
    OtherOutputs {
        /// The transaction's place in the list.
        number: u32,
    },
    /// It is a transaction of the list with another version, lock time or sequence.
    #[error(
        "it pays the outputs of transaction {number}, with other coins, sequences, lock time or version"
    )]
    OtherTerms {
        /// The transaction's place in the list.
        number: u32,
    },
    /// It has nothing to do with the list.
    #[error("its transaction {txid} is none of the list's")]
    Foreign {
        /// Its txid without signatures.
        txid: bitcoin::Txid,
    },
    /// The signatures are missing or wrong.
    #[error(transparent)]
    Signatures(#[from] FinalizeError),
    /// Consensus code does not accept an input.
    #[error("input {0} does not satisfy its coin's script")]
    Consensus(usize),
    /// Another file of the same run has the same transaction with other signatures.
    #[error("another file has the same transaction with other signatures")]
    SignedTwice,
    /// The ledger holds the same transaction with other signatures.
    #[error("transaction {number} was imported with other signatures before; those are kept")]
    OtherSignatures {
        /// The transaction's place in the list.
        number: u32,
    },
    /// The return is of another wallet.
    #[error(
        "it is the return of the wallet {found}, not of {expected}; take the list's own return"
    )]
    OtherWallet {
        /// The wallet of the list.
        expected: WalletId,
        /// The wallet of the return.
        found: WalletId,
    },
    /// The receipt does not count.
    #[error(transparent)]
    Receipt(#[from] ReceiptFault),
    /// The signatures do not make what the signer had.
    #[error(transparent)]
    Return(#[from] ReturnError),
    /// The transaction is in a state in which signatures are not taken.
    #[error("transaction {number} is {state}")]
    State {
        /// The transaction's place in the list.
        number: u32,
        /// Its state.
        state: &'static str,
    },
}

impl Reason {
    /// Returns the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::OtherOutputs { .. } => "other-outputs",
            Reason::OtherTerms { .. } => "other-terms",
            Reason::Foreign { .. } => "foreign-transaction",
            Reason::Signatures(FinalizeError::Unsigned(_)) => "unsigned",
            Reason::Signatures(FinalizeError::Signature { .. }) => "bad-signature",
            Reason::Signatures(_) => "bad-final-scripts",
            Reason::Consensus(_) => "consensus",
            Reason::SignedTwice | Reason::OtherSignatures { .. } => "other-signatures",
            Reason::OtherWallet { .. } => "other-wallet",
            Reason::Receipt(ReceiptFault::Missing) => "receipt-missing",
            Reason::Receipt(ReceiptFault::False) => "receipt-false",
            Reason::Return(_) => "return-mismatch",
            Reason::State { .. } => "wrong-state",
        }
    }
}

/// Finds the transaction of a list that a PSBT is for: the very same one, to the last field.
pub(super) fn matching<'a>(
    records: &'a [TransactionRecord],
    found: &Transaction,
) -> Result<&'a TransactionRecord, Reason> {
    if let Some(record) = records.iter().find(|record| record.unsigned == *found) {
        return Ok(record);
    }
    let coins = |transaction: &Transaction| -> Vec<_> {
        transaction
            .input
            .iter()
            .map(|input| input.previous_output)
            .collect()
    };
    for record in records {
        let number = record.number;
        if record.unsigned.output == found.output {
            return Err(Reason::OtherTerms { number });
        }
        if coins(&record.unsigned) == coins(found) {
            return Err(Reason::OtherOutputs { number });
        }
    }
    Err(Reason::Foreign {
        txid: found.compute_txid(),
    })
}

/// Builds the signed transaction and verifies it against the coins as the ledger knows them: each
/// signature, and then each input once more by Bitcoin Core's consensus code.
pub(super) fn signed(parsed: &Parsed, coins: &[TxOut]) -> Result<Transaction, Reason> {
    let transaction = psbt::finalize(parsed, coins)?;
    let bytes = encode::serialize(&transaction);
    let flags = bitcoinconsensus::VERIFY_ALL_PRE_TAPROOT | bitcoinconsensus::VERIFY_TAPROOT;
    let spent: Vec<bitcoinconsensus::Utxo> = coins
        .iter()
        .map(|coin| bitcoinconsensus::Utxo {
            script_pubkey: coin.script_pubkey.as_bytes().as_ptr(),
            script_pubkey_len: coin.script_pubkey.len() as u32,
            value: coin.value.to_sat() as i64,
        })
        .collect();
    for (index, coin) in coins.iter().enumerate() {
        bitcoinconsensus::verify_with_flags(
            coin.script_pubkey.as_bytes(),
            coin.value.to_sat(),
            &bytes,
            Some(&spent),
            index,
            flags,
        )
        .map_err(|_| Reason::Consensus(index))?;
    }
    Ok(transaction)
}
