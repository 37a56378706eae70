//! A PSBT without what the bundle's previous transactions say already.
//!
//! A field that is left out keeps its place in the map, with an empty value: no previous
//! transaction and no coin is ever empty, so that nothing is ambiguous, and the order of the pairs
//! comes back by itself.

use std::convert::Infallible;

use bitcoin::Txid;
use cofferdam_core::psbt::fields::input;
use cofferdam_core::psbt::{Limits, MapName, PsbtError, RawMap, RawPair, RawPsbt};
use minicbor::encode::{Encoder, Error as EncodeError};
use sha2::{Digest as _, Sha256};

use super::BundleError;
use super::previous::PreviousTransactions;
use crate::envelope::{EnvelopeError, Reader};

/// One PSBT of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeanPsbt {
    /// The SHA-256 of the whole PSBT in binary.
    sha256: [u8; 32],
    /// The PSBT in binary, with empty values for what is left out.
    bytes: Vec<u8>,
}

impl LeanPsbt {
    /// Leaves out of a binary PSBT what is a previous transaction or follows from one. What does
    /// not fit its coin stays. Returns the unsigned txid, too.
    pub(super) fn of(
        binary: &[u8],
        previous: &mut PreviousTransactions<'_>,
    ) -> Result<(Txid, Self), PsbtError> {
        let (mut raw, unsigned_tx) = RawPsbt::parse(binary, &Limits::DEFAULT)?;
        for (index, (map, tx_in)) in raw.inputs.iter_mut().zip(&unsigned_tx.input).enumerate() {
            refuse_empty(map, MapName::Input(index))?;
            let outpoint = tx_in.previous_output;
            let Some(transaction) = plain(map, input::NON_WITNESS_UTXO) else {
                continue;
            };
            if !previous.offer(outpoint, &transaction.value) {
                continue;
            }
            transaction.value = Vec::new();
            if let Some(coin) = plain(map, input::WITNESS_UTXO)
                && previous.coin(outpoint).as_ref() == Some(&coin.value)
            {
                coin.value = Vec::new();
            }
        }
        let lean = LeanPsbt {
            sha256: Sha256::digest(binary).into(),
            bytes: raw.to_bytes(),
        };
        Ok((unsigned_tx.compute_txid(), lean))
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, EnvelopeError> {
        reader.tuple(2)?;
        Ok(LeanPsbt {
            sha256: reader.fixed()?,
            bytes: reader.bytes()?.to_vec(),
        })
    }

    pub(super) fn write(
        &self,
        encoder: &mut Encoder<Vec<u8>>,
    ) -> Result<(), EncodeError<Infallible>> {
        encoder
            .array(2)?
            .bytes(&self.sha256)?
            .bytes(&self.bytes)?
            .ok()
    }

    /// Puts back what was left out, within `limit` bytes, and proves the result by its hash.
    /// Returns the unsigned txid too.
    pub(super) fn rebuild(
        &self,
        index: usize,
        previous: &mut PreviousTransactions<'_>,
        limit: usize,
    ) -> Result<(Txid, Vec<u8>), BundleError> {
        let limits = Limits::DEFAULT;
        let malformed = |error| BundleError::Psbt { index, error };
        let (mut raw, unsigned_tx) = RawPsbt::parse(&self.bytes, &limits).map_err(malformed)?;
        // A previous transaction that many inputs name multiplies: it is counted before it is
        // copied.
        let mut size = self.bytes.len();
        let mut grow = |by: usize| {
            size = size.saturating_add(by);
            match size {
                size if size > limit => Err(BundleError::Rebuilt),
                size if size > limits.bytes => Err(malformed(PsbtError::TooLarge {
                    found: size,
                    limit: limits.bytes,
                })),
                _ => Ok(()),
            }
        };
        for (map, tx_in) in raw.inputs.iter_mut().zip(&unsigned_tx.input) {
            let outpoint = tx_in.previous_output;
            let Some(transaction) = left_out(map, input::NON_WITNESS_UTXO) else {
                continue;
            };
            let missing = || BundleError::PreviousMissing { index, outpoint };
            let bytes = previous.used(outpoint).ok_or_else(missing)?;
            grow(bytes.len())?;
            transaction.value = bytes.to_vec();
            if let Some(coin) = left_out(map, input::WITNESS_UTXO) {
                let bytes = previous.coin(outpoint).ok_or_else(missing)?;
                grow(bytes.len())?;
                coin.value = bytes;
            }
        }
        let binary = raw.to_bytes();
        match <[u8; 32]>::from(Sha256::digest(&binary)) == self.sha256 && binary.len() <= limit {
            true => Ok((unsigned_tx.compute_txid(), binary)),
            false => Err(BundleError::NotAsSent(index)),
        }
    }
}

/// An empty value says that it is left out.
fn refuse_empty(map: &mut RawMap, name: MapName) -> Result<(), PsbtError> {
    for (key_type, field) in [
        (input::NON_WITNESS_UTXO, "PSBT_IN_NON_WITNESS_UTXO"),
        (input::WITNESS_UTXO, "PSBT_IN_WITNESS_UTXO"),
    ] {
        if left_out(map, key_type).is_some() {
            return Err(PsbtError::InvalidValue {
                map: name,
                field,
                reason: "it is empty".into(),
            });
        }
    }
    Ok(())
}

/// Returns the pair of a type without key data.
fn plain(map: &mut RawMap, key_type: u64) -> Option<&mut RawPair> {
    map.pairs
        .iter_mut()
        .find(|pair| pair.key.key_type == key_type && pair.key.data.is_empty())
}

/// Returns the pair of a type whose value is to be put back.
fn left_out(map: &mut RawMap, key_type: u64) -> Option<&mut RawPair> {
    plain(map, key_type).filter(|pair| pair.value.is_empty())
}
