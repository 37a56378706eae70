//! Running on a stack of locked pages.

use std::any::Any;
use std::io;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;

use libc::{c_uint, ucontext_t};

use crate::arena;
use crate::map::{Map, PAGE, Pages};
use crate::wipe::wipe_registers;

/// Runs `work` on a stack of at least `size` bytes in the best pages that there are, and wipes the
/// stack after it. Panics pass through.
///
/// # Errors
///
/// When there is no memory for the stack; `work` has not run then.
pub fn on_stack<T>(size: usize, best: Pages, work: impl FnOnce() -> T) -> io::Result<T> {
    let map = Map::best(size.next_multiple_of(PAGE), best)?;
    if map.pages() == Pages::Ordinary {
        arena::tell_ran_out();
    }
    map.wipe_on_fork();
    Ok(run(&map, work))
}

/// What the two stacks share: what to run, and what came of it.
struct Errand<F, T> {
    work: Option<F>,
    result: Option<Result<T, Box<dyn Any + Send>>>,
}

pub(crate) fn run<T, F: FnOnce() -> T>(map: &Map, work: F) -> T {
    let mut errand = Errand {
        work: Some(work),
        result: None,
    };
    let address = (&raw mut errand).expose_provenance() as u64;
    let mut outside = MaybeUninit::<ucontext_t>::uninit();
    let mut inside = MaybeUninit::<ucontext_t>::uninit();
    // SAFETY: `inside` is filled by getcontext before it is changed. The stack is the map's, which
    // outlives the call and serves nothing else. The entry has the C convention and takes two
    // integers, as makecontext passes them. When it returns, `outside` goes on, which swapcontext
    // filled; it never unwinds. `errand` stays where it is until then.
    unsafe {
        assert_eq!(
            libc::getcontext(inside.as_mut_ptr()),
            0,
            "getcontext does not fail"
        );
        let context = inside.assume_init_mut();
        context.uc_stack.ss_sp = map.start().cast();
        context.uc_stack.ss_size = map.length();
        context.uc_link = outside.as_mut_ptr();
        let entry = entry::<F, T> as extern "C" fn(c_uint, c_uint);
        let entry = std::mem::transmute::<extern "C" fn(c_uint, c_uint), extern "C" fn()>(entry);
        libc::makecontext(
            inside.as_mut_ptr(),
            entry,
            2,
            (address >> 32) as c_uint,
            address as c_uint,
        );
        assert_eq!(
            libc::swapcontext(outside.as_mut_ptr(), inside.as_ptr()),
            0,
            "swapcontext does not fail"
        );
    }
    match errand.result {
        Some(Ok(value)) => value,
        Some(Err(panic)) => resume_unwind(panic),
        None => unreachable!("the errand was run"),
    }
}

extern "C" fn entry<F: FnOnce() -> T, T>(high: c_uint, low: c_uint) {
    let address = (u64::from(high) << 32) | u64::from(low);
    // SAFETY: the address is that of the errand, which waits for us and is touched by nobody else.
    let errand =
        unsafe { &mut *ptr::with_exposed_provenance_mut::<Errand<F, T>>(address as usize) };
    if let Some(work) = errand.work.take() {
        errand.result = Some(catch_unwind(AssertUnwindSafe(work)));
    }
    wipe_registers();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_on_the_map_and_returns() {
        for pages in Pages::ALL {
            let Ok(map) = Map::new(64 * PAGE, pages) else {
                continue;
            };
            let around = (map.start() as usize)..(map.start() as usize + map.length());
            let on_it = run(&map, || {
                let here = 7u8;
                around.contains(&(&raw const here as usize))
            });
            assert!(on_it, "{pages:?}");
        }
    }

    #[test]
    fn a_panic_passes_through() {
        let caught = catch_unwind(|| on_stack(64 * PAGE, Pages::Secret, || panic!("told")));
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "told");
    }

    #[test]
    fn threads_run_on_stacks_of_their_own() {
        let sums: Vec<usize> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|n| {
                    scope.spawn(move || {
                        on_stack(64 * PAGE, Pages::Secret, move || (0..=n).sum()).unwrap()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(sums, [0, 1, 3, 6]);
    }

    #[test]
    fn what_ran_leaves_nothing_on_its_stack() {
        let map = Map::new(64 * PAGE, Pages::Locked).unwrap();
        run(&map, || std::hint::black_box([0xa5u8; 4096]));
        // SAFETY: nobody runs on the stack any more.
        let (before, after) = unsafe {
            let count = || {
                std::slice::from_raw_parts(map.start(), map.length())
                    .iter()
                    .filter(|byte| **byte != 0)
                    .count()
            };
            let before = count();
            map.wipe();
            (before, count())
        };
        assert!(before >= 4096, "{before}");
        assert_eq!(after, 0);
    }
}
