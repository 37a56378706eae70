//! The fork: the one place of the signer with `unsafe` code.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::{FromRawFd as _, IntoRawFd as _, OwnedFd, RawFd};
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
/// Fails when the process has more than one thread (a fork then copies locks that nobody will ever
/// release), or when the operating system refuses.
pub(super) fn fork() -> io::Result<Fork> {
    let threads = folder::names(Path::new("/proc/self/task"))?.len();
    if threads != 1 {
        return Err(io::Error::other(format!(
            "a process with {threads} threads must not fork"
        )));
    }
    // SAFETY: the process has one thread, so that the child inherits no lock held by another and
    // may go on like any process.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Fork::Parent(child)),
        ForkResult::Child => Ok(Fork::Child),
    }
}

/// The descriptors that every program begins with: input, output, errors.
const STANDARD: [RawFd; 3] = [0, 1, 2];

/// Lets go of every open file but those in `keep`: a child inherits locks, pipes and the terminal
/// of its parent. Standard input and output become the null device.
///
/// Call it in a child that never returns to what its parent was doing: objects that own other files
/// are void.
pub(super) fn keep_only(keep: &[RawFd]) -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    for standard in STANDARD
        .into_iter()
        .filter(|standard| !keep.contains(standard))
    {
        // SAFETY: the descriptor is replaced and stays open; the object that stands for it is not
        // dropped.
        let mut standard = unsafe { OwnedFd::from_raw_fd(standard) };
        let replaced = rustix::io::dup2(&null, &mut standard);
        let _ = standard.into_raw_fd();
        replaced?;
    }
    drop(null);
    let folder = Path::new("/proc/self/fd");
    for name in folder::names(folder)? {
        // That of the folder itself is closed already.
        if folder.join(&name).symlink_metadata().is_err() {
            continue;
        }
        let Some(open) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if !keep.contains(&open) && !STANDARD.contains(&open) {
            // SAFETY: it is open, the process has one thread, and no object that owns it is used or
            // dropped any more.
            unsafe { rustix::io::close(open) };
        }
    }
    Ok(())
}
