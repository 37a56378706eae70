//! What watcher and signer tell each other of the signer's journal, so that neither an older copy
//! nor a twin of a vault goes unseen.
//!
//! A bundle asks: was this head, which a receipt told, ever yours ([`SeenJournal`])? The receipt
//! answers ([`JournalAnswer`]). Records that are added since do not change the head at an earlier
//! count: a journal that was rolled back and grew again has another one there.

use std::convert::Infallible;

use cofferdam_core::seal::VaultId;
use minicbor::encode::{Encoder, Error as EncodeError};

use crate::envelope::{EnvelopeError, Reader};

/// The most journals that a bundle asks about, and that a receipt answers for.
pub const MAX_SEEN: usize = 256;

/// Where a vault's journal stood, as a verified receipt told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeenJournal {
    /// The vault's id.
    pub vault_id: [u8; 16],
    /// The number of records.
    pub count: u64,
    /// The hash of the last one.
    pub head: [u8; 32],
}

/// Whether a journal had a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// At that count it had that head.
    Yes,
    /// At that count it had another one: it went back and grew again, or is another branch.
    Other,
    /// It has fewer records.
    Shorter,
}

/// What a vault answers about one [`SeenJournal`] of its own id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalAnswer {
    /// The number of records that was asked about.
    pub count: u64,
    /// The head that was asked about.
    pub head: [u8; 32],
    /// The answer.
    pub kept: Kept,
}

impl SeenJournal {
    /// Returns the vault.
    pub fn vault(&self) -> VaultId {
        VaultId(self.vault_id)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, EnvelopeError> {
        reader.tuple(3)?;
        Ok(SeenJournal {
            vault_id: reader.fixed()?,
            count: reader.number()?,
            head: reader.fixed()?,
        })
    }

    pub(crate) fn write(
        &self,
        encoder: &mut Encoder<Vec<u8>>,
    ) -> Result<(), EncodeError<Infallible>> {
        encoder.array(3)?.bytes(&self.vault_id)?;
        encoder.u64(self.count)?.bytes(&self.head)?.ok()
    }
}

impl Kept {
    fn number(self) -> u8 {
        match self {
            Kept::Yes => 0,
            Kept::Other => 1,
            Kept::Shorter => 2,
        }
    }
}

impl JournalAnswer {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, EnvelopeError> {
        reader.tuple(3)?;
        let (count, head) = (reader.number()?, reader.fixed()?);
        let at = reader.position();
        let kept = match reader.number()? {
            0 => Kept::Yes,
            1 => Kept::Other,
            2 => Kept::Shorter,
            _ => {
                return Err(EnvelopeError::Unexpected {
                    at,
                    expected: "an answer",
                });
            }
        };
        Ok(JournalAnswer { count, head, kept })
    }

    pub(crate) fn write(
        &self,
        encoder: &mut Encoder<Vec<u8>>,
    ) -> Result<(), EncodeError<Infallible>> {
        encoder.array(3)?.u64(self.count)?.bytes(&self.head)?;
        encoder.u8(self.kept.number())?.ok()
    }
}
