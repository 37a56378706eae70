//! `journal show`, `verify`, `export` and `import`.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use bitcoin::hex::{DisplayHex, FromHex as _};
use cofferdam_core::seal::VaultId;
use cofferdam_memory::ordinary;

use super::Screen;
use super::Work;
use super::session::{Opening, Session, facts};
use crate::error::{Exit, Failure};
use crate::files::{self, Existing};
use crate::journal::{
    Event, HEADER_LEN, Import, JournalKey, Log, Memory, accept, is_header, knows_everything,
    unconfirmed,
};
use crate::memory_state::MemoryState;
use crate::policy::Change;
use crate::process::LandlockRules;
use crate::protocol::{ImportFacts, Imported, JournalFacts, Outcome};
use serde::{Deserialize, Serialize};

/// Works with the journal.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum JournalJob {
    /// Shows every entry.
    Show,
    /// Proves every entry.
    Verify,
    /// Copies the sealed journal to a file.
    Export {
        /// The file.
        out: PathBuf,
    },
    /// Takes over the memory of another journal of the same seed.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Compares an import with the operator's own note.
    Confirm {
        /// How many records the note names.
        count: u64,
        /// The head that it names, in hexadecimal.
        head: String,
        /// The file that was imported, for a note that is older than it.
        copy: Option<PathBuf>,
    },
}

impl Work for JournalJob {
    fn rules(&self, rules: LandlockRules) -> LandlockRules {
        match self {
            JournalJob::Export { out } => rules.changes_beside(out),
            JournalJob::Import { file } => rules.reads(file),
            JournalJob::Confirm { copy, .. } => copy.iter().fold(rules, LandlockRules::reads),
            JournalJob::Show | JournalJob::Verify => rules,
        }
    }

    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        journal(open, self, screen)
    }
}

/// The longest journal that is imported.
const MAX_JOURNAL: u64 = 1 << 30;

/// Works with the journal.
pub(super) fn journal(
    open: Opening,
    job: JournalJob,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    match job {
        JournalJob::Show => {
            let session = open.read(screen)?;
            let log = session.journal()?.log();
            let entries = (0..).zip(log.entries());
            let entries =
                entries.map(|(sequence, entry)| entry.to_json(sequence, session.body.network));
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
            let intact =
                usize::try_from(journal.log().intact_len()).map_err(Failure::unexpected)?;
            bytes.truncate(intact);
            files::write_private(&out, &bytes, Existing::Keep)?;
            Ok(Outcome::Journal(JournalFacts {
                out: Some(out),
                ..journal_facts(&session)?
            }))
        }
        JournalJob::Import { file } => import(open, &file, screen),
        JournalJob::Confirm { count, head, copy } => {
            confirm(open, count, &head, copy.as_deref(), screen)
        }
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
        unconfirmed: unconfirmed(log.entries())
            .iter()
            .map(ImportFacts::from)
            .collect(),
        out: None,
        entries: None,
    })
}

impl From<&Import> for ImportFacts {
    fn from(import: &Import) -> Self {
        ImportFacts {
            vault_id: VaultId(import.vault_id).to_string(),
            count: import.count,
            head: import.head.to_lower_hex_string(),
        }
    }
}

/// Reads a file that must be a journal: no more of it than its beginning, where that is none.
fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error| Failure::reading("the journal", file, &error);
    let mut opened = files::open_regular(file).map_err(unreadable)?;
    let len = opened.metadata().map_err(unreadable)?.len();
    if len > MAX_JOURNAL {
        return Err(Failure::new(
            Exit::Malformed,
            "not-a-journal",
            format!("{} is longer than any journal", file.display()),
            "check the path",
        ));
    }
    let mut bytes = Vec::with_capacity(HEADER_LEN);
    let mut beginning = (&mut opened).take(HEADER_LEN as u64);
    beginning.read_to_end(&mut bytes).map_err(unreadable)?;
    if is_header(&bytes) {
        bytes.reserve_exact(usize::try_from(len).map_err(Failure::unexpected)?);
        opened
            .take(MAX_JOURNAL)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
    }
    Ok(bytes)
}

fn import(open: Opening, file: &Path, screen: &mut Screen) -> Result<Outcome, Failure> {
    let mut session = open.write_without_journal(screen)?;
    let bytes = ordinary(|| read(file))?;
    let mut said = Vec::new();
    let imported = import_bytes(&mut session, &bytes, file, &mut said);
    for warning in said {
        screen.progress(warning)?;
    }
    imported.map(Outcome::Imported)
}

/// Takes what bytes say of a journal, and adds to `said` what the operator has to know of it.
pub(super) fn import_bytes(
    session: &mut Session,
    bytes: &[u8],
    file: &Path,
    said: &mut Vec<String>,
) -> Result<Imported, Failure> {
    let key = JournalKey::derive(&session.seed);
    let log = ordinary(|| Log::parse(&key, bytes))?;
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
        said.push(
            "warning: the journal's end is cut off; what was written before it is imported".into(),
        );
    }
    let imported = if log.vault_id() == session.open.vault_id() {
        take_back(session, &log, bytes)?
    } else {
        take_over(session, &log, said)?
    };
    let at = log.checkpoint();
    Ok(Imported {
        from_vault_id: log.vault_id().to_string(),
        count: at.count,
        head: at.head.to_lower_hex_string(),
        imported,
        memory: session.body.memory,
        journal: facts(&session.journal()?.log().checkpoint()),
    })
}

