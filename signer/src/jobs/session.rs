//! An unlocked vault, and the only ways to change it.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use bitcoin::hex::DisplayHex;
use cofferdam_core::keys::Seed;
use cofferdam_core::seal::{Credential, OpenVault, RandomUnavailable, SlotType, UnlockError, VaultFile};
use cofferdam_memory::ordinary;

use super::{Screen, credential};
use crate::body::Body;
use crate::error::{Exit, Failure};
use crate::files::{self, Existing};
use crate::journal::{Checkpoint, Entry, Event, Journal, JournalKey};
use crate::machine::Fitness;
use crate::policy::{Stances, hint_path};
use crate::protocol::{Answer, CheckpointFacts, Source, Unlock, Unlocked};
use crate::store::{LockedVault, VaultPath};

/// How often a passphrase may be typed wrongly before the command gives up.
const TRIES: usize = 3;

/// What every job is told.
pub(super) struct Opening {
    pub(super) vault: PathBuf,
    pub(super) unlock: Unlock,
    pub(super) fitness: Fitness,
    pub(super) hint: Stances,
    pub(super) command: String,
}

/// An unlocked vault.
pub(super) struct Session {
    path: VaultPath,
    lock: Option<LockedVault>,
    pub(super) open: OpenVault,
    /// What opened it.
    pub(super) credential: Credential,
    pub(super) body: Body,
    /// The body's seed: stretching the words takes 2,048 rounds, and the journal's key needs it at once.
    pub(super) seed: Seed,
    journal: Result<Journal, Failure>,
    fitness: Fitness,
    command: String,
}

impl Opening {
    /// Unlocks for a job that writes.
    ///
    /// # Errors
    ///
    /// When another process holds the vault, and when its journal is damaged.
    pub(super) fn write(self, screen: &mut Screen) -> Result<Session, Failure> {
        let session = self.write_without_journal(screen)?;
        session.journal()?;
        Ok(session)
    }

    /// Unlocks for a job that writes, and may mend the journal.
    pub(super) fn write_without_journal(self, screen: &mut Screen) -> Result<Session, Failure> {
        let path = VaultPath::new(&self.vault)?;
        let lock = path.lock()?;
        self.unlock(path, Some(lock), screen)
    }

    /// Unlocks for a job that only reads, even when the journal is damaged. On a machine that is not fit, the journal
    /// gets a record of that all the same.
    pub(super) fn read(self, screen: &mut Screen) -> Result<Session, Failure> {
        if self.fitness.unfit.is_empty() {
            return self.inspect(screen);
        }
        let path = VaultPath::new(&self.vault)?;
        let lock = path.lock()?;
        let mut session = self.unlock(path, Some(lock), screen)?;
        let event = Event::Unlocked(session.command.clone());
        let entries = vec![session.entry(event, session.open.generation())];
        let journal = session.journal.as_mut().map_err(|failure| failure.clone())?;
        ordinary(|| journal.append(entries, &mut kernel))?;
        Ok(session)
    }

    /// Unlocks for a job that never writes.
    pub(super) fn inspect(self, screen: &mut Screen) -> Result<Session, Failure> {
        let path = VaultPath::new(&self.vault)?;
        self.unlock(path, None, screen)
    }

    fn unlock(
        self,
        path: VaultPath,
        lock: Option<LockedVault>,
        screen: &mut Screen,
    ) -> Result<Session, Failure> {
        let survey = path.survey()?;
        let file = survey.current()?;
        let (open, credential) = opened(file, &self.unlock, screen)?;
        let body = Body::decode(open.plaintext())?;
        confirmed(&self.hint, &body.policy.machine, path.vault())?;
        let seed = body.seed();
        let key = JournalKey::derive(&seed);
        // Its records are as many as ever were signed, and not secret towards this machine.
        let journal = ordinary(|| Journal::open(path.journal(), key, open.vault_id(), &body.checkpoint))
            .map_err(Failure::from);
        let session = Session {
            path,
            lock,
            open,
            credential,
            body,
            seed,
            journal,
            fitness: self.fitness,
            command: self.command,
        };
        screen.tell(&Answer::Unlocked(session.unlocked()))?;
        if let Err(failure) = &session.journal {
            screen.progress(format!("warning: {}; {}", failure.message, failure.hint))?;
        }
        Ok(session)
    }
}

/// Holds the hint that was looked at before unlocking against the policy that is sealed.
fn confirmed(hint: &Stances, sealed: &Stances, vault: &Path) -> Result<(), Failure> {
    let Some(kind) = sealed.loosened_by(hint) else {
        return Ok(());
    };
    let hint_path = hint_path(vault);
    Err(Failure::new(
        Exit::Unfit,
        "machine-hint",
        format!(
            "{} says {kind} {}, and the vault says {}: the file was changed, or is older than the vault",
            hint_path.display(),
            hint.of(kind),
            sealed.of(kind)
        ),
        "find out who changed it, and remove it; `policy set` writes it again",
    ))
}

