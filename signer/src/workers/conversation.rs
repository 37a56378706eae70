//! What is said to the processes and by them, step by step.

use std::path::PathBuf;

use super::event::Event;
use super::request::{Credentials, Inputs};
use super::start::Start;
use crate::error::Failure;
use crate::jobs::{Job, Request};
use crate::process::{Interrupts, Peer};
use crate::protocol::{
    Answer, IntakeReply, IntakeRequest, Outcome, ReturnFile, RunReview, Sight, SignedFile,
};

/// The processes of a job that runs.
pub(crate) struct Workers<'a> {
    start: &'a Start,
    keys: Peer,
    intake: Option<Peer>,
    hear: fn(&Event<'_>),
    _interrupts: Interrupts,
}

/// What the key process said that has to be acted on.
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

impl<'a> Workers<'a> {
    pub(super) fn new(
        start: &'a Start,
        keys: Peer,
        intake: Option<Peer>,
        interrupts: Interrupts,
        hear: fn(&Event<'_>),
    ) -> Self {
        Workers {
            start,
            keys,
            intake,
            hear,
            _interrupts: interrupts,
        }
    }

    /// Reads PSBTs, or a bundle of them, through the intake.
    pub(crate) fn read(&mut self, paths: Vec<PathBuf>) -> Result<Inputs, Failure> {
        self.read_with(paths, Vec::new())
    }

    /// Reads PSBTs, or a bundle of them, and what another machine made of them.
    pub(crate) fn read_with(
        &mut self,
        paths: Vec<PathBuf>,
        expected: Vec<PathBuf>,
    ) -> Result<Inputs, Failure> {
        self.take_in(&IntakeRequest::Files { paths, expected })
    }

    /// Reads a PSBT, or a bundle of them, from codes.
    pub(crate) fn scan(&mut self, sights: Vec<Sight>) -> Result<Inputs, Failure> {
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
                IntakeReply::Looking(looking) => (self.hear)(&Event::Looking(&looking)),
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

    /// Tells the key process its job; `command` is what the journal calls it.
    pub(crate) fn begin(
        &mut self,
        credentials: Credentials,
        command: &str,
        job: Job,
    ) -> Result<(), Failure> {
        self.keys.send(&Request {
            vault: credentials.vault,
            unlock: credentials.unlock,
            fitness: self.start.fitness()?,
            hint: self.start.hint.clone(),
            command: command.to_owned(),
            job,
        })
    }

    /// Answers the key process's review.
    pub(crate) fn send<T: serde::Serialize>(&mut self, message: &T) -> Result<(), Failure> {
        self.keys.send(message)
    }

    /// Waits for what needs an action; what is only to be told is told.
    pub(crate) fn next(&mut self) -> Result<Step, Failure> {
        loop {
            match self.keys.receive()? {
                Answer::Progress(text) => (self.hear)(&Event::Progress(&text)),
                Answer::Unlocked(unlocked) => (self.hear)(&Event::Unlocked(&unlocked)),
                Answer::Review(review) => return Ok(Step::Review(review)),
                Answer::Signed(file) => return Ok(Step::Signed(file)),
                Answer::Returned(file) => return Ok(Step::Returned(file)),
                Answer::Done(outcome) => return Ok(Step::Done(*outcome)),
                Answer::Failed(failure) => return Err(*failure),
            }
        }
    }
}

/// The key process said something that nobody asked for.
pub(crate) fn out_of_turn() -> Failure {
    Failure::unexpected("the key process spoke out of turn")
}
