//! From a signed PSBT to a transaction that the network accepts (BIP174's finalizer and extractor).

use bitcoin::script::{Builder, Instruction, PushBytesBuf};
use bitcoin::{PublicKey, Script, ScriptBuf, Transaction, TxOut, Witness};

use super::input::Input;
use super::parsed::Parsed;
use super::verify::{SignatureFault, Verifier};

/// Why a PSBT cannot become a transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FinalizeError {
    /// The caller's coins are not those of the inputs.
    #[error("{coins} coins were given for {inputs} inputs; give the coin of each input, in order")]
    CoinCount {
        /// Coins given.
        coins: usize,
        /// Inputs of the transaction.
        inputs: usize,
    },
    /// An input has no signature.
    #[error("input {0} is not signed; have it signed by the wallet that owns the coin")]
    Unsigned(usize),
    /// A signature that does not count.
    #[error("a signature of input {input} is not valid: {fault}; sign the original PSBT again")]
    Signature {
        /// The input.
        input: usize,
        /// Why.
        fault: SignatureFault,
    },
    /// Final scripts of another form than the coin's script asks for.
    #[error(
        "the final scripts of input {0} do not have the form that its coin asks for; sign the original PSBT again"
    )]
    FinalScripts(usize),
}

/// Builds the signed transaction.
///
/// `coins` are the outputs that the inputs spend, in order, from a source that the caller trusts:
/// what the PSBT says about them is not looked at. Every signature is verified, also of inputs that
/// another program has already finished. Only signatures over the whole transaction count (sighash
/// ALL, or taproot's default).
///
/// Each input must be p2pkh, p2sh-p2wpkh, p2wpkh or a p2tr key path.
pub fn finalize(parsed: &Parsed, coins: &[TxOut]) -> Result<Transaction, FinalizeError> {
    let unsigned = parsed.unsigned_tx();
    if coins.len() != unsigned.input.len() {
        return Err(FinalizeError::CoinCount {
            coins: coins.len(),
            inputs: unsigned.input.len(),
        });
    }
    let mut verifier = Verifier::new(unsigned, coins);
    let mut signed = unsigned.clone();
    let inputs = parsed
        .inputs()
        .iter()
        .zip(coins)
        .zip(&mut signed.input)
        .enumerate();
    for (index, ((input, coin), tx_in)) in inputs {
        (tx_in.script_sig, tx_in.witness) = if input.is_final() {
            verify_final(&mut verifier, index, input, &coin.script_pubkey)?
        } else {
            solve(index, input, &coin.script_pubkey)?.verify(
                &mut verifier,
                index,
                &coin.script_pubkey,
            )?
        };
    }
    Ok(signed)
}

/// Verifies an input that another program has finished; returns its signature script and witness.
pub(crate) fn verify_final(
    verifier: &mut Verifier<'_>,
    index: usize,
    input: &Input,
    script_pubkey: &Script,
) -> Result<(ScriptBuf, Witness), FinalizeError> {
    let solution = from_final(input, script_pubkey).ok_or(FinalizeError::FinalScripts(index))?;
    let (script_sig, witness) = solution.verify(verifier, index, script_pubkey)?;
    // Built again from signature and key, the scripts are the same: nothing else stood in them.
    let same = input.final_script_sig.clone().unwrap_or_default() == script_sig
        && input.final_script_witness.clone().unwrap_or_default() == witness;
    if same {
        Ok((script_sig, witness))
    } else {
        Err(FinalizeError::FinalScripts(index))
    }
}

/// What satisfies the script of a coin. Wallets with several keys will add their own.
enum Solution {
    Ecdsa {
        public_key: PublicKey,
        signature: Vec<u8>,
    },
    TaprootKeySpend {
        signature: Vec<u8>,
    },
}

impl Solution {
    /// Verifies the signature; returns signature script and witness.
    fn verify(
        self,
        verifier: &mut Verifier<'_>,
        input: usize,
        script_pubkey: &Script,
    ) -> Result<(ScriptBuf, Witness), FinalizeError> {
        let verified = match &self {
            Solution::Ecdsa {
                public_key,
                signature,
            } => verifier.ecdsa(input, public_key, signature),
            Solution::TaprootKeySpend { signature } => verifier.taproot_key_spend(input, signature),
        };
        verified.map_err(|fault| FinalizeError::Signature { input, fault })?;
        Ok(self.scripts(script_pubkey))
    }

