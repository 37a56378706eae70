//! Why a code is foreign.

use crate::bbqr::JoinError;
use crate::payload::Kind;
use crate::raptorq::RaptorqError;
use crate::seed_qr::SeedQrError;
use crate::single_frame::UnrecognisedError;
use crate::specter::SpecterError;
use crate::ur::UrError;

/// Why a code did nothing. What was collected stays, but for a message that its last part proved
/// damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A BBQr part that is not taken.
    #[error(transparent)]
    Bbqr(#[from] JoinError),
    /// A part of Specter's format that is not taken.
    #[error(transparent)]
    Specter(#[from] SpecterError),
    /// A frame of our own that is not taken.
    #[error(transparent)]
    Raptorq(#[from] RaptorqError),
    /// A part of a UR that is not taken.
    #[error(transparent)]
    Ur(#[from] UrError),
    /// One code that is not taken.
    #[error(transparent)]
    SingleFrame(#[from] UnrecognisedError),
    /// A seed was asked for, and this is none.
    #[error(transparent)]
    SeedQr(#[from] SeedQrError),
    /// A seed where none was asked for.
    #[error("this code is a seed: only `restore`, offline, takes it; keep it away from cameras")]
    Seed,
    /// A whole message of another kind than was asked for.
    #[error("this is {}, which is not asked for here", name(*.0))]
    Unwanted(Kind),
    /// More than any code holds.
    #[error("the code claims to hold {0} bytes, more than any code does")]
    TooLong(usize),
}

impl Refusal {
    /// Tells whether a part completed a message that is damaged, or not what it claims.
    pub(super) fn is_damage(&self) -> bool {
        matches!(
            self,
            Refusal::Bbqr(JoinError::Damaged(_))
                | Refusal::Specter(SpecterError::Damaged(_))
                | Refusal::Raptorq(RaptorqError::Hash)
                | Refusal::Ur(UrError::Checksum | UrError::Content)
        )
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Psbt => "a PSBT",
        Kind::Transaction => "a signed transaction",
        Kind::Bundle => "a bundle",
        Kind::Return => "a return",
        Kind::HdKey => "an extended key",
        Kind::Output => "an output descriptor",
        Kind::Account => "an account",
        Kind::Json => "JSON",
        Kind::Text => "text",
        Kind::Seed => "a seed",
        Kind::Bytes => "data of no known kind",
    }
}
