//! What the operating system holds the eye to.

use std::io;
use std::time::Duration;

use nix::sys::signal::{SigEvent, SigevNotify, Signal};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use rustix::process::{Resource, Rlimit};

/// How much of the processor one frame may take, decoding and all attempts at reading together. A frame of 1080 lines
/// takes a third of it.
pub const FRAME_TIME: Duration = Duration::from_millis(300);

/// When the attempts at reading a frame are ended in good order, before the operating system ends the process.
pub const READING_TIME: Duration = Duration::from_millis(200);

/// How much memory the eye may take for itself: a picture of the largest size, in colour, and what reading it takes.
pub const MEMORY: u64 = 64 << 20;

/// Ends this process with a signal when a frame takes more than [`FRAME_TIME`] of the processor.
pub struct FrameTimer(Timer);

impl FrameTimer {
    /// Makes the timer; it does not run yet.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn new() -> io::Result<FrameTimer> {
        let ends = SigEvent::new(SigevNotify::SigevSignal {
            signal: Signal::SIGKILL,
            si_value: 0,
        });
        Ok(FrameTimer(Timer::new(ClockId::CLOCK_PROCESS_CPUTIME_ID, ends)?))
    }

    /// Begins a frame.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn begin(&mut self) -> io::Result<()> {
        let expires = Expiration::OneShot(TimeSpec::from_duration(FRAME_TIME));
        Ok(self.0.set(expires, TimerSetTimeFlags::empty())?)
    }
}

/// Limits the memory that this process may still take to [`MEMORY`].
///
/// # Errors
///
/// The operating system's.
pub fn limit_memory() -> io::Result<()> {
    let used = data_used()?;
    let limit = Some(used + MEMORY);
    rustix::process::setrlimit(
        Resource::Data,
        Rlimit {
            current: limit,
            maximum: limit,
        },
    )?;
    Ok(())
}

/// What a fork left in memory counts as the parent's: the private data of this process, in bytes.
fn data_used() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmData:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse::<u64>().ok())
        .ok_or_else(|| io::Error::other("/proc/self/status names no VmData"))?;
    Ok(kib * 1024)
}
