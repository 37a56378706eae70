//! The previous transactions of a bundle, each once.

use std::borrow::Cow;
use std::collections::HashMap;

use bitcoin::consensus::serialize;
use bitcoin::{OutPoint, Txid};
use cofferdam_core::psbt::TransactionIndex;

use super::BundleError;

/// The most previous transactions: 10 runs of 10,000 inputs that each spend another one.
pub(super) const MAX: usize = 100_000;

/// Previous transactions by txid. The txid is computed, never believed.
#[derive(Default)]
pub(super) struct PreviousTransactions<'a> {
    by_txid: HashMap<Txid, usize>,
    known: Vec<Known<'a>>,
}

struct Known<'a> {
    bytes: Cow<'a, [u8]>,
    index: TransactionIndex,
    used: bool,
}

impl<'a> PreviousTransactions<'a> {
    /// Reads those of a bundle, where they are.
    pub(super) fn read(transactions: &'a [Vec<u8>]) -> Result<Self, BundleError> {
        let mut read = PreviousTransactions::default();
        for (number, bytes) in transactions.iter().enumerate() {
            let index = TransactionIndex::read(bytes).map_err(|_| BundleError::Previous(number))?;
            read.insert(index, Cow::Borrowed(bytes))
                .map_err(BundleError::PreviousTwice)?;
        }
        Ok(read)
    }

    /// Offers what a PSBT gives as the previous transaction of a coin; returns whether these very
    /// bytes are now known.
    pub(super) fn offer(&mut self, outpoint: OutPoint, bytes: &[u8]) -> bool {
        if let Some(known) = self.get(outpoint) {
            return known.bytes == bytes;
        }
        match TransactionIndex::read(bytes) {
            Ok(index) if self.known.len() < MAX && index.txid() == outpoint.txid => {
                self.insert(index, Cow::Owned(bytes.to_vec())).is_ok()
            }
            _ => false,
        }
    }

    /// Returns the coin, serialised.
    pub(super) fn coin(&self, outpoint: OutPoint) -> Option<Vec<u8>> {
        let known = self.get(outpoint)?;
        let coin = known.index.output(&known.bytes, outpoint.vout)?;
        Some(serialize(&coin))
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
            .map(|known| known.index.txid())
    }

    /// Returns the bytes, in the order in which they came.
    pub(super) fn into_bytes(self) -> Vec<Vec<u8>> {
        self.known
            .into_iter()
            .map(|known| known.bytes.into_owned())
            .collect()
    }

    fn get(&self, outpoint: OutPoint) -> Option<&Known<'a>> {
        self.by_txid
            .get(&outpoint.txid)
            .and_then(|index| self.known.get(*index))
    }

    /// Inserts a transaction, unless it is known; fails with its txid then.
    fn insert(&mut self, index: TransactionIndex, bytes: Cow<'a, [u8]>) -> Result<(), Txid> {
        let txid = index.txid();
        if self.by_txid.insert(txid, self.known.len()).is_some() {
            return Err(txid);
        }
        self.known.push(Known {
            bytes,
            index,
            used: false,
        });
        Ok(())
    }
}
