//! The signatures of one transaction.

use std::convert::Infallible;

use bitcoin::Txid;
use bitcoin::hashes::Hash as _;
use cofferdam_core::psbt::{InputSignature, Limits, Parsed, decode};
use minicbor::encode::{Encoder, Error as EncodeError};
use sha2::{Digest as _, Sha256};

use super::ReturnError;
use super::signature::ReturnedSignature;
use crate::envelope::Reader;

/// What was signed of one transaction, and the hash of the signed PSBT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    txid: [u8; 32],
    sha256: [u8; 32],
    signatures: Vec<ReturnedSignature>,
}

impl SignedTransaction {
    pub(super) fn of(unsigned: &Parsed, signed: &Parsed) -> Result<Self, ReturnError> {
        let more = ReturnError::MoreThanSignatures(unsigned.txid());
        let mut signatures = Vec::new();
        for (index, (before, after)) in unsigned.inputs().iter().zip(signed.inputs()).enumerate() {
            let new = ReturnedSignature::new_ones(index, before, after);
            signatures.extend(new.ok_or_else(|| more.clone())?);
        }
        let taken = SignedTransaction {
            txid: unsigned.txid().to_byte_array(),
            sha256: Sha256::digest(signed.to_binary()).into(),
            signatures,
        };
        match taken.apply(unsigned) {
            Err(ReturnError::NotAsSigned(_)) => Err(more),
            applied => applied.map(|_| taken),
        }
    }

    /// Returns the txid of the transaction without signatures.
    pub fn txid(&self) -> Txid {
        Txid::from_byte_array(self.txid)
    }

    pub(super) fn txid_bytes(&self) -> &[u8; 32] {
        &self.txid
    }

    /// Returns the SHA-256 of the signed PSBT in binary.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Returns the number of signatures.
    pub fn count(&self) -> usize {
        self.signatures.len()
    }

    /// Puts the signatures into the unsigned PSBT; returns the signed one in binary, proven to be
    /// the signer's.
    ///
    /// The PSBT must be the one that was signed, to the last byte and so in the same version.
    pub fn apply(&self, unsigned: &Parsed) -> Result<Vec<u8>, ReturnError> {
        if unsigned.txid() != self.txid() {
            return Err(ReturnError::OtherTransaction {
                expected: unsigned.txid(),
                found: self.txid(),
            });
        }
        let signatures: Vec<InputSignature> = self
            .signatures
            .iter()
            .map(|signature| signature.of_psbt(unsigned))
            .collect::<Result<_, _>>()?;
        let not_as_signed = ReturnError::NotAsSigned(self.txid());
        let signed = unsigned
            .with_signatures(&signatures)
            .map_err(|error| ReturnError::Signature(error.input as u64))?;
        let (_, binary) = decode(&signed, &Limits::DEFAULT).map_err(|_| not_as_signed.clone())?;
        match <[u8; 32]>::from(Sha256::digest(&binary)) == self.sha256 {
            true => Ok(binary.into_owned()),
            false => Err(not_as_signed),
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ReturnError> {
        reader.tuple(3)?;
        let (txid, sha256) = (reader.fixed()?, reader.fixed()?);
        let mut signatures: Vec<ReturnedSignature> = Vec::new();
        for _ in 0..reader.array("signatures", Limits::DEFAULT.inputs)? {
            let signature = ReturnedSignature::read(reader)?;
            if signatures
                .last()
                .is_some_and(|last| last.place() >= signature.place())
            {
                return Err(ReturnError::Order(signature.input));
            }
            signatures.push(signature);
        }
        Ok(SignedTransaction {
            txid,
            sha256,
            signatures,
        })
    }

    pub(super) fn write(
        &self,
        encoder: &mut Encoder<Vec<u8>>,
    ) -> Result<(), EncodeError<Infallible>> {
        encoder.array(3)?.bytes(&self.txid)?.bytes(&self.sha256)?;
        encoder.array(self.signatures.len() as u64)?;
        self.signatures
            .iter()
            .try_for_each(|signature| signature.write(encoder))
    }
}
