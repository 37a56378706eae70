//! Adding signatures to a PSBT.

use bitcoin::PublicKey;

use super::Version;
use super::fields::{global, input};
use super::parsed::Parsed;
use super::raw::RawKey;

/// A signature of one input, verified by whoever made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSignature {
    /// The input, from 0.
    pub input: usize,
    /// The signature.
    pub kind: SignatureKind,
}

/// The kinds of signature that single-signature wallets make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureKind {
    /// For legacy and segwit v0 inputs.
    Ecdsa {
        /// The key that signed.
        public_key: PublicKey,
        /// The signature and its sighash type.
        signature: bitcoin::ecdsa::Signature,
    },
    /// For the key path of taproot inputs (BIP341).
    TaprootKeySpend {
        /// The signature and its sighash type.
        signature: bitcoin::taproot::Signature,
    },
}

/// A signature names an input that the PSBT has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a signature is for input {input}, but the PSBT has {inputs}; sign the PSBT that was reviewed"
)]
pub struct NoSuchInput {
    /// The input named.
    pub input: usize,
    /// Inputs of the PSBT.
    pub inputs: usize,
}

/// Inputs and outputs may be added, BIP370's first two flags.
const MODIFIABLE: u8 = 0b11;

impl Parsed {
    /// Returns the PSBT with these signatures, encoded as it came.
    ///
    /// A signature of the same key is replaced. In version 2 the flags that allow inputs or outputs
    /// to be added are cleared, as BIP370 asks of signers: the signatures cover all of both.
    /// Everything else stays byte for byte.
    pub fn with_signatures(&self, signatures: &[InputSignature]) -> Result<Vec<u8>, NoSuchInput> {
        let mut raw = self.raw().clone();
        let inputs = raw.inputs.len();
        for signature in signatures {
            let no_such_input = NoSuchInput {
                input: signature.input,
                inputs,
            };
            let map = raw.inputs.get_mut(signature.input).ok_or(no_such_input)?;
            let (key, value) = match &signature.kind {
                SignatureKind::Ecdsa {
                    public_key,
                    signature,
                } => (
                    RawKey::with_data(input::PARTIAL_SIG, public_key.to_bytes()),
                    signature.to_vec(),
                ),
                SignatureKind::TaprootKeySpend { signature } => {
                    (RawKey::plain(input::TAP_KEY_SIG), signature.to_vec())
                }
            };
            map.set(key, value);
        }
        if self.version() == Version::V2
            && !signatures.is_empty()
            && let Some(flags) = self.global().tx_modifiable
        {
            raw.global.set(
                RawKey::plain(global::TX_MODIFIABLE),
                vec![flags & !MODIFIABLE],
            );
        }
        Ok(self.encoding().encode(&raw.to_bytes()))
    }
}
