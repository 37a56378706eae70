//! A child process and the conversation with it.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, RawFd};
use std::path::Path;

use cofferdam_scanner::Worker;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::pipe::{PipeFlags, pipe_with};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fork::{Fork, fork, keep_only};
use super::frame::{Channel, ChannelError};
use super::harden::end_with_parent;
use super::interrupt::{await_interrupt, yield_to_the_end};
use super::landlock_rules::{LandlockRules, confine};
use super::seccomp::only_look;
use crate::error::{Exit, Failure};

/// A child process, and the pipes to it.
struct Child {
    pid: Pid,
    reader: File,
    writer: File,
}

/// Forks a process that runs `role` with a pipe to read from and one to write to, and ends with it.
/// It first lets go of what is its parent's alone.
fn spawn(let_go: impl FnOnce(), role: impl FnOnce(File, File)) -> io::Result<Child> {
    let (child_reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    let (reader, child_writer) = pipe_with(PipeFlags::CLOEXEC)?;
    let parent = rustix::process::getpid();
    match fork()? {
        Fork::Parent(pid) => Ok(Child {
            pid,
            reader: File::from(reader),
            writer: File::from(writer),
        }),
        Fork::Child => {
            let_go();
            drop((reader, writer));
            let role = std::panic::AssertUnwindSafe(|| {
                role(File::from(child_reader), File::from(child_writer));
            });
            let ended = end_with_parent(parent).and_then(|()| {
                std::panic::catch_unwind(role).map_err(|_| io::Error::other("panic"))
            });
            std::process::exit(i32::from(ended.is_err()))
        }
    }
}

fn wait(pid: Pid) -> Option<WaitStatus> {
    loop {
        match waitpid(pid, None) {
            Err(Errno::EINTR) => {}
            result => return result.ok(),
        }
    }
}

/// Forks the process that looks at pictures for this one. It lets go of everything that this one
/// has open, the channel, the vault's lock and the terminal included, but for what `looked_at`
/// names.
pub(crate) fn spawn_decoder<'a>(
    own: &RefCell<Option<Channel>>,
    looked_at: impl IntoIterator<Item = &'a Path> + Clone,
) -> io::Result<Worker> {
    let mut keep: Vec<RawFd> = looked_at
        .clone()
        .into_iter()
        .filter_map(descriptor)
        .collect();
    let rules = looked_at
        .into_iter()
        .fold(LandlockRules::default(), LandlockRules::sees);
    let child = spawn(
        || {
            own.take();
        },
        |tasks, glances| {
            keep.extend([tasks.as_raw_fd(), glances.as_raw_fd()]);
            // A decoder that could reach more than pictures sees nothing.
            let alone = keep_only(&keep)
                .and_then(|()| confine(&rules))
                .and_then(|_| only_look());
            if alone.is_ok() {
                cofferdam_scanner::decoder::run(tasks, glances);
            }
        },
    )?;
    let pid = child.pid;
    Ok(Worker {
        tasks: child.writer,
        glances: child.reader,
        end: Box::new(move || {
            let _ = kill(pid, Signal::SIGKILL);
            let _ = wait(pid);
        }),
    })
}

/// Lets go of everything that this process has open, the terminal and the descriptors of secrets
/// included, but for its channel and for what `read` names.
pub(crate) fn keep_for_reading<'a>(
    channel: &Channel,
    read: impl Iterator<Item = &'a Path>,
) -> io::Result<()> {
    let mut keep: Vec<RawFd> = read.filter_map(descriptor).collect();
    keep.extend(channel.descriptors());
    keep_only(&keep)
}

/// Returns the descriptor that a path names, where it is no file of its own.
fn descriptor(path: &Path) -> Option<RawFd> {
    match path.to_str()? {
        "-" | "/dev/stdin" => Some(0),
        path => {
            let number = path
                .strip_prefix("/dev/fd/")
                .or_else(|| path.strip_prefix("/proc/self/fd/"))?;
            number.parse().ok()
        }
    }
}

/// A child process, seen from the screen.
pub(crate) struct Peer {
    name: &'static str,
    pid: Pid,
    channel: Option<Channel>,
}

impl Peer {
    /// Forks a process that runs `role` and ends with it. `siblings` are the processes forked
    /// before; the new one lets go of its copies of their pipes, so that each sees its channel
    /// close when the screen ends.
    pub(crate) fn spawn(
        name: &'static str,
        siblings: &mut Vec<Peer>,
        role: fn(Channel),
    ) -> io::Result<Peer> {
        let let_go = || {
            for sibling in siblings.drain(..) {
                std::mem::forget(sibling.without_channel());
            }
        };
        let child = spawn(let_go, |reader, writer| role(Channel::new(reader, writer)))?;
        Ok(Peer {
            name,
            pid: child.pid,
            channel: Some(Channel::new(child.reader, child.writer)),
        })
    }

    /// Sends one message.
    pub(crate) fn send<T: Serialize>(&mut self, message: &T) -> Result<(), Failure> {
        let sent = match &mut self.channel {
            Some(channel) => channel.send(message),
            None => Err(ChannelError::Closed),
        };
        sent.map_err(|error| self.failure(error))
    }

    /// Waits for one message.
    pub(crate) fn receive<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let received = match &mut self.channel {
            Some(channel) => channel.receive(),
            None => Err(ChannelError::Closed),
        };
        received.map_err(|error| self.failure(error))
    }

    /// The process's id.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    fn without_channel(mut self) -> Self {
        self.channel = None;
        self
    }

    fn failure(&mut self, error: ChannelError) -> Failure {
        self.channel = None;
        let ended = self.wait();
        if let Some(WaitStatus::Signaled(_, Signal::SIGINT, _)) = ended {
            await_interrupt();
        }
        yield_to_the_end();
        match (error, ended) {
            (ChannelError::Closed, Some(WaitStatus::Signaled(_, Signal::SIGINT, _))) => {
                interrupted()
            }
            (ChannelError::Closed, Some(WaitStatus::Signaled(_, signal, _))) => {
                Failure::unexpected(format!(
                    "the signer's {} process was ended by {signal}",
                    self.name
                ))
            }
            (ChannelError::Closed, _) => Failure::unexpected(format!(
                "the signer's {} process ended before its work was done",
                self.name
            )),
            (error, _) => Failure::unexpected(error),
        }
    }

    fn wait(&self) -> Option<WaitStatus> {
        wait(self.pid)
    }
}

/// Waits for the process to end, so that it has let go of the vault's lock before the screen ends.
impl Drop for Peer {
    fn drop(&mut self) {
        self.channel = None;
        let _ = self.wait();
    }
}

/// The operator pressed Ctrl-C.
pub(crate) fn interrupted() -> Failure {
    Failure::new(
        Exit::Interrupted,
        "interrupted",
        "interrupted",
        "nothing was left half done; run the command again",
    )
}
