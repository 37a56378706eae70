//! An unlocked vault, and the only ways to change it.

#[cfg(test)]
mod history;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use bitcoin::hex::DisplayHex;
use cofferdam_core::keys::Seed;
use cofferdam_core::seal::{
    Credential, OpenVault, RandomUnavailable, SlotType, UnlockError, VaultFile,
};
use cofferdam_memory::ordinary;

use super::behind::{self, Behind};
use super::{Screen, credential};
use crate::body::{Body, Parts};
use crate::error::{Exit, Failure};
use crate::files::{self, Existing};
use crate::journal::{Checkpoint, Entry, Event, Journal, JournalKey};
use crate::machine::Fitness;
use crate::memory_state::MemoryState;
use crate::policy::{MachinePolicies, hint_path};
use crate::protocol::{Answer, CheckpointFacts, Source, Unlock, Unlocked};
use crate::store::{LockedVault, VaultPath};

/// How often a passphrase may be typed wrongly before the command gives up.
const TRIES: usize = 3;

/// What every job is told.
pub(super) struct Opening {
    pub(super) vault: PathBuf,
    pub(super) unlock: Unlock,
    pub(super) fitness: Fitness,
    pub(super) hint: MachinePolicies,
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
    /// The body's seed: stretching the words takes 2,048 rounds, and the journal's key needs it at
    /// once.
    pub(super) seed: Seed,
    /// The vault's file as it was opened or written last.
    present: VaultFile,
    /// What that holds.
    parts: Parts,
    journal: Result<Journal, Failure>,
    /// What the journal knows beyond the vault.
    behind: Behind,
    fitness: Fitness,
    command: String,
}

impl Opening {
    /// Unlocks for a job that writes.
    ///
    /// # Errors
    ///
    /// When another process holds the vault, and when its journal is damaged or knows of writes
    /// that the vault does not hold.
    pub(super) fn write(self, screen: &mut Screen) -> Result<Session, Failure> {
        let mut session = self.write_without_journal(screen)?;
        session.journal()?;
        session.catch_up()?;
        Ok(session)
    }

    /// Unlocks for a job that writes, and may mend the journal.
    pub(super) fn write_without_journal(self, screen: &mut Screen) -> Result<Session, Failure> {
        let path = VaultPath::new(&self.vault)?;
        let lock = path.lock()?;
        self.unlock(path, Some(lock), screen)
    }

    /// Unlocks for a job that only reads, even when the journal is damaged. On a machine that is
    /// not fit, the journal gets a record of that all the same.
    pub(super) fn read(self, screen: &mut Screen) -> Result<Session, Failure> {
        if self.fitness.unfit.is_empty() {
            return self.inspect(screen);
        }
        let path = VaultPath::new(&self.vault)?;
        let lock = path.lock()?;
        let mut session = self.unlock(path, Some(lock), screen)?;
        session.journal()?;
        session.check()?;
        let event = Event::Unlocked(session.command.clone());
        session.append(vec![event], session.open.generation())?;
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
        let facts = Sitting {
            fitness: self.fitness,
            command: self.command,
        };
        let body = Body::decode(open.plaintext())?;
        let seed = body.seed();
        let opened = Opened {
            present: file.clone(),
            open,
            credential,
            body,
            seed,
        };
        let session = Session::begin(path, lock, opened, facts)?;
        if session.lock.is_none() && matches!(session.behind, Behind::Refused { .. }) {
            // Not if somebody who holds the lock wrote both since.
            session.path.require_current(&session.present)?;
        }
        confirmed(
            &self.hint,
            &session.body.policy.machine,
            session.path.vault(),
        )?;
        screen.tell(&Answer::Unlocked(session.unlocked()))?;
        for path in survey.foreign() {
            screen.progress(format!(
                "note: {} is named like an earlier generation and is none of this vault's; it counts nothing",
                path.display()
            ))?;
        }
        if let Err(failure) = session.journal() {
            screen.progress(format!("warning: {}; {}", failure.message, failure.hint))?;
        }
        if let Behind::OneWrite(words) = &session.behind {
            screen.progress(format!(
                "note: the journal knows of a write that the vault's file does not hold, by an interruption or because an \
                 earlier file was put back; what it says holds: {}",
                behind::said(words)
            ))?;
        }
        Ok(session)
    }
}

