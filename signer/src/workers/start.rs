//! What a face starts the processes with.

use std::path::PathBuf;

use nix::unistd::Pid;

use super::conversation::Workers;
use super::event::Event;
use super::request::hint;
use crate::error::Failure;
use crate::jobs;
use crate::machine::{self, Fitness, Unfit};
use crate::policy::{MachinePolicies, MachinePolicy};
use crate::process::{Confined, Interrupts, LandlockRules, Peer, confine};

/// What the processes of a face are started with. Made once, before anything else is done.
pub(crate) struct Start {
    /// What the face's own process reads and writes.
    rules: LandlockRules,
    /// The ways in which the machine may be unfit, as somebody said.
    allowed: Vec<Unfit>,
    /// What the hint beside the vault permits of the machine, where nobody allowed it.
    pub(super) hint: MachinePolicies,
    hear: fn(&Event<'_>),
}

impl Start {
    /// `rules` is what the face's own process reads and writes, and `allowed` the ways in which the
    /// machine may be unfit. `hear` is told of what goes on.
    pub(crate) fn new(
        vault: Option<&PathBuf>,
        rules: LandlockRules,
        allowed: Vec<Unfit>,
        hear: fn(&Event<'_>),
    ) -> Self {
        Start {
            hint: hint(vault, &allowed),
            rules,
            allowed,
            hear,
        }
    }

    /// Looks at the machine.
    ///
    /// # Errors
    ///
    /// It is not fit, and that is not allowed.
    pub(super) fn fitness(&self) -> Result<Fitness, Failure> {
        machine::check(&self.allowed())
    }

    /// Returns the ways in which the machine may be unfit.
    pub(crate) fn allowed(&self) -> Vec<Unfit> {
        let hinted = self.hint.permitted().map(|(kind, _)| kind);
        self.allowed.iter().copied().chain(hinted).collect()
    }

    /// Forks the processes, after a look at the machine.
    ///
    /// Call it from the process's only thread.
    ///
    /// # Errors
    ///
    /// The machine is not fit, or a process cannot be started or confined.
    pub(crate) fn workers(&self, with_intake: bool) -> Result<Workers<'_>, Failure> {
        // Before anything else, so that an unfit machine never sees a passphrase.
        let fitness = self.fitness()?;
        for warning in &fitness.warnings {
            (self.hear)(&Event::Warning(warning));
        }
        for kind in fitness.unfit {
            if self.hint.of(kind) == MachinePolicy::Warn {
                (self.hear)(&Event::UnfitButPermitted(kind));
            }
        }
        let failed =
            |error| Failure::unexpected(format!("a process could not be started: {error}"));
        let mut siblings = Vec::new();
        if with_intake {
            let intake = Peer::spawn("intake", &mut Vec::new(), jobs::intake).map_err(failed)?;
            siblings.push(intake);
        }
        let keys = Peer::spawn("key", &mut siblings, jobs::keys).map_err(failed)?;
        let intake = siblings.pop();
        let children = std::iter::once(&keys).chain(&intake).map(Peer::pid);
        let interrupts = self.settle(children.collect())?;
        Ok(Workers::new(self, keys, intake, interrupts, self.hear))
    }

    /// Confines the face's process and handles interrupts, for work that needs no other process.
    pub(crate) fn alone(&self) -> Result<Interrupts, Failure> {
        self.settle(Vec::new())
    }

    /// Confines the face's process, for work that needs no other and handles interrupts itself.
    pub(crate) fn confine(&self) -> Result<(), Failure> {
        self.try_to_confine().map(|_| ()).map_err(jobs::unconfined)
    }

    /// Confines the face's process, and tells how far.
    pub(crate) fn try_to_confine(&self) -> std::io::Result<Confined> {
        confine(&self.rules)
    }

    /// After the forks: the children's files are others than the face's. Before the thread that
    /// waits for interrupts: it is confined as well.
    fn settle(&self, children: Vec<Pid>) -> Result<Interrupts, Failure> {
        self.confine()?;
        Interrupts::handle(children).map_err(Failure::unexpected)
    }
}
