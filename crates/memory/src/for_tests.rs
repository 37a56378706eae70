//! What shows that the proofs have teeth: programs with pages that can be looked into, that wipe or
//! wipe nothing, and that stand still before they end. Only programs of the tests call this
//! (`scripts/air-gap` holds that no source of the signer does).

#[cfg(target_arch = "x86_64")]
use std::arch::asm;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::map::Pages;

static READABLE: AtomicBool = AtomicBool::new(false);
static ORDINARY: AtomicBool = AtomicBool::new(false);
static STOPS: AtomicBool = AtomicBool::new(false);

/// From now on, pages are locked ones at best, which root can read: so it can be seen that they
/// were wiped.
pub fn be_readable() {
    READABLE.store(true, Ordering::Relaxed);
}

/// From now on, pages are ordinary, and stacks and heaps are neither wiped nor given back.
pub fn be_ordinary() {
    ORDINARY.store(true, Ordering::Relaxed);
}

/// From now on, [`crate::run_and_end`] stops the process (SIGSTOP) after the wiping, before it ends
/// it.
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

/// Tells valgrind's memcheck that bytes are secret: undefined, so that it reports whatever branches
/// on them, or finds a place in memory by them. Without valgrind it does nothing.
pub fn secret(bytes: &[u8]) {
    memcheck(0x4d43_0001, bytes);
}

/// Tells valgrind's memcheck that bytes are secret no longer.
pub fn public<T: ?Sized>(value: &T) {
    let bytes = (&raw const *value).cast::<u8>();
    // SAFETY: the bytes of the value, of which only the address and the number are used.
    memcheck(0x4d43_0002, unsafe {
        std::slice::from_raw_parts(bytes, size_of_val(value))
    });
}

/// Tells whether this runs under valgrind.
pub fn is_watched() -> bool {
    request(0x1001, 0, 0) != 0
}

fn memcheck(code: u64, bytes: &[u8]) {
    request(code, bytes.as_ptr() as u64, bytes.len() as u64);
}

/// A client request (valgrind.h, `VALGRIND_DO_CLIENT_REQUEST`): four rotations that come to
/// nothing, and an exchange of a register with itself, mean it to valgrind and nothing to a
/// processor.
#[cfg(target_arch = "x86_64")]
fn request(code: u64, start: u64, length: u64) -> u64 {
    let request = [code, start, length, 0, 0, 0];
    let answer: u64;
    // SAFETY: as above; the memory that valgrind reads is `request`.
    unsafe {
        asm!("rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") request.as_ptr(), inout("rdx") 0u64 => answer);
    }
    answer
}

#[cfg(not(target_arch = "x86_64"))]
fn request(_code: u64, _start: u64, _length: u64) -> u64 {
    0
}
