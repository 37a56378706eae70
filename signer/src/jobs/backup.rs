//! The words of the seed, on the terminal or in a file; never anywhere else.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use cofferdam_core::keys::Mnemonic;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::Screen;
use super::Work;
use super::failure::terminal_failure;
use super::landlock_rules;
use super::session::{Opening, kernel};
use crate::body::Backup;
use crate::error::{Exit, Failure};
use crate::process::LandlockRules;
use crate::process::Terminal;
use crate::protocol::{BackupOutcome, Outcome};
use serde::{Deserialize, Serialize};

/// Shows or writes the words.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BackupJob {
    /// A file to write them to; the terminal, if none is told.
    pub(crate) mnemonic_out: Option<PathBuf>,
}

impl Work for BackupJob {
    fn rules(&self, rules: LandlockRules) -> LandlockRules {
        landlock_rules::writes(rules, &self.mnemonic_out)
    }

    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        backup(open, self, screen)
    }
}

/// How many words are asked back.
const ASKED: usize = 3;

/// Shows the words again, or writes them to a file.
pub(super) fn backup(
    open: Opening,
    job: BackupJob,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    if let Some(out) = &job.mnemonic_out {
        vacant(out)?;
    } else {
        Terminal::open().map_err(no_terminal())?;
    }
    let mut session = open.write_without_journal(screen)?;
    let mnemonic = session.body.mnemonic();
    let words = mnemonic.word_count().words();
    let done = match &job.mnemonic_out {
        Some(out) => {
            write(out, &mnemonic)?;
            Backup::Written
        }
        None => {
            show(&mnemonic)?;
            Backup::Shown
        }
    };
    let first = session.body.backup == Backup::NotShown;
    if session.journal().is_ok() && (first || session.is_unfit()) {
        if first {
            session.body.backup = done;
        }
        session.commit(Vec::new())?;
    }
    Ok(Outcome::Backup(BackupOutcome {
        backup: done,
        words,
        mnemonic_out: job.mnemonic_out,
    }))
}

/// Refuses to write over a file.
pub(super) fn vacant(out: &Path) -> Result<(), Failure> {
    if out.symlink_metadata().is_ok() {
        return Err(taken(out));
    }
    Ok(())
}

/// Writes the words to a new file that only its owner may read, durably.
pub(super) fn write(out: &Path, mnemonic: &Mnemonic) -> Result<(), Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => taken(out),
        _ => Failure::writing(out, &error),
    };
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .map_err(failed)?;
    let mut text = mnemonic.phrase();
    text.push('\n');
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(|error| {
            // Half of the words are worse than none.
            let _ = std::fs::remove_file(out);
            Failure::writing(out, &error)
        })
}

/// Shows the words on the terminal, and asks some of them back.
pub(super) fn show(mnemonic: &Mnemonic) -> Result<(), Failure> {
    let mut terminal = Terminal::open().map_err(no_terminal())?;
    loop {
        terminal.clear().map_err(no_terminal())?;
        terminal
            .show("Write these words down, on paper, in order. Who has them has the money.\n\n")
            .map_err(no_terminal())?;
        for (number, word) in mnemonic.words().enumerate() {
            let line = Zeroizing::new(format!("  {:>2}. {word}\n", number + 1));
            terminal.show(&line).map_err(no_terminal())?;
        }
        terminal
            .ask("\nPress Enter when they are written down; the screen is then cleared. ")
            .map_err(no_terminal())?;
        terminal.clear().map_err(no_terminal())?;
        if asked_back(&mut terminal, mnemonic)? {
            return terminal.show("All right.\n").map_err(no_terminal());
        }
        terminal
            .ask("That is not the word. Press Enter to see them again. ")
            .map_err(no_terminal())?;
    }
}

fn asked_back(terminal: &mut Terminal, mnemonic: &Mnemonic) -> Result<bool, Failure> {
    let words: Vec<&str> = mnemonic.words().collect();
    for number in numbers(words.len())? {
        let typed = terminal
            .ask_secret(&format!("Word {}: ", number + 1))
            .map_err(no_terminal())?;
        let typed = Zeroizing::new(typed.trim().to_lowercase().nfkd().collect::<String>());
        if typed.as_str() != words[number] {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Draws different numbers below `count`, in order.
fn numbers(count: usize) -> Result<Vec<usize>, Failure> {
    let mut numbers = Vec::with_capacity(ASKED);
    while numbers.len() < ASKED {
        let mut byte = [0];
        kernel(&mut byte)?;
        let number = usize::from(byte[0]) % count;
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn taken(out: &Path) -> Failure {
    Failure::new(
        Exit::Conflict,
        "file-exists",
        format!(
            "{} exists already, and words are not written over anything",
            out.display()
        ),
        "name a file that does not exist",
    )
}

fn no_terminal() -> impl FnOnce(io::Error) -> Failure {
    terminal_failure(
        "what the backup needs",
        "run it on a terminal, or write the words to a file with --mnemonic-out FILE",
    )
}
