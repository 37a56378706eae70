//! Which files a credential still opens.

use std::collections::HashMap;

use super::slot::Slot;
use super::{Credential, OutOfMemory, VaultFile};

/// Tells for each file whether `credential` opens one of its slots.
///
/// Each distinct slot is tried once, however many files hold it. Bodies are not opened: a file
/// whose body was altered may count as opened.
///
/// # Errors
///
/// When Argon2 finds not enough memory.
pub fn opened_by(files: &[&VaultFile], credential: &Credential) -> Result<Vec<bool>, OutOfMemory> {
    let mut known: HashMap<(super::VaultId, &Slot), bool> = HashMap::new();
    files
        .iter()
        .map(|file| {
            for slot in file
                .raw_slots()
                .iter()
                .filter(|slot| slot.slot_type() == credential.slot_type())
            {
                let opens = match known.get(&(file.vault_id(), slot)) {
                    Some(opens) => *opens,
                    None => {
                        let ikm = slot.derive(credential)?;
                        let opens = matches!(slot.unwrap(file.vault_id(), &ikm), Ok(Some(_)));
                        known.insert((file.vault_id(), slot), opens);
                        opens
                    }
                };
                if opens {
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .collect()
}
