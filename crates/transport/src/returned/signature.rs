//! One signature of a return, without what the unsigned PSBT says already.

use std::convert::Infallible;

use bitcoin::PublicKey;
use bitcoin::secp256k1::ecdsa;
use bitcoin::sighash::EcdsaSighashType;
use cofferdam_core::psbt::{Input, InputSignature, Parsed, SignatureKind};
use minicbor::encode::{Encoder, Error as EncodeError};

use super::ReturnError;
use crate::envelope::{EnvelopeError, Reader};

/// A signature of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReturnedSignature {
    /// The input, from 0.
    pub(super) input: u64,
    kind: Kind,
}

/// The kinds, by their numbers in the format.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// 0: ECDSA over all, by the only key whose origin the PSBT gives for the input.
    Named(ecdsa::Signature),
    /// 1: ECDSA over all, by this key.
    Keyed(ecdsa::Signature, PublicKey),
    /// 2: the key path of a taproot input.
    KeyPath(bitcoin::taproot::Signature),
}

impl ReturnedSignature {
    /// Takes the new signatures of an input out of a signed PSBT; `None` when there is one that a
    /// return cannot carry.
    pub(super) fn new_ones(
        index: usize,
        before: &Input,
        after: &Input,
    ) -> Option<Vec<ReturnedSignature>> {
        let input = index as u64;
        let mut found = Vec::new();
        for partial in &after.partial_signatures {
            if before.partial_signatures.contains(partial) {
                continue;
            }
            let signature = bitcoin::ecdsa::Signature::from_slice(&partial.bytes).ok()?;
            if signature.sighash_type != EcdsaSighashType::All {
                return None;
            }
            let kind = match named_key(before) {
                Some(key) if key == partial.public_key => Kind::Named(signature.signature),
                _ => Kind::Keyed(signature.signature, partial.public_key),
            };
            found.push(ReturnedSignature { input, kind });
        }
        if let Some(bytes) = &after.tap_key_signature
            && before.tap_key_signature.as_ref() != Some(bytes)
        {
            let signature = bitcoin::taproot::Signature::from_slice(bytes).ok()?;
            found.push(ReturnedSignature {
                input,
                kind: Kind::KeyPath(signature),
            });
        }
        found.sort_by_key(ReturnedSignature::place);
        Some(found)
    }

    /// Returns what orders signatures, and tells two of one input apart.
    pub(super) fn place(&self) -> (u64, u64, Vec<u8>) {
        match &self.kind {
            Kind::Named(_) => (self.input, 0, Vec::new()),
            Kind::Keyed(_, key) => (self.input, 1, key.to_bytes()),
            Kind::KeyPath(_) => (self.input, 2, Vec::new()),
        }
    }

    /// Returns the signature with its key.
    pub(super) fn of_psbt(&self, unsigned: &Parsed) -> Result<InputSignature, ReturnError> {
        let input = usize::try_from(self.input).unwrap_or(usize::MAX);
        let claims = unsigned.inputs().get(input);
        let claims = claims.ok_or(ReturnError::Signature(self.input))?;
        let ecdsa = |signature: ecdsa::Signature, public_key| SignatureKind::Ecdsa {
            public_key,
            signature: bitcoin::ecdsa::Signature::sighash_all(signature),
        };
        let kind = match &self.kind {
            Kind::Named(signature) => {
                let key = named_key(claims).ok_or(ReturnError::KeyUnknown(input))?;
                ecdsa(*signature, key)
            }
            Kind::Keyed(signature, key) => ecdsa(*signature, *key),
            Kind::KeyPath(signature) => SignatureKind::TaprootKeySpend {
                signature: *signature,
            },
        };
        Ok(InputSignature { input, kind })
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<ReturnedSignature, ReturnError> {
        let at = reader.position();
        let length = reader.array("elements of a signature", 4)?;
        let input = reader.number()?;
        let unreadable = ReturnError::Signature(input);
        let kind = match (reader.number()?, length) {
            (0, 3) => Kind::Named(compact(reader)?.ok_or(unreadable)?),
            (1, 4) => {
                let signature = compact(reader)?.ok_or_else(|| unreadable.clone())?;
                let key = PublicKey::from_slice(reader.bytes()?).map_err(|_| unreadable)?;
                Kind::Keyed(signature, key)
            }
            (2, 3) => {
                let bytes = reader.bytes()?;
                let signature = bitcoin::taproot::Signature::from_slice(bytes)
                    .map_err(|_| unreadable.clone())?;
                match signature.to_vec() == bytes {
                    true => Kind::KeyPath(signature),
                    false => return Err(unreadable),
                }
            }
            _ => {
                return Err(EnvelopeError::Unexpected {
                    at,
                    expected: "a signature of a known kind",
                }
                .into());
            }
        };
        Ok(ReturnedSignature { input, kind })
    }

    pub(super) fn write(
        &self,
        encoder: &mut Encoder<Vec<u8>>,
    ) -> Result<(), EncodeError<Infallible>> {
        match &self.kind {
            Kind::Named(signature) => {
                encoder.array(3)?.u64(self.input)?.u8(0)?;
                encoder.bytes(&signature.serialize_compact())?.ok()
            }
            Kind::Keyed(signature, key) => {
                encoder.array(4)?.u64(self.input)?.u8(1)?;
                encoder
                    .bytes(&signature.serialize_compact())?
                    .bytes(&key.to_bytes())?
                    .ok()
            }
            Kind::KeyPath(signature) => {
                encoder.array(3)?.u64(self.input)?.u8(2)?;
                encoder.bytes(&signature.to_vec())?.ok()
            }
        }
    }
}

fn compact(reader: &mut Reader<'_>) -> Result<Option<ecdsa::Signature>, EnvelopeError> {
    Ok(ecdsa::Signature::from_compact(&reader.fixed::<64>()?).ok())
}

/// Returns the key of an input that the PSBT gives one origin for.
fn named_key(input: &Input) -> Option<PublicKey> {
    match input.bip32_derivations.as_slice() {
        [(key, _)] => Some(*key),
        _ => None,
    }
}
