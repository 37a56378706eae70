//! `passphrase`: changing what opens the vault.

use crate::protocol::Costs;
use bitcoin::hex::FromHex;
use cofferdam_core::seal::{Cost, NewSlot, SlotId, SlotType};
use std::path::PathBuf;

use super::Screen;
use super::Work;
use super::credential::chosen;
use super::landlock_rules;
use super::session::{Opening, Session, kernel};
use crate::error::Failure;
use crate::process::LandlockRules;
use crate::protocol::{Outcome, PassphraseChanged, Source, Unlock};
use serde::{Deserialize, Serialize};

/// Changes the passphrase.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PassphraseJob {
    /// The new passphrase.
    pub(crate) new: Source,
    /// The new second passphrase, for a vault under dual control.
    pub(crate) new_second: Option<Source>,
    /// The new key file; the old one stays if none is told.
    pub(crate) new_key_file: Option<PathBuf>,
    /// Whether to draw a new data key, too.
    pub(crate) rotate: bool,
    /// The ids of slots that a rotation leaves out, in hexadecimal.
    pub(crate) drop_slots: Vec<String>,
    /// What a guess shall cost; as before, if nothing is told.
    pub(crate) costs: Costs,
}

impl Work for PassphraseJob {
    fn rules(&self, rules: LandlockRules) -> LandlockRules {
        let chosen = [Some(&self.new), self.new_second.as_ref()];
        let rules = landlock_rules::sources(rules, chosen);
        self.new_key_file.iter().fold(rules, LandlockRules::reads)
    }

    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        passphrase(open, self, screen)
    }
}

/// Seals the opened slot anew under another credential, and with `rotate` the data key too.
pub(super) fn passphrase(
    open: Opening,
    job: PassphraseJob,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    let old_key_file = open.unlock.key_file.clone();
    let dropped = job
        .drop_slots
        .iter()
        .map(|id| slot_id(id))
        .collect::<Result<Vec<_>, _>>()?;
    let mut session = open.write(screen)?;
    let slot_type = session.credential.slot_type();
    let unlock = Unlock {
        second: match (slot_type, &job.new_second) {
            (SlotType::TwoPassphrases, None) => Some(Source::Prompt),
            (SlotType::TwoPassphrases, second) => second.clone(),
            (_, None) => None,
            (_, Some(_)) => {
                return Err(Failure::usage(
                    "this vault is not under dual control, and takes no second passphrase",
                    "leave out --new-second-passphrase-file and -fd",
                ));
            }
        },
        key_file: match slot_type {
            SlotType::TwoPassphrases => None,
            _ => job.new_key_file.clone().or(old_key_file),
        },
        passphrase: job.new,
    };
    let credential = chosen(&unlock, job.new_key_file.is_none())?;
    let opened = session.open.opened_slot();
    let before = session
        .open
        .slots()
        .into_iter()
        .find(|slot| slot.id == opened)
        .map_or(Cost::MINIMUM, |slot| slot.cost);
    let cost = match (job.costs.memory_mib, job.costs.passes) {
        (None, None) => before,
        (memory, passes) => Cost::new(
            memory.map_or(before.memory_kib(), |mib| mib.saturating_mul(1024)),
            passes.unwrap_or(before.passes()),
            before.lanes(),
        )?,
    };
    let new = NewSlot {
        credential: credential.clone(),
        cost,
    };
    let slot = session.open.change_slot(opened, &new, &mut kernel)?;
    if job.rotate {
        session
            .open
            .rotate(&[(slot, credential)], &dropped, &mut kernel)?;
    }
    let generation = session.commit_credential(job.rotate)?;
    changed(&session, generation, job.rotate)
}

fn changed(session: &Session, generation: u64, rotated: bool) -> Result<Outcome, Failure> {
    let older = session
        .path()
        .survey()?
        .older_opened_by(&session.credential)?;
    Ok(Outcome::Passphrase(PassphraseChanged {
        generation,
        rotated,
        older_files: older.len(),
        older,
    }))
}

fn slot_id(text: &str) -> Result<SlotId, Failure> {
    <[u8; 16]>::from_hex(text).map(SlotId).map_err(|_| {
        Failure::usage(
            format!("{text:?} is no slot id"),
            "use the 32 hexadecimal digits that `verify` prints",
        )
    })
}
