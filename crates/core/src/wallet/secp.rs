//! The one verification context.

use std::sync::LazyLock;

use bitcoin::secp256k1::{Secp256k1, VerifyOnly};

static VERIFIER: LazyLock<Secp256k1<VerifyOnly>> = LazyLock::new(Secp256k1::verification_only);

/// Returns the shared context for public key arithmetic and verification; it holds nothing secret.
pub(crate) fn verifier() -> &'static Secp256k1<VerifyOnly> {
    &VERIFIER
}
