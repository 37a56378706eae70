//! The fixed header of 96 bytes, and the lengths that follow from it.

use std::fmt;

use super::primitives::TAG_LEN;
use super::slot::SLOT_LEN;
use super::{MAX_FILE_LEN, Malformed};

/// `"CFDRVLT"` and the format's number.
pub(super) const MAGIC: [u8; 8] = *b"CFDRVLT\x01";

/// The length of the fixed header in bytes.
pub(super) const HEADER_LEN: usize = 96;

/// The most slots of a vault.
pub(super) const MAX_SLOTS: usize = 8;

/// The length of the header's MAC in bytes.
pub(super) const MAC_LEN: usize = 32;

/// The length of the trailing SHA-256 in bytes.
pub(super) const CHECKSUM_LEN: usize = 32;

/// The plaintext is padded to a multiple of this, so that its length tells little.
pub(super) const PAGE: usize = 4096;

/// The length of the shortest vault: one slot, one page.
pub(super) const MIN_FILE_LEN: usize =
    HEADER_LEN + SLOT_LEN + MAC_LEN + PAGE + TAG_LEN + CHECKSUM_LEN;

/// The identity of a vault, drawn at its creation and kept by every generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultId(pub [u8; 16]);

impl fmt::Display for VaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The fields of a header.
///
/// ```text
/// 0 magic[8] | 8 u16 slots | 10 u16 flags = 0 | 12 u32 header_len | 16 vault_id[16]
/// 32 u64 generation | 40 u64 body_len | 48 write_salt[32] | 80 zero[16]
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) slots: usize,
    pub(super) vault_id: VaultId,
    pub(super) generation: u64,
    pub(super) body_len: usize,
    pub(super) write_salt: [u8; 32],
}

impl Header {
    /// Reads a header whose magic was checked.
    pub(super) fn parse(bytes: &[u8; HEADER_LEN]) -> Result<Self, Malformed> {
        let slots = u16::from_le_bytes(field(bytes, 8));
        let flags = u16::from_le_bytes(field(bytes, 10));
        let header_len = u32::from_le_bytes(field(bytes, 12));
        let generation = u64::from_le_bytes(field(bytes, 32));
        let body_len = u64::from_le_bytes(field(bytes, 40));
        if slots == 0 || usize::from(slots) > MAX_SLOTS {
            return Err(Malformed::SlotCount(slots));
        }
        if flags != 0 {
            return Err(Malformed::Flags(flags));
        }
        let slots = usize::from(slots);
        let expected = header_and_slots_len(slots) as u32;
        if header_len != expected {
            return Err(Malformed::HeaderLength {
                expected,
                found: header_len,
            });
        }
        if generation == 0 {
            return Err(Malformed::Generation);
        }
        let body_len = usize::try_from(body_len)
            .ok()
            .filter(|&len| is_body_len(len))
            .ok_or(Malformed::BodyLength(body_len))?;
        if field::<16>(bytes, 80) != [0; 16] {
            return Err(Malformed::Reserved("the header"));
        }
        Ok(Header {
            slots,
            vault_id: VaultId(field(bytes, 16)),
            generation,
            body_len,
            write_salt: field(bytes, 48),
        })
    }

    /// Writes the header.
    pub(super) fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&(self.slots as u16).to_le_bytes());
        bytes[12..16].copy_from_slice(&(header_and_slots_len(self.slots) as u32).to_le_bytes());
        bytes[16..32].copy_from_slice(&self.vault_id.0);
        bytes[32..40].copy_from_slice(&self.generation.to_le_bytes());
        bytes[40..48].copy_from_slice(&(self.body_len as u64).to_le_bytes());
        bytes[48..80].copy_from_slice(&self.write_salt);
        bytes
    }

    /// Returns the length of the whole file.
    pub(super) fn file_len(&self) -> usize {
        header_and_slots_len(self.slots) + MAC_LEN + self.body_len + CHECKSUM_LEN
    }
}

/// The length of header and slots together, which `header_len` must say.
pub(super) fn header_and_slots_len(slots: usize) -> usize {
    HEADER_LEN + slots * SLOT_LEN
}

/// Ciphertext and tag: at least a page, whole pages, and within a file.
pub(super) fn is_body_len(len: usize) -> bool {
    len <= MAX_FILE_LEN - header_and_slots_len(MAX_SLOTS) - MAC_LEN - CHECKSUM_LEN
        && len
            .checked_sub(TAG_LEN)
            .is_some_and(|pages| pages > 0 && pages.is_multiple_of(PAGE))
}

/// Returns the `N` bytes of a record at `at`, which lies within it.
pub(super) fn field<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|i| record[at + i])
}
