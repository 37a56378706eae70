//! The heap in locked pages: blocks of powers of two, each with a list of free ones.

use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::for_tests;
use crate::map::{Map, PAGE};
use crate::wipe::wipe;

/// The smallest block: room for the pointer to the next free one, and the alignment that everything
/// expects.
const SMALLEST: usize = 16;

/// The largest block: secrets are smaller (the longest is a file of 64 KiB with a passphrase and
/// one byte more).
const LARGEST: usize = 128 * 1024;

/// Blocks of 16, 32, ..., [`LARGEST`] bytes.
const CLASSES: usize = (LARGEST / SMALLEST).ilog2() as usize + 1;

/// The process's arena: none until somebody holds secrets.
pub(crate) static ARENA: Arena = Arena {
    taken: AtomicBool::new(false),
    start: AtomicUsize::new(0),
    end: AtomicUsize::new(0),
    inner: UnsafeCell::new(Inner {
        fresh: ptr::null_mut(),
        free: [ptr::null_mut(); CLASSES],
    }),
};

/// Set while bulk is allocated that is not secret.
static BULK: AtomicBool = AtomicBool::new(false);

/// Set once the arena could not serve what should have been in it.
static RAN_OUT: AtomicBool = AtomicBool::new(false);

/// Runs `work`, whose allocations need no locked pages: public bulk, such as transactions. They are
/// wiped when freed.
///
/// For the thread that runs the job, while it has no others.
pub fn ordinary<T>(work: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            BULK.store(self.0, Ordering::Relaxed);
        }
    }
    let _restored = Restore(BULK.swap(true, Ordering::Relaxed));
    work()
}

/// Tells whether locked pages ran out, so that something may lie in ordinary memory that should
/// not.
pub fn ran_out() -> bool {
    RAN_OUT.load(Ordering::Relaxed)
}

/// Notes that locked pages ran out.
pub(crate) fn tell_ran_out() {
    RAN_OUT.store(true, Ordering::Relaxed);
}

pub(crate) struct Arena {
    /// A spin lock: an allocator cannot use one that allocates.
    taken: AtomicBool,
    start: AtomicUsize,
    end: AtomicUsize,
    inner: UnsafeCell<Inner>,
}

struct Inner {
    /// The first byte that was never given away.
    fresh: *mut u8,
    /// The last freed block of each class; each holds the one freed before it.
    free: [*mut u8; CLASSES],
}

// SAFETY: `inner` is only touched by who holds `taken`.
unsafe impl Sync for Arena {}

impl Arena {
    /// Begins to serve from a map, for the rest of the process's life.
    pub(crate) fn open(&self, map: Map) {
        self.with(|inner| inner.fresh = map.start());
        self.end
            .store(map.start() as usize + map.length(), Ordering::Relaxed);
        self.start.store(map.start() as usize, Ordering::Release);
        std::mem::forget(map);
    }

    /// Wipes all of it, the blocks in use included.
    ///
    /// # Safety
    ///
    /// Nothing that the process does from here on may use what was allocated in it.
    pub(crate) unsafe fn wipe(&self) {
        let (start, end) = (
            self.start.load(Ordering::Acquire),
            self.end.load(Ordering::Relaxed),
        );
        if start != 0 && for_tests::wipes() {
            // Beyond the blocks that were ever given away, nothing was written.
            let used = self.with(|inner| inner.fresh as usize).min(end) - start;
            // SAFETY: within the map; the rest is this function's own condition.
            unsafe { wipe(ptr::with_exposed_provenance_mut(start), used) };
        }
    }

    /// Returns a block, or none when the layout is not for the arena, or there is no arena, or no
    /// room.
    pub(crate) fn allocate(&self, layout: Layout) -> Option<*mut u8> {
        if self.start.load(Ordering::Acquire) == 0 || BULK.load(Ordering::Relaxed) {
            return None;
        }
        let class = class_of(layout)?;
        let size = SMALLEST << class;
        let end = self.end.load(Ordering::Relaxed);
        let block = self.with(|inner| {
            let freed = inner.free[class];
            if !freed.is_null() {
                // SAFETY: a freed block holds the pointer to the one before, written by `free`.
                unsafe {
                    inner.free[class] = freed.cast::<*mut u8>().read();
                    freed.cast::<*mut u8>().write(ptr::null_mut());
                }
                return Some(freed);
            }
            let skip = inner.fresh.align_offset(size.min(PAGE));
            let block = inner.fresh.wrapping_add(skip);
            let after = (block as usize)
                .checked_add(size)
                .filter(|after| *after <= end)?;
            inner.fresh = block.wrapping_add(after - block as usize);
            Some(block)
        });
        if block.is_none() {
            tell_ran_out();
        }
        block
    }

