//! What every command starts with: the global options, and the processes.

use std::path::{Path, PathBuf};

use nix::unistd::Pid;
use serde_json::Value;

use super::Global;
use crate::error::Failure;
use crate::jobs;
use crate::machine::{self, Fitness, Unfit};
use crate::output;
use crate::policy::{MachinePolicies, MachinePolicy};
use crate::process::{Confined, Interrupts, LandlockRules, Peer, confine};
use crate::protocol::{
    Answer, BundleFile, IntakeReply, IntakeRequest, Job, Outcome, PsbtFile, Request, ReturnFile,
    RunReview, Sight, SignedFile, Source, Unlock,
};
use crate::screens;
use crate::standard_input;

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

/// The global options.
pub(crate) struct Context {
    global: Global,
    rules: LandlockRules,
    /// What the hint beside the vault permits of the machine, where no option does; read once, at
    /// the start.
    hint: MachinePolicies,
}

/// The processes of a job that runs.
pub(crate) struct Workers {
    keys: Peer,
    intake: Option<Peer>,
    _interrupts: Interrupts,
}

impl Context {
    /// `rules` is what the screen process reads and writes for the command.
    pub(super) fn new(global: Global, rules: LandlockRules) -> Self {
        let hint = hint(&global);
        Context {
            global,
            rules,
            hint,
        }
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

    /// Looks at the machine.
    ///
    /// # Errors
    ///
    /// When it is not fit, and that is not allowed.
    fn fitness(&self) -> Result<Fitness, Failure> {
        machine::check(&self.allowed())
    }

    /// Returns the ways in which the machine may be unfit.
    pub(super) fn allowed(&self) -> Vec<Unfit> {
        let mut allowed = self.global.allow_unfit.clone();
        if self.global.allow_online {
            allowed.push(Unfit::Network);
        }
        allowed.extend(self.hint.permitted().map(|(kind, _)| kind));
        allowed
    }

    /// Runs a job that asks nothing of the screen.
    pub(super) fn run(&self, command: &str, job: Job) -> Result<Outcome, Failure> {
        let mut workers = self.start(false)?;
        workers.begin(self, command, job)?;
        match workers.next()? {
            Step::Done(outcome) => Ok(outcome),
            _ => Err(out_of_turn()),
        }
    }

    /// Forks the processes, after a look at the machine.
    ///
    /// Call it from the process's only thread.
    pub(super) fn start(&self, with_intake: bool) -> Result<Workers, Failure> {
        // Before anything else, so that an unfit machine never sees a passphrase.
        let fitness = self.fitness()?;
        for warning in fitness.warnings {
            output::progress(&format!("warning: {warning}"));
        }
        for kind in fitness.unfit {
            if self.hint.of(kind) == MachinePolicy::Warn {
                output::progress(&format!(
                    "warning: this machine is not fit ({kind}), and the policy lets it go on"
                ));
            }
        }
        let failed =
            |error| Failure::unexpected(format!("a process could not be started: {error}"));
        let mut siblings = Vec::new();
        let intake = match with_intake {
            true => {
                siblings
                    .push(Peer::spawn("intake", &mut Vec::new(), jobs::intake).map_err(failed)?);
                true
            }
            false => false,
        };
        let keys = Peer::spawn("key", &mut siblings, jobs::keys).map_err(failed)?;
        let intake = if intake { siblings.pop() } else { None };
        let children = std::iter::once(&keys)
            .chain(&intake)
            .map(Peer::pid)
            .collect();
        Ok(Workers {
            keys,
            intake,
            _interrupts: self.settle(children)?,
        })
    }

    /// Confines the screen process and handles interrupts, for a command that starts no other
    /// process.
    pub(super) fn alone(&self) -> Result<Interrupts, Failure> {
        self.settle(Vec::new())
    }

    /// Confines the screen process, for a command that starts no other and handles interrupts
    /// itself.
    pub(super) fn confine(&self) -> Result<(), Failure> {
        self.try_to_confine().map(|_| ()).map_err(jobs::unconfined)
    }

    /// Confines the screen process, and tells how far.
    pub(super) fn try_to_confine(&self) -> std::io::Result<Confined> {
        confine(&self.rules)
    }

    /// After the forks: the children's files are others than the screen's. Before the thread that
    /// waits for interrupts: it is confined as well.
    fn settle(&self, children: Vec<Pid>) -> Result<Interrupts, Failure> {
        self.confine()?;
        Interrupts::handle(children).map_err(Failure::unexpected)
    }
}

/// What the worker said that a command has to act on.
pub(crate) enum Step {
    /// The review of a run.
    Review(Box<RunReview>),
    /// A signed file.
    Signed(SignedFile),
    /// The return of a bundle.
    Returned(ReturnFile),
    /// The end.
    Done(Outcome),
}

/// What the intake read.
pub(crate) struct Inputs {
    /// The PSBTs.
    pub(crate) files: Vec<PsbtFile>,
    /// The bundle that they came in.
    pub(crate) bundle: Option<BundleFile>,
    /// What another machine made of them; none when nobody asked for it.
    pub(crate) expected: Option<Vec<PsbtFile>>,
}

impl Workers {
    /// Reads PSBTs, or a bundle of them, through the intake.
    pub(super) fn read(&mut self, paths: Vec<PathBuf>) -> Result<Inputs, Failure> {
        self.read_with(paths, Vec::new())
    }