    /// Returns signature script and witness, for a coin's script that the solution was verified
    /// against.
    fn scripts(self, script_pubkey: &Script) -> (ScriptBuf, Witness) {
        match self {
            Solution::TaprootKeySpend { signature } => {
                (ScriptBuf::new(), Witness::from_slice(&[signature]))
            }
            Solution::Ecdsa {
                public_key,
                signature,
            } if script_pubkey.is_p2pkh() => {
                let script = Builder::new()
                    .push_slice(push(signature))
                    .push_key(&public_key)
                    .into_script();
                (script, Witness::new())
            }
            Solution::Ecdsa {
                public_key,
                signature,
            } => {
                let script_sig = match public_key.wpubkey_hash() {
                    Ok(hash) if script_pubkey.is_p2sh() => {
                        let program = ScriptBuf::new_p2wpkh(&hash);
                        Builder::new()
                            .push_slice(push(program.into_bytes()))
                            .into_script()
                    }
                    _ => ScriptBuf::new(),
                };
                (
                    script_sig,
                    Witness::from_slice(&[signature, public_key.to_bytes()]),
                )
            }
        }
    }
}

fn solve(index: usize, input: &Input, script_pubkey: &Script) -> Result<Solution, FinalizeError> {
    if script_pubkey.is_p2tr() {
        let signature = input
            .tap_key_signature
            .clone()
            .ok_or(FinalizeError::Unsigned(index))?;
        return Ok(Solution::TaprootKeySpend { signature });
    }
    match input.partial_signatures.as_slice() {
        [] => Err(FinalizeError::Unsigned(index)),
        [only] => Ok(Solution::Ecdsa {
            public_key: only.public_key,
            signature: only.bytes.clone(),
        }),
        // A coin of one key has one signature: another one can only be for a key that the script
        // does not name.
        [..] => Err(FinalizeError::Signature {
            input: index,
            fault: SignatureFault::WrongKey,
        }),
    }
}

/// Takes signature and key out of final scripts.
fn from_final(input: &Input, script_pubkey: &Script) -> Option<Solution> {
    let items: Vec<Vec<u8>> = if script_pubkey.is_p2pkh() {
        let script = input.final_script_sig.as_deref()?;
        let pushes = script
            .instructions()
            .take(3)
            .map(|instruction| match instruction {
                Ok(Instruction::PushBytes(bytes)) => Some(bytes.as_bytes().to_vec()),
                _ => None,
            });
        pushes.collect::<Option<_>>()?
    } else {
        input
            .final_script_witness
            .as_ref()?
            .iter()
            .take(3)
            .map(<[u8]>::to_vec)
            .collect()
    };
    match <[Vec<u8>; 2]>::try_from(items) {
        Ok([signature, key]) if !script_pubkey.is_p2tr() => Some(Solution::Ecdsa {
            public_key: PublicKey::from_slice(&key).ok()?,
            signature,
        }),
        Err(items) if script_pubkey.is_p2tr() => match <[Vec<u8>; 1]>::try_from(items) {
            Ok([signature]) => Some(Solution::TaprootKeySpend { signature }),
            Err(_) => None,
        },
        _ => None,
    }
}

/// Makes bytes pushable. A signature has at most 73, a witness program 22.
fn push(bytes: Vec<u8>) -> PushBytesBuf {
    PushBytesBuf::try_from(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bitcoin::hashes::Hash as _;
    use bitcoin::hex::FromHex as _;

    use super::*;

    fn input(witness: &[&[u8]]) -> Input {
        Input {
            final_script_witness: Some(Witness::from_slice(witness)),
            ..Input::default()
        }
    }

    #[test]
    fn final_witnesses_are_read_by_the_type_of_the_coin() {
        let key =
            Vec::from_hex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
                .unwrap();
        let segwit = ScriptBuf::new_p2wpkh(&bitcoin::WPubkeyHash::all_zeros());
        let taproot = ScriptBuf::from_bytes([&[0x51, 0x20], &key[1..]].concat());
        let one: &[&[u8]] = &[&[1; 64]];
        let two: &[&[u8]] = &[&[1; 71], &key];
        let three: &[&[u8]] = &[&[1; 71], &key, &[1]];
        let taken = |witness, script| from_final(&input(witness), script);
        assert!(
            matches!(taken(two, &segwit), Some(Solution::Ecdsa { signature, .. }) if signature == [1; 71])
        );
        assert!(
            matches!(taken(one, &taproot), Some(Solution::TaprootKeySpend { signature }) if signature == [1; 64])
        );
        for (witness, script) in [
            (one, &segwit),
            (three, &segwit),
            (two, &taproot),
            (three, &taproot),
        ] {
            assert!(taken(witness, script).is_none(), "{} items", witness.len());
        }
    }
}
