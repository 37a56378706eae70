//! The signatures that own inputs already have: verified, not counted.

use bitcoin::TxOut;

use super::input::InputFacts;
use crate::psbt::{
    FinalizeError, Input, Parsed, SignatureFault, Verifier, VerifyWork, verify_final,
};
use crate::review::budget::{Budget, Work};

/// What a signature in the PSBT is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::review) enum SignatureFact {
    Valid,
    Fault(SignatureFault),
    /// Final scripts of another form than the coin asks for.
    FinalForm,
}

/// Verifies the signatures of own inputs against the coins, proven or claimed: false ones make good
/// signatures fail. Ends early where the budget does.
pub(super) fn establish(
    parsed: &Parsed,
    coins: &[TxOut],
    inputs: &mut [InputFacts],
    budget: &Budget,
) {
    let mut verifier = Verifier::new(parsed.unsigned_tx(), coins);
    for (index, (facts, input)) in inputs.iter_mut().zip(parsed.inputs()).enumerate() {
        if facts.owner.is_some() {
            let before = verifier.work();
            facts.signatures = of_input(&mut verifier, index, input, &coins[index]);
            let VerifyWork { checks, hashed } = verifier.work();
            let may_go_on = budget.spend(Work::SignatureChecks, checks - before.checks)
                & budget.spend(Work::HashedBytes, hashed - before.hashed);
            if !may_go_on {
                return;
            }
        }
    }
}

fn of_input(
    verifier: &mut Verifier<'_>,
    index: usize,
    input: &Input,
    coin: &TxOut,
) -> Vec<SignatureFact> {
    let mut facts = Vec::new();
    for partial in &input.partial_signatures {
        facts.push(
            verifier
                .ecdsa(index, &partial.public_key, &partial.bytes)
                .into(),
        );
    }
    if let Some(signature) = &input.tap_key_signature {
        facts.push(verifier.taproot_key_spend(index, signature).into());
    }
    // Our taproot outputs have no scripts, so that these can sign nothing.
    facts.extend(
        input
            .tap_script_sighash_bytes
            .iter()
            .map(|_| SignatureFact::Fault(SignatureFault::WrongKey)),
    );
    if input.is_final() {
        facts.push(
            match verify_final(verifier, index, input, &coin.script_pubkey) {
                Ok(_) => SignatureFact::Valid,
                Err(FinalizeError::Signature { fault, .. }) => SignatureFact::Fault(fault),
                Err(_) => SignatureFact::FinalForm,
            },
        );
    }
    facts
}

impl From<Result<(), SignatureFault>> for SignatureFact {
    fn from(verified: Result<(), SignatureFault>) -> Self {
        match verified {
            Ok(()) => SignatureFact::Valid,
            Err(fault) => SignatureFact::Fault(fault),
        }
    }
}
