//! What the operating system is told before anything secret exists.

use std::io;

use nix::sys::signal::SigSet;
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};

use super::landlock_rules::{self, Confined};
use super::seccomp;

/// Turns core dumps off and makes this process (and its future children) unreadable for debuggers
/// of the same user.
pub(crate) fn forbid_dumps() -> io::Result<()> {
    rustix::process::setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    )?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Takes from this process and its future children what no process of the signer needs: system
/// calls, and what may be done to files anywhere. Returns what the kernel cannot do of that, in
/// words for the operator.
pub(crate) fn seal_off() -> Vec<String> {
    let mut lacking = Vec::new();
    match landlock_rules::confine_all() {
        Ok(Confined::Wholly { .. } | Confined::Partly { .. }) => {}
        Ok(Confined::Not) => {
            lacking.push("this kernel has no Landlock: files are not out of reach".into())
        }
        Err(error) => lacking.push(format!(
            "Landlock fails, and files are not out of reach: {error}"
        )),
    }
    if let Err(error) = seccomp::deny() {
        lacking.push(format!(
            "this kernel has no seccomp filter, and system calls are not denied: {error}"
        ));
    }
    lacking
}

/// Makes a write beyond the file size limit an error, as on a full disk, rather than the process's
/// end.
pub(crate) fn survive_file_limits() -> io::Result<()> {
    let mut signals = SigSet::empty();
    signals.add(nix::sys::signal::Signal::SIGXFSZ);
    Ok(signals.thread_block()?)
}

/// Makes panics name their place and nothing else: a panic's payload could quote a secret.
pub(crate) fn redact_panics() {
    std::panic::set_hook(Box::new(|panic| {
        use std::io::Write as _;
        let place = panic
            .location()
            .map(|place| format!("{}:{}", place.file(), place.line()))
            .unwrap_or_default();
        let _ = writeln!(
            io::stderr(),
            "cofferdam-signer: unexpected failure at {place}; nothing more is shown, for it could be secret"
        );
    }));
}

/// Makes this process end when its parent does.
///
/// # Errors
///
/// Fails when the parent ended before the request stood.
pub(super) fn end_with_parent(parent: rustix::process::Pid) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if rustix::process::getppid() == Some(parent) {
        Ok(())
    } else {
        Err(io::Error::other("the parent process has ended"))
    }
}
