//! What shows that the proofs have teeth: programs with pages that can be looked into, that wipe or wipe nothing, and that stand still
//! before they end. Only programs of the tests call this (`scripts/air-gap` holds that no source of the signer does).

use std::sync::atomic::{AtomicBool, Ordering};

use crate::map::Pages;

static READABLE: AtomicBool = AtomicBool::new(false);
static ORDINARY: AtomicBool = AtomicBool::new(false);
static STOPS: AtomicBool = AtomicBool::new(false);

/// From now on, pages are locked ones at best, which root can read: so it can be seen that they were wiped.
pub fn be_readable() {
    READABLE.store(true, Ordering::Relaxed);
}

/// From now on, pages are ordinary, and stacks and heaps are neither wiped nor given back.
pub fn be_ordinary() {
    ORDINARY.store(true, Ordering::Relaxed);
}

/// From now on, [`crate::run_and_end`] stops the process (SIGSTOP) after the wiping, before it ends it.
pub fn stop_before_the_end() {
    STOPS.store(true, Ordering::Relaxed);
}

pub(crate) fn best_pages() -> Pages {
    if ORDINARY.load(Ordering::Relaxed) {
        Pages::Ordinary
    } else if READABLE.load(Ordering::Relaxed) {
        Pages::Locked
    } else {
        Pages::Secret
    }
}

pub(crate) fn wipes() -> bool {
    !ORDINARY.load(Ordering::Relaxed)
}

pub(crate) fn stop() {
    if STOPS.load(Ordering::Relaxed) {
        // SAFETY: a signal that cannot be handled, to this very process.
        unsafe { libc::kill(libc::getpid(), libc::SIGSTOP) };
    }
}
