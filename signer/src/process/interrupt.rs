//! Ctrl-C and SIGTERM: the screen process ends cleanly, and its children with it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// Held while several files are renamed into place.
static WRITING: Mutex<()> = Mutex::new(());

/// Runs `work` to its end even if an interrupt arrives; the interrupt then takes effect after it.
pub(crate) fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    let _held = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    work()
}

/// Set once an interrupt ends the program.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Waits for the program's end if an interrupt is bringing it about: what fails in the meantime
/// fails because of it.
pub(super) fn yield_to_the_end() {
    while ENDING.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// Waits a moment for an interrupt that ended a child to reach the screen as well: a key that the
/// operator presses goes to both, and the terminal needs its settings back.
pub(super) fn await_interrupt() {
    for _ in 0..100 {
        if ENDING.load(Ordering::SeqCst) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Handles interrupts in the screen process.
pub(crate) struct Interrupts;

impl Interrupts {
    /// Starts the thread that waits for SIGINT, SIGTERM and SIGHUP. It ends `children`, waits for
    /// them, gives the terminal its settings back and exits with 128 + the signal's number: 130 for
    /// Ctrl-C.
    ///
    /// Call it after the forks: the children keep the signals' default effect.
    pub(crate) fn handle(children: Vec<Pid>) -> io::Result<Interrupts> {
        let mut signals = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            signals.add(signal);
        }
        signals.thread_block()?;
        let terminal = terminal_settings();
        std::thread::Builder::new()
            .name("interrupts".into())
            .spawn(move || {
                let Ok(signal) = signals.wait() else { return };
                let _held = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
                ENDING.store(true, Ordering::SeqCst);
                for child in children {
                    // A child that has ended and been waited for is not there any more, and its id
                    // may be another's.
                    if waitpid(child, Some(WaitPidFlag::WNOHANG)) == Ok(WaitStatus::StillAlive) {
                        let _ = kill(child, Signal::SIGKILL);
                        let _ = waitpid(child, None);
                    }
                }
                if let Some((file, settings)) = terminal {
                    let _ = tcsetattr(&file, OptionalActions::Now, &settings);
                }
                std::process::exit(128 + signal as i32)
            })?;
        Ok(Interrupts)
    }
}

fn terminal_settings() -> Option<(std::fs::File, Termios)> {
    let file = std::fs::File::open("/dev/tty").ok()?;
    let settings = tcgetattr(&file).ok()?;
    Some((file, settings))
}
