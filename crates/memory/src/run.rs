//! The life of a process that holds secrets.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::arena::ARENA;
use crate::for_tests;
use crate::map::{Map, PAGE, Pages};
use crate::stack;
use crate::wipe::wipe_registers;

/// The stack of the job: that of a Rust thread.
const STACK: usize = 2 * 1024 * 1024;

/// The heap of the job. With the stack and those of the threads that sign it stays within the 8 MiB
/// that systemd lets a user lock.
const HEAP: usize = 4 * 1024 * 1024;

/// The pages in use, as their place in [`Pages::ALL`] and one more; 0 before there are any.
static IN_USE: AtomicU8 = AtomicU8::new(0);

/// Whether a process forks after it began to run in these pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forking {
    /// It does not: the pages may be secret ones, which no child can have.
    Never,
    /// It does, before it reads anything secret: the pages are private, and locked.
    BeforeSecrets,
}

impl Forking {
    fn best(self) -> Pages {
        match self {
            Forking::Never => Pages::Secret,
            Forking::BeforeSecrets => Pages::Locked,
        }
    }
}

/// Runs `job` on a stack and a heap in the best pages that there are, then wipes both, whatever
/// lies in them, and ends the process with exit code 0, or 1 after a panic. The job asks [`state`]
/// what it got.
///
/// Destructors of the caller and of the program do not run: they could use what was wiped. The heap
/// is served by [`crate::Allocator`], where the program has it.
pub fn run_and_end(forking: Forking, job: impl FnOnce()) -> ! {
    let best = forking.best();
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let map = Map::best(STACK, best).expect("memory for a stack");
        let mut pages = map.pages();
        match Map::best(HEAP, best) {
            Ok(heap) => {
                pages = pages.max(heap.pages());
                if forking == Forking::Never {
                    map.wipe_on_fork();
                    heap.wipe_on_fork();
                }
                ARENA.open(heap);
            }
            Err(_) => pages = Pages::Ordinary,
        }
        IN_USE.store(1 + pages as u8, Ordering::Relaxed);
        stack::run(&map, job);
    }));
    wipe_registers();
    // SAFETY: from here on the process does nothing but stop or end, by system calls.
    unsafe {
        ARENA.wipe();
        for_tests::stop();
        libc::_exit(i32::from(ran.is_err()))
    }
}

/// Returns the kind of pages that this process's secrets lie in; before it has any, that which they
/// would lie in. Ordinary once locked pages ran out.
pub fn state() -> Pages {
    if crate::ran_out() {
        return Pages::Ordinary;
    }
    match IN_USE.load(Ordering::Relaxed) {
        0 => available(),
        used => Pages::ALL[usize::from(used - 1)],
    }
}

/// Returns the best kind of pages that the kernel gives, in the quantity that a job takes.
pub fn available() -> Pages {
    Map::best(STACK + HEAP, Pages::Secret).map_or(Pages::Ordinary, |map| {
        let pages = map.pages();
        // Nothing was written to it.
        map.discard();
        pages
    })
}

const _: () = assert!(STACK.is_multiple_of(PAGE) && HEAP.is_multiple_of(PAGE));