    /// Reads PSBTs, or a bundle of them, and what another machine made of them.
    pub(super) fn read_with(
        &mut self,
        paths: Vec<PathBuf>,
        expected: Vec<PathBuf>,
    ) -> Result<Inputs, Failure> {
        self.take_in(&IntakeRequest::Files { paths, expected })
    }

    /// Reads a PSBT, or a bundle of them, from codes.
    pub(super) fn scan(&mut self, sights: Vec<Sight>) -> Result<Inputs, Failure> {
        self.take_in(&IntakeRequest::Scan(sights))
    }

    fn take_in(&mut self, request: &IntakeRequest) -> Result<Inputs, Failure> {
        let mut intake = self
            .intake
            .take()
            .ok_or_else(|| Failure::unexpected("there is no intake"))?;
        intake.send(request)?;
        // Not by what the intake says: one that was taken over would leave it out.
        let compares =
            matches!(request, IntakeRequest::Files { expected, .. } if !expected.is_empty());
        let (mut files, mut expected, mut bundle) = (Vec::new(), Vec::new(), None);
        loop {
            match intake.receive()? {
                IntakeReply::Bundle(from) => bundle = Some(from),
                IntakeReply::File(file) => files.push(file),
                IntakeReply::Expected(file) => expected.push(file),
                IntakeReply::Looking(looking) => output::looking(&looking),
                IntakeReply::End => {
                    return Ok(Inputs {
                        files,
                        bundle,
                        expected: compares.then_some(expected),
                    });
                }
                IntakeReply::Failed(failure) => return Err(failure),
            }
        }
    }

    /// Tells the worker its job.
    pub(super) fn begin(
        &mut self,
        context: &Context,
        command: &str,
        job: Job,
    ) -> Result<(), Failure> {
        self.keys.send(&Request {
            vault: context.vault()?,
            unlock: context.unlock(),
            fitness: context.fitness()?,
            hint: context.hint.clone(),
            command: command.to_owned(),
            job,
        })
    }

    /// Answers the worker's review.
    pub(super) fn send<T: serde::Serialize>(&mut self, message: &T) -> Result<(), Failure> {
        self.keys.send(message)
    }

    /// Waits for what needs an action; what is only to be read is shown.
    pub(super) fn next(&mut self) -> Result<Step, Failure> {
        loop {
            match self.keys.receive()? {
                Answer::Progress(text) => output::progress(&text),
                Answer::Unlocked(unlocked) => output::progress(&screens::unlocked(&unlocked)),
                Answer::Review(review) => return Ok(Step::Review(review)),
                Answer::Signed(file) => return Ok(Step::Signed(file)),
                Answer::Returned(file) => return Ok(Step::Returned(file)),
                Answer::Done(outcome) => return Ok(Step::Done(*outcome)),
                Answer::Failed(failure) => return Err(*failure),
            }
        }
    }
}

/// The worker said something that the command did not ask for.
pub(super) fn out_of_turn() -> Failure {
    Failure::unexpected("the key process spoke out of turn")
}

/// Reads the hint, without what options allow in any case.
fn hint(global: &Global) -> MachinePolicies {
    let Some(vault) = &global.vault else {
        return MachinePolicies::default();
    };
    let mut hint = MachinePolicies::hinted(vault);
    // Only a vault can confirm it: beside none, `init` would believe it.
    if hint == MachinePolicies::default() || !vault.exists() {
        return MachinePolicies::default();
    }
    let online = global.allow_online.then_some(Unfit::Network);
    for kind in global.allow_unfit.iter().copied().chain(online) {
        hint.set(kind, MachinePolicy::Refuse);
    }
    hint
}

/// Returns where a secret comes from, unless neither option is given.
pub(super) fn source(file: &Option<PathBuf>, descriptor: Option<u32>) -> Option<Source> {
    match (file, descriptor) {
        (Some(file), _) => Some(Source::File(file.clone())),
        (None, Some(descriptor)) => Some(Source::Descriptor(descriptor)),
        (None, None) => None,
    }
}
