//! Argon2id on memory of our own, so that it can be wiped.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::{Zeroizing, optimization_barrier};

use super::primitives::Key;
use super::{Cost, Credential};

/// The input keying material of a slot: what a credential is after its costs were spent. Wiped when
/// dropped.
pub(super) struct Ikm(Zeroizing<Vec<u8>>);

impl Ikm {
    /// `A2(pass)`, `A2(pass) ‖ SHA-256(key file)`, or `A2(a) ‖ A2(b)`, by the credential's type.
    ///
    /// The two passphrases of dual control are stretched one after the other: memory is needed
    /// once.
    pub(super) fn derive(
        credential: &Credential,
        cost: Cost,
        salt_a: &[u8; 32],
        salt_b: &[u8; 32],
    ) -> Result<Self, OutOfMemory> {
        let mut ikm = Zeroizing::new(Vec::with_capacity(64));
        match credential {
            Credential::Passphrase(pass) => {
                ikm.extend_from_slice(argon2id(pass.as_bytes(), salt_a, cost)?.as_ref());
            }
            Credential::PassphraseAndKeyFile(pass, key_file) => {
                ikm.extend_from_slice(argon2id(pass.as_bytes(), salt_a, cost)?.as_ref());
                ikm.extend_from_slice(key_file.as_bytes());
            }
            Credential::TwoPassphrases(a, b) => {
                ikm.extend_from_slice(argon2id(a.as_bytes(), salt_a, cost)?.as_ref());
                ikm.extend_from_slice(argon2id(b.as_bytes(), salt_b, cost)?.as_ref());
            }
        }
        Ok(Ikm(ikm))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Cost {
    /// Spends the cost once, on fixed input, so that a caller with a clock can measure it for
    /// [`Cost::calibrate`].
    ///
    /// # Errors
    ///
    /// When there is not enough memory.
    pub fn exercise(self) -> Result<(), OutOfMemory> {
        argon2id(b"cofferdam", &[0; 32], self).map(drop)
    }
}

/// Argon2id version 0x13 with 32 bytes of output (RFC 9106), its lanes in parallel; the memory is
/// wiped.
fn argon2id(pass: &[u8], salt: &[u8; 32], cost: Cost) -> Result<Key, OutOfMemory> {
    let out_of_memory = OutOfMemory {
        needed_kib: cost.memory_kib(),
    };
    let params = Params::new(cost.memory_kib(), cost.passes(), cost.lanes(), Some(32))
        .expect("the bounds of Cost are within Argon2's");
    let mut memory = Memory::new(params.block_count()).ok_or(out_of_memory)?;
    let mut out = Key::default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(pass, salt, out.as_mut(), memory.0.as_mut_slice())
        .expect("a passphrase in memory and a salt of 32 bytes are within Argon2's bounds");
    Ok(out)
}

struct Memory(Vec<Block>);

impl Memory {
    fn new(blocks: usize) -> Option<Self> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(blocks).ok()?;
        memory.resize(blocks, Block::new());
        Some(Memory(memory))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.fill(Block::new());
        optimization_barrier(self.0.as_slice());
    }
}

/// There is not enough memory for the key derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key derivation needs {} MiB of free memory; close other programs, or use a machine with more", .needed_kib / 1024)]
pub struct OutOfMemory {
    /// What the slot asks for, in KiB.
    pub needed_kib: u32,
}

#[cfg(test)]
mod tests {
    use bitcoin::hex::DisplayHex;

    use super::argon2id;
    use crate::seal::Cost;

    // Recomputed with argon2-cffi 25.1 (the reference implementation in C):
    // hash_secret_raw(b"correct horse", bytes(range(32)), 3, 65536, 4, 32, Type.ID)
    #[test]
    fn equals_the_reference_implementation() {
        let salt: [u8; 32] = std::array::from_fn(|i| i as u8);
        let key = argon2id(b"correct horse", &salt, Cost::MINIMUM).unwrap();
        assert_eq!(
            AsRef::<[u8]>::as_ref(&key).to_lower_hex_string(),
            "fc5d642bb060f1becda3a96cf47ed429465a98babc939c96228302fc85e53a4f"
        );
    }
}
