//! What the child processes do: the intake reads foreign files, the keys run one job on the vault.

mod account;
mod address;
mod backup;
mod behind;
mod create;
mod credential;
mod export;
mod failure;
mod intake;
mod journal;
mod landlock_rules;
mod passphrase;
mod policy;
mod repair;
mod scan;
mod session;
mod sign;
mod wallet;

pub(crate) use account::{AccountJob, AccountListJob};
pub(crate) use address::AddressJob;
pub(crate) use backup::BackupJob;
pub(crate) use create::{InitJob, RestoreJob};
pub(crate) use export::ExportJob;
pub(crate) use failure::{store_failure, terminal_failure, unconfined};
pub(crate) use intake::intake;
pub(crate) use journal::JournalJob;
pub(crate) use passphrase::PassphraseJob;
pub(crate) use policy::PolicyJob;
pub(crate) use repair::ResealJob;
pub(crate) use sign::{InspectJob, SignJob};
pub(crate) use wallet::{MarkUsedJob, WalletJob};

use std::cell::RefCell;
use std::path::PathBuf;

use cofferdam_memory::{Forking, Pages, run_and_end};
use serde::{Deserialize, Serialize};

use crate::error::Failure;
use crate::machine::Fitness;
use crate::policy::MachinePolicies;
use crate::process::{Channel, ChannelError, LandlockRules, confine};
use crate::protocol::{Answer, Outcome, Unlock};
use session::Opening;

/// What a job needs, and does.
trait Work {
    /// Adds to what the key process may touch of the file system for it.
    fn rules(&self, rules: LandlockRules) -> LandlockRules {
        rules
    }

    /// When the key process may fork for it.
    fn forking(&self) -> Forking {
        Forking::Never
    }

    /// Does it, in pages for secrets.
    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure>;
}

/// Lists the jobs, one a process: each stands in a file of its own, with what it is told, what it
/// may touch, and what it does.
macro_rules! jobs {
    ($($(#[$doc:meta])* $name:ident($job:ty),)+) => {
        /// The jobs, one a process.
        #[derive(Debug, Serialize, Deserialize)]
        pub(crate) enum Job {
            $($(#[$doc])* $name($job),)+
        }

        impl Work for Job {
            fn rules(&self, rules: LandlockRules) -> LandlockRules {
                match self {
                    $(Job::$name(job) => job.rules(rules),)+
                }
            }

            fn forking(&self) -> Forking {
                match self {
                    $(Job::$name(job) => job.forking(),)+
                }
            }

            fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
                match self {
                    $(Job::$name(job) => job.run(open, screen),)+
                }
            }
        }
    };
}

jobs! {
    /// `init`
    Init(InitJob),
    /// `restore`
    Restore(RestoreJob),
    /// `account add`
    AccountAdd(AccountJob),
    /// `account list`
    AccountList(AccountListJob),
    /// `export`
    Export(ExportJob),
    /// `address`
    Address(AddressJob),
    /// `wallet list`, `wallet show`, `wallet mark-used`
    Wallet(WalletJob),
    /// `inspect`
    Inspect(InspectJob),
    /// `sign`
    Sign(SignJob),
    /// `journal`
    Journal(JournalJob),
    /// `passphrase`
    Passphrase(PassphraseJob),
    /// `backup show`
    Backup(BackupJob),
    /// `policy`
    Policy(PolicyJob),
    /// `repair --reseal`
    Reseal(ResealJob),
}

/// Everything that the worker is told before it starts.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The vault's file.
    pub(crate) vault: PathBuf,
    /// Where the credential is read from, by the worker itself.
    pub(crate) unlock: Unlock,
    /// In what the machine is not fit, and allowed.
    pub(crate) fitness: Fitness,
    /// The ways that only the hint beside the vault permits: the vault has to confirm them.
    pub(crate) hint: MachinePolicies,
    /// The command's name, for the journal.
    pub(crate) command: String,
    /// What to do.
    pub(crate) job: Job,
}

/// The process that holds keys: it is told one job, runs it in pages for secrets, answers, wipes
/// them, and ends.
pub(crate) fn keys(channel: Channel) {
    let screen = Screen {
        channel: RefCell::new(Some(channel)),
    };
    // The screen may end without a job, after wrong usage. What it sends is as large as the files,
    // and not secret.
    let Ok(request) = screen.hear::<Request>() else {
        return;
    };
    let forking = request.job.forking();
    run_and_end(forking, move || work(request, screen));
}

fn work(request: Request, mut screen: Screen) {
    let at_first = pages_warning();
    if let Some(warning) = at_first {
        let _ = screen.progress(warning);
    }
    let confined = confine(&landlock_rules::of_keys(&request)).map_err(unconfined);
    let answer = match confined.and_then(|_| run(request, &mut screen)) {
        Ok(outcome) => Answer::Done(Box::new(outcome)),
        Err(failure) => Answer::Failed(Box::new(failure)),
    };
    if let (None, Some(warning)) = (at_first, pages_warning()) {
        let _ = screen.progress(warning);
    }
    // When the screen is gone there is nobody left to tell.
    let _ = screen.tell(&answer);
}

/// Returns what to say when secrets lie in pages that can be swapped.
fn pages_warning() -> Option<&'static str> {
    (cofferdam_memory::state() == Pages::Ordinary).then_some(
        "warning: there are no locked pages (left) for keys; they are in ordinary memory, which is wiped but can be swapped; raise `ulimit -l` to 8192 KiB or more",
    )
}

/// The screen, seen from the worker.
pub(crate) struct Screen {
    /// Only a process that this one forks has none: it lets go of it.
    channel: RefCell<Option<Channel>>,
}

impl Screen {
    pub(crate) fn tell(&self, answer: &Answer) -> Result<(), Failure> {
        self.with(|channel| channel.send(answer))
    }

    pub(crate) fn progress(&self, text: impl Into<String>) -> Result<(), Failure> {
        self.tell(&Answer::Progress(text.into()))
    }

    pub(crate) fn hear<T: serde::de::DeserializeOwned>(&self) -> Result<T, Failure> {
        self.with(Channel::receive)
    }

    fn with<T>(
        &self,
        act: impl FnOnce(&mut Channel) -> Result<T, ChannelError>,
    ) -> Result<T, Failure> {
        match self.channel.borrow_mut().as_mut() {
            Some(channel) => act(channel).map_err(lost),
            None => Err(lost(ChannelError::Closed)),
        }
    }
}

fn lost(error: ChannelError) -> Failure {
    Failure::unexpected(error)
}

fn run(request: Request, screen: &mut Screen) -> Result<Outcome, Failure> {
    let Request {
        vault,
        unlock,
        fitness,
        hint,
        command,
        job,
    } = request;
    let open = session::Opening {
        vault,
        unlock,
        fitness,
        hint,
        command,
    };
    job.run(open, screen)
}
