//! A slot of 176 bytes: the data key, wrapped under one credential.

use std::fmt;

use subtle::Choice;
use zeroize::Zeroizing;

use super::header::{MAGIC, VaultId, field};
use super::primitives::{Key, NotAuthentic, hkdf_sha256, open_in_place, same, seal_in_place};
use super::stretch::Ikm;
use super::{Cost, Kernel, Malformed, NewSlot, OutOfMemory, SealError, SlotType};

/// The length of a slot in bytes.
pub(super) const SLOT_LEN: usize = 176;

/// The part of a slot that is its context: all but commitment and wrapped key.
const CONTEXT_LEN: usize = 96;

const KDF_ARGON2ID: u8 = 1;

/// The identity of one sealing of a slot; resealing it draws a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub [u8; 16]);

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What anyone can read of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotFacts {
    /// Its identity.
    pub id: SlotId,
    /// What it asks for.
    pub slot_type: SlotType,
    /// What a guess costs.
    pub cost: Cost,
}

/// A well-formed slot.
///
/// ```text
/// 0 slot_id[16] | 16 u8 type | 17 u8 kdf = 1 | 18 u16 0 | 20 u32 m_KiB, t, p
/// 32 salt_a[32] | 64 salt_b[32] | 96 commit[32] | 128 wrapped_key[48]
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    bytes: [u8; SLOT_LEN],
    slot_type: SlotType,
    cost: Cost,
}

impl Slot {
    /// Reads the slot at position `index` of a file; refuses unknown values and costs out of bounds
    /// before any work.
    pub(super) fn parse(bytes: [u8; SLOT_LEN], index: usize) -> Result<Self, Malformed> {
        let slot_type = SlotType::from_byte(bytes[16]).ok_or(Malformed::SlotType {
            slot: index,
            found: bytes[16],
        })?;
        if bytes[17] != KDF_ARGON2ID {
            return Err(Malformed::Kdf {
                slot: index,
                found: bytes[17],
            });
        }
        if bytes[18..20] != [0, 0] {
            return Err(Malformed::Reserved("a slot"));
        }
        let [memory_kib, passes, lanes] =
            [20, 24, 28].map(|at| u32::from_le_bytes(field(&bytes, at)));
        let cost = Cost::new(memory_kib, passes, lanes)
            .map_err(|error| Malformed::Cost { slot: index, error })?;
        Ok(Slot {
            bytes,
            slot_type,
            cost,
        })
    }

    /// Seals `data_key` for `new`, under a new id and new salts.
    pub(super) fn seal(
        new: &NewSlot,
        vault_id: VaultId,
        data_key: &Key,
        kernel: &mut Kernel<'_>,
    ) -> Result<Self, SealError> {
        let slot_type = new.credential.slot_type();
        let mut bytes = [0; SLOT_LEN];
        kernel(&mut bytes[..16])?;
        bytes[16] = slot_type.to_byte();
        bytes[17] = KDF_ARGON2ID;
        bytes[20..24].copy_from_slice(&new.cost.memory_kib().to_le_bytes());
        bytes[24..28].copy_from_slice(&new.cost.passes().to_le_bytes());
        bytes[28..32].copy_from_slice(&new.cost.lanes().to_le_bytes());
        kernel(&mut bytes[32..CONTEXT_LEN])?;
        let mut slot = Slot {
            bytes,
            slot_type,
            cost: new.cost,
        };
        let ikm = slot.derive(&new.credential)?;
        slot.wrap(vault_id, &ikm, data_key);
        match slot.unwrap(vault_id, &ikm) {
            Ok(Some(unwrapped)) if same(&*unwrapped, &**data_key).into() => Ok(slot),
            _ => Err(SealError::SelfCheck),
        }
    }

