//! `journal show`, `verify`, `export` and `import`

use std::path::PathBuf;

use clap::Subcommand;

use super::context::{Context, Done};
use crate::error::Failure;
use crate::jobs::{Job, JournalJob};
use crate::memory_state::MemoryState;
use crate::protocol::Outcome;
use crate::screens;
use crate::workers::out_of_turn;

/// Show, verify, export or import the record of what was signed and refused.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show every record.
    #[command(after_help = "Example:\n  cofferdam-signer --vault treasury.vault journal show")]
    Show,
    /// Prove every record, and that none is missing that the vault remembers.
    #[command(after_help = "Example:\n  cofferdam-signer --vault treasury.vault journal verify")]
    Verify,
    /// Copy the journal, sealed as it is, to a file.
    #[command(
        after_help = "Example:\n  cofferdam-signer --vault treasury.vault journal export --out 2026.journal"
    )]
    Export {
        /// The new file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Give a restored vault the memory of an earlier one with the same words, or bring back this
    /// vault's own journal.
    #[command(
        after_help = "Example:\n  cofferdam-signer --vault restored.vault journal import old.vault.journal"
    )]
    Import {
        /// What `journal export` wrote, or an old vault's .journal file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Say what your own note or the last receipt has of a journal that was imported, so that a
    /// copy that was made too early is found.
    #[command(
        after_help = "Example:\n  cofferdam-signer --vault restored.vault journal confirm 41 \
                      4bf4fb0242876b67a35eeddfc70a8521836d1ca9730857061cb269ecdccd7010"
    )]
    Confirm {
        /// How many records the note has.
        #[arg(value_name = "COUNT")]
        count: u64,
        /// The head that the note has, in 64 hexadecimal digits.
        #[arg(value_name = "HEAD")]
        head: String,
        /// What was imported, where the note is older than it.
        #[arg(long, value_name = "FILE")]
        copy: Option<PathBuf>,
    },
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let (command, job) = match args.command {
        Command::Show => ("journal show", JournalJob::Show),
        Command::Verify => ("journal verify", JournalJob::Verify),
        Command::Export { out } => ("journal export", JournalJob::Export { out }),
        Command::Import { file } => ("journal import", JournalJob::Import { file }),
        Command::Confirm { count, head, copy } => {
            ("journal confirm", JournalJob::Confirm { count, head, copy })
        }
    };
    let outcome = context.run(command, Job::Journal(job))?;
    let json = outcome.to_json();
    let text = match &outcome {
        Outcome::Journal(facts) => {
            let copied = facts
                .out
                .as_ref()
                .map(|out| format!("copied to {}\n", screens::path(out)));
            format!("{}{}", screens::journal(facts), copied.unwrap_or_default())
        }
        Outcome::Imported(imported) => format!(
            "imported {} of vault {}\n  its journal has {}, head {}\n  compare that with the \
             last receipt or your own note, and say what that has with `journal confirm COUNT HEAD`: a copy that was made too \
             early lacks what came after it\n{}  this journal now has {}, head {}\n",
            screens::counted(imported.imported, "signed transaction"),
            imported.from_vault_id,
            screens::counted(imported.count, "record"),
            imported.head,
            match imported.memory {
                MemoryState::Missing =>
                    "  it does not know itself all that these words signed: the memory stays missing\n",
                _ => "",
            },
            screens::counted(imported.journal.count, "record"),
            imported.journal.head
        ),
        _ => return Err(out_of_turn()),
    };
    Ok(Done::new(json, text))
}