/// Takes note that the operator compared an import with what was noted of it elsewhere: on paper,
/// or in a receipt.
fn confirm(
    open: Opening,
    count: u64,
    head: &str,
    copy: Option<&Path>,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    let head = <[u8; 32]>::from_hex(head).map_err(|_| {
        Failure::usage(
            format!("{head:?} is no head of a journal"),
            "give all of its 64 hexadecimal digits",
        )
    })?;
    let mut session = open.write(screen)?;
    confirm_in(&mut session, count, head, copy)?;
    Ok(Outcome::Journal(journal_facts(&session)?))
}

/// Finds the import that a note is of, and records that.
pub(super) fn confirm_in(
    session: &mut Session,
    count: u64,
    head: [u8; 32],
    copy: Option<&Path>,
) -> Result<(), Failure> {
    let waiting = unconfirmed(session.journal()?.log().entries());
    let Some(last) = waiting.last() else {
        return Err(Failure::new(
            Exit::Conflict,
            "nothing-to-confirm",
            "no import waits for a confirmation",
            "see `journal verify`, which lists those that do",
        ));
    };
    let mut found = waiting
        .iter()
        .find(|import| (import.count, import.head) == (count, head));
    if let (None, Some(copy)) = (found, copy) {
        let bytes = ordinary(|| read(copy))?;
        let log = ordinary(|| Log::parse(&JournalKey::derive(&session.seed), &bytes))?;
        found = waiting.iter().find(|import| {
            import.vault_id == log.vault_id().0
                && log.head_at(import.count) == Some(import.head)
                && count <= import.count
                && log.head_at(count) == Some(head)
        });
    }
    let Some(found) = found else {
        return Err(Failure::new(
            Exit::Conflict,
            "import-differs",
            format!(
                "the journal of vault {} was imported up to record {} (head {}), and the note says {count} records: the copy is \
                 not what the note is of",
                VaultId(last.vault_id),
                last.count,
                last.head.to_lower_hex_string()
            ),
            "bring that vault's latest journal and import it; where the note is older than the copy, name the copy too, with \
             --copy FILE",
        ));
    };
    let event = Event::ImportConfirmed {
        vault_id: found.vault_id,
        count: found.count,
        head: found.head,
    };
    session.commit(vec![event])?;
    Ok(())
}

/// Puts a copy of this vault's own journal in the place of one that is damaged, missing or shorter.
fn take_back(session: &mut Session, log: &Log, bytes: &[u8]) -> Result<u64, Failure> {
    let path = session.path().journal();
    accept(
        &path,
        log,
        session.open.vault_id(),
        &session.body.checkpoint,
    )?;
    // Also where it knows more than the vault: that one must not be lost to an older copy.
    let known = session
        .whole_journal()
        .map(|journal| journal.log().checkpoint());
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
    session.check()?;
    if path.symlink_metadata().is_ok() {
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
fn take_over(session: &mut Session, log: &Log, said: &mut Vec<String>) -> Result<u64, Failure> {
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
    let own = journal.log();
    // What it took over itself and nobody confirmed, and then what it is.
    let payload = unconfirmed(log.entries()).into_iter();
    let payload = payload.filter(|import| import.vault_id != own.vault_id().0);
    let all = payload.chain([Import {
        vault_id,
        count: at.count,
        head: at.head,
    }]);
    let news = all.filter(|import| {
        crate::journal::imported(own.entries(), import.vault_id) < Some(import.count)
    });
    let before = events.len();
    events.extend(news.map(|import| Event::ImportDone {
        vault_id: import.vault_id,
        count: import.count,
        head: import.head,
    }));
    if events.len() == before && imported == 0 {
        return Ok(0);
    }
    session.body.memory = match session.body.memory {
        // What does not know itself what was signed before gives no memory.
        MemoryState::Missing if !knows_everything(log.entries()) => {
            said.push(
                "warning: that vault was restored from words itself, and does not know all that they signed; this one still has \
                 no whole memory: import the journal of the vault in which the words were made"
                    .into(),
            );
            MemoryState::Missing
        }
        // The other vault may have signed more since its journal was copied, also where this one
        // knew everything before.
        _ => MemoryState::Imported,
    };
    if session.body.policy.only_signer {
        // The other vault is the proof that this one is not.
        let change = Change::OnlySigner(false);
        events.push(Event::PolicyChanged(vec![
            change.words(&session.body.policy),
        ]));
        session.body.policy.only_signer = false;
        said.push(
            "warning: another vault with these words signed, so this one is no longer declared the only signer, and \
             amounts that nothing proves are refused from now on"
                .into(),
        );
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
        .find(|path| path.symlink_metadata().is_err())
        .unwrap_or_else(|| named(0))
}
