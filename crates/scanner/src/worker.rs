//! The process that looks at pictures, as its watch has it.

use std::fs::File;
use std::io::{self, Read as _};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zeroize::Zeroizing;

use crate::message::{Glance, MAX_MESSAGE};

/// How long the decoder may say nothing: it is ended by its own limit after a tenth of this, unless
/// it no longer obeys or waits for a camera that gives no pictures.
pub(crate) const SILENCE: Duration = Duration::from_secs(5);

/// A running decoder.
pub struct Worker {
    /// Where it is told what to look at.
    pub tasks: File,
    /// Where it says what it saw.
    pub glances: File,
    /// Ends it, and waits for its end.
    pub end: Box<dyn FnMut()>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        (self.end)();
    }
}

/// The decoder says nothing more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    /// It has ended, or speaks nonsense.
    Ended,
    /// It does not obey, or what it looks at gives nothing.
    Silent,
}

/// Starts a decoder, and waits until it is within its limits.
pub(crate) fn ready(spawn: &mut dyn FnMut() -> io::Result<Worker>) -> io::Result<Worker> {
    let mut decoder = spawn()?;
    match hear(&mut decoder.glances, SILENCE) {
        Ok(Glance::Ready) => Ok(decoder),
        _ => Err(io::Error::other(
            "it ended before it began; this system may not let it limit itself",
        )),
    }
}

/// Waits for one message, for at most so long.
pub(crate) fn hear(from: &mut File, patience: Duration) -> Result<Glance, Gone> {
    let deadline = Instant::now() + patience;
    let mut length = [0; 4];
    fill(from, &mut length, deadline)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_MESSAGE {
        return Err(Gone::Ended);
    }
    let mut body = Zeroizing::new(vec![0; length]);
    fill(from, &mut body, deadline)?;
    minicbor::decode(&body).map_err(|_| Gone::Ended)
}

fn fill(from: &mut File, mut buffer: &mut [u8], deadline: Instant) -> Result<(), Gone> {
    while !buffer.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(|_| Gone::Silent)?;
        match poll(&mut [PollFd::new(from, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return Err(Gone::Silent),
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return Err(Gone::Ended),
            Ok(_) => {}
        }
        match from.read(buffer) {
            Ok(0) => return Err(Gone::Ended),
            Ok(count) => buffer = &mut buffer[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(Gone::Ended),
        }
    }
    Ok(())
}