    /// Spends the slot's cost on a credential: the slow step, and the only one.
    pub(super) fn derive(&self, credential: &super::Credential) -> Result<Ikm, OutOfMemory> {
        Ikm::derive(
            credential,
            self.cost,
            &field(&self.bytes, 32),
            &field(&self.bytes, 64),
        )
    }

    fn wrap(&mut self, vault_id: VaultId, ikm: &Ikm, data_key: &Key) {
        let (wrapping_key, commitment) = self.wrapping_key(vault_id, ikm);
        let mut wrapped = Zeroizing::new(Vec::with_capacity(48));
        wrapped.extend_from_slice(data_key.as_ref());
        seal_in_place(&wrapping_key, &self.context(vault_id), &mut wrapped);
        self.bytes[96..128].copy_from_slice(commitment.as_ref());
        self.bytes[128..].copy_from_slice(&wrapped);
    }

    /// Unwraps the data key, if `ikm` is the one that the slot commits to.
    ///
    /// AES-GCM does not commit to its key: a ciphertext can be made that opens under several. So
    /// the commitment is compared first, in constant time, and a mismatch is a wrong credential.
    pub(super) fn unwrap(&self, vault_id: VaultId, ikm: &Ikm) -> Result<Option<Key>, NotAuthentic> {
        let (wrapping_key, commitment) = self.wrapping_key(vault_id, ikm);
        if !bool::from(self.commits_to(&commitment)) {
            return Ok(None);
        }
        let mut wrapped = Zeroizing::new(self.bytes[128..].to_vec());
        open_in_place(&wrapping_key, &self.context(vault_id), &mut wrapped)?;
        let mut data_key = Key::default();
        data_key.copy_from_slice(&wrapped);
        Ok(Some(data_key))
    }

    /// Tells whether the slot's commitment is this one, in constant time.
    pub(super) fn commits_to(&self, commitment: &Key) -> Choice {
        same(&**commitment, &self.bytes[96..128])
    }

    /// `wk ‖ commit = HKDF(ikm, vault_id, "cofferdam/1/slot" ‖ ctx, 64)`
    pub(super) fn wrapping_key(&self, vault_id: VaultId, ikm: &Ikm) -> (Key, Key) {
        let okm = hkdf_sha256::<64>(
            ikm.as_bytes(),
            &vault_id.0,
            &[b"cofferdam/1/slot", &self.context(vault_id)],
        );
        let (mut wrapping_key, mut commitment) = (Key::default(), Key::default());
        wrapping_key.copy_from_slice(&okm[..32]);
        commitment.copy_from_slice(&okm[32..]);
        (wrapping_key, commitment)
    }

    /// `ctx = magic ‖ vault_id ‖ slot[0..96]`
    pub(super) fn context(&self, vault_id: VaultId) -> [u8; 8 + 16 + CONTEXT_LEN] {
        let mut context = [0; 8 + 16 + CONTEXT_LEN];
        context[..8].copy_from_slice(&MAGIC);
        context[8..24].copy_from_slice(&vault_id.0);
        context[24..].copy_from_slice(&self.bytes[..CONTEXT_LEN]);
        context
    }

    pub(super) fn as_bytes(&self) -> &[u8; SLOT_LEN] {
        &self.bytes
    }

    pub(super) fn id(&self) -> SlotId {
        SlotId(field(&self.bytes, 0))
    }

    pub(super) fn slot_type(&self) -> SlotType {
        self.slot_type
    }

    pub(super) fn cost(&self) -> Cost {
        self.cost
    }

    pub(super) fn facts(&self) -> SlotFacts {
        SlotFacts {
            id: self.id(),
            slot_type: self.slot_type,
            cost: self.cost,
        }
    }
}

/// Tells whether slots of these types may stand in one vault: dual control stands alone.
pub(super) fn may_stand_together(mut types: impl Iterator<Item = SlotType> + Clone) -> bool {
    let dual = |slot_type| slot_type == SlotType::TwoPassphrases;
    types.clone().all(dual) || !types.any(dual)
}
