//! What of the file system a child process may touch for its work.

use std::path::{Path, PathBuf};

use super::{Request, Work as _};
use crate::process::LandlockRules;
use crate::protocol::{IntakeRequest, Sight, Source};

/// The worker's: the vault's folder, the secrets that the command line names, and what its job
/// reads and writes.
pub(super) fn of_keys(request: &Request) -> LandlockRules {
    let unlock = &request.unlock;
    let rules = LandlockRules::default()
        .asks()
        .changes_beside(&request.vault);
    let rules = sources(rules, [Some(&unlock.passphrase), unlock.second.as_ref()]);
    let rules = unlock.key_file.iter().fold(rules, LandlockRules::reads);
    request.job.rules(rules)
}

/// The intake's: what it is told to read, or to look at.
pub(super) fn of_intake(request: &IntakeRequest) -> LandlockRules {
    match request {
        IntakeRequest::Files { paths, expected } => {
            let paths = paths.iter().chain(expected);
            paths.fold(LandlockRules::default(), LandlockRules::reads)
        }
        IntakeRequest::Scan(sights) => sees(LandlockRules::default(), sights),
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

pub(super) fn sources(rules: LandlockRules, sources: [Option<&Source>; 2]) -> LandlockRules {
    let sources = sources.into_iter().flatten();
    sources.fold(rules, |rules, source| match source {
        Source::Prompt => rules,
        Source::File(path) => rules.reads(path),
        // What is open by this number is opened once more.
        Source::Descriptor(number) => rules.reads(format!("/proc/self/fd/{number}")),
    })
}

pub(super) fn writes(rules: LandlockRules, out: &Option<PathBuf>) -> LandlockRules {
    out.iter()
        .fold(rules, |rules, out| rules.changes_beside(out))
}

pub(super) fn sees(rules: LandlockRules, sights: &[Sight]) -> LandlockRules {
    sights
        .iter()
        .fold(rules, |rules, sight| rules.sees(&sight.path))
}
