//! What the kernel holds this process to, as the kernel tells it.

use std::fs::File;
use std::io;

use cofferdam_memory::Pages;
use rustix::process::{DumpableBehavior, Resource, Rlimit};

use super::{Check, State};
use crate::process::Confined;

/// What became of confining a process to its files.
pub(crate) type Confinement = io::Result<Confined>;

/// The checks of all protections.
pub(super) fn checks(confinement: Confinement) -> Vec<Check> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    vec![
        core_dumps(),
        dumpable(),
        no_new_privileges(&status),
        seccomp(&status),
        landlock(confinement, File::open("/").err().map(|error| error.kind())),
        locked_memory(),
    ]
}

fn core_dumps() -> Check {
    let limit = rustix::process::getrlimit(Resource::Core);
    let is_off = limit
        == Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
    Check::of(
        "core-dumps",
        is_off,
        if is_off {
            "no process of the signer leaves a dump of its memory"
        } else {
            "a process that crashes could leave a dump of its memory"
        },
    )
}

fn dumpable() -> Check {
    let is_closed = matches!(
        rustix::process::dumpable_behavior(),
        Ok(DumpableBehavior::NotDumpable | DumpableBehavior::DumpableReadableOnlyByRoot)
    );
    Check::of(
        "not-dumpable",
        is_closed,
        if is_closed {
            "other programs of this user may not look into the signer"
        } else {
            "other programs of this user may look into the signer"
        },
    )
}

/// Returns the number behind a name in `/proc/self/status`.
fn number(status: &str, name: &str) -> Option<u64> {
    let value = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.trim().parse().ok()
}

fn no_new_privileges(status: &str) -> Check {
    let is_set = number(status, "NoNewPrivs") == Some(1);
    Check::of(
        "no-new-privileges",
        is_set,
        if is_set {
            "no process of the signer can gain privileges"
        } else {
            "the kernel does not tell that privileges cannot be gained"
        },
    )
}

fn seccomp(status: &str) -> Check {
    // 2: calls are filtered.
    let is_filtered = number(status, "Seccomp") == Some(2);
    Check::of(
        "seccomp",
        is_filtered,
        if is_filtered {
            "network calls, other programs, debugging and what comes round filters are denied"
        } else {
            "system calls are not denied: this kernel has no seccomp filters, or lets this process have none"
        },
    )
}

/// `denied` is what opening the root folder ends with, which is out of every process's reach.
fn landlock(confinement: Confinement, denied: Option<io::ErrorKind>) -> Check {
    let name = "landlock";
    let is_denied = denied == Some(io::ErrorKind::PermissionDenied);
    match confinement {
        Ok(Confined::Wholly { abi }) if is_denied => Check::new(
            name,
            State::Good,
            format!("files but those needed are out of reach (ABI {abi})"),
        ),
        Ok(Confined::Partly { abi }) if is_denied => Check::new(
            name,
            State::Weak,
            format!(
                "files but those needed are out of reach; this kernel's Landlock is older, and denies not all that it could (ABI {abi})"
            ),
        ),
        Ok(Confined::Not) => Check::new(
            name,
            State::Bad,
            "this kernel has no Landlock, or it is switched off: files are not out of reach",
        ),
        Ok(_) => Check::new(
            name,
            State::Bad,
            "Landlock is there, but the root folder can be opened",
        ),
        Err(error) => Check::new(name, State::Bad, format!("Landlock fails: {error}")),
    }
}

fn locked_memory() -> Check {
    let limit = match rustix::process::getrlimit(Resource::Memlock).current {
        Some(bytes) => format!("{} KiB may be locked", bytes / 1024),
        None => "all memory may be locked".to_owned(),
    };
    let name = "locked-memory";
    match cofferdam_memory::state() {
        Pages::Secret => Check::new(
            name,
            State::Good,
            format!(
                "keys are in secret pages (memfd_secret), never swapped or dumped, which not even root reads ({limit}); the memory of Argon2 is not, and is wiped"
            ),
        ),
        Pages::Locked => Check::new(
            name,
            State::Good,
            format!(
                "keys are in locked pages (mlock), never swapped or dumped, which root reads ({limit}); the memory of Argon2 is not, and is wiped"
            ),
        ),
        Pages::Ordinary => Check::new(
            name,
            State::Weak,
            format!("keys are in ordinary pages, wiped after use; swap must be off ({limit})"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn landlock_is_good_only_when_it_is_seen_to_deny() {
        let denied = Some(io::ErrorKind::PermissionDenied);
        let whole = || Ok(Confined::Wholly { abi: 7 });
        assert_eq!(landlock(whole(), denied).state, State::Good);
        assert_eq!(landlock(whole(), None).state, State::Bad);
        assert_eq!(
            landlock(Ok(Confined::Partly { abi: 1 }), denied).state,
            State::Weak
        );
        assert_eq!(landlock(Ok(Confined::Not), denied).state, State::Bad);
        assert_eq!(
            landlock(Err(io::ErrorKind::Other.into()), denied).state,
            State::Bad
        );
    }

    #[test]
    fn the_kernels_numbers_are_found_by_their_whole_names() {
        let status = "Seccomp_filters:\t3\nSeccomp:\t2\nNoNewPrivs:\t0\n";
        assert_eq!(seccomp(status).state, State::Good);
        assert_eq!(no_new_privileges(status).state, State::Bad);
        assert_eq!(seccomp("").state, State::Bad);
    }
}
