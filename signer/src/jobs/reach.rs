//! What of the file system a child process may touch for its work.

use std::path::{Path, PathBuf};

use crate::process::Reach;
use crate::protocol::{IntakeRequest, Job, JournalJob, Request, Sight, Source};

/// The worker's: the vault's folder, the secrets that the command line names, and what its job
/// reads and writes.
pub(super) fn of_keys(request: &Request) -> Reach {
    let unlock = &request.unlock;
    let reach = Reach::default().asks().changes_beside(&request.vault);
    let reach = sources(reach, [Some(&unlock.passphrase), unlock.second.as_ref()]);
    let reach = unlock.key_file.iter().fold(reach, Reach::reads);
    match &request.job {
        Job::Init(job) => {
            let reach = job.dice.iter().fold(reach, Reach::reads);
            writes(reach, &job.mnemonic_out)
        }
        Job::Restore(job) => {
            let reach = sees(reach, &job.seed_qr);
            sources(reach, [Some(&job.mnemonic), job.bip39_passphrase.as_ref()])
        }
        Job::Journal(JournalJob::Export { out }) => reach.changes_beside(out),
        Job::Journal(JournalJob::Import { file }) => reach.reads(file),
        Job::Journal(JournalJob::Confirm { copy, .. }) => copy.iter().fold(reach, Reach::reads),
        Job::Passphrase(job) => {
            let reach = sources(reach, [Some(&job.new), job.new_second.as_ref()]);
            job.new_key_file.iter().fold(reach, Reach::reads)
        }
        Job::Backup(job) => writes(reach, &job.mnemonic_out),
        Job::AccountAdd(_)
        | Job::AccountList
        | Job::Export { .. }
        | Job::Address(_)
        | Job::Wallet(_)
        | Job::Inspect(_)
        | Job::Sign(_)
        | Job::Policy(_)
        | Job::Reseal(_)
        | Job::Journal(JournalJob::Show | JournalJob::Verify) => reach,
    }
}

/// The intake's: what it is told to read, or to look at.
pub(super) fn of_intake(request: &IntakeRequest) -> Reach {
    match request {
        IntakeRequest::Files { paths, expected } => {
            let paths = paths.iter().chain(expected);
            paths.fold(Reach::default(), Reach::reads)
        }
        IntakeRequest::Scan(sights) => sees(Reach::default(), sights),
    }
}

/// What the intake is told to read, or to look at, by its paths.
pub(super) fn read_by(request: &IntakeRequest) -> impl Iterator<Item = &Path> {
    let (files, sights): (Vec<&PathBuf>, &[Sight]) = match request {
        IntakeRequest::Files { paths, expected } => (paths.iter().chain(expected).collect(), &[]),
        IntakeRequest::Scan(sights) => (Vec::new(), sights),
    };
    let sights = sights.iter().map(|sight| &sight.path);
    files.into_iter().chain(sights).map(PathBuf::as_path)
}

fn sources(reach: Reach, sources: [Option<&Source>; 2]) -> Reach {
    let sources = sources.into_iter().flatten();
    sources.fold(reach, |reach, source| match source {
        Source::Prompt => reach,
        Source::File(path) => reach.reads(path),
        // What is open by this number is opened once more.
        Source::Descriptor(number) => reach.reads(format!("/proc/self/fd/{number}")),
    })
}

fn writes(reach: Reach, out: &Option<PathBuf>) -> Reach {
    out.iter()
        .fold(reach, |reach, out| reach.changes_beside(out))
}

fn sees(reach: Reach, sights: &[Sight]) -> Reach {
    sights
        .iter()
        .fold(reach, |reach, sight| reach.sees(&sight.path))
}
