//! What every command starts with: the global options.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Global;
use super::output;
use crate::error::Failure;
use crate::jobs::Job;
use crate::machine::Unfit;
use crate::process::LandlockRules;
use crate::protocol::{Outcome, Source, Unlock};
use crate::standard_input;
use crate::workers::{Credentials, Start, Step, out_of_turn};

/// What a command ended with.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// What `--json` prints; null for commands whose output is text in any case.
    pub(crate) json: Value,
    /// What is printed otherwise.
    pub(crate) text: String,
    /// The text is for programs, or to be copied: its lines are not broken. It holds nothing that
    /// others wrote.
    pub(crate) verbatim: bool,
    /// What is printed on standard error, whatever the format.
    pub(crate) warning: Option<String>,
    /// The exit code.
    pub(crate) exit: u8,
}

impl Done {
    /// A result in both forms.
    pub(crate) fn new(json: Value, text: impl Into<String>) -> Self {
        Done {
            json,
            text: text.into(),
            ..Done::default()
        }
    }

    /// The same with text whose lines are not broken.
    pub(crate) fn verbatim(self) -> Self {
        Done {
            verbatim: true,
            ..self
        }
    }
}

/// The global options, and what the processes are started with.
pub(crate) struct Context {
    global: Global,
    start: Start,
}

impl Context {
    /// `rules` is what the screen process reads and writes for the command.
    pub(super) fn new(global: Global, rules: LandlockRules) -> Self {
        let typed = global.allow_unfit.iter().copied();
        let mut allowed: Vec<Unfit> = typed.map(Unfit::from).collect();
        if global.allow_online {
            allowed.push(Unfit::Network);
        }
        let start = Start::new(global.vault.as_ref(), rules, allowed, output::hear);
        Context { global, start }
    }

    /// Returns what the processes are started with.
    pub(super) fn start(&self) -> &Start {
        &self.start
    }

    /// Returns the vault's path.
    pub(super) fn vault(&self) -> Result<PathBuf, Failure> {
        self.global
            .vault
            .clone()
            .ok_or_else(|| Failure::usage("no vault is named", "add --vault FILE"))
    }

    /// Tells whether the command line names this file as one that holds a secret.
    pub(super) fn reads_secret_from(&self, path: &Path) -> bool {
        let given = &self.global.credentials;
        let secrets = [
            &given.passphrase_file,
            &given.second_passphrase_file,
            &given.key_file,
        ];
        let same = |secret: &PathBuf| {
            secret == path
                || matches!((secret.canonicalize(), path.canonicalize()), (Ok(a), Ok(b)) if a == b)
        };
        secrets.into_iter().flatten().any(same)
    }

    /// Refuses to read a passphrase from standard input, where one of these files is it.
    pub(super) fn check_standard_input<'p>(
        &self,
        files: impl IntoIterator<Item = &'p PathBuf>,
    ) -> Result<(), Failure> {
        let given = &self.global.credentials;
        let named = files
            .into_iter()
            .filter(|file| standard_input::is_named_by(file))
            .count();
        let secrets = [given.passphrase_fd, given.second_passphrase_fd];
        match named
            + secrets
                .into_iter()
                .flatten()
                .filter(|number| *number == 0)
                .count()
        {
            count if named > 0 && count > 1 => Err(Failure::usage(
                "standard input is named for more than one thing",
                "name it once: the rest comes from files",
            )),
            _ => Ok(()),
        }
    }

    /// Returns where the credential comes from.
    pub(super) fn unlock(&self) -> Unlock {
        let given = &self.global.credentials;
        let second = source(&given.second_passphrase_file, given.second_passphrase_fd);
        Unlock {
            passphrase: source(&given.passphrase_file, given.passphrase_fd)
                .unwrap_or(Source::Prompt),
            second,
            key_file: given.key_file.clone(),
        }
    }

    /// Returns the vault, and what opens it.
    pub(super) fn credentials(&self) -> Result<Credentials, Failure> {
        Ok(Credentials {
            vault: self.vault()?,
            unlock: self.unlock(),
        })
    }

    /// Runs a job that asks nothing of the screen.
    pub(super) fn run(&self, command: &str, job: Job) -> Result<Outcome, Failure> {
        let mut workers = self.start.workers(false)?;
        workers.begin(self.credentials()?, command, job)?;
        match workers.next()? {
            Step::Done(outcome) => Ok(outcome),
            _ => Err(out_of_turn()),
        }
    }
}

/// Returns where a secret comes from, unless neither option is given.
pub(super) fn source(file: &Option<PathBuf>, descriptor: Option<u32>) -> Option<Source> {
    match (file, descriptor) {
        (Some(file), _) => Some(Source::File(file.clone())),
        (None, Some(descriptor)) => Some(Source::Descriptor(descriptor)),
        (None, None) => None,
    }
}
