//! The previous transactions of a bundle, each once.

use std::collections::HashMap;

use bitcoin::consensus::{deserialize, serialize};
use bitcoin::{OutPoint, Transaction, TxOut, Txid};

use super::BundleError;

/// The most previous transactions: 10 runs of 10,000 inputs that each spend another one.
pub(super) const MAX: usize = 100_000;

/// Previous transactions by txid. The txid is computed, never believed.
#[derive(Default)]
pub(super) struct PreviousTransactions {
    by_txid: HashMap<Txid, usize>,
    known: Vec<Known>,
}

struct Known {
    txid: Txid,
    bytes: Vec<u8>,
    outputs: Vec<TxOut>,
    used: bool,
}

impl PreviousTransactions {
    /// Reads those of a bundle.
    pub(super) fn read(transactions: &[Vec<u8>]) -> Result<Self, BundleError> {
        let mut read = PreviousTransactions::default();
        for (index, bytes) in transactions.iter().enumerate() {
            let transaction = deserialize(bytes).map_err(|_| BundleError::Previous(index))?;
            read.insert(transaction, bytes)
                .map_err(BundleError::PreviousTwice)?;
        }
        Ok(read)
    }

    /// Offers what a PSBT gives as the previous transaction of a coin; returns whether these very bytes are now known.
    pub(super) fn offer(&mut self, outpoint: OutPoint, bytes: &[u8]) -> bool {
        if let Some(known) = self.get(outpoint) {
            return known.bytes == bytes;
        }
        match deserialize::<Transaction>(bytes) {
            Ok(transaction) if self.known.len() < MAX && transaction.compute_txid() == outpoint.txid => {
                self.insert(transaction, bytes).is_ok()
            }
            _ => false,
        }
    }

    /// Returns the coin, serialised.
    pub(super) fn coin(&self, outpoint: OutPoint) -> Option<Vec<u8>> {
        let index = usize::try_from(outpoint.vout).ok()?;
        self.get(outpoint)?.outputs.get(index).map(serialize)
    }

    /// Returns the bytes of the transaction that made a coin, and notes that they are needed.
    pub(super) fn used(&mut self, outpoint: OutPoint) -> Option<&[u8]> {
        let index = *self.by_txid.get(&outpoint.txid)?;
        let known = self.known.get_mut(index)?;
        known.used = true;
        Some(&known.bytes)
    }

    /// Returns a transaction that nothing needed.
    pub(super) fn unused(&self) -> Option<Txid> {
        self.known
            .iter()
            .find(|known| !known.used)
            .map(|known| known.txid)
    }

    /// Returns the bytes, in the order in which they came.
    pub(super) fn into_bytes(self) -> Vec<Vec<u8>> {
        self.known.into_iter().map(|known| known.bytes).collect()
    }

    fn get(&self, outpoint: OutPoint) -> Option<&Known> {
        self.by_txid
            .get(&outpoint.txid)
            .and_then(|index| self.known.get(*index))
    }

    /// Inserts a transaction, unless it is known; fails with its txid then.
    fn insert(&mut self, transaction: Transaction, bytes: &[u8]) -> Result<(), Txid> {
        let txid = transaction.compute_txid();
        if self.by_txid.insert(txid, self.known.len()).is_some() {
            return Err(txid);
        }
        self.known.push(Known {
            txid,
            bytes: bytes.to_vec(),
            outputs: transaction.output,
            used: false,
        });
        Ok(())
    }
}