    /// Tells whether an address is in the arena.
    pub(crate) fn owns(&self, block: *mut u8) -> bool {
        let start = self.start.load(Ordering::Acquire);
        start != 0 && (start..self.end.load(Ordering::Relaxed)).contains(&(block as usize))
    }

    /// Wipes a block and takes it back.
    ///
    /// # Safety
    ///
    /// The block must have come from [`Arena::allocate`] with this layout, and nobody may use it
    /// any more.
    pub(crate) unsafe fn free(&self, block: *mut u8, layout: Layout) {
        let Some(class) = class_of(layout) else {
            return;
        };
        // SAFETY: the block has the size of its class, and is the caller's to give.
        unsafe { wipe(block, SMALLEST << class) };
        self.with(|inner| {
            // SAFETY: as above; it is aligned to its class, 16 at least.
            unsafe { block.cast::<*mut u8>().write(inner.free[class]) };
            inner.free[class] = block;
        });
    }

    /// Tells whether a block of this layout has room for another size.
    pub(crate) fn fits(layout: Layout, size: usize) -> bool {
        let new = Layout::from_size_align(size, layout.align()).ok();
        class_of(layout).is_some() && class_of(layout) == new.and_then(class_of)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        while self
            .taken
            .compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            std::hint::spin_loop();
        }
        // SAFETY: this thread holds the lock, and `act` does not allocate.
        let result = act(unsafe { &mut *self.inner.get() });
        self.taken.store(false, Ordering::Release);
        result
    }
}

/// Returns the class of the smallest block that holds a layout, if the arena has one.
fn class_of(layout: Layout) -> Option<usize> {
    let size = layout.size().max(layout.align()).max(SMALLEST);
    (size <= LARGEST && layout.align() <= PAGE)
        .then(|| (size.next_power_of_two() / SMALLEST).ilog2() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::Pages;

    fn arena(pages: usize) -> Arena {
        let arena = Arena {
            taken: AtomicBool::new(false),
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            inner: UnsafeCell::new(Inner {
                fresh: ptr::null_mut(),
                free: [ptr::null_mut(); CLASSES],
            }),
        };
        arena.open(Map::new(pages * PAGE, Pages::Ordinary).unwrap());
        arena
    }

    #[test]
    fn blocks_do_not_overlap_are_aligned_and_come_back_wiped() {
        let arena = arena(16);
        let mut blocks: Vec<(*mut u8, Layout)> = Vec::new();
        for (size, align) in [
            (1, 1),
            (16, 16),
            (17, 8),
            (33, 32),
            (4096, 4096),
            (100, 64),
            (5000, 8),
        ] {
            let layout = Layout::from_size_align(size, align).unwrap();
            let block = arena.allocate(layout).unwrap();
            assert!(arena.owns(block) && (block as usize).is_multiple_of(align));
            // SAFETY: the block is this test's.
            unsafe { block.write_bytes(0xaa, size) };
            for (other, taken) in &blocks {
                let (a, b) = (block as usize, *other as usize);
                assert!(
                    a + size <= b || b + taken.size() <= a,
                    "{size} overlaps {}",
                    taken.size()
                );
            }
            blocks.push((block, layout));
        }
        for (block, layout) in blocks {
            // SAFETY: it came from the arena; the second block is the first again, and this test's.
            unsafe {
                arena.free(block, layout);
                let again = arena.allocate(layout).unwrap();
                assert_eq!(again, block);
                assert!((0..layout.size()).all(|at| again.add(at).read() == 0));
            }
        }
    }

    #[test]
    fn what_is_too_large_or_beyond_the_room_is_left_to_others() {
        let arena = arena(2);
        assert_eq!(
            arena.allocate(Layout::from_size_align(LARGEST + 1, 1).unwrap()),
            None
        );
        assert_eq!(
            arena.allocate(Layout::from_size_align(16, 2 * PAGE).unwrap()),
            None
        );
        let page = Layout::from_size_align(PAGE, 8).unwrap();
        assert!(arena.allocate(page).is_some() && arena.allocate(page).is_some());
        assert_eq!(arena.allocate(page), None);
    }

    #[test]
    fn wiping_leaves_nothing_of_blocks_in_use() {
        let arena = arena(2);
        let layout = Layout::from_size_align(64, 1).unwrap();
        let block = arena.allocate(layout).unwrap();
        // SAFETY: the block is this test's, and nobody else uses the arena.
        unsafe {
            block.write_bytes(0xaa, 64);
            arena.wipe();
            assert!((0..64).all(|at| block.add(at).read() == 0));
        }
    }
}
