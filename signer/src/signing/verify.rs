//! Proving signatures by nothing that made them.

use std::thread;

use bitcoin::{Transaction, TxOut};
use cofferdam_core::keys::SignError;
use cofferdam_core::psbt::{InputSignature, SignatureFault, SignatureKind, Verifier};
use cofferdam_memory::ordinary;

use super::sign::{SigningError, threads_for};

/// Verifies signatures for the transaction and the coins that were reviewed.
///
/// Each is hashed anew, and its key must be the one that the coin pays to: when this machine
/// computed a hash, a derivation or a tweak wrongly, a check with what it computed would share the
/// mistake.
pub(super) fn verify(
    transaction: &Transaction,
    coins: &[TxOut],
    signatures: &[InputSignature],
) -> Result<(), SigningError> {
    let share = signatures
        .len()
        .div_ceil(threads_for(signatures.len()))
        .max(1);
    let verify = |signatures: &[InputSignature]| {
        let mut verifier = Verifier::new(transaction, coins);
        signatures
            .iter()
            .try_for_each(|signature| verify_one(&mut verifier, signature))
    };
    // Nothing here is secret.
    ordinary(|| {
        thread::scope(|scope| {
            let workers: Vec<_> = signatures
                .chunks(share)
                .map(|signatures| scope.spawn(move || verify(signatures)))
                .collect();
            let verified: Vec<_> = workers
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect();
            verified.into_iter().try_for_each(|verified| {
                let verified = verified.map_err(|_| SigningError::Thread)?;
                verified.map_err(|_| SignError::Unverified.into())
            })
        })
    })
}

fn verify_one(
    verifier: &mut Verifier<'_>,
    signature: &InputSignature,
) -> Result<(), SignatureFault> {
    match &signature.kind {
        SignatureKind::Ecdsa {
            public_key,
            signature: ecdsa,
        } => verifier.ecdsa(signature.input, public_key, &ecdsa.to_vec()),
        SignatureKind::TaprootKeySpend { signature: schnorr } => {
            verifier.taproot_key_spend(signature.input, &schnorr.to_vec())
        }
    }
}
