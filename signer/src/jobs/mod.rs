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

pub(crate) use failure::{store_failure, terminal_failure, unconfined};
pub(crate) use intake::intake;

use std::cell::RefCell;

use cofferdam_memory::{Forking, Pages, run_and_end};

use crate::error::Failure;
use crate::process::{Channel, ChannelError, confine};
use crate::protocol::{Answer, Job, Outcome, Request};

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
    let forking = match &request.job {
        // The decoder is forked, and has read the codes, before anything else of the job is read.
        Job::Restore(job) if !job.seed_qr.is_empty() => Forking::BeforeSecrets,
        _ => Forking::Never,
    };
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
    match job {
        Job::Init(job) => create::init(open, job, screen),
        Job::Restore(job) => create::restore(open, job, screen),
        Job::AccountAdd(job) => account::add(open, job, screen),
        Job::AccountList => account::list(open, screen),
        Job::Export { account, format } => export::export(open, &account, format, screen),
        Job::Address(job) => address::address(open, job, screen),
        Job::Wallet(job) => wallet::wallet(open, job, screen),
        Job::Inspect(job) => sign::inspect(open, job, screen),
        Job::Sign(job) => sign::sign(open, job, screen),
        Job::Journal(job) => journal::journal(open, job, screen),
        Job::Passphrase(job) => passphrase::passphrase(open, job, screen),
        Job::Backup(job) => backup::backup(open, job, screen),
        Job::Policy(job) => policy::policy(open, job, screen),
        Job::Reseal(job) => repair::reseal(open, job, screen),
    }
}