/// A vault's file, and what is in it.
pub(super) struct Opened {
    pub(super) present: VaultFile,
    pub(super) open: OpenVault,
    pub(super) credential: Credential,
    pub(super) body: Body,
    /// The body's.
    pub(super) seed: Seed,
}

/// Of what a session leaves a record.
pub(super) struct Sitting {
    pub(super) fitness: Fitness,
    pub(super) command: String,
}

/// Holds the hint that was looked at before unlocking against the policy that is sealed.
fn confirmed(
    hint: &MachinePolicies,
    sealed: &MachinePolicies,
    vault: &Path,
) -> Result<(), Failure> {
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
    /// Reads what an opened vault holds and its journal, and brings the one up to the other.
    pub(super) fn begin(
        path: VaultPath,
        lock: Option<LockedVault>,
        opened: Opened,
        Sitting { fitness, command }: Sitting,
    ) -> Result<Session, Failure> {
        let Opened {
            present,
            open,
            credential,
            mut body,
            seed,
        } = opened;
        let parts = body.parts();
        let key = JournalKey::derive(&seed);
        // Its records are as many as ever were signed, and not secret towards this machine.
        let journal =
            ordinary(|| Journal::open(path.journal(), key, open.vault_id(), &body.checkpoint))
                .map_err(Failure::from);
        let behind = match &journal {
            Ok(journal) => {
                let beyond = journal
                    .log()
                    .beyond(body.checkpoint.count, open.generation());
                behind::brought_up(&mut body, &beyond, open.generation())?
            }
            Err(_) => Behind::Nothing,
        };
        Ok(Session {
            path,
            lock,
            open,
            credential,
            body,
            seed,
            present,
            parts,
            journal,
            behind,
            fitness,
            command,
        })
    }

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
    /// When it is damaged, or knows of writes that the vault does not hold and that cannot be done
    /// over again.
    pub(super) fn journal(&self) -> Result<&Journal, Failure> {
        match &self.behind {
            Behind::Refused { failure, .. } => Err((**failure).clone()),
            _ => self.whole_journal(),
        }
    }

    /// Returns the journal, also one that knows more than the vault.
    ///
    /// # Errors
    ///
    /// When it is damaged.
    pub(super) fn whole_journal(&self) -> Result<&Journal, Failure> {
        self.journal.as_ref().map_err(Clone::clone)
    }

    /// Returns what the journal knows beyond the vault.
    pub(super) fn behind(&self) -> &Behind {
        &self.behind
    }

    /// Returns the body as the vault's file has it, without what the journal knows beyond it.
    pub(super) fn sealed_body(&self) -> Result<Body, Failure> {
        Ok(Body::decode(self.open.plaintext())?)
    }

    /// Puts a journal in the damaged one's place, once its file is there.
    pub(super) fn reread_journal(&mut self) -> Result<(), Failure> {
        let key = JournalKey::derive(&self.seed);
        let path = self.path.journal();
        let journal =
            ordinary(|| Journal::open(path, key, self.open.vault_id(), &self.body.checkpoint))?;
        let beyond = journal
            .log()
            .beyond(self.body.checkpoint.count, self.open.generation());
        self.behind = behind::brought_up(&mut self.body, &beyond, self.open.generation())?;
        self.journal = Ok(journal);
        self.journal().map(|_| ())
    }

    /// Records events and the body as it now is, durably: first the journal, then the vault with
    /// its checkpoint. Returns the new generation.
    ///
    /// # Errors
    ///
    /// When the lock, the vault or the journal is not what this session opened or wrote last:
    /// nothing is written then.
    pub(super) fn commit(&mut self, mut events: Vec<Event>) -> Result<u64, Failure> {
        self.journal()?;
        self.check()?;
        self.catch_up()?;
        let changed = self.parts.changed(&self.body.parts());
        if !changed.is_empty() {
            events.push(self.state(changed));
        }
        if events.is_empty() && !self.fitness.unfit.is_empty() {
            events.push(Event::Unlocked(self.command.clone()));
        }
        let generation = self.next_generation()?;
        if !events.is_empty() {
            self.append(events, generation)?;
        }
        self.write_vault(generation)?;
        Ok(generation)
    }

    /// Writes the vault with what now opens it, and then records that. An interruption between the
    /// two loses the record alone; so a journal that has the record beyond its vault tells of a
    /// file that was put back.
    ///
    /// # Errors
    ///
    /// As [`Session::commit`].
    pub(super) fn commit_credential(&mut self, rotated: bool) -> Result<u64, Failure> {
        self.journal()?;
        self.check()?;
        let generation = self.next_generation()?;
        self.write_vault(generation)?;
        self.append(vec![Event::CredentialChanged { rotated }], generation)?;
        Ok(generation)
    }

    /// Writes the vault as a session under a generation of the caller's choice, after a record of
    /// that.
    pub(super) fn commit_reseal(
        &mut self,
        beyond: Vec<String>,
        generation: u64,
    ) -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
        self.check()?;
        let from = self.open.generation();
        let changed = self.parts.changed(&self.body.parts());
        let mut events = vec![Event::Resealed { from, beyond }];
        if !changed.is_empty() {
            events.push(self.state(changed));
        }
        self.append(events, generation)?;
        self.body.checkpoint = self.whole_journal()?.log().checkpoint();
        let file = self
            .open
            .reseal_as(generation, &self.body.encode(), &mut kernel)?;
        let aside = self.locked()?.reseal(&self.present, &file)?;
        self.present = file;
        self.parts = self.body.parts();
        self.behind = Behind::Nothing;
        self.hint()?;
        Ok(aside)
    }

    /// Proves that the lock is held, and that vault and journal are what this session opened or
    /// wrote last, to the last byte.
    ///
    /// # Errors
    ///
    /// When something else changed them meanwhile (exit 12).
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.locked()?.check_vault(&self.present)?;
        if let Ok(journal) = &self.journal {
            journal.check()?;
        }
        Ok(())
    }

    /// Writes into the vault what its journal knows beyond it.
    fn catch_up(&mut self) -> Result<(), Failure> {
        if let Behind::OneWrite(_) = self.behind {
            let generation = self.next_generation()?;
            self.write_vault(generation)?;
            self.behind = Behind::Nothing;
        }
        Ok(())
    }

    fn state(&self, parts: Vec<String>) -> Event {
        Event::State {
            parts,
            state: self.body.state(),
            remembers: self.body.memory != MemoryState::Missing,
        }
    }

    fn next_generation(&self) -> Result<u64, Failure> {
        let known = self.present.generation().max(self.open.generation());
        let known = known.max(self.whole_journal()?.log().highest_generation());
        Ok(self.path.survey()?.next_generation(&self.open, known)?)
    }

    /// Appends events to the journal: as many as another vault ever signed, when its journal is
    /// imported.
    fn append(&mut self, events: Vec<Event>, generation: u64) -> Result<(), Failure> {
        let events = events.into_iter();
        let entries = ordinary(|| events.map(|event| self.entry(event, generation)).collect());
        let journal = self.journal.as_mut().map_err(|failure| failure.clone())?;
        Ok(ordinary(|| journal.append(entries, &mut kernel))?)
    }

    /// Seals the body as it now is, with the journal's checkpoint, and makes that the vault.
    fn write_vault(&mut self, generation: u64) -> Result<(), Failure> {
        self.body.checkpoint = self.whole_journal()?.log().checkpoint();
        let file = self
            .open
            .reseal(generation, &self.body.encode(), &mut kernel)?;
        self.locked()?.write(&self.present, &file)?;
        self.present = file;
        self.parts = self.body.parts();
        self.hint()
    }

    fn locked(&self) -> Result<&LockedVault, Failure> {
        let lock = self.lock.as_ref();
        lock.ok_or_else(|| Failure::unexpected("the vault was opened for reading only"))
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
        if MachinePolicies::hinted(vault) == *sealed {
            return Ok(());
        }
        files::write_private(
            &hint_path(vault),
            sealed.hint().as_bytes(),
            Existing::Replace,
        )
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
