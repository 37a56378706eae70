//! What the operating system holds the decoder to.

use std::fs::File;
use std::io;
use std::time::Duration;

use nix::sys::signal::{SigEvent, SigevNotify, Signal};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::{ClockId, clock_gettime};
use rustix::process::{Resource, Rlimit};

/// How much of the processor one frame may take, decoding and all attempts at reading together. A
/// frame of 1080 lines takes a third of it.
pub const FRAME_TIME: Duration = Duration::from_millis(300);

/// When the attempts at reading a frame are ended in good order, before the operating system ends
/// the process: of the processor, too.
pub const READING_TIME: Duration = Duration::from_millis(200);

/// How much memory the decoder may take for itself: a picture of the largest size, in colour, and
/// what reading it takes.
pub const MEMORY: u64 = 64 << 20;

/// Ends this process with a signal when a frame takes more than [`FRAME_TIME`] of the processor.
pub struct FrameTimer {
    timer: Timer,
    began: Duration,
}

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
        Ok(FrameTimer {
            timer: Timer::new(ClockId::CLOCK_PROCESS_CPUTIME_ID, ends)?,
            began: processor_time(),
        })
    }

    /// Begins a frame.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn begin(&mut self) -> io::Result<()> {
        let expires = Expiration::OneShot(TimeSpec::from_duration(FRAME_TIME));
        self.timer.set(expires, TimerSetTimeFlags::empty())?;
        self.began = processor_time();
        Ok(())
    }

    /// Tells whether the attempts at reading this frame shall end: it took [`READING_TIME`] of the
    /// processor. How long its picture was waited for does not count.
    pub fn out_of_time(&self) -> bool {
        processor_time().saturating_sub(self.began) > READING_TIME
    }
}

/// What this process took of the processor; nothing where that cannot be told.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// Lets nothing that a library says in its last moment stand between what people read, and leaves
/// no dump of memory.
///
/// # Errors
///
/// The operating system's.
pub fn be_silent() -> io::Result<()> {
    // A picture made for it can make a library panic, or ask for more memory than there is: its
    // frame is skipped.
    std::panic::set_hook(Box::new(|_| {}));
    rustix::stdio::dup2_stderr(File::options().write(true).open("/dev/null")?)?;
    limit(Resource::Core, 0)
}

/// Limits the memory that this process may still take to [`MEMORY`].
///
/// # Errors
///
/// The operating system's.
pub fn limit_memory() -> io::Result<()> {
    let used = data_used()?;
    limit(Resource::Data, used + MEMORY)
}

fn limit(what: Resource, most: u64) -> io::Result<()> {
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    Ok(rustix::process::setrlimit(what, limit)?)
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
