//! An opened vault, and everything that seals one.

use std::fmt;

use zeroize::Zeroizing;

use super::body::{self, BodyKeys};
use super::header::{HEADER_LEN, Header, MAX_SLOTS};
use super::primitives::{Key, hmac_sha256, hmac_sha256_matches, same, sha256};
use super::slot::{Slot, may_stand_together};
use super::{Cost, Credential, Kernel, SealError, SlotFacts, SlotId, Tampered, VaultFile, VaultId};

/// A slot to be sealed.
#[derive(Clone, Debug)]
pub struct NewSlot {
    /// What shall open it.
    pub credential: Credential,
    /// What a guess shall cost.
    pub cost: Cost,
}

/// An authenticated vault: its content, and the data key that seals the next generation. Wiped when
/// dropped.
pub struct OpenVault {
    vault_id: VaultId,
    generation: u64,
    data_key: Key,
    slots: Vec<Slot>,
    opened_slot: SlotId,
    plaintext: Zeroizing<Vec<u8>>,
}

impl OpenVault {
    /// Seals the first vault of a new identity, at `generation` (1 unless the journal knows of
    /// others).
    ///
    /// Costs one Argon2 run (two for two passphrases) for each slot.
    ///
    /// # Errors
    ///
    /// When slots or content break the format's bounds, or memory or random numbers are missing.
    pub fn create(
        slots: &[NewSlot],
        generation: u64,
        plaintext: &[u8],
        kernel: &mut Kernel<'_>,
    ) -> Result<VaultFile, SealError> {
        check_slots(slots.iter().map(|new| new.credential.slot_type()))?;
        if generation == 0 {
            return Err(SealError::Generation {
                current: 0,
                found: 0,
            });
        }
        let mut vault_id = VaultId([0; 16]);
        kernel(&mut vault_id.0)?;
        let data_key = draw_key(kernel)?;
        let slots = slots
            .iter()
            .map(|new| Slot::seal(new, vault_id, &data_key, kernel))
            .collect::<Result<Vec<_>, _>>()?;
        seal(vault_id, generation, &data_key, &slots, plaintext, kernel)
    }

    /// Proves that header, slots and body of a file belong to `data_key`, which slot `index` gave.
    pub(super) fn authenticate(
        file: &VaultFile,
        index: usize,
        data_key: Key,
    ) -> Result<Self, Tampered> {
        let (header_and_slots, mac, body) = file.parts();
        let keys = BodyKeys::derive(&data_key, file.header());
        if !hmac_sha256_matches(keys.header.as_ref(), &[header_and_slots], &mac) {
            return Err(Tampered::Header);
        }
        let plaintext = body::open(&keys, header_and_slots, &mac, body)?;
        Ok(OpenVault {
            vault_id: file.vault_id(),
            generation: file.generation(),
            data_key,
            slots: file.raw_slots().to_vec(),
            opened_slot: file.raw_slots()[index].id(),
            plaintext,
        })
    }

    /// Returns the content, without its padding.
    pub fn plaintext(&self) -> &[u8] {
        &self.plaintext
    }

    /// Returns the vault's identity.
    pub fn vault_id(&self) -> VaultId {
        self.vault_id
    }

    /// Returns the generation that was opened.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the slots that the next [`OpenVault::reseal`] writes, in their order.
    pub fn slots(&self) -> Vec<SlotFacts> {
        self.slots.iter().map(Slot::facts).collect()
    }

    /// Returns the slot that was opened, or that replaced it.
    pub fn opened_slot(&self) -> SlotId {
        self.opened_slot
    }

    /// Seals `plaintext` as a later generation, with the slots as they now are. Quick: no key
    /// derivation.
    ///
    /// # Errors
    ///
    /// When `generation` is not after [`OpenVault::generation`], or the content is too long.
    pub fn reseal(
        &self,
        generation: u64,
        plaintext: &[u8],
        kernel: &mut Kernel<'_>,
    ) -> Result<VaultFile, SealError> {
        if generation <= self.generation {
            return Err(SealError::Generation {
                current: self.generation,
                found: generation,
            });
        }
        seal(
            self.vault_id,
            generation,
            &self.data_key,
            &self.slots,
            plaintext,
            kernel,
        )
    }

