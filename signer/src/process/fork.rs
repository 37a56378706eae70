//! The fork: the one place of the signer with `unsafe` code.

#![allow(unsafe_code)]

use std::io;
use std::path::Path;

use nix::unistd::{ForkResult, Pid};

use crate::folder;

/// Which of the two processes returns from [`fork`].
pub(super) enum Fork {
    /// The caller, with its new child.
    Parent(Pid),
    /// The new child.
    Child,
}

/// Forks this process.
///
/// # Errors
///
/// Fails when the process has more than one thread (a fork then copies locks that nobody will ever release), or when
/// the operating system refuses.
pub(super) fn fork() -> io::Result<Fork> {
    let threads = folder::names(Path::new("/proc/self/task"))?.len();
    if threads != 1 {
        return Err(io::Error::other(format!(
            "a process with {threads} threads must not fork"
        )));
    }
    // SAFETY: the process has one thread, so that the child inherits no lock held by another and may go on like any
    // process.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Fork::Parent(child)),
        ForkResult::Child => Ok(Fork::Child),
    }
}
