//! `self-check`

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::context::{Context, Done};
use crate::error::{Exit, Failure};
use crate::process::LandlockRules;
use crate::selfcheck::{self, State};

/// Check this program and this machine: the program's own hash, random numbers, clock, known
/// answers, and the state of each protection.
///
/// It needs no vault. The exit code is 7 when something is not as it should be and --allow-unfit
/// does not name it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer self-check
  cofferdam-signer --json self-check")]
pub(crate) struct Args {}

impl Args {
    /// Adds what the screen process reads and writes.
    pub(super) fn landlock_rules(&self, rules: LandlockRules) -> LandlockRules {
        rules.reads("/proc/self/exe")
    }
}

pub(super) fn run(context: &Context, _: Args) -> Result<Done, Failure> {
    let confinement = context.start().try_to_confine();
    let sha256 = selfcheck::own_sha256()
        .map_err(|error| Failure::unexpected(format!("this program cannot be read: {error}")))?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    let checks = selfcheck::checks(now, confinement, &context.start().allowed());
    let good = checks.iter().all(|check| check.state != State::Bad);
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("cofferdam-signer {version}\n  SHA-256 {sha256}\n");
    for check in &checks {
        let state = match check.state {
            State::Good => "good",
            State::Weak => "weak",
            State::Allowed => "allowed",
            State::Bad => "BAD",
        };
        text.push_str(&format!(
            "  {state:<8}{:<18}{}\n",
            check.check, check.message
        ));
    }
    text.push_str(match good {
        true => "all is as it should be, or allowed\n",
        false => "SOMETHING IS NOT AS IT SHOULD BE\n",
    });
    Ok(Done {
        exit: if good { 0 } else { Exit::Unfit as u8 },
        ..Done::new(
            json!({"version": version, "sha256": sha256, "good": good, "checks": checks}),
            text,
        )
    })
}
