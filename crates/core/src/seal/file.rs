//! A vault file whose keyless checks hold.

use super::header::{
    CHECKSUM_LEN, HEADER_LEN, Header, MAC_LEN, MAGIC, MIN_FILE_LEN, field, header_and_slots_len,
};
use super::primitives::sha256;
use super::slot::{SLOT_LEN, Slot, may_stand_together};
use super::stretch::Ikm;
use super::{
    Credential, MAX_FILE_LEN, Malformed, OpenVault, SlotFacts, Tampered, UnlockError, VaultError,
    VaultId,
};

/// The bytes of a vault that is whole and well-formed: not damaged, but not authenticated either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultFile {
    bytes: Vec<u8>,
    header: Header,
    slots: Vec<Slot>,
}

impl VaultFile {
    /// Checks magic, lengths, bounds, reserved bytes and the trailing SHA-256; needs no passphrase
    /// and does no key derivation.
    ///
    /// # Errors
    ///
    /// When the bytes are not exactly one intact vault.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, VaultError> {
        if bytes.len() > MAX_FILE_LEN {
            return Err(VaultError::TooLong {
                found: bytes.len() as u64,
            });
        }
        check_magic(&bytes)?;
        check_length_and_checksum(&bytes)?;
        let header = Header::parse(&field(&bytes, 0))?;
        // With a matching checksum, only a header that lies about its lengths comes here.
        if bytes.len() != header.file_len() {
            let (expected, found) = (header.file_len() as u64, bytes.len() as u64);
            return Err(Malformed::FileLength { expected, found }.into());
        }
        let slots = (0..header.slots)
            .map(|index| Slot::parse(field(&bytes, HEADER_LEN + index * SLOT_LEN), index))
            .collect::<Result<Vec<_>, _>>()?;
        if (1..slots.len()).any(|i| {
            slots[..i]
                .iter()
                .any(|earlier| earlier.id() == slots[i].id())
        }) {
            return Err(Malformed::RepeatedSlot.into());
        }
        if !may_stand_together(slots.iter().map(Slot::slot_type)) {
            return Err(Malformed::MixedDualControl.into());
        }
        Ok(VaultFile {
            bytes,
            header,
            slots,
        })
    }

    /// Opens the vault with the first slot that the credential fits.
    ///
    /// Costs one Argon2 run (two for two passphrases) for each slot of the credential's type that
    /// is tried.
    ///
    /// # Errors
    ///
    /// A wrong credential is told apart from a vault that was altered.
    pub fn unlock(&self, credential: &Credential) -> Result<OpenVault, UnlockError> {
        let mut tried = false;
        for (index, slot) in self.slots.iter().enumerate() {
            if slot.slot_type() != credential.slot_type() {
                continue;
            }
            tried = true;
            let ikm = slot.derive(credential)?;
            if let Some(open) = self.open_with_ikm(index, &ikm)? {
                return Ok(open);
            }
        }
        if tried {
            return Err(UnlockError::WrongCredential);
        }
        let mut expected: Vec<_> = self.slots.iter().map(Slot::slot_type).collect();
        expected.sort_unstable();
        expected.dedup();
        Err(UnlockError::WrongKind { expected })
    }

    /// Opens the vault with what slot `index` made of a credential; none when the slot commits to
    /// something else.
    ///
    /// Everything after Argon2, so that tests can spend its cost once.
    pub(super) fn open_with_ikm(
        &self,
        index: usize,
        ikm: &Ikm,
    ) -> Result<Option<OpenVault>, Tampered> {
        let unwrapped = self.slots[index]
            .unwrap(self.header.vault_id, ikm)
            .map_err(|_| Tampered::WrappedKey)?;
        unwrapped
            .map(|data_key| OpenVault::authenticate(self, index, data_key))
            .transpose()
    }

    /// Returns the file's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the vault's identity.
    pub fn vault_id(&self) -> VaultId {
        self.header.vault_id
    }

    /// Returns the generation: 1 at creation, and greater with each write.
    pub fn generation(&self) -> u64 {
        self.header.generation
    }

    /// Returns what its slots ask for, in their order.
    pub fn slots(&self) -> Vec<SlotFacts> {
        self.slots.iter().map(Slot::facts).collect()
    }

    pub(super) fn raw_slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// Returns `header ‖ slots`, the header's MAC, and the body (ciphertext and tag).
    pub(super) fn parts(&self) -> (&[u8], [u8; MAC_LEN], &[u8]) {
        let mac_at = header_and_slots_len(self.slots.len());
        let body = &self.bytes[mac_at + MAC_LEN..self.bytes.len() - CHECKSUM_LEN];
        (&self.bytes[..mac_at], field(&self.bytes, mac_at), body)
    }
}

/// Tells a damaged magic and a later format apart: the former makes a whole vault when it is put
/// right.
fn check_magic(bytes: &[u8]) -> Result<(), VaultError> {
    let Some(magic) = bytes.first_chunk::<8>() else {
        return Err(if MAGIC.starts_with(bytes) {
            VaultError::Truncated {
                expected: MIN_FILE_LEN as u64,
                found: bytes.len() as u64,
            }
        } else {
            VaultError::NotAVault
        });
    };
    if *magic == MAGIC {
        return Ok(());
    }
    let mut put_right = bytes.to_vec();
    put_right[..8].copy_from_slice(&MAGIC);
    if checksum_matches(&put_right) {
        return Err(VaultError::Checksum);
    }
    match magic {
        [b'C', b'F', b'D', b'R', b'V', b'L', b'T', found] if *found > MAGIC[7] => {
            Err(VaultError::NewerFormat { found: *found })
        }
        _ => Err(VaultError::NotAVault),
    }
}

fn check_length_and_checksum(bytes: &[u8]) -> Result<(), VaultError> {
    let found = bytes.len() as u64;
    if bytes.len() < MIN_FILE_LEN {
        return Err(VaultError::Truncated {
            expected: MIN_FILE_LEN as u64,
            found,
        });
    }
    if checksum_matches(bytes) {
        return Ok(());
    }
    // The header may be what is damaged: its lengths serve the message alone.
    let expected = Header::parse(&field(bytes, 0)).map_or(found, |header| header.file_len() as u64);
    match expected.cmp(&found) {
        std::cmp::Ordering::Greater => Err(VaultError::Truncated { expected, found }),
        std::cmp::Ordering::Less => Err(VaultError::Trailing {
            extra: found - expected,
        }),
        std::cmp::Ordering::Equal => Err(VaultError::Checksum),
    }
}

fn checksum_matches(bytes: &[u8]) -> bool {
    bytes
        .split_last_chunk::<CHECKSUM_LEN>()
        .is_some_and(|(checked, checksum)| sha256(checked) == *checksum)
}
