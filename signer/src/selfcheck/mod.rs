//! What `self-check` tells: whether this program, this kernel and this machine are what keys may be
//! trusted to.
//!
//! It needs no vault, and no secret. What it says of the processes' protections is read from the
//! kernel, by a process that is confined like the one with the keys.

mod protections;
mod software;

use serde::Serialize;

use crate::machine::{self, Found, Unfit};

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// As it should be.
    Good,
    /// Less than it could be; keys may be used all the same.
    Weak,
    /// Not as it should be, and allowed by the operator.
    Allowed,
    /// Not as it should be.
    Bad,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// A stable, kebab-case name.
    pub(crate) check: &'static str,
    /// What it found.
    pub(crate) state: State,
    /// The same in words.
    pub(crate) message: String,
}

impl Check {
    fn new(check: &'static str, state: State, message: impl Into<String>) -> Self {
        Check {
            check,
            state,
            message: message.into(),
        }
    }

    /// A check that is good or bad.
    fn of(check: &'static str, holds: bool, message: impl Into<String>) -> Self {
        Check::new(check, if holds { State::Good } else { State::Bad }, message)
    }
}

pub(crate) use protections::Confinement;
pub(crate) use software::own_sha256;

/// Runs every check. `now` is what this machine's clock says, in seconds since 1970; `confinement`
/// what became of confining this process.
pub(crate) fn checks(now: u64, confinement: Confinement, allowed: &[Unfit]) -> Vec<Check> {
    let mut checks = vec![software::random_source(), software::clock(now)];
    checks.extend(software::known_answers());
    checks.extend(protections::checks(confinement));
    checks.extend(of_machine(&machine::look(), allowed));
    checks
}

/// One check for each way in which a machine can be unfit.
fn of_machine(found: &[Found], allowed: &[Unfit]) -> Vec<Check> {
    let check = |kind: Unfit| match found.iter().find(|found| found.kind == kind) {
        None => Check::new(kind.name(), State::Good, "nothing was found"),
        Some(found) if allowed.contains(&kind) => {
            Check::new(kind.name(), State::Allowed, &found.words)
        }
        Some(found) if found.warns => Check::new(kind.name(), State::Weak, &found.words),
        Some(found) => Check::new(kind.name(), State::Bad, &found.words),
    };
    Unfit::ALL.into_iter().map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_is_not_fit_in_is_bad_unless_it_is_allowed_or_warns() {
        let found = |kind, warns| Found {
            kind,
            words: format!("{kind} words"),
            warns,
        };
        let found = [
            found(Unfit::Network, false),
            found(Unfit::Swap, true),
            found(Unfit::Radio, false),
        ];
        let checks = of_machine(&found, &[Unfit::Radio]);
        let states: Vec<_> = checks
            .iter()
            .map(|check| (check.check, check.state))
            .collect();
        assert_eq!(
            states,
            [
                ("network", State::Bad),
                ("swap", State::Weak),
                ("bluetooth", State::Good),
                ("radio", State::Allowed),
                ("tracer", State::Good),
            ]
        );
        assert_eq!(checks[0].message, "network words");
    }
}
