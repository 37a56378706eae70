//! A child process and the conversation with it.

use std::fs::File;
use std::io;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::pipe::{PipeFlags, pipe_with};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fork::{Fork, fork};
use super::frame::{Channel, ChannelError};
use super::harden::end_with_parent;
use super::interrupt::yield_to_the_end;
use crate::error::{Exit, Failure};

/// A child process, seen from the screen.
pub(crate) struct Peer {
    name: &'static str,
    pid: Pid,
    channel: Option<Channel>,
}

impl Peer {
    /// Forks a process that runs `role` and ends with it. `siblings` are the processes forked before; the new one lets
    /// go of its copies of their pipes, so that each sees its channel close when the screen ends.
    pub(crate) fn spawn(name: &'static str, siblings: &mut Vec<Peer>, role: fn(Channel)) -> io::Result<Peer> {
        let (child_reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
        let (reader, child_writer) = pipe_with(PipeFlags::CLOEXEC)?;
        let parent = rustix::process::getpid();
        match fork()? {
            Fork::Parent(pid) => Ok(Peer {
                name,
                pid,
                channel: Some(Channel::new(File::from(reader), File::from(writer))),
            }),
            Fork::Child => {
                for sibling in siblings.drain(..) {
                    std::mem::forget(sibling.without_channel());
                }
                drop((reader, writer));
                let ended = end_with_parent(parent).and_then(|()| {
                    let channel = Channel::new(File::from(child_reader), File::from(child_writer));
                    std::panic::catch_unwind(|| role(channel)).map_err(|_| io::Error::other("panic"))
                });
                std::process::exit(i32::from(ended.is_err()))
            }
        }
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
        yield_to_the_end();
        match (error, ended) {
            (ChannelError::Closed, Some(WaitStatus::Signaled(_, Signal::SIGINT, _))) => interrupted(),
            (ChannelError::Closed, Some(WaitStatus::Signaled(_, signal, _))) => Failure::unexpected(format!(
                "the signer's {} process was ended by {signal}",
                self.name
            )),
            (ChannelError::Closed, _) => Failure::unexpected(format!(
                "the signer's {} process ended before its work was done",
                self.name
            )),
            (error, _) => Failure::unexpected(error),
        }
    }

    fn wait(&self) -> Option<WaitStatus> {
        loop {
            match waitpid(self.pid, None) {
                Err(Errno::EINTR) => {}
                result => return result.ok(),
            }
        }
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