    /// Seals `plaintext` under a generation that the caller chose, before the one that was opened
    /// too: the way back from a generation that no honest writing comes to.
    ///
    /// # Errors
    ///
    /// When the content is too long, or `generation` is 0.
    pub fn reseal_as(
        &self,
        generation: u64,
        plaintext: &[u8],
        kernel: &mut Kernel<'_>,
    ) -> Result<VaultFile, SealError> {
        if generation == 0 {
            return Err(SealError::Generation {
                current: self.generation,
                found: generation,
            });
        }
        seal(
            self.vault_id,
            generation,
            &self.data_key,
            &self.slots,
            plaintext,
            kernel,
        )
    }

    /// Tells whether a file was sealed under the data key of this vault, by its header's MAC.
    /// Quick: no key derivation.
    ///
    /// A file of before a rotation was not.
    pub fn has_sealed(&self, file: &VaultFile) -> bool {
        let (header_and_slots, mac, _) = file.parts();
        let keys = BodyKeys::derive(&self.data_key, file.header());
        file.vault_id() == self.vault_id
            && hmac_sha256_matches(keys.header.as_ref(), &[header_and_slots], &mac)
    }

    /// Opens another file that was sealed under the data key of this vault. Quick: no key
    /// derivation.
    ///
    /// # Errors
    ///
    /// When the file was sealed under another key, or altered.
    pub fn open_sibling(&self, file: &VaultFile) -> Result<Self, Tampered> {
        let opened = |slot: &Slot| slot.id() == self.opened_slot;
        let index = file.raw_slots().iter().position(opened).unwrap_or(0);
        Self::authenticate(file, index, self.data_key.clone())
    }

    /// Replaces a slot by one for another credential, under the same data key;
    /// [`OpenVault::reseal`] then writes it.
    ///
    /// Earlier files still open with the former credential, and show the same data key: see
    /// [`OpenVault::rotate`] and [`super::opened_by`].
    ///
    /// # Errors
    ///
    /// When there is no such slot, or the change would mix dual control with other types or undo
    /// it.
    pub fn change_slot(
        &mut self,
        slot: SlotId,
        new: &NewSlot,
        kernel: &mut Kernel<'_>,
    ) -> Result<SlotId, SealError> {
        let index = self.index_of(slot)?;
        self.check_dual_control(new)?;
        let sealed = Slot::seal(new, self.vault_id, &self.data_key, kernel)?;
        let id = sealed.id();
        if self.opened_slot == slot {
            self.opened_slot = id;
        }
        self.slots[index] = sealed;
        Ok(id)
    }

    /// Adds a slot under the same data key; [`OpenVault::reseal`] then writes it.
    ///
    /// # Errors
    ///
    /// When there are eight slots already, or dual control would mix with other types.
    pub fn add_slot(
        &mut self,
        new: &NewSlot,
        kernel: &mut Kernel<'_>,
    ) -> Result<SlotId, SealError> {
        if self.slots.len() == MAX_SLOTS {
            return Err(SealError::SlotCount(MAX_SLOTS + 1));
        }
        self.check_dual_control(new)?;
        let sealed = Slot::seal(new, self.vault_id, &self.data_key, kernel)?;
        let id = sealed.id();
        self.slots.push(sealed);
        Ok(id)
    }

