//! `journal show`, `verify`, `export` and `import`.

use std::fs;
use std::path::{Path, PathBuf};

use bitcoin::hex::DisplayHex;
use cofferdam_memory::ordinary;

use super::Screen;
use super::session::{Opening, Session, facts};
use crate::body::MemoryState;
use crate::error::{Exit, Failure};
use crate::files::{self, Existing};
use crate::journal::{Event, JournalKey, Log, Memory, accept};
use crate::policy::Change;
use crate::protocol::{Imported, JournalFacts, JournalJob, Outcome};

/// The longest journal that is imported.
const MAX_JOURNAL: u64 = 1 << 30;

/// Works with the journal.
pub(super) fn journal(open: Opening, job: JournalJob, screen: &mut Screen) -> Result<Outcome, Failure> {
    match job {
        JournalJob::Show => {
            let session = open.read(screen)?;
            let log = session.journal()?.log();
            let entries = (0..).zip(log.entries());
            let entries = entries.map(|(sequence, entry)| entry.to_json(sequence, session.body.network));
            Ok(Outcome::Journal(JournalFacts {
                entries: Some(entries.collect()),
                ..journal_facts(&session)?
            }))
        }
        JournalJob::Verify => Ok(Outcome::Journal(journal_facts(&open.read(screen)?)?)),
        JournalJob::Export { out } => {
            let session = open.read(screen)?;
            let journal = session.journal()?;
            let mut bytes = fs::read(journal.path())
                .map_err(|error| Failure::reading("the journal", journal.path(), &error))?;
            let intact = usize::try_from(journal.log().intact_len()).map_err(Failure::unexpected)?;
            bytes.truncate(intact);
            files::write_private(&out, &bytes, Existing::Keep)?;
            Ok(Outcome::Journal(JournalFacts {
                out: Some(out),
                ..journal_facts(&session)?
            }))
        }
        JournalJob::Import { file } => import(open, &file, screen),
    }
}

fn journal_facts(session: &Session) -> Result<JournalFacts, Failure> {
    let log = session.journal()?.log();
    let at = facts(&log.checkpoint());
    Ok(JournalFacts {
        vault_id: session.open.vault_id().to_string(),
        count: at.count,
        head: at.head,
        memory: session.body.memory,
        checkpoint: session.body.checkpoint.count,
        torn: log.torn().is_some(),
        out: None,
        entries: None,
    })
}

fn import(open: Opening, file: &Path, screen: &mut Screen) -> Result<Outcome, Failure> {
    let mut session = open.write_without_journal(screen)?;
    let unreadable = |error| Failure::reading("the journal", file, &error);
    if fs::metadata(file).map_err(unreadable)?.len() > MAX_JOURNAL {
        return Err(Failure::new(
            Exit::Malformed,
            "not-a-journal",
            format!("{} is longer than any journal", file.display()),
            "check the path",
        ));
    }
    let key = JournalKey::derive(&session.seed);
    let bytes = ordinary(|| fs::read(file)).map_err(unreadable)?;
    let log = ordinary(|| Log::parse(&key, &bytes))?;
    if log.count() == 0 {
        return Err(Failure::new(
            Exit::Malformed,
            "not-a-journal",
            format!(
                "{} has no record that the words of this vault open",
                file.display()
            ),
            "name a journal that `journal export` of a vault with the same words wrote",
        ));
    }
    if log.torn().is_some() {
        screen.progress("warning: the journal's end is cut off; what was written before it is imported")?;
    }
    let imported = if log.vault_id() == session.open.vault_id() {
        take_back(&mut session, &log, &bytes)?
    } else {
        take_over(&mut session, &log, screen)?
    };
    let at = log.checkpoint();
    Ok(Outcome::Imported(Imported {
        from_vault_id: log.vault_id().to_string(),
        count: at.count,
        head: at.head.to_lower_hex_string(),
        imported,
        journal: facts(&session.journal()?.log().checkpoint()),
    }))
}

/// Puts a copy of this vault's own journal in the place of one that is damaged, missing or shorter.
fn take_back(session: &mut Session, log: &Log, bytes: &[u8]) -> Result<u64, Failure> {
    let path = session.path().journal();
    accept(&path, log, session.open.vault_id(), &session.body.checkpoint)?;
    let known = session.journal().map(|journal| journal.log().checkpoint());
    if let Ok(known) = known {
        match log.head_at(known.count) {
            Some(head) if head == known.head => {}
            Some(_) => {
                return Err(Failure::new(
                    Exit::Conflict,
                    "journals-part",
                    "the journal and its copy went different ways: the vault was used in two places",
                    "keep both, and `restore` the words into a new vault; it can import both",
                ));
            }
            // The copy is older than what is there.
            None => return Ok(0),
        }
        if known.count == log.count() {
            return Ok(0);
        }
    }
    if path.exists() {
        let aside = aside(&path);
        fs::rename(&path, &aside).map_err(|error| Failure::writing(&aside, &error))?;
    }
    let intact = usize::try_from(log.intact_len()).map_err(Failure::unexpected)?;
    files::write_private(&path, &bytes[..intact], Existing::Replace)?;
    session.reread_journal()?;
    let signed = signed(log).count() as u64;
    session.commit(Vec::new())?;
    Ok(signed)
}

/// Takes over what another vault of the same seed signed.
fn take_over(session: &mut Session, log: &Log, screen: &mut Screen) -> Result<u64, Failure> {
    let vault_id = log.vault_id().0;
    let journal = session.journal()?;
    let mut events: Vec<Event> = ordinary(|| {
        let memory = Memory::of(journal.log().entries());
        signed(log)
            .filter(|(_, _, transaction)| !memory.knows(transaction))
            .map(|(sequence, time, transaction)| Event::Imported {
                vault_id,
                sequence,
                time,
                transaction: transaction.clone(),
            })
            .collect()
    });
    let imported = events.len() as u64;
    let at = log.checkpoint();
    events.push(Event::ImportDone {
        vault_id,
        count: at.count,
        head: at.head,
    });
    // The other vault may have signed more since its journal was copied, also where this one knew everything before.
    session.body.memory = MemoryState::Imported;
    if session.body.policy.only_signer {
        // The other vault is the proof that this one is not.
        let change = Change::OnlySigner(false);
        events.push(Event::PolicyChanged(vec![change.words(&session.body.policy)]));
        session.body.policy.only_signer = false;
        screen.progress(
            "warning: another vault with these words signed, so this one is no longer declared the only signer, and \
             amounts that nothing proves are refused from now on",
        )?;
    }
    session.commit(events)?;
    Ok(imported)
}

fn signed(log: &Log) -> impl Iterator<Item = (u64, u64, &crate::journal::TransactionRecord)> {
    (0..)
        .zip(log.entries())
        .filter_map(|(sequence, entry)| match &entry.event {
            Event::Signed(transaction) => Some((sequence, entry.time, transaction)),
            Event::Imported {
                time, transaction, ..
            } => Some((sequence, *time, transaction)),
            _ => None,
        })
}

/// The first free name beside the journal for one that is moved out of the way.
fn aside(journal: &Path) -> PathBuf {
    let named = |number: u32| {
        let mut name = journal.as_os_str().to_owned();
        name.push(format!(".aside.{number}"));
        PathBuf::from(name)
    };
    (1..)
        .map(named)
        .find(|path| !path.exists())
        .unwrap_or_else(|| named(0))
}