fn opened(
    file: &VaultFile,
    unlock: &Unlock,
    screen: &mut Screen,
) -> Result<(OpenVault, Credential), Failure> {
    let mut unlock = unlock.clone();
    let dual = file
        .slots()
        .iter()
        .any(|slot| slot.slot_type == SlotType::TwoPassphrases);
    if dual && unlock.second.is_none() && unlock.passphrase == Source::Prompt {
        unlock.second = Some(Source::Prompt);
    }
    let mut tries = match unlock.passphrase {
        Source::Prompt => TRIES,
        _ => 1,
    };
    loop {
        tries -= 1;
        let credential = credential::existing(&unlock)?;
        match file.unlock(&credential) {
            Err(UnlockError::WrongCredential) if tries > 0 => {
                screen.progress("wrong passphrase or key file; try again")?;
            }
            result => return Ok((result?, credential)),
        }
    }
}

impl Session {
    /// Returns the vault's files.
    pub(super) fn path(&self) -> &VaultPath {
        &self.path
    }

    /// Returns what is shown at every unlock.
    pub(super) fn unlocked(&self) -> Unlocked {
        Unlocked {
            vault_id: self.open.vault_id().to_string(),
            generation: self.open.generation(),
            journal: self
                .journal
                .as_ref()
                .ok()
                .map(|journal| facts(&journal.log().checkpoint())),
        }
    }

    /// Returns the journal.
    ///
    /// # Errors
    ///
    /// When it is damaged.
    pub(super) fn journal(&self) -> Result<&Journal, Failure> {
        self.journal.as_ref().map_err(Clone::clone)
    }

    /// Puts a journal in the damaged one's place, once its file is there.
    pub(super) fn reread_journal(&mut self) -> Result<(), Failure> {
        let key = JournalKey::derive(&self.seed);
        let path = self.path.journal();
        let journal = ordinary(|| Journal::open(path, key, self.open.vault_id(), &self.body.checkpoint))?;
        self.journal = Ok(journal);
        Ok(())
    }

    /// Records events and the body as it now is, durably: first the journal, then the vault with its checkpoint. Returns
    /// the new generation.
    pub(super) fn commit(&mut self, mut events: Vec<Event>) -> Result<u64, Failure> {
        if events.is_empty() && !self.fitness.unfit.is_empty() {
            events.push(Event::Unlocked(self.command.clone()));
        }
        let highest = self.journal()?.log().highest_generation();
        let generation = self.path.survey()?.next_generation(highest)?;
        if !events.is_empty() {
            let entries = ordinary(|| {
                events
                    .into_iter()
                    .map(|event| self.entry(event, generation))
                    .collect()
            });
            let journal = self.journal.as_mut().map_err(|failure| failure.clone())?;
            // As many as another vault ever signed, when its journal is imported.
            ordinary(|| journal.append(entries, &mut kernel))?;
        }
        self.body.checkpoint = self.journal()?.log().checkpoint();
        let file = self.open.reseal(generation, &self.body.encode(), &mut kernel)?;
        let lock = self
            .lock
            .as_ref()
            .ok_or_else(|| Failure::unexpected("the vault was opened for reading only"))?;
        lock.write(&file)?;
        self.hint()?;
        Ok(generation)
    }

    /// Looks at the machine once more, now that its keys are about to be used.
    ///
    /// # Errors
    ///
    /// When it has become unfit since.
    pub(super) fn look_again(&mut self) -> Result<(), Failure> {
        self.fitness = self.fitness.check_again()?;
        Ok(())
    }

    /// Writes what the sealed policy says of the machine beside the vault, where it differs.
    fn hint(&self) -> Result<(), Failure> {
        let (sealed, vault) = (&self.body.policy.machine, self.path.vault());
        if Stances::hinted(vault) == *sealed {
            return Ok(());
        }
        files::write_private(&hint_path(vault), sealed.hint().as_bytes(), Existing::Replace)
    }

    /// Returns whether the machine is not fit, which the journal must record.
    pub(super) fn is_unfit(&self) -> bool {
        !self.fitness.unfit.is_empty()
    }

    fn entry(&self, event: Event, generation: u64) -> Entry {
        entry(event, generation, &self.fitness)
    }
}

/// Makes a journal entry of now.
pub(super) fn entry(event: Event, generation: u64, fitness: &Fitness) -> Entry {
    Entry {
        time: now(),
        generation,
        unfit: fitness.unfit.iter().map(ToString::to_string).collect(),
        event,
    }
}

/// Fills a slice with the kernel's random bytes.
pub(super) fn kernel(bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
    getrandom::fill(bytes).map_err(|_| RandomUnavailable)
}

/// Returns a checkpoint as screens show it.
pub(super) fn facts(checkpoint: &Checkpoint) -> CheckpointFacts {
    CheckpointFacts {
        count: checkpoint.count,
        head: checkpoint.head.to_lower_hex_string(),
    }
}

/// Returns the time by this machine's clock, which nobody vouches for, in seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|time| time.as_secs())
        .unwrap_or(0)
}