    /// Draws a new data key and seals it into the slots of `keep`, each with its credential, which
    /// is proven to open the slot first; [`OpenVault::reseal`] then writes it. Slots of `drop` are
    /// left out. Costs and order stay.
    ///
    /// Files of earlier generations still open with their credentials: what they hold is not taken
    /// back.
    ///
    /// # Errors
    ///
    /// When a slot is in neither list or named twice, a credential does not open its slot, or none
    /// would be left; nothing is changed then.
    pub fn rotate(
        &mut self,
        keep: &[(SlotId, Credential)],
        drop: &[SlotId],
        kernel: &mut Kernel<'_>,
    ) -> Result<(), SealError> {
        let named: Vec<SlotId> = keep
            .iter()
            .map(|(id, _)| *id)
            .chain(drop.iter().copied())
            .collect();
        for (i, id) in named.iter().enumerate() {
            self.index_of(*id)?;
            if named[..i].contains(id) {
                return Err(SealError::SlotNamedTwice(*id));
            }
        }
        if let Some(slot) = self.slots.iter().find(|slot| !named.contains(&slot.id())) {
            return Err(SealError::SlotUnaccounted(slot.id()));
        }
        if keep.is_empty() {
            return Err(SealError::SlotCount(0));
        }
        for (id, credential) in keep {
            let slot = &self.slots[self.index_of(*id)?];
            let opens = credential.slot_type() == slot.slot_type()
                && matches!(slot.unwrap(self.vault_id, &slot.derive(credential)?),
                    Ok(Some(data_key)) if same(&*data_key, &*self.data_key).into());
            if !opens {
                return Err(SealError::WrongCredential(*id));
            }
        }
        let data_key = draw_key(kernel)?;
        let mut opened_slot = None;
        let mut slots = Vec::with_capacity(keep.len());
        for slot in &self.slots {
            let Some((_, credential)) = keep.iter().find(|(id, _)| *id == slot.id()) else {
                continue;
            };
            let new = NewSlot {
                credential: credential.clone(),
                cost: slot.cost(),
            };
            let sealed = Slot::seal(&new, self.vault_id, &data_key, kernel)?;
            if slot.id() == self.opened_slot || opened_slot.is_none() {
                opened_slot = Some(sealed.id());
            }
            slots.push(sealed);
        }
        self.opened_slot = opened_slot.unwrap_or(self.opened_slot);
        self.data_key = data_key;
        self.slots = slots;
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn data_key_for_tests(&self) -> Key {
        self.data_key.clone()
    }

    fn index_of(&self, id: SlotId) -> Result<usize, SealError> {
        self.slots
            .iter()
            .position(|slot| slot.id() == id)
            .ok_or(SealError::NoSuchSlot(id))
    }

    /// Dual control is chosen at creation: no slot may bring it in, and none may undo it, not even
    /// the only one.
    fn check_dual_control(&self, new: &NewSlot) -> Result<(), SealError> {
        let types = self
            .slots
            .iter()
            .map(Slot::slot_type)
            .chain([new.credential.slot_type()]);
        check_together(types)
    }
}

impl fmt::Debug for OpenVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenVault")
            .field("vault_id", &self.vault_id)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// Writes a whole file, and proves that it opens again.
fn seal(
    vault_id: VaultId,
    generation: u64,
    data_key: &Key,
    slots: &[Slot],
    plaintext: &[u8],
    kernel: &mut Kernel<'_>,
) -> Result<VaultFile, SealError> {
    let padded = body::pad(plaintext)?;
    let mut kernel32 = Zeroizing::new([0; 32]);
    kernel(kernel32.as_mut())?;
    let header = Header {
        slots: slots.len(),
        vault_id,
        generation,
        body_len: body::sealed_len(&padded),
        write_salt: body::write_salt(data_key, &kernel32, generation, &padded),
    };
    let keys = BodyKeys::derive(data_key, &header);
    let mut bytes = Vec::with_capacity(header.file_len());
    bytes.extend_from_slice(&header.to_bytes());
    debug_assert_eq!(bytes.len(), HEADER_LEN);
    for slot in slots {
        bytes.extend_from_slice(slot.as_bytes());
    }
    let mac = hmac_sha256(keys.header.as_ref(), &[&bytes]);
    let body = body::seal(&keys, &bytes, &mac, padded);
    bytes.extend_from_slice(&mac);
    bytes.extend_from_slice(&body);
    let checksum = sha256(&bytes);
    bytes.extend_from_slice(&checksum);

    let file = VaultFile::parse(bytes).map_err(|_| SealError::SelfCheck)?;
    match OpenVault::authenticate(&file, 0, data_key.clone()) {
        Ok(opened) if same(opened.plaintext(), plaintext).into() => Ok(file),
        _ => Err(SealError::SelfCheck),
    }
}

fn check_slots(
    types: impl ExactSizeIterator<Item = super::SlotType> + Clone,
) -> Result<(), SealError> {
    if types.len() == 0 || types.len() > MAX_SLOTS {
        return Err(SealError::SlotCount(types.len()));
    }
    check_together(types)
}

fn check_together(types: impl Iterator<Item = super::SlotType> + Clone) -> Result<(), SealError> {
    if may_stand_together(types) {
        Ok(())
    } else {
        Err(SealError::MixedDualControl)
    }
}

fn draw_key(kernel: &mut Kernel<'_>) -> Result<Key, SealError> {
    let mut key = Key::default();
    kernel(key.as_mut())?;
    Ok(key)
}
